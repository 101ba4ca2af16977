// Package mcmc runs Markov chains and says whether they can be believed: several chains
// from dispersed starts, one core each, with rank-normalised R-hat, effective sample
// sizes and Monte Carlo errors.
//
// A single chain of five million draws is no evidence of convergence: it can sit in one
// mode for all of them. So every function here takes several chains, and a run stops when
// they agree, not when a number of draws is reached.
package mcmc

import (
	"context"
	"runtime"
	"sync"

	"example.org/amparo/fault"
)

// Sampler is one Markov chain with its own random stream. Step moves it on; Values
// writes the quantities to keep into row, which has one place for each name of the
// [Plan]. A Sampler is used by one goroutine at a time.
type Sampler interface {
	Step()
	Values(row []float64)
}

// Plan says how long to run and what to keep.
type Plan struct {
	Names   []string // the quantities, in the order of Sampler.Values
	Block   int      // rows kept between two looks at the chains; at least 8
	Thin    int      // steps for a row; at least 1
	Blocks  int      // the most blocks to run; at least 1
	Rows    int      // the most rows a chain's trace holds in memory, 0 for no limit; see Trace
	Workers int      // the most chains run at once, 0 for one a core; it changes no result

	// Settled is asked after each block, with at least two blocks run, whether the
	// traces are good enough; nil runs all blocks.
	Settled func(traces []*Trace) bool
	// Progress, when set, is told after each block how many of the blocks are done.
	Progress func(done, of int)
}

// cancelEvery is how many steps may pass before a cancelled context is noticed.
const cancelEvery = 64

// Run moves all samplers on, block by block, until Settled says so, the blocks are used
// up, or ctx ends, and returns one trace for each. The result depends on the samplers
// and the plan only, not on the number of cores. Run may be called again with the same
// samplers to go on where they stand.
//
// It is an error for a plan to keep nothing; a cancelled context is returned as its own
// error, with the traces so far.
func Run(ctx context.Context, samplers []Sampler, p Plan) ([]*Trace, error) {
	if len(samplers) == 0 || len(p.Names) == 0 || p.Block < 8 || p.Thin < 1 || p.Blocks < 1 {
		return nil, fault.New(fault.Invalid, "mcmc.Run", "a plan needs chains, names, a block of 8 rows or more, thinning and blocks of 1 or more")
	}
	traces := make([]*Trace, len(samplers))
	for i := range traces {
		traces[i] = NewTrace(p.Names, p.Rows)
	}
	for done := 1; done <= p.Blocks; done++ {
		each(len(samplers), p.Workers, func(i int) { block(ctx, samplers[i], traces[i], p) })
		if err := ctx.Err(); err != nil {
			return traces, err
		}
		if p.Progress != nil {
			p.Progress(done, p.Blocks)
		}
		if done >= 2 && p.Settled != nil && p.Settled(traces) {
			break
		}
	}
	return traces, nil
}

// block runs one chain for one block.
func block(ctx context.Context, s Sampler, t *Trace, p Plan) {
	row := make([]float64, len(p.Names))
	left := cancelEvery
	for range p.Block {
		for range p.Thin {
			s.Step()
			if left--; left == 0 {
				if ctx.Err() != nil {
					return
				}
				left = cancelEvery
			}
		}
		s.Values(row)
		t.Add(row)
	}
}

// each calls fn for 0..n-1, at most workers at a time.
func each(n, workers int, fn func(int)) {
	if workers <= 0 {
		workers = runtime.GOMAXPROCS(0)
	}
	var wg sync.WaitGroup
	slots := make(chan struct{}, workers)
	for i := range n {
		slots <- struct{}{}
		wg.Go(func() {
			defer func() { <-slots }()
			fn(i)
		})
	}
	wg.Wait()
}
