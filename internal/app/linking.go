package app

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"sync"

	"example.org/amparo/fault"
	"example.org/amparo/id"
	"example.org/amparo/internal/casebook"
	"example.org/amparo/internal/index"
	"example.org/amparo/internal/journal"
	"example.org/amparo/internal/kind"
	"example.org/amparo/internal/matching"
	"example.org/amparo/internal/spare"
	"example.org/amparo/linkage"
	"example.org/amparo/linkage/eval"
	"example.org/amparo/linkage/table"
	"example.org/amparo/linkage/testimony"
)

// matchingPurpose is the purpose under which accounts of different people are laid beside each
// other.
const matchingPurpose = "CO-02"

// LinkedKinds are the kinds whose records are looked through for doubles, in order. Places
// need none: a place is a code of the gazetteer.
func LinkedKinds() []string { return matching.Kinds() }

// Linking is one run over the records of a kind: which of them seem to be one, and which
// pairs somebody should look at. It lives in memory only, names included, and sees only
// those whose consent covers matching. What people decided before is kept to the letter.
type Linking struct {
	Kind string

	mu      sync.RWMutex // guards what follows: what is recorded and decided changes it
	ids     []id.ID      // by record number
	at      map[id.ID]uint32
	fitted  int                // records that the model was fitted on
	apart   matching.Pairs     // that are two by the nature of the data
	opened  map[id.ID][]string // names, by the record that holds them
	out     *index.Reached     // who was left out
	clear   *index.Reached     // that was last seen to leave out nobody of the run
	res     *linkage.Result
	idx     *linkage.Index
	decided map[[2]id.ID]casebook.Verdict
	answers map[[2]id.ID]eval.Answer // to pairs drawn at random
	aside   []Contradiction
	// unfollowed are the decisions of the contradictions.
	unfollowed map[linkage.Decision]bool

	known known
}

// linkings keeps the last run of each kind, and what was recorded since.
type linkings struct {
	sync.Mutex
	byKind map[string]*Linking
	news   news
}

// drop forgets all runs: they hold names that may just have been erased.
func (l *linkings) drop() {
	l.Lock()
	defer l.Unlock()
	l.byKind = nil
}

// Linking returns the run of a kind that was made since the workspace was opened, brought
// up to date with what was recorded, decided and consented to since; or makes one. again
// makes one in any case, which fits the model anew. A kind with fewer than two records has
// none: fault.NotFound.
func (w *Workspace) Linking(ctx context.Context, kindName string, again bool) (*Linking, error) {
	w.linked.Lock()
	defer w.linked.Unlock()
	defer w.linked.news.brought(kindName)
	if again {
		w.hand.drop()
	}
	if l := w.linked.byKind[kindName]; l != nil && !again {
		upToDate, err := w.follow(ctx, l)
		if err == nil && upToDate {
			return l, nil
		}
		delete(w.linked.byKind, kindName) // half followed, it is nothing to go on from
		if err != nil {
			return nil, err
		}
	}
	w.linked.news.take(kindName) // what comes from here on is news
	l, err := w.link(ctx, kindName)
	if err != nil {
		return nil, err
	}
	if w.linked.byKind == nil {
		w.linked.byKind = map[string]*Linking{}
	}
	w.linked.byKind[kindName] = l
	return l, nil
}

func (w *Workspace) link(ctx context.Context, kindName string) (*Linking, error) {
	m, ok := matching.Model(kindName)
	if !ok {
		return nil, fault.New(fault.NotFound, "app.Linking", "records of kind %q are not linked", kindName).With("use one of %s", strings.Join(LinkedKinds(), ", "))
	}
	read, out, err := w.forMatching(ctx)
	if err != nil {
		return nil, err
	}
	l := &Linking{Kind: kindName, out: out, decided: map[[2]id.ID]casebook.Verdict{}, answers: map[[2]id.ID]eval.Answer{},
		opened: map[id.ID][]string{}, unfollowed: map[linkage.Decision]bool{}}
	laid, err := w.layOut(ctx, read, m, l)
	if err != nil {
		return nil, err
	}
	l.ids, l.at, l.apart, l.fitted = laid.ids, laid.at, laid.apart, len(laid.ids)
	if len(l.ids) < 2 {
		return nil, fault.New(fault.NotFound, "app.Linking", "there are not two records to compare").
			With("only those whose consent covers matching with other accounts (CO-02) are compared").Coded("linking.few")
	}
	decisions, err := w.decisions(ctx, l)
	if err != nil {
		return nil, err
	}
	decisions = l.setAside(decisions)
	comparers, err := testimony.Comparers()
	if err != nil {
		return nil, err
	}
	l.res, err = linkage.Link(laid.table, m, linkage.Options{Workers: spare.Cores(ctx), Comparers: comparers, Decisions: decisions,
		Apart: func(i, j uint32) bool { return l.apart.Has(i, j) }}) // which what is recorded later adds to
	if err != nil {
		return nil, err
	}
	if err := w.regroupAll(ctx, l); err != nil {
		return nil, err
	}
	l.idx, err = l.res.Index()
	return l, err
}

// forMatching opens the workspace for matching, with what that leaves out.
func (w *Workspace) forMatching(ctx context.Context) (*Reading, *index.Reached, error) {
	read, err := w.For(matchingPurpose, "")
	if err != nil {
		return nil, nil, err
	}
	out, err := read.out(ctx)
	return read, out, err
}

// laid is the records of a kind laid out for comparison.
type laid struct {
	ids   []id.ID // by record number: those of the run keep theirs, new ones follow
	at    map[id.ID]uint32
	table *table.Table
	apart matching.Pairs
}

// layOut lays out the records of a kind as they stand. It is fault.Conflict for a record of
// the run to be no longer among them.
func (w *Workspace) layOut(ctx context.Context, read *Reading, m linkage.Model, l *Linking) (*laid, error) {
	k, ok := w.Schema().Kind(l.Kind)
	if !ok {
		return nil, fault.New(fault.NotFound, "app.Linking", "no kind %q", l.Kind)
	}
	rows := make([]packed, len(l.ids))
	known, reads := 0, matching.Reads(m)
	if err := read.Scan(ctx, l.Kind, func(r index.Row) error {
		p := pack(r, reads)
		if n, ok := l.at[r.ID]; ok {
			rows[n] = p
			known++
			return nil
		}
		rows = append(rows, p)
		return nil
	}); err != nil {
		return nil, err
	}
	if known < len(l.ids) {
		return nil, errGone
	}
	slices.SortFunc(rows[len(l.ids):], func(a, b packed) int { return a.id.Compare(b.id) })
	named, err := w.namesOf(ctx, read, l)
	if err != nil {
		return nil, err
	}
	out := &laid{at: make(map[id.ID]uint32, len(rows)), apart: matching.Pairs{}}
	for i, r := range rows {
		out.at[r.id] = uint32(i)
		out.ids = append(out.ids, r.id)
	}
	lives := &matching.Lives{}
	if l.Kind == "incident" || l.Kind == "person" {
		if lives, err = livesOf(ctx, read); err != nil {
			return nil, err
		}
	}
	harms, table := &matching.Harms{}, matching.NewBuilder(k, m)
	for part := range slices.Chunk(rows, rowsAtOnce) {
		records := make([]matching.Record, len(part))
		for i, r := range part {
			if records[i], err = r.record(); err != nil {
				return nil, err
			}
			part[i].said = nil
		}
		switch l.Kind {
		case "incident":
			lives.Number(records)
			harms.Add(records)
		case "person":
			lives.Put(records)
			lives.Kin(records, named)
		}
		table.Add(records, named)
	}
	out.apart.Told(harms)
	if l.Kind == "person" {
		if err := w.namedTogether(ctx, read, out); err != nil {
			return nil, err
		}
	}
	out.table = table.Table()
	return out, nil
}

// rowsAtOnce is how many records are laid out together.
const rowsAtOnce = 2000

// packed is a record with what comparing it looks at, as small as it is written: all records
// of a kind wait so until it is known which come first.
type packed struct {
	id   id.ID
	said []byte
}

func pack(r index.Row, reads []string) packed {
	said := kind.Values{}
	for _, f := range reads {
		if vs, ok := r.Values[f]; ok {
			said[f] = vs
		}
	}
	return packed{r.ID, journal.Encode(said)}
}

func (p packed) record() (matching.Record, error) {
	r := matching.Record{ID: p.id}
	return r, journal.Unpack(p.said, &r.Values)
}

// errGone says that a record of the run may no longer be compared, or is no more.
var errGone = fault.New(fault.Conflict, "app.Linking", "a record is no longer among those compared").With("compare again").Coded("linking.gone")

// livesOf gathers what was told of people's lives.
func livesOf(ctx context.Context, read *Reading) (*matching.Lives, error) {
	lives := &matching.Lives{}
	for _, name := range matching.LifeKinds() {
		if err := read.Each(ctx, name, func(r index.Row) error {
			lives.Add(name, matching.Record{ID: r.ID, Values: r.Values})
			return nil
		}); err != nil {
			return nil, err
		}
	}
	return lives, nil
}

// namesOf opens the names of people: of persons by their identity, of perpetrators by
// their own record. Those opened before are remembered in the run.
func (w *Workspace) namesOf(ctx context.Context, read *Reading, l *Linking) (map[id.ID][]string, error) {
	holder := "person_identity"
	if l.Kind == "perpetrator" {
		holder = l.Kind
	}
	var holders []nameHolder
	if err := read.Scan(ctx, holder, func(r index.Row) error {
		h := nameHolder{r.ID, r.ID}
		if holder != l.Kind {
			var err error
			if h.of, err = id.Parse(r.Values.Get("person")); err != nil {
				h.of = id.ID{}
			}
		}
		holders = append(holders, h)
		return nil
	}); err != nil {
		return nil, err
	}
	slices.SortFunc(holders, func(a, b nameHolder) int { return a.rec.Compare(b.rec) })
	if err := w.openNames(ctx, holders, l.opened); err != nil {
		return nil, err
	}
	out := map[id.ID][]string{}
	for _, h := range holders {
		if h.of.IsZero() {
			continue
		}
		names := l.opened[h.rec]
		if out[h.of] == nil && len(names) < 2 {
			out[h.of] = slices.Clip(names) // the same memory: most people have one name
			continue
		}
		for _, name := range names {
			if !slices.Contains(out[h.of], name) {
				out[h.of] = append(out[h.of], name)
			}
		}
	}
	return out, nil
}

// nameHolder is a record that holds names, and whose they are; zero where it does not say.
type nameHolder struct{ rec, of id.ID }

// namesAtOnce is how many records are opened together.
const namesAtOnce = 2000

// openNames opens the names of records that are not opened yet. Nobody is among them who is
// left out.
func (w *Workspace) openNames(ctx context.Context, holders []nameHolder, opened map[id.ID][]string) error {
	var closed []id.ID
	for _, h := range holders {
		if _, ok := opened[h.rec]; !ok {
			closed = append(closed, h.rec)
		}
	}
	for part := range slices.Chunk(closed, namesAtOnce) {
		folded, err := w.index.Folds(ctx, part)
		if err != nil {
			return err
		}
		names := make([][]string, len(part))
		parallel(spare.Cores(ctx), len(part), func(i int) {
			if r := folded[part[i]]; r != nil {
				names[i] = namesIn(r)
			}
		})
		for i, rec := range part {
			opened[rec] = names[i]
		}
	}
	return nil
}

func namesIn(r *casebook.Record) []string {
	out := []string{}
	for _, f := range matching.NameFields() {
		for _, v := range r.Field(f).Current() {
			if v.State == kind.Given {
				out = append(out, matching.Name(f, v.Text))
			}
		}
	}
	return out
}

// namedTogether finds persons that one account names beside each other: victims of one
// incident, the two sides of a relationship.
func (w *Workspace) namedTogether(ctx context.Context, read *Reading, all *laid) error {
	for _, name := range []string{"incident", "relationship"} {
		k, ok := w.Schema().Kind(name)
		if !ok {
			continue
		}
		fields := []string{"victims"}
		if name == "relationship" {
			fields = nil
			for _, f := range k.Fields {
				if f.Type == kind.TypeLink && f.Kind == "person" {
					fields = append(fields, f.Name)
				}
			}
		}
		err := read.Scan(ctx, name, func(r index.Row) error {
			var in []uint32
			for _, f := range fields {
				for _, v := range r.Values[f] {
					if p, err := id.Parse(v.Text); err == nil && v.State == kind.Given {
						if n, ok := all.at[p]; ok {
							in = append(in, n)
						}
					}
				}
			}
			all.apart.Together(in)
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// verdicts are what people decided of the records in the run, by pair.
func (w *Workspace) verdicts(ctx context.Context, l *Linking) (map[[2]id.ID]casebook.Verdict, error) {
	out := map[[2]id.ID]casebook.Verdict{}
	for _, v := range []casebook.Verdict{casebook.Same, casebook.Different, casebook.Unsure} {
		if err := w.index.Pairs(ctx, v, func(a, b id.ID) {
			if _, ok := l.at[a]; ok && a.Compare(b) < 0 {
				if _, ok := l.at[b]; ok {
					out[[2]id.ID{a, b}] = v
				}
			}
		}); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// decisions are the verdicts that say something; the answers to pairs drawn at random are
// kept apart.
func (w *Workspace) decisions(ctx context.Context, l *Linking) (out []linkage.Decision, err error) {
	if l.decided, err = w.verdicts(ctx, l); err != nil {
		return nil, err
	}
	for p, v := range l.decided {
		if v == casebook.Unsure {
			continue
		}
		act, err := w.linkAct(ctx, p[0], p[1])
		if err != nil {
			return nil, err
		}
		l.answered(p, v, act.Sample)
		out = append(out, linkage.Decision{I: l.at[p[0]], J: l.at[p[1]], Same: v == casebook.Same})
	}
	slices.SortFunc(out, func(a, b linkage.Decision) int {
		return cmp.Or(cmp.Compare(a.I, b.I), cmp.Compare(a.J, b.J))
	})
	return out, nil
}

// answered keeps the answer to a pair that was drawn at random.
func (l *Linking) answered(p [2]id.ID, v casebook.Verdict, sample *casebook.Sample) {
	if sample != nil {
		l.answers[p] = eval.Answer{Bits: float64(sample.Millibits) / 1000, Together: sample.Together, Same: v == casebook.Same}
	}
}

// Records lists the records that are compared.
func (l *Linking) Records() []id.ID {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return slices.Clone(l.ids)
}

// Together lists the groups of records that the run takes for one, decided ones included.
func (l *Linking) Together() (out [][]id.ID) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	for _, g := range l.res.Clusters.Groups() {
		ids := make([]id.ID, len(g))
		for i, n := range g {
			ids[i] = l.ids[n]
		}
		out = append(out, ids)
	}
	return out
}

// Explain says why two records are or are not taken for one, whether or not they were
// compared.
func (l *Linking) Explain(a, b id.ID) (linkage.Explanation, error) {
	x, err := l.explain(a, b)
	veil(&x, l.Kind)
	return x, err
}

// explain explains two records with everything that was compared, names too.
func (l *Linking) explain(a, b id.ID) (linkage.Explanation, error) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	i, ok := l.at[a]
	j, ok2 := l.at[b]
	if !ok || !ok2 {
		return linkage.Explanation{}, fault.New(fault.NotFound, "app.Explain", "no such records among those compared").
			With("take two different records of one kind, of people whose consent covers matching (CO-02)")
	}
	x, err := l.res.Explain(i, j)
	if err != nil {
		return x, err
	}
	for n := range x.Bars {
		b := &x.Bars[n]
		for _, text := range []*string{&b.Left, &b.Right, &b.LeftForm, &b.RightForm} {
			*text = testimony.Shown(*text)
		}
	}
	return x, nil
}

// Pair is the question of any two records of the run, whether or not it is worth asking.
func (l *Linking) Pair(a, b id.ID) (Question, error) {
	x, err := l.Explain(a, b)
	if err != nil {
		return Question{}, err
	}
	p := pairOf(a, b)
	return Question{A: p[0], B: p[1], Bits: x.Total, Probability: x.Probability, Together: x.Together}, nil
}

// Named lists the records that an explanation names by number.
func (l *Linking) Named(numbers []uint32) (out []id.ID) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	for _, n := range numbers {
		out = append(out, l.ids[n])
	}
	return out
}

// Merges lists the records that would be one if a and b were: the members of both
// clusters, without a and b.
func (l *Linking) Merges(a, b id.ID) (out []id.ID) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	i, j := l.at[a], l.at[b]
	for n, c := range l.res.Clusters.Of {
		if (c == l.res.Clusters.Of[i] || c == l.res.Clusters.Of[j]) && uint32(n) != i && uint32(n) != j {
			out = append(out, l.ids[n])
		}
	}
	return out
}
