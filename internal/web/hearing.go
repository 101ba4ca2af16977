package web

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"example.org/amparo/fault"
	"example.org/amparo/id"
	"example.org/amparo/internal/app"
	"example.org/amparo/internal/interview"
	"example.org/amparo/internal/kind"
)

// hearingPage is an interview as it goes on: what is in place before it, its twelve phases,
// the break clock, and what to do when somebody is overwhelmed.
type hearingPage struct {
	Page
	ID, Name            string
	Person, Who         string
	Timer               timerView
	Checks              []checkView
	Ready               bool
	Earlier             []app.LinkView
	Asks                []partnerAskView // questions to partners
	Conflicts, Unasked  []string
	Phases              []phaseView
	At                  phaseView
	Reasons             []option
	Distress            []string
	Services, Responses []option
	Referred            []app.LinkView
	CanRefer            bool
	Unmet               []string
	Problems            []problemView
}

// checkView is one thing that must be in place, and where it is answered.
type checkView struct {
	Label, Link string
	OK          bool
}

// phaseView is one phase as the page shows it.
type phaseView struct {
	interview.Phase
	Name, Say      string
	Mark           interview.Mark
	MarkText       string
	Begun, Settled string
	Link           string
	On, Warn       bool
	Lines          []string
	Missing        []checkView
	Kinds          []option
	Reason, Words  string
	Member, Record string
}

// timerView is the break clock when the page was made; the script goes on counting.
type timerView struct {
	State   string // "", talk, break, over, stale
	Seconds int64  // since the last turn of the clock
	Minutes int
	Every   int // minutes
	Breaks  int
	Total   int    // minutes of talk
	Due     bool   // a break is
	Last    string // when something was noted last
	Back    string // the page it is on
}

// clockTime writes an instant as the clock on the wall shows it.
func clockTime(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Local().Format("15:04")
}

func (v *visit) timer(h app.Talk, back string) timerView {
	m := h.Moment
	t := timerView{Every: int(h.Clock.Interval().Minutes()), Breaks: m.Breaks, Total: int(m.Total.Minutes()), Due: m.BreakDue, Back: back, Last: clockTime(h.LastStep)}
	since := m.Talking
	switch {
	case len(h.Clock.Events) == 0:
		return t
	case m.Over:
		t.State = "over"
	case m.InBreak:
		t.State = "break"
		since = m.Resting
	case m.Stale():
		t.State = "stale"
	default:
		t.State = "talk"
	}
	t.Seconds, t.Minutes = int64(since.Seconds()), int(since.Minutes())
	return t
}

// running is the clock of an interview for a page on which somebody writes meanwhile, or nil
// while nobody talks.
func (v *visit) running(ctx context.Context, rec id.ID) (*timerView, error) {
	talk, err := v.ws.TalkOf(ctx, rec)
	if err != nil {
		return nil, err
	}
	u := *v.request.URL
	q := u.Query()
	q.Del("done")
	u.RawQuery = q.Encode()
	t := v.timer(talk, u.RequestURI())
	if t.State != "talk" && t.State != "break" {
		return nil, nil
	}
	return &t, nil
}

func (s *Server) hearingPage(w http.ResponseWriter, r *http.Request, v *visit) error {
	p, err := v.hearing(r, r.URL.Query().Get("phase"))
	if err != nil {
		return err
	}
	return hearingTmpl.Execute(w, *p)
}

func hearingAddress(rec, phase string) string {
	return "/record/" + rec + "/interview?phase=" + url.QueryEscape(phase)
}

// hearing builds the page at a phase: the one that was asked for, else the one that is
// begun, else the next that nobody touched.
func (v *visit) hearing(r *http.Request, at string) (*hearingPage, error) {
	rec, err := recordID(r)
	if err != nil {
		return nil, err
	}
	lang := v.Say.Lang()
	h, err := v.ws.Hearing(r.Context(), rec, lang)
	if err != nil {
		return nil, err
	}
	p := &hearingPage{Page: v.page("hearing.title"), ID: rec.String(), Name: v.ws.Desk().Title(r.Context(), h.Interview, lang), Earlier: h.Earlier, Asks: v.partnerAsks(r.Context(), h.Partners), Distress: interview.Distress(lang), Referred: h.Referred, CanRefer: h.CanRefer}
	for _, need := range h.Unmet {
		p.Unmet = append(p.Unmet, v.term("need_type", need))
	}
	p.Title = v.Say.With("hearing.of", p.Name)
	if !h.Person.IsZero() {
		p.Person = h.Person.String()
		if who, err := v.ws.Desk().Row(r.Context(), h.Person); err == nil {
			p.Who = v.ws.Desk().Title(r.Context(), *who, lang)
		}
	}
	p.Checks, p.Ready = v.checks(h)
	for _, c := range h.Conflicts {
		p.Conflicts = append(p.Conflicts, c.Text(lang))
	}
	if h.Planned && h.Plan.Interpreted {
		for _, c := range h.Unasked {
			p.Unasked = append(p.Unasked, c.Text(lang))
		}
	}
	current := currentPhase(h, at)
	for _, l := range h.Phases {
		pv := v.phase(h, l)
		if pv.On = l.Code == current; pv.On {
			p.At = pv
		}
		p.Phases = append(p.Phases, pv)
	}
	p.Timer = v.timer(h.Talk, hearingAddress(p.ID, current))
	p.Reasons, p.Services, p.Responses = v.terms("skip_reason", ""), v.terms("need_type", ""), v.terms("referral_answer", "")
	return p, nil
}

func currentPhase(h *app.Hearing, at string) string {
	if _, ok := interview.PhaseOf(at); ok {
		return at
	}
	for _, mark := range []interview.Mark{interview.Begun, ""} {
		for _, l := range h.Phases {
			if l.Mark == mark {
				return l.Code
			}
		}
	}
	return h.Phases[len(h.Phases)-1].Code
}

// checks lists everything that must be in place before the person is heard, and whether all
// of it is.
func (v *visit) checks(h *app.Hearing) (out []checkView, ready bool) {
	missing := interview.Missing(h.Plan)
	for _, r := range []interview.Requirement{interview.NeedChecked, interview.Interpreter, interview.SexAsked, interview.SameSex, interview.BreakPlan, interview.Referral, interview.BestForTheChild, interview.Consent} {
		ok := !slices.Contains(missing, r)
		if ok && (r == interview.SameSex || r == interview.BestForTheChild && !h.Plan.Child) {
			continue // it does not arise
		}
		out = append(out, v.check(h, r, ok))
	}
	return out, len(missing) == 0
}

func (v *visit) check(h *app.Hearing, r interview.Requirement, ok bool) checkView {
	at := "/record/" + h.Interview.ID.String()
	c := checkView{Label: r.Text(v.Say.Lang()), OK: ok, Link: at + "/interview/plan"}
	switch r {
	case interview.Consent:
		c.Link = "/record/" + h.Person.String() + "/consent"
	case interview.BestForTheChild:
		c.Link = "/new/bip?person=" + h.Person.String()
	case interview.ReadBack:
		c.Link = at + "/readback"
	}
	return c
}

func (v *visit) phase(h *app.Hearing, l app.PhaseLine) phaseView {
	lang := v.Say.Lang()
	p := phaseView{Phase: l.Phase, Name: l.Label.In(lang), Say: l.Prompt.In(lang), Mark: l.Mark, Begun: clockTime(l.Progress.Begun), Settled: clockTime(l.Settled),
		Link: hearingAddress(h.Interview.ID.String(), l.Code), Warn: l.Hard(), Lines: l.Prompts(lang), Words: l.Words, Member: l.Member}
	switch l.Mark {
	case interview.Begun:
		p.MarkText = v.Say.T("hearing.begun")
	case interview.Done:
		p.MarkText = v.Say.T("hearing.done")
	case interview.Skipped:
		p.MarkText = v.Say.T("hearing.skipped")
	}
	if l.Reason != "" {
		p.Reason = v.term("skip_reason", l.Reason)
	}
	if !l.Record.IsZero() {
		p.Record = l.Record.String()
	}
	for _, m := range l.Missing {
		p.Missing = append(p.Missing, v.check(h, m, false))
	}
	p.Kinds = v.phaseKinds(h, l.Phase)
	return p
}

// phaseKinds are the places where what is said in a phase is put down.
func (v *visit) phaseKinds(h *app.Hearing, ph interview.Phase) (out []option) {
	at := "/record/" + h.Interview.ID.String()
	add := func(label, link string) { out = append(out, option{Label: label, Value: link}) }
	switch ph.Code {
	case "free_account":
		add(v.Say.T("coding.intake"), at+"/intake")
		add(v.Say.T("record.code"), at+"/code")
	case "periods", "incidents":
		add(v.Say.T("record.code"), at+"/code")
		add(v.Say.T("hearing.to.calendar"), at+"/calendar")
	case "read_back":
		add(v.Say.T("hearing.to.readback"), at+"/readback")
	}
	for _, name := range ph.Kinds {
		k, ok := v.ws.Schema().Kind(name)
		if !ok || name == "statement_unit" || h.Person.IsZero() {
			continue
		}
		link := "/new/" + name + "?" + v.about(k, h).Encode()
		switch name {
		case "consent":
			link = "/record/" + h.Person.String() + "/consent"
		case "interview":
			link = at
		}
		add(k.Label.In(v.Say.Lang()), link)
	}
	return out
}

// about fills what follows from the interview into the form of a kind.
func (v *visit) about(k *kind.Kind, h *app.Hearing) url.Values {
	q := url.Values{"source": {h.Person.String()}}
	for _, f := range k.Fields {
		switch {
		case f.Type != kind.TypeLink:
		case f.Kind == "person" && slices.Contains(k.Subject, f.Name):
			q.Set(f.Name, h.Person.String())
		case f.Kind == "interview":
			q.Set(f.Name, h.Interview.ID.String())
		}
	}
	return q
}

// note records a turn of the interview and goes back to where it was noted.
func (s *Server) note(w http.ResponseWriter, r *http.Request, v *visit) error {
	rec, err := recordID(r)
	if err != nil {
		return err
	}
	t := app.Turn{What: interview.Turn(r.PostFormValue("turn")), Phase: r.PostFormValue("phase"), Reason: r.PostFormValue("reason"), Words: strings.TrimSpace(r.PostFormValue("words"))}
	problems, err := v.ws.Note(r.Context(), rec, t)
	if err != nil {
		return err
	}
	if len(problems) > 0 {
		return v.refuseTurn(w, r, t, problems)
	}
	next := safeNext(r.PostFormValue("next"))
	if t.What == interview.PhaseDone || t.What == interview.PhaseSkip {
		next = hearingAddress(rec.String(), v.after(r.Context(), rec, t.Phase))
	}
	http.Redirect(w, r, next, http.StatusSeeOther)
	return nil
}

// after is the phase that comes next: the first one after it that nobody settled.
func (v *visit) after(ctx context.Context, rec id.ID, code string) string {
	h, err := v.ws.Hearing(ctx, rec, v.Say.Lang())
	if err != nil {
		return "" // the page says why
	}
	from := slices.IndexFunc(h.Phases, func(l app.PhaseLine) bool { return l.Code == code }) + 1
	for i := range h.Phases {
		l := h.Phases[(from+i)%len(h.Phases)]
		if l.Mark == "" || l.Mark == interview.Begun {
			return l.Code
		}
	}
	return code
}

// refuseTurn shows the page again with why a turn was not taken. What is missing before a
// phase is on the page, in the reader's language.
func (v *visit) refuseTurn(w http.ResponseWriter, r *http.Request, t app.Turn, problems []fault.Problem) error {
	p, err := v.hearing(r, t.Phase)
	if err != nil {
		return err
	}
	p.Problems = v.problems("interview_step", problems)
	if t.What == interview.PhaseBegin && len(p.At.Missing) > 0 {
		p.Problems = nil
		for _, m := range p.At.Missing {
			p.Problems = append(p.Problems, problemView{Field: "phase", Label: v.Say.T("hearing.missing"), Reason: m.Label})
		}
	}
	p.At.Words = t.Words
	return hearingTmpl.Refuse(w, *p)
}

// refer records what the person was offered.
func (s *Server) refer(w http.ResponseWriter, r *http.Request, v *visit) error {
	rec, err := recordID(r)
	if err != nil {
		return err
	}
	problems, err := v.ws.Refer(r.Context(), rec, r.PostFormValue("service"), r.PostFormValue("answer"))
	if err != nil {
		return err
	}
	at := r.PostFormValue("phase")
	if len(problems) == 0 {
		http.Redirect(w, r, hearingAddress(rec.String(), at)+"&done=referred", http.StatusSeeOther)
		return nil
	}
	p, err := v.hearing(r, at)
	if err != nil {
		return err
	}
	p.Problems = v.problems("referral", problems)
	return hearingTmpl.Refuse(w, *p)
}

// planPage asks what must be answered before an interview.
type planPage struct {
	Page
	ID, Name string
	Earlier  []app.LinkView
	Form     formPage
	Person   string
	Asks     []partnerAskView // questions to partners
	ToAsk    []option         // partners that can be asked
}

func (s *Server) planPage(w http.ResponseWriter, r *http.Request, v *visit) error {
	p, err := v.plan(r, nil, nil)
	if err != nil {
		return err
	}
	return planTmpl.Execute(w, *p)
}

// plan builds the page; values and problems are of a form that was not accepted.
func (v *visit) plan(r *http.Request, values url.Values, problems []fault.Problem) (*planPage, error) {
	rec, err := recordID(r)
	if err != nil {
		return nil, err
	}
	h, err := v.ws.Hearing(r.Context(), rec, v.Say.Lang())
	if err != nil {
		return nil, err
	}
	k, _ := v.ws.Schema().Kind("interview_plan")
	if values == nil {
		if values, err = v.planned(r.Context(), rec, k); err != nil {
			return nil, err
		}
	}
	values.Set("interview", rec.String())
	form, err := v.form(r.Context(), k, values, problems)
	if err != nil {
		return nil, err
	}
	form.Fields = slices.DeleteFunc(form.Fields, func(f formField) bool {
		return f.Name == "interview" || f.Name == "sensitivity" || f.Name == "synthetic"
	})
	p := &planPage{Page: v.page("hearing.plan"), ID: rec.String(), Name: v.ws.Desk().Title(r.Context(), h.Interview, v.Say.Lang()), Earlier: h.Earlier, Form: *form, Person: h.Person.String(), Asks: v.partnerAsks(r.Context(), h.Partners)}
	if p.ToAsk, err = v.partnersToAsk(r.Context(), h.Person); err != nil {
		return nil, err
	}
	return p, nil
}

// planned are the answers as they stand.
func (v *visit) planned(ctx context.Context, rec id.ID, k *kind.Kind) (url.Values, error) {
	values := url.Values{}
	plan, err := v.ws.PlanRecord(rec)
	if err != nil {
		return nil, err
	}
	r, err := v.ws.Desk().Fold(ctx, plan)
	if fault.KindOf(err) == fault.NotFound {
		return values, nil
	}
	if err != nil {
		return nil, err
	}
	for _, f := range k.Fields {
		for _, val := range r.Field(f.Name).Current() {
			switch val.State {
			case kind.Given:
				values.Add(f.Name, val.Text)
			case kind.NotAsked:
			default:
				values.Set(f.Name+".state", val.State.String())
			}
		}
	}
	return values, nil
}

// statePlan records the answers.
func (s *Server) statePlan(w http.ResponseWriter, r *http.Request, v *visit) error {
	rec, err := recordID(r)
	if err != nil {
		return err
	}
	if err := readForm(r); err != nil {
		return err
	}
	k, _ := v.ws.Schema().Kind("interview_plan")
	form := url.Values{}
	for name, values := range r.PostForm {
		if name != "record" && name != "interview" {
			form[name] = values
		}
	}
	st, problems, err := v.statement(r.Context(), k, form)
	if err != nil {
		return err
	}
	if len(problems) == 0 {
		if problems, err = v.ws.StatePlan(r.Context(), rec, st.Fields); err != nil {
			return err
		}
	}
	if len(problems) > 0 {
		p, err := v.plan(r, r.PostForm, problems)
		if err != nil {
			return err
		}
		return planTmpl.Refuse(w, *p)
	}
	http.Redirect(w, r, "/record/"+rec.String()+"/interview?done=saved", http.StatusSeeOther)
	return nil
}
