package linkage

import (
	"fmt"
	"strings"

	"example.org/amparo/fault"
	"example.org/amparo/linkage/cluster"
)

// Decision is what a person decided about two records: the same entity, or not.
type Decision struct {
	I, J uint32
	Same bool
}

// decided divides decisions into pairs that must and cannot be together.
//
// It is an error for a decision to name a record that is not there, and for decisions to
// contradict each other; the error shows the chain.
func decided(all []Decision, records int) (must, cannot [][2]uint32, err error) {
	for k, d := range all {
		if int(d.I) >= records || int(d.J) >= records || d.I == d.J {
			return nil, nil, fault.New(fault.Invalid, "linkage.Link", "decision %d is about records %d and %d of %d", k+1, d.I, d.J, records).
				With("decide about two different records of the table")
		}
	}
	must, cannot = sides(all)
	if c, bad := cluster.Check(must, cannot); bad {
		var steps []string
		for _, r := range c.Chain {
			steps = append(steps, fmt.Sprint(r))
		}
		return nil, nil, fault.New(fault.Conflict, "linkage.Link",
			"records %d and %d were decided to be different, but decisions put them together: %s", c.Apart[0], c.Apart[1], strings.Join(steps, " = ")).
			With("withdraw one of these decisions")
	}
	return must, cannot, nil
}

// Contradictory reports the first contradiction between decisions, with the shortest chain
// of those that put the two together, or false.
func Contradictory(all []Decision) (cluster.Contradiction, bool) {
	return cluster.Check(sides(all))
}

// sides divides decisions into pairs that must and cannot be together.
func sides(all []Decision) (must, cannot [][2]uint32) {
	for _, d := range all {
		p := [2]uint32{min(d.I, d.J), max(d.I, d.J)}
		if d.Same {
			must = append(must, p)
		} else {
			cannot = append(cannot, p)
		}
	}
	return must, cannot
}

// noRecord says that a record is not there.
func noRecord(op string, rec uint32, records int) error {
	return fault.New(fault.NotFound, op, "there is no record %d of %d", rec, records).With("name a record of the run, or add it")
}
