// Package calibration asks of invented worlds what is asked of real records, and counts
// how often the answer holds the truth: testimonies with the errors real ones have are
// linked, the draws of who is who become capture histories, and the ensemble, the
// durations and the shares are estimated as the program does it. The truth is compared
// with the answers at the end and steers nothing.
//
// The limits on which refusals turn are set from its table, in docs/calibration.
package calibration

import (
	"context"
	"encoding/json"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"

	"example.org/amparo/estimate"
	"example.org/amparo/estimate/mse"
	"example.org/amparo/fault"
	"example.org/amparo/internal/kind"
	"example.org/amparo/internal/world"
	"example.org/amparo/linkage/compare"
	"example.org/amparo/linkage/testimony"
)

// Config is everything the results depend on. The zero value of a field but Scenarios is
// its default.
type Config struct {
	Worlds    int             `json:"worlds"` // by scenario
	People    int             `json:"people"` // in a world
	Seed      uint64          `json:"seed"`
	Scenarios []world.Capture `json:"scenarios"`

	LinkageDraws  int        `json:"linkage_draws"`
	KnownEvery    int        `json:"known_every"` // every so many worlds the total is also asked for with identities known
	LoglinDraws   int        `json:"loglin_draws"`
	SparseDraws   int        `json:"sparse_draws"`
	TurnbullDraws int        `json:"turnbull_draws"`
	DateDraws     int        `json:"date_draws"`
	LCMTables     int        `json:"lcm_tables"` // draws of the linkage to which latent classes are fitted
	LCMDraws      int        `json:"lcm_draws"`  // effective ones, at which a run stops
	LCMSteps      int        `json:"lcm_steps"`
	Limits        mse.Limits `json:"limits"`
}

// Filled returns the configuration with its defaults, or says what is wrong with it.
func (c Config) Filled() (Config, error) {
	for _, f := range []struct {
		field *int
		value int
	}{{&c.Worlds, 200}, {&c.People, 600}, {&c.LinkageDraws, 3}, {&c.KnownEvery, 4}, {&c.LoglinDraws, 100}, {&c.SparseDraws, 300}, {&c.TurnbullDraws, 100},
		{&c.DateDraws, 10}, {&c.LCMTables, 1}, {&c.LCMDraws, 400}, {&c.LCMSteps, 40_000}} {
		if *f.field == 0 {
			*f.field = f.value
		}
	}
	if c.Limits == (mse.Limits{}) {
		c.Limits = mse.DefaultLimits()
	}
	if c.Scenarios == nil {
		c.Scenarios = Scenarios()
	}
	if c.Worlds < 1 || c.People < 200 || c.LinkageDraws < 1 || c.KnownEvery < 1 || c.DateDraws < 2 {
		return c, fault.New(fault.Invalid, "calibrate", "there are %d worlds of %d people", c.Worlds, c.People).With("give at least one world, of 200 people or more")
	}
	for _, s := range c.Scenarios {
		if err := s.Check(); err != nil {
			return c, err
		}
	}
	return c, nil
}

// Hash names the configuration but for the number of worlds, on which the result of none
// depends: results of one configuration are never put with those of another.
func (c Config) Hash() (string, error) {
	c.Worlds = 0
	b, err := json.Marshal(c)
	return estimate.Hash(b), err
}

// World is what was answered in one world.
type World struct {
	Scenario string   `json:"scenario"`
	Number   int      `json:"world"`
	Listed   int      `json:"listed"` // people on any list, as they truly are
	Linkage  Linkage  `json:"linkage"`
	Answers  []Answer `json:"answers"`
}

// Run answers the questions in every world that is not in done, workers at a time, and
// hands each result to keep, in no fixed order and one at a time; keep's first error stops
// the run. Each result depends on the configuration alone. The configuration must be filled.
func Run(ctx context.Context, c Config, workers int, done func(scenario string, number int) bool, keep func(World) error) error {
	type job struct {
		s *world.Capture
		n int
	}
	var jobs []job
	for n := range c.Worlds { // scenarios in turn, so that a part of a run tells of all
		for i := range c.Scenarios {
			if s := &c.Scenarios[i]; done == nil || !done(s.Name, n) {
				jobs = append(jobs, job{s, n})
			}
		}
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var at atomic.Int64
	var mu sync.Mutex
	var wg sync.WaitGroup
	for range max(1, min(workers, len(jobs))) {
		wg.Go(func() {
			comparers, err := testimony.Comparers()
			if err != nil {
				cancel(err)
			}
			for ctx.Err() == nil {
				k := int(at.Add(1)) - 1
				if k >= len(jobs) {
					return
				}
				w, err := c.world(ctx, comparers, jobs[k].s, jobs[k].n)
				if err == nil {
					mu.Lock()
					if ctx.Err() == nil {
						err = keep(w)
					}
					mu.Unlock()
				}
				if err != nil {
					cancel(err)
				}
			}
		})
	}
	wg.Wait()
	return context.Cause(ctx)
}

// world invents one world and answers the questions in it.
func (c Config) world(ctx context.Context, comparers map[string]compare.Comparer, s *world.Capture, number int) (World, error) {
	seed, err := estimate.Seed([]byte(s.Name), "calibrate", nil, strconv.FormatUint(c.Seed, 10)+" "+strconv.Itoa(number))
	if err != nil {
		return World{}, err
	}
	set := kind.Builtin()
	a := newArchive(set)
	truth, err := world.Generate(ctx, world.Config{People: c.People, Seed: seed, Capture: s}, set, func(e world.Event) error { return a.keep(e, s.Lists) })
	if err != nil {
		return World{}, err
	}
	l, err := a.link(truth, comparers, c.LinkageDraws, seed)
	if err != nil {
		return World{}, err
	}
	out := World{Scenario: s.Name, Number: number, Linkage: l.quality()}
	people := map[uint32]bool{}
	for _, p := range l.truth {
		people[p] = true
	}
	out.Listed = len(people)
	totals, err := c.totals(ctx, l, s.Lists, willing(truth), seed, number%c.KnownEvery == 0)
	if err != nil {
		return World{}, err
	}
	told := a.told(l)
	durations, err := c.durations(told, truth, seed)
	if err != nil {
		return World{}, err
	}
	shared, err := shares(told, truth)
	out.Answers = slices.Concat(totals, durations, shared)
	return out, err
}
