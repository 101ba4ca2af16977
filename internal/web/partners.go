package web

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"strings"

	"example.org/amparo/fault"
	"example.org/amparo/id"
	"example.org/amparo/internal/app"
	"example.org/amparo/when"
)

// partnersPage lists the exchanges with partners and begins others.
type partnersPage struct {
	Page
	Rows                           []partnerRow
	Problems                       []problemView
	Partner, OwnName, Until, Limit string // as typed
	Card                           string
}

type partnerRow struct {
	ID, Partner, State, LastDay, Counts string
	Ready                               bool
}

// partnerPage is one exchange: what is to be done next, what was asked and answered.
type partnerPage struct {
	Page
	ID       string
	X        *app.PartnerExchange
	State    string
	Counts   string
	Reach    string // how many people here are compared
	Asks     []partnerAskView
	Problems []problemView
	Made     string // a file that waits to be saved
	Found    *partnerFound
}

// Begun, Strange, Ready and Over are for the template.
func (p partnerPage) Begun() bool   { return p.X.State == app.PartnerBegun }
func (p partnerPage) Strange() bool { return p.X.State == app.PartnerStrange }
func (p partnerPage) Ready() bool   { return p.X.State == app.PartnerReady }
func (p partnerPage) Over() bool    { return p.X.State == app.PartnerOver }

type partnerFound struct{ ID, Title, Code string }

// partnerAskView is one question, on the page of its exchange and on the check before an
// interview.
type partnerAskView struct {
	ID, Exchange, Partner, Person, Who, Asked, Answer, Codes, Called string
	Open                                                             bool
	Calls                                                            []option
}

// partnerPages are the pages of exchanges with partners.
func (s *Server) partnerPages() map[string]page {
	return map[string]page{
		"GET /partners":                      s.partnersPage,
		"POST /partners":                     s.startPartner,
		"POST /partners/join":                s.joinPartner,
		"GET /partners/{id}":                 s.partnerPage,
		"GET /partners/{id}/card":            s.partnerCard,
		"GET /partners/{id}/file/{key}":      s.partnerFile,
		"POST /partners/{id}/card":           s.partnerStep(s.takePartnerCard),
		"POST /partners/{id}/confirm":        s.partnerStep(s.confirmPartner),
		"POST /partners/{id}/ask":            s.partnerStep(s.askPartner),
		"POST /partners/{id}/answer":         s.partnerStep(s.answerPartner),
		"GET /partners/{id}/answering":       s.answeringPage,
		"POST /partners/{id}/answering/stop": s.stopAnswering,
		"POST /partners/{id}/read":           s.partnerStep(s.readPartner),
		"POST /partners/{id}/called":         s.partnerStep(s.notePartnerCall),
		"POST /partners/{id}/code":           s.findPartnerCode,
		"POST /partners/{id}/end":            s.partnerStep(s.endPartner),
	}
}

func (v *visit) partnerState(s app.PartnerState) string {
	switch s {
	case app.PartnerBegun:
		return v.Say.T("partners.begun")
	case app.PartnerStrange:
		return v.Say.T("partners.strange")
	case app.PartnerReady:
		return v.Say.T("partners.ready")
	}
	return v.Say.T("partners.over")
}

func (v *visit) partnerCounts(x *app.PartnerExchange) string {
	return v.Say.Fill("partners.counts", x.Asked, x.Answered, x.Limit)
}

func (s *Server) partnersPage(w http.ResponseWriter, r *http.Request, v *visit) error {
	p, err := v.partners(r.Context())
	if err != nil {
		return err
	}
	return partnersTmpl.Execute(w, *p)
}

func (v *visit) partners(ctx context.Context) (*partnersPage, error) {
	all, err := v.ws.Partners(ctx)
	if err != nil {
		return nil, err
	}
	p := &partnersPage{Page: v.page("partners.title"), Limit: "20"}
	for _, x := range all {
		p.Rows = append(p.Rows, partnerRow{ID: x.ID.String(), Partner: x.Partner, State: v.partnerState(x.State), LastDay: x.LastDay, Counts: v.partnerCounts(x), Ready: x.State == app.PartnerReady})
	}
	return p, nil
}

// startPartner begins an exchange.
func (s *Server) startPartner(w http.ResponseWriter, r *http.Request, v *visit) error {
	limit, _ := strconv.Atoi(r.PostFormValue("limit")) // not a number: refused below
	until, err := when.ParseHuman(strings.TrimSpace(r.PostFormValue("until")))
	var x *app.PartnerExchange
	if err == nil {
		x, err = v.ws.StartPartner(r.Context(), r.PostFormValue("partner"), r.PostFormValue("own_name"), until, limit)
	}
	return v.begun(w, r, x, err)
}

// joinPartner takes the card of a partner that began.
func (s *Server) joinPartner(w http.ResponseWriter, r *http.Request, v *visit) error {
	x, err := v.ws.JoinPartner(r.Context(), r.PostFormValue("partner"), r.PostFormValue("own_name"), r.PostFormValue("card"))
	return v.begun(w, r, x, err)
}

// begun goes to a new exchange, or shows the form again with why there is none.
func (v *visit) begun(w http.ResponseWriter, r *http.Request, x *app.PartnerExchange, err error) error {
	if err == nil {
		http.Redirect(w, r, "/partners/"+x.ID.String(), http.StatusSeeOther)
		return nil
	}
	problem, ok := v.partnerRefusal(err)
	if !ok {
		return err
	}
	p, err := v.partners(r.Context())
	if err != nil {
		return err
	}
	p.Problems = problem
	p.Partner, p.OwnName, p.Until, p.Limit, p.Card = r.PostFormValue("partner"), r.PostFormValue("own_name"), r.PostFormValue("until"), r.PostFormValue("limit"), r.PostFormValue("card")
	return partnersTmpl.Refuse(w, *p)
}

// partnerRefusal is why something was refused, in the reader's language; ok is false for
// what is no refusal.
func (v *visit) partnerRefusal(err error) (out []problemView, ok bool) {
	var p fault.Problem
	if errors.As(err, &p) {
		return v.problems(p.Kind, []fault.Problem{p}), true
	}
	reason, remedy, ok := v.Say.why(err)
	if !ok || fault.KindOf(err) == fault.Internal || fault.KindOf(err) == fault.Storage {
		return nil, false
	}
	return []problemView{{Label: v.Say.T("partners.refused"), Reason: reason, Remedy: remedy}}, true
}

func (s *Server) partnerPage(w http.ResponseWriter, r *http.Request, v *visit) error {
	p, err := v.partner(r)
	if err != nil {
		return err
	}
	if _, ok := s.outbox.find(r.URL.Query().Get("made")); ok {
		p.Made = r.URL.Query().Get("made")
	}
	return partnerTmpl.Execute(w, *p)
}

func (v *visit) partner(r *http.Request) (*partnerPage, error) {
	ctx := r.Context()
	rec, err := recordID(r)
	if err != nil {
		return nil, err
	}
	x, err := v.ws.Partner(ctx, rec)
	if err != nil {
		return nil, err
	}
	p := &partnerPage{Page: v.page("partners.title"), ID: rec.String(), X: x, State: v.partnerState(x.State), Counts: v.partnerCounts(x)}
	if p.Ready() {
		n, err := v.ws.PartnerReach(ctx, rec)
		if err != nil {
			return nil, err
		}
		p.Reach = v.Say.N("partners.reach", n)
	}
	asks, err := v.ws.PartnerAsksIn(ctx, rec)
	if err != nil {
		return nil, err
	}
	p.Asks = v.partnerAsks(ctx, asks)
	return p, nil
}

func (v *visit) partnerAsks(ctx context.Context, asks []*app.PartnerAsk) (out []partnerAskView) {
	lang := v.Say.Lang()
	for _, a := range asks {
		view := partnerAskView{ID: a.ID.String(), Exchange: a.Exchange.String(), Partner: a.Partner, Person: a.Person.String(), Asked: a.Asked, Answer: v.Say.T("partners.waiting"), Open: a.Open()}
		if row, err := v.ws.Desk().Row(ctx, a.Person); err == nil { // locked since: no name of it is shown
			view.Who = v.ws.Desk().Title(ctx, *row, lang)
		}
		if a.Result != "" {
			view.Answer = v.term("partner_result", a.Result)
			view.Codes = strings.Join(a.Codes, ", ")
		}
		if a.Called != "" {
			view.Called = v.term("partner_call", a.Called)
		}
		if view.Open {
			view.Calls = v.terms("partner_call", "")
		}
		out = append(out, view)
	}
	return out
}

// partnerStep does something to an exchange and goes where it says, or back to the page
// with why it was refused.
func (s *Server) partnerStep(do func(r *http.Request, v *visit, rec id.ID) (next string, err error)) page {
	return func(w http.ResponseWriter, r *http.Request, v *visit) error {
		rec, err := recordID(r)
		if err != nil {
			return err
		}
		if _, err := v.ws.Partner(r.Context(), rec); err != nil {
			return err
		}
		next, err := do(r, v, rec)
		if err == nil {
			http.Redirect(w, r, "/partners/"+rec.String()+next, http.StatusSeeOther)
			return nil
		}
		problem, ok := v.partnerRefusal(err)
		if !ok {
			return err
		}
		p, err := v.partner(r)
		if err != nil {
			return err
		}
		p.Problems = problem
		return partnerTmpl.Refuse(w, *p)
	}
}

func (s *Server) takePartnerCard(r *http.Request, v *visit, rec id.ID) (string, error) {
	_, err := v.ws.TakePartnerCard(r.Context(), rec, r.PostFormValue("card"))
	return "", err
}

func (s *Server) confirmPartner(r *http.Request, v *visit, rec id.ID) (string, error) {
	_, err := v.ws.ConfirmPartner(r.Context(), rec)
	return "", err
}

func (s *Server) endPartner(r *http.Request, v *visit, rec id.ID) (string, error) {
	_, err := v.ws.EndPartner(r.Context(), rec)
	return "", err
}

func (s *Server) askPartner(r *http.Request, v *visit, rec id.ID) (string, error) {
	person, err := id.Parse(r.PostFormValue("person"))
	if err != nil {
		return "", fault.New(fault.Invalid, "web", "nobody is named").Coded("partner.nobody").With("ask from the check before an interview")
	}
	f, err := v.ws.AskPartner(r.Context(), rec, person)
	if err != nil {
		return "", err
	}
	return "?made=" + s.outbox.put("question.age", f.Data) + "#made", nil
}

func (s *Server) readPartner(r *http.Request, v *visit, rec id.ID) (string, error) {
	file, err := partnerUpload(r)
	if err != nil {
		return "", err
	}
	_, err = v.ws.ReadPartnerAnswer(r.Context(), rec, file)
	return "#asked", err
}

func (s *Server) notePartnerCall(r *http.Request, v *visit, _ id.ID) (string, error) {
	ask, err := id.Parse(r.PostFormValue("ask"))
	if err != nil {
		return "", fault.New(fault.NotFound, "web", "no such question")
	}
	problems, err := v.ws.NotePartnerCall(r.Context(), ask, r.PostFormValue("called"))
	if err == nil && len(problems) > 0 {
		err = problems[0]
	}
	return "#asked", err
}

// findPartnerCode shows whom a partner speaks of.
func (s *Server) findPartnerCode(w http.ResponseWriter, r *http.Request, v *visit) error {
	p, err := v.partner(r)
	if err != nil {
		return err
	}
	code := strings.TrimSpace(r.PostFormValue("code"))
	person, allowed, err := v.ws.PartnerCode(r.Context(), p.X.ID, code)
	if err == nil && !allowed {
		p.Problems = []problemView{{Label: code, Reason: v.Say.T("partners.code.silent")}}
		return partnerTmpl.Refuse(w, *p)
	}
	if err != nil {
		problem, ok := v.partnerRefusal(err)
		if !ok {
			return err
		}
		for i := range problem {
			problem[i].Label = code
		}
		p.Problems = problem
		return partnerTmpl.Refuse(w, *p)
	}
	row, err := v.ws.Desk().Row(r.Context(), person)
	if err != nil {
		return err
	}
	p.Found = &partnerFound{ID: person.String(), Title: v.ws.Desk().Title(r.Context(), *row, v.Say.Lang()), Code: code}
	return partnerTmpl.Execute(w, *p)
}

// partnersToAsk are the partners that can be asked about the person of an interview.
func (v *visit) partnersToAsk(ctx context.Context, person id.ID) (out []option, err error) {
	if person.IsZero() {
		return nil, nil
	}
	all, err := v.ws.Partners(ctx)
	if err != nil {
		return nil, err
	}
	for _, x := range all {
		if x.State == app.PartnerReady && x.Asked < x.Limit {
			out = append(out, option{Value: x.ID.String(), Label: x.Partner})
		}
	}
	return out, nil
}
