package disclose

import (
	"testing"

	"pgregory.net/rapid"
)

// counted by hand: 40 people were sent back; 37 of them are in a second table. Three are not,
// which nobody may learn.
func TestACountThatTellsTheRestOfAnotherIsHidden(t *testing.T) {
	tab := func(r01 int64) *Table {
		return &Table{Name: "outcomes", Columns: []string{"outcome"}, Cells: []Cell{{Key: []string{"R01"}, Count: r01}, {Key: []string{"R03"}, Count: 15}}}
	}
	for _, tc := range []struct {
		r01, count int64
		whole      bool
		hidden     bool
	}{
		{22, 40, true, true},   // 3 are left over
		{22, 37, true, false},  // nobody is
		{22, 60, true, false},  // many are
		{22, 35, true, false},  // people came in between, nobody can say how many
		{22, 30, false, true},  // 30 are part of the 37
		{22, 12, false, false}, // 25 others
	} {
		res, err := Suppress([]*Table{tab(tc.r01)}, nil, Options{Flat: true, Known: []Known{{Name: "others", Key: []string{""}, Whole: tc.whole, Count: tc.count}}})
		if err != nil {
			t.Fatal(err)
		}
		if got := res.Audit.Hidden > 0 || res.Refusal != nil; got != tc.hidden {
			t.Errorf("%+v: hidden %v", tc, got)
		}
	}
	if _, err := Suppress([]*Table{tab(22)}, nil, Options{Known: []Known{{Key: []string{"R09"}, Count: 3}}}); err == nil {
		t.Error("a group that no table shows is taken")
	}
}

// What a reader can work out about the difference is what trying every table finds, and is never
// a small group.
func TestTheRangeOfADifferenceIsThatFoundByTryingEveryTable(t *testing.T) {
	tried := 0
	rapid.Check(t, func(t *rapid.T) {
		tab := randomTable(t, []int{3}, rapid.Int64Range(0, 14))
		whole, total := rapid.Bool().Draw(t, "whole"), rapid.Bool().Draw(t, "total")
		key, now := "A1", tab.Cells[1].Count
		if total {
			key, now = "", tab.Cells[0].Count+tab.Cells[1].Count+tab.Cells[2].Count
		}
		rest := rapid.Int64Range(0, 9).Draw(t, "rest")
		count := now + rest
		if !whole {
			count = now - rest
		}
		if count < 5 {
			t.Skip("so few are never published")
		}
		m, err := newModel([]*Table{tab}, nil, Options{Threshold: 5, Flat: true, Known: []Known{{Key: []string{key}, Whole: whole, Count: count}}})
		if err != nil {
			t.Fatal(err)
		}
		if err := m.decide(); err != nil {
			t.Fatal(err)
		}
		p, err := m.public()
		if err != nil {
			t.Fatal(err)
		}
		got, err := p.bounds([]term{{m.s.n, 1}})
		if err != nil {
			t.Fatal(err)
		}
		small := rest > 0 && rest < 5
		if res, err := m.result(); err != nil {
			t.Fatal(err)
		} else if small && res.Refusal == nil && got.Lower > 0 && got.Upper != Unlimited && got.Upper < 5 {
			t.Fatalf("the rest of %d is told to be %v", rest, got)
		}
		const most = 60
		a := bruteForce(joined(m, key, whole, count), most)
		if a == nil {
			t.Skip("too many tables")
		}
		tried++
		want, ok := rangeOf(a, []string{"others", key})
		if !ok {
			t.Fatal("the rest is not among what was tried")
		}
		if got.Lower != want.Lower || got.Upper != want.Upper && got.Upper != Unlimited || got.Upper == Unlimited && want.Upper < most {
			t.Fatalf("%v of %v: we say %v, trying says %v", count, tab.Cells, got, want)
		}
	})
	if tried < 20 {
		t.Errorf("only %d tables could be tried", tried)
	}
	t.Logf("%d tables tried", tried)
}

// joined writes the table and those others as one table over two columns: in which of the two
// a person is counted, and the value.
func joined(m *model, key string, whole bool, count int64) []Published {
	var out []Published
	ours := "ours" // for a whole, the others stand beside the table; for a part, they are the rest of it
	if !whole {
		ours = ""
	}
	for _, c := range m.cells {
		p := Published{Key: []string{ours, c.key[0]}}
		if c.hidden == "" {
			n := c.count
			p.Published = &n
		}
		out = append(out, p)
	}
	if whole {
		leaf := key
		if key == "" {
			leaf = "A9" // others of whom no value is known
			out = append(out, Published{Key: []string{"others", leaf}})
		}
		return append(out, Published{Key: []string{"others", key}}, Published{Key: []string{"", key}, Published: &count})
	}
	for _, v := range []string{"A0", "A1", "A2"} {
		if key == "" || v == key {
			out = append(out, Published{Key: []string{"part", v}})
		}
		out = append(out, Published{Key: []string{"others", v}})
	}
	return append(out, Published{Key: []string{"others", key}}, Published{Key: []string{"part", key}, Published: &count})
}
