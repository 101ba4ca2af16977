package dates

import (
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"example.org/amparo/when"
)

func value(t testing.TB, s string) Value {
	t.Helper()
	v, err := Parse(s)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestLevels(t *testing.T) {
	for _, tc := range []struct {
		a, b string
		want int
	}{
		{"1998-03-05", "1998-03-05", ExactDay},
		{"1998-03-05", "1998-05-03", Swapped},
		{"음력 1975-03-05", "1975-04-16", ExactDay}, // the same day, both calendars
		{"음력 1975-03-05", "1975-03-05", LunarDay}, // the lunar numbers copied as a solar date
		{"1975-03-05", "1975-04-16", LunarDay},    // 1975-03-05 lunar is 16 April 1975
		{"1975-03-05", "1975-04-25", WithinYear},
		{"1998-03-05", "1998-03-20", WithinMonth},
		{"1998-03", "1998-03-20", SameMonth},
		{"1998-03", "1998-04-20", WithinYear},
		{"1998", "1998-04-20", Overlap},
		{"1998", "1998", Overlap},
		{"199X", "1998", Overlap},
		{"spring 1998", "1998-04", Overlap},
		{"1998", "1999", WithinYear},
		{"1998-06-01", "2000-05-30", WithinTwo},
		{"1998", "2005", WithinDecade},
		{"1998", "2015", Disjoint},
		{"before 1998", "1990", Overlap},
		{"before 1998", "2015", Disjoint},
		{"after 1998", "1997-06-01", WithinYear},
		{"1998-01-01", "1998-04-20", Overlap}, // a default day is the year
		{"Juche 87", "1998", Overlap},
		{"Juche 87.3.5", "1998-03-05", ExactDay},
		{"주체87년 3월 5일", "1998-03-05", ExactDay},
		{"", "1998", Null},
	} {
		if got := Level(value(t, tc.a), value(t, tc.b)); got != tc.want {
			t.Errorf("Level(%s, %s) = %d, want %d", tc.a, tc.b, got, tc.want)
		}
	}
}

// New year's days of the Korean calendar, as public holidays were observed; in 1997 that
// of China was a day before. Leap months: Korea Astronomy and Space Science Institute.
func TestLunarAnchors(t *testing.T) {
	for _, tc := range []struct {
		l    Lunar
		want string
	}{
		{Lunar{1950, 1, 1, false}, "1950-02-17"},
		{Lunar{1985, 1, 1, false}, "1985-02-20"},
		{Lunar{1997, 1, 1, false}, "1997-02-08"},
		{Lunar{2000, 1, 1, false}, "2000-02-05"},
		{Lunar{2024, 1, 1, false}, "2024-02-10"},
		{Lunar{2025, 1, 1, false}, "2025-01-29"},
		{Lunar{1998, 8, 15, false}, "1998-10-05"}, // 추석
		{Lunar{2023, 8, 15, false}, "2023-09-29"},
		{Lunar{2023, 2, 1, true}, "2023-03-22"}, // 윤2월
		{Lunar{2020, 4, 1, true}, "2020-05-23"}, // 윤4월
		{Lunar{1984, 10, 1, true}, "1984-11-23"},
	} {
		got, err := tc.l.Solar()
		if err != nil || got.String() != tc.want {
			t.Errorf("%+v is %v, %v, want %s", tc.l, got, err, tc.want)
		}
	}
	for _, l := range []Lunar{{1998, 2, 1, true}, {1850, 1, 1, false}, {1998, 13, 1, false}, {1998, 1, 31, false}, {1998, 1, 0, false}} {
		if d, err := l.Solar(); err == nil {
			t.Errorf("%+v is taken for %v", l, d)
		}
	}
}

func TestLunarDatesComeBack(t *testing.T) {
	for d := when.DayOf(1900, 2, 1); d < when.DayOf(2051, 1, 1); d++ {
		l, ok := LunarOf(d)
		back, err := l.Solar()
		if !ok || err != nil || back != d {
			t.Fatalf("%v is %+v, which is %v, %v", d, l, back, err)
		}
	}
}

func TestAgesGiveBirths(t *testing.T) {
	for _, tc := range []struct {
		age      int
		on       string
		counting Counting
		want     string
	}{
		{20, "1998-06-01", Korean, "1979-01-01..1979-12-31"},
		{20, "1998", Korean, "1978-01-01..1979-12-31"},       // the lunar new year may not have passed
		{20, "1998-01-10", Korean, "1978-01-01..1979-12-31"}, // nor here
		{20, "1998-06-01", Western, "1977-06-02..1978-06-01"},
		{20, "1998", Western, "1977-01-02..1978-12-31"},
		{20, "1998-06-01", Uncounted, "1977-06-02..1979-12-31"},
		{0, "2000-02-29", Western, "1999-03-01..2000-02-29"},
	} {
		on, err := when.Parse(tc.on)
		if err != nil {
			t.Fatal(err)
		}
		v, err := Birth(tc.age, on, tc.counting)
		if got := v.Lo.String() + ".." + v.Hi.String(); err != nil || got != tc.want {
			t.Errorf("%d years on %s counted %d: %s, %v, want %s", tc.age, tc.on, tc.counting, got, err, tc.want)
		}
	}
	if _, err := Birth(-1, when.InYear(1998), Korean); err == nil {
		t.Error("an age of -1 was taken")
	}
	if _, err := Birth(20, when.Date{}, Korean); err == nil {
		t.Error("an age without a date was taken")
	}
}

// Two unrelated days of one common year agree once in 365 pairs; two years never differ.
func TestChancesWorkedByHand(t *testing.T) {
	b, err := Uniform(1999, 1999)
	if err != nil {
		t.Fatal(err)
	}
	u, err := b.Chance(Day, Day)
	if err != nil {
		t.Fatal(err)
	}
	near(t, "exact day", u[ExactDay], 1.0/365)
	near(t, "swapped", u[Swapped], 132.0/365/365) // 12 x 11 ordered pairs
	y, _ := b.Chance(Year, Year)
	near(t, "year", y[Overlap], 1)
	m, _ := b.Chance(Month, Day)
	near(t, "month", m[SameMonth], (7*31*31+4*30*30+28*28)/365.0/365)

	two, err := Uniform(1998, 1999)
	if err != nil {
		t.Fatal(err)
	}
	y, _ = two.Chance(Year, Year)
	near(t, "same of two years", y[Overlap], 0.5)
	near(t, "other of two years", y[WithinYear], 0.5)
}

func near(t *testing.T, what string, got, want float64) {
	t.Helper()
	if math.Abs(got-want) > 1e-9 {
		t.Errorf("%s: %.9f, want %.9f", what, got, want)
	}
}

// The prefix sums give what going over all pairs of days gives.
func TestChancesEqualCountingAllPairs(t *testing.T) {
	b, err := ByYear(1996, []float64{1, 3, 0, 2})
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range []Precision{Day, Month, Season, Year, Decade} {
		for _, y := range []Precision{Day, Month, Season, Year, Decade} {
			var want [levels]float64
			us := b.units(y)
			for _, a := range b.units(x) {
				for _, o := range us {
					l := Level(Value{Lo: a.lo, Hi: a.hi, Precision: x, Known: true}, Value{Lo: o.lo, Hi: o.hi, Precision: y, Known: true})
					want[l] += a.p * o.p
				}
			}
			got, err := b.Chance(x, y)
			if err != nil {
				t.Fatal(err)
			}
			var sum float64
			for l := range got {
				sum += got[l]
				if math.Abs(got[l]-want[l]) > 1e-9 {
					t.Errorf("precisions %d and %d, level %d: %.9f, counted %.9f", x, y, l, got[l], want[l])
				}
			}
			near(t, "sum", sum, 1)
		}
	}
}

// The same word weighs by what it says: two full dates far more than two years.
func TestAYearWeighsLessThanADay(t *testing.T) {
	b, err := Uniform(1930, 2010)
	if err != nil {
		t.Fatal(err)
	}
	day, year := b.Bits(value(t, "1975-03-05"), value(t, "1975-03-05")), b.Bits(value(t, "1975"), value(t, "1975"))
	if day < 13 || year > 7 || year < 4 {
		t.Errorf("a day is worth %.1f bits, a year %.1f", day, year)
	}
	if def := b.Bits(value(t, "1975-01-01"), value(t, "1975-01-01")); def != year {
		t.Errorf("a default day is worth %.2f bits, its year %.2f", def, year)
	}
	open := b.Bits(value(t, "before 1998"), value(t, "1990"))
	if open > 1 || open < -1 {
		t.Errorf("\"before 1998\" and 1990 are worth %.1f bits", open)
	}
	age, err := Birth(23, when.On(1998, 6, 1), Uncounted)
	if err != nil {
		t.Fatal(err)
	}
	if got := b.Bits(age, value(t, "1975-03-05")); got < 3 || got > 6 {
		t.Errorf("an age and a date are worth %.1f bits", got)
	}
}

func TestDefaultDaysAreFound(t *testing.T) {
	var days []when.Day
	for i := range 300 {
		days = append(days, when.DayOf(1970+i%30, 1+i%12, 1+i%28))
	}
	if got := Defaults(days); len(got) != 0 {
		t.Errorf("%v found where nothing was filled in", got)
	}
	for i := range 20 {
		days = append(days, when.DayOf(1960+i, 1, 1), when.DayOf(1960+i, 7, 1))
	}
	got := Defaults(days)
	if !slices.Equal(got, []MonthDay{{1, 1}, {7, 1}}) {
		t.Errorf("found %v", got)
	}
	if v := Coarsen(dayValue(when.DayOf(1975, 7, 1)), got); v.Precision != Month || !v.Default {
		t.Errorf("1 July is %+v", v)
	}
}

func drawValue(t *rapid.T, name string) Value {
	day := rapid.Custom(func(t *rapid.T) Value {
		v := dayValue(when.Day(rapid.IntRange(-20000, 20000).Draw(t, "day")))
		switch rapid.IntRange(0, 6).Draw(t, "shape") {
		case 1:
			y, m, _ := v.Lo.Civil()
			return Of(when.InMonth(y, m))
		case 2:
			y, _, _ := v.Lo.Civil()
			return Of(when.InYear(y))
		case 3:
			v.Hi, v.Precision = v.Lo+when.Day(rapid.IntRange(1, 3000).Draw(t, "length")), Span
		case 4:
			v.Lo, v.Precision = when.Beginning, Open
		case 5:
			v.Hi, v.Precision = when.End, Open
		case 6:
			if l, ok := LunarOf(v.Lo); ok {
				v.Lunar = &l
			}
		}
		return v
	})
	return day.Draw(t, name)
}

func TestComparingIsSymmetric(t *testing.T) {
	b, err := Uniform(1930, 2010)
	if err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(t *rapid.T) {
		x, y := drawValue(t, "x"), drawValue(t, "y")
		if Level(x, y) != Level(y, x) {
			t.Fatalf("%+v and %+v: %d, turned round %d", x, y, Level(x, y), Level(y, x))
		}
		p, q := b.Bits(x, y), b.Bits(y, x)
		if math.Abs(p-q) > 1e-9 || math.IsNaN(p) || math.IsInf(p, 0) {
			t.Fatalf("%v bits, turned round %v", p, q)
		}
		if x.Precision == Day && Level(x, x) != ExactDay {
			t.Fatalf("%+v is not itself", x)
		}
	})
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"1998-03-05", "음력 1975년 윤3월 5일", "农历1975-03-05", "Juche 64.3.5", "주체87년 봄", "lunar 1998", "before spring 1998", "1998-01-01", "juche 0", "음력", ""} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		v, err := Parse(s)
		if err == nil && v.Known && v.Lo > v.Hi {
			t.Errorf("%q ends before it begins: %+v", s, v)
		}
	})
}

func BenchmarkBackground(b *testing.B) {
	for b.Loop() {
		if _, err := Uniform(1900, 2020); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkLevel(b *testing.B) {
	x, y := dayValue(when.DayOf(1975, 3, 5)), dayValue(when.DayOf(1975, 4, 16))
	for b.Loop() {
		Level(x, y)
	}
}
