package app

import (
	"context"
	"slices"
	"sync"

	"example.org/amparo/fault"
	"example.org/amparo/id"
	"example.org/amparo/internal/casebook"
	"example.org/amparo/internal/consent"
	"example.org/amparo/internal/index"
	"example.org/amparo/internal/journal"
	"example.org/amparo/internal/kind"
)

// Reading is the workspace as it may be read for one purpose: a list, a count, a search,
// a figure or an export asked through it does not contain a person whose consent does not
// cover that purpose, nor anything that hangs on that person alone (R05). Consent is read
// again at each question.
//
// A record hangs on the persons its kind names as subject, and on whoever said it. Where
// a single field names who speaks, that person's consent carries the account, and others
// it names who were never asked anything stay in it as nobody: the links to them are
// left out. One who refused or withdrew is not in it at all, and takes the record along.
//
// For [consent.Documentation] a person who was not asked yet is on the desk, so that
// somebody can ask; one who refused or withdrew is not.
type Reading struct {
	w   *Workspace
	use consent.Use
}

// For opens the workspace for a purpose, CO-01 to CO-14, and, where something is to go to
// somebody, a recipient.
func (w *Workspace) For(purpose, recipient string) (*Reading, error) {
	if !consent.Known(purpose) {
		return nil, fault.New(fault.Invalid, "app.For", "there is no purpose %q", purpose).With("use one of CO-01 to CO-14")
	}
	return &Reading{w: w, use: consent.Use{Purpose: purpose, Recipient: recipient}}, nil
}

// Desk opens the workspace for the work of the desk itself.
func (w *Workspace) Desk() *Reading {
	return &Reading{w: w, use: consent.Use{Purpose: consent.Documentation}}
}

// Purpose is what the workspace is read for.
func (r *Reading) Purpose() string { return r.use.Purpose }

// outside remembers for each use which records it leaves out, until something is recorded
// that may change that.
type outside struct {
	sync.Mutex
	byUse map[consent.Use]*left
}

type left struct {
	gen uint64
	out *index.Reached
}

// maxUses bounds the memory of uses.
const maxUses = 16

func (r *Reading) out(ctx context.Context) (*index.Reached, error) {
	use := r.use
	use.On = r.w.today()
	gen := r.w.index.Generation()
	r.w.outside.Lock()
	defer r.w.outside.Unlock()
	if l := r.w.outside.byUse[use]; l != nil && l.gen == gen {
		return l.out, nil
	}
	out, err := r.w.leaveOut(ctx, use)
	if err != nil {
		return nil, err
	}
	if r.w.outside.byUse == nil || len(r.w.outside.byUse) >= maxUses {
		r.w.outside.byUse = map[consent.Use]*left{}
	}
	r.w.outside.byUse[use] = &left{gen: gen, out: out}
	return out, nil
}

// leaveOut finds the persons a use does not cover and what hangs on them.
func (w *Workspace) leaveOut(ctx context.Context, use consent.Use) (*index.Reached, error) {
	roots, silent, err := w.notCovered(ctx, use)
	if err != nil {
		return nil, err
	}
	return w.index.Reach(ctx, roots, func(e index.Edge) (bool, error) { return w.hangs(e, silent) })
}

// notCovered lists the persons a use does not cover, and which of them were never asked
// anything.
func (w *Workspace) notCovered(ctx context.Context, use consent.Use) (roots []id.ID, silent map[id.ID]bool, err error) {
	if use.Purpose == consent.Documentation && use.Recipient == "" {
		roots, err = w.lockedFiles(ctx, use)
		return roots, nil, err
	}
	reg, err := w.readRegister(ctx)
	if err != nil {
		return nil, nil, err
	}
	silent = map[id.ID]bool{}
	for person := range reg.answers {
		if _, known := reg.people[person]; !known {
			reg.people[person] = consent.Person{} // spoken of before being stated
		}
	}
	for person := range reg.people {
		if reg.decide(person, use).Allowed {
			continue
		}
		roots = append(roots, person)
		if !consent.Asked(reg.answers[person]) {
			silent[person] = true
		}
	}
	bare, err := w.index.Bare(ctx) // whoever is named and not stated, or was erased, gave nothing
	for _, rec := range bare {
		if _, known := reg.people[rec]; !known {
			roots = append(roots, rec)
			silent[rec] = true
		}
	}
	slices.SortFunc(roots, id.ID.Compare)
	return roots, silent, err
}

// lockedFiles are the persons who refused or withdrew from the desk's own purpose. Only
// those with such an answer are looked at: the desk asks this all day.
func (w *Workspace) lockedFiles(ctx context.Context, use consent.Use) ([]id.ID, error) {
	res, err := w.index.List(ctx, index.Query{Kind: "consent", Limit: 1 << 30, Plain: true,
		Filters: map[string][]string{"purpose": {use.Purpose}, "state": {string(consent.Refused), string(consent.Withdrawn)}}})
	if err != nil {
		return nil, err
	}
	reg := newRegister()
	var roots []id.ID
	seen := map[id.ID]bool{}
	for _, row := range res.Rows {
		for _, v := range row.Values["person"] {
			person, err := id.Parse(v.Text)
			if err != nil || seen[person] {
				continue
			}
			if err := w.readPerson(ctx, reg, person); err != nil {
				return nil, err
			}
			for _, p := range append([]id.ID{person}, reg.group[person]...) {
				if !seen[p] && reg.locked(p, use) {
					roots = append(roots, p)
				}
				seen[p] = true
			}
		}
	}
	slices.SortFunc(roots, id.ID.Compare)
	return roots, nil
}

// hangs reports whether a record that names another hangs on it.
func (w *Workspace) hangs(e index.Edge, silent map[id.ID]bool) (bool, error) {
	k, ok := w.Schema().Kind(e.Kind)
	if !ok {
		return true, nil
	}
	if e.Field == index.PassageField || e.Field == index.SourceField {
		return !slices.Equal(k.Subject, []string{"self"}), nil // a person is not what others say of him
	}
	if !slices.Contains(k.Subject, e.Field) {
		return false, nil
	}
	if f, _ := k.Field(e.Field); !f.Repeat || !silent[e.Target] {
		return true, nil
	}
	vs, err := e.Values()
	return !speaks(k, vs), err
}

// speaks reports whether a single field of the record names whose account it is.
func speaks(k *kind.Kind, vs kind.Values) bool {
	for _, name := range k.Subject {
		if f, ok := k.Field(name); ok && !f.Repeat && vs.Get(name) != "" {
			return true
		}
	}
	return vs.Get(index.SourceField) != ""
}

// follow keeps what is remembered where a batch cannot have changed it: the desk records
// all day, and most of it is not about consent.
func (o *outside) follow(before, after uint64, acts []index.Opened) {
	o.Lock()
	defer o.Unlock()
	for use, l := range o.byUse {
		if l.gen == before && after == before+1 && !changes(use, l.out, acts) {
			l.gen = after
		}
	}
}

func changes(use consent.Use, out *index.Reached, acts []index.Opened) bool {
	return slices.ContainsFunc(acts, func(o index.Opened) bool {
		switch o.Act.Verb {
		case casebook.Read, casebook.Export, casebook.Enrol, casebook.Compartment:
			return false
		case casebook.State:
			return stateChanges(use, out, o.Act)
		}
		return true
	})
}

func stateChanges(use consent.Use, out *index.Reached, a *casebook.Act) bool {
	if a.Kind == "consent" || a.Kind == "bip" || a.Kind == "person" && use.Purpose != consent.Documentation {
		return true
	}
	if out.Has(a.Record) || out.Has(a.Source) || a.Passage != nil && out.Has(a.Passage.Record) {
		return true
	}
	for _, vs := range a.Fields {
		for _, v := range vs {
			if target, err := id.Parse(v.Text); err == nil && out.Has(target) {
				return true
			}
		}
	}
	return false
}

// apply folds acts into the index.
func (w *Workspace) apply(ctx context.Context, acts []index.Opened, heads []journal.Head) error {
	before := w.index.Generation()
	if err := w.index.Apply(ctx, acts, heads); err != nil {
		return err
	}
	w.outside.follow(before, w.index.Generation(), acts)
	w.linked.news.note(acts)
	return nil
}
