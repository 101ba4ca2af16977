package dates

import (
	"example.org/amparo/fault"
	"example.org/amparo/when"
)

// lunarFirst is the first lunar year of the table; the last is 2051.
const lunarFirst = 1899

// lunarYear is a year of the lunisolar calendar.
type lunarYear struct {
	first  when.Day
	leap   uint8  // the month that is repeated, 0 for none
	months uint8  // 12 or 13
	long   uint16 // bit i: the i-th month, leap month counted, has 30 days
}

// Lunar is a date of the traditional calendar of Korea: 음력 1975년 3월 5일.
type Lunar struct {
	Year, Month, Day int
	Leap             bool // the repeated month: 윤달
}

// Solar returns the day of a lunar date. The calendar of China differs by a day in some
// months, because a new moon near midnight falls on another day there.
func (l Lunar) Solar() (when.Day, error) {
	bad := func() (when.Day, error) {
		return 0, fault.New(fault.Invalid, "dates.Lunar", "%d-%d-%d is no date of the lunar calendar of 1899 to 2051", l.Year, l.Month, l.Day).
			With("check month, day and leap month, or give the date by the solar calendar")
	}
	i := l.Year - lunarFirst
	if i < 0 || i >= len(lunarYears) || l.Month < 1 || l.Month > 12 || l.Day < 1 {
		return bad()
	}
	y := lunarYears[i]
	place := l.Month - 1
	switch {
	case l.Leap && int(y.leap) != l.Month:
		return bad()
	case l.Leap, y.leap != 0 && l.Month > int(y.leap):
		place++
	}
	d := y.first
	for m := range place {
		d += y.length(m)
	}
	if l.Day > int(y.length(place)) {
		return bad()
	}
	return d + when.Day(l.Day) - 1, nil
}

func (y lunarYear) length(place int) when.Day { return 29 + when.Day(y.long>>place&1) }

// LunarOf returns the lunar date of a day; ok is false outside the table.
func LunarOf(d when.Day) (l Lunar, ok bool) {
	year, _, _ := d.Civil()
	i := year - lunarFirst
	if i >= 0 && i < len(lunarYears) && d < lunarYears[i].first {
		i--
	}
	if i < 0 || i >= len(lunarYears) {
		return Lunar{}, false
	}
	y := lunarYears[i]
	at := y.first
	for place := range int(y.months) {
		n := y.length(place)
		if d < at+n {
			l = Lunar{Year: lunarFirst + i, Month: place + 1, Day: int(d-at) + 1}
			if y.leap != 0 && place >= int(y.leap) {
				l.Month--
				l.Leap = place == int(y.leap)
			}
			return l, true
		}
		at += n
	}
	return Lunar{}, false
}
