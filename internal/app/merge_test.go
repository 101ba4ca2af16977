package app_test

import (
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"testing"

	"example.org/amparo/id"
	"example.org/amparo/internal/app"
	"example.org/amparo/internal/casebook"
	"example.org/amparo/internal/index"
	"example.org/amparo/internal/journal"
)

// desk is one member's machine in a random history of work and exchange.
type desk struct {
	w       *app.Workspace
	records []id.ID
}

// act does one random thing to one record that this desk knows of.
func (d *desk) act(t *testing.T, rng *rand.Rand) {
	t.Helper()
	rec := d.records[rng.IntN(len(d.records))]
	if rng.IntN(3) == 0 {
		rec = d.w.NewRecord()
		d.records = append(d.records, rec)
	}
	r, err := d.w.Index().Fold(t.Context(), rec)
	if err != nil || len(r.Accounts) == 0 || rng.IntN(2) == 0 {
		place := []string{"KP-ONS", "KP-MUS", "KP-HOE"}[rng.IntN(3)]
		say(t, d.w, rec, "incident", id.ID{byte(rng.IntN(5))}, "type", fmt.Sprintf("MT02.%d", 1+rng.IntN(2)), "place", place)
		return
	}
	switch rng.IntN(3) {
	case 0:
		a := r.Accounts[rng.IntN(len(r.Accounts))]
		must(t, d.w.Choose(t.Context(), rec, "place", a.Ref, "the papers say so"))
	case 1:
		other := d.records[rng.IntN(len(d.records))]
		if o, err := d.w.Index().Fold(t.Context(), other); err == nil && other != rec && len(o.Accounts) > 0 {
			must(t, d.w.Link(t.Context(), rec, other, casebook.Verdict(1+rng.IntN(3)), "one story"))
		}
	case 2:
		var live []journal.Ref
		for _, e := range r.History {
			if e.Retracted == nil {
				live = append(live, e.Ref)
			}
		}
		must(t, d.w.Retract(t.Context(), rec, live[rng.IntN(len(live))], "said in error"))
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// Three desks work on the same and on their own records, and exchange with each other
// by two sticks in random order. Whatever the order of arrival, once each has seen all,
// their indexes are the same to the byte, and so is an index computed from nothing.
// tallied compares the numbers that are kept with those that counting finds.
func tallied(t *testing.T, w *app.Workspace) {
	t.Helper()
	counts, err := w.Index().Counts(t.Context())
	must(t, err)
	contested, err := w.Index().Contested(t.Context())
	must(t, err)
	for _, k := range w.Schema().Kinds() {
		all, unsettled := 0, 0
		must(t, w.Index().Each(t.Context(), k.Name, func(r index.Row) error {
			all++
			if r.Contested {
				unsettled++
			}
			return nil
		}))
		if counts[k.Name] != all || contested[k.Name] != unsettled {
			t.Errorf("%s: kept %d and %d contested, counted %d and %d", k.Name, counts[k.Name], contested[k.Name], all, unsettled)
		}
	}
}

func TestWhateverTheOrderOfArrivalTheIndexIsTheSame(t *testing.T) {
	rounds := 3
	if testing.Short() {
		rounds = 1
	}
	for seed := range uint64(rounds) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			rng := rand.New(rand.NewPCG(seed, 1))
			owner := create(t)
			defer owner.Close()
			sticks := []string{filepath.Join(t.TempDir(), "a"), filepath.Join(t.TempDir(), "b")}
			shared := []id.ID{owner.NewRecord(), owner.NewRecord(), owner.NewRecord()}
			rooms := []string{"general", "identities", "sexual_violence", "perpetrators", "protection", "cases"}
			desks := []*desk{{w: owner}, {w: join(t, owner, sticks[0], rooms...)}, {w: join(t, owner, sticks[0], rooms...)}}
			for _, d := range desks {
				d.records = append(d.records, shared...)
			}
			for range 60 {
				if rng.IntN(6) == 0 {
					exchange(t, sticks[rng.IntN(2)], desks[rng.IntN(3)].w)
					continue
				}
				desks[rng.IntN(3)].act(t, rng)
			}
			for range 2 {
				for _, stick := range sticks {
					for _, d := range desks {
						exchange(t, stick, d.w)
					}
				}
			}
			want := dump(t, owner)
			for _, d := range desks {
				tallied(t, d.w)
			}
			for i, d := range desks[1:] {
				if got := dump(t, d.w); got != want {
					t.Errorf("desk %d: %s", i+1, firstDiff(got, want))
				}
			}
			must(t, desks[2].w.Rebuild(t.Context(), nil))
			if got := dump(t, desks[2].w); got != want {
				t.Errorf("rebuilt: %s", firstDiff(got, want))
			}
			tallied(t, desks[2].w)
		})
	}
}
