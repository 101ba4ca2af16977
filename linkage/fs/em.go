package fs

import (
	"math"

	"example.org/amparo/fault"
)

// Count is how many pairs show a pattern.
type Count struct {
	Pattern uint64
	N       float64
	// Sure is the number among N that people decided to be the same entity, and Apart
	// those they decided are not. They enter the E-step as certainties.
	Sure, Apart float64
}

// Options steer [Fit].
type Options struct {
	// Pairs is the number of pairs that could be compared, blocked or not: the prior is
	// about those.
	Pairs float64
	// Recall is the share of matching pairs among the counted ones, in (0, 1].
	Recall float64
	// Contaminated says that U was counted over random pairs of which a share of Prior
	// are matches; Fit then takes these out.
	Contaminated bool
	// Weight of the Dirichlet prior on m, in pairs; 0 is the default of 10.
	Weight float64
	// Trust is the least weight of the prior as a share of the matches: it keeps EM from
	// taking a group of pairs that share a town and little else for the matches.
	Trust float64
	// Iterations at most, default 200; Fit stops when no m moves by more than 1e-5.
	Iterations int
	// FixedPrior keeps Prior as it is.
	FixedPrior bool
}

// Run is one fit from one start.
type Run struct {
	Model      *Model
	Iterations int
	// LogPosterior is the logarithm (base e) of likelihood times Dirichlet prior, up to
	// a constant: comparable between starts.
	LogPosterior float64
	// Matches is the expected number of matches among the counted pairs.
	Matches float64
}

// starts are the probabilities of "the same value" among matches from which EM begins.
var starts = []float64{0.9, 0.75, 0.6}

// Fit finds m and the prior by EM, from several starts, and returns the best run first.
// U of model is what random pairs show; M is ignored.
//
// It is an error when there are no counts.
func Fit(model *Model, counts []Count, o Options) ([]Run, error) {
	if len(counts) == 0 {
		return nil, fault.New(fault.Invalid, "fs.Fit", "no two records were compared").
			With("add a blocking rule that more records share, or check that the fields are filled")
	}
	if o.Weight == 0 {
		o.Weight = 10
	}
	if o.Iterations == 0 {
		o.Iterations = 200
	}
	var runs []Run
	for _, s := range starts {
		f := newFit(model, counts, o, s)
		runs = append(runs, f.run())
	}
	best := 0
	for i, r := range runs {
		if r.LogPosterior > runs[best].LogPosterior+1e-9 {
			best = i
		}
	}
	runs[0], runs[best] = runs[best], runs[0]
	return runs, nil
}

// fit is one run of EM.
type fit struct {
	Model
	o      Options
	counts []Count
	seen   [][]float64 // U over random pairs, as given
	guess  [][]float64 // Dirichlet mean of m by level
	odds   [][]float64 // m/u by code; 1 for missing
	post   []float64   // by count: expected matches
	tied   []float64   // by count and tie: what dependence makes of the odds
}

func newFit(model *Model, counts []Count, o Options, same float64) *fit {
	f := &fit{Model: *model.Clone(), o: o, counts: counts, seen: clone(model.U), post: make([]float64, len(counts))}
	f.M = make([][]float64, len(f.Fields))
	f.odds = make([][]float64, len(f.Fields))
	f.guess = make([][]float64, len(f.Fields))
	for i, field := range f.Fields {
		f.M[i] = spread(field, startOf(field, same))
		f.odds[i] = make([]float64, 16)
		f.guess[i] = startOf(field, starts[0]) // the same for every start, or they could not be compared
	}
	if f.Prior <= 0 || f.Prior >= 1 {
		f.Prior = 1e-4
	}
	for _, c := range counts {
		for _, t := range f.Ties {
			f.tied = append(f.tied, math.Exp2(t.Bits(f.Fields, c.Pattern)))
		}
	}
	return f
}

// startOf is by level the m from which a start begins. Of a field whose m is expected to be
// something, the first start begins there and the others somewhat off.
func startOf(field Field, same float64) []float64 {
	out := levelPrior(field.Levels, same)
	if field.Expect == nil {
		return out
	}
	off := starts[0] - same
	for l, e := range field.Expect {
		out[l] = off*out[l] + (1-off)*e
	}
	return out
}

// levelPrior is the m expected before data: same for equal values, and of the rest each
// nearer level twice the one below it, "differs" counted with the nearest.
func levelPrior(levels int, same float64) []float64 {
	out := make([]float64, levels)
	sum := 0.0
	for l := range levels - 1 {
		out[l] = math.Exp2(float64(l))
		if l == 0 {
			out[l] = math.Exp2(float64(max(levels-2, 0)))
		}
		sum += out[l]
	}
	for l := range levels - 1 {
		out[l] *= (1 - same) / sum
	}
	out[levels-1] = same
	return out
}

// spread gives the codes their m from the levels'.
func spread(f Field, level []float64) []float64 {
	out := make([]float64, f.Codes())
	copy(out, level[:f.Levels-1])
	for b, share := range f.Share {
		out[f.Levels-1+b] = level[f.Levels-1] * share
	}
	return out
}

func (f *fit) run() Run {
	r := Run{}
	for r.Iterations = 1; r.Iterations <= f.o.Iterations; r.Iterations++ {
		f.clearU()
		r.Matches = f.expect()
		if f.maximise(r.Matches) < 1e-5 {
			break
		}
	}
	f.clearU()
	f.order() // u moved after m was put in order
	r.Matches = f.expect()
	r.LogPosterior = f.logPosterior()
	r.Model = f.Model.Clone()
	return r
}

// clearU takes the matches out of what random pairs show: seen = prior m + (1-prior) u.
// What is left of a code never falls under the chance of one in all pairs.
func (f *fit) clearU() {
	if f.o.Contaminated {
		least := 0.5 / math.Max(f.o.Pairs, 1)
		for i := range f.Fields {
			sum := 0.0
			for c, s := range f.seen[i] {
				u := (s - f.Prior*f.M[i][c]) / (1 - f.Prior)
				f.U[i][c] = math.Max(u, math.Max(least, s*1e-4))
				sum += f.U[i][c]
			}
			for c := range f.U[i] {
				f.U[i][c] /= sum
			}
		}
	}
	f.ratios()
}

// ratios renews m/u.
func (f *fit) ratios() {
	for i := range f.Fields {
		for c := range f.U[i] {
			f.odds[i][c] = f.M[i][c] / f.U[i][c]
		}
		f.odds[i][Missing] = 1
	}
}

// order pools levels of m that are out of order beside the present u.
func (f *fit) order() {
	for i, field := range f.Fields {
		m, u := f.levels(i), make([]float64, field.Levels)
		for c, x := range f.U[i] {
			u[field.Level(c)] += x
		}
		monotone(m, u)
		f.M[i] = spread(field, m)
	}
	f.ratios()
}

// expect is the E-step: the expected matches of every pattern, under the prior of all
// pairs. A blocked pair is no special pair: what makes it likelier to match is in its
// pattern.
func (f *fit) expect() (matches float64) {
	for k, c := range f.counts {
		odds := f.oddsOf(k, c)
		p := odds / (1 + odds)
		if math.IsInf(odds, 1) {
			p = 1
		}
		f.post[k] = (c.N-c.Sure-c.Apart)*p + c.Sure
		matches += f.post[k]
	}
	return matches
}

// oddsOf is how much likelier a pair of a pattern is one than two.
func (f *fit) oddsOf(k int, c Count) float64 {
	odds := f.Prior / (1 - f.Prior)
	for i := range f.Fields {
		odds *= f.odds[i][Code(c.Pattern, i)]
	}
	for _, t := range f.tied[k*len(f.Ties) : (k+1)*len(f.Ties)] {
		odds *= t
	}
	return odds
}

// logPosterior is the logarithm of the posterior density up to a constant, by which starts
// are compared.
func (f *fit) logPosterior() (sum float64) {
	for k, c := range f.counts {
		odds := f.oddsOf(k, c)
		sum += (c.N - c.Sure - c.Apart) * math.Log1p(math.Min(odds, 1e300))
		sum += c.Sure * math.Log(math.Max(odds, 1e-300))
		for i := range f.Fields {
			if code := Code(c.Pattern, i); code != Missing {
				sum += c.N * math.Log(f.U[i][code])
			}
		}
	}
	for i := range f.Fields {
		for l, m := range f.levels(i) {
			sum += f.o.Weight * f.guess[i][l] * math.Log(math.Max(m, 1e-300))
		}
	}
	return sum
}

// levels is m by level.
func (f *fit) levels(i int) []float64 {
	field := f.Fields[i]
	out := make([]float64, field.Levels)
	for c, m := range f.M[i] {
		out[field.Level(c)] += m
	}
	return out
}

// maximise is the M-step: the mode of m under the Dirichlet prior, in order of levels, and
// the prior from the matches found and the recall of blocking.
func (f *fit) maximise(matches float64) (moved float64) {
	for i, field := range f.Fields {
		m := make([]float64, field.Levels)
		u := make([]float64, field.Levels)
		for k, c := range f.counts {
			if code := Code(c.Pattern, i); code != Missing {
				m[field.Level(code)] += f.post[k]
			}
		}
		sum := 0.0
		for _, x := range m {
			sum += x
		}
		if field.Steady && field.Expect != nil {
			clear(m)
			sum = 0
		}
		w := math.Max(f.o.Weight, f.o.Trust*sum)
		for l, g := range f.guess[i] {
			m[l] = (m[l] + w*g) / (sum + w)
		}
		for c, x := range f.U[i] {
			u[field.Level(c)] += x
		}
		monotone(m, u)
		next := spread(field, m)
		for c := range next {
			moved = math.Max(moved, math.Abs(next[c]-f.M[i][c]))
		}
		f.M[i] = next
	}
	if !f.o.FixedPrior {
		f.Prior = math.Min(math.Max(matches/f.o.Recall, 0.5)/f.o.Pairs, 0.5)
	}
	return moved
}
