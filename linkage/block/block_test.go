package block_test

import (
	"fmt"
	"slices"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"example.org/amparo/fault"
	"example.org/amparo/linkage/block"
)

// pair is two records, I < J.
type pair struct{ I, J uint32 }

func pairsOf(s *block.Strip) (out []pair) {
	for _, at := range s.With {
		out = append(out, pair{s.Block[s.At], s.Block[at]})
	}
	return out
}

// swept is the rule that visited each pair; a pair visited twice fails.
func swept(t interface{ Fatalf(string, ...any) }, s *block.Sweeper) (map[pair]int, []block.Report) {
	var mu sync.Mutex
	got := map[pair]int{}
	reports, err := s.Sweep(func(s *block.Strip) {
		mu.Lock()
		defer mu.Unlock()
		for _, p := range pairsOf(s) {
			if old, twice := got[p]; twice {
				t.Fatalf("%v is visited by rule %d and rule %d", p, old, s.Rule)
			}
			if p.I >= p.J {
				t.Fatalf("%v is out of order", p)
			}
			got[p] = s.Rule
		}
	})
	if err != nil {
		t.Fatalf("%v", err)
	}
	return got, reports
}

// world is records whose value id v of any field has the keys listed in keys[v].
type world struct {
	rows  block.Rows
	keys  []*block.ValueKeys // kinds
	rules []block.Rule
}

func anyWorld(t *rapid.T, sources int) world {
	const values = 6
	var w world
	for range 3 {
		k := &block.ValueKeys{Start: make([]uint32, values+1)}
		for id := 1; id < values; id++ {
			k.Start[id] = uint32(len(k.Keys))
			k.Keys = append(k.Keys, rapid.SliceOfNDistinct(rapid.Uint32Range(1, 5), 0, 3, rapid.ID[uint32]).Draw(t, "keys")...)
		}
		k.Start[values] = uint32(len(k.Keys))
		w.keys = append(w.keys, k)
	}
	n := rapid.IntRange(0, 25).Draw(t, "records")
	w.rows.Stride = 3
	for range n * w.rows.Stride {
		w.rows.IDs = append(w.rows.IDs, rapid.Uint32Range(0, values-1).Draw(t, "id"))
	}
	if sources > 1 {
		w.rows.Source = []uint8{}
		for range n {
			w.rows.Source = append(w.rows.Source, uint8(rapid.IntRange(0, sources-1).Draw(t, "source")))
		}
	}
	for r := range rapid.IntRange(1, 4).Draw(t, "rules") {
		rule := block.Rule{Name: fmt.Sprint(r)}
		for range rapid.IntRange(0, 2).Draw(t, "parts") {
			rule.Parts = append(rule.Parts, block.Part{Field: rapid.IntRange(0, 2).Draw(t, "field"), Keys: w.keys[rapid.IntRange(0, 2).Draw(t, "kind")]})
		}
		w.rules = append(w.rules, rule)
	}
	return w
}

// agree says by the definition whether two records share a key of every part.
func (w world) agree(rule block.Rule, i, j int) bool {
	for _, p := range rule.Parts {
		a, b := p.Keys.Of(w.rows.IDs[i*3+p.Field]), p.Keys.Of(w.rows.IDs[j*3+p.Field])
		if !slices.ContainsFunc(a, func(k uint32) bool { return slices.Contains(b, k) }) {
			return false
		}
	}
	return true
}

func TestEveryPairOfARuleIsVisitedOnceByTheFirstRuleThatFindsIt(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		across := rapid.Bool().Draw(t, "across")
		w := anyWorld(t, 3)
		s := block.NewSweeper(w.rows, w.rules, block.Options{Across: across, Workers: rapid.IntRange(1, 3).Draw(t, "workers")})
		got, _ := swept(t, s)
		n, want := w.rows.Len(), 0
		for i := range n {
			for j := i + 1; j < n; j++ {
				var set uint64
				for k, rule := range w.rules {
					if w.agree(rule, i, j) {
						set |= 1 << k
					}
				}
				if found := s.Found(uint32(i), uint32(j)); found != set {
					t.Fatalf("%d and %d are found by %b, not %b", i, j, found, set)
				}
				owner, visited := got[pair{I: uint32(i), J: uint32(j)}]
				if across && w.rows.Source[i] == w.rows.Source[j] {
					set = 0
				}
				if visited != (set != 0) {
					t.Fatalf("%d and %d: visited %t, rules %b", i, j, visited, set)
				}
				if visited {
					want++
					if set&(1<<owner-1) != 0 || set>>owner&1 == 0 {
						t.Fatalf("%d and %d belong to rule %d of %b", i, j, owner, set)
					}
				}
			}
		}
		if len(got) != want {
			t.Fatalf("%d pairs, not %d", len(got), want)
		}
	})
}

func TestNoBlockIsOverTheCapAndNothingNewIsCompared(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := anyWorld(t, 1)
		limit := rapid.IntRange(2, 6).Draw(t, "cap")
		var divide []block.Part
		for f := range 3 {
			divide = append(divide, block.Part{Field: f, Keys: w.keys[f]})
		}
		got, reports := swept(t, block.NewSweeper(w.rows, w.rules, block.Options{Cap: limit, Divide: divide}))
		for k, r := range reports {
			if len(w.rules[k].Parts) > 0 && r.Largest > limit {
				t.Fatalf("rule %d has a block of %d, over %d", k, r.Largest, limit)
			}
		}
		for p, k := range got {
			if !w.agree(w.rules[k], int(p.I), int(p.J)) {
				t.Fatalf("%v does not agree under rule %d", p, k)
			}
		}
	})
}

func TestTheChunksAreTheSameForAnyNumberOfWorkers(t *testing.T) {
	const n = 3500
	rows := block.Rows{IDs: make([]uint32, n), Stride: 1}
	chunks := func(workers int) map[int][]pair {
		var mu sync.Mutex
		out := map[int][]pair{}
		_, err := block.NewSweeper(rows, []block.Rule{{Name: "all"}}, block.Options{Workers: workers}).
			Sweep(func(s *block.Strip) {
				mu.Lock()
				defer mu.Unlock()
				out[s.Chunk] = append(out[s.Chunk], pairsOf(s)...)
			})
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	one, four := chunks(1), chunks(4)
	total := 0
	for c := range one {
		total += len(one[c])
		if !slices.Equal(one[c], four[c]) {
			t.Fatalf("chunk %d differs", c)
		}
	}
	if len(one) < 10 || len(one) != len(four) || total != n*(n-1)/2 {
		t.Errorf("%d and %d chunks, %d pairs", len(one), len(four), total)
	}
}

func TestPairsOverTheBudgetAreRefusedBeforeTheyAreVisited(t *testing.T) {
	rows := block.Rows{IDs: make([]uint32, 100), Stride: 1}
	visited := 0
	count := func(s *block.Strip) { visited += len(s.With) }
	_, err := block.NewSweeper(rows, []block.Rule{{}}, block.Options{Budget: 4949}).Sweep(count)
	if fault.KindOf(err) != fault.TooLarge || visited > 0 {
		t.Errorf("%v after %d pairs", err, visited)
	}
	if _, err := block.NewSweeper(rows, []block.Rule{{}}, block.Options{Budget: 4950}).Sweep(count); err != nil || visited != 4950 {
		t.Errorf("%v after %d pairs", err, visited)
	}
}

func BenchmarkSweepAllPairs(b *testing.B) {
	const n = 3000
	rows := block.Rows{IDs: make([]uint32, n), Stride: 1}
	for b.Loop() {
		if _, err := block.NewSweeper(rows, []block.Rule{{}}, block.Options{}).Sweep(func(*block.Strip) {}); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N)*n*(n-1)/2/b.Elapsed().Seconds(), "pairs/s")
}
