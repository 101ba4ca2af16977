package loglin

import (
	"math"

	"example.org/amparo/estimate/lin"
)

// Status says whether a model has an answer on a table.
type Status string

// The states of a fitted model.
const (
	Estimated    Status = "estimated"     // finite maximum likelihood estimate
	Extended     Status = "extended"      // some histories have mean zero at the supremum; who is missing is still identified
	Unidentified Status = "unidentified"  // who is missing is not identified, or runs off to zero or infinity
	Unsettled    Status = "not converged" // the calculation did not end
)

// Fitted is a model with its fit. N, SE and what follows from them are NaN unless Status is
// Estimated or Extended; Deviance, AIC and BIC are always those of the supremum.
type Fitted struct {
	Model    Model
	Status   Status
	N        float64 // n + e^u
	SE       float64 // √(e^u + e^{2u} Var u)
	Deviance float64
	AIC, BIC float64
	DF       int
	Params   int

	missing float64 // e^u
	varU    float64
}

// Answers reports whether the fit has a figure.
func (f Fitted) Answers() bool { return f.Status == Estimated || f.Status == Extended }

// fitter fits models to one table of counts after another and reuses its memory.
type fitter struct {
	j        int
	solver   lin.Solver
	checker  lin.Checker
	y        []float64
	n        float64
	constant float64   // Σ ln y! and the rest of the saturated likelihood: loglik = constant − deviance/2
	margin   []float64 // by set of lists: people on all of them
	zeros    bool      // some history has nobody
	keep     []bool
	flat     []int8
	rows     [][]int8
	at       []int // history of each row
	positive []bool
}

func newFitter(j int) *fitter {
	size := 1 << uint(j)
	return &fitter{j: j, keep: make([]bool, size), margin: make([]float64, size)}
}

// load takes the counts of a table, indexed by history.
func (f *fitter) load(y []float64) {
	f.y, f.n, f.constant, f.zeros = y, 0, 0, false
	for _, c := range y[1:] {
		f.n += c
		f.zeros = f.zeros || c == 0
		if c > 0 {
			lg, _ := math.Lgamma(c + 1)
			f.constant += c*math.Log(c) - c - lg
		}
	}
	copy(f.margin, y)
	f.margin[0] = 0
	for step := 1; step < len(y); step <<= 1 {
		for h := range f.margin {
			if h&step == 0 {
				f.margin[h] += f.margin[h|step]
			}
		}
	}
}

// prepare decides which histories and columns a fit of m uses, and whether it identifies
// those on no list. A term that nobody has takes its histories out at once; what is left is
// looked at in exact arithmetic.
func (f *fitter) prepare(m Model) (columns Model, s Status) {
	f.keep[0] = false
	for h := 1; h < len(f.keep); h++ {
		f.keep[h] = true
	}
	if !f.zeros {
		return m, Estimated
	}
	s = Estimated
	for _, t := range m.Terms[1:] {
		if f.margin[t] > 0 {
			columns.Terms = append(columns.Terms, t)
			continue
		}
		s = Extended
		for h := t; h < uint32(len(f.keep)); h = (h + 1) | t {
			f.keep[h] = false
		}
	}
	columns.Terms = append([]uint32{0}, columns.Terms...)
	p := len(columns.Terms)
	f.design(columns)
	e := f.checker.Exist(f.rows, f.positive, p)
	if e.Exists && e.Rank == p {
		return columns, s
	}
	if !e.Exists {
		s = Extended
	}
	return f.reduce(columns, e, s)
}

// reduce keeps the face and columns that are independent on it. Those on no list are
// identified when their history is a combination of those of the face.
func (f *fitter) reduce(m Model, e lin.Existence, s Status) (Model, Status) {
	p := len(m.Terms)
	var face [][]int8
	for i, on := range e.Face {
		f.keep[f.at[i]] = on
		if on {
			face = append(face, f.rows[i])
		}
	}
	zero := make([]int8, p)
	zero[0] = 1
	rank := lin.Rank(face, p)
	if lin.Rank(append(face, zero), p) > rank {
		s = Unidentified
	}
	return Model{Terms: independentColumns(m.Terms, face, rank)}, s
}

// design writes the rows of the histories kept.
func (f *fitter) design(m Model) {
	p := len(m.Terms)
	if cap(f.flat) < len(f.y)*p {
		f.flat = make([]int8, len(f.y)*(p+8))
	}
	f.rows, f.at, f.positive = f.rows[:0], f.at[:0], f.positive[:0]
	for h := 1; h < len(f.y); h++ {
		if !f.keep[h] {
			continue
		}
		row := f.flat[len(f.rows)*p : (len(f.rows)+1)*p]
		for k, t := range m.Terms {
			row[k] = 0
			if uint32(h)&t == t {
				row[k] = 1
			}
		}
		f.rows, f.at, f.positive = append(f.rows, row), append(f.at, h), append(f.positive, f.y[h] > 0)
	}
}

// independentColumns picks the first columns that span all of them.
func independentColumns(terms []uint32, rows [][]int8, rank int) []uint32 {
	if rank == len(terms) {
		return terms
	}
	var out []uint32
	var columns [][]int8
	for k, t := range terms {
		column := make([]int8, len(rows))
		for i, r := range rows {
			column[i] = r[k]
		}
		if lin.Rank(append(columns, column), len(rows)) > len(columns) {
			columns, out = append(columns, column), append(out, t)
		}
	}
	return out
}

// fit fits one model to the loaded table.
func (f *fitter) fit(m Model) Fitted {
	nan := math.NaN()
	out := Fitted{Model: m, N: nan, SE: nan, Deviance: nan, AIC: nan, BIC: nan, Params: len(m.Terms), DF: len(f.y) - 1 - len(m.Terms)}
	columns, status := f.prepare(m)
	out.Status = status
	fit, err := f.solver.FitCube(&lin.Cube{J: f.j, Terms: columns.Terms}, f.y, f.keep, nil)
	if err != nil {
		out.Status = Unsettled
		return out
	}
	out.Deviance = fit.Deviance
	out.AIC = -2*f.constant + fit.Deviance + 2*float64(out.Params)
	out.BIC = -2*f.constant + fit.Deviance + math.Log(f.n)*float64(out.Params)
	if out.Answers() {
		out.missing = math.Exp(fit.Beta[0])
		out.varU = f.solver.InterceptVariance()
		out.N = f.n + out.missing
		out.SE = math.Sqrt(out.missing + out.missing*out.missing*out.varU)
	}
	return out
}
