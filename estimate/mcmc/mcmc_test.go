package mcmc

import (
	"context"
	"errors"
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"example.org/amparo/estimate/rng"
	"example.org/amparo/fault"
)

// recipe makes chains that any language can rebuild: x' = phi x + e, e the sum of four
// uniforms of a 31-bit linear congruential generator less 2; chain c is shifted by c times
// shift, and optionally cut to quarters, so that there are ties.
type recipe struct {
	chains, n  int
	phi, shift float64
	rounded    bool
	seed       uint64
}

func (r recipe) make() [][]float64 {
	s := r.seed
	out := make([][]float64, r.chains)
	for c := range out {
		var x float64
		for range r.n {
			u := 0.0
			for range 4 {
				s = (s*1103515245 + 12345) % (1 << 31)
				u += float64(s) / (1 << 31)
			}
			x = r.phi*x + (u - 2)
			v := x + r.shift*float64(c)
			if r.rounded {
				v = math.Floor(v * 4)
			}
			out[c] = append(out[c], v)
		}
	}
	return out
}

// Golden values: ArviZ 0.17.0 (az.rhat "rank"; az.ess "bulk", "tail", "mean", "quantile"
// at 0.5; az.mcse "mean"), which implements the same paper.
func TestDiagnosticsAgreeWithArviZ(t *testing.T) {
	tests := map[string]struct {
		recipe                            recipe
		rhat, bulk, tail, mean, half, err float64
	}{
		"independent": {recipe{4, 250, 0, 0, false, 1}, 1.002310087, 1013.621461, 982.7000926, 1014.088314, 1053.437456, 0.01834465429},
		"sticky":      {recipe{4, 501, 0.9, 0, false, 2}, 1.02524064, 109.5994328, 174.3083676, 109.1369489, 171.4118779, 0.1362824741},
		"apart":       {recipe{3, 400, 0.5, 0.7, false, 3}, 1.329812712, 7.690571968, 46.23044022, 7.542354499, 10.03795256, 0.3097755415},
		"antithetic":  {recipe{2, 300, -0.6, 0, false, 4}, 1.003220695, 1666.89075, 589.8487699, 1666.89075, 1213.339187, 0.01772701565},
		"counts":      {recipe{4, 1000, 0.7, 0, true, 5}, 1.004797563, 710.3364891, 1578.350705, 707.3852728, 912.251403, 0.1244923733},
		"one chain":   {recipe{1, 200, 0.8, 0, false, 6}, 0, 25.99936469, 62.81348303, 25.25084787, 24.00858535, 0.1920533085},
	}
	for name, tt := range tests {
		x := tt.recipe.make()
		at := Settle(x)
		for _, v := range []struct {
			what      string
			got, want float64
		}{
			{"RHat", RHat(x), tt.rhat}, {"ESSBulk", ESSBulk(x), tt.bulk}, {"ESSTail", ESSTail(x), tt.tail},
			{"R-hat of Settle", at.RHat, tt.rhat}, {"ESSBulk of Settle", at.ESSBulk, tt.bulk}, {"ESSTail of Settle", at.ESSTail, tt.tail},
			{"ESSMean", ESSMean(x), tt.mean}, {"ESSQuantile(0.5)", ESSQuantile(x, 0.5), tt.half}, {"MCSEMean", MCSEMean(x), tt.err},
		} {
			if v.want != 0 && math.Abs(v.got/v.want-1) > 1e-8 {
				t.Errorf("%s: %s = %.10g, want %.10g", name, v.what, v.got, v.want)
			}
		}
	}
}

// Golden values: az.mcse "quantile" of the same chains. ArviZ takes both order
// statistics one place higher, which shows in the sparse tail.
func TestQuantileErrorsAgreeWithArviZ(t *testing.T) {
	for _, tt := range []struct {
		recipe     recipe
		half, tail float64
	}{
		{recipe{4, 250, 0, 0, false, 1}, 0.02322601154, 0.03712689877},
		{recipe{4, 501, 0.9, 0, false, 2}, 0.1606257781, 0.2441619422},
		{recipe{3, 400, 0.5, 0.7, false, 3}, 0.3225799256, 0.154781171},
		{recipe{2, 300, -0.6, 0, false, 4}, 0.02509018487, 0.1029275366},
	} {
		x := tt.recipe.make()
		if got := MCSEQuantile(x, 0.5); math.Abs(got/tt.half-1) > 0.05 {
			t.Errorf("%+v: MCSEQuantile(0.5) = %.5g, want %.5g", tt.recipe, got, tt.half)
		}
		if got := MCSEQuantile(x, 0.025); math.Abs(got/tt.tail-1) > 0.1 {
			t.Errorf("%+v: MCSEQuantile(0.025) = %.5g, want %.5g", tt.recipe, got, tt.tail)
		}
	}
}

// An AR(1) chain with coefficient phi has (1-phi)/(1+phi) effective draws a draw.
func TestEffectiveDrawsOfAnAutoregression(t *testing.T) {
	const n, phi = 20000, 0.8
	chains := make([][]float64, 4)
	for c := range chains {
		r := rng.New(11, uint64(c))
		x := r.Normal() / math.Sqrt(1-phi*phi)
		for range n {
			x = phi*x + r.Normal()
			chains[c] = append(chains[c], x)
		}
	}
	want := 4 * n * (1 - phi) / (1 + phi)
	if got := ESSBulk(chains); math.Abs(got/want-1) > 0.08 {
		t.Errorf("ESSBulk = %.0f, want about %.0f", got, want)
	}
	if got := RHat(chains); got > 1.01 {
		t.Errorf("RHat = %.4f of one stationary process", got)
	}
}

// Two chains about the same centre, one ten times as wide: only the folded R-hat sees it.
func TestRHatSeesADifferenceInSpread(t *testing.T) {
	chains := make([][]float64, 2)
	for c := range chains {
		r := rng.New(12, uint64(c))
		for range 1000 {
			chains[c] = append(chains[c], r.Normal()*math.Pow(10, float64(c)))
		}
	}
	if got := RHat(chains); got < 1.2 {
		t.Errorf("RHat = %.4f, want above 1.2", got)
	}
}

func TestDiagnosticsIgnoreScaleAndPlace(t *testing.T) {
	x := recipe{3, 200, 0.5, 0.1, false, 8}.make()
	y := make([][]float64, len(x))
	for c := range x {
		for _, v := range x[c] {
			y[c] = append(y[c], math.Exp(v)) // any rising function keeps the ranks
		}
	}
	if a, b := ESSBulk(x), ESSBulk(y); math.Abs(a-b) > 1e-9 {
		t.Errorf("ESSBulk %.6f, and %.6f of the exponentials", a, b)
	}
	if a, b := ESSTail(x), ESSTail(y); math.Abs(a-b) > 1e-9*a {
		t.Errorf("ESSTail %.6f, and %.6f of the exponentials", a, b)
	}
}

func TestWhatProvesNothingIsNotANumber(t *testing.T) {
	for name, x := range map[string][][]float64{
		"nothing": nil, "three draws": {{1, 2, 3}}, "constant": {{1, 1, 1, 1}, {1, 1, 1, 1}},
		"not a number": {{1, 2, math.NaN(), 4}}, "infinite": {{1, 2, math.Inf(1), 4}}, "ragged": {{1, 2, 3, 4}, {1, 2, 3, 4, 5}},
	} {
		for what, got := range map[string]float64{
			"RHat": RHat(x), "Settle": Settle(x).RHat + Settle(x).ESSBulk + Settle(x).ESSTail, "ESSBulk": ESSBulk(x), "ESSTail": ESSTail(x), "ESSMean": ESSMean(x), "MCSEQuantile": MCSEQuantile(x, 0.5),
		} {
			if !math.IsNaN(got) {
				t.Errorf("%s of %s is %v, want NaN", what, name, got)
			}
		}
	}
	if got := RHat([][]float64{{1, 1, 1, 1}, {2, 2, 2, 2}}); !math.IsInf(got, 1) {
		t.Errorf("RHat of two chains standing still apart is %v, want infinity", got)
	}
}

func TestQuantilesLieBetweenTheEnds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		xs := rapid.SliceOfN(rapid.Float64Range(-1e6, 1e6), 1, 50).Draw(t, "xs")
		p := rapid.Float64Range(0, 1).Draw(t, "p")
		if q := Quantile(xs, p); q < slices.Min(xs) || q > slices.Max(xs) {
			t.Errorf("Quantile(%v, %v) = %v", xs, p, q)
		}
	})
	if got := Quantile([]float64{4, 1, 3, 2}, 0.25); got != 1.75 { // R: quantile(1:4, .25)
		t.Errorf("Quantile = %v, want 1.75", got)
	}
}

// The rows held are the multiples of the stride, however many were offered.
func TestTraceStaysWithinItsMemory(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		most := rapid.IntRange(2, 40).Draw(t, "most")
		n := rapid.IntRange(1, 3000).Draw(t, "n")
		trace := NewTrace([]string{"a", "b"}, most)
		for i := 1; i <= n; i++ {
			trace.Add([]float64{float64(i), -float64(i)})
		}
		a := trace.Column("a")
		if len(a) > most || len(a) != n/trace.Stride() {
			t.Fatalf("%d rows of %d offered, stride %d, most %d", len(a), n, trace.Stride(), most)
		}
		for i, v := range a {
			if want := float64((i + 1) * trace.Stride()); v != want || trace.Column("b")[i] != -want {
				t.Fatalf("row %d holds %v, want %v", i, v, want)
			}
		}
	})
}

// walk is a chain of its own stream: an AR(1) process.
type walk struct {
	r *rng.Rand
	x float64
}

func (w *walk) Step()                { w.x = 0.5*w.x + w.r.Normal() }
func (w *walk) Values(row []float64) { row[0] = w.x }

func walks(n int) []Sampler {
	out := make([]Sampler, n)
	for i := range out {
		out[i] = &walk{r: rng.New(3, uint64(i))}
	}
	return out
}

func TestCoresDoNotChangeTheResult(t *testing.T) {
	run := func(workers int) [][]float64 {
		traces, err := Run(context.Background(), walks(5), Plan{Names: []string{"x"}, Block: 50, Thin: 3, Blocks: 4, Workers: workers})
		if err != nil {
			t.Fatal(err)
		}
		return Chains(traces, "x", 0.25)
	}
	one, four := run(1), run(4)
	for c := range one {
		if !slices.Equal(one[c], four[c]) {
			t.Errorf("chain %d differs between 1 and 4 workers", c)
		}
		if len(one[c]) != 150 {
			t.Errorf("chain %d has %d rows after burn-in, want 150", c, len(one[c]))
		}
	}
}

func TestRunStopsWhenSettled(t *testing.T) {
	var told []int
	traces, err := Run(context.Background(), walks(2), Plan{
		Names: []string{"x"}, Block: 10, Thin: 1, Blocks: 100,
		Settled:  func(ts []*Trace) bool { return ts[0].Len() >= 50 },
		Progress: func(done, of int) { told = append(told, done, of) },
	})
	if err != nil || traces[0].Len() != 50 {
		t.Errorf("%d rows, %v; want 50", traces[0].Len(), err)
	}
	if want := []int{1, 100, 2, 100, 3, 100, 4, 100, 5, 100}; !slices.Equal(told, want) {
		t.Errorf("progress %v, want %v", told, want)
	}
}

func TestRunCanBeCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	traces, err := Run(ctx, walks(2), Plan{
		Names: []string{"x"}, Block: 1000, Thin: 1, Blocks: 1 << 30,
		Progress: func(done, _ int) {
			if done == 3 {
				cancel()
			}
		},
	})
	if !errors.Is(err, context.Canceled) || traces[0].Len() < 3000 {
		t.Errorf("err %v after %d rows", err, traces[0].Len())
	}
}

func TestAPlanThatKeepsNothingIsRefused(t *testing.T) {
	for _, p := range []Plan{{}, {Names: []string{"x"}, Block: 7, Thin: 1, Blocks: 1}, {Names: []string{"x"}, Block: 10, Blocks: 1}} {
		if _, err := Run(context.Background(), walks(1), p); !errors.Is(err, fault.Invalid) {
			t.Errorf("%+v: %v", p, err)
		}
	}
}

func BenchmarkESSBulk(b *testing.B) {
	x := recipe{4, 5000, 0.9, 0, false, 1}.make()
	for b.Loop() {
		ESSBulk(x)
	}
}
