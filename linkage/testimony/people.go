package testimony

import (
	"strings"
	"sync"
	"sync/atomic"

	"example.org/amparo/linkage/compare"
	"example.org/amparo/linkage/names"
)

// alias marks, at the beginning of a value, a name somebody is also known under: a name
// used in China, a name in a camp. It is a control character, so no name begins with it.
const alias = "\x1e"

// Alias marks a name as one somebody is also known under, among the values of a cell of
// names. Values without the mark are their own names, in every spelling that was written
// down.
func Alias(name string) string { return alias + name }

// IsAlias reports whether a name is so marked.
func IsAlias(name string) bool { return strings.HasPrefix(name, alias) }

// people compares people by all names they are known under, across scripts.
//
// A person's own names and the names they are also known under are told apart. A name used
// in China is often a common surname with a common given name, chosen anew in the next
// place: hundreds of women are a Jin Mei to somebody. That two people share such a name
// alone is a level of its own, below any agreement of their own names.
type people struct{ spare *spareReader }

// spareReader keeps the reader of names of the last comparison, whose working memory is
// worth having: it remembers what strings of letters can stand for, and no name.
type spareReader struct {
	mu sync.Mutex
	r  *names.Reader
}

// take returns the spare reader, or a new one.
func (s *spareReader) take() *names.Reader {
	s.mu.Lock()
	defer s.mu.Unlock()
	if r := s.r; r != nil {
		s.r = nil
		return r
	}
	return names.NewReader()
}

func (s *spareReader) give(r *names.Reader) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.r = r
}

// Levels of people.
const (
	nameDiffers = iota
	nameGiven
	nameSurname
	nameAlias
	nameLikely
	nameNear
	nameStrong
	nameHeard
	nameHangul
	nameEqual
)

// The levels, from "differs" up.
//
// Source: package linkage/names; two levels of letters across scripts are told apart by
// their bits.
func (people) Levels() []string {
	return []string{"differs", "same given name", "same surname", "same alias only", "likely letters", "nearly equal", "strong letters", "equal as heard", "equal Hangul", "equal characters"}
}

// Expect: an organisation writes names in the script and spelling it is used to. Of two
// records of one person more than half are written differently, and a few were heard wrong
// or give another name.
func (people) Expect() []float64 {
	return []float64{.02, .01, .03, .01, .04, .05, .34, .16, .12, .22}
}

func (people) Normalise(raw string) string { return normal(raw) }

func (people) Keys() []compare.Key {
	return []compare.Key{{Name: "same", Agree: 0.3}, {Name: "heard", Many: true, Agree: 0.85}, {Name: "part", Many: true, Agree: 0.95}}
}

func (p people) Prepare(v compare.Values) compare.Prepared {
	f := &peopleForms{v: v, c: names.NewComparer(), spare: p.spare, sets: make([]nameSet, 1, v.Len())}
	f.Grow()
	return f
}

// nameSet is a person's own names and the others.
type nameSet struct{ own, also []names.Key }

func (f *peopleForms) Grow() {
	r := f.spare.take()
	defer f.spare.give(r)
	for id := len(f.sets); id < f.v.Len(); id++ {
		var set nameSet
		for _, n := range strings.Split(f.v.At(uint32(id)), Separator) {
			if rest, ok := strings.CutPrefix(n, alias); ok {
				set.also = append(set.also, r.Parse(rest))
			} else {
				set.own = append(set.own, r.Parse(n))
			}
		}
		f.sets = append(f.sets, set)
	}
}

type peopleForms struct {
	v     compare.Values
	c     *names.Comparer
	spare *spareReader
	sets  []nameSet
	memo  [1 << 18]atomic.Uint64 // of pairs compared: both ids and the level
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
	level := f.compare(f.sets[a], f.sets[b])
	if b < 1<<28 {
		slot.Store(pair | uint64(level))
	}
	return level
}

// ofNames are the levels of package names, from [names.Different].
var ofNames = [...]uint8{nameDiffers, nameGiven, nameSurname, nameLikely, nameNear, nameStrong, nameHeard, nameHangul, nameEqual}

// compare is the best level of two own names; or of an own name and another, where the
// one record knows as own what the other knows as alias; or that only an alias is shared.
// No readable name: nothing agrees.
func (f *peopleForms) compare(a, b nameSet) uint8 {
	best := uint8(nameDiffers)
	if got := f.c.CompareSets(a.own, b.own).Level; got > 0 {
		best = ofNames[got]
	}
	if best >= nameNear {
		return best
	}
	for _, pair := range [][2][]names.Key{{a.own, b.also}, {a.also, b.own}} {
		// As for the surname alone, a short name that agrees says little: it must be whole
		// and more telling than a common one.
		if got := f.c.CompareSets(pair[0], pair[1]); got.Level >= names.NearlyEqual && got.Bits >= aliasBits {
			best = max(best, nameNear)
		}
	}
	if best < nameAlias && f.c.CompareSets(a.also, b.also).Level >= names.NearlyEqual {
		best = nameAlias
	}
	return best
}

// aliasBits is what an own name and an alias must agree for to count as one name: as
// letters across scripts that are strong.
const aliasBits = 12

func (f *peopleForms) Keys(k int, id uint32, dst []uint32) []uint32 {
	if k == 0 {
		return append(dst, key(f.v.At(id)))
	}
	for _, set := range [][]names.Key{f.sets[id].own, f.sets[id].also} {
		for _, n := range set {
			keys := n.Blocks()
			if k == 2 {
				keys = n.Wide()
			}
			for _, s := range keys {
				dst = append(dst, key(s))
			}
		}
	}
	return dst
}

// Bytes reckons half a kilobyte a name, decodings included.
func (f *peopleForms) Bytes() int64 {
	n := int64(0)
	for _, s := range f.sets {
		n += int64(len(s.own) + len(s.also))
	}
	return 512*n + 8*int64(len(f.memo))
}
