package lcm

import (
	"context"
	"fmt"

	"example.org/amparo/estimate"
	"example.org/amparo/estimate/mcmc"
)

// run is one calculation from the table to the traces.
type run struct {
	t     *table
	o     Options
	prior prior

	traces   []*mcmc.Trace
	burn     float64 // share of each trace left out
	tempered bool
	used     int                 // rows of this stage that became warming up
	stale    func(rows int) bool // whether to begin anew after so many rows; nil for never
	again    bool                // whether stale said so
	quality  estimate.Diagnostics
}

const (
	blockRows = 250
	mostRows  = 16_384 // a chain keeps in memory
	burnShare = 0.1

	settledRHat = 1.01 // where a run stops
	// Chains below wanderingRHat have been where the others are: they only need time, and a
	// ladder takes sixteen times as much for a row. They go on to longer times their steps.
	wanderingRHat, longer = 1.3, 16

	usableRHat = 1.05 // beyond which no figure is given
	usableESS  = 400
)

// names are the quantities kept of each row: see chain.Values.
func (r *run) names() []string {
	names := []string{"missing", "classes", "none", "alpha", "within"}
	for i := range r.o.Thresholds {
		names = append(names, observableName(i))
	}
	return names
}

func observableName(i int) string { return fmt.Sprintf("observable %d", i) }

// calculate sends out scouts, runs the chains on, and tempers them if they do not agree.
func (r *run) calculate(ctx context.Context) error {
	all := newScouts(r.t, r.prior, r.o)
	_, err := mcmc.Run(ctx, all, mcmc.Plan{
		Names: []string{"missing"}, Block: 10, Thin: 10, Blocks: scoutSteps / 100, Workers: r.o.Workers,
		Progress: r.progress("scouts", 0),
	})
	if err != nil {
		return err
	}
	chains := farthest(all, r.o.Chains)
	var stands []stand
	for _, s := range all {
		stands = append(stands, s.(*scout).memory.take()...)
	}
	for _, c := range chains {
		c.eps, c.leaps = r.o.Thresholds, longLeaps
	}
	r.burn = burnShare
	if err := r.explore(ctx, chains, stands); err != nil || r.usable() || r.o.Plain {
		return err
	}
	return r.temper(ctx, chains)
}

// temper puts every chain on a ladder, fits the ladders' spacing, and samples; if the
// chains still do not agree it doubles the run twice, leaving out what came before.
func (r *run) temper(ctx context.Context, chains []*chain) error {
	r.tempered, r.used, r.stale = true, 0, nil
	ladders := make([]mcmc.Sampler, len(chains))
	for i, c := range chains {
		ladders[i] = newLadder(c, r.o.Seed, uint64(1000+rungs*i))
	}
	steps := r.o.Steps / 5
	for round := range 5 {
		steps := max(steps>>(6-round), 80)
		_, err := mcmc.Run(ctx, ladders, mcmc.Plan{Names: r.names(), Block: 8, Thin: steps / 8, Blocks: 1, Workers: r.o.Workers})
		if err != nil {
			return err
		}
		for _, l := range ladders {
			l.(*ladder).respace()
		}
	}
	for range 3 {
		if err := r.sample(ctx, "tempering", ladders, steps, 1); err != nil || r.settled() {
			return err
		}
		steps *= 2
	}
	return nil
}

// sample runs chains until they settle, for at most steps steps each, those used included;
// chains that wander by then go on to as many times that as further says.
func (r *run) sample(ctx context.Context, stage string, chains []mcmc.Sampler, steps, further int) error {
	next, used := 4*blockRows, r.used
	r.again = false
	blocks := max((further*steps-used)/blockRows, 1)
	traces, err := mcmc.Run(ctx, chains, mcmc.Plan{
		Names: r.names(), Block: blockRows, Thin: 1, Blocks: blocks, Rows: mostRows, Workers: r.o.Workers,
		Progress: r.progress(stage, used/blockRows),
		Settled: func(traces []*mcmc.Trace) bool {
			rows := traces[0].Len() * traces[0].Stride()
			if rows < next {
				return false
			}
			r.traces = traces
			r.look()
			// Looking costs as much as many steps: look again when it may be enough.
			next = int(float64(rows) * r.wanting())
			if used+rows < steps {
				next = min(next, steps-used)
			}
			if r.settled() {
				return true
			}
			if r.again = r.stale != nil && r.stale(rows); r.again {
				r.used += rows
				return true
			}
			return used+rows >= steps && !(r.quality.RHat < wanderingRHat)
		},
	})
	if err != nil || r.again { // what is begun anew is looked at then
		return err
	}
	r.traces = traces
	r.diagnose()
	return nil
}

func samplers(chains []*chain) []mcmc.Sampler {
	out := make([]mcmc.Sampler, len(chains))
	for i, c := range chains {
		out[i] = c
	}
	return out
}

// progress tells of a stage, of which so many blocks are done before.
func (r *run) progress(stage string, before int) func(done, of int) {
	if r.o.Progress == nil {
		return nil
	}
	return func(done, of int) { r.o.Progress(stage, float64(before+done)/float64(before+of)) }
}

// chainsOf returns a kept quantity by chain, burn-in left out.
func (r *run) chainsOf(name string) [][]float64 { return mcmc.Chains(r.traces, name, r.burn) }

func (r *run) diagnose() {
	r.look()
	r.quality.MCSE = estimate.Number(mcmc.MCSEQuantile(r.chainsOf("missing"), 0.5))
}

// look finds out what [run.settled] needs.
func (r *run) look() {
	missing := r.chainsOf("missing")
	s := mcmc.Settle(missing)
	r.quality = estimate.Diagnostics{
		RHat: estimate.Number(s.RHat), ESSBulk: estimate.Number(s.ESSBulk), ESSTail: estimate.Number(s.ESSTail),
		Chains: len(missing),
		Draws:  len(missing) * len(missing[0]),
	}
}

// settled reports whether the run may stop.
func (r *run) settled() bool {
	q, want := r.quality, estimate.Number(r.o.Draws)
	return q.RHat < settledRHat && q.ESSBulk >= want && q.ESSTail >= want
}

// wanting is about how many times as many rows it takes to settle, from 1.1 to 2.
func (r *run) wanting() float64 {
	more := 1.03 * float64(r.o.Draws) / r.effective()
	if !(more > 1.25) && !(r.quality.RHat < settledRHat) {
		more = 1.25
	}
	return min(max(more, 1.1), 2)
}

// usable reports whether the draws carry a figure at all.
func (r *run) usable() bool {
	q := r.quality
	return q.RHat <= usableRHat && q.ESSBulk >= usableESS && q.ESSTail >= usableESS
}

// Step makes a chain a [mcmc.Sampler].
func (c *chain) Step() {
	c.step()
	c.remember()
}

// placedEvery is in how many rows everybody is placed anew in a class, which costs as much
// as a quarter of a step. The rows between repeat what hangs on it: a repeated draw is one
// from the posterior as well.
const placedEvery = 4

// Values writes: never-listed people, classes with anybody, probability of being on no list,
// alpha, lnWithin, and for each threshold the observable population.
func (c *chain) Values(row []float64) {
	if c.rows%placedEvery == 0 {
		c.allocate()
		c.occupied = 0
		for _, k := range c.order {
			if k.n > 0 {
				c.occupied++
			}
		}
		c.observable = c.observable[:0]
		for _, e := range c.eps {
			n := 0
			for _, k := range c.order {
				if 1-k.none > e {
					n += k.n
				}
			}
			c.observable = append(c.observable, float64(n))
		}
	} else {
		c.missing = c.drawMissing()
	}
	c.rows++
	row[0], row[1], row[2], row[3], row[4] = float64(c.missing), float64(c.occupied), c.none, c.alpha, c.lnWithin()
	copy(row[5:], c.observable)
}
