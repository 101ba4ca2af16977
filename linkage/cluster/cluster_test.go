package cluster_test

import (
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"example.org/amparo/linkage/cluster"
)

// scene is a tiny input with all its weights.
type scene struct {
	in cluster.Input
	w  [][]float64
}

func anyScene(t *rapid.T) scene {
	n := rapid.IntRange(1, 9).Draw(t, "records")
	s := scene{w: make([][]float64, n)}
	for i := range s.w {
		s.w[i] = make([]float64, n)
	}
	for i := range n {
		for j := i + 1; j < n; j++ {
			// odd fractions, so that no two averages are equal
			x := rapid.Float64Range(-15, 15).Draw(t, "bits") + float64(i*n+j)*1e-4
			s.w[i][j], s.w[j][i] = x, x
			if x >= 0 && rapid.IntRange(0, 3).Draw(t, "blocked") > 0 {
				s.in.Edges = append(s.in.Edges, cluster.Edge{I: uint32(i), J: uint32(j), Bits: float32(x)})
			}
		}
	}
	pairs := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) [2]uint32 {
		i := rapid.IntRange(0, n-1).Draw(t, "i")
		return [2]uint32{uint32(i), uint32((i + rapid.IntRange(1, max(n-1, 1)).Draw(t, "step")) % n)}
	}), 0, 3)
	if n > 1 {
		s.in.Must, s.in.Cannot = pairs.Draw(t, "must"), pairs.Draw(t, "cannot")
	}
	s.in.Records = n
	s.in.Score = func(i, j uint32) float64 { return s.w[i][j] }
	return s
}

func (s scene) apart(i, j uint32) bool {
	return slices.Contains(s.in.Cannot, [2]uint32{i, j}) || slices.Contains(s.in.Cannot, [2]uint32{j, i})
}

// byHand is average linkage by its definition: all averages anew for every merge.
func (s scene) byHand(cut float64) []uint32 {
	joined := slices.Clone(s.in.Must)
	for _, e := range s.in.Edges {
		joined = append(joined, [2]uint32{e.I, e.J})
	}
	component := cluster.Join(s.in.Records, joined)
	of := cluster.Join(s.in.Records, s.in.Must)
	for {
		best, a, b := math.Inf(-1), uint32(0), uint32(0)
		for x := range uint32(s.in.Records) {
			for y := x + 1; int(y) < s.in.Records; y++ {
				if of[x] != x || of[y] != y || component[x] != component[y] {
					continue
				}
				sum, n := 0.0, 0.0
				for i := range of {
					for j := range of {
						if of[i] != x || of[j] != y {
							continue
						}
						n++
						if s.apart(uint32(i), uint32(j)) {
							sum = math.Inf(-1)
						}
						sum += math.Max(-10, math.Min(10, s.w[i][j]))
					}
				}
				if sum/n > best {
					best, a, b = sum/n, x, y
				}
			}
		}
		if best < cut || math.IsInf(best, -1) {
			return of
		}
		for i := range of {
			if of[i] == b {
				of[i] = a
			}
		}
	}
}

func TestClustersAreThoseOfAverageLinkageByHandAndObeyDecisions(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := anyScene(t)
		if _, bad := cluster.Check(s.in.Must, s.in.Cannot); bad {
			t.Skip()
		}
		got := cluster.Find(s.in, cluster.Options{Workers: rapid.IntRange(1, 3).Draw(t, "workers")})
		for i, c := range got.Of {
			if c > uint32(i) || got.Of[c] != c {
				t.Fatalf("%d is in cluster %d, which is not its first record: %v", i, c, got.Of)
			}
		}
		for _, p := range s.in.Must {
			if got.Of[p[0]] != got.Of[p[1]] {
				t.Fatalf("%v must be together", p)
			}
		}
		for _, p := range s.in.Cannot {
			if got.Of[p[0]] == got.Of[p[1]] {
				t.Fatalf("%v must be apart", p)
			}
		}
		// Clipped weights make equal averages; which of them goes first is not defined by hand.
		for i := range s.w {
			for _, x := range s.w[i] {
				if math.Abs(x) >= 10 {
					return
				}
			}
		}
		if want := s.byHand(0); !slices.Equal(got.Of, want) {
			t.Fatalf("%v, by hand %v", got.Of, want)
		}
	})
}

func TestGroupsAndCountAreThoseOfThePartition(t *testing.T) {
	r := cluster.Result{Of: []uint32{0, 1, 0, 3, 1, 0}}
	if g := r.Groups(); len(g) != 2 || !slices.Equal(g[0], []uint32{0, 2, 5}) || !slices.Equal(g[1], []uint32{1, 4}) || r.Count() != 3 {
		t.Errorf("%v, %d", g, r.Count())
	}
}

func TestAChainOfLookAlikesIsNotOneEntity(t *testing.T) {
	const n = 8
	in := cluster.Input{Records: n, Score: func(i, j uint32) float64 {
		if j-i == 1 {
			return 3 + float64(i)/100
		}
		return -10
	}}
	for i := range uint32(n - 1) {
		in.Edges = append(in.Edges, cluster.Edge{I: i, J: i + 1, Bits: 3})
	}
	got := cluster.Find(in, cluster.Options{})
	for _, g := range got.Groups() {
		if len(g) > 2 {
			t.Errorf("%v is one entity", g)
		}
	}
	if got.Largest != n || got.Components != 1 {
		t.Errorf("%+v", got)
	}
}

func TestAComponentOverTheLimitIsCutHarderAndSaidSo(t *testing.T) {
	const n = 40
	in := cluster.Input{Records: n, Score: func(i, j uint32) float64 {
		if i/4 == j/4 {
			return 8
		}
		return -5
	}}
	for i := range uint32(n - 1) {
		w := float32(8)
		if i%4 == 3 {
			w = 0.5 // a weak link joins fours to one chain
		}
		in.Edges = append(in.Edges, cluster.Edge{I: i, J: i + 1, Bits: w})
	}
	got := cluster.Find(in, cluster.Options{Largest: 10})
	if got.Raised != 1 || got.Largest != 4 || got.Count() != n/4 {
		t.Errorf("%+v", got)
	}
}

func TestCheckFindsAContradictionExactlyWhenThereIsOneAndTheChainHolds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := anyScene(t)
		of := cluster.Join(s.in.Records, s.in.Must)
		want := slices.ContainsFunc(s.in.Cannot, func(p [2]uint32) bool { return of[p[0]] == of[p[1]] })
		c, got := cluster.Check(s.in.Must, s.in.Cannot)
		if got != want {
			t.Fatalf("%t, not %t", got, want)
		}
		if !got {
			return
		}
		if c.Chain[0] != c.Apart[0] || c.Chain[len(c.Chain)-1] != c.Apart[1] || !slices.Contains(s.in.Cannot, c.Apart) {
			t.Fatalf("%+v", c)
		}
		for k := range c.Chain[1:] {
			a, b := c.Chain[k], c.Chain[k+1]
			if !slices.Contains(s.in.Must, [2]uint32{a, b}) && !slices.Contains(s.in.Must, [2]uint32{b, a}) {
				t.Fatalf("nobody decided %d = %d", a, b)
			}
		}
	})
}

func TestDrawsOfTwoRecordsFollowTheirOdds(t *testing.T) {
	pair := func(bits float64) cluster.Input {
		return cluster.Input{Records: 3, Edges: []cluster.Edge{{I: 0, J: 1, Bits: float32(bits)}}, Score: func(_, _ uint32) float64 { return bits }}
	}
	const draws = 20_000
	mean := func(in cluster.Input) (s float64) {
		for _, d := range cluster.Draws(in, cluster.Options{}, draws, 7) {
			s += float64(d)
		}
		return s / draws
	}
	// Two records with odds 2^b to be one: 3 records are 2 + 1/(1+2^b) entities on average.
	for _, b := range []float64{0, 1, 3} {
		want := 2 + 1/(1+math.Exp2(b))
		if got := mean(pair(b)); math.Abs(got-want) > 0.015 { // four standard errors
			t.Errorf("%g bits: %.4f entities, not %.4f", b, got, want)
		}
	}
	in := pair(-0.5)
	in.Edges, in.Must = nil, [][2]uint32{{0, 1}}
	if got := mean(in); got != 2 {
		t.Errorf("a decision does not hold in the draws: %g", got)
	}
}

// What people decided holds in every draw; records that share no component stay apart; and
// the partitions are those that Draws counts.
func TestDrawsOfPartitionsKeepDecisions(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := anyScene(t)
		if _, bad := cluster.Check(s.in.Must, s.in.Cannot); bad {
			return
		}
		const draws = 7
		parts := cluster.Partitions(s.in, cluster.Options{}, draws, 3)
		counts := cluster.Draws(s.in, cluster.Options{}, draws, 3)
		joined := slices.Clone(s.in.Must)
		for _, e := range s.in.Edges {
			joined = append(joined, [2]uint32{e.I, e.J})
		}
		component := cluster.Join(s.in.Records, joined)
		for d, of := range parts {
			seen := map[uint32]bool{}
			for i, c := range of {
				seen[c] = true
				if of[c] != c {
					t.Fatalf("record %d is in cluster %d, whose record is in %d", i, c, of[c])
				}
				if component[i] != component[c] {
					t.Fatalf("records %d and %d share no component and are one", i, c)
				}
			}
			if len(seen) != counts[d] {
				t.Fatalf("%d clusters, Draws counts %d", len(seen), counts[d])
			}
			for _, p := range s.in.Must {
				if of[p[0]] != of[p[1]] {
					t.Fatalf("decided to be one, and parted: %v", p)
				}
			}
			for _, p := range s.in.Cannot {
				if of[p[0]] == of[p[1]] {
					t.Fatalf("decided to be two, and one: %v", p)
				}
			}
		}
	})
}
