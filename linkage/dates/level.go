package dates

import "example.org/amparo/when"

// The levels at which two dates agree. A higher level is a closer agreement, by class:
// a level says nothing of two dates of another pair of precisions, see [Background].
const (
	Null         = -1 // a date is missing
	Disjoint     = 0  // more than ten years apart
	WithinDecade = 1
	WithinTwo    = 2 // years
	WithinYear   = 3
	Overlap      = 4 // they may be the same day, at the precision of a season or coarser
	WithinMonth  = 5 // 31 days, both at day precision
	SameMonth    = 6 // they may be the same day, one side at month precision, none coarser
	LunarDay     = 7 // one side copied the numbers of the lunar date the other converted
	Swapped      = 8 // day and month exchanged
	ExactDay     = 9
	levels       = 10
)

// Level compares two dates. Their order does not matter.
func Level(a, b Value) int {
	if !a.Known || !b.Known {
		return Null
	}
	if a.Precision == Day && b.Precision == Day {
		return dayLevel(a, b)
	}
	gap := max(a.Lo, b.Lo) - min(a.Hi, b.Hi) // in days; not positive when they overlap
	if a.Lo == when.Beginning || b.Lo == when.Beginning || a.Hi == when.End || b.Hi == when.End {
		gap = openGap(a, b)
	}
	if gap <= 0 {
		if max(a.Precision, b.Precision) == Month {
			return SameMonth
		}
		return Overlap
	}
	return byGap(gap)
}

// openGap is the gap without overflow.
func openGap(a, b Value) when.Day {
	if a.Lo > b.Lo {
		a, b = b, a
	}
	if a.Hi == when.End || a.Hi >= b.Lo || b.Lo == when.Beginning {
		return 0
	}
	return b.Lo - a.Hi
}

// Distances in days.
const (
	aMonth   = 31
	aYear    = 366
	twoYears = 731
	tenYears = 3653
)

func byGap(gap when.Day) int {
	switch {
	case gap <= aYear:
		return WithinYear
	case gap <= twoYears:
		return WithinTwo
	case gap <= tenYears:
		return WithinDecade
	}
	return Disjoint
}

func dayLevel(a, b Value) int {
	d := a.Lo - b.Lo
	if d < 0 {
		d = -d
	}
	switch {
	case d == 0:
		return ExactDay
	case a.Lunar != nil && b.Lunar == nil && copied(*a.Lunar, b.Lo), b.Lunar != nil && a.Lunar == nil && copied(*b.Lunar, a.Lo):
		return LunarDay
	case a.Lunar != nil && d <= 1, b.Lunar != nil && d <= 1: // the calendar of China
		return LunarDay
	case swapped(a.Lo, b.Lo):
		return Swapped
	case a.Lunar == nil && b.Lunar == nil && (lunarPair(a.Lo, b.Lo) || lunarPair(b.Lo, a.Lo)):
		return LunarDay
	case d <= aMonth:
		return WithinMonth
	}
	return byGap(d)
}

// copied reports whether a solar date has the numbers of a lunar one.
func copied(l Lunar, d when.Day) bool {
	y, m, dd := d.Civil()
	return y == l.Year && m == l.Month && dd == l.Day
}

// swapped reports whether two days are one with day and month exchanged.
func swapped(a, b when.Day) bool {
	ay, am, ad := a.Civil()
	by, bm, bd := b.Civil()
	return ay == by && am == bd && ad == bm && am != ad
}

// lunarPair reports whether a, read as a lunar date, is the solar day b, give or take the
// day by which the calendars of Korea and China may differ. The two then lie 18 to 51
// days apart.
func lunarPair(a, b when.Day) bool {
	if b-a < 17 || b-a > 52 {
		return false
	}
	y, m, d := a.Civil()
	for _, leap := range []bool{false, true} {
		if s, err := (Lunar{Year: y, Month: m, Day: d, Leap: leap}).Solar(); err == nil && s-b <= 1 && b-s <= 1 {
			return true
		}
	}
	return false
}
