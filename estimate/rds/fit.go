package rds

import (
	"math"
	"math/rand/v2"

	"example.org/amparo/estimate"
	"example.org/amparo/estimate/quantile"
	"example.org/amparo/fault"
)

// Options of Estimate. Sizes are guesses at the population for Gile's estimator, usually
// three; without them only the first and second estimators are given. Draws is the number
// of bootstrap draws and of simulated samples.
type Options struct {
	Sizes []int
	Draws int     // 0: 500
	Level float64 // 0: 0.95
}

// Detail is what the estimators say side by side.
type Detail struct {
	Shape      Shape           `json:"shape"`
	I          estimate.Number `json:"rds_i"`
	II         With            `json:"rds_ii"`
	Chain      With            `json:"rds_ii_chain"` // Salganik's chain bootstrap
	Successive []AtSize        `json:"successive"`
}

// With is a share with its standard error and normal interval, cut to [0, 1].
type With struct {
	Share    float64           `json:"share"`
	SE       estimate.Number   `json:"se"`
	Interval estimate.Interval `json:"interval"`
	Error    string            `json:"error"` // which bootstrap
}

// AtSize is Gile's estimate were the population Size.
type AtSize struct {
	Size  int     `json:"size"`
	Limit float64 `json:"limit"` // without simulation
	With
}

// Estimate answers what share of the population has the outcome. The figure is Gile's
// estimate at the middle of the sizes, its interval the hull of those at all sizes; without
// sizes it is the second estimator with the tree bootstrap, or with one seed the chain
// bootstrap.
func Estimate(s *Sample, opt Options, r *rand.Rand) (estimate.Fit, error) {
	if opt.Draws == 0 {
		opt.Draws = 500
	}
	if opt.Level == 0 {
		opt.Level = 0.95
	}
	if !(opt.Level > 0 && opt.Level < 1) {
		return estimate.Fit{}, fault.New(fault.Invalid, "rds", "the level %g is not between 0 and 1", opt.Level).With("give 0.95")
	}
	d := &Detail{Shape: s.Shape(), I: estimate.Number(s.I())}
	z := quantile.TwoSided(opt.Level)
	se, err := s.Salganik(opt.Draws, r)
	if err != nil {
		return estimate.Fit{}, err
	}
	d.Chain = with(s.II(), se, z, opt.Level, "salganik")
	d.II = d.Chain
	if d.Shape.Seeds > 1 {
		if se, err = s.Tree(opt.Draws, r); err != nil {
			return estimate.Fit{}, err
		}
		d.II = with(s.II(), se, z, opt.Level, "tree")
	}
	for _, size := range opt.Sizes {
		at, err := s.atSize(size, opt, r)
		if err != nil {
			return estimate.Fit{}, err
		}
		d.Successive = append(d.Successive, at)
	}
	fit := d.fit(opt)
	doubts(&fit, d)
	return fit, nil
}

func with(share, se, z, level float64, by string) With {
	return With{share, estimate.Number(se), estimate.Interval{
		Lower: estimate.Number(math.Max(0, share-z*se)), Upper: estimate.Number(math.Min(1, share+z*se)), Level: level}, by}
}

func (s *Sample) atSize(size int, opt Options, r *rand.Rand) (AtSize, error) {
	share, err := s.Successive(size, opt.Draws, r)
	if err != nil {
		return AtSize{}, err
	}
	limit, err := s.Limit(size)
	if err != nil {
		return AtSize{}, err
	}
	se, err := s.SuccessiveError(size, opt.Draws, r)
	if err != nil {
		return AtSize{}, err
	}
	return AtSize{size, limit, with(share, se, quantile.TwoSided(opt.Level), opt.Level, "successive")}, nil
}

func (d *Detail) fit(opt Options) estimate.Fit {
	fit := estimate.Fit{Method: "rds-ii", Level: opt.Level, Median: estimate.Number(math.NaN()), Detail: d,
		Options: map[string]any{"level": opt.Level, "draws": opt.Draws}}
	fit.Point, fit.Lower, fit.Upper = estimate.Number(d.II.Share), d.II.Interval.Lower, d.II.Interval.Upper
	if n := len(d.Successive); n > 0 {
		fit.Method = "gile-ss"
		fit.Options["sizes"] = opt.Sizes
		fit.Point = estimate.Number(d.Successive[n/2].Share)
		fit.Lower, fit.Upper = d.Successive[0].Interval.Lower, d.Successive[0].Interval.Upper
		for _, a := range d.Successive {
			fit.Lower, fit.Upper = min(fit.Lower, a.Interval.Lower), max(fit.Upper, a.Interval.Upper)
		}
	}
	return fit
}

func doubts(f *estimate.Fit, d *Detail) {
	f.Warn("chain_names_people", "A record of who brought whom names people at risk and their ties. Keep coupon hashes only, and drop the chain once this is computed.")
	if d.Shape.Waves < 4 {
		f.Warn("few_waves", "The longest chain has %d waves; the sample may still resemble the seeds.", d.Shape.Waves)
	}
	if d.Shape.Seeds < 5 {
		f.Warn("few_seeds", "There are %d seeds; the standard error rests on few branches.", d.Shape.Seeds)
	}
	if len(d.Successive) == 1 {
		f.Warn("one_size", "One size of the population was tried; the result moves with it. Give three.")
	}
	f.Assume("reciprocity", "Assumes that whoever knows a member is known by that member.")
	f.Assume("honest_degree", "Assumes that people told truly how many members they know.")
	f.Assume("random_recruitment", "Assumes that people brought others at random from those they know.")
	f.Assume("enough_waves", "Assumes that chains were long enough to forget their seeds.")
}
