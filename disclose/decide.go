package disclose

import (
	"cmp"
	"slices"
	"sync"
)

// decide hides what must be hidden: first so that no protected count is determined, then
// so that each keeps a wide enough range, then as little of it as that needs.
func (m *model) decide() error {
	if err := m.eliminate(); err != nil {
		return err
	}
	if err := m.widenAll(); err != nil {
		return err
	}
	return m.giveBack()
}

// order is the order in which cells are offered for publishing: noughts, which would
// deceive nobody if hidden; then what is to be kept; then the largest counts, totals
// before their parts.
func (m *model) order() []*cell {
	out := slices.Clone(m.cells)
	class := func(c *cell) int {
		switch {
		case c.count == 0:
			return 0
		case c.keep:
			return 1
		}
		return 2
	}
	slices.SortStableFunc(out, func(a, b *cell) int {
		return cmp.Or(class(a)-class(b), cmp.Compare(b.count, a.count), b.level-a.level)
	})
	return out
}

// eliminate publishes every cell that leaves all protected counts undetermined.
func (m *model) eliminate() error {
	order := m.order()
	rank := make([]int, m.s.n+m.slack)
	for i, c := range order {
		if len(c.terms) == 1 {
			rank[c.terms[0].v] = i + 1
			if c.hidden != "" {
				rank[c.terms[0].v] = len(order) + 1
			}
		}
	}
	var watch [][]term
	for _, t := range m.targets {
		if t.out || len(t.terms) == 0 || t.truth < 0 && (t.differ || t.floor.Exact()) {
			continue
		}
		watch = append(watch, t.terms)
	}
	s, err := newSpan(len(rank), watch, rank)
	if err != nil {
		return err
	}
	for _, e := range m.strict {
		if _, err := s.add(e.terms, false); err != nil {
			return err
		}
	}
	for _, c := range order {
		if c.hidden != "" {
			continue
		}
		revealed, err := s.add(c.terms, true)
		if err != nil {
			return err
		}
		if len(revealed) > 0 {
			c.hidden = Secondary
		}
	}
	return nil
}

// public is the polytope of all tables that agree with what is published now.
func (m *model) public() (*polytope, error) {
	eqs := slices.Clone(m.strict)
	for _, c := range m.cells {
		if c.hidden == "" {
			eqs = append(eqs, equation{c.terms, c.count})
		}
	}
	p, ok, err := newPolytope(m.s.n+m.slack, eqs)
	if err == nil && !ok {
		err = errContradiction
	}
	return p, err
}

// narrow lists the targets whose range is too narrow; with first set, at most one.
// What tables met show to be safe needs no program: public is called where one is needed.
func (m *model) narrow(public func() (*polytope, error), first bool) ([]*target, error) {
	var out []*target
	for _, t := range m.targets {
		if t.out || len(t.terms) == 0 || m.shown(t) {
			continue
		}
		p, err := public()
		if err != nil {
			return nil, err
		}
		r, err := p.bounds(t.terms)
		if err != nil {
			return nil, err
		}
		m.meet(p)
		if t.now = r; !t.safe(m.opt, r) {
			out = append(out, t)
			if first {
				return out, nil
			}
		}
	}
	return out, nil
}

// widenAll hides more until every range is wide enough.
func (m *model) widenAll() error {
	for {
		public := sync.OnceValues(m.public)
		bad, err := m.narrow(public, false)
		if err != nil || len(bad) == 0 {
			return err
		}
		p, err := public()
		if err != nil {
			return err
		}
		at := m.reference(p)
		changed := false
		for _, t := range bad {
			if t.safe(m.opt, t.now) {
				continue // by what was hidden for another
			}
			done, err := m.widen(t, at)
			if err != nil {
				return err
			}
			changed = changed || done || m.hideNear(t)
		}
		if !changed {
			return nil // result refuses
		}
	}
}

// hideNear hides the smallest published cell that overlaps t, or the smallest of all: the
// last resort, which ends with nothing published.
func (m *model) hideNear(t *target) bool {
	in := map[int]bool{}
	for _, x := range t.terms {
		in[x.v] = true
	}
	var best *cell
	bestNear := false
	for _, c := range m.cells {
		if c.hidden != "" {
			continue
		}
		near := slices.ContainsFunc(c.terms, func(x term) bool { return in[x.v] })
		if best == nil || near && !bestNear || near == bestNear && c.count < best.count {
			best, bestNear = c, near
		}
	}
	if best == nil {
		return false
	}
	best.hidden = Secondary
	return true
}

// giveBackLimit bounds the work of publishing again what need not be hidden: hidden
// cells times protected counts.
const giveBackLimit = 12_000

// giveBack publishes again, the largest first, what was hidden in one step and turned
// out not to be needed after a later one.
func (m *model) giveBack() error {
	var hidden []*cell
	for _, c := range m.cells {
		if c.hidden == Secondary {
			hidden = append(hidden, c)
		}
	}
	if len(hidden)*len(m.targets) > giveBackLimit {
		return nil
	}
	slices.SortStableFunc(hidden, func(a, b *cell) int { return cmp.Or(b.level-a.level, cmp.Compare(b.count, a.count)) })
	for _, c := range hidden {
		before := m.met
		c.hidden, m.met = "", agreeing(m.met, c)
		bad, err := m.narrow(sync.OnceValues(m.public), true)
		if err != nil {
			return err
		}
		if len(bad) > 0 {
			c.hidden, m.met = Secondary, before
		}
	}
	return nil
}
