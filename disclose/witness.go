package disclose

import "slices"

// Tables that agree with everything published show how wide a range is at the least. Many
// protected counts are found safe by tables that were met while others were looked at, and need
// no linear program of their own.

// mostTables bounds the memory of tables.
const mostTables = 400

// tables are whole tables made of what was met in the parts, which do not touch each other.
func (p *polytope) tables() [][]int64 {
	n := 0
	for _, q := range p.parts {
		if len(q.met) == 0 {
			return nil
		}
		n = max(n, len(q.met))
	}
	var out [][]int64
	for i := range n {
		x := make([]int64, len(p.fixed))
		for v, f := range p.fixed {
			x[v] = max(f, 0)
		}
		for _, q := range p.parts {
			at := q.met[min(i, len(q.met)-1)]
			for k, v := range q.vars {
				x[v] = at[k]
			}
		}
		out = append(out, x)
	}
	return out
}

// forget lets go of the tables that were taken over, but for the last of each part.
func (p *polytope) forget() {
	for _, q := range p.parts {
		q.met = slices.Clone(q.met[max(0, len(q.met)-1):])
	}
}

func sum(terms []term, x []int64) (n int64) {
	for _, m := range terms {
		n += m.c * x[m.v]
	}
	return n
}

// meet remembers the tables of p for what is looked at later, and p forgets them.
func (m *model) meet(p *polytope) {
	if len(m.met) < mostTables {
		m.met = append(m.met, p.tables()...)
		m.met = m.met[:min(len(m.met), mostTables)]
	}
	p.forget()
}

// agreeing leaves the tables in which c has its count: those that hold when it is published.
func agreeing(met [][]int64, c *cell) [][]int64 {
	return slices.DeleteFunc(slices.Clone(met), func(x []int64) bool { return sum(c.terms, x) != c.count })
}

// shown reports whether tables met show that t is safe.
func (m *model) shown(t *target) bool {
	if len(m.met) == 0 {
		return false
	}
	lo, hi := sum(t.terms, m.met[0]), sum(t.terms, m.met[0])
	for _, x := range m.met[1:] {
		n := sum(t.terms, x)
		lo, hi = min(lo, n), max(hi, n)
	}
	if t.truth < 0 && (lo > 0 || hi == 0) {
		return false // tables not met may hold fewer, or more
	}
	return t.safe(m.opt, Range{lo, hi})
}
