package index

import (
	"cmp"
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"example.org/amparo/internal/journal"
	"example.org/amparo/internal/kind"
)

// Columns hold what each record last said, whatever was set, dropped and read in before, and
// where a kind's table was made apart.
func TestColumnsHoldWhatWasSetLast(t *testing.T) {
	schema := kind.Builtin()
	k, _ := schema.Kind("person")
	names := []string{"sex", "birth", "origin", "pseudonym"}
	w := &words{byWord: map[string]int{}, byNum: map[int]string{}}
	for i, n := range append(names, "person") {
		w.byWord[n], w.byNum[i+1] = i+1, n
	}
	values := map[string][]string{"sex": {"f", "m"}, "birth": {"1970", "1971-03", "1968/1972"}, "origin": {"KP-01", "KP-02"}, "pseudonym": {"Saebyeok", "Haneul"}}
	rapid.Check(t, func(t *rapid.T) {
		said, last := map[int64]doc{}, map[int64]journal.HLC{}
		cs := newColumns(schema, w)
		cs.all = true
		look := func() {
			tab := cs.tables["person"]
			if tab == nil {
				if len(said) > 0 {
					t.Fatal("no table")
				}
				return
			}
			if tab.n != len(said) {
				t.Fatalf("%d rows of %d records", tab.n, len(said))
			}
			want := sorted(said)
			slices.SortStableFunc(want, func(a, b int64) int { return cmp.Compare(last[b], last[a]) })
			odd := func(rec int64) bool { return rec%5 == 1 }
			want = slices.DeleteFunc(want, odd)
			limit := rapid.IntRange(0, 6).Draw(t, "limit")
			var got []int64
			for _, row := range tab.newestRows(limit, func(row int32) bool { return !odd(tab.recs[row]) }) {
				got = append(got, tab.recs[row])
			}
			if n := min(limit, len(want)); len(got) < n || !slices.Equal(got[:n], want[:n]) {
				t.Fatalf("the newest %d are %v, not %v", limit, got, want)
			}
			for rec, d := range said {
				row := cs.slots[rec].row
				if tab.recs[row] != rec || !tab.live[row] {
					t.Fatalf("record %d is not at its place", rec)
				}
				alone := newTable(k, 0)
				for _, c := range d {
					if name := w.word(c.Field); alone.byName[name] != nil {
						alone.byName[name].set(0, c.Values, 0, schema)
					}
				}
				for i, c := range tab.cols {
					if got, want := c.said(row), alone.cols[i].said(0); got != want {
						t.Fatalf("record %d, %s: %q, not %q", rec, c.field.Name, got, want)
					}
				}
			}
		}
		for range rapid.IntRange(0, 30).Draw(t, "acts") {
			rec := rapid.Int64Range(1, 12).Draw(t, "rec")
			switch rapid.IntRange(0, 5).Draw(t, "act") {
			case 0:
				cs.drop(rec)
				delete(said, rec)
			case 1: // as when the kind is read in anew
				apart := newColumns(schema, w)
				apart.expect = map[string]int{"person": rapid.IntRange(0, 20).Draw(t, "expected")}
				for _, rec := range sorted(said) {
					apart.set(rec, k, 0, last[rec], said[rec])
				}
				cs = newColumns(schema, w)
				cs.all = true
				cs.adopt(apart.tables["person"])
			default:
				var d doc
				for i, name := range names {
					var vs []kind.Value
					for range rapid.IntRange(0, 2).Draw(t, name) {
						vs = append(vs, kind.Of(rapid.SampledFrom(values[name]).Draw(t, name)))
					}
					if len(vs) > 0 {
						d = append(d, cell{Field: i + 1, Values: vs})
					}
				}
				said[rec], last[rec] = d, journal.HLC(rapid.IntRange(1, 9).Draw(t, "last"))
				cs.set(rec, k, 0, last[rec], d)
			}
			look()
		}
	})
}

// said is what a column holds of a row, in words.
func (c *column) said(row int32) string {
	var codes []string
	c.at(int(row), func(n uint32) { codes = append(codes, c.dict[n]) })
	return fmt.Sprint(codes, c.lo.at(row), c.hi.at(row), c.text.at(row))
}

func sorted(said map[int64]doc) (recs []int64) {
	for rec := range said {
		recs = append(recs, rec)
	}
	slices.Sort(recs)
	return recs
}
