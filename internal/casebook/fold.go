package casebook

import (
	"slices"

	"example.org/amparo/id"
	"example.org/amparo/internal/journal"
	"example.org/amparo/internal/kind"
)

// Account is one source's effective word on a record.
type Account struct {
	Ref Ref
	Act *Act
	// CorrectedBy names the later account that corrects this one; nil while it stands.
	CorrectedBy *Ref
}

// Claim is one answer to a field and the accounts that give it.
type Claim struct {
	Values   []kind.Value
	Accounts []Ref
	Chosen   bool // a choice takes this one
}

// FieldState is what the accounts say of one field.
type FieldState struct {
	Claims    []Claim // distinct answers, in fold order of their first account
	Choice    *Stated // the choice in force, or nil
	Contested bool    // answers contradict each other and nobody has chosen
}

// Current returns the values a list, a count or a search takes: the chosen answer;
// else, of a field that may repeat, the union; else every distinct answer, because
// dropping one would decide between accounts in silence.
func (f *FieldState) Current() []kind.Value {
	var out []kind.Value
	for _, c := range f.Claims {
		if f.Choice != nil && !c.Chosen {
			continue
		}
		for _, v := range c.Values {
			if !slices.Contains(out, v) {
				out = append(out, v)
			}
		}
	}
	return out
}

// Event is one act in a record's history, with whether it still has effect.
type Event struct {
	Stated
	Retracted *Ref // the effective retraction, or nil
}

// Record is the fold of a record's acts.
type Record struct {
	ID       id.ID
	Kind     string
	Accounts []Account
	Fields   map[string]*FieldState
	Links    []Stated // effective link acts, the last for each other record
	History  []Event  // every act on the record, in fold order
	First    journal.HLC
	Last     journal.HLC
}

// Contested reports whether any field awaits a choice.
func (r *Record) Contested() bool {
	for _, f := range r.Fields {
		if f.Contested {
			return true
		}
	}
	return false
}

// Field returns the state of a field; a field nobody spoke of is empty.
func (r *Record) Field(name string) *FieldState {
	if f, ok := r.Fields[name]; ok {
		return f
	}
	return &FieldState{}
}

// Schema tells the fold which fields may repeat.
type Schema interface {
	Kind(name string) (*kind.Kind, bool)
}

// Fold computes a record from the acts that name it, in any order. Acts on other
// records are the caller's mistake. A record with no effective account is returned
// with its history and no fields: nothing of it is shown in lists.
func Fold(rec id.ID, acts []Stated, schema Schema) *Record {
	acts = slices.Clone(acts)
	Sort(acts)
	r := &Record{ID: rec, Fields: map[string]*FieldState{}}
	undone := effectiveRetractions(acts)
	var live []Stated
	for _, s := range acts {
		by, gone := undone[s.Ref]
		ev := Event{Stated: s}
		if gone {
			ev.Retracted = &by
		} else {
			live = append(live, s)
		}
		r.History = append(r.History, ev)
	}
	r.foldAccounts(live)
	r.foldFields(live, schema)
	r.foldLinks(live)
	return r
}

// effectiveRetractions maps each act that is taken back to the retraction that
// does it. A retraction counts if it stands after its target in fold order and is
// not itself taken back; walking from the last act to the first decides each
// retraction before the acts it points at.
func effectiveRetractions(sorted []Stated) map[Ref]Ref {
	var undone map[Ref]Ref
	var at map[Ref]int
	for i := len(sorted) - 1; i >= 0; i-- {
		s := sorted[i]
		if s.Act.Verb != Retract {
			continue
		}
		if undone == nil {
			undone = map[Ref]Ref{}
			at = make(map[Ref]int, len(sorted))
			for j, o := range sorted {
				at[o.Ref] = j
			}
		}
		if _, gone := undone[s.Ref]; gone {
			continue
		}
		if j, ok := at[*s.Act.Target]; ok && j < i {
			undone[*s.Act.Target] = s.Ref
		}
	}
	return undone
}

func (r *Record) foldAccounts(live []Stated) {
	corrected := corrections(live)
	for _, s := range live {
		if s.Act.Verb != State {
			continue
		}
		if r.Kind == "" {
			r.Kind, r.First = s.Act.Kind, s.Act.At
		}
		if s.Act.Kind != r.Kind {
			continue // a record has one kind: the first account's
		}
		a := Account{Ref: s.Ref, Act: s.Act}
		if by, ok := corrected[s.Ref]; ok {
			a.CorrectedBy = &by
		}
		r.Accounts = append(r.Accounts, a)
		r.Last = max(r.Last, s.Act.At)
	}
}

// corrections maps each corrected account to the one that corrects it. A correction
// counts only after what it corrects, so that no circle can arise.
func corrections(live []Stated) map[Ref]Ref {
	var corrected map[Ref]Ref
	seen := make(map[Ref]bool, len(live))
	for _, s := range live {
		if s.Act.Verb != State {
			continue
		}
		if c := s.Act.Corrects; c != nil && seen[*c] {
			if corrected == nil {
				corrected = map[Ref]Ref{}
			}
			corrected[*c] = s.Ref
		}
		seen[s.Ref] = true
	}
	return corrected
}

// overridden reports whether the account's word on a field was corrected: a
// correction replaces the fields it states and leaves the others standing.
func (r *Record) overridden(a Account, field string) bool {
	for by := a.CorrectedBy; by != nil; {
		c := r.account(*by)
		if c == nil {
			return false
		}
		if _, states := c.Act.Fields[field]; states {
			return true
		}
		if c.Ref == a.Ref {
			return false
		}
		by = c.CorrectedBy
	}
	return false
}

func (r *Record) account(ref Ref) *Account {
	for i := range r.Accounts {
		if r.Accounts[i].Ref == ref {
			return &r.Accounts[i]
		}
	}
	return nil
}

func (r *Record) foldFields(live []Stated, schema Schema) {
	for _, a := range r.Accounts {
		for name, values := range a.Act.Fields {
			if len(values) == 0 || a.CorrectedBy != nil && r.overridden(a, name) {
				continue
			}
			f := r.Fields[name]
			if f == nil {
				f = &FieldState{}
				r.Fields[name] = f
			}
			f.add(a.Ref, values)
		}
	}
	for _, s := range live {
		if s.Act.Verb == Choose {
			r.applyChoice(s)
		}
	}
	k, _ := schema.Kind(r.Kind)
	for name, f := range r.Fields {
		f.Contested = f.Choice == nil && contradicts(k, name, f.Claims)
	}
}

func (f *FieldState) add(ref Ref, values []kind.Value) {
	for i := range f.Claims {
		if slices.Equal(f.Claims[i].Values, values) {
			f.Claims[i].Accounts = append(f.Claims[i].Accounts, ref)
			return
		}
	}
	f.Claims = append(f.Claims, Claim{Values: values, Accounts: []Ref{ref}})
}

// applyChoice lets a later choice replace an earlier one. A choice for an account
// that no longer stands has no effect: the accounts are contested again.
func (r *Record) applyChoice(s Stated) {
	f := r.Fields[s.Act.Field]
	if f == nil {
		return
	}
	for i, c := range f.Claims {
		if slices.Contains(c.Accounts, *s.Act.Target) {
			for j := range f.Claims {
				f.Claims[j].Chosen = j == i
			}
			f.Choice = &s
			return
		}
	}
}

// contradicts reports whether two accounts give different answers to a field that
// has one answer. "Unknown", "refused" and "not asked" do not contradict anything.
func contradicts(k *kind.Kind, field string, claims []Claim) bool {
	if k != nil {
		if fd, ok := k.Field(field); ok && fd.Repeat {
			return false
		}
	}
	given := map[string]bool{}
	for _, c := range claims {
		for _, v := range c.Values {
			if v.State == kind.Given || v.State == kind.None {
				given[string(rune(v.State))+v.Lang+"\x00"+v.Text] = true
			}
		}
	}
	if k == nil || len(given) < 2 {
		return false
	}
	return !translationsOnly(claims)
}

// translationsOnly reports whether the answers differ in language only: a title in
// Korean beside one in English is no contradiction.
func translationsOnly(claims []Claim) bool {
	seen := map[string]string{}
	for _, c := range claims {
		for _, v := range c.Values {
			if v.Lang == "" {
				return false
			}
			if t, ok := seen[v.Lang]; ok && t != v.Text {
				return false
			}
			seen[v.Lang] = v.Text
		}
	}
	return true
}

func (r *Record) foldLinks(live []Stated) {
	last := map[id.ID]int{}
	for _, s := range live {
		if s.Act.Verb != Link {
			continue
		}
		other := s.Act.Other
		if other == r.ID {
			other = s.Act.Record
		}
		if i, ok := last[other]; ok {
			r.Links[i] = s
			continue
		}
		last[other] = len(r.Links)
		r.Links = append(r.Links, s)
	}
}
