package disclose

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"example.org/amparo/estimate"
	"example.org/amparo/fault"
)

var errContradiction = fault.New(fault.Invalid, "disclose", "no table agrees with this one and all earlier releases").
	With("check that the release records are of the same people and complete; state the relation if people were added or taken out")

// result attacks what is decided and writes it down.
func (m *model) result() (*Result, error) {
	p, err := m.public()
	if err != nil {
		return nil, err
	}
	res := &Result{Options: m.opt, Warnings: m.warnings, InputHash: m.hash(), Cells: []Published{}}
	for _, b := range m.before {
		res.Relations = append(res.Relations, b.rel)
	}
	if err := m.attack(p, &res.Audit); err != nil {
		return nil, err
	}
	lost, all, shown := 0.0, 0.0, 0
	for _, c := range m.cells {
		w := math.Log2(1 + float64(c.count))
		all += w
		if c.hidden != "" {
			lost += w
		} else if c.count > 0 {
			shown++
		}
		for _, s := range c.spots {
			res.Cells = append(res.Cells, m.published(c, s))
		}
	}
	slices.SortStableFunc(res.Cells, func(a, b Published) int { return a.at - b.at })
	if all > 0 {
		res.Audit.Loss = lost / all
	}
	m.conclude(res, shown)
	return res, nil
}

// attack finds the range of every hidden cell and counts what fails.
func (m *model) attack(p *polytope, a *Audit) error {
	for _, c := range m.cells {
		c.rng = Range{c.count, c.count}
		if c.hidden == "" {
			continue
		}
		var err error
		if c.rng, err = p.bounds(c.terms); err != nil {
			return err
		}
		a.Hidden++
		if c.hidden == Primary {
			a.Primary++
		} else {
			a.Secondary++
		}
		if c.rng.Exact() && !c.out {
			a.Exact++
		}
		if c.out {
			a.AlreadyOut++
		}
	}
	for _, t := range m.targets {
		if t.out {
			continue
		}
		if t.differ {
			a.Differences++
		}
		if t.cell != nil && !t.differ {
			if t.cell.hidden != "" && !t.safe(m.opt, t.cell.rng) {
				a.Narrow++
			}
			continue
		}
		if m.shown(t) {
			continue
		}
		r, err := p.bounds(t.terms)
		if err != nil {
			return err
		}
		if !t.safe(m.opt, r) {
			a.Narrow++
		}
	}
	return nil
}

func (m *model) published(c *cell, s place) Published {
	out := Published{Dims: map[string]string{}, Key: s.show, Suppressed: c.hidden, AttackerLower: c.rng.Lower, AlreadyOut: c.out,
		Unique: m.unique(c), at: s.table}
	if len(m.tables) > 1 {
		out.Table = m.tables[s.table].Name
	}
	for i, col := range m.tables[s.table].Columns {
		out.Dims[col] = s.show[i]
		if s.show[i] == "" {
			out.Dims[col] = Total
		}
	}
	if c.hidden == "" {
		n := c.count
		out.Published = &n
	}
	if c.rng.Upper != Unlimited {
		u := c.rng.Upper
		out.AttackerUpper = &u
	}
	return out
}

// conclude adds the sentence about the table as handed in, and refuses when nothing
// that says anything is left or something is still too narrow.
func (m *model) conclude(res *Result, shown int) {
	if small := len(m.small()); small > 0 {
		res.Warnings = append(res.Warnings, estimate.Warning{Code: "small_cells",
			Text: m.wouldReveal() + fmt.Sprintf(" Hidden: %d cells, %d of them so that the small ones cannot be worked out.", res.Audit.Hidden, res.Audit.Secondary),
			Args: append(m.smallNames(), res.Audit.Hidden, res.Audit.Secondary)})
	}
	m.flagUnique(res)
	if res.Warnings == nil {
		res.Warnings = []estimate.Warning{}
	}
	switch {
	case res.Audit.Narrow > 0:
		r := estimate.Refusal{Code: "would_reveal", Text: m.wouldReveal() +
			fmt.Sprintf(" Hiding cells cannot prevent it: %d protected count(s) stay within too narrow a range, given what was released before.", res.Audit.Narrow),
			Args: m.smallNames()}.Offer("coarser_or_none", "publish a coarser table, or none")
		res.Refusal = &r
	case shown == 0 && len(m.small()) > 0:
		r := estimate.Refusal{Code: "nothing_left", Text: m.wouldReveal() + " To prevent it, every count would have to be hidden.",
			Args: m.smallNames()}.Offer("join_groups", "join groups, or say in words that the numbers are small")
		res.Refusal = &r
	default:
		rel := m.release()
		res.Release = &rel
	}
}

// unique reports whether one person alone is in the cell and in no coarser group alone:
// who knows these few things about a person has found them.
func (m *model) unique(c *cell) bool {
	if c.count != 1 {
		return false
	}
	for _, key := range m.ancestors(c) {
		if n, ok := m.truth[join(key)]; ok && n == 1 {
			return false
		}
	}
	return true
}

// ancestors are the keys of all groups that hold the cell, without itself.
func (m *model) ancestors(c *cell) [][]string {
	keys := [][]string{c.key}
	for _, ch := range m.f.chains {
		keys = m.coarser(c.spots[0].table, ch, keys)
	}
	return keys[1:]
}

// flagUnique warns of combinations that single out one person, whatever is published.
func (m *model) flagUnique(res *Result) {
	var names []string
	n := 0
	for _, c := range m.cells {
		if !m.unique(c) {
			continue
		}
		if n++; n <= 3 {
			names = append(names, c.name(m))
		}
	}
	if n == 0 {
		return
	}
	res.Warnings = append(res.Warnings, estimate.Warning{Code: "unique_combinations",
		Text: fmt.Sprintf("%d combination(s) are those of one person alone, and must not stand beside a quotation, a date or a place: %s%s.",
			n, strings.Join(names, "; "), map[bool]string{true: "; and more"}[n > 3]),
		Args: []any{n, strings.Join(names, "; ")}})
}

func (m *model) release() Release {
	r := Release{Format: ReleaseFormat, Method: "suppress", Threshold: m.opt.Threshold}
	var names []string
	for i, t := range m.tables {
		rt := ReleasedTable{Name: t.Name, Columns: t.Columns, Hierarchies: m.f.hierarchies()}
		rt.Hierarchies = slices.DeleteFunc(rt.Hierarchies, func(h []string) bool {
			return slices.ContainsFunc(h, func(c string) bool { return !slices.Contains(t.Columns, c) })
		})
		for _, c := range m.cells {
			for _, s := range c.spots {
				if s.table != i {
					continue
				}
				rc := ReleasedCell{Key: s.show}
				if c.hidden == "" {
					n := c.count
					rc.Count = &n
				}
				rt.Cells = append(rt.Cells, rc)
			}
		}
		names = append(names, t.Name)
		r.Tables = append(r.Tables, rt)
	}
	r.Name = strings.Join(names, ", ")
	return r
}

// hash names the input: the tables' columns, keys and counts.
func (m *model) hash() string {
	var b strings.Builder
	for _, t := range m.tables {
		fmt.Fprintf(&b, "%q\n", t.Columns)
		for _, c := range t.Cells {
			fmt.Fprintf(&b, "%q %d\n", c.Key, c.Count)
		}
	}
	for _, p := range m.before {
		for _, c := range p.cells {
			fmt.Fprintf(&b, "%q %d %d %v\n", c.key, c.lo, c.hi, c.known)
		}
	}
	return estimate.Hash([]byte(b.String()))
}

// Of lists the cells of the table with this index, as they are to be written.
func (r *Result) Of(table int) []Published {
	var out []Published
	for _, c := range r.Cells {
		if c.at == table {
			out = append(out, c)
		}
	}
	return out
}

// Names are the values of the cell's group, totals in words.
func (p Published) Names() []string {
	out := slices.Clone(p.Key)
	for i, v := range out {
		if v == "" {
			out[i] = Total
		}
	}
	return out
}
