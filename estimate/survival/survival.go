// Package survival estimates how long things last and what happens next, when not every
// end is known: detention, disappearance, waiting, what follows a forced return.
//
// A duration may be exact, still running (right-censored), known to lie between two dates
// (interval-censored), or bounded by imprecise dates at both ends. People may come under
// observation late (left truncation). Where the sample cannot answer the question the
// package refuses: people who survived cannot say how many did not.
package survival

import (
	"math"
	"slices"

	"example.org/amparo/fault"
)

// Observation is one duration. A person is at risk at t when Entry < t ≤ Time: whoever
// ends or is lost at t was still at risk then, and whoever enters at t was not yet.
type Observation struct {
	Time   float64 // when it ended, or was last known to run
	Event  bool    // it ended at Time
	Entry  float64 // when the person came under observation; see Late
	Late   bool    // Entry holds; otherwise the person was there from the start
	Weight float64 // 0 stands for 1
	Group  string
	ID     string // rows with one ID are one person or family; empty: its own
}

func (o Observation) weight() float64 {
	if o.Weight == 0 {
		return 1
	}
	return o.Weight
}

func (o Observation) entry() float64 {
	if o.Late {
		return o.Entry
	}
	return math.Inf(-1)
}

// check refuses rows that are no durations, by their number from 1.
func check(obs []Observation) error {
	if len(obs) == 0 {
		return fault.New(fault.Invalid, "survival", "there are no durations").With("give at least one row")
	}
	for i, o := range obs {
		switch {
		case math.IsNaN(o.Time) || math.IsInf(o.Time, 0) || o.Time < 0:
			return fault.Problem{Row: i + 1, Column: "time", Reason: "a duration is a number from 0 on", Remedy: "give the time from the start, in one unit throughout"}
		case o.Late && (math.IsNaN(o.Entry) || math.IsInf(o.Entry, 0)):
			return fault.Problem{Row: i + 1, Column: "entry", Reason: "the entry is no number", Remedy: "give the time at which the person came under observation"}
		case o.Late && o.Entry >= o.Time:
			return fault.Problem{Row: i + 1, Column: "entry", Reason: "the person came under observation when it had ended", Remedy: "the entry is before the time"}
		case math.IsNaN(o.Weight) || math.IsInf(o.Weight, 0) || o.Weight < 0:
			return fault.Problem{Row: i + 1, Column: "weight", Reason: "a weight is a positive number", Remedy: "leave rows of weight 0 out"}
		}
	}
	return nil
}

// sameTime is how near two times may lie, absolutely or against the mean size of times,
// to be the same time written twice: arithmetic on dates must not break ties. The value
// is the one R's survfit uses.
const sameTime = 1.4901161193847656e-08

// tied returns obs with times and entries that differ by rounding only made equal. The
// input is left alone.
func tied(obs []Observation) []Observation {
	all := make([]float64, 0, len(obs))
	for _, o := range obs {
		all = append(all, o.Time)
		if o.Late {
			all = append(all, o.Entry)
		}
	}
	slices.Sort(all)
	all = slices.Compact(all)
	size := 0.0
	for _, v := range all {
		size += math.Abs(v) / float64(len(all))
	}
	var to map[float64]float64
	first := 0
	for i := 1; i < len(all); i++ {
		gap := all[i] - all[i-1]
		if gap > sameTime && gap > sameTime*size {
			first = i
			continue
		}
		if to == nil {
			to = map[float64]float64{}
		}
		to[all[i]] = all[first]
	}
	if to == nil {
		return obs
	}
	out := slices.Clone(obs)
	for i := range out {
		if v, ok := to[out[i].Time]; ok {
			out[i].Time = v
		}
		if v, ok := to[out[i].Entry]; ok && out[i].Late {
			out[i].Entry = v
		}
	}
	return out
}

// Groups returns the names of the groups in obs, sorted.
func Groups(obs []Observation) []string {
	var names []string
	for _, o := range obs {
		if !slices.Contains(names, o.Group) {
			names = append(names, o.Group)
		}
	}
	slices.Sort(names)
	return names
}

// InGroup returns the rows of one group.
func InGroup(obs []Observation, group string) []Observation {
	var out []Observation
	for _, o := range obs {
		if o.Group == group {
			out = append(out, o)
		}
	}
	return out
}
