package disclose

import (
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// The attacker's program. It knows nothing of how cells are hidden: it takes the
// published cells alone and tries every table of whole numbers that agrees with them.

type attacker struct {
	leaves [][]string
	x      []int64
	eqs    []known // one for each published cell
	of     [][]int // equations of a leaf
	asked  []ask
	tables int
}

type known struct {
	left int64 // what the leaves not yet set add up to
	open int   // how many those are
}

type ask struct {
	key    []string
	lo, hi int64
}

func covers(key, leaf []string) bool {
	for i, v := range key {
		if v != "" && v != leaf[i] {
			return false
		}
	}
	return true
}

// bruteForce finds the range of every hidden cell over all tables, with no count above
// most. It gives up, with nil, after too many tables.
func bruteForce(cells []Published, most int64) *attacker {
	a := &attacker{}
	for _, c := range cells {
		if !slices.Contains(c.Key, "") {
			a.leaves = append(a.leaves, c.Key)
		}
	}
	a.x = make([]int64, len(a.leaves))
	a.of = make([][]int, len(a.leaves))
	for _, c := range cells {
		if c.Published == nil {
			a.asked = append(a.asked, ask{c.Key, 1 << 40, -1})
			continue
		}
		k := known{left: *c.Published}
		for i, l := range a.leaves {
			if covers(c.Key, l) {
				a.of[i] = append(a.of[i], len(a.eqs))
				k.open++
			}
		}
		a.eqs = append(a.eqs, k)
	}
	if !a.try(0, most) {
		return nil
	}
	return a
}

func (a *attacker) try(i int, most int64) bool {
	if i == len(a.leaves) {
		a.tables++
		for j := range a.asked {
			n := int64(0)
			for k, l := range a.leaves {
				if covers(a.asked[j].key, l) {
					n += a.x[k]
				}
			}
			a.asked[j].lo, a.asked[j].hi = min(a.asked[j].lo, n), max(a.asked[j].hi, n)
		}
		return a.tables < 400_000
	}
	lo, hi := int64(0), most
	for _, e := range a.of[i] {
		hi = min(hi, a.eqs[e].left)
		if a.eqs[e].open == 1 {
			lo = max(lo, a.eqs[e].left)
		}
	}
	for v := lo; v <= hi; v++ {
		a.x[i] = v
		for _, e := range a.of[i] {
			a.eqs[e].left -= v
			a.eqs[e].open--
		}
		ok := a.try(i+1, most)
		for _, e := range a.of[i] {
			a.eqs[e].left += v
			a.eqs[e].open++
		}
		if !ok {
			return false
		}
	}
	return true
}

func randomTable(t *rapid.T, dims []int, counts *rapid.Generator[int64]) *Table {
	tab := &Table{Name: "random.csv"}
	keys := [][]string{{}}
	for d, n := range dims {
		tab.Columns = append(tab.Columns, string(rune('a'+d)))
		var next [][]string
		for _, k := range keys {
			for v := range n {
				next = append(next, append(slices.Clone(k), string(rune('A'+d))+string(rune('0'+v))))
			}
		}
		keys = next
	}
	for _, k := range keys {
		tab.Cells = append(tab.Cells, Cell{Key: k, Count: counts.Draw(t, "count")})
	}
	return tab
}

// On tables small enough to try every possibility, our ranges are the attacker's.
func TestRangesAreThoseFoundByTryingEveryTable(t *testing.T) {
	tried := 0
	rapid.Check(t, func(t *rapid.T) {
		dims := rapid.SampledFrom([][]int{{2, 2}, {3, 2}, {3, 3}, {2, 2, 2}}).Draw(t, "dims")
		tab := randomTable(t, dims, rapid.SampledFrom([]int64{0, 1, 2, 3, 5, 6, 7}))
		opt := Options{Threshold: 5, Flat: true}
		for _, naive := range []bool{true, false} {
			var res *Result
			var err error
			if naive {
				res, err = Check([]*Table{tab}, nil, opt, true)
			} else {
				res, err = Suppress([]*Table{tab}, nil, opt)
			}
			if err != nil {
				t.Fatal(err)
			}
			if slices.ContainsFunc(res.Cells, func(c Published) bool { return c.AttackerUpper == nil }) {
				continue
			}
			a := bruteForce(res.Cells, 60)
			if a == nil {
				continue
			}
			tried++
			for _, q := range a.asked {
				i := slices.IndexFunc(res.Cells, func(c Published) bool { return slices.Equal(c.Key, q.key) })
				if c := res.Cells[i]; c.AttackerLower != q.lo || *c.AttackerUpper != q.hi {
					t.Fatalf("%v: range [%d, %d], by trying [%d, %d]", q.key, c.AttackerLower, *c.AttackerUpper, q.lo, q.hi)
				}
			}
		}
	})
	if tried < 50 {
		t.Errorf("only %d tables were small enough", tried)
	}
}

func checkSafe(t *rapid.T, tab *Table, res *Result, opt Options) {
	truth := map[string]int64{}
	for _, c := range tab.Cells {
		for mask := range 1 << len(c.Key) {
			k := slices.Clone(c.Key)
			for i := range k {
				if mask>>i&1 == 1 {
					k[i] = ""
				}
			}
			truth[join(k)] += c.Count
		}
	}
	if len(truth) != len(res.Cells) {
		t.Fatalf("%d cells, want %d", len(res.Cells), len(truth))
	}
	for _, c := range res.Cells {
		n := truth[join(c.Key)]
		small := n > 0 && n < opt.Threshold
		switch {
		case c.Published != nil && *c.Published != n:
			t.Fatalf("%v: published %d, true %d", c.Key, *c.Published, n)
		case c.Published != nil && small:
			t.Fatalf("%v: %d is published", c.Key, n)
		case c.Published != nil:
			continue
		case n < c.AttackerLower || c.AttackerUpper != nil && n > *c.AttackerUpper:
			t.Fatalf("%v: the truth %d is outside of the range", c.Key, n)
		}
		if (c.Suppressed == Primary) != small {
			t.Fatalf("%v: %d is marked %q", c.Key, n, c.Suppressed)
		}
		if !small {
			continue
		}
		lo, hi := c.AttackerLower, int64(1<<40)
		if c.AttackerUpper != nil {
			hi = *c.AttackerUpper
		}
		if hi-lo < opt.Threshold || lo > 0 && (2*lo > n || 2*hi < 3*n) {
			t.Fatalf("%v: %d has the range [%d, %d]", c.Key, n, lo, hi)
		}
	}
}

// R11: fewer than ten people are never shown, and no reader works them out.
func TestR11NoSmallCellIsPublishedOrWorkedOut(t *testing.T) {
	hidden, cells, refused, loss := 0, 0, 0, 0.0
	n := 0
	rapid.Check(t, func(t *rapid.T) {
		dims := rapid.SampledFrom([][]int{{4, 4}, {3, 4}, {4, 4, 3}, {3, 3, 2}, {2, 5}, {6}}).Draw(t, "dims")
		tab := randomTable(t, dims, rapid.OneOf(rapid.Int64Range(0, 12), rapid.Int64Range(10, 200)))
		opt := Options{Threshold: rapid.SampledFrom([]int64{5, 10}).Draw(t, "threshold"), Flat: true}
		res, err := Suppress([]*Table{tab}, nil, opt)
		if err != nil {
			t.Fatal(err)
		}
		checkSafe(t, tab, res, opt)
		hidden += res.Audit.Hidden
		cells += len(res.Cells)
		loss += res.Audit.Loss
		n++
		if res.Refusal != nil {
			refused++
		}
	})
	t.Logf("%d tables: %.0f%% of cells hidden, loss %.0f%%, %d refused", n, 100*float64(hidden)/float64(cells), 100*loss/float64(n), refused)
	if hidden*10 > cells*8 {
		t.Errorf("%d of %d cells are hidden: that is no publication", hidden, cells)
	}
}
