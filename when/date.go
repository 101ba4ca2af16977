// Package when holds dates as people can honestly give them: a day, a month, a
// season, a year, a decade, an interval between two of these, with "about" and
// "uncertain". They are written in the Extended Date/Time Format (EDTF, ISO 8601-2,
// Library of Congress specification of 2019, levels 0 to 2 as far as testimony needs
// them).
//
// A date is never an instant: there is no hour and no time zone, so a day stays the
// same day wherever the program runs. What is not known is never filled in; a date
// has bounds, and questions about it are answered "certainly" or "possibly".
package when

import (
	"fmt"
	"math"
	"strings"

	"example.org/amparo/fault"
)

// Day is a number of days since 1 January 1970, in the Gregorian calendar, extended
// backwards.
type Day int32

// The days that stand for "open" and "unknown" ends.
const (
	Beginning Day = math.MinInt32
	End       Day = math.MaxInt32
)

// Precision is how exactly a point in time is given.
type Precision uint8

// The precisions, from the coarsest.
const (
	Unknown Precision = iota
	Open
	Century
	Decade
	Year
	Season
	Month
	Exact
)

// Qualifier says how sure a date is.
type Qualifier uint8

// The qualifiers of EDTF: "?", "~" and "%".
const (
	Uncertain   Qualifier = 1
	Approximate Qualifier = 2
)

// point is one end of a date.
type point struct {
	prec  Precision
	qual  Qualifier
	year  int16 // for a decade or century, its first year
	month uint8 // 1-12; for a season 21-24, 25-41 as in EDTF
	day   uint8
}

// Minute is the layout of a moment of the program's own, such as that of an act, for a reader.
const Minute = "2006-01-02 15:04"

// Date is a point in time or an interval between two. It is comparable; the zero
// Date says nothing.
type Date struct {
	from, to point
	interval bool
}

// IsZero reports whether d says nothing.
func (d Date) IsZero() bool { return d == Date{} }

func bad(s, remedy string) error {
	return fault.New(fault.Invalid, "when.Parse", "%q is not a date", s).With("%s", remedy).Coded("date")
}

const remedy = "write 1998, 1998-03, 1998-03-05, 1998-21 (spring), 199X, 1998~ (about), 1998? (unsure), 1997/1999, ../1998 or 1998/.."

// Parse reads a date in EDTF.
func Parse(s string) (Date, error) {
	if len(s) > 64 {
		return Date{}, bad(s[:20]+"...", remedy)
	}
	a, b, interval := strings.Cut(s, "/")
	if !interval {
		p, err := parsePoint(a)
		if err != nil || p.prec <= Open {
			return Date{}, bad(s, remedy)
		}
		return Date{from: p, to: p}, nil
	}
	from, err := parsePoint(a)
	if err != nil {
		return Date{}, bad(s, remedy)
	}
	to, err := parsePoint(b)
	if err != nil || from.prec <= Open && to.prec <= Open {
		return Date{}, bad(s, remedy)
	}
	d := Date{from: from, to: to, interval: true}
	if lo, _ := from.bounds(); from.prec > Open && to.prec > Open {
		if _, hi := to.bounds(); hi < lo {
			return Date{}, bad(s, "the interval ends before it begins: turn it round")
		}
	}
	return d, nil
}

func parsePoint(s string) (point, error) {
	switch s {
	case "":
		return point{prec: Unknown}, nil
	case "..":
		return point{prec: Open}, nil
	}
	p := point{}
	switch s[len(s)-1] {
	case '?':
		p.qual = Uncertain
	case '~':
		p.qual = Approximate
	case '%':
		p.qual = Uncertain | Approximate
	}
	if p.qual != 0 {
		s = s[:len(s)-1]
	}
	parts := strings.Split(s, "-")
	if len(parts) > 3 || len(parts[0]) != 4 {
		return p, errSyntax
	}
	if err := p.setYear(parts[0]); err != nil {
		return p, err
	}
	if len(parts) > 1 {
		if err := p.setMonth(parts[1]); err != nil {
			return p, err
		}
	}
	if len(parts) > 2 {
		return p, p.setDay(parts[2])
	}
	return p, nil
}

var errSyntax = fault.New(fault.Invalid, "when", "not a date")

func (p *point) setYear(s string) error {
	digits := strings.TrimRight(s, "X")
	switch len(digits) {
	case 4:
		p.prec = Year
	case 3:
		p.prec = Decade
	case 2:
		p.prec = Century
	default:
		return errSyntax
	}
	n, ok := number(digits)
	for range 4 - len(digits) {
		n *= 10
	}
	p.year = int16(n)
	if !ok {
		return errSyntax
	}
	return nil
}

func (p *point) setMonth(s string) error {
	if p.prec != Year || len(s) != 2 {
		return errSyntax
	}
	if s == "XX" {
		return nil
	}
	n, ok := number(s)
	switch {
	case !ok:
		return errSyntax
	case n >= 1 && n <= 12:
		p.prec = Month
	case n >= 21 && n <= 24 || n >= 33 && n <= 41:
		p.prec = Season
	default:
		return errSyntax
	}
	p.month = uint8(n)
	return nil
}

func (p *point) setDay(s string) error {
	if len(s) != 2 {
		return errSyntax
	}
	if s == "XX" && (p.prec == Month || p.prec == Year) {
		return nil
	}
	n, ok := number(s)
	if !ok || p.prec != Month || n < 1 || n > daysIn(int(p.year), int(p.month)) {
		return errSyntax
	}
	p.prec, p.day = Exact, uint8(n)
	return nil
}

func number(s string) (int, bool) {
	n := 0
	for _, c := range []byte(s) {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = n*10 + int(c-'0')
	}
	return n, s != ""
}

// String writes d in canonical EDTF: Parse(d.String()) == d.
func (d Date) String() string {
	switch {
	case d.IsZero():
		return ""
	case d.interval:
		return d.from.text() + "/" + d.to.text()
	}
	return d.from.text()
}

func (p point) text() string {
	var s string
	switch p.prec {
	case Unknown:
		return ""
	case Open:
		return ".."
	case Century:
		s = fmt.Sprintf("%02dXX", p.year/100)
	case Decade:
		s = fmt.Sprintf("%03dX", p.year/10)
	case Year:
		s = fmt.Sprintf("%04d", p.year)
	case Season, Month:
		s = fmt.Sprintf("%04d-%02d", p.year, p.month)
	case Exact:
		s = fmt.Sprintf("%04d-%02d-%02d", p.year, p.month, p.day)
	}
	return s + [...]string{"", "?", "~", "%"}[p.qual]
}

// Bounds returns the earliest and the latest day d can mean, both included. An open
// or unknown end is [Beginning] or [End]. "About" does not widen the bounds: how far
// it reaches is for a person to say by an interval.
func (d Date) Bounds() (earliest, latest Day) {
	if d.IsZero() {
		return Beginning, End
	}
	earliest, latest = Beginning, End
	if d.from.prec > Open {
		earliest, _ = d.from.bounds()
	}
	if d.to.prec > Open {
		_, latest = d.to.bounds()
	}
	return earliest, latest
}

func (p point) bounds() (Day, Day) {
	y := int(p.year)
	switch p.prec {
	case Century:
		return DayOf(y, 1, 1), DayOf(y+99, 12, 31)
	case Decade:
		return DayOf(y, 1, 1), DayOf(y+9, 12, 31)
	case Year:
		return DayOf(y, 1, 1), DayOf(y, 12, 31)
	case Season:
		from, months := seasonMonths(int(p.month))
		end := from + months - 1
		return DayOf(y, from, 1), DayOf(y+(end-1)/12, (end-1)%12+1, daysIn(y+(end-1)/12, (end-1)%12+1))
	case Month:
		return DayOf(y, int(p.month), 1), DayOf(y, int(p.month), daysIn(y, int(p.month)))
	case Exact:
		d := DayOf(y, int(p.month), int(p.day))
		return d, d
	}
	return Beginning, End
}

// seasonMonths gives the first month and the number of months of a season code.
// Seasons are those of the northern hemisphere; winter begins in December of the year
// it is named by, as Korean and Chinese speakers count it: "the winter of 1998" ends
// in February 1999.
func seasonMonths(code int) (first, months int) {
	switch {
	case code >= 21 && code <= 24: // spring, summer, autumn, winter
		return (code-21)*3 + 3, 3
	case code >= 33 && code <= 36: // quarters
		return (code-33)*3 + 1, 3
	case code >= 37 && code <= 39: // terms of four months
		return (code-37)*4 + 1, 4
	}
	return (code-40)*6 + 1, 6 // halves
}

// Precision is the coarser precision of the two ends.
func (d Date) Precision() Precision { return min(d.from.prec, d.to.prec) }

// Qualifier returns the doubts expressed at either end.
func (d Date) Qualifier() Qualifier { return d.from.qual | d.to.qual }

// CertainlyWithin reports whether d lies within span whatever day it means.
func (d Date) CertainlyWithin(span Date) bool {
	lo, hi := d.Bounds()
	a, b := span.Bounds()
	return !d.IsZero() && lo >= a && hi <= b
}

// PossiblyWithin reports whether some day d can mean lies within span.
func (d Date) PossiblyWithin(span Date) bool {
	lo, hi := d.Bounds()
	a, b := span.Bounds()
	return !d.IsZero() && lo <= b && hi >= a
}

// On is the date of one day.
func On(year, month, dayOfMonth int) Date {
	p := point{prec: Exact, year: int16(year), month: uint8(month), day: uint8(dayOfMonth)}
	return Date{from: p, to: p}
}

// InYear is the date of one year.
func InYear(year int) Date {
	p := point{prec: Year, year: int16(year)}
	return Date{from: p, to: p}
}

// InMonth is the date of one month.
func InMonth(year, month int) Date {
	p := point{prec: Month, year: int16(year), month: uint8(month)}
	return Date{from: p, to: p}
}

// InSeason is the date of a season: 21 spring, 22 summer, 23 autumn, 24 winter.
func InSeason(year, code int) Date {
	p := point{prec: Season, year: int16(year), month: uint8(code)}
	return Date{from: p, to: p}
}

// Between is the interval from the beginning of a to the end of b.
func Between(a, b Date) Date { return Date{from: a.from, to: b.to, interval: true} }

// DayOf numbers a day of the Gregorian calendar.
//
// Source: Hinnant (2013), "chrono-Compatible Low-Level Date Algorithms", days_from_civil.
func DayOf(year, month, dayOfMonth int) Day {
	y := year
	if month <= 2 {
		y--
	}
	era := y / 400
	if y < 0 {
		era = (y - 399) / 400
	}
	yoe := y - era*400
	doy := (153*((month+9)%12)+2)/5 + dayOfMonth - 1
	doe := yoe*365 + yoe/4 - yoe/100 + doy
	return Day(era*146097 + doe - 719468)
}

// Civil returns the year, month and day of the month of d.
func (d Day) Civil() (year, month, dayOfMonth int) {
	z := int(d) + 719468
	era := z / 146097
	if z < 0 {
		era = (z - 146096) / 146097
	}
	doe := z - era*146097
	yoe := (doe - doe/1460 + doe/36524 - doe/146096) / 365
	doy := doe - (365*yoe + yoe/4 - yoe/100)
	mp := (5*doy + 2) / 153
	dayOfMonth = doy - (153*mp+2)/5 + 1
	month = mp + 3
	if mp >= 10 {
		month = mp - 9
	}
	year = yoe + era*400
	if month <= 2 {
		year++
	}
	return year, month, dayOfMonth
}

// String writes the day as YYYY-MM-DD, or ".." for an open end.
func (d Day) String() string {
	if d == Beginning || d == End {
		return ".."
	}
	y, m, dd := d.Civil()
	return fmt.Sprintf("%04d-%02d-%02d", y, m, dd)
}

func daysIn(year, month int) int {
	switch month {
	case 4, 6, 9, 11:
		return 30
	case 2:
		if year%4 == 0 && (year%100 != 0 || year%400 == 0) {
			return 29
		}
		return 28
	}
	return 31
}
