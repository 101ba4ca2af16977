package latin

import (
	"maps"
	"slices"
	"strings"
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

// somebody is P(latin): the probability that somebody, of whom nothing is known, is
// written so. It takes the chunks from r, whose list begins with the background's.
func (r *Ranker) somebody(reads []Reading) float64 {
	b := r.m.back
	var sum float64
	for _, read := range reads {
		sur, whole := r.surname(read.Surname), strings.Join(read.Given, "")
		single := r.chunk(whole)
		foreign := r.m.n.letters.p(whole)
		cuts := r.cuttings(read.Given, whole)
		for c := range classes {
			given := foreign
			switch {
			case len(read.Given) == 0:
				given = 1
			case c != Foreign:
				given = b.one[c] * r.m.pop.boundaries(c, read.Given, []int{0, len(whole)}) * dot(b.place[c][0], single[c])
				for i := range cuts {
					given += b.two[c] * cuts[i].share[c] * dot(b.place[c][0], cuts[i].head[c]) * dot(b.place[c][1], cuts[i].tail[c])
				}
			}
			sum += read.Weight * r.m.pop.class[c] * dot(b.family[c], sur[c]) * given
		}
	}
	return sum
}

// dot is the inner product over the shorter a.
func dot(a, b []float64) float64 {
	var sum float64
	for i, x := range a {
		sum += x * b[i]
	}
	return sum
}
