package linkage_test

import (
	"maps"
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"example.org/amparo/fault"
	"example.org/amparo/linkage"
)

// However records are added, changed and decided on, what is held is what linking all of
// them at once with the same model gives; the pairs that are offered for decision are those
// of the records as they stand; and every record that changed its entity is in an event.
func TestARerunIsTheSumOfAdditionsChangesAndDecisions(t *testing.T) {
	all, m := small()
	const base = 120
	rules := m
	rules.Blocks = nil
	for _, f := range m.Fields[:min(4, len(m.Fields))] {
		rules.Blocks = append(rules.Blocks, []string{f.Name})
	}
	first := head(t, all, base)
	changed := 0
	rapid.Check(t, func(t *rapid.T) {
		model := m
		if rapid.Bool().Draw(t, "rules") {
			model = rules
		}
		r, err := linkage.Link(first, model, linkage.Options{})
		if err != nil {
			t.Fatal(err)
		}
		x, err := r.Index()
		if err != nil {
			t.Fatal(err)
		}
		stand := make([]map[string]string, base)
		for k := range stand {
			stand[k] = cellsOf(first, k)
		}
		was := slices.Clone(r.Clusters.Of)
		for range rapid.IntRange(1, 8).Draw(t, "steps") {
			cells := cellsOf(all, rapid.IntRange(0, all.Rows()-1).Draw(t, "cells"))
			rec := uint32(rapid.IntRange(0, x.Records()).Draw(t, "record"))
			switch {
			case int(rec) == x.Records():
				if _, err := x.Add("", cells); err != nil {
					t.Fatal(err)
				}
				stand = append(stand, cells)
			case rapid.IntRange(0, 3).Draw(t, "decide") == 0:
				other := uint32(rapid.IntRange(0, x.Records()-1).Draw(t, "other"))
				if _, err := x.Decide(linkage.Decision{I: rec, J: other, Same: rapid.Bool().Draw(t, "same")}, ""); err != nil &&
					fault.KindOf(err) != fault.Conflict && rec != other {
					t.Fatal(err)
				}
			default:
				a, err := x.Replace(rec, cells)
				if err != nil {
					t.Fatal(err)
				}
				if a.Record != rec || a.Entity != r.Clusters.Of[rec] {
					t.Fatalf("record %d was replaced and is called %+v", rec, a)
				}
				changed += len(a.Matches)
				stand[rec] = cells
			}
		}
		again, err := x.Rerun()
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(again, r.Clusters.Of) {
			t.Fatal("linking all at once gives other clusters than the increments")
		}
		touched := map[uint32]bool{}
		for _, e := range x.Events() {
			for _, rec := range e.Records {
				touched[rec] = true
			}
		}
		for _, e := range linkage.Changes(was, r.Clusters.Of, linkage.Cause{}) {
			for _, rec := range e.Records {
				if !touched[rec] {
					t.Fatalf("record %d changed its entity and no event says so", rec)
				}
			}
		}
		offered(t, r, x, stand)
	})
	if changed == 0 {
		t.Error("no changed record met anybody: nothing is tested")
	}
}

// offered checks the pairs of a run against its records as they stand.
func offered(t *rapid.T, r *linkage.Result, x *linkage.Index, stand []map[string]string) {
	pairs := map[[2]uint32]float64{}
	r.EachPair(func(i, j uint32, bits float64) {
		if _, twice := pairs[[2]uint32{i, j}]; twice || i >= j {
			t.Fatalf("the pair %d, %d comes twice, or not in order", i, j)
		}
		pairs[[2]uint32{i, j}] = bits
	})
	for p, bits := range pairs {
		if got := r.Bits(p[0], p[1]); math.Abs(got-bits) > 1e-9 {
			t.Fatalf("the pair %v is offered with %g bits and has %g", p, bits, got)
		}
	}
	for _, e := range r.Edges {
		if _, ok := pairs[[2]uint32{e.I, e.J}]; !ok {
			t.Fatalf("the edge of %d and %d is no pair on offer", e.I, e.J)
		}
	}
	for i := range uint32(x.Records()) {
		if got := x.Cells(i); !maps.Equal(got, within(stand[i], got)) {
			t.Fatalf("record %d has the cells %v, want %v", i, got, stand[i])
		}
		for j := i + 1; int(j) < x.Records(); j++ {
			_, ok := pairs[[2]uint32{i, j}]
			if bits := r.Bits(i, j); ok || bits < 0 {
				continue
			}
			why, err := r.Explain(i, j)
			if err != nil {
				t.Fatal(err)
			}
			if len(why.FoundBy) > 0 {
				t.Fatalf("rules find %d and %d, of %g bits, and they are not offered", i, j, why.Total)
			}
		}
	}
}

func within(cells, names map[string]string) map[string]string {
	out := map[string]string{}
	for name := range names {
		out[name] = cells[name]
	}
	return out
}

// To change a record to what it was changes nothing, and is as if it had never been
// changed.
func TestARecordChangedBackIsAsBefore(t *testing.T) {
	all, m := small()
	r := linked(t, all, m, linkage.Options{})
	x := indexed(t, r)
	before := slices.Clone(r.Clusters.Of)
	offers := func() (out [][3]float64) {
		r.EachPair(func(i, j uint32, bits float64) {
			if bits > 0 {
				out = append(out, [3]float64{float64(i), float64(j), bits})
			}
		})
		slices.SortFunc(out, func(a, b [3]float64) int { return slices.Compare(a[:], b[:]) })
		return out
	}
	offered := offers()
	rapid.Check(t, func(t *rapid.T) {
		rec := uint32(rapid.IntRange(0, all.Rows()-1).Draw(t, "record"))
		other := rapid.IntRange(0, all.Rows()-1).Draw(t, "as")
		for _, cells := range []map[string]string{cellsOf(all, other), cellsOf(all, int(rec))} {
			if _, err := x.Replace(rec, cells); err != nil {
				t.Fatal(err)
			}
		}
		if !slices.Equal(r.Clusters.Of, before) {
			t.Fatal("changed and changed back, the entities are others")
		}
		if got := offers(); !slices.Equal(got, offered) {
			t.Fatalf("changed and changed back, %d pairs are offered, not %d", len(got), len(offered))
		}
	})
	if _, err := x.Replace(uint32(all.Rows()), nil); fault.KindOf(err) != fault.NotFound {
		t.Errorf("a record that is not there: %v", err)
	}
}

// What is apart by nature may change: the entities follow when they are told.
func TestWhatIsApartByNatureCanBeReconsidered(t *testing.T) {
	all, m := small()
	apart := map[[2]uint32]bool{}
	r := linked(t, all, m, linkage.Options{Apart: func(i, j uint32) bool { return apart[[2]uint32{min(i, j), max(i, j)}] }})
	x := indexed(t, r)
	groups := r.Clusters.Groups()
	if len(groups) == 0 {
		t.Fatal("no two records are one: nothing is tested")
	}
	was := slices.Clone(r.Clusters.Of)
	pair := groups[0][:2]
	for _, on := range []bool{true, false} {
		apart[[2]uint32{pair[0], pair[1]}] = on
		events, err := x.Reconsider(pair)
		if err != nil {
			t.Fatal(err)
		}
		if together := r.Clusters.Of[pair[0]] == r.Clusters.Of[pair[1]]; together == on || len(events) == 0 {
			t.Errorf("apart by nature %v, together %v, events %+v", on, together, events)
		}
	}
	if !slices.Equal(was, r.Clusters.Of) {
		t.Error("no longer apart by nature, the entities are not those from before")
	}
	if _, err := x.Reconsider([]uint32{uint32(all.Rows())}); fault.KindOf(err) != fault.NotFound {
		t.Errorf("a record that is not there: %v", err)
	}
}
