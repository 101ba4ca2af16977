package lin

import "math/big"

// Programme is a linear programme in exact fractions: maximise C·x subject to A x = B, or
// ≤ B where Slack is set, x ≥ 0. B must not be negative.
type Programme struct {
	A     [][]*big.Rat
	B, C  []*big.Rat
	Slack []bool
}

// NewProgramme returns a programme of zeros with that many constraints and variables.
func NewProgramme(rows, cols int) *Programme {
	p := &Programme{A: make([][]*big.Rat, rows), B: zeros(rows), C: zeros(cols), Slack: make([]bool, rows)}
	for i := range p.A {
		p.A[i] = zeros(cols)
	}
	return p
}

func zeros(n int) []*big.Rat {
	v := make([]*big.Rat, n)
	for i := range v {
		v[i] = new(big.Rat)
	}
	return v
}

// tableau is the simplex tableau: the variables, then one artificial or slack variable a
// row, then the right-hand side.
type tableau struct {
	rows  [][]*big.Rat
	cost  []*big.Rat // reduced costs; the last is minus the value
	basis []int
	vars  int
	bar   []bool // columns that may not enter: artificial variables
}

// Maximise returns the value at the optimum and the multipliers of the constraints. It
// requires that B be zero in every row that is not a slack row, so that x = 0 is feasible,
// and that the optimum be bounded. Bland's rule is used, so it ends on degenerate
// programmes too.
//
// The artificial variables begin in the basis at zero. Whenever one could grow it is
// driven out first, since they must stay zero.
//
// Source: Bland (1977), Mathematics of Operations Research 2, 103-107.
func (p *Programme) Maximise() (*big.Rat, []*big.Rat) {
	t := p.tableau()
	t.expel()
	for {
		enter := t.entering()
		if enter < 0 {
			break
		}
		leave := t.leaving(enter)
		if leave < 0 {
			break // unbounded: excluded by the contract
		}
		t.pivot(leave, enter)
	}
	multipliers := make([]*big.Rat, len(t.rows))
	for i := range multipliers {
		multipliers[i] = new(big.Rat).Neg(t.cost[t.vars+i])
	}
	return new(big.Rat).Neg(t.cost[len(t.cost)-1]), multipliers
}

func (p *Programme) tableau() *tableau {
	m, n := len(p.A), len(p.C)
	t := &tableau{vars: n, cost: zeros(n + m + 1), bar: make([]bool, n+m)}
	for j, c := range p.C {
		t.cost[j].Set(c)
	}
	for i, a := range p.A {
		row := zeros(n + m + 1)
		for j, x := range a {
			row[j].Set(x)
		}
		row[n+i].SetInt64(1)
		row[n+m].Set(p.B[i])
		t.rows = append(t.rows, row)
		t.basis = append(t.basis, n+i)
		t.bar[n+i] = !p.Slack[i]
	}
	return t
}

// expel pivots every artificial variable out of the basis that has something to pivot on:
// all are zero, so the values do not change. What stays is a redundant row.
func (t *tableau) expel() {
	for i := range t.rows {
		if !t.bar[t.basis[i]] {
			continue
		}
		for j := range t.vars {
			if t.rows[i][j].Sign() != 0 {
				t.pivot(i, j)
				break
			}
		}
	}
}

// entering is the lowest column that raises the value.
func (t *tableau) entering() int {
	for j := range t.bar {
		if !t.bar[j] && t.cost[j].Sign() > 0 {
			return j
		}
	}
	return -1
}

// leaving is the row with the smallest ratio; among equals the lowest variable.
func (t *tableau) leaving(enter int) int {
	best, last := -1, len(t.cost)-1
	ratio, least := new(big.Rat), new(big.Rat)
	for i, row := range t.rows {
		if row[enter].Sign() <= 0 {
			continue
		}
		ratio.Quo(row[last], row[enter])
		if c := ratio.Cmp(least); best < 0 || c < 0 || c == 0 && t.basis[i] < t.basis[best] {
			best = i
			least.Set(ratio)
		}
	}
	return best
}

func (t *tableau) pivot(leave, enter int) {
	row := t.rows[leave]
	inv := new(big.Rat).Inv(row[enter])
	for _, x := range row {
		if x.Sign() != 0 {
			x.Mul(x, inv)
		}
	}
	for i, r := range t.rows {
		if i != leave {
			eliminate(r, row, enter)
		}
	}
	eliminate(t.cost, row, enter)
	t.basis[leave] = enter
}

func eliminate(r, row []*big.Rat, enter int) {
	if r[enter].Sign() == 0 {
		return
	}
	f, t := new(big.Rat).Set(r[enter]), new(big.Rat)
	for j, x := range row {
		if x.Sign() != 0 {
			r[j].Sub(r[j], t.Mul(f, x))
		}
	}
}
