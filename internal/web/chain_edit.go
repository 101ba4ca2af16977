package web

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"example.org/amparo/fault"
	"example.org/amparo/id"
	"example.org/amparo/internal/app"
	"example.org/amparo/internal/chain"
	"example.org/amparo/internal/kind"
)

// chainKinds are what can be told of a chain on its page, each with its key.
var chainKinds = []struct{ key, kind string }{
	{"r", "episode"}, {"s", "detention_stage"}, {"q", "question_asked"}, {"o", "disposition"}, {"f", "fate"},
}

// chainAdd is one of them, and where it is told.
type chainAdd struct {
	Key, Label, Link string
	On               bool
}

// findingView is one thing to look at again.
type findingView struct {
	Text    string
	Weight  string
	Records []option
}

// questionView is one question of the interrogators.
type questionView struct{ ID, Text, Stage, Nexus, Edit string }

// chainOf builds the page. values and problems are of a form that was not accepted, or the
// address's query and nil.
func (v *visit) chainOf(r *http.Request, values url.Values, problems []fault.Problem) (*chainPage, error) {
	ctx := r.Context()
	rec, err := recordID(r)
	if err != nil {
		return nil, err
	}
	row, err := v.ws.Desk().Row(ctx, rec)
	if err != nil {
		return nil, err
	}
	if row.Kind != "person" {
		return nil, fault.New(fault.NotFound, "web", "no such person")
	}
	p := &chainPage{Page: v.page("chain.title"), ID: rec.String(), Who: v.ws.Desk().Title(ctx, *row, v.Say.Lang()), Editing: values.Get("edit")}
	p.Title = v.Say.With("chain.of", p.Who)
	if p.Chain, err = v.chain(ctx, rec); err != nil {
		return nil, err
	}
	var laid *app.LaidOver
	if p.Laid, laid, err = v.laid(ctx, rec, atClash(r)); err != nil {
		return nil, err
	}
	if err := v.returned(ctx, p, rec); err != nil {
		return nil, err
	}
	for _, c := range chainKinds {
		k, _ := v.ws.Schema().Kind(c.kind)
		p.Add = append(p.Add, chainAdd{Key: c.key, Label: k.Label.In(v.Say.Lang()), Link: "/record/" + p.ID + "/chain?edit=" + c.kind, On: c.kind == p.Editing})
	}
	return p, v.chainForm(ctx, p, rec, laid, values, problems)
}

// returned adds what the rules of the chain say, and the questions that were asked.
func (v *visit) returned(ctx context.Context, p *chainPage, person id.ID) error {
	ret, err := v.ws.Desk().Returns(ctx, person)
	if err != nil {
		return err
	}
	title := func(rec id.ID) string {
		if row, err := v.ws.Desk().Row(ctx, rec); err == nil {
			return v.ws.Desk().Title(ctx, *row, v.Say.Lang())
		}
		return ""
	}
	for _, f := range ret.Findings {
		fv := findingView{Text: f.Problem.Text(v.Say.Lang()), Weight: v.weightWord(f.Weight)}
		if n := f.Days; n.Lo > 0 {
			fv.Text += " (" + v.Say.N("chain.days.least", int(n.Lo)) + ")"
		}
		for _, rec := range f.Records {
			fv.Records = append(fv.Records, option{Value: rec.String(), Label: title(rec)})
		}
		p.Findings = append(p.Findings, fv)
	}
	for i, t := range ret.Totals {
		if e := ret.Episodes[i]; len(t.Stages) > 0 && !e.Record.IsZero() {
			p.Totals = append(p.Totals, v.Say.Two("chain.total", title(e.Record), v.totalWords(t)))
		}
	}
	for stage, qs := range ret.Questions {
		for _, q := range qs {
			qv := questionView{ID: q.Record, Edit: "/record/" + p.ID + "/chain?edit=question_asked&record=" + q.Record, Text: v.term("interrogation_questions", q.Code), Nexus: strings.Join(slices.Concat(q.Nexus, q.Grounds), ", ")}
			if !stage.IsZero() {
				qv.Stage = title(stage)
			}
			p.Questions = append(p.Questions, qv)
		}
	}
	slices.SortFunc(p.Questions, func(a, b questionView) int {
		return strings.Compare(a.Stage+"\x00"+a.Text+a.ID, b.Stage+"\x00"+b.Text+b.ID)
	})
	return nil
}

func (v *visit) weightWord(w chain.Weight) string {
	switch w {
	case chain.Impossible:
		return v.Say.T("chain.weight.impossible")
	case chain.Unusual:
		return v.Say.T("chain.weight.unusual")
	}
	return v.Say.T("chain.weight.note")
}

// totalWords writes the days of interrogation and holding: a range, or at least so many.
func (v *visit) totalWords(t chain.Total) string {
	if t.Days.Hi == chain.Unbounded || t.Partial {
		return v.Say.N("chain.days.least", int(t.Days.Lo))
	}
	return v.Say.Two("chain.days.between", grouped(int(t.Days.Lo)), grouped(int(t.Days.Hi)))
}

// chainForm puts the form of the kind that is being told on the page. A further account of a
// record says again what it is of, and nothing else: what others said is not put into
// anybody's mouth.
func (v *visit) chainForm(ctx context.Context, p *chainPage, person id.ID, laid *app.LaidOver, values url.Values, problems []fault.Problem) error {
	if !slices.ContainsFunc(chainKinds, func(c struct{ key, kind string }) bool { return c.kind == p.Editing }) {
		p.Editing = ""
		return nil
	}
	k, _ := v.ws.Schema().Kind(p.Editing)
	if problems == nil {
		given := url.Values{"person": {p.ID}}
		for _, name := range []string{"record", "episode", "stage"} {
			if of := values.Get(name); of != "" {
				given.Set(name, of)
			}
		}
		if rec, err := id.Parse(given.Get("record")); err == nil && !rec.IsZero() {
			row, err := v.ws.Desk().Row(ctx, rec)
			if err != nil {
				return err
			}
			if t := row.Values.Get("stage"); p.Editing == "detention_stage" && t != "" {
				given.Set("stage", t)
			}
			given.Set("person", row.Values.Get("person")) // of a record found to be the same person it stays that one's
		}
		values = given
	}
	form, err := v.form(ctx, k, values, problems)
	if err != nil {
		return err
	}
	for i, f := range form.Fields {
		switch decl, _ := k.Field(f.Name); {
		case f.Name == "person":
			form.Fields[i].Input = "hidden"
		case decl.Type == kind.TypeLink:
			if err := v.nearest(ctx, &form.Fields[i], person); err != nil {
				return err
			}
		}
	}
	v.tellersFirst(ctx, form, person, laid)
	p.Form = form
	return nil
}

// tellersFirst offers first who already speaks of this chain, and the passages it rests on.
func (v *visit) tellersFirst(ctx context.Context, form *formPage, person id.ID, laid *app.LaidOver) {
	first := func(list []option, recs []id.ID, chosen string) []option {
		var out []option
		for _, rec := range recs {
			at := rec.String()
			if slices.ContainsFunc(out, func(o option) bool { return o.Value == at }) {
				continue
			}
			if row, err := v.ws.Desk().Row(ctx, rec); err == nil {
				out = append(out, option{Value: at, Label: v.ws.Desk().Title(ctx, *row, v.Say.Lang()), On: at == chosen})
			}
		}
		return append(out, slices.DeleteFunc(list, func(o option) bool {
			return slices.ContainsFunc(out, func(x option) bool { return x.Value == o.Value })
		})...)
	}
	people, passages := []id.ID{person}, []id.ID(nil)
	for _, t := range laid.Tellers {
		people = append(people, t.Person)
	}
	for _, c := range laid.Clashes {
		for _, s := range c.Sides {
			for _, b := range s.By {
				if b.Passage != nil {
					passages = append(passages, b.Passage.Record)
				}
			}
		}
	}
	form.Sources, form.Passages = first(form.Sources, people, form.Source), first(form.Passages, passages, form.Passage)
}

// tellChain records what somebody says of a chain, beside what others say, and goes back to it.
func (s *Server) tellChain(w http.ResponseWriter, r *http.Request, v *visit) error {
	rec, err := recordID(r)
	if err != nil {
		return err
	}
	if _, err := v.ws.Desk().Row(r.Context(), rec); err != nil {
		return err
	}
	if err := readForm(r); err != nil {
		return err
	}
	name := r.PostFormValue("edit")
	k, ok := v.ws.Schema().Kind(name)
	if !ok || !slices.ContainsFunc(chainKinds, func(c struct{ key, kind string }) bool { return c.kind == name }) {
		return fault.New(fault.NotFound, "web", "no such kind")
	}
	st, problems, err := v.statement(r.Context(), k, r.PostForm)
	if err != nil {
		return err
	}
	if len(problems) == 0 {
		if _, problems, err = v.ws.State(r.Context(), st, "save"); err != nil {
			return err
		}
	}
	if len(problems) == 0 {
		http.Redirect(w, r, "/record/"+rec.String()+"/chain?done=saved", http.StatusSeeOther)
		return nil
	}
	p, err := v.chainOf(r, r.PostForm, problems)
	if err != nil {
		return err
	}
	return chainTmpl.Refuse(w, *p)
}
