package dga

import (
	"cmp"
	"context"
	"math"
	"slices"

	"example.org/amparo/estimate"
	"example.org/amparo/estimate/hist"
	"example.org/amparo/fault"
)

// Method is the name of the method in a Fit.
const Method = "dga"

// The numbers of lists of which the graphs are averaged.
const (
	MinLists = 3
	MaxLists = 6
)

// Options are the choices of the method. The zero value is: prior weight 2^−J a cell, from
// one person missing up to where the posterior has ended, without the saturated graph, and
// the sensitivity to the prior weight.
type Options struct {
	Level         float64 `json:"level"`
	Delta         float64 `json:"delta"`           // prior weight of a cell; 0 means 2^−J
	From          int     `json:"from"`            // fewest missing; 0 means 1, as in R; negative means none missing is allowed for
	To            int     `json:"to"`              // most missing; 0 extends the range until it holds the posterior
	Saturated     bool    `json:"saturated"`       // include the graph that ties all lists together
	Shape         float64 `json:"shape,omitempty"` // prior of the total: negative binomial, a Poisson whose mean
	Scale         float64 `json:"scale,omitempty"` // is gamma with this shape and scale; 0 means 1/N
	NoSensitivity bool    `json:"-"`               // leave out the other prior weights
}

// Detail is what the average is made of.
type Detail struct {
	Mean        estimate.Number `json:"mean"`
	SD          estimate.Number `json:"sd"`
	Mode        int             `json:"mode"`
	Modes       []Peak          `json:"modes"`
	Graphs      int             `json:"graphs"` // in the average
	Top         []ModelShare    `json:"top"`
	From        int             `json:"from"` // range of the number missing
	To          int             `json:"to"`
	PLast       float64         `json:"p_last"` // probability of the last total of the range
	EdgeMass    float64         `json:"edge"`   // probability in the last tenth of the range
	Saturated   SaturatedGraph  `json:"saturated"`
	Sensitivity []Figure        `json:"sensitivity,omitempty"`
	Posterior   Posterior       `json:"-"`
}

// SaturatedGraph is what the graph that ties all lists together would do: its probability
// were it among the others, and its own mean. It follows the prior, not the data, and can
// swallow the result.
type SaturatedGraph struct {
	Share float64         `json:"share"`
	Mean  estimate.Number `json:"mean"`
}

const (
	endedAt   = 1e-9 // the range ends where a total has less probability than this
	edgeLimit = 1e-3 // more than this in the last tenth of the range, and there is no upper end
	topShown  = 5
	smallest  = 100_000   // the range may always go this far
	times     = 500       // or this many times the number observed,
	furthest  = 4_000_000 // but no further than this
)

func (o Options) filled(j int) Options {
	if !(o.Level > 0 && o.Level < 1) {
		o.Level = estimate.DefaultLevel
	}
	if !(o.Delta > 0) {
		o.Delta = math.Ldexp(1, -j)
	}
	switch {
	case o.From == 0:
		o.From = 1
	case o.From < 0:
		o.From = 0
	}
	return o
}

// Fit averages over all decomposable graphs on three to six lists. Point and Median are the
// posterior median, Lower and Upper posterior quantiles; mean, modes, the best graphs and
// what other prior weights would say stand in the detail. It is refused with code
// lists_for_graphs outside three to six lists and with unbounded when the posterior does
// not end within the range. The error is that of cancelling, or of a range that is empty.
func Fit(ctx context.Context, t hist.Table, o Options) (estimate.Fit, error) {
	hash := t.Hash()
	t, empty := t.Occupied()
	o = o.filled(t.J())
	options := map[string]any{"level": o.Level, "delta": o.Delta, "from": o.From, "to": o.To, "saturated": o.Saturated}
	if o.Shape > 0 && o.Scale > 0 {
		options["shape"], options["scale"] = o.Shape, o.Scale
	}
	if t.J() < MinLists || t.J() > MaxLists {
		f := estimate.Refuse(Method, estimate.Because("lists_for_graphs",
			"Graphs are averaged for %d to %d lists that name somebody; there are %d.", MinLists, MaxLists, t.J()))
		f.Level, f.InputHash, f.Options = o.Level, hash, options
		return f, nil
	}
	if o.To > 0 && o.To < o.From || o.To > furthest {
		return estimate.Fit{}, fault.New(fault.Invalid, "dga", "the range of missing people, %d to %d, is empty or too long", o.From, o.To).
			With("give a range that ends between its start and %d", furthest)
	}
	graphs := Graphs(t.J())
	p, d, err := average(ctx, t, graphs, o)
	if err != nil {
		return estimate.Fit{}, err
	}
	f := report(t, p, &d, o)
	if f.Refusal == nil && !o.NoSensitivity {
		if err := sensitivity(ctx, &f, &d, t, graphs, o); err != nil {
			return estimate.Fit{}, err
		}
	}
	f.Level, f.InputHash, f.Options, f.Detail = o.Level, hash, options, d
	f.Assume("decomposable", "How lists depend on each other can be cut into groups of lists; within and between them people do not differ in how easily they are listed.")
	f.Assume("prior_weight", "Before the data every combination of lists counts as %g of a person.", o.Delta)
	for _, l := range empty {
		f.Warn("empty_list", "List %s names nobody and was left out.", l)
	}
	return f, nil
}

// average computes the posterior and fills in the detail, for one prior weight.
func average(ctx context.Context, t hist.Table, graphs []Graph, o Options) (Posterior, Detail, error) {
	p := newProblem(t, graphs, o)
	from, to := float64(o.From), float64(o.To)
	if o.To == 0 {
		to = float64(min(max(times*t.N(), smallest), furthest))
	}
	g := p.look(from, to, o.Saturated)
	if o.To == 0 {
		to = g.ends(p, o.Saturated)
	}
	s, err := p.posterior(ctx, g, from, to, o.Saturated)
	if err != nil {
		return Posterior{}, Detail{}, err
	}
	post, total, ok := normalise(t.N()+o.From, s.post)
	if !ok {
		return Posterior{}, Detail{}, fault.New(fault.Internal, "dga", "the posterior has no weight between %d and %.0f missing", o.From, to)
	}
	d := Detail{From: o.From, To: int(to), Posterior: post}
	if err := p.single(ctx, s, g, to, total, o, &d); err != nil {
		return Posterior{}, Detail{}, err
	}
	mean, sd := post.Mean()
	d.Mean, d.SD, d.Mode = estimate.Number(mean), estimate.Number(sd), post.Mode()
	d.PLast = post.P[len(post.P)-1]
	for _, w := range post.P[len(post.P)-(len(post.P)+9)/10:] {
		d.EdgeMass += w
	}
	return post, d, nil
}

// single fills in the best graphs and the saturated one, each added up exactly. total is
// the weight of the posterior.
func (p *problem) single(ctx context.Context, s *stream, g *grid, to, total float64, o Options, d *Detail) error {
	saturated := -1
	for i, gr := range p.graphs {
		if gr.Saturated(p.j) {
			saturated = i
		}
	}
	d.Graphs = len(p.graphs)
	if !o.Saturated {
		d.Graphs--
	}
	// Some more than shown: the first ranking is by approximate masses.
	best := s.largest(topShown+3, func(i int) bool { return o.Saturated || i != saturated })
	if err := p.walk(ctx, s, g, to, best); err != nil {
		return err
	}
	slices.SortStableFunc(best, func(a, b int) int { return cmp.Compare(s.mass[b], s.mass[a]) })
	for _, i := range best[:min(topShown, len(best))] {
		d.Top = append(d.Top, ModelShare{p.graphs[i].String(), s.mass[i] / total, estimate.Number(s.moment[i] / s.mass[i])})
	}
	// On a scale of its own, since it may outweigh all others by any number of digits.
	own := *s
	own.top = g.top[saturated]
	if err := p.walk(ctx, &own, g, to, []int{saturated}); err != nil {
		return err
	}
	mass := own.mass[saturated]
	others := total * math.Exp(s.top-own.top)
	if o.Saturated {
		others -= mass
	}
	d.Saturated = SaturatedGraph{mass / (mass + max(others, 0)), estimate.Number(own.moment[saturated] / mass)}
	return nil
}

// ends returns the first point of the grid from which on no total has more than endedAt of
// the probability, or the last point.
func (g *grid) ends(p *problem, saturated bool) float64 {
	weight := make([]float64, len(g.at))
	for i, graph := range p.graphs {
		if graph.Saturated(p.j) && !saturated {
			continue
		}
		for k, v := range g.value[i] {
			weight[k] += math.Exp(v - g.best)
		}
	}
	total := 0.0
	for k := range g.at[:len(g.at)-1] {
		total += (weight[k] + weight[k+1]) / 2 * (g.at[k+1] - g.at[k])
	}
	end := len(g.at) - 1
	for end > 0 && weight[end-1] < endedAt*total {
		end--
	}
	return g.at[end]
}

func report(t hist.Table, p Posterior, d *Detail, o Options) estimate.Fit {
	q := p.Quantiles((1-o.Level)/2, 0.5, (1+o.Level)/2)
	if d.EdgeMass > edgeLimit {
		f := estimate.Refuse(Method, estimate.Because("unbounded",
			"The data do not limit the total from above. We give a lower bound: at least %d.", q[0]))
		f.Lower, f.Upper = estimate.Number(q[0]), estimate.Number(math.Inf(1))
		return f
	}
	f := estimate.Fit{Method: Method, Point: estimate.Number(q[1]), Median: estimate.Number(q[1]), Lower: estimate.Number(q[0]), Upper: estimate.Number(q[2])}
	f.Sample = p.sample()
	d.Modes = p.Peaks()
	if len(d.Modes) > 1 {
		low, high := d.Modes[0], d.Modes[len(d.Modes)-1]
		f.Warn("modes", "The answer has %d peaks, the lowest near %d (%.0f%%) and the highest near %d (%.0f%%): they are different models, and the middle between them is none.",
			len(d.Modes), low.N, 100*low.Share, high.N, 100*high.Share)
	}
	if d.Saturated.Share > 0.05 && !o.Saturated {
		f.Warn("saturated", "The model that ties all lists together is left out; it would take %.0f%% of the weight and follows the prior, not the records.", 100*d.Saturated.Share)
	}
	return f
}

// sensitive is the ratio of medians at neighbouring prior weights that is warned of.
const sensitive = 1.25

// sensitivity repeats the average with a quarter and with four times the prior weight.
func sensitivity(ctx context.Context, f *estimate.Fit, d *Detail, t hist.Table, graphs []Graph, o Options) error {
	for _, factor := range [...]float64{0.25, 1, 4} {
		at := o
		at.Delta = o.Delta * factor
		if factor == 1 {
			d.Sensitivity = append(d.Sensitivity, Figure{o.Delta, d.Mean, int(f.Median), int(f.Lower), int(f.Upper)})
			continue
		}
		p, other, err := average(ctx, t, graphs, at)
		if err != nil {
			return err
		}
		q := p.Quantiles((1-o.Level)/2, 0.5, (1+o.Level)/2)
		d.Sensitivity = append(d.Sensitivity, Figure{at.Delta, other.Mean, q[1], q[0], q[2]})
	}
	low, high := d.Sensitivity[0].Median, d.Sensitivity[0].Median
	for _, s := range d.Sensitivity {
		low, high = min(low, s.Median), max(high, s.Median)
	}
	if float64(high) > sensitive*float64(low) {
		f.Warn("prior_decides", "The prior weight of a combination moves the middle of the answer from %d to %d.", low, high)
	}
	return nil
}
