package figure

import (
	"context"
	"math"
	"slices"

	"example.org/amparo/estimate"
	"example.org/amparo/estimate/hist"
	"example.org/amparo/estimate/mse"
	"example.org/amparo/estimate/mse/nhoi"
)

// TotalDetail is the detail of a total: what the methods say together, and what is drawn of
// it. Numbers of people in it have two digits that matter, and tens below a hundred; none is a
// count by list.
type TotalDetail struct {
	mse.Verdict
	Posterior *TotalPosterior `json:"posterior,omitempty"`
	Without   []TotalWithout  `json:"without,omitempty"`
	Runs      *Runs           `json:"runs,omitempty"` // of latent classes
	// Missing are the codes of why a picture is not drawn, by its name.
	Missing map[string]string `json:"missing,omitempty"`
}

// TotalPosterior is the distribution of the total by the decomposable graphs, mixed over
// draws of who is who. Shares are percents of the distribution, in whole numbers: in the
// stretches those of Draws draws from it, where that is not 0.
type TotalPosterior struct {
	Bins   []PosteriorBin `json:"bins"`
	Draws  int            `json:"draws,omitempty"`
	Modes  []PosteriorBin `json:"modes"` // N and the share around it
	Lower  float64        `json:"lower"`
	Upper  float64        `json:"upper"`
	Median float64        `json:"median"`
	Bound  float64        `json:"bound"` // larger totals were not looked for
	Tie    []TieAt        `json:"tie"`
	// Tipping is the odds ratio of all lists together above which the total is below
	// Threshold, the lower end of the range. NaN: none.
	Threshold estimate.Number `json:"threshold"`
	Tipping   estimate.Number `json:"tipping"`
}

// PosteriorBin is a stretch of totals around N with its share in percent.
type PosteriorBin struct {
	N     float64 `json:"n"`
	Share int     `json:"share"`
}

// TieAt is what the total would be were the odds that tie all lists together Xi: the
// graphs take them for 1, and no list can show them.
type TieAt struct {
	Xi    float64 `json:"xi"`
	N     float64 `json:"n"`
	Lower float64 `json:"lower"`
	Upper float64 `json:"upper"`
}

// TotalWithout is the range with one list left out, or why there is none.
type TotalWithout struct {
	List    string            `json:"list"`
	Lower   estimate.Number   `json:"lower"`
	Upper   estimate.Number   `json:"upper"`
	Refused *estimate.Refusal `json:"refused,omitempty"`
}

// The codes of a picture that is not drawn.
const (
	NoGraphs     = "graphs"      // the decomposable graphs give no answer for these lists
	FewLists     = "three_lists" // without one of them two are left
	tooManyLists = 6             // leaving out each of more would take too long
)

// Total is the ensemble over draws of who is who. o are the overlaps that may be shown.
func (g *Ground) Total(ctx context.Context, q Question, l Lists, o *Overlaps, step Step) (estimate.Fit, error) {
	if len(l.Names) == 0 {
		return estimate.Refuse(mse.Method, estimate.Because("no_lists", "There are no lists: no record says that somebody's list names a person who may be counted.")), nil
	}
	tables, err := hist.FromDraws(l.Names, l.On, g.Draws)
	if err != nil {
		return estimate.Fit{}, err
	}
	var canonical []byte
	for _, t := range tables {
		canonical = append(canonical, t.Canonical()...)
	}
	canonical = g.salted(canonical)
	g.observed, g.bases[totalName] = g.listed(l)
	seed, err := q.seed(canonical)
	if err != nil {
		return estimate.Fit{}, err
	}
	plan := mse.Plan{Seed: seed, Limits: q.Limits, Unresolved: g.Doubtful, LoglinDraws: 200, SparseDraws: 1000}
	var latent *sampler
	if q.Latent > 0 {
		if plan.Seed, err = unguessed(seed, canonical); err != nil {
			return estimate.Fit{}, err
		}
		latent = latentPlan(&plan, tables, q.Latent, step)
	}
	plan.Progress = func(done, of int) {
		if latent == nil || latent.fitted == 0 { // they come last, and tell more
			step(StepMethods, done, of)
		}
	}
	fit, err := mse.OverLinkage(ctx, tables, plan)
	if err != nil {
		return estimate.Fit{}, err
	}
	fit.Seed, fit.InputHash = seed, estimate.Hash(canonical)
	withoutCounts(&fit, o.Refusal != nil || o.hides())
	sayLatent(&fit, latent, len(l.Names), len(tables))
	if err := drawTotal(ctx, &fit, tables, plan, latent, step); err != nil {
		return estimate.Fit{}, err
	}
	fit.Assume("lists", "Lists are those named by records of listings; hearsay and what was copied from elsewhere make none.")
	return fit, nil
}

// drawTotal fills in what is drawn of a total that was given.
func drawTotal(ctx context.Context, fit *estimate.Fit, tables []hist.Table, p mse.Plan, latent *sampler, step Step) error {
	v, ok := fit.Detail.(mse.Verdict)
	if !ok {
		return nil
	}
	v.Diagnosis, v.Sentence = hist.Diagnosis{}, "" // overlaps, and the sizes of small ones
	v.LowerEnd, v.Ratio = fewDown(v.LowerEnd), estimate.Number(twoDigits(float64(v.Ratio)))
	if v.Observed = int(fewDown(float64(v.Observed))); v.Observed < smallest {
		v.Observed, v.LowerEnd = 0, 0
	}
	d := TotalDetail{Verdict: v, Missing: map[string]string{}}
	fit.Detail = &d
	if latent != nil {
		d.Runs = latent.runs()
	}
	if r := fit.Refusal; r != nil && !mse.LeavesBound(r) {
		if r.Instead != "" {
			if *r = r.Without(); v.Observed > 0 {
				*r = r.Offer("at_least_on_lists", "At least %d people are on the lists.", v.Observed)
			}
		}
		return nil
	}
	var err error
	if d.Posterior, err = posteriorOver(ctx, tables, float64(fit.Lower), p.Seed, latent != nil, step); err != nil {
		return err
	}
	if d.Posterior == nil {
		d.Missing["posterior"] = NoGraphs
	}
	names := tables[0].Lists
	if len(names) <= 3 || len(names) > tooManyLists {
		d.Missing["without"] = FewLists
		return nil
	}
	for i, l := range names {
		step(StepWithout, i, len(names))
		w, err := without(ctx, tables, l, p)
		if err != nil {
			return err
		}
		d.Without = append(d.Without, w)
	}
	return nil
}

// without is the range with list l left out, by the same methods.
func without(ctx context.Context, tables []hist.Table, l string, p mse.Plan) (TotalWithout, error) {
	out := TotalWithout{List: l, Lower: estimate.Number(math.NaN()), Upper: estimate.Number(math.NaN())}
	var less []hist.Table
	for _, t := range tables {
		o, err := t.Omit(l)
		if err != nil {
			return out, err
		}
		less = append(less, o)
	}
	p.LoglinDraws, p.SparseDraws, p.Progress = p.LoglinDraws/2, p.SparseDraws/2, nil
	latentWithout(&p)
	fit, err := mse.OverLinkage(ctx, less, p)
	if err != nil {
		return out, err
	}
	if fit.Refusal != nil {
		withoutCounts(&fit, true) // in its words
		out.Refused = fit.Refusal
		return out, nil
	}
	out.Lower, out.Upper = fewDown(fit.Lower), fewUp(fit.Upper)
	return out, nil
}

// unbounded refuses the upper end of a total of which a round lower one is given.
func unbounded(lower estimate.Number) estimate.Refusal {
	return estimate.Because(mse.Unbounded, "The data do not limit the total from above. We give a lower bound: at least %d.", int(lower))
}

// withoutCounts takes out of a total what holds counts by list, small ones among them, and
// leaves two digits of every number: a figure is kept where more people read than may open
// the records, and a method that is a formula of a few counts gives one of them away where
// the others are known. hidden says that some count of the overlaps is hidden.
func withoutCounts(f *estimate.Fit, hidden bool) {
	for i := range f.Ensemble {
		m := &f.Ensemble[i]
		if d, ok := m.Detail.(mse.Mixed); ok {
			d.Lowest, d.Highest = fewDown(d.Lowest), fewUp(d.Highest)
			d.Between, d.Within = estimate.Number(fewDigits(float64(d.Between))), estimate.Number(fewDigits(float64(d.Within)))
			d.Observed = [2]int{int(fewDown(float64(d.Observed[0]))), int(fewUp(float64(d.Observed[1])))}
			m.Detail = d
		} else {
			m.Detail = nil
		}
		m.InputHash, m.Seed = "", 0 // of the bare table
		if hidden && m.Method == nhoi.Method && m.Refusal == nil {
			*m = estimate.Refuse(m.Method, estimate.Because("product_of_counts", "This method is a product of counts, some of which are hidden; it would give them away."))
		}
		m.Point, m.Median = estimate.Number(fewDigits(float64(m.Point))), estimate.Number(fewDigits(float64(m.Median)))
		m.Lower, m.Upper = fewDown(m.Lower), fewUp(m.Upper)
		if m.Refusal != nil {
			r := m.Refusal.Without() // it may offer how many people are on the lists
			if r.Code == mse.Unbounded && !math.IsNaN(float64(m.Lower)) {
				r = unbounded(m.Lower)
			}
			m.Refusal = &r
		}
		m.Warnings = slices.DeleteFunc(m.Warnings, func(w estimate.Warning) bool { return len(w.Args) > 0 })
	}
	f.Lower, f.Upper = fewDown(f.Lower), fewUp(f.Upper)
	if mse.LeavesBound(f.Refusal) {
		r := f.Refusal.Without()
		if r.Code == mse.Unbounded {
			r = unbounded(f.Lower)
		}
		r = r.Offer("at_least", "At least %d.", int(f.Lower))
		f.Refusal = &r
	}
	for i, w := range f.Warnings {
		if w.Code == "member_refused" && len(w.Args) > 0 { // its second half may hold a count
			f.Warnings[i] = estimate.Warning{Code: "member_refused", Text: estimate.Because("", "The method %s gives no figure.", w.Args[0]).Text, Args: []any{w.Args[0]}}
		}
	}
	if f.Refusal != nil && slices.Contains([]string{mse.TwoLists, mse.FewOverlaps, mse.CopiedList}, f.Refusal.Code) {
		f.Ensemble = nil // a closed form over a few people gives their numbers away
	}
	if f.Refusal != nil && f.Refusal.Code == mse.FewOverlaps {
		r := estimate.Because(mse.FewOverlaps, "Too few people appear on more than one list. Any total would come from the assumption, not the records.")
		r.Instead, r.InsteadCode, r.InsteadArgs = f.Refusal.Instead, f.Refusal.InsteadCode, f.Refusal.InsteadArgs
		f.Refusal = &r
	}
}
