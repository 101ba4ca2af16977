// Package lin is the linear algebra of log-linear models on lists: Poisson regression on
// the cells of a 2^J table, rank and existence of its maximum likelihood estimate in exact
// arithmetic, and a small linear programme with a rule that cannot cycle.
//
// The systems are small (tens of columns) and are solved by the thousand inside searches
// and resamples, so the matrices are flat slices that are used again.
package lin

import "math"

// Matrix is a dense matrix, row by row.
type Matrix struct {
	Rows, Cols int
	X          []float64
}

// NewMatrix returns a matrix of zeros.
func NewMatrix(rows, cols int) *Matrix {
	return &Matrix{Rows: rows, Cols: cols, X: make([]float64, rows*cols)}
}

// Row returns row i, which shares memory with m.
func (m *Matrix) Row(i int) []float64 { return m.X[i*m.Cols : (i+1)*m.Cols] }

// At returns the element in row i and column j.
func (m *Matrix) At(i, j int) float64 { return m.X[i*m.Cols+j] }

// Set sets the element in row i and column j.
func (m *Matrix) Set(i, j int, v float64) { m.X[i*m.Cols+j] = v }

// cholesky factors the symmetric matrix a (its lower triangle is read) after scaling its
// diagonal to one, so that columns of very different size do no harm.
type cholesky struct {
	n     int
	l     []float64
	scale []float64
}

// singular is the smallest pivot of the scaled matrix taken for more than rounding.
const singular = 1e-13

// factor returns false when a is not positive definite to working precision.
func (c *cholesky) factor(a []float64, n int) bool {
	c.n = n
	c.l, c.scale = resize(c.l, n*n), resize(c.scale, n)
	for i := range n {
		d := a[i*n+i]
		if !(d > 0) || math.IsInf(d, 0) {
			return false
		}
		c.scale[i] = 1 / math.Sqrt(d)
	}
	for i := range n {
		li := c.l[i*n : i*n+i+1]
		for j := range i + 1 {
			lj := c.l[j*n : j*n+j+1]
			s := a[i*n+j] * c.scale[i] * c.scale[j]
			for k := range j {
				s -= li[k] * lj[k]
			}
			if i > j {
				li[j] = s / lj[j]
				continue
			}
			if !(s > singular) {
				return false
			}
			li[i] = math.Sqrt(s)
		}
	}
	return true
}

// solve overwrites b with the solution of a x = b.
func (c *cholesky) solve(b []float64) {
	n := c.n
	for i := range n {
		s := b[i] * c.scale[i]
		for k := range i {
			s -= c.l[i*n+k] * b[k]
		}
		b[i] = s / c.l[i*n+i]
	}
	for i := n - 1; i >= 0; i-- {
		s := b[i]
		for k := i + 1; k < n; k++ {
			s -= c.l[k*n+i] * b[k]
		}
		b[i] = s / c.l[i*n+i]
	}
	for i := range n {
		b[i] *= c.scale[i]
	}
}

// resize returns a slice of n elements, s itself where it is large enough.
func resize(s []float64, n int) []float64 {
	if cap(s) < n {
		return make([]float64, n)
	}
	return s[:n]
}
