package disclose

import (
	"fmt"
	"slices"

	"example.org/amparo/fault"
)

// ReleaseFormat names the form of a release record.
const ReleaseFormat = "amparo-release/1"

// Release is the record of what was published once, to be given with every later table
// over the same people. It holds nothing that was not published: no hidden count, no
// mark of why one is hidden, and no hash of the input, from which a small hidden count
// could be found by trying.
type Release struct {
	Format    string          `json:"format"`
	Name      string          `json:"name"`
	Method    string          `json:"method"`
	Threshold int64           `json:"threshold"`
	Base      int64           `json:"base,omitempty"`
	Epsilon   float64         `json:"epsilon,omitempty"`
	Tables    []ReleasedTable `json:"tables"`
}

// ReleasedTable is one table of a release.
type ReleasedTable struct {
	Name        string         `json:"name"`
	Columns     []string       `json:"columns"`
	Hierarchies [][]string     `json:"hierarchies,omitempty"` // columns from coarse to fine
	Cells       []ReleasedCell `json:"cells"`
	// Partial says that groups which are not listed may hold people: a reader's other
	// knowledge rather than a whole table. Otherwise they are empty.
	Partial bool `json:"partial,omitempty"`
}

// ReleasedCell is a group with its published count, or with a range that is known of it
// (both ends included), or with neither: it was hidden. An empty value of the key is a
// total.
type ReleasedCell struct {
	Key   []string `json:"key"`
	Count *int64   `json:"count"`
	Lower *int64   `json:"lower,omitempty"`
	Upper *int64   `json:"upper,omitempty"`
}

// limits is what is publicly known of the cell; upper is Unlimited if nothing is.
func (c ReleasedCell) limits() (lower, upper int64, known bool) {
	if c.Count != nil {
		return *c.Count, *c.Count, true
	}
	lower, upper = 0, Unlimited
	if c.Lower != nil {
		lower, known = *c.Lower, true
	}
	if c.Upper != nil {
		upper, known = *c.Upper, true
	}
	return max(lower, 0), upper, known
}

// Check finds what is wrong with a record before it is used.
func (r Release) Check() error {
	bad := func(table, reason string) error {
		return fault.Problem{File: table, Reason: reason, Remedy: "give the release record as it was written"}
	}
	if r.Format != ReleaseFormat {
		return bad(r.Name, "this is not a release record: its format is not "+ReleaseFormat)
	}
	for _, t := range r.Tables {
		if len(t.Columns) == 0 {
			return bad(t.Name, "a table of the record has no columns")
		}
		seen := map[string]bool{}
		for _, c := range t.Cells {
			lo, hi, _ := c.limits()
			switch {
			case len(c.Key) != len(t.Columns):
				return bad(t.Name, "a key of the record has another length than its columns")
			case seen[join(c.Key)]:
				return bad(t.Name, fmt.Sprintf("the group %v stands in the record twice", c.Key))
			case hi != Unlimited && (hi < lo || hi > maxCount) || lo > maxCount || c.Count != nil && *c.Count < 0:
				return bad(t.Name, fmt.Sprintf("the count of %v in the record is impossible", c.Key))
			}
			seen[join(c.Key)] = true
		}
	}
	return nil
}

func releaseSource(t ReleasedTable) source {
	return source{t.Name, t.Columns, func(yield func([]string, int) bool) {
		for _, c := range t.Cells {
			if !yield(c.Key, 0) {
				return
			}
		}
	}}
}

// Relation says how the people of an earlier release and those of the present tables
// are related.
type Relation string

// The relations. What is not given is found by comparing the counts of the same groups,
// as a reader would.
const (
	Same  Relation = "same"  // the same people
	Grown Relation = "grown" // all people of the release are still counted, others were added
	Part  Relation = "part"  // some people of the release are counted no longer, none were added
	Mixed Relation = "mixed" // some were added, others taken out
)

// published is one earlier release in the terms of the frame.
type published struct {
	release Release
	rel     Relation
	cells   []fact
	missing []*fact // groups of the table that it does not list: they were empty
	stages  []int
}

// fact is what a release says about one group.
type fact struct {
	key       []string // canonical
	lo, hi    int64    // hi may be Unlimited
	known     bool
	released  int // index of the release
	table     string
	show      []string
	columns   []string
	exactFact bool
}

// readReleases puts the releases in the terms of the frame.
func (f *frame) readReleases(rs []Release) ([]*published, error) {
	var out []*published
	for i, r := range rs {
		p := &published{release: r}
		for _, t := range r.Tables {
			v := f.view(t.Name, t.Columns)
			listed := map[string]bool{}
			for _, c := range t.Cells {
				key, ok := f.canonical(v, c.Key)
				if !ok {
					return nil, badKey(t.Name, c.Key)
				}
				listed[join(key)] = true
				lo, hi, known := c.limits()
				p.cells = append(p.cells, fact{key: key, lo: lo, hi: hi, known: known, released: i, table: t.Name,
					show: c.Key, columns: t.Columns, exactFact: known && lo == hi})
			}
			if err := f.absent(p, t, v, listed); err != nil {
				return nil, err
			}
		}
		out = append(out, p)
	}
	return out, nil
}

// absent adds that the innermost groups a whole table does not list were empty.
func (f *frame) absent(p *published, t ReleasedTable, v view, listed map[string]bool) error {
	if t.Partial {
		return nil
	}
	spots, err := f.spots(v)
	if err != nil {
		return err
	}
	for _, s := range spots {
		if s.level > 0 {
			continue
		}
		if key, ok := f.canonical(v, s.show); ok && !listed[join(key)] {
			p.missing = append(p.missing, &fact{key: key, known: true, exactFact: true, table: t.Name, show: s.show, columns: t.Columns})
		}
	}
	return nil
}

// relate finds how the people of p and of the present tables are related, from the
// counts of the same groups.
func (p *published) relate(now map[string]int64) Relation {
	up, down := false, false
	compare := func(c *fact) {
		n, ok := now[join(c.key)]
		if !ok || !c.known {
			return
		}
		up = up || c.hi != Unlimited && n > c.hi
		down = down || n < c.lo
	}
	for i := range p.cells {
		compare(&p.cells[i])
	}
	for _, c := range p.missing {
		compare(c)
	}
	switch {
	case up && down:
		return Mixed
	case up:
		return Grown
	case down:
		return Part
	}
	return Same
}

// agrees reports whether two releases count the same in every group that both publish,
// and share at least one.
func (p *published) agrees(q *published) bool {
	of := map[string]*fact{}
	for i := range q.cells {
		if q.cells[i].exactFact {
			of[join(q.cells[i].key)] = &q.cells[i]
		}
	}
	shared := false
	for _, c := range p.cells {
		o := of[join(c.key)]
		if o == nil || !c.exactFact {
			continue
		}
		if o.lo != c.lo {
			return false
		}
		shared = true
	}
	return shared
}

// stage gives every release and the present tables the stages their people are in, and
// returns how many there are. Releases come oldest first. Stage 0 are the people counted
// in all of them.
func stage(ps []*published) (now []int, n int) {
	now, n = []int{0}, 1
	var grown *published
	for _, p := range ps { // ever larger, up to the present
		switch p.rel {
		case Grown:
			if grown == nil || !p.agrees(grown) {
				p.stages = slices.Clone(now)
				now = append(now, n)
				n++
			} else {
				p.stages = slices.Clone(grown.stages)
			}
			grown = p
		case Mixed: // holds some that were taken out; lacks some that were added
			p.stages = append(slices.Clone(now), n)
			now = append(now, n+1)
			n += 2
		}
	}
	var part *published
	extra := slices.Clone(now)
	for _, p := range slices.Backward(ps) { // ever larger, back from the present
		switch p.rel {
		case Same:
			p.stages = slices.Clone(now)
		case Part:
			if part == nil || !p.agrees(part) {
				extra = append(extra, n)
				n++
			}
			p.stages = slices.Clone(extra)
			part = p
		}
	}
	return now, n
}

func without(a, b []int) []int {
	var out []int
	for _, v := range a {
		if !slices.Contains(b, v) {
			out = append(out, v)
		}
	}
	return out
}
