package rng

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"gonum.org/v1/gonum/stat/distuv"
	"pgregory.net/rapid"
)

// kolmogorov returns the p-value of the one-sample Kolmogorov-Smirnov test.
func kolmogorov(xs []float64, cdf func(float64) float64) float64 {
	slices.Sort(xs)
	n := float64(len(xs))
	var d float64
	for i, x := range xs {
		f := cdf(x)
		d = max(d, f-float64(i)/n, float64(i+1)/n-f)
	}
	t := (math.Sqrt(n) + 0.12 + 0.11/math.Sqrt(n)) * d
	var p float64
	for k := 1; k <= 100; k++ {
		p += 2 * math.Pow(-1, float64(k-1)) * math.Exp(-2*float64(k*k)*t*t)
	}
	return min(max(p, 0), 1)
}

const (
	draws  = 100_000
	enough = 1e-4 // a p-value below this fails: with these fixed seeds none comes near
)

func TestContinuousVariatesFollowTheirDistribution(t *testing.T) {
	normal := distuv.UnitNormal
	tests := map[string]struct {
		draw func(*Rand) float64
		cdf  func(float64) float64
	}{
		"uniform":     {(*Rand).Uniform, func(x float64) float64 { return x }},
		"normal":      {(*Rand).Normal, normal.CDF},
		"exponential": {(*Rand).Exponential, distuv.Exponential{Rate: 1}.CDF},
		"log uniform": {(*Rand).LogUniform, math.Exp},
		"normal tail": {func(r *Rand) float64 { return r.normalTail(normalEdge) },
			func(x float64) float64 { return 1 - normal.Survival(x)/normal.Survival(normalEdge) }},
	}
	for _, a := range []float64{0.01, 0.3, 1, 1.7, 25, 4000} {
		g := distuv.Gamma{Alpha: a, Beta: 1}
		tests[fmt.Sprint("gamma ", a)] = struct {
			draw func(*Rand) float64
			cdf  func(float64) float64
		}{func(r *Rand) float64 { return r.Gamma(a) }, g.CDF}
	}
	for _, ab := range [][2]float64{{0.2, 0.4}, {1, 0.5}, {1, 1}, {3, 1}, {2, 700}, {60, 40}} {
		b := distuv.Beta{Alpha: ab[0], Beta: ab[1]}
		tests[fmt.Sprint("beta ", ab)] = struct {
			draw func(*Rand) float64
			cdf  func(float64) float64
		}{func(r *Rand) float64 { return r.Beta(ab[0], ab[1]) }, b.CDF}
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := New(20260101, 7)
			xs := make([]float64, draws)
			for i := range xs {
				xs[i] = tt.draw(r)
			}
			if p := kolmogorov(xs, tt.cdf); p < enough {
				t.Errorf("Kolmogorov-Smirnov p = %.2g over %d draws", p, draws)
			}
		})
	}
}

// chiSquare returns the p-value of Pearson's test of draws against mass; cells are
// pooled until each expects at least 10.
func chiSquare(draw func() int, mass func(int) float64, most int) float64 {
	seen := make([]float64, most+1)
	for range draws {
		seen[min(draw(), most)]++
	}
	var stat, observed, expected, total float64
	cells := 0
	for k := 0; k <= most; k++ {
		p := mass(k)
		if k == most {
			p = 1 - total
		}
		total += p
		observed += seen[k]
		expected += p * draws
		if expected >= 10 && (1-total)*draws >= 10 || k == most && expected > 0 {
			stat += (observed - expected) * (observed - expected) / expected
			observed, expected = 0, 0
			cells++
		}
	}
	return distuv.ChiSquared{K: float64(max(cells-1, 1))}.Survival(stat)
}

func TestCountsFollowTheirDistribution(t *testing.T) {
	type test struct {
		draw func(*Rand) int
		mass func(int) float64
		most int
	}
	tests := map[string]test{
		"below 7": {func(r *Rand) int { return r.Below(7) }, func(int) float64 { return 1.0 / 7 }, 6},
	}
	for _, np := range []struct {
		n int
		p float64
	}{{1, 0.3}, {3, 0.6}, {5, 0.001}, {40, 0.2}, {40, 0.25}, {40, 0.9}, {100000, 0.00003}, {3000, 0.4}, {2500, 0.996}, {21, 0.5}} {
		b := distuv.Binomial{N: float64(np.n), P: np.p}
		tests[fmt.Sprint("binomial ", np)] = test{
			func(r *Rand) int { return r.Binomial(np.n, np.p) },
			func(k int) float64 { return b.Prob(float64(k)) }, np.n,
		}
	}
	for _, mean := range []float64{0.05, 3, 9.99, 10, 34.5, 900} {
		d := distuv.Poisson{Lambda: mean}
		tests[fmt.Sprint("poisson ", mean)] = test{
			func(r *Rand) int { return r.Poisson(mean) },
			func(k int) float64 { return d.Prob(float64(k)) }, int(mean + 12*math.Sqrt(mean) + 10),
		}
	}
	for _, so := range [][2]float64{{3, 0.5}, {0.7, 4}, {185, 3.5}} {
		size, odds := so[0], so[1]
		tests[fmt.Sprint("negative binomial ", so)] = test{
			func(r *Rand) int { return r.NegativeBinomial(size, odds) },
			func(k int) float64 { return negativeBinomialMass(k, size, odds) }, int(size*odds*4 + 60),
		}
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := New(20260102, 3)
			if p := chiSquare(func() int { return tt.draw(r) }, tt.mass, tt.most); p < enough {
				t.Errorf("chi-square p = %.2g over %d draws", p, draws)
			}
		})
	}
}

func negativeBinomialMass(k int, size, odds float64) float64 {
	a, _ := math.Lgamma(float64(k) + size)
	b, _ := math.Lgamma(size)
	c, _ := math.Lgamma(float64(k) + 1)
	return math.Exp(a - b - c - size*math.Log1p(odds) + float64(k)*math.Log(odds/(1+odds)))
}

// With shape 0.001 a gamma variate is below the smallest float64 in half of all draws;
// its logarithm is not lost. E ln G = digamma(shape), about -1/shape - 0.5772.
func TestLogarithmsOfTinyVariatesAreKept(t *testing.T) {
	r := New(1, 1)
	var sum float64
	for range draws {
		x := r.LogGamma(0.001)
		if math.IsInf(x, 0) || math.IsNaN(x) {
			t.Fatalf("LogGamma(0.001) = %v", x)
		}
		sum += x
	}
	// The standard deviation of ln G is 1/shape, so the mean's is 1000/sqrt(100000) = 3.2.
	if got := sum / draws; math.Abs(got+1000.58) > 13 {
		t.Errorf("mean of LogGamma(0.001) = %.2f, want -1000.58 within 13", got)
	}
	for range 1000 {
		x, rest := r.LogBeta(1, 0.01)
		if math.IsInf(x, 0) || math.IsInf(rest, 0) || math.IsNaN(x) || x > 0 || rest > 0 {
			t.Fatalf("LogBeta(1, 0.01) = %v, %v", x, rest)
		}
	}
}

func TestLogBetaPartsSumToOne(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := rapid.Float64Range(0.01, 1000).Draw(t, "a")
		b := rapid.Float64Range(0.01, 1000).Draw(t, "b")
		x, rest := New(rapid.Uint64().Draw(t, "seed"), 0).LogBeta(a, b)
		if got := math.Exp(x) + math.Exp(rest); math.Abs(got-1) > 1e-12 {
			t.Errorf("parts of LogBeta(%v, %v) sum to %v", a, b, got)
		}
	})
}

func TestMultinomialSharesOutEverybody(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		weights := rapid.SliceOfN(rapid.Float64Range(0, 10), 1, 12).Draw(t, "weights")
		weights = append(weights, 1)
		n := rapid.IntRange(0, 100000).Draw(t, "n")
		out := make([]int, len(weights))
		New(rapid.Uint64().Draw(t, "seed"), 0).Multinomial(n, weights, out)
		var sum int
		for i, k := range out {
			if k < 0 || weights[i] == 0 && k > 0 {
				t.Fatalf("class %d of weight %v got %d", i, weights[i], k)
			}
			sum += k
		}
		if sum != n {
			t.Errorf("%d shared out of %d", sum, n)
		}
	})
}

func TestBinomialStaysInItsRange(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(-2, 1<<30).Draw(t, "n")
		p := rapid.OneOf(rapid.Float64Range(-0.1, 1.1), rapid.Float64Range(0, 1e-9), rapid.Just(math.NaN())).Draw(t, "p")
		if k := New(rapid.Uint64().Draw(t, "seed"), 0).Binomial(n, p); k < 0 || k > max(n, 0) {
			t.Errorf("Binomial(%d, %v) = %d", n, p, k)
		}
	})
}

// A share of a Dirichlet variate has mean w/W and variance w(W-w)/(W^2(W+1)).
func TestDirichletSharesHaveTheirMoments(t *testing.T) {
	weights := []float64{0.05, 1, 2.5}
	const total = 3.55
	r := New(5, 5)
	var sum, squares [3]float64
	out := make([]float64, 3)
	for range draws {
		r.Dirichlet(weights, out)
		for i, x := range out {
			sum[i] += x
			squares[i] += x * x
		}
	}
	for i, w := range weights {
		mean := w / total
		variance := w * (total - w) / (total * total * (total + 1))
		got := sum[i] / draws
		if math.Abs(got-mean) > 5*math.Sqrt(variance/draws) {
			t.Errorf("mean of share %d is %.5f, want %.5f", i, got, mean)
		}
		if v := squares[i]/draws - got*got; math.Abs(v/variance-1) > 0.05 {
			t.Errorf("variance of share %d is %.5f, want %.5f", i, v, variance)
		}
	}
}

func TestStreamsDiffer(t *testing.T) {
	seen := map[uint64]string{}
	for seed := range uint64(20) {
		for stream := range uint64(50) {
			x := New(seed, stream).Uint64()
			name := fmt.Sprintf("seed %d stream %d", seed, stream)
			if other, ok := seen[x]; ok {
				t.Errorf("%s begins like %s", name, other)
			}
			seen[x] = name
		}
	}
}

func TestShuffleIsFair(t *testing.T) {
	r := New(9, 9)
	counts := map[[3]int]int{}
	for range 60000 {
		p := []int{0, 1, 2}
		r.Shuffle(p)
		counts[[3]int(p)]++
	}
	// Each of 6 orders: 10,000 expected, standard deviation 91.
	for order, n := range counts {
		if math.Abs(float64(n)-10000) > 450 {
			t.Errorf("order %v came %d times of 60000", order, n)
		}
	}
	if len(counts) != 6 {
		t.Errorf("%d orders of 6 seen", len(counts))
	}
}

// Every published figure depends on these sequences. A change here changes every figure
// with a seed and needs a new version of the methods.
func TestStreamsAreTheOnesPublished(t *testing.T) {
	tests := []struct {
		name string
		draw func(*Rand) float64
	}{
		{"uniform", (*Rand).Uniform},
		{"normal", (*Rand).Normal},
		{"exponential", (*Rand).Exponential},
		{"gamma 0.25", func(r *Rand) float64 { return r.LogGamma(0.25) }},
		{"gamma 12.5", func(r *Rand) float64 { return r.Gamma(12.5) }},
		{"beta 2 3", func(r *Rand) float64 { return r.Beta(2, 3) }},
		{"binomial 20 0.1", func(r *Rand) float64 { return float64(r.Binomial(20, 0.1)) }},
		{"binomial 2500 0.3", func(r *Rand) float64 { return float64(r.Binomial(2500, 0.3)) }},
		{"poisson 4", func(r *Rand) float64 { return float64(r.Poisson(4)) }},
		{"poisson 400", func(r *Rand) float64 { return float64(r.Poisson(400)) }},
		{"negative binomial", func(r *Rand) float64 { return float64(r.NegativeBinomial(185, 4)) }},
		{"below 1000", func(r *Rand) float64 { return float64(r.Below(1000)) }},
	}
	for _, tt := range tests {
		r := New(42, 1)
		first := []float64{tt.draw(r), tt.draw(r), tt.draw(r)}
		for range 10_000 {
			tt.draw(r)
		}
		got := fmt.Sprintf("%.10g %.10g", first, tt.draw(r))
		if want := golden[tt.name]; got != want {
			t.Errorf("%q: %q, want %q", tt.name, got, want)
		}
	}
}

var golden = map[string]string{
	"uniform":           "[0.09847349441 0.9155310444 0.7897856617] 0.4921740206",
	"normal":            "[-0.8921421431 0.4233624163 1.526078753] -0.8517105581",
	"exponential":       "[0.09564595022 0.2494942813 3.370206926] 2.46769704",
	"gamma 0.25":        "[-14.68365748 -2.075794716 -3.323675662] -3.091299686",
	"gamma 12.5":        "[9.312574223 18.30378736 14.84320626] 11.3843998",
	"beta 2 3":          "[0.1121467051 0.390646541 0.1321723384] 0.03104497503",
	"binomial 20 0.1":   "[0 4 3] 2",
	"binomial 2500 0.3": "[715 771 761] 756",
	"poisson 4":         "[2 7 6] 4",
	"poisson 400":       "[369 418 409] 387",
	"negative binomial": "[715 804 747] 778",
	"below 1000":        "[98 915 789] 492",
}

func BenchmarkNormal(b *testing.B)      { bench(b, (*Rand).Normal) }
func BenchmarkExponential(b *testing.B) { bench(b, (*Rand).Exponential) }
func BenchmarkGamma(b *testing.B)       { bench(b, func(r *Rand) float64 { return r.Gamma(30) }) }
func BenchmarkLogGammaSmallShape(b *testing.B) {
	bench(b, func(r *Rand) float64 { return r.LogGamma(0.1) })
}
func BenchmarkBinomialSmall(b *testing.B) {
	bench(b, func(r *Rand) float64 { return float64(r.Binomial(50, 0.1)) })
}
func BenchmarkBinomialLarge(b *testing.B) {
	bench(b, func(r *Rand) float64 { return float64(r.Binomial(5000, 0.1)) })
}
func BenchmarkPoissonLarge(b *testing.B) {
	bench(b, func(r *Rand) float64 { return float64(r.Poisson(5000)) })
}

func bench(b *testing.B, draw func(*Rand) float64) {
	r := New(1, 1)
	b.ReportAllocs()
	for b.Loop() {
		draw(r)
	}
}
