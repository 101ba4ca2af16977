package survival

import (
	"math"
	"math/rand/v2"
	"slices"

	"example.org/amparo/estimate"
	"example.org/amparo/estimate/impute"
	"example.org/amparo/estimate/quantile"
	"example.org/amparo/fault"
)

// Window is a stay of which both ends are known only to lie between two dates, as numbers
// in one unit (days since some day). EndHi = +Inf: it was still running at EndLo. Lost: it
// was still running when the person was lost from sight, on a day between EndLo and EndHi;
// to take EndLo for that day would count fewer days without an event than there were. The
// duration is not an ordinary interval-censored time: every time it could have is tied to
// the same unknown start.
type Window struct {
	StartLo, StartHi float64
	EndLo, EndHi     float64
	Weight           float64 // 0 stands for 1
	Group            string
	Lost             bool
}

func (w Window) check(row int) error {
	switch {
	case !finite(w.StartLo) || !finite(w.StartHi) || w.StartHi < w.StartLo:
		return fault.Problem{Row: row, Column: "start_lo", Reason: "the start is no window", Remedy: "give the earliest and the latest day of the start"}
	case !finite(w.EndLo) || math.IsNaN(w.EndHi) || w.EndHi < w.EndLo:
		return fault.Problem{Row: row, Column: "end_lo", Reason: "the end is no window", Remedy: "give the earliest and the latest day of the end; leave the latest empty where it had not ended"}
	case w.EndHi < w.StartLo:
		return fault.Problem{Row: row, Column: "end_hi", Reason: "it ends before it starts", Remedy: "check the dates"}
	case math.IsInf(w.EndHi, 1) && w.EndLo < w.StartLo:
		return fault.Problem{Row: row, Column: "end_lo", Reason: "it was last known to run before it started", Remedy: "check the dates"}
	case math.IsNaN(w.Weight) || math.IsInf(w.Weight, 0) || w.Weight < 0:
		return fault.Problem{Row: row, Column: "weight", Reason: "a weight is a positive number", Remedy: "leave rows of weight 0 out"}
	}
	return nil
}

func finite(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }

// Shape is how dates are drawn within a window.
type Shape string

// The shapes: every day alike, or the density falling or rising in a straight line.
const (
	Uniform Shape = "uniform"
	Early   Shape = "early"
	Late    Shape = "late"
)

func (s Shape) draw(lo, hi float64, r *rand.Rand) float64 {
	u := r.Float64()
	switch s {
	case Early:
		u = 1 - math.Sqrt(1-u)
	case Late:
		u = math.Sqrt(u)
	}
	return lo + u*(hi-lo)
}

// Imprecise is what durations with imprecise ends say: the curve pooled over draws of the
// dates, and the two curves with all stays as short and as long as they can be.
type Imprecise struct {
	Draws    int        `json:"draws"`
	Starts   Shape      `json:"starts"`
	Times    []float64  `json:"times"`
	Pooled   []Step     `json:"pooled"`
	Median   Quantile   `json:"median"`
	Shortest *Curve     `json:"shortest"`
	Longest  *Curve     `json:"longest"`
	Range    [2]float64 `json:"-"` // medians of the two
}

// Imputed estimates the curve from m draws of all dates within their windows, starts by
// shape and ends uniformly after their start, one Kaplan-Meier curve each, combined by
// Rubin's rules on the log-log scale at the times of the steps of all draws (at most 200
// of them). The order of draws is that of the rows, so one seed gives one result.
//
// Sources: Pan (2000), Biometrics 56, 192-203 (imputing interval-censored times); Marshall,
// Billingham and Bryan (2009), BMC Medical Research Methodology 9, 57 (pooling curves).
func Imputed(in []Window, m int, starts Shape, opt Options, r *rand.Rand) (*Imprecise, error) {
	opt, err := opt.defaults()
	if err != nil {
		return nil, err
	}
	if m < 2 || len(in) == 0 {
		return nil, fault.New(fault.Invalid, "survival", "there are %d rows and %d draws", len(in), m).With("give at least one row and two draws; 50 is usual")
	}
	for i, w := range in {
		if err := w.check(i + 1); err != nil {
			return nil, err
		}
	}
	out := &Imprecise{Draws: m, Starts: starts}
	if out.Shortest, err = KaplanMeier(extreme(in, false), opt); err != nil {
		return nil, err
	}
	if out.Longest, err = KaplanMeier(extreme(in, true), opt); err != nil {
		return nil, err
	}
	curves := make([]*Curve, m)
	for k := range curves {
		obs := make([]Observation, len(in))
		for i, w := range in {
			obs[i] = w.drawn(starts, r)
		}
		if curves[k], err = KaplanMeier(obs, opt); err != nil {
			return nil, err
		}
	}
	out.pool(curves, opt)
	return out, nil
}

// drawn completes one window: a start not after its latest end, then an end not before it.
func (w Window) drawn(starts Shape, r *rand.Rand) Observation {
	last := math.Min(w.StartHi, w.EndHi)
	if math.IsInf(w.EndHi, 1) {
		last = math.Min(w.StartHi, w.EndLo) // it was seen to run at EndLo
	}
	start := starts.draw(w.StartLo, last, r)
	o := Observation{Weight: w.Weight, Group: w.Group}
	if math.IsInf(w.EndHi, 1) {
		o.Time = w.EndLo - start
		return o
	}
	o.Event = !w.Lost
	o.Time = Uniform.draw(math.Max(w.EndLo, start), w.EndHi, r) - start
	return o
}

// extreme makes every stay as long, or as short, as its windows allow.
func extreme(in []Window, long bool) []Observation {
	obs := make([]Observation, len(in))
	for i, w := range in {
		running := math.IsInf(w.EndHi, 1)
		o := Observation{Event: !running && !w.Lost, Weight: w.Weight, Group: w.Group}
		switch {
		case running && long:
			o.Time = w.EndLo - w.StartLo
		case long:
			o.Time = w.EndHi - w.StartLo
		default:
			o.Time = math.Max(0, w.EndLo-w.StartHi)
		}
		obs[i] = o
	}
	return obs
}

// poolPoints bounds the times at which curves are pooled.
const poolPoints = 200

func (im *Imprecise) pool(curves []*Curve, opt Options) {
	var all []float64
	for _, c := range curves {
		for _, s := range c.Steps {
			if s.Events > 0 {
				all = append(all, s.Time)
			}
		}
	}
	slices.Sort(all)
	all = slices.Compact(all)
	for i := range min(poolPoints, len(all)) {
		im.Times = append(im.Times, all[i*len(all)/min(poolPoints, len(all))])
	}
	if n := len(all); n > 0 && im.Times[len(im.Times)-1] != all[n-1] {
		im.Times = append(im.Times, all[n-1])
	}
	for _, at := range im.Times {
		im.Pooled = append(im.Pooled, pooledStep(curves, at, opt))
	}
	last := 0.0
	for _, c := range curves {
		last = math.Max(last, c.Last)
	}
	whole := &Curve{Steps: im.Pooled, Last: last, Level: opt.Level, Band: opt.Band}
	im.Median = whole.Median()
	im.Range = [2]float64{float64(im.Shortest.Median().Value), float64(im.Longest.Median().Value)}
}

// pooledStep pools ln(−ln S) at one time. Draws whose curve is 1 or 0 there have no finite
// log-log; the point is then the plain mean over all draws, and the band that of the
// others. With fewer than two others it is not defined.
func pooledStep(curves []*Curve, at float64, opt Options) Step {
	nan := estimate.Number(math.NaN())
	s := Step{Time: at, SE: nan, Lower: nan, Upper: nan}
	var q, u []float64
	m := float64(len(curves))
	for _, c := range curves {
		p := c.At(at)
		s.Survival += p.Survival / m
		s.AtRisk += p.AtRisk / m
		if p.Survival > 0 && p.Survival < 1 {
			q = append(q, math.Log(-math.Log(p.Survival)))
			u = append(u, square(float64(p.SE)/(p.Survival*math.Log(p.Survival))))
		}
	}
	if len(q) < 2 {
		return s
	}
	p, err := impute.Pool(q, u, impute.Options{Level: opt.Level})
	if err != nil {
		return s
	}
	if len(q) == len(curves) {
		s.Survival = math.Exp(-math.Exp(p.Q))
	}
	s.SE = estimate.Number(math.Sqrt(p.T) * s.Survival * -math.Log(s.Survival))
	half := quantile.Student((1+opt.Level)/2, float64(p.DF)) * math.Sqrt(p.T)
	s.Lower = estimate.Number(math.Exp(-math.Exp(p.Q + half)))
	s.Upper = estimate.Number(math.Exp(-math.Exp(p.Q - half)))
	return s
}
