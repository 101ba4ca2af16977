package disclose

import (
	"fmt"
	"slices"
	"strings"

	"example.org/amparo/estimate"
	"example.org/amparo/fault"
)

// model is a question put: tables, what was released before, and what is decided so far.
type model struct {
	opt    Options
	tables []*Table
	views  []view
	f      *frame
	s      *space
	before []*published
	now    []int // stages of the present tables

	cells   []*cell // every group that is to be published, once
	at      map[string]*cell
	truth   map[string]int64 // of every group, published or not
	targets []*target
	strict  []equation // links and facts of earlier releases
	slack   int        // variables for ranges, after those of the space
	met     [][]int64  // tables that agree with everything that is published

	warnings []estimate.Warning
}

// place is where a cell stands in a table.
type place struct {
	table int
	show  []string
}

// cell is a group with its count. The same group in two tables is one cell.
type cell struct {
	key     []string
	count   int64
	level   int
	spots   []place
	terms   []term
	primary bool
	keep    bool
	hidden  string // "", Primary or Secondary
	rng     Range
	shown   int64 // what is published instead of count, where that is altered
	out     bool  // earlier releases give it away
}

// target is a count that must not be worked out: a small cell, or a small group of
// people added or taken out since an earlier release.
type target struct {
	terms  []term
	truth  int64 // -1: not known to us
	cell   *cell // the cell it belongs to, or nil for a cell of an earlier release
	differ bool
	out    bool  // earlier releases alone give it away
	floor  Range // what they alone say, where truth is not known
	now    Range
}

func newModel(tables []*Table, released []Release, opt Options) (*model, error) {
	opt, err := opt.withDefaults()
	if err != nil {
		return nil, err
	}
	if len(tables) == 0 {
		return nil, fault.New(fault.Invalid, "disclose", "there is no table").With("give at least one")
	}
	m := &model{opt: opt, tables: tables, at: map[string]*cell{}, truth: map[string]int64{}}
	steps := []func([]Release) error{m.frame, m.count, m.relate, m.divide, m.facts, m.knownFacts, m.mark}
	for _, step := range steps {
		if err := step(released); err != nil {
			return nil, err
		}
	}
	return m, nil
}

func (m *model) frame(released []Release) error {
	var sources []source
	stated := slices.Clone(m.opt.Hierarchies)
	for _, t := range m.tables {
		sources = append(sources, tableSource(t))
	}
	for _, r := range released {
		if err := r.Check(); err != nil {
			return err
		}
		for _, t := range r.Tables {
			sources = append(sources, releaseSource(t))
			for _, h := range t.Hierarchies {
				if !slices.ContainsFunc(stated, func(o []string) bool { return slices.Equal(o, h) }) {
					stated = append(stated, h)
				}
			}
		}
	}
	f, problems := newFrame(sources, stated, !m.opt.Flat)
	if len(problems) > 0 {
		return problems[0]
	}
	m.f = f
	for _, h := range f.hierarchies() {
		if !slices.ContainsFunc(stated, func(o []string) bool { return slices.Equal(o, h) }) {
			m.warn("nested", "Every %s lies in one %s, so the table is read as a hierarchy. Say --flat if that is chance.", h[len(h)-1], h[len(h)-2])
		}
	}
	for _, t := range m.tables {
		m.views = append(m.views, f.view(t.Name, t.Columns))
	}
	return nil
}

func (m *model) warn(code, format string, args ...any) {
	m.warnings = append(m.warnings, estimate.Warning{Code: code, Text: fmt.Sprintf(format, args...), Args: args})
}

// count works out every group of every table from its innermost counts, and holds the
// totals that were handed in against them.
func (m *model) count([]Release) error {
	for i, t := range m.tables {
		spots, err := m.f.spots(m.views[i])
		if err != nil {
			return err
		}
		inner := map[string]int64{}
		given := map[string]Cell{}
		if err := m.sort(i, inner, given); err != nil {
			return err
		}
		sums := m.sums(i, inner)
		for _, s := range spots {
			key, ok := m.f.canonical(m.views[i], s.show)
			if !ok {
				return badKey(t.Name, s.show)
			}
			k := join(key)
			g, isGiven := given[k]
			if isGiven && g.Count != sums[k] {
				return fault.Problem{File: t.Name, Row: g.Row, Column: t.Columns[0], Value: fmt.Sprint(g.Count),
					Reason: fmt.Sprintf("this total is %d, but its parts add up to %d", g.Count, sums[k]),
					Remedy: "give every inner count (what is missing counts as 0), or correct the total"}
			}
			if n, ok := m.truth[k]; ok && n != sums[k] {
				return fault.Problem{File: t.Name, Value: fmt.Sprint(sums[k]),
					Reason: fmt.Sprintf("the tables disagree on %s: %d here, %d in another", showKey(key), sums[k], n),
					Remedy: "linked tables must count the same people; publish others on their own"}
			}
			m.truth[k] = sums[k]
			if s.level == 0 || isGiven || !m.opt.OnlyGiven {
				m.place(key, place{i, s.show}, sums[k], s.level)
			}
		}
	}
	return nil
}

func showKey(key []string) string {
	var parts []string
	for _, v := range key {
		if v != "" {
			parts = append(parts, v)
		}
	}
	if len(parts) == 0 {
		return "the total"
	}
	return strings.Join(parts, ", ")
}

// sort divides the rows handed in into innermost groups and totals.
func (m *model) sort(i int, inner map[string]int64, given map[string]Cell) error {
	t := m.tables[i]
	for _, c := range t.Cells {
		key, ok := m.f.canonical(m.views[i], c.Key)
		if !ok {
			return badKey(t.Name, c.Key)
		}
		k := join(key)
		if _, ok := given[k]; ok {
			return fault.Problem{File: t.Name, Row: c.Row, Column: t.Columns[0], Value: strings.Join(c.Key, ", "),
				Reason: "this group has a count already", Remedy: "take one out"}
		}
		given[k] = c
		if m.innermost(i, key) {
			inner[k] = c.Count
		}
	}
	return nil
}

// innermost reports whether the key has a value in the finest column of every chain of
// table i.
func (m *model) innermost(i int, key []string) bool {
	for _, ch := range m.f.chains {
		fine := -1
		for _, c := range ch.cols {
			if slices.Contains(m.views[i].cols, c) {
				fine = c
			}
		}
		if fine >= 0 && key[fine] == "" {
			return false
		}
	}
	return true
}

// sums adds every innermost count to all groups that hold it.
func (m *model) sums(i int, inner map[string]int64) map[string]int64 {
	out := map[string]int64{}
	for k, n := range inner {
		keys := [][]string{strings.Split(k, keySep)}
		for _, ch := range m.f.chains {
			keys = m.coarser(i, ch, keys)
		}
		for _, key := range keys {
			out[join(key)] += n
		}
	}
	return out
}

// coarser adds to keys the same with every coarser value of the chain, and none.
func (m *model) coarser(i int, ch chain, keys [][]string) [][]string {
	out := keys
	for _, key := range keys {
		fine := -1
		for d, c := range ch.cols {
			if key[c] != "" {
				fine = d
			}
		}
		if fine < 0 {
			continue
		}
		path, ok := ch.path(fine, key[ch.cols[fine]])
		if !ok {
			continue
		}
		for d := fine - 1; d >= -1; d-- {
			if d >= 0 && !slices.Contains(m.views[i].cols, ch.cols[d]) {
				continue
			}
			up := slices.Clone(key)
			up[ch.cols[fine]] = ""
			if d >= 0 {
				up[ch.cols[d]] = path[d]
			}
			out = append(out, up)
		}
	}
	return out
}

func (m *model) place(key []string, p place, n int64, level int) {
	k := join(key)
	c := m.at[k]
	if c == nil {
		c = &cell{key: key, count: n, level: level}
		m.at[k] = c
		m.cells = append(m.cells, c)
	}
	c.spots = append(c.spots, p)
}

// relate settles how each release stands to the present tables.
func (m *model) relate(released []Release) (err error) {
	if m.before, err = m.f.readReleases(released); err != nil {
		return err
	}
	for i, p := range m.before {
		p.rel = p.relate(m.truth)
		if i < len(m.opt.Relation) && m.opt.Relation[i] != "" {
			if want := m.opt.Relation[i]; want != p.rel && p.rel != Same {
				return fault.New(fault.Invalid, "disclose", "release %q cannot be %q: its counts say %q", p.release.Name, want, p.rel).
					With("leave the relation out, or check that this is the right record")
			} else if !slices.Contains([]Relation{Same, Grown, Part, Mixed}, want) {
				return fault.New(fault.Invalid, "disclose", "%q is no relation", want).With("choose same, grown, part or mixed")
			} else {
				p.rel = want
			}
		}
		if p.rel != Same {
			m.warn("people_changed", "Release %q counts other people than this table (%s); the differences were held to the same rule.", p.release.Name, p.rel)
		}
	}
	return nil
}

// divide gives every innermost group its variables.
func (m *model) divide([]Release) error {
	var stages int
	m.now, stages = stage(m.before)
	var sets [][]int
	for _, v := range m.views {
		sets = append(sets, sortedColumns(v.cols))
	}
	for _, p := range m.before {
		for _, t := range p.release.Tables {
			sets = append(sets, sortedColumns(m.f.view("", t.Columns).cols))
		}
	}
	var err error
	if m.s, err = newSpace(m.f, sets, stages); err != nil {
		return err
	}
	if m.s.loose {
		m.warn("circle", "The tables are linked in a circle and too large to be joined: a reader who joins them may learn slightly more than stated.")
	}
	for _, c := range m.cells {
		var ok bool
		if c.terms, ok = m.s.form(c.key, m.now); !ok {
			return fault.New(fault.Internal, "disclose", "a group is in no table")
		}
	}
	return nil
}

// facts turns what was released into equations.
func (m *model) facts([]Release) error {
	m.strict = slices.Clone(m.s.links)
	for _, p := range m.before {
		for i := range p.cells {
			if err := m.fact(p, &p.cells[i]); err != nil {
				return err
			}
		}
		for _, c := range p.missing {
			if err := m.fact(p, c); err != nil {
				return err
			}
		}
	}
	return nil
}

func (m *model) fact(p *published, c *fact) error {
	if !c.known {
		return nil
	}
	terms, ok := m.s.form(c.key, p.stages)
	if !ok {
		return fault.New(fault.Internal, "disclose", "a released group is in no table")
	}
	if c.exactFact {
		m.strict = append(m.strict, equation{terms, c.lo})
		return nil
	}
	if c.lo > 0 {
		m.strict = append(m.strict, equation{append(slices.Clone(terms), term{m.variable(), -1}), c.lo})
	}
	if c.hi != Unlimited {
		m.strict = append(m.strict, equation{append(slices.Clone(terms), term{m.variable(), 1}), c.hi})
	}
	return nil
}

func (m *model) variable() int {
	m.slack++
	return m.s.n + m.slack - 1
}

// mark finds the small cells and the small differences.
func (m *model) mark([]Release) error {
	for _, c := range m.cells {
		c.keep = m.kept(c)
		if m.opt.protectable(c.count) {
			c.primary, c.hidden = true, Primary
			m.targets = append(m.targets, &target{terms: c.terms, truth: c.count, cell: c})
		}
	}
	for _, p := range m.before {
		m.differences(p)
		m.hiddenBefore(p)
	}
	return m.already()
}

// differences protects the people that this table counts and a release did not, or the
// reverse, group by group.
func (m *model) differences(p *published) {
	if p.rel == Same {
		return
	}
	old := map[string]*fact{}
	for i := range p.cells {
		if p.cells[i].exactFact {
			old[join(p.cells[i].key)] = &p.cells[i]
		}
	}
	for _, c := range p.missing {
		old[join(c.key)] = c
	}
	for _, side := range []struct {
		stages []int
		sign   int64
	}{{without(m.now, p.stages), 1}, {without(p.stages, m.now), -1}} {
		if len(side.stages) == 0 {
			continue
		}
		for _, c := range m.cells {
			terms, ok := m.s.form(c.key, side.stages)
			if !ok {
				continue
			}
			t := &target{terms: terms, truth: -1, cell: c, differ: true}
			if o := old[join(c.key)]; o != nil && p.rel != Mixed {
				t.truth = (c.count - o.lo) * side.sign
				if t.truth < 0 || !m.opt.protectable(t.truth) {
					continue
				}
				c.primary = true
				c.hidden = Primary
			}
			m.targets = append(m.targets, t)
		}
	}
}

// hiddenBefore protects what an earlier release hid in groups that the present tables do
// not show: whether those were small is not known any more.
func (m *model) hiddenBefore(p *published) {
	for _, c := range p.cells {
		if _, ok := m.truth[join(c.key)]; c.known || ok && p.rel == Same {
			continue
		}
		if terms, ok := m.s.form(c.key, p.stages); ok {
			m.targets = append(m.targets, &target{terms: terms, truth: -1})
		}
	}
}

// already finds the targets that earlier releases alone give away: nothing that is
// hidden now can protect them.
func (m *model) already() error {
	for _, t := range m.targets {
		t.floor = Range{0, Unlimited}
	}
	if len(m.strict) == 0 {
		return nil
	}
	p, ok, err := newPolytope(m.s.n+m.slack, m.strict)
	if err != nil {
		return err
	}
	if !ok {
		return fault.New(fault.Invalid, "disclose", "the earlier releases contradict each other or this table").
			With("check that the records are of the same people and complete; state --relation if people were added or taken out")
	}
	out := 0
	for _, t := range m.targets {
		if t.floor, err = p.bounds(t.terms); err != nil {
			return err
		}
		if !t.safe(m.opt, t.floor) {
			t.out = true
			out++
			if t.cell != nil && !t.differ {
				t.cell.out = true
			}
		}
	}
	if out > 0 {
		m.warn("already_out", "%d small count(s) can be worked out from earlier releases alone; hiding them now protects nobody new.", out)
	}
	return nil
}

// kept reports whether the cell is among the groups to be hidden last.
func (m *model) kept(c *cell) bool {
	for _, k := range m.opt.Keep {
		col, val, _ := strings.Cut(k, "=")
		for _, p := range c.spots {
			i := slices.Index(m.tables[p.table].Columns, col)
			if i >= 0 && (p.show[i] == val || p.show[i] == "" && IsTotal(val)) {
				return true
			}
		}
	}
	return false
}
