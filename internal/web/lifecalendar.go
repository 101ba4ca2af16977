package web

import (
	"cmp"
	"html/template"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"example.org/amparo/id"
	"example.org/amparo/internal/app"
	"example.org/amparo/internal/interview"
	"example.org/amparo/internal/kind"
	"example.org/amparo/when"
)

// calendarPage is a person's life along the years beside what everybody knows, and the form
// that dates an event by it.
type calendarPage struct {
	Page
	ID, Name     string // of the record it was opened from
	Person       string
	Back         string // the form that asked for a date, or ""
	For          string // the kind it is of
	Timer        *timerView
	SVG          template.HTML
	Years        []app.LifeYear
	Yearly       []string // what comes every year
	Ways         []option
	Anchors      []anchorGroup
	A, B, AY, BY string // anchors chosen, and their years
	Placed       *placedView
	Wrong        string // why nothing follows from the anchors
	Types        []option
	Into         []option
	Problems     []problemView
	Typed        typedAnchor
}

// anchorGroup is a group of anchors to choose from.
type anchorGroup struct {
	Label   string
	Options []option
}

// placedView is what follows from the anchors that were chosen.
type placedView struct{ Date, Dates, Grounds, Way string }

// typedAnchor is what was typed into the form that records an anchor.
type typedAnchor struct{ Type, What, Date, Grounds, Way string }

func (s *Server) calendarPage(w http.ResponseWriter, r *http.Request, v *visit) error {
	p, err := v.calendar(r, r.URL.Query())
	if err != nil {
		return err
	}
	rec, err := recordID(r)
	if err != nil {
		return err
	}
	if r.URL.Query().Get("way") == "" { // once for each reading, not for each try
		if err := v.ws.NoteRead(r.Context(), rec); err != nil {
			return err
		}
	}
	return calendarTmpl.Execute(w, *p)
}

func (v *visit) calendar(r *http.Request, q url.Values) (*calendarPage, error) {
	rec, err := recordID(r)
	if err != nil {
		return nil, err
	}
	lang := v.Say.Lang()
	c, err := v.ws.LifeCalendar(r.Context(), rec, lang)
	if err != nil {
		return nil, err
	}
	p := &calendarPage{Page: v.page("calendar.title"), ID: rec.String(), Name: c.Title, Person: c.Person.String(), Years: c.Years, A: q.Get("a"), B: q.Get("b"), AY: q.Get("ay"), BY: q.Get("by")}
	p.Title = v.Say.With("calendar.of", c.Title)
	if u, ok := ownAddress(q.Get("back")); ok && (strings.HasPrefix(u.Path, "/new/") || strings.HasSuffix(u.Path, "/code")) {
		p.Back, p.For = q.Get("back"), q.Get("for")
	}
	if !c.Interview.IsZero() {
		talk, err := v.ws.TalkOf(r.Context(), rec)
		if err != nil {
			return nil, err
		}
		t := v.timer(talk, "/record/"+p.ID+"/calendar")
		p.Timer = &t
	}
	p.Ways, p.Types = v.terms("date_relation", cmp.Or(q.Get("way"), "between")), v.terms("life_event", "")
	p.Ways = slices.DeleteFunc(p.Ways, func(o option) bool { return o.Value == "said" })
	p.Anchors = v.anchors(c)
	for _, r := range interview.RecurringAnchors() {
		p.Yearly = append(p.Yearly, r.Label.In(lang))
	}
	if q.Get("way") != "" {
		v.place(p, c, q)
	}
	p.SVG = v.drawLife(c, p.Placed)
	return p, nil
}

// anchors offers what an event can be dated by.
func (v *visit) anchors(c *app.LifeCalendar) []anchorGroup {
	own, public, yearly := anchorGroup{Label: v.Say.T("calendar.own")}, anchorGroup{Label: v.Say.T("calendar.public")}, anchorGroup{Label: v.Say.T("calendar.yearly")}
	for _, r := range interview.RecurringAnchors() {
		yearly.Options = append(yearly.Options, option{Value: r.Code, Label: r.Label.In(v.Say.Lang())})
	}
	for _, a := range c.Own {
		label := a.Label
		if a.Words != "" {
			label += " · " + cut(a.Words, 40)
		}
		own.Options = append(own.Options, option{Value: a.Code, Label: a.Dates + ": " + label})
	}
	for _, a := range c.Public {
		public.Options = append(public.Options, option{Value: a.Code, Label: a.Dates + ": " + a.Label})
	}
	return []anchorGroup{yearly, own, public}
}

// place dates the event by the anchors of the form.
func (v *visit) place(p *calendarPage, c *app.LifeCalendar, q url.Values) {
	lang, way := v.Say.Lang(), interview.Placing(q.Get("way"))
	year := func(name string) int { n, _ := strconv.Atoi(strings.TrimSpace(q.Get(name))); return n } // none: no such anchor
	a, okA := c.Anchor(q.Get("a"), year("ay"), lang)
	b, okB := c.Anchor(q.Get("b"), year("by"), lang)
	if !okA || way == interview.Between && !okB {
		p.Wrong = v.Say.T("calendar.anchorless")
		return
	}
	d, err := c.Place(way, a, b)
	if err != nil {
		p.Wrong = v.Say.T("calendar.impossible")
		return
	}
	placed := &placedView{Date: d.String(), Dates: d.Format(lang), Way: string(way)}
	said := func(a app.LifeAnchor) string { return a.Label + " (" + a.Dates + ")" }
	placed.Grounds = v.term("date_relation", string(way)) + ": " + said(a)
	if way == interview.Between {
		placed.Grounds += " – " + said(b)
	}
	p.Placed = placed
	p.Typed = typedAnchor{Date: placed.Date, Grounds: placed.Grounds, Way: placed.Way}
	p.Into = v.into(p, placed.Date)
}

// into are the forms that a date can be put into: the one that asked for it, else all that
// hold a date of the person's life.
func (v *visit) into(p *calendarPage, date string) (out []option) {
	for _, d := range app.Dated() {
		if p.For != "" && d[0] != p.For {
			continue
		}
		k, ok := v.ws.Schema().Kind(d[0])
		if !ok {
			continue
		}
		f, _ := k.Field(d[1])
		o := option{Label: k.Label.In(v.Say.Lang()) + ": " + f.Label.In(v.Say.Lang())}
		if p.Back != "" {
			u, _ := url.Parse(p.Back) // it was read before
			q := u.Query()
			q.Set("put."+d[1], date)
			o.Value = (&url.URL{Path: u.Path, RawQuery: q.Encode()}).String()
		} else {
			o.Value = "/new/" + d[0] + "?" + url.Values{app.PersonField(d[0]): {p.Person}, "source": {p.Person}, d[1]: {date}}.Encode()
		}
		out = append(out, o)
	}
	return out
}

// putInto takes the dates that the calendar put into an address as a form's answers.
func putInto(values, address url.Values) {
	for name, v := range address {
		if field, ok := strings.CutPrefix(name, "put."); ok {
			values[field] = v
		}
	}
}

// helped is the address of the life calendar for a form that asks for dates of a person, or
// "" where it asks for none.
func (v *visit) helped(k *kind.Kind, values url.Values) string {
	person, err := id.Parse(values.Get(app.PersonField(k.Name)))
	if err != nil || v.request.Method != http.MethodGet || k.Name == "life_anchor" {
		return ""
	}
	u := *v.request.URL
	q := u.Query()
	for name := range q {
		if strings.HasPrefix(name, "put.") || name == "done" {
			q.Del(name)
		}
	}
	u.RawQuery = q.Encode()
	return "/record/" + person.String() + "/calendar?" + url.Values{"for": {k.Name}, "back": {u.RequestURI()}}.Encode()
}

// drawLife draws the person's own anchors, the public events, and the event that is dated,
// along one axis of years.
func (v *visit) drawLife(c *app.LifeCalendar, placed *placedView) template.HTML {
	var steps []app.ChainStep
	add := func(kindName, label, dates string, d when.Date) {
		lo, hi := d.Bounds()
		steps = append(steps, app.ChainStep{Kind: kindName, Label: label, Dates: dates, Lo: int64(lo), Hi: int64(hi), Sure: [2]int64{1, 0}})
	}
	for _, a := range c.Own {
		label := a.Label
		if a.Words != "" {
			label = a.Words
		}
		add(a.Kind, label, a.Dates, a.Date)
	}
	for _, a := range c.Public {
		add("public", a.Label, a.Dates, a.Date)
	}
	slices.SortStableFunc(steps, func(a, b app.ChainStep) int { return cmp.Or(cmp.Compare(a.Lo, b.Lo), cmp.Compare(a.Hi, b.Hi)) })
	if placed != nil {
		if d, err := when.Parse(placed.Date); err == nil {
			placedAt := len(steps)
			add("placed", v.Say.T("calendar.event"), placed.Dates, d)
			steps = append([]app.ChainStep{steps[placedAt]}, steps[:placedAt]...)
		}
	}
	if len(steps) == 0 {
		return ""
	}
	return drawChain(steps, v.Say)
}

// anchor records when something was.
func (s *Server) anchor(w http.ResponseWriter, r *http.Request, v *visit) error {
	rec, err := recordID(r)
	if err != nil {
		return err
	}
	k, _ := v.ws.Schema().Kind("life_anchor")
	vs := kind.Values{}
	p, err := v.calendar(r, url.Values{"back": {r.PostFormValue("back")}, "for": {r.PostFormValue("for")}})
	if err != nil {
		return err
	}
	p.Typed = typedAnchor{Type: r.PostFormValue("type"), What: r.PostFormValue("what"), Date: r.PostFormValue("date"), Grounds: r.PostFormValue("grounds"), Way: cmp.Or(r.PostFormValue("relation"), "said")}
	if placed := r.PostFormValue("placed"); placed != p.Typed.Date {
		p.Typed.Way, p.Typed.Grounds = "said", "" // it is not what the anchors gave
	}
	for name, text := range map[string]string{"type": p.Typed.Type, "what": p.Typed.What, "date": p.Typed.Date, "grounds": p.Typed.Grounds, "relation": p.Typed.Way} {
		f, ok := k.Field(name)
		if text = strings.TrimSpace(text); !ok || text == "" {
			continue
		}
		val, problems := readField(v, f, url.Values{name: {text}})
		p.Problems = append(p.Problems, v.problems(k.Name, problems)...)
		vs[name] = val
	}
	if len(p.Problems) == 0 {
		problems, err := v.ws.StateAnchor(r.Context(), rec, vs)
		if err != nil {
			return err
		}
		p.Problems = v.problems(k.Name, problems)
	}
	if len(p.Problems) > 0 {
		return calendarTmpl.Refuse(w, *p)
	}
	http.Redirect(w, r, "/record/"+rec.String()+"/calendar?done=saved", http.StatusSeeOther)
	return nil
}
