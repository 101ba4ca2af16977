package hist

import (
	"encoding/csv"
	"errors"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"example.org/amparo/fault"
)

func read(t testing.TB, text string) (Table, error) {
	t.Helper()
	rows, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	return FromRows("table.csv", rows[0], rows[1:])
}

func must(t testing.TB, text string) Table {
	t.Helper()
	h, err := read(t, text)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func TestRowsBecomeHistories(t *testing.T) {
	h := must(t, "police,clinic,church,count\n1,0,0,5\n0,1,1,2\n1,0,0,3\n1,1,1,0\n")
	want := Table{Lists: []string{"police", "clinic", "church"}, Cells: []Cell{{1, 8}, {6, 2}}}
	if diff := cmp.Diff(want, h); diff != "" {
		t.Error(diff)
	}
	if h.N() != 10 || h.Name(6) != "clinic+church" || h.On(Of(1)) != 2 || h.Count(7) != 0 {
		t.Errorf("n %d, name %q, on %d", h.N(), h.Name(6), h.On(Of(1)))
	}
}

func TestWhatIsWrongIsNamedByRowAndColumn(t *testing.T) {
	for _, c := range []struct {
		name, text    string
		row           int
		column, value string
	}{
		{"a two", "a,b,count\n1,0,5\n2,0,1\n", 3, "a", "2"},
		{"a word", "a,b,count\n1,yes,5\n", 2, "b", "yes"},
		{"nothing in a cell", "a,b,count\n1,,5\n", 2, "b", ""},
		{"a negative count", "a,b,count\n1,0,-5\n", 2, "count", "-5"},
		{"half a person", "a,b,count\n1,0,2.5\n", 2, "count", "2.5"},
		{"people on no list", "a,b,count\n1,0,2\n0,0,9\n", 3, "count", "9"},
		{"no count", "a,b\n1,0\n", 1, "", ""},
		{"a list twice", "a,a,count\n1,0,1\n", 1, "a", "a"},
		{"only a count", "count\n1\n", 1, "", ""},
	} {
		_, err := read(t, c.text)
		var p fault.Problem
		if !errors.As(err, &p) {
			t.Errorf("%s: error is %v", c.name, err)
			continue
		}
		if p.File != "table.csv" || p.Row != c.row || p.Column != c.column || p.Value != c.value || p.Remedy == "" {
			t.Errorf("%s: %+v, want row %d, column %q, value %q", c.name, p, c.row, c.column, c.value)
		}
	}
}

func TestARowOfZerosWithoutPeopleIsNoMistake(t *testing.T) {
	if h := must(t, "a,b,count\n0,0,0\n1,1,4\n"); h.N() != 4 {
		t.Errorf("n %d, want 4", h.N())
	}
}

func TestMergingAndOmitting(t *testing.T) {
	h := must(t, "a,b,c,count\n1,0,0,5\n0,1,0,3\n0,0,1,7\n1,1,0,2\n0,1,1,1\n")
	merged, err := h.Merge("ab", "b", "a")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(Table{[]string{"ab", "c"}, []Cell{{1, 10}, {2, 7}, {3, 1}}}, merged); diff != "" {
		t.Error(diff)
	}
	without, err := h.Omit("a")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(Table{[]string{"b", "c"}, []Cell{{1, 5}, {2, 7}, {3, 1}}}, without); diff != "" {
		t.Error(diff)
	}
	if _, err := h.Omit("d"); !errors.Is(err, fault.NotFound) {
		t.Errorf("omitting a list that is not there: %v", err)
	}
	if _, err := h.Merge("c", "a", "b"); !errors.Is(err, fault.Invalid) {
		t.Errorf("merging into a name that is taken: %v", err)
	}
}

func TestDiagnosisSeesCopiesAndReferrals(t *testing.T) {
	d := Diagnose(must(t, "a,b,c,d,count\n1,0,0,0,5\n1,1,0,0,3\n0,0,1,0,7\n1,1,1,0,2\n"))
	if diff := cmp.Diff([]Pair{{1, 0, 5}}, d.Nested); diff != "" {
		t.Errorf("list b is in list a: %s", diff)
	}
	if diff := cmp.Diff([]int{3}, d.Empty); diff != "" {
		t.Error(diff)
	}
	if d.Overlaps != 5 || d.Triples != 1 || d.WithUnique() != 2 || d.LargestOverlap() != 5 {
		t.Errorf("%+v", d)
	}
}

func TestRecordsOfOnePersonAreOneHistory(t *testing.T) {
	lists := []string{"a", "b"}
	records := []Record{{"a", "p1", "north"}, {"b", "p1", "north"}, {"a", "p1", "north"}, {"b", "p2", "south"}}
	h, err := FromRecords(lists, records)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]Cell{{2, 1}, {3, 1}}, h.Cells); diff != "" {
		t.Error(diff)
	}
	labels, tables, err := Strata(lists, records)
	if err != nil || len(tables) != 2 || labels[0] != "north" || tables[1].N() != 1 {
		t.Errorf("%v %v %v", labels, tables, err)
	}
	same, err := FromPartition(lists, []int{0, 1, 0, 1}, []int{7, 7, 7, 9})
	if err != nil || cmp.Diff(h, same) != "" {
		t.Errorf("partition gives %v, %v", same, err)
	}
	if _, err := FromRecords(lists, []Record{{List: "c", Person: "p"}}); err == nil {
		t.Error("a list that was not named was taken")
	}
}

// Equal tables have equal bytes whatever the order of rows; another count, another hash.
func TestHashIsOfWhatTheTableSays(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var cells []Cell
		for range rapid.IntRange(1, 20).Draw(t, "cells") {
			cells = append(cells, Cell{History(rapid.Uint64Range(1, 31).Draw(t, "h")), rapid.IntRange(1, 9).Draw(t, "n")})
		}
		lists := []string{"a", "b", "c", "d", "e"}
		one, err := New(lists, cells)
		if err != nil {
			t.Fatal(err)
		}
		rand.New(rand.NewPCG(1, 1)).Shuffle(len(cells), func(i, j int) { cells[i], cells[j] = cells[j], cells[i] })
		two, err := New(lists, cells)
		if err != nil || one.Hash() != two.Hash() {
			t.Fatal("the order of rows changes the hash")
		}
		cells[0].Count++
		three, err := New(lists, cells)
		if err != nil || one.Hash() == three.Hash() {
			t.Fatal("another count has the same hash")
		}
	})
}

func TestResamplesFollowTheWeights(t *testing.T) {
	weights := []float64{0, 3, 0, 1, 6, 0}
	r := NewResampler(weights)
	counts := make([]float64, len(weights))
	const n = 200_000
	r.Draw(rand.New(rand.NewPCG(3, 4)), n, counts)
	total := 0.0
	for i, w := range weights {
		total += counts[i]
		if p := w / 10; math.Abs(counts[i]/n-p) > 5*math.Sqrt(p*(1-p)/n) {
			t.Errorf("cell %d: %v of %d, weight %v", i, counts[i], n, w)
		}
	}
	if total != n {
		t.Errorf("%v people drawn, want %d", total, n)
	}
}

func FuzzFromRows(f *testing.F) {
	f.Add("a,b,count\n1,0,5\n")
	f.Add("count,a\n7,1\n")
	f.Add("a,b,count\n0,0,1\n")
	f.Fuzz(func(t *testing.T, text string) {
		rows, err := csv.NewReader(strings.NewReader(text)).ReadAll()
		if err != nil || len(rows) == 0 {
			return
		}
		h, err := FromRows("f", rows[0], rows[1:])
		if err != nil {
			return
		}
		again, err := New(h.Lists, h.Cells)
		if err != nil || again.Hash() != h.Hash() {
			t.Errorf("a table that was read is not accepted as it is: %v", err)
		}
		for _, c := range h.Cells {
			if c.History == 0 || c.Count <= 0 {
				t.Errorf("cell %+v", c)
			}
		}
	})
}

// A person is on the lists of all their records; a record of no list adds nobody and still
// ties two others together.
func TestHistoriesOfClusters(t *testing.T) {
	lists := []string{"a", "b", "c"}
	on := []History{Of(0), Of(1), 0, Of(0, 2), 0}
	tables, err := FromDraws(lists, on, [][]uint32{{0, 0, 0, 3, 4}, {0, 1, 1, 1, 4}})
	if err != nil {
		t.Fatal(err)
	}
	want := [][]Cell{{{Of(0, 1), 1}, {Of(0, 2), 1}}, {{Of(0), 1}, {Of(0, 1, 2), 1}}}
	for i := range want {
		if !cmp.Equal(tables[i].Cells, want[i]) {
			t.Errorf("draw %d gives %v, want %v", i, tables[i].Cells, want[i])
		}
	}
	if _, err := FromClusters(lists, on, []uint32{0}); err == nil {
		t.Error("clusters of one record are taken for those of five")
	}
}
