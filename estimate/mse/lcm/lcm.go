// Package lcm estimates how many people there are from several incomplete lists, when
// people differ in how likely they are to be listed in ways nobody recorded: a Bayesian
// mixture of latent classes, as many as the table asks for.
//
// Within a class, being on one list says nothing about being on another; between classes
// all chances differ. The number of classes is not chosen: weights follow a truncated
// stick-breaking prior. Source: Manrique-Vallier (2016), Bayesian population size
// estimation using Dirichlet process mixtures, Biometrics 72(4), 1246-1254.
//
// The posterior of real tables has ridges and several modes, and a chain that has not
// found one of them looks as settled as one that has. So several chains start as far
// apart as scouts could get, and have to agree; where they are slow to, a sketch is drawn of where they
// have been, from which they are offered jumps; where they wander from one mode to another,
// they go on for longer; where they stay apart, they are tempered; and where they do not
// agree then, the answer is a refusal.
package lcm

import (
	"context"
	"math/bits"

	"example.org/amparo/estimate"
	"example.org/amparo/fault"
)

// Method is the name of the method in a [estimate.Fit].
const Method = "lcm"

// Options say what is assumed beforehand and how long to calculate. A zero field takes
// its default.
type Options struct {
	// Classes is the largest number of classes, K: min(2^lists - 1, 10), or 15 for ten
	// lists and more. Between 1 and 64.
	Classes int `json:"classes"`
	// AlphaShape and AlphaRate are those of the gamma prior of the concentration alpha,
	// 0.25 each: small alpha, few classes.
	AlphaShape float64 `json:"alpha_shape"`
	AlphaRate  float64 `json:"alpha_rate"`
	// Bound is the most never-listed people for each listed one, 20. Without a bound
	// the posterior of some tables has no end.
	Bound int `json:"bound"`
	// Level is the probability of the interval, 0.95.
	Level float64 `json:"level"`
	// Thresholds are the chances of being listed at all for which the observable
	// population is reported, 0.01 and 0.05; see [Observable].
	Thresholds []float64 `json:"thresholds"`

	// Chains is the number of chains, 4. Between 2 and 16.
	Chains int `json:"chains"`
	// Draws is the effective number of draws, bulk and tail, to stop at, 1000.
	Draws int `json:"draws"`
	// Steps is the most steps a chain takes before tempering, 40,000; chains that have seen
	// each other's places and only need time take up to 16 times that. Steps before the last
	// sketch count, but are left out of the draws. Tempered chains
	// take at most as many steps, on all rungs of the ladder together, as 8 times
	// that, and after two doublings 56 times.
	Steps int `json:"steps"`
	// Plain leaves tempering out: chains that do not agree are refused at once.
	Plain bool `json:"plain,omitempty"`

	// Seed fixes the random streams; 0 derives it from table, options and Salt.
	Seed uint64 `json:"-"`
	Salt string `json:"salt,omitempty"`
	// Workers is the most chains run at once, 0 for one a core. It changes no result.
	Workers int `json:"-"`
	// Progress, when set, is told how far the calculation has come: the stage ("scouts",
	// "chains", "tempering") and the share of its bound that is used up. It may end early.
	Progress func(stage string, share float64) `json:"-"`
}

// with fills in the defaults for a table and checks the rest.
func (o Options) with(lists int) (Options, error) {
	fill(&o.Classes, 10)
	if o.Classes == 10 && lists >= 10 {
		o.Classes = 15
	}
	if lists < 4 {
		o.Classes = min(o.Classes, 1<<lists-1)
	}
	fill(&o.AlphaShape, 0.25)
	fill(&o.AlphaRate, 0.25)
	fill(&o.Bound, 20)
	fill(&o.Level, 0.95)
	fill(&o.Chains, 4)
	fill(&o.Draws, 1000)
	fill(&o.Steps, 40_000)
	if len(o.Thresholds) == 0 {
		o.Thresholds = []float64{0.01, 0.05}
	}
	bad := func(what string, value any, want string) (Options, error) {
		return o, fault.New(fault.Invalid, "lcm.Fit", "option %s is %v", what, value).With("give %s", want)
	}
	switch {
	case o.Classes < 1 || o.Classes > 64:
		return bad("classes", o.Classes, "1 to 64 classes")
	case !(o.AlphaShape >= 0.01 && o.AlphaShape <= 1000):
		return bad("alpha shape", o.AlphaShape, "a number from 0.01 to 1000")
	case !(o.AlphaRate >= 0.01 && o.AlphaRate <= 1000):
		return bad("alpha rate", o.AlphaRate, "a number from 0.01 to 1000")
	case o.Bound < 1 || o.Bound > 10_000:
		return bad("bound", o.Bound, "1 to 10000 never-listed people for each listed one")
	case !(o.Level > 0 && o.Level < 1):
		return bad("level", o.Level, "a probability between 0 and 1")
	case o.Chains < 2 || o.Chains > scouts:
		return bad("chains", o.Chains, "2 to 16 chains: one alone shows nothing")
	case o.Draws < 100 || o.Draws > 100_000:
		return bad("draws", o.Draws, "100 to 100000 effective draws")
	case o.Steps < 1000 || o.Steps > 100_000_000:
		return bad("steps", o.Steps, "1000 to 100000000 steps")
	}
	for _, e := range o.Thresholds {
		if !(e > 0 && e < 1) {
			return bad("threshold", e, "chances between 0 and 1")
		}
	}
	return o, nil
}

func fill[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}

// Fit estimates the number of people from a table of capture histories on the given
// number of lists. histories[i] has bit j set if its people are on list j; counts[i] is
// their number. Histories may come in any order and more than once; those left out
// have count 0.
//
// The fit's Median and Point are the posterior median, Detail is a [Posterior]. Its Refusal
// is set for fewer than three lists with people ("two-lists"), for chains that do not agree
// ("not-settled"), and where the bound decides the answer ("no-upper-limit"; Lower then
// holds). An error is given for a table or an option that breaks a stated rule, and
// when ctx ends.
func Fit(ctx context.Context, lists int, histories []uint32, counts []int, opt Options) (estimate.Fit, error) {
	t, err := newTable(lists, histories, counts)
	if err != nil {
		return estimate.Fit{}, err
	}
	o, err := opt.with(lists)
	if err != nil {
		return estimate.Fit{}, err
	}
	options := o.asMap()
	if o.Seed == 0 {
		if o.Seed, err = estimate.Seed(t.canonical(), Method, options, o.Salt); err != nil {
			return estimate.Fit{}, err
		}
	}
	var fit estimate.Fit
	if t.usedLists() < 3 {
		fit = estimate.Refuse(Method, estimate.Because("two-lists", "Two lists cannot show whether the lists depend on each other.").
			Offer("two_lists_range", "Show the two-list figure only with a range for that dependence, and do not publish it as a total."))
	} else {
		r := run{t: t, o: o, prior: prior{o.AlphaShape, o.AlphaRate, o.Bound}}
		if err := r.calculate(ctx); err != nil {
			return estimate.Fit{}, err
		}
		fit = r.report()
	}
	fit.Options, fit.Seed, fit.InputHash, fit.Level = options, o.Seed, estimate.Hash(t.canonical()), o.Level
	return fit, nil
}

// asMap is the options as used, in the form a fit carries.
func (o Options) asMap() map[string]any {
	return map[string]any{
		"classes": o.Classes, "alpha_shape": o.AlphaShape, "alpha_rate": o.AlphaRate, "bound": o.Bound,
		"level": o.Level, "thresholds": o.Thresholds, "chains": o.Chains, "draws": o.Draws, "steps": o.Steps,
		"plain": o.Plain, "salt": o.Salt,
	}
}

// usedLists is the number of lists with anybody on them.
func (t *table) usedLists() int {
	var all uint32
	for _, h := range t.masks {
		all |= h
	}
	return bits.OnesCount32(all)
}
