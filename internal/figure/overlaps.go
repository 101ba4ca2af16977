package figure

import (
	"slices"
	"strconv"
	"strings"

	"example.org/amparo/disclose"
	"example.org/amparo/estimate"
	"example.org/amparo/estimate/hist"
)

// Overlaps is how many people each combination of lists names, with the counts hidden that
// would single somebody out: small ones, and those they could be worked out from.
type Overlaps struct {
	Lists   []string          `json:"lists"`
	Cells   []Overlap         `json:"cells"`
	Refusal *estimate.Refusal `json:"refusal,omitempty"` // the table cannot be shown safely
	Changed bool              `json:"changed,omitempty"` // people came in or left since an earlier table that it was held against
}

// Overlap is one combination of lists. Count is nil where it is hidden; what a reader can
// then work out is between Lower and Upper (nil: no end).
type Overlap struct {
	On    []int  `json:"on"` // indices of lists
	Count *int64 `json:"count"`
	Lower int64  `json:"lower"`
	Upper *int64 `json:"upper,omitempty"`
	Small bool   `json:"small,omitempty"` // hidden for its own sake
}

// hides reports whether any count is hidden.
func (o *Overlaps) hides() bool {
	for _, c := range o.Cells {
		if c.Count == nil {
			return true
		}
	}
	return false
}

// maxOverlapLists bounds the table of overlaps, which doubles with each list: the attack on
// that of six takes minutes.
const maxOverlapLists = 5

// OverlapsOf lays out the lists as the records are linked, for those who may be counted, and notes
// in the figure what it shows of them. They are held against what was released before.
func (f *Figure) OverlapsOf(l Lists, g *Ground, before Releases) (*Overlaps, error) {
	if len(l.Names) == 0 || len(l.Names) > maxOverlapLists {
		r := estimate.Because("lists_for_overlaps", "There are %d lists; overlaps are shown of one to %d.", len(l.Names), maxOverlapLists)
		return &Overlaps{Lists: l.Names, Refusal: &r}, nil
	}
	t, err := hist.FromClusters(l.Names, l.On, g.Linked)
	if err != nil {
		return nil, err
	}
	return f.suppressed(t, g, before)
}

// suppressed hides what would single somebody out, in this table or by its difference from
// one that was shown before.
func (f *Figure) suppressed(t hist.Table, g *Ground, before Releases) (*Overlaps, error) {
	table := &disclose.Table{}
	for _, l := range t.Lists { // by name: tomorrow there may be another list among them
		table.Columns = append(table.Columns, "on "+strings.ToLower(l))
	}
	for h := hist.History(1); h <= t.All(); h++ {
		key := make([]string, t.J())
		for j := range key {
			key[j] = strconv.Itoa(int(h >> uint(j) & 1))
		}
		table.Cells = append(table.Cells, disclose.Cell{Key: key, Count: int64(t.Count(h))})
	}
	res, err := before.audit("lists", table)
	if err != nil {
		return nil, err
	}
	out := &Overlaps{Lists: t.Lists}
	if res.Refusal != nil {
		out.Refusal = res.refusal("").Refusal // its own words name the small groups
		return out, nil
	}
	f.release("lists", res, g)
	out.Changed = slices.ContainsFunc(res.Relations, func(r disclose.Relation) bool { return r != disclose.Same })
	for _, c := range res.Of(0) {
		o := Overlap{Count: c.Published, Lower: c.AttackerLower, Upper: c.AttackerUpper, Small: c.Suppressed == "primary"}
		total := false
		for j, v := range c.Key {
			total = total || v != "0" && v != "1"
			if v == "1" {
				o.On = append(o.On, j)
			}
		}
		if !total && len(o.On) > 0 {
			out.Cells = append(out.Cells, o)
		}
	}
	return out, nil
}
