package figure

import (
	"bytes"
	"fmt"

	"example.org/amparo/estimate"
	"example.org/amparo/estimate/proportion"
)

// Trait is what a share asks of the persons, by record number: who was heard and is counted, and
// who has what is asked for.
type Trait struct{ Counted, Has map[int]bool }

// Share is a share of those heard, over draws of who is who, by Wilson's interval.
func (g *Ground) Share(t Trait) (estimate.Fit, error) {
	var fits []estimate.Fit
	var canonical bytes.Buffer
	small := false
	for _, entity := range append([][]uint32{g.Linked}, g.Draws...) {
		people := map[uint32]bool{}
		for n := range t.Counted {
			people[entity[n]] = false
		}
		for n := range t.Has { // whoever was heard and what befell them may stand in two records of one person
			if _, heard := people[entity[n]]; heard {
				people[entity[n]] = true
			}
		}
		x, n := 0, len(people)
		for _, yes := range people {
			if yes {
				x++
			}
		}
		fmt.Fprintf(&canonical, "%d of %d\n", x, n)
		if small = small || x < smallest || n-x < smallest; small {
			continue
		}
		f, err := proportion.Estimate(proportion.Question{X: x, Answered: n, Asked: n, Threshold: 0.5})
		if err != nil {
			return estimate.Fit{}, err
		}
		fits = append(fits, f)
	}
	if small {
		fits = []estimate.Fit{tooFew(string(proportion.Wilson), smallest)}
	}
	fit := overDraws(fits)
	fit.InputHash = estimate.Hash(g.salted(canonical.Bytes()))
	return fit, nil
}
