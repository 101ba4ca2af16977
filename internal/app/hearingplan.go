package app

import (
	"context"
	"slices"
	"strconv"
	"time"

	"example.org/amparo/fault"
	"example.org/amparo/id"
	"example.org/amparo/internal/casebook"
	"example.org/amparo/internal/consent"
	"example.org/amparo/internal/index"
	"example.org/amparo/internal/interview"
	"example.org/amparo/internal/kind"
	"example.org/amparo/when"
)

// readPlan reads what was asked before the interview, and asks at this moment what follows
// from other records: consent, age, and whether the person was heard before, here or by a
// partner.
func (w *Workspace) readPlan(ctx context.Context, h *Hearing, lang string) (every time.Duration, err error) {
	vs, rows, err := w.planValues(ctx, h.Interview.ID)
	if err != nil {
		return 0, err
	}
	h.Planned = len(rows) > 0
	again := false
	for _, r := range rows {
		f, err := w.Desk().Fold(ctx, r.ID)
		if err != nil {
			return 0, err
		}
		why, _ := firstText(f, "again_because")
		again = again || why != ""
	}
	if h.Earlier, err = w.heardBefore(ctx, h, lang); err != nil {
		return 0, err
	}
	if h.Partners, err = w.PartnerAsks(ctx, h.Person); err != nil {
		return 0, err
	}
	taken := slices.ContainsFunc(h.Partners, func(a *PartnerAsk) bool { return a.Called == "same" })
	h.Plan = planOf(vs, taken || len(h.Earlier) > 0)
	if slices.ContainsFunc(h.Partners, func(a *PartnerAsk) bool { return a.Open() }) {
		h.Plan.NeedChecked = false // a possible match that nobody called about
	}
	if again {
		h.Plan.Reason = "given"
	}
	check := interview.InterpreterCheck{SameVillage: one(vs, "same_village"), Related: one(vs, "related"), Official: one(vs, "official"), OtherSide: one(vs, "other_side"),
		Oath: one(vs, "oath"), Dialect: one(vs, "dialect"), Agreed: one(vs, "agreed")}
	h.Clearance, h.Conflicts, h.Unasked = interview.CheckInterpreter(check)
	if one(vs, "interpreted").State != kind.Given {
		h.Clearance = interview.Open // whether somebody interprets was not asked
	}
	h.Plan.Cleared = h.Clearance
	if !h.Person.IsZero() {
		if err := w.readAge(ctx, h); err != nil {
			return 0, err
		}
	}
	return breakAfter(vs), nil
}

// planValues are the answers of the check before an interview: of all its records, where
// several devices wrote one. What they disagree on has several values.
func (w *Workspace) planValues(ctx context.Context, rec id.ID) (kind.Values, []index.Row, error) {
	rows, err := w.Desk().Linked(ctx, rec, "interview_plan", "interview")
	vs := kind.Values{}
	for _, r := range rows {
		for name, values := range r.Values {
			for _, v := range values {
				if !slices.Contains(vs[name], v) {
					vs[name] = append(vs[name], v)
				}
			}
		}
	}
	return vs, rows, err
}

// breakAfter is after how long a break is due; 0: the usual.
func breakAfter(vs kind.Values) time.Duration {
	minutes, _ := strconv.Atoi(one(vs, "break_minutes").Text) // nothing: the usual
	return time.Duration(max(0, minutes)) * time.Minute
}

// one is the answer to a field, if there is one answer: accounts that disagree answer nothing.
func one(vs kind.Values, name string) kind.Value {
	if len(vs[name]) != 1 {
		return kind.Value{State: kind.NotAsked}
	}
	return vs[name][0]
}

// planOf reads what is in place. Where an earlier interview of the person is here, or a
// partner said so, "not taken before" is not true, whoever said it.
func planOf(vs kind.Values, before bool) interview.Plan {
	p := interview.Plan{}
	term := func(name string) string {
		if v := one(vs, name); v.State == kind.Given {
			return v.Text
		}
		return ""
	}
	taken := term("taken_before")
	p.NeedChecked = taken != ""
	p.NoNeed = taken == "taken" || taken == "unclear" || before && p.NeedChecked
	p.Interpreted = term("interpreted") != "no"
	p.SexAsked = term("same_sex") != ""
	p.SexNotGiven = term("same_sex") == "not_given"
	p.BreakPlan = term("breaks_told") == "yes"
	p.Referral = term("referral_ready") == "yes"
	return p
}

// readAge asks for consent and age as they are recorded now.
func (w *Workspace) readAge(ctx context.Context, h *Hearing) error {
	d, err := w.Decide(ctx, h.Person, consent.Documentation, "")
	if err != nil {
		return err
	}
	h.Plan.Consented = d.Allowed
	r := newRegister()
	if err := w.readPerson(ctx, r, h.Person); err != nil {
		return err
	}
	p := r.people[h.Person]
	h.Plan.Child, h.Plan.BestInterests = p.MayBeChild(w.today()), p.BestInterests
	return nil
}

// heardBefore lists the other interviews of a person, under all records found to be theirs,
// that are not later than this one.
func (w *Workspace) heardBefore(ctx context.Context, h *Hearing, lang string) ([]LinkView, error) {
	if h.Person.IsZero() {
		return nil, nil
	}
	same, _, err := w.index.SameAs(ctx, h.Person)
	if err != nil {
		return nil, err
	}
	var out []LinkView
	for _, p := range append([]id.ID{h.Person}, same...) {
		rows, err := w.Desk().Linked(ctx, p, "interview", "person")
		if err != nil {
			return nil, err
		}
		for _, r := range rows {
			if r.ID != h.Interview.ID && !certainlyLater(r, h.Interview) {
				out = append(out, LinkView{ID: r.ID.String(), Kind: r.Kind, Title: w.Desk().Title(ctx, r, lang)})
			}
		}
	}
	return out, nil
}

// certainlyLater reports whether an interview was held after another whatever their dates
// mean.
func certainlyLater(a, b index.Row) bool {
	x, err := when.Parse(a.Values.Get("date"))
	if err != nil {
		return false
	}
	y, err := when.Parse(b.Values.Get("date"))
	if err != nil {
		return false
	}
	lo, _ := x.Bounds()
	_, hi := y.Bounds()
	return lo > hi
}

// PlanRecord is the record of the check before an interview: one for an interview, on every
// device.
func (w *Workspace) PlanRecord(rec id.ID) (id.ID, error) {
	general, err := w.roomOf(generalRoom)
	if err != nil {
		return id.ID{}, err
	}
	return id.Derive(general.secret, "interview_plan", rec.String()), nil
}

// StatePlan records the answers of the check before an interview in place of the earlier
// ones. What is left empty now was not asked: an old answer does not stay behind it.
func (w *Workspace) StatePlan(ctx context.Context, rec id.ID, vs kind.Values) ([]fault.Problem, error) {
	if _, err := w.Hearing(ctx, rec, "en"); err != nil {
		return nil, err
	}
	plan, err := w.PlanRecord(rec)
	if err != nil {
		return nil, err
	}
	s := casebook.Statement{Record: plan, Kind: "interview_plan", Fields: kind.Values{"interview": {kind.Of(rec.String())}}}
	k, _ := w.Schema().Kind("interview_plan")
	for _, f := range k.Fields {
		switch v := vs[f.Name]; {
		case f.Name == "interview":
		case len(v) > 0:
			s.Fields[f.Name] = v
		case f.Name != "sensitivity" && f.Name != "synthetic":
			s.Fields[f.Name] = []kind.Value{{State: kind.NotAsked}}
		}
	}
	return w.stateInPlace(ctx, s, func(casebook.Account) bool { return true })
}

// stateInPlace records a statement in place of every account of its record that stands and that
// replaces wants: devices that did not know of each other, and forms that were sent twice,
// leave several. It is stated once for each.
func (w *Workspace) stateInPlace(ctx context.Context, s casebook.Statement, replaces func(casebook.Account) bool) ([]fault.Problem, error) {
	if problems := append(w.Check(ctx, s, "save"), w.checkNow(ctx, s)...); len(problems) > 0 {
		return problems, nil
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	var all []casebook.Statement
	r, err := w.index.Fold(ctx, s.Record)
	if err != nil && fault.KindOf(err) != fault.NotFound {
		return nil, err
	}
	if err == nil {
		for _, a := range r.Accounts {
			if a.CorrectedBy == nil && replaces(a) {
				again := s
				again.Corrects = &a.Ref
				all = append(all, again)
			}
		}
	}
	if len(all) == 0 {
		all = append(all, s)
	}
	_, err = w.stateAll(ctx, all, nil)
	return nil, err
}
