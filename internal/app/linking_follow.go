package app

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"
	"sync"

	"example.org/amparo/fault"
	"example.org/amparo/id"
	"example.org/amparo/internal/casebook"
	"example.org/amparo/internal/index"
	"example.org/amparo/internal/matching"
	"example.org/amparo/linkage"
	"example.org/amparo/linkage/table"
)

// news is what was recorded since each kind was linked or last brought up to date.
type news struct {
	sync.Mutex
	byKind map[string]*since
	taken  map[string]map[id.ID]bool // records that are being brought in
}

type since struct {
	records map[id.ID]bool // stated, chosen or taken back
	many    bool           // more than are listed
	values  bool           // what records say may have changed
	links   bool           // something was decided of two records
}

// maxNews bounds the list of records.
const maxNews = 10_000

// note keeps what acts may change of a run. What only reads changes nothing.
func (n *news) note(acts []index.Opened) {
	n.Lock()
	defer n.Unlock()
	if len(n.byKind) == 0 {
		return
	}
	for _, o := range acts {
		switch o.Act.Verb {
		case casebook.Read, casebook.Export, casebook.Enrol, casebook.Compartment:
		case casebook.Link:
			n.each(func(s *since) { s.links = true })
		default:
			n.each(func(s *since) {
				s.values = true
				if s.many = s.many || len(s.records) == maxNews; !s.many {
					s.records[o.Act.Record] = true
				}
			})
		}
	}
}

func (n *news) each(fn func(*since)) {
	for _, s := range n.byKind {
		fn(s)
	}
}

// take returns the news of a kind and begins anew.
func (n *news) take(kindName string) *since {
	n.Lock()
	defer n.Unlock()
	if n.byKind == nil {
		n.byKind = map[string]*since{}
	}
	s := n.byKind[kindName]
	n.byKind[kindName] = &since{records: map[id.ID]bool{}}
	if s == nil {
		return n.byKind[kindName]
	}
	if n.taken == nil {
		n.taken = map[string]map[id.ID]bool{}
	}
	if n.taken[kindName] == nil {
		n.taken[kindName] = map[id.ID]bool{}
	}
	maps.Copy(n.taken[kindName], s.records)
	return s
}

// brought says that what was taken of a kind is in its run, or that there is none.
func (n *news) brought(kindName string) {
	n.Lock()
	defer n.Unlock()
	delete(n.taken, kindName)
}

// follow brings a run up to date: records that came or changed, decisions made or taken
// back, wherever that was done. It is false where all must be linked anew: a record left,
// decisions contradict each other or did, or so many came that the model no longer knows
// them.
//
// The caller holds w.linked.
func (w *Workspace) follow(ctx context.Context, l *Linking) (bool, error) {
	read, out, err := w.forMatching(ctx)
	if err != nil {
		return false, err
	}
	n := w.linked.news.take(l.Kind)
	covered := out.Same(l.out) // by consent, those as before
	l.out = out
	if n.many {
		clear(l.opened)
	}
	for rec := range n.records {
		delete(l.opened, rec)
	}
	if !covered || n.values {
		if ok, err := w.followRecords(ctx, read, l); err != nil || !ok {
			return false, err
		}
	}
	if !n.links && !n.values && covered {
		return true, nil
	}
	return w.followDecisions(ctx, l)
}

// anewShare is the share of the records a model was fitted on that may come before it is
// fitted anew: one fitted on the first ten accounts says little of the next thousand.
const anewShare = 0.1

// followRecords takes in records that came and those that changed.
func (w *Workspace) followRecords(ctx context.Context, read *Reading, l *Linking) (bool, error) {
	m, _ := matching.Model(l.Kind)
	now, err := w.layOut(ctx, read, m, l)
	if errors.Is(err, errGone) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	if float64(len(now.ids)-l.fitted) > anewShare*float64(l.fitted) {
		return false, nil
	}
	fresh := now.ids[len(l.ids):]
	events, err := l.takeIn(now)
	if err != nil {
		return false, err
	}
	_, err = w.regroup(ctx, l, events, "", fresh...)
	return true, err
}

// takeIn makes the run one of the records as they are laid out now.
func (l *Linking) takeIn(now *laid) (events []linkage.Event, err error) {
	before := len(l.ids) // which nobody else changes
	changed := l.differs(now)
	parted := between(l.apart, now.apart, uint32(before))
	l.mu.Lock()
	defer l.mu.Unlock()
	l.ids, l.at, l.apart, l.clear = now.ids, now.at, now.apart, nil // who came is looked at too
	l.known.changed()
	for i := range len(now.ids) - before {
		changed = append(changed, before+i)
	}
	for _, i := range changed {
		var a linkage.Added
		if i >= before {
			a, err = l.idx.Add("", rowOf(now.table, i))
		} else {
			a, err = l.idx.Replace(uint32(i), rowOf(now.table, i))
		}
		if err != nil {
			return nil, err
		}
		events = append(events, a.Events...)
	}
	if len(parted) > 0 {
		more, err := l.idx.Reconsider(parted)
		if err != nil {
			return nil, err
		}
		events = append(events, more...)
	}
	return events, nil
}

// differs lists the records of the run that are laid out otherwise now. Pages may read the
// run meanwhile.
func (l *Linking) differs(now *laid) (out []int) {
	for from := 0; from < len(l.ids); from += 1000 {
		l.mu.RLock()
		for i := from; i < min(from+1000, len(l.ids)); i++ {
			if !maps.Equal(l.idx.Cells(uint32(i)), rowOf(now.table, i)) {
				out = append(out, i)
			}
		}
		l.mu.RUnlock()
	}
	return out
}

// between lists the records below n that are in a pair of one of the sets and not of the
// other.
func between(was, is matching.Pairs, n uint32) []uint32 {
	in := map[uint32]bool{}
	for _, sets := range [][2]matching.Pairs{{was, is}, {is, was}} {
		for p := range sets[0] {
			if !sets[1][p] && p[0] < n && p[1] < n {
				in[p[0]], in[p[1]] = true, true
			}
		}
	}
	return slices.Sorted(maps.Keys(in))
}

func rowOf(t *table.Table, row int) map[string]string {
	out := make(map[string]string, len(t.Columns))
	for _, c := range t.Columns {
		out[c.Name] = c.At(row)
	}
	return out
}

// followDecisions takes in what was decided and taken back anywhere.
func (w *Workspace) followDecisions(ctx context.Context, l *Linking) (bool, error) {
	now, err := w.verdicts(ctx, l)
	if err != nil {
		return false, err
	}
	gone, made := l.changed(now)
	if len(gone)+len(made) == 0 {
		return true, nil
	}
	if len(l.Contradictions()) > 0 {
		return false, nil // what was set aside may be followed again, or is no longer alone
	}
	for _, p := range gone {
		events, _, err := l.withdraw(p[0], p[1])
		if err != nil {
			return false, err
		}
		if _, err := w.regroup(ctx, l, events, ""); err != nil {
			return false, err
		}
	}
	for _, p := range made {
		act, err := w.linkAct(ctx, p[0], p[1])
		if err != nil {
			return false, err
		}
		events, err := l.decide(p, now[p], act.Sample)
		if fault.KindOf(err) == fault.Conflict {
			return false, nil // it is set aside with those it contradicts
		}
		if err != nil {
			return false, err
		}
		if _, err := w.regroup(ctx, l, events, w.MemberName(act.Member)); err != nil {
			return false, err
		}
	}
	return true, nil
}

// changed lists the pairs whose decision is no more, and those with a new one, in order.
func (l *Linking) changed(now map[[2]id.ID]casebook.Verdict) (gone, made [][2]id.ID) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for p, v := range l.decided {
		if got, ok := now[p]; !ok || got != v {
			gone = append(gone, p)
		}
	}
	for p, v := range now {
		if had, ok := l.decided[p]; !ok || had != v {
			made = append(made, p)
		}
	}
	order := func(a, b [2]id.ID) int { return cmp.Or(a[0].Compare(b[0]), a[1].Compare(b[1])) }
	slices.SortFunc(gone, order)
	slices.SortFunc(made, order)
	return gone, made
}
