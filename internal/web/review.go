package web

import (
	"fmt"
	"html/template"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"example.org/amparo/fault"
	"example.org/amparo/id"
	"example.org/amparo/internal/app"
	"example.org/amparo/internal/casebook"
	"example.org/amparo/linkage"
	"example.org/amparo/linkage/eval"
	"example.org/amparo/when"
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
	Errors   errorRates
	Changes  []changeRow
	Against  [][]app.LinkView // chains of decisions that contradict each other
	None     string           // why there is nothing to ask
	Veiled   bool             // names were compared that are not shown unasked
	Behind   string           // what the comparison does not know yet
	reviewWhy
}

// errorRates are percentages of the comparison, with their intervals.
type errorRates struct {
	Precision, Recall, Answers string
}

// changeRow is what became of entities, with its cause; Undo are the two records of a
// decision that can be taken back here.
type changeRow struct {
	When, What, Why string
	Records         []app.LinkView
	Undo            []string
}

type reviewSide struct{ ID, Title string }

type reviewRow struct {
	Label, A, B string
	Differs     bool
}

// shownChanges bounds the list of what became of entities.
const shownChanges = 20

// reviewState fills in how often the comparison is wrong, which decisions contradict each
// other, and what became of entities lately.
func (v *visit) reviewState(r *http.Request, p *reviewPage, l *app.Linking) error {
	e := l.Errors()
	share := func(i eval.Interval) string {
		return fmt.Sprintf("%.1f %% (%.1f–%.1f)", 100*i.Point, 100*i.Low, 100*i.High)
	}
	p.Errors = errorRates{share(e.Precision), share(e.Recall), v.Say.N("review.answers", e.Answers)}
	for _, c := range l.Contradictions() {
		p.Against = append(p.Against, v.titles(r, c.Chain))
	}
	changes, err := v.ws.Regroupings(r.Context(), p.Kind, shownChanges)
	if err != nil {
		return err
	}
	for _, c := range changes {
		row := changeRow{When: time.UnixMilli(c.At).Format(when.Minute), What: v.Say.T("regrouped." + c.Event),
			Why: v.Say.T("cause." + c.Cause), Records: v.titles(r, c.Records)}
		if c.Cause == linkage.ByDecision && len(c.Of) == 2 && l.Has(c.Of[0], c.Of[1]) {
			row.Undo = []string{c.Of[0].String(), c.Of[1].String()}
		}
		p.Changes = append(p.Changes, row)
	}
	return nil
}

// titles names records; those that the desk may not show are left out.
func (v *visit) titles(r *http.Request, records []id.ID) (out []app.LinkView) {
	for _, rec := range records {
		if row, err := v.ws.Desk().Row(r.Context(), rec); err == nil {
			out = append(out, app.LinkView{ID: rec.String(), Title: v.ws.Title(r.Context(), *row, v.Say.Lang())})
		}
	}
	return out
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
	l, behind, err := v.linking(r, p.Kind)
	if fault.KindOf(err) == fault.NotFound {
		p.None = v.Say.T("review.none")
		return reviewTmpl.Execute(w, p)
	}
	if err != nil {
		return err
	}
	if l == nil {
		w.Header().Set("Refresh", "3")
		p.None = v.Say.T("review.comparing")
		return reviewTmpl.Execute(w, p)
	}
	if behind > 0 {
		p.Behind = v.Say.N("review.behind", behind)
	}
	if err := v.reviewState(r, &p, l); err != nil {
		return err
	}
	queue := l.Queue(app.ReviewLength, app.ReviewSample)
	p.Left, p.Decided = len(queue), l.Decided()
	if q, asked, err := v.askedPair(r, l); err != nil {
		return err
	} else if asked {
		p.Asked = true
		if err := v.question(r, &p, l, q); err != nil {
			return err
		}
		return reviewTmpl.Execute(w, p)
	}
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

// linking is the comparison of a kind for a page, made anew where the reader asks for that.
func (v *visit) linking(r *http.Request, kind string) (l *app.Linking, behind int, err error) {
	if r.URL.Query().Get("again") != "" {
		l, err = v.ws.Linking(r.Context(), kind, true)
		return l, 0, err
	}
	return v.ws.LinkingAtHand(r.Context(), kind)
}

// decidable is the comparison that a decision goes into.
func (v *visit) decidable(r *http.Request, kind string) (*app.Linking, error) {
	l, _, err := v.ws.LinkingAtHand(r.Context(), kind)
	if l == nil && err == nil {
		l, err = v.ws.Linking(r.Context(), kind, false)
	}
	return l, err
}

func (v *visit) question(r *http.Request, p *reviewPage, l *app.Linking, q app.Question) error {
	ctx, lang := r.Context(), v.Say.Lang()
	x, err := v.explained(r, p, l, q)
	if err != nil {
		return err
	}
	p.SVG = template.HTML(x.SVGIn(v.waterfallWords(p.Kind))) //nolint:gosec // drawn by linkage, which escapes every value
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
			if f.Veiled {
				continue
			}
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
	merges := v.titles(r, l.Merges(q.A, q.B))
	p.Merges = merges[:min(shownMerges, len(merges))]
	return v.why(r, p, l, q, x)
}

// explained explains a pair; with the names that were compared where somebody asked for them,
// and said why.
func (v *visit) explained(r *http.Request, p *reviewPage, l *app.Linking, q app.Question) (linkage.Explanation, error) {
	if r.Method != http.MethodPost {
		p.Veiled = l.Kind != "perpetrator"
		return l.Explain(q.A, q.B)
	}
	return v.ws.OpenNames(r.Context(), l, q.A, q.B, r.PostFormValue("reason"))
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
	l, err := v.decidable(r, kind)
	if err != nil {
		return err
	}
	verdict, err := casebook.ParseVerdict(r.PostFormValue("verdict"))
	if err != nil {
		return err
	}
	q, err := asked(r, l)
	if err != nil {
		return err
	}
	if l.Has(q.A, q.B) {
		return fault.New(fault.Conflict, "web", "%s", v.Say.T("review.gone"))
	}
	reason := strings.TrimSpace(r.PostFormValue("reason"))
	if reason == "" {
		reason = v.Say.T("review.reason")
	}
	if c, bad := l.Against(q.A, q.B, verdict); bad {
		var chain []string
		for _, x := range v.titles(r, c.Chain) {
			chain = append(chain, x.Title)
		}
		return fault.New(fault.Conflict, "web", "%s", v.Say.With("review.against", strings.Join(chain, " = ")))
	}
	if _, err := v.ws.Judge(r.Context(), l, q, verdict, reason); err != nil {
		return err
	}
	http.Redirect(w, r, "/review/"+url.PathEscape(kind)+"?done=linked", http.StatusSeeOther)
	return nil
}

// unjudge takes a decision back and returns to the review.
func (s *Server) unjudge(w http.ResponseWriter, r *http.Request, v *visit) error {
	l, err := v.decidable(r, r.PathValue("kind"))
	if err != nil {
		return err
	}
	a, b, err := pairIn(r.PostFormValue("a"), r.PostFormValue("b"))
	if err != nil {
		return err
	}
	if !l.Has(a, b) {
		return fault.New(fault.Conflict, "web", "%s", v.Say.T("review.gone"))
	}
	if _, err := v.ws.Unjudge(r.Context(), l, a, b, v.Say.T("review.undone")); err != nil {
		return err
	}
	http.Redirect(w, r, "/review/"+url.PathEscape(r.PathValue("kind"))+"?done=retracted", http.StatusSeeOther)
	return nil
}
