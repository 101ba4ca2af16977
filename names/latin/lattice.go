package latin

import (
	"math"
	"strings"
)

// lattice computes what chunks of letters say of every syllable and surname it knows:
// those of the model, and those added to it. It keeps what it computed, so it is for one
// goroutine.
type lattice struct {
	m        *Model
	syl      []rune
	symbols  [][3]symbol
	pull     [classes][]float64 // how much the probability by parts weighs, by syllable
	sylAt    map[rune]int
	surAt    map[string]int
	surnames []string
	surSyl   [][]int // syllables of each surname, as indexes of syl
	chunks   map[string]*vectors
	tokens   map[string]*vectors
	gists    map[string]*gist
	families map[string]*[classes]float64 // P(surname letters | class)
}

// vectors hold a probability for every syllable, or every surname, by class.
type vectors [classes][]float32

// gist is what a chunk says of the background alone.
type gist struct {
	sum  [classes][2]float64 // P(letters | class), for a syllable in the first or second place
	most [2][]int            // the likeliest syllables of each place
}

// cacheBytes bounds the memory of a lattice: when it is used up, what was kept is dropped
// and computed again when needed.
const cacheBytes = 48 << 20

func newLattice(m *Model) *lattice {
	l := &lattice{m: m, sylAt: map[rune]int{}, surAt: map[string]int{}, chunks: map[string]*vectors{}, tokens: map[string]*vectors{},
		gists: map[string]*gist{}, families: map[string]*[classes]float64{}}
	for _, s := range m.back.syllables {
		l.syllable(s)
	}
	for _, s := range m.back.surnames {
		l.family(s)
	}
	return l
}

// syllable returns the index of a syllable, adding it to the lattice.
func (l *lattice) syllable(s rune) int {
	id, ok := l.sylAt[s]
	if !ok {
		id = len(l.syl)
		l.sylAt[s] = id
		l.syl = append(l.syl, s)
		l.symbols = append(l.symbols, symbols(s))
		for c := range classes {
			l.pull[c] = append(l.pull[c], l.m.pull(c, s))
		}
	}
	return id
}

func (l *lattice) index(rs []rune) []int {
	out := make([]int, len(rs))
	for i, s := range rs {
		out[i] = l.syllable(s)
	}
	return out
}

// family returns the index of a surname, adding it to the lattice.
func (l *lattice) family(s string) int {
	id, ok := l.surAt[s]
	if !ok {
		id = len(l.surnames)
		l.surAt[s] = id
		l.surnames = append(l.surnames, s)
		l.surSyl = append(l.surSyl, l.index([]rune(s)))
	}
	return id
}

// chunk returns P(letters | syllable, class) for every syllable: the probability by
// parts, times its pull, and for the syllables that were seen with these letters what
// that adds.
func (l *lattice) chunk(letters string) *vectors {
	if v := l.chunks[letters]; v != nil {
		return v
	}
	if len(l.chunks)*len(l.syl)*4*int(classes) > cacheBytes {
		clear(l.chunks)
		clear(l.gists)
	}
	v := new(vectors)
	var buf [32]cut
	for c := range classes {
		out := make([]float32, len(l.syl))
		cs := l.m.emit.cuts(c, letters, buf[:])
		for i, sy := range l.symbols {
			out[i] = float32(spellCuts(cs, sy) * l.pull[c][i])
		}
		for _, s := range l.m.spellers[c][letters] {
			if i, ok := l.sylAt[s]; ok {
				out[i] = float32(l.m.chunkOver(c, s, letters, spellCuts(cs, l.symbols[i])))
			}
		}
		v[c] = out
	}
	l.chunks[letters] = v
	return v
}

// surname returns P(letters | surname, class) for every surname.
func (l *lattice) surname(letters string) *vectors {
	if v := l.tokens[letters]; v != nil {
		return v
	}
	if len(l.tokens)*len(l.surnames)*4*int(classes) > cacheBytes {
		clear(l.tokens)
		clear(l.families)
	}
	v := new(vectors)
	whole := l.chunk(letters)
	var two []cutting
	for k := range len(letters) + 1 {
		if k <= maxChunk && len(letters)-k <= maxChunk {
			two = append(two, cutting{head: l.chunk(letters[:k]), tail: l.chunk(letters[k:])})
		}
	}
	for c := range classes {
		v[c] = make([]float32, len(l.surnames))
		for i, syl := range l.surSyl {
			var spelt float64
			switch len(syl) {
			case 1:
				spelt = float64(whole[c][syl[0]])
			case 2:
				for _, t := range two {
					spelt += float64(t.head[c][syl[0]]) * float64(t.tail[c][syl[1]])
				}
			}
			v[c][i] = float32(l.m.surnameOver(c, l.surnames[i], letters, spelt))
		}
	}
	l.tokens[letters] = v
	return v
}

// gist returns what a chunk says of the background.
func (l *lattice) gist(letters string) *gist {
	if g := l.gists[letters]; g != nil {
		return g
	}
	b, v := l.m.back, l.chunk(letters)
	g := new(gist)
	for place := range 2 {
		for c := range classes {
			g.sum[c][place] = dot(b.place[c][place], v[c])
		}
		g.most[place] = topOf(len(b.syllables), beamSyllables, func(i int) (p float64) {
			for c := range Foreign {
				p += l.m.pop.class[c] * b.place[c][place][i] * float64(v[c][i])
			}
			return p
		})
	}
	l.gists[letters] = g
	return g
}

// anybody is P(surname letters | class).
func (l *lattice) anybody(letters string) *[classes]float64 {
	if f := l.families[letters]; f != nil {
		return f
	}
	sur, f := l.surname(letters), new([classes]float64)
	for c := range classes {
		f[c] = dot(l.m.back.family[c], sur[c])
	}
	l.families[letters] = f
	return f
}

// cutting is one way to divide letters in two, with what each half says of every
// syllable.
type cutting struct {
	at         int
	head, tail *vectors
	share      [classes]float64 // P(the hyphen, or none, given this division)
}

// cuttings are the ways to divide a given name in two.
func (l *lattice) cuttings(parts []string, whole string) []cutting {
	var two []cutting
	for _, k := range halves(parts, len(whole)) {
		c := cutting{at: k, head: l.chunk(whole[:k]), tail: l.chunk(whole[k:])}
		for z := range classes {
			c.share[z] = l.m.pop.boundaries(z, parts, []int{0, k, len(whole)})
		}
		two = append(two, c)
	}
	return two
}

// halves lists where two syllables may meet: near the hyphen when there is one.
func halves(parts []string, n int) []int {
	var out []int
	lo, hi := 0, n
	if len(parts) == 2 {
		lo, hi = max(0, len(parts[0])-1), min(n, len(parts[0])+1)
	}
	for k := lo; k <= hi; k++ {
		if k <= maxChunk && n-k <= maxChunk {
			out = append(out, k)
		}
	}
	return out
}

// somebody is P(latin): the probability that somebody, of whom nothing is known, is
// written so. Given names of three syllables and more are left out.
func (l *lattice) somebody(reads []Reading) float64 {
	b := l.m.back
	var sum float64
	for _, read := range reads {
		sur, whole := l.anybody(read.Surname), strings.Join(read.Given, "")
		single := l.gist(whole)
		foreign := l.m.n.letters.p(whole)
		cuts := l.cuttings(read.Given, whole)
		for c := range classes {
			given := foreign
			switch {
			case len(read.Given) == 0:
				given = 1
			case c != Foreign:
				given = b.one[c] * l.m.pop.boundaries(c, read.Given, []int{0, len(whole)}) * single.sum[c][0]
				for i := range cuts {
					k := cuts[i].at
					given += b.two[c] * cuts[i].share[c] * l.gist(whole[:k]).sum[c][0] * l.gist(whole[k:]).sum[c][1]
				}
			}
			sum += read.Weight * l.m.pop.class[c] * sur[c] * given
		}
	}
	return math.Max(sum, 1e-300)
}

// dot is the inner product over the shorter a.
func dot(a []float64, b []float32) float64 {
	var sum float64
	for i, x := range a {
		sum += x * float64(b[i])
	}
	return sum
}
