package compare_test

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"example.org/amparo/linkage/compare"
	"example.org/amparo/linkage/table"
)

// plain is the levels by their definition, from the textbook's distances of the whole
// texts, with nothing skipped. a and b are normalised and differ.
var plain = map[string]func(a, b string) uint8{
	"name": func(a, b string) uint8 {
		return falling(textbookJaroWinkler(a, b), 0.92, 0.85, 0.72)
	},
	"code": func(a, b string) uint8 {
		return falling(-float64(textbookEdits(a, b)), -1, -2)
	},
	"postcode": func(a, b string) uint8 {
		if ascii(a) && ascii(b) && textbookEdits(a, b) <= 1 {
			return uint8(3 - textbookEdits(a, b))
		}
		if plainArea(a) == plainArea(b) {
			return 1
		}
		return 0
	},
	"email": func(a, b string) uint8 {
		a, _, _ = strings.Cut(a, "@")
		b, _, _ = strings.Cut(b, "@")
		switch {
		case !ascii(a) || !ascii(b) || textbookJaroWinkler(a, b) < 0.88:
			return 0
		case a == b:
			return 3
		case textbookEdits(a, b) <= 2:
			return 2
		}
		return 1
	},
}

// falling is the level of a similarity, by thresholds from the highest.
func falling(s float64, at ...float64) uint8 {
	for i, t := range at {
		if s >= t {
			return uint8(len(at) - i)
		}
	}
	return 0
}

// ascii reports whether a text has letters or digits of ASCII, and only those.
func ascii(s string) bool {
	return strings.ReplaceAll(s, " ", "") != "" && strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789 ") == ""
}

func plainArea(s string) string {
	if before, _, found := strings.Cut(s, " "); found {
		return before
	}
	if len(s) >= 6 && s[0] >= 'a' {
		return s[:len(s)-3]
	}
	return s[:max(len(s)-2, min(len(s), 2))]
}

// alike are texts of few letters, so that many are near each other.
var alike = map[string]*rapid.Generator[string]{
	"name": rapid.OneOf(words, rapid.StringMatching(`(mar|mra|ma)[aeinor]{0,6}( [a-d]{1,3})?`),
		rapid.StringMatching(`[abc]{29,32}`)),
	"code":     rapid.OneOf(words, rapid.StringMatching(`(0212|2012)[0-3]{2,6}`), rapid.StringMatching(`[01]{29,32}`)),
	"postcode": rapid.OneOf(rapid.StringMatching(`4[0-2]{3,5}`), rapid.StringMatching(`sw[12]a ?[1-3][ab]{2}`), rapid.StringMatching(`[가나]{2}[12]`)),
	"email":    rapid.OneOf(rapid.StringMatching(`a?n?na[1-3]{0,3}@[ab]`), rapid.StringMatching(`[ab]{29,31}@a`), rapid.StringMatching(`[가나]a{0,2}@a`)),
}

// One value, a value against many, and the definition agree on the level.
func TestTheLevelIsThatOfThePlainDefinitionForOneAndForMany(t *testing.T) {
	for name, level := range plain {
		c, err := compare.New(name, compare.Options{})
		if err != nil {
			t.Fatal(err)
		}
		rapid.Check(t, func(t *rapid.T) {
			eachAgainstAll(t, c, alike[name], func(d *table.Dict, p compare.Rowed, a, b uint32, got uint8) {
				if want := level(d.At(a), d.At(b)); p.Level(a, b) != want || got != want {
					t.Fatalf("%s of %q and %q: %d for one, %d among many, not %d", name, d.At(a), d.At(b), p.Level(a, b), got, want)
				}
			})
		})
	}
}

// eachAgainstAll draws values and hands out the level of every two different ones, as it
// comes of comparing one with many.
func eachAgainstAll(t *rapid.T, c compare.Comparer, raw *rapid.Generator[string], check func(d *table.Dict, p compare.Rowed, a, b uint32, got uint8)) {
	var d table.Dict
	for _, s := range rapid.SliceOfN(raw, 2, 8).Draw(t, "values") {
		d.Add([]byte(c.Normalise(s)))
	}
	p := c.Prepare(&d).(compare.Rowed)
	var all []uint32
	for id := uint32(1); int(id) < d.Len(); id++ {
		all = append(all, id)
	}
	out := make([]uint8, len(all))
	for _, a := range all {
		p.Levels(a, all, out)
		for k, b := range all {
			if a != b {
				check(&d, p, a, b, out[k])
			}
		}
	}
}

// Dates, numbers and what is only the same or not have one definition, for one and for many.
func TestAValueAgainstManyIsAsAgainstEach(t *testing.T) {
	raw := rapid.OneOf(rapid.StringMatching(`19[78][01]-0[12]-[01][1-3]`), rapid.StringMatching(`19[78][01](-0[12])?`), rapid.StringMatching(`-?[0-9]{1,2}(\.[05])?`), rapid.String())
	for _, name := range []string{"date", "number", "exact"} {
		c, err := compare.New(name, compare.Options{})
		if err != nil {
			t.Fatal(err)
		}
		rapid.Check(t, func(t *rapid.T) {
			eachAgainstAll(t, c, raw, func(d *table.Dict, p compare.Rowed, a, b uint32, got uint8) {
				if got != p.Level(a, b) {
					t.Fatalf("%s of %q and %q: %d among many, %d for one", name, d.At(a), d.At(b), got, p.Level(a, b))
				}
			})
		})
	}
}

func BenchmarkOneNameAgainstAThousand(b *testing.B) {
	c, err := compare.New("name", compare.Options{})
	if err != nil {
		b.Fatal(err)
	}
	var d table.Dict
	g := rapid.StringMatching(`[b-k][aeiou][l-t][aeiou][a-z]{0,4}`)
	for seed := range 1000 {
		d.Add([]byte(g.Example(seed)))
	}
	p := c.Prepare(&d).(compare.Rowed)
	var all []uint32
	for id := uint32(1); int(id) < d.Len(); id++ {
		all = append(all, id)
	}
	out := make([]uint8, len(all))
	a := uint32(0)
	for b.Loop() {
		a = a%uint32(len(all)) + 1
		p.Levels(a, all, out)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(len(all)), "ns/pair")
}
