package latin

import (
	"cmp"
	"slices"
	"strings"
)

// Decoded is a Hangul name that a Latin one may stand for, when no list is given to
// choose from.
type Decoded struct {
	Surname string
	Given   string
	Share   float64 // P(this name | the Latin letters)
	Usual   float64 // P(this name) in the population of the model
}

// Reader reads Latin names one by one. It keeps what it computed of chunks of letters,
// so it is for one goroutine.
type Reader struct{ l *lattice }

// NewReader returns a reader of the model.
func NewReader(m *Model) *Reader { return &Reader{newLattice(m)} }

// Somebody is log2 P(latin letters): what it takes for anybody at all to be written so.
func (r *Reader) Somebody(reads []Reading) float64 { return log2(r.l.somebody(reads)) }

// SomebodyNamed is log2 P(surname letters): what it takes for anybody to have a surname
// written so.
func (r *Reader) SomebodyNamed(letters string) float64 {
	sur := r.l.anybody(letters)
	var sum float64
	for c := range classes {
		sum += r.l.m.pop.class[c] * sur[c]
	}
	return log2(sum)
}

// How many surnames, syllables and given names are followed up in decoding.
const (
	beamSurnames  = 6
	beamSyllables = 10
	beamGiven     = 24
)

// Decode returns the n likeliest Hangul names for a Latin one, the likeliest first. A
// missing given name is decoded as "".
func (r *Reader) Decode(reads []Reading, n int) []Decoded {
	total := r.l.somebody(reads)
	found := map[[2]string]float64{}
	for _, read := range reads {
		r.decode(read, total, found)
	}
	pop := r.l.m.pop
	out := make([]Decoded, 0, len(found))
	for k, p := range found {
		usual := pop.usual(k[0], []rune(k[1]))
		if k[1] == "" {
			usual = pop.anyFamily(k[0])
		}
		out = append(out, Decoded{Surname: k[0], Given: k[1], Share: p, Usual: usual})
	}
	slices.SortFunc(out, func(a, b Decoded) int {
		return cmp.Or(cmp.Compare(b.Share, a.Share), cmp.Compare(a.Surname, b.Surname), cmp.Compare(a.Given, b.Given))
	})
	return out[:min(n, len(out))]
}

// decode adds the names of one order.
func (r *Reader) decode(read Reading, total float64, found map[[2]string]float64) {
	pop, back := r.l.m.pop, r.l.m.back
	sur := r.l.surname(read.Surname)
	var reach [classes]float64 // P(class, surname letters)
	for c, p := range r.l.anybody(read.Surname) {
		reach[c] = read.Weight * pop.class[c] * p / total
	}
	families := topOf(len(back.surnames), beamSurnames, func(i int) (p float64) {
		for c := range classes {
			p += pop.class[c] * back.family[c][i] * float64(sur[c][i])
		}
		return p
	})
	given := r.given(read.Given, reach)
	for _, f := range families {
		for _, g := range given {
			var p float64
			for c := range Foreign {
				p += read.Weight * pop.class[c] * back.family[c][f] * float64(sur[c][f]) * g.p[c]
			}
			if p /= total; p > 1e-6 {
				found[[2]string{back.surnames[f], g.name}] += p
			}
		}
	}
}

// decodedGiven is a given name with P(letters, name | class).
type decodedGiven struct {
	syllables [2]rune // the second is 0 for a given name of one
	name      string
	p         [classes]float64
}

// given decodes a given name, when the classes have reached some probability.
func (r *Reader) given(parts []string, reach [classes]float64) []decodedGiven {
	if len(parts) == 0 {
		g := decodedGiven{}
		for c := range classes {
			g.p[c] = 1
		}
		return []decodedGiven{g}
	}
	b, whole := r.l.m.back, strings.Join(parts, "")
	at := make(map[[2]rune]int, 512)
	all := make([]decodedGiven, 0, 512)
	add := func(s, t rune, p [classes]float64) {
		i, ok := at[[2]rune{s, t}]
		if !ok {
			i = len(all)
			at[[2]rune{s, t}] = i
			all = append(all, decodedGiven{syllables: [2]rune{s, t}})
		}
		for c := range classes {
			all[i].p[c] += p[c]
		}
	}
	single := r.l.chunk(whole)
	for _, s := range r.l.gist(whole).most[0] {
		var p [classes]float64
		for c := range Foreign {
			p[c] = b.one[c] * r.l.m.pop.boundaries(c, parts, []int{0, len(whole)}) * b.place[c][0][s] * float64(single[c][s])
		}
		add(b.syllables[s], 0, p)
	}
	for _, cut := range r.l.cuttings(parts, whole) {
		tails := r.l.gist(whole[cut.at:]).most[1]
		for _, s := range r.l.gist(whole[:cut.at]).most[0] {
			for _, t := range tails {
				var p [classes]float64
				for c := range Foreign {
					p[c] = b.two[c] * cut.share[c] * b.place[c][0][s] * float64(cut.head[c][s]) * b.place[c][1][t] * float64(cut.tail[c][t])
				}
				add(b.syllables[s], b.syllables[t], p)
			}
		}
	}
	likeliest := topOf(len(all), beamGiven, func(i int) (p float64) {
		for c := range classes {
			p += reach[c] * all[i].p[c]
		}
		return p
	})
	out := make([]decodedGiven, 0, len(likeliest))
	for _, i := range likeliest {
		g := all[i]
		g.name = string(g.syllables[0])
		if g.syllables[1] != 0 {
			g.name += string(g.syllables[1])
		}
		out = append(out, g)
	}
	return out
}

// topOf returns the k indexes below n with the largest value, the largest first.
func topOf(n, k int, value func(int) float64) []int {
	idx, val := make([]int, 0, k+1), make([]float64, 0, k+1)
	for i := range n {
		v := value(i)
		if v <= 0 || len(idx) == k && v <= val[k-1] {
			continue
		}
		at := len(val)
		for at > 0 && val[at-1] < v {
			at--
		}
		idx, val = slices.Insert(idx, at, i), slices.Insert(val, at, v)
		idx, val = idx[:min(k, len(idx))], val[:min(k, len(val))]
	}
	return idx
}

// Likelihood is log2 P(latin letters | Hangul name), over all orders, ways of writing
// and readings of the Hangul.
func (m *Model) Likelihood(reads []Reading, hangul []Hangul) float64 {
	return m.LikelihoodOf(reads, hangul, nil)
}

// Characters are the Mandarin readings of the characters of one name, for each character
// all readings, the likeliest first.
type Characters struct{ Surname, Given [][]string }

// LikelihoodOf is Likelihood when the Chinese characters are known too: the Mandarin
// reading then is not guessed from the Hangul.
func (m *Model) LikelihoodOf(reads []Reading, hangul []Hangul, chars *Characters) float64 {
	var sum float64
	for _, h := range hangul {
		shares := m.pop.shares(h)
		if chars != nil {
			shares = known(shares)
		}
		for _, read := range reads {
			for c := range classes {
				w := h.Weight * read.Weight * shares[c]
				if w < 1e-9 {
					continue
				}
				if c == Sino && chars != nil {
					sum += w * chars.letters(read)
					continue
				}
				sum += w * m.letters(c, read, h)
			}
		}
	}
	return log2(sum)
}

// known raises the share of the Mandarin reading: who is written in Chinese characters is
// as often called by it as not.
func known(shares [classes]float64) [classes]float64 {
	const sino = 0.4
	rest := 1 - shares[Sino]
	for c := range classes {
		shares[c] *= (1 - sino) / rest
	}
	shares[Sino] = sino
	return shares
}

// letters is P(letters | readings of the characters).
func (ch *Characters) letters(read Reading) float64 {
	p := spoken(ch.Surname, read.Surname)
	if len(read.Given) == 0 {
		return p
	}
	return p * spoken(ch.Given, strings.Join(read.Given, ""))
}

// spoken is the probability that characters are written by these letters: the first
// reading of each has nine tenths, the others share the rest; one in fifty names is
// misspelt.
func spoken(chars [][]string, letters string) float64 {
	at := make([]float64, len(letters)+1)
	at[0] = 1
	for _, readings := range chars {
		next := make([]float64, len(at))
		for i, p := range at {
			if p == 0 {
				continue
			}
			for k, r := range readings {
				if strings.HasPrefix(letters[i:], r) {
					next[i+len(r)] += p * readingShare(k, len(readings))
				}
			}
		}
		at = next
	}
	return 0.98 * at[len(letters)]
}

// readingShare is the share of the k-th of n readings of a character.
func readingShare(k, n int) float64 {
	switch {
	case n == 1:
		return 1
	case k == 0:
		return 0.9
	}
	return 0.1 / float64(n-1)
}

// Frequency is P(Hangul name) in the population of the model: Wikidata's people with a
// Korean label. It serves as the background of term frequencies, so that a rare name
// weighs more than 김철수 even where the file at hand holds both once.
func (m *Model) Frequency(h Hangul) float64 { return m.pop.usual(h.Surname, h.Given) }

// SurnameFrequency is P(surname) in the population of the model.
func (m *Model) SurnameFrequency(surname string) float64 { return m.pop.anyFamily(surname) }

// GivenFrequency is P(given name) in the population of the model.
func (m *Model) GivenFrequency(given []rune) float64 {
	var sum float64
	for c := range Foreign {
		sum += m.pop.class[c] * m.pop.given(c, given)
	}
	return sum / (1 - m.pop.class[Foreign])
}

// Spelt is log2 P(letters | Hangul syllables) for a word that is no personal name, such as
// a place: the best over the romanisations of Korean, each syllable by its own letters.
// Letters other than a to z are dropped.
func (m *Model) Spelt(hangul, word string) float64 {
	rs, l := syllables(hangul), letters(word, false)
	best := 0.0
	for c := Revised; c.korean(); c++ {
		best = max(best, m.spelt(c, rs, l))
	}
	return log2(best)
}
