package proportion

import (
	"fmt"
	"math"

	"example.org/amparo/estimate"
	"example.org/amparo/estimate/bounds"
	"example.org/amparo/estimate/weight"
	"example.org/amparo/fault"
)

// Question is a share asked of people who spoke: X had the outcome of Answered, Asked were
// asked. Population, when known, is how many people the sentence is about; Threshold is
// the share that the sentence claims to pass (½ for "most"), 0 when it claims none.
type Question struct {
	X, Answered, Asked int
	Population         int
	Threshold          float64
	Method             Method // Wilson when empty
	Level              float64
	Gammas             []float64 // nil: bounds.Gammas
	Random             bool      // the people were drawn at random from the population
}

// Lines are the three lines that stand together: what the sample says if it were random,
// what missing answers could do, what selection could do. No function gives one alone.
type Lines struct {
	Described Described          `json:"described"`
	Missing   Missing            `json:"missing"`
	Selection Selection          `json:"selection"`
	Whole     *Whole             `json:"population,omitempty"`
	Weighted  *weight.Share      `json:"weighted,omitempty"`
	Intervals []NamedInterval    `json:"intervals"`
	OneSided  *estimate.Interval `json:"one_sided,omitempty"`
}

// Described is the share in the sample.
type Described struct {
	Count
	Share    float64           `json:"share"`
	Interval estimate.Interval `json:"interval"`
	Sentence string            `json:"sentence"`
}

// Missing is the range over everything the unanswered questions could have been.
type Missing struct {
	Missing  int               `json:"missing"`
	Asked    int               `json:"asked"`
	Interval estimate.Interval `json:"interval"`
	Sentence string            `json:"sentence"`
}

// Selection is the share over how much likelier a person with the outcome is to speak.
type Selection struct {
	Curve     []bounds.Point  `json:"curve"`
	Threshold float64         `json:"threshold,omitempty"`
	Tipping   estimate.Number `json:"tipping,omitempty"` // the gamma at which the share is Threshold
	Sentence  string          `json:"sentence"`
}

// Whole is the range for the whole population, of which most were not interviewed.
type Whole struct {
	Population int               `json:"population"`
	Interval   estimate.Interval `json:"interval"`
	Sentence   string            `json:"sentence"`
}

// NamedInterval is an interval by one method.
type NamedInterval struct {
	Method   Method            `json:"method"`
	Interval estimate.Interval `json:"interval"`
}

// Estimate answers q. The fit's figure is the share in the sample with its interval;
// Detail holds the three [Lines]. Wald's method is replaced by Wilson's, with a warning.
func Estimate(q Question) (estimate.Fit, error) {
	q = q.defaults()
	if q.Asked < q.Answered {
		return estimate.Fit{}, fault.New(fault.Invalid, "share", "%d answered and only %d were asked", q.Answered, q.Asked).
			With("those asked include those who did not answer")
	}
	if q.Population != 0 && q.Population < q.Answered {
		return estimate.Fit{}, fault.New(fault.Invalid, "share", "%d answered out of a population of %d", q.Answered, q.Population).
			With("check the population")
	}
	method := q.Method
	if method == Wald {
		method = Wilson
	}
	c := Count{q.X, q.Answered}
	i, err := Interval(c, method, q.Level)
	if err != nil {
		return estimate.Fit{}, err
	}
	fit := estimate.Fit{
		Method: string(method), Point: estimate.Number(c.Share()), Lower: i.Lower, Upper: i.Upper, Level: q.Level,
		Median: estimate.Number(math.NaN()), Options: q.options(method),
	}
	lines, err := q.lines(c, i)
	if err != nil {
		return estimate.Fit{}, err
	}
	fit.Detail = lines
	q.doubts(&fit)
	return fit, nil
}

func (q Question) defaults() Question {
	if q.Asked == 0 {
		q.Asked = q.Answered
	}
	if q.Level == 0 {
		q.Level = 0.95
	}
	if q.Method == "" {
		q.Method = Wilson
	}
	if q.Gammas == nil {
		q.Gammas = bounds.Gammas()
	}
	return q
}

func (q Question) options(used Method) map[string]any {
	o := map[string]any{"interval": string(used), "level": q.Level, "random": q.Random}
	if q.Method != used {
		o["asked_for"] = string(q.Method)
	}
	if q.Threshold != 0 {
		o["threshold"] = q.Threshold
	}
	if q.Population != 0 {
		o["population"] = q.Population
	}
	return o
}

func (q Question) lines(c Count, i estimate.Interval) (*Lines, error) {
	p := c.Share()
	l := &Lines{Described: Described{Count: c, Share: p, Interval: i, Sentence: q.describe(c, i)}}
	for _, m := range Methods() {
		other, err := Interval(c, m, q.Level)
		if err != nil {
			return nil, err
		}
		l.Intervals = append(l.Intervals, NamedInterval{m, other})
	}
	if c.X == 0 || c.X == c.N {
		one := interval(0, OneSided(c.N, q.Level), q.Level)
		if c.X == c.N {
			one = interval(1-OneSided(c.N, q.Level), 1, q.Level)
		}
		l.OneSided = &one
	}
	m, err := bounds.Missing(c.X, c.N, q.Asked)
	if err != nil {
		return nil, err
	}
	l.Missing = Missing{q.Asked - c.N, q.Asked, m, fmt.Sprintf(
		"%d of %d asked did not answer; whatever they would have said, the share among all asked lies between %s and %s.",
		q.Asked-c.N, q.Asked, percent(float64(m.Lower)), percent(float64(m.Upper)))}
	l.Selection = q.selection(p)
	if q.Population > 0 {
		w, err := bounds.Population(p, c.N, q.Population)
		if err != nil {
			return nil, err
		}
		l.Whole = &Whole{q.Population, w, fmt.Sprintf(
			"Nothing is known of %d of the %d people this is about; without any assumption the share lies between %s and %s.",
			q.Population-c.N, q.Population, percent(float64(w.Lower)), percent(float64(w.Upper)))}
	}
	return l, nil
}

func (q Question) describe(c Count, i estimate.Interval) string {
	if c.X == 0 {
		return fmt.Sprintf("None of %d; up to %s (one-sided %s), if these were a random sample of those who could have spoken.",
			c.N, percent(OneSided(c.N, q.Level)), percent(q.Level))
	}
	if c.X == c.N {
		return fmt.Sprintf("All of %d; at least %s (one-sided %s), if these were a random sample of those who could have spoken.",
			c.N, percent(1-OneSided(c.N, q.Level)), percent(q.Level))
	}
	return fmt.Sprintf("%d of %d: %s; %s to %s if these were a random sample of those who could have spoken.",
		c.X, c.N, percent(c.Share()), percent(float64(i.Lower)), percent(float64(i.Upper)))
}

func (q Question) selection(p float64) Selection {
	s := Selection{Curve: bounds.Curve(p, q.Gammas), Threshold: q.Threshold, Tipping: estimate.Number(math.NaN())}
	s.Sentence = fmt.Sprintf("Were a person with the outcome twice as likely to be in the sample as one without, the share would be %s; four times, %s.",
		percent(bounds.Selection(p, 2)), percent(bounds.Selection(p, 4)))
	if q.Threshold <= 0 || q.Threshold >= 1 {
		return s
	}
	t := bounds.Tipping(p, q.Threshold)
	s.Tipping = estimate.Number(t)
	side, than := "above", "more"
	if p < q.Threshold {
		side, than = "below", "less"
	}
	s.Sentence += fmt.Sprintf(" The share stays %s %s unless a person with the outcome is %s than %.3g times as likely to be in the sample.",
		side, percent(q.Threshold), than, t)
	return s
}

func (q Question) doubts(f *estimate.Fit) {
	if q.Method == Wald {
		f.Warn("wald_replaced", "Wald's interval was asked for and replaced by Wilson's: it is empty at 0 and at n, and too short near them.")
	}
	if !q.Random {
		f.Warn("not_random", "The people were not drawn at random. The interval is only that of a random sample of those who could have spoken; read the three lines together.")
		f.Assume("random_given_reach", "Assumes that whether a person spoke has nothing to do with whether the person had the outcome.")
	}
	if missing := q.Asked - q.Answered; missing > 0 {
		f.Warn("missing_answers", "%d of %d people asked did not answer.", missing, q.Asked)
		f.Assume("missing_alike", "Assumes that those who did not answer are like those who did.")
	}
	if q.X == 0 {
		f.Warn("none_seen", "None of %d had it. That is no zero: the share may be up to %s (one-sided %s).", q.Answered, percent(OneSided(q.Answered, q.Level)), percent(q.Level))
	}
}

func percent(p float64) string { return fmt.Sprintf("%.3g%%", 100*p) }

// Weighted answers q from rows with weights, strata or clusters. The figure is the
// weighted share with the logit interval and Student's t, or Korn and Graubard's where
// everybody or nobody had the outcome.
func Weighted(q Question, s weight.Survey) (estimate.Fit, error) {
	q = q.defaults()
	q.Answered, q.X = len(s.Y), 0
	for _, y := range s.Y {
		if y {
			q.X++
		}
	}
	q.Asked = max(q.Asked, q.Answered)
	fit, err := Estimate(q)
	if err != nil {
		return estimate.Fit{}, err
	}
	w, err := s.Estimate(q.Level)
	if err != nil {
		return estimate.Fit{}, err
	}
	i, method := w.Logit, "logit-t"
	if w.P == 0 || w.P == 1 || w.SE == 0 {
		i, method = w.KornGraubard, "korn-graubard"
	}
	fit.Method, fit.Point, fit.Lower, fit.Upper = method, estimate.Number(w.P), i.Lower, i.Upper
	fit.Options["interval"] = method
	lines := fit.Detail.(*Lines)
	lines.Weighted = &w
	lines.Selection = q.selection(w.P)
	if w.KishEffect > 2 {
		fit.Warn("weights_spread", "The weights differ so much that %d people know as much as %.0f.", w.N, w.KishN)
	}
	if w.DF < 10 {
		fit.Warn("few_clusters", "The standard error rests on %.0f degrees of freedom; it is itself uncertain.", w.DF)
	}
	if s.Weights != nil {
		fit.Assume("weights_margins", "Assumes that, within the groups the weights are made of, those asked are like those not asked.")
	}
	return fit, nil
}

// Compared is the difference and the ratios of two shares, by all the ways that are
// offered.
type Compared struct {
	A          Count             `json:"a"`
	B          Count             `json:"b"`
	Difference float64           `json:"difference"`
	Newcombe   estimate.Interval `json:"newcombe"`
	Mee        estimate.Interval `json:"mee"`
	Miettinen  estimate.Interval `json:"miettinen_nurminen"`
	RiskRatio  estimate.Interval `json:"risk_ratio"`
	OddsRatio  estimate.Interval `json:"odds_ratio"`
	Fisher     Exact             `json:"fisher"`
	Strata     *Strata           `json:"mantel_haenszel,omitempty"`
}

// Compare compares two shares. The fit's figure is the difference a − b with Newcombe's
// interval; Detail is a [Compared].
func Compare(a, b Count, level float64) (estimate.Fit, error) {
	c := Compared{A: a, B: b}
	if err := checkPair(a, b, level); err != nil {
		return estimate.Fit{}, err
	}
	c.Difference = a.Share() - b.Share()
	for _, one := range []struct {
		to *estimate.Interval
		by func(a, b Count, level float64) (estimate.Interval, error)
	}{{&c.Newcombe, Newcombe}, {&c.Mee, Mee}, {&c.Miettinen, MiettinenNurminen}, {&c.RiskRatio, RiskRatio}, {&c.OddsRatio, OddsRatio}} {
		i, err := one.by(a, b, level)
		if err != nil {
			return estimate.Fit{}, err
		}
		*one.to = i
	}
	f, err := Fisher(Table{[2]int{a.X, a.N - a.X}, [2]int{b.X, b.N - b.X}}, level)
	if err != nil {
		return estimate.Fit{}, err
	}
	c.Fisher = f
	return estimate.Fit{
		Method: "newcombe", Point: estimate.Number(c.Difference), Lower: c.Newcombe.Lower, Upper: c.Newcombe.Upper, Level: level,
		Median: estimate.Number(math.NaN()), Options: map[string]any{"level": level}, Detail: c,
		Warnings: []estimate.Warning{{Code: "not_causal", Text: "A difference between two groups is no cause; the groups may differ in who was reached."}},
	}, nil
}
