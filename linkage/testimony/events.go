package testimony

import (
	"slices"
	"strings"

	"example.org/amparo/linkage/compare"
	"example.org/amparo/linkage/dates"
	"example.org/amparo/linkage/places"
	"example.org/amparo/when"
)

// at divides the date of an event from its place. It is a control character, so neither
// holds it.
const at = "\x1d"

// Event writes what is known of an event in somebody's life, a crossing, a forced return:
// when it was and where, either of which may be empty.
func Event(date, place string) string { return date + at + place }

// events compares what happened to people by when and where it happened, both at once: to
// have crossed in one month at one town is more than the two apart. Of several events of
// a kind the nearest pair counts, so that a return nobody asked about in one interview
// does not speak against another.
type events struct{ g *places.Gazetteer }

// Levels of events. A place is remembered better than a year, so another year at one
// place stands above one year at two places.
const (
	eventApart = iota
	eventTwoYears
	eventYear
	eventMay
	eventYearPlace
	eventMonth
	eventMayPlace
	eventMonthPlace
	eventSame
)

func (events) Levels() []string {
	return []string{"apart", "within two years", "within a year, elsewhere", "may be at one time, elsewhere", "within a year, at one place", "in one month, elsewhere",
		"may be at one time, at one place", "in one month, at one place", "one day, at one place"}
}

// Expect: told years later, a day is told by few and a year is off by one for many; a
// place is told alike by most.
func (events) Expect() []float64 {
	return []float64{.03, .06, .07, .07, .17, .04, .25, .19, .12}
}

// Normalise keeps events with a date that can be read.
func (events) Normalise(raw string) string {
	var out []string
	for _, v := range strings.Split(raw, Separator) {
		date, place, _ := strings.Cut(v, at)
		if d, err := when.Parse(strings.TrimSpace(date)); err == nil && !d.IsZero() {
			out = append(out, Event(d.String(), strings.TrimSpace(place)))
		}
	}
	slices.Sort(out)
	return Join(slices.Compact(out))
}

func (events) Keys() []compare.Key {
	return []compare.Key{{Name: "same", Agree: 0.15}, {Name: "year", Many: true, Agree: 0.75}}
}

func (e events) Prepare(v compare.Values) compare.Prepared {
	return &eventForms{parse(v, func(s string) event {
		date, place, _ := strings.Cut(s, at)
		return event{dateOf(date), e.g.Parse(place)}
	}), e.g}
}

type event struct {
	date  dates.Value
	place places.Key
}

type eventForms struct {
	*parsed[event]
	g *places.Gazetteer
}

func (f *eventForms) Level(a, b uint32) uint8 {
	best := uint8(eventApart)
	for _, x := range f.of[a] {
		for _, y := range f.of[b] {
			best = max(best, f.near(x, y))
		}
	}
	return best
}

// near is how near two events are. One place is one county or town, or a site in it.
func (f *eventForms) near(x, y event) uint8 {
	l := dates.Level(x.date, y.date)
	if l < dates.WithinTwo {
		return eventApart
	}
	if l == dates.WithinTwo {
		return eventTwoYears
	}
	here := f.g.Level(x.place, y.place) >= int(places.County)
	switch {
	case l == dates.WithinYear && here:
		return eventYearPlace
	case l == dates.WithinYear:
		return eventYear
	case l == dates.Overlap && here:
		return eventMayPlace
	case l == dates.Overlap:
		return eventMay
	case l == dates.ExactDay && here:
		return eventSame
	case here:
		return eventMonthPlace
	}
	return eventMonth
}

func (f *eventForms) Keys(k int, id uint32, dst []uint32) []uint32 {
	if k == 0 {
		return f.same(id, dst)
	}
	from := len(dst)
	for _, e := range f.of[id] {
		dst = years(e.date, dst, from)
	}
	return dst
}

func (f *eventForms) Bytes() int64 { return f.bytes(128) }
