package app

import (
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
	"example.org/amparo/linkage"
	"example.org/amparo/linkage/table"
	"example.org/amparo/linkage/testimony"
)

// matching is the purpose under which accounts of different people are laid beside each
// other.
const matching = "CO-02"

// linkModels say what is compared of each kind. Nothing in them is estimated from data.
var linkModels = map[string]linkage.Model{
	"person": {Link: linkage.Dedupe, Dependence: true, Fields: []linkage.Field{
		{Name: "names", Compare: "names", Frequency: true}, {Name: "birth", Compare: "interval", Frequency: true},
		{Name: "sex", Compare: "exact"}, {Name: "origin", Compare: "site", Frequency: true},
	}},
	"incident": {Link: linkage.Dedupe, Dependence: true, Fields: []linkage.Field{
		{Name: "victims", Compare: "names", Frequency: true}, {Name: "type", Compare: "exact", Frequency: true}, {Name: "date", Compare: "interval", Frequency: true},
		{Name: "place", Compare: "site", Frequency: true}, {Name: "facility_type", Compare: "exact", Frequency: true}, {Name: "agency", Compare: "exact"},
	}},
	"perpetrator": {Link: linkage.Dedupe, Dependence: true, Fields: []linkage.Field{
		{Name: "names", Compare: "names", Frequency: true}, {Name: "agency", Compare: "exact"}, {Name: "role", Compare: "exact", Frequency: true},
	}},
}

// LinkedKinds are the kinds whose records are looked through for doubles, in order. Places
// need none: a place is a code of the gazetteer.
func LinkedKinds() []string { return []string{"person", "incident", "perpetrator"} }

// Linking is one run over the records of a kind: which of them seem to be one, and which
// pairs somebody should look at. It lives in memory only, names included, and sees only
// those whose consent covers matching. What people decided before is kept to the letter.
type Linking struct {
	Kind string
	IDs  []id.ID // by record number
	at   map[id.ID]uint32
	res  *linkage.Result

	mu      sync.Mutex
	decided map[[2]id.ID]casebook.Verdict
	asked   []judged // answers of the random part
}

type judged struct {
	Question
	verdict casebook.Verdict
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
	m, ok := linkModels[kindName]
	if !ok {
		return nil, fault.New(fault.NotFound, "app.Linking", "records of kind %q are not linked", kindName).With("use one of %s", strings.Join(LinkedKinds(), ", "))
	}
	read, err := w.For(matching, "")
	if err != nil {
		return nil, err
	}
	l := &Linking{Kind: kindName, at: map[id.ID]uint32{}, decided: map[[2]id.ID]casebook.Verdict{}}
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
	comparers, err := testimony.Comparers()
	if err != nil {
		return nil, err
	}
	l.res, err = linkage.Link(t, m, linkage.Options{Workers: runtime.GOMAXPROCS(0), Comparers: comparers, Decisions: decisions,
		Apart: func(i, j uint32) bool { return apart[[2]uint32{min(i, j), max(i, j)}] }})
	return l, err
}

// linkTable lays out the records of a kind for comparison. apart are pairs that are two by
// the nature of the data: those whom one account names together.
func (w *Workspace) linkTable(ctx context.Context, read *Reading, m linkage.Model, l *Linking) (*table.Table, map[[2]uint32]bool, error) {
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
	names := make([]string, len(m.Fields))
	for i, f := range m.Fields {
		names[i] = f.Name
	}
	b := table.NewBuilder(names)
	b.Source(l.Kind)
	for _, r := range rows {
		l.at[r.ID] = uint32(len(l.IDs))
		l.IDs = append(l.IDs, r.ID)
		for c, f := range names {
			b.Set(c, []byte(linkCell(k, r, f, named)))
		}
		b.Next()
	}
	apart := map[[2]uint32]bool{}
	if l.Kind == "person" {
		err = w.namedTogether(ctx, read, l, apart)
	}
	return b.Table(), apart, err
}

func linkCell(k *kind.Kind, r index.Row, field string, named map[id.ID][]string) string {
	if field == "names" {
		return testimony.Join(named[r.ID])
	}
	var out []string
	for _, v := range r.Values[field] {
		if v.State != kind.Given {
			continue
		}
		if field == "victims" {
			if p, err := id.Parse(v.Text); err == nil {
				out = append(out, named[p]...)
			}
			continue
		}
		out = append(out, v.Text)
	}
	if f, ok := k.Field(field); ok && f.Type == kind.TypeTerm && len(out) > 1 {
		slices.Sort(out)
	}
	return testimony.Join(out)
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
		for _, f := range []string{"names", "aliases", "transliterations"} {
			for _, v := range r.Field(f).Current() {
				if v.State == kind.Given && !slices.Contains(out[who], v.Text) {
					out[who] = append(out[who], v.Text)
				}
			}
		}
	}
	return out, nil
}

// namedTogether finds persons that one account names beside each other: victims of one
// incident, the two sides of a relationship.
func (w *Workspace) namedTogether(ctx context.Context, read *Reading, l *Linking, apart map[[2]uint32]bool) error {
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
			for i := range in {
				for j := range i {
					if in[i] != in[j] {
						apart[[2]uint32{min(in[i], in[j]), max(in[i], in[j])}] = true
					}
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// decisions are what people decided of the records in the run. A pair that was called
// both the same and different is left to the records' own pages, which say so.
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
		if v != casebook.Unsure {
			out = append(out, linkage.Decision{I: l.at[p[0]], J: l.at[p[1]], Same: v == casebook.Same})
		}
	}
	slices.SortFunc(out, func(a, b linkage.Decision) int {
		if a.I != b.I {
			return int(a.I) - int(b.I)
		}
		return int(a.J) - int(b.J)
	})
	return out, nil
}

// LinkSummary says what a run found.
type LinkSummary struct {
	Kind     string  `json:"kind"`
	Records  int     `json:"records"`
	Entities int     `json:"entities"`
	Compared int64   `json:"compared_pairs"`
	Recall   float64 `json:"blocking_recall_estimate"`
	Decided  int     `json:"decided"`
	Waiting  int     `json:"waiting"` // pairs worth a decision
	// Fewest and Most bound the number of entities over draws of the partition, at 95 %.
	Fewest int `json:"entities_lower"`
	Most   int `json:"entities_upper"`
}

// draws is how many partitions are sampled for the number of entities.
const draws = 400

// Summary says what the run found.
func (l *Linking) Summary() LinkSummary {
	s := LinkSummary{Kind: l.Kind, Records: len(l.IDs), Entities: l.res.Clusters.Count(), Compared: l.res.Compared, Recall: l.res.Recall,
		Decided: len(l.decided), Waiting: len(l.Queue(queueLength, 0))}
	n := l.res.Draws(draws)
	slices.Sort(n)
	s.Fewest, s.Most = n[len(n)*25/1000], n[len(n)*975/1000]
	return s
}

// queueLength bounds the queue, queueSample its random part.
const (
	queueLength = 500
	queueSample = 60
)

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
	l.mu.Lock()
	defer l.mu.Unlock()
	var telling, random []Question
	for _, q := range l.res.Queue(n, sample) {
		a, b := l.IDs[q.I], l.IDs[q.J]
		if a.Compare(b) > 0 {
			a, b = b, a
		}
		out := Question{A: a, B: b, Bits: q.Bits, Probability: q.Probability, Together: q.Together, Random: q.Random, Drawn: q.Drawn}
		switch _, done := l.decided[[2]id.ID{a, b}]; {
		case done:
		case q.Random:
			random = append(random, out)
		case q.Change >= worth:
			telling = append(telling, out)
		}
	}
	var all []Question
	for i, q := range telling {
		all = append(all, q)
		if i%9 == 8 && len(random) > 0 {
			all, random = append(all, random[0]), random[1:]
		}
	}
	return append(all, random...)
}

// Together lists the groups of records that the run takes for one, decided ones included.
func (l *Linking) Together() (out [][]id.ID) {
	for _, g := range l.res.Clusters.Groups() {
		ids := make([]id.ID, len(g))
		for i, n := range g {
			ids[i] = l.IDs[n]
		}
		out = append(out, ids)
	}
	return out
}

// Decided is how many pairs of the run people have decided.
func (l *Linking) Decided() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.decided)
}

// Explain says why two records are or are not taken for one, whether or not they were
// compared.
func (l *Linking) Explain(a, b id.ID) (linkage.Explanation, error) {
	i, ok := l.at[a]
	j, ok2 := l.at[b]
	if !ok || !ok2 {
		return linkage.Explanation{}, fault.New(fault.NotFound, "app.Explain", "no such record in this run")
	}
	x, err := l.res.Explain(i, j)
	for n := range x.Bars {
		b := &x.Bars[n]
		for _, text := range []*string{&b.Left, &b.Right, &b.LeftForm, &b.RightForm} {
			*text = strings.ReplaceAll(*text, testimony.Separator, ", ")
		}
	}
	return x, err
}

// Merges lists the records that would be one if a and b were: the members of both
// clusters, without a and b.
func (l *Linking) Merges(a, b id.ID) (out []id.ID) {
	i, j := l.at[a], l.at[b]
	for n, c := range l.res.Clusters.Of {
		if (c == l.res.Clusters.Of[i] || c == l.res.Clusters.Of[j]) && uint32(n) != i && uint32(n) != j {
			out = append(out, l.IDs[n])
		}
	}
	return out
}

// Judge records what somebody decided of a question, with a reason, and takes the pair
// out of the queue. The decision itself is an entry like any other and can be taken back.
func (w *Workspace) Judge(ctx context.Context, l *Linking, q Question, verdict casebook.Verdict, reason string) error {
	if err := w.Link(ctx, q.A, q.B, verdict, reason); err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.decided[[2]id.ID{q.A, q.B}] = verdict
	if q.Random {
		l.asked = append(l.asked, judged{q, verdict})
	}
	return nil
}
