package web

import (
	"fmt"
	"html/template"
	"math"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"example.org/amparo/atlas"
	"example.org/amparo/estimate"
	"example.org/amparo/fault"
	"example.org/amparo/internal/app"
	"example.org/amparo/internal/figure"
	"example.org/amparo/where"
)

// mapPage is where and when an event befell people, counted for statistics: public places
// and seasons, never a person, a way or a hiding place. It shows what was shown when it was last
// counted: opening it tells nobody who came in since.
type mapPage struct {
	Page
	Of        string
	Questions []option
	Periods   []option
	Refused   string
	Instead   string
	Made      string // day of the last count; empty: it was never counted
	Total     mapCount
	Region    template.HTML
	Border    template.HTML
	Columns   []string
	Rows      []mapRow
	Months    []monthRow
}

// mapRow is a place with its counts by period; the last is over all periods.
type mapRow struct {
	Place  string
	Counts []mapCount
}

type monthRow struct {
	Season, Month string
	Count         mapCount
	Whole         bool // the season as a whole
}

// mapCount is a count as it may be read; Day is set where it is of an earlier day than the rest.
type mapCount struct{ Text, Day string }

func (s *Server) mapPage(w http.ResponseWriter, r *http.Request, v *visit) error {
	return v.showMap(w, r, nil)
}

// countMap counts the map anew. What may not be shown of it stays as it was.
func (s *Server) countMap(w http.ResponseWriter, r *http.Request, v *visit) error {
	name := r.FormValue("of")
	refused, err := v.ws.CountSpread(r.Context(), name, app.Program())
	if err != nil {
		return err
	}
	if refused != nil {
		return v.showMap(w, r, refused)
	}
	http.Redirect(w, r, "/map?of="+url.QueryEscape(name), http.StatusSeeOther)
	return nil
}

// showMap shows the map as it was last counted, and why it was not counted anew.
func (v *visit) showMap(w http.ResponseWriter, r *http.Request, refused *estimate.Refusal) error {
	p := mapPage{Page: v.page("map.title"), Of: r.FormValue("of")}
	if p.Of == "" {
		p.Of = figure.SpreadQuestions[0].Kind
	}
	sp, err := v.ws.Spread(r.Context(), p.Of)
	if err != nil {
		return err
	}
	for _, q := range figure.SpreadQuestions {
		k, ok := v.ws.Schema().Kind(q.Kind)
		if !ok {
			return fault.New(fault.NotFound, "web", "no such map")
		}
		f, _ := k.Field(q.Place)
		p.Questions = append(p.Questions, option{Value: q.Kind, Label: k.Label.In(v.Say.Lang()) + ": " + f.Label.In(v.Say.Lang()), On: q.Kind == p.Of})
	}
	period := r.FormValue("in")
	p.Periods = append(p.Periods, option{Value: "", Label: v.Say.T("map.all"), On: period == ""})
	for i := range figure.Periods {
		n := figure.PeriodName(i)
		p.Periods = append(p.Periods, option{Value: n, Label: n, On: period == n})
	}
	if refused != nil {
		p.Refused, p.Instead = v.refusal(*refused).Text, v.instead(*refused).Text
	}
	if sp == nil {
		return mapTmpl.Execute(w, p)
	}
	p.Made = sp.Made.Format(time.DateOnly)
	p.Total = v.shown(sp, sp.Count("place", "", ""))
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
func (v *visit) shown(sp *figure.Spread, c figure.SpreadCount) mapCount {
	if c.Hidden {
		return mapCount{Text: ".."}
	}
	out := mapCount{Text: grouped(int(c.People))}
	if !c.Made.Equal(sp.Made) {
		out.Day = c.Made.Format(time.DateOnly)
	}
	return out
}

func (v *visit) placeName(code string) string {
	if p, ok := where.Lookup(code); ok {
		return p.Label(v.Say.Lang())
	}
	return v.Say.T("map.unknown")
}

func (v *visit) mapRows(p *mapPage, sp *figure.Spread) {
	var periods []string
	for i := range figure.Periods {
		periods = append(periods, figure.PeriodName(i))
		p.Columns = append(p.Columns, figure.PeriodName(i))
	}
	periods = append(periods, figure.NotKnown, "")
	p.Columns = append(p.Columns, v.Say.T("map.unknown"), v.Say.T("map.total"))
	row := func(code, name string) mapRow {
		out := mapRow{Place: name}
		for _, period := range periods {
			out.Counts = append(out.Counts, v.shown(sp, sp.Count("place", code, period)))
		}
		return out
	}
	for _, code := range sp.Places() {
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

func (v *visit) monthRows(p *mapPage, sp *figure.Spread) {
	last := ""
	for _, l := range figure.CalendarLines() {
		if l.Season != last && l.Season != figure.NotKnown {
			p.Months = append(p.Months, monthRow{Season: v.seasonName(l.Season), Month: v.Say.T("map.season"), Count: v.shown(sp, sp.Count("calendar", l.Season, "")), Whole: true})
		}
		last = l.Season
		row := monthRow{Season: v.seasonName(l.Season), Month: v.Say.T("map.nomonth"), Count: v.shown(sp, sp.Count("calendar", l.Season, l.Key))}
		if l.Month > 0 {
			row.Month = v.Say.With("map.month", l.Month)
		}
		if l.Season == figure.NotKnown {
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
func (v *visit) drawMap(name string, view atlas.View, sp *figure.Spread, period string) template.HTML {
	var b strings.Builder
	fmt.Fprintf(&b, `<svg class="map" viewBox="0 0 %g %g" role="img" aria-labelledby="map-%s" xmlns="http://www.w3.org/2000/svg"><title id="map-%s">%s</title><path class="land" d="%s"/>`,
		view.Width, view.Height(), name, name, esc(v.mapTitle(name)), paths()[name])
	var largest int64 = 1
	places := sp.Places()
	for _, code := range places {
		largest = max(largest, sp.Count("place", code, period).People)
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
		label := fmt.Sprintf("%s: %s", town.Label(v.Say.Lang()), v.shown(sp, n).Text)
		switch {
		case n.Hidden:
			fmt.Fprintf(&b, `<rect class="veiled" x="%.1f" y="%.1f" width="8" height="8"><title>%s</title></rect>`, x-4, y-4, esc(label))
		case n.People > 0:
			fmt.Fprintf(&b, `<circle class="count" cx="%.1f" cy="%.1f" r="%.1f"><title>%s</title></circle>`, x, y, largestMark*math.Sqrt(float64(n.People)/float64(largest)), esc(label))
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
