package app

import (
	"context"
	"maps"
	"math"
	"slices"
	"sync"
	"time"

	"example.org/amparo/fault"
	"example.org/amparo/id"
	"example.org/amparo/internal/casebook"
	"example.org/amparo/internal/index"
	"example.org/amparo/linkage"
	"example.org/amparo/linkage/cluster"
	"example.org/amparo/linkage/eval"
)

// LinkSummary says what a run found.
type LinkSummary struct {
	Kind     string  `json:"kind"`
	Records  int     `json:"records"`
	Entities int     `json:"entities"`
	Compared int64   `json:"compared_pairs"`
	Recall   float64 `json:"blocking_recall_estimate"`
	Decided  int     `json:"decided"`
	Waiting  int     `json:"waiting"` // pairs worth a decision
	// Errors are how often the run is wrong, by the answers to pairs drawn at random.
	Errors eval.Errors `json:"errors"`
	// Contradictions are chains of decisions that cannot all be right: none of them is
	// followed until one is taken back.
	Contradictions int `json:"contradictions"`
	// Fewest and Most bound the number of entities over draws of the partition, at 95 %.
	Fewest int `json:"entities_lower"`
	Most   int `json:"entities_upper"`
}

// draws is how many partitions are sampled for the number of entities.
const draws = 400

// Summary says what the run found.
func (l *Linking) Summary() LinkSummary {
	waiting, errors := len(l.Queue(queueLength, 0)), l.Errors()
	l.mu.RLock()
	defer l.mu.RUnlock()
	s := LinkSummary{Kind: l.Kind, Records: len(l.ids), Entities: l.res.Clusters.Count(), Compared: l.res.Compared, Recall: l.res.Recall,
		Decided: len(l.decided), Waiting: waiting, Errors: errors, Contradictions: len(l.aside)}
	n := l.res.Draws(draws)
	slices.Sort(n)
	s.Fewest, s.Most = n[len(n)*25/1000], n[len(n)*975/1000]
	return s
}

// queueLength bounds the queue.
const queueLength = 500

// worth is the least expected change of the clustering that is worth somebody's time.
const worth = 0.01

// Question is a pair of records that somebody should look at.
type Question struct {
	A, B        id.ID
	Bits        float64
	Probability float64
	Together    bool    // the run takes them for one
	Random      bool    // drawn at random, for honest error rates
	Drawn       float64 // with Random: the chance the pair had of being drawn
}

// Queue lists pairs in the order in which deciding them changes most; after every ninth
// one drawn at random, if sample is above 0. Pairs decided since the run are left out.
func (l *Linking) Queue(n, sample int) []Question {
	l.mu.RLock()
	defer l.mu.RUnlock()
	k := &l.known
	k.Lock()
	defer k.Unlock()
	if k.queue == nil || k.n != n || k.sample != sample || k.staleQueue && len(l.ids) <= manyRecords {
		k.queue, k.n, k.sample, k.staleQueue = l.queued(n, sample), n, sample, false
	}
	if !k.staleQueue {
		return slices.Clone(k.queue)
	}
	return l.stillAsked(k.queue)
}

// stillAsked is the queue as it was before something changed, without what was decided since.
func (l *Linking) stillAsked(queue []Question) []Question {
	out := make([]Question, 0, len(queue))
	for _, q := range queue {
		if _, done := l.decided[pairOf(q.A, q.B)]; !done {
			q.Together = l.res.Clusters.Of[l.at[q.A]] == l.res.Clusters.Of[l.at[q.B]]
			out = append(out, q)
		}
	}
	return out
}

// known is what was found in a run, until it changes: each page of the review asks for it,
// and it takes going through all pairs. In a large run the order of the questions and the
// rates of error are found behind the page: see [Linking.renew].
type known struct {
	sync.Mutex
	errors    *eval.Errors
	queue     []Question
	n, sample int // what the queue was asked for

	staleErrors, staleQueue bool // something changed since
	renewing                bool
}

// changed says that what was found is to be found again.
func (k *known) changed() {
	k.Lock()
	defer k.Unlock()
	k.staleErrors, k.staleQueue = true, true
}

// begins reports whether what was found should be found again now.
func (k *known) begins() bool {
	k.Lock()
	defer k.Unlock()
	if k.renewing || k.queue != nil && k.errors != nil && !k.staleQueue && !k.staleErrors {
		return false
	}
	k.renewing = true
	return true
}

// What a page of the review asks for.
const (
	ReviewLength = 500
	ReviewSample = 60
)

// renew finds the queue and the rates of error as they are now, beside pages that show them
// as they were.
func (l *Linking) renew() {
	l.mu.RLock()
	queue, errors := l.queued(ReviewLength, ReviewSample), l.estimate()
	k := &l.known
	k.Lock()
	k.queue, k.n, k.sample, k.errors = queue, ReviewLength, ReviewSample, &errors
	k.staleErrors, k.staleQueue, k.renewing = false, false, false
	k.Unlock()
	l.mu.RUnlock()
}

func (l *Linking) queued(n, sample int) []Question {
	all := []Question{}
	var telling, random []Question
	for _, q := range l.res.Queue(n, sample) {
		pair := pairOf(l.ids[q.I], l.ids[q.J])
		out := Question{A: pair[0], B: pair[1], Bits: q.Bits, Probability: q.Probability, Together: q.Together, Random: q.Random, Drawn: q.Drawn}
		switch _, done := l.decided[pair]; {
		case done:
		case q.Random:
			random = append(random, out)
		case q.Change >= worth:
			telling = append(telling, out)
		}
	}
	for i, q := range telling {
		all = append(all, q)
		if i%9 == 8 && len(random) > 0 {
			all, random = append(all, random[0]), random[1:]
		}
	}
	return append(all, random...)
}

// Decided is how many pairs of the run people have decided.
func (l *Linking) Decided() int {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return len(l.decided)
}

// Errors estimates how often the run is wrong, from the answers to pairs drawn at random.
func (l *Linking) Errors() eval.Errors {
	l.mu.RLock()
	defer l.mu.RUnlock()
	k := &l.known
	k.Lock()
	defer k.Unlock()
	if k.errors == nil || k.staleErrors && len(l.ids) <= manyRecords {
		e := l.estimate()
		k.errors, k.staleErrors = &e, false
	}
	return *k.errors
}

// estimate goes through all pairs.
func (l *Linking) estimate() eval.Errors {
	answers := slices.Collect(maps.Values(l.answers))
	slices.SortFunc(answers, eval.Answer.Compare) // the sum of floats must not depend on a map's order
	return l.res.Errors(answers)
}

// Contradiction is decisions that cannot all be right: A and B were called different, but
// decisions along Chain, from A to B, make them one.
type Contradiction struct {
	A, B  id.ID
	Chain []id.ID
}

// Contradictions lists the decisions that are followed by nobody until one of their chain
// is taken back. They come about when people decide apart from each other.
func (l *Linking) Contradictions() []Contradiction {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return slices.Clone(l.aside)
}

// setAside takes out of the decisions those that contradict each other, every link of the
// chain: nobody can tell which of them is the mistake.
func (l *Linking) setAside(ds []linkage.Decision) []linkage.Decision {
	for {
		c, bad := linkage.Contradictory(ds)
		if !bad {
			return ds
		}
		l.unfollowed[decision(c.Apart[0], c.Apart[1], false)] = true
		for k := 1; k < len(c.Chain); k++ {
			l.unfollowed[decision(c.Chain[k-1], c.Chain[k], true)] = true
		}
		l.aside = append(l.aside, l.named(c))
		ds = slices.DeleteFunc(ds, func(d linkage.Decision) bool { return l.unfollowed[decision(d.I, d.J, d.Same)] })
	}
}

func decision(i, j uint32, same bool) linkage.Decision {
	return linkage.Decision{I: min(i, j), J: max(i, j), Same: same}
}

func (l *Linking) named(c cluster.Contradiction) Contradiction {
	out := Contradiction{A: l.ids[c.Apart[0]], B: l.ids[c.Apart[1]]}
	for _, n := range c.Chain {
		out.Chain = append(out.Chain, l.ids[n])
	}
	return out
}

// Against tells whether a verdict on two records would contradict what was decided before,
// and the chain of decisions it would contradict.
func (l *Linking) Against(a, b id.ID, verdict casebook.Verdict) (Contradiction, bool) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	if verdict == casebook.Unsure {
		return Contradiction{}, false
	}
	ds := []linkage.Decision{decision(l.at[a], l.at[b], verdict == casebook.Same)}
	for p, v := range l.decided {
		if v != casebook.Unsure && !(p[0] == a && p[1] == b) {
			ds = append(ds, decision(l.at[p[0]], l.at[p[1]], v == casebook.Same))
		}
	}
	ds = slices.DeleteFunc(ds, func(d linkage.Decision) bool { return l.unfollowed[d] })
	c, bad := linkage.Contradictory(ds)
	if !bad {
		return Contradiction{}, false
	}
	return l.named(c), true
}

// Judge records what somebody decided of a question, with a reason, takes the pair out of
// the queue, and returns what became of entities. The decision is an entry like any other:
// [Workspace.Unjudge] takes it back.
//
// It is an error for the verdict to contradict earlier ones: see [Linking.Against].
func (w *Workspace) Judge(ctx context.Context, l *Linking, q Question, verdict casebook.Verdict, reason string) ([]index.Regrouping, error) {
	if _, bad := l.Against(q.A, q.B, verdict); bad {
		return nil, fault.New(fault.Conflict, "app.Judge", "this contradicts what was decided before").With("take one of the earlier decisions back first").Coded("link.against")
	}
	var sample *casebook.Sample
	if q.Random {
		sample = &casebook.Sample{Millibits: int32(math.Round(1000 * min(max(q.Bits, -1e6), 1e6))), Together: q.Together, Drawn: uint32(math.Round(1e6 * q.Drawn))}
	}
	if err := w.linkAs(ctx, q.A, q.B, verdict, reason, sample); err != nil {
		return nil, err
	}
	events, err := l.decide(pairOf(q.A, q.B), verdict, sample)
	if err != nil {
		return nil, err
	}
	return w.regroup(ctx, l, events, w.MemberName(w.vault.Member()))
}

// decide takes a verdict on two records into the run.
func (l *Linking) decide(p [2]id.ID, verdict casebook.Verdict, sample *casebook.Sample) ([]linkage.Event, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.enter(p, verdict, sample)
}

func (l *Linking) enter(p [2]id.ID, verdict casebook.Verdict, sample *casebook.Sample) ([]linkage.Event, error) {
	l.decided[p] = verdict
	l.known.changed()
	if verdict == casebook.Unsure {
		return nil, nil
	}
	l.answered(p, verdict, sample)
	return l.idx.Decide(linkage.Decision{I: l.at[p[0]], J: l.at[p[1]], Same: verdict == casebook.Same}, "")
}

func pairOf(a, b id.ID) [2]id.ID {
	if a.Compare(b) > 0 {
		a, b = b, a
	}
	return [2]id.ID{a, b}
}

// Unjudge takes back what was decided of two records, with a reason, and returns what
// became of entities: they are as if it had never been decided.
func (w *Workspace) Unjudge(ctx context.Context, l *Linking, a, b id.ID, reason string) ([]index.Regrouping, error) {
	r, err := w.index.Fold(ctx, a)
	if err != nil {
		return nil, err
	}
	at := slices.IndexFunc(r.Links, func(s casebook.Stated) bool { return s.Act.Other == b || s.Act.Record == b })
	if at < 0 {
		return nil, fault.New(fault.NotFound, "app.Unjudge", "nothing was decided of these two records")
	}
	if err := w.Retract(ctx, a, r.Links[at].Ref, reason); err != nil {
		return nil, err
	}
	events, anew, err := l.withdraw(a, b)
	if err != nil {
		return nil, err
	}
	if anew { // what was set aside may be followed again
		w.forgetLinking(l)
		return nil, nil
	}
	return w.regroup(ctx, l, events, w.MemberName(w.vault.Member()))
}

// withdraw takes a decision out of the run; anew asks for all to be linked again.
func (l *Linking) withdraw(a, b id.ID) (events []linkage.Event, anew bool, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	p := pairOf(a, b)
	v, ok := l.decided[p]
	if !ok { // it was followed meanwhile
		return nil, false, nil
	}
	delete(l.decided, p)
	delete(l.answers, p)
	l.known.changed()
	if v == casebook.Unsure || len(l.aside) > 0 {
		return nil, len(l.aside) > 0, nil
	}
	events, err = l.idx.Withdraw(l.at[a], l.at[b], "")
	return events, false, err
}

func (w *Workspace) forgetLinking(l *Linking) {
	w.hand.drop()
	w.linked.Lock()
	defer w.linked.Unlock()
	if w.linked.byKind[l.Kind] == l {
		delete(w.linked.byKind, l.Kind)
	}
}

// Has reports whether somebody decided of two records of the run.
func (l *Linking) Has(a, b id.ID) bool {
	l.mu.RLock()
	defer l.mu.RUnlock()
	_, ok := l.decided[pairOf(a, b)]
	return ok
}

// linkAct is the act that says what two records are, as it stands.
func (w *Workspace) linkAct(ctx context.Context, a, b id.ID) (*casebook.Act, error) {
	r, err := w.index.Fold(ctx, a)
	if err != nil {
		return nil, err
	}
	for _, s := range r.Links {
		if s.Act.Other == b || s.Act.Record == b {
			return s.Act, nil
		}
	}
	return &casebook.Act{}, nil // taken back meanwhile
}

// Regroupings lists what became of entities of a kind, the newest first. Events about
// records that the member may not open are left out.
func (w *Workspace) Regroupings(ctx context.Context, kindName string, limit int) ([]index.Regrouping, error) {
	all, err := w.index.Regroupings(ctx, kindName, limit)
	if err != nil {
		return nil, err
	}
	read, err := w.For(matchingPurpose, "")
	if err != nil {
		return nil, err
	}
	seen := map[id.ID]bool{}
	return slices.DeleteFunc(all, func(e index.Regrouping) bool {
		for _, rec := range e.Records {
			ok, known := seen[rec]
			if !known {
				_, err := read.Row(ctx, rec)
				ok = err == nil
				seen[rec] = ok
			}
			if !ok {
				return true
			}
		}
		return false
	}), nil
}

// regroup remembers what became of entities, by whom, and the entity of records that are
// new to the run.
func (w *Workspace) regroup(ctx context.Context, l *Linking, events []linkage.Event, by string, fresh ...id.ID) ([]index.Regrouping, error) {
	l.mu.Lock()
	entity := map[id.ID]id.ID{}
	for _, rec := range fresh {
		entity[rec] = l.ids[l.res.Clusters.Of[l.at[rec]]]
	}
	var out []index.Regrouping
	for _, e := range events {
		for _, n := range e.Records {
			entity[l.ids[n]] = l.ids[l.res.Clusters.Of[n]]
		}
		out = append(out, w.regrouping(e, l.ids, by))
	}
	l.mu.Unlock()
	if len(entity) == 0 {
		return nil, nil
	}
	return out, w.index.Regroup(ctx, l.Kind, entity, false, out)
}

func (w *Workspace) regrouping(e linkage.Event, ids []id.ID, by string) index.Regrouping {
	names := func(of []uint32) (out []id.ID) {
		for _, n := range of {
			out = append(out, ids[n])
		}
		return out
	}
	return index.Regrouping{At: time.Now().UnixMilli(), Event: e.Kind, Before: names(e.Before), After: names(e.After), Records: names(e.Records),
		Cause: e.Cause.Kind, Of: names(e.Cause.Records), By: by}
}

// regroupAll compares the run with the one before it, of this or an earlier day, and
// remembers what became of entities, with the cause: records that came, decisions made or
// taken back since, or the probabilities fitted anew.
func (w *Workspace) regroupAll(ctx context.Context, l *Linking) error {
	old, err := w.index.Grouping(ctx, l.Kind)
	if err != nil {
		return err
	}
	// Records of both runs first, in the order of this one; then the new ones.
	var ids []id.ID
	for _, rec := range l.ids {
		if _, ok := old[rec]; ok {
			ids = append(ids, rec)
		}
	}
	known := len(ids)
	for _, rec := range l.ids {
		if _, ok := old[rec]; !ok {
			ids = append(ids, rec)
		}
	}
	first := func(entityOf func(id.ID) id.ID, n int) []uint32 {
		at := map[id.ID]uint32{}
		out := make([]uint32, n)
		for k, rec := range ids[:n] {
			e := entityOf(rec)
			if _, ok := at[e]; !ok {
				at[e] = uint32(k)
			}
			out[k] = at[e]
		}
		return out
	}
	now := func(rec id.ID) id.ID { return l.ids[l.res.Clusters.Of[l.at[rec]]] }
	entity := make(map[id.ID]id.ID, len(ids))
	for _, rec := range ids {
		entity[rec] = now(rec)
	}
	var events []index.Regrouping
	if known > 0 {
		for _, e := range linkage.Changes(first(func(rec id.ID) id.ID { return old[rec] }, known), first(now, len(ids)), linkage.Cause{Kind: linkage.ByModel}) {
			e.Cause = l.causeOf(e, ids, known)
			events = append(events, w.regrouping(e, ids, ""))
		}
	}
	return w.index.Regroup(ctx, l.Kind, entity, true, events)
}

// causeOf says why entities changed between two runs: a decision that the change follows,
// else new records, else the model.
func (l *Linking) causeOf(e linkage.Event, ids []id.ID, known int) linkage.Cause {
	want := casebook.Same
	if len(e.After) > len(e.Before) {
		want = casebook.Different
	}
	for a, i := range e.Records {
		for _, j := range e.Records[:a] {
			if v, ok := l.decided[pairOf(ids[i], ids[j])]; ok && v == want {
				return linkage.Cause{Kind: linkage.ByDecision, Records: []uint32{min(i, j), max(i, j)}}
			}
		}
	}
	var fresh []uint32
	for _, n := range e.Records {
		if int(n) >= known {
			fresh = append(fresh, n)
		}
	}
	if len(fresh) > 0 {
		return linkage.Cause{Kind: linkage.ByRecord, Records: fresh}
	}
	return linkage.Cause{Kind: linkage.ByModel}
}
