package compare

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
)

// text compares several words in any order: titles, addresses, names of places of
// business. It is the cosine of the weighted trigrams of the words; a trigram weighs the
// more the fewer values have it (inverse document frequency), so "restaurant" counts for
// little and a rare word, even misspelt, for much.
type text struct {
	at   []float64 // falling
	stop map[string]bool
}

func newText(o Options) Comparer {
	at := o.Levels
	if len(at) == 0 {
		at = []float64{0.9, 0.7, 0.5, 0.3}
	}
	return text{at, stopper(o)}
}

func (t text) Levels() []string {
	out := []string{"differs"}
	for i := len(t.at) - 1; i >= 0; i-- {
		out = append(out, fmt.Sprintf("words alike, %.2f", t.at[i]))
	}
	return append(out, "same")
}

func (t text) Normalise(raw string) string { return clean(raw, t.stop) }

func (text) Keys() []Key {
	return []Key{same, {Name: "rare", Many: true, Agree: 0.9}, {Name: "rare2", Agree: 0.6}, {Name: "prefix5", Agree: 0.8}}
}

// gram is a trigram of a value and its weight; weights of a value have length 1.
type gram struct {
	id uint32
	w  float32
}

type textForms struct {
	v     Values
	grams []gram // of all values, each sorted by id
	start []uint32
	// learnt from the values at Prepare:
	ids    map[[3]rune]uint32
	have   []uint32          // in how many values a gram is
	words  map[string]uint32 // in how many values a word is
	values int
	at     []float64
}

func (t text) Prepare(v Values) Prepared {
	f := &textForms{v: v, start: make([]uint32, 2, v.Len()+1), ids: map[[3]rune]uint32{}, words: map[string]uint32{}, at: t.at}
	for id := 1; id < v.Len(); id++ {
		for _, g := range f.read(uint32(id)) {
			f.have[g.id]++
		}
		for _, w := range distinctWords(v.At(uint32(id))) {
			f.words[w]++
		}
	}
	f.values = v.Len()
	for id := 1; id < v.Len(); id++ {
		f.weigh(f.of(uint32(id)))
	}
	return f
}

// read adds the grams of the next value.
func (f *textForms) read(id uint32) []gram {
	from := len(f.grams)
	trigrams(f.v.At(id), func(g [3]rune) {
		n, ok := f.ids[g]
		if !ok {
			n = uint32(len(f.ids))
			f.ids[g] = n
			f.have = append(f.have, 0)
		}
		f.grams = append(f.grams, gram{id: n})
	})
	own := distinct(f.grams[from:])
	f.grams = f.grams[:from+len(own)]
	f.start = append(f.start, uint32(len(f.grams)))
	return own
}

// Grow weighs the grams of new values by the values there were at first; a gram that none
// of them has counts as had by one.
func (f *textForms) Grow() {
	for id := len(f.start) - 1; id < f.v.Len(); id++ {
		f.weigh(f.read(uint32(id)))
	}
}

func (f *textForms) of(id uint32) []gram { return f.grams[f.start[id]:f.start[id+1]] }

// trigrams calls fn for every three runes of every word with a space before and after.
func trigrams(s string, fn func([3]rune)) {
	a, b := ' ', ' '
	for _, r := range s + " " {
		if b != ' ' || r != ' ' {
			if !(a == ' ' && b == ' ') {
				fn([3]rune{a, b, r})
			}
		}
		if r == ' ' {
			a, b = ' ', ' '
			continue
		}
		a, b = b, r
	}
}

func distinct(g []gram) []gram {
	slices.SortFunc(g, func(x, y gram) int { return cmp.Compare(x.id, y.id) })
	return slices.CompactFunc(g, func(x, y gram) bool { return x.id == y.id })
}

func distinctWords(s string) []string {
	w := strings.Fields(s)
	slices.Sort(w)
	return slices.Compact(w)
}

func (f *textForms) weigh(own []gram) {
	sum := 0.0
	for i := range own {
		w := math.Log(1 + float64(f.values)/float64(max(f.have[own[i].id], 1)))
		own[i].w = float32(w)
		sum += w * w
	}
	for i := range own {
		own[i].w /= float32(math.Sqrt(sum))
	}
}

func (f *textForms) Bytes() int64 {
	return 8*int64(cap(f.grams)) + 4*int64(len(f.start)) + 48*int64(len(f.words)+len(f.ids))
}

func (f *textForms) Level(a, b uint32) uint8 {
	x, y := f.of(a), f.of(b)
	var dot float32
	for i, j := 0, 0; i < len(x) && j < len(y); {
		switch {
		case x[i].id < y[j].id:
			i++
		case x[i].id > y[j].id:
			j++
		default:
			dot += x[i].w * y[j].w
			i++
			j++
		}
	}
	for i, t := range f.at {
		if float64(dot) >= t {
			return uint8(len(f.at) - i)
		}
	}
	return 0
}

// rareWords is how many words of a text serve as keys.
const rareWords = 4

func (f *textForms) Keys(k int, id uint32, dst []uint32) []uint32 {
	if id == 0 {
		return dst
	}
	s := f.v.At(id)
	switch k {
	case 0:
		return append(dst, keyOf(0, s))
	case 3:
		return prefixKey(3, s, 5, dst)
	}
	w := distinctWords(s)
	slices.SortStableFunc(w, func(a, b string) int { return cmp.Compare(f.words[a], f.words[b]) })
	w = w[:min(len(w), rareWords)]
	if k == 1 {
		for _, word := range w {
			dst = append(dst, keyOf(1, word))
		}
		return dst
	}
	if len(w) < 2 {
		return dst
	}
	pair := []string{w[0], w[1]}
	slices.Sort(pair)
	return append(dst, keyOf(2, pair[0]+" "+pair[1]))
}
