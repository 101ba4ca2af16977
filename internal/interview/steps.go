package interview

import (
	"slices"
	"time"

	"example.org/amparo/internal/kind"
)

// The turns of a phase. One that was done or skipped can begin again.
const (
	PhaseBegin Turn = "phase_begin"
	PhaseDone  Turn = "phase_done"
	PhaseSkip  Turn = "phase_skip"
)

// OfPhase reports whether a turn is one of a phase; the others are of the clock.
func (t Turn) OfPhase() bool { return t == PhaseBegin || t == PhaseDone || t == PhaseSkip }

// Step is one recorded turn of an interview.
type Step struct {
	At    time.Time
	What  Turn
	Phase string // code, of the turns of a phase
}

// Mark is where a phase stands.
type Mark string

// The marks. A phase that was not touched has none.
const (
	Begun   Mark = "begun"
	Done    Mark = "done"
	Skipped Mark = "skipped"
)

// Progress is how a phase stands.
type Progress struct {
	Mark    Mark
	Begun   time.Time // when it began last; zero: it did not
	Settled time.Time // when it was done or skipped last; zero: it was not
	Step    int       // the step that says so, an index; -1: none
}

// Progresses says how each phase stands: its last step holds.
func Progresses(steps []Step) map[string]Progress {
	out := map[string]Progress{}
	for _, p := range phases {
		out[p.Code] = Progress{Step: -1}
	}
	for _, i := range byTime(steps) {
		s := steps[i]
		p, ok := out[s.Phase]
		if !ok {
			continue
		}
		switch s.What {
		case PhaseBegin:
			p.Mark, p.Begun, p.Settled = Begun, s.At, time.Time{}
		case PhaseDone:
			p.Mark, p.Settled = Done, s.At
		case PhaseSkip:
			p.Mark, p.Settled = Skipped, s.At
		default:
			continue
		}
		p.Step = i
		out[s.Phase] = p
	}
	return out
}

// byTime lists the indexes of steps in the order of their times; those of one time stay in
// the order in which they came.
func byTime(steps []Step) []int {
	order := make([]int, len(steps))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return steps[a].At.Compare(steps[b].At) })
	return order
}

// LastSitting is the clock of the sitting that goes on, or of the last one: an interview may
// take several days, and each day ends with [Finish].
func LastSitting(steps []Step, every time.Duration) Sitting {
	s := Sitting{Every: every}
	over := false
	for _, i := range byTime(steps) {
		if steps[i].What.OfPhase() {
			continue
		}
		if over {
			s.Events, over = nil, false
		}
		s.Events = append(s.Events, Event{At: steps[i].At, What: steps[i].What})
		over = steps[i].What == Finish
	}
	return s
}

// longTalk is how long nobody talks without a break: beyond it the desk was closed, or the
// battery died, and nobody noted the end.
const longTalk = 4 * time.Hour

// Stale reports whether a clock ran on because nobody stopped it.
func (m Moment) Stale() bool { return m.Talking >= longTalk }

// Next is what the clock needs before somebody talks: to begin, to go on, or nothing.
func (s Sitting) Next(now time.Time) Turn {
	m := s.At(now)
	switch {
	case len(s.Events) == 0 || m.Over:
		return Begin
	case m.InBreak:
		return Resume
	}
	return ""
}

// PhaseOf returns the phase of a code.
func PhaseOf(code string) (Phase, bool) {
	i := slices.IndexFunc(phases, func(p Phase) bool { return p.Code == code })
	if i < 0 {
		return Phase{}, false
	}
	return phases[i], true
}

// Before lists what must be in place before a phase may begin. Nothing is needed to prepare.
// Who the two are, what the person needs and what is allowed is said before consent, and
// after everything else. Nobody is sent home before the account was read back, or the person
// did not wish it: settled says that that phase is done or skipped.
func Before(p Phase, plan Plan, settled bool) []Requirement {
	switch p.Code {
	case "preparation":
		return nil
	case "introduction", "wishes":
		return slices.DeleteFunc(Missing(plan), func(r Requirement) bool { return r == Consent })
	case "closing":
		if !settled {
			return []Requirement{ReadBack}
		}
		return nil
	}
	return Missing(plan)
}

var requirementTexts = map[Requirement]kind.Text{
	Consent:         {"en": "consent to the documentation (CO-01)", "ko": "기록에 대한 동의(CO-01)", "zh": "对记录的同意（CO-01）"},
	NeedChecked:     {"en": "whether this account was taken before and, if it was, why it is heard again", "ko": "이미 들은 증언인지, 그렇다면 다시 듣는 이유", "zh": "这份证言以前是否记录过；若是，为何再听"},
	Interpreter:     {"en": "an interpreter without a conflict of interest, or none", "ko": "이해충돌이 없는 통역, 또는 통역 없음", "zh": "没有利益冲突的口译员，或不用口译"},
	SexAsked:        {"en": "whether an interviewer of the same sex is wished", "ko": "동성 면담자를 원하는지", "zh": "是否要求同性访谈者"},
	SameSex:         {"en": "an interviewer and interpreter of the same sex, as the person wishes", "ko": "본인이 원하는 동성 면담자와 통역", "zh": "按本人要求安排同性访谈者和口译员"},
	BreakPlan:       {"en": "that the person knows that any moment is right for a break", "ko": "언제든 쉴 수 있다고 알리기", "zh": "告知本人随时可以休息"},
	Referral:        {"en": "where to send for medical and mental care", "ko": "의료·심리 지원을 연계할 곳", "zh": "可转介的医疗与心理服务"},
	ReadBack:        {"en": "that the account was read back, or that this was skipped with a reason", "ko": "증언을 읽어 드렸거나 이유를 적고 건너뛰기", "zh": "证言已宣读，或注明理由后跳过"},
	BestForTheChild: {"en": "a best-interests record, because the person is or may be a child", "ko": "아동이거나 아동일 수 있으므로 최선의 이익 기록", "zh": "本人是或可能是儿童，须有最大利益记录"},
}

// Text is the requirement in words.
func (r Requirement) Text(lang string) string { return requirementTexts[r].In(lang) }
