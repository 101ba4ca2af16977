package web

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"example.org/amparo/fault"
	"example.org/amparo/id"
	"example.org/amparo/internal/casebook"
	"example.org/amparo/internal/kind"
	"example.org/amparo/where"
)

type formPage struct {
	Page
	Kind     string
	Label    string
	Help     string
	Record   string // a further account of this record, or ""
	Of       string // its title
	Fields   []formField
	Places   []option
	Problems []problemView
	Source   string
	Sources  []option
	Basis    []option
	Passage  string
	From, To string
	Passages []option
	HasPlace bool
	Keys     []string
	Unsaved  string // the name under which a form that came back is kept
	Calendar string // address of the life calendar that helps with its dates, or ""
	Back     string // where to go once it is saved; "" to the record
}

type problemView struct{ Field, Label, Reason, Remedy string }

// formField is one question on the form, with what was answered.
type formField struct {
	Name, Label, Help string
	Input             string // text, long, term, terms, yesno, place, link
	Hint              string
	Required          bool
	Sealed            bool
	Repeat            bool
	Tagged            bool
	Lists             []formValue
	Options           []option
	States            []option
	When              string // shown when this field ...
	Is                string // ... holds one of these, space separated
	Problem           string
	Target            string // kind a link points at
	TargetLabel       string
}

type formValue struct {
	N    int
	Text string
	Lang string
}

// shownTargets is how many records a link field offers; any other can be pasted.
const shownTargets = 60

func (s *Server) formPage(w http.ResponseWriter, r *http.Request, v *visit) error {
	k, ok := v.ws.Schema().Kind(r.PathValue("kind"))
	if !ok {
		return fault.New(fault.NotFound, "web", "no such kind")
	}
	values := r.URL.Query()
	putInto(values, values)
	p, err := v.form(r.Context(), k, values, nil)
	if err != nil {
		return err
	}
	return formTmpl.Execute(w, *p)
}

// form builds the entry form of a kind from its declaration.
func (v *visit) form(ctx context.Context, k *kind.Kind, values url.Values, problems []fault.Problem) (*formPage, error) {
	lang := v.Say.Lang()
	p := &formPage{Page: v.page("form.title"), Unsaved: values.Get(unsavedField), Kind: k.Name, Label: k.Label.In(lang), Help: k.Help.In(lang), Source: values.Get("source"),
		Passage: values.Get("passage"), From: values.Get("passage.from"), To: values.Get("passage.to"), Keys: []string{"save"}, Back: values.Get("back")}
	p.Title, p.Calendar = v.Say.With("form.new", p.Label), v.helped(k, values)
	if rec, err := id.Parse(values.Get("record")); err == nil && !rec.IsZero() {
		row, err := v.ws.Index().Row(ctx, rec)
		if err != nil {
			return nil, err
		}
		p.Record, p.Of = rec.String(), v.ws.Title(ctx, *row, lang)
		p.Title = v.Say.With("form.again", p.Of)
	}
	p.Problems = v.problems(k.Name, problems)
	for _, f := range k.Fields {
		if f.Type == kind.TypeFile {
			continue // files have a page of their own, once the record is there
		}
		ff, err := v.formField(ctx, f, values)
		if err != nil {
			return nil, err
		}
		p.HasPlace = p.HasPlace || ff.Input == "place"
		for _, pr := range problems {
			if pr.Field == f.Name {
				ff.Problem, _ = v.Say.wrong(pr)
			}
		}
		p.Fields = append(p.Fields, ff)
	}
	slices.SortStableFunc(p.Fields, func(a, b formField) int { return rank(a) - rank(b) })
	if p.HasPlace {
		p.Places = placeOptions(lang)
	}
	return p, v.provenance(ctx, p, values)
}

// rank puts what is needed first and what everything has last.
func rank(f formField) int {
	switch {
	case f.Required:
		return 0
	case f.Name == "sensitivity" || f.Name == "synthetic":
		return 2
	}
	return 1
}

// provenance offers who says it, how they know, and the passage.
func (v *visit) provenance(ctx context.Context, p *formPage, values url.Values) (err error) {
	if p.Sources, err = v.recent(ctx, "person", p.Source); err != nil {
		return err
	}
	if p.Passages, err = v.recent(ctx, "statement_unit", p.Passage); err != nil {
		return err
	}
	p.Basis = v.terms("basis_of_knowledge", values.Get("basis"))
	return nil
}

// problems names the fields that a form was refused for.
func (v *visit) problems(kindName string, problems []fault.Problem) (out []problemView) {
	k, _ := v.ws.Schema().Kind(kindName)
	for _, pr := range problems {
		label := v.saidBeside(pr.Field)
		if f, ok := k.Field(pr.Field); ok {
			label = f.Label.In(v.Say.Lang())
		}
		reason, remedy := v.Say.wrong(pr)
		out = append(out, problemView{Field: pr.Field, Label: label, Reason: reason, Remedy: remedy})
	}
	return out
}

// saidBeside is the label of what a form asks beside the fields of its kind.
func (v *visit) saidBeside(field string) string {
	switch field {
	case "source":
		return v.Say.T("form.source")
	case "passage":
		return v.Say.T("form.passage")
	case "basis":
		return v.Say.T("form.basis")
	}
	return field
}

// recent lists the records of a kind that changed last, and those already chosen.
func (v *visit) recent(ctx context.Context, kindName string, chosen ...string) ([]option, error) {
	rows, err := v.ws.Desk().Newest(ctx, kindName, shownTargets)
	if err != nil {
		return nil, err
	}
	var out []option
	for _, row := range rows {
		out = append(out, option{Value: row.ID.String(), Label: v.ws.Title(ctx, row, v.Say.Lang()), On: slices.Contains(chosen, row.ID.String())})
	}
	for _, c := range chosen {
		rec, err := id.Parse(c)
		if err != nil || rec.IsZero() || slices.ContainsFunc(out, func(o option) bool { return o.Value == c }) {
			continue
		}
		if row, err := v.ws.Index().Row(ctx, rec); err == nil {
			out = append(out, option{Value: c, Label: v.ws.Title(ctx, *row, v.Say.Lang()), On: true})
		}
	}
	return out, nil
}

func (v *visit) formField(ctx context.Context, f *kind.Field, values url.Values) (formField, error) {
	lang := v.Say.Lang()
	ff := formField{Name: f.Name, Label: f.Label.In(lang), Help: f.Help.In(lang), Required: f.Required == "save", Sealed: f.Class == kind.Sealed,
		Repeat: f.Repeat, Tagged: f.Tagged, Input: "text", Target: f.Kind}
	if f.Unit != "" {
		ff.Label += " (" + f.Unit + ")"
	}
	if f.When != nil {
		ff.When, ff.Is = f.When.Field, strings.Join(slices.Concat(f.When.Is, f.When.Under), " ")
	}
	given := values[f.Name]
	switch f.Type {
	case kind.TypeTerm:
		ff.Input, ff.Options = "term", v.termOptions(f, given)
		if f.Repeat {
			ff.Input = "terms"
		}
	case kind.TypeYesNo:
		ff.Input = "term"
		for _, yn := range []string{"yes", "no"} {
			ff.Options = append(ff.Options, option{Value: yn, Label: v.ws.Schema().FormatValue(f, kind.Of(yn), lang), On: slices.Contains(given, yn)})
		}
	case kind.TypePlace:
		ff.Input = "place"
	case kind.TypeLink:
		ff.Input = "link"
		if t, ok := v.ws.Schema().Kind(f.Kind); ok {
			ff.TargetLabel = t.Label.In(lang)
			var err error
			if ff.Options, err = v.recent(ctx, f.Kind, given...); err != nil {
				return ff, err
			}
		}
	case kind.TypeText:
		if f.Long {
			ff.Input = "long"
		}
	}
	if hint := "form.hint." + string(f.Type); v.Say.T(hint) != hint {
		ff.Hint = v.Say.T(hint)
	}
	for st := kind.Unknown; st <= kind.None; st++ {
		ff.States = append(ff.States, option{Value: st.String(), Label: st.Label(lang), On: values.Get(f.Name+".state") == st.String()})
	}
	ff.Lists = boxes(f, given, values[f.Name+".lang"])
	return ff, nil
}

// boxes are the inputs of a field: one, or for a field that repeats two more than are
// filled.
func boxes(f *kind.Field, given, langs []string) []formValue {
	n := 1
	if f.Repeat || f.Tagged {
		n = len(given) + 1
		if f.Repeat {
			n++
		}
	}
	out := make([]formValue, max(1, n))
	for i := range out {
		out[i].N = i
		if i < len(given) {
			out[i].Text = given[i]
		}
		if i < len(langs) {
			out[i].Lang = langs[i]
		}
	}
	return out
}

func (v *visit) termOptions(f *kind.Field, given []string) []option {
	voc, ok := v.ws.Schema().Vocabulary(f.Vocabulary)
	if !ok {
		return nil
	}
	depth := map[string]int{}
	var out []option
	for _, t := range voc.Terms {
		if t.Parent != "" {
			depth[t.Code] = depth[t.Parent] + 1
		}
		out = append(out, option{Value: t.Code, Label: strings.Repeat("\u2003", depth[t.Code]) + t.Label.In(v.Say.Lang()), On: slices.Contains(given, t.Code)})
	}
	return out
}

// readForm reads the fields of a form that was sent.
func readForm(r *http.Request) error {
	if err := r.ParseForm(); err != nil {
		return fault.New(fault.TooLarge, "web", "the form could not be read").Coded("form.unread")
	}
	return nil
}

// terms offers a vocabulary.
func (v *visit) terms(vocabulary, chosen string) []option {
	voc, ok := v.ws.Schema().Vocabulary(vocabulary)
	if !ok {
		return nil
	}
	var out []option
	for _, t := range voc.Terms {
		out = append(out, option{Value: t.Code, Label: t.Label.In(v.Say.Lang()), On: t.Code == chosen})
	}
	return out
}

// term is the name of a term, or its code where it has none here.
func (v *visit) term(vocabulary, code string) string {
	if voc, ok := v.ws.Schema().Vocabulary(vocabulary); ok {
		if t, ok := voc.Term(code); ok {
			return t.Label.In(v.Say.Lang())
		}
	}
	return code
}

func placeOptions(lang string) []option {
	var out []option
	for _, p := range where.All() {
		out = append(out, option{Value: p.Code, Label: p.Label(lang)})
	}
	return out
}

// save reads the form, checks it and records the account; with problems it shows the
// form again with everything that was written.
func (s *Server) save(w http.ResponseWriter, r *http.Request, v *visit) error {
	k, ok := v.ws.Schema().Kind(r.PathValue("kind"))
	if !ok {
		return fault.New(fault.NotFound, "web", "no such kind")
	}
	if err := readForm(r); err != nil {
		return err
	}
	st, problems, err := v.statement(r.Context(), k, r.PostForm)
	if err != nil {
		return err
	}
	if len(problems) == 0 {
		_, problems, err = v.ws.State(r.Context(), st, "save")
		if err != nil {
			return err
		}
	} else { // everything that is wrong is said at once
		for _, p := range v.ws.Check(r.Context(), st, "save") {
			if !slices.ContainsFunc(problems, func(q fault.Problem) bool { return q.Field == p.Field }) {
				problems = append(problems, p)
			}
		}
	}
	if len(problems) > 0 {
		p, err := v.form(r.Context(), k, r.PostForm, problems)
		if err != nil {
			return err
		}
		return formTmpl.Refuse(w, *p)
	}
	if back := r.PostFormValue("back"); back != "" {
		back = safeNext(back)
		join := "?"
		if strings.Contains(back, "?") {
			join = "&"
		}
		http.Redirect(w, r, back+join+"done=saved", http.StatusSeeOther)
		return nil
	}
	return backTo(w, r, st.Record, "saved")
}

// statement reads an account from a form.
func (v *visit) statement(ctx context.Context, k *kind.Kind, form url.Values) (casebook.Statement, []fault.Problem, error) {
	st := casebook.Statement{Kind: k.Name, Fields: kind.Values{}, Basis: form.Get("basis")}
	var problems []fault.Problem
	if rec, err := id.Parse(form.Get("record")); err == nil && !rec.IsZero() {
		row, err := v.ws.Index().Row(ctx, rec)
		if err != nil || row.Kind != k.Name {
			return st, nil, fault.New(fault.NotFound, "web", "no such record")
		}
		st.Record = rec
	} else {
		st.Record = v.ws.NewRecord()
	}
	for _, f := range k.Fields {
		vs, ps := readField(v, f, form)
		problems = append(problems, ps...)
		if len(vs) > 0 {
			st.Fields[f.Name] = vs
		}
	}
	for _, l := range []struct {
		name string
		into *id.ID
	}{{"source", &st.Source}, {"passage", &st.Passage.Record}} {
		text := strings.TrimSpace(form.Get(l.name))
		if text == "" {
			continue
		}
		rec, err := id.Parse(text)
		if err == nil {
			_, err = v.ws.Index().Row(ctx, rec)
		}
		if err != nil {
			problems = append(problems, fault.Problem{Field: l.name, Value: text, Reason: v.Say.T("form.norecord"), Remedy: v.Say.T("form.norecord.remedy")})
			continue
		}
		*l.into = rec
	}
	if !st.Passage.Record.IsZero() {
		st.Passage.From, _ = strconv.Atoi(form.Get("passage.from")) // nothing written: from the beginning
		st.Passage.To, _ = strconv.Atoi(form.Get("passage.to"))
		if st.Passage.From < 0 || st.Passage.To < st.Passage.From {
			problems = append(problems, fault.Problem{Field: "passage", Value: form.Get("passage.to"), Reason: v.Say.T("form.badpassage"), Remedy: v.Say.T("form.badpassage.remedy")})
		}
	}
	return st, problems, nil
}

// problemOf says what is wrong with what was written into a field.
func problemOf(field, text string, err error) fault.Problem {
	p, ok := err.(fault.Problem)
	if !ok {
		p = fault.Problem{Reason: err.Error(), Code: "unread"}
	}
	p.Field, p.Value = field, text
	return p
}

// readField reads the answers to one field: a state stands for any value.
func readField(v *visit, f *kind.Field, form url.Values) (out []kind.Value, problems []fault.Problem) {
	if st := form.Get(f.Name + ".state"); st != "" {
		if parsed, ok := kind.ParseState(st); ok {
			return []kind.Value{{State: parsed}}, nil
		}
	}
	langs := form[f.Name+".lang"]
	for i, text := range form[f.Name] {
		text = strings.ReplaceAll(text, "\r\n", "\n")
		if strings.TrimSpace(text) == "" {
			continue
		}
		if strings.HasPrefix(text, "@") {
			text = "@" + text // in a form the states have their own box
		}
		lang := ""
		if i < len(langs) {
			lang = langs[i]
		}
		val, err := v.ws.Schema().ParseValue(f, text, lang)
		if err != nil {
			problems = append(problems, problemOf(f.Name, text, err))
			continue
		}
		out = append(out, val)
	}
	return out, problems
}
