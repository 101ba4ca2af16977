package survival

import (
	"math"
	"slices"

	"example.org/amparo/estimate"
	"example.org/amparo/estimate/quantile"
	"example.org/amparo/fault"
)

// Options say how a curve is drawn. The zero value is a 95 % log-log band and the
// variance that fits the weights.
type Options struct {
	Level  float64 // 0 stands for 0.95
	Band   Band    // empty stands for LogLog
	Robust Robust
}

// Robust chooses the variance.
type Robust int

// Auto takes Greenwood's variance when weights are whole numbers and no ID comes twice, a
// weight being so many people; otherwise the infinitesimal jackknife, a weight being how
// much one person stands for.
const (
	Auto Robust = iota
	Greenwood
	Jackknife
)

func (o Options) defaults() (Options, error) {
	if o.Level == 0 {
		o.Level = 0.95
	}
	if o.Band == "" {
		o.Band = LogLog
	}
	if !(o.Level > 0 && o.Level < 1) {
		return o, fault.New(fault.Invalid, "survival", "the level %g is not between 0 and 1", o.Level).With("give 0.95")
	}
	return o, o.Band.check()
}

// Step is the curve from Time on. AtRisk, Events and Censored are sums of weights at
// Time. SE is the standard error of Survival; it and the ends are NaN where they are not
// defined, once the curve is at 0.
type Step struct {
	Time        float64         `json:"time"`
	AtRisk      float64         `json:"n_risk"`
	Events      float64         `json:"n_event"`
	Censored    float64         `json:"n_censored"`
	Survival    float64         `json:"surv"`
	SE          estimate.Number `json:"std_err"`
	Lower       estimate.Number `json:"lower"`
	Upper       estimate.Number `json:"upper"`
	CumHazard   float64         `json:"cumhaz"` // Nelson and Aalen
	CumHazardSE float64         `json:"std_chaz"`
}

// Curve is the Kaplan-Meier estimate: one step at each distinct time of an event or a
// loss, in order. N and Deaths count people, not weights.
type Curve struct {
	Steps    []Step  `json:"steps"`
	N        int     `json:"n"`
	Events   int     `json:"events"`
	Last     float64 `json:"last"`     // the largest time
	Variance string  `json:"variance"` // greenwood or infinitesimal jackknife
	Level    float64 `json:"level"`
	Band     Band    `json:"band"`

	obs []Observation
}

// KaplanMeier estimates the probability of lasting longer than t: ∏(1 − d/r) over event
// times, with Nelson and Aalen's cumulative hazard Σ d/r beside it.
//
// Sources: Kaplan and Meier (1958), JASA 53, 457-481; Greenwood (1926); Aalen (1978),
// Annals of Statistics 6, 701-726; Therneau and Grambsch (2000), Modeling Survival Data,
// section 2.2 and 7.2 (variances).
func KaplanMeier(obs []Observation, opt Options) (*Curve, error) {
	opt, err := opt.defaults()
	if err != nil {
		return nil, err
	}
	if err := check(obs); err != nil {
		return nil, err
	}
	obs = tied(obs)
	for i, o := range obs {
		if o.Late && o.Entry >= o.Time {
			return nil, fault.Problem{Row: i + 1, Column: "entry", Reason: "the entry and the time are the same but for rounding", Remedy: "the entry is before the time"}
		}
	}
	c := &Curve{N: len(obs), Level: opt.Level, Band: opt.Band, obs: obs}
	c.tally()
	c.product()
	c.Variance = "greenwood"
	if robust(obs, opt.Robust) {
		c.Variance = "infinitesimal jackknife"
		c.jackknife()
	}
	z := quantile.TwoSided(opt.Level)
	for i := range c.Steps {
		s := &c.Steps[i]
		s.Lower, s.Upper = opt.Band.ends(s.Survival, float64(s.SE), z)
	}
	return c, nil
}

func robust(obs []Observation, r Robust) bool {
	switch r {
	case Greenwood:
		return false
	case Jackknife:
		return true
	}
	seen := map[string]bool{}
	for _, o := range obs {
		if w := o.weight(); w != math.Trunc(w) {
			return true
		}
		if o.ID != "" {
			if seen[o.ID] {
				return true
			}
			seen[o.ID] = true
		}
	}
	return false
}

// tally fills times, events, losses and the number at risk, summed from the last time
// backwards: a sum of those who remain has no rounding where few remain.
func (c *Curve) tally() {
	times := make([]float64, len(c.obs))
	for i, o := range c.obs {
		times[i] = o.Time
	}
	slices.Sort(times)
	times = slices.Compact(times)
	c.Steps = make([]Step, len(times))
	for i, t := range times {
		c.Steps[i].Time = t
	}
	late := make([]float64, len(times)) // weight of those who enter too late for step i, and in time for the next
	for _, o := range c.obs {
		i, _ := slices.BinarySearch(times, o.Time)
		if o.Event {
			c.Events++
			c.Steps[i].Events += o.weight()
		} else {
			c.Steps[i].Censored += o.weight()
		}
		if o.Late {
			k, exact := slices.BinarySearch(times, o.Entry)
			if exact {
				k++
			}
			if k > 0 {
				late[k-1] += o.weight()
			}
		}
	}
	var left, notYet float64
	for i := len(times) - 1; i >= 0; i-- {
		s := &c.Steps[i]
		left += s.Events + s.Censored
		notYet += late[i]
		s.AtRisk = left - notYet
	}
	c.Last = times[len(times)-1]
}

func compare(a, b float64) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// survivors is r − d, exactly 0 when nobody is left but for rounding.
func (s Step) survivors() float64 {
	if rest := s.AtRisk - s.Events; rest > 1e-11*s.AtRisk {
		return rest
	}
	return 0
}

// product runs the product and Greenwood's sum over the steps.
func (c *Curve) product() {
	surv, green, haz, hazv := 1.0, 0.0, 0.0, 0.0
	for i := range c.Steps {
		s := &c.Steps[i]
		if s.Events > 0 {
			rest := s.survivors()
			surv *= rest / s.AtRisk
			if rest > 0 {
				green += s.Events / (s.AtRisk * rest)
			}
			haz += s.Events / s.AtRisk
			hazv += s.Events / (s.AtRisk * s.AtRisk)
		}
		s.Survival, s.CumHazard, s.CumHazardSE = surv, haz, math.Sqrt(hazv)
		s.SE = estimate.Number(surv * math.Sqrt(green))
		if surv == 0 {
			s.SE = estimate.Number(math.NaN())
		}
	}
}

// At returns the step that holds at t, with the number at risk just before it; before the
// first time it is 1 with everybody who has entered at risk.
func (c *Curve) At(t float64) Step {
	i, exact := slices.BinarySearchFunc(c.Steps, t, func(s Step, t float64) int { return compare(s.Time, t) })
	out := Step{Time: t, Survival: 1}
	out.Lower, out.Upper = c.Band.ends(1, 0, 0)
	if exact {
		return c.Steps[i]
	}
	if i > 0 {
		out = c.Steps[i-1]
		out.Time, out.Events, out.Censored = t, 0, 0
	}
	out.AtRisk = 0
	for _, o := range c.obs {
		if o.entry() < t && t <= o.Time {
			out.AtRisk += o.weight()
		}
	}
	return out
}
