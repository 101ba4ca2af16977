package disclose

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// margin is the table of tab over the columns at keep.
func margin(tab *Table, name string, keep ...int) *Table {
	out := &Table{Name: name}
	for _, k := range keep {
		out.Columns = append(out.Columns, tab.Columns[k])
	}
	at := map[string]int{}
	for _, c := range tab.Cells {
		var key []string
		for _, k := range keep {
			key = append(key, c.Key[k])
		}
		i, ok := at[join(key)]
		if !ok {
			i = len(out.Cells)
			at[join(key)] = i
			out.Cells = append(out.Cells, Cell{Key: key})
		}
		out.Cells[i].Count += c.Count
	}
	return out
}

// spread writes a released cell as a cell of the table over all columns.
func spread(columns []string, t ReleasedTable, c ReleasedCell) Published {
	key := make([]string, len(columns))
	for i, col := range t.Columns {
		key[slices.Index(columns, col)] = c.Key[i]
	}
	return Published{Key: key, Published: c.Count}
}

// everything lists all cells of a table over all columns, with what the releases publish
// of them.
func everything(full *Table, releases ...Release) []Published {
	var out []Published
	seen := map[string]int{}
	for _, r := range releases {
		for _, t := range r.Tables {
			for _, c := range t.Cells {
				p := spread(full.Columns, t, c)
				if i, ok := seen[join(p.Key)]; ok {
					if out[i].Published == nil {
						out[i].Published = p.Published
					}
					continue
				}
				seen[join(p.Key)] = len(out)
				out = append(out, p)
			}
		}
	}
	for _, c := range full.Cells {
		if _, ok := seen[join(c.Key)]; !ok {
			out = append(out, Published{Key: c.Key})
		}
	}
	return out
}

func rangeOf(a *attacker, key []string) (Range, bool) {
	for _, q := range a.asked {
		if slices.Equal(q.key, key) {
			return Range{q.lo, q.hi}, true
		}
	}
	return Range{}, false
}

// judge attacks the releases by trying every table, and holds every small cell of the
// tables against the rule.
func judge(t *rapid.T, full *Table, opt Options, tables []*Table, releases ...Release) bool {
	a := bruteForce(everything(full, releases...), 60)
	if a == nil {
		return false
	}
	for _, tab := range tables {
		for _, c := range withTotals(tab) {
			if c.Count == 0 || c.Count >= opt.Threshold {
				continue
			}
			key := spread(full.Columns, ReleasedTable{Columns: tab.Columns}, ReleasedCell{Key: c.Key}).Key
			r, hidden := rangeOf(a, key)
			if !hidden {
				t.Fatalf("%v: %d is published", key, c.Count)
			}
			if !opt.safe(r, c.Count) {
				t.Fatalf("%v: %d has the range %v over %d tables", key, c.Count, r, a.tables)
			}
		}
	}
	return true
}

func withTotals(tab *Table) []Cell {
	sums := map[string]int64{}
	var order []string
	for _, c := range tab.Cells {
		for mask := range 1 << len(c.Key) {
			k := slices.Clone(c.Key)
			for i := range k {
				if mask>>i&1 == 1 {
					k[i] = ""
				}
			}
			if _, ok := sums[join(k)]; !ok {
				order = append(order, join(k))
			}
			sums[join(k)] += c.Count
		}
	}
	var out []Cell
	for _, k := range order {
		out = append(out, Cell{Key: strings.Split(k, keySep), Count: sums[k]})
	}
	return out
}

var smallish = rapid.SampledFrom([]int64{0, 1, 2, 3, 4, 5, 6})

// Two breakdowns of the same people, released one after the other: the second is held
// against the first.
func TestR11ASecondReleaseDoesNotUndoTheFirst(t *testing.T) {
	judged := 0
	rapid.Check(t, func(t *rapid.T) {
		full := randomTable(t, []int{2, 2, 2}, smallish)
		opt := Options{Threshold: 5, Flat: true}
		one, two := margin(full, "one", 0, 1), margin(full, "two", 0, 2)
		first, err := Suppress([]*Table{one}, nil, opt)
		if err != nil {
			t.Fatal(err)
		}
		if first.Release == nil {
			return
		}
		second, err := Suppress([]*Table{two}, []Release{*first.Release}, opt)
		if err != nil {
			t.Fatal(err)
		}
		if second.Release != nil && judge(t, full, opt, []*Table{one, two}, *first.Release, *second.Release) {
			judged++
		}
	})
	if judged < 20 {
		t.Errorf("only %d were judged", judged)
	}
}

// Linked tables in one release, in a line and in a circle.
func TestR11LinkedTablesDoNotGiveEachOtherAway(t *testing.T) {
	judged := 0
	rapid.Check(t, func(t *rapid.T) {
		full := randomTable(t, []int{2, 2, 2}, smallish)
		opt := Options{Threshold: 5, Flat: true}
		tables := []*Table{margin(full, "ab", 0, 1), margin(full, "bc", 1, 2)}
		if rapid.Bool().Draw(t, "circle") {
			tables = append(tables, margin(full, "ac", 0, 2))
		}
		res, err := Suppress(tables, nil, opt)
		if err != nil {
			t.Fatal(err)
		}
		if res.Release != nil && judge(t, full, opt, tables, *res.Release) {
			judged++
		}
	})
	if judged < 20 {
		t.Errorf("only %d were judged", judged)
	}
}

// people over time: column when says whether a person was counted in the first release.
func laterTables(t *rapid.T) (full, before, after *Table) {
	full = randomTable(t, []int{rapid.IntRange(2, 3).Draw(t, "groups"), 2}, rapid.SampledFrom([]int64{0, 0, 1, 2, 5, 6, 8}))
	full.Columns[1] = "when"
	before = &Table{Name: "before", Columns: []string{"a"}}
	for _, c := range full.Cells {
		if c.Key[1] == "B0" {
			before.Cells = append(before.Cells, Cell{Key: c.Key[:1], Count: c.Count})
		}
	}
	return full, before, margin(full, "after", 0)
}

// inTime writes two releases over a as one over a and when.
func inTime(first, second Release) Release {
	var t ReleasedTable
	t.Columns = []string{"a", "when"}
	for i, r := range []Release{first, second} {
		for _, c := range r.Tables[0].Cells {
			t.Cells = append(t.Cells, ReleasedCell{Key: []string{c.Key[0], []string{"B0", ""}[i]}, Count: c.Count})
		}
	}
	return Release{Tables: []ReleasedTable{t}}
}

// R11: who was added between two releases is a small group too. Publishing each table as
// if the other did not exist gives it away; we do not.
func TestR11DifferencesBetweenReleasesAreProtected(t *testing.T) {
	naive, judged := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		full, before, after := laterTables(t)
		opt := Options{Threshold: 5, Flat: true, Relation: []Relation{Grown}}
		alone := Options{Threshold: 5, Flat: true}
		first, err := Suppress([]*Table{before}, nil, alone)
		if err != nil {
			t.Fatal(err)
		}
		if first.Release == nil {
			return
		}
		second, err := Suppress([]*Table{after}, []Release{*first.Release}, opt)
		if err != nil {
			t.Fatal(err)
		}
		if second.Release == nil {
			return
		}
		a := bruteForce(everything(full, inTime(*first.Release, *second.Release)), 60)
		if a == nil {
			return
		}
		judged++
		for _, c := range withTotals(full) {
			if c.Key[1] == "B0" || c.Count == 0 || c.Count >= 5 {
				continue
			}
			r := Range{c.Count, c.Count}
			if c.Key[1] == "" {
				if got, ok := rangeOf(a, c.Key); ok {
					r = got
				}
			} else {
				r = differenceRange(a, full, c.Key[0])
			}
			if !opt.safe(r, c.Count) && !opt.safe(r, -1) {
				t.Fatalf("%v: %d people, a reader knows %v", c.Key, c.Count, r)
			}
		}
		blind, err := Suppress([]*Table{after}, nil, alone)
		if err != nil || blind.Release == nil {
			return
		}
		if b := bruteForce(everything(full, inTime(*first.Release, *blind.Release)), 60); b != nil {
			for _, c := range withTotals(full) {
				if c.Key[1] == "B1" && c.Count > 0 && c.Count < 5 && differenceRange(b, full, c.Key[0]).Exact() {
					naive++
				}
			}
		}
	})
	t.Logf("%d pairs of releases judged; blind to the first, the second gave away %d small groups", judged, naive)
	if judged < 20 || naive == 0 {
		t.Errorf("%d judged, %d given away by the naive way: the test shows nothing", judged, naive)
	}
}

func differenceRange(a *attacker, full *Table, group string) Range {
	r, ok := rangeOf(a, []string{group, "B1"})
	if !ok {
		r = Range{-1, -1}
	}
	return r
}

// Worked by hand. In March 12, 20 and 31 people; in June one more in F2. Both tables
// look harmless, and 21-20 is one person.
func TestR11OnePersonMoreIsNotShown(t *testing.T) {
	table := func(f2 int64) *Table {
		return &Table{Name: "t", Columns: []string{"facility"}, Cells: []Cell{
			{Key: []string{"F1"}, Count: 12}, {Key: []string{"F2"}, Count: f2}, {Key: []string{"F3"}, Count: 31}}}
	}
	march, err := Suppress([]*Table{table(20)}, nil, Options{})
	if err != nil || march.Audit.Hidden != 0 {
		t.Fatal(march, err)
	}
	june, err := Suppress([]*Table{table(21)}, []Release{*march.Release}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if june.Relations[0] != Grown {
		t.Errorf("relation %q", june.Relations[0])
	}
	for _, c := range june.Cells {
		if (c.Key[0] == "F2" || c.Key[0] == "") && c.Published != nil {
			t.Errorf("%v: %d is published", c.Key, *c.Published)
		}
	}
}

// A record holds what was published and nothing else.
func TestARecordHoldsNoHiddenCount(t *testing.T) {
	res, err := Suppress([]*Table{facilityYear(t)}, nil, Options{Threshold: 5})
	if err != nil {
		t.Fatal(err)
	}
	b, err := json.Marshal(res.Release)
	if err != nil {
		t.Fatal(err)
	}
	for _, word := range []string{Primary, Secondary, res.InputHash, `"count":4,`, `"count":2,`, `"count":48`} {
		if strings.Contains(string(b), word) {
			t.Errorf("the record holds %q", word)
		}
	}
}
