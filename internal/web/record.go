package web

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"example.org/amparo/fault"
	"example.org/amparo/id"
	"example.org/amparo/internal/app"
	"example.org/amparo/internal/casebook"
	"example.org/amparo/internal/journal"
	"example.org/amparo/internal/kind"
)

type recordPage struct {
	Page
	View    *app.RecordView
	Help    string
	Groups  []inboundGroup
	Add     []option // kinds that can be added to this record
	Chain   *chainView
	HasText bool // an interview: there is a transcript to read
	HasFile bool // the kind has a field for files
	Linked  bool // records of the kind are compared with each other

	Corrections putRight // of a passage
}

type inboundGroup struct {
	Label, Kind string
	Links       []app.LinkView
}

func recordID(r *http.Request) (id.ID, error) {
	rec, err := id.Parse(r.PathValue("id"))
	if err != nil {
		return rec, fault.New(fault.NotFound, "web", "no such record")
	}
	return rec, nil
}

func (s *Server) recordPage(w http.ResponseWriter, r *http.Request, v *visit) error {
	rec, err := recordID(r)
	if err != nil {
		return err
	}
	view, err := v.ws.View(r.Context(), rec, v.Say.Lang())
	if err != nil {
		return err
	}
	p, err := v.record(r, view)
	if err != nil {
		return err
	}
	return recordTmpl.Execute(w, *p)
}

// record builds the page of a record.
func (v *visit) record(r *http.Request, view *app.RecordView) (*recordPage, error) {
	rec, err := recordID(r)
	if err != nil {
		return nil, err
	}
	lang := v.Say.Lang()
	p := &recordPage{Page: v.page("record.title"), View: view, HasText: view.Kind == "interview"}
	p.Title = view.Title
	set := v.ws.Schema()
	k, _ := set.Kind(view.Kind)
	p.Help = k.Help.In(lang)
	p.HasFile = len(fileFields(k)) > 0
	p.Linked = slices.Contains(app.LinkedKinds(), view.Kind)
	p.Groups = groupInbound(view.Inbound)
	p.Add = addable(set, k, lang)
	if view.Kind == "statement_unit" {
		all, err := v.ws.CorrectionsOf(r.Context(), rec)
		if err != nil {
			return nil, err
		}
		p.Corrections = putRight{v.Say, all}
	}
	if view.Kind == "person" {
		if p.Chain, err = v.chain(r.Context(), rec); err != nil {
			return nil, err
		}
	}
	return p, nil
}

func groupInbound(links []app.LinkView) []inboundGroup {
	var out []inboundGroup
	for _, l := range links {
		i := slices.IndexFunc(out, func(g inboundGroup) bool { return g.Kind == l.Kind && g.Label == l.Label })
		if i < 0 {
			out = append(out, inboundGroup{Label: l.Label, Kind: l.Kind})
			i = len(out) - 1
		}
		out[i].Links = append(out[i].Links, l)
	}
	return out
}

// addable lists the kinds that link to a kind: what can be added to its records.
func addable(set *kind.Set, to *kind.Kind, lang string) []option {
	var out []option
	for _, k := range set.Kinds() {
		for _, f := range k.Fields {
			if f.Type == kind.TypeLink && f.Kind == to.Name {
				out = append(out, option{Value: "/new/" + k.Name + "?" + f.Name + "=", Label: k.Label.In(lang)})
				break
			}
		}
	}
	return out
}

// choose takes one account's word for a field.
func (s *Server) choose(w http.ResponseWriter, r *http.Request, v *visit) error {
	rec, err := recordID(r)
	if err != nil {
		return err
	}
	ref, err := journal.ParseRef(r.PostFormValue("account"))
	if err != nil {
		return err
	}
	if err := v.ws.Choose(r.Context(), rec, r.PostFormValue("field"), ref, strings.TrimSpace(r.PostFormValue("reason"))); err != nil {
		return err
	}
	if back := r.PostFormValue("back"); back != "" {
		http.Redirect(w, r, safeNext(back), http.StatusSeeOther)
		return nil
	}
	return backTo(w, r, rec, "chosen")
}

// retract takes back an act; what was there before it is there again.
func (s *Server) retract(w http.ResponseWriter, r *http.Request, v *visit) error {
	rec, err := recordID(r)
	if err != nil {
		return err
	}
	ref, err := journal.ParseRef(r.PostFormValue("act"))
	if err != nil {
		return err
	}
	if err := v.ws.Retract(r.Context(), rec, ref, strings.TrimSpace(r.PostFormValue("reason"))); err != nil {
		return err
	}
	if _, err := v.ws.Index().Row(r.Context(), rec); fault.KindOf(err) == fault.NotFound {
		http.Redirect(w, r, "/?done=retracted", http.StatusSeeOther) // its last account went: it is no record any more
		return nil
	}
	return backTo(w, r, rec, "retracted")
}

// link records what somebody decided of two records.
func (s *Server) link(w http.ResponseWriter, r *http.Request, v *visit) error {
	rec, err := recordID(r)
	if err != nil {
		return err
	}
	other, err := id.Parse(strings.TrimSpace(r.PostFormValue("other")))
	if err != nil {
		return err
	}
	verdict, err := casebook.ParseVerdict(r.PostFormValue("verdict"))
	if err != nil {
		return err
	}
	reason := strings.TrimSpace(r.PostFormValue("reason"))
	if reason == "" {
		return fault.New(fault.Invalid, "web", "%s", v.Say.T("record.reason.missing"))
	}
	if err := v.ws.Link(r.Context(), rec, other, verdict, reason); err != nil {
		return err
	}
	return backTo(w, r, rec, "linked")
}

func backTo(w http.ResponseWriter, r *http.Request, rec id.ID, done string) error {
	http.Redirect(w, r, "/record/"+rec.String()+"?done="+done, http.StatusSeeOther)
	return nil
}

type transcriptPage struct {
	Page
	ID          string
	Units       []unitView
	First, Last int // passages shown, counted from 1
	Total       int
	Prev, Next  string // address of the pages before and after
}

// unitView is one passage of a testimony, in the words spoken and in translation, with
// what was stated on the strength of it.
type unitView struct {
	ID          string
	Order       int
	Basis       string
	Verbatim    string
	VerbLang    string
	Translation string
	TransLang   string
	Rests       []app.LinkView
	Warnings    []string // what it speaks of, where a warning comes first
	Warn        bool
	Corrections putRight
}

func (s *Server) transcriptPage(w http.ResponseWriter, r *http.Request, v *visit) error {
	rec, err := recordID(r)
	if err != nil {
		return err
	}
	row, err := v.ws.Desk().Row(r.Context(), rec)
	if err != nil {
		return err
	}
	p := transcriptPage{Page: v.page("transcript.title"), ID: rec.String()}
	p.Title = v.Say.With("transcript.of", v.ws.Title(r.Context(), *row, v.Say.Lang()))
	if err := v.ws.NoteRead(r.Context(), rec); err != nil {
		return err
	}
	first, err := strconv.Atoi(r.URL.Query().Get("from"))
	if err != nil || first < 1 {
		first = 1
	}
	if p.Units, p.Total, err = v.units(r.Context(), rec, first-1); err != nil {
		return err
	}
	at := func(n int) string { return "/record/" + rec.String() + "/transcript?from=" + strconv.Itoa(n) }
	p.First, p.Last = first, first-1+len(p.Units)
	if first > 1 {
		p.Prev = at(max(1, first-unitsShown))
	}
	if p.Last < p.Total {
		p.Next = at(p.Last + 1)
	}
	return transcriptTmpl.Execute(w, p)
}

// units reads the passages of a testimony from one on, as many as a page holds: a long
// testimony would weigh more than a page may.
func (v *visit) units(ctx context.Context, interview id.ID, first int) (out []unitView, total int, err error) {
	passages, total, err := v.ws.Passages(ctx, interview, first, unitsShown)
	if err != nil {
		return nil, 0, err
	}
	basis, _ := v.ws.Schema().Vocabulary("basis_of_knowledge")
	for _, p := range passages {
		u := unitView{ID: p.ID.String(), Order: p.Order, Basis: p.Basis, Verbatim: p.Words, VerbLang: p.Lang, Translation: p.Translation, TransLang: p.InLang}
		if t, ok := basis.Term(p.Basis); ok {
			u.Basis = t.Label.In(v.Say.Lang())
		}
		if u.Rests, err = v.ws.RestsOn(ctx, p.ID, v.Say.Lang()); err != nil {
			return nil, 0, err
		}
		u.Warnings, u.Corrections = hardTo(u.Rests), putRight{v.Say, p.Corrections}
		u.Warn = p.Hard || len(u.Warnings) > 0
		out = append(out, u)
	}
	return out, total, nil
}
