package app

import (
	"context"
	"math"
	"math/rand/v2"
	"slices"

	"example.org/amparo/estimate"
	"example.org/amparo/estimate/hist"
	"example.org/amparo/estimate/mse"
	"example.org/amparo/estimate/mse/dga"
	"example.org/amparo/estimate/mse/nhoi"
	"example.org/amparo/internal/figure"
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

// drawTotal fills in what is drawn of a total that was given.
func drawTotal(ctx context.Context, fit *estimate.Fit, tables []hist.Table, p mse.Plan, latent *sampler, step Step) error {
	v, ok := fit.Detail.(mse.Verdict)
	if !ok {
		return nil
	}
	v.Diagnosis, v.Sentence = hist.Diagnosis{}, "" // overlaps, and the sizes of small ones
	v.LowerEnd, v.Ratio = figure.FewDown(v.LowerEnd), estimate.Number(figure.TwoDigits(float64(v.Ratio)))
	if v.Observed = int(figure.FewDown(float64(v.Observed))); v.Observed < figure.Smallest {
		v.Observed, v.LowerEnd = 0, 0
	}
	d := TotalDetail{Verdict: v, Missing: map[string]string{}}
	fit.Detail = &d
	if latent != nil {
		d.Runs = latent.runs()
	}
	if r := fit.Refusal; r != nil && r.Code != mse.Disagreement && r.Code != mse.Unbounded && r.Instead != "" {
		if *r = r.Without(); v.Observed > 0 {
			*r = r.Offer("at_least_on_lists", "At least %d people are on the lists.", v.Observed)
		}
	}
	if fit.Refusal != nil && fit.Refusal.Code != mse.Disagreement && fit.Refusal.Code != mse.Unbounded {
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
	out.Lower, out.Upper = figure.FewDown(fit.Lower), figure.FewUp(fit.Upper)
	return out, nil
}

// bins is about how many stretches a posterior is drawn in.
const bins = 24

// posteriorDraws are the draws that the stretches of a posterior are counted on. The
// distribution itself is a function of the lists: whoever knows all counts but the hidden ones
// could try until it comes out, to the last percent (docs/decisions/0040).
const posteriorDraws = 100

// posteriorOver mixes the posterior of the decomposable graphs over the tables, or is nil
// where they give none. low is the lower end of the range that is published. drawn says that
// it is shown by draws, with a seed that is not kept; figures of before hold it as it is.
func posteriorOver(ctx context.Context, tables []hist.Table, low float64, seed uint64, drawn bool, step Step) (*TotalPosterior, error) {
	mix := map[int]float64{}
	first, last, n, bound := math.MaxInt, 0, 0.0, 0
	for k, t := range tables {
		step(StepPosterior, k, len(tables))
		f, err := dga.Fit(ctx, t, dga.Options{NoSensitivity: true})
		if err != nil {
			return nil, err
		}
		d, ok := f.Detail.(dga.Detail)
		if f.Refusal != nil || !ok {
			return nil, nil
		}
		for i, w := range d.Posterior.P {
			mix[d.Posterior.First+i] += w / float64(len(tables))
		}
		first, last = min(first, d.Posterior.First), max(last, d.Posterior.First+len(d.Posterior.P)-1)
		n += float64(t.N()) / float64(len(tables))
		bound = max(bound, t.N()+d.To)
	}
	p := dga.Posterior{First: first, P: make([]float64, last-first+1)}
	for i := range p.P {
		p.P[i] = mix[first+i]
	}
	q := p.Quantiles(0.001, 0.025, 0.5, 0.975, 0.995)
	out := &TotalPosterior{Lower: figure.FewDown(float64(q[1])), Median: figure.FewDigits(float64(q[2])), Upper: figure.FewUp(float64(q[3])), Bound: figure.FewUp(float64(bound)),
		Threshold: estimate.Number(low), Tipping: estimate.Number(math.NaN())}
	for _, m := range p.Peaks() {
		out.Modes = append(out.Modes, PosteriorBin{figure.FewDigits(float64(m.N)), int(math.Round(100 * m.Share))})
	}
	if drawn {
		out.Bins, out.Draws = drawnBins(p, q[0], q[4], seed), posteriorDraws
	} else {
		out.Bins = binned(p, q[0], q[4])
	}
	for _, xi := range tiedAt {
		at := func(total int) float64 { return n + max(0, float64(total)-n)/xi }
		out.Tie = append(out.Tie, TieAt{xi, figure.FewDigits(at(q[2])), figure.FewDown(at(q[1])), figure.FewUp(at(q[3]))})
	}
	if low > n && float64(q[2]) > low {
		out.Tipping = estimate.Number(figure.TwoDigits((float64(q[2]) - n) / (low - n)))
	}
	return out, nil
}

// tiedAt are the odds for which the sensitivity is drawn.
var tiedAt = []float64{0.25, 0.33, 0.5, 0.67, 1, 1.5, 2, 3, 4}

// binned gathers a posterior into stretches of one round width, from a total to another.
func binned(p dga.Posterior, from, to int) []PosteriorBin {
	width := int(math.Max(1, figure.TwoUp(float64(to-from)/bins)))
	var out []PosteriorBin
	for lo := from / width * width; lo <= to; lo += width {
		share := 0.0
		for n := max(lo, p.First); n < lo+width && n-p.First < len(p.P); n++ {
			share += p.P[n-p.First]
		}
		out = append(out, PosteriorBin{float64(lo) + float64(width)/2, int(math.Round(100 * share))})
	}
	return out
}

// drawnBins counts draws from a posterior in stretches of one round width. What lies before from
// or behind to is put there.
func drawnBins(p dga.Posterior, from, to int, seed uint64) []PosteriorBin {
	width := figure.Stretch(float64(to-from) / drawnStretches)
	first := math.Floor(float64(from)/width) * width
	out := make([]PosteriorBin, int((float64(to)-first)/width)+1)
	for i := range out {
		out[i].N = first + (float64(i)+0.5)*width
	}
	rng := rand.New(rand.NewPCG(seed, 0x706f73746572696f))
	for range posteriorDraws {
		u, n := rng.Float64(), 0
		for ; n+1 < len(p.P) && u >= p.P[n]; n++ {
			u -= p.P[n]
		}
		n = min(max(p.First+n, from), to)
		out[int((float64(n)-first)/width)].Share++
	}
	return out
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
			d.Lowest, d.Highest = figure.FewDown(d.Lowest), figure.FewUp(d.Highest)
			d.Between, d.Within = estimate.Number(figure.FewDigits(float64(d.Between))), estimate.Number(figure.FewDigits(float64(d.Within)))
			d.Observed = [2]int{int(figure.FewDown(float64(d.Observed[0]))), int(figure.FewUp(float64(d.Observed[1])))}
			m.Detail = d
		} else {
			m.Detail = nil
		}
		m.InputHash, m.Seed = "", 0 // of the bare table
		if hidden && m.Method == nhoi.Method && m.Refusal == nil {
			*m = estimate.Refuse(m.Method, estimate.Because("product_of_counts", "This method is a product of counts, some of which are hidden; it would give them away."))
		}
		m.Point, m.Median = estimate.Number(figure.FewDigits(float64(m.Point))), estimate.Number(figure.FewDigits(float64(m.Median)))
		m.Lower, m.Upper = figure.FewDown(m.Lower), figure.FewUp(m.Upper)
		if m.Refusal != nil {
			r := m.Refusal.Without() // it may offer how many people are on the lists
			if r.Code == mse.Unbounded && !math.IsNaN(float64(m.Lower)) {
				r = unbounded(m.Lower)
			}
			m.Refusal = &r
		}
		m.Warnings = slices.DeleteFunc(m.Warnings, func(w estimate.Warning) bool { return len(w.Args) > 0 })
	}
	f.Lower, f.Upper = figure.FewDown(f.Lower), figure.FewUp(f.Upper)
	if f.Refusal != nil && f.Refusal.Code == mse.Unbounded {
		r := unbounded(f.Lower).Offer("at_least", "At least %d.", int(f.Lower))
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
