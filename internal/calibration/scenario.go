package calibration

import "example.org/amparo/internal/world"

// lists are the organisations of every scenario.
var lists = []string{"north", "river", "church", "clinic"}

// Scenarios are the ways in which lists depend on each other that a calibration tries. In
// each of them two thirds of the people or fewer are on any list, and a third or more are
// what the estimate is for.
func Scenarios() []world.Capture {
	return []world.Capture{
		// Every person has the same chances, and one list says nothing of another.
		{Name: "independent", Lists: lists, Classes: []world.Class{{Share: 1, Chance: []float64{.30, .25, .20, .15}}}},
		// One organisation sends people to another, twice.
		{Name: "dependent", Lists: lists, Classes: []world.Class{{Share: 1, Chance: []float64{.30, .20, .20, .12}}},
			Follows: []world.Follow{{List: 1, After: 0, LogOdds: 1}, {List: 3, After: 2, LogOdds: .8}}},
		// A third of the people are easy to find by everybody, the others hard.
		{Name: "two-classes", Lists: lists, Classes: []world.Class{
			{Share: .3, Chance: []float64{.60, .50, .50, .40}}, {Share: .7, Chance: []float64{.20, .15, .12, .10}}}},
		// Who is easy for one pair of organisations is hard for the other.
		{Name: "crossed-classes", Lists: lists, Classes: []world.Class{
			{Share: .5, Chance: []float64{.45, .12, .35, .10}}, {Share: .5, Chance: []float64{.12, .40, .10, .35}}}},
	}
}
