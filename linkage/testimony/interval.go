package testimony

import (
	"slices"
	"strings"

	"example.org/amparo/linkage/compare"
	"example.org/amparo/linkage/dates"
	"example.org/amparo/when"
)

// interval compares dates as intervals: see [dates.Level]. Of several dates that were said
// of one thing, the nearest pair counts.
type interval struct{}

func (interval) Levels() []string {
	return []string{"apart", "within ten years", "within two years", "within a year", "may be the same", "within a month", "same month", "lunar day", "day and month exchanged", "same day"}
}

// Expect: births are told as a year or an age more often than as a day; a year more or
// less comes from the counting of ages and from memory, a month from the lunar calendar.
func (interval) Expect() []float64 {
	return []float64{.01, .02, .05, .17, .35, .03, .10, .02, .01, .24}
}

// Normalise keeps the dates that can be read, in the form of [when.Date], in order.
func (interval) Normalise(raw string) string {
	var out []string
	for _, v := range strings.Split(raw, Separator) {
		if d, err := when.Parse(strings.TrimSpace(v)); err == nil && !d.IsZero() {
			out = append(out, d.String())
		}
	}
	slices.Sort(out)
	return Join(slices.Compact(out))
}

func (interval) Keys() []compare.Key {
	return []compare.Key{{Name: "same", Agree: 0.3}, {Name: "year", Many: true, Agree: 0.8}}
}

func (interval) Prepare(v compare.Values) compare.Prepared {
	return &intervalForms{parse(v, dateOf)}
}

// dateOf reads what Normalise wrote.
func dateOf(s string) dates.Value {
	d, err := when.Parse(s)
	if err != nil {
		return dates.Value{}
	}
	return dates.Of(d)
}

type intervalForms struct{ *parsed[dates.Value] }

func (f *intervalForms) Level(a, b uint32) uint8 {
	best := 0
	for _, x := range f.of[a] {
		for _, y := range f.of[b] {
			best = max(best, dates.Level(x, y))
		}
	}
	return uint8(best)
}

// widest is how many years a date may span and still be found by its years.
const widest = 3

func (f *intervalForms) Keys(k int, id uint32, dst []uint32) []uint32 {
	if k == 0 {
		return f.same(id, dst)
	}
	from := len(dst)
	for _, d := range f.of[id] {
		dst = years(d, dst, from)
	}
	return dst
}

// years appends the years of a date that dst does not have from an index on.
func years(d dates.Value, dst []uint32, from int) []uint32 {
	if !d.Known || d.Lo == when.Beginning || d.Hi == when.End {
		return dst
	}
	first, _, _ := d.Lo.Civil()
	last, _, _ := d.Hi.Civil()
	if last-first >= widest {
		return dst
	}
	for y := first; y <= last; y++ {
		if k := uint32(y) | 1<<16; !slices.Contains(dst[from:], k) {
			dst = append(dst, k)
		}
	}
	return dst
}

func (f *intervalForms) Bytes() int64 { return f.bytes(32) }
