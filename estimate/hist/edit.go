package hist

import (
	"slices"

	"example.org/amparo/fault"
)

// index finds lists by name.
func (t Table) index(names []string) ([]int, error) {
	var at []int
	for _, name := range names {
		j := slices.Index(t.Lists, name)
		if j < 0 {
			return nil, fault.New(fault.NotFound, "histories", "there is no list %q", name).With("the lists are %q", t.Lists)
		}
		at = append(at, j)
	}
	return at, nil
}

// remap moves each list j to position to[j]; -1 drops it. People left on no list leave
// the table.
func (t Table) remap(lists []string, to []int) (Table, error) {
	var cells []Cell
	for _, c := range t.Cells {
		var h History
		for j, k := range to {
			if k >= 0 && c.History.Has(j) {
				h |= 1 << uint(k)
			}
		}
		if h != 0 {
			cells = append(cells, Cell{h, c.Count})
		}
	}
	return New(lists, cells)
}

// Merge returns the table in which the named lists are one list called name, at the place
// of the first of them: a person is on it who was on any of them.
func (t Table) Merge(name string, lists ...string) (Table, error) {
	at, err := t.index(lists)
	if err != nil {
		return Table{}, err
	}
	if len(at) == 0 {
		return Table{}, fault.New(fault.Invalid, "merge", "no lists to merge").With("name two or more")
	}
	first := slices.Min(at)
	to := make([]int, t.J())
	var names []string
	for j := range t.Lists {
		switch {
		case j == first:
			to[j] = len(names)
			names = append(names, name)
		case slices.Contains(at, j):
			to[j] = to[first]
		default:
			to[j] = len(names)
			names = append(names, t.Lists[j])
		}
	}
	return t.remap(names, to)
}

// Omit returns the table without the named lists. People who were on those only are no
// longer in it: they are among those to be estimated.
func (t Table) Omit(lists ...string) (Table, error) {
	at, err := t.index(lists)
	if err != nil {
		return Table{}, err
	}
	to := make([]int, t.J())
	var names []string
	for j := range t.Lists {
		if slices.Contains(at, j) {
			to[j] = -1
			continue
		}
		to[j] = len(names)
		names = append(names, t.Lists[j])
	}
	return t.remap(names, to)
}

// Occupied returns the table without the lists that name nobody, and the names of those.
func (t Table) Occupied() (Table, []string) {
	var empty []string
	for j, l := range t.Lists {
		if t.On(Of(j)) == 0 {
			empty = append(empty, l)
		}
	}
	if len(empty) == 0 || len(empty) == t.J() {
		return t, empty
	}
	out, err := t.Omit(empty...)
	if err != nil {
		return t, empty // cannot be: the names are the table's own
	}
	return out, empty
}

// Record is one entry of one list, with the person it was linked to. Stratum is a label
// such as a province or a year, or empty.
type Record struct {
	List    string
	Person  string
	Stratum string
}

// FromRecords makes the table of linked records. Records of one person on one list count
// once. The lists are those named, in that order; a record of another list is an error.
func FromRecords(lists []string, records []Record) (Table, error) {
	byPerson := map[string]History{}
	for i, r := range records {
		j := slices.Index(lists, r.List)
		if j < 0 {
			return Table{}, fault.Problem{Row: i + 1, Column: "list", Value: r.List, Reason: "the list is not among those named", Remedy: "name it, or leave the record out"}
		}
		byPerson[r.Person] |= 1 << uint(j)
	}
	return tabulate(lists, byPerson)
}

// tabulate counts people by their history.
func tabulate[P comparable](lists []string, of map[P]History) (Table, error) {
	sums := map[History]int{}
	for _, h := range of {
		sums[h]++
	}
	cells := make([]Cell, 0, len(sums))
	for h, n := range sums {
		cells = append(cells, Cell{h, n})
	}
	return New(lists, cells)
}

// Strata makes one table a stratum, in ascending order of its label. A person with
// records in several strata is in each of them; the caller decides whether that is right.
func Strata(lists []string, records []Record) ([]string, []Table, error) {
	by := map[string][]Record{}
	for _, r := range records {
		by[r.Stratum] = append(by[r.Stratum], r)
	}
	var labels []string
	for label := range by {
		labels = append(labels, label)
	}
	slices.Sort(labels)
	var tables []Table
	for _, label := range labels {
		t, err := FromRecords(lists, by[label])
		if err != nil {
			return nil, nil, err
		}
		tables = append(tables, t)
	}
	return labels, tables, nil
}
