package web

import (
	"net/http"
	"slices"
	"strings"

	"example.org/amparo/fault"
	"example.org/amparo/id"
	"example.org/amparo/internal/app"
	"example.org/amparo/internal/casebook"
	"example.org/amparo/internal/consent"
	"example.org/amparo/internal/kind"
)

// consentPage is what a person allows, purpose by purpose, with the forms that record an
// answer and that take everything back in one act.
type consentPage struct {
	Page
	ID       string
	Title    string
	Locked   bool
	Lines    []consentLine
	Answers  []option
	Langs    []string
	Problems []problemView
	Done     *app.WithdrawalAccount
	Stopped  []string
	Recalled []recalledLine
}

type consentLine struct {
	Code, Label, Reason, Stops, Warning string
	Allowed, Disputed                   bool
}

type recalledLine struct{ On, Recipient, What, Action string }

// answered are the states that somebody says; the others follow from time and rules.
var answered = []consent.State{consent.Given, consent.Refused, consent.NotAsked, consent.Cannot}

// toSomebody are the purposes that name who receives what.
var toSomebody = []string{"CO-09", "CO-10"}

func (s *Server) consentPage(w http.ResponseWriter, r *http.Request, v *visit) error {
	p, _, err := v.consent(r)
	if err != nil {
		return err
	}
	return consentTmpl.Execute(w, *p)
}

func (v *visit) consent(r *http.Request) (*consentPage, id.ID, error) {
	rec, k, err := v.recordOf(r)
	if err != nil {
		return nil, rec, err
	}
	if k.Name != "person" {
		return nil, rec, fault.New(fault.NotFound, "web", "no such person")
	}
	row, err := v.ws.Index().Row(r.Context(), rec)
	if err != nil {
		return nil, rec, err
	}
	lines, locked, err := v.ws.Consents(r.Context(), rec)
	if err != nil {
		return nil, rec, err
	}
	lang := v.Say.Lang()
	p := &consentPage{Page: v.page("consent.title"), ID: rec.String(), Title: v.ws.Title(r.Context(), *row, lang), Locked: locked, Langs: spoken}
	purposes, _ := v.ws.Schema().Vocabulary("consent_purposes")
	states, _ := v.ws.Schema().Vocabulary("consent_status")
	for _, l := range lines {
		t, _ := purposes.Term(l.Purpose)
		line := consentLine{Code: l.Purpose, Label: t.Label.In(lang), Reason: l.Decision.Reason.Text(lang), Allowed: l.Decision.Allowed, Disputed: l.Decision.Disputed,
			Stops: consent.Stops(l.Purpose, lang), Warning: consent.Warning(l.Purpose, lang)}
		if l.Decision.Needs != "" {
			line.Reason += ": " + l.Decision.Needs
		}
		p.Lines = append(p.Lines, line)
	}
	for _, st := range answered {
		t, _ := states.Term(string(st))
		p.Answers = append(p.Answers, option{Value: string(st), Label: t.Label.In(lang)})
	}
	return p, rec, nil
}

// answer records what a person said of each purpose, all in one act. A purpose left
// alone stays as it was.
func (s *Server) answer(w http.ResponseWriter, r *http.Request, v *visit) error {
	p, rec, err := v.consent(r)
	if err != nil {
		return err
	}
	var all []casebook.Statement
	for _, l := range p.Lines {
		state := r.PostFormValue("state." + l.Code)
		if state == "" || !slices.Contains(answered, consent.State(state)) {
			continue
		}
		st := casebook.Statement{Record: v.ws.NewRecord(), Kind: "consent", Fields: kind.Values{
			"person": {kind.Of(rec.String())}, "purpose": {kind.Of(l.Code)}, "state": {kind.Of(state)},
		}}
		problems := v.consentFields(r, st.Fields)
		if slices.Contains(toSomebody, l.Code) {
			for name := range strings.SplitSeq(r.PostFormValue("recipients"), ";") {
				if name = strings.TrimSpace(name); name != "" {
					st.Fields["recipients"] = append(st.Fields["recipients"], kind.Of(name))
				}
			}
		}
		if len(problems) == 0 {
			problems = v.ws.Check(r.Context(), st, "save")
		}
		for _, pr := range problems {
			reason, remedy := v.Say.wrong(pr)
			if !slices.ContainsFunc(p.Problems, func(q problemView) bool { return q.Field == pr.Field && q.Reason == reason }) {
				p.Problems = append(p.Problems, problemView{Field: pr.Field, Label: l.Label, Reason: reason, Remedy: remedy})
			}
		}
		all = append(all, st)
	}
	if len(all) == 0 && len(p.Problems) == 0 {
		p.Problems = append(p.Problems, problemView{Field: "state", Label: v.Say.T("consent.title"), Reason: v.Say.T("consent.nothing")})
	}
	if len(p.Problems) > 0 {
		return consentTmpl.Refuse(w, *p)
	}
	if _, err := v.ws.StateAll(r.Context(), all); err != nil {
		return err
	}
	http.Redirect(w, r, "/record/"+rec.String()+"/consent?done=saved", http.StatusSeeOther)
	return nil
}

// consentFields reads the particulars that all answers of one conversation share.
func (v *visit) consentFields(r *http.Request, vs kind.Values) (problems []fault.Problem) {
	k, _ := v.ws.Schema().Kind("consent")
	for _, name := range []string{"text_version", "language", "interpreter", "method", "date", "review_on", "guardian", "conditions"} {
		f, ok := k.Field(name)
		text := strings.TrimSpace(r.PostFormValue(name))
		if !ok || text == "" {
			continue
		}
		val, err := v.ws.Schema().ParseValue(f, text, "")
		if err != nil {
			problems = append(problems, problemOf(name, text, err))
			continue
		}
		vs[name] = []kind.Value{val}
	}
	return problems
}

// withdraw ends consent in one act and tells what stopped and what is recalled (R06).
func (s *Server) withdraw(w http.ResponseWriter, r *http.Request, v *visit) error {
	p, rec, err := v.consent(r)
	if err != nil {
		return err
	}
	ask := app.Withdrawal{Purposes: r.PostForm["purpose"], Language: v.Say.Lang(), Method: r.PostFormValue("method"),
		Reason: strings.TrimSpace(r.PostFormValue("reason")), Destroy: r.PostFormValue("destroy") == "yes"}
	done, err := v.ws.Withdraw(r.Context(), rec, ask)
	if err != nil {
		return err
	}
	p.Done = done
	if done.Erasure == nil {
		again, _, err := v.consent(r)
		if err != nil {
			return err
		}
		again.Done = done
		p = again
	}
	for _, st := range done.Stopped {
		p.Stopped = append(p.Stopped, st.Purpose+": "+consent.Stops(st.Purpose, v.Say.Lang()))
	}
	actions, _ := v.ws.Schema().Vocabulary("recall_action")
	for _, l := range done.Recall {
		line := recalledLine{On: l.On, Recipient: l.Recipient, What: l.What, Action: string(l.Action)}
		if t, ok := actions.Term(string(l.Action)); ok {
			line.Action = t.Label.In(v.Say.Lang())
		}
		p.Recalled = append(p.Recalled, line)
	}
	return consentTmpl.Execute(w, *p)
}
