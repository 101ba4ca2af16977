package lin

import "math/big"

// Existence says whether a Poisson log-linear model has a maximum likelihood estimate on
// its rows, and which rows are left when it has none.
type Existence struct {
	Rank   int    // rank of the design on all rows
	Exists bool   // the maximum is attained at finite means above zero on every row
	Face   []bool // rows with a mean above zero at the supremum; all true when Exists
}

// Exist decides in exact arithmetic whether counts that are above zero in the rows marked
// positive have a maximum likelihood estimate, for a design of zeros and ones.
//
// There is none exactly when some direction v leaves every positive row unchanged
// (a_i v = 0) and lowers some other row and raises none (a_i v ≤ 0, not all 0). So only the
// kernel of the positive rows matters: when it is trivial the estimate exists; in one
// dimension two signs settle it; otherwise a linear programme over the kernel does.
// Repeating it on the rows not lowered gives the face.
//
// Source: Fienberg and Rinaldo (2012), Annals of Statistics 40, 996-1023; Geyer (2009),
// Electronic Journal of Statistics 3, 259-289.
func Exist(rows [][]int8, positive []bool, cols int) Existence {
	return new(Checker).Exist(rows, positive, cols)
}

// Checker decides existence for one design after another and reuses its memory. It is not
// for concurrent use.
type Checker struct {
	e       elimination
	support [][]int8
	face    []bool
}

// Exist is as the function of the same name; the face is overwritten by the next call.
func (c *Checker) Exist(rows [][]int8, positive []bool, cols int) Existence {
	c.e.reset(cols)
	c.support, c.face = c.support[:0], c.face[:0]
	for i, r := range rows {
		c.face = append(c.face, true)
		if positive[i] && c.e.add(r) {
			c.support = append(c.support, r)
		}
	}
	out := Existence{Rank: c.e.rank, Exists: true, Face: c.face}
	if out.Rank == cols {
		return out
	}
	basis := kernel(c.support, cols)
	for i, r := range rows {
		if !positive[i] {
			c.e.add(r)
		}
	}
	out.Rank = c.e.rank
	out.lower(rows, positive, basis)
	return out
}

// lower takes from the face the rows that some direction in the kernel lowers.
func (e *Existence) lower(rows [][]int8, positive []bool, basis [][]*big.Rat) {
	var at []int
	var b [][]*big.Rat
	for i, r := range rows {
		if positive[i] {
			continue
		}
		if p, zero := project(r, basis); !zero {
			at, b = append(at, i), append(b, p)
		}
	}
	for len(at) > 0 {
		lowered := separate(b, len(basis))
		if lowered == nil {
			return
		}
		e.Exists = false
		var keepAt []int
		var keep [][]*big.Rat
		for k, i := range at {
			if lowered[k] {
				e.Face[i] = false
				continue
			}
			keepAt, keep = append(keepAt, i), append(keep, b[k])
		}
		at, b = keepAt, keep
	}
}

func project(row []int8, basis [][]*big.Rat) ([]*big.Rat, bool) {
	out := make([]*big.Rat, len(basis))
	zero := true
	for k, v := range basis {
		s := new(big.Rat)
		for j, x := range row {
			if x != 0 {
				s.Add(s, v[j])
			}
		}
		out[k] = s
		zero = zero && s.Sign() == 0
	}
	return out, zero
}

// separate looks for c with b_i·c ≤ 0 for all i and < 0 for some, and returns which rows
// are below zero, or nil when there is no such c.
func separate(b [][]*big.Rat, dim int) []bool {
	if dim == 1 {
		return separateLine(b)
	}
	c := direction(b, dim)
	if c == nil {
		return nil
	}
	lowered := make([]bool, len(b))
	t := new(big.Rat)
	for i, row := range b {
		s := new(big.Rat)
		for k, x := range row {
			s.Add(s, t.Mul(x, c[k]))
		}
		lowered[i] = s.Sign() < 0
	}
	return lowered
}

func separateLine(b [][]*big.Rat) []bool {
	sign := 0
	for _, row := range b {
		s := row[0].Sign()
		if s != 0 && sign != 0 && s != sign {
			return nil
		}
		if s != 0 {
			sign = s
		}
	}
	if sign == 0 {
		return nil
	}
	lowered := make([]bool, len(b))
	for i, row := range b {
		lowered[i] = row[0].Sign() != 0
	}
	return lowered
}

// direction solves the dual: by Stiemke's lemma there is no c as wanted exactly when some
// y, above zero everywhere, has Σ y_i b_i = 0. With y_i = v_i + s it maximises s subject to
// Σ v_i b_i + s Σ b_i = 0, s ≤ 1, v, s ≥ 0. When the maximum is 0 the multipliers of the
// equations are −c; when it is 1 the answer is nil.
func direction(b [][]*big.Rat, dim int) []*big.Rat {
	m := len(b)
	p := NewProgramme(dim+1, m+1)
	for k := range dim {
		total := new(big.Rat)
		for i := range m {
			p.A[k][i].Set(b[i][k])
			total.Add(total, b[i][k])
		}
		p.A[k][m].Set(total)
	}
	p.A[dim][m].SetInt64(1)
	p.Slack[dim] = true
	p.B[dim].SetInt64(1)
	p.C[m].SetInt64(1)
	value, multipliers := p.Maximise()
	if value.Sign() > 0 {
		return nil
	}
	c := make([]*big.Rat, dim)
	for k := range dim {
		c[k] = new(big.Rat).Neg(multipliers[k])
	}
	return c
}
