package calibration

import (
	"math"

	"example.org/amparo/estimate/survival"
	"example.org/amparo/id"
	"example.org/amparo/internal/kind"
	"example.org/amparo/internal/world"
	"example.org/amparo/when"
)

// story is what one interview tells that figures are made of.
type story struct {
	told          bool // there was an interview
	woman         bool
	crossed, left when.Date
	sold, posture bool
	returns       int
	arrest        when.Date            // of the first return
	outcome       string               // of the first return
	stage         map[string]when.Span // how long each stage of the first return lasted, by code
}

func (a *archive) story(person id.ID) *story {
	s := a.stories[person]
	if s == nil {
		s = &story{stage: map[string]when.Span{}}
		a.stories[person] = s
	}
	return s
}

// listen takes in an account of what happened to a person.
func (a *archive) listen(kindName string, rec, person id.ID, vs kind.Values) {
	date := func(field string) when.Date { d, _ := when.Parse(vs.Get(field)); return d }
	switch kindName {
	case "interview":
		a.story(person).told = true
	case "journey":
		a.story(person).crossed = date("period")
	case "hiding_period":
		a.story(person).left = date("period")
	case "exploitation":
		a.story(person).sold = true
	case "incident":
		if p := vs.Get("type"); p == "MT02.2" {
			a.story(person).posture = true
		}
	case "episode":
		s := a.story(person)
		s.returns++
		if vs.Get("number") == "1" {
			a.episode[rec] = person
			s.outcome = vs.Get("outcome")
		}
	case "detention_stage":
		e, err := id.Parse(vs.Get("episode"))
		if who, first := a.episode[e]; err == nil && first {
			s := a.story(who)
			if vs.Get("stage") == "ST03" {
				s.arrest = date("in")
			}
			if d, err := when.ParseSpan(vs.Get("duration")); err == nil {
				s.stage[vs.Get("stage")] = d
			}
		}
	}
}

// window is the time from the crossing to the first arrest, or to when the person left,
// as two dates that are known no better than they were told.
func (s *story) window() (survival.Window, bool) {
	if s.crossed.IsZero() {
		return survival.Window{}, false
	}
	day := func(d when.Day) float64 { return float64(d) }
	lo, hi := s.crossed.Bounds()
	w := survival.Window{StartLo: day(lo), StartHi: day(hi)}
	if s.returns > 0 {
		if s.arrest.IsZero() {
			return w, false
		}
		from, to := s.arrest.Bounds()
		w.EndLo, w.EndHi = math.Max(day(from), w.StartLo), day(to)
		return w, w.EndHi >= w.EndLo
	}
	from, to := s.left.Bounds() // from the year of the crossing to that of leaving
	year, _, _ := to.Civil()
	w.EndLo, w.EndHi, w.Lost = math.Max(day(max(from, when.DayOf(year, 1, 1))), w.StartLo), day(to), true
	return w, !s.left.IsZero()
}

// free reports whether somebody truly came through, and so could be heard.
func free(p *world.Person) bool { return p.Fate == "free" }

// told are the interviews of people whose consent covers matching, one for each person that
// the linkage found.
func (a *archive) told(l *linked) []*story {
	seen := map[uint32]bool{}
	var out []*story
	for i, p := range l.records {
		s := a.stories[p]
		if s == nil || !s.told || seen[l.entity[i]] {
			continue
		}
		seen[l.entity[i]] = true
		s.woman = a.values[p].Get("sex") == "f"
		out = append(out, s)
	}
	return out
}
