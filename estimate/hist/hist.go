// Package hist holds capture histories: how many people are on which of several lists.
//
// A history is the set of lists that name a person. The table of histories is all that
// multiple systems estimation sees; what was merged, omitted or matched to get there is
// decided before, with the help of [Diagnose].
package hist

import (
	"bytes"
	"encoding/binary"
	"math/bits"
	"slices"
	"strings"

	"example.org/amparo/estimate"
	"example.org/amparo/fault"
)

// MaxLists is the largest number of lists a history can hold.
const MaxLists = 64

// MaxDense is the largest number of lists for which [Table.Dense] spreads the table out:
// 2^20 cells.
const MaxDense = 20

// maxPeople keeps every sum of counts exact in a float64.
const maxPeople = 1 << 50

// History is a set of lists: bit j is set when list j names the person.
type History uint64

// Size returns on how many lists the history is.
func (h History) Size() int { return bits.OnesCount64(uint64(h)) }

// Has reports whether list j is in h.
func (h History) Has(j int) bool { return h>>uint(j)&1 == 1 }

// Covers reports whether every list of g is in h.
func (h History) Covers(g History) bool { return h&g == g }

// Of returns the history of the lists numbered, from 0.
func Of(lists ...int) History {
	var h History
	for _, j := range lists {
		h |= 1 << uint(j)
	}
	return h
}

// Cell is a history and how many people have it.
type Cell struct {
	History History `json:"history"`
	Count   int     `json:"count"`
}

// Table is the number of people by history. Cells are in ascending order of history and
// hold only counts above zero; a history that is not there has count zero. The history of
// no list is never there: those are the people to be estimated.
type Table struct {
	Lists []string `json:"lists"`
	Cells []Cell   `json:"cells"`
}

// New makes a table from lists and cells in any order; cells of one history are added up.
// It fails with fault.Invalid for no list or more than MaxLists, names that are empty or
// given twice, a negative count, a history of no list or of a list that is not there.
func New(lists []string, cells []Cell) (Table, error) {
	if err := checkNames(lists); err != nil {
		return Table{}, err
	}
	sums := map[History]int{}
	total := 0
	for _, c := range cells {
		switch {
		case c.Count < 0:
			return Table{}, fault.New(fault.Invalid, "histories", "a count is %d", c.Count).With("counts are whole numbers from 0 up")
		case c.Count == 0:
			continue
		case c.History == 0:
			return Table{}, fault.New(fault.Invalid, "histories", "%d people are on no list", c.Count).With("remove that row: they are what is estimated")
		case len(lists) < MaxLists && c.History>>uint(len(lists)) != 0:
			return Table{}, fault.New(fault.Invalid, "histories", "a history names a list beyond the %d there are", len(lists))
		}
		sums[c.History] += c.Count
		if total += c.Count; total > maxPeople || c.Count > maxPeople {
			return Table{}, fault.New(fault.TooLarge, "histories", "there are more than %d people", maxPeople)
		}
	}
	t := Table{Lists: slices.Clone(lists), Cells: make([]Cell, 0, len(sums))}
	for h, n := range sums {
		t.Cells = append(t.Cells, Cell{h, n})
	}
	slices.SortFunc(t.Cells, func(a, b Cell) int {
		if a.History < b.History {
			return -1
		}
		return 1
	})
	return t, nil
}

func checkNames(lists []string) error {
	if len(lists) == 0 || len(lists) > MaxLists {
		return fault.New(fault.Invalid, "histories", "there are %d lists", len(lists)).With("give between 1 and %d lists", MaxLists)
	}
	seen := map[string]bool{}
	for _, l := range lists {
		if strings.TrimSpace(l) == "" || seen[l] {
			return fault.New(fault.Invalid, "histories", "list names are empty or given twice").With("give each list a name of its own")
		}
		seen[l] = true
	}
	return nil
}

// J returns the number of lists.
func (t Table) J() int { return len(t.Lists) }

// N returns the number of people on at least one list.
func (t Table) N() int {
	n := 0
	for _, c := range t.Cells {
		n += c.Count
	}
	return n
}

// Count returns how many people have exactly history h.
func (t Table) Count(h History) int {
	i, ok := slices.BinarySearchFunc(t.Cells, h, func(c Cell, h History) int {
		if c.History < h {
			return -1
		} else if c.History > h {
			return 1
		}
		return 0
	})
	if !ok {
		return 0
	}
	return t.Cells[i].Count
}

// On returns how many people are on every list of h, whatever other lists they are on:
// for one list its size, for two their overlap.
func (t Table) On(h History) int {
	n := 0
	for _, c := range t.Cells {
		if c.History.Covers(h) {
			n += c.Count
		}
	}
	return n
}

// Outside returns how many observed people are on no list of h.
func (t Table) Outside(h History) int {
	n := 0
	for _, c := range t.Cells {
		if c.History&h == 0 {
			n += c.Count
		}
	}
	return n
}

// Frequencies returns f, where f[i] people are on exactly i lists; f[0] is 0.
func (t Table) Frequencies() []int {
	f := make([]int, t.J()+1)
	for _, c := range t.Cells {
		f[c.History.Size()] += c.Count
	}
	return f
}

// Dense returns the counts of all 2^J histories, indexed by history; index 0 is 0. It
// fails with fault.TooLarge above MaxDense lists.
func (t Table) Dense() ([]float64, error) {
	if t.J() > MaxDense {
		return nil, fault.New(fault.TooLarge, "histories", "%d lists have too many histories to lay out", t.J()).
			With("merge lists until there are at most %d", MaxDense)
	}
	d := make([]float64, 1<<uint(t.J()))
	for _, c := range t.Cells {
		d[c.History] = float64(c.Count)
	}
	return d, nil
}

// Canonical returns bytes that are equal for equal tables and only for them: the lists in
// their order, then the cells.
func (t Table) Canonical() []byte {
	var b bytes.Buffer
	b.WriteString("amparo histories 1\n")
	put := func(n uint64) {
		var w [8]byte
		binary.BigEndian.PutUint64(w[:], n)
		b.Write(w[:])
	}
	put(uint64(len(t.Lists)))
	for _, l := range t.Lists {
		put(uint64(len(l)))
		b.WriteString(l)
	}
	for _, c := range t.Cells {
		put(uint64(c.History))
		put(uint64(c.Count))
	}
	return b.Bytes()
}

// Hash names the table: SHA-256 of its canonical bytes.
func (t Table) Hash() string { return estimate.Hash(t.Canonical()) }

// Name writes a history as its lists, joined by a plus: "police+clinic".
func (t Table) Name(h History) string {
	var names []string
	for j, l := range t.Lists {
		if h.Has(j) {
			names = append(names, l)
		}
	}
	return strings.Join(names, "+")
}

// All returns the history of every list.
func (t Table) All() History {
	if t.J() == MaxLists {
		return ^History(0)
	}
	return 1<<uint(t.J()) - 1
}
