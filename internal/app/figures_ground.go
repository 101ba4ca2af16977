package app

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"

	"example.org/amparo/disclose"
	"example.org/amparo/estimate"
	"example.org/amparo/estimate/hist"
	"example.org/amparo/estimate/mse"
	"example.org/amparo/estimate/proportion"
	"example.org/amparo/fault"
	"example.org/amparo/id"
	"example.org/amparo/internal/figure"
	"example.org/amparo/internal/index"
	"example.org/amparo/internal/kind"
)

// ground is what every figure of the workspace stands on: the persons that may be counted
// and matched, and draws of which of their records are one person.
type ground struct {
	read     *Reading // for statistics
	persons  []id.ID  // by record number; all of those compared
	may      []bool   // which of them may be counted
	linked   []uint32 // entities as linked
	draws    [][]uint32
	doubtful float64 // share of links in doubt
	at       map[id.ID]int
	under    map[id.ID]bool
	bases    map[string]string // of what a figure shows beside counts, by its name
	told     map[string]int    // people who told of a stage, by its code
	outcomes *disclose.Table   // of those heard
	observed int               // people on lists
	deaths   *disclose.Table   // what is known of those on lists who were sent back, or nil
}

func (g *ground) used() []id.ID {
	var out []id.ID
	for rec := range g.under {
		out = append(out, rec)
	}
	slices.SortFunc(out, id.ID.Compare)
	return out
}

// salted is an input with the ids of the records it comes from. They are random, so that a
// small count cannot be found from a hash or a seed by trying.
func (g *ground) salted(input []byte) []byte {
	for _, rec := range g.used() {
		input = append(input, rec[:]...)
	}
	return input
}

// of returns the number of a person's record, where it may be counted.
func (g *ground) of(person string) (int, bool) {
	rec, err := id.Parse(person)
	n, ok := g.at[rec]
	return n, err == nil && ok && g.may[n]
}

// figureGround links the persons anew: consent is read now, not when the desk was opened.
func (w *Workspace) figureGround(ctx context.Context, draws int) (*ground, error) {
	counting, _, err := w.allowed()
	if err != nil {
		return nil, err
	}
	g := &ground{read: counting, at: map[id.ID]int{}, under: map[id.ID]bool{}, bases: map[string]string{}, told: map[string]int{}, draws: make([][]uint32, draws)}
	l, err := w.link(ctx, "person")
	if fault.KindOf(err) == fault.NotFound {
		return g, nil // fewer than two: the questions refuse for want of people
	}
	if err != nil {
		return nil, err
	}
	g.persons, g.linked, g.doubtful, g.draws = l.ids, l.res.Clusters.Of, l.res.Unresolved(), l.res.Partitions(draws)
	g.may = make([]bool, len(l.ids))
	for n, p := range l.ids {
		g.at[p] = n
	}
	err = counting.Each(ctx, "person", func(r index.Row) error {
		if n, ok := g.at[r.ID]; ok {
			g.may[n] = true
		}
		return nil
	})
	return g, err
}

// firstHand are the kinds of knowledge that make a listing: who experienced it or saw it,
// and an entry for which nobody noted how it was known. What was told by another or is
// common talk is no list of its own.
var firstHand = []string{"", "BK-1", "BK-2"}

// lists reads who is on which list: the records of listings, by the name of the list.
// on[n] is the lists of person record n.
func (w *Workspace) lists(ctx context.Context, g *ground) (names []string, on []hist.History, err error) {
	copies, err := w.copies(ctx, g.read)
	if err != nil {
		return nil, nil, err
	}
	type listing struct {
		person int
		key    string
	}
	var all []listing
	spelt := map[string]string{} // one spelling of each name
	err = g.read.Each(ctx, "list_capture", func(r index.Row) error {
		n, ok := g.of(r.Values.Get("person"))
		name := strings.Join(strings.Fields(r.Values.Get("list")), " ")
		if !ok || name == "" {
			return nil
		}
		own, err := w.ownListing(ctx, g.read, r.ID, copies)
		if err != nil || !own {
			return err
		}
		key := strings.ToLower(name)
		if s, ok := spelt[key]; !ok || name < s {
			spelt[key] = name
		}
		all = append(all, listing{n, key})
		g.under[r.ID], g.under[g.persons[n]] = true, true
		return nil
	})
	if err != nil {
		return nil, nil, err
	}
	var keys []string
	for k := range spelt {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	if len(keys) > hist.MaxLists {
		return nil, nil, fault.New(fault.TooLarge, "app.Figure", "there are %d lists", len(keys)).With("write the same list with the same name; at most %d can be compared", hist.MaxLists).Coded("figure.lists", len(keys), hist.MaxLists)
	}
	on = make([]hist.History, len(g.persons))
	for _, l := range all {
		on[l.person] |= hist.Of(slices.Index(keys, l.key))
	}
	for _, k := range keys {
		names = append(names, spelt[k])
	}
	return names, on, nil
}

// copies are the sources that only repeat another: quoted from it, or from the same
// article.
func (w *Workspace) copies(ctx context.Context, read *Reading) (map[id.ID]bool, error) {
	out := map[id.ID]bool{}
	err := read.Each(ctx, "source_dependency", func(r index.Row) error {
		if a, err := id.Parse(r.Values.Get("a")); err == nil && slices.Contains([]string{"quoted_from", "same_article"}, r.Values.Get("kind")) {
			out[a] = true
		}
		return nil
	})
	return out, err
}

// ownListing reports whether somebody stands behind a listing who knows it at first hand
// and does not repeat another.
func (w *Workspace) ownListing(ctx context.Context, read *Reading, rec id.ID, copies map[id.ID]bool) (bool, error) {
	r, err := read.Fold(ctx, rec)
	if err != nil {
		return false, err
	}
	for _, a := range r.Accounts {
		if slices.Contains(firstHand, a.Act.Basis) && !copies[a.Act.Source] {
			return true, nil
		}
	}
	return false, nil
}

// listed counts the people on lists as they are linked, and gives a hash over who they are and
// which lists each record names: the same whatever draws of who is who are asked for.
func (g *ground) listed(names []string, on []hist.History) (people int, basis string) {
	var b bytes.Buffer
	fmt.Fprintln(&b, names)
	lead := map[uint32]int{}
	for n, h := range on {
		if h == 0 {
			continue
		}
		first, ok := lead[g.linked[n]]
		if !ok {
			lead[g.linked[n]], first = n, n
		}
		fmt.Fprintln(&b, g.persons[n], g.persons[first], h)
	}
	return len(lead), estimate.Hash(g.salted(b.Bytes()))
}

// totalFigure is the ensemble over draws of who is who. o are the overlaps that may be shown.
func (w *Workspace) totalFigure(ctx context.Context, g *ground, q figure.Question, o *Overlaps, step figure.Step) (estimate.Fit, error) {
	names, on, err := w.lists(ctx, g)
	if err != nil {
		return estimate.Fit{}, err
	}
	if len(names) == 0 {
		return estimate.Refuse(mse.Method, estimate.Because("no_lists", "There are no lists: no record says that somebody's list names a person who may be counted.")), nil
	}
	tables, err := hist.FromDraws(names, on, g.draws)
	if err != nil {
		return estimate.Fit{}, err
	}
	var canonical []byte
	for _, t := range tables {
		canonical = append(canonical, t.Canonical()...)
	}
	canonical = g.salted(canonical)
	g.observed, g.bases[totalName] = g.listed(names, on)
	seed, err := q.SeedOf(canonical)
	if err != nil {
		return estimate.Fit{}, err
	}
	plan := mse.Plan{Seed: seed, Limits: q.Limits, Unresolved: g.doubtful, LoglinDraws: 200, SparseDraws: 1000}
	var latent *figure.Sampler
	if q.Latent > 0 {
		if plan.Seed, err = figure.Unguessed(seed, canonical); err != nil {
			return estimate.Fit{}, err
		}
		latent = figure.LatentPlan(&plan, tables, q.Latent, step)
	}
	plan.Progress = func(done, of int) {
		if latent == nil || latent.Fitted == 0 { // they come last, and tell more
			step(figure.StepMethods, done, of)
		}
	}
	fit, err := mse.OverLinkage(ctx, tables, plan)
	if err != nil {
		return estimate.Fit{}, err
	}
	fit.Seed, fit.InputHash = seed, estimate.Hash(canonical)
	figure.WithoutCounts(&fit, o.Refusal != nil || o.hides())
	figure.SayLatent(&fit, latent, len(names), len(tables))
	if err := figure.DrawTotal(ctx, &fit, tables, plan, latent, step); err != nil {
		return estimate.Fit{}, err
	}
	fit.Assume("lists", "Lists are those named by records of listings; hearsay and what was copied from elsewhere make none.")
	return fit, nil
}

// trait is what a share asks of a person.
type trait struct{ counted, has map[int]bool }

// shareFigure is a share of those heard, over draws of who is who, by Wilson's interval.
func (w *Workspace) shareFigure(ctx context.Context, g *ground, q figure.Question) (estimate.Fit, error) {
	t, err := w.trait(ctx, g, q.Ask)
	if err != nil {
		return estimate.Fit{}, err
	}
	var fits []estimate.Fit
	var canonical bytes.Buffer
	small := false
	for _, entity := range append([][]uint32{g.linked}, g.draws...) {
		people := map[uint32]bool{}
		for n := range t.counted {
			people[entity[n]] = false
		}
		for n := range t.has { // whoever was heard and what befell them may stand in two records of one person
			if _, heard := people[entity[n]]; heard {
				people[entity[n]] = true
			}
		}
		x, n := 0, len(people)
		for _, yes := range people {
			if yes {
				x++
			}
		}
		fmt.Fprintf(&canonical, "%d of %d\n", x, n)
		if small = small || x < figure.Smallest || n-x < figure.Smallest; small {
			continue
		}
		f, err := proportion.Estimate(proportion.Question{X: x, Answered: n, Asked: n, Threshold: 0.5})
		if err != nil {
			return estimate.Fit{}, err
		}
		fits = append(fits, f)
	}
	if small {
		fits = []estimate.Fit{figure.TooFew(string(proportion.Wilson), figure.Smallest)}
	}
	fit := figure.OverDraws(fits)
	fit.InputHash = estimate.Hash(g.salted(canonical.Bytes()))
	return fit, nil
}

// trait reads who was heard and who has what is asked for.
func (w *Workspace) trait(ctx context.Context, g *ground, ask string) (trait, error) {
	t := trait{map[int]bool{}, map[int]bool{}}
	mark := func(kindName string, in map[int]bool, keep func(index.Row) bool) error {
		return g.read.Each(ctx, kindName, func(r index.Row) error {
			if n, ok := g.of(r.Values.Get("person")); ok && keep(r) {
				in[n] = true
				g.under[r.ID], g.under[g.persons[n]] = true, true
			}
			return nil
		})
	}
	every := func(index.Row) bool { return true }
	if err := mark("interview", t.counted, every); err != nil {
		return t, err
	}
	if ask == figure.AskReturned {
		return t, mark("episode", t.has, every)
	}
	women := map[id.ID]bool{}
	if err := g.read.Each(ctx, "person", func(r index.Row) error {
		women[r.ID] = r.Values.Get("sex") == "f"
		return nil
	}); err != nil {
		return t, err
	}
	for n := range t.counted {
		if !women[g.persons[n]] {
			delete(t.counted, n)
		}
	}
	return t, mark("exploitation", t.has, func(r index.Row) bool {
		return slices.ContainsFunc(r.Values["type"], func(v kind.Value) bool { return slices.Contains(trafficking, v.Text) })
	})
}
