// Package consent says what a protected person allows. Consent is given per purpose,
// never as a ladder; what is not recorded is refused; the answer is computed when the
// question is asked and again when something leaves. It is pure: recorded answers in, a
// decision with its reason out.
//
// Where recorded answers contradict each other the narrower holds, and a given consent
// counts only with the particulars that make it one: the words that were read, their
// language, how and when it was given. Conditions bind until they are found to be met.
//
// Source: the house's domain model, 3.1 and rules R05, R06, R18; the states and purposes
// are the vocabularies consent_status and consent_purposes.
package consent

import (
	"slices"

	"example.org/amparo/id"
	"example.org/amparo/internal/kind"
	"example.org/amparo/when"
)

// State is a code of the vocabulary consent_status.
type State string

// The states.
const (
	NotAsked  State = "CS-0" // treated as refused
	Given     State = "CS-1"
	Refused   State = "CS-2"
	Withdrawn State = "CS-3" // effective at once; only a new record of consent ends it
	Expired   State = "CS-4" // ask again before use
	Cannot    State = "CS-5" // a child, no capacity, detained
	Emergency State = "CS-6" // presumed to save a life: CO-06 only, two sign-offs, 72 hours
)

// narrowness orders the states: of two answers that cannot be put in order of time the
// narrower holds.
var narrowness = []State{Given, Emergency, NotAsked, Expired, Cannot, Refused, Withdrawn}

func narrower(a, b State) State {
	if slices.Index(narrowness, b) > slices.Index(narrowness, a) {
		return b
	}
	return a
}

// The conditions a machine can decide; all others need somebody who finds them met.
const (
	fromDate  = "from_date"
	recipient = "recipient"
	eachUse   = "each_use"
)

// Answer is one recorded answer of one person to one purpose: the fold of one consent
// record.
type Answer struct {
	Record  id.ID
	Purpose string
	State   State // of accounts that contradict each other, the narrowest
	// Date is when it was given; the zero Date is not known, and then no other answer is
	// certainly later.
	Date        when.Date
	TextVersion string
	Language    string
	Interpreter string
	Method      string
	Capacity    string
	Guardian    bool        // a guardian is named
	Conditions  []string    // codes of the vocabulary consent_condition
	NotBefore   []when.Date // condition from_date
	Recipients  []string    // condition recipient
	Met         []when.Date // when the other conditions were found to be met
	ReviewOn    []when.Date // ask again from the earliest of them
	// Signers is how many different members stated a state of emergency.
	Signers int
}

// sealedFields are those that [Read] finds only in a full fold, not in the index.
var sealedFields = []string{"conditions", "guardian"}

// SealedFields names the fields of a consent that are not in the index. A record with a
// word in one of them is read from its fold.
func SealedFields() []string { return slices.Clone(sealedFields) }

// Read makes an answer of a consent record's current values. Several values of one field
// are accounts that contradict each other: the narrowest state, the widest span of dates
// and every condition hold. Conditions in words without a code are conditions all the
// same.
func Read(rec id.ID, vs kind.Values) Answer {
	a := Answer{Record: rec, Purpose: vs.Get("purpose"), State: NotAsked, TextVersion: vs.Get("text_version"), Language: vs.Get("language"),
		Interpreter: vs.Get("interpreter"), Method: vs.Get("method"), Capacity: vs.Get("capacity"), Guardian: vs.Get("guardian") != "",
		Conditions: given(vs["condition"]), Recipients: given(vs["recipients"]), NotBefore: dates(vs["not_before"]), Met: dates(vs["met"]), ReviewOn: dates(vs["review_on"])}
	for i, s := range given(vs["state"]) {
		if i == 0 {
			a.State = State(s)
			continue
		}
		a.State = narrower(a.State, State(s))
	}
	if vs.Get("conditions") != "" && len(a.Conditions) == 0 {
		a.Conditions = []string{"other"}
	}
	if len(a.NotBefore) > 0 && !slices.Contains(a.Conditions, fromDate) {
		a.Conditions = append(a.Conditions, fromDate)
	}
	if len(a.Recipients) > 0 && !slices.Contains(a.Conditions, recipient) {
		a.Conditions = append(a.Conditions, recipient)
	}
	a.Date = hull(dates(vs["date"]))
	return a
}

func given(vs []kind.Value) (out []string) {
	for _, v := range vs {
		if v.State == kind.Given && v.Text != "" {
			out = append(out, v.Text)
		}
	}
	return out
}

func dates(vs []kind.Value) (out []when.Date) {
	for _, s := range given(vs) {
		if d, err := when.Parse(s); err == nil {
			out = append(out, d)
		}
	}
	return out
}

// hull is the span from the earliest to the latest of several dates, or the zero Date.
func hull(ds []when.Date) when.Date {
	if len(ds) < 2 {
		return append(ds, when.Date{})[0]
	}
	first, last := ds[0], ds[0]
	for _, d := range ds[1:] {
		lo, hi := d.Bounds()
		if at, _ := first.Bounds(); lo < at {
			first = d
		}
		if _, at := last.Bounds(); hi > at {
			last = d
		}
	}
	return when.Between(first, last)
}
