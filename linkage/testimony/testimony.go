// Package testimony compares what testimonies say of people and events: names in any
// script with their aliases, dates as intervals, places by their depth in the gazetteer.
// It gives package linkage its comparers.
package testimony

import (
	"hash/fnv"
	"slices"
	"strings"

	"example.org/amparo/linkage/compare"
	"example.org/amparo/linkage/places"
)

// Separator stands between the values of a field that has several: all names a person is
// known under, all places an event is said to have been at.
const Separator = "\x1f"

// Shown is a cell as a person reads it: the values with commas between.
func Shown(cell string) string {
	return strings.NewReplacer(Separator, ", ", alias, "", at, " ").Replace(cell)
}

// Join makes one cell of several values.
func Join(values []string) string { return strings.Join(values, Separator) }

// Comparers are the comparers of this package by the name a model calls them.
func Comparers() (map[string]compare.Comparer, error) {
	g, err := places.New(places.Public())
	if err != nil {
		return nil, err
	}
	return map[string]compare.Comparer{"names": people{&spareReader{}}, "interval": interval{}, "site": site{g}, "events": events{g}, "trait": trait{}, "coded": coded{}, "kin": kin{}}, nil
}

// normal keeps the values that say something, in their order.
func normal(raw string) string {
	var out []string
	for _, v := range strings.Split(raw, Separator) {
		if v = strings.TrimSpace(v); v != "" {
			out = append(out, v)
		}
	}
	return Join(out)
}

// key makes a blocking key of text. It is never 0.
func key(s string) uint32 {
	h := fnv.New32a()
	_, _ = h.Write([]byte(s)) // a hash does not fail
	return h.Sum32() | 1
}

// parsed are the values of a field that may have several, each read once: those of the
// value id stand at id.
type parsed[T any] struct {
	v    compare.Values
	of   [][]T
	read func(string) T
}

func parse[T any](v compare.Values, read func(string) T) *parsed[T] {
	p := &parsed[T]{v: v, of: make([][]T, 1, v.Len()), read: read}
	p.Grow()
	return p
}

// Grow reads the values that came.
func (p *parsed[T]) Grow() {
	for id := len(p.of); id < p.v.Len(); id++ {
		var all []T
		for _, s := range strings.Split(p.v.At(uint32(id)), Separator) {
			all = append(all, p.read(s))
		}
		p.of = append(p.of, all)
	}
}

// same is the key of the whole value.
func (p *parsed[T]) same(id uint32, dst []uint32) []uint32 { return append(dst, key(p.v.At(id))) }

// bytes reckons the memory of all, at so many bytes each.
func (p *parsed[T]) bytes(each int64) int64 {
	n := int64(0)
	for _, all := range p.of {
		n += int64(len(all))
	}
	return 24*int64(len(p.of)) + each*n
}

// site compares places by the depth at which they part: see [places.Gazetteer.Level].
type site struct{ g *places.Gazetteer }

func (site) Levels() []string {
	return []string{"another country", "same country", "same province", "same county", "same village", "same site", "same place"}
}

// Expect: home is told as the same province or county by nearly everybody; a few name the
// place they last lived in.
func (site) Expect() []float64 { return []float64{.01, .05, .06, .06, .01, .01, .80} }

func (site) Normalise(raw string) string { return normal(raw) }

func (site) Keys() []compare.Key { return []compare.Key{{Name: "same", Agree: 0.6}} }

func (s site) Prepare(v compare.Values) compare.Prepared {
	return &siteForms{parse(v, s.g.Parse), s.g}
}

type siteForms struct {
	*parsed[places.Key]
	g *places.Gazetteer
}

func (f *siteForms) Level(a, b uint32) uint8 {
	best := 0
	for _, x := range f.of[a] {
		for _, y := range f.of[b] {
			best = max(best, f.g.Level(x, y))
		}
	}
	return uint8(best)
}

func (f *siteForms) Keys(_ int, id uint32, dst []uint32) []uint32 { return f.same(id, dst) }

func (f *siteForms) Bytes() int64 { return 128 * int64(len(f.of)) }

// trait compares what hardly ever changes or is told wrong of a person: whether they are a
// woman or a man.
type trait struct{}

func (trait) Levels() []string { return []string{"differs", "same"} }

// Expect: in one record of a hundred the wrong box was ticked.
func (trait) Expect() []float64 { return []float64{.02, .98} }

func (trait) Normalise(raw string) string { return normal(raw) }

func (trait) Keys() []compare.Key { return []compare.Key{{Name: "same", Agree: 0.98}} }

func (trait) Prepare(v compare.Values) compare.Prepared { return traitForms{v} }

type traitForms struct{ v compare.Values }

func (traitForms) Level(_, _ uint32) uint8 { return 0 }

func (f traitForms) Keys(_ int, id uint32, dst []uint32) []uint32 {
	return append(dst, key(f.v.At(id)))
}

func (traitForms) Bytes() int64 { return 0 }

func (traitForms) Grow() {}

// coded compares codes of a vocabulary with groups, as MT02.1 of MT02: which harm was done,
// by which kind of agency.
type coded struct{}

func (coded) Levels() []string { return []string{"differs", "same group", "same"} }

// Expect: two people who code one account choose the same code nine times in ten, and of
// the others most choose a neighbour of one group.
func (coded) Expect() []float64 { return []float64{.03, .07, .90} }

func (coded) Normalise(raw string) string { return normal(raw) }

func (coded) Keys() []compare.Key {
	return []compare.Key{{Name: "same", Agree: 0.9}, {Name: "group", Many: true, Agree: 0.97}}
}

func (coded) Prepare(v compare.Values) compare.Prepared {
	f := &codeForms{v: v, groups: make([][]string, 1, v.Len())}
	f.Grow()
	return f
}

type codeForms struct {
	v      compare.Values
	groups [][]string
}

func (f *codeForms) Grow() {
	for id := len(f.groups); id < f.v.Len(); id++ {
		var groups []string
		for _, c := range strings.Split(f.v.At(uint32(id)), Separator) {
			group, _, _ := strings.Cut(c, ".")
			groups = append(groups, group)
		}
		f.groups = append(f.groups, groups)
	}
}

func (f *codeForms) Level(a, b uint32) uint8 {
	for _, x := range f.groups[a] {
		if slices.Contains(f.groups[b], x) {
			return 1
		}
	}
	return 0
}

func (f *codeForms) Keys(k int, id uint32, dst []uint32) []uint32 {
	if k == 0 {
		return append(dst, key(f.v.At(id)))
	}
	for _, g := range f.groups[id] {
		if h := key(g); !slices.Contains(dst, h) {
			dst = append(dst, h)
		}
	}
	return dst
}

func (f *codeForms) Bytes() int64 { return 40 * int64(len(f.groups)) }
