package figure

import (
	"slices"

	"example.org/amparo/disclose"
	"example.org/amparo/id"
)

// Ground is what every figure is computed from: the persons compared, draws of which of their
// records are one person, and the records that were read. What is computed notes in it what
// the figure rests on and is held against others by.
type Ground struct {
	Persons  []id.ID           // by record number; all of those compared
	Linked   []uint32          // entities as linked, by record number
	Draws    [][]uint32        // the same in each draw of who is who
	Doubtful float64           // share of links in doubt
	Under    map[id.ID]bool    // the records the figure is made from
	Told     map[string]int    // people who told of a stage, by its code
	Outcomes *disclose.Table   // of those heard
	Deaths   *disclose.Table   // what is known of those on lists who were sent back, or nil
	bases    map[string]string // of what a figure shows beside counts, by its name
	observed int               // people on lists
}

// NewGround is the ground of persons with their linkage, with nothing noted yet.
func NewGround(draws int) *Ground {
	return &Ground{Under: map[id.ID]bool{}, bases: map[string]string{}, Told: map[string]int{}, Draws: make([][]uint32, draws)}
}

// used are the records a figure is made from, sorted.
func (g *Ground) used() []id.ID {
	var out []id.ID
	for rec := range g.Under {
		out = append(out, rec)
	}
	slices.SortFunc(out, id.ID.Compare)
	return out
}

// salted is an input with the ids of the records it comes from. They are random, so that a
// small count cannot be found from a hash or a seed by trying.
func (g *Ground) salted(input []byte) []byte {
	for _, rec := range g.used() {
		input = append(input, rec[:]...)
	}
	return input
}
