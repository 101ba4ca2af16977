package disclose

import (
	"slices"

	"example.org/amparo/estimate"
	"example.org/amparo/fault"
)

// Round publishes every cell, with the small innermost counts (1 to threshold-1) moved
// to a neighbouring multiple of base so that all totals, which are the sums of what is
// published, stay as near the truth as can be found. Large innermost counts stay true.
//
// A reader who knows the method knows a small count within a range about twice base
// wide; that range is what the result states and what is audited, together with the
// earlier releases. The base must be at least [Floor].
//
// Source: Langsrud and Heldal (2018), "An Algorithm for Small Count Rounding of Tabular
// Data", PSD 2018; here with exchanges of one and two counts instead of regression.
func Round(tables []*Table, released []Release, opt Options, base int64) (*Result, error) {
	if base < Floor || base > maxCount {
		return nil, fault.New(fault.Invalid, "disclose", "rounding to base %d would show counts of fewer than %d people", base, Floor).
			With("choose a base of %d or more", Floor)
	}
	m, err := newModel(tables, released, opt)
	if err != nil {
		return nil, err
	}
	inner, err := m.oneTable("rounded")
	if err != nil {
		return nil, err
	}
	values := roundSmall(m, inner, base)
	return m.altered(inner, values, base)
}

// oneTable lists the innermost cells, of which every published cell is a sum. Linked
// tables that are not parts of one table have none.
func (m *model) oneTable(what string) ([]*cell, error) {
	if len(m.views) > 1 {
		widest := slices.MaxFunc(m.views, func(a, b view) int { return len(a.cols) - len(b.cols) })
		for _, v := range m.views {
			if !within(v.cols, widest.cols) {
				return nil, fault.New(fault.Invalid, "disclose", "linked tables over different columns cannot be %s together: their totals would differ", what).
					With("hand in one table that has all the columns, or hide cells instead")
			}
		}
	}
	var out []*cell
	for _, c := range m.cells {
		if m.innermostOfAll(c) {
			out = append(out, c)
		}
	}
	return out, nil
}

func (m *model) innermostOfAll(c *cell) bool {
	for i := range m.views {
		if !m.innermost(i, c.key) {
			return false
		}
	}
	return true
}

// roundSmall chooses for every small innermost count the multiple of base below or above
// it: first the nearer, then whatever exchange of one or two lowers the sum of squared
// errors over all cells.
func roundSmall(m *model, inner []*cell, base int64) map[*cell]int64 {
	values := map[*cell]int64{}
	fit := newFit(m, inner)
	var small []int
	for i, c := range inner {
		values[c] = c.count
		if c.count > 0 && c.count < m.opt.Threshold && c.count%base != 0 {
			small = append(small, i)
			values[c] = (c.count + base/2) / base * base
			fit.move(i, values[c]-c.count)
		}
	}
	other := func(i int) int64 { // the step to the other multiple
		c := inner[i]
		if values[c] < c.count {
			return base
		}
		return -base
	}
	const pairs = 400
	for pass, better := 0, true; better && pass < 50; pass++ {
		better = false
		for a, i := range small {
			if d := other(i); fit.gain(i, d, -1, 0) > 0 {
				fit.move(i, d)
				values[inner[i]] += d
				better = true
			}
			if len(small) > pairs {
				continue
			}
			for _, j := range small[:a] {
				if di, dj := other(i), other(j); fit.gain(i, di, j, dj) > 0 {
					fit.move(i, di)
					fit.move(j, dj)
					values[inner[i]] += di
					values[inner[j]] += dj
					better = true
				}
			}
		}
	}
	return values
}

// roundFit keeps the error of every cell as innermost counts are moved.
type roundFit struct {
	err []int64
	of  [][]int // cells that an innermost count is in
}

func newFit(m *model, inner []*cell) *roundFit {
	f := &roundFit{err: make([]int64, len(m.cells)), of: make([][]int, len(inner))}
	byKey := map[string]int{}
	for i, c := range m.cells {
		byKey[join(c.key)] = i
	}
	for i, c := range inner {
		keys := [][]string{c.key}
		for _, ch := range m.f.chains {
			for t := range m.views {
				keys = m.coarser(t, ch, keys)
			}
		}
		seen := map[int]bool{}
		for _, k := range keys {
			if at, ok := byKey[join(k)]; ok && !seen[at] {
				seen[at] = true
				f.of[i] = append(f.of[i], at)
			}
		}
	}
	return f
}

func (f *roundFit) move(i int, d int64) {
	for _, c := range f.of[i] {
		f.err[c] += d
	}
}

// gain is how much the sum of squares falls when i moves by di and j, unless -1, by dj.
func (f *roundFit) gain(i int, di int64, j int, dj int64) int64 {
	sum := int64(0)
	step := func(c int, d int64) {
		sum += f.err[c]*f.err[c] - (f.err[c]+d)*(f.err[c]+d)
		f.err[c] += d
	}
	for _, c := range f.of[i] {
		step(c, di)
	}
	if j >= 0 {
		for _, c := range f.of[j] {
			step(c, dj)
		}
		for _, c := range f.of[j] {
			f.err[c] -= dj
		}
	}
	for _, c := range f.of[i] {
		f.err[c] -= di
	}
	return sum
}

// roundedRange is what the rounded value p says about a count.
func roundedRange(p, base, threshold int64) Range {
	if p%base != 0 || p-base+1 > threshold-1 {
		return Range{p, p}
	}
	return Range{max(0, p-base+1), max(p, min(p+base-1, threshold-1))}
}

// altered writes down a rounded table and attacks it.
func (m *model) altered(inner []*cell, values map[*cell]int64, base int64) (*Result, error) {
	fit := newFit(m, inner)
	eqs := slices.Clone(m.strict)
	for i, c := range inner {
		fit.move(i, values[c]-c.count)
		r := roundedRange(values[c], base, m.opt.Threshold)
		if r.Exact() {
			eqs = append(eqs, equation{c.terms, r.Lower})
			continue
		}
		if r.Lower > 0 {
			eqs = append(eqs, equation{append(slices.Clone(c.terms), term{m.variable(), -1}), r.Lower})
		}
		eqs = append(eqs, equation{append(slices.Clone(c.terms), term{m.variable(), 1}), r.Upper})
	}
	p, ok, err := newPolytope(m.s.n+m.slack, eqs)
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, errContradiction
	}
	res := &Result{Options: m.opt, Warnings: m.warnings, InputHash: m.hash()}
	for i, c := range m.cells {
		c.hidden = ""
		if c.rng, err = p.bounds(c.terms); err != nil {
			return nil, err
		}
		if m.opt.protectable(c.count) && !c.out {
			if c.rng.Exact() {
				res.Audit.Exact++
			}
			if c.rng.Upper != Unlimited && c.rng.Upper-c.rng.Lower < base-1 {
				res.Audit.Narrow++
			}
		}
		c.shown = c.count + fit.err[i]
		for _, s := range c.spots {
			pub := m.published(c, s)
			n := c.shown
			pub.Published, pub.Rounded = &n, !c.rng.Exact()
			res.Cells = append(res.Cells, pub)
		}
	}
	slices.SortStableFunc(res.Cells, func(a, b Published) int { return a.at - b.at })
	m.concludeRounded(res, base)
	return res, nil
}

func (m *model) concludeRounded(res *Result, base int64) {
	if m.opt.Threshold > base {
		res.Warnings = append(res.Warnings, estimate.Warning{Code: "narrower_than_threshold",
			Text: "A reader knows a rounded count within less than twice the base, which is narrower than the threshold asks; hiding cells protects more."})
	}
	if res.Audit.Exact+res.Audit.Narrow > 0 {
		r := estimate.Refusal{Code: "would_reveal", Text: m.wouldReveal() + " Rounding does not prevent it, given what was released before.", Args: m.smallNames()}.Offer("hide_cells", "hide cells instead")
		res.Refusal = &r
	}
	if res.Warnings == nil {
		res.Warnings = []estimate.Warning{}
	}
	if res.Refusal != nil {
		return
	}
	rel := m.release()
	rel.Method, rel.Base = "round", base
	for i := range rel.Tables {
		for j := range rel.Tables[i].Cells {
			rc := &rel.Tables[i].Cells[j]
			key, _ := m.f.canonical(m.views[i], rc.Key)
			c := m.at[join(key)]
			rc.Count = nil
			if !m.innermostOfAll(c) {
				continue // a sum of what is published; it says nothing new
			}
			if r := roundedRange(c.shown, base, m.opt.Threshold); r.Exact() {
				rc.Count = &r.Lower
			} else {
				rc.Lower, rc.Upper = &r.Lower, &r.Upper
			}
		}
	}
	res.Release = &rel
}
