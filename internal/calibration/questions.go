package calibration

import (
	"context"
	"math"
	"math/rand/v2"
	"slices"

	"example.org/amparo/estimate"
	"example.org/amparo/estimate/hist"
	"example.org/amparo/estimate/mse"
	"example.org/amparo/estimate/mse/lcm"
	"example.org/amparo/estimate/proportion"
	"example.org/amparo/estimate/survival"
	"example.org/amparo/internal/world"
)

// Answer is what one method said to one question in one world, beside the truth.
type Answer struct {
	Question string          `json:"question"`
	Method   string          `json:"method"`
	Truth    float64         `json:"truth"`
	Point    estimate.Number `json:"point"`
	Lower    estimate.Number `json:"lower"`
	Upper    estimate.Number `json:"upper"`
	Refusal  string          `json:"refusal,omitempty"` // its code
}

func answer(question string, f estimate.Fit, truth float64) Answer {
	a := Answer{Question: question, Method: f.Method, Truth: truth, Point: f.Point, Lower: f.Lower, Upper: f.Upper}
	if math.IsNaN(float64(a.Point)) && !math.IsNaN(float64(f.Median)) {
		a.Point = f.Median
	}
	if f.Refusal != nil {
		a.Refusal = f.Refusal.Code
	}
	return a
}

// The questions about totals: with who is who as the linkage draws it, and as it truly is,
// which tells the errors of the methods from those of the linkage.
const (
	Total      = "total"
	TotalKnown = "total, identities known"
)

// plan is what is asked of the ensemble in every world.
func (c Config) plan(seed uint64) mse.Plan {
	return mse.Plan{Seed: seed, Workers: 1, LoglinDraws: c.LoglinDraws, SparseDraws: c.SparseDraws, Limits: c.Limits, LatentTables: c.LCMTables,
		LatentClass: mse.LatentClasses(lcm.Options{Workers: 1, Draws: c.LCMDraws, Steps: c.LCMSteps})}
}

// totals asks how many people there are, of the lists as they were linked and, if known is
// set, as they truly are.
func (c Config) totals(ctx context.Context, l *linked, lists []string, truth float64, seed uint64, known bool) ([]Answer, error) {
	drawn, err := hist.FromDraws(lists, l.on, l.draws)
	if err != nil {
		return nil, err
	}
	p := c.plan(seed)
	p.Unresolved = l.doubtful
	carried, err := mse.OverLinkage(ctx, drawn, p)
	if err != nil || !known {
		return ensembleAnswers(Total, carried, truth), err
	}
	table, err := hist.FromClusters(lists, l.on, l.truth)
	if err != nil {
		return nil, err
	}
	best, err := mse.Ensemble(ctx, table, c.plan(seed))
	return slices.Concat(ensembleAnswers(Total, carried, truth), ensembleAnswers(TotalKnown, best, truth)), err
}

// ensembleAnswers are the answers of an ensemble and of its members. Where the table as a
// whole is refused, so are the members that were not tried.
func ensembleAnswers(question string, f estimate.Fit, truth float64) []Answer {
	out := []Answer{answer(question, f, truth)}
	for _, m := range mse.Methods() {
		if at := slices.IndexFunc(f.Ensemble, func(x estimate.Fit) bool { return x.Method == m }); at >= 0 {
			out = append(out, answer(question, f.Ensemble[at], truth))
		} else if f.Refusal != nil {
			out = append(out, answer(question, estimate.Refuse(m, *f.Refusal), truth))
		}
	}
	return out
}

// The questions about what happened, of those who came through.
const (
	Interrogation = "days of interrogation, median"
	ArrestSoon    = "arrested within two years of crossing, had nobody left"
	Prison        = "sent to prison within 130 days of handover"
	Died          = "died after return"
	Sold          = "women sold"
	Returned      = "returned at least once"
	Posture       = "of the returned, forced to sit still"
)

const (
	twoYears   = 730.0
	prisonDays = 130.0
)

// durations asks how long things lasted and what followed, of the interviews.
func (c Config) durations(told []*story, truth *world.Truth, seed uint64) ([]Answer, error) {
	rng := rand.New(rand.NewPCG(seed, 0x6475726174696f6e))
	var asked []survival.Interval
	var windows []survival.Window
	var ends []survival.Outcome
	for _, s := range told {
		if w, ok := s.window(); ok {
			windows = append(windows, w)
		}
		if d, ok := s.stage["ST05"]; ok && s.returns > 0 {
			asked = append(asked, survival.Told(float64(d.Lo), float64(d.Hi)))
			ends = append(ends, s.end())
		}
	}
	var out []Answer
	add := func(question string, f estimate.Fit, err error, truth float64) error {
		if err == nil {
			out = append(out, answer(question, f, truth))
		}
		return err
	}
	f, err := survival.EstimateIntervals(asked, survival.Question{Sample: survival.Survivors}, c.TurnbullDraws, rng)
	if err := add(Interrogation, f, err, medianInterrogation(truth)); err != nil {
		return nil, err
	}
	_, soon, err := arrestsTruly(truth)
	if err != nil {
		return nil, err
	}
	f, err = survival.EstimateWindows(windows, survival.Question{Sample: survival.Survivors}, c.DateDraws, rng)
	if err := add(ArrestSoon, arrestedBy(f, twoYears), err, soon); err != nil {
		return nil, err
	}
	f, err = survival.EstimateOutcomes(ends, survival.OutcomeQuestion{Cause: "OC-R04", Horizon: prisonDays})
	if err := add(Prison, f, err, prisonTruly(truth)); err != nil {
		return nil, err
	}
	f, err = survival.EstimateOutcomes(ends, survival.OutcomeQuestion{Question: survival.Question{Sample: survival.Survivors}, Cause: "OC-R07"})
	f.Method = "aalen-johansen"
	return out, add(Died, f, err, diedTruly(truth))
}

// end is what the first return led to, and after how many days of interrogation and
// holding, told durations taken at their middle.
func (s *story) end() survival.Outcome {
	days := 0.0
	for _, stage := range []string{"ST05", "ST07"} {
		d := s.stage[stage]
		days += float64(d.Lo+d.Hi) / 2
	}
	return survival.Outcome{Time: days, Cause: s.outcome}
}

// arrestedBy reads the share that is no longer free at a time off a curve, in place of the
// median.
func arrestedBy(f estimate.Fit, at float64) estimate.Fit {
	d, ok := f.Detail.(*survival.Imputations)
	if !ok {
		return f
	}
	f.Point, f.Lower, f.Upper, f.Median = 0, 0, 0, estimate.Number(math.NaN())
	for k, t := range d.Uniform.Times {
		if t > at {
			break
		}
		s := d.Uniform.Pooled[k]
		f.Point, f.Lower, f.Upper = estimate.Number(1-s.Survival), 1-s.Upper, 1-s.Lower
	}
	return f
}

// shares asks what share of people something happened to, by every interval.
func shares(told []*story, truth *world.Truth) ([]Answer, error) {
	questions := []struct {
		name  string
		of    func(*story) bool
		is    func(*story) bool
		truth float64
	}{
		{Sold, func(s *story) bool { return s.woman }, func(s *story) bool { return s.sold }, shareOf(truth, func(p *world.Person) bool { return p.Sex == "f" }, func(p *world.Person) bool { return p.Sold != "" })},
		{Returned, func(*story) bool { return true }, func(s *story) bool { return s.returns > 0 }, shareOf(truth, func(*world.Person) bool { return true }, func(p *world.Person) bool { return len(p.Episodes) > 0 })},
		{Posture, func(s *story) bool { return s.returns > 0 }, func(s *story) bool { return s.posture }, shareOf(truth, func(p *world.Person) bool { return len(p.Episodes) > 0 }, forced)},
	}
	var out []Answer
	for _, q := range questions {
		x, n := 0, 0
		for _, s := range told {
			if q.of(s) {
				n++
				if q.is(s) {
					x++
				}
			}
		}
		for _, m := range proportion.Methods() {
			f, err := proportion.Estimate(proportion.Question{X: x, Answered: n, Method: m})
			if err != nil {
				return nil, err
			}
			out = append(out, answer(q.name, f, q.truth))
		}
	}
	return out, nil
}
