package disclose

import (
	"slices"

	"example.org/amparo/fault"
)

// Finding is what a reader can work out about a group that a release hid. Upper is nil
// where nothing limits the count.
type Finding struct {
	Release int               `json:"release"` // index
	Table   string            `json:"table"`
	Dims    map[string]string `json:"dims"`
	Lower   int64             `json:"lower"`
	Upper   *int64            `json:"upper"`
	Exact   bool              `json:"exact"`
	// Difference says that the group are the people counted in the last release and not
	// in this one, or the reverse if Removed.
	Difference bool `json:"difference,omitempty"`
	Removed    bool `json:"removed,omitempty"`
}

// Attack is the attacker's program. It takes what was published, oldest first, and
// nothing else, and works out the tightest range of every hidden cell, and of every
// group that joined or left between a release and the last. Hidden cells are taken to
// lie within hidden, which a reader may know from how small cells are defined: for
// example 1 to 9 where only small cells were hidden; Upper may be [Unlimited].
func Attack(releases []Release, hidden Range) ([]Finding, error) {
	if len(releases) == 0 {
		return nil, fault.New(fault.Invalid, "disclose", "there is no release to attack").With("give at least one record")
	}
	m := &model{truth: map[string]int64{}}
	if err := m.frame(releases); err != nil {
		return nil, err
	}
	var err error
	if m.before, err = m.f.readReleases(releases); err != nil {
		return nil, err
	}
	last := m.before[len(m.before)-1]
	for _, c := range last.cells {
		if c.exactFact {
			m.truth[join(c.key)] = c.lo
		}
	}
	for _, c := range last.missing {
		m.truth[join(c.key)] = 0
	}
	for _, p := range m.before {
		p.rel = p.relate(m.truth)
	}
	if err := m.divide(nil); err != nil {
		return nil, err
	}
	if err := m.facts(nil); err != nil {
		return nil, err
	}
	if err := m.assume(hidden); err != nil {
		return nil, err
	}
	return m.find()
}

// assume adds the range within which hidden cells lie.
func (m *model) assume(hidden Range) error {
	if hidden.Lower <= 0 && hidden.Upper == Unlimited {
		return nil
	}
	for _, p := range m.before {
		for i := range p.cells {
			c := p.cells[i]
			if c.known {
				continue
			}
			c.known, c.lo, c.hi = true, hidden.Lower, hidden.Upper
			c.exactFact = hidden.Exact()
			if err := m.fact(p, &c); err != nil {
				return err
			}
		}
	}
	return nil
}

// find solves for every hidden group.
func (m *model) find() ([]Finding, error) {
	p, ok, err := newPolytope(m.s.n+m.slack, m.strict)
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, errContradiction
	}
	out := []Finding{}
	add := func(c fact, stages []int, difference, removed bool) error {
		terms, ok := m.s.form(c.key, stages)
		if !ok {
			return nil
		}
		r, err := p.bounds(terms)
		if err != nil {
			return err
		}
		f := Finding{Release: c.released, Table: c.table, Dims: map[string]string{}, Lower: r.Lower, Exact: r.Exact(), Difference: difference, Removed: removed}
		for i, col := range c.columns {
			if f.Dims[col] = c.show[i]; c.show[i] == "" {
				f.Dims[col] = Total
			}
		}
		if r.Upper != Unlimited {
			f.Upper = &r.Upper
		}
		out = append(out, f)
		return nil
	}
	for _, b := range m.before {
		joined, left := without(m.now, b.stages), without(b.stages, m.now)
		for _, c := range b.cells {
			if !c.known {
				err = add(c, b.stages, false, false)
			}
			if err == nil && len(joined) > 0 {
				err = add(c, joined, true, false)
			}
			if err == nil && len(left) > 0 {
				err = add(c, left, true, true)
			}
			if err != nil {
				return nil, err
			}
		}
	}
	slices.SortStableFunc(out, func(a, b Finding) int { return a.Release - b.Release })
	return out, nil
}
