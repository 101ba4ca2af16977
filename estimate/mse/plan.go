// Package mse sets the methods of multiple systems estimation side by side. One table of
// capture histories has many answers, and which is right the table cannot say: so the
// result is an ensemble with its disagreement, or a refusal with its words.
package mse

import (
	"context"
	"slices"
	"strconv"

	"example.org/amparo/estimate"
	"example.org/amparo/estimate/hist"
	"example.org/amparo/estimate/mse/chao"
	"example.org/amparo/estimate/mse/dga"
	"example.org/amparo/estimate/mse/loglin"
	"example.org/amparo/estimate/mse/nhoi"
	"example.org/amparo/estimate/mse/pairs"
	"example.org/amparo/estimate/mse/sparse"
	"example.org/amparo/fault"
)

// Method is the name of the ensemble in a Fit.
const Method = "ensemble"

// LCM is the name of the latent class method, which is plugged in by Plan.LatentClass.
const LCM = "lcm"

// all are the names of the methods in the order they are shown; LCM is the last.
var all = []string{chao.Method, pairs.Method, loglin.Method, sparse.Method, dga.Method, loglin.DifferingMethod, nhoi.Method, LCM}

// Methods returns the names of the methods, in the order they are shown.
func Methods() []string { return slices.Clone(all) }

// Limits are the numbers on which refusals turn. They are defaults, to be set by a named
// statistician and printed with the figure.
type Limits struct {
	Pair       int     `json:"pair"`       // largest overlap of two lists below this: refused
	Overlaps   int     `json:"overlaps"`   // people on two lists or more below this: refused
	Nested     int     `json:"nested"`     // a list of at least this many people inside another is taken for a copy
	Hull       float64 `json:"hull"`       // upper over lower end of the credible members above this: only the lower is given
	Unresolved float64 `json:"unresolved"` // share of unresolved links above this: refused
	RHat       float64 `json:"rhat"`       // above this a sampler did not settle
	ESS        float64 `json:"ess"`        // below this a sampler did not settle
}

// DefaultLimits returns the limits as they stand without a decision by a person.
func DefaultLimits() Limits {
	return Limits{Pair: 7, Overlaps: 30, Nested: 10, Hull: 3, Unresolved: 0.10, RHat: 1.05, ESS: 400}
}

// Plan is what is asked of an ensemble. The zero value of everything but Limits is a
// default; Limits that are all zero stand for DefaultLimits.
type Plan struct {
	Level   float64
	Seed    uint64   // of every simulation, mixed with the method's name and the table
	Methods []string // names of the members; none means all that are there
	Limits  Limits

	LoglinDraws int // bootstrap draws of the log-linear member; 0 means 200, negative none
	SparseDraws int // of the stepwise member; 0 means 1,000, negative none
	Criterion   loglin.Criterion
	Threshold   float64 // of the stepwise member
	Delta       float64 // prior weight of the graphs
	Workers     int     // 0 for one a processor; the result does not depend on it

	Referrals  [][2]string // lists known to be built from one another, by name
	Open       bool        // people entered or left while the lists were made
	Unresolved float64     // share of links between records that nobody has decided

	// LatentTables is the most draws of a linkage that LatentClass is fitted to, evenly
	// spread; 0 for all. A fit costs more than all other members together.
	LatentTables int
	// LatentEnough, if not nil, is asked after each fit of LatentClass to a draw of a linkage
	// whether the draws that are left are to be left out, such as when it took long.
	LatentEnough func() bool

	// Progress, if not nil, is told how many of how many fits are done. It changes nothing.
	Progress func(done, of int)

	// LatentClass fits the latent class model; nil leaves it out.
	LatentClass func(ctx context.Context, t hist.Table, level float64, seed uint64) (estimate.Fit, error)
}

func (p Plan) filled() Plan {
	if !(p.Level > 0 && p.Level < 1) {
		p.Level = estimate.DefaultLevel
	}
	if p.Limits == (Limits{}) {
		p.Limits = DefaultLimits()
	}
	if len(p.Methods) == 0 {
		p.Methods = Methods()
		if p.LatentClass == nil {
			p.Methods = p.Methods[:len(p.Methods)-1]
		}
	}
	if p.Criterion == "" {
		p.Criterion = loglin.BIC
	}
	if p.LoglinDraws == 0 {
		p.LoglinDraws = 200
	}
	if p.SparseDraws == 0 {
		p.SparseDraws = 1000
	}
	return p
}

// seed gives each method its own seed from the plan's, so that none of them draws the same
// numbers as another.
func (p Plan) seed(t hist.Table, method string) uint64 {
	s, err := estimate.Seed(t.Canonical(), method, nil, strconv.FormatUint(p.Seed, 10))
	if err != nil {
		return p.Seed // cannot be: there are no options to encode
	}
	return s
}

// Member fits one method of the plan to a table; a table that the method cannot take gives
// a fit with a refusal. The error is that of cancelling, an unknown name, or of LCM when
// the plan has no latent class method.
func (p Plan) Member(ctx context.Context, t hist.Table, method string) (estimate.Fit, error) {
	p = p.filled()
	fit, err := p.member(ctx, t, method)
	if k := fault.KindOf(err); k == fault.TooLarge || k == fault.Invalid {
		refused := estimate.Refuse(method, estimate.Because("table", "This method cannot take this table: %s.", sentence(err)))
		refused.Level, refused.InputHash = p.Level, t.Hash()
		return refused, nil
	}
	return fit, err
}

func sentence(err error) string {
	if f, ok := err.(*fault.Error); ok && f.Msg != "" {
		return f.Msg
	}
	return err.Error()
}

func (p Plan) member(ctx context.Context, t hist.Table, method string) (estimate.Fit, error) {
	switch method {
	case chao.Method:
		return chao.Fit(t, chao.Options{Level: p.Level}), nil
	case pairs.Method:
		return pairs.Fit(t, pairs.Options{Level: p.Level}), nil
	case loglin.Method:
		return loglin.Fit(ctx, t, loglin.Options{Level: p.Level, Criterion: p.Criterion, Draws: max(0, p.LoglinDraws), Seed: p.seed(t, method), Workers: p.Workers})
	case sparse.Method:
		return sparse.Fit(ctx, t, sparse.Options{Level: p.Level, Threshold: p.Threshold, Draws: max(0, p.SparseDraws), Seed: p.seed(t, method), Workers: p.Workers})
	case dga.Method:
		return dga.Fit(ctx, t, dga.Options{Level: p.Level, Delta: p.Delta})
	case loglin.DifferingMethod:
		return loglin.FitDiffering(t, p.Level), nil
	case nhoi.Method:
		return nhoi.Fit(t, nhoi.Options{Level: p.Level}), nil
	case LCM:
		if p.LatentClass == nil {
			return estimate.Fit{}, fault.New(fault.NotFound, "mse", "the latent class method is not part of this program").With("choose one of %v", all[:len(all)-1])
		}
		return p.LatentClass(ctx, t, p.Level, p.seed(t, method))
	}
	return estimate.Fit{}, fault.New(fault.NotFound, "mse", "there is no method %q", method).With("choose one of %v", all)
}

// members fits all methods of the plan.
func (p Plan) members(ctx context.Context, t hist.Table) ([]estimate.Fit, error) {
	var out []estimate.Fit
	for _, m := range p.Methods {
		f, err := p.Member(ctx, t, m)
		if err != nil {
			return nil, err
		}
		out = append(out, f)
	}
	return out, nil
}
