package dates

import (
	"fmt"
	"math"
	"slices"
	"sort"

	"example.org/amparo/fault"
	"example.org/amparo/when"
)

// Background says on which days the dates of the people or events at hand fall when
// nothing is known: the probability of each day, from a first one on. From it comes, for
// every pair of precisions, how often two unrelated dates agree at each level.
type Background struct {
	first when.Day
	p     []float64 // probability of each day
	sum   []float64 // sum[i] is the probability of all days before the i-th
	u     [precisions][precisions]*[levels]float64
}

// Uniform is the background in which every day of the years first to last is as likely.
func Uniform(first, last int) (*Background, error) {
	weights := make([]float64, max(0, last-first+1))
	for i := range weights {
		weights[i] = 1
	}
	return ByYear(first, weights)
}

// ByYear is the background in which the year first+i has a weight; inside a year every
// day is as likely. The weights need not sum to 1.
func ByYear(first int, weights []float64) (*Background, error) {
	if len(weights) == 0 || len(weights) > 400 || first < 1000 || first > 3000 {
		return nil, fault.New(fault.Invalid, "dates.ByYear", "%d years from %d", len(weights), first).With("give 1 to 400 years after 1000")
	}
	var total float64
	for i, w := range weights {
		if w < 0 || math.IsNaN(w) || math.IsInf(w, 0) {
			return nil, fault.New(fault.Invalid, "dates.ByYear", "the year %d has weight %v", first+i, w).With("give weights of 0 or more")
		}
		total += w
	}
	if total <= 0 {
		return nil, fault.New(fault.Invalid, "dates.ByYear", "all weights are 0").With("give one year a weight")
	}
	b := &Background{first: when.DayOf(first, 1, 1), sum: []float64{0}}
	var acc float64
	for i, w := range weights {
		n := int(when.DayOf(first+i+1, 1, 1) - when.DayOf(first+i, 1, 1))
		for range n {
			p := w / total / float64(n)
			acc += p
			b.p, b.sum = append(b.p, p), append(b.sum, acc)
		}
	}
	b.fill()
	return b, nil
}

// mass is the probability of the days lo to hi.
func (b *Background) mass(lo, hi when.Day) float64 {
	n := when.Day(len(b.p))
	i, j := min(max(lo-b.first, 0), n), min(max(hi-b.first+1, 0), n)
	if j <= i {
		return 0
	}
	return b.sum[j] - b.sum[i]
}

// Chance returns the probability that two unrelated dates of these precisions agree at
// each level; it sums to 1. Both must be units of the calendar, [Day] to [Decade]; for
// other shapes use [Background.ChanceOf].
func (b *Background) Chance(x, y Precision) ([levels]float64, error) {
	if x > Decade || y > Decade {
		return [levels]float64{}, fault.New(fault.Invalid, "dates.Chance", "an interval is no unit of the calendar").With("use ChanceOf with the two dates")
	}
	return *b.u[x][y], nil
}

// fill computes the chances of all pairs of precisions, by going over the units of the
// one and, for each, over the mass of the days around it: exact, with no sampling.
func (b *Background) fill() {
	for x := Day; x <= Decade; x++ {
		for y := x; y <= Decade; y++ {
			u := new([levels]float64)
			if x == Day && y == Day {
				b.days(u)
			} else {
				coarse, overlap := b.units(y), Overlap
				if y == Month {
					overlap = SameMonth
				}
				sum := []float64{0}
				for i, o := range coarse {
					sum = append(sum, sum[i]+o.p)
				}
				for _, fine := range b.units(x) {
					around(u, fine, coarse, sum, overlap)
				}
			}
			b.u[x][y], b.u[y][x] = u, u
		}
	}
}

// unit is one day, month, season, year or decade.
type unit struct {
	lo, hi when.Day
	p      float64
}

// units lists the units of a precision that touch the background, in order.
func (b *Background) units(x Precision) []unit {
	last := b.first + when.Day(len(b.p)) - 1
	var out []unit
	add := func(lo, hi when.Day) {
		if p := b.mass(lo, hi); p > 0 {
			out = append(out, unit{lo, hi, p})
		}
	}
	from, _, _ := b.first.Civil()
	to, _, _ := last.Civil()
	switch x {
	case Day:
		for d := b.first; d <= last; d++ {
			add(d, d)
		}
	case Month:
		for y := from; y <= to; y++ {
			for m := 1; m <= 12; m++ {
				add(when.DayOf(y, m, 1), when.DayOf(y+m/12, m%12+1, 1)-1)
			}
		}
	case Season:
		for y := from - 1; y <= to; y++ {
			for m := 3; m <= 12; m += 3 {
				add(when.DayOf(y, m, 1), when.DayOf(y+(m+2)/12, (m+2)%12+1, 1)-1)
			}
		}
	case Year:
		for y := from; y <= to; y++ {
			add(when.DayOf(y, 1, 1), when.DayOf(y, 12, 31))
		}
	case Decade:
		for y := from / 10 * 10; y <= to; y += 10 {
			add(when.DayOf(y, 1, 1), when.DayOf(y+9, 12, 31))
		}
	}
	return out
}

// around adds, for one unit, the mass of the others by their level. The others are in
// order, so those within a distance are a range, whose mass two searches give.
func around(u *[levels]float64, one unit, others []unit, sum []float64, overlap int) {
	before := 0.0
	for _, w := range [...]struct {
		level int
		gap   when.Day
	}{{overlap, 0}, {WithinYear, aYear}, {WithinTwo, twoYears}, {WithinDecade, tenYears}, {Disjoint, 1 << 30}} {
		i := sort.Search(len(others), func(i int) bool { return one.lo-others[i].hi <= w.gap })
		j := sort.Search(len(others), func(i int) bool { return others[i].lo-one.hi > w.gap })
		m := 0.0
		if j > i {
			m = sum[j] - sum[i]
		}
		u[w.level] += one.p * (m - before)
		before = m
	}
}

// days adds the chances of two days. Exchanged and lunar dates are found by looking for
// them; the rest goes by distance, with the mass of a range of days.
func (b *Background) days(u *[levels]float64) {
	last := b.first + when.Day(len(b.p)) - 1
	for d := b.first; d <= last; d++ {
		p := b.p[d-b.first]
		if p == 0 {
			continue
		}
		special := map[when.Day]int{d: ExactDay}
		order := []when.Day{d}
		for _, o := range b.related(d) {
			if _, seen := special[o]; !seen {
				special[o] = Level(dayValue(d), dayValue(o))
				order = append(order, o)
			}
		}
		left := b.mass(d-tenYears, d+tenYears)
		u[Disjoint] += p * (1 - left)
		within := [...]struct {
			level int
			days  when.Day
		}{{WithinMonth, aMonth}, {WithinYear, aYear}, {WithinTwo, twoYears}, {WithinDecade, tenYears}}
		before := 0.0
		for _, w := range within {
			m := b.mass(d-w.days, d+w.days)
			u[w.level] += p * (m - before)
			before = m
		}
		for _, o := range order { // taken out of the distance they lie at
			q := b.mass(o, o)
			u[special[o]] += p * q
			u[distanceLevel(d, o)] -= p * q
		}
	}
}

func dayValue(d when.Day) Value { return Value{Lo: d, Hi: d, Precision: Day, Known: true} }

func distanceLevel(a, b when.Day) int {
	d := a - b
	if d < 0 {
		d = -d
	}
	if d <= aMonth {
		return WithinMonth
	}
	return byGap(d)
}

// related lists the days that agree with d in a special way: day and month exchanged, or
// one the lunar reading of the other.
func (b *Background) related(d when.Day) []when.Day {
	y, m, dd := d.Civil()
	var out []when.Day
	if dd <= 12 && dd != m {
		out = append(out, when.DayOf(y, dd, m))
	}
	for _, leap := range []bool{false, true} { // d as the numbers of a lunar date
		if o, err := (Lunar{Year: y, Month: m, Day: dd, Leap: leap}).Solar(); err == nil {
			out = append(out, o-1, o, o+1)
		}
	}
	for e := d - 1; e <= d+1; e++ { // d as the solar day of one
		if l, ok := LunarOf(e); ok && validSolar(l) {
			out = append(out, when.DayOf(l.Year, l.Month, l.Day))
		}
	}
	return slices.DeleteFunc(out, func(o when.Day) bool {
		return o == d || Level(dayValue(d), dayValue(o)) != Swapped && Level(dayValue(d), dayValue(o)) != LunarDay
	})
}

// validSolar reports whether the numbers of a lunar date are a solar date too.
func validSolar(l Lunar) bool {
	y, m, d := when.DayOf(l.Year, l.Month, l.Day).Civil()
	return y == l.Year && m == l.Month && d == l.Day
}

// ChanceOf returns the probability that an unrelated date agrees with one of these two at
// each level. For units of the calendar it is [Background.Chance]. For another interval
// the probability is taken over the days the other date may have been, given at its own
// precision, averaged over the two.
func (b *Background) ChanceOf(x, y Value) [levels]float64 {
	if x.Precision <= Decade && y.Precision <= Decade {
		return *b.u[x.Precision][y.Precision]
	}
	one, two := b.against(x, y), b.against(y, x)
	for l := range one {
		one[l] = (one[l] + two[l]) / 2
	}
	return one
}

// against holds x and lets y be any date of its shape.
func (b *Background) against(x, y Value) (u [levels]float64) {
	if y.Precision <= Decade {
		for _, o := range b.units(y.Precision) {
			u[Level(x, Value{Lo: o.lo, Hi: o.hi, Precision: y.Precision, Known: true})] += o.p
		}
		return u
	}
	for i, p := range b.p { // y slides along the days
		o := y
		d := b.first + when.Day(i)
		switch {
		case y.Lo == when.Beginning:
			o.Hi = d
		case y.Hi == when.End:
			o.Lo = d
		default:
			half := (y.Hi - y.Lo) / 2
			o.Lo, o.Hi = d-half, d-half+(y.Hi-y.Lo)
		}
		o.Known = true
		u[Level(x, o)] += p
	}
	return u
}

// String says how often unrelated dates agree, for a report.
func (b *Background) String() string {
	u := b.u[Day][Day]
	return fmt.Sprintf("two full dates agree to the day once in %.0f pairs, two years once in %.0f", 1/u[ExactDay], 1/b.u[Year][Year][Overlap])
}
