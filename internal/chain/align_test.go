package chain_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"example.org/amparo/id"
	"example.org/amparo/internal/chain"
	"example.org/amparo/when"
)

// drawn is a table as text: one line a row, "." where a telling is silent.
func drawn(t chain.Table) string {
	var b strings.Builder
	for _, r := range t.Rows {
		for _, c := range r.Cells {
			if c.Stage == nil {
				b.WriteString(" .")
				continue
			}
			fmt.Fprintf(&b, " %s", c.Stage.Type)
		}
		for _, c := range r.Contradicting {
			fmt.Fprintf(&b, " !%s(%d,%d)", c.Field, c.A, c.B)
		}
		b.WriteString("\n")
	}
	return b.String()
}

func TestTellingsAreLaidOverEachOtherStageByStage(t *testing.T) {
	a := chain.Telling{Source: id.ID{1}, Stages: []chain.Stage{
		stage(t, 1, "ST02", "2001-03", "-", "a week"), stage(t, 2, "ST03", "2001-03", "-", "12 days", "place", "CN-TUM"),
		stage(t, 3, "ST05", "2001-04", "-", "20 days", "place", "KP-ONS"), stage(t, 4, "ST07", "2001-05", "-", "about two months", "place", "KP-CHO")}}
	// the same chain a year off, without the arrest, and with a longer interrogation elsewhere
	b := chain.Telling{Source: id.ID{2}, Stages: []chain.Stage{
		stage(t, 11, "ST03", "2002-03", "-", "12 days", "place", "CN-TUM", "order", "1"), stage(t, 12, "ST05", "2001-04", "-", "50 days", "place", "KP-SIN", "order", "2"), stage(t, 13, "ST07", "2001", "-", "2 months", "place", "KP/North Hamgyong", "order", "3")}}
	// one who calls interrogation by another name, and tells of a release
	c := chain.Telling{Source: id.ID{3}, Stages: []chain.Stage{stage(t, 21, "ST08", "2001-04", "-", "-", "place", "KP-ONS"), stage(t, 22, "ST11", "2001-08", "-", "-")}}
	got := drawn(chain.Align([]chain.Telling{a, b, c}))
	want := ` ST02 . .
 ST03 ST03 . !in(0,1)
 ST05 ST05 ST08 !place(0,1) !duration(0,1) !stage(0,2) !stage(1,2) !place(1,2)
 ST07 ST07 .
 . . ST11
`
	if got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}

// However tellings differ: every stage of every telling is in one row, in the telling's
// own order, and the columns may be given in any order.
func TestAlignmentLosesNothingAndKeepsEachOrder(t *testing.T) {
	types := []string{"ST02", "ST03", "ST05", "ST07", "ST09", "ST11"}
	rapid.Check(t, func(rt *rapid.T) {
		n := byte(0)
		tellings := make([]chain.Telling, rapid.IntRange(0, 4).Draw(rt, "tellings"))
		for i := range tellings {
			tellings[i].Source = id.ID{byte(i + 1)}
			for j := range rapid.IntRange(0, 5).Draw(rt, "stages") {
				n++
				tellings[i].Stages = append(tellings[i].Stages, stage(t, n, rapid.SampledFrom(types).Draw(rt, "type"), fmt.Sprint(rapid.IntRange(1998, 2005).Draw(rt, "year")), "-", "-", "order", fmt.Sprint(j+1)))
			}
		}
		table := chain.Align(tellings)
		for i, x := range tellings {
			var column []byte
			for _, r := range table.Rows {
				if s := r.Cells[i].Stage; s != nil {
					column = append(column, s.Record[0])
				}
			}
			var want []byte
			for _, s := range x.Stages {
				want = append(want, s.Record[0])
			}
			if !slices.Equal(column, want) {
				rt.Fatalf("telling %d: %v in the table, %v told", i, column, want)
			}
		}
		for _, r := range table.Rows {
			if !slices.ContainsFunc(r.Cells, func(c chain.Cell) bool { return c.Stage != nil }) {
				rt.Fatal("a row nobody speaks of")
			}
		}
		back := slices.Clone(tellings)
		slices.Reverse(back)
		other := chain.Align(back)
		if len(other.Rows) != len(table.Rows) || other.Contradictions() != table.Contradictions() {
			rt.Fatalf("%d rows and %d contradictions in one order of columns, %d and %d in another", len(table.Rows), table.Contradictions(), len(other.Rows), other.Contradictions())
		}
		for i, r := range table.Rows {
			for j, c := range r.Cells {
				if d := other.Rows[i].Cells[len(tellings)-1-j].Stage; (c.Stage == nil) != (d == nil) || c.Stage != nil && c.Stage.Record != d.Record {
					rt.Fatal("rows depend on the order of the columns")
				}
			}
		}
	})
}

func TestATellingAgreesWithItself(t *testing.T) {
	a := chain.Telling{Source: id.ID{1}, Stages: []chain.Stage{stage(t, 1, "ST05", "2001-04", "2001-05", "20 days", "place", "KP-ONS"), stage(t, 2, "ST07", "2001-05", "-", "-")}}
	b := a
	b.Source = id.ID{2}
	table := chain.Align([]chain.Telling{a, b})
	if len(table.Rows) != 2 || table.Contradictions() != 0 {
		t.Errorf("%s", drawn(table))
	}
}

// Numbers tell the order within one return: the second return begins with 1 again.
func TestReturnsFollowEachOther(t *testing.T) {
	rec := func(n byte) id.ID { return id.ID{n} }
	stage := func(n, of byte, order int, typ, in string) chain.Stage {
		s := chain.Stage{Record: rec(n), Episode: rec(of), Order: order, Type: typ}
		if in != "" {
			d, err := when.Parse(in)
			if err != nil {
				t.Fatal(err)
			}
			s.In = d
		}
		return s
	}
	one := chain.Telling{Source: rec(90), Stages: []chain.Stage{stage(1, 50, 1, "ST01", "2001-02"), stage(2, 50, 2, "ST02", "2001-03"), stage(3, 40, 1, "ST01", "2000-06"),
		stage(4, 40, 2, "ST02", ""), stage(5, 40, 3, "ST04", "2000-09")}}
	var got []byte
	for _, r := range chain.Align([]chain.Telling{one}).Rows {
		got = append(got, r.Cells[0].Stage.Record[0])
	}
	if want := []byte{3, 4, 5, 1, 2}; !slices.Equal(got, want) {
		t.Errorf("the stages stand as %v, want %v", got, want)
	}
}
