// Package compare says how alike two values of a field are. The answer is a level: a small
// number, 0 for "differs", the highest for "the same". What a level is worth, the model
// learns; a comparer only orders them.
//
// Work is done once for every distinct value, never once for a pair: a comparer prepares a
// form of each value (letters in an array, a date as eight digits, the weights of its
// words) and a pair touches two forms.
package compare

import (
	"sort"
	"strings"

	"example.org/amparo/fault"
)

// MaxLevels is the most levels a comparer may have, so that a level and "missing" fit
// into four bits together with the bands of frequency of the highest level.
const MaxLevels = 10

// Values is the distinct values of a field after Normalise. Ids run from 1 to Len()-1;
// 0 is missing and At(0) is "". Count is how many records hold the value.
type Values interface {
	Len() int
	At(id uint32) string
	Count(id uint32) int
}

// Comparer compares the values of one field. Implementations hold no state that changes;
// one Comparer may be used for several fields at once.
type Comparer interface {
	// Levels names the levels from 0 ("differs") up; the last is "the same value" and is
	// given to equal normalised values without asking. At most [MaxLevels].
	Levels() []string
	// Normalise is the form of a raw value in which equal means the same; "" is missing.
	Normalise(raw string) string
	// Prepare makes what Level and Keys need. Values does not change afterwards.
	Prepare(v Values) Prepared
	// Keys names the blocking keys the comparer can make of a value, the most selective
	// first. The first is always "same": the whole normalised value.
	Keys() []Key
}

// Expecting is a Comparer that knows how the records of one entity come out before there
// is data: by level, from "differs" up, the share of their pairs. It is a judgement about
// the field, as that names are written in several scripts, and what the data say is drawn
// towards it. The shares are above 0 and sum to 1.
type Expecting interface {
	Comparer
	Expect() []float64
}

// Key is a way to make blocking keys of a value: records that share one are compared.
type Key struct {
	Name string
	Many bool // a value may have several keys, and two values need only share one
	// Agree is a first guess of the probability that two records of one entity, both
	// with a value, share a key. It only serves to plan blocking before there is a model.
	Agree float64
}

// Prepared compares two values by id and makes their blocking keys. It is safe for
// concurrent use.
type Prepared interface {
	// Level compares two values that are not missing and not equal. The answer is
	// symmetric and below len(Levels())-1, or equal to it where two texts mean the same.
	Level(a, b uint32) uint8
	// Keys appends the keys of kind k (an index into Comparer.Keys) of a value to dst.
	// A key is never 0. Values without a key of that kind add nothing.
	Keys(k int, id uint32, dst []uint32) []uint32
	// Bytes is the memory held, for budgets.
	Bytes() int64
}

// Rowed is a Prepared that compares one value with many faster than one at a time.
type Rowed interface {
	Prepared
	// Levels sets out[k] to Level(a, bs[k]) wherever bs[k] differs from a; what it is
	// where they are one is left open. out is as long as bs.
	Levels(a uint32, bs []uint32, out []uint8)
}

// Growing is a Prepared whose Values may get further ids after Prepare, at their end.
// Grow makes what the new ones need; what was learnt from the values before, such as how
// rare a word is, stays as it was. It must not run while the Prepared is used.
type Growing interface {
	Prepared
	Grow()
}

// Options are what a model may say about a comparer. Unknown options are an error of
// [New].
type Options struct {
	// Levels are thresholds of similarity (name, text: 0 to 1, falling), of edits (code)
	// or of difference (number); none means the comparer's own.
	Levels []float64
	// Order is how dates of digits alone are to be read: "ymd" (default), "dmy", "mdy".
	Order string
	// Stop are values that mean "not known", beside those everybody writes.
	Stop []string
}

// New makes a built-in comparer by name.
func New(name string, o Options) (Comparer, error) {
	make, ok := builtin[name]
	if !ok {
		return nil, fault.New(fault.Invalid, "compare.New", "there is no comparer %q", name).
			With("use one of %s", strings.Join(Names(), ", "))
	}
	for i, l := range o.Levels {
		falls := i == 0 || l < o.Levels[i-1]
		if name == "code" || name == "number" {
			falls = i == 0 || l > o.Levels[i-1]
		}
		if !falls || !(l > 0) || len(o.Levels) > MaxLevels-2 {
			return nil, fault.New(fault.Invalid, "compare.New", "the levels of %s are out of order, not above 0 or too many", name).
				With("similarities fall, edits and differences rise; at most %d", MaxLevels-2)
		}
	}
	return make(o), nil
}

// Names are the built-in comparers.
func Names() []string {
	var out []string
	for n := range builtin {
		out = append(out, n)
	}
	sort.Strings(out)
	return out
}

var builtin = map[string]func(Options) Comparer{
	"exact":    func(o Options) Comparer { return exact{stopper(o)} },
	"name":     newName,
	"code":     newCode,
	"postcode": func(o Options) Comparer { return postcode{stopper(o)} },
	"email":    func(o Options) Comparer { return email{stopper(o)} },
	"date":     newDate,
	"number":   newNumber,
	"text":     newText,
}

// same is the key every comparer has first.
var same = Key{Name: "same", Agree: 0.8}

// keyOf is a blocking key of a text: 32 bits, never 0. Two texts that collide are compared
// once more than needed, and nothing else happens.
func keyOf(kind uint32, s string) uint32 {
	h := uint64(kind)*0x9E3779B97F4A7C15 + 14695981039346656037
	for i := 0; i < len(s); i++ {
		h = (h ^ uint64(s[i])) * 1099511628211
	}
	h ^= h >> 29
	h *= 0xBF58476D1CE4E5B9
	h ^= h >> 32
	if k := uint32(h); k != 0 {
		return k
	}
	return 1
}

// exact knows only the same and not the same.
type exact struct{ stop map[string]bool }

func (e exact) Levels() []string            { return []string{"differs", "same"} }
func (e exact) Normalise(raw string) string { return clean(raw, e.stop) }
func (e exact) Keys() []Key                 { return []Key{same} }
func (e exact) Prepare(v Values) Prepared   { return exactForms{v} }

type exactForms struct{ v Values }

func (exactForms) Level(a, b uint32) uint8                  { return 0 }
func (exactForms) Levels(_ uint32, _ []uint32, out []uint8) { clear(out) }
func (exactForms) Bytes() int64                             { return 0 }
func (exactForms) Grow()                                    {}
func (f exactForms) Keys(_ int, id uint32, dst []uint32) []uint32 {
	return sameKey(f.v, id, dst)
}

func sameKey(v Values, id uint32, dst []uint32) []uint32 {
	if id == 0 {
		return dst
	}
	return append(dst, keyOf(0, v.At(id)))
}

func prefixKey(kind uint32, s string, n int, dst []uint32) []uint32 {
	count := 0
	for i := range s {
		if count == n {
			return append(dst, keyOf(kind, s[:i]))
		}
		count++
	}
	if count == n {
		return append(dst, keyOf(kind, s))
	}
	return dst
}
