// Package testimony compares what testimonies say of people and events: names in any
// script with their aliases, dates as intervals, places by their depth in the gazetteer.
// It gives package linkage its comparers.
package testimony

import (
	"hash/fnv"
	"strings"
	"sync/atomic"

	"example.org/amparo/linkage/compare"
	"example.org/amparo/linkage/dates"
	"example.org/amparo/linkage/names"
	"example.org/amparo/linkage/places"
	"example.org/amparo/when"
)

// Separator stands between the values of a field that has several: all names a person is
// known under, all places an event is said to have been at.
const Separator = "\x1f"

// Join makes one cell of several values.
func Join(values []string) string { return strings.Join(values, Separator) }

// Comparers are the comparers of this package by the name a model calls them.
func Comparers() (map[string]compare.Comparer, error) {
	g, err := places.New(places.Public())
	if err != nil {
		return nil, err
	}
	return map[string]compare.Comparer{"names": people{}, "interval": interval{}, "site": site{g}}, nil
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

// people compares sets of names across scripts: see [names.Comparer.CompareSets].
type people struct{}

// The levels, from "differs" up.
//
// Source: package linkage/names; two levels of letters across scripts are told apart by
// their bits.
func (people) Levels() []string {
	return []string{"differs", "same given name", "same surname", "likely letters", "nearly equal", "strong letters", "equal as heard", "equal Hangul", "equal characters"}
}

func (people) Normalise(raw string) string { return normal(raw) }

func (people) Keys() []compare.Key {
	return []compare.Key{{Name: "same", Agree: 0.3}, {Name: "heard", Many: true, Agree: 0.85}, {Name: "part", Many: true, Agree: 0.95}}
}

func (people) Prepare(v compare.Values) compare.Prepared {
	f := &peopleForms{v: v, c: names.NewComparer(), r: names.NewReader(), sets: make([][]names.Key, 1, v.Len())}
	f.Grow()
	return f
}

func (f *peopleForms) Grow() {
	for id := len(f.sets); id < f.v.Len(); id++ {
		var set []names.Key
		for _, n := range strings.Split(f.v.At(uint32(id)), Separator) {
			set = append(set, f.r.Parse(n))
		}
		f.sets = append(f.sets, set)
	}
}

type peopleForms struct {
	v    compare.Values
	c    *names.Comparer
	r    *names.Reader
	sets [][]names.Key
	memo [1 << 18]atomic.Uint64 // of pairs compared: both ids and the level
}

// Level remembers what it found: comparing names across scripts costs a thousand times
// what comparing numbers does, and the same few pairs of names come back again and again.
func (f *peopleForms) Level(a, b uint32) uint8 {
	if a > b {
		a, b = b, a
	}
	pair := uint64(a)<<36 | uint64(b)<<8
	slot := &f.memo[(pair*0x9E3779B97F4A7C15)>>46]
	if got := slot.Load(); got&^0xFF == pair && got != 0 {
		return uint8(got)
	}
	level := uint8(max(0, f.c.CompareSets(f.sets[a], f.sets[b]).Level)) // no readable name: nothing agrees
	if b < 1<<28 {
		slot.Store(pair | uint64(level))
	}
	return level
}

func (f *peopleForms) Keys(k int, id uint32, dst []uint32) []uint32 {
	if k == 0 {
		return append(dst, key(f.v.At(id)))
	}
	for _, n := range f.sets[id] {
		keys := n.Blocks()
		if k == 2 {
			keys = n.Wide()
		}
		for _, s := range keys {
			dst = append(dst, key(s))
		}
	}
	return dst
}

// Bytes reckons half a kilobyte a name, decodings included.
func (f *peopleForms) Bytes() int64 {
	n := int64(0)
	for _, s := range f.sets {
		n += int64(len(s))
	}
	return 512*n + 8*int64(len(f.memo))
}

// interval compares dates as intervals: see [dates.Level].
type interval struct{}

func (interval) Levels() []string {
	return []string{"apart", "within ten years", "within two years", "within a year", "may be the same", "within a month", "same month", "lunar day", "day and month exchanged", "same day"}
}

// Normalise keeps the first date that can be read, in the form of [when.Date].
func (interval) Normalise(raw string) string {
	for _, v := range strings.Split(raw, Separator) {
		if d, err := when.Parse(strings.TrimSpace(v)); err == nil {
			return d.String()
		}
	}
	return ""
}

func (interval) Keys() []compare.Key {
	return []compare.Key{{Name: "same", Agree: 0.3}, {Name: "year", Many: true, Agree: 0.8}}
}

func (interval) Prepare(v compare.Values) compare.Prepared {
	f := &intervalForms{v: v, d: make([]dates.Value, 1, v.Len())}
	f.Grow()
	return f
}

func (f *intervalForms) Grow() {
	for id := len(f.d); id < f.v.Len(); id++ {
		var value dates.Value
		if d, err := when.Parse(f.v.At(uint32(id))); err == nil { // Normalise wrote it
			value = dates.Of(d)
		}
		f.d = append(f.d, value)
	}
}

type intervalForms struct {
	v compare.Values
	d []dates.Value
}

func (f *intervalForms) Level(a, b uint32) uint8 { return uint8(max(0, dates.Level(f.d[a], f.d[b]))) }

// widest is how many years a date may span and still be found by its years.
const widest = 3

func (f *intervalForms) Keys(k int, id uint32, dst []uint32) []uint32 {
	if k == 0 {
		return append(dst, key(f.v.At(id)))
	}
	d := f.d[id]
	if !d.Known || d.Lo == when.Beginning || d.Hi == when.End {
		return dst
	}
	from, _, _ := d.Lo.Civil()
	to, _, _ := d.Hi.Civil()
	if to-from >= widest {
		return dst
	}
	for y := from; y <= to; y++ {
		dst = append(dst, uint32(y)|1<<16)
	}
	return dst
}

func (f *intervalForms) Bytes() int64 { return 32 * int64(len(f.d)) }

// site compares places by the depth at which they part: see [places.Gazetteer.Level].
type site struct{ g *places.Gazetteer }

func (site) Levels() []string {
	return []string{"another country", "same country", "same province", "same county", "same village", "same site", "same place"}
}

func (site) Normalise(raw string) string { return normal(raw) }

func (site) Keys() []compare.Key { return []compare.Key{{Name: "same", Agree: 0.6}} }

func (s site) Prepare(v compare.Values) compare.Prepared {
	f := &siteForms{v: v, g: s.g, k: make([][]places.Key, 1, v.Len())}
	f.Grow()
	return f
}

func (f *siteForms) Grow() {
	for id := len(f.k); id < f.v.Len(); id++ {
		var keys []places.Key
		for _, p := range strings.Split(f.v.At(uint32(id)), Separator) {
			keys = append(keys, f.g.Parse(p))
		}
		f.k = append(f.k, keys)
	}
}

type siteForms struct {
	v compare.Values
	g *places.Gazetteer
	k [][]places.Key
}

func (f *siteForms) Level(a, b uint32) uint8 {
	best := 0
	for _, x := range f.k[a] {
		for _, y := range f.k[b] {
			best = max(best, f.g.Level(x, y))
		}
	}
	return uint8(best)
}

func (f *siteForms) Keys(_ int, id uint32, dst []uint32) []uint32 {
	return append(dst, key(f.v.At(id)))
}

func (f *siteForms) Bytes() int64 { return 128 * int64(len(f.k)) }
