package places

import (
	"math"
	"testing"

	"pgregory.net/rapid"
)

// Invented sites below public places.
func gazetteer(t testing.TB) *Gazetteer {
	t.Helper()
	nodes := append(Public(),
		Node{Code: "t-county", Parent: "KP/North Hamgyong", Depth: County, Names: []string{"Saebyol", "새별군", "Kyongwon", "경원군"}},
		Node{Code: "t-site-1", Parent: "t-county", Depth: Site, Names: []string{"Camp 99", "99호 관리소", "九十九号"}},
		Node{Code: "t-site-2", Parent: "t-county", Depth: Site, Names: []string{"Camp 98", "98호 관리소"}})
	g, err := New(nodes)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func TestLevels(t *testing.T) {
	g := gazetteer(t)
	for _, tc := range []struct {
		a, b string
		want int
	}{
		{"Camp 99", "99호 관리소", int(Site)},
		{"Camp 99", "Camp 98", int(County)},
		{"새별군", "Kyongwon", int(County)}, // the old and the new name
		{"Saebyol, North Hamgyong", "함경북도 경원군", int(County)},
		{"Camp 99", "North Hamgyong", int(Province)},
		{"North Hamgyong", "KP", int(Country)},
		{"Camp 99", "CN", int(World)},
		{"unknown", "Camp 99", Null},
		{"무슨골리", "무슨골", int(Ri)},     // not in the gazetteer: by the name
		{"은덕골", "Undokgol", int(Ri)}, // and across scripts
		{"은덕골", "Taehwadong", int(World)},
	} {
		a, b := g.Parse(tc.a), g.Parse(tc.b)
		if got := g.Level(a, b); got != tc.want {
			t.Errorf("Level(%s, %s) = %d (%q, %q), want %d", tc.a, tc.b, got, a.Nodes, b.Nodes, tc.want)
		}
	}
}

func TestAGazetteerWithoutATreeIsRefused(t *testing.T) {
	for _, nodes := range [][]Node{
		{{Code: "a", Depth: Country}, {Code: "a", Depth: Country}},
		{{Code: "a", Parent: "b", Depth: County}},
		{{Code: "a", Parent: "b", Depth: County}, {Code: "b", Parent: "a", Depth: County}},
	} {
		if _, err := New(nodes); err == nil {
			t.Errorf("%+v was taken", nodes)
		}
	}
}

// Two provinces of one country, each named once, and one county of the first, twice:
// masses 1/4 and 3/4. Both name the county: 1/4; they meet in the first province
// otherwise: 9/16 - 1/4; in the second: 1/16; else in the country: 3/8.
func TestChancesWorkedByHand(t *testing.T) {
	g, err := New([]Node{{Code: "k", Depth: Country}, {Code: "p", Parent: "k", Depth: Province}, {Code: "q", Parent: "k", Depth: Province}, {Code: "c", Parent: "p", Depth: County}})
	if err != nil {
		t.Fatal(err)
	}
	u, err := g.Chance(map[string]int{"p": 1, "q": 1, "c": 2})
	if err != nil {
		t.Fatal(err)
	}
	want := [Site + 1]float64{Country: 6.0 / 16, Province: 6.0 / 16, County: 4.0 / 16}
	for d := range want {
		if math.Abs(u[d]-want[d]) > 1e-12 {
			t.Errorf("depth %d: %v, want %v", d, u[d], want[d])
		}
	}
	if _, err := g.Chance(nil); err == nil {
		t.Error("chances without places")
	}
}

func TestComparingIsSymmetricAndAPlaceIsItself(t *testing.T) {
	g := gazetteer(t)
	rapid.Check(t, func(t *rapid.T) {
		draw := rapid.OneOf(rapid.SampledFrom(g.order), rapid.SampledFrom([]string{"새별", "Onsong", "은덕골", "Undokgol", "unknown", "", "함경북도", "Yanji, Jilin"}), rapid.String())
		a, b := g.Parse(draw.Draw(t, "a")), g.Parse(draw.Draw(t, "b"))
		if x, y := g.Level(a, b), g.Level(b, a); x != y {
			t.Fatalf("%q and %q: %d, turned round %d", a.Original, b.Original, x, y)
		}
		if a.Known() && g.Level(a, a) < int(Country) {
			t.Fatalf("%q is not itself", a.Original)
		}
	})
}

func FuzzParse(f *testing.F) {
	g := gazetteer(f)
	for _, s := range []string{"Onsong, North Hamgyong", "함경북도 온성군", "Camp 99", "", "，"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if k := g.Parse(s); k.Known() && g.Level(k, k) == Null {
			t.Errorf("%q is known and missing", s)
		}
	})
}

func BenchmarkLevel(b *testing.B) {
	g := gazetteer(b)
	x, y := g.Parse("Camp 99"), g.Parse("함경북도 온성군")
	for b.Loop() {
		g.Level(x, y)
	}
}
