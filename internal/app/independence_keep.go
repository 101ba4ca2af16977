package app

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"time"

	"example.org/amparo/id"
	"example.org/amparo/internal/index"
)

// wordings remembers what the comparison of the words of testimonies found. It holds the
// shared passages and no other words. What is said later is compared with what was said
// before; who withdraws is left out when a page asks (R05).
type wordings struct {
	comparing sync.Mutex // held while words are compared

	sync.Mutex                // guards what follows
	known      bool           // all were compared once
	version    uint64         // counts the comparisons
	forgotten  int            // how often all was forgotten
	compared   []Telling      // in the order of their interviews
	empty      []Telling      // interviews without a passage
	out        *index.Reached // who was last let go of
	left       []id.ID        // interviews that consent did not cover
	found      []Retelling
	fresh      map[id.ID]bool // interviews that came or changed since
	anew       bool           // common wording was recorded: all are to be compared again
	atWork     behind
}

// behind is what goes on behind pages.
type behind struct {
	busy  chan struct{} // closed when it ends; nil: nothing does
	cost  time.Duration // the last time
	ended time.Time
	err   error
}

// follow notes which testimonies a batch touched.
func (k *wordings) follow(changes []index.Change) {
	k.Lock()
	defer k.Unlock()
	for _, ch := range changes {
		for _, s := range []index.Stand{ch.Before, ch.After} {
			switch s.Kind {
			case "interview":
				k.touch(ch.ID)
			case "statement_unit":
				for field, interview := range s.Links() {
					if field == "interview" {
						k.touch(interview)
					}
				}
			case "common_wording":
				k.anew = true
			}
		}
	}
}

func (k *wordings) touch(interview id.ID) {
	if !k.known {
		return
	}
	if k.fresh == nil {
		k.fresh = map[id.ID]bool{}
	}
	k.fresh[interview] = true
}

// forget forgets all, words too: somebody was erased.
func (k *wordings) forget() {
	k.Lock()
	defer k.Unlock()
	k.forgotten++
	k.known, k.compared, k.empty, k.left, k.found, k.fresh, k.out = false, nil, nil, nil, nil, nil, nil
}

// leave lets go of the testimonies of those who may no longer be compared, with the words they
// share, and reports whether there were any.
func (k *wordings) leave(out *index.Reached) bool {
	k.Lock()
	defer k.Unlock()
	if k.out == out {
		return false
	}
	k.out = out
	kept := slices.DeleteFunc(slices.Clone(k.compared), func(t Telling) bool { return out.Has(t.Interview) })
	if len(kept) == len(k.compared) {
		return false
	}
	for _, t := range k.compared {
		if out.Has(t.Interview) {
			k.left = append(k.left, t.Interview)
		}
	}
	k.compared = kept
	k.found = slices.DeleteFunc(slices.Clone(k.found), func(r Retelling) bool { return out.Has(r.A.Interview) || out.Has(r.B.Interview) })
	k.version++
	return true
}

// leaveWords is [wordings.leave] after somebody's consent was recorded, behind the page that
// recorded it.
func (w *Workspace) leaveWords(b batch) {
	k := &w.wordings
	k.Lock()
	nothing := len(k.found) == 0
	k.Unlock()
	if nothing || !b.whole && !slices.ContainsFunc(b.changes, func(ch index.Change) bool { return ch.After.Kind == "consent" }) {
		return
	}
	w.hand.begin(func(life context.Context) {
		if _, out, err := w.forMatching(life); err == nil {
			k.leave(out)
			w.memos.dropOne(independenceKey)
		}
	})
}

const independenceKey = "independence"

// behind counts the testimonies that were not compared as they stand.
func (k *wordings) behind(out *index.Reached) int {
	k.Lock()
	defer k.Unlock()
	n := 0
	if k.anew {
		n = len(k.compared)
	}
	for interview := range k.fresh {
		if !out.Has(interview) {
			n++
		}
	}
	for _, interview := range k.left {
		if !out.Has(interview) && !k.fresh[interview] {
			n++
		}
	}
	return n
}

// toCompare is what a comparison begins from, and takes the news with it.
type toCompare struct {
	all       []Telling // as they stand now
	left      []id.ID
	fresh     map[id.ID]bool // nil: all of them
	forgotten int
}

func (w *Workspace) toCompare(ctx context.Context, read *Reading, out *index.Reached) (toCompare, error) {
	k := &w.wordings
	k.Lock()
	c := toCompare{fresh: k.fresh, forgotten: k.forgotten}
	before := map[id.ID]bool{}
	for _, t := range slices.Concat(k.compared, k.empty) {
		before[t.Interview] = true
	}
	anew := !k.known || k.anew
	k.fresh, k.anew = map[id.ID]bool{}, false
	known := k.known
	k.known = true // what comes from here on is news
	k.Unlock()
	err := w.index.Each(ctx, "interview", func(row index.Row) error {
		if out.Has(row.ID) {
			c.left = append(c.left, row.ID)
			return nil
		}
		read.pruneValues(out, row.Values)
		c.all = append(c.all, Telling{Interview: row.ID, Teller: tellerOf(row)})
		return nil
	})
	fresh := map[id.ID]bool{}
	for _, t := range c.all {
		if c.fresh[t.Interview] || !before[t.Interview] {
			fresh[t.Interview] = true
		}
	}
	if c.fresh = fresh; anew || len(fresh) > len(c.all)/2 {
		c.fresh = nil
	}
	if err != nil {
		k.Lock()
		k.known = known
		k.anew = true
		k.Unlock()
	}
	return c, err
}

// compareWords compares the testimonies that came or changed with all others.
func (w *Workspace) compareWords(ctx context.Context) error {
	k := &w.wordings
	k.comparing.Lock()
	defer k.comparing.Unlock()
	read, out, err := w.forMatching(ctx)
	if err != nil {
		return err
	}
	k.Lock()
	was := k.known
	k.Unlock()
	if was && k.behind(out) == 0 {
		return nil // another did it
	}
	c, err := w.toCompare(ctx, read, out)
	if err != nil {
		return err
	}
	told, found, err := w.wording(ctx, c.all, c.fresh)
	k.Lock()
	defer k.Unlock()
	if err != nil || k.forgotten != c.forgotten {
		k.known, k.anew = was && k.forgotten == c.forgotten, true
		return err
	}
	if c.fresh != nil {
		found = append(found, stillFound(k.found, c)...)
	}
	slices.SortFunc(found, func(a, b Retelling) int {
		return cmp.Or(cmp.Compare(max(b.ShareA, b.ShareB), max(a.ShareA, a.ShareB)), a.A.Interview.Compare(b.A.Interview), a.B.Interview.Compare(b.B.Interview))
	})
	k.compared, k.empty, k.left, k.found, k.out = told, wordless(c.all, told), c.left, found, out
	k.version++
	return nil
}

// wordless are the tellings that have no words; both lists are in one order.
func wordless(all, told []Telling) (out []Telling) {
	for _, t := range all {
		if len(told) > 0 && told[0].Interview == t.Interview {
			told = told[1:]
			continue
		}
		out = append(out, t)
	}
	return out
}

// stillFound are what was found before of testimonies that are still there and not compared
// again.
func stillFound(before []Retelling, c toCompare) (out []Retelling) {
	there := map[id.ID]bool{}
	for _, t := range c.all {
		there[t.Interview] = !c.fresh[t.Interview]
	}
	for _, r := range before {
		if there[r.A.Interview] && there[r.B.Interview] {
			out = append(out, r)
		}
	}
	return out
}

// IndependenceAtHand is [Workspace.Independence] for a page, which does not wait long. Where
// there is much testimony, it is compared behind the page, and behind is how many interviews
// were not compared as they stand. Until all were compared once it returns none, and no error.
func (w *Workspace) IndependenceAtHand(ctx context.Context) (found *Independence, behind int, err error) {
	_, out, err := w.forMatching(ctx)
	if err != nil {
		return nil, 0, err
	}
	k := &w.wordings
	k.leave(out)
	if busy, known := w.beginWords(out); busy != nil {
		wait := patience
		k.Lock()
		if !known {
			wait = firstPatience
		}
		if slowBefore := k.atWork.cost > slow; slowBefore || known && len(k.compared) > manyTellings {
			wait = 0
		}
		k.Unlock()
		if many, err := w.index.LongTexts(ctx, manyTexts+1); err == nil && many > manyTexts {
			wait = 0
		}
		select {
		case <-busy:
		case <-time.After(wait):
		case <-ctx.Done():
			return nil, 0, ctx.Err()
		}
	}
	k.Lock()
	ready, err := k.version > 0 && k.known, k.atWork.err
	k.Unlock()
	if !ready {
		return nil, 0, err
	}
	found, err = w.independent(ctx)
	return found, k.behind(out), err
}

const (
	manyTellings = 500  // interviews whose words take long to go through
	manyTexts    = 5000 // passages that do
)

// beginWords begins to compare what is to be compared, where it is time to, and returns what
// there is to wait for.
func (w *Workspace) beginWords(out *index.Reached) (busy chan struct{}, known bool) {
	k := &w.wordings
	n := k.behind(out)
	k.Lock()
	defer k.Unlock()
	known = k.known && k.version > 0
	at := &k.atWork
	early := known && at.cost > slow && time.Since(at.ended) < rest*at.cost
	if at.busy != nil || known && (n == 0 || early) {
		return at.busy, known
	}
	done, first := make(chan struct{}), !known
	if w.hand.begin(func(life context.Context) {
		var start time.Time
		var err error
		w.inTurn(first, func() {
			start = time.Now()
			err = w.compareWords(life)
		})
		k.Lock()
		defer k.Unlock()
		at.cost, at.ended, at.err, at.busy = time.Since(start), time.Now(), err, nil
		close(done)
	}) {
		at.busy = done
	}
	return at.busy, known
}

// independent lays what was found beside what was recorded of it, for those who may be
// compared now.
func (w *Workspace) independent(ctx context.Context) (*Independence, error) {
	read, err := w.For(matchingPurpose, "")
	if err != nil {
		return nil, err
	}
	k := &w.wordings
	k.Lock()
	version, compared, found := k.version, k.compared, k.found
	k.Unlock()
	type view struct {
		version uint64
		*Independence
	}
	for range 2 {
		got, err := remembered(ctx, w, independenceKey, func(ctx context.Context) (view, error) {
			v, err := w.independentNow(ctx, read, compared, found)
			return view{version, v}, err
		})
		if err != nil || got.version == version {
			return got.Independence, err
		}
		w.memos.dropOne(independenceKey) // it is of an earlier comparison
	}
	return w.independentNow(ctx, read, compared, found)
}

func (w *Workspace) independentNow(ctx context.Context, read *Reading, compared []Telling, found []Retelling) (*Independence, error) {
	var tellings []Telling
	there := map[id.ID]bool{}
	for _, t := range compared {
		ok, err := read.Has(ctx, t.Interview)
		if err != nil {
			return nil, err
		}
		if ok {
			tellings = append(tellings, t)
			there[t.Interview] = true
		}
	}
	var kept []Retelling
	for _, r := range found {
		if there[r.A.Interview] && there[r.B.Interview] {
			kept = append(kept, r)
		}
	}
	out := &Independence{Tellings: len(tellings)}
	var err error
	if out.Retellings, err = w.judged(ctx, kept); err != nil {
		return nil, err
	}
	return out, w.group(ctx, read, tellings, out)
}
