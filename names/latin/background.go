package latin

import (
	"maps"
	"slices"
)

// background is everybody: the surnames and syllables of the model with their shares.
type background struct {
	surnames  []string
	family    [classes][]float64
	syllables []rune
	place     [classes][2][]float64 // P(syllable | class), first and second place
	one, two  [classes]float64      // P(given name has one, two syllables)
}

func newBackground(p *population) *background {
	b := &background{surnames: slices.Sorted(maps.Keys(p.any.family.by)), syllables: slices.Sorted(maps.Keys(p.any.anySyllable))}
	for c := range classes {
		for _, s := range b.surnames {
			b.family[c] = append(b.family[c], p.family(c, s))
		}
		for place := range 2 {
			for _, s := range b.syllables {
				b.place[c][place] = append(b.place[c][place], p.one(c, place, s))
			}
		}
		g := p.groups[c]
		b.one[c] = (g.length[1] + lengths[1]) / (g.given.total() + 1.8)
		b.two[c] = (g.length[2] + lengths[2]) / (g.given.total() + 1.8)
	}
	return b
}
