package app

import (
	"context"
	"slices"
	"sync"
	"time"

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
	roots  map[id.ID]bool // those the use does not cover
	silent map[id.ID]bool // of them, who was never asked anything
	later  backlog
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

// out is what the purpose leaves out. What is remembered of a page holds as long as that
// leaves out none of the records it was made from, and none of those it did not show.
func (r *Reading) out(ctx context.Context) (*index.Reached, error) {
	out, err := r.outNow(index.Unwatched(ctx))
	if read, ok := ctx.Value(usesKey{}).(*usesRead); ok && err == nil {
		read.note(r.use, out)
	}
	return out, err
}

func (r *Reading) outNow(ctx context.Context) (*index.Reached, error) {
	use := r.use
	use.On = r.w.today()
	l := r.w.outside.of(use)
	l.Lock()
	defer l.Unlock()
	for try := range 100 { // a batch that is being applied is told of at once, and waited for
		gen, quiet := r.w.index.Generation(), r.w.applying.Load() == 0
		if r.w.carry(ctx, use, l) {
			return l.out, nil
		}
		if !l.known || try > 0 && quiet && gen == r.w.index.Generation() {
			break
		}
		time.Sleep(time.Millisecond)
	}
	err := r.w.leaveOut(ctx, use, l)
	return l.out, err
}

// leaveOut computes anew what a use leaves out.
func (w *Workspace) leaveOut(ctx context.Context, use consent.Use, l *left) error {
	gen := w.index.Generation()
	roots, silent, err := w.notCovered(ctx, use)
	if err != nil {
		return err
	}
	out, err := w.index.Reach(ctx, roots, w.hanging(silent))
	if err != nil {
		return err
	}
	l.known, l.gen, l.out, l.roots, l.silent = true, gen, out, setOf(roots), silent
	w.carry(ctx, use, l) // what was recorded while this was computed
	return nil
}

func setOf(recs []id.ID) map[id.ID]bool {
	out := make(map[id.ID]bool, len(recs))
	for _, rec := range recs {
		out[rec] = true
	}
	return out
}

// notCovered lists the persons a use does not cover, and which of them were never asked
// anything.
func (w *Workspace) notCovered(ctx context.Context, use consent.Use) (roots []id.ID, silent map[id.ID]bool, err error) {
	if desk(use) {
		roots, err = w.lockedFiles(ctx, use)
		return roots, map[id.ID]bool{}, err
	}
	reg, err := w.readRegister(ctx, use.Purpose)
	if err != nil {
		return nil, nil, err
	}
	silent = map[id.ID]bool{}
	for person := range reg.asked {
		if _, known := reg.people[person]; !known {
			reg.people[person] = consent.Person{} // spoken of before being stated
		}
	}
	for person := range reg.people {
		if reg.decide(person, use).Allowed {
			continue
		}
		roots = append(roots, person)
		if !reg.asked[person] {
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
	var said []id.ID // by some record
	if err := w.index.Refusing(ctx, "consent", func(row index.Row) error {
		if !slices.Contains(row.Values["purpose"], kind.Of(use.Purpose)) {
			return nil
		}
		for _, v := range row.Values["person"] {
			if person, err := id.Parse(v.Text); err == nil {
				said = append(said, person)
			}
		}
		return nil
	}); err != nil {
		return nil, err
	}
	reg := newRegister()
	seen := map[id.ID]bool{}
	var roots []id.ID
	for _, person := range said {
		if seen[person] {
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
	w.applying.Add(1)
	defer w.applying.Add(-1)
	before := w.index.Generation()
	changes, err := w.index.Apply(ctx, acts, heads)
	if err != nil {
		return err
	}
	b := batchOf(before, acts, changes)
	w.keepOutside(ctx, b)
	w.leaveWords(b)
	w.assessAgain()
	w.wordings.follow(changes)
	w.linked.news.note(acts)
	return nil
}
