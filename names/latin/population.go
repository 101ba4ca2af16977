package latin

// population is how often Hangul names occur, by class: P(surname | class) P(given name
// | class), the given name by its syllables and, where it was seen, whole. The three
// romanisations of Korean share one population: who writes Jung and who writes Jong
// cannot be told from 정.
type population struct {
	class  [classes]float64
	joined [classes]float64 // share of given names of two syllables written together
	groups [classes]*group
	any    *group
	k      strengths
}

// group is one population: expected numbers of surnames, given names and syllables.
type group struct {
	family, given *tally
	syllable      [3]map[rune]float64 // by place in the given name; the third stands for all later
	total         [3]float64
	length        [4]float64 // share of given names of 0, 1, 2 and more syllables
	anySyllable   map[rune]float64
	anyTotal      float64
}

func newGroup() *group {
	g := &group{family: newTally(), given: newTally(), anySyllable: map[rune]float64{}}
	for i := range g.syllable {
		g.syllable[i] = map[rune]float64{}
	}
	return g
}

// add takes in the counts of one class.
func (g *group) add(n *counts, c Class) {
	for s, w := range inOrder(n.family[c].by) {
		g.family.add(s, w)
	}
	for given, w := range inOrder(n.given[c].by) {
		g.given.add(given, w)
		rs := []rune(given)
		g.length[min(len(rs), 3)] += w
		for i, r := range rs {
			g.syllable[min(i, 2)][r] += w
			g.total[min(i, 2)] += w
			g.anySyllable[r] += w
			g.anyTotal += w
		}
	}
}

// newPopulation adds up the counts.
func newPopulation(n *counts, k strengths) *population {
	p := &population{k: k, any: newGroup()}
	korean := newGroup()
	var all float64
	for c := range classes {
		all += n.names[c] + 1
		p.joined[c] = (n.joined[c] + 3) / (n.joined[c] + n.divided[c] + 6)
		if c == Foreign {
			p.groups[c] = p.any
			continue
		}
		p.groups[c] = korean
		if !c.korean() {
			p.groups[c] = newGroup()
		}
		p.groups[c].add(n, c)
		p.any.add(n, c)
	}
	for c := range classes {
		p.class[c] = (n.names[c] + 1) / all
	}
	return p
}

// How likely a surname or syllable is that was never seen, and how many names that
// belief weighs.
const (
	unseenSurname  = 1.0 / 2000
	unseenSyllable = 1.0 / 3000
	weighSurname   = 5
	weighSyllable  = 50
)

// family is P(surname | class).
func (p *population) family(c Class, surname string) float64 {
	any := shrink(p.any.family, surname, unseenSurname, weighSurname)
	return shrink(p.groups[c].family, surname, any, p.k.nameSurname)
}

// one is P(syllable | class, place).
func (p *population) one(c Class, place int, r rune) float64 {
	place = min(place, 2)
	any := (p.any.anySyllable[r] + weighSyllable*unseenSyllable) / (p.any.anyTotal + weighSyllable)
	g := p.groups[c]
	return (g.syllable[place][r] + p.k.nameSyllable*any) / (g.total[place] + p.k.nameSyllable)
}

// lengths are pseudo-counts of given names by their number of syllables.
var lengths = [4]float64{0.1, 0.5, 1, 0.2}

// given is P(given name | class).
func (p *population) given(c Class, rs []rune) float64 {
	g, n := p.groups[c], min(len(rs), 3)
	prod := (g.length[n] + lengths[n]) / (g.given.total() + 1.8)
	for i, r := range rs {
		prod *= p.one(c, i, r)
	}
	return shrink(g.given, string(rs), prod, p.k.nameGiven)
}

// joint is P(class) P(Hangul name | class).
func (p *population) joint(c Class, h Hangul) float64 {
	return p.class[c] * p.family(c, h.Surname) * p.given(c, h.Given)
}

// anyWay is the share of names that are written in any way, whatever population they are
// like: a Korean in China is called by the Mandarin reading.
const anyWay = 0.2

// shares is P(class | Hangul name). That the given name is unrelated is as likely for
// every name.
func (p *population) shares(h Hangul) [classes]float64 {
	var out [classes]float64
	var sum float64
	for c := range Foreign {
		out[c] = p.joint(c, h)
		sum += out[c]
	}
	for c := range Foreign {
		out[c] = (1-anyWay)*(1-p.class[Foreign])*out[c]/sum + anyWay*p.class[c]
	}
	out[Foreign] = p.class[Foreign]
	return out
}

// usual is P(Hangul name), whatever the class.
func (p *population) usual(surname string, given []rune) float64 {
	var sum float64
	for c := range Foreign {
		sum += p.joint(c, Hangul{Surname: surname, Given: given})
	}
	return sum / (1 - p.class[Foreign])
}

// anyFamily is P(surname), whatever the class.
func (p *population) anyFamily(surname string) float64 {
	return shrink(p.any.family, surname, unseenSurname, weighSurname)
}
