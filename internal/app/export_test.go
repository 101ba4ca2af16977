package app

import (
	"context"
	"fmt"
	"time"

	"example.org/amparo/estimate/proportion"
	"example.org/amparo/id"
	"example.org/amparo/internal/casebook"
	"example.org/amparo/internal/figure"
	"example.org/amparo/internal/index"
	"example.org/amparo/linkage/eval"
)

// EachPair calls fn for every pair of the run that could be a match, with its weight, but
// for those of odds above one in a thousand that are two by the nature of the data.
func (l *Linking) EachPair(fn func(a, b id.ID, bits float64)) {
	l.res.EachPair(func(i, j uint32, bits float64) {
		if bits > -10 {
			if x, err := l.res.Explain(i, j); err != nil || x.Decided == "apart" {
				return
			}
		}
		fn(l.ids[i], l.ids[j], bits)
	})
}

// ErrorsWith is what [Linking.Errors] would say after these answers.
func (l *Linking) ErrorsWith(answers []eval.Answer) eval.Errors { return l.res.Errors(answers) }

// Carried reports whether what a purpose leaves out was carried over the last act, and
// fails where it is not what computing it anew gives.
func (r *Reading) Carried(ctx context.Context) (bool, error) {
	use := r.use
	use.On = r.w.today()
	l := r.w.outside.of(use)
	l.Lock()
	carried := l.known && l.gen == r.w.index.Generation()
	l.Unlock()
	got, err := r.out(ctx)
	if err != nil {
		return carried, err
	}
	l.Lock()
	l.known = false
	l.Unlock()
	want, err := r.out(ctx)
	if err != nil {
		return carried, err
	}
	if !got.Same(want) || !want.Same(got) {
		return carried, fmt.Errorf("%d records are left out, %d when computed anew", got.Len(), want.Len())
	}
	kinds, contested := got.Counts()
	wantKinds, wantContested := want.Counts()
	if a, b := fmt.Sprint(kinds, contested), fmt.Sprint(wantKinds, wantContested); a != b {
		return carried, fmt.Errorf("left out are %s, and %s when computed anew", a, b)
	}
	return carried, nil
}

// Rerun is [Linking.Together] as linking all records at once with the same model has it.
func (l *Linking) Rerun() (out [][]id.ID, err error) {
	of, err := l.idx.Rerun()
	if err != nil {
		return nil, err
	}
	at := map[uint32][]id.ID{}
	for n, entity := range of {
		at[entity] = append(at[entity], l.ids[n])
	}
	for n := range of {
		if g := at[uint32(n)]; len(g) > 1 {
			out = append(out, g)
		}
	}
	return out, nil
}

// Pretend makes pages believe that bringing a run up to date just took so long.
func (w *Workspace) Pretend(kindName string, cost time.Duration) {
	w.hand.Lock()
	defer w.hand.Unlock()
	h := w.hand.byKind[kindName]
	h.cost, h.ended = cost, time.Now()
}

// BeginLinking begins what a page would wait for.
func (w *Workspace) BeginLinking(kindName string) { w.atHand(kindName) }

// WordingsAreKept reports whether the comparison of words would not be made anew.
func (w *Workspace) WordingsAreKept() bool {
	k := &w.wordings
	k.Lock()
	known := k.known && k.version > 0
	k.Unlock()
	_, out, err := w.forMatching(context.Background())
	return err == nil && known && k.behind(out) == 0 && !k.leave(out)
}

// ForgetWordings makes the next comparison of words anew.
func (w *Workspace) ForgetWordings() { w.wordings.forget() }

// Under the race detector, beside other tests, what is quick takes seconds.
func init() { patience, firstPatience = time.Minute, time.Minute }

// HoldWriter keeps everybody else from writing to the journal until it is released.
func (w *Workspace) HoldWriter() (release func()) {
	w.mu.Lock()
	return w.mu.Unlock
}

// NamesLeftOut reports whether an act stays sealed in an export that leaves somebody out.
func NamesLeftOut(plain []byte) (bool, error) { return namesLeftOut(plain, &index.Reached{}) }

// TakeNews takes what is new to a run as bringing it up to date does, which ends with bring.
func (w *Workspace) TakeNews(kindName string) (bring func()) {
	w.linked.news.take(kindName)
	return func() { w.linked.news.brought(kindName) }
}

// Forge writes an act on the workspace as it is.
func (w *Workspace) Forge(ctx context.Context, a *casebook.Act) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	room, err := w.roomOf(generalRoom)
	if err != nil {
		return err
	}
	_, err = w.commit(ctx, []draft{{act: a, room: room}})
	return err
}

// ForgeSearch writes a line of a search that was none.
func (w *Workspace) ForgeSearch(ctx context.Context, line casebook.SearchLine) error {
	if err := w.keepSearch(ctx, []searchRead{w.searchAct(generalRoom, line)}); err != nil {
		return err
	}
	return w.takeSearches(ctx)
}

// InFact counts the groups of the relations as the figures and the map count them, whatever may be
// shown: by name and value. What is refused for want of people is not there.
func (w *Workspace) InFact(ctx context.Context, stages ...string) (map[string]int64, error) {
	out := map[string]int64{}
	g, err := w.figureGround(ctx, 1)
	if err != nil {
		return nil, err
	}
	for _, ask := range []string{figure.AskReturned, figure.AskSold} {
		t, err := w.trait(ctx, g, ask)
		if err != nil {
			return nil, err
		}
		fit, err := g.Share(t)
		if err != nil {
			return nil, err
		}
		if d, ok := fit.Detail.(*proportion.Lines); ok && fit.Refusal == nil {
			out[ask+"=yes"], out[ask+"="] = int64(d.Described.X), int64(d.Described.N)
		}
	}
	step := func(string, int, int) {}
	fates, err := w.fates(ctx, g)
	if err != nil {
		return nil, err
	}
	if _, err = g.After(ctx, figure.Question{Ask: figure.AskAfter}, fates, step); err != nil {
		return nil, err
	}
	if g.Outcomes != nil {
		out[figure.AskAfter+"="] = int64(figure.TableTotal(g.Outcomes))
	}
	if g.Deaths != nil {
		out[figure.DeathsName+"="] = int64(figure.TableTotal(g.Deaths))
	}
	stays, err := w.stays(ctx, g)
	if err != nil {
		return nil, err
	}
	for _, s := range stages {
		fit, err := g.Stay(ctx, figure.Question{Ask: figure.AskStay, Stage: s}, w.Schema(), stays, step)
		if err != nil {
			return nil, err
		}
		if d, ok := fit.Detail.(*figure.StayDetail); ok && fit.Refusal == nil {
			out[figure.AskStay+" "+s+"="], out[figure.RugName(s)+"="] = int64(d.AtRisk[0].People), int64(g.Told[s])
		}
	}
	for _, q := range figure.SpreadQuestions {
		first, err := g.read.firstEvents(ctx, q)
		if err != nil {
			return nil, err
		}
		tables, people, _ := figure.CountEvents(first)
		if n := figure.TableTotal(tables[0]); n != people || figure.TableTotal(tables[1]) != people {
			return nil, fmt.Errorf("%s: %d people, %d of them in places", q.Kind, people, n)
		}
		out[figure.MapName(q.Kind)+"="] = int64(people)
	}
	return out, nil
}

// IndependenceAnew is [Workspace.Independence] with all words compared again, of which nothing
// is remembered.
func (w *Workspace) IndependenceAnew(ctx context.Context) (*Independence, error) {
	read, out, err := w.forMatching(ctx)
	if err != nil {
		return nil, err
	}
	var all []Telling
	if err := w.index.Each(ctx, "interview", func(row index.Row) error {
		if !out.Has(row.ID) {
			read.pruneValues(out, row.Values)
			all = append(all, Telling{row.ID, tellerOf(row)})
		}
		return nil
	}); err != nil {
		return nil, err
	}
	told, found, err := w.wording(ctx, all, nil)
	if err != nil {
		return nil, err
	}
	return w.independentNow(ctx, read, told, found)
}

// ForgetPages makes the next pages compute all they show.
func (w *Workspace) ForgetPages() { w.memos.drop() }

// FindingIsKept reports whether a finding would not be assessed again.
func (w *Workspace) FindingIsKept(ctx context.Context, finding id.ID) bool {
	m := w.memos.at(standingKey + finding.String())
	m.Lock()
	defer m.Unlock()
	ok, err := w.holds(ctx, m)
	return ok && err == nil
}
