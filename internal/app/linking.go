package app

import (
	"cmp"
	"context"
	"runtime"
	"slices"
	"strings"
	"sync"

	"example.org/amparo/fault"
	"example.org/amparo/id"
	"example.org/amparo/internal/casebook"
	"example.org/amparo/internal/index"
	"example.org/amparo/internal/kind"
	"example.org/amparo/internal/matching"
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
	IDs  []id.ID // by record number
	at   map[id.ID]uint32

	mu      sync.Mutex // guards what follows: a decision changes it
	res     *linkage.Result
	idx     *linkage.Index
	decided map[[2]id.ID]casebook.Verdict
	answers []eval.Answer // to pairs drawn at random
	aside   []Contradiction
	// unfollowed are the decisions of the contradictions.
	unfollowed map[linkage.Decision]bool
	errors     *eval.Errors // nil: not estimated since the last decision
}

// linkings keeps the last run of each kind.
type linkings struct {
	sync.Mutex
	byKind map[string]*Linking
}

// Linking returns the run of a kind that was made since the workspace was opened, or makes
// one. again makes one in any case. A kind with fewer than two records has none:
// fault.NotFound.
func (w *Workspace) Linking(ctx context.Context, kindName string, again bool) (*Linking, error) {
	w.linked.Lock()
	defer w.linked.Unlock()
	if l := w.linked.byKind[kindName]; l != nil && !again {
		return l, nil
	}
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
	read, err := w.For(matchingPurpose, "")
	if err != nil {
		return nil, err
	}
	l := &Linking{Kind: kindName, at: map[id.ID]uint32{}, decided: map[[2]id.ID]casebook.Verdict{}, unfollowed: map[linkage.Decision]bool{}}
	t, apart, err := w.linkTable(ctx, read, m, l)
	if err != nil {
		return nil, err
	}
	if len(l.IDs) < 2 {
		return nil, fault.New(fault.NotFound, "app.Linking", "there are not two records to compare").
			With("only those whose consent covers matching with other accounts (CO-02) are compared")
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
	l.res, err = linkage.Link(t, m, linkage.Options{Workers: runtime.GOMAXPROCS(0), Comparers: comparers, Decisions: decisions,
		Apart: apart.Has})
	if err != nil {
		return nil, err
	}
	if err := w.regroupAll(ctx, l); err != nil {
		return nil, err
	}
	l.idx, err = l.res.Index()
	return l, err
}

// linkTable lays out the records of a kind for comparison. apart are pairs that are two by
// the nature of the data: those whom one account names together.
func (w *Workspace) linkTable(ctx context.Context, read *Reading, m linkage.Model, l *Linking) (*table.Table, matching.Pairs, error) {
	k, ok := w.Schema().Kind(l.Kind)
	if !ok {
		return nil, nil, fault.New(fault.NotFound, "app.Linking", "no kind %q", l.Kind)
	}
	var rows []index.Row
	if err := read.Each(ctx, l.Kind, func(r index.Row) error { rows = append(rows, r); return nil }); err != nil {
		return nil, nil, err
	}
	named, err := w.namesOf(ctx, read, l.Kind)
	if err != nil {
		return nil, nil, err
	}
	records := make([]matching.Record, len(rows))
	for i, r := range rows {
		l.at[r.ID] = uint32(i)
		l.IDs = append(l.IDs, r.ID)
		records[i] = matching.Record{ID: r.ID, Values: r.Values}
	}
	apart := matching.Pairs{}
	switch l.Kind {
	case "incident":
		lives, err := livesOf(ctx, read)
		if err != nil {
			return nil, nil, err
		}
		lives.Number(records)
		apart.Told(records)
	case "person":
		lives, err := livesOf(ctx, read)
		if err != nil {
			return nil, nil, err
		}
		lives.Put(records)
		lives.Kin(records, named)
		if err := w.namedTogether(ctx, read, l, apart); err != nil {
			return nil, nil, err
		}
	}
	return matching.Table(k, m, records, named), apart, nil
}

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
// their own record.
func (w *Workspace) namesOf(ctx context.Context, read *Reading, kindName string) (map[id.ID][]string, error) {
	holder := "person_identity"
	if kindName == "perpetrator" {
		holder = kindName
	}
	var recs []index.Row
	if err := read.Each(ctx, holder, func(r index.Row) error { recs = append(recs, r); return nil }); err != nil {
		return nil, err
	}
	out := map[id.ID][]string{}
	for _, row := range recs {
		r, err := read.Fold(ctx, row.ID)
		if err != nil {
			return nil, err
		}
		who := row.ID
		if holder != kindName {
			if who, err = id.Parse(row.Values.Get("person")); err != nil {
				continue
			}
		}
		for _, f := range matching.NameFields() {
			for _, v := range r.Field(f).Current() {
				if name := matching.Name(f, v.Text); v.State == kind.Given && !slices.Contains(out[who], name) {
					out[who] = append(out[who], name)
				}
			}
		}
	}
	return out, nil
}

// namedTogether finds persons that one account names beside each other: victims of one
// incident, the two sides of a relationship.
func (w *Workspace) namedTogether(ctx context.Context, read *Reading, l *Linking, apart matching.Pairs) error {
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
		err := read.Each(ctx, name, func(r index.Row) error {
			var in []uint32
			for _, f := range fields {
				for _, v := range r.Values[f] {
					if p, err := id.Parse(v.Text); err == nil && v.State == kind.Given {
						if n, ok := l.at[p]; ok {
							in = append(in, n)
						}
					}
				}
			}
			apart.Together(in)
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// decisions are what people decided of the records in the run; the answers to pairs drawn
// at random are kept apart.
func (w *Workspace) decisions(ctx context.Context, l *Linking) ([]linkage.Decision, error) {
	for _, v := range []casebook.Verdict{casebook.Same, casebook.Different, casebook.Unsure} {
		if err := w.index.Pairs(ctx, v, func(a, b id.ID) {
			if _, ok := l.at[a]; ok && a.Compare(b) < 0 {
				if _, ok := l.at[b]; ok {
					l.decided[[2]id.ID{a, b}] = v
				}
			}
		}); err != nil {
			return nil, err
		}
	}
	var out []linkage.Decision
	for p, v := range l.decided {
		if v == casebook.Unsure {
			continue
		}
		act, err := w.linkAct(ctx, p[0], p[1])
		if err != nil {
			return nil, err
		}
		if x := act.Sample; x != nil {
			l.answers = append(l.answers, eval.Answer{Bits: float64(x.Millibits) / 1000, Together: x.Together, Same: v == casebook.Same})
		}
		out = append(out, linkage.Decision{I: l.at[p[0]], J: l.at[p[1]], Same: v == casebook.Same})
	}
	slices.SortFunc(out, func(a, b linkage.Decision) int {
		if a.I != b.I {
			return int(a.I) - int(b.I)
		}
		return int(a.J) - int(b.J)
	})
	slices.SortFunc(l.answers, func(a, b eval.Answer) int { return cmp.Compare(a.Bits, b.Bits) })
	return out, nil
}

// Together lists the groups of records that the run takes for one, decided ones included.
func (l *Linking) Together() (out [][]id.ID) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, g := range l.res.Clusters.Groups() {
		ids := make([]id.ID, len(g))
		for i, n := range g {
			ids[i] = l.IDs[n]
		}
		out = append(out, ids)
	}
	return out
}

// Explain says why two records are or are not taken for one, whether or not they were
// compared.
func (l *Linking) Explain(a, b id.ID) (linkage.Explanation, error) {
	i, ok := l.at[a]
	j, ok2 := l.at[b]
	if !ok || !ok2 {
		return linkage.Explanation{}, fault.New(fault.NotFound, "app.Explain", "no such records among those compared").
			With("take two different records of one kind, of people whose consent covers matching (CO-02)")
	}
	l.mu.Lock()
	defer l.mu.Unlock()
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
	for _, n := range numbers {
		out = append(out, l.IDs[n])
	}
	return out
}

// Merges lists the records that would be one if a and b were: the members of both
// clusters, without a and b.
func (l *Linking) Merges(a, b id.ID) (out []id.ID) {
	l.mu.Lock()
	defer l.mu.Unlock()
	i, j := l.at[a], l.at[b]
	for n, c := range l.res.Clusters.Of {
		if (c == l.res.Clusters.Of[i] || c == l.res.Clusters.Of[j]) && uint32(n) != i && uint32(n) != j {
			out = append(out, l.IDs[n])
		}
	}
	return out
}
