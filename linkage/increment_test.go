package linkage_test

import (
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"sort"
	"testing"

	"pgregory.net/rapid"

	"example.org/amparo/fault"
	"example.org/amparo/linkage"
	"example.org/amparo/linkage/compare"
	"example.org/amparo/linkage/table"
)

// cellsOf is a row of a table by column name.
func cellsOf(tab *table.Table, row int) map[string]string {
	out := map[string]string{}
	for _, c := range tab.Columns {
		out[c.Name] = c.At(row)
	}
	return out
}

// head is the first n rows of a table of one source.
func head(t testing.TB, tab *table.Table, n int) *table.Table {
	t.Helper()
	var names []string
	for _, c := range tab.Columns {
		names = append(names, c.Name)
	}
	var rows [][]string
	for r := range n {
		var row []string
		for _, c := range tab.Columns {
			row = append(row, c.At(r))
		}
		rows = append(rows, row)
	}
	out, err := table.FromRows("head", names, rows)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func indexed(t testing.TB, r *linkage.Result) *linkage.Index {
	t.Helper()
	x, err := r.Index()
	if err != nil {
		t.Fatal(err)
	}
	return x
}

// named is a partition by what the records are, not by their numbers: of every record the
// least original number in its entity.
func named(of []uint32, original []int) map[int]int {
	least := map[uint32]int{}
	for r, c := range of {
		if l, ok := least[c]; !ok || original[r] < l {
			least[c] = original[r]
		}
	}
	out := map[int]int{}
	for r, c := range of {
		out[original[r]] = least[c]
	}
	return out
}

// Additions in any order sum up to linking everything at once with the same model, with
// rules and without, and the events lead from the first clusters to the last.
func TestARerunIsTheSumOfTheIncrements(t *testing.T) {
	all, m := small()
	const base = 450
	first := head(t, all, base)
	rules := m
	rules.Blocks = nil
	for _, f := range m.Fields[:min(4, len(m.Fields))] {
		rules.Blocks = append(rules.Blocks, []string{f.Name})
	}
	for name, m := range map[string]linkage.Model{"all pairs": m, "rules": rules} {
		var before map[int]int
		for seed := range uint64(2) {
			r := linked(t, first, m, linkage.Options{})
			x := indexed(t, r)
			was := slices.Clone(r.Clusters.Of)
			order := rand.New(rand.NewPCG(seed, 1)).Perm(all.Rows() - base)
			original := make([]int, base, all.Rows())
			for k := range original {
				original[k] = k
			}
			joined := 0
			for _, k := range order {
				a, err := x.Add("", cellsOf(all, base+k))
				if err != nil {
					t.Fatal(err)
				}
				original = append(original, base+k)
				if a.Entity != a.Record || len(a.Events) > 0 {
					joined++
				}
			}
			if joined < 20 {
				t.Fatalf("%s: only %d of %d additions met anybody: nothing is tested", name, joined, len(order))
			}
			again, err := x.Rerun()
			if err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(again, r.Clusters.Of) {
				t.Errorf("%s: linking all at once gives other clusters than the increments", name)
			}
			got := named(r.Clusters.Of, original)
			if before != nil && !reflect.DeepEqual(got, before) {
				t.Errorf("%s: another order of additions gives other clusters", name)
			}
			before = got
			replay(t, was, r.Clusters.Of, x.Events())
		}
	}
}

// replay checks that the sum of the events is what [linkage.Changes] finds between the two
// ends: the records whose entity changed are those of events.
func replay(t *testing.T, was, is []uint32, events []linkage.Event) {
	t.Helper()
	touched := map[uint32]bool{}
	for _, e := range events {
		for _, r := range e.Records {
			touched[r] = true
		}
		if len(e.Cause.Records) == 0 || e.Cause.Kind != linkage.ByRecord {
			t.Fatalf("event without its cause: %+v", e)
		}
	}
	for _, e := range linkage.Changes(was, is, linkage.Cause{Kind: linkage.ByModel}) {
		for _, r := range e.Records {
			if !touched[r] {
				t.Errorf("record %d changed its entity and no event says so: %+v", r, e)
			}
		}
	}
}

// What an index says of a new record is what its own explanation adds up to, and the rules
// that find the pair are those of a run over all records.
func TestAnAddedRecordIsExplainedAsAnyOther(t *testing.T) {
	all, m := small()
	m.Blocks = [][]string{{m.Fields[0].Name}, {m.Fields[1].Name}, {m.Fields[2].Name}}
	const base = 500
	r := linked(t, head(t, all, base), m, linkage.Options{})
	x := indexed(t, r)
	seen := 0
	for row := base; row < all.Rows(); row++ {
		a, err := x.Add("", cellsOf(all, row))
		if err != nil {
			t.Fatal(err)
		}
		for _, match := range a.Matches {
			e, err := r.Explain(match.Record, a.Record)
			if err != nil {
				t.Fatal(err)
			}
			sum := 0.0
			for _, b := range e.Bars {
				sum += b.Bits
			}
			if math.Abs(sum-match.Bits) > 1e-9 {
				t.Errorf("bars sum to %g, the match has %g bits", sum, match.Bits)
			}
			if len(e.FoundBy) == 0 {
				t.Errorf("no rule is said to find %d and %d", match.Record, a.Record)
			}
			if e.Together != (r.Clusters.Of[match.Record] == a.Entity) {
				t.Errorf("the explanation and the clusters differ on %d and %d", match.Record, a.Record)
			}
			seen++
		}
		if want := all.Columns[1].At(row); want != "" {
			e, err := r.Explain(0, a.Record)
			if err != nil {
				t.Fatal(err)
			}
			if !slices.ContainsFunc(e.Bars, func(b linkage.Bar) bool { return b.Right == want }) {
				t.Errorf("the explanation does not show the cell %q as it stood", want)
			}
		}
	}
	if seen < 20 {
		t.Fatalf("only %d matches: nothing is tested", seen)
	}
}

// A decision and its withdrawal leave no trace but the log; what was decided holds at
// once; a contradiction is refused with its chain and changes nothing.
func TestADecisionTakesEffectAtOnceAndCanBeTakenBack(t *testing.T) {
	all, m := small()
	all = head(t, all, 120)
	r := linked(t, all, m, linkage.Options{})
	x := indexed(t, r)
	type made struct {
		d      linkage.Decision
		before []uint32
	}
	var left []made // by a case that failed
	rapid.Check(t, func(t *rapid.T) {
		for _, m := range left {
			_, _ = x.Withdraw(m.d.I, m.d.J, "") // some are withdrawn already
		}
		var done []made
		defer func() { left = done }()
		for _, d := range decisions(t, all.Rows()) {
			before := slices.Clone(r.Clusters.Of)
			events, err := x.Decide(d, "by hand")
			if err != nil {
				if fault.KindOf(err) != fault.Conflict {
					t.Fatal(err)
				}
				if !slices.Equal(before, r.Clusters.Of) {
					t.Fatal("a refused decision changed the clusters")
				}
				continue
			}
			if (r.Clusters.Of[d.I] == r.Clusters.Of[d.J]) != d.Same {
				t.Fatalf("decision %+v does not hold", d)
			}
			if got := linkage.Changes(before, r.Clusters.Of, linkage.Cause{Kind: linkage.ByDecision, Records: []uint32{min(d.I, d.J), max(d.I, d.J)}, Note: "by hand"}); len(got)+len(events) > 0 && !reflect.DeepEqual(got, events) {
				t.Fatalf("events %+v, want %+v", events, got)
			}
			if !slices.ContainsFunc(done, func(m made) bool { return samePair(m.d, d) }) {
				done = append(done, made{d, before})
			}
		}
		again, err := x.Rerun()
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(again, r.Clusters.Of) {
			t.Fatal("decided one by one, clusters differ from those decided at once")
		}
		for k := len(done) - 1; k >= 0; k-- {
			if _, err := x.Withdraw(done[k].d.I, done[k].d.J, ""); err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(r.Clusters.Of, done[k].before) {
				t.Fatalf("taking back %+v does not restore what was", done[k].d)
			}
		}
		if _, err := x.Withdraw(0, 1, ""); err == nil {
			t.Fatal("a decision never made was taken back")
		}
	})
}

func samePair(a, b linkage.Decision) bool {
	return min(a.I, a.J) == min(b.I, b.J) && max(a.I, a.J) == max(b.I, b.J)
}

// Changes tells for every record whether its company changed, by definition.
func TestChangesAreThoseOfTheCompanyOfEveryRecord(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 12).Draw(t, "records")
		known := rapid.IntRange(0, n).Draw(t, "known")
		partition := func(label string, n int) []uint32 {
			first := map[int]uint32{}
			out := make([]uint32, n)
			for i := range out {
				c := rapid.IntRange(0, 4).Draw(t, label)
				if _, ok := first[c]; !ok {
					first[c] = uint32(i)
				}
				out[i] = first[c]
			}
			return out
		}
		before, after := partition("before", known), partition("after", n)
		company := func(of []uint32, r int) (out []uint32) {
			for i, c := range of {
				if r < len(of) && c == of[r] {
					out = append(out, uint32(i))
				}
			}
			return out
		}
		cause := linkage.Cause{Kind: linkage.ByModel}
		in := map[uint32]string{}
		for _, e := range linkage.Changes(before, after, cause) {
			if !reflect.DeepEqual(e.Cause, cause) || !sort.SliceIsSorted(e.Records, func(i, j int) bool { return e.Records[i] < e.Records[j] }) {
				t.Fatalf("%+v", e)
			}
			for _, r := range e.Records {
				if in[r] != "" {
					t.Fatalf("record %d is in two events", r)
				}
				in[r] = e.Kind
			}
			was, is := len(e.Before), len(e.After)
			if ok := map[string]bool{linkage.Joined: was <= 1 && is == 1, linkage.Merged: was > 1 && is == 1, linkage.Split: was == 1 && is > 1, linkage.Regrouped: was != 1 && is > 1}[e.Kind]; !ok {
				t.Fatalf("%d entities became %d, called %s", was, is, e.Kind)
			}
		}
		for r := range n {
			was, is := company(before, r), company(after, r)
			changed := !slices.Equal(was, is) && !(was == nil && len(is) == 1)
			if changed && in[uint32(r)] == "" {
				t.Fatalf("record %d had company %v and has %v: no event", r, was, is)
			}
		}
		if events := linkage.Changes(after, after, cause); len(events) > 0 {
			t.Fatalf("no change gives %+v", events)
		}
	})
}

// Two sources: a record of a source that does not repeat itself is compared with the other
// only; an unknown source is refused with the known ones.
func TestAnAddedRecordHasASource(t *testing.T) {
	all, m := small()
	var names []string
	for _, c := range all.Columns {
		names = append(names, c.Name)
	}
	b := table.NewBuilder(names)
	for s := range 2 {
		b.Source([]string{"left", "right"}[s])
		for row := 200 * s; row < 200*s+200; row++ {
			for k, c := range all.Columns {
				b.Set(k, []byte(c.At(row)))
			}
			b.Next()
		}
	}
	m.Link, m.OneToOne = linkage.LinkOnly, true
	r := linked(t, b.Table(), m, linkage.Options{})
	x := indexed(t, r)
	if _, err := x.Add("middle", nil); err == nil {
		t.Error("a record of an unknown source was taken in")
	}
	for row := 400; row < 500; row++ {
		a, err := x.Add("left", cellsOf(all, row))
		if err != nil {
			t.Fatal(err)
		}
		for _, match := range a.Matches {
			if match.Record < 200 || match.Record >= 400 {
				t.Errorf("record %d of left was compared with %d of left", a.Record, match.Record)
			}
		}
	}
	again, err := x.Rerun()
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(again, r.Clusters.Of) {
		t.Error("linking all at once gives other clusters than the increments")
	}
}

// A record of nothing is alone, and a comparer that cannot grow is refused.
func TestAnIndexRefusesWhatItCannotKeepUp(t *testing.T) {
	all, m := small()
	x := indexed(t, linked(t, all, m, linkage.Options{}))
	if a, err := x.Add("", nil); err != nil || len(a.Matches) > 0 || a.Entity != a.Record {
		t.Errorf("an empty record: %+v, %v", a, err)
	}
	m.Fields = slices.Clone(m.Fields)
	m.Fields[0].Compare = "rigid"
	r := linked(t, all, m, linkage.Options{Comparers: map[string]compare.Comparer{"rigid": rigid{}}})
	if _, err := r.Index(); err == nil {
		t.Error("a comparer that cannot take new values was taken")
	}
}

// rigid compares like exact and cannot take new values.
type rigid struct{}

func (rigid) Levels() []string            { return []string{"differs", "same"} }
func (rigid) Normalise(raw string) string { return raw }
func (rigid) Keys() []compare.Key         { return []compare.Key{{Name: "same", Agree: 0.8}} }
func (rigid) Prepare(v compare.Values) compare.Prepared {
	return rigidForms{v}
}

type rigidForms struct{ v compare.Values }

func (rigidForms) Level(a, b uint32) uint8 { return 0 }
func (rigidForms) Bytes() int64            { return 0 }
func (rigidForms) Keys(_ int, id uint32, dst []uint32) []uint32 {
	return append(dst, id)
}

// BenchmarkIncrement adds records to a million, each with the explanation of its best
// match, and reports the slowest of a hundred.
func BenchmarkIncrement(b *testing.B) {
	if testing.Short() {
		b.Skip("a million records are too many for -short")
	}
	const base, more = 1_000_000, 20_000
	all := people(b, base+more, 1)
	r := linked(b, head(b, all, base), suggested(b, all, "cluster"), linkage.Options{Workers: 2})
	x := indexed(b, r)
	var took []float64
	next := base
	for b.Loop() {
		if next == all.Rows() {
			b.Fatalf("no more than %d records are there to add: give -benchtime %dx", more, more)
		}
		cells := cellsOf(all, next)
		next++
		start := b.Elapsed()
		a, err := x.Add("", cells)
		if err != nil {
			b.Fatal(err)
		}
		if len(a.Matches) > 0 {
			if _, err := r.Explain(a.Record, a.Matches[0].Record); err != nil {
				b.Fatal(err)
			}
		}
		took = append(took, (b.Elapsed()-start).Seconds()*1e3)
	}
	slices.Sort(took)
	b.ReportMetric(took[len(took)*99/100], "ms/p99")
	b.ReportMetric(took[len(took)/2], "ms/p50")
}
