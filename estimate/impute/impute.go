// Package impute combines estimates made on several completions of missing data: Rubin's
// rules on a suitable scale, or, better where whole posteriors are at hand, the mixture of
// their draws.
package impute

import (
	"math"
	"slices"

	"example.org/amparo/estimate"
	"example.org/amparo/estimate/quantile"
	"example.org/amparo/fault"
)

// Rule names how degrees of freedom are counted.
type Rule string

// The rules. Rubin is the default. BDA is what Bayesian Data Analysis prints and verdata
// uses: (m−1)(1 + W/((m+1)B))², several times fewer, so wider intervals.
const (
	Rubin        Rule = "rubin"
	BarnardRubin Rule = "barnard-rubin"
	BDA          Rule = "bda"
)

// Pooled is one quantity over M completions: the mean Q of its estimates, the mean W of
// their variances, the variance B between them, T = W + (1+1/M)B, the relative increase R
// of variance, and the fraction FMI of information that is missing.
type Pooled struct {
	M        int               `json:"m"`
	Q        float64           `json:"q"`
	W        float64           `json:"w"`
	B        float64           `json:"b"`
	T        float64           `json:"t"`
	DF       estimate.Number   `json:"df"`
	Rule     Rule              `json:"rule"`
	R        estimate.Number   `json:"r"`
	FMI      estimate.Number   `json:"fmi"`
	Interval estimate.Interval `json:"interval"`
}

// Options of Pool. Complete is the degrees of freedom were nothing missing (n less the
// parameters) and is needed by BarnardRubin only.
type Options struct {
	Rule     Rule    // empty: Rubin
	Complete float64 // 0: infinite
	Level    float64 // 0: 0.95
}

// Pool combines estimates q with variances u.
//
// Sources: Rubin (1987), Multiple Imputation for Nonresponse in Surveys, section 3.1;
// Barnard and Rubin (1999), Biometrika 86, 948-955; Gelman et al. (2013), Bayesian Data
// Analysis, section 18.2.
func Pool(q, u []float64, opt Options) (Pooled, error) {
	m := len(q)
	if m < 2 || len(u) != m {
		return Pooled{}, fault.New(fault.Invalid, "imputation", "there are %d estimates and %d variances", m, len(u)).
			With("give at least two completions, each with an estimate and its variance")
	}
	if opt.Level == 0 {
		opt.Level = 0.95
	}
	if !(opt.Level > 0 && opt.Level < 1) {
		return Pooled{}, fault.New(fault.Invalid, "imputation", "the level %g is not between 0 and 1", opt.Level).With("give 0.95")
	}
	p := Pooled{M: m, Rule: opt.Rule}
	for i := range q {
		if !(u[i] >= 0) || math.IsInf(u[i], 0) || math.IsNaN(q[i]) || math.IsInf(q[i], 0) {
			return Pooled{}, fault.New(fault.Invalid, "imputation", "completion %d gives %g with variance %g", i+1, q[i], u[i]).
				With("leave out completions without an estimate, and say how many")
		}
		p.Q += q[i] / float64(m)
		p.W += u[i] / float64(m)
	}
	for _, v := range q {
		p.B += (v - p.Q) * (v - p.Q) / float64(m-1)
	}
	between := (1 + 1/float64(m)) * p.B
	p.T = p.W + between
	r := between / p.W
	p.R = estimate.Number(r)
	df, err := p.freedom(opt, between)
	if err != nil {
		return Pooled{}, err
	}
	p.DF = estimate.Number(df)
	p.FMI = estimate.Number((r + 2/(df+3)) / (r + 1))
	if math.IsInf(r, 1) {
		p.FMI = 1
	}
	half := quantile.Student((1+opt.Level)/2, df) * math.Sqrt(p.T)
	p.Interval = estimate.Interval{Lower: estimate.Number(p.Q - half), Upper: estimate.Number(p.Q + half), Level: opt.Level}
	return p, nil
}

// freedom counts the degrees of freedom; without variance between completions they are
// those of the complete data.
func (p *Pooled) freedom(opt Options, between float64) (float64, error) {
	complete := opt.Complete
	if complete == 0 {
		complete = math.Inf(1)
	}
	if between == 0 {
		p.Rule = Rubin
		return complete, nil
	}
	m := float64(p.M)
	old := (m - 1) * square(1+p.W/between)
	switch opt.Rule {
	case Rubin, "":
		p.Rule = Rubin
		return old, nil
	case BDA:
		return (m - 1) * square(1+p.W/((m+1)*p.B)), nil
	case BarnardRubin:
		if math.IsInf(complete, 1) {
			return old, nil
		}
		lambda := between / p.T
		seen := (complete + 1) / (complete + 3) * complete * (1 - lambda)
		return 1 / (1/old + 1/seen), nil
	}
	return 0, fault.New(fault.Invalid, "imputation", "no rule is called %q", string(opt.Rule)).With("use one of rubin, barnard-rubin, bda")
}

func square(x float64) float64 { return x * x }

// Total is a number of people pooled over completions with n of them seen: Rubin's rules
// on ln(N − n), brought back.
type Total struct {
	N        float64           `json:"n"`
	Interval estimate.Interval `json:"interval"`
	Log      Pooled            `json:"log_n0"`
	Alt      Pooled            `json:"alternative"` // the same by the other rule, named in it
}

// Population pools posterior draws of a number of people. draws[k] are those of completion
// k, in which seen[k] people were seen; draws not above seen are refused, ln 0 having no
// mean.
func Population(draws [][]float64, seen []int, opt Options) (Total, error) {
	if len(draws) != len(seen) {
		return Total{}, fault.New(fault.Invalid, "imputation", "there are draws of %d completions and counts of %d", len(draws), len(seen))
	}
	q, u, n := make([]float64, len(draws)), make([]float64, len(draws)), 0.0
	for k, d := range draws {
		n += float64(seen[k]) / float64(len(draws))
		logs := make([]float64, len(d))
		for i, v := range d {
			if !(v > float64(seen[k])) {
				return Total{}, fault.New(fault.Invalid, "imputation", "a draw of completion %d is not above the %d seen", k+1, seen[k]).
					With("mix the draws instead")
			}
			logs[i] = math.Log(v - float64(seen[k]))
		}
		if len(d) < 2 {
			return Total{}, fault.New(fault.Invalid, "imputation", "completion %d has %d draws", k+1, len(d)).With("give at least two")
		}
		q[k], u[k] = moments(logs)
	}
	p, err := Pool(q, u, opt)
	if err != nil {
		return Total{}, err
	}
	other := opt
	other.Rule = BDA
	if opt.Rule == BDA {
		other.Rule = Rubin
	}
	alt, err := Pool(q, u, other)
	if err != nil {
		return Total{}, err
	}
	return Total{
		N: n + math.Exp(p.Q), Log: p, Alt: alt,
		Interval: estimate.Interval{
			Lower: estimate.Number(n + math.Exp(float64(p.Interval.Lower))),
			Upper: estimate.Number(n + math.Exp(float64(p.Interval.Upper))), Level: p.Interval.Level,
		},
	}, nil
}

func moments(x []float64) (mean, variance float64) {
	for _, v := range x {
		mean += v / float64(len(x))
	}
	for _, v := range x {
		variance += (v - mean) * (v - mean) / float64(len(x)-1)
	}
	return mean, variance
}

// Mixture is what the draws of all completions say together, each completion weighing the
// same: it keeps the skew that Rubin's rules smooth away, and is the default for
// posteriors.
type Mixture struct {
	Mean     float64           `json:"mean"`
	Median   float64           `json:"median"`
	Interval estimate.Interval `json:"interval"`
	Draws    int               `json:"draws"`
}

// Mix mixes the draws of all completions. Completions with different numbers of draws are
// refused: the longer would weigh more.
func Mix(draws [][]float64, level float64) (Mixture, error) {
	var all []float64
	for k, d := range draws {
		if len(d) == 0 || len(d) != len(draws[0]) {
			return Mixture{}, fault.New(fault.Invalid, "imputation", "completion %d has %d draws, the first %d", k+1, len(d), len(draws[0])).
				With("give as many draws of each")
		}
		all = append(all, d...)
	}
	if len(all) == 0 || !(level > 0 && level < 1) {
		return Mixture{}, fault.New(fault.Invalid, "imputation", "there are %d draws and a level of %g", len(all), level).With("give draws, and a level such as 0.95")
	}
	slices.Sort(all)
	m := Mixture{Draws: len(all), Median: quantile.Type8(all, 0.5)}
	for _, v := range all {
		m.Mean += v / float64(len(all))
	}
	m.Interval = estimate.Interval{
		Lower: estimate.Number(quantile.Type8(all, (1-level)/2)), Upper: estimate.Number(quantile.Type8(all, (1+level)/2)), Level: level,
	}
	return m, nil
}
