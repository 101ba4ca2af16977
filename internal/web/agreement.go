package web

import (
	"fmt"
	"math"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"example.org/amparo/estimate"
	"example.org/amparo/fault"
	"example.org/amparo/id"
	"example.org/amparo/internal/app"
	"example.org/amparo/internal/journal"
	"example.org/amparo/internal/kind"
)

// agreementPage shows how far two members who coded apart agree, field by field, and asks
// of one difference after the other which answer is taken.
type agreementPage struct {
	Page
	Kinds         []option
	Kind          string
	Pairs         []coderPair
	First, Second string // names
	Records       int
	Fields        []fieldAgreement
	Left, At      int
	Dispute       *disputeView
}

type coderPair struct {
	Link, Names string
	Records     int
	On          bool
}

type fieldAgreement struct {
	Label, Share, Kappa, Alpha string
	Open                       int
}

type disputeView struct {
	Record        app.LinkView
	Field, Label  string
	Answers       [2]string
	Accounts      [2]string
	Words         []app.Quote
	Kind, A, B    string
	First, Second string
}

// agreementSeed makes the intervals the same each time the page is opened.
const agreementSeed = 1

// shownWords bounds the words shown beside a difference.
const shownWords = 4

func (s *Server) agreementPage(w http.ResponseWriter, r *http.Request, v *visit) error {
	q := r.URL.Query()
	p := agreementPage{Page: v.page("agreement.title"), Kind: q.Get("kind")}
	set := v.ws.Schema()
	if _, ok := set.Kind(p.Kind); !ok {
		p.Kind = codedMost[0]
	}
	for _, name := range codedMost {
		if k, ok := set.Kind(name); ok {
			p.Kinds = append(p.Kinds, option{Value: name, Label: k.Plural.In(v.Say.Lang()), On: name == p.Kind})
		}
	}
	coders, err := v.ws.Desk().Coders(r.Context(), p.Kind)
	if err != nil {
		return err
	}
	if len(coders) == 0 {
		return agreementTmpl.Execute(w, p)
	}
	chosen := 0
	for i, c := range coders {
		if c.First.String() == q.Get("first") && c.Second.String() == q.Get("second") {
			chosen = i
		}
	}
	for i, c := range coders {
		link := url.Values{"kind": {p.Kind}, "first": {c.First.String()}, "second": {c.Second.String()}}
		p.Pairs = append(p.Pairs, coderPair{"/agreement?" + link.Encode(), v.ws.MemberName(c.First) + " · " + v.ws.MemberName(c.Second), c.Records, i == chosen})
	}
	c := coders[chosen]
	p.First, p.Second, p.Records = v.ws.MemberName(c.First), v.ws.MemberName(c.Second), c.Records
	if err := v.agreement(r, &p, c); err != nil {
		return err
	}
	return agreementTmpl.Execute(w, p)
}

func (v *visit) agreement(r *http.Request, p *agreementPage, c app.Coders) error {
	fields, err := v.ws.Desk().Agreement(r.Context(), p.Kind, c.First, c.Second, agreementSeed)
	if err != nil {
		return err
	}
	k, _ := v.ws.Schema().Kind(p.Kind)
	type open struct {
		field *kind.Field
		of    app.Dispute
	}
	var left []open
	for _, f := range fields {
		decl, ok := k.Field(f.Field)
		if !ok {
			continue
		}
		row := fieldAgreement{Label: decl.Label.In(v.Say.Lang()), Share: fmt.Sprintf("%d / %d", f.Equal, f.Units), Kappa: v.measure(f.Kappa), Alpha: v.measure(f.Alpha)}
		for _, d := range f.Disputes {
			if !d.Chosen {
				row.Open++
				left = append(left, open{decl, d})
			}
		}
		p.Fields = append(p.Fields, row)
	}
	if p.Left = len(left); p.Left == 0 {
		return nil
	}
	p.At, _ = strconv.Atoi(r.URL.Query().Get("at")) // none: the first
	p.At = max(0, p.At) % len(left)
	one := left[p.At]
	d := disputeView{Field: one.field.Name, Label: one.field.Label.In(v.Say.Lang()), Kind: p.Kind, A: c.First.String(), B: c.Second.String(), First: p.First, Second: p.Second}
	for i := range d.Answers {
		var texts []string
		for _, x := range one.of.Answers[i] {
			if t, _, ok := v.ws.ValueText(r.Context(), one.field, x, v.Say.Lang()); ok {
				texts = append(texts, t)
			}
		}
		d.Answers[i], d.Accounts[i] = strings.Join(texts, "; "), one.of.Accounts[i].String()
	}
	if t := v.titles(r, []id.ID{one.of.Record}); len(t) == 1 {
		d.Record = t[0]
	}
	if d.Words, err = v.ws.Quotes(r.Context(), one.of.Record, v.Say.Lang(), shownWords); err != nil {
		return err
	}
	p.Dispute = &d
	return nil
}

// measure writes a coefficient with its interval, or that there is none.
func (v *visit) measure(f estimate.Fit) string {
	if f.Refusal != nil || math.IsNaN(float64(f.Point)) {
		return v.Say.T("agreement.unmeasured")
	}
	return fmt.Sprintf("%.2f (%.2f–%.2f)", float64(f.Point), float64(f.Lower), float64(f.Upper))
}

// adjudicate takes one of two answers, with a reason; the other stays in the history.
func (s *Server) adjudicate(w http.ResponseWriter, r *http.Request, v *visit) error {
	rec, err := id.Parse(r.PostFormValue("record"))
	if err != nil {
		return fault.New(fault.NotFound, "web", "no such record")
	}
	reason := strings.TrimSpace(r.PostFormValue("reason"))
	if reason == "" {
		return fault.New(fault.Invalid, "web", "%s", v.Say.T("record.reason.missing"))
	}
	ref, err := journal.ParseRef(r.PostFormValue("account"))
	if err != nil {
		return err
	}
	if err := v.ws.Choose(r.Context(), rec, r.PostFormValue("field"), ref, reason); err != nil {
		return err
	}
	back := url.Values{"done": {"chosen"}}
	for _, name := range []string{"kind", "first", "second"} {
		back.Set(name, r.PostFormValue(name))
	}
	http.Redirect(w, r, "/agreement?"+back.Encode(), http.StatusSeeOther)
	return nil
}

// NextLink leads to the next difference.
func (p agreementPage) NextLink() string {
	at := slices.IndexFunc(p.Pairs, func(c coderPair) bool { return c.On })
	return p.Pairs[at].Link + "&at=" + strconv.Itoa(p.At+1)
}
