package table_test

import (
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"example.org/amparo/fault"
	"example.org/amparo/linkage/table"
)

func TestADictionaryKeepsEveryTextOnceWithItsCount(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.OneOf(rapid.StringMatching(`[ab]{0,9}`), rapid.String())
		var d table.Dict
		ids, counts := map[string]uint32{}, map[string]int{}
		for _, s := range rapid.SliceOfN(text, 0, 300).Draw(t, "texts") {
			id := d.Add([]byte(s))
			if old, seen := ids[s]; seen && id != old || (id == table.Missing) != (s == "") {
				t.Fatalf("%q has the id %d, had %d", s, id, old)
			}
			ids[s] = id
			counts[s]++
		}
		delete(ids, "")
		if d.Len() != len(ids)+1 {
			t.Fatalf("%d texts, not %d", d.Len()-1, len(ids))
		}
		for s, id := range ids {
			if d.At(id) != s || d.Find(s) != id || d.Count(id) != counts[s] || int(id) >= d.Len() {
				t.Fatalf("%q: id %d, found %d, text %q, count %d", s, id, d.Find(s), d.At(id), d.Count(id))
			}
		}
		if absent := text.Draw(t, "absent"); ids[absent] == 0 && d.Find(absent) != table.Missing {
			t.Fatalf("%q is found, but was never added", absent)
		}
	})
}

func TestThousandsOfTextsSurviveGrowth(t *testing.T) {
	var d table.Dict
	for i := range 20_000 {
		d.Add(fmt.Appendf(nil, "name %d", i%10_000))
	}
	for i := range 10_000 {
		s := fmt.Sprintf("name %d", i)
		if id := d.Find(s); d.At(id) != s || d.Count(id) != 2 {
			t.Fatalf("%q: %q, %d times", s, d.At(id), d.Count(id))
		}
	}
}

func TestRowsComeBackAsTheyWerePut(t *testing.T) {
	tab, err := table.FromRows("a", []string{"x", "y"}, [][]string{{"1", "2"}, {"1"}, {"", "3"}})
	if err != nil {
		t.Fatal(err)
	}
	y := tab.Column("y")
	if tab.Rows() != 3 || y.At(0) != "2" || y.At(1) != "" || y.At(2) != "3" || y.Filled() != 2 || tab.Column("z") != nil {
		t.Errorf("%+v", tab)
	}
	if _, err := table.FromRows("a", []string{"x"}, [][]string{{"1", "2"}}); fault.KindOf(err) != fault.Invalid {
		t.Errorf("%v", err)
	}
}

func TestASampleHasRowsOfEverySource(t *testing.T) {
	b := table.NewBuilder([]string{"x"})
	for s, n := range []int{900, 95, 5} {
		b.Source(fmt.Sprint(s))
		for i := range n {
			b.Set(0, fmt.Appendf(nil, "%d-%d", s, i))
			b.Next()
		}
	}
	all := b.Table()
	part := all.Sample(100)
	if part.Rows() > 102 || len(part.Sources) != 3 {
		t.Errorf("%d rows of %d sources", part.Rows(), len(part.Sources))
	}
	seen := map[string]bool{}
	for r := range part.Rows() {
		v := part.Column("x").At(r)
		if seen[v] || v[:1] != fmt.Sprint(part.Source(r)) {
			t.Errorf("row %d of source %d is %s", r, part.Source(r), v)
		}
		seen[v] = true
	}
	for s := range 3 {
		if part.Starts[s+1]-part.Starts[s] < 2 {
			t.Errorf("source %d has %d rows", s, part.Starts[s+1]-part.Starts[s])
		}
	}
	if all.Sample(1000) != all {
		t.Error("a table that is small enough is copied")
	}
}

func BenchmarkDictAdd(b *testing.B) {
	texts := make([][]byte, 10_000)
	for i := range texts {
		texts[i] = fmt.Appendf(nil, "surname%d", i)
	}
	for b.Loop() {
		var d table.Dict
		for _, s := range texts {
			d.Add(s)
		}
	}
}
