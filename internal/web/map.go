package web

import (
	"fmt"
	"html/template"
	"math"
	"net/http"
	"slices"
	"strings"
	"sync"

	"example.org/amparo/atlas"
	"example.org/amparo/fault"
	"example.org/amparo/internal/app"
	"example.org/amparo/where"
)

// mapPage is where and when an event befell people, counted for statistics: public places
// and seasons, never a person, a way or a hiding place.
type mapPage struct {
	Page
	Questions []option
	Periods   []option
	Refused   string
	Total     string
	Region    template.HTML
	Border    template.HTML
	Columns   []string
	Rows      []mapRow
	Months    []monthRow
}

// mapRow is a place with its counts by period; the last is over all periods.
type mapRow struct {
	Place  string
	Counts []string
}

type monthRow struct {
	Season, Month, Count string
	Whole                bool // the season as a whole
}

func (s *Server) mapPage(w http.ResponseWriter, r *http.Request, v *visit) error {
	q := r.URL.Query()
	name := q.Get("of")
	if name == "" {
		name = app.SpreadQuestions[0].Kind
	}
	read, err := v.ws.For("CO-03", "")
	if err != nil {
		return err
	}
	sp, err := read.Spread(r.Context(), name)
	if err != nil {
		return err
	}
	p := mapPage{Page: v.page("map.title")}
	for _, q := range app.SpreadQuestions {
		k, ok := v.ws.Schema().Kind(q.Kind)
		if !ok {
			return fault.New(fault.NotFound, "web", "no such map")
		}
		f, _ := k.Field(q.Place)
		p.Questions = append(p.Questions, option{Value: q.Kind, Label: k.Label.In(v.Say.Lang()) + ": " + f.Label.In(v.Say.Lang()), On: q.Kind == name})
	}
	period := q.Get("in")
	p.Periods = append(p.Periods, option{Value: "", Label: v.Say.T("map.all"), On: period == ""})
	for i := range app.Periods {
		n := app.PeriodName(i)
		p.Periods = append(p.Periods, option{Value: n, Label: n, On: period == n})
	}
	if sp.Result.Refusal != nil {
		p.Refused = v.Say.T("map.refused")
		return mapTmpl.Execute(w, p)
	}
	p.Total = v.shown(sp.Count("place", "", ""))
	v.mapRows(&p, sp)
	v.monthRows(&p, sp)
	if !slices.ContainsFunc(p.Periods, func(o option) bool { return o.On }) {
		period = ""
	}
	p.Region = v.drawMap("region", atlas.Region, sp, period)
	p.Border = v.drawMap("border", atlas.Border, sp, period)
	return mapTmpl.Execute(w, p)
}

// shown writes a count as it may be read: hidden ones as "..".
func (v *visit) shown(n int64) string {
	if n < 0 {
		return ".."
	}
	return grouped(int(n))
}

// spreadPlaces are the places of a spread whose total may be shown. A place with few people
// is not named at all: that it stands in a table would say that there was somebody.
func spreadPlaces(sp *app.Spread) []string {
	var out []string
	for _, c := range sp.Result.Cells {
		if c.Table == "place" && c.Key[0] != "" && c.Key[1] == "" && c.Published != nil && *c.Published > 0 {
			out = append(out, c.Key[0])
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func (v *visit) placeName(code string) string {
	if p, ok := where.Lookup(code); ok {
		return p.Label(v.Say.Lang())
	}
	return v.Say.T("map.unknown")
}

func (v *visit) mapRows(p *mapPage, sp *app.Spread) {
	var periods []string
	for i := range app.Periods {
		periods = append(periods, app.PeriodName(i))
		p.Columns = append(p.Columns, app.PeriodName(i))
	}
	periods = append(periods, app.NotKnown, "")
	p.Columns = append(p.Columns, v.Say.T("map.unknown"), v.Say.T("map.total"))
	row := func(code, name string) mapRow {
		out := mapRow{Place: name}
		for _, period := range periods {
			out.Counts = append(out.Counts, v.shown(sp.Count("place", code, period)))
		}
		return out
	}
	for _, code := range spreadPlaces(sp) {
		p.Rows = append(p.Rows, row(code, v.placeName(code)))
	}
	p.Rows = append(p.Rows, row("", v.Say.T("map.total")))
}

// seasonNames are messages; a test looks that each is in every catalogue.
func (v *visit) seasonName(key string) string {
	switch key {
	case "spring":
		return v.Say.T("map.spring")
	case "summer":
		return v.Say.T("map.summer")
	case "autumn":
		return v.Say.T("map.autumn")
	case "winter":
		return v.Say.T("map.winter")
	}
	return v.Say.T("map.unknown")
}

func (v *visit) monthRows(p *mapPage, sp *app.Spread) {
	last := ""
	for _, l := range app.CalendarLines() {
		if l.Season != last && l.Season != app.NotKnown {
			p.Months = append(p.Months, monthRow{Season: v.seasonName(l.Season), Month: v.Say.T("map.season"), Count: v.shown(sp.Count("calendar", l.Season, "")), Whole: true})
		}
		last = l.Season
		row := monthRow{Season: v.seasonName(l.Season), Month: v.Say.T("map.nomonth"), Count: v.shown(sp.Count("calendar", l.Season, l.Key))}
		if l.Month > 0 {
			row.Month = v.Say.With("map.month", l.Month)
		}
		if l.Season == app.NotKnown {
			row.Month = v.Say.T("map.unknown")
		}
		p.Months = append(p.Months, row)
	}
}

// paths are the outlines as they are drawn; they never change.
var paths = sync.OnceValue(func() map[string]string {
	return map[string]string{"region": atlas.Region.Path(), "border": atlas.Border.Path()}
})

// largestMark is the radius of the largest count on a map, in units of the drawing.
const largestMark = 22

// drawMap draws one circle a town, whose area is as large as its count. A hidden count is an
// empty square; provinces and what is not known have no place on the map and stand in the
// table.
func (v *visit) drawMap(name string, view atlas.View, sp *app.Spread, period string) template.HTML {
	var b strings.Builder
	fmt.Fprintf(&b, `<svg class="map" viewBox="0 0 %g %g" role="img" aria-labelledby="map-%s" xmlns="http://www.w3.org/2000/svg"><title id="map-%s">%s</title><path class="land" d="%s"/>`,
		view.Width, view.Height(), name, name, esc(v.mapTitle(name)), paths()[name])
	var largest int64 = 1
	places := spreadPlaces(sp)
	for _, code := range places {
		largest = max(largest, sp.Count("place", code, period))
	}
	for _, code := range places {
		town, ok := where.Lookup(code)
		if !ok || town.Level != where.Town || !view.Holds(town.Lat, town.Lon) {
			continue
		}
		if name == "region" && atlas.Border.Holds(town.Lat, town.Lon) {
			continue // on the map beside it
		}
		x, y := view.Point(town.Lat, town.Lon)
		n := sp.Count("place", code, period)
		label := fmt.Sprintf("%s: %s", town.Label(v.Say.Lang()), v.shown(n))
		switch {
		case n < 0:
			fmt.Fprintf(&b, `<rect class="veiled" x="%.1f" y="%.1f" width="8" height="8"><title>%s</title></rect>`, x-4, y-4, esc(label))
		case n > 0:
			fmt.Fprintf(&b, `<circle class="count" cx="%.1f" cy="%.1f" r="%.1f"><title>%s</title></circle>`, x, y, largestMark*math.Sqrt(float64(n)/float64(largest)), esc(label))
		default:
			continue
		}
		fmt.Fprintf(&b, `<text x="%.1f" y="%.1f">%s</text>`, x+7, y-5, esc(town.Label(v.Say.Lang())))
	}
	b.WriteString(`</svg>`)
	return template.HTML(b.String()) // every text in it went through esc
}

func (v *visit) mapTitle(name string) string {
	if name == "border" {
		return v.Say.T("map.border")
	}
	return v.Say.T("map.region")
}
