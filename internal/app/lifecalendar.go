package app

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"strings"

	"example.org/amparo/fault"
	"example.org/amparo/id"
	"example.org/amparo/internal/casebook"
	"example.org/amparo/internal/index"
	"example.org/amparo/internal/interview"
	"example.org/amparo/internal/kind"
	"example.org/amparo/when"
)

// LifeCalendar is a person's life along the years, as it is recorded, beside what everybody
// knows: an aid to date what is told.
type LifeCalendar struct {
	Person    id.ID
	Interview id.ID // zero: it was opened from the person
	Title     string
	Birth     when.Date // zero: not known, or accounts disagree
	Told      when.Date // the day of the interview, or today: nothing that is told is later
	Own       []LifeAnchor
	Public    []LifeAnchor
	Years     []LifeYear
}

// LifeAnchor is one thing on it that has a time.
type LifeAnchor struct {
	Code      string // under which the dating form names it
	Record    string // "" for what everybody knows
	Kind      string
	Label     string
	Words     string // of an anchor somebody put down, in words
	Grounds   string // by what it was dated
	Date      when.Date
	Dates     string
	Contested bool // accounts disagree on it
}

// LifeYear is one year of the axis.
type LifeYear struct {
	Year         int
	Least, Most  int // age the person may have that year; Most < 0: not born yet, or not known
	Own, Public  []LifeAnchor
	Lunar, Feast string // Lunar New Year and Chuseok
}

// lived are the fields that date a person's life, by the link that names the person.
var lived = []struct{ kind, person, field string }{
	{"life_anchor", "person", "date"}, {"journey", "person", "period"}, {"hiding_period", "person", "period"}, {"episode", "person", "period"},
	{"detention_stage", "person", "in"}, {"detention_stage", "person", "out"}, {"disposition", "person", "date"}, {"fate", "person", "last_seen"},
	{"incident", "victims", "date"}, {"exploitation", "person", "date"}, {"threat", "person", "date"}, {"extortion", "person", "date"}, {"labour_claim", "person", "period"},
}

// Dated lists the fields that a calendar can help to fill: kind and field.
func Dated() (out [][2]string) {
	for _, l := range lived {
		if l.kind != "life_anchor" {
			out = append(out, [2]string{l.kind, l.field})
		}
	}
	return out
}

// PersonField is the field of a kind that names whose it is, among those a calendar fills.
func PersonField(kindName string) string {
	for _, l := range lived {
		if l.kind == kindName {
			return l.person
		}
	}
	return ""
}

// LifeCalendar reads the calendar of a person, or of the person of an interview. Of a locked
// file there is none.
func (w *Workspace) LifeCalendar(ctx context.Context, rec id.ID, lang string) (*LifeCalendar, error) {
	c := &LifeCalendar{Told: when.On(w.opt.Now().Year(), int(w.opt.Now().Month()), w.opt.Now().Day())}
	row, err := w.Desk().Row(ctx, rec)
	if err == nil && row.Kind == "interview" {
		c.Interview = rec
		if d, err := when.Parse(row.Values.Get("date")); err == nil && closed(d) {
			c.Told = d
		}
		rec, _ = id.Parse(row.Values.Get("person")) // nobody: no such person
		row, err = w.Desk().Row(ctx, rec)
	}
	if err != nil || row.Kind != "person" {
		return nil, fault.New(fault.NotFound, "app.LifeCalendar", "no such person")
	}
	c.Person, c.Title = rec, w.Desk().Title(ctx, *row, lang)
	k, _ := w.Schema().Kind("person")
	birth, _ := k.Field("birth")
	w.addAnchors(c, *row, "person", birth, lang)
	if b := row.Values["birth"]; len(b) == 1 {
		c.Birth, _ = when.Parse(b[0].Text) // unknown: none
	}
	for _, l := range lived {
		k, ok := w.Schema().Kind(l.kind)
		if !ok {
			continue
		}
		f, _ := k.Field(l.field)
		rows, err := w.Desk().Linked(ctx, rec, l.kind, l.person)
		if err != nil {
			return nil, err
		}
		for _, r := range rows {
			from := len(c.Own)
			w.addAnchors(c, r, l.kind, f, lang)
			if l.kind == "life_anchor" {
				if err := w.addWords(ctx, c.Own[from:], r.ID); err != nil {
					return nil, err
				}
			}
		}
	}
	slices.SortStableFunc(c.Own, func(a, b LifeAnchor) int { return compareDates(a.Date, b.Date) })
	c.addYears(lang)
	return c, nil
}

// closed reports whether both ends of a date are known.
func closed(d when.Date) bool {
	lo, hi := d.Bounds()
	return !d.IsZero() && lo != when.Beginning && hi != when.End
}

func compareDates(a, b when.Date) int {
	aLo, aHi := a.Bounds()
	bLo, bHi := b.Bounds()
	return cmp.Or(cmp.Compare(aLo, bLo), cmp.Compare(aHi, bHi))
}

// addAnchors adds every date that accounts give of a field.
func (w *Workspace) addAnchors(c *LifeCalendar, r index.Row, kindName string, f *kind.Field, lang string) {
	k, _ := w.Schema().Kind(kindName)
	label := k.Label.In(lang)
	for _, name := range []string{"type", "stage", "outcome", "state"} {
		if t, ok := k.Field(name); ok && t.Type == kind.TypeTerm && len(r.Values[name]) > 0 {
			label = w.Schema().FormatValue(t, r.Values[name][0], lang)
			break
		}
	}
	if kindName != "life_anchor" {
		label += ": " + f.Label.In(lang)
	}
	n := 0
	for _, v := range r.Values[f.Name] {
		d, err := when.Parse(v.Text)
		if v.State != kind.Given || err != nil || d.IsZero() {
			continue
		}
		c.Own = append(c.Own, LifeAnchor{Code: r.ID.String() + "." + f.Name + "." + strconv.Itoa(n), Record: r.ID.String(), Kind: kindName, Label: label,
			Date: d, Dates: d.Format(lang), Contested: len(r.Values[f.Name]) > 1})
		n++
	}
}

func (w *Workspace) addWords(ctx context.Context, anchors []LifeAnchor, rec id.ID) error {
	r, err := w.Desk().Fold(ctx, rec)
	if err != nil {
		return err
	}
	for i := range anchors {
		anchors[i].Words, _ = firstText(r, "what")
		anchors[i].Grounds, _ = firstText(r, "grounds")
	}
	return nil
}

// shownYears bounds the axis: nobody is older.
const shownYears = 110

// addYears lays out the axis: from the birth, or the first thing that is known, to the day
// it is told.
func (c *LifeCalendar) addYears(lang string) {
	_, told := c.Told.Bounds()
	last, _, _ := told.Civil()
	first := last - 40
	for _, a := range c.Own {
		if lo, _ := a.Date.Bounds(); lo != when.Beginning {
			year, _, _ := lo.Civil()
			first = min(first, year)
		}
	}
	if closed(c.Birth) {
		lo, _ := c.Birth.Bounds()
		first, _, _ = lo.Civil()
	}
	first = max(first, last-shownYears)
	for _, p := range interview.PublicAnchors() {
		c.Public = append(c.Public, LifeAnchor{Code: p.Code, Label: p.Label.In(lang), Date: p.Date, Dates: p.Date.Format(lang)})
	}
	for y := first; y <= last; y++ {
		c.Years = append(c.Years, c.year(y, lang))
	}
}

func (c *LifeCalendar) year(y int, lang string) LifeYear {
	out := LifeYear{Year: y, Most: -1}
	if closed(c.Birth) {
		lo, hi := c.Birth.Bounds()
		earliest, _, _ := lo.Civil()
		latest, _, _ := hi.Civil()
		out.Least, out.Most = max(0, y-latest-1), y-earliest
	}
	begins := func(all []LifeAnchor) (in []LifeAnchor) {
		for _, a := range all {
			lo, hi := a.Date.Bounds()
			if lo == when.Beginning {
				lo = hi
			}
			if at, _, _ := lo.Civil(); at == y {
				in = append(in, a)
			}
		}
		return in
	}
	out.Own, out.Public = begins(c.Own), begins(c.Public)
	for _, r := range interview.RecurringAnchors() {
		d, ok := r.On(y)
		switch {
		case !ok:
		case r.Code == "lunar_new_year":
			out.Lunar = d.Format(lang)
		case r.Code == "chuseok":
			out.Feast = d.Format(lang)
		}
	}
	return out
}

// Anchor finds what a code names: a record's date, a public event, or what comes every year
// in a year.
func (c *LifeCalendar) Anchor(code string, year int, lang string) (LifeAnchor, bool) {
	for _, all := range [][]LifeAnchor{c.Own, c.Public} {
		if i := slices.IndexFunc(all, func(a LifeAnchor) bool { return a.Code == code }); i >= 0 {
			return all[i], true
		}
	}
	for _, r := range interview.RecurringAnchors() {
		if r.Code != code {
			continue
		}
		if d, ok := r.On(year); ok && year >= 1900 && year <= 2100 {
			return LifeAnchor{Code: code, Label: r.Label.In(lang) + " " + strconv.Itoa(year), Date: d, Dates: d.Format(lang)}, true
		}
	}
	return LifeAnchor{}, false
}

// Place dates an event by anchors of the calendar. Where the birth is not certain nothing is
// taken to be later than its first possible day.
func (c *LifeCalendar) Place(rel interview.Placing, a, b LifeAnchor) (when.Date, error) {
	return interview.Place(rel, a.Date, b.Date, c.Birth, c.Told)
}

// StateAnchor records when something was and how that is known. The date is one as it was
// said, or what the calendar gave.
func (w *Workspace) StateAnchor(ctx context.Context, rec id.ID, vs kind.Values) ([]fault.Problem, error) {
	c, err := w.LifeCalendar(ctx, rec, "en")
	if err != nil {
		return nil, err
	}
	vs["person"] = []kind.Value{kind.Of(c.Person.String())}
	if !c.Interview.IsZero() {
		vs["interview"] = []kind.Value{kind.Of(c.Interview.String())}
	}
	for name, v := range vs {
		if len(v) == 0 || strings.TrimSpace(v[0].Text) == "" && v[0].State == kind.Given {
			delete(vs, name)
		}
	}
	_, problems, err := w.State(ctx, casebook.Statement{Record: w.NewRecord(), Kind: "life_anchor", Fields: vs, Source: c.Person}, "save")
	return problems, err
}
