package lcm

import (
	"cmp"
	"encoding/binary"
	"math/bits"
	"slices"

	"example.org/amparo/fault"
)

// MostLists is the largest number of lists a table may have.
const MostLists = 30

// table is a table of capture histories in canonical form: every history once, in rising
// order of its bits, none with count 0. A person on no list has no row.
type table struct {
	lists  int
	people int
	masks  []uint32
	counts []int

	// The probability of a history in a class is that of its parent, the history without
	// its first list, times the odds of that list. The nodes are all histories needed for
	// that. Node 0 is the empty history; then come those with no list before the last, with
	// none before the last but one, and so on: a parent stands before its children, and the
	// nodes of one first list stand together.
	parents []int32
	blocks  []block
	rows    []int // masks[i] is node rows[i]

	members [][]int // members[i] are the lists of masks[i]
}

// block is the nodes from, ..., to-1, whose first list is list.
type block struct{ list, from, to int }

// newTable checks a table and brings it into canonical form. Histories that appear twice
// are added up.
func newTable(lists int, histories []uint32, counts []int) (*table, error) {
	const op = "lcm.Fit"
	if lists < 2 || lists > MostLists {
		return nil, fault.New(fault.Invalid, op, "%d lists", lists).With("give a table of 2 to %d lists", MostLists)
	}
	if len(histories) != len(counts) {
		return nil, fault.New(fault.Invalid, op, "%d histories and %d counts", len(histories), len(counts)).With("give one count for each history")
	}
	sum := make(map[uint32]int, len(histories))
	t := &table{lists: lists}
	for i, h := range histories {
		switch {
		case h >= 1<<lists:
			return nil, fault.New(fault.Invalid, op, "history %d names a list beyond the %d of the table", i+1, lists).With("check the number of lists")
		case counts[i] < 0 || counts[i] > mostPeople-t.people:
			return nil, fault.New(fault.Invalid, op, "count %d of history %d", counts[i], i+1).With("give counts from 0, together at most %d", mostPeople)
		case h == 0 && counts[i] > 0:
			return nil, fault.New(fault.Invalid, op, "history %d is of people on no list, and has a count", i+1).With("leave out the row of zeros: those people are what is estimated")
		}
		sum[h] += counts[i]
		t.people += counts[i]
	}
	if t.people == 0 {
		return nil, fault.New(fault.Invalid, op, "the table has no people").With("give at least one history with a count")
	}
	for h, n := range sum {
		if n > 0 {
			t.masks = append(t.masks, h)
		}
	}
	slices.Sort(t.masks)
	for _, h := range t.masks {
		t.counts = append(t.counts, sum[h])
	}
	t.grow()
	return t, nil
}

// mostPeople keeps every count, and twenty times it, exact in a float64 and far from
// overflow.
const mostPeople = 1 << 40

// grow finds the nodes.
func (t *table) grow() {
	set := map[uint32]bool{0: true}
	for _, h := range t.masks {
		for ; h != 0; h &= h - 1 {
			set[h] = true
		}
	}
	all := make([]uint32, 0, len(set))
	for h := range set {
		all = append(all, h)
	}
	slices.SortFunc(all, func(a, b uint32) int {
		return cmp.Or(bits.TrailingZeros32(b)-bits.TrailingZeros32(a), cmp.Compare(a, b))
	})
	at := make(map[uint32]int, len(all))
	for i, h := range all {
		at[h] = i
		t.parents = append(t.parents, int32(at[h&(h-1)]))
		list := bits.TrailingZeros32(h)
		switch last := len(t.blocks) - 1; {
		case i == 0: // the empty history
		case last >= 0 && t.blocks[last].list == list:
			t.blocks[last].to = i + 1
		default:
			t.blocks = append(t.blocks, block{list, i, i + 1})
		}
	}
	for _, h := range t.masks {
		t.rows = append(t.rows, at[h])
		var on []int
		for ; h != 0; h &= h - 1 {
			on = append(on, bits.TrailingZeros32(h))
		}
		t.members = append(t.members, on)
	}
}

// canonical is the table as bytes, for its hash and for the seed.
func (t *table) canonical() []byte {
	b := binary.BigEndian.AppendUint32(nil, uint32(t.lists))
	for i, h := range t.masks {
		b = binary.BigEndian.AppendUint32(b, h)
		b = binary.BigEndian.AppendUint64(b, uint64(t.counts[i]))
	}
	return b
}
