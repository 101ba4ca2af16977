// Package casebook says what acts mean: how the accounts of several sources become
// one record, what a choice, a link, a retraction and an erasure do, and which
// consent covers which use. It is pure: acts in, records out; it knows neither
// keys nor databases.
//
// A record is the fold of its acts. Nothing overwrites: contradictory accounts
// stand side by side until a person chooses between them with a reason, and an act
// that is retracted leaves exactly what was there before it.
package casebook

import (
	"slices"

	"example.org/amparo/fault"
	"example.org/amparo/id"
	"example.org/amparo/internal/journal"
	"example.org/amparo/internal/kind"
)

// Verb is what an act does. The numbers are stored: they never change meaning.
type Verb uint8

// The verbs.
const (
	State       Verb = 1  // one source's account of a record
	Choose      Verb = 2  // take one account's word for a field, with a reason
	Link        Verb = 3  // two records are the same, different, or undecided
	Retract     Verb = 4  // take back an earlier act; a retraction can be retracted
	Erase       Verb = 5  // payload keys were destroyed; Data names them
	Declare     Verb = 6  // the workspace adds kinds, fields or vocabularies (YAML in Data)
	Enrol       Verb = 7  // a member or device joins; Data holds the card
	Compartment Verb = 8  // a compartment is opened; Data holds its name
	Read        Verb = 9  // a restricted record was opened (R23)
	Export      Verb = 10 // something left the workspace (R26); Data holds the ledger line
	Store       Verb = 11 // one part of a file; Data holds its bytes
)

// String names the verb for a reader of the log.
func (v Verb) String() string {
	names := [...]string{"", "state", "choose", "link", "retract", "erase", "declare", "enrol", "compartment", "read", "export", "store"}
	if int(v) < len(names) {
		return names[v]
	}
	return ""
}

// Verdict is what a person says of two records.
type Verdict uint8

// The verdicts. Unsure is kept: it says that somebody looked.
const (
	Same      Verdict = 1
	Different Verdict = 2
	Unsure    Verdict = 3
)

// String names the verdict.
func (v Verdict) String() string {
	return [...]string{"", "same", "different", "unsure"}[min(int(v), 3)]
}

// ParseVerdict reads "same", "different" or "unsure".
func ParseVerdict(s string) (Verdict, error) {
	for _, v := range []Verdict{Same, Different, Unsure} {
		if v.String() == s {
			return v, nil
		}
	}
	return 0, fault.New(fault.Invalid, "casebook.ParseVerdict", "a verdict is same, different or unsure").Coded("verdict")
}

// Act is the content of an entry: what is inside the seal. It is stored as a
// deterministic CBOR map with small integer keys; unused fields are left out.
type Act struct {
	Verb   Verb         `cbor:"1,keyasint"`
	At     journal.HLC  `cbor:"2,keyasint"`
	Member id.ID        `cbor:"3,keyasint"`
	Origin *journal.Ref `cbor:"4,keyasint,omitempty"` // first place of an act brought from another workspace

	Record   id.ID        `cbor:"5,keyasint,omitzero"`
	Kind     string       `cbor:"6,keyasint,omitempty"`
	Fields   kind.Values  `cbor:"7,keyasint,omitempty"`
	Source   id.ID        `cbor:"8,keyasint,omitzero"` // who says it; zero: the documenter
	Passage  *Passage     `cbor:"9,keyasint,omitempty"`
	Basis    string       `cbor:"10,keyasint,omitempty"` // basis of knowledge, BK-1 to BK-4
	Corrects *journal.Ref `cbor:"11,keyasint,omitempty"` // State: the account this one corrects

	Field   string       `cbor:"12,keyasint,omitempty"` // Choose
	Target  *journal.Ref `cbor:"13,keyasint,omitempty"` // Choose: the account taken; Retract: the act taken back
	Other   id.ID        `cbor:"14,keyasint,omitzero"`  // Link: the other record; Store: whose file it is
	Verdict Verdict      `cbor:"15,keyasint,omitempty"` // Link
	Reason  string       `cbor:"16,keyasint,omitempty"`
	Data    []byte       `cbor:"17,keyasint,omitempty"`
	Part    *Part        `cbor:"18,keyasint,omitempty"` // Store
	Sample  *Sample      `cbor:"19,keyasint,omitempty"` // Link: the pair was drawn at random
}

// Sample is what the comparison had said of a pair that was drawn at random for review,
// before somebody decided it: from such answers, and from no others, follows how often the
// comparison is wrong.
type Sample struct {
	_         struct{} `cbor:",toarray"`
	Millibits int32    // weight of the pair: log2 of the odds that the two are one, times 1000
	Together  bool     // the comparison took them for one
	Drawn     uint32   // chance of being drawn, in millionths
}

// Part says which part of a file a Store act holds: Number counts from 0 to Of-1.
type Part struct {
	_      struct{} `cbor:",toarray"`
	Number uint32
	Of     uint32
}

// Encode returns the bytes that are sealed.
func (a *Act) Encode() []byte { return journal.Encode(a) }

// DecodeAct reads what [Act.Encode] wrote and checks that it is an act this
// program understands.
func DecodeAct(data []byte) (*Act, error) {
	var a Act
	if err := journal.Unpack(data, &a); err != nil {
		return nil, err
	}
	return &a, a.check()
}

func (a *Act) check() error {
	bad := func(msg string) error {
		return fault.New(fault.Corrupt, "casebook.DecodeAct", "%s act: %s", a.Verb, msg)
	}
	switch a.Verb {
	case State:
		if a.Record.IsZero() || a.Kind == "" {
			return bad("no record or no kind")
		}
	case Choose:
		if a.Record.IsZero() || a.Field == "" || a.Target == nil {
			return bad("no record, field or account")
		}
	case Link:
		if a.Record.IsZero() || a.Other.IsZero() || a.Record == a.Other || a.Verdict < Same || a.Verdict > Unsure {
			return bad("two different records and a verdict are needed")
		}
	case Retract:
		if a.Target == nil {
			return bad("nothing to take back")
		}
	case Store:
		if a.Record.IsZero() || a.Part == nil || a.Part.Number >= a.Part.Of {
			return bad("it is no part of any file")
		}
	case Erase, Declare, Enrol, Compartment, Read, Export:
	default:
		return fault.New(fault.Foreign, "casebook.DecodeAct", "an act of unknown verb %d", a.Verb).
			With("it was written by a newer program: update this one")
	}
	return nil
}

// Stated is an act at its place in the journal.
type Stated struct {
	Ref Ref
	Act *Act
}

// Ref is the lasting name of an act.
type Ref = journal.Ref

// Place returns the lasting name of an act found at ref: its origin where it was
// brought from another workspace, else ref itself.
func (a *Act) Place(ref Ref) Ref {
	if a.Origin != nil {
		return *a.Origin
	}
	return ref
}

// Sort puts acts into fold order: by clock reading, then device, then number.
// Every replica that holds the same acts folds them in this order.
func Sort(acts []Stated) {
	slices.SortFunc(acts, func(a, b Stated) int {
		if a.Act.At != b.Act.At {
			if a.Act.At < b.Act.At {
				return -1
			}
			return 1
		}
		return a.Ref.Compare(b.Ref)
	})
}
