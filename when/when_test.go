package when_test

import (
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"example.org/amparo/when"
)

func TestBoundsOfEveryPrecision(t *testing.T) {
	for _, tc := range []struct{ in, canon, lo, hi string }{
		{"1998", "1998", "1998-01-01", "1998-12-31"},
		{"1998-02", "1998-02", "1998-02-01", "1998-02-28"},
		{"2000-02", "2000-02", "2000-02-01", "2000-02-29"},
		{"1998-03-05", "1998-03-05", "1998-03-05", "1998-03-05"},
		{"1998-21", "1998-21", "1998-03-01", "1998-05-31"},
		{"1998-24", "1998-24", "1998-12-01", "1999-02-28"},
		{"199X", "199X", "1990-01-01", "1999-12-31"},
		{"19XX", "19XX", "1900-01-01", "1999-12-31"},
		{"1998-XX", "1998", "1998-01-01", "1998-12-31"},
		{"1998-03-XX", "1998-03", "1998-03-01", "1998-03-31"},
		{"1998~", "1998~", "1998-01-01", "1998-12-31"},
		{"1998-03?", "1998-03?", "1998-03-01", "1998-03-31"},
		{"1997/1999-03", "1997/1999-03", "1997-01-01", "1999-03-31"},
		{"../1998", "../1998", "..", "1998-12-31"},
		{"1998/..", "1998/..", "1998-01-01", ".."},
		{"1998/", "1998/", "1998-01-01", ".."},
		{"1998-33", "1998-33", "1998-01-01", "1998-03-31"},
		{"1998-41", "1998-41", "1998-07-01", "1998-12-31"},
	} {
		d, err := when.Parse(tc.in)
		if err != nil {
			t.Errorf("Parse(%q): %v", tc.in, err)
			continue
		}
		lo, hi := d.Bounds()
		if d.String() != tc.canon || lo.String() != tc.lo || hi.String() != tc.hi {
			t.Errorf("Parse(%q) = %s [%s, %s], want %s [%s, %s]", tc.in, d, lo, hi, tc.canon, tc.lo, tc.hi)
		}
	}
}

func TestRefusedDates(t *testing.T) {
	for _, s := range []string{"98", "1998-13", "1998-02-30", "1998-3-5", "/", "..", "../..", "1999/1998", "1998-00", "19980305", "yesterday", "1998-XX-05"} {
		if d, err := when.Parse(s); err == nil {
			t.Errorf("Parse(%q) = %s, want an error", s, d)
		}
	}
}

func TestHumanDates(t *testing.T) {
	for in, want := range map[string]string{
		"spring 1998": "1998-21", "1998년 봄": "1998-21", "1998年春": "1998-21", "5 March 1998": "1998-03-05", "March 5, 1998": "1998-03-05",
		"1998.3.5": "1998-03-05", "1998년 3월 5일": "1998-03-05", "1998年3月": "1998-03", "about 1998": "1998~", "1998년경": "1998~",
		"before 2001": "../2001", "after the harvest of 1998": "1998-11/..", "1990s": "199X", "1990년대": "199X", "주체 87": "1998", "juche 87": "1998",
		"early 1998": "1998-01/1998-04", "between 1997 and 1999": "1997/1999", "1998 ": "1998", "１９９８": "1998", "harvest of 1998": "1998-09/1998-11", "1998-2004": "1998/2004", "1998–2003": "1998/2003", "1998년 봄 – 1999년 3월": "1998-21/1999-03",
		"김일성 사망": "1994-07-08", "2001년 이후": "2001/..", "1998년 초": "1998-01/1998-04", "199x": "199X",
	} {
		d, err := when.ParseHuman(in)
		if err != nil || d.String() != want {
			t.Errorf("ParseHuman(%q) = %s, %v, want %s", in, d, err, want)
		}
	}
	for _, in := range []string{"98년 봄", "31 February 1998", "", "spring", "3/5/98"} {
		if d, err := when.ParseHuman(in); err == nil {
			t.Errorf("ParseHuman(%q) = %s, want an error", in, d)
		}
	}
}

// "About two months" is 45 to 75 days (two months of 30, half a month either side).
func TestSpansAsSaid(t *testing.T) {
	for in, want := range map[string][2]int{
		"about two months": {45, 75}, "약 두 달": {45, 75}, "约两个月": {45, 75}, "2 months": {45, 75}, "60": {60, 60}, "45..75": {45, 75},
		"보름": {13, 17}, "한 달 반": {30, 60}, "15 days": {15, 15}, "about 15 days": {11, 19}, "two weeks": {10, 18}, "반년": {150, 215}, "3년": {912, 1278}, "한 달": {15, 45},
	} {
		s, err := when.ParseSpan(in)
		if err != nil || s.Lo != want[0] || s.Hi != want[1] || s.Said != in {
			t.Errorf("ParseSpan(%q) = %+v, %v, want %v", in, s, err, want)
		}
		again, err := when.ParseSpan(s.String())
		if err != nil || again != s {
			t.Errorf("ParseSpan(%q) = %+v, %v, want %+v", s.String(), again, err, s)
		}
	}
}

var anyDate = rapid.Custom(func(t *rapid.T) when.Date {
	one := func(label string) string {
		y := rapid.IntRange(1900, 2030).Draw(t, label)
		switch rapid.IntRange(0, 4).Draw(t, label+" precision") {
		case 0:
			return fmt.Sprintf("%03dX", y/10)
		case 1:
			return fmt.Sprintf("%04d", y)
		case 2:
			return fmt.Sprintf("%04d-%02d", y, rapid.IntRange(21, 24).Draw(t, "season"))
		case 3:
			return fmt.Sprintf("%04d-%02d", y, rapid.IntRange(1, 12).Draw(t, "month"))
		}
		return fmt.Sprintf("%04d-%02d-%02d", y, rapid.IntRange(1, 12).Draw(t, "month"), rapid.IntRange(1, 28).Draw(t, "day"))
	}
	q := rapid.SampledFrom([]string{"", "?", "~", "%"})
	s := one("from") + q.Draw(t, "q")
	if rapid.Bool().Draw(t, "interval") {
		s += "/" + one("to") + q.Draw(t, "q2")
	}
	d, err := when.Parse(s)
	if err != nil {
		t.Skip("reversed")
	}
	return d
})

func TestParseReadsWhatStringWrites(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := anyDate.Draw(t, "d")
		again, err := when.Parse(d.String())
		if err != nil || again != d {
			t.Fatalf("Parse(%s) = %s, %v", d, again, err)
		}
	})
}

func TestCertainImpliesPossible(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d, span := anyDate.Draw(t, "d"), anyDate.Draw(t, "span")
		lo, hi := d.Bounds()
		if lo > hi {
			t.Fatalf("%s has bounds %s to %s", d, lo, hi)
		}
		if d.CertainlyWithin(span) && !d.PossiblyWithin(span) {
			t.Fatalf("%s is certainly but not possibly within %s", d, span)
		}
	})
}

func TestDayNumbersRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := when.Day(rapid.IntRange(-700000, 400000).Draw(t, "day"))
		if back := when.DayOf(n.Civil()); back != n {
			t.Fatalf("day %d is %s, which is day %d", n, n, back)
		}
	})
	if got := when.DayOf(1970, 1, 1); got != 0 {
		t.Errorf("1970-01-01 is day %d, want 0", got)
	}
}

// A day is the same day in every time zone (a calendar day is never an instant).
func TestDayNeverShiftsWithTheTimeZone(t *testing.T) {
	for _, zone := range []string{"UTC", "Asia/Seoul", "America/Los_Angeles", "Pacific/Kiritimati"} {
		t.Setenv("TZ", zone)
		d, err := when.Parse("1998-03-05")
		if err != nil || d.String() != "1998-03-05" || d.Format("en") != "5 March 1998" {
			t.Errorf("in %s: %s, %q, %v", zone, d, d.Format("en"), err)
		}
	}
}

func TestFormatInThreeLanguages(t *testing.T) {
	for _, tc := range []struct{ in, en, ko, zh string }{
		{"1998-21", "spring 1998", "1998년 봄", "1998年春"},
		{"1998-03-05~", "about 5 March 1998", "약 1998년 3월 5일", "约1998年3月5日"},
		{"1998/2000", "1998 to 2000", "1998년 ~ 2000년", "1998年至2000年"},
		{"199X", "1990s", "1990년대", "1990年代"},
	} {
		d, err := when.Parse(tc.in)
		if err != nil {
			t.Fatal(err)
		}
		for lang, want := range map[string]string{"en": tc.en, "ko": tc.ko, "zh": tc.zh} {
			if got := d.Format(lang); got != want {
				t.Errorf("%s in %s = %q, want %q", tc.in, lang, got, want)
			}
		}
	}
}

func FuzzParseHuman(f *testing.F) {
	for _, s := range []string{"1998", "1998-21", "1998년 봄", "about 1998", "before after 1998", "between 1 and 2", "주체 87", "../1998", "경"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		d, err := when.ParseHuman(s)
		if err != nil {
			return
		}
		if again, err := when.Parse(d.String()); err != nil || again != d {
			t.Errorf("ParseHuman(%q) = %s, which Parse reads as %s, %v", s, d, again, err)
		}
	})
}

func FuzzParseSpan(f *testing.F) {
	for _, s := range []string{"about two months", "약 두 달", "45..75", "x|1..2", "|", "3년 반"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		sp, err := when.ParseSpan(s)
		if err == nil && (sp.Lo < 0 || sp.Lo > sp.Hi) {
			t.Errorf("ParseSpan(%q) = %+v", s, sp)
		}
	})
}
