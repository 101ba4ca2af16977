package disclose

import "slices"

// equation says that the sum of terms is value.
type equation struct {
	terms []term
	value int64
}

// polytope is the set of all tables that agree with a set of equations, in parts that
// do not touch each other.
type polytope struct {
	fixed []int64 // fixed[v] is the only possible value of v, or -1
	part  []int   // part[v] of a variable that is not fixed
	local []int   // its column there
	parts []*part
	upper []int64 // an easy bound from single equations, or -1
}

type part struct {
	vars []int
	t    *tableau
	seen []seen    // smallest and largest value met at a vertex of whole numbers
	met  [][]int64 // such vertices
	eqs  []equation
}

type seen struct{ lo, hi int64 }

// mostMet bounds the memory of vertices met.
const mostMet = 400

// cellLimit bounds the memory of one audit: entries of a tableau.
const cellLimit = 40_000_000

// newPolytope solves the equations over n counts. It reports false when no table
// satisfies them all.
func newPolytope(n int, eqs []equation) (*polytope, bool, error) {
	p := &polytope{fixed: make([]int64, n), part: make([]int, n), local: make([]int, n), upper: make([]int64, n)}
	for v := range p.fixed {
		p.fixed[v], p.part[v], p.upper[v] = -1, -1, -1
	}
	eqs, ok := p.presolve(eqs)
	if !ok {
		return nil, false, nil
	}
	for _, e := range eqs {
		p.boundBy(e)
	}
	p.divide(eqs)
	for _, q := range p.parts {
		if ok, err := q.start(p.local); !ok || err != nil {
			return nil, false, err
		}
	}
	return p, true, nil
}

// presolve fixes the counts that one equation alone determines, again and again, and
// returns what is left of the equations.
func (p *polytope) presolve(eqs []equation) ([]equation, bool) {
	left := make([]equation, len(eqs))
	for i, e := range eqs {
		left[i] = equation{slices.Clone(e.terms), e.value}
	}
	for again := true; again; {
		again = false
		kept := left[:0]
		for _, e := range left {
			e = p.substitute(e)
			done, ok := p.settle(e)
			if !ok {
				return nil, false
			}
			if done {
				again = again || len(e.terms) > 0
				continue
			}
			kept = append(kept, e)
		}
		left = kept
	}
	return left, true
}

func (p *polytope) substitute(e equation) equation {
	kept := e.terms[:0]
	for _, m := range e.terms {
		if f := p.fixed[m.v]; f >= 0 {
			e.value -= m.c * f
		} else {
			kept = append(kept, m)
		}
	}
	e.terms = kept
	return e
}

// settle reports whether e is used up: it says nothing any more, names one count, or
// says that a sum of counts is nought. The second result is false if it cannot hold.
func (p *polytope) settle(e equation) (done, ok bool) {
	switch {
	case len(e.terms) == 0:
		return true, e.value == 0
	case len(e.terms) == 1:
		m := e.terms[0]
		if e.value%m.c != 0 || e.value/m.c < 0 {
			return false, false
		}
		p.fixed[m.v] = e.value / m.c
		return true, true
	}
	plus := e.terms[0].c > 0
	for _, m := range e.terms {
		if m.c > 0 != plus {
			return false, true
		}
	}
	if e.value == 0 {
		for _, m := range e.terms {
			p.fixed[m.v] = 0
		}
		return true, true
	}
	return false, plus == (e.value > 0)
}

// boundBy notes what e alone says about how large its counts can be.
func (p *polytope) boundBy(e equation) {
	for _, m := range e.terms {
		if m.c < 0 {
			return
		}
	}
	for _, m := range e.terms {
		if u := e.value / m.c; p.upper[m.v] < 0 || u < p.upper[m.v] {
			p.upper[m.v] = u
		}
	}
}

// divide sorts the equations into parts that share no count.
func (p *polytope) divide(eqs []equation) {
	root := make([]int, len(p.fixed))
	for v := range root {
		root[v] = v
	}
	find := func(v int) int {
		for root[v] != v {
			root[v] = root[root[v]]
			v = root[v]
		}
		return v
	}
	for _, e := range eqs {
		for _, m := range e.terms[1:] {
			a, b := find(e.terms[0].v), find(m.v)
			root[max(a, b)] = min(a, b)
		}
	}
	used := make([]bool, len(root))
	for _, e := range eqs {
		for _, m := range e.terms {
			used[m.v] = true
		}
	}
	number := map[int]int{}
	for v := range root {
		if !used[v] {
			continue
		}
		k, ok := number[find(v)]
		if !ok {
			k = len(p.parts)
			number[find(v)] = k
			p.parts = append(p.parts, &part{})
		}
		p.part[v], p.local[v] = k, len(p.parts[k].vars)
		p.parts[k].vars = append(p.parts[k].vars, v)
	}
	for _, e := range eqs {
		q := p.parts[p.part[e.terms[0].v]]
		q.eqs = append(q.eqs, e)
	}
}

// start finds a first table of the part.
func (q *part) start(local []int) (bool, error) {
	if len(q.eqs)*len(q.vars) > cellLimit {
		return false, errTooLarge
	}
	q.t = newTableau(len(q.vars))
	for _, e := range q.eqs {
		r := &row{basic: -1, p: 1, b: e.value, a: make([]int64, len(q.vars))}
		for _, m := range e.terms {
			r.a[local[m.v]] += m.c
		}
		q.t.rows = append(q.t.rows, r)
	}
	q.seen = make([]seen, len(q.vars))
	for k := range q.seen {
		q.seen[k] = seen{-1, -1}
	}
	ok, err := q.t.feasible()
	if ok && err == nil {
		q.look()
	}
	return ok, err
}

// look notes the present vertex as a witness, if it is a table of whole numbers.
func (q *part) look() bool {
	for _, r := range q.t.rows {
		if r.basic >= 0 && r.b%r.p != 0 {
			return false
		}
	}
	at := make([]int64, len(q.seen))
	if len(q.met) < mostMet {
		q.met = append(q.met, at)
	}
	for k := range q.seen {
		v := int64(0)
		if r := q.t.at[k]; r >= 0 {
			v = q.t.rows[r].b / q.t.rows[r].p
		}
		at[k] = v
		s := &q.seen[k]
		if s.lo < 0 || v < s.lo {
			s.lo = v
		}
		s.hi = max(s.hi, v)
	}
	return true
}

// Unlimited as the upper end of a [Range] says that nothing published limits the count.
const Unlimited = int64(-1)

// Range is what a reader can work out about a count: it is at least Lower and at most
// Upper, and both occur in some table that agrees with everything published.
type Range struct {
	Lower, Upper int64
}

// Exact reports whether the reader knows the count.
func (r Range) Exact() bool { return r.Lower == r.Upper }

// bounds is the range of a linear form with positive coefficients over the polytope.
func (p *polytope) bounds(terms []term) (Range, error) {
	var sum Range
	byPart := map[int][]term{}
	var order []int
	for _, m := range terms {
		if f := p.fixed[m.v]; f >= 0 {
			sum.Lower += m.c * f
			sum.Upper += m.c * f
			continue
		}
		k := p.part[m.v]
		if k < 0 {
			return p.open(terms)
		}
		if byPart[k] == nil {
			order = append(order, k)
		}
		byPart[k] = append(byPart[k], term{p.local[m.v], m.c})
	}
	for _, k := range order {
		r, err := p.parts[k].bounds(byPart[k], p.easy(byPart[k], k))
		if err != nil {
			return Range{}, err
		}
		sum.Lower += r.Lower
		if r.Upper == Unlimited || sum.Upper == Unlimited {
			sum.Upper = Unlimited
		} else {
			sum.Upper += r.Upper
		}
	}
	return sum, nil
}

// open is the range of a form in which some count is in no equation at all.
func (p *polytope) open(terms []term) (Range, error) {
	var limited []term
	for _, m := range terms {
		if p.fixed[m.v] >= 0 || p.part[m.v] >= 0 {
			limited = append(limited, m)
		}
	}
	r, err := p.bounds(limited)
	return Range{r.Lower, Unlimited}, err
}

// easy is the bound from single equations if terms is one count, else -1.
func (p *polytope) easy(terms []term, k int) int64 {
	if len(terms) != 1 || terms[0].c != 1 {
		return -1
	}
	return p.upper[p.parts[k].vars[terms[0].v]]
}

func (q *part) bounds(terms []term, easy int64) (Range, error) {
	var out Range
	one := len(terms) == 1 && terms[0].c == 1
	if one && q.seen[terms[0].v].lo == 0 {
		out.Lower = 0
	} else if v, whole, err := q.extreme(terms, false); err != nil {
		return out, err
	} else if out.Lower = v; !whole {
		if out.Lower, err = q.whole(terms, false, v); err != nil {
			return out, err
		}
	}
	if one && easy >= 0 && q.seen[terms[0].v].hi == easy {
		out.Upper = easy
		return out, nil
	}
	v, whole, err := q.extreme(terms, true)
	if err != nil {
		return out, err
	}
	if out.Upper = v; !whole && v != Unlimited {
		out.Upper, err = q.whole(terms, true, v)
	}
	return out, err
}

// extreme solves one linear program, rounded inwards to a whole number. whole says that
// a table of whole numbers attains it.
func (q *part) extreme(terms []term, up bool) (v int64, whole bool, err error) {
	y, err := q.t.express(terms)
	if err != nil {
		return 0, false, err
	}
	q.t.rows = append(q.t.rows, y)
	at := len(q.t.rows) - 1
	bounded := true
	if up {
		bounded, err = q.t.raise(at)
	} else {
		err = q.t.lower(at)
	}
	q.t.rows = q.t.rows[:at]
	if err != nil {
		return 0, false, err
	}
	whole = q.look()
	if !bounded {
		return Unlimited, true, nil
	}
	if up {
		return y.b / y.p, whole && y.b%y.p == 0, nil
	}
	return (y.b + y.p - 1) / y.p, whole && y.b%y.p == 0, nil
}
