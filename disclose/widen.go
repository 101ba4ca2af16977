package disclose

import (
	"cmp"
	"math/bits"
	"slices"
)

// widen hides further cells so that the range of t grows to what is asked. It looks for
// the cheapest second table that agrees with everything released before, in which t has
// the value wanted: a linear program over changes to the counts, in which a change of a
// cell that is published now costs what hiding it loses. The cells that change are
// hidden.
//
// Source: Kelly, Golden and Assad (1992), Networks 22(4), 397-417.
func (m *model) widen(t *target, at []int64) (bool, error) {
	changed := false
	x := sum(t.terms, at)
	truth := x
	if t.truth >= 0 {
		truth = t.truth
	}
	low, high := m.goal(t, truth)
	if low < t.now.Lower {
		done, err := m.shift(t, at, low-x)
		if err != nil {
			return false, err
		}
		changed = changed || done
	}
	if t.now.Upper == Unlimited || t.now.Upper >= high {
		return changed, nil
	}
	done, err := m.shift(t, at, high-x)
	return changed || done, err
}

// goal is a range that would be safe for t and is near the present one.
func (m *model) goal(t *target, truth int64) (low, high int64) {
	low = t.now.Lower
	switch {
	case t.truth < 0:
		if low = t.floor.Lower; low > 0 {
			if t.floor.Upper == Unlimited {
				return low, max(truth, low) + m.opt.Threshold
			}
			return low, t.floor.Upper
		}
	case 2*low > truth:
		low = truth / 2
	}
	if low == 0 {
		return 0, m.opt.Threshold
	}
	return low, max((3*truth+1)/2, low+m.opt.Threshold)
}

// reference is a table that agrees with everything published: the true one where it is
// known in all its parts.
func (m *model) reference(p *polytope) []int64 {
	at := make([]int64, m.s.n+m.slack)
	if m.s.stages == 1 && len(m.s.blocks) == 1 && m.slack == 0 {
		known := true
		for i, atom := range m.s.blocks[0].atoms {
			n, ok := m.truth[join(m.canonicalAtom(atom))]
			known = known && ok
			at[i] = n
		}
		if known {
			return at
		}
	}
	for v := range at {
		at[v] = p.vertex(v)
	}
	return at
}

func (m *model) canonicalAtom(atom []string) []string {
	all := view{}
	for c := range m.f.columns {
		all.cols = append(all.cols, c)
	}
	key, _ := m.f.canonical(all, atom)
	return key
}

// vertex is the count of v in the table last met, rounded down.
func (p *polytope) vertex(v int) int64 {
	if p.fixed[v] >= 0 {
		return p.fixed[v]
	}
	if p.part[v] < 0 {
		return 0
	}
	t := p.parts[p.part[v]].t
	if r := t.at[p.local[v]]; r >= 0 {
		return t.rows[r].b / t.rows[r].p
	}
	return 0
}

// changeLP is the linear program of one shift. Columns are grown and shrunk counts.
type changeLP struct {
	m     *model
	n     int
	costs []term
	owner []*cell // the published cell that a column changes, or nil
	up    []int   // up[v], down[v]: columns of variable v, or -1
	down  []int
	rows  []equation
}

// rowsWithCaps bounds the size up to which a count may shrink by less than the whole
// shift: each such count needs a row.
const rowsWithCaps = 300

// shift finds the cheapest change that moves t by delta and hides what it touches. It
// reports false if there is none.
func (m *model) shift(t *target, at []int64, delta int64) (bool, error) {
	if delta == 0 {
		return false, nil
	}
	lp := m.newChange(at, max(delta, -delta))
	goal := equation{value: max(delta, -delta)}
	for _, x := range t.terms {
		lp.both(&goal, x.v, x.c*(delta/max(delta, -delta)))
	}
	lp.rows = append(lp.rows, goal)
	if len(lp.rows)*lp.n > cellLimit {
		return false, nil
	}
	tab := newTableau(lp.n)
	for _, e := range lp.rows {
		r := &row{basic: -1, p: 1, b: e.value, a: make([]int64, lp.n)}
		for _, x := range e.terms {
			r.a[x.v] += x.c
		}
		tab.rows = append(tab.rows, r)
	}
	if ok, err := tab.feasible(); !ok || err != nil {
		return false, err
	}
	y, err := tab.express(lp.costs)
	if err != nil {
		return false, err
	}
	tab.rows = append(tab.rows, y)
	if err := tab.lower(len(tab.rows) - 1); err != nil {
		return false, err
	}
	return lp.hide(tab.rows[:len(tab.rows)-1], at), nil
}

// hide hides what the solution changes, and notes the table it leads to for the other
// targets: it agrees with everything that is still published.
func (lp *changeLP) hide(rows []*row, at []int64) bool {
	changed, whole := false, true
	moved := map[int]int64{}
	for _, r := range rows {
		if r.b == 0 {
			continue
		}
		if c := lp.owner[r.basic]; c != nil {
			c.hidden = Secondary
			changed = true
		}
		whole = whole && r.b%r.p == 0
		moved[r.basic] = r.b / r.p
	}
	if !whole {
		return changed
	}
	next := slices.Clone(at)
	for v := range next {
		if lp.up[v] >= 0 {
			next[v] += moved[lp.up[v]]
		}
		if lp.down[v] >= 0 {
			next[v] -= moved[lp.down[v]]
		}
		if next[v] < 0 {
			return changed
		}
	}
	lp.m.witness(next)
	return changed
}

// witness widens what is known of the targets' ranges by a table that a reader cannot
// exclude.
func (m *model) witness(x []int64) {
	for _, t := range m.targets {
		n := sum(t.terms, x)
		t.now.Lower = min(t.now.Lower, n)
		if t.now.Upper != Unlimited {
			t.now.Upper = max(t.now.Upper, n)
		}
	}
}

func (lp *changeLP) column(owner *cell, cost int64) int {
	lp.owner = append(lp.owner, owner)
	lp.costs = append(lp.costs, term{lp.n, cost})
	lp.n++
	return lp.n - 1
}

// both adds the change of variable v to an equation.
func (lp *changeLP) both(e *equation, v int, c int64) {
	if lp.up[v] >= 0 {
		e.terms = append(e.terms, term{lp.up[v], c})
	}
	if lp.down[v] >= 0 {
		e.terms = append(e.terms, term{lp.down[v], -c})
	}
}

func (m *model) newChange(at []int64, size int64) *changeLP {
	lp := &changeLP{m: m, up: make([]int, len(at)), down: make([]int, len(at))}
	single := make([]*cell, len(at))
	var sums []*cell
	for _, c := range m.cells {
		switch {
		case c.hidden != "" || len(c.terms) == 0:
		case len(c.terms) == 1:
			single[c.terms[0].v] = c
		default:
			sums = append(sums, c)
		}
	}
	// The columns of the sums come first: each is alone in its row, which makes the
	// start cheap.
	var pairs [][2]int
	for _, c := range sums {
		pair := [2]int{lp.column(c, loss(c)), -1}
		if c.count >= size {
			pair[1] = lp.column(c, loss(c))
		}
		pairs = append(pairs, pair)
	}
	capped := len(sums)+len(m.strict) <= rowsWithCaps
	cheap := cheapest(single, sums, size)
	for v, x := range at {
		lp.up[v], lp.down[v] = -1, -1
		if c := single[v]; c != nil && (c.count == 0 || cheap != nil && !cheap[v]) {
			continue
		}
		cost := int64(1)
		if single[v] != nil {
			cost = loss(single[v])
		}
		lp.up[v] = lp.column(single[v], cost)
		if x >= size {
			lp.down[v] = lp.column(single[v], cost)
		} else if x > 0 && capped {
			lp.down[v] = lp.column(single[v], cost)
			rest := lp.column(nil, 0)
			lp.rows = append(lp.rows, equation{[]term{{rest, 1}, {lp.down[v], 1}}, x})
		}
	}
	for i, c := range sums {
		e := equation{terms: []term{{pairs[i][0], -1}}}
		if pairs[i][1] >= 0 {
			e.terms = append(e.terms, term{pairs[i][1], 1})
		}
		for _, x := range c.terms {
			lp.both(&e, x.v, x.c)
		}
		lp.rows = append(lp.rows, e)
	}
	for _, s := range m.strict {
		e := equation{}
		for _, x := range s.terms {
			lp.both(&e, x.v, x.c)
		}
		lp.rows = append(lp.rows, e)
	}
	return lp
}

// manyCells is the size above which only the cheapest cells of every sum may change:
// others are hardly ever part of a cheapest change, and the sums themselves can be hidden.
const (
	manyCells   = 600
	cheapPerSum = 4
)

// cheapest marks the cells of every sum that are cheapest to hide among those large
// enough to shrink by size. It is nil for small tables: all may change.
func cheapest(single []*cell, sums []*cell, size int64) []bool {
	if len(single) <= manyCells {
		return nil
	}
	out := make([]bool, len(single))
	for _, s := range sums {
		var near []*cell
		for _, x := range s.terms {
			if c := single[x.v]; c != nil && c.count >= size {
				near = append(near, c)
			}
		}
		slices.SortStableFunc(near, func(a, b *cell) int { return cmp.Compare(loss(a), loss(b)) })
		for _, c := range near[:min(cheapPerSum, len(near))] {
			out[c.terms[0].v] = true
		}
	}
	return out
}

// loss is what hiding a cell costs: more for large counts and for totals.
func loss(c *cell) int64 {
	n := int64(8*bits.Len64(uint64(c.count)+1)) * int64(1+2*c.level)
	if c.keep {
		n *= 50
	}
	return n
}
