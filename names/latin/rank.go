package latin

import (
	"math"
	"slices"
	"strings"
)

// Match is one Hangul name that a Latin one may stand for.
type Match struct {
	Index       int     // of the name in the list given to [NewRanker]
	Bits        float64 // log2 P(latin | this name) - log2 P(latin | somebody's name)
	Probability float64 // that this is the name, given that one of the list is
	Class       Class   // the likeliest way of writing
	Reading     Reading // the likeliest order
}

// Ranker ranks one list of Hangul names against Latin names. It keeps what it computed
// of chunks of letters, so it is for one goroutine; make one for each worker.
type Ranker struct {
	m        *Model
	syl      []rune
	symbols  [][3]symbol
	sylAt    map[rune]int
	surAt    map[string]int
	surnames []string
	surSyl   [][]int // syllables of each surname, as indexes of syl
	given    [][]int // distinct given names, as indexes of syl
	prior    [classes][]float64
	readings []listed
	names    int
	chunks   map[string]*[classes][]float64
	tokens   map[string]*[classes][]float64
	scratch  [classes][]float64
	scores   []score
}

// listed is one reading of one name of the list.
type listed struct {
	name, surname, given int
}

// NewRanker prepares a list of Hangul names. Names without a Hangul syllable never match.
func NewRanker(m *Model, hangul []string) *Ranker {
	r := &Ranker{m: m, names: len(hangul), chunks: map[string]*[classes][]float64{}, tokens: map[string]*[classes][]float64{}}
	r.sylAt, r.surAt = map[rune]int{}, map[string]int{}
	for _, s := range m.back.syllables {
		r.syllable(s)
	}
	for _, s := range m.back.surnames {
		r.family(s)
	}
	given := map[string]int{}
	for i, name := range hangul {
		for _, h := range ReadHangul(name) {
			g, ok := given[string(h.Given)]
			if !ok {
				g = len(r.given)
				given[string(h.Given)] = g
				r.given = append(r.given, r.index(h.Given))
			}
			r.readings = append(r.readings, listed{i, r.family(h.Surname), g})
			for c, share := range m.pop.shares(h) {
				r.prior[c] = append(r.prior[c], h.Weight*share)
			}
		}
	}
	for c := range classes {
		r.scratch[c] = make([]float64, len(r.given))
	}
	r.scores = make([]score, len(hangul))
	return r
}

// syllable returns the index of a syllable, adding it to the list.
func (r *Ranker) syllable(s rune) int {
	id, ok := r.sylAt[s]
	if !ok {
		id = len(r.syl)
		r.sylAt[s] = id
		r.syl = append(r.syl, s)
		r.symbols = append(r.symbols, symbols(s))
	}
	return id
}

func (r *Ranker) index(rs []rune) []int {
	out := make([]int, len(rs))
	for i, s := range rs {
		out[i] = r.syllable(s)
	}
	return out
}

// family returns the index of a surname, adding it to the list.
func (r *Ranker) family(s string) int {
	id, ok := r.surAt[s]
	if !ok {
		id = len(r.surnames)
		r.surAt[s] = id
		r.surnames = append(r.surnames, s)
		r.surSyl = append(r.surSyl, r.index([]rune(s)))
	}
	return id
}

// chunk returns P(letters | syllable, class) for every syllable of the list.
func (r *Ranker) chunk(letters string) *[classes][]float64 {
	if v := r.chunks[letters]; v != nil {
		return v
	}
	if len(r.chunks) > 20000 { // bounds the memory; what is dropped is computed again
		clear(r.chunks)
	}
	v := new([classes][]float64)
	var buf [32]cut
	for c := range classes {
		v[c] = make([]float64, len(r.syl))
		cs := r.m.emit.cuts(c, letters, buf[:])
		for i, s := range r.syl {
			v[c][i] = r.m.chunkOver(c, s, letters, spellCuts(cs, r.symbols[i]))
		}
	}
	r.chunks[letters] = v
	return v
}

// surname returns P(letters | surname, class) for every surname of the list.
func (r *Ranker) surname(letters string) *[classes][]float64 {
	if v := r.tokens[letters]; v != nil {
		return v
	}
	if len(r.tokens) > 20000 {
		clear(r.tokens)
	}
	v := new([classes][]float64)
	whole := r.chunk(letters)
	var two []cutting
	for k := range len(letters) + 1 {
		if k <= maxChunk && len(letters)-k <= maxChunk {
			two = append(two, cutting{head: r.chunk(letters[:k]), tail: r.chunk(letters[k:])})
		}
	}
	for c := range classes {
		v[c] = make([]float64, len(r.surnames))
		for i, syl := range r.surSyl {
			var spelt float64
			switch len(syl) {
			case 1:
				spelt = whole[c][syl[0]]
			case 2:
				for _, t := range two {
					spelt += t.head[c][syl[0]] * t.tail[c][syl[1]]
				}
			}
			v[c][i] = r.m.surnameOver(c, r.surnames[i], letters, spelt)
		}
	}
	r.tokens[letters] = v
	return v
}

// cutting is one way to divide the letters of a given name in two, with what each half
// says of every syllable.
type cutting struct {
	head, tail *[classes][]float64
	share      [classes]float64
}

// givenLetters is P(parts | given name, class) for every given name and class.
func (r *Ranker) givenLetters(parts []string) *[classes][]float64 {
	whole := strings.Join(parts, "")
	pop := r.m.pop
	if len(parts) == 0 { // missing: nothing is said for or against
		for z := range classes {
			for g := range r.scratch[z] {
				r.scratch[z][g] = 1
			}
		}
		return &r.scratch
	}
	single := r.chunk(whole)
	two := r.cuttings(parts, whole)
	foreign := r.m.n.letters.p(whole)
	for z := range classes {
		out := r.scratch[z]
		alone := pop.boundaries(z, parts, []int{0, len(whole)})
		for g, syl := range r.given {
			switch {
			case z == Foreign:
				out[g] = foreign
			case len(syl) == 2:
				a, b := syl[0], syl[1]
				var sum float64
				for i := range two {
					sum += two[i].share[z] * two[i].head[z][a] * two[i].tail[z][b]
				}
				out[g] = sum
			case len(syl) == 1:
				out[g] = alone * single[z][syl[0]]
			case len(syl) == 0:
				out[g] = 0
			default:
				out[g] = r.long(z, parts, whole, syl)
			}
		}
	}
	return &r.scratch
}

// cuttings are the ways to divide a given name in two.
func (r *Ranker) cuttings(parts []string, whole string) []cutting {
	var two []cutting
	for _, k := range halves(parts, len(whole)) {
		c := cutting{head: r.chunk(whole[:k]), tail: r.chunk(whole[k:])}
		for z := range classes {
			c.share[z] = r.m.pop.boundaries(z, parts, []int{0, k, len(whole)})
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

// long is P(parts | given name, class) for three syllables and more.
func (r *Ranker) long(c Class, parts []string, whole string, syl []int) float64 {
	n := len(whole)
	var sum float64
	var step func(at []int, p float64)
	step = func(at []int, p float64) {
		i, from := len(at)-1, at[len(at)-1]
		if i == len(syl)-1 {
			if n-from <= maxChunk {
				at = append(at, n)
				sum += p * r.chunk(whole[from:])[c][syl[i]] * r.m.pop.boundaries(c, parts, at)
			}
			return
		}
		for to := from; to <= min(n, from+maxChunk); to++ {
			if q := p * r.chunk(whole[from:to])[c][syl[i]]; q > 1e-18 {
				step(append(at, to), q)
			}
		}
	}
	step(append(make([]int, 0, len(syl)+1), 0), 1)
	return sum
}

// Rank returns the top likeliest names of the list for a Latin name, the best first;
// names that are equally likely keep the order of the list. It is empty when the Latin
// name has no letter. Every name of the list is taken to be as likely beforehand.
func (r *Ranker) Rank(latin string, top int) []Match {
	reads := Read(latin)
	if len(reads) == 0 || r.names == 0 {
		return nil
	}
	clear(r.scores)
	for k, read := range reads {
		sur, giv := r.surname(read.Surname), r.givenLetters(read.Given)
		for i := range r.readings {
			l := &r.readings[i]
			s := &r.scores[l.name]
			for c := range classes {
				p := read.Weight * r.prior[c][i] * sur[c][l.surname] * giv[c][l.given]
				s.sum += p
				if p > s.most {
					s.most, s.class, s.read = p, c, int32(k)
				}
			}
		}
	}
	return r.best(reads, top)
}

// score is what was found of one name of the list.
type score struct {
	sum, most float64
	class     Class
	read      int32
}

// best picks the top scores.
func (r *Ranker) best(reads []Reading, top int) []Match {
	order := make([]int, 0, top+1)
	var sum float64
	for i := range r.scores {
		s := r.scores[i].sum
		sum += s
		if len(order) == top && s <= r.scores[order[top-1]].sum {
			continue
		}
		at, _ := slices.BinarySearchFunc(order, s, func(o int, s float64) int {
			if r.scores[o].sum >= s {
				return -1
			}
			return 1
		})
		order = slices.Insert(order, at, i)
		order = order[:min(top, len(order))]
	}
	any := log2(r.somebody(reads))
	out := make([]Match, len(order))
	for i, o := range order {
		s := r.scores[o]
		out[i] = Match{Index: o, Bits: log2(s.sum) - any, Class: s.class, Reading: reads[s.read], Probability: s.sum / math.Max(sum, 1e-300)}
	}
	return out
}
