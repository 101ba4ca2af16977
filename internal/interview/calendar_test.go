package interview_test

import (
	"math"
	"testing"
	"time"

	"example.org/amparo/internal/interview"
	"example.org/amparo/when"
)

func date(t *testing.T, s string) when.Date {
	t.Helper()
	d, err := when.Parse(s)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// R14: the calendar gives intervals, and never a day that nobody said.
func TestR14TheLifeCalendarNeverFillsADay(t *testing.T) {
	var all []when.Date
	for _, p := range interview.PublicAnchors() {
		all = append(all, p.Date)
	}
	for _, r := range interview.RecurringAnchors() {
		for _, year := range []int{1939, 1994, 1998, 2024, 2041} {
			if d, ok := r.On(year); ok {
				all = append(all, d)
			}
		}
	}
	first, last := date(t, "1940"), date(t, "2050-04-02")
	for _, rel := range []interview.Placing{interview.SameTime, interview.After, interview.Earlier, interview.Between} {
		for _, a := range all {
			for _, b := range all {
				d, err := interview.Place(rel, a, b, first, last)
				if err != nil {
					continue // the one lies after the other
				}
				lo, hi := d.Bounds()
				if rel == interview.Between && a == b {
					continue // both ends were named, and are one
				}
				if hi <= lo {
					t.Errorf("%s of %s and %s is the day %s", rel, a, b, d)
				}
			}
		}
	}
}

func TestAnEventIsPlacedByItsAnchors(t *testing.T) {
	for _, tc := range []struct {
		rel         interview.Placing
		a, b        string
		first, last string
		want        string // "": no time is left
	}{
		{interview.SameTime, "1994-07-08", "", "", "", "1994-07~"},
		{interview.SameTime, "1998-21", "", "", "", "1998-21"},
		{interview.SameTime, "1995/1998", "", "", "", "1995/1998"},
		{interview.After, "1998-09/1998-11", "", "", "2004-05-01", "1998-09/2004-05-01"},
		{interview.After, "1998-21", "", "", "", "1998-03-01/.."},
		{interview.After, "2005", "", "", "2004-05-01", ""},
		{interview.Earlier, "1994-07-08", "", "1970", "", "1970/1994-07-08"},
		{interview.Earlier, "1994-07-08", "", "", "", "../1994-07-08"},
		{interview.Earlier, "1969", "", "1970", "", ""},
		{interview.Between, "1997-23", "1998-02-16", "", "", "1997-23/1998-02-16"},
		{interview.Between, "1998-02-16", "1997-23", "", "", ""},
		{interview.Between, "1998", "", "", "", ""},
		{"because", "1998", "", "", "", ""},
	} {
		parse := func(s string) when.Date {
			if s == "" {
				return when.Date{}
			}
			return date(t, s)
		}
		d, err := interview.Place(tc.rel, parse(tc.a), parse(tc.b), parse(tc.first), parse(tc.last))
		if (err != nil) != (tc.want == "") || err == nil && d.String() != tc.want {
			t.Errorf("%s %s %s: %s, %v; want %q", tc.rel, tc.a, tc.b, d, err, tc.want)
		}
	}
}

// The feasts of the moon lie where the moon puts them: Lunar New Year at new moon between
// 20 January and 21 February, Chuseok fourteen days after one between 7 September and 9 October.
func TestLunarDaysFollowTheMoon(t *testing.T) {
	newMoon := time.Date(2000, 1, 6, 18, 14, 0, 0, time.UTC) // Meeus (1998), Astronomical Algorithms, ch. 49
	const month = 29.530588861
	var lunar []interview.Recurring
	for _, r := range interview.RecurringAnchors() {
		if r.Code == "lunar_new_year" || r.Code == "chuseok" {
			lunar = append(lunar, r)
		}
	}
	if len(lunar) != 2 {
		t.Fatalf("%d feasts of the moon", len(lunar))
	}
	for _, r := range lunar {
		n := 0
		for year := 1900; year < 2100; year++ {
			d, ok := r.On(year)
			if !ok {
				continue
			}
			n++
			lo, _ := d.Bounds()
			_, m, day := lo.Civil()
			at := m*100 + day
			age := math.Mod(math.Mod(float64(int64(lo)*86400+3*3600-newMoon.Unix())/86400, month)+month, month) // noon in Seoul
			switch r.Code {
			case "lunar_new_year":
				if at < 120 || at > 221 || age > 1.6 && age < month-1.6 {
					t.Errorf("Lunar New Year %d on %s, moon %.1f days old", year, d, age)
				}
			default:
				if at < 907 || at > 1009 || math.Abs(age-14) > 1.6 {
					t.Errorf("Chuseok %d on %s, moon %.1f days old", year, d, age)
				}
			}
		}
		if n != 101 {
			t.Errorf("%s is known of %d years", r.Code, n)
		}
	}
}

func TestEveryAnchorHasItsWords(t *testing.T) {
	seen := map[string]bool{}
	check := func(code string, text map[string]string) {
		if seen[code] {
			t.Errorf("two anchors are called %s", code)
		}
		seen[code] = true
		for _, lang := range []string{"en", "ko", "zh"} {
			if text[lang] == "" {
				t.Errorf("%s has no word in %s", code, lang)
			}
		}
	}
	for _, p := range interview.PublicAnchors() {
		check(p.Code, p.Label)
	}
	for _, r := range interview.RecurringAnchors() {
		check(r.Code, r.Label)
	}
}
