// Package interview holds the rules of hearing a testimony: the twelve phases, whether an
// interpreter may sit in, whether the account was taken already, when a break is due, and
// what the person corrected when it was read back. Nobody is heard twice without need, and
// control stays with the person who speaks.
//
// Source: the house's domain model, 3.1 to 3.3; PEACE model of interviewing; Murad Code
// (2022) on needless repeated interviews.
package interview

import (
	"slices"
	"time"

	"example.org/amparo/id"
	"example.org/amparo/internal/casebook"
	"example.org/amparo/internal/kind"
)

// Phase is one of the twelve phases of an interview. Every one can be skipped by the
// person; none has a question that must be answered.
type Phase struct {
	Number int
	Code   string
	Label  kind.Text
	Prompt kind.Text   // what to say or do first
	Kinds  []string    // kinds of record that are coded in it
	Needs  Requirement // what must be in place before it, or ""
}

// Requirement is something that must be in place before an interview goes on.
type Requirement string

// The requirements.
const (
	Consent         Requirement = "consent"        // to the purposes of the interview, recorded
	NeedChecked     Requirement = "need_check"     // whether the account was taken already
	Interpreter     Requirement = "interpreter"    // chosen and cleared, or none needed
	SexAsked        Requirement = "sex_asked"      // whether an interviewer of the same sex is wished
	SameSex         Requirement = "same_sex"       // an interviewer of the same sex, because the person wishes one
	BreakPlan       Requirement = "break_plan"     // how often, and that any time is right
	Referral        Requirement = "referral"       // where to send for medical and mental care
	ReadBack        Requirement = "read_back"      // the account was read back to the person
	BestForTheChild Requirement = "best_interests" // a best-interests record, of a child
)

var phases = []Phase{
	{1, "preparation", kind.Text{"en": "Preparation", "ko": "준비", "zh": "准备"}, kind.Text{"en": "Place, time, care of children, interpreter, referral, breaks.", "ko": "장소, 시간, 아이 돌봄, 통역, 연계, 휴식.", "zh": "地点、时间、照看孩子、口译、转介、休息。"}, []string{"interview"}, ""},
	{2, "introduction", kind.Text{"en": "Introduction, roles, consent", "ko": "소개, 역할, 동의", "zh": "介绍、角色、同意"}, kind.Text{"en": "Who is here and why. Each purpose by itself; no is a good answer.", "ko": "누가 왜 있는지. 목적마다 따로 묻고 거절도 좋은 답입니다.", "zh": "谁在场、为何。逐项征询用途；拒绝也可以。"}, []string{"consent"}, NeedChecked},
	{3, "free_account", kind.Text{"en": "Free account", "ko": "자유 진술", "zh": "自由陈述"}, kind.Text{"en": "Please tell me in your own order.", "ko": "편하신 순서대로 말씀해 주세요.", "zh": "请按您自己的顺序讲。"}, []string{"statement_unit"}, Consent},
	{4, "periods", kind.Text{"en": "Follow-up by life period", "ko": "시기별 보충", "zh": "按人生阶段追问"}, kind.Text{"en": "Before, crossing, hiding, arrest, return, each stage of detention, release, second flight.", "ko": "탈출 전, 도강, 은신, 체포, 송환, 구금 단계, 석방, 재탈출.", "zh": "出走前、渡江、隐匿、被捕、遣返、各羁押阶段、获释、再次出走。"}, []string{"journey", "hiding_period", "episode", "detention_stage"}, Consent},
	{5, "incidents", kind.Text{"en": "Each incident: who, what, where, when, how known", "ko": "사건마다 누가, 무엇을, 어디서, 언제, 어떻게 아는지", "zh": "每一事件：何人、何事、何地、何时、如何得知"}, kind.Text{"en": "How do you know this? Did you see it?", "ko": "어떻게 아셨나요? 직접 보셨나요?", "zh": "您是怎么知道的？亲眼看见吗？"}, []string{"incident", "exploitation", "threat", "extortion", "labour_claim"}, Consent},
	{6, "perpetrators", kind.Text{"en": "Perpetrators", "ko": "가해자", "zh": "施害者"}, kind.Text{"en": "Agency and rank; a name only if it is known, under its own key.", "ko": "기관과 계급. 이름은 알 때만, 별도 열쇠로.", "zh": "机构与职级；知道姓名才记，单独加锁。"}, []string{"perpetrator"}, Consent},
	{7, "others", kind.Text{"en": "Others present", "ko": "함께 있던 사람", "zh": "在场的其他人"}, kind.Text{"en": "As few words on others as will do: they have not consented.", "ko": "다른 사람 이야기는 꼭 필요한 만큼만. 그들은 동의하지 않았습니다.", "zh": "尽量少提他人：他们并未同意。"}, []string{"relationship"}, Consent},
	{8, "health", kind.Text{"en": "Injuries and health", "ko": "부상과 건강", "zh": "伤情与健康"}, kind.Text{"en": "No detail beyond need. Offer a referral.", "ko": "필요 이상 묻지 않고 연계를 제안합니다.", "zh": "不问不必要的细节；提供转介。"}, []string{"medical_finding", "need"}, Referral},
	{9, "documents", kind.Text{"en": "Documents and objects", "ko": "문서와 물건", "zh": "文件与物品"}, kind.Text{"en": "Is there anything you wish to show or keep with us?", "ko": "보여 주거나 맡기고 싶은 것이 있나요?", "zh": "有想出示或交存的东西吗？"}, []string{"evidence"}, Consent},
	{10, "wishes", kind.Text{"en": "What the person wants and fears", "ko": "바라는 것과 두려운 것", "zh": "愿望与担忧"}, kind.Text{"en": "What do you hope for? What are you afraid of?", "ko": "무엇을 바라시나요? 무엇이 두려우신가요?", "zh": "您希望什么？害怕什么？"}, []string{"need", "risk_flag"}, ""},
	{11, "read_back", kind.Text{"en": "Read-back and corrections", "ko": "낭독과 정정", "zh": "宣读与更正"}, kind.Text{"en": "I read; please stop me wherever it is not right.", "ko": "읽어 드릴게요. 틀린 곳에서 멈춰 주세요.", "zh": "我来读；哪里不对请打断我。"}, []string{"statement_unit"}, ""},
	{12, "closing", kind.Text{"en": "Closing, referrals", "ko": "마무리, 연계", "zh": "结束、转介"}, kind.Text{"en": "A calm end, a safe way home, how we stay in touch.", "ko": "차분한 마무리, 안전한 귀가, 연락 방법.", "zh": "平静收尾、平安回去、今后如何联系。"}, []string{"referral"}, ReadBack},
}

// Phases returns the twelve phases in order.
func Phases() []Phase { return slices.Clone(phases) }

// Plan is what is in place before an interview.
type Plan struct {
	Consented     bool // to the purposes the interview is for
	NeedChecked   bool
	NoNeed        bool   // the account was taken already and nothing new is needed
	Reason        string // why it is taken all the same
	Interpreted   bool   // an interpreter sits in
	Cleared       Clearance
	SexAsked      bool
	SexNotGiven   bool // an interviewer of the same sex is wished and not here
	BreakPlan     bool
	Referral      bool
	Child         bool // certainly or possibly under 18
	BestInterests bool
}

// Missing lists what must be in place before the person is heard. An account that was
// taken already is taken again only for a reason that is written down.
func Missing(p Plan) (out []Requirement) {
	for _, r := range []struct {
		ok   bool
		need Requirement
	}{
		{p.Consented, Consent}, {p.NeedChecked && (!p.NoNeed || p.Reason != ""), NeedChecked}, {!p.Interpreted || p.Cleared == Clear, Interpreter},
		{p.SexAsked, SexAsked}, {!p.SexNotGiven, SameSex}, {p.BreakPlan, BreakPlan}, {p.Referral, Referral}, {!p.Child || p.BestInterests, BestForTheChild},
	} {
		if !r.ok {
			out = append(out, r.need)
		}
	}
	return out
}

// Sitting is the clock of one interview, as a list of what happened.
type Sitting struct {
	Every  time.Duration // a break is due after this long; 0: 45 minutes
	Events []Event
}

// Event is one turn of an interview.
type Event struct {
	At   time.Time
	What Turn
}

// Turn is what happened.
type Turn string

// The turns. A person who asks for a break gets it at once; distress is a reason for one.
const (
	Begin  Turn = "begin"
	Pause  Turn = "break"
	Resume Turn = "resume"
	Finish Turn = "end"
)

const usualBreak = 45 * time.Minute

// Moment is how a sitting stands at a time.
type Moment struct {
	Talking  time.Duration // since the last break or the beginning
	Total    time.Duration // of talk
	Resting  time.Duration // since the break began, during one
	Breaks   int
	InBreak  bool
	Over     bool
	BreakDue bool
	NextDue  time.Time // zero during a break and after the end
}

// Interval is after how long a break is due.
func (s Sitting) Interval() time.Duration {
	if s.Every <= 0 {
		return usualBreak
	}
	return s.Every
}

// At says how the sitting stands. Events out of order or repeated change nothing: a break
// in a break is one break.
func (s Sitting) At(now time.Time) Moment {
	every := s.Interval()
	events := slices.Clone(s.Events)
	slices.SortStableFunc(events, func(a, b Event) int { return a.At.Compare(b.At) })
	var m Moment
	var since, rest time.Time
	stop := func(at time.Time) {
		if !since.IsZero() {
			m.Total += at.Sub(since)
			since = time.Time{}
		}
	}
	for _, e := range events {
		if e.At.After(now) || m.Over {
			break
		}
		switch e.What {
		case Begin, Resume:
			if since.IsZero() {
				since, m.InBreak = e.At, false
			}
		case Pause:
			if !since.IsZero() {
				stop(e.At)
				m.Breaks, m.InBreak, rest = m.Breaks+1, true, e.At
			}
		case Finish:
			stop(e.At)
			m.Over, m.InBreak = true, false
		}
	}
	if m.InBreak {
		m.Resting = now.Sub(rest)
	}
	if !since.IsZero() {
		m.Talking = now.Sub(since)
		m.Total += m.Talking
		m.NextDue = since.Add(every)
		m.BreakDue = m.Talking >= every
	}
	return m
}

// Correction is one thing the person put right: what was written, and what stands instead.
// Both stay with the record for ever (R29).
type Correction struct {
	Of, By    casebook.Ref
	Field     string
	Was, Now  []kind.Value
	Member    id.ID // who wrote the correction down
	Retracted bool  // the correction was taken back since
}

// Corrections lists what was corrected in a record, in the order in which it was put
// right. A correction that was itself taken back is in the list and says so.
func Corrections(r *casebook.Record) []Correction {
	said := map[casebook.Ref]*casebook.Act{}
	for _, e := range r.History {
		if e.Act.Verb == casebook.State {
			said[e.Ref] = e.Act
		}
	}
	var out []Correction
	for _, e := range r.History {
		if e.Act.Verb != casebook.State || e.Act.Corrects == nil {
			continue
		}
		old, ok := said[*e.Act.Corrects]
		if !ok {
			continue // what was corrected is not for this reader, or was erased
		}
		fields := make([]string, 0, len(e.Act.Fields))
		for f := range e.Act.Fields {
			fields = append(fields, f)
		}
		slices.Sort(fields)
		for _, f := range fields {
			if !slices.Equal(old.Fields[f], e.Act.Fields[f]) {
				out = append(out, Correction{Of: *e.Act.Corrects, By: e.Ref, Field: f, Was: old.Fields[f], Now: e.Act.Fields[f], Member: e.Act.Member, Retracted: e.Retracted != nil})
			}
		}
	}
	return out
}
