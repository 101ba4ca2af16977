package lin

import (
	"math/big"
	"math/bits"
)

// The arithmetic of ranks is modulo the Mersenne prime 2^61 − 1. A minor of a matrix of
// zeros and ones with up to 36 columns is smaller (Hadamard's bound), so that there the
// rank is exact; above, an error needs the prime to divide every largest minor.
const prime = 1<<61 - 1

func mulmod(a, b uint64) uint64 {
	hi, lo := bits.Mul64(a, b)
	r := lo&prime + (lo>>61 | hi<<3)
	if r >= prime {
		r -= prime
	}
	return r
}

func submod(a, b uint64) uint64 {
	if a < b {
		a += prime
	}
	return a - b
}

func powmod(a uint64, e uint64) uint64 {
	r := uint64(1)
	for ; e > 0; e >>= 1 {
		if e&1 == 1 {
			r = mulmod(r, a)
		}
		a = mulmod(a, a)
	}
	return r
}

// elimination collects rows and keeps them in echelon form.
type elimination struct {
	cols int
	rank int
	flat []uint64 // row k is flat[k*cols:], with its leading one in column lead[k]
	lead []int
	work []uint64
}

func newElimination(cols int) *elimination {
	e := new(elimination)
	e.reset(cols)
	return e
}

// reset empties e for rows of so many columns and keeps its memory.
func (e *elimination) reset(cols int) {
	e.cols, e.rank, e.lead = cols, 0, e.lead[:0]
	if cap(e.flat) < cols*cols {
		e.flat = make([]uint64, cols*cols)
	}
	e.flat = e.flat[:cols*cols]
	if cap(e.work) < cols {
		e.work = make([]uint64, cols)
	}
	e.work = e.work[:cols]
}

// add takes in a row of zeros and ones and reports whether it raised the rank.
func (e *elimination) add(row []int8) bool {
	if e.rank == e.cols {
		return false
	}
	for j, x := range row {
		e.work[j] = uint64(x)
	}
	for k, j := range e.lead {
		f := e.work[j]
		if f == 0 {
			continue
		}
		r := e.flat[k*e.cols : (k+1)*e.cols]
		for i := j; i < e.cols; i++ {
			if r[i] != 0 {
				e.work[i] = submod(e.work[i], mulmod(f, r[i]))
			}
		}
	}
	for j, x := range e.work {
		if x == 0 {
			continue
		}
		r := e.flat[e.rank*e.cols : (e.rank+1)*e.cols]
		clear(r[:j])
		inv := uint64(1)
		if x != 1 {
			inv = powmod(x, prime-2)
		}
		for i := j; i < e.cols; i++ {
			r[i] = e.work[i]
			if inv != 1 && r[i] != 0 {
				r[i] = mulmod(r[i], inv)
			}
		}
		e.rank++
		e.lead = append(e.lead, j)
		return true
	}
	return false
}

// Rank returns the rank of a matrix of zeros and ones.
func Rank(rows [][]int8, cols int) int {
	e := newElimination(cols)
	for _, r := range rows {
		if e.add(r) && e.rank == cols {
			break
		}
	}
	return e.rank
}

// kernel returns a basis of {v : A v = 0} in exact fractions.
func kernel(rows [][]int8, cols int) [][]*big.Rat {
	m := make([][]*big.Rat, 0, len(rows))
	for _, r := range rows {
		m = append(m, rationals(r))
	}
	var lead []int
	at := 0
	for j := 0; j < cols && at < len(m); j++ {
		pivot := at
		for pivot < len(m) && m[pivot][j].Sign() == 0 {
			pivot++
		}
		if pivot == len(m) {
			continue
		}
		m[at], m[pivot] = m[pivot], m[at]
		reduceRows(m, at, j)
		lead = append(lead, j)
		at++
	}
	return readKernel(m, lead, cols)
}

func rationals(row []int8) []*big.Rat {
	out := make([]*big.Rat, len(row))
	for j, x := range row {
		out[j] = big.NewRat(int64(x), 1)
	}
	return out
}

// reduceRows makes the element of row at in column j one, and of all other rows zero.
func reduceRows(m [][]*big.Rat, at, j int) {
	inv := new(big.Rat).Inv(m[at][j])
	for k := range m[at] {
		if m[at][k].Sign() != 0 {
			m[at][k].Mul(m[at][k], inv)
		}
	}
	t := new(big.Rat)
	for i := range m {
		if i == at || m[i][j].Sign() == 0 {
			continue
		}
		f := new(big.Rat).Set(m[i][j])
		for k := range m[i] {
			if m[at][k].Sign() != 0 {
				m[i][k].Sub(m[i][k], t.Mul(f, m[at][k]))
			}
		}
	}
}

func readKernel(m [][]*big.Rat, lead []int, cols int) [][]*big.Rat {
	isLead := make([]bool, cols)
	for _, j := range lead {
		isLead[j] = true
	}
	var basis [][]*big.Rat
	for free := range cols {
		if isLead[free] {
			continue
		}
		v := make([]*big.Rat, cols)
		for j := range v {
			v[j] = new(big.Rat)
		}
		v[free].SetInt64(1)
		for k, j := range lead {
			v[j].Neg(m[k][free])
		}
		basis = append(basis, v)
	}
	return basis
}
