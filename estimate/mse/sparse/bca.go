package sparse

import (
	"context"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync"

	"gonum.org/v1/gonum/stat/distuv"

	"example.org/amparo/estimate"
	"example.org/amparo/estimate/hist"
)

// BCa is the bias-corrected and accelerated bootstrap of the whole stepwise procedure.
//
// Source: Efron (1987), Journal of the American Statistical Association 82, 171-185;
// DiCiccio and Efron (1996), Statistical Science 11, 189-228.
type BCa struct {
	Lower        estimate.Number `json:"lower"`
	Upper        estimate.Number `json:"upper"`
	Median       estimate.Number `json:"median"` // of the draws
	Bias         estimate.Number `json:"z0"`
	Acceleration estimate.Number `json:"acceleration"`
	Draws        int             `json:"draws"`
	Infinite     int             `json:"infinite"` // draws without an answer
	Adjusted     bool            `json:"adjusted"` // false when z0 or the acceleration is not finite

	draws []float64
}

// bootstrap draws tables of as many people, multinomial with the observed shares, and runs
// the procedure on each; the acceleration is from leaving out one person at a time, where
// people of one history are alike. Draw b uses stream b of the seed.
func bootstrap(ctx context.Context, y []float64, point float64, o Options) (BCa, error) {
	j := 0
	for 1<<uint(j) < len(y) {
		j++
	}
	people := 0
	for _, c := range y {
		people += int(c)
	}
	from := hist.NewResampler(y)
	draws := make([]float64, o.Draws)
	err := spread(ctx, o.Workers, o.Draws, func() func(int) {
		s, counts := newStepper(j, o.Threshold), make([]float64, len(y))
		return func(b int) {
			from.Draw(rand.New(rand.NewPCG(o.Seed, uint64(b))), people, counts)
			draws[b] = s.total(counts)
		}
	})
	if err != nil {
		return BCa{}, err
	}
	acceleration, err := accelerate(ctx, y, j, o)
	if err != nil {
		return BCa{}, err
	}
	return interval(draws, point, acceleration, o.Level), nil
}

func interval(draws []float64, point, acceleration, level float64) BCa {
	slices.Sort(draws)
	b := BCa{Draws: len(draws), Acceleration: estimate.Number(acceleration), draws: draws}
	below := 0
	for _, d := range draws {
		if d < point {
			below++
		}
		if math.IsInf(d, 1) {
			b.Infinite++
		}
	}
	normal := distuv.UnitNormal
	z0 := normal.Quantile(float64(below) / float64(len(draws)))
	b.Bias = estimate.Number(z0)
	b.Adjusted = !math.IsInf(z0, 0) && !math.IsNaN(acceleration) && !math.IsInf(acceleration, 0)
	at := func(p float64) float64 {
		if !b.Adjusted {
			return quantile(draws, p)
		}
		z := z0 + normal.Quantile(p)
		return quantile(draws, normal.CDF(z0+z/(1-acceleration*z)))
	}
	b.Lower, b.Upper = estimate.Number(at((1-level)/2)), estimate.Number(at((1+level)/2))
	b.Median = estimate.Number(quantile(draws, 0.5))
	return b
}

// accelerate returns Σ c (m − t)³ / (6 (Σ c (m − t)²)^{3/2}), where t is the total without
// one of the c people of a history and m the mean of t over people.
func accelerate(ctx context.Context, y []float64, j int, o Options) (float64, error) {
	var at []int
	people := 0.0
	for h, c := range y {
		if c > 0 {
			at = append(at, h)
			people += c
		}
	}
	left := make([]float64, len(at))
	err := spread(ctx, o.Workers, len(at), func() func(int) {
		s, counts := newStepper(j, o.Threshold), slices.Clone(y)
		return func(i int) {
			counts[at[i]]--
			left[i] = s.total(counts)
			counts[at[i]]++
		}
	})
	if err != nil {
		return 0, err
	}
	mean := 0.0
	for i, h := range at {
		mean += y[h] / people * left[i]
	}
	square, cube := 0.0, 0.0
	for i, h := range at {
		d := mean - left[i]
		square += y[h] * d * d
		cube += y[h] * d * d * d
	}
	return cube / (6 * math.Pow(square, 1.5)), nil
}

// spread runs work 0 to n−1 on several workers, each with its own memory.
func spread(ctx context.Context, workers, n int, worker func() func(int)) error {
	if workers <= 0 {
		workers = runtime.GOMAXPROCS(0)
	}
	var wait sync.WaitGroup
	for w := range workers {
		wait.Go(func() {
			do := worker()
			for b := w; b < n && ctx.Err() == nil; b += workers {
				do(b)
			}
		})
	}
	wait.Wait()
	return ctx.Err()
}

// quantile is that of type 8 of Hyndman and Fan (1996) of an ascending sample.
func quantile(sorted []float64, p float64) float64 {
	n := float64(len(sorted))
	h := (n+1.0/3)*p + 1.0/3
	k := math.Floor(h)
	lo := sorted[max(0, min(len(sorted)-1, int(k)-1))]
	hi := sorted[max(0, min(len(sorted)-1, int(k)))]
	if lo == hi {
		return lo
	}
	return lo + (h-k)*(hi-lo)
}
