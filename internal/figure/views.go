package figure

import (
	"slices"
	"time"

	"example.org/amparo/disclose"
	"example.org/amparo/estimate"
	"example.org/amparo/fault"
	"example.org/amparo/id"
)

// AskMap is the question of a kept view of the map and calendar; its stage is the kind of event.
// It is none of [Asks]: a view is no figure of its own, but what it showed is held against all
// of them and they against it.
const AskMap = "map"

// Spread is how many people an event befell, by place and period, and by season and month, as
// it was shown when it was last counted. Nothing in it is read from the records: two openings
// show the same, whoever was recorded in between.
type Spread struct {
	Question SpreadQuestion
	Made     time.Time // when it was last counted
	views    []*Figure // oldest first
}

// SpreadCount is what was last shown of a group, and when. Hidden: it never was.
type SpreadCount struct {
	People int64
	Hidden bool
	Made   time.Time
}

// Count is one cell of the table "place" or "calendar"; an empty value is the total over that
// column. Where the last view hides it, it is what an earlier one showed. What no view lists is
// hidden too: noughts are listed.
func (s *Spread) Count(table, first, second string) SpreadCount {
	for _, v := range slices.Backward(s.views) {
		for _, t := range v.Released[MapName(s.Question.Kind)].Tables {
			if t.Name != table {
				continue
			}
			for _, c := range t.Cells {
				if c.Key[0] == first && periodIn(c.Key) == second && c.Count != nil {
					return SpreadCount{People: *c.Count, Made: v.Made}
				}
			}
		}
	}
	return SpreadCount{Hidden: true, Made: s.Made}
}

// Places are the places of which a view showed how many people in all, and that some were. A place
// with few people is not named at all: that it stands in a table would say that there was
// somebody.
func (s *Spread) Places() []string {
	var out []string
	for _, v := range s.views {
		for _, c := range v.Released[MapName(s.Question.Kind)].Tables[0].Cells {
			if c.Key[0] != "" && periodIn(c.Key) == "" && c.Count != nil && *c.Count > 0 {
				out = append(out, c.Key[0])
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// Showed are the releases of the views, oldest first.
func (s *Spread) Showed() (out []disclose.Release) {
	for _, v := range s.views {
		out = append(out, v.Released[MapName(s.Question.Kind)])
	}
	return out
}

// periodIn is the second value of a key; a table of places alone has none.
func periodIn(key []string) string {
	if len(key) < 2 {
		return ""
	}
	return key[1]
}

// SpreadOf is the question of the map and calendar of a kind of event, or an error where there is
// no such map.
func SpreadOf(kindName string) (SpreadQuestion, error) {
	at := slices.IndexFunc(SpreadQuestions, func(q SpreadQuestion) bool { return q.Kind == kindName })
	if at < 0 {
		return SpreadQuestion{}, fault.New(fault.NotFound, "app.Spread", "no such map")
	}
	return SpreadQuestions[at], nil
}

// Spread is the map and calendar as they were last counted, or nil where they never were.
func (r Releases) Spread(q SpreadQuestion) *Spread {
	s := &Spread{Question: q}
	for _, f := range r.Figures {
		if rel, ok := f.Released[MapName(q.Kind)]; ok && len(rel.Tables) > 0 {
			s.views, s.Made = append(s.views, f), f.Made
		}
	}
	if s.views == nil {
		return nil
	}
	return s
}

// View is what may be shown of a map counted anew.
type View struct {
	name    string
	release *disclose.Release // nil: nothing
	basis   string
	people  int
}

// KeepIn keeps a view in the figure of the day it was counted.
func (v *View) KeepIn(f *Figure) {
	if v.release != nil {
		f.Released[v.name] = *v.release
		f.size(v.name, v.basis, v.people)
	}
}

// CountView counts the map and calendar of first events, given by people, and holds them against
// everything shown before. It is nil where it is refused, and where they are the people of an
// earlier view: what was shown of them stands.
func (r Releases) CountView(q SpreadQuestion, first map[id.ID]Event) (*View, *estimate.Refusal, error) {
	tables, people, basis := CountEvents(first)
	last, name := r.Spread(q), MapName(q.Kind)
	if last != nil && slices.ContainsFunc(r.Figures, func(f *Figure) bool { return f.Bases[name] == basis }) {
		return nil, nil, nil
	}
	if refused := r.tooSoon(q, last, people); refused != nil {
		return nil, refused, nil
	}
	if last != nil {
		tables[0] = totalsOf(tables[0])
	}
	a, err := r.audit(name, tables...)
	if err != nil {
		return nil, nil, fault.Because(fault.Internal, "app.Spread", "the counts cannot be checked for disclosure", err)
	}
	v := &View{name: name, basis: basis, people: people}
	if a.Release != nil {
		shown := named(*a.Release)
		v.release = &shown
	}
	if refused := a.nothingNew(last, v); refused != nil {
		return nil, refused, nil
	}
	return v, nil, nil
}

// grownBy is the share by which people must have come in or left before a map is counted anew: one
// in five, and ten people at the least. Each view is held against by all that follow, of which
// there can be few.
const grownBy = 5

// tooSoon refuses a map of which not enough people came in or left since any that was shown.
func (r Releases) tooSoon(q SpreadQuestion, last *Spread, people int) *estimate.Refusal {
	if last == nil {
		return nil
	}
	for _, v := range last.views {
		low, high, _ := v.people(MapName(q.Kind))
		if people < high+max(smallest, high/grownBy) && people > low-max(smallest, low/grownBy) {
			out := estimate.Because("few_since_view", "Too few people came in or left since the map of %s: at least %d, and one in five. It stays as it is.", v.Made.Format(time.DateOnly), smallest).
				Offer("count_later", "Record more accounts, then count anew.")
			return &out
		}
	}
	return nil
}

// totalsOf are places by their totals, without periods. A later view shows no more: counts of places
// in periods of several days, held against each other, can no more be settled in whole numbers
// while somebody waits, where totals can.
func totalsOf(places *disclose.Table) *disclose.Table {
	out := &disclose.Table{Name: places.Name, Columns: places.Columns[:1]}
	for _, c := range places.Cells { // those of a place stand together
		if n := len(out.Cells); n == 0 || out.Cells[n-1].Key[0] != c.Key[0] {
			out.Cells = append(out.Cells, disclose.Cell{Key: c.Key[:1]})
		}
		out.Cells[len(out.Cells)-1].Count += c.Count
	}
	return out
}

// nothingNew refuses a view that shows nothing, or nothing that an earlier one did not.
func (a audited) nothingNew(last *Spread, v *View) *estimate.Refusal {
	if a.Refusal != nil && a.Refusal.Code == tooManyReleases {
		return a.Refusal
	}
	if last == nil {
		for _, c := range a.Cells {
			if c.Published != nil && *c.Published > 0 {
				return nil
			}
		}
		out := estimate.Because("nothing_to_show", "These counts cannot be shown without giving a small one away.").Offer("count_later", "Record more accounts, then count anew.")
		return &out
	}
	var tables []disclose.ReleasedTable
	if v.release != nil {
		tables = v.release.Tables
	}
	for _, t := range tables {
		for _, c := range t.Cells {
			was := last.Count(t.Name, c.Key[0], periodIn(c.Key))
			if c.Count != nil && (was.Hidden || was.People != *c.Count) {
				return nil
			}
		}
	}
	out := estimate.Because("nothing_new", "What came in since the map of %s cannot be shown without telling about a few people. It stays as it is.", last.Made.Format(time.DateOnly)).
		Offer("count_later", "Record more accounts, then count anew.")
	return &out
}

// named leaves out of a release the places of which it does not say how many people there were: they
// are not named. Whether they hold people is then not said either.
func named(r disclose.Release) disclose.Release {
	shown := map[string]bool{"": true}
	for _, c := range r.Tables[0].Cells {
		if periodIn(c.Key) == "" && c.Count != nil {
			shown[c.Key[0]] = true
		}
	}
	r.Tables = slices.Clone(r.Tables)
	t := &r.Tables[0]
	t.Partial = true
	t.Cells = slices.DeleteFunc(slices.Clone(t.Cells), func(c disclose.ReleasedCell) bool { return !shown[c.Key[0]] })
	return r
}
