package loglin

import (
	"context"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync"

	"example.org/amparo/estimate/hist"
	"example.org/amparo/estimate/lin"
)

// Bootstrap draws tables from a fitted model and chooses the model again in each: N* is
// the estimate rounded, the table is multinomial with the fitted probabilities, those on no
// list are struck out. It returns the totals in ascending order, infinite where no model
// had a figure, and the chosen models in the order of the draws. Draw b uses stream b of
// the seed, so the number of workers does not matter.
//
// Source: Buckland and Garthwaite (1991), Biometrics 47, 255-268; Norris and Pollock (1996)
// for choosing again in each draw.
func Bootstrap(ctx context.Context, t hist.Table, fitted Fitted, o Options) ([]float64, []string, error) {
	o = o.filled()
	y, err := cells(t)
	if err != nil {
		return nil, nil, err
	}
	f := newFitter(t.J())
	f.load(y)
	columns, _ := f.prepare(fitted.Model)
	fit, err := f.solver.FitCube(&lin.Cube{J: t.J(), Terms: columns.Terms}, y, f.keep, nil)
	if err != nil {
		return nil, nil, err
	}
	weights := slices.Clone(fit.Mu)
	weights[0] = fitted.missing
	people := int(math.Round(fitted.N))
	from := hist.NewResampler(weights)
	totals, models := make([]float64, o.Draws), make([]string, o.Draws)
	err = spread(ctx, o.Workers, o.Draws, func() func(int) {
		c, counts := newChooser(t.J(), o.Criterion, o.MaxOrder), make([]float64, len(y))
		return func(b int) {
			from.Draw(rand.New(rand.NewPCG(o.Seed, uint64(b))), people, counts)
			counts[0] = 0
			totals[b], models[b] = math.Inf(1), "none"
			if m := c.choose(counts); m.Answers() {
				totals[b], models[b] = m.N, m.Model.String()
			}
		}
	})
	if err != nil {
		return nil, nil, err
	}
	slices.Sort(totals)
	return totals, models, nil
}

// spread runs work 0 to n−1 on several workers, each with its own memory from make.
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
