package survival

import (
	"fmt"
	"math"

	"example.org/amparo/estimate"
	"example.org/amparo/estimate/quantile"
	"example.org/amparo/fault"
)

// Quantile is a time by which a share P has ended. Value is infinite when the curve never
// falls so far, and then the truth is more than Last; Lower and Upper invert the band, and
// an end the band does not reach is open.
type Quantile struct {
	P     float64         `json:"p"`
	Value estimate.Number `json:"value"`
	Lower estimate.Number `json:"lower"`
	Upper estimate.Number `json:"upper"`
	Last  float64         `json:"last"`
	Text  string          `json:"text"`
}

// Quantile returns the time by which a share p has ended. Where the curve is flat at
// exactly 1−p the middle of the flat is taken, as R does.
//
// Source: Brookmeyer and Crowley (1982), Biometrics 38, 29-41 (inverting the band).
func (c *Curve) Quantile(p float64) Quantile {
	q := Quantile{P: p, Last: c.Last}
	q.Value = estimate.Number(c.invert(1-p, func(s Step) float64 { return s.Survival }))
	q.Lower = estimate.Number(c.invert(1-p, func(s Step) float64 { return float64(s.Lower) }))
	q.Upper = estimate.Number(c.invert(1-p, func(s Step) float64 { return float64(s.Upper) }))
	switch v, lo := float64(q.Value), float64(q.Lower); {
	case !math.IsInf(v, 1) && !math.IsInf(float64(q.Upper), 1):
		q.Text = fmt.Sprintf("%.6g (%.6g to %.6g)", v, lo, float64(q.Upper))
	case !math.IsInf(v, 1):
		q.Text = fmt.Sprintf("%.6g (%.6g or more)", v, lo)
	case !math.IsInf(lo, 1):
		q.Text = fmt.Sprintf("more than %.6g (at least %.6g with %.4g%% confidence)", c.Last, lo, 100*c.Level)
	default:
		q.Text = fmt.Sprintf("more than %.6g", c.Last)
	}
	return q
}

// Median is the time by which half have ended.
func (c *Curve) Median() Quantile { return c.Quantile(0.5) }

// invert returns the first time at which f is down to level.
func (c *Curve) invert(level float64, f func(Step) float64) float64 {
	for i, s := range c.Steps {
		v := f(s)
		if math.IsNaN(v) || v >= level+sameTime {
			// A band that is not defined any more has not crossed; the curve itself is
			// always defined.
			continue
		}
		if math.Abs(v-level) < sameTime {
			for _, later := range c.Steps[i:] {
				if w := f(later); w < v-sameTime {
					return (s.Time + later.Time) / 2
				}
			}
		}
		return s.Time
	}
	return math.Inf(1)
}

// Mean is the mean duration up to Tau: the area under the curve.
type Mean struct {
	Tau   float64         `json:"tau"`
	Value float64         `json:"value"`
	SE    float64         `json:"se"`
	Lower estimate.Number `json:"lower"`
	Upper estimate.Number `json:"upper"`
}

// RMST returns the restricted mean up to tau, with a normal interval. A tau beyond the
// last time is refused unless the curve is at 0 there: the area is not known.
//
// Source: Irwin (1949); Royston and Parmar (2013), BMC Medical Research Methodology 13,
// 152; variance Σ (∫_t^τ S)² d/(r(r−d)).
func (c *Curve) RMST(tau float64) (Mean, error) {
	end := c.Steps[len(c.Steps)-1]
	if !(tau > 0) || math.IsInf(tau, 1) || tau > end.Time && end.Survival > 0 {
		return Mean{}, fault.New(fault.Invalid, "restricted mean", "the curve is not known up to %g: it ends at %g", tau, end.Time).
			With("give a time between 0 and %g", end.Time)
	}
	m := Mean{Tau: tau}
	area := make([]float64, len(c.Steps)) // ∫ from step i to tau
	next := tau
	for i := len(c.Steps) - 1; i >= 0; i-- {
		s := c.Steps[i]
		if s.Time >= tau {
			continue
		}
		m.Value += (next - s.Time) * s.Survival
		area[i] = m.Value
		next = s.Time
	}
	m.Value += next
	m.SE = math.Sqrt(c.areaVariance(area, tau))
	z := quantile.TwoSided(c.Level)
	m.Lower, m.Upper = estimate.Number(m.Value-z*m.SE), estimate.Number(m.Value+z*m.SE)
	return m, nil
}

// areaVariance is Greenwood's or the jackknife's for the area: the influence of a person
// is that on the curve with S replaced by the area that is left.
func (c *Curve) areaVariance(area []float64, tau float64) float64 {
	v := 0.0
	sum := make([]float64, len(c.Steps)) // Σ area·d/(r(r−d))
	run := 0.0
	for i, s := range c.Steps {
		if rest := s.survivors(); s.Events > 0 && rest > 0 && s.Time <= tau {
			run += area[i] * s.Events / (s.AtRisk * rest)
			v += area[i] * area[i] * s.Events / (s.AtRisk * rest)
		}
		sum[i] = run
	}
	if c.Variance == "greenwood" {
		return v
	}
	l := &ledger{sum: sum}
	influence := func(o Observation) float64 {
		i := c.step(o.Time)
		u := -(sum[i] - c.before(l, o))
		if rest := c.Steps[i].survivors(); o.Event && rest > 0 {
			u += area[i] / rest
		}
		return o.weight() * u
	}
	families := c.families()
	v = 0
	if families == nil {
		for _, o := range c.obs {
			v += square(influence(o))
		}
		return v
	}
	for _, rows := range families {
		u := 0.0
		for _, r := range rows {
			u += influence(c.obs[r])
		}
		v += u * u
	}
	return v
}

// Contrast compares two means up to the same time.
type Contrast struct {
	Difference         float64           `json:"difference"`
	DifferenceInterval estimate.Interval `json:"difference_interval"`
	DifferenceP        estimate.Number   `json:"difference_p"` // NaN when neither mean varies
	Ratio              estimate.Number   `json:"ratio"`
	RatioInterval      estimate.Interval `json:"ratio_interval"`
	RatioP             estimate.Number   `json:"ratio_p"`
}

// Compare returns a − b and a/b with normal intervals, the ratio on the log scale.
//
// Source: Uno et al. (2014), Journal of Clinical Oncology 32, 2380-2385.
func Compare(a, b Mean, level float64) Contrast {
	z := quantile.TwoSided(level)
	d, se := a.Value-b.Value, math.Hypot(a.SE, b.SE)
	lr, lse := math.Log(a.Value/b.Value), math.Hypot(a.SE/a.Value, b.SE/b.Value)
	span := func(lo, hi float64) estimate.Interval {
		return estimate.Interval{Lower: estimate.Number(lo), Upper: estimate.Number(hi), Level: level}
	}
	return Contrast{
		Difference: d, DifferenceInterval: span(d-z*se, d+z*se), DifferenceP: estimate.Number(2 * quantile.NormalCDF(-math.Abs(d/se))),
		Ratio: estimate.Number(math.Exp(lr)), RatioInterval: span(math.Exp(lr-z*lse), math.Exp(lr+z*lse)), RatioP: estimate.Number(2 * quantile.NormalCDF(-math.Abs(lr/lse))),
	}
}
