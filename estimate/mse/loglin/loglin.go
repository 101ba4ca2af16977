package loglin

import (
	"context"
	"math"
	"slices"
	"sort"

	"example.org/amparo/estimate"
	"example.org/amparo/estimate/hist"
)

// Method is the name of the method in a Fit.
const Method = "loglin"

// Options are the choices of the method. The zero value is: BIC, the default order of
// interactions, a 95 % profile interval and no bootstrap.
type Options struct {
	Level     float64   `json:"level"`
	Criterion Criterion `json:"criterion"`
	MaxOrder  int       `json:"max_order"`
	Draws     int       `json:"draws"` // bootstrap draws; 0 leaves the choice of model out of the interval
	Seed      uint64    `json:"seed"`  // of the bootstrap
	Workers   int       `json:"-"`     // 0 for one a processor; the result does not depend on it
}

func (o Options) filled() Options {
	if !(o.Level > 0 && o.Level < 1) {
		o.Level = estimate.DefaultLevel
	}
	if o.Criterion != AIC {
		o.Criterion = BIC
	}
	return o
}

// Candidate is one model of a search as it is shown.
type Candidate struct {
	Model    string          `json:"model"`
	Status   Status          `json:"status"`
	N        estimate.Number `json:"n"`
	SE       estimate.Number `json:"se"`
	Deviance estimate.Number `json:"deviance"`
	DF       int             `json:"df"`
	AIC      estimate.Number `json:"aic"`
	BIC      estimate.Number `json:"bic"`
	Weight   float64         `json:"weight"` // exp(−½Δ) of the criterion, of all models with a figure
}

// Share is how often the bootstrap chose a model.
type Share struct {
	Model string  `json:"model"`
	Share float64 `json:"share"`
}

// Selection is the bootstrap in which the model is chosen again in every draw.
type Selection struct {
	Lower  estimate.Number `json:"lower"`
	Upper  estimate.Number `json:"upper"`
	Median estimate.Number `json:"median"`
	Draws  int             `json:"draws"`
	Chosen []Share         `json:"chosen"` // the five chosen most often
}

// Detail is the chosen model, the best candidates and the intervals.
type Detail struct {
	Best         Candidate   `json:"best"`
	Profile      Profile     `json:"profile"`
	Independence Candidate   `json:"independence"` // the model without interactions
	Top          []Candidate `json:"top,omitempty"`
	Models       int         `json:"models"`  // fitted; 0 when the search was stepwise
	Without      int         `json:"without"` // of these, without a figure
	Range        [2]float64  `json:"range"`   // smallest and largest figure within 10 of the best criterion
	Selection    *Selection  `json:"selection,omitempty"`
}

const shown = 5

// Fit searches the models, reports the one with the smallest criterion with its profile
// likelihood interval, and with Draws > 0 replaces the interval by that of the bootstrap
// that chooses the model again. It is refused with code no_finite_answer when no model has
// a figure. Errors are those of cancelling and of a table with too many lists or nobody.
func Fit(ctx context.Context, t hist.Table, o Options) (estimate.Fit, error) {
	o = o.filled()
	hash := t.Hash()
	t, empty := t.Occupied()
	y, err := cells(t)
	if err != nil {
		return estimate.Fit{}, err
	}
	chosen, detail, err := search(ctx, t, y, o)
	if err != nil {
		return estimate.Fit{}, err
	}
	fit := estimate.Fit{Method: Method}
	if !chosen.Answers() {
		fit = estimate.Refuse(Method, estimate.Because("no_finite_answer", "No log-linear model has a finite answer for this table."))
	} else if err := figure(ctx, &fit, t, y, chosen, &detail, o); err != nil {
		return estimate.Fit{}, err
	}
	fit.Level, fit.InputHash, fit.Detail = o.Level, hash, detail
	fit.Options = map[string]any{"level": o.Level, "criterion": o.Criterion, "max_order": order(t.J(), o.MaxOrder), "draws": o.Draws}
	if o.Draws > 0 {
		fit.Seed = o.Seed
	}
	fit.Assume("interactions", "Whatever ties the lists together is in the interactions of the model %s; no other tie between lists, and no difference between people, moves the total.", chosen.Model)
	for _, l := range empty {
		fit.Warn("empty_list", "List %s names nobody and was left out.", l)
	}
	return fit, nil
}

// search chooses the model and fills in the candidates.
func search(ctx context.Context, t hist.Table, y []float64, o Options) (Fitted, Detail, error) {
	f := newFitter(t.J())
	f.load(y)
	d := Detail{Independence: candidate(f.fit(Independence(t.J())))}
	if t.J() > 6 {
		chosen := newChooser(t.J(), o.Criterion, o.MaxOrder).choose(y)
		d.Best = candidate(chosen)
		d.Range = [2]float64{chosen.N, chosen.N}
		return chosen, d, ctx.Err()
	}
	fits, err := Search(ctx, t, o.MaxOrder)
	if err != nil {
		return Fitted{}, d, err
	}
	at := best(fits, o.Criterion)
	if at < 0 {
		at = 0
	}
	chosen := fits[at]
	d.Models, d.Best, d.Range = len(fits), candidate(chosen), [2]float64{chosen.N, chosen.N}
	total := 0.0
	var answers []Fitted
	for _, m := range fits {
		if !m.Answers() {
			d.Without++
			continue
		}
		answers = append(answers, m)
		delta := o.Criterion.of(m) - o.Criterion.of(chosen)
		total += math.Exp(-delta / 2)
		if delta <= 10 {
			d.Range[0], d.Range[1] = min(d.Range[0], m.N), max(d.Range[1], m.N)
		}
	}
	sort.SliceStable(answers, func(a, b int) bool { return o.Criterion.of(answers[a]) < o.Criterion.of(answers[b]) })
	for _, m := range answers[:min(shown, len(answers))] {
		c := candidate(m)
		c.Weight = math.Exp(-(o.Criterion.of(m)-o.Criterion.of(chosen))/2) / total
		d.Top = append(d.Top, c)
	}
	return chosen, d, nil
}

func candidate(f Fitted) Candidate {
	n := func(x float64) estimate.Number { return estimate.Number(x) }
	return Candidate{Model: f.Model.String(), Status: f.Status, N: n(f.N), SE: n(f.SE), Deviance: n(f.Deviance), DF: f.DF, AIC: n(f.AIC), BIC: n(f.BIC)}
}

// figure puts the numbers into the fit.
func figure(ctx context.Context, fit *estimate.Fit, t hist.Table, y []float64, chosen Fitted, d *Detail, o Options) error {
	f := newFitter(t.J())
	f.load(y)
	p, err := f.interval(chosen, o.Level)
	if err != nil {
		return err
	}
	d.Profile = p
	fit.Point, fit.Median = estimate.Number(chosen.N), estimate.Number(chosen.N)
	fit.Lower, fit.Upper = p.Lower, p.Upper
	if chosen.Status == Extended {
		fit.Warn("extended", "Some combinations of lists have nobody and are taken to be impossible under the model.")
	}
	if d.Range[1] > 1.5*d.Range[0] {
		fit.Warn("models_differ", "Models that fit nearly as well give between %.0f and %.0f.", d.Range[0], d.Range[1])
	}
	if o.Draws <= 0 {
		fit.Warn("selection_ignored", "The interval takes the chosen model as known; that it was chosen by looking at the same table is not in it.")
		return nil
	}
	draws, models, err := Bootstrap(ctx, t, chosen, o)
	if err != nil {
		return err
	}
	d.Selection = summarise(draws, models, o.Level)
	fit.Sample = draws
	fit.Lower, fit.Upper, fit.Median = d.Selection.Lower, d.Selection.Upper, d.Selection.Median
	return nil
}

func summarise(draws []float64, models []string, level float64) *Selection {
	s := &Selection{Draws: len(draws)}
	s.Lower = estimate.Number(quantile(draws, (1-level)/2))
	s.Upper = estimate.Number(quantile(draws, (1+level)/2))
	s.Median = estimate.Number(quantile(draws, 0.5))
	count := map[string]int{}
	for _, m := range models {
		count[m]++
	}
	for m, n := range count {
		s.Chosen = append(s.Chosen, Share{m, float64(n) / float64(len(models))})
	}
	slices.SortFunc(s.Chosen, func(a, b Share) int {
		switch {
		case a.Share != b.Share && a.Share > b.Share:
			return -1
		case a.Share != b.Share:
			return 1
		case a.Model < b.Model:
			return -1
		}
		return 1
	})
	s.Chosen = s.Chosen[:min(shown, len(s.Chosen))]
	return s
}

// quantile is that of type 8 of Hyndman and Fan (1996) of an ascending sample; an infinite
// neighbour makes it infinite.
func quantile(sorted []float64, p float64) float64 {
	n := float64(len(sorted))
	h := (n+1.0/3)*p + 1.0/3
	k := math.Floor(h)
	lo := sorted[max(0, min(len(sorted)-1, int(k)-1))]
	hi := sorted[max(0, min(len(sorted)-1, int(k)))]
	if lo == hi {
		return lo
	}
	return lo + (h-k)*(hi-lo)
}
