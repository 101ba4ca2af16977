// Package dates compares dates and ages as people give them, for record linkage. A date
// is an interval of days with a precision and a calendar; two dates agree at a level, and
// what chance would do is computed exactly for each pair of precisions, so that "1998"
// and "1998" never weigh as much as two full dates.
package dates

import (
	"regexp"
	"strconv"
	"strings"

	"golang.org/x/text/unicode/norm"

	"example.org/amparo/fault"
	"example.org/amparo/when"
)

// Precision is how exactly a date is given. Those of [when.Precision] below a year are
// joined by the shapes that are no unit of a calendar.
type Precision uint8

// The precisions, from the most exact.
const (
	Day Precision = iota
	Month
	Season
	Year
	Decade
	Span // any other interval: an age, "between 1996 and 1998", a half year
	Open // before or after a day
	precisions
)

// Value is a date as linkage compares it. The zero Value says nothing.
type Value struct {
	Lo, Hi    when.Day // both included
	Precision Precision
	Known     bool
	Default   bool   // a day that forms fill in, taken as the year or month it stands in
	Lunar     *Lunar // the date as given, when it was given by the lunar calendar
}

// Of reads a date. The first of January is what forms and clerks write when only the
// year is known: it is flagged and taken as the year. "About" widens the bounds by half
// their length, and by at least a year for a year.
func Of(d when.Date) Value {
	if d.IsZero() {
		return Value{}
	}
	v := Value{Known: true, Precision: precisionOf(d)}
	v.Lo, v.Hi = d.Bounds()
	if v.Precision == Day {
		if y, m, dd := v.Lo.Civil(); m == 1 && dd == 1 {
			v.Default, v.Precision = true, Year
			v.Lo, v.Hi = when.DayOf(y, 1, 1), when.DayOf(y, 12, 31)
		}
	}
	if d.Qualifier()&when.Approximate != 0 && v.Precision != Open {
		slack := (v.Hi - v.Lo + 1) / 2
		if v.Precision >= Year {
			slack = max(slack, 365)
		}
		v.Lo, v.Hi, v.Precision = v.Lo-slack, v.Hi+slack, Span
	}
	return v
}

func precisionOf(d when.Date) Precision {
	lo, hi := d.Bounds()
	if lo == when.Beginning || hi == when.End {
		return Open
	}
	switch d.Precision() {
	case when.Exact:
		if lo == hi {
			return Day
		}
	case when.Month:
		if hi-lo < 31 {
			return Month
		}
	case when.Season:
		if hi-lo < 93 {
			return Season
		}
	case when.Year:
		if hi-lo < 366 {
			return Year
		}
	case when.Decade:
		if hi-lo < 3653 {
			return Decade
		}
	}
	return Span
}

// OfLunar reads a date of the lunar calendar: it stands for the solar day, and remembers
// its own numbers, because a clerk may have copied them as a solar date. A day on either
// side is left for the calendar of China.
func OfLunar(l Lunar) (Value, error) {
	d, err := l.Solar()
	if err != nil {
		return Value{}, err
	}
	return Value{Lo: d, Hi: d, Precision: Day, Known: true, Lunar: &l}, nil
}

var (
	lunarWords = regexp.MustCompile(`^(?:음력|음|陰曆|阴历|農曆|农历|旧历|舊曆|lunar)\s*[.:]?\s*(.+)$|^(.+?)\s*\(?(?:음력|음|陰曆|阴历|農曆|农历|旧历|lunar)\)?$`)
	juche      = regexp.MustCompile(`^(?:주체|主体|主體|juche)\s*(\d{1,3})\s*[년年.\-/ ]?\s*(.*)$`)
	threeParts = regexp.MustCompile(`^(\d{4})\s*[년年.\-/]\s*(윤|閏|闰|leap )?(\d{1,2})\s*[월月.\-/]\s*(\d{1,2})\s*[일日号號.]?$`)
)

const remedy = "write 1998-03-05, 1998, spring 1998, 음력 1975-03-05, lunar 1975-03-05 or Juche 64.3.5"

// Parse reads a date as people write it: everything [when.ParseHuman] reads, dates of the
// lunar calendar ("음력 1975년 3월 5일", "农历1975-03-05"), and Juche years with month and day
// ("Juche 64.3.5"; Juche 1 is 1912).
func Parse(s string) (Value, error) {
	t := strings.ToLower(strings.Join(strings.Fields(norm.NFKC.String(s)), " "))
	if len(t) > 100 {
		return Value{}, fault.New(fault.Invalid, "dates.Parse", "a date of more than 100 bytes").With("%s", remedy)
	}
	if t == "" {
		return Value{}, nil
	}
	if g := lunarWords.FindStringSubmatch(t); g != nil {
		return parseLunar(solarYears(g[1] + g[2]))
	}
	d, err := when.ParseHuman(solarYears(t))
	if err != nil {
		return Value{}, err
	}
	return Of(d), nil
}

// solarYears writes a Juche year as 1911 years more.
func solarYears(s string) string {
	g := juche.FindStringSubmatch(s)
	if g == nil {
		return s
	}
	n, err := strconv.Atoi(g[1])
	if err != nil || n < 1 {
		return s
	}
	year := strconv.Itoa(1911 + n)
	rest := strings.TrimSpace(g[2])
	if rest == "" || strings.ContainsAny(rest[:1], "봄여가겨") {
		return strings.TrimSpace(year + " " + rest)
	}
	nums := regexp.MustCompile(`\d+`).FindAllString(rest, -1)
	for i, n := range nums {
		if len(n) == 1 {
			nums[i] = "0" + n
		}
	}
	return strings.Join(append([]string{year}, nums...), "-")
}

func parseLunar(s string) (Value, error) {
	g := threeParts.FindStringSubmatch(strings.TrimSpace(s))
	if g == nil {
		// Less than a day: a lunar month or year is not one of the solar calendar; it reaches
		// from a fortnight before to seven weeks after.
		d, err := when.ParseHuman(s)
		if err != nil {
			return Value{}, err
		}
		v := Of(d)
		v.Hi, v.Precision = v.Hi+50, Span
		return v, nil
	}
	l := Lunar{Year: atoi(g[1]), Month: atoi(g[3]), Day: atoi(g[4]), Leap: g[2] != ""}
	return OfLunar(l)
}

func atoi(s string) int {
	n, _ := strconv.Atoi(s) // the expression matches digits only
	return n
}

// Counting is how an age is counted.
type Counting uint8

// The ways to count. In Korea a child is one at birth and a year older at each new year;
// the law counts as elsewhere since 2023, people often do not.
const (
	Uncounted Counting = iota // not known: either
	Korean
	Western
)

// Birth returns when a person was born who was age years old on a date.
//
// Korean: the year of the date - age + 1. Where the date may lie before the lunar new
// year, also the year before: many grow older only then. Western: between the day after
// age + 1 years before, and age years before.
func Birth(age int, on when.Date, counting Counting) (Value, error) {
	lo, hi := on.Bounds()
	if age < 0 || age > 130 {
		return Value{}, fault.New(fault.Invalid, "dates.Birth", "an age of %d years", age).With("give 0 to 130")
	}
	if on.IsZero() || lo == when.Beginning || hi == when.End {
		return Value{}, fault.New(fault.Invalid, "dates.Birth", "an age without the date it was given at").With("give the date of the interview")
	}
	korean := func() (when.Day, when.Day) {
		first, month, _ := lo.Civil()
		last, _, _ := hi.Civil()
		if month <= 2 {
			first--
		}
		return when.DayOf(first-age+1, 1, 1), when.DayOf(last-age+1, 12, 31)
	}
	western := func() (when.Day, when.Day) { return yearsBefore(lo, age+1) + 1, yearsBefore(hi, age) }
	v := Value{Known: true, Precision: Span}
	switch counting {
	case Korean:
		v.Lo, v.Hi = korean()
	case Western:
		v.Lo, v.Hi = western()
	default:
		ka, kb := korean()
		wa, wb := western()
		v.Lo, v.Hi = min(ka, wa), max(kb, wb)
	}
	if a, _, _ := v.Lo.Civil(); v.Lo == when.DayOf(a, 1, 1) && v.Hi == when.DayOf(a, 12, 31) {
		v.Precision = Year
	}
	return v, nil
}

// yearsBefore is the same day n years earlier; the 29th of February becomes the 28th in a
// year that has none.
func yearsBefore(d when.Day, n int) when.Day {
	y, m, dd := d.Civil()
	if _, mm, _ := when.DayOf(y-n, m, dd).Civil(); mm != m {
		dd = 28
	}
	return when.DayOf(y-n, m, dd)
}
