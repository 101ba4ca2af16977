package lin

import (
	"math"

	"example.org/amparo/fault"
)

// design is what Newton's method needs to know of a design matrix X.
type design interface {
	columns() int
	rows() int
	predict(beta, eta []float64)     // eta = X beta
	transpose(v, out []float64)      // out = X'v
	gram(w []float64, out []float64) // out = X' diag(w) X, full square
}

// Poisson is a fitted log-linear Poisson regression. Its slices belong to the solver and
// are overwritten by the next fit; Clone keeps them.
type Poisson struct {
	Beta       []float64 // coefficients; the first is the intercept
	Mu         []float64 // fitted means by row; 0 for rows left out
	LogLik     float64   // Σ y ln μ − μ − ln y!
	Deviance   float64   // 2 Σ y ln(y/μ) − (y − μ)
	Iterations int
}

// Clone returns a copy that later fits do not touch.
func (p Poisson) Clone() Poisson {
	p.Beta = append([]float64(nil), p.Beta...)
	p.Mu = append([]float64(nil), p.Mu...)
	return p
}

// Solver fits Poisson regressions and reuses its memory. It is not for concurrent use.
type Solver struct {
	chol              cholesky
	beta, trial, step []float64
	eta, mu, resid    []float64
	normal            []float64
	super             []float64
	lastDesign        design
}

const (
	maxIterations = 200
	maxHalvings   = 40
	stepTolerance = 1e-11 // Newton's last step; the error left is of the order of its square
)

// errNotConverged is the answer when there is no finite maximum or it is out of reach.
func errNotConverged(why string) error {
	return fault.New(fault.Invalid, "fit", "the model has no finite answer for this table: %s", why).
		With("check that the estimate exists before fitting")
}

// fit maximises Σ_i keep_i (y_i η_i − e^{η_i}) over η = X beta by Newton's method with
// step-halving, which for this model is iteratively reweighted least squares. start may be
// nil. Rows with keep false are left out.
//
// Source: McCullagh and Nelder (1989), Generalized Linear Models, 2.5.
func (s *Solver) fit(d design, y []float64, keep []bool, start []float64) (Poisson, error) {
	p, n := d.columns(), d.rows()
	s.beta, s.trial, s.step = resize(s.beta, p), resize(s.trial, p), resize(s.step, p)
	s.eta, s.mu, s.resid = resize(s.eta, n), resize(s.mu, n), resize(s.resid, n)
	s.normal = resize(s.normal, p*p)
	s.lastDesign = d
	if start != nil {
		copy(s.beta, start)
	} else if !s.first(d, y, keep) {
		return Poisson{}, errNotConverged("its columns are not independent")
	}
	at := s.objective(d, s.beta, y, keep)
	for iter := 1; iter <= maxIterations; iter++ {
		for i := range n {
			s.resid[i] = y[i] - s.mu[i]
			if keep != nil && !keep[i] {
				s.resid[i] = 0
			}
		}
		d.transpose(s.resid, s.step)
		d.gram(s.mu, s.normal)
		if !s.chol.factor(s.normal, p) {
			return Poisson{}, errNotConverged("a coefficient runs off to infinity")
		}
		s.chol.solve(s.step)
		small := largest(s.step) < stepTolerance*(1+largest(s.beta))
		next, ok := s.advance(d, y, keep, at)
		if !ok || small {
			// No step improves any more: this is the maximum to rounding.
			if !small && largest(s.step) > 1e-6*(1+largest(s.beta)) {
				return Poisson{}, errNotConverged("the steps do not become small")
			}
			s.objective(d, s.beta, y, keep)
			return s.result(y, keep, iter), nil
		}
		at = next
	}
	return Poisson{}, errNotConverged("it did not settle")
}

// advance takes the step, halved as often as needed for the likelihood not to fall.
func (s *Solver) advance(d design, y []float64, keep []bool, at float64) (float64, bool) {
	f := 1.0
	for range maxHalvings {
		for j := range s.beta {
			s.trial[j] = s.beta[j] + f*s.step[j]
		}
		if next := s.objective(d, s.trial, y, keep); next >= at-1e-12*(1+math.Abs(at)) {
			s.beta, s.trial = s.trial, s.beta
			return next, true
		}
		f /= 2
	}
	return at, false
}

// first solves the weighted least squares of ln(y + 0.1), the usual start.
func (s *Solver) first(d design, y []float64, keep []bool) bool {
	for i := range s.mu {
		s.mu[i] = y[i] + 0.1
		s.resid[i] = s.mu[i]*math.Log(s.mu[i]) - 0.1
		if keep != nil && !keep[i] {
			s.mu[i], s.resid[i] = 0, 0
		}
	}
	d.transpose(s.resid, s.beta)
	d.gram(s.mu, s.normal)
	if !s.chol.factor(s.normal, len(s.beta)) {
		return false
	}
	s.chol.solve(s.beta)
	return true
}

// objective sets eta and mu for beta and returns Σ y η − μ.
func (s *Solver) objective(d design, beta, y []float64, keep []bool) float64 {
	d.predict(beta, s.eta)
	sum := 0.0
	for i, e := range s.eta {
		if keep != nil && !keep[i] {
			s.mu[i] = 0
			continue
		}
		m := math.Exp(e)
		s.mu[i] = m
		sum += y[i]*e - m
	}
	if math.IsNaN(sum) {
		return math.Inf(-1)
	}
	return sum
}

func (s *Solver) result(y []float64, keep []bool, iterations int) Poisson {
	out := Poisson{Beta: s.beta, Mu: s.mu, Iterations: iterations}
	for i, m := range s.mu {
		if keep != nil && !keep[i] {
			continue
		}
		out.Deviance += 2 * (m - y[i])
		if y[i] > 0 {
			lg, _ := math.Lgamma(y[i] + 1)
			out.LogLik += y[i]*s.eta[i] - lg
			out.Deviance += 2 * y[i] * (math.Log(y[i]) - s.eta[i])
		}
		out.LogLik -= m
	}
	return out
}

// InterceptVariance returns the variance of the intercept of the last fit: the first
// element of the inverse of the information X' diag(μ) X.
func (s *Solver) InterceptVariance() float64 {
	p := len(s.beta)
	s.lastDesign.gram(s.mu, s.normal)
	if !s.chol.factor(s.normal, p) {
		return math.Inf(1)
	}
	for j := range s.step {
		s.step[j] = 0
	}
	s.step[0] = 1
	s.chol.solve(s.step)
	return s.step[0]
}

func largest(v []float64) float64 {
	m := 0.0
	for _, x := range v {
		m = max(m, math.Abs(x))
	}
	return m
}

// dense is a design matrix written out.
type dense struct{ *Matrix }

func (d dense) columns() int { return d.Cols }
func (d dense) rows() int    { return d.Rows }

func (d dense) predict(beta, eta []float64) {
	for i := range d.Rows {
		s := 0.0
		for j, x := range d.Row(i) {
			s += x * beta[j]
		}
		eta[i] = s
	}
}

func (d dense) transpose(v, out []float64) {
	clear(out)
	for i := range d.Rows {
		if v[i] == 0 {
			continue
		}
		for j, x := range d.Row(i) {
			out[j] += x * v[i]
		}
	}
}

func (d dense) gram(w, out []float64) {
	clear(out)
	for i := range d.Rows {
		if w[i] == 0 {
			continue
		}
		row := d.Row(i)
		for a, xa := range row {
			wa := w[i] * xa
			if wa == 0 {
				continue
			}
			for b := range a + 1 {
				out[a*d.Cols+b] += wa * row[b]
			}
		}
	}
}

// Fit fits counts y on the columns of x, of which the first is ones.
func (s *Solver) Fit(x *Matrix, y []float64) (Poisson, error) {
	return s.fit(dense{x}, y, nil, nil)
}
