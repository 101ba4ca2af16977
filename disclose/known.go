package disclose

import (
	"slices"

	"example.org/amparo/fault"
)

// Known is a count published before of people who are not those of the tables, but of whom
// a reader knows how they stand to a group of them: everybody of the group is among them, or
// each of them is in the group. The difference is then a group of people too, and is
// protected like any other.
//
// Counts of other people enter as they were published, not with the tables they stood in:
// a whole number that was published separates what lies within it from what lies outside, so
// that nothing more can be worked out of those tables together with these.
type Known struct {
	Name  string   `json:"name"`  // what it counts, for the office
	Table int      `json:"table"` // index of the table that shows the group
	Key   []string `json:"key"`   // the group; an empty value is a total
	Whole bool     `json:"whole"` // the group is part of what was counted; else what was counted is part of it
	Count int64    `json:"count"`
}

// knownFacts ties the groups to what was published of other people. A count that cannot be of the
// same day, for a part is larger than its whole, ties nothing: a reader sees that people came in
// between, and not how many.
func (m *model) knownFacts([]Release) error {
	for _, k := range m.opt.Known {
		bad := fault.New(fault.Invalid, "disclose", "%q is said to stand to a group that no table shows", k.Name).With("name a group of the table by its values")
		if k.Table < 0 || k.Table >= len(m.tables) || len(k.Key) != len(m.tables[k.Table].Columns) || k.Count < 0 || k.Count > maxCount {
			return bad
		}
		key, ok := m.f.canonical(m.views[k.Table], k.Key)
		if !ok {
			return bad
		}
		now, ok := m.truth[join(key)]
		terms, ok2 := m.s.form(key, m.now)
		if !ok || !ok2 {
			return bad
		}
		rest, sign := k.Count-now, int64(1)
		if !k.Whole {
			rest, sign = -rest, -1
		}
		if rest < 0 {
			continue
		}
		others := m.variable()
		m.strict = append(m.strict, equation{append(slices.Clone(terms), term{others, sign}), k.Count})
		if !m.opt.protectable(rest) {
			continue
		}
		t := &target{terms: []term{{others, 1}}, truth: rest, differ: true}
		if t.cell = m.at[join(key)]; t.cell != nil {
			t.cell.primary, t.cell.hidden = true, Primary
		}
		m.targets = append(m.targets, t)
	}
	return nil
}
