package survival

import (
	"math"
	"slices"

	"example.org/amparo/estimate"
	"example.org/amparo/estimate/bounds"
	"example.org/amparo/fault"
)

// OutcomeQuestion asks what becomes of people. Cause names the outcome of the headline and
// Horizon the time by which; with no Cause there is no single figure. Unknown names the
// outcome under which fates that nobody could tell are recorded: it stays an outcome of
// its own and widens the bounds. Threshold is the share of the tipping point.
type OutcomeQuestion struct {
	Question
	Cause     string
	Horizon   float64 // 0: the last time
	Unknown   string
	Threshold float64 // 0: one half
}

// Outcomes is the detail of a fit of competing outcomes: first everybody, then the groups.
type Outcomes struct {
	Groups []OutcomeGroup `json:"groups"`
	Tests  []OutcomeTest  `json:"tests,omitempty"`
}

// OutcomeTest is Gray's test of one outcome between the groups.
type OutcomeTest struct {
	Outcome string `json:"outcome"`
	Test
}

// OutcomeGroup is the estimate for one group.
type OutcomeGroup struct {
	Name    string         `json:"name"`
	N       int            `json:"n"`
	Curves  *Occupation    `json:"curves"`
	AtTimes []OutcomesAt   `json:"at_times"`
	Bounds  []OutcomeBound `json:"bounds"`
}

// OutcomesAt is where people are at Time, one entry a state.
type OutcomesAt struct {
	Time   float64        `json:"time"`
	States []StateAtATime `json:"states"`
}

// StateAtATime is the probability of one state at a time.
type StateAtATime struct {
	State string          `json:"state"`
	P     float64         `json:"p"`
	SE    float64         `json:"std_err"`
	Lower estimate.Number `json:"lower"`
	Upper estimate.Number `json:"upper"`
}

// OutcomeBound is what holds of one outcome among all rows whatever befell those whose
// fate is unknown or not known to the end.
type OutcomeBound struct {
	Outcome string `json:"outcome"`
	RiskBounds
}

// EstimateOutcomes answers q by Aalen and Johansen. Asked of survivors for an outcome that
// they cannot tell of, it refuses: any cause asked for with Sample = Survivors is such.
func EstimateOutcomes(in []Outcome, q OutcomeQuestion) (estimate.Fit, error) {
	checked, err := q.Question.check()
	if err != nil {
		return estimate.Fit{}, err
	}
	q.Question = checked
	if q.Threshold == 0 {
		q.Threshold = 0.5
	}
	if q.Sample == Survivors && q.Cause != "" {
		return RefuseRisk(bounds.Fates{}, q.Threshold)
	}
	fit := estimate.Refuse("aalen-johansen", estimate.Refusal{})
	fit.Refusal, fit.Level, fit.Options, fit.Warnings = nil, q.Level, q.options(), q.Sample.Warnings()
	d := &Outcomes{}
	fit.Detail = d
	names := []string{""}
	for _, o := range in {
		if !slices.Contains(names, o.Group) {
			names = append(names, o.Group)
		}
	}
	slices.Sort(names)
	if len(names) < 3 {
		names = names[:1]
	}
	for i, name := range names {
		rows := in
		if i > 0 {
			rows = slices.DeleteFunc(slices.Clone(in), func(o Outcome) bool { return o.Group != name })
		}
		g, err := q.outcomeGroup(name, rows)
		if err != nil {
			return estimate.Fit{}, err
		}
		d.Groups = append(d.Groups, g)
	}
	if len(names) > 1 {
		for _, state := range d.Groups[0].Curves.States[1:] {
			t, err := Gray(in, state)
			if err != nil {
				fit.Warn("no_gray", "Gray's test is left out: %v.", err)
				break
			}
			d.Tests = append(d.Tests, OutcomeTest{state, t})
		}
	}
	if q.Cause != "" {
		if err := q.headline(&fit, d.Groups[0]); err != nil {
			return estimate.Fit{}, err
		}
	}
	if q.Unknown != "" {
		fit.Warn("unknown_fates", "Fates that nobody could tell are kept as an outcome of their own; the bounds count them both ways.")
	}
	fit.Assume("censoring_independent", "Assumes that those lost from sight would have gone on like those who stayed in sight.")
	return fit, nil
}

func (q OutcomeQuestion) options() map[string]any {
	o := q.Question.options()
	delete(o, "rho")
	for k, v := range map[string]string{"cause": q.Cause, "unknown": q.Unknown} {
		if v != "" {
			o[k] = v
		}
	}
	if q.Horizon != 0 {
		o["horizon"] = q.Horizon
	}
	return o
}

func (q OutcomeQuestion) outcomeGroup(name string, rows []Outcome) (OutcomeGroup, error) {
	occ, err := Competing(rows, q.Options)
	if err != nil {
		return OutcomeGroup{}, err
	}
	g := OutcomeGroup{Name: name, N: len(rows), Curves: occ}
	times := q.Times
	if len(times) == 0 {
		times = []float64{occ.Times[len(occ.Times)-1]}
	}
	for _, at := range times {
		g.AtTimes = append(g.AtTimes, occ.read(at))
	}
	for _, state := range occ.States[1:] {
		if state == q.Unknown {
			continue
		}
		f := bounds.Fates{N: len(rows)}
		for _, o := range rows {
			switch o.Cause {
			case state:
				f.X++
			case "", q.Unknown:
				f.Unknown++
			}
		}
		i, err := f.Interval()
		if err != nil {
			return OutcomeGroup{}, err
		}
		g.Bounds = append(g.Bounds, OutcomeBound{state, RiskBounds{f, i, q.Threshold, estimate.Number(f.Tipping(q.Threshold)), f.Sentence(q.Threshold)}})
	}
	return g, nil
}

// read returns the states at t.
func (o *Occupation) read(t float64) OutcomesAt {
	i, exact := slices.BinarySearch(o.Times, t)
	if !exact && i > 0 {
		i--
	}
	out := OutcomesAt{Time: t}
	for k, s := range o.States {
		out.States = append(out.States, StateAtATime{s, o.P[i][k], o.SE[i][k], o.Lower[i][k], o.Upper[i][k]})
	}
	return out
}

func (q OutcomeQuestion) headline(fit *estimate.Fit, g OutcomeGroup) error {
	if !slices.Contains(g.Curves.States[1:], q.Cause) {
		return fault.New(fault.Invalid, "survival", "nobody has the outcome %q", q.Cause).
			With("name one of the outcomes in the table: %v", g.Curves.States[1:])
	}
	at := q.Horizon
	if at == 0 {
		at = g.Curves.Times[len(g.Curves.Times)-1]
	}
	for _, s := range g.Curves.read(at).States {
		if s.State == q.Cause {
			fit.Point, fit.Lower, fit.Upper = estimate.Number(s.P), s.Lower, s.Upper
		}
	}
	if math.IsNaN(float64(fit.Lower)) {
		fit.Warn("no_interval", "By %.6g nobody had this outcome yet; there is no interval from the curve.", at)
	}
	return nil
}

// States is the detail of a fit of a chain of states.
type States struct {
	Curves  *Occupation  `json:"curves"`
	AtTimes []OutcomesAt `json:"at_times"`
}

// EstimateStates answers where people are over time from their spells, such as the stages
// after a forced return. State and Horizon name the headline: the probability of being in
// State at Horizon (0: the last time).
func EstimateStates(spells []Spell, first, state string, horizon float64, q Question) (estimate.Fit, error) {
	q, err := q.check()
	if err != nil {
		return estimate.Fit{}, err
	}
	if q.Sample == Survivors && state != "" {
		return RefuseRisk(bounds.Fates{}, 0.5)
	}
	occ, err := AalenJohansen(spells, first, q.Options)
	if err != nil {
		return estimate.Fit{}, err
	}
	fit := estimate.Refuse("aalen-johansen", estimate.Refusal{})
	fit.Refusal, fit.Level, fit.Options, fit.Warnings = nil, q.Level, q.options(), q.Sample.Warnings()
	delete(fit.Options, "rho")
	d := &States{Curves: occ}
	times := q.Times
	if len(times) == 0 {
		times = []float64{occ.Times[len(occ.Times)-1]}
	}
	for _, at := range times {
		d.AtTimes = append(d.AtTimes, occ.read(at))
	}
	fit.Detail = d
	if state != "" {
		if !slices.Contains(occ.States, state) {
			return estimate.Fit{}, fault.New(fault.Invalid, "survival", "nobody is ever in the state %q", state).With("name one of the states in the table: %v", occ.States)
		}
		at := horizon
		if at == 0 {
			at = occ.Times[len(occ.Times)-1]
		}
		fit.Options["state"], fit.Options["horizon"] = state, at
		for _, s := range occ.read(at).States {
			if s.State == state {
				fit.Point, fit.Lower, fit.Upper = estimate.Number(s.P), s.Lower, s.Upper
			}
		}
	}
	entered := map[string]bool{} // persons seen from the start
	for _, s := range spells {
		entered[s.Person] = entered[s.Person] || s.Enter <= occ.Times[0]
	}
	late := slices.ContainsFunc(spells, func(s Spell) bool { return !entered[s.Person] || s.Person == "" && s.Enter > occ.Times[0] })
	fit.Assume("censoring_independent", "Assumes that those lost from sight would have gone on like those who stayed in sight.")
	if late {
		fit.Assume("states_enough", "Where people came under observation late, assumes that what follows depends on the state they are in, not on how they came to it.")
	}
	return fit, nil
}

// Replaced adds the note that what was asked for is not done and what is done instead.
func Replaced(fit *estimate.Fit, what string) error {
	switch what {
	case "midpoint":
		fit.Warn("midpoint_replaced", "Dates were asked to be taken as the middle of their windows. That is replaced: the middle makes up knowledge that the dates do not hold.")
	case "km-by-cause":
		fit.Warn("km_by_cause_replaced", "One less the Kaplan-Meier curve of each outcome was asked for and replaced by Aalen and Johansen's estimate: by cause the curves add up to more than everybody.")
	default:
		return fault.New(fault.Invalid, "survival", "no method is called %q", what).With("use km, turnbull, imputed or aalen-johansen")
	}
	return nil
}
