package app

import (
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"example.org/amparo/fault"
	"example.org/amparo/id"
	"example.org/amparo/internal/casebook"
	"example.org/amparo/internal/kind"
	"example.org/amparo/internal/whereabouts"
	"example.org/amparo/linkage"
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
	if err := w.noteOpened(ctx, r, reason); err != nil {
		return nil, err
	}
	return w.view(ctx, r, lang, true)
}

// noteOpened writes to the log who opens an identity and why. The line is in the compartment
// that everybody holds, so that colleagues see it who may not see the identity; the reason may
// therefore not say who it is.
func (w *Workspace) noteOpened(ctx context.Context, r *casebook.Record, reason string) error {
	reason = strings.TrimSpace(reason)
	if reason == "" {
		return fault.New(fault.Invalid, "app.OpenIdentity", "opening an identity needs a reason").With("say what it is needed for; no name, place or number")
	}
	if found := whereabouts.Find(reason); len(found) > 0 {
		return fault.New(fault.Invalid, "app.OpenIdentity", "the reason holds what would lead to the person").With("say what it is needed for; no name, place or number")
	}
	k, _ := w.Schema().Kind(r.Kind)
	for _, f := range k.Fields {
		if !IdentityField(k, f) {
			continue
		}
		for _, v := range r.Field(f.Name).Current() {
			if v.State == kind.Given && len([]rune(v.Text)) > 1 && strings.Contains(reason, v.Text) {
				return fault.New(fault.Invalid, "app.OpenIdentity", "the reason says who it is").With("say what it is needed for; no name, place or number")
			}
		}
	}
	person := r.ID
	if p, err := id.Parse(currentOf(r).Get("person")); err == nil && !p.IsZero() {
		person = p
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	room, err := w.roomOf(generalRoom)
	if err != nil {
		return err
	}
	if _, err = w.commit(ctx, []draft{{act: &casebook.Act{Verb: casebook.Read, Record: r.ID, Other: person, Reason: reason}, room: room}}); err != nil {
		return err
	}
	w.opened.Lock()
	defer w.opened.Unlock()
	if w.opened.at == nil {
		w.opened.at = map[id.ID]time.Time{}
	}
	w.opened.at[r.ID] = w.opt.Now()
	return nil
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

// veil takes the names of people out of an explanation: how far they agree stays.
func veil(x *linkage.Explanation, kindName string) {
	if kindName == "perpetrator" {
		return // named in the record itself, under its own key
	}
	for i := range x.Bars {
		b := &x.Bars[i]
		if b.Field != "names" && b.Field != "victims" || b.Left == "" && b.Right == "" && b.LeftForm == "" && b.RightForm == "" {
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
	noted := 0
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
			if err := w.noteOpened(ctx, r, reason); err != nil {
				return linkage.Explanation{}, err
			}
			noted++
		}
	}
	if noted == 0 {
		veil(&x, l.Kind) // nothing was opened, so nothing is shown
	}
	return x, nil
}
