package calibration

import (
	"slices"

	"example.org/amparo/internal/world"
)

// What is true of the invented people: nothing here is seen by a method.

// medianInterrogation is the median of the days of interrogation at the first return, of
// those who came through.
func medianInterrogation(truth *world.Truth) float64 {
	var days []int
	for _, p := range truth.Persons {
		if free(p) && len(p.Episodes) > 0 {
			days = append(days, p.Episodes[0].SSD)
		}
	}
	slices.Sort(days)
	if len(days) == 0 {
		return 0
	}
	return float64(days[(len(days)-1)/2]+days[len(days)/2]) / 2
}

// prisonTruly is the share of those who came through whose first return led to prison
// within the days asked for.
func prisonTruly(truth *world.Truth) float64 {
	return shareOf(truth, func(p *world.Person) bool { return len(p.Episodes) > 0 }, func(p *world.Person) bool {
		e := p.Episodes[0]
		return e.Disposition == "OC-R04" && float64(e.SSD+e.Holding) <= prisonDays
	})
}

// diedTruly is the share of all who were returned that did not survive it.
func diedTruly(truth *world.Truth) float64 {
	n, k := 0.0, 0.0
	for _, p := range truth.Persons {
		if len(p.Episodes) > 0 {
			n++
			if p.Fate == "dead" {
				k++
			}
		}
	}
	return k / max(n, 1)
}

// shareOf is a share of those who came through.
func shareOf(truth *world.Truth, of, is func(*world.Person) bool) float64 {
	n, k := 0.0, 0.0
	for _, p := range truth.Persons {
		if free(p) && of(p) {
			n++
			if is(p) {
				k++
			}
		}
	}
	return k / max(n, 1)
}

func forced(p *world.Person) bool {
	return slices.ContainsFunc(p.Episodes, func(e world.Episode) bool { return slices.Contains(e.Harms, "MT02.2") })
}

// willing is how many people there are whose consent covers matching: the population of
// which lists can tell. Who would refuse everybody is in no figure.
func willing(truth *world.Truth) float64 {
	n := 0.0
	for _, p := range truth.Persons {
		if year, _, _ := (p.Left + consentAsked).Civil(); p.Consent != "withdrawn" && year-p.BirthYear > majority {
			n++
		}
	}
	return n
}

// consentAsked is how long after a person left consent is asked for, in days, as the world
// has it; who was under age then needs a guardian, whom nobody in the world has. Who comes
// of age in that very year is nearly always taken for a child, the day of birth not being
// known.
const (
	consentAsked = 400
	majority     = 18
)
