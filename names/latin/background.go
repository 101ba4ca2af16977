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

	// P(given name | class) is fresh times what its syllables make it, and more if it was
	// seen whole. whole holds that, by the syllables; the second is -1 in a name of one.
	fresh [classes]float64
	whole map[[2]int]*[classes]float64
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
	b.remember(p)
	return b
}

// remember takes in the given names that were seen whole.
func (b *background) remember(p *population) {
	at := make(map[rune]int, len(b.syllables))
	for i, s := range b.syllables {
		at[s] = i
	}
	b.whole = map[[2]int]*[classes]float64{}
	for c := range Foreign {
		g := p.groups[c].given
		total := g.total() + p.k.nameGiven
		b.fresh[c] = p.k.nameGiven / total
		for name, w := range g.by {
			rs := []rune(name)
			if len(rs) < 1 || len(rs) > 2 {
				continue
			}
			key := [2]int{at[rs[0]], -1}
			if len(rs) == 2 {
				key[1] = at[rs[1]]
			}
			if b.whole[key] == nil {
				b.whole[key] = new([classes]float64)
			}
			b.whole[key][c] += w / total
		}
	}
}

// given is P(given name | class).
func (b *background) given(c Class, g *candidate) float64 {
	var p float64
	if whole := b.whole[[2]int{g.first, g.second}]; whole != nil {
		p = whole[c]
	}
	if g.second < 0 {
		return p + b.fresh[c]*b.one[c]*b.place[c][0][g.first]
	}
	return p + b.fresh[c]*b.two[c]*b.place[c][0][g.first]*b.place[c][1][g.second]
}

// name is the given name in Hangul.
func (b *background) name(g *candidate) string {
	if g.second < 0 {
		return string(b.syllables[g.first])
	}
	return string(b.syllables[g.first]) + string(b.syllables[g.second])
}
