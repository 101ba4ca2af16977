package figure

import (
	"slices"

	"example.org/amparo/estimate"
	"example.org/amparo/estimate/mse"
	"example.org/amparo/fault"
	"example.org/amparo/internal/kind"
)

// The questions a figure of the workspace answers.
const (
	AskTotal    = "total"    // how many people there are, listed or not
	AskStay     = "stay"     // how long a stage of detention lasts, in days
	AskReturned = "returned" // share of those heard who were sent back at least once
	AskSold     = "sold"     // share of the women heard who were trafficked
	AskAfter    = "after"    // what happened after the first forced return: which outcome, and how long after
)

// Asks lists the questions, in the order they are shown.
func Asks() []string { return []string{AskTotal, AskStay, AskReturned, AskSold, AskAfter} }

// Question is all that determines a figure but the records.
type Question struct {
	Ask    string     `json:"ask"`
	Stage  string     `json:"stage,omitempty"`  // of AskStay: ST05
	Draws  int        `json:"draws"`            // draws of who is who; 0 stands for 8
	Latent int        `json:"latent,omitempty"` // of AskTotal: to how many of them latent classes are fitted; 0 stands for up to 8, -1 for none. Of a figure that was kept, 0 is none
	Seed   *uint64    `json:"seed,omitempty"`   // nil: derived from the records and the question
	Limits mse.Limits `json:"limits"`           // the zero value stands for the defaults
}

// MaxDraws is how many draws a figure takes at most: it keeps one within minutes.
const MaxDraws = 200

// usualDraws are the draws of who is who where nothing is said.
const usualDraws = 8

// Asked is a question that is asked now: where it does not say whether it wants latent
// classes, it does. One that was kept before there were any at the desk has none.
func (q Question) Asked() Question {
	if q.Draws == 0 {
		q.Draws = usualDraws
	}
	if q.Latent == 0 {
		q.Latent = min(mostLatent, q.Draws)
	}
	return q
}

// Filled is the question with what it leaves open, and an error where nobody can answer it. Stages
// of detention are those of the set's vocabulary repatriation_stages.
func (q Question) Filled(set *kind.Set) (Question, error) {
	if !slices.Contains(Asks(), q.Ask) {
		return q, fault.New(fault.Invalid, "app.Figure", "there is no question %q", q.Ask).With("ask one of %v", Asks()).Coded("figure.ask")
	}
	if q.Draws == 0 {
		q.Draws = usualDraws
	}
	if q.Draws < 1 || q.Draws > MaxDraws {
		return q, fault.New(fault.Invalid, "app.Figure", "there are %d draws of who is who", q.Draws).With("ask for 1 to %d; %d is usual", MaxDraws, usualDraws).Coded("figure.draws", MaxDraws)
	}
	if q.Latent < -1 || q.Latent > q.Draws {
		return q, fault.New(fault.Invalid, "app.Figure", "latent classes cannot be fitted to %d of %d draws of who is who", q.Latent, q.Draws).With("ask for as many or fewer, or for -1 to leave them out").Coded("figure.latent", q.Draws)
	}
	if q.Latent == -1 || q.Ask != AskTotal {
		q.Latent = 0
	}
	if q.Limits == (mse.Limits{}) {
		q.Limits = mse.DefaultLimits()
	}
	if q.Ask != AskStay {
		q.Stage = ""
		return q, nil
	}
	if q.Stage == "" {
		q.Stage = "ST05"
	}
	stages, _ := set.Vocabulary("repatriation_stages")
	if _, ok := stages.Term(q.Stage); !ok {
		return q, fault.New(fault.Invalid, "app.Figure", "there is no stage %q", q.Stage).With("name one by its code, such as ST05").Coded("figure.stage")
	}
	return q, nil
}

// seed is the seed asked for, or one that the input and the question determine.
func (q Question) seed(canonical []byte) (uint64, error) {
	if q.Seed != nil {
		return *q.Seed, nil
	}
	return estimate.Seed(canonical, q.Ask, map[string]any{"stage": q.Stage, "draws": q.Draws, "limits": q.Limits}, "")
}
