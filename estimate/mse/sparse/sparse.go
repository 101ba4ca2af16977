// Package sparse is stepwise log-linear estimation for tables with few overlaps: pairs of
// lists are added one at a time while their overlap surprises the model, a pair that
// nobody is on gets its coefficient of minus infinity, and a step whose answer would not
// exist or not be identified is not taken.
//
// Source: Chan, Silverman and Vincent (2021), Multiple systems estimation for sparse capture
// data, Journal of the American Statistical Association 116, 1297-1306.
package sparse

import (
	"context"
	"math"
	"slices"

	"example.org/amparo/estimate"
	"example.org/amparo/estimate/hist"
	"example.org/amparo/fault"
)

// Method is the name of the method in a Fit.
const Method = "sparse"

// MaxLists is the largest number of lists taken.
const MaxLists = 16

// Threshold is the usual probability below which an overlap surprises.
const Threshold = 0.02

// Options are the choices of the method. The zero value is: threshold 0.02, a 95 % interval
// from the chosen model's standard error, no bootstrap.
type Options struct {
	Level     float64 `json:"level"`
	Threshold float64 `json:"threshold"`
	Draws     int     `json:"draws"` // bootstrap draws for the BCa interval; 0 for none
	Seed      uint64  `json:"seed"`
	Workers   int     `json:"-"` // 0 for one a processor; the result does not depend on it
}

func (o Options) filled() Options {
	if !(o.Level > 0 && o.Level < 1) {
		o.Level = estimate.DefaultLevel
	}
	if !(o.Threshold > 0 && o.Threshold < 1) {
		o.Threshold = Threshold
	}
	return o
}

// Term is one pair of lists in the model.
type Term struct {
	Lists       [2]string       `json:"lists"`
	Overlap     int             `json:"overlap"`
	Coefficient estimate.Number `json:"coefficient"` // null for minus infinity, where nobody is on both
	P           float64         `json:"p"`           // how surprising the overlap was when it was added
}

// Detail is the model that was chosen.
type Detail struct {
	Terms       []Term             `json:"terms"`        // in the order they were added
	Coefficient map[string]float64 `json:"coefficients"` // of the intercept ("") and the lists
	SE          estimate.Number    `json:"se_intercept"`
	Deviance    estimate.Number    `json:"deviance"`
	AIC         estimate.Number    `json:"aic"`
	DF          int                `json:"df"`
	MainEffects [3]estimate.Number `json:"main_effects"` // lower, point and upper without any pair
	AllPairs    Code               `json:"all_pairs"`    // whether the model of all pairs has an answer
	Triples     int                `json:"triples"`      // of lists that overlap two by two
	BCa         *BCa               `json:"bca,omitempty"`
}

// Fit chooses the model stepwise and returns n + e^u with the interval n + exp(u ± z se),
// or with Draws above zero the BCa interval of the whole procedure. It is refused with code
// no_finite_answer when not even the model without pairs has an answer. The error is that of
// cancelling, too many lists, or fewer than two.
func Fit(ctx context.Context, t hist.Table, o Options) (estimate.Fit, error) {
	o = o.filled()
	hash := t.Hash()
	t, empty := t.Occupied()
	if t.J() > MaxLists {
		return estimate.Fit{}, fault.New(fault.TooLarge, "sparse", "%d lists are too many for log-linear models", t.J()).With("merge lists until there are at most %d", MaxLists)
	}
	if t.J() < 2 || t.N() == 0 {
		return estimate.Fit{}, fault.New(fault.Invalid, "sparse", "%d lists with %d people have no log-linear model", t.J(), t.N()).With("give at least two lists that name somebody")
	}
	y, err := t.Dense()
	if err != nil {
		return estimate.Fit{}, err
	}
	s := newStepper(t.J(), o.Threshold)
	fit := estimate.Fit{Method: Method}
	chosen, ok := s.run(y)
	if !ok {
		fit = estimate.Refuse(Method, estimate.Because("no_finite_answer", "This model has no finite answer for this table."))
	} else {
		fit, err = figure(ctx, t, y, s, chosen, o)
		if err != nil {
			return estimate.Fit{}, err
		}
	}
	fit.Level, fit.InputHash = o.Level, hash
	fit.Options = map[string]any{"level": o.Level, "threshold": o.Threshold, "draws": o.Draws}
	if o.Draws > 0 {
		fit.Seed = o.Seed
	}
	fit.Assume("pairs_only", "Lists depend on each other only two by two, as far as their overlaps showed it at the threshold %g; people do not differ in how easily they are listed.", o.Threshold)
	for _, l := range empty {
		fit.Warn("empty_list", "List %s names nobody and was left out.", l)
	}
	return fit, nil
}

func figure(ctx context.Context, t hist.Table, y []float64, s *stepper, chosen step, o Options) (estimate.Fit, error) {
	z := estimate.Z(o.Level)
	fit := estimate.Fit{Method: Method}
	n := float64(t.N())
	span := func(u, se float64) [3]estimate.Number {
		return [3]estimate.Number{estimate.Number(n + math.Exp(u-z*se)), estimate.Number(n + math.Exp(u)), estimate.Number(n + math.Exp(u+z*se))}
	}
	d := describe(t, chosen)
	r := span(chosen.fit.Beta[0], chosen.se)
	fit.Lower, fit.Point, fit.Median, fit.Upper = r[0], r[1], r[1], r[2]
	if main, ok := s.main(y); ok {
		d.MainEffects = span(main.fit.Beta[0], main.se)
	}
	d.AllPairs, _ = Check(t, allPairs(t.J()))
	d.Triples = hist.Diagnose(t).Triples
	if len(chosen.empty) > 0 {
		fit.Warn("extended", "%d pairs of lists have nobody on both and are taken to exclude each other.", len(chosen.empty))
	}
	if d.AllPairs != Fine {
		fit.Warn("all_pairs", "The overlaps are too few for the model with every pair of lists; the steps taken decide the answer.")
	}
	fit.Detail = d
	if o.Draws <= 0 {
		fit.Warn("selection_ignored", "The interval takes the chosen model as known; that it was chosen by looking at the same table is not in it.")
		return fit, nil
	}
	b, err := bootstrap(ctx, y, float64(fit.Point), o)
	if err != nil {
		return fit, err
	}
	d.BCa = &b
	fit.Lower, fit.Upper, fit.Median, fit.Sample = b.Lower, b.Upper, b.Median, b.draws
	if !b.Adjusted {
		fit.Warn("bca_plain", "The draws lie all on one side of the figure, so the interval is their plain quantiles.")
	}
	fit.Detail = d
	return fit, nil
}

func describe(t hist.Table, c step) Detail {
	d := Detail{Coefficient: map[string]float64{}, SE: estimate.Number(c.se), Deviance: estimate.Number(c.fit.Deviance), DF: c.df}
	d.AIC = estimate.Number(-2*c.fit.LogLik + 2*float64(len(c.terms)+len(c.empty)))
	for k, term := range c.terms {
		if h := hist.History(term); h.Size() < 2 {
			d.Coefficient[t.Name(h)] = c.fit.Beta[k]
		}
	}
	for i, pair := range c.order {
		h := hist.History(pair)
		var lists [2]string
		at := 0
		for j, l := range t.Lists {
			if h.Has(j) {
				lists[at] = l
				at++
			}
		}
		term := Term{Lists: lists, Overlap: t.On(h), P: c.p[i], Coefficient: estimate.Number(math.Inf(-1))}
		if k := slices.Index(c.terms, pair); k >= 0 {
			term.Coefficient = estimate.Number(c.fit.Beta[k])
		}
		d.Terms = append(d.Terms, term)
	}
	return d
}

// Code says whether a model of pairs has an answer on a table.
type Code int

// The codes, as in the paper's package.
const (
	Fine          Code = 0
	NoMaximum     Code = 1 // the maximum likelihood estimate does not exist
	NotIdentified Code = 2 // more parameters than the cells can tell apart
	Neither       Code = 3 // both
)

// Check returns the code of the model with these pairs, each a set of two lists. Pairs that
// nobody is on are taken out with their histories, as in the extended estimate. It fails
// for more than MaxLists lists.
func Check(t hist.Table, pairs []hist.History) (Code, error) {
	if t.J() > MaxLists {
		return Neither, fault.New(fault.TooLarge, "sparse", "%d lists are too many for log-linear models", t.J()).With("merge lists until there are at most %d", MaxLists)
	}
	y, err := t.Dense()
	if err != nil {
		return Neither, err
	}
	s := newStepper(t.J(), Threshold)
	s.load(y)
	in := make([]uint32, 0, len(pairs))
	for _, p := range pairs {
		in = append(in, uint32(p))
	}
	s.layout(in)
	return s.code(), nil
}

func allPairs(j int) []hist.History {
	var out []hist.History
	for a := range j {
		for b := a + 1; b < j; b++ {
			out = append(out, hist.Of(a, b))
		}
	}
	return out
}

// code checks existence and rank of the model laid out.
func (s *stepper) code() Code {
	s.rows, s.positive = s.rows[:0], s.positive[:0]
	p := len(s.terms)
	if cap(s.flat) < len(s.y)*p {
		s.flat = make([]int8, len(s.y)*(p+8))
	}
	for h := 1; h < len(s.y); h++ {
		if !s.keep[h] {
			continue
		}
		row := s.flat[len(s.rows)*p : (len(s.rows)+1)*p]
		for k, t := range s.terms {
			row[k] = 0
			if uint32(h)&t == t {
				row[k] = 1
			}
		}
		s.rows, s.positive = append(s.rows, row), append(s.positive, s.y[h] > 0)
	}
	e := s.checker.Exist(s.rows, s.positive, p)
	code := Fine
	if !e.Exists {
		code += NoMaximum
	}
	if e.Rank < p {
		code += NotIdentified
	}
	return code
}
