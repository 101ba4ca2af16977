package disclose

import (
	"cmp"
	"math/bits"
)

// The attacker's problem. Everything published is a linear equation in the counts of
// the innermost groups, which are whole numbers and not negative. What a reader can
// work out about a hidden count is its smallest and its largest value over all tables
// that agree with what is published: two linear programs, solved here by the simplex
// method in exact arithmetic. Ties are broken by Bland's rule once progress stalls, so
// it ends.
//
// Source: Bland (1977), Mathematics of Operations Research 2(2), 103-107; for tables
// Fischetti and Salazar-González (2001), Management Science 47(7), 1008-1027.

// stall is the number of steps without progress after which Bland's rule takes over.
const stall = 40

// feasible brings the system to a vertex of its polytope. It reports false when no
// table satisfies the equations.
func (t *tableau) feasible() (bool, error) {
	w := &row{basic: -1, p: 1, a: make([]int64, t.cols)}
	for _, r := range t.rows {
		if r.b < 0 {
			r.b = -r.b
			for k := range r.a {
				r.a[k] = -r.a[k]
			}
		}
		w.b += r.b
		for k, v := range r.a {
			w.a[k] += v
		}
	}
	// w is the sum of the artificial variables, to be brought to nought: each column
	// with a positive entry in it lowers the sum.
	t.rows = append(t.rows, w)
	if err := t.lower(len(t.rows) - 1); err != nil {
		return false, err
	}
	t.rows = t.rows[:len(t.rows)-1]
	if w.b != 0 {
		return false, nil
	}
	return true, t.dropArtificial()
}

// dropArtificial replaces the artificial variables left at nought, or drops their rows,
// which say nothing new.
func (t *tableau) dropArtificial() error {
	for r := 0; r < len(t.rows); r++ {
		q := t.rows[r]
		if q.basic >= 0 {
			continue
		}
		c := -1
		for k, v := range q.a {
			if v != 0 {
				c = k
				break
			}
		}
		if c >= 0 {
			if err := t.pivot(r, c); err != nil {
				return err
			}
			continue
		}
		last := len(t.rows) - 1
		t.rows[r] = t.rows[last]
		t.rows = t.rows[:last]
		if r < last && t.rows[r].basic >= 0 {
			t.at[t.rows[r].basic] = r
		}
		r--
	}
	return nil
}

// lower makes the basic variable of row y as small as it gets; y takes no part in the
// ratio test. y.b/y.p is the minimum.
func (t *tableau) lower(y int) error {
	still := 0
	for t.rows[y].b != 0 {
		c := t.rows[y].entering(1, still > stall)
		if c < 0 {
			return nil
		}
		r := t.leaving(c, y)
		if r < 0 {
			return nil // cannot be: a sum of counts is not negative
		}
		if t.rows[r].b == 0 {
			still++
		} else {
			still = 0
		}
		if err := t.pivot(r, c); err != nil {
			return err
		}
	}
	return nil
}

// raise makes the basic variable of row y as large as it gets and reports false when
// nothing limits it.
func (t *tableau) raise(y int) (bool, error) {
	still := 0
	for {
		c := t.rows[y].entering(-1, still > stall)
		if c < 0 {
			return true, nil
		}
		r := t.leaving(c, y)
		if r < 0 {
			return false, nil
		}
		if t.rows[r].b == 0 {
			still++
		} else {
			still = 0
		}
		if err := t.pivot(r, c); err != nil {
			return false, err
		}
	}
}

// entering is the variable whose growth moves the row's basic variable: the steepest,
// or under Bland's rule the first.
func (q *row) entering(sign int64, bland bool) int {
	best, c := int64(0), -1
	for k, v := range q.a {
		if v*sign > best {
			if bland {
				return k
			}
			best, c = v*sign, k
		}
	}
	return c
}

// leaving is the row whose basic variable first reaches nought as c grows, or -1.
func (t *tableau) leaving(c, except int) int {
	best := -1
	for i, q := range t.rows {
		v := q.a[c]
		if i == except || v <= 0 {
			continue
		}
		if best < 0 {
			best = i
			continue
		}
		o := t.rows[best]
		if c := compare(q.b, o.a[c], o.b, v); c < 0 || c == 0 && q.basic < o.basic {
			best = i
		}
	}
	return best
}

// compare gives the sign of a*b - c*d for numbers that are not negative.
func compare(a, b, c, d int64) int {
	h1, l1 := bits.Mul64(uint64(a), uint64(b))
	h2, l2 := bits.Mul64(uint64(c), uint64(d))
	return cmp.Or(cmp.Compare(h1, h2), cmp.Compare(l1, l2))
}
