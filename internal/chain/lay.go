package chain

import (
	"cmp"
	"slices"

	"example.org/amparo/id"
	"example.org/amparo/internal/kind"
	"example.org/amparo/when"
)

// Ending is what became of a person, as one telling has it: the outcome of a return, what
// was decided after interrogation, or the fate.
type Ending struct {
	Record, Person id.ID
	Kind           string    // "episode", "disposition" or "fate"
	Episode        id.ID     // the return it belongs to; zero: none is named
	Outcome        string    // OC-xxx; "" where it is not said or accounts differ
	Known          string    // of a fate: known, presumed, unknown
	Date           when.Date // of a return its period, of a fate when last seen
	Length         []when.Span
}

// ReadEnding makes an ending of a record's values; ok is false where it says nothing of
// one. Of a field that accounts answer differently it keeps nothing that would decide
// between them, as [ReadStage].
func ReadEnding(rec id.ID, kindName string, vs kind.Values) (e Ending, ok bool) {
	e = Ending{Record: rec, Kind: kindName, Outcome: only(vs["outcome"]), Known: only(vs["state"])}
	e.Person, _ = id.Parse(only(vs["person"])) // none: not said here
	e.Episode, _ = id.Parse(only(vs["episode"]))
	at := map[string]string{"episode": "period", "fate": "last_seen", "disposition": "date"}[kindName]
	e.Date = hull(vs[at])
	if kindName == "episode" {
		e.Episode = rec
	}
	for _, v := range vs["length"] {
		if sp, err := when.ParseSpan(v.Text); err == nil && v.State == kind.Given {
			e.Length = append(e.Length, sp)
		}
	}
	return e, e.Outcome != "" || e.Known != "" || !e.Date.IsZero() || len(e.Length) > 0
}

// EndingRow is one ending with what each telling says of it; nil where it does not speak.
type EndingRow struct {
	Kind          string
	Cells         []*Ending // one a telling, in their order
	Contradicting []Contradiction
}

// FateUnknown is the outcome of those whose fate nobody could tell: it contradicts nothing.
const FateUnknown = "OC-R10"

// BetweenEndings lists what two accounts of one ending contradict each other in, whichever
// of the two is a. "Unknown" contradicts nothing, and when somebody was last seen is each
// witness's own.
func BetweenEndings(a, b Ending) (out []Contradiction) {
	silent := func(e Ending) bool { return e.Outcome == "" || e.Outcome == FateUnknown || e.Known == "unknown" }
	if !silent(a) && !silent(b) && a.Outcome != b.Outcome {
		out = append(out, Contradiction{Field: "outcome"})
	}
	if a.Kind != "fate" && !a.Date.IsZero() && !b.Date.IsZero() && datesApart(a.Date, b.Date) > 0 {
		out = append(out, Contradiction{Field: "date", Apart: datesApart(a.Date, b.Date)})
	}
	if len(a.Length) > 0 && len(b.Length) > 0 {
		if d := spansApart(Stage{Said: a.Length}.stay(), Stage{Said: b.Length}.stay()); d > 0 {
			out = append(out, Contradiction{Field: "length", Apart: d})
		}
	}
	return out
}

// layEndings lays the endings of all tellings beside each other. Which is which does not
// depend on their dates.
func (t *Table) layEndings(tellings []Telling, order []int) {
	for _, i := range order {
		own := tellings[i].Endings
		for n := range own {
			row := slices.IndexFunc(t.Endings, func(r EndingRow) bool {
				if r.Kind != own[n].Kind || r.Cells[i] != nil {
					return false
				}
				for j, c := range r.Cells {
					if c != nil && !sameEnding(own[n], *c, alone(own, own[n].Kind) && alone(tellings[j].Endings, c.Kind)) {
						return false
					}
				}
				return true
			})
			if row < 0 {
				row = len(t.Endings)
				t.Endings = append(t.Endings, EndingRow{Kind: own[n].Kind, Cells: make([]*Ending, len(tellings))})
			}
			t.Endings[row].Cells[i] = &own[n]
		}
	}
	slices.SortStableFunc(t.Endings, func(a, b EndingRow) int {
		return cmp.Or(endingOrder(a.Kind)-endingOrder(b.Kind), a.first().Record.Compare(b.first().Record))
	})
	for n, r := range t.Endings {
		for i, a := range r.Cells {
			for j := i + 1; j < len(r.Cells); j++ {
				if a != nil && r.Cells[j] != nil {
					t.Endings[n].Contradicting = append(t.Endings[n].Contradicting, placed(i, j, BetweenEndings(*a, *r.Cells[j]))...)
				}
			}
		}
	}
}

func endingOrder(kindName string) int {
	return slices.Index([]string{"episode", "disposition", "fate"}, kindName)
}

// first is the ending of a row with the lowest record.
func (r EndingRow) first() Ending {
	var out Ending
	for _, c := range r.Cells {
		if c != nil && (out.Record.IsZero() || c.Record.Compare(out.Record) < 0) {
			out = *c
		}
	}
	return out
}

func alone(list []Ending, kindName string) bool {
	n := 0
	for _, e := range list {
		if e.Kind == kindName {
			n++
		}
	}
	return n == 1
}

// sameEnding reports whether two tellings speak of one ending: one record, one return, the
// one fate a person has; or, where the returns are not tied to each other, the only one that
// either tells. Two returns recorded of one person are two.
func sameEnding(a, b Ending, only bool) bool {
	if a.Record == b.Record || a.Kind == "fate" {
		return true
	}
	if !a.Episode.IsZero() && !b.Episode.IsZero() {
		return a.Episode == b.Episode || only && a.Person != b.Person
	}
	return only
}

// Disorder is two stages that one telling puts in one order and another in the other.
type Disorder struct {
	A, B int // tellings, by column, A < B
	// A says that its First came before its Then; B says the other way round of the same
	// stages. Each as the telling has it.
	FirstA, ThenA, FirstB, ThenB Stage
}

// Disorders lists the stages that two tellings put in different orders: those that both
// tell (one record, or the only stay of its type in either), where each says which came
// first. By A's order a telling says so with its numbers, or with dates of entry that leave
// no other reading.
func Disorders(a, b []Stage) (out []Disorder) {
	type both struct{ a, b Stage }
	var common []both
	for _, x := range inOrder(a) {
		for _, y := range b {
			if oneRecord(x, y) || x.Type != "" && x.Type == y.Type && times(a, x.Type) == 1 && times(b, x.Type) == 1 && !partnered(x, b) && !partnered(y, a) {
				common = append(common, both{x, y})
			}
		}
	}
	for i, x := range common {
		for _, y := range common[i+1:] {
			switch {
			case toldBefore(x.a, y.a) && toldBefore(y.b, x.b):
				out = append(out, Disorder{FirstA: x.a, ThenA: y.a, FirstB: x.b, ThenB: y.b})
			case toldBefore(y.a, x.a) && toldBefore(x.b, y.b):
				out = append(out, Disorder{FirstA: y.a, ThenA: x.a, FirstB: y.b, ThenB: x.b})
			}
		}
	}
	return out
}

func oneRecord(x, y Stage) bool { return x.Record == y.Record && !x.Record.IsZero() }

func partnered(x Stage, among []Stage) bool {
	return slices.ContainsFunc(among, func(y Stage) bool { return oneRecord(x, y) })
}

func times(stages []Stage, typ string) (n int) {
	for _, s := range stages {
		if s.Type == typ {
			n++
		}
	}
	return n
}

// toldBefore reports whether a telling says that x began before y, on any reading.
func toldBefore(x, y Stage) bool {
	if x.Order > 0 && y.Order > 0 && x.Order != y.Order && x.Episode == y.Episode {
		return x.Order < y.Order
	}
	return !x.In.IsZero() && !y.In.IsZero() && dateDays(x.In).Hi < dateDays(y.In).Lo
}
