package compare_test

import (
	"math"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"example.org/amparo/fault"
	"example.org/amparo/linkage/compare"
	"example.org/amparo/linkage/table"
)

// words are texts of the letters that the fast way knows, of any length, and of others.
var words = rapid.OneOf(
	rapid.StringMatching(`[abc1 ]{0,12}`), rapid.StringMatching(`[abcd]{20,40}`), rapid.StringMatching(`[a-z0-9]{0,8}`),
	rapid.StringMatching(`[가나다é]{0,6}`), rapid.StringMatching(`[abc]{60,64}`))

// textbookJaroWinkler is the definition of Winkler (1990), letter by letter.
func textbookJaroWinkler(s, t string) float64 {
	a, b := []rune(strings.ReplaceAll(s, " ", "")), []rune(strings.ReplaceAll(t, " ", ""))
	window := max(max(len(a), len(b))/2-1, 0)
	partner := make([]int, len(a))
	taken := map[int]bool{}
	for i := range a {
		partner[i] = -1
		for j := range b {
			if a[i] == b[j] && !taken[j] && j >= i-window && j <= i+window {
				partner[i], taken[j] = j, true
				break
			}
		}
	}
	var inA, inB []rune
	for i, p := range partner {
		if p >= 0 {
			inA = append(inA, a[i])
		}
	}
	for j := range b {
		if taken[j] {
			inB = append(inB, b[j])
		}
	}
	if len(inA) == 0 {
		return 0
	}
	out := 0
	for k := range inA {
		if inA[k] != inB[k] {
			out++
		}
	}
	m := float64(len(inA))
	jaro := (m/float64(len(a)) + m/float64(len(b)) + (m-math.Floor(float64(out)/2))/m) / 3
	if jaro <= 0.7 {
		return jaro
	}
	prefix := 0
	for prefix < min(4, len(a), len(b)) && a[prefix] == b[prefix] {
		prefix++
	}
	return jaro + 0.1*float64(prefix)*(1-jaro)
}

func TestJaroWinklerIsTheTextbooks(t *testing.T) {
	// The usual examples, worked by hand.
	for _, c := range []struct {
		a, b string
		want float64
	}{{"martha", "marhta", 0.9611}, {"dwayne", "duane", 0.8400}, {"dixon", "dicksonx", 0.8133}, {"jones", "johnson", 0.8324}, {"abc", "xyz", 0}, {"", "a", 0}, {"a", "a", 1}} {
		if got := compare.JaroWinkler(c.a, c.b); math.Abs(got-c.want) > 5e-5 {
			t.Errorf("%s %s: %.4f, not %.4f", c.a, c.b, got, c.want)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		a, b := words.Draw(t, "a"), words.Draw(t, "b")
		if got, want := compare.JaroWinkler(a, b), textbookJaroWinkler(a, b); math.Abs(got-want) > 1e-12 {
			t.Fatalf("%g, not %g", got, want)
		}
	})
}

// table of optimal string alignment, whole
func textbookEdits(s, t string) int {
	a, b := []rune(strings.ReplaceAll(s, " ", "")), []rune(strings.ReplaceAll(t, " ", ""))
	d := make([][]int, len(a)+1)
	for i := range d {
		d[i] = make([]int, len(b)+1)
		for j := range d[i] {
			switch {
			case i == 0:
				d[i][j] = j
			case j == 0:
				d[i][j] = i
			case a[i-1] == b[j-1]:
				d[i][j] = d[i-1][j-1]
			default:
				d[i][j] = 1 + min(d[i-1][j-1], d[i-1][j], d[i][j-1])
			}
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				d[i][j] = min(d[i][j], d[i-2][j-2]+1)
			}
		}
	}
	return d[len(a)][len(b)]
}

func TestEditsAreThoseOfTheTable(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want int
	}{{"kitten", "sitting", 3}, {"ca", "abc", 3}, {"ab", "ba", 1}, {"", "abc", 3}, {"a b", "ab", 0}} {
		if got := compare.Edits(c.a, c.b); got != c.want {
			t.Errorf("%s %s: %d, not %d", c.a, c.b, got, c.want)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		a, b := words.Draw(t, "a"), words.Draw(t, "b")
		if got, want := compare.Edits(a, b), textbookEdits(a, b); got != want {
			t.Fatalf("%d, not %d", got, want)
		}
	})
}

// level compares two raw values; -1 when one of them is missing.
func level(t testing.TB, c compare.Comparer, a, b string, others ...string) int {
	t.Helper()
	var d table.Dict
	x, y := d.Add([]byte(c.Normalise(a))), d.Add([]byte(c.Normalise(b)))
	for _, o := range others {
		d.Add([]byte(c.Normalise(o)))
	}
	switch {
	case x == 0 || y == 0:
		return -1
	case x == y:
		return len(c.Levels()) - 1
	}
	p := c.Prepare(&d)
	if l, r := p.Level(x, y), p.Level(y, x); l != r {
		t.Errorf("%q and %q: %d one way, %d the other", a, b, l, r)
	}
	return int(p.Level(x, y))
}

func TestLevels(t *testing.T) {
	cases := []struct {
		comparer, a, b string
		order          string
		want           int
	}{
		{"date", "1970-02-03", "1970/2/3", "", 5},
		{"date", "1970-02-03", "19700203", "", 5},
		{"date", "3 Feb 1970", "1970-02-03", "", 5},
		{"date", "03/02/1970", "1970-02-03", "dmy", 5},
		{"date", "02/03/1970", "1970-02-03", "mdy", 5},
		{"date", "1970-02-03T00:00:00", "1970-02-03", "", 5},
		{"date", "1970-02-03", "1970-02-04", "", 4}, // one digit
		{"date", "1970-02-03", "1970-03-02", "", 4}, // day and month
		{"date", "1970-02-13", "1970-02-31", "", 4}, // two neighbours exchanged
		{"date", "1970-02-13", "1970-02-25", "", 3}, // year and month
		{"date", "1970-02-13", "1970-11-13", "", 3}, // year and day
		{"date", "1970-02-13", "1981-02-13", "", 3}, // month and day
		{"date", "1970-02-13", "1971-02-14", "", 2}, // two digits
		{"date", "1970-02-13", "1970-11-25", "", 1}, // year
		{"date", "1970-02-13", "1983-11-25", "", 0}, // nothing
		{"date", "1970-02", "1970-02-13", "", 3},    // as far as known
		{"date", "1970", "1970-02-13", "", 1},       //
		{"date", "1970-05", "1970-02-13", "", 1},    //
		{"date", "1970", "1971", "", 0},             //
		{"date", "about harvest", "1971", "", 0},    // no date
		{"date", "unknown", "1971", "", -1},         //
		{"code", "02-123 4567", "021234567", "", 3}, //
		{"code", "021234567", "021234576", "", 2},   // one keystroke
		{"code", "021234567", "0212345", "", 1},     // two
		{"code", "021234567", "921834561", "", 0},   // three
		{"code", "N/A", "021234567", "", -1},        //
		{"postcode", "SW1A 1AA", "sw1a 1aa", "", 3}, //
		{"postcode", "SW1A 1AA", "sw1a 1ab", "", 2}, //
		{"postcode", "SW1A 1AA", "sw1a 2bb", "", 1}, //
		{"postcode", "48001", "48028", "", 1},       //
		{"postcode", "48001", "08028", "", 0},       //
		{"email", "Ana@x.example", "ana@X.example", "", 4},
		{"email", "ana.mora@x.example", "ana.mora@y.example", "", 3},
		{"email", "ana.mora@x.example", "ana.moar@y.example", "", 2},
		{"email", "ana.mora@x.example", "jose.paz@x.example", "", 0},
		{"number", "07", "7.0", "", 3},
		{"number", "-0", "0", "", 3},
		{"number", "7", "8", "", 2},
		{"number", "7", "10", "", 1},
		{"number", "7", "10.5", "", 0},
		{"number", "7", "seven", "", 0},
		{"exact", "O'Neil", "ONEIL", "", 1},
		{"exact", "a", "b", "", 0},
		{"text", "Golden Palace restaurant", "restaurant, golden palace", "", 4},
		{"text", "Golden Palace", "Silver Moon", "", 0},
	}
	for _, c := range cases {
		cmp, err := compare.New(c.comparer, compare.Options{Order: c.order})
		if err != nil {
			t.Fatal(err)
		}
		if got := level(t, cmp, c.a, c.b); got != c.want {
			t.Errorf("%s %q %q: level %d, not %d (%v)", c.comparer, c.a, c.b, got, c.want, cmp.Levels())
		}
	}
}

func TestARareSharedWordIsWorthMoreThanACommonOne(t *testing.T) {
	c, err := compare.New("text", compare.Options{})
	if err != nil {
		t.Fatal(err)
	}
	others := []string{"restaurant luna", "restaurant sol", "restaurant mar", "restaurant rio", "restaurant paz", "restaurant eco"}
	rare := level(t, c, "restaurant zhuangzi", "cafeteria zhuangzi", others...)
	common := level(t, c, "restaurant zhuangzi", "restaurant bellevue", others...)
	if rare <= common {
		t.Errorf("rare %d, common %d", rare, common)
	}
}

func TestEveryComparerIsSymmetricWithinItsLevelsAndMakesKeysThatAreNotZero(t *testing.T) {
	raw := rapid.OneOf(words, rapid.String(), rapid.StringMatching(`[0-9]{1,4}[-/ .][0-9]{1,2}[-/ .][0-9]{1,4}`),
		rapid.StringMatching(`[a-c.]{0,6}@[a-b]{1,3}`), rapid.StringMatching(`-?[0-9]{1,5}(\.[0-9])?`))
	for _, name := range compare.Names() {
		c, err := compare.New(name, compare.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if n := len(c.Levels()); n < 2 || n > compare.MaxLevels {
			t.Errorf("%s has %d levels", name, n)
		}
		if c.Keys()[0].Name != "same" {
			t.Errorf("the first key of %s is %s", name, c.Keys()[0].Name)
		}
		rapid.Check(t, func(t *rapid.T) {
			var d table.Dict
			for _, s := range rapid.SliceOfN(raw, 2, 6).Draw(t, "values") {
				d.Add([]byte(c.Normalise(s)))
			}
			p := c.Prepare(&d)
			for a := uint32(1); int(a) < d.Len(); a++ {
				for b := uint32(1); int(b) < d.Len(); b++ {
					if l := p.Level(a, b); a != b && (int(l) >= len(c.Levels()) || l != p.Level(b, a)) {
						t.Fatalf("%s of %q and %q: %d and %d of %d", name, d.At(a), d.At(b), l, p.Level(b, a), len(c.Levels()))
					}
				}
				for k, key := range c.Keys() {
					keys := p.Keys(k, a, nil)
					if slices.Contains(keys, 0) || len(keys) > 1 && !key.Many {
						t.Fatalf("%s: keys %v of kind %s of %q", name, keys, key.Name, d.At(a))
					}
				}
			}
			for k := range c.Keys() {
				if keys := p.Keys(k, 0, nil); len(keys) > 0 {
					t.Fatalf("%s: a missing value has keys %v", name, keys)
				}
			}
		})
	}
}

func TestAComparerThatIsNoneOrHasNoSenseIsRefused(t *testing.T) {
	for _, c := range []struct {
		name   string
		levels []float64
	}{{"fuzzy", nil}, {"name", []float64{0.7, 0.9}}, {"code", []float64{2, 1}}, {"number", []float64{0}}, {"text", []float64{math.NaN()}},
		{"name", []float64{0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1}}} {
		if _, err := compare.New(c.name, compare.Options{Levels: c.levels}); fault.KindOf(err) != fault.Invalid {
			t.Errorf("%s %v: %v", c.name, c.levels, err)
		}
	}
}

func TestTheOrderOfDatesIsGuessed(t *testing.T) {
	for _, c := range []struct {
		want   string
		values []string
	}{{"dmy", []string{"25122001", "31011999"}}, {"mdy", []string{"12/25/2001", "01/31/1999"}}, {"ymd", []string{"2001-12-25", "1999-01-31"}}} {
		if got, share := compare.DateOrder(c.values); got != c.want || share != 1 {
			t.Errorf("%v: %s, %g", c.values, got, share)
		}
	}
	if _, share := compare.DateOrder([]string{"green", "blue"}); share != 0 {
		t.Errorf("colours are dates with %g", share)
	}
}

func BenchmarkJaroWinkler(b *testing.B) {
	for b.Loop() {
		compare.JaroWinkler("alexandra", "alexnadro")
	}
}

func BenchmarkEdits(b *testing.B) {
	for b.Loop() {
		compare.Edits("021234567", "021243567")
	}
}
