package chain

import (
	"slices"

	"example.org/amparo/id"
	"example.org/amparo/when"
	"example.org/amparo/where"
)

// Telling is one account of one person's chain: what one source said in one interview, or
// what one document says.
type Telling struct {
	Source  id.ID // interview, person or document; zero: the documenter
	Stages  []Stage
	Endings []Ending
}

// Cell is what one telling says of one stage; nil Stage where it does not speak of it,
// which contradicts nothing.
type Cell struct{ Stage *Stage }

// Contradiction is a field on which two tellings cannot both be right. Dates and
// durations contradict each other only where no day is common to them; a place contradicts
// another only where neither lies in the other.
type Contradiction struct {
	Field string // "stage", "in", "out", "duration", "place", "facility_type", "agency"; of an ending "outcome", "date", "length"
	A, B  int    // tellings, by column, A < B
	Apart int64  // dates and durations: how many days lie between them; else 0
}

// Row is one stage of the chain with what each telling says of it.
type Row struct {
	Cells         []Cell // one a telling, in their order
	Contradicting []Contradiction
}

// Table lays tellings beside each other, stage by stage, in the order of the chain.
type Table struct {
	Sources []id.ID
	Rows    []Row
	Endings []EndingRow
	Orders  []Disorder // stages that two tellings put in another order
}

// Contradictions counts the contradictions of the whole table.
func (t Table) Contradictions() (n int) {
	for _, r := range t.Rows {
		n += len(r.Contradicting)
	}
	for _, r := range t.Endings {
		n += len(r.Contradicting)
	}
	return n + len(t.Orders)
}

// Align lays several tellings of one person's chain over each other: which stage of one is
// which stage of another, and where they contradict. Each telling keeps its own order and
// every stage of every telling is in exactly one row; nothing is merged or chosen.
//
// The longest telling is the spine; each further one is aligned to the rows so far by the
// best total of matches (see match). The result does not depend on the order in which
// tellings are given, except for their columns.
//
// Source: Needleman and Wunsch (1970), Journal of Molecular Biology 48, 443-453; the
// progressive order is Feng and Doolittle's (1987), Journal of Molecular Evolution 25.
func Align(tellings []Telling) Table {
	t := Table{}
	for _, x := range tellings {
		t.Sources = append(t.Sources, x.Source)
	}
	order := make([]int, len(tellings))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int {
		if n := len(tellings[b].Stages) - len(tellings[a].Stages); n != 0 {
			return n
		}
		return tellings[a].Source.Compare(tellings[b].Source)
	})
	for _, i := range order {
		t.add(i, len(tellings), returnsInOrder(tellings[i].Stages))
	}
	for i := range t.Rows {
		t.Rows[i].compare()
	}
	t.layEndings(tellings, order)
	for i, a := range tellings {
		for j := i + 1; j < len(tellings); j++ {
			for _, d := range Disorders(a.Stages, tellings[j].Stages) {
				d.A, d.B = i, j
				t.Orders = append(t.Orders, d)
			}
		}
	}
	return t
}

// gapCost is what it costs to leave a stage without a partner; a match must be worth more
// than two of them.
const gapCost = -1

// add aligns one telling to the rows and puts it into its column.
func (t *Table) add(column, columns int, stages []Stage) {
	n, m := len(t.Rows), len(stages)
	score := make([][]int, n+1)
	for i := range score {
		score[i] = make([]int, m+1)
		for j := range score[i] {
			switch {
			case i == 0:
				score[i][j] = j * gapCost
			case j == 0:
				score[i][j] = i * gapCost
			default:
				score[i][j] = max(score[i-1][j-1]+t.Rows[i-1].match(stages[j-1]), score[i-1][j]+gapCost, score[i][j-1]+gapCost)
			}
		}
	}
	var rows []Row
	for i, j := n, m; i > 0 || j > 0; {
		switch {
		case i > 0 && j > 0 && score[i][j] == score[i-1][j-1]+t.Rows[i-1].match(stages[j-1]):
			i, j = i-1, j-1
			r := t.Rows[i]
			r.Cells[column].Stage = &stages[j]
			rows = append(rows, r)
		case i > 0 && score[i][j] == score[i-1][j]+gapCost && !(j > 0 && score[i][j] == score[i][j-1]+gapCost && t.Rows[i-1].precedes(stages[j-1])):
			i--
			rows = append(rows, t.Rows[i])
		default:
			j--
			r := Row{Cells: make([]Cell, columns)}
			r.Cells[column].Stage = &stages[j]
			rows = append(rows, r)
		}
	}
	slices.Reverse(rows)
	t.Rows = rows
}

// precedes reports whether a row goes before a stage that it does not match: by time, else
// by the usual order.
func (r Row) precedes(s Stage) bool {
	at, kind := Unbounded, usual("")
	for _, c := range r.Cells {
		if c.Stage == nil {
			continue
		}
		if b := start(*c.Stage); b != beginning {
			at = min(at, b)
		}
		kind = min(kind, usual(c.Stage.Type))
	}
	if b := start(s); b != beginning && at != Unbounded && at != b {
		return at < b
	}
	return kind <= usual(s.Type)
}

// match says how well a stage fits a row: one record told twice is one stage whatever the
// tellings say; else the type must agree, or both place and time; facility, place and time
// add to it, and times that exclude each other by more than two years take away.
func (r Row) match(s Stage) int {
	best := 6 * gapCost
	for _, c := range r.Cells {
		if c.Stage != nil {
			best = max(best, matchTwo(*c.Stage, s))
		}
	}
	return best
}

// farApart is two years: recall shifts a stay by a year easily, by more seldom.
const farApart = 731

func matchTwo(a, b Stage) int {
	if a.Record == b.Record && !a.Record.IsZero() {
		return 100
	}
	apart, known := timeApart(a, b)
	samePlace := a.Place != "" && a.Place == b.Place
	n := 6 * gapCost
	switch {
	case a.Type != "" && a.Type == b.Type:
		n = 3
	case a.Type == "" || b.Type == "":
		n = 0
	}
	if a.Place != "" && b.Place != "" && placeFits(a.Place, b.Place) {
		n++
	}
	if samePlace {
		n++
	}
	if a.Facility != "" && a.Facility == b.Facility {
		n++
	}
	switch {
	case known && apart == 0:
		n += 2
	case known && apart > farApart:
		n -= 5
	}
	if samePlace && known && apart == 0 {
		n += 2 // same place and time, called by another name
	}
	return n
}

// timeApart is how many days lie certainly between the entries of two stays, or between
// their exits where no entry is known.
func timeApart(a, b Stage) (days int64, known bool) {
	if !a.In.IsZero() && !b.In.IsZero() {
		return datesApart(a.In, b.In), true
	}
	if !a.Out.IsZero() && !b.Out.IsZero() {
		return datesApart(a.Out, b.Out), true
	}
	return 0, false
}

func datesApart(a, b when.Date) int64 {
	return spansApart(dateDays(a), dateDays(b))
}

// spansApart is how many days lie between two spans; 0 where they share one.
func spansApart(a, b Days) int64 { return max(0, a.Lo-b.Hi, b.Lo-a.Hi) }

// placeFits reports whether two places are the same, or one lies in the other. A place
// the gazetteer does not know fits only itself.
func placeFits(a, b string) bool {
	if a == b {
		return true
	}
	p, known := where.Lookup(a)
	q, known2 := where.Lookup(b)
	return known && known2 && (p.Within(b) || q.Within(a))
}

// compare finds the contradictions of a row.
func (r *Row) compare() {
	for i, a := range r.Cells {
		for j := i + 1; j < len(r.Cells); j++ {
			if a.Stage != nil && r.Cells[j].Stage != nil {
				r.Contradicting = append(r.Contradicting, placed(i, j, Between(*a.Stage, *r.Cells[j].Stage))...)
			}
		}
	}
}

func placed(i, j int, found []Contradiction) []Contradiction {
	for n := range found {
		found[n].A, found[n].B = i, j
	}
	return found
}

// Between lists what two accounts of one stay contradict each other in, whichever of the two
// is a. A wider date or duration of either adds nothing to it. The length of a stay is what
// its dates and its duration as said leave together; it is compared where one of the two
// says a duration, and of somebody still held it is no more than a lower end.
func Between(a, b Stage) (out []Contradiction) {
	for _, f := range []struct{ name, a, b string }{{"stage", a.Type, b.Type}, {"facility_type", a.Facility, b.Facility}, {"agency", a.Agency, b.Agency}} {
		if f.a != "" && f.b != "" && f.a != f.b {
			out = append(out, Contradiction{Field: f.name})
		}
	}
	if a.Place != "" && b.Place != "" && !placeFits(a.Place, b.Place) {
		out = append(out, Contradiction{Field: "place"})
	}
	for _, f := range []struct {
		name string
		a, b when.Date
	}{{"in", a.In, b.In}, {"out", a.Out, b.Out}} {
		if !f.a.IsZero() && !f.b.IsZero() && datesApart(f.a, f.b) > 0 {
			out = append(out, Contradiction{Field: f.name, Apart: datesApart(f.a, f.b)})
		}
	}
	if len(a.Said) > 0 || len(b.Said) > 0 {
		if d := spansApart(a.length(), b.length()); d > 0 {
			out = append(out, Contradiction{Field: "duration", Apart: d})
		}
	}
	return out
}

// length is how long a stay was by one account. Of one whose dates contradict its duration
// nothing is taken but the duration.
func (s Stage) length() Days {
	d := s.stay()
	if t := s.Times(); !t.Conflict {
		d = t.Stay
	}
	if s.Censored {
		d.Hi = Unbounded
	}
	return d
}
