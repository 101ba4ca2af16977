package survival

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"example.org/amparo/estimate"
	"example.org/amparo/estimate/quantile"
	"example.org/amparo/fault"
)

// Question is a set of durations and what is asked of them. Times are where the curve is
// read off; Tau bounds the mean (0: the largest time up to which every group is known);
// Rho is that of the G^ρ test.
type Question struct {
	Options
	Tau    float64
	Times  []float64
	Rho    float64
	Sample Sample // empty: Cohort
}

// Durations is the detail of a fit: one entry a group, first the whole.
type Durations struct {
	Groups    []Group        `json:"groups"`
	LogRank   *Test          `json:"logrank,omitempty"`
	Contrasts []GroupsByMean `json:"contrasts,omitempty"`
}

// Group is the curve of one group with what is read off it.
type Group struct {
	Name      string     `json:"name"` // "" is everybody
	N         int        `json:"n"`
	Events    int        `json:"events"`
	Variance  string     `json:"variance"`
	Curve     []Step     `json:"curve"`
	Quantiles []Quantile `json:"quantiles"` // 0.25, 0.5, 0.75
	AtTimes   []Step     `json:"at_times,omitempty"`
	RMST      *Mean      `json:"rmst,omitempty"`
}

// GroupsByMean compares the restricted means of two groups, the later by name less the
// earlier.
type GroupsByMean struct {
	A string `json:"a"`
	B string `json:"b"`
	Contrast
}

// Estimate answers q from durations: the figure is the median with its interval, Detail
// the [Durations].
func Estimate(obs []Observation, q Question) (estimate.Fit, error) {
	q, err := q.check()
	if err != nil {
		return estimate.Fit{}, err
	}
	fit := estimate.Fit{Method: "kaplan-meier", Level: q.Level, Options: q.options(), Warnings: q.Sample.Warnings()}
	if q.Sample == Inside && !slices.ContainsFunc(obs, func(o Observation) bool { return o.Late }) {
		if obs, err = LengthWeights(obs); err != nil {
			return estimate.Fit{}, err
		}
		fit.Warn("length_weights", "Each stay weighs the inverse of its length, to undo that long ones are found more often.")
	}
	d := &Durations{}
	fit.Detail = d
	var curves []*Curve
	groups := Groups(obs)
	names := []string{""}
	if len(groups) > 1 {
		names = append(names, groups...)
	}
	for i, name := range names {
		in := obs
		if i > 0 {
			in = InGroup(obs, name)
		}
		c, err := KaplanMeier(in, q.Options)
		if err != nil {
			return estimate.Fit{}, err
		}
		curves = append(curves, c)
	}
	tau, err := q.tau(curves)
	if err != nil {
		return estimate.Fit{}, err
	}
	var means []Mean
	for i, c := range curves {
		g, m, err := q.group(names[i], c, tau)
		if err != nil {
			return estimate.Fit{}, err
		}
		d.Groups = append(d.Groups, g)
		means = append(means, m)
	}
	if len(names) > 1 {
		compareGroups(obs, q, names, means, d, &fit)
	}
	median := d.Groups[0].Quantiles[1]
	fit.Point, fit.Median, fit.Lower, fit.Upper = median.Value, median.Value, median.Lower, median.Upper
	doubts(&fit, curves[0], median)
	return fit, nil
}

// check refuses options that are no numbers, and fills in the rest.
func (q Question) check() (Question, error) {
	opt, err := q.Options.defaults()
	if err != nil {
		return q, err
	}
	q.Options = opt
	if !finite(q.Rho) || q.Rho < 0 {
		return q, fault.New(fault.Invalid, "survival", "the weight of the test is %g", q.Rho).With("give 0 for log-rank or 1 for Peto")
	}
	for _, t := range q.Times {
		if !finite(t) || t < 0 {
			return q, fault.New(fault.Invalid, "survival", "the curve is to be read off at %g", t).With("give times from 0 on")
		}
	}
	return q, nil
}

func (q Question) options() map[string]any {
	o := map[string]any{"level": q.Level, "band": string(q.Band), "rho": q.Rho}
	if q.Tau != 0 {
		o["tau"] = q.Tau
	}
	if q.Sample != "" {
		o["sample"] = string(q.Sample)
	}
	if len(q.Times) > 0 {
		o["times"] = q.Times
	}
	return o
}

// tau is what was asked, or the largest time that every curve reaches.
func (q Question) tau(curves []*Curve) (float64, error) {
	if q.Tau < 0 || math.IsNaN(q.Tau) || math.IsInf(q.Tau, 0) {
		return 0, fault.New(fault.Invalid, "survival", "the mean up to %g is asked for", q.Tau).With("give a positive time")
	}
	if q.Tau > 0 {
		return q.Tau, nil
	}
	tau := math.Inf(1)
	for _, c := range curves {
		if c.Steps[len(c.Steps)-1].Survival > 0 {
			tau = math.Min(tau, c.Last)
		}
	}
	if math.IsInf(tau, 1) {
		tau = curves[0].Last
	}
	return tau, nil
}

func (q Question) group(name string, c *Curve, tau float64) (Group, Mean, error) {
	g := Group{Name: name, N: c.N, Events: c.Events, Variance: c.Variance, Curve: c.Steps}
	for _, p := range []float64{0.25, 0.5, 0.75} {
		g.Quantiles = append(g.Quantiles, c.Quantile(p))
	}
	for _, at := range q.Times {
		g.AtTimes = append(g.AtTimes, c.At(at))
	}
	if tau <= 0 {
		return g, Mean{}, nil
	}
	m, err := c.RMST(tau)
	if err != nil {
		return g, Mean{}, err
	}
	g.RMST = &m
	return g, m, nil
}

func compareGroups(obs []Observation, q Question, names []string, means []Mean, d *Durations, fit *estimate.Fit) {
	if t, err := LogRank(obs, q.Rho); err != nil {
		fit.Warn("no_logrank", "The log-rank test is left out: %v.", err)
	} else {
		d.LogRank = &t
	}
	for i := 1; i < len(names); i++ {
		for j := i + 1; j < len(names); j++ {
			if means[i].Value > 0 && means[j].Value > 0 {
				d.Contrasts = append(d.Contrasts, GroupsByMean{names[j], names[i], Compare(means[j], means[i], q.Level)})
			}
		}
	}
}

// fewAtRisk is where a curve of late entries is too thin to start from.
const fewAtRisk = 5

func doubts(fit *estimate.Fit, c *Curve, median Quantile) {
	fit.Assume("censoring_independent", "Assumes that those lost from sight, or still held, would have gone on like those who stayed in sight.")
	if c.Events == 0 {
		r := c.Steps[len(c.Steps)-1].AtRisk
		fit.Warn("none_ended", "None of %d had ended. With %.4g still seen at %.6g, at least %.3g%% last longer (one-sided %.4g%%).",
			c.N, r, c.Last, 100*math.Pow(1-fit.Level, 1/r), 100*fit.Level)
	}
	if math.IsInf(float64(median.Value), 1) {
		fit.Warn("median_not_reached", "Fewer than half had ended: the median is more than %.6g.", median.Last)
	}
	for _, s := range c.Steps {
		if s.Events > 0 && s.AtRisk < fewAtRisk && s.Time < float64(median.Value) && s.Survival > 0.5 {
			fit.Warn("thin_start", "At %.6g only %.4g people were at risk, so the beginning of the curve rests on very few.", s.Time, s.AtRisk)
			break
		}
	}
	if slices.ContainsFunc(c.obs, func(o Observation) bool { return o.Late }) {
		fit.Assume("entry_independent", "Assumes that when a person came under observation has nothing to do with how long the stay lasts.")
	}
}

// Bracketed is the detail of a fit of interval-censored durations.
type Bracketed struct {
	Groups  []BracketedGroup `json:"groups"`
	LogRank *IntervalTest    `json:"logrank,omitempty"`
}

// BracketedGroup is Turnbull's estimate of one group. Median is the interval that holds
// the median; where in it, the data cannot say.
type BracketedGroup struct {
	Name     string            `json:"name"`
	N        int               `json:"n"`
	Fit      *Turnbull         `json:"turnbull"`
	Median   Mass              `json:"median"`
	Interval estimate.Interval `json:"median_interval"` // percentile bootstrap; a zero Level when not asked for
	AtTimes  []Between         `json:"at_times,omitempty"`
}

// Between is how low and how high the curve can be at Time.
type Between struct {
	Time  float64 `json:"time"`
	Lower float64 `json:"lower"`
	Upper float64 `json:"upper"`
}

// EstimateIntervals answers q from interval-censored durations by Turnbull's estimate. The
// figure is the range that the bootstrap over people (draws of them; 0 for none) gives the
// median; there is a point only where the median is exact.
func EstimateIntervals(in []Interval, q Question, draws int, r *rand.Rand) (estimate.Fit, error) {
	q, err := q.check()
	if err != nil {
		return estimate.Fit{}, err
	}
	fit := estimate.Refuse("turnbull", estimate.Refusal{})
	fit.Refusal, fit.Level, fit.Options, fit.Warnings = nil, q.Level, q.options(), q.Sample.Warnings()
	fit.Options["draws"] = draws
	d := &Bracketed{}
	fit.Detail = d
	names := []string{""}
	for _, v := range in {
		if !slices.Contains(names, v.Group) {
			names = append(names, v.Group)
		}
	}
	slices.Sort(names)
	if len(names) < 3 { // "" and one group: everybody
		names = names[:1]
	}
	for i, name := range names {
		rows := in
		if i > 0 {
			rows = slices.DeleteFunc(slices.Clone(in), func(v Interval) bool { return v.Group != name })
		}
		g, err := bracket(name, rows, q, draws, r)
		if err != nil {
			return estimate.Fit{}, err
		}
		d.Groups = append(d.Groups, g)
	}
	if len(names) > 1 {
		if t, err := IntervalLogRank(in); err != nil {
			fit.Warn("no_logrank", "The log-rank test is left out: %v.", err)
		} else {
			d.LogRank = &t
		}
	}
	whole := d.Groups[0]
	if whole.Median.Exact {
		fit.Point, fit.Median = whole.Median.Right, whole.Median.Right
	} else {
		fit.Warn("median_in_interval", "The median lies %s; the dates cannot say where.", between(whole.Median))
	}
	fit.Lower, fit.Upper = estimate.Number(whole.Median.Left), whole.Median.Right
	if draws > 0 {
		fit.Lower, fit.Upper = whole.Interval.Lower, whole.Interval.Upper
	}
	if !whole.Fit.Unique {
		fit.Warn("masses_not_unique", "Several distributions are equally likely on these intervals; one of them is shown.")
	}
	fit.Assume("inspection_independent", "Assumes that when people were looked in on has nothing to do with when it ended.")
	return fit, nil
}

func between(m Mass) string {
	if math.IsInf(float64(m.Right), 1) {
		return fmt.Sprintf("above %.6g", m.Left)
	}
	return fmt.Sprintf("above %.6g and up to %.6g", m.Left, float64(m.Right))
}

func bracket(name string, rows []Interval, q Question, draws int, r *rand.Rand) (BracketedGroup, error) {
	t, err := NPMLE(rows)
	if err != nil {
		return BracketedGroup{}, err
	}
	g := BracketedGroup{Name: name, N: len(rows), Fit: t, Median: t.Median()}
	for _, at := range q.Times {
		lo, hi := t.Range(at)
		g.AtTimes = append(g.AtTimes, Between{at, lo, hi})
	}
	if draws == 0 {
		return g, nil
	}
	var lows, highs []float64
	again := make([]Interval, len(rows))
	for range draws {
		for i := range again {
			again[i] = rows[r.IntN(len(rows))]
		}
		b, err := NPMLE(again)
		if err != nil {
			return BracketedGroup{}, err
		}
		m := b.Median()
		lows, highs = append(lows, m.Left), append(highs, float64(m.Right))
	}
	slices.Sort(lows)
	slices.Sort(highs)
	a := (1 - q.Level) / 2
	g.Interval = estimate.Interval{Lower: estimate.Number(quantile.Type8(lows, a)), Upper: estimate.Number(upper(highs, 1-a)), Level: q.Level}
	return g, nil
}

// upper is the quantile of sorted values of which the last may be infinite: it does not
// interpolate with them.
func upper(sorted []float64, p float64) float64 {
	k := min(len(sorted)-1, int(math.Ceil(p*float64(len(sorted))))-1)
	if math.IsInf(sorted[k], 1) {
		return math.Inf(1)
	}
	finite := sorted
	if i := slices.Index(sorted, math.Inf(1)); i >= 0 {
		finite = sorted[:i]
		return finite[min(k, len(finite)-1)]
	}
	return quantile.Type8(finite, p)
}

// EstimateWindows answers q from stays with imprecise dates at both ends by draws of the
// dates; the same with the other shape of starts and the extreme curves stand in Detail.
func EstimateWindows(in []Window, q Question, draws int, r *rand.Rand) (estimate.Fit, error) {
	q, err := q.check()
	if err != nil {
		return estimate.Fit{}, err
	}
	d := &Imputations{}
	for _, shape := range []Shape{Uniform, Early, Late} {
		im, err := Imputed(in, draws, shape, q.Options, r)
		if err != nil {
			return estimate.Fit{}, err
		}
		if shape == Uniform {
			d.Uniform = im
		} else {
			d.Alternatives = append(d.Alternatives, Alternative{shape, im.Median})
		}
	}
	m := d.Uniform.Median
	fit := estimate.Fit{Method: "imputed-dates", Point: m.Value, Median: m.Value, Lower: m.Lower, Upper: m.Upper, Level: q.Level,
		Options: q.options(), Detail: d, Warnings: q.Sample.Warnings()}
	fit.Options["draws"] = draws
	lo, hi := d.Uniform.Shortest.Median(), d.Uniform.Longest.Median()
	fit.Warn("imprecise_dates", "Dates are known as windows. With every stay as short as it can be the median is %s, with every stay as long as it can be %s.", lo.Text, hi.Text)
	if math.IsInf(float64(m.Value), 1) {
		fit.Warn("median_not_reached", "Fewer than half had ended: the median is more than %.6g.", m.Last)
	}
	fit.Assume("dates_uniform", "Assumes that within its window every day of a start is as likely as another; the results for starts that are rather early or rather late are given beside it.")
	fit.Assume("censoring_independent", "Assumes that those lost from sight, or still held, would have gone on like those who stayed in sight.")
	return fit, nil
}

// Imputations is the detail of a fit of windows.
type Imputations struct {
	Uniform      *Imprecise    `json:"uniform"`
	Alternatives []Alternative `json:"alternatives"`
}

// Alternative is the median under another shape of starts.
type Alternative struct {
	Starts Shape    `json:"starts"`
	Median Quantile `json:"median"`
}
