package web

import (
	"html/template"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"example.org/amparo/fault"
	"example.org/amparo/id"
	"example.org/amparo/internal/app"
	"example.org/amparo/internal/casebook"
)

// reviewPage asks whether two records are one: the two side by side, the reasons for and
// against as a waterfall, and what a decision would bring together.
type reviewPage struct {
	Page
	Kinds    []option
	Kind     string
	Left     int
	Decided  int
	At       int
	A, B     reviewSide
	Rows     []reviewRow
	SVG      template.HTML
	Percent  int
	Together bool
	Random   bool
	Merges   []app.LinkView
	None     string // why there is nothing to ask
}

type reviewSide struct{ ID, Title string }

type reviewRow struct {
	Label, A, B string
	Differs     bool
}

// shownMerges bounds the list of what a decision would bring together.
const shownMerges = 12

func (s *Server) reviewPage(w http.ResponseWriter, r *http.Request, v *visit) error {
	p := reviewPage{Page: v.page("review.title"), Kind: r.PathValue("kind")}
	if p.Kind == "" {
		p.Kind = app.LinkedKinds()[0]
	}
	for _, name := range app.LinkedKinds() {
		if k, ok := v.ws.Schema().Kind(name); ok {
			p.Kinds = append(p.Kinds, option{Value: name, Label: k.Plural.In(v.Say.Lang()), On: name == p.Kind})
		}
	}
	l, err := v.ws.Linking(r.Context(), p.Kind, r.URL.Query().Get("again") != "")
	if fault.KindOf(err) == fault.NotFound {
		p.None = v.Say.T("review.none")
		return reviewTmpl.Execute(w, p)
	}
	if err != nil {
		return err
	}
	queue := l.Queue(reviewLength, reviewSample)
	p.Left, p.Decided = len(queue), l.Decided()
	if len(queue) == 0 {
		p.None = v.Say.T("review.done")
		return reviewTmpl.Execute(w, p)
	}
	p.At, _ = strconv.Atoi(r.URL.Query().Get("at")) // none: the first
	p.At = max(0, p.At) % len(queue)
	if err := v.question(r, &p, l, queue[p.At]); err != nil {
		return err
	}
	return reviewTmpl.Execute(w, p)
}

const (
	reviewLength = 500
	reviewSample = 60
)

func (v *visit) question(r *http.Request, p *reviewPage, l *app.Linking, q app.Question) error {
	ctx, lang := r.Context(), v.Say.Lang()
	x, err := l.Explain(q.A, q.B)
	if err != nil {
		return err
	}
	p.SVG = template.HTML(x.SVG()) //nolint:gosec // drawn by linkage, which escapes every value
	p.Percent, p.Together, p.Random = int(100*q.Probability+.5), q.Together, q.Random
	for i, rec := range []id.ID{q.A, q.B} {
		view, err := v.ws.View(ctx, rec, lang)
		if err != nil {
			return err
		}
		side := reviewSide{view.ID, view.Title}
		if i == 0 {
			p.A = side
		} else {
			p.B = side
		}
		for _, f := range view.Fields {
			var texts []string
			for _, c := range f.Claims {
				texts = append(texts, c.Texts...)
			}
			v.beside(p, f.Label, strings.Join(texts, "; "), i)
		}
	}
	for i := range p.Rows {
		p.Rows[i].Differs = p.Rows[i].A != p.Rows[i].B
	}
	for _, rec := range l.Merges(q.A, q.B) {
		if len(p.Merges) == shownMerges {
			break
		}
		if row, err := v.ws.Desk().Row(ctx, rec); err == nil {
			p.Merges = append(p.Merges, app.LinkView{ID: rec.String(), Title: v.ws.Title(ctx, *row, lang)})
		}
	}
	return nil
}

func (v *visit) beside(p *reviewPage, label, text string, side int) {
	at := slices.IndexFunc(p.Rows, func(r reviewRow) bool { return r.Label == label })
	if at < 0 {
		p.Rows = append(p.Rows, reviewRow{Label: label})
		at = len(p.Rows) - 1
	}
	if side == 0 {
		p.Rows[at].A = text
	} else {
		p.Rows[at].B = text
	}
}

// judge records a decision and goes to the next question.
func (s *Server) judge(w http.ResponseWriter, r *http.Request, v *visit) error {
	kind := r.PathValue("kind")
	l, err := v.ws.Linking(r.Context(), kind, false)
	if err != nil {
		return err
	}
	verdict, err := casebook.ParseVerdict(r.PostFormValue("verdict"))
	if err != nil {
		return err
	}
	for _, q := range l.Queue(reviewLength, reviewSample) {
		if q.A.String() != r.PostFormValue("a") || q.B.String() != r.PostFormValue("b") {
			continue
		}
		reason := strings.TrimSpace(r.PostFormValue("reason"))
		if reason == "" {
			reason = v.Say.T("review.reason")
		}
		if err := v.ws.Judge(r.Context(), l, q, verdict, reason); err != nil {
			return err
		}
		http.Redirect(w, r, "/review/"+url.PathEscape(kind)+"?done=linked", http.StatusSeeOther)
		return nil
	}
	return fault.New(fault.Conflict, "web", "%s", v.Say.T("review.gone"))
}
