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
	"example.org/amparo/internal/index"
	"example.org/amparo/internal/interview"
	"example.org/amparo/internal/journal"
	"example.org/amparo/internal/kind"
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
	Earlier            []LinkView    // interviews of the same person that are here
	Partners           []*PartnerAsk // what partners were asked about the person
	Phases             []PhaseLine
	Talk
	Referred []LinkView
	CanRefer bool     // this member holds the key of referrals
	Unmet    []string // needs that are recorded, of which no referral is: terms of need_type
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
	return h, w.readNeeds(ctx, h, lang)
}

// readNeeds reads what was referred from the interview, and which recorded needs of the person
// nobody referred yet.
func (w *Workspace) readNeeds(ctx context.Context, h *Hearing, lang string) error {
	k, _ := w.Schema().Kind("referral")
	_, err := w.roomOf(k.Compartment)
	h.CanRefer = err == nil
	rows, err := w.Desk().Linked(ctx, h.Interview.ID, "referral", "interview")
	if err != nil {
		return err
	}
	for _, r := range rows {
		h.Referred = append(h.Referred, LinkView{ID: r.ID.String(), Kind: r.Kind, Title: w.Desk().Title(ctx, r, lang)})
	}
	if h.Person.IsZero() {
		return nil
	}
	met := map[string]bool{}
	for _, name := range []string{"referral", "need"} {
		rows, err := w.Desk().Linked(ctx, h.Person, name, "person")
		if err != nil {
			return err
		}
		for _, r := range rows {
			need := r.Values.Get("type")
			if name == "need" && need != "" && !met[need] {
				h.Unmet = append(h.Unmet, need)
			}
			met[need] = true
		}
	}
	return nil
}

// ongoing bounds how many interviews the desk offers to go on with, and how many steps are
// looked through for them.
const (
	shownOngoing  = 4
	stepsSearched = 60
)

// Ongoing lists the interviews that were worked on last and are not closed, the last one
// first.
func (w *Workspace) Ongoing(ctx context.Context, lang string) ([]LinkView, error) {
	rows, err := w.Desk().Newest(ctx, "interview_step", stepsSearched)
	if err != nil {
		return nil, err
	}
	var out []LinkView
	seen := map[id.ID]bool{}
	for _, r := range rows {
		rec, err := id.Parse(r.Values.Get("interview"))
		if err != nil || seen[rec] || len(out) == shownOngoing {
			continue
		}
		seen[rec] = true
		steps, err := w.stepsOf(ctx, rec)
		if err != nil {
			return nil, err
		}
		row, err := w.Desk().Row(ctx, rec)
		if err != nil || interview.Progresses(turnsOf(steps))["closing"].Mark == interview.Done {
			continue // it is closed, or not to be shown
		}
		title := w.Desk().Title(ctx, *row, lang)
		if person, err := id.Parse(row.Values.Get("person")); err == nil {
			if who, err := w.Desk().Row(ctx, person); err == nil {
				title = w.Desk().Title(ctx, *who, lang) + " · " + title
			}
		}
		out = append(out, LinkView{ID: rec.String(), Kind: row.Kind, Title: title})
	}
	return out, nil
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
		all = append(all, casebook.Statement{Record: w.NewRecord(), Kind: "interview_step", Fields: valuesOf("interview", rec.String(), "turn", string(t.What),
			"clock", at.UTC().Format(time.RFC3339), "phase", t.Phase, "reason", t.Reason, "words", t.Words)})
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
		problems := w.Check(ctx, s, "save")
		if s.Kind == "interview_step" {
			problems = append(problems, h.holdsUp(s)...)
		}
		if len(problems) > 0 {
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
	rec, err := id.Parse(s.Fields.Get("interview"))
	if err != nil {
		return nil // the check of the field says so
	}
	h, err := w.Hearing(ctx, rec, "en")
	if err != nil {
		return wrongIn(s, "interview", "interview.none", "there is no such interview", "choose one from the list")
	}
	return h.holdsUp(s)
}

// holdsUp says what keeps a step from being stated while the interview stands so.
func (h *Hearing) holdsUp(s casebook.Statement) []fault.Problem {
	i := slices.IndexFunc(h.Phases, func(l PhaseLine) bool { return l.Code == s.Fields.Get("phase") })
	switch what := interview.Turn(s.Fields.Get("turn")); {
	case i < 0:
	case what == interview.PhaseBegin && len(h.Phases[i].Missing) > 0:
		return wrongIn(s, "phase", "phase.before", "does not begin before this is in place: "+h.Phases[i].Missing[0].Text("en"), "see the page of the interview", h.Phases[i].Missing[0])
	case what == interview.PhaseDone && h.Phases[i].Code == "read_back" && len(h.ReadBack.Remaining) > 0:
		n := len(h.ReadBack.Remaining)
		return wrongIn(s, "phase", "phase.unread", strconv.Itoa(n)+" passages were not read back", "read them, or skip the rest with a reason", n)
	}
	return nil
}

// checkStep says what is wrong with a step, whenever it happened.
func checkStep(s casebook.Statement) []fault.Problem {
	what := interview.Turn(s.Fields.Get("turn"))
	if what == "" {
		return nil
	}
	if _, ok := interview.PhaseOf(s.Fields.Get("phase")); what.OfPhase() != ok {
		return wrongIn(s, "phase", "phase.name", "a turn of a phase names it, and no other does", "choose the phase that began, was done or was skipped")
	}
	if what == interview.PhaseSkip && s.Fields.Get("reason") == "" {
		return wrongIn(s, "reason", "phase.reason", "a phase is skipped for a reason", "choose one; it may be that the person does not wish it")
	}
	if c := s.Fields.Get("clock"); c != "" {
		if _, err := time.Parse(time.RFC3339, c); err != nil {
			return wrongIn(s, "clock", "clock", "is not a time", "write it as 2026-11-25T09:00:00Z")
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
	vs := valuesOf("person", h.Person.String(), "interview", rec.String(), "date", journal.At(w.opt.Now()).Time().Format("2006-01-02"), "type", service, "answer", answer)
	_, problems, err := w.State(ctx, casebook.Statement{Record: w.NewRecord(), Kind: "referral", Fields: vs}, "save")
	return problems, err
}
