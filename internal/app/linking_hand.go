package app

import (
	"context"
	"maps"
	"runtime/debug"
	"slices"
	"sync"
	"time"

	"example.org/amparo/fault"
	"example.org/amparo/id"
	"example.org/amparo/internal/spare"
)

// hand is the runs as pages show them, with what is at work behind the pages.
type hand struct {
	sync.Mutex
	byKind map[string]*held
	work   sync.WaitGroup
	life   context.Context // ends with the workspace
	end    context.CancelFunc
	turn   chan struct{} // of what takes long
	closed bool
	drops  int // how often all were forgotten
}

// held is the run of one kind.
type held struct {
	run   *Linking
	cost  time.Duration // of bringing it up to date, the last time
	ended time.Time
	busy  chan struct{} // closed when what is at work ends; nil: nothing is
	err   error         // how that ended
}

const (
	// quick is how long a page waits for its run in a large workspace.
	quick = 10 * time.Millisecond
	// slow is what is too long to wait for at each page.
	slow = 250 * time.Millisecond
	// rest is by how much longer nothing is done than something was, where that is slow:
	// somebody else wants the processor.
	rest = 20
)

// patience is how long a page waits where the last time was quick, firstPatience how long it
// waits for the first run. A test waits longer.
var patience, firstPatience = time.Second, 8 * time.Second

// LinkingAtHand is [Workspace.Linking] for a page, which does not wait long: in a large
// workspace, bringing a run up to date takes seconds, and each thing recorded asks for it.
// Then the run is returned as it stands, is brought up to date behind the page, and behind
// is how many records were stated since; but never a run with somebody in it whom consent
// no longer covers (R05). While the first run is made, it returns none, and no error.
func (w *Workspace) LinkingAtHand(ctx context.Context, kindName string) (l *Linking, behind int, err error) {
	timer := time.NewTimer(firstPatience)
	defer timer.Stop()
	var h held
	for done := false; !done; {
		if h = w.atHand(kindName); h.busy == nil {
			break
		}
		switch {
		case h.run != nil && h.cost > slow:
			timer.Reset(0)
		case w.many(ctx, kindName):
			timer.Reset(quick)
		case h.run != nil:
			timer.Reset(patience)
		}
		select {
		case <-h.busy:
			h = w.hand.of(kindName)
			done = h.cost > slow || !w.linked.news.any(kindName) // else something came while it was at work
		case <-timer.C:
			done = true
		case <-ctx.Done():
			return nil, 0, ctx.Err()
		}
	}
	if h.run == nil {
		return nil, 0, h.err
	}
	covered, err := w.covered(ctx, h.run)
	if err != nil {
		return nil, 0, err
	}
	if !covered && w.many(ctx, kindName) {
		w.hand.withhold(kindName, h.run)
		w.atHand(kindName)
		return nil, 0, nil // all are compared again, behind the page
	}
	if !covered {
		l, err = w.Linking(ctx, kindName, false)
		return l, 0, err
	}
	w.renew(h.run)
	return h.run, w.linked.news.count(kindName), nil
}

// renew finds behind the page what a large run shows beside its records.
func (w *Workspace) renew(l *Linking) {
	l.mu.RLock()
	large := len(l.ids) > manyRecords
	l.mu.RUnlock()
	if large && l.known.begins() {
		w.hand.begin(func(context.Context) { l.renew() })
	}
}

// withhold takes a run out of sight that holds somebody whom consent no longer covers.
func (h *hand) withhold(kindName string, l *Linking) {
	h.Lock()
	defer h.Unlock()
	if k := h.byKind[kindName]; k != nil && k.run == l {
		k.run, k.err = nil, nil
	}
}

// manyRecords is how many records of a kind take long to lay out, whatever the machine.
const manyRecords = 10_000

func (w *Workspace) many(ctx context.Context, kindName string) bool {
	n, err := w.index.Counts(ctx)
	return err == nil && n[kindName] > manyRecords
}

// of is the run of a kind as it stands.
func (h *hand) of(kindName string) held {
	h.Lock()
	defer h.Unlock()
	if k := h.byKind[kindName]; k != nil {
		return *k
	}
	return held{}
}

// begin does something behind the pages, unless the workspace is being closed.
func (h *hand) begin(fn func(life context.Context)) bool {
	h.Lock()
	defer h.Unlock()
	if h.closed {
		return false
	}
	h.born()
	h.work.Go(func() { fn(h.life) })
	return true
}

// born makes what lives as long as the workspace is open; the caller holds h.
func (h *hand) born() {
	if h.life == nil {
		h.life, h.end = context.WithCancel(spare.Behind(context.Background()))
		h.turn = make(chan struct{}, 1)
	}
}

// inTurn does what takes long, one after the other: all at once would take the processor from
// the pages. What is done for the first time holds much; what it leaves behind is given back.
func (w *Workspace) inTurn(first bool, fn func()) {
	w.hand.turn <- struct{}{}
	defer func() { <-w.hand.turn }()
	if !first {
		fn()
		return
	}
	start := time.Now()
	spare.Lean(fn)
	if time.Since(start) > slow && spare.Idle() > muchIdle {
		w.giveBack()
	}
}

// muchIdle is what is worth giving back: that goes through all memory once.
const muchIdle = 32 << 20

// giveBack gives memory back to the machine that nobody is using.
func (w *Workspace) giveBack() {
	_ = w.index.Rest() // a connection that does not close well is not used again
	_ = w.hub.Rest()
	debug.FreeOSMemory()
}

// atHand begins to bring a run up to date, where it is time to, and returns it as it is.
func (w *Workspace) atHand(kindName string) held {
	w.hand.Lock()
	defer w.hand.Unlock()
	if w.hand.byKind == nil {
		w.hand.byKind = map[string]*held{}
	}
	w.hand.born()
	h := w.hand.byKind[kindName]
	if h == nil {
		h = &held{}
		w.hand.byKind[kindName] = h
	}
	told := h.run != nil || fault.KindOf(h.err) == fault.NotFound // there is something to say
	early := told && h.cost > slow && time.Since(h.ended) < rest*h.cost
	if h.busy == nil && !w.hand.closed && !early {
		h.busy = make(chan struct{})
		first := h.run == nil
		w.hand.work.Go(func() { w.inTurn(first, func() { w.bringUp(kindName) }) })
	}
	return *h
}

func (w *Workspace) bringUp(kindName string) {
	drops, start := w.hand.dropsSoFar(), time.Now()
	l, err := w.Linking(w.hand.life, kindName, false)
	if err == nil && w.many(w.hand.life, kindName) && l.known.begins() {
		l.renew() // before anybody asks
	}
	w.hand.Lock()
	defer w.hand.Unlock()
	h := w.hand.byKind[kindName]
	if h.run != nil || err != nil { // making the first run says nothing of the next
		h.cost = time.Since(start)
	}
	h.run, h.err, h.ended = l, err, time.Now()
	if w.hand.drops != drops {
		h.run = nil
	}
	close(h.busy)
	h.busy = nil
}

// covered reports whether consent covers everybody in a run.
func (w *Workspace) covered(ctx context.Context, l *Linking) (bool, error) {
	_, out, err := w.forMatching(ctx)
	if err != nil {
		return false, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.clear == nil {
		if slices.ContainsFunc(l.ids, out.Has) {
			return false, nil
		}
	} else {
		for rec := range l.clear.Between(out) {
			if _, in := l.at[rec]; in && out.Has(rec) {
				return false, nil
			}
		}
	}
	l.clear = out
	return true, nil
}

// drop forgets the runs that pages show: they hold names that may just have been erased.
func (h *hand) drop() {
	h.Lock()
	defer h.Unlock()
	h.drops++
	for _, k := range h.byKind {
		k.run, k.err = nil, nil
	}
}

func (h *hand) dropsSoFar() int {
	h.Lock()
	defer h.Unlock()
	return h.drops
}

// close stops what is at work and waits for its end.
func (h *hand) close() {
	h.Lock()
	h.closed = true
	if h.end != nil {
		h.end()
	}
	h.Unlock()
	h.work.Wait()
}

// count is how many records were stated that the run of a kind may not hold yet: since it was
// last brought up to date, and those that are being brought in.
func (n *news) count(kindName string) int {
	n.Lock()
	defer n.Unlock()
	all := map[id.ID]bool{}
	maps.Copy(all, n.taken[kindName])
	if s := n.byKind[kindName]; s != nil {
		maps.Copy(all, s.records)
	}
	return len(all)
}

// any reports whether anything was recorded since.
func (n *news) any(kindName string) bool {
	n.Lock()
	defer n.Unlock()
	s := n.byKind[kindName]
	return s != nil && (s.values || s.links)
}
