package consent

import (
	"slices"

	"example.org/amparo/id"
)

// Left is one thing that left the workspace with a person in it, as the ledger of
// exports has it.
type Left struct {
	Export    id.ID
	Purpose   string   // CO-xx, or "" for one made before purposes were codes
	Also      []string // purposes it needed as well: the end of one ends it
	Recipient string
	On        string // the day, as the ledger writes it
	What      string
}

// Recalled is one line of a recall list: what went where, and what is to be done.
type Recalled struct {
	Left
	Action Action
}

// Stopped is what one purpose's withdrawal ends.
type Stopped struct {
	Purpose string
	Was     State // before
}

// Plan is what a withdrawal comes to, before anything is written.
type Plan struct {
	Withdraw []string // purposes that get a new record in state CS-3
	Stops    []Stopped
	Recall   []Recalled
}

// Withdraw works out a withdrawal. purposes empty means all: every purpose that has an
// answer other than a refusal, and always [Documentation]. A purpose withdrawn before is
// passed over, so that the act can be repeated. left is everything the ledger says went
// out with this person in it.
//
// The recall list has what left for a withdrawn purpose. Whoever withdraws everything
// gets everything that ever left, whatever it was for.
func Withdraw(answers []Answer, purposes []string, left []Left) Plan {
	all := len(purposes) == 0
	if all {
		purposes = withdrawable(answers)
	}
	var p Plan
	for _, code := range purposes {
		was := latest(answers, code)
		if was == Withdrawn {
			continue
		}
		p.Withdraw = append(p.Withdraw, code)
		p.Stops = append(p.Stops, Stopped{Purpose: code, Was: was})
	}
	for _, l := range left {
		needed := func(p string) bool { return slices.Contains(purposes, p) }
		if all || l.Purpose == "" || needed(l.Purpose) || slices.ContainsFunc(l.Also, needed) {
			p.Recall = append(p.Recall, Recalled{Left: l, Action: ActionFor(l.Purpose)})
		}
	}
	return p
}

// ActionFor is what a withdrawal asks of whoever received something for a purpose. Of an
// export that names no purpose the recipient is asked for it back.
func ActionFor(code string) Action {
	if p, ok := purposes[code]; ok {
		return p.action
	}
	return Recall
}

func withdrawable(answers []Answer) []string {
	out := []string{Documentation}
	for _, a := range answers {
		if a.State != NotAsked && a.State != Refused && !slices.Contains(out, a.Purpose) {
			out = append(out, a.Purpose)
		}
	}
	slices.Sort(out)
	return out
}

// latest is the state that stands for a purpose, whatever day it is.
func latest(answers []Answer, code string) State {
	st := standing(answers, Use{Purpose: code, On: 1<<31 - 1})
	if len(st) == 0 {
		return NotAsked
	}
	s := st[0].State
	for _, a := range st[1:] {
		s = narrower(s, a.State)
	}
	return s
}
