package chain_test

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"example.org/amparo/id"
	"example.org/amparo/internal/chain"
	"example.org/amparo/internal/kind"
	"example.org/amparo/when"
)

// drawSpan draws a date between two days, or none.
func drawSpan(rt *rapid.T, name string) when.Date {
	if rapid.IntRange(0, 3).Draw(rt, name+" said") == 0 {
		return when.Date{}
	}
	return when.Between(drawDay(rt, name+" from", 2000, 2001), drawDay(rt, name+" to", 2002, 2003))
}

func drawDay(rt *rapid.T, name string, lo, hi int) when.Date {
	return when.On(rapid.IntRange(lo, hi).Draw(rt, name+" year"), rapid.IntRange(1, 12).Draw(rt, name+" month"), rapid.IntRange(1, 28).Draw(rt, name+" day"))
}

// drawAccount draws what somebody says of one stay; narrow dates and wide ones.
func drawAccount(rt *rapid.T, name string, rec byte) chain.Stage {
	s := chain.Stage{Record: id.ID{rec}, Type: rapid.SampledFrom([]string{"", "ST05", "ST07"}).Draw(rt, name+" type"),
		Facility: rapid.SampledFrom([]string{"", "FT-SSD-K", "FT-JKS"}).Draw(rt, name+" facility"), Agency: rapid.SampledFrom([]string{"", "AG-SSD", "AG-MPS"}).Draw(rt, name+" agency"),
		Place: rapid.SampledFrom([]string{"", "KP-ONS", "KP-SIN", "KP/North Hamgyong"}).Draw(rt, name+" place"), Censored: rapid.IntRange(0, 4).Draw(rt, name+" held") == 0}
	s.In, s.Out = drawSpan(rt, name+" in"), drawSpan(rt, name+" out")
	if rapid.Bool().Draw(rt, name+" exact") && !s.In.IsZero() {
		s.In = drawDay(rt, name+" on", 2000, 2003)
	}
	if rapid.Bool().Draw(rt, name+" long") {
		lo := rapid.IntRange(1, 900).Draw(rt, name+" least")
		s.Said = []when.Span{{Lo: lo, Hi: lo + rapid.IntRange(0, 90).Draw(rt, name+" more")}}
	}
	return s
}

func fieldsOf(cs []chain.Contradiction) (out []string) {
	for _, c := range cs {
		out = append(out, fmt.Sprint(c.Field, " ", c.Apart))
	}
	return out
}

// A contradicts B exactly where B contradicts A, and by as many days.
func TestContradictionIsMutual(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		a, b := drawAccount(rt, "a", 1), drawAccount(rt, "b", 2)
		if x, y := fieldsOf(chain.Between(a, b)), fieldsOf(chain.Between(b, a)); !slices.Equal(x, y) {
			rt.Fatalf("%v the one way, %v the other", x, y)
		}
		if got := chain.Between(a, a); len(got) > 0 {
			rt.Fatalf("an account contradicts itself: %v", got)
		}
	})
}

// Less certain dates, and durations with more room, never make a contradiction that was not
// there. (Of an account whose own dates and duration exclude each other, widening can only
// end that; what it says of the length is then heard for the first time.)
func TestAWiderIntervalNeverContradictsMore(t *testing.T) {
	wider := func(rt *rapid.T, d when.Date, name string) when.Date {
		if d.IsZero() {
			return d
		}
		lo, hi := d.Bounds()
		on := func(day when.Day) when.Date { y, m, n := day.Civil(); return when.On(y, m, n) }
		return when.Between(on(lo-when.Day(rapid.IntRange(0, 400).Draw(rt, name+" earlier"))), on(hi+when.Day(rapid.IntRange(0, 400).Draw(rt, name+" later"))))
	}
	rapid.Check(t, func(rt *rapid.T) {
		a, b := drawAccount(rt, "a", 1), drawAccount(rt, "b", 2)
		before := chain.Between(a, b)
		own := a.Times().Conflict
		a.In, a.Out = wider(rt, a.In, "in"), wider(rt, a.Out, "out")
		if len(a.Said) > 0 {
			a.Said = []when.Span{{Lo: max(0, a.Said[0].Lo-rapid.IntRange(0, 60).Draw(rt, "shorter")), Hi: a.Said[0].Hi + rapid.IntRange(0, 60).Draw(rt, "longer")}}
		}
		for _, c := range chain.Between(a, b) {
			if c.Field == "duration" && own {
				continue
			}
			was := slices.IndexFunc(before, func(o chain.Contradiction) bool { return o.Field == c.Field })
			if was < 0 {
				rt.Fatalf("%s contradicts since the interval is wider", c.Field)
			}
			if c.Apart > before[was].Apart {
				rt.Fatalf("%s lies %d days apart, %d before it was wider", c.Field, c.Apart, before[was].Apart)
			}
		}
	})
}

// Two orders contradict each other whichever telling is named first, and no later widening
// of a date makes them.
func TestAnotherOrderIsMutualAndNeverComesOfWidening(t *testing.T) {
	draw := func(rt *rapid.T, name string, first byte) []chain.Stage {
		var out []chain.Stage
		numbered := rapid.Bool().Draw(rt, name+" numbered")
		for i, n := range rapid.Permutation([]int{5, 6, 7, 9}).Draw(rt, name) {
			s := chain.Stage{Record: id.ID{first + byte(i)}, Type: fmt.Sprintf("ST%02d", n)}
			if rapid.IntRange(0, 3).Draw(rt, name+" one record") == 0 {
				s.Record = id.ID{200 + byte(n)}
			}
			if numbered {
				s.Order = i + 1
			} else if rapid.IntRange(0, 2).Draw(rt, name+" dated") > 0 {
				s.In = drawDay(rt, name+" in", 2000, 2001)
			}
			out = append(out, s)
		}
		return out
	}
	pair := func(x, y chain.Stage) string { return x.Record.String() + y.Record.String() }
	found := func(a, b []chain.Stage) map[string]string {
		out := map[string]string{}
		for _, d := range chain.Disorders(a, b) {
			out[pair(d.FirstA, d.ThenA)] = pair(d.ThenB, d.FirstB)
		}
		return out
	}
	seen := false
	rapid.Check(t, func(rt *rapid.T) {
		a, b := draw(rt, "a", 10), draw(rt, "b", 50)
		there := found(a, b)
		back := found(b, a)
		if len(there) != len(back) {
			rt.Fatalf("%d disorders the one way, %d the other", len(there), len(back))
		}
		for x, y := range there {
			if back[y] != x {
				rt.Fatal("a disorder that the other telling does not know")
			}
			seen = true
		}
		for i := range a {
			if !a[i].In.IsZero() {
				lo, hi := a[i].In.Bounds()
				y, m, d := (lo - when.Day(rapid.IntRange(0, 500).Draw(rt, "earlier"))).Civil()
				y2, m2, d2 := (hi + when.Day(rapid.IntRange(0, 500).Draw(rt, "later"))).Civil()
				a[i].In = when.Between(when.On(y, m, d), when.On(y2, m2, d2))
			}
		}
		for x := range found(a, b) {
			if there[x] == "" {
				rt.Fatal("a wider date made a disorder")
			}
		}
	})
	if !seen {
		t.Error("no two tellings were in another order")
	}
}

func TestTwoOrdersOfOneChainAreNamed(t *testing.T) {
	a := chain.Telling{Source: id.ID{1}, Stages: []chain.Stage{stage(t, 1, "ST05", "-", "-", "-", "order", "1"), stage(t, 2, "ST08", "-", "-", "-", "order", "2")}}
	b := chain.Telling{Source: id.ID{2}, Stages: []chain.Stage{stage(t, 3, "ST08", "2001-03", "-", "-"), stage(t, 4, "ST05", "2001-05", "-", "-")}}
	vague := chain.Telling{Source: id.ID{3}, Stages: []chain.Stage{stage(t, 5, "ST08", "2001", "-", "-"), stage(t, 6, "ST05", "2001-05", "-", "-")}}
	got := chain.Align([]chain.Telling{a, b, vague}).Orders
	if len(got) != 1 || got[0].A != 0 || got[0].B != 1 || got[0].FirstA.Type != "ST05" || got[0].ThenA.Type != "ST08" || got[0].ThenB.Record != (id.ID{3}) || got[0].FirstB.Record != (id.ID{4}) {
		t.Errorf("%+v", got)
	}
}

// ending is an account of an ending, as a form gives it.
func ending(t testing.TB, n byte, kindName string, pairs ...string) chain.Ending {
	t.Helper()
	k, _ := kind.Builtin().Kind(kindName)
	vs := kind.Values{}
	for i := 0; i < len(pairs); i += 2 {
		f, ok := k.Field(pairs[i])
		if !ok {
			t.Fatalf("no field %s", pairs[i])
		}
		v, err := kind.Builtin().ParseValue(f, pairs[i+1], "")
		if err != nil {
			t.Fatal(err)
		}
		vs[f.Name] = append(vs[f.Name], v)
	}
	e, ok := chain.ReadEnding(id.ID{n}, kindName, vs)
	if !ok {
		t.Fatal("an ending that says nothing")
	}
	return e
}

func TestEndingsAreLaidOverEachOther(t *testing.T) {
	me, other := id.ID{77}.String(), id.ID{78}.String()
	ep1, ep2, far := id.ID{51}.String(), id.ID{52}.String(), id.ID{53}.String()
	a := chain.Telling{Source: id.ID{1}, Endings: []chain.Ending{
		ending(t, 1, "disposition", "person", me, "episode", ep1, "outcome", "OC-R03", "length", "6 months", "date", "2001-05"),
		ending(t, 2, "disposition", "person", me, "episode", ep2, "outcome", "OC-R04"), ending(t, 3, "fate", "person", me, "state", "known", "outcome", "OC-R11")}}
	// another's word on the first return: shorter, and later; the fate is not known to her
	b := chain.Telling{Source: id.ID{2}, Endings: []chain.Ending{
		ending(t, 4, "disposition", "person", me, "episode", ep1, "outcome", "OC-R03", "length", "3 months", "date", "2001-09"), ending(t, 5, "fate", "person", me, "state", "unknown", "outcome", "OC-R07")}}
	// a record found to be the same person, with returns of its own, and a death
	c := chain.Telling{Source: id.ID{3}, Endings: []chain.Ending{ending(t, 6, "disposition", "person", other, "episode", far, "outcome", "OC-R04"), ending(t, 7, "fate", "person", other, "state", "presumed", "outcome", "OC-R07")}}
	got := ""
	for _, r := range chain.Align([]chain.Telling{a, b, c}).Endings {
		got += r.Kind
		for _, e := range r.Cells {
			if e == nil {
				got += " ."
			} else {
				got += fmt.Sprint(" ", e.Record[0])
			}
		}
		for _, x := range r.Contradicting {
			got += fmt.Sprintf(" !%s(%d,%d)", x.Field, x.A, x.B)
		}
		got += "\n"
	}
	want := "disposition 1 4 . !date(0,1) !length(0,1)\ndisposition 2 . .\ndisposition . . 6\nfate 3 5 7 !outcome(0,2)\n"
	if got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}

func TestEndingsContradictEachOtherBothWays(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		draw := func(name string) chain.Ending {
			return chain.Ending{Kind: rapid.SampledFrom([]string{"fate", "disposition"}).Draw(rt, "kind"), Outcome: rapid.SampledFrom([]string{"", "OC-R03", "OC-R07", "OC-R10"}).Draw(rt, name+" outcome"),
				Known: rapid.SampledFrom([]string{"", "known", "unknown"}).Draw(rt, name+" known"), Date: drawSpan(rt, name)}
		}
		a, b := draw("a"), draw("b")
		b.Kind = a.Kind
		if x, y := fieldsOf(chain.BetweenEndings(a, b)), fieldsOf(chain.BetweenEndings(b, a)); !slices.Equal(x, y) {
			rt.Fatalf("%v the one way, %v the other", x, y)
		}
		a.Outcome = "OC-R10"
		if slices.ContainsFunc(chain.BetweenEndings(a, b), func(c chain.Contradiction) bool { return c.Field == "outcome" }) {
			rt.Fatal("not knowing contradicts")
		}
	})
}
