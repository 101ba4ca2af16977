package disclose

import (
	"errors"
	"math/bits"
	"slices"
)

// errEntangled: the numbers of an elimination outgrew 64 bits. It does not happen on
// tables of counts, whose coefficients stay near 0 and 1; if it does, nothing is
// published rather than something unproved.
var errEntangled = errors.New("the table is too entangled to audit in exact arithmetic")

const (
	coefLimit  = 1 << 30
	valueLimit = 1 << 60
)

// row is one equation, p*x[basic] + sum a[k]*x[k] = b, scaled so that all are integers
// and p > 0. The coefficient of the basic variable is in p and a holds 0 there. A basic
// of -1 is a variable without a column: an artificial one, or an objective.
type row struct {
	basic int
	p, b  int64
	a     []int64
}

// tableau is a system of equations solved for its basic variables, in exact integer
// arithmetic: every equation keeps its own scale, so nothing is ever rounded.
type tableau struct {
	cols int
	rows []*row
	at   []int // at[k] is the row in which variable k is basic, or -1
	nz   []int // scratch
}

func newTableau(cols int) *tableau {
	t := &tableau{cols: cols, at: make([]int, cols)}
	for k := range t.at {
		t.at[k] = -1
	}
	return t
}

// pivot makes variable c basic in row r, which must hold it.
func (t *tableau) pivot(r, c int) error {
	p := t.rows[r]
	if p.basic >= 0 {
		p.a[p.basic] = p.p
		t.at[p.basic] = -1
	}
	p.p, p.a[c], p.basic = p.a[c], 0, c
	t.at[c] = r
	if p.p < 0 {
		p.p, p.b = -p.p, -p.b
		for k := range p.a {
			p.a[k] = -p.a[k]
		}
	}
	t.nz = t.nz[:0]
	for k, v := range p.a {
		if v != 0 {
			t.nz = append(t.nz, k)
		}
	}
	for i, q := range t.rows {
		if i == r || q.a[c] == 0 {
			continue
		}
		if err := q.eliminate(p, c, t.nz); err != nil {
			return err
		}
	}
	return nil
}

// eliminate takes the multiple of p from q that clears q.a[c]; nz lists where p is not
// zero.
func (q *row) eliminate(p *row, c int, nz []int) error {
	g := gcd(q.a[c], p.p)
	keep, take := p.p/g, q.a[c]/g
	q.a[c] = 0
	big := false
	if keep != 1 {
		for k, v := range q.a {
			q.a[k] = v * keep
			big = big || tooBig(q.a[k], coefLimit)
		}
		q.p *= keep
	}
	for _, k := range nz {
		q.a[k] -= take * p.a[k]
		big = big || tooBig(q.a[k], coefLimit)
	}
	b, ok := combine(q.b, keep, p.b, take)
	if !ok {
		return errEntangled
	}
	q.b = b
	if keep != 1 || big {
		q.reduce()
	}
	if tooBig(q.p, coefLimit) || tooBig(q.b, valueLimit) {
		return errEntangled
	}
	if big && slices.ContainsFunc(q.a, func(v int64) bool { return tooBig(v, coefLimit) }) {
		return errEntangled
	}
	return nil
}

// reduce divides the equation by what all its numbers share.
func (q *row) reduce() {
	g := gcd(q.p, q.b)
	for _, v := range q.a {
		if g == 1 {
			return
		}
		if v != 0 {
			g = gcd(v, g)
		}
	}
	if g <= 1 {
		return
	}
	q.p /= g
	q.b /= g
	for k := range q.a {
		q.a[k] /= g
	}
}

// combine is b*keep - c*take, if that is small enough.
func combine(b, keep, c, take int64) (int64, bool) {
	x, ok1 := product(b, keep)
	y, ok2 := product(c, take)
	return x - y, ok1 && ok2 && !tooBig(x-y, valueLimit)
}

func product(a, b int64) (int64, bool) {
	hi, lo := bits.Mul64(magnitude(a), magnitude(b))
	if hi != 0 || lo > valueLimit {
		return 0, false
	}
	return a * b, true
}

func magnitude(v int64) uint64 {
	if v < 0 {
		return uint64(-v)
	}
	return uint64(v)
}

func tooBig(v, limit int64) bool { return v > limit || v < -limit }

func gcd(a, b int64) int64 {
	for b != 0 {
		a, b = b, a%b
	}
	if a < 0 {
		return -a
	}
	return a
}

// express gives the row p*y + sum a[k]*x[k] = b that says y = sum of terms, written in
// variables that are not basic.
func (t *tableau) express(terms []term) (*row, error) {
	y := &row{basic: -1, p: 1, a: make([]int64, t.cols)}
	for _, m := range terms {
		r := t.at[m.v]
		if r < 0 {
			y.a[m.v] -= m.c * y.p
			continue
		}
		q := t.rows[r]
		if err := y.substitute(q, m.c); err != nil {
			return nil, err
		}
	}
	return y, nil
}

// substitute adds c times the basic variable of q to the sum that y stands for.
func (y *row) substitute(q *row, c int64) error {
	l, ok := product(y.p/gcd(y.p, q.p), q.p)
	if !ok || tooBig(l, coefLimit) {
		return errEntangled
	}
	keep := l / y.p
	take, ok := product(c, l/q.p)
	if !ok || tooBig(take, coefLimit) {
		return errEntangled
	}
	big := false
	for k, v := range q.a {
		y.a[k] = y.a[k]*keep + take*v
		big = big || tooBig(y.a[k], coefLimit)
	}
	if y.b, ok = combine(y.b, keep, q.b, -take); !ok {
		return errEntangled
	}
	if y.p = l; big || keep != 1 {
		y.reduce()
	}
	if big && slices.ContainsFunc(y.a, func(v int64) bool { return tooBig(v, coefLimit) }) {
		return errEntangled
	}
	return nil
}

// term is a coefficient of a variable in a linear form.
type term struct {
	v int
	c int64
}
