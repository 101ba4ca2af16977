// Package chain is the repatriation chain as rules: hiding, arrest, handover,
// interrogation, holding, sentence, release, second flight, each with entry and exit as
// intervals and its duration as it was said. It derives what the intervals together
// allow, names what cannot be, lays several tellings of one person's chain side by side,
// and gives the durations that survival estimates are made of. It never overwrites and
// never fills a gap.
//
// Source: the house's domain model, 3.9; the stages are the vocabulary
// repatriation_stages (UN COI, A/HRC/25/CRP.1, paragraphs 408-410).
package chain

import (
	"cmp"
	"maps"
	"slices"
	"strconv"

	"example.org/amparo/id"
	"example.org/amparo/internal/kind"
	"example.org/amparo/when"
)

// Stage is one stay, as the accounts of one record or one telling have it.
type Stage struct {
	Record   id.ID
	Episode  id.ID
	Type     string // ST01 to ST14; "" where accounts differ
	Order    int    // as told; 0: not said
	Facility string
	Agency   string
	Place    string
	In, Out  when.Date // the widest span of what is said; zero: nothing is
	Said     []when.Span
	Censored bool // still held, or nobody knows
}

// Episode is one forced return with its stages.
type Episode struct {
	Record   id.ID
	Number   int // 0: not said
	Period   when.Date
	Corridor string
	Track    string
	Outcome  string // OC-Rxx
	Stages   []Stage
}

// ReadStage makes a stage of a record's values. Of a field that accounts answer
// differently the stage keeps nothing that would decide between them: dates become the
// span of all, terms are left out.
func ReadStage(rec id.ID, vs kind.Values) Stage {
	s := Stage{Record: rec, Type: only(vs["stage"]), Facility: only(vs["facility_type"]), Agency: only(vs["agency"]), Place: only(vs["place"]),
		In: hull(vs["in"]), Out: hull(vs["out"]), Censored: slices.Contains(vs["censored"], kind.Of("yes"))}
	s.Episode, _ = id.Parse(only(vs["episode"])) // none: a stay outside any return
	s.Order, _ = strconv.Atoi(only(vs["order"]))
	for _, v := range vs["duration"] {
		if sp, err := when.ParseSpan(v.Text); err == nil && v.State == kind.Given {
			s.Said = append(s.Said, sp)
		}
	}
	return s
}

// ReadEpisode makes an episode of a record's values, without its stages.
func ReadEpisode(rec id.ID, vs kind.Values) Episode {
	e := Episode{Record: rec, Period: hull(vs["period"]), Corridor: only(vs["corridor"]), Track: only(vs["track"]), Outcome: only(vs["outcome"])}
	e.Number, _ = strconv.Atoi(only(vs["number"]))
	return e
}

// only is the one given value, or "".
func only(vs []kind.Value) (text string) {
	for _, v := range vs {
		if v.State != kind.Given {
			continue
		}
		if text != "" && text != v.Text {
			return ""
		}
		text = v.Text
	}
	return text
}

func hull(vs []kind.Value) when.Date {
	var first, last when.Date
	for _, v := range vs {
		d, err := when.Parse(v.Text)
		if err != nil || v.State != kind.Given {
			continue
		}
		if first.IsZero() {
			first, last = d, d
			continue
		}
		lo, hi := d.Bounds()
		if at, _ := first.Bounds(); lo < at {
			first = d
		}
		if _, at := last.Bounds(); hi > at {
			last = d
		}
	}
	if first == last {
		return first
	}
	return when.Between(first, last)
}

// Days is a span of days, both ends included; Unbounded is an end nobody can give.
type Days struct{ Lo, Hi int64 }

// Unbounded is the upper end of a duration, or the end of a time, that is not known.
const Unbounded = int64(when.End)

const beginning = int64(when.Beginning)

// Times is what entry, exit and duration of a stage allow together: the earliest and
// latest day of entry and exit, and the least and most days of stay, each no wider than
// the other two leave it.
type Times struct {
	In, Out Days
	Stay    Days
	// Conflict says that entry, exit and duration cannot all be true. The three are then
	// as they were said.
	Conflict bool
}

// Times derives what the stage's dates and durations allow. Durations of several accounts
// give the span of all.
//
// Entry, exit and stay bound each other: exit = entry + stay, so the bounds are those of
// the difference constraints, found in one pass each way. Source: Dechter, Meiri and
// Pearl (1991), Artificial Intelligence 49, 61-95, on simple temporal problems.
func (s Stage) Times() Times {
	t := Times{In: dateDays(s.In), Out: dateDays(s.Out), Stay: s.stay()}
	raw := t
	t.In.Lo, t.In.Hi = max(t.In.Lo, minus(t.Out.Lo, t.Stay.Hi)), min(t.In.Hi, minus(t.Out.Hi, t.Stay.Lo))
	t.Out.Lo, t.Out.Hi = max(t.Out.Lo, plus(t.In.Lo, t.Stay.Lo)), min(t.Out.Hi, plus(t.In.Hi, t.Stay.Hi))
	t.Stay.Lo, t.Stay.Hi = max(t.Stay.Lo, apart(t.In.Hi, t.Out.Lo)), min(t.Stay.Hi, apart(t.In.Lo, t.Out.Hi))
	if t.In.Lo > t.In.Hi || t.Out.Lo > t.Out.Hi || t.Stay.Lo > t.Stay.Hi || t.Stay.Hi < 0 {
		raw.Conflict = true
		return raw
	}
	return t
}

func (s Stage) stay() Days {
	d := Days{0, Unbounded}
	for i, sp := range s.Said {
		hi := int64(sp.Hi)
		if sp.IsOpen() {
			hi = Unbounded
		}
		if i == 0 {
			d = Days{int64(sp.Lo), hi}
			continue
		}
		d = Days{min(d.Lo, int64(sp.Lo)), max(d.Hi, hi)}
	}
	return d
}

func dateDays(d when.Date) Days {
	lo, hi := d.Bounds()
	return Days{int64(lo), int64(hi)}
}

// minus is day less days, where an unknown end stays unknown.
func minus(day, days int64) int64 {
	switch {
	case day == Unbounded:
		return Unbounded
	case day == beginning || days == Unbounded:
		return beginning
	}
	return day - days
}

func plus(day, days int64) int64 {
	switch {
	case day == beginning:
		return beginning
	case day == Unbounded || days == Unbounded:
		return Unbounded
	}
	return day + days
}

// apart is how many days lie from a to b, or what an unknown end leaves: nothing less
// than none for the least stay, no end for the most.
func apart(a, b int64) int64 {
	switch {
	case a == beginning && b != beginning || b == Unbounded && a != Unbounded:
		return Unbounded
	case a == Unbounded || b == beginning:
		return 0
	}
	return b - a
}

// inOrder sorts stages as they followed each other: by the order told where every stage
// has one; else by earliest entry, and one without a date behind the last that usually
// comes before it.
func inOrder(stages []Stage) []Stage {
	out := slices.Clone(stages)
	slices.SortStableFunc(out, func(a, b Stage) int { return a.Record.Compare(b.Record) })
	if !slices.ContainsFunc(out, func(s Stage) bool { return s.Order <= 0 }) {
		slices.SortStableFunc(out, func(a, b Stage) int { return a.Order - b.Order })
		return out
	}
	var dated, undated []Stage
	for _, s := range out {
		if start(s) == beginning {
			undated = append(undated, s)
		} else {
			dated = append(dated, s)
		}
	}
	slices.SortStableFunc(dated, func(a, b Stage) int {
		return cmp.Or(cmp.Compare(start(a), start(b)), usual(a.Type)-usual(b.Type))
	})
	slices.SortStableFunc(undated, func(a, b Stage) int { return usual(a.Type) - usual(b.Type) })
	for _, s := range undated {
		at := 0
		for i, d := range dated {
			if usual(d.Type) <= usual(s.Type) {
				at = i + 1
			}
		}
		dated = slices.Insert(dated, at, s)
	}
	return dated
}

// returnsInOrder sorts the stages of several returns: return after return, by the earliest day
// of each, because the order told counts within one. Stays outside any return
// stand together. What has no date comes last.
func returnsInOrder(stages []Stage) []Stage {
	groups := map[id.ID][]Stage{}
	for _, s := range stages {
		groups[s.Episode] = append(groups[s.Episode], s)
	}
	if len(groups) < 2 {
		return inOrder(stages)
	}
	first := func(of id.ID) int64 {
		at := Unbounded
		for _, s := range groups[of] {
			if b := start(s); b != beginning {
				at = min(at, b)
			}
		}
		return at
	}
	order := slices.SortedFunc(maps.Keys(groups), func(a, b id.ID) int {
		return cmp.Or(cmp.Compare(first(a), first(b)), usual(groups[a][0].Type)-usual(groups[b][0].Type), a.Compare(b))
	})
	var out []Stage
	for _, of := range order {
		out = append(out, inOrder(groups[of])...)
	}
	return out
}

// start is the earliest day a stage can have begun, or the earliest it can have ended.
func start(s Stage) int64 {
	t := s.Times()
	if t.In.Lo == beginning {
		return t.Out.Lo
	}
	return t.In.Lo
}

// usual is a stage's place in the usual order; one of unknown type comes last.
func usual(code string) int {
	n, err := strconv.Atoi(trimST(code))
	if err != nil {
		return 99
	}
	return n
}

func trimST(code string) string {
	if len(code) > 2 && code[:2] == "ST" {
		return code[2:]
	}
	return code
}
