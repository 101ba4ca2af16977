package consent

import (
	"slices"

	"example.org/amparo/fault"
	"example.org/amparo/when"
)

// Person is what the decision must know of somebody beyond the answers.
type Person struct {
	Birth         when.Date // zero: not known
	BestInterests bool      // a best-interests record exists (R18)
}

// Use is what somebody wants to do, and when.
type Use struct {
	Purpose   string   // CO-01 to CO-14
	On        when.Day // today: what was allowed in the past stands in the ledger of exports
	Recipient string   // whom it goes to, where it goes to somebody
}

// Reason says why a use is allowed or not. Its words are at [Reason.Text].
type Reason string

// The reasons.
const (
	ByConsent        Reason = "given"
	ByEmergency      Reason = "emergency"
	IsNotAsked       Reason = "not_asked"
	IsRefused        Reason = "refused"
	IsWithdrawn      Reason = "withdrawn"
	IsExpired        Reason = "expired"       // CS-4, or the review date has come
	IsOfAge          Reason = "of_age"        // given through a guardian by one who is an adult now
	CannotConsent    Reason = "cannot"        // CS-5
	LacksParticulars Reason = "particulars"   // no words, language, method or date recorded
	NotYet           Reason = "not_yet"       // dated after the day of use, or holds from a later date
	OtherRecipient   Reason = "recipient"     // holds for named recipients, and this is not one
	ConditionOpen    Reason = "condition"     // a condition nobody has found to be met
	NeedsGuardian    Reason = "guardian"      // a child, or one who may have been: guardian and best interests first
	NeedsOther       Reason = "prerequisite"  // another purpose must be allowed first; see Decision.Needs
	EmergencyOver    Reason = "emergency_end" // 72 hours have passed
	EmergencySigns   Reason = "emergency_signs"
	EmergencyScope   Reason = "emergency_scope" // presumed for something other than CO-06
)

// Decision is the answer to one use.
type Decision struct {
	Allowed bool
	State   State
	Reason  Reason
	Needs   string // with NeedsOther: the purpose that is missing
	// Disputed says that answers of the same time contradict each other; the narrower held.
	Disputed bool
	// NameWithheld says that the name may not go to the Government: an emergency never
	// carries it.
	NameWithheld bool
	Answers      []Answer // those the decision rests on
}

// emergencyDays is how long a presumed consent holds: 72 hours, in whole days.
const emergencyDays = 3

// Decide says whether a person's recorded answers allow a use, and why. answers are all
// answers of the person, in any order and of any purpose.
//
// An answer gives way only to one that is certainly later. Where several stand, all must
// allow the use; the narrowest says why not. No answer is a refusal.
func Decide(p Person, answers []Answer, use Use) Decision {
	d := decideOne(p, answers, use)
	if !d.Allowed {
		return d
	}
	for _, need := range needs(use.Purpose) {
		other := use
		other.Purpose = need
		if o := decideOne(p, answers, other); !o.Allowed {
			return Decision{State: d.State, Reason: NeedsOther, Needs: need, Disputed: d.Disputed, Answers: d.Answers}
		}
	}
	return d
}

// Allows reports whether a person's recorded answers allow a use; see [Decide].
func Allows(p Person, answers []Answer, use Use) bool { return Decide(p, answers, use).Allowed }

func decideOne(p Person, answers []Answer, use Use) Decision {
	standing := standing(answers, use)
	if len(standing) == 0 {
		return Decision{State: NotAsked, Reason: IsNotAsked}
	}
	d := Decision{Allowed: true, State: standing[0].State, Answers: standing}
	for i, a := range standing {
		ok, reason := assess(p, a, use)
		if i == 0 || d.Allowed && !ok || !ok && narrower(d.State, a.State) != d.State {
			d.State, d.Reason = a.State, reason
		}
		d.Allowed = d.Allowed && ok
		d.Disputed = d.Disputed || a.State != standing[0].State
		d.NameWithheld = d.NameWithheld || a.State == Emergency
	}
	return d
}

// standing are the answers to a purpose that no certainly later one replaces. "Not
// asked" says nothing beside an answer. A consent dated after the day of use is not an
// answer yet; a refusal or a withdrawal is one as soon as it is recorded.
func standing(answers []Answer, use Use) (out []Answer) {
	var asked, silent []Answer
	for _, a := range answers {
		if a.Purpose != use.Purpose {
			continue
		}
		if lo, _ := a.Date.Bounds(); a.State == Given && !a.Date.IsZero() && lo > use.On {
			silent = append(silent, a)
			continue
		}
		if a.State == NotAsked {
			silent = append(silent, a)
			continue
		}
		asked = append(asked, a)
	}
	for _, a := range asked {
		_, end := a.Date.Bounds()
		replaced := slices.ContainsFunc(asked, func(b Answer) bool {
			begin, _ := b.Date.Bounds()
			return begin > end
		})
		if !replaced {
			out = append(out, a)
		}
	}
	if len(out) == 0 {
		out = silent
	}
	slices.SortFunc(out, func(a, b Answer) int { return a.Record.Compare(b.Record) })
	return out
}

// assess says whether one answer by itself allows a use.
func assess(p Person, a Answer, use Use) (bool, Reason) {
	switch a.State {
	case Given:
		return assessGiven(p, a, use)
	case Refused:
		return false, IsRefused
	case Withdrawn:
		return false, IsWithdrawn
	case Expired:
		return false, IsExpired
	case Cannot:
		return false, CannotConsent
	case Emergency:
		return assessEmergency(a, use)
	}
	return false, IsNotAsked
}

func assessGiven(p Person, a Answer, use Use) (bool, Reason) {
	if len(a.Missing()) > 0 {
		return false, LacksParticulars
	}
	if lo, _ := a.Date.Bounds(); lo > use.On {
		return false, NotYet
	}
	for _, review := range a.ReviewOn {
		if lo, _ := review.Bounds(); use.On >= lo {
			return false, IsExpired
		}
	}
	if ok, why := assessAge(p, a, use); !ok {
		return false, why
	}
	for _, c := range a.Conditions {
		if ok, why := assessCondition(c, a, use); !ok {
			return false, why
		}
	}
	return true, ByConsent
}

// Missing names the fields without which a given consent is not one: what was read, in
// which language, how it was given and when.
func (a Answer) Missing() (fields []string) {
	if a.State != Given {
		return nil
	}
	for _, f := range []struct{ name, value string }{{"text_version", a.TextVersion}, {"language", a.Language}, {"method", a.Method}} {
		if f.value == "" {
			fields = append(fields, f.name)
		}
	}
	if a.Date.IsZero() {
		fields = append(fields, "date")
	}
	return fields
}

// majority is the age from which somebody decides alone (CRC Art 1), in years.
const majority = 18

// assessAge asks for a guardian and a best-interests record where the person was, or may
// have been, a child; and asks again of age.
func assessAge(p Person, a Answer, use Use) (bool, Reason) {
	asChild := a.Capacity == "with_guardian"
	if p.Birth.IsZero() {
		if asChild && !(a.Guardian && p.BestInterests) {
			return false, NeedsGuardian
		}
		return true, ""
	}
	begin, _ := a.Date.Bounds()
	earliest, latest := p.Birth.Bounds()
	asChild = asChild || birthday(latest) > begin
	if !asChild {
		return true, ""
	}
	if !a.Guardian || !p.BestInterests {
		return false, NeedsGuardian
	}
	if birthday(earliest) <= use.On {
		return false, IsOfAge
	}
	return true, ""
}

// birthday is the day somebody born on b comes of age; who may be born at any time never
// certainly does.
func birthday(b when.Day) when.Day {
	if b == when.End || b == when.Beginning {
		return b
	}
	y, m, d := b.Civil()
	return when.DayOf(y+majority, m, d)
}

func assessCondition(c string, a Answer, use Use) (bool, Reason) {
	switch c {
	case fromDate:
		for _, from := range a.NotBefore {
			if _, hi := from.Bounds(); use.On < hi {
				return false, NotYet
			}
		}
		if len(a.NotBefore) == 0 {
			return false, ConditionOpen
		}
		return true, ""
	case recipient:
		return slices.Contains(a.Recipients, use.Recipient) && use.Recipient != "", OtherRecipient
	case eachUse:
		return slices.ContainsFunc(a.Met, func(d when.Date) bool {
			lo, hi := d.Bounds()
			return lo == use.On && hi == use.On
		}), ConditionOpen
	}
	return slices.ContainsFunc(a.Met, func(d when.Date) bool {
		_, hi := d.Bounds()
		return hi <= use.On
	}), ConditionOpen
}

func assessEmergency(a Answer, use Use) (bool, Reason) {
	begin, _ := a.Date.Bounds()
	switch {
	case use.Purpose != "CO-06":
		return false, EmergencyScope
	case a.Signers < 2:
		return false, EmergencySigns
	case a.Date.IsZero() || begin == when.Beginning || use.On > begin+emergencyDays:
		return false, EmergencyOver
	case begin > use.On:
		return false, NotYet
	}
	return true, ByEmergency
}

// Check says what is wrong with an answer that is about to be recorded: consent is an
// act, so it has a day, words and a language, and no day that has not come.
func Check(a Answer, today when.Day) []fault.Problem {
	var out []fault.Problem
	for _, name := range a.Missing() {
		out = append(out, fault.Problem{Kind: "consent", Field: name, Reason: "a consent without it is not one",
			Remedy: "record the words read, their language, how consent was given and when; or record the state as not asked", Code: "consent.missing"})
	}
	if lo, _ := a.Date.Bounds(); !a.Date.IsZero() && lo > today {
		out = append(out, fault.Problem{Kind: "consent", Field: "date", Value: a.Date.String(), Reason: "is a day that has not come",
			Remedy: "write when the answer was given; for consent that begins later write that day under not before", Code: "consent.future"})
	}
	if a.Purpose != "CO-06" && a.State == Emergency {
		out = append(out, fault.Problem{Kind: "consent", Field: "state", Value: string(a.State), Reason: EmergencyScope.Text("en"), Remedy: "ask the person, or record the state as not asked",
			Code: "consent.emergency", Args: []any{EmergencyScope}})
	}
	if a.State == Emergency && a.Date.IsZero() {
		out = append(out, fault.Problem{Kind: "consent", Field: "date", Reason: "an emergency holds 72 hours and needs the day it began", Remedy: "write the day", Code: "consent.emergency.day"})
	}
	return out
}
