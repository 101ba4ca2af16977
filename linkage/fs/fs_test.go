package fs_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"example.org/amparo/fault"
	"example.org/amparo/linkage/fs"
)

var (
	trueM = [][]float64{{0.05, 0.15, 0.8}, {0.1, 0.2, 0.7}, {0.02, 0.08, 0.9}, {0.3, 0.7}}
	trueU = [][]float64{{0.95, 0.04, 0.01}, {0.9, 0.07, 0.03}, {0.97, 0.02, 0.01}, {0.6, 0.4}}
)

func fields() []fs.Field {
	return []fs.Field{{Levels: 3, Share: []float64{1}}, {Levels: 3, Share: []float64{1}}, {Levels: 3, Share: []float64{1}}, {Levels: 2, Share: []float64{1}}}
}

// simulate draws the codes of pairs of which a share matches; one code in ten is missing.
func simulate(pairs int, prior float64, seed uint64) []fs.Count {
	rng := rand.New(rand.NewPCG(seed, 1))
	n := map[uint64]float64{}
	for range pairs {
		from := trueU
		if rng.Float64() < prior {
			from = trueM
		}
		var p uint64
		for f, probs := range from {
			code, x := 0, rng.Float64()
			for x >= probs[code] && code < len(probs)-1 {
				x -= probs[code]
				code++
			}
			if rng.Float64() < 0.1 {
				code = fs.Missing
			}
			p |= uint64(code) << (4 * f)
		}
		n[p]++
	}
	var out []fs.Count
	for p, k := range n {
		out = append(out, fs.Count{Pattern: p, N: k})
	}
	slices.SortFunc(out, func(a, b fs.Count) int { return int(int64(a.Pattern) - int64(b.Pattern)) })
	return out
}

func TestEMFindsTheParametersThatPairsWereDrawnWith(t *testing.T) {
	const pairs, prior = 200_000, 0.05
	mixed := make([][]float64, len(trueU)) // what random pairs show
	for f := range trueU {
		for c := range trueU[f] {
			mixed[f] = append(mixed[f], prior*trueM[f][c]+(1-prior)*trueU[f][c])
		}
	}
	for _, c := range []struct {
		name         string
		u            [][]float64
		contaminated bool
	}{{"u known", trueU, false}, {"u with matches in it", mixed, true}} {
		t.Run(c.name, func(t *testing.T) {
			runs, err := fs.Fit(&fs.Model{Fields: fields(), U: c.u, Prior: 0.001}, simulate(pairs, prior, 5),
				fs.Options{Pairs: pairs, Recall: 1, Contaminated: c.contaminated})
			if err != nil {
				t.Fatal(err)
			}
			m := runs[0].Model
			if math.Abs(m.Prior-prior) > 0.003 {
				t.Errorf("prior %.4f, not %.4f", m.Prior, prior)
			}
			for f := range trueM {
				for l := range trueM[f] {
					if math.Abs(m.M[f][l]-trueM[f][l]) > 0.02 || math.Abs(m.U[f][l]-trueU[f][l]) > 0.01 {
						t.Errorf("field %d level %d: m %.3f, not %.3f; u %.3f, not %.3f", f, l, m.M[f][l], trueM[f][l], m.U[f][l], trueU[f][l])
					}
				}
			}
			for _, r := range runs[1:] { // the starts end in one place
				if math.Abs(r.Model.Prior-m.Prior) > 1e-3 {
					t.Errorf("another start ends with a prior of %.4f", r.Model.Prior)
				}
			}
		})
	}
}

func TestAPriorThatIsGivenStays(t *testing.T) {
	runs, err := fs.Fit(&fs.Model{Fields: fields(), U: trueU, Prior: 0.01}, simulate(5000, 0.05, 1), fs.Options{Pairs: 5000, Recall: 1, FixedPrior: true})
	if err != nil || runs[0].Model.Prior != 0.01 {
		t.Errorf("%v, %+v", err, runs)
	}
}

func TestSureMatchesTeachTheModel(t *testing.T) {
	counts := simulate(5000, 0.02, 2)
	fit := func() float64 {
		runs, err := fs.Fit(&fs.Model{Fields: fields(), U: trueU, Prior: 0.02}, counts, fs.Options{Pairs: 5000, Recall: 1})
		if err != nil {
			t.Fatal(err)
		}
		return runs[0].Model.M[2][0]
	}
	before := fit()
	for k, c := range counts { // people say that pairs which differ in field 2 are one entity
		if fs.Code(c.Pattern, 0) == 2 && fs.Code(c.Pattern, 2) == 0 {
			counts[k].Sure = c.N
		}
	}
	if after := fit(); after < before+0.02 {
		t.Errorf("m of differing in field 2 is %.4f before, %.4f after", before, after)
	}
}

// What is expected of a field decides where there is nothing to see, and gives way to what
// is seen.
func TestWhatIsExpectedGivesWayToWhatIsSeen(t *testing.T) {
	fit := func(counts []fs.Count, pairs float64, expect []float64) []float64 {
		all := fields()
		all[0].Expect = expect
		runs, err := fs.Fit(&fs.Model{Fields: all, U: trueU, Prior: 0.02}, counts, fs.Options{Pairs: pairs, Recall: 1})
		if err != nil {
			t.Fatal(err)
		}
		return runs[0].Model.M[0]
	}
	expect := []float64{0.1, 0.5, 0.4}
	nothing := []fs.Count{{Pattern: fs.Missing | fs.Missing<<4 | fs.Missing<<8 | fs.Missing<<12, N: 5000}}
	for l, m := range fit(nothing, 5000, expect) {
		if math.Abs(m-expect[l]) > 1e-9 {
			t.Errorf("nothing seen: m of level %d is %.3f, expected %.3f", l, m, expect[l])
		}
	}
	much := simulate(200_000, 0.02, 3)
	for l, m := range fit(much, 200_000, expect) {
		if math.Abs(m-trueM[0][l]) > 0.02 {
			t.Errorf("much seen: m of level %d is %.3f, not %.3f", l, m, trueM[0][l])
		}
	}
}

func TestASteadyFieldIsNotLearnt(t *testing.T) {
	all := fields()
	all[0].Expect, all[0].Steady = []float64{0.1, 0.5, 0.4}, true
	runs, err := fs.Fit(&fs.Model{Fields: all, U: trueU, Prior: 0.02}, simulate(200_000, 0.02, 3), fs.Options{Pairs: 200_000, Recall: 1})
	if err != nil {
		t.Fatal(err)
	}
	if m := runs[0].Model.M; math.Abs(m[0][2]-0.4) > 1e-9 || math.Abs(m[1][2]-trueM[1][2]) > 0.03 {
		t.Errorf("m of the steady field is %.3f, of another %.3f", m[0][2], m[1][2])
	}
}

func TestANearerLevelNeverSpeaksLessForAMatch(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := &fs.Model{Prior: 0.01}
		for range 3 {
			levels := rapid.IntRange(2, 5).Draw(t, "levels")
			u := rapid.SliceOfN(rapid.Float64Range(0.01, 1), levels, levels).Draw(t, "u")
			sum := 0.0
			for _, x := range u {
				sum += x
			}
			for l := range u {
				u[l] /= sum
			}
			m.Fields = append(m.Fields, fs.Field{Levels: levels, Share: []float64{1}})
			m.U = append(m.U, u)
		}
		pairs := 0.0
		var counts []fs.Count
		for range rapid.IntRange(1, 12).Draw(t, "patterns") {
			var p uint64
			for f, field := range m.Fields {
				c := rapid.IntRange(0, field.Levels).Draw(t, "code")
				if c == field.Levels {
					c = fs.Missing
				}
				p |= uint64(c) << (4 * f)
			}
			n := float64(rapid.IntRange(1, 1000).Draw(t, "n"))
			counts, pairs = append(counts, fs.Count{Pattern: p, N: n}), pairs+n
		}
		contaminated := rapid.Bool().Draw(t, "contaminated")
		runs, err := fs.Fit(m, counts, fs.Options{Pairs: pairs, Recall: 1, Contaminated: contaminated})
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range runs {
			for f, field := range r.Model.Fields {
				sum := 0.0
				for l := range field.Levels {
					sum += r.Model.M[f][l]
					if l > 0 && r.Model.Weight(f, l) < r.Model.Weight(f, l-1)-1e-9 {
						t.Fatalf("field %d: level %d weighs %g, level %d %g", f, l, r.Model.Weight(f, l), l-1, r.Model.Weight(f, l-1))
					}
				}
				if math.Abs(sum-1) > 1e-9 {
					t.Fatalf("m of field %d sums to %g", f, sum)
				}
			}
		}
	})
}

func TestWithoutPairsThereIsNoFit(t *testing.T) {
	if _, err := fs.Fit(&fs.Model{Fields: fields(), U: trueU}, nil, fs.Options{Pairs: 1, Recall: 1}); fault.KindOf(err) != fault.Invalid {
		t.Errorf("%v", err)
	}
}

func TestTheWeightOfAPatternIsTheSumByHand(t *testing.T) {
	m := &fs.Model{Fields: fields(), M: trueM, U: trueU, Prior: 0.2, Ties: []fs.Tie{{Child: 1, Parents: []int{0}, Lift: []float64{0, 0.5, 1.5}}}}
	pattern := uint64(2 | 2<<4 | fs.Missing<<8 | 0<<12)
	want := math.Log2(0.2/0.8) + math.Log2(0.8/0.01) + math.Log2(0.7/0.03) + math.Log2(0.3/0.6) - 1.5
	if got := m.Bits(pattern); math.Abs(got-want) > 1e-12 {
		t.Errorf("%g, not %g", got, want)
	}
	far := uint64(1 | 2<<4 | fs.Missing<<8 | fs.Missing<<12) // the parent does not agree: no tie
	if got, want := m.Bits(far), math.Log2(0.2/0.8)+math.Log2(0.15/0.04)+math.Log2(0.7/0.03); math.Abs(got-want) > 1e-12 {
		t.Errorf("%g, not %g", got, want)
	}
}

func TestProbabilityIsThatOfTheOdds(t *testing.T) {
	for bits, want := range map[float64]float64{0: 0.5, 1: 2.0 / 3, -1: 1.0 / 3, 10: 1024.0 / 1025, 2000: 1, -2000: 0, math.Inf(1): 1, math.Inf(-1): 0} {
		if got := fs.Probability(bits); math.Abs(got-want) > 1e-15 {
			t.Errorf("%g bits: %g, not %g", bits, got, want)
		}
	}
}
