package dates

import (
	"math"
	"slices"

	"example.org/amparo/when"
)

// Matching returns how often two dates of one person agree at each level, for these
// precisions; it sums to 1. They are starting values for estimation (judgements: four of
// five full dates agree, lunar dates and slips share the rest), not findings.
func Matching(x, y Precision) [levels]float64 {
	var m [levels]float64
	switch {
	case x == Day && y == Day:
		m = [levels]float64{ExactDay: 0.80, Swapped: 0.01, LunarDay: 0.03, WithinMonth: 0.05, WithinYear: 0.05, WithinTwo: 0.03, WithinDecade: 0.02, Disjoint: 0.01}
	case max(x, y) == Month:
		m = [levels]float64{SameMonth: 0.75, WithinYear: 0.17, WithinTwo: 0.04, WithinDecade: 0.03, Disjoint: 0.01}
	default:
		m = [levels]float64{Overlap: 0.85, WithinYear: 0.08, WithinTwo: 0.04, WithinDecade: 0.02, Disjoint: 0.01}
	}
	return m
}

// Bits is what it is worth as evidence that two dates agree as they do:
// log2(m / u) with [Matching] and [Background.ChanceOf]. 0 when a date is missing.
//
// Source: Fellegi and Sunter (1969), JASA 64, 1183-1210.
func (b *Background) Bits(x, y Value) float64 {
	l := Level(x, y)
	if l == Null {
		return 0
	}
	m, u := Matching(x.Precision, y.Precision)[l], b.ChanceOf(x, y)[l]
	const never = 1e-9 // two dates outside the background
	return math.Log2(math.Max(m, never) / math.Max(u, never))
}

// MonthDay is a day of the year.
type MonthDay struct{ Month, Day int }

// Defaults finds the days of the year on which so many full dates fall that a form or a
// clerk must have filled them in: at least five, and so many that fewer than one column
// in a million would have them by chance. The first of January and, where each month's
// first is overfull, the firsts of months are what is usually found.
//
// Source: binomial tail with p = 1/365.25, bounded by Chernoff (Hoeffding 1963, JASA 58,
// theorem 1), which errs to fewer findings; Bonferroni over 366 days.
func Defaults(days []when.Day) []MonthDay {
	n := make(map[MonthDay]int)
	for _, d := range days {
		_, m, dd := d.Civil()
		n[MonthDay{m, dd}]++
	}
	var out []MonthDay
	for md, k := range n {
		if k >= 5 && logTail(k, len(days), 1/365.25) < math.Log(1e-6/366) {
			out = append(out, md)
		}
	}
	slices.SortFunc(out, func(a, b MonthDay) int { return (a.Month-b.Month)*100 + a.Day - b.Day })
	return out
}

// logTail bounds log P(X >= k) for X binomial with n trials.
func logTail(k, n int, p float64) float64 {
	q := float64(k) / float64(n)
	if q <= p {
		return 0
	}
	kl := q * math.Log(q/p)
	if q < 1 {
		kl += (1 - q) * math.Log((1-q)/(1-p))
	}
	return -float64(n) * kl
}

// Coarsen takes a full date on one of the default days as what it stands for: on a first
// of January as the year, on another first as the month, else as the year.
func Coarsen(v Value, defaults []MonthDay) Value {
	if v.Precision != Day || v.Lunar != nil {
		return v
	}
	y, m, d := v.Lo.Civil()
	if !slices.Contains(defaults, MonthDay{m, d}) {
		return v
	}
	if d == 1 && m != 1 {
		return Value{Lo: v.Lo, Hi: when.DayOf(y+m/12, m%12+1, 1) - 1, Precision: Month, Known: true, Default: true}
	}
	return Value{Lo: when.DayOf(y, 1, 1), Hi: when.DayOf(y, 12, 31), Precision: Year, Known: true, Default: true}
}
