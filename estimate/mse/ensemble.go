package mse

import (
	"context"
	"math"
	"slices"

	"example.org/amparo/estimate"
	"example.org/amparo/estimate/hist"
	"example.org/amparo/estimate/mse/chao"
	"example.org/amparo/estimate/mse/dga"
	"example.org/amparo/estimate/mse/loglin"
	"example.org/amparo/estimate/mse/pairs"
	"example.org/amparo/estimate/mse/sparse"
)

// Verdict is what the members say together.
type Verdict struct {
	Observed  int             `json:"observed"`
	Credible  []string        `json:"credible"`    // members whose intervals the range is made of
	Ratio     estimate.Number `json:"ratio"`       // upper over lower end of the range
	LowerEnd  estimate.Number `json:"lower_bound"` // what may be said at least when the range is refused
	Sentence  string          `json:"sentence"`
	Diagnosis hist.Diagnosis  `json:"diagnosis"`
	Limits    Limits          `json:"limits"`
}

// estimators are the methods that give a total and may be credible; the others give bounds
// and show what an assumption does.
var estimators = []string{loglin.Method, sparse.Method, dga.Method, loglin.DifferingMethod, LCM}

// Ensemble fits the plan's methods to a table and gives the range of the credible ones.
// Point and Median are empty: there is no one figure. Lower and Upper are the smallest and
// the largest end of the intervals of the credible members. A refusal of the table as a
// whole leaves only Chao's bound and the pairs; a refusal for disagreement leaves the
// lower end. So does one for want of disagreement: where of several methods one alone gives a
// figure, nothing shows how far another's would be; and where all lie below Chao's bound, they
// and it cannot both be right.
func Ensemble(ctx context.Context, t hist.Table, p Plan) (estimate.Fit, error) {
	p = p.filled()
	if r := Screen(t, p); r != nil {
		return refused(ctx, t, p, *r)
	}
	members, err := p.members(ctx, t)
	if err != nil {
		return estimate.Fit{}, err
	}
	return verdict(t, p, members), nil
}

// refused is the ensemble of a table of which no total may be made.
func refused(ctx context.Context, t hist.Table, p Plan, r estimate.Refusal) (estimate.Fit, error) {
	f := estimate.Refuse(Method, r)
	for _, m := range []string{chao.Method, pairs.Method} {
		if !slices.Contains(p.Methods, m) {
			continue
		}
		member, err := p.Member(ctx, t, m)
		if err != nil {
			return estimate.Fit{}, err
		}
		f.Ensemble = append(f.Ensemble, member)
	}
	f.Detail = Verdict{Observed: t.N(), Credible: []string{}, Ratio: estimate.Number(math.NaN()), LowerEnd: estimate.Number(t.N()), Sentence: r.Text, Diagnosis: hist.Diagnose(t), Limits: p.Limits}
	p.sign(&f, t)
	return f, nil
}

// sign puts in what the ensemble was asked.
func (p Plan) sign(f *estimate.Fit, t hist.Table) {
	f.Level, f.Seed, f.InputHash = p.Level, p.Seed, t.Hash()
	f.Options = map[string]any{"level": p.Level, "methods": p.Methods, "loglin_draws": max(0, p.LoglinDraws), "sparse_draws": max(0, p.SparseDraws), "criterion": p.Criterion, "limits": p.Limits}
	if p.Delta > 0 {
		f.Options["delta"] = p.Delta
	}
	if p.Threshold > 0 {
		f.Options["threshold"] = p.Threshold
	}
	f.Assume("one_population", "All lists are of one population, in one place and one period that nobody entered or left.")
	f.Assume("matched", "Every person on several lists was recognised as the same person, and nobody else was.")
}

// credible reports whether a member may stand for the range.
func credible(f estimate.Fit) bool {
	finite := func(x estimate.Number) bool { return !math.IsNaN(float64(x)) && !math.IsInf(float64(x), 0) }
	return slices.Contains(estimators, f.Method) && f.Refusal == nil && finite(f.Lower) && finite(f.Upper)
}

func verdict(t hist.Table, p Plan, members []estimate.Fit) estimate.Fit {
	nan := estimate.Number(math.NaN())
	f := estimate.Fit{Method: Method, Point: nan, Median: nan, Ensemble: members}
	v := Verdict{Observed: t.N(), Credible: []string{}, Ratio: nan, Diagnosis: hist.Diagnose(t), Limits: p.Limits}
	low, high := math.Inf(1), math.Inf(-1)
	endless, asked := false, 0
	for _, m := range members {
		if slices.Contains(estimators, m.Method) {
			asked++
		}
		if credible(m) {
			v.Credible = append(v.Credible, m.Method)
			low, high = min(low, float64(m.Lower)), max(high, float64(m.Upper))
		} else if m.Refusal != nil && slices.Contains(estimators, m.Method) {
			f.Warn("member_refused", "The method %s gives no figure: %s", m.Method, m.Refusal.Text)
			endless = endless || m.Refusal.Code == Unbounded
		}
	}
	if len(v.Credible) > 0 {
		v.Ratio = estimate.Number(high / low)
	}
	bound := chaoOf(members)
	contradicted(&f, bound, members)
	f.Lower, f.Upper = estimate.Number(low), estimate.Number(high)
	decide(&f, &v, bound, endless, asked)
	f.Detail = v
	p.sign(&f, t)
	return f
}

// decide puts in the sentence, or the refusal. asked is how many members are estimators.
func decide(f *estimate.Fit, v *Verdict, bound *estimate.Fit, endless bool, asked int) {
	low, high := float64(f.Lower), float64(f.Upper)
	alone := len(v.Credible) == 1 && asked > 1
	if alone && bound != nil {
		low = min(low, float64(bound.Lower))
	}
	atLeast := Round(low, -1)
	v.LowerEnd = estimate.Number(low)
	lower := func(r estimate.Refusal) {
		r = r.Offer("at_least", "At least %d.", atLeast)
		f.Refusal, f.Lower, f.Upper, v.Sentence = &r, estimate.Number(low), estimate.Number(math.Inf(1)), r.Text
	}
	switch {
	case len(v.Credible) == 0:
		r := estimate.Because(NoMember, "No method gives a figure for this table.").Offer("at_least_listed", "At least the %d people on the lists.", v.Observed)
		f.Refusal, f.Lower, f.Upper, v.Sentence = &r, estimate.Number(math.NaN()), estimate.Number(math.NaN()), r.Text
		v.LowerEnd = estimate.Number(v.Observed)
	case endless:
		lower(estimate.Because(Unbounded, "The data do not limit the total from above. We give a lower bound: at least %d.", atLeast))
	case float64(v.Ratio) > v.Limits.Hull:
		lower(estimate.Because(Disagreement, "Methods disagree by more than a factor of %g. We publish only the lower bound.", v.Limits.Hull))
	case alone:
		lower(estimate.Because(OneMember, "Only the method %s gives a figure. It holds under its own assumption, and no other shows how far it may be off. We publish only a lower bound.", v.Credible[0]))
	case bound != nil && high < float64(bound.Lower):
		lower(estimate.Because(BelowChao, "All methods give fewer people than Chao's lower bound: the lists avoid each other, or every method leaves out that people differ. We publish only a lower bound."))
	default:
		v.Sentence = estimate.Because("", "Between %d and %d, depending on an assumption that the data cannot check.", atLeast, Round(high, 1)).Text
	}
}

// chaoOf is Chao's bound among the members, or nil.
func chaoOf(members []estimate.Fit) *estimate.Fit {
	at := slices.IndexFunc(members, func(m estimate.Fit) bool { return m.Method == chao.Method && m.Refusal == nil })
	if at < 0 {
		return nil
	}
	return &members[at]
}

// contradicted warns of members below Chao's bound: then lists avoid each other or the
// member leaves out that people differ.
func contradicted(f *estimate.Fit, bound *estimate.Fit, members []estimate.Fit) {
	if bound == nil {
		return
	}
	for _, m := range members {
		if credible(m) && m.Point < bound.Point {
			f.Warn("below_bound", "The method %s gives about %d, below Chao's lower bound of about %d: the lists avoid each other, or the method leaves out that people differ.", m.Method, Round(float64(m.Point), -1), Round(float64(bound.Point), 1))
		}
	}
}

// Round gives x two significant digits: down for a negative direction, up for a positive
// one, so that a range is never made narrower. Values that are not finite give 0.
func Round(x float64, direction int) int {
	if math.IsNaN(x) || math.IsInf(x, 0) || x <= 0 {
		return 0
	}
	unit := math.Pow(10, math.Max(0, math.Floor(math.Log10(x))-1))
	if direction < 0 {
		return int(math.Floor(x/unit+1e-9) * unit)
	}
	return int(math.Ceil(x/unit-1e-9) * unit)
}
