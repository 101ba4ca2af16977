package web

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"example.org/amparo/fault"
	"example.org/amparo/id"
	"example.org/amparo/internal/app"
	"example.org/amparo/internal/index"
	"example.org/amparo/internal/verification"
)

// verificationPage is how far an incident or a pattern finding is carried: its sources and which of them hang
// together, what each level still needs, what was argued for and against, and who signed.
type verificationPage struct {
	Page
	ID        string
	Title     string
	Level     levelView
	Ceiling   levelView
	Clusters  int
	Steps     []stepView
	Sources   []sourceView
	Ties      []app.TieLine
	Arguments []argumentView
	Form      argumentForm
	Problems  []problemView
	Found     *foundView // of a pattern finding: what it rests on
}

type levelView struct{ Code, Label, Words string }

type stepView struct {
	levelView
	Missing []string
	Reached bool // stated, or below what is stated
}

type sourceView struct {
	ID, Title, How string
	Cluster        int
	Against        bool
}

type argumentView struct {
	ID, Author, On               string
	Level                        levelView
	Reasons, Alternatives        string
	Contrary                     string
	Against, Patterns, Materials []option
	Signatures                   []app.SignatureLine
	Signed, Stated               bool
	Missing                      []string
	Overstated                   []string
	CanSign                      bool
}

// argumentForm is what somebody writes, with what may be brought in.
type argumentForm struct {
	Levels                          []option
	Reasons, Alternatives, Contrary string
	Brought                         []broughtList
}

type broughtList struct {
	Name, Label, Help string
	Options           []option
	Other             string
}

func (s *Server) verificationPage(w http.ResponseWriter, r *http.Request, v *visit) error {
	p, _, err := v.verification(r, nil)
	if err != nil {
		return err
	}
	return verificationTmpl.Execute(w, *p)
}

// verification builds the page; typed is what a refused form held, or nil.
func (v *visit) verification(r *http.Request, typed url.Values) (*verificationPage, id.ID, error) {
	ctx := r.Context()
	rec, err := recordID(r)
	if err != nil {
		return nil, rec, err
	}
	lang := v.Say.Lang()
	a, err := v.ws.Argued(ctx, rec, lang)
	if err != nil {
		return nil, rec, err
	}
	p := &verificationPage{Page: v.page("verification.title"), ID: rec.String(), Level: v.level(a.Level), Ceiling: v.level(a.Ceiling), Clusters: a.Clusters, Ties: a.Ties}
	p.Title = v.ws.Desk().Title(ctx, a.Incident, lang)
	for _, st := range a.Steps {
		p.Steps = append(p.Steps, stepView{levelView: v.level(st.Level), Missing: v.needs(st.Missing), Reached: !st.Level.Above(a.Level)})
	}
	for _, e := range a.Evidence {
		p.Sources = append(p.Sources, v.source(e))
	}
	for _, l := range a.Arguments {
		p.Arguments = append(p.Arguments, v.argument(l, a.Level))
	}
	if a.Finding != nil {
		p.Found = v.found(a.Incident, a.Finding)
	}
	p.Form, err = v.argumentForm(ctx, a, typed)
	return p, rec, err
}

func (v *visit) level(l verification.Level) levelView {
	return levelView{Code: string(l), Label: v.term("verification_status", string(l)), Words: verification.Words(l, v.Say.Lang())}
}

func (v *visit) needs(list []verification.Need) (out []string) {
	for _, n := range list {
		out = append(out, n.Text(v.Say.Lang()))
	}
	return out
}

func (v *visit) source(e app.EvidenceLine) sourceView {
	out := sourceView{Title: e.Title, Cluster: e.Cluster, Against: e.Against}
	if e.Kind != "" {
		out.ID = e.Source.String()
	}
	if out.Title == "" {
		out.Title = v.Say.T("record.documenter")
	}
	switch {
	case e.Against:
		out.How = v.Say.T("verification.against")
	case e.Class == verification.Pattern:
		out.How = v.Say.T("verification.pattern")
	case e.Class == verification.Material:
		out.How = v.Say.T("verification.material")
	default:
		out.How = e.Basis
		if voc, ok := v.ws.Schema().Vocabulary("basis_of_knowledge"); ok {
			if t, ok := voc.Term(e.Basis); ok {
				out.How = t.Label.In(v.Say.Lang())
			}
		}
	}
	return out
}

func (v *visit) argument(l app.ArgumentLine, stated verification.Level) argumentView {
	out := argumentView{ID: l.ID.String(), Author: l.Author, On: l.On, Level: v.level(l.Argument.Level), Reasons: l.Argument.Reasons, Alternatives: l.Argument.Alternatives,
		Contrary: l.Argument.Contrary, Signatures: l.Signatures, Signed: l.Signed, Missing: v.needs(l.Missing), Stated: stated == l.Argument.Level}
	out.CanSign = !l.Signed && l.Argument.Level == verification.Grounds
	for _, b := range l.Brought {
		o := option{Value: b.ID.String(), Label: b.Title}
		switch {
		case b.Title == "":
			continue // not this reader's to see
		case b.As == "against":
			out.Against = append(out.Against, o)
		case b.As == "patterns":
			out.Patterns = append(out.Patterns, o)
		default:
			out.Materials = append(out.Materials, o)
		}
	}
	for _, o := range l.Overstated {
		out.Overstated = append(out.Overstated, v.Say.Two("verification.overstated", o.Phrase, o.Write))
	}
	return out
}

// shownBrought bounds how many records of a kind are offered to be brought in; any other can
// be named by its number.
const shownBrought = 12

// argumentForm offers what the newest argument said, or what was typed.
func (v *visit) argumentForm(ctx context.Context, a *app.Argued, typed url.Values) (argumentForm, error) {
	last := app.Standing(a.Arguments)
	if typed == nil {
		typed = url.Values{"level": {string(last.Level)}, "reasons": {last.Reasons}, "alternatives": {last.Alternatives}, "contrary": {last.Contrary}}
		for name, list := range map[string][]id.ID{"patterns": last.Patterns, "materials": last.Materials} {
			for _, x := range list {
				typed.Add(name, x.String())
			}
		}
	}
	f := argumentForm{Reasons: typed.Get("reasons"), Alternatives: typed.Get("alternatives"), Contrary: typed.Get("contrary")}
	for _, l := range []verification.Level{verification.Alleged, verification.Consistent, verification.Corroborated, verification.Grounds, verification.Wrong} {
		f.Levels = append(f.Levels, option{Value: string(l), Label: string(l) + " " + v.level(l).Label, On: typed.Get("level") == string(l)})
	}
	for _, b := range []struct {
		broughtList
		kinds []string
	}{
		{broughtList{Name: "against", Label: v.Say.T("verification.against"), Help: v.Say.T("verification.against.help")}, []string{"source", "evidence"}},
		{broughtList{Name: "patterns", Label: v.Say.T("verification.patterns"), Help: v.Say.T("verification.patterns.help")}, []string{"pattern", "source", "coi_item"}},
		{broughtList{Name: "materials", Label: v.Say.T("verification.materials"), Help: v.Say.T("verification.materials.help")}, []string{"evidence", "medical_finding"}},
	} {
		list := b.broughtList
		list.Other = typed.Get(b.Name + ".other")
		for _, k := range b.kinds {
			options, err := v.brought(ctx, k, a.Incident, typed[b.Name])
			if err != nil {
				return f, err
			}
			list.Options = append(list.Options, options...)
		}
		f.Brought = append(f.Brought, list)
	}
	return f, nil
}

// brought offers records of a kind: pattern findings on the same type of act first.
func (v *visit) brought(ctx context.Context, kindName string, incident index.Row, chosen []string) ([]option, error) {
	q := index.Query{Kind: kindName, Limit: shownBrought, Plain: true}
	if t := incident.Values.Get("type"); kindName == "pattern" && t != "" {
		q.Filters = map[string][]string{"type": {t}}
	}
	res, err := v.ws.Desk().List(ctx, q)
	if err != nil {
		return nil, err
	}
	var out []option
	for _, row := range res.Rows {
		out = append(out, option{Value: row.ID.String(), Label: v.ws.Desk().Title(ctx, row, v.Say.Lang()), On: slices.Contains(chosen, row.ID.String())})
	}
	for _, c := range chosen {
		rec, err := id.Parse(c)
		if err != nil || slices.ContainsFunc(out, func(o option) bool { return o.Value == c }) {
			continue
		}
		if row, err := v.ws.Desk().Row(ctx, rec); err == nil && row.Kind == kindName {
			out = append(out, option{Value: c, Label: v.ws.Desk().Title(ctx, *row, v.Say.Lang()), On: true})
		}
	}
	return out, nil
}

// argue records an argument for a level.
func (s *Server) argue(w http.ResponseWriter, r *http.Request, v *visit) error {
	rec, err := recordID(r)
	if err != nil {
		return err
	}
	text := func(name string) string { return strings.TrimSpace(r.PostFormValue(name)) }
	a := app.Argument{Level: verification.Level(text("level")), Reasons: text("reasons"), Alternatives: text("alternatives"), Contrary: text("contrary")}
	for name, into := range map[string]*[]id.ID{"patterns": &a.Patterns, "materials": &a.Materials, "against": &a.Against} {
		if *into, err = chosenRecords(r, name); err != nil {
			return v.refuse(w, r, fault.Problem{Field: name, Reason: v.Say.T("verification.nosuch")})
		}
	}
	_, missing, err := v.ws.Argue(r.Context(), rec, a)
	var problem fault.Problem
	switch {
	case errors.As(err, &problem):
		return v.refuse(w, r, problem)
	case fault.KindOf(err) == fault.NotFound && len(a.Patterns)+len(a.Materials)+len(a.Against) > 0:
		return v.refuse(w, r, fault.Problem{Field: "patterns", Reason: v.Say.T("verification.nosuch")})
	case err != nil:
		return err
	}
	return backToVerification(w, r, rec, "argued", missing)
}

// backToVerification says what was done, or that the level is stated where nothing misses.
func backToVerification(w http.ResponseWriter, r *http.Request, rec id.ID, done string, missing []verification.Need) error {
	if len(missing) == 0 {
		done = "level"
	}
	http.Redirect(w, r, "/record/"+rec.String()+"/verification?done="+done, http.StatusSeeOther)
	return nil
}

// chosenRecords reads the records that were ticked, and those named by their number.
func chosenRecords(r *http.Request, name string) (out []id.ID, err error) {
	for _, text := range append(slices.Clone(r.PostForm[name]), strings.Fields(r.PostFormValue(name+".other"))...) {
		x, err := id.Parse(text)
		if err != nil || x.IsZero() {
			return nil, fault.New(fault.Invalid, "web", "this is not a record's number").Coded("record.number")
		}
		if !slices.Contains(out, x) {
			out = append(out, x)
		}
	}
	return out, nil
}

// refuse shows the form again with what was typed and why it was not taken.
func (v *visit) refuse(w http.ResponseWriter, r *http.Request, problem fault.Problem) error {
	p, _, err := v.verification(r, r.PostForm)
	if err != nil {
		return err
	}
	p.Problems = v.problems("verification", []fault.Problem{problem})
	return verificationTmpl.Refuse(w, *p)
}

// sign is this member's signature under an argument.
func (s *Server) sign(w http.ResponseWriter, r *http.Request, v *visit) error {
	rec, err := recordID(r)
	if err != nil {
		return err
	}
	argument, err := id.Parse(r.PostFormValue("argument"))
	if err != nil {
		return fault.New(fault.NotFound, "web", "no such argument")
	}
	missing, err := v.ws.Sign(r.Context(), rec, argument, strings.TrimSpace(r.PostFormValue("reason")))
	var problem fault.Problem
	switch {
	case errors.As(err, &problem):
		return v.refuse(w, r, problem)
	case err != nil:
		return err
	}
	return backToVerification(w, r, rec, "signed", missing)
}
