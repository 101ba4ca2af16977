package app

import (
	"context"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode"

	"example.org/amparo/fault"
	"example.org/amparo/id"
	"example.org/amparo/internal/casebook"
	"example.org/amparo/internal/kind"
	"example.org/amparo/internal/whereabouts"
	"example.org/amparo/linkage"
	"example.org/amparo/names"
)

// Names, papers and contact words of people lie apart, under the key of a compartment of
// their own, and nothing shows them unasked: they are opened by an act that says why. The
// act is a signed entry of the journal, written before anything is shown; whoever may see
// the person's file sees who opened them, when and why.

// identityRoom is the compartment of names, papers and contact words.
const identityRoom = "identities"

// IdentityField reports whether a field says who somebody is: it is sealed, and sealed in
// the compartment of identities.
func IdentityField(k *kind.Kind, f *kind.Field) bool {
	room := k.Compartment
	if f.Compartment != "" {
		room = f.Compartment
	}
	return room == identityRoom && f.Class == kind.Sealed
}

// hasIdentity reports whether a kind has such a field.
func hasIdentity(k *kind.Kind) bool {
	return slices.ContainsFunc(k.Fields, func(f *kind.Field) bool { return IdentityField(k, f) })
}

// openFor is how long the files of an identity that was opened are served.
const openFor = 10 * time.Minute

// opened remembers which identities this member opened lately: a page shows pictures by
// asking for them one by one.
type opened struct {
	sync.Mutex
	at map[id.ID]time.Time
}

// OpenIdentity shows a record with who it is about. The reason is written to the log first,
// with the member, the time, the record and the person (R23). A member who does not hold the
// key of identities is told that there is no such record.
func (w *Workspace) OpenIdentity(ctx context.Context, rec id.ID, reason, lang string) (*RecordView, error) {
	r, err := w.index.Fold(ctx, rec)
	if err != nil {
		return nil, err
	}
	k, ok := w.Schema().Kind(r.Kind)
	if _, held := w.rooms.named(identityRoom); !ok || !held || !hasIdentity(k) {
		return nil, fault.New(fault.NotFound, "app.OpenIdentity", "no such record")
	}
	if err := w.unlocked(ctx, r); err != nil {
		return nil, err
	}
	if err := w.noteOpened(ctx, []*casebook.Record{r}, reason); err != nil {
		return nil, err
	}
	return w.view(ctx, r, lang, true)
}

// noteOpened writes to the log who opens identities and why: a line each, all or none. The
// lines are in the compartment that everybody holds, so that colleagues see them who may not
// see the identities; the reason may therefore not say who anybody is.
func (w *Workspace) noteOpened(ctx context.Context, records []*casebook.Record, reason string) error {
	reason = strings.TrimSpace(reason)
	if reason == "" {
		return fault.New(fault.Invalid, "app.OpenIdentity", "opening an identity needs a reason").With("say what it is needed for; no name, place or number").Coded("identity.reason")
	}
	if found := whereabouts.Find(reason); len(found) > 0 {
		return fault.New(fault.Invalid, "app.OpenIdentity", "the reason holds what would lead to the person").With("say what it is needed for; no name, place or number").Coded("identity.leads")
	}
	people := make([]id.ID, len(records))
	for i, r := range records {
		people[i] = r.ID
		if p, err := id.Parse(currentOf(r).Get("person")); err == nil && !p.IsZero() {
			people[i] = p
		}
		if known, err := w.identitiesOf(ctx, people[i]); err != nil {
			return err
		} else if w.saysWho(reason, append(known, r)) { // whoever guesses learns that the guess is right
			if _, err := w.noteSearch(ctx, reason, id.ID{}, map[string][]id.ID{identityRoom: {people[i]}}); err != nil {
				return err
			}
			return fault.New(fault.Invalid, "app.OpenIdentity", "the reason says who it is").With("say what it is needed for; no name, place or number").Coded("identity.named")
		}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	room, err := w.roomOf(generalRoom)
	if err != nil {
		return err
	}
	drafts := make([]draft, len(records))
	for i, r := range records {
		drafts[i] = draft{act: &casebook.Act{Verb: casebook.Read, Record: r.ID, Other: people[i], Reason: reason}, room: room}
	}
	if _, err = w.commit(ctx, drafts); err != nil {
		return err
	}
	w.opened.Lock()
	defer w.opened.Unlock()
	if w.opened.at == nil {
		w.opened.at = map[id.ID]time.Time{}
	}
	for _, r := range records {
		w.opened.at[r.ID] = w.opt.Now()
	}
	return nil
}

// identitiesOf are the records that say who a person is: the person's own, and those that name
// the person.
func (w *Workspace) identitiesOf(ctx context.Context, person id.ID) (out []*casebook.Record, err error) {
	recs := []id.ID{person}
	for _, k := range w.Schema().Kinds() {
		if _, ok := k.Field("person"); !ok || !hasIdentity(k) {
			continue
		}
		rows, err := w.index.Linked(ctx, person, k.Name, "person")
		if err != nil {
			return nil, err
		}
		for _, row := range rows {
			recs = append(recs, row.ID)
		}
	}
	for _, rec := range recs {
		r, err := w.index.Fold(ctx, rec)
		if fault.KindOf(err) == fault.NotFound {
			continue
		}
		if err != nil {
			return nil, err
		}
		out = append(out, r)
	}
	return out, nil
}

// saysWho reports whether a text holds what one of the records says of somebody's identity,
// whole or a word of it, however it is spaced and written.
func (w *Workspace) saysWho(text string, records []*casebook.Record) bool {
	text = plainLetters(text)
	for _, r := range records {
		k, ok := w.Schema().Kind(r.Kind)
		if !ok {
			continue
		}
		for _, f := range k.Fields {
			if !IdentityField(k, f) {
				continue
			}
			for _, v := range r.Field(f.Name).Current() {
				if v.State == kind.Given && slices.ContainsFunc(telling(v.Text), func(part string) bool { return strings.Contains(text, part) }) {
					return true
				}
			}
		}
	}
	return false
}

// telling are the parts of an identity that tell who it is: the whole, each word of two
// syllables or four letters, and of a Korean or Chinese name in one word what is given.
func telling(text string) (out []string) {
	for _, part := range append([]string{text}, strings.Fields(text)...) {
		plain := []rune(plainLetters(part))
		least := 4
		if len(plain) > 0 && plain[0] > unicode.MaxLatin1 {
			least = 2
		}
		if len(plain) < least && part != text || len(plain) < 2 {
			continue
		}
		out = append(out, string(plain))
		if least == 2 && len(plain) == 3 {
			out = append(out, string(plain[1:]))
		}
	}
	return out
}

// plainLetters is a text without spaces and signs, in one way of writing.
func plainLetters(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r) {
			return r
		}
		return -1
	}, names.Fold(text))
}

// IsOpen reports whether this member opened a record's identity in the last minutes: its
// files may then be shown.
func (w *Workspace) IsOpen(rec id.ID) bool {
	w.opened.Lock()
	defer w.opened.Unlock()
	at, ok := w.opened.at[rec]
	now := w.opt.Now()
	return ok && !now.Before(at) && now.Sub(at) < openFor
}

// veiledName stands in an explanation where a name was compared.
const veiledName = "···"

// nameless are the fields of a comparison that name nobody. Of a person's ties the names of
// others are compared, and those were not opened with the person's.
var nameless = []string{"birth", "sex", "origin", "crossings", "returns", "type", "date", "place", "facility_type", "agency", "return", "role"}

// ownNames are the fields that hold the names of those whose identities are opened for a
// comparison.
var ownNames = []string{"names", "victims"}

// veil takes what names people out of an explanation, but for the fields shown: how far it
// agrees stays.
func veil(x *linkage.Explanation, kindName string, shown ...string) {
	if kindName == "perpetrator" {
		return // named in the record itself, under its own key
	}
	for i := range x.Bars {
		b := &x.Bars[i]
		if slices.Contains(nameless, b.Field) || slices.Contains(shown, b.Field) || b.Left == "" && b.Right == "" && b.LeftForm == "" && b.RightForm == "" {
			continue
		}
		b.Left, b.Right, b.LeftForm, b.RightForm = veiledName, veiledName, veiledName, veiledName
	}
}

// OpenNames explains two records with the names that were compared. The identities they come
// from are opened for it, each with a line in the log.
func (w *Workspace) OpenNames(ctx context.Context, l *Linking, a, b id.ID, reason string) (linkage.Explanation, error) {
	x, err := l.explain(a, b)
	if err != nil {
		return x, err
	}
	if _, held := w.rooms.named(identityRoom); !held {
		return linkage.Explanation{}, fault.New(fault.NotFound, "app.OpenNames", "no such record")
	}
	var people []id.ID
	for _, rec := range []id.ID{a, b} {
		if l.Kind == "person" {
			people = append(people, rec)
			continue
		}
		row, err := w.Desk().Row(ctx, rec)
		if err != nil {
			return linkage.Explanation{}, err
		}
		for _, v := range row.Values["victims"] {
			if p, err := id.Parse(v.Text); err == nil && !slices.Contains(people, p) {
				people = append(people, p)
			}
		}
	}
	var records []*casebook.Record
	for _, p := range people {
		rows, err := w.Desk().Linked(ctx, p, "person_identity", "person")
		if err != nil {
			return linkage.Explanation{}, err
		}
		for _, row := range rows {
			r, err := w.index.Fold(ctx, row.ID)
			if err != nil {
				return linkage.Explanation{}, err
			}
			records = append(records, r)
		}
	}
	if len(records) == 0 {
		veil(&x, l.Kind) // nothing was opened, so nothing is shown
		return x, nil
	}
	if err := w.noteOpened(ctx, records, reason); err != nil {
		return linkage.Explanation{}, err
	}
	veil(&x, l.Kind, ownNames...)
	return x, nil
}
