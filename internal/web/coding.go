package web

import (
	"cmp"
	"context"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"example.org/amparo/fault"
	"example.org/amparo/id"
	"example.org/amparo/internal/app"
	"example.org/amparo/internal/casebook"
	"example.org/amparo/internal/kind"
)

// codingPage is where words of a testimony are stated as what they say: the passages on
// one side, the form of the kind that was chosen on the other.
type codingPage struct {
	Page
	ID          string
	Person      string
	PersonTitle string
	Units       []codingUnit
	Total       int
	First, Last int    // passages shown, counted from 1
	Prev, Next  string // address of the pages before and after
	At          string // passage that is being coded
	Chosen      string // the words chosen in it; "" for all of it
	Blind       bool   // what other members coded is not shown
	Kinds       []codingKind
	Form        *formPage
	About       []option   // records the account may be of
	Timer       *timerView // the break clock, while somebody talks
	Reason      string     // what is wrong, after a failed save
}

type codingUnit struct {
	app.Passage
	ID     string
	Pieces []piece
	Rests  []app.Citation
	On     bool
	Knows  string // basis of knowledge, in words
	Code   string // address that begins coding it

	PutRight putRight
}

// piece is a stretch of words that is cited alike.
type piece struct {
	Text string
	Mark string // what is stated of it, or ""
	On   bool   // chosen now
}

type codingKind struct {
	Key, Name, Label, Link string
	On                     bool
}

// unitsShown is how many passages a page holds; the script fetches the next ones while
// the reader scrolls.
const unitsShown = 40

// codedMost are the kinds that testimonies state most, each with a digit as its key.
var codedMost = []string{"incident", "detention_stage", "question_asked", "leg", "hiding_period", "exploitation", "episode", "person", "relationship"}

// codingState is the place of a coder in a testimony, as the address says it.
type codingState struct {
	interview id.ID
	first     int
	at        string
	from, to  int
	kind      string
	blind     bool
}

func codingStateOf(r *http.Request, q url.Values) (codingState, error) {
	rec, err := recordID(r)
	if err != nil {
		return codingState{}, err
	}
	num := func(name string) int { n, _ := strconv.Atoi(q.Get(name)); return max(0, n) } // nothing: from the beginning
	return codingState{interview: rec, first: num("first"), at: q.Get("at"), from: num("from"), to: num("to"), kind: q.Get("kind"), blind: q.Get("blind") != ""}, nil
}

// link is the address of a state.
func (c codingState) link() string {
	q := url.Values{}
	set := func(name, v string) {
		if v != "" && v != "0" {
			q.Set(name, v)
		}
	}
	set("first", strconv.Itoa(c.first))
	set("at", c.at)
	set("from", strconv.Itoa(c.from))
	set("to", strconv.Itoa(c.to))
	set("kind", c.kind)
	if c.blind {
		q.Set("blind", "1")
	}
	out := "/record/" + c.interview.String() + "/code"
	if len(q) > 0 {
		out += "?" + q.Encode()
	}
	if c.at != "" {
		out += "#u-" + c.at
	}
	return out
}

func (s *Server) codingPage(w http.ResponseWriter, r *http.Request, v *visit) error {
	c, err := codingStateOf(r, r.URL.Query())
	if err != nil {
		return err
	}
	if c.at == "" && c.first == 0 { // once for each reading, not for each passage
		if err := v.ws.NoteRead(r.Context(), c.interview); err != nil {
			return err
		}
	}
	p, err := v.coding(r.Context(), c, nil, nil)
	if err != nil {
		return err
	}
	return codingTmpl.Execute(w, *p)
}

// coding builds the page. values and problems are of a form that was not accepted.
func (v *visit) coding(ctx context.Context, c codingState, values url.Values, problems []fault.Problem) (*codingPage, error) {
	row, err := v.ws.Desk().Row(ctx, c.interview)
	if err != nil || row.Kind != "interview" {
		return nil, fault.New(fault.NotFound, "web", "no such interview")
	}
	p := &codingPage{Page: v.page("coding.title"), ID: c.interview.String(), At: c.at, Blind: c.blind, Person: row.Values.Get("person")}
	p.Title = v.Say.With("coding.of", v.ws.Title(ctx, *row, v.Say.Lang()))
	if person, err := id.Parse(p.Person); err == nil {
		if who, err := v.ws.Desk().Row(ctx, person); err == nil {
			p.PersonTitle = v.ws.Title(ctx, *who, v.Say.Lang())
		}
	}
	units, total, err := v.ws.Passages(ctx, c.interview, c.first, unitsShown)
	if err != nil {
		return nil, err
	}
	if p.Timer, err = v.running(ctx, c.interview); err != nil {
		return nil, err
	}
	p.Total, p.First, p.Last = total, c.first+1, c.first+len(units)
	beside := codingState{interview: c.interview, blind: c.blind}
	if c.first > 0 {
		beside.first = max(0, c.first-unitsShown)
		p.Prev = beside.link()
	}
	if p.Last < total {
		beside.first = p.Last
		p.Next = beside.link()
	}
	for _, u := range units {
		cu, err := v.codingUnit(ctx, c, u)
		if err != nil {
			return nil, err
		}
		if cu.On {
			p.Chosen = chosenWords(u.Words, c.from, c.to)
		}
		p.Units = append(p.Units, cu)
	}
	v.codingKinds(p, c)
	return p, v.codingForm(ctx, p, c, values, problems)
}

func chosenWords(words string, from, to int) string {
	rs := []rune(words)
	if from >= to || from >= len(rs) {
		return ""
	}
	return string(rs[from:min(to, len(rs))])
}

func (v *visit) codingUnit(ctx context.Context, c codingState, u app.Passage) (codingUnit, error) {
	cu := codingUnit{Passage: u, ID: u.ID.String(), PutRight: putRight{v.Say, u.Corrections}}
	cu.On = cu.ID == c.at
	if voc, ok := v.ws.Schema().Vocabulary("basis_of_knowledge"); ok {
		if t, ok := voc.Term(u.Basis); ok {
			cu.Knows = t.Label.In(v.Say.Lang())
		}
	}
	cites, err := v.ws.Citations(ctx, u.ID, v.Say.Lang())
	if err != nil {
		return cu, err
	}
	if c.blind {
		cites = slices.DeleteFunc(cites, func(x app.Citation) bool { return !x.Own })
	}
	cu.Rests = cites
	from, to := 0, 0
	if cu.On {
		from, to = c.from, c.to
	}
	cu.Pieces = pieces(u.Words, cites, from, to)
	next := codingState{interview: c.interview, first: c.first, at: cu.ID, blind: c.blind}
	cu.Code = next.link()
	return cu, nil
}

// pieces cuts words where citations begin and end, so that each stretch can be marked
// with all that is stated of it. Citations of the whole passage mark nothing.
func pieces(words string, cites []app.Citation, from, to int) []piece {
	rs := []rune(words)
	cuts := []int{0, len(rs)}
	add := func(n int) {
		if n > 0 && n < len(rs) && !slices.Contains(cuts, n) {
			cuts = append(cuts, n)
		}
	}
	for _, c := range cites {
		add(c.From)
		add(c.To)
	}
	add(from)
	add(to)
	slices.SortFunc(cuts, cmp.Compare)
	var out []piece
	for i := 0; i+1 < len(cuts); i++ {
		a, b := cuts[i], cuts[i+1]
		if a == b {
			continue
		}
		var labels []string
		for _, c := range cites {
			if c.From < c.To && c.From <= a && b <= c.To && !slices.Contains(labels, c.Label) {
				labels = append(labels, c.Label)
			}
		}
		out = append(out, piece{Text: string(rs[a:b]), Mark: strings.Join(labels, ", "), On: from < to && from <= a && b <= to})
	}
	return out
}

func (v *visit) codingKinds(p *codingPage, c codingState) {
	set := v.ws.Schema()
	offer := func(name, key string) {
		if k, ok := set.Kind(name); ok {
			next := c
			next.kind = name
			p.Kinds = append(p.Kinds, codingKind{Key: key, Name: name, Label: k.Label.In(v.Say.Lang()), Link: next.link(), On: name == c.kind})
		}
	}
	for i, name := range codedMost {
		offer(name, strconv.Itoa(i+1))
	}
	for _, k := range set.Kinds() {
		if len(k.Subject) > 0 && !slices.Contains(codedMost, k.Name) && k.Name != "statement_unit" && k.Name != "interview" {
			offer(k.Name, "")
		}
	}
}

// codingForm puts the form of the chosen kind on the page, filled with what follows from
// the place: whose testimony it is, which words, how the speaker knows.
func (v *visit) codingForm(ctx context.Context, p *codingPage, c codingState, values url.Values, problems []fault.Problem) error {
	k, ok := v.ws.Schema().Kind(c.kind)
	if !ok || c.at == "" {
		return nil
	}
	if values == nil {
		values = url.Values{"source": {p.Person}, "basis": {v.basisOf(p, c.at)}}
		for _, f := range k.Fields {
			if f.Type == kind.TypeLink && f.Kind == "person" && slices.Contains(k.Subject, f.Name) {
				values.Set(f.Name, p.Person)
			}
			if f.Type == kind.TypeLink && f.Kind == "interview" {
				values.Set(f.Name, p.ID)
			}
		}
	}
	putInto(values, v.request.URL.Query())
	values.Set("passage", c.at)
	values.Set("passage.from", strconv.Itoa(c.from))
	values.Set("passage.to", strconv.Itoa(c.to))
	form, err := v.form(ctx, k, values, problems)
	if err != nil {
		return err
	}
	p.Form = form
	person, err := id.Parse(p.Person)
	if err != nil {
		return nil
	}
	for i, f := range form.Fields {
		if decl, ok := k.Field(f.Name); ok && decl.Type == kind.TypeLink && (f.Target == "interview" || f.Target == "person" && slices.Contains(k.Subject, f.Name)) {
			form.Fields[i].Input = "hidden" // it follows from the place; the record's own form can change it
			continue
		}
		if err := v.nearest(ctx, &form.Fields[i], person); err != nil {
			return err
		}
	}
	likely, err := v.ws.Likely(ctx, person, c.kind, v.Say.Lang(), 12)
	if err != nil {
		return err
	}
	for _, l := range likely {
		p.About = append(p.About, option{Value: l.ID, Label: l.Title, On: values.Get("record") == l.ID})
	}
	return nil
}

func (v *visit) basisOf(p *codingPage, at string) string {
	for _, u := range p.Units {
		if u.ID == at {
			return u.Basis
		}
	}
	return ""
}

// nearest puts this person's own records first among what a link field offers.
func (v *visit) nearest(ctx context.Context, f *formField, person id.ID) error {
	if f.Input != "link" || f.Target == "person" {
		return nil
	}
	likely, err := v.ws.Likely(ctx, person, f.Target, v.Say.Lang(), 20)
	if err != nil {
		return err
	}
	var own []option
	for _, l := range likely {
		own = append(own, option{Value: l.ID, Label: l.Title})
	}
	rest := slices.DeleteFunc(f.Options, func(o option) bool {
		return slices.ContainsFunc(own, func(x option) bool { return x.Value == o.Value })
	})
	f.Options = append(own, rest...)
	return nil
}

// code records what chosen words say, and goes back to them.
func (s *Server) code(w http.ResponseWriter, r *http.Request, v *visit) error {
	if err := readForm(r); err != nil {
		return err
	}
	c, err := codingStateOf(r, r.URL.Query())
	if err != nil {
		return err
	}
	k, ok := v.ws.Schema().Kind(c.kind)
	if !ok {
		return fault.New(fault.NotFound, "web", "no such kind")
	}
	st, problems, err := v.statement(r.Context(), k, r.PostForm)
	if err != nil {
		return err
	}
	if unit, err := id.Parse(c.at); err == nil {
		st.Passage = casebook.Passage{Record: unit, From: c.from, To: c.to}
	} else {
		return fault.New(fault.NotFound, "web", "no such passage")
	}
	if len(problems) == 0 {
		_, problems, err = v.ws.State(r.Context(), st, "save")
		if err != nil {
			return err
		}
	}
	if len(problems) > 0 {
		p, err := v.coding(r.Context(), c, r.PostForm, problems)
		if err != nil {
			return err
		}
		return codingTmpl.Refuse(w, *p)
	}
	c.kind, c.from, c.to = "", 0, 0
	link := c.link()
	address, anchor, _ := strings.Cut(link, "#")
	http.Redirect(w, r, address+"&done=saved#"+anchor, http.StatusSeeOther)
	return nil
}
