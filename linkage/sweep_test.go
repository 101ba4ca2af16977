package linkage

import (
	"fmt"
	"maps"
	"math"
	"os/exec"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
	"time"

	"pgregory.net/rapid"

	"example.org/amparo/internal/exchange/columns"
	"example.org/amparo/linkage/table"
)

// few is a table of values of which many are the same, near or missing, and a model with
// every kind of field: exchanged ones, one that has no quick way, and several rules.
func few(t *rapid.T) (*table.Table, Model) {
	// the number of distinct values decides between the ways pairs are compared
	kinds := rapid.IntRange(2, 40).Draw(t, "kinds")
	cell := func(name string, of func(k int) string) string {
		k := rapid.IntRange(0, kinds).Draw(t, name)
		if k == 0 {
			return ""
		}
		return of(k)
	}
	name := func(k int) string { return fmt.Sprintf("%c%car%ci", 'k'+k%3, 'a'+k%5, 'm'+k%7) }
	names := []string{"first", "last", "born", "code", "note", "year"}
	n := rapid.IntRange(2, 90).Draw(t, "records")
	b := table.NewBuilder(names)
	for s := range rapid.IntRange(1, 2).Draw(t, "sources") {
		b.Source(fmt.Sprint(s))
		for range n {
			for c, text := range []string{cell("first", name), cell("last", name),
				cell("born", func(k int) string { return fmt.Sprintf("19%02d-0%d-1%d", k%10, 1+k%3, k%4) }),
				cell("code", func(k int) string { return fmt.Sprintf("02%d%d", k%4, 100*k) }),
				cell("note", func(k int) string { return fmt.Sprintf("seen at the market %d, near %s", k%3, name(k)) }),
				cell("year", func(k int) string { return fmt.Sprint(1990 + k%2) })} {
				b.Set(c, []byte(text))
			}
			b.Next()
		}
	}
	return b.Table(), Model{
		Fields: []Field{{Name: "first", Compare: "name", Frequency: true, Swap: "last"}, {Name: "last", Compare: "name"},
			{Name: "born", Compare: "date", Frequency: true}, {Name: "code", Compare: "code"}, {Name: "note", Compare: "text"},
			{Name: "year", Compare: "exact"}},
		Blocks: rapid.SliceOfN(rapid.SampledFrom([][]string{{"year"}, {"first:prefix2"}, {"born:month"}, {"note:rare"}, {"last", "year"}, {}}), 1, 4).Draw(t, "rules"),
		Cap:    rapid.SampledFrom([]int{0, 8, 40}).Draw(t, "cap"),
	}
}

// ready prepares a table and takes codes that are not "differs" as rare.
func ready(t interface{ Fatal(...any) }, tab *table.Table, m Model, workers int) (*engine, [][]float64) {
	e, err := prepare(tab, m, Options{Workers: workers, Progress: func(string) {}})
	if err != nil {
		t.Fatal(err)
	}
	u := make([][]float64, len(e.fields))
	for i, f := range e.fields {
		for code := range f.shape.Codes() {
			u[i] = append(u[i], math.Exp2(float64(-code)))
		}
	}
	return e, u
}

// However pairs are compared (in batches, by distinct values of a block, by one worker or
// several), every pair that a rule finds counts once, with the pattern that comparing its
// two records alone gives.
func TestASweepCountsThePatternOfEveryPairItFinds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		tab, m := few(t)
		across := rapid.Bool().Draw(t, "across") && len(tab.Sources) > 1
		workers := rapid.IntRange(1, 3).Draw(t, "workers")
		e, u := ready(t, tab, m, workers)
		rules, err := e.rules(m.Blocks)
		if err != nil {
			t.Fatal(err)
		}
		got, err := e.sweep(rules, across, u)
		if err != nil {
			t.Fatal(err)
		}
		want := map[uint64]float64{}
		hopeful := map[[2]uint32]uint64{}
		c := newCounter(e, u)
		for i := range uint32(tab.Rows()) {
			for j := i + 1; j < uint32(tab.Rows()); j++ {
				if got.sweeper.Found(i, j) == 0 || across && e.rows.Source[i] == e.rows.Source[j] {
					continue
				}
				p := e.pattern(i, j)
				want[p]++
				if c.hope(p) {
					hopeful[[2]uint32{i, j}] = p
				}
			}
		}
		counted := map[uint64]float64{}
		for _, n := range got.counts {
			counted[n.Pattern] = n.N
		}
		if !maps.Equal(counted, want) {
			t.Fatalf("%v, not %v", counted, want)
		}
		kept := map[[2]uint32]uint64{}
		for _, p := range slices.Concat(got.chunks...) {
			kept[[2]uint32{p.i, p.j}] = got.counts[p.pattern].Pattern
		}
		if !maps.Equal(kept, hopeful) {
			t.Fatalf("%v are kept, not %v", kept, hopeful)
		}
	})
}

// Several workers keep the same pairs in the same order as one.
func TestTheOrderOfKeptPairsDoesNotDependOnTheWorkers(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		tab, m := few(t)
		var first []scored
		for workers := 1; workers <= 3; workers++ {
			e, u := ready(t, tab, m, workers)
			rules, err := e.rules(m.Blocks)
			if err != nil {
				t.Fatal(err)
			}
			got, err := e.sweep(rules, false, u)
			if err != nil {
				t.Fatal(err)
			}
			all := slices.Concat(got.chunks...)
			if workers == 1 {
				first = all
			} else if !slices.Equal(all, first) {
				t.Fatalf("%d workers keep other pairs, or in another order", workers)
			}
		}
	})
}

// BenchmarkCompareAYear compares everybody with everybody born in the same year, of a
// hundred thousand invented persons: 53 million pairs of six fields, those suggested. It
// tells pairs a second of wall time and of processor time, with two workers.
func BenchmarkCompareAYear(b *testing.B) {
	if testing.Short() {
		b.Skip("53 million pairs are too many for -short")
	}
	file := filepath.Join(b.TempDir(), "people.csv")
	if out, err := exec.Command("go", "run", "example.org/amparo/bench/people", "-records", "100000", "-seed", "1", "-out", file).CombinedOutput(); err != nil {
		b.Fatalf("%v: %s", err, out)
	}
	tab, err := columns.Read(file)
	if err != nil {
		b.Fatal(err)
	}
	m, err := Suggest(tab, "cluster")
	if err != nil {
		b.Fatal(err)
	}
	m.Blocks = [][]string{{"dob:year"}}
	e, u := ready(b, tab, m, 2)
	rules, err := e.rules(m.Blocks)
	if err != nil {
		b.Fatal(err)
	}
	for i := range e.fields {
		c := e.sample(i, false)
		e.update(i, c, false, nil, nil)
		u[i] = c.u
	}
	pairs, before := int64(0), processorTime(b)
	for b.Loop() {
		got, err := e.sweep(rules, false, u)
		if err != nil {
			b.Fatal(err)
		}
		pairs += got.visited
	}
	b.ReportMetric(float64(pairs)/b.Elapsed().Seconds()/1e6, "Mpairs/s")
	b.ReportMetric(float64(pairs)/(processorTime(b)-before).Seconds()/1e6, "Mpairs/CPU-s")
}

// processorTime is what the processors have spent on this process.
func processorTime(t testing.TB) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		t.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
