package app

import (
	"cmp"
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
	"example.org/amparo/internal/journal"
	"example.org/amparo/internal/kind"
	"example.org/amparo/when"
)

// Hearing is how one interview stands: what is in place before it, where each phase is, and
// how long the person has been talking. It is read from what is recorded at this moment.
type Hearing struct {
	Interview          index.Row
	Person             id.ID // zero: the interview names nobody
	Plan               interview.Plan
	Planned            bool // the check before the interview has answers
	Clearance          interview.Clearance
	Conflicts, Unasked []interview.Concern
	Earlier            []LinkView // interviews of the same person that are here
	Phases             []PhaseLine
	Talk
	Referred []LinkView
	ReadBack ReadBackSummary
}

// Talk is the break clock of an interview as it stands now.
type Talk struct {
	Clock    interview.Sitting
	Moment   interview.Moment
	LastStep time.Time // zero: there is none
}

// PhaseLine is one phase as it stands.
type PhaseLine struct {
	interview.Phase
	interview.Progress
	Missing []interview.Requirement // before it may begin
	Reason  string                  // why it was skipped, a term of skip_reason
	Words   string
	Member  string // who noted its last step
	Record  id.ID  // the record of its last step
}

// phaseStep is a recorded step and where it is recorded.
type phaseStep struct {
	interview.Step
	row index.Row
}

// Hearing reads how an interview stands. The interview of a locked file does not exist.
func (w *Workspace) Hearing(ctx context.Context, rec id.ID, lang string) (*Hearing, error) {
	row, err := w.Desk().Row(ctx, rec)
	if err != nil {
		return nil, err
	}
	if row.Kind != "interview" {
		return nil, fault.New(fault.NotFound, "app.Hearing", "no such interview")
	}
	h := &Hearing{Interview: *row}
	h.Person, _ = id.Parse(row.Values.Get("person")) // none: nobody is named
	every, err := w.readPlan(ctx, h, lang)
	if err != nil {
		return nil, err
	}
	if h.ReadBack, err = w.ReadBackOf(ctx, rec); err != nil {
		return nil, err
	}
	steps, err := w.stepsOf(ctx, rec)
	if err != nil {
		return nil, err
	}
	if err := w.readPhases(ctx, h, steps); err != nil {
		return nil, err
	}
	h.Talk = w.talk(steps, every)
	rows, err := w.Desk().Linked(ctx, rec, "referral", "interview")
	for _, r := range rows {
		h.Referred = append(h.Referred, LinkView{ID: r.ID.String(), Kind: r.Kind, Title: w.Desk().Title(ctx, r, lang)})
	}
	return h, err
}

func (w *Workspace) talk(steps []phaseStep, every time.Duration) Talk {
	t := Talk{Clock: interview.LastSitting(turnsOf(steps), every)}
	t.Moment = t.Clock.At(w.opt.Now())
	for _, s := range steps {
		if s.At.After(t.LastStep) {
			t.LastStep = s.At
		}
	}
	return t
}

// TalkOf reads the break clock of an interview alone, for the pages on which somebody writes
// while the person talks.
func (w *Workspace) TalkOf(ctx context.Context, rec id.ID) (Talk, error) {
	steps, err := w.stepsOf(ctx, rec)
	if err != nil || len(steps) == 0 {
		return Talk{}, err
	}
	vs, _, err := w.planValues(ctx, rec)
	return w.talk(steps, breakAfter(vs)), err
}

func turnsOf(steps []phaseStep) []interview.Step {
	out := make([]interview.Step, len(steps))
	for i, s := range steps {
		out[i] = s.Step
	}
	return out
}

// stepsOf reads the steps of an interview. One whose time cannot be read is taken at the
// time it was recorded.
func (w *Workspace) stepsOf(ctx context.Context, rec id.ID) ([]phaseStep, error) {
	rows, err := w.Desk().Linked(ctx, rec, "interview_step", "interview")
	if err != nil {
		return nil, err
	}
	slices.SortFunc(rows, func(a, b index.Row) int { return cmp.Or(cmp.Compare(a.Last, b.Last), a.ID.Compare(b.ID)) })
	var out []phaseStep
	for _, r := range rows {
		at, err := time.Parse(time.RFC3339, r.Values.Get("clock"))
		if err != nil {
			at = r.Last.Time()
		}
		out = append(out, phaseStep{interview.Step{At: at, What: interview.Turn(r.Values.Get("turn")), Phase: r.Values.Get("phase")}, r})
	}
	return out, nil
}

func (w *Workspace) readPhases(ctx context.Context, h *Hearing, steps []phaseStep) error {
	at := interview.Progresses(turnsOf(steps))
	settled := at["read_back"].Mark == interview.Done || at["read_back"].Mark == interview.Skipped
	for _, p := range interview.Phases() {
		l := PhaseLine{Phase: p, Progress: at[p.Code], Missing: interview.Before(p, h.Plan, settled)}
		if l.Step >= 0 {
			row := steps[l.Step].row
			r, err := w.Desk().Fold(ctx, row.ID)
			if err != nil {
				return err
			}
			l.Record, l.Reason = row.ID, row.Values.Get("reason")
			l.Words, _ = firstText(r, "words")
			if len(r.Accounts) > 0 {
				l.Member = w.MemberName(r.Accounts[0].Act.Member)
			}
		}
		h.Phases = append(h.Phases, l)
	}
	return nil
}

// readPlan reads what was asked before the interview, and asks at this moment what follows
// from other records: consent, age, and whether the person was heard before.
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
	h.Plan = planOf(vs, len(h.Earlier) > 0)
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

// planOf reads what is in place. Where an earlier interview of the person is here, "not taken
// before" is not true, whoever said it.
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
	if r, err := w.index.Fold(ctx, plan); err == nil {
		for _, a := range r.Accounts {
			if a.CorrectedBy == nil {
				ref := a.Ref
				s.Corrects = &ref
			}
		}
	}
	_, problems, err := w.State(ctx, s, "save")
	return problems, err
}

// Turn is one turn of an interview as somebody notes it.
type Turn struct {
	What   interview.Turn
	Phase  string
	Reason string // of a phase that is skipped: a term of skip_reason
	Words  string
}

// Note records a turn of an interview, now. A phase does not begin before what protects the
// person is in place, whatever was asked for and however: the same is checked where a step is
// stated by hand. When a phase begins the clock runs; when the closing is done it stops.
func (w *Workspace) Note(ctx context.Context, rec id.ID, t Turn) ([]fault.Problem, error) {
	h, err := w.Hearing(ctx, rec, "en")
	if err != nil {
		return nil, err
	}
	now := w.opt.Now()
	var all []casebook.Statement
	add := func(at time.Time, t Turn) {
		vs := kind.Values{"interview": {kind.Of(rec.String())}, "turn": {kind.Of(string(t.What))}, "clock": {kind.Of(at.UTC().Format(time.RFC3339))}}
		for name, text := range map[string]string{"phase": t.Phase, "reason": t.Reason, "words": t.Words} {
			if text != "" {
				vs[name] = []kind.Value{kind.Of(text)}
			}
		}
		all = append(all, casebook.Statement{Record: w.NewRecord(), Kind: "interview_step", Fields: vs})
	}
	talks := t.What == interview.Begin || t.What == interview.Resume || t.What == interview.PhaseBegin && t.Phase != "preparation"
	if talks && h.Moment.Stale() { // nobody noted the break: it began after the last thing that was
		add(h.LastStep, Turn{What: interview.Pause})
		add(now, Turn{What: interview.Resume})
	} else if next := h.Clock.Next(now); talks && next != "" {
		add(now, Turn{What: next})
	}
	if t.What != interview.Begin && t.What != interview.Resume {
		add(now, t)
	}
	if t.What == interview.PhaseDone && t.Phase == "closing" && h.Clock.Next(now) != interview.Begin {
		add(now, Turn{What: interview.Finish})
	}
	if t.What == interview.PhaseDone && t.Phase == "closing" {
		all = append(all, w.outcome(ctx, h)...)
	}
	for _, s := range all {
		if problems := append(w.Check(ctx, s, "save"), w.checkNow(ctx, s)...); len(problems) > 0 {
			return problems, nil
		}
	}
	_, err = w.StateAll(ctx, all)
	return nil, err
}

// outcome states on the interview itself how it went, for lists and tables: breaks, whether
// the account was read back, whether the interpreter was checked. A field that somebody
// answered otherwise is left alone.
func (w *Workspace) outcome(ctx context.Context, h *Hearing) []casebook.Statement {
	r, err := w.Desk().Fold(ctx, h.Interview.ID)
	if err != nil {
		return nil // the steps say the same
	}
	steps, err := w.stepsOf(ctx, h.Interview.ID)
	if err != nil {
		return nil
	}
	breaks := 0
	for _, s := range steps {
		if s.What == interview.Pause {
			breaks++
		}
	}
	yes := map[bool]string{true: "yes", false: "no"}
	s := casebook.Statement{Record: h.Interview.ID, Kind: "interview", Fields: kind.Values{}}
	for name, text := range map[string]string{"breaks": strconv.Itoa(breaks), "read_back": yes[h.ReadBack.Total > 0 && len(h.ReadBack.Remaining) == 0], "conflict_check": yes[h.Clearance == interview.Clear]} {
		if name == "conflict_check" && !h.Plan.Interpreted || len(r.Field(name).Claims) > 0 {
			continue
		}
		s.Fields[name] = []kind.Value{kind.Of(text)}
	}
	if len(s.Fields) == 0 {
		return nil
	}
	return []casebook.Statement{s}
}

// checkNow says what keeps a step from being stated now. What is brought in from elsewhere
// happened in its time and is not held up.
func (w *Workspace) checkNow(ctx context.Context, s casebook.Statement) []fault.Problem {
	if s.Kind != "interview_step" {
		return nil
	}
	problem := func(field, reason, remedy string) []fault.Problem {
		return []fault.Problem{{Kind: s.Kind, Field: field, Value: s.Fields.Get(field), Reason: reason, Remedy: remedy}}
	}
	rec, err := id.Parse(s.Fields.Get("interview"))
	if err != nil {
		return nil // the check of the field says so
	}
	h, err := w.Hearing(ctx, rec, "en")
	if err != nil {
		return problem("interview", "there is no such interview", "choose one from the list")
	}
	i := slices.IndexFunc(h.Phases, func(l PhaseLine) bool { return l.Code == s.Fields.Get("phase") })
	switch what := interview.Turn(s.Fields.Get("turn")); {
	case i < 0:
	case what == interview.PhaseBegin && len(h.Phases[i].Missing) > 0:
		return problem("phase", "does not begin before this is in place: "+h.Phases[i].Missing[0].Text("en"), "see the page of the interview")
	case what == interview.PhaseDone && h.Phases[i].Code == "read_back" && len(h.ReadBack.Remaining) > 0:
		return problem("phase", strconv.Itoa(len(h.ReadBack.Remaining))+" passages were not read back", "read them, or skip the rest with a reason")
	}
	return nil
}

// checkStep says what is wrong with a step, whenever it happened.
func checkStep(s casebook.Statement) []fault.Problem {
	problem := func(field, reason, remedy string) []fault.Problem {
		return []fault.Problem{{Kind: s.Kind, Field: field, Value: s.Fields.Get(field), Reason: reason, Remedy: remedy}}
	}
	what := interview.Turn(s.Fields.Get("turn"))
	if what == "" {
		return nil
	}
	if _, ok := interview.PhaseOf(s.Fields.Get("phase")); what.OfPhase() != ok {
		return problem("phase", "a turn of a phase names it, and no other does", "choose the phase that began, was done or was skipped")
	}
	if what == interview.PhaseSkip && s.Fields.Get("reason") == "" {
		return problem("reason", "a phase is skipped for a reason", "choose one; it may be that the person does not wish it")
	}
	if c := s.Fields.Get("clock"); c != "" {
		if _, err := time.Parse(time.RFC3339, c); err != nil {
			return problem("clock", "is not a time", "write it as 2026-11-25T09:00:00Z")
		}
	}
	return nil
}

// Refer records that the person of an interview was offered a service, and what they said.
func (w *Workspace) Refer(ctx context.Context, rec id.ID, service, answer string) ([]fault.Problem, error) {
	h, err := w.Hearing(ctx, rec, "en")
	if err != nil {
		return nil, err
	}
	vs := kind.Values{"person": {kind.Of(h.Person.String())}, "interview": {kind.Of(rec.String())}, "date": {kind.Of(journal.At(w.opt.Now()).Time().Format("2006-01-02"))}}
	for name, text := range map[string]string{"type": service, "answer": answer} {
		if text != "" {
			vs[name] = []kind.Value{kind.Of(text)}
		}
	}
	_, problems, err := w.State(ctx, casebook.Statement{Record: w.NewRecord(), Kind: "referral", Fields: vs}, "save")
	return problems, err
}
