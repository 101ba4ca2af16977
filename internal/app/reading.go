package app

import (
	"context"
	"slices"
	"sync"

	"example.org/amparo/fault"
	"example.org/amparo/id"
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
		return nil, fault.New(fault.Invalid, "app.For", "there is no purpose %q", purpose).With("use one of CO-01 to CO-14").Coded("purpose.none")
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

// left is what one use leaves out. It is locked while that is computed, so that one use
// does not wait for another.
type left struct {
	sync.Mutex
	known  bool
	gen    uint64
	out    *index.Reached
	silent map[id.ID]bool // persons never asked anything

	waiting struct { // batches that were applied and not looked at yet
		sync.Mutex
		batches []batch
	}
}

// maxUses bounds the memory of uses.
const maxUses = 16

func (o *outside) of(use consent.Use) *left {
	o.Lock()
	defer o.Unlock()
	l := o.byUse[use]
	if l == nil {
		if o.byUse == nil || len(o.byUse) >= maxUses {
			o.byUse = map[consent.Use]*left{}
		}
		l = &left{}
		o.byUse[use] = l
	}
	return l
}

func (r *Reading) out(ctx context.Context) (*index.Reached, error) {
	use := r.use
	use.On = r.w.today()
	l := r.w.outside.of(use)
	l.Lock()
	defer l.Unlock()
	r.w.carry(ctx, use, l)
	gen := r.w.index.Generation()
	if l.known && l.gen == gen {
		return l.out, nil
	}
	roots, silent, err := r.w.notCovered(ctx, use)
	if err != nil {
		return nil, err
	}
	out, err := r.w.index.Reach(ctx, roots, r.w.hanging(silent))
	if err != nil {
		return nil, err
	}
	l.known, l.gen, l.out, l.silent = true, gen, out, silent
	r.w.carry(ctx, use, l) // what was recorded while this was computed
	return l.out, nil
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

func (w *Workspace) hanging(silent map[id.ID]bool) func(index.Edge) (bool, error) {
	return func(e index.Edge) (bool, error) { return w.hangs(e, silent) }
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

// apply folds acts into the index.
func (w *Workspace) apply(ctx context.Context, acts []index.Opened, heads []journal.Head) error {
	before := w.index.Generation()
	if err := w.index.Apply(ctx, acts, heads); err != nil {
		return err
	}
	w.keepOutside(ctx, before, acts)
	w.wordings.follow(before, w.index.Generation(), acts)
	w.linked.news.note(acts)
	return nil
}
