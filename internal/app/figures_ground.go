package app

import (
	"context"
	"slices"
	"strings"

	"example.org/amparo/estimate/hist"
	"example.org/amparo/fault"
	"example.org/amparo/id"
	"example.org/amparo/internal/figure"
	"example.org/amparo/internal/index"
	"example.org/amparo/internal/kind"
)

// ground is what every figure of the workspace stands on, with what decides who is counted.
type ground struct {
	*figure.Ground
	read *Reading // for statistics
	may  []bool   // which persons may be counted
	at   map[id.ID]int
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
	g := &ground{Ground: figure.NewGround(draws), read: counting, at: map[id.ID]int{}}
	l, err := w.link(ctx, "person")
	if fault.KindOf(err) == fault.NotFound {
		return g, nil // fewer than two: the questions refuse for want of people
	}
	if err != nil {
		return nil, err
	}
	g.Persons, g.Linked, g.Doubtful, g.Draws = l.ids, l.res.Clusters.Of, l.res.Unresolved(), l.res.Partitions(draws)
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
func (w *Workspace) lists(ctx context.Context, g *ground) (l figure.Lists, err error) {
	copies, err := w.copies(ctx, g.read)
	if err != nil {
		return l, err
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
		g.Under[r.ID], g.Under[g.Persons[n]] = true, true
		return nil
	})
	if err != nil {
		return l, err
	}
	var keys []string
	for k := range spelt {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	if len(keys) > hist.MaxLists {
		return l, fault.New(fault.TooLarge, "app.Figure", "there are %d lists", len(keys)).With("write the same list with the same name; at most %d can be compared", hist.MaxLists).Coded("figure.lists", len(keys), hist.MaxLists)
	}
	l.On = make([]hist.History, len(g.Persons))
	for _, a := range all {
		l.On[a.person] |= hist.Of(slices.Index(keys, a.key))
	}
	for _, k := range keys {
		l.Names = append(l.Names, spelt[k])
	}
	return l, nil
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

// trait reads who was heard and who has what is asked for.
func (w *Workspace) trait(ctx context.Context, g *ground, ask string) (figure.Trait, error) {
	t := figure.Trait{Counted: map[int]bool{}, Has: map[int]bool{}}
	mark := func(kindName string, in map[int]bool, keep func(index.Row) bool) error {
		return g.read.Each(ctx, kindName, func(r index.Row) error {
			if n, ok := g.of(r.Values.Get("person")); ok && keep(r) {
				in[n] = true
				g.Under[r.ID], g.Under[g.Persons[n]] = true, true
			}
			return nil
		})
	}
	every := func(index.Row) bool { return true }
	if err := mark("interview", t.Counted, every); err != nil {
		return t, err
	}
	if ask == figure.AskReturned {
		return t, mark("episode", t.Has, every)
	}
	women := map[id.ID]bool{}
	if err := g.read.Each(ctx, "person", func(r index.Row) error {
		women[r.ID] = r.Values.Get("sex") == "f"
		return nil
	}); err != nil {
		return t, err
	}
	for n := range t.Counted {
		if !women[g.Persons[n]] {
			delete(t.Counted, n)
		}
	}
	return t, mark("exploitation", t.Has, func(r index.Row) bool {
		return slices.ContainsFunc(r.Values["type"], func(v kind.Value) bool { return slices.Contains(trafficking, v.Text) })
	})
}
