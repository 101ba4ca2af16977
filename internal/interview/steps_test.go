package interview_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"example.org/amparo/internal/interview"
)

var nine = time.Date(2026, 11, 25, 9, 0, 0, 0, time.UTC)

func step(minute int, what interview.Turn, phase string) interview.Step {
	return interview.Step{At: nine.Add(time.Duration(minute) * time.Minute), What: what, Phase: phase}
}

func TestPhasesGoInAnyOrderAndTheLastStepHolds(t *testing.T) {
	steps := []interview.Step{
		step(20, interview.PhaseSkip, "health"), step(5, interview.PhaseBegin, "wishes"), step(9, interview.PhaseDone, "wishes"),
		step(0, interview.Begin, ""), step(30, interview.PhaseBegin, "health"), step(40, interview.PhaseBegin, "nothing"),
	}
	got := interview.Progresses(steps)
	if len(got) != 12 {
		t.Fatalf("%d phases", len(got))
	}
	if p := got["wishes"]; p.Mark != interview.Done || !p.Begun.Equal(nine.Add(5*time.Minute)) || !p.Settled.Equal(nine.Add(9*time.Minute)) || p.Step != 2 {
		t.Errorf("wishes: %+v", p)
	}
	if p := got["health"]; p.Mark != interview.Begun || !p.Settled.IsZero() || p.Step != 4 {
		t.Errorf("a phase that was skipped and begun again: %+v", p)
	}
	if p := got["periods"]; p.Mark != "" || p.Step != -1 {
		t.Errorf("a phase nobody touched: %+v", p)
	}
}

func TestTheClockIsOfTheLastSitting(t *testing.T) {
	steps := []interview.Step{step(0, interview.Begin, ""), step(30, interview.Pause, ""), step(35, interview.Resume, ""), step(60, interview.Finish, ""), step(50, interview.PhaseDone, "wishes")}
	s := interview.LastSitting(steps, time.Hour)
	if m := s.At(nine.Add(2 * time.Hour)); !m.Over || m.Total != 55*time.Minute || m.Breaks != 1 || s.Next(nine.Add(2*time.Hour)) != interview.Begin {
		t.Errorf("after the end: %+v", m)
	}
	steps = append(steps, step(24*60, interview.Begin, "")) // the next day
	s = interview.LastSitting(steps, time.Hour)
	m := s.At(nine.Add(24*time.Hour + 20*time.Minute))
	if m.Over || m.Breaks != 0 || m.Total != 20*time.Minute || m.Stale() || s.Next(nine.Add(24*time.Hour+20*time.Minute)) != "" {
		t.Errorf("the next day: %+v", m)
	}
	if m = s.At(nine.Add(34 * time.Hour)); !m.Stale() {
		t.Errorf("ten hours of talk are believed: %+v", m)
	}
	steps = append(steps, step(24*60+30, interview.Pause, ""))
	if s = interview.LastSitting(steps, time.Hour); s.Next(nine.Add(25*time.Hour)) != interview.Resume {
		t.Error("after a break the talk does not go on")
	}
	if s = interview.LastSitting(nil, 0); s.Next(nine) != interview.Begin {
		t.Error("a talk that did not begin does not begin")
	}
}

func TestWhatMustBeInPlaceBeforeEachPhase(t *testing.T) {
	nothing := interview.Plan{SexNotGiven: true, Child: true, Interpreted: true}
	all := []interview.Requirement{interview.Consent, interview.NeedChecked, interview.Interpreter, interview.SexAsked, interview.SameSex, interview.BreakPlan, interview.Referral, interview.BestForTheChild}
	for _, p := range interview.Phases() {
		want := all
		switch p.Code {
		case "preparation":
			want = nil
		case "introduction", "wishes":
			want = all[1:]
		case "closing":
			want = []interview.Requirement{interview.ReadBack}
		}
		if got := interview.Before(p, nothing, false); !slices.Equal(got, want) {
			t.Errorf("%s: %v, want %v", p.Code, got, want)
		}
		ready := interview.Plan{Consented: true, NeedChecked: true, SexAsked: true, BreakPlan: true, Referral: true}
		if got := interview.Before(p, ready, true); len(got) > 0 {
			t.Errorf("%s: %v is missing although all is in place", p.Code, got)
		}
	}
	for _, r := range append(all, interview.ReadBack) {
		for _, lang := range []string{"en", "ko", "zh"} {
			if r.Text(lang) == "" {
				t.Errorf("%s has no words in %s", r, lang)
			}
		}
	}
}

// R20 and the do-no-harm rules: the prompts are there in three languages, ask no "why didn't
// you", and name no way to harm oneself.
func TestR20PromptsHelpAndNameNoMethod(t *testing.T) {
	for _, lang := range []string{"en", "ko", "zh"} {
		all := interview.Distress(lang)
		if len(all) < 3 {
			t.Errorf("%s: %d lines for distress", lang, len(all))
		}
		for _, p := range interview.Phases() {
			lines := p.Prompts(lang)
			if len(lines) < 2 {
				t.Errorf("%s has %d prompts in %s", p.Code, len(lines), lang)
			}
			all = append(all, lines...)
		}
		for _, line := range all {
			if line == "" {
				t.Errorf("an empty prompt in %s", lang)
			}
			for _, word := range methods[lang] {
				if contains(line, word) {
					t.Errorf("a prompt says %q: %s", word, line)
				}
			}
		}
	}
}

// methods are words that no prompt may hold.
var methods = map[string][]string{
	"en": {"why didn't", "why did you not", "hang", "poison", "pill", "knife", "overdose", "cut "},
	"ko": {"왜 안", "왜 못", "목을", "독약", "약을 먹", "칼"},
	"zh": {"为什么不", "上吊", "毒药", "服药", "割"},
}

func contains(line, word string) bool {
	return strings.Contains(strings.ToLower(line), word)
}
