package app_test

import (
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"testing"

	"example.org/amparo/id"
	"example.org/amparo/internal/app"
	"example.org/amparo/internal/casebook"
	"example.org/amparo/internal/journal"
	"example.org/amparo/internal/kind"
)

// bench is one machine on which everything that pages remember is acted on at random.
type bench struct {
	t   *testing.T
	w   *app.Workspace
	rng *rand.Rand
	*commons
}

// commons are the records that both machines know of, or will.
type commons struct {
	people, interviews, incidents, findings, told []id.ID
}

func (b *bench) one(from []id.ID) id.ID { return from[b.rng.IntN(len(from))] }

func (b *bench) here(rec id.ID) bool { return b.there(rec) != nil }

func (b *bench) there(rec id.ID) *casebook.Record {
	r, err := b.w.Index().Fold(b.t.Context(), rec)
	if err != nil {
		return nil
	}
	return r
}

// act does something at random that a page may have to follow.
func (b *bench) act() {
	switch b.rng.IntN(14) {
	case 0:
		p := b.w.NewRecord()
		b.people = append(b.people, p)
		say(b.t, b.w, p, "person", id.ID{}, "pseudonym", "Crowd "+p.Short(), "sex", "f", "birth", "1970", "origin", "KP")
	case 1, 2:
		agree(b.t, b.w, b.one(b.people), []string{"CO-01", "CO-02", "CO-03"}[b.rng.IntN(3)], []string{"CS-1", "CS-1", "CS-1", "CS-2", "CS-3"}[b.rng.IntN(5)], []string{"2003", "2004-02", "2005"}[b.rng.IntN(3)])
	case 3:
		rec := b.w.NewRecord()
		b.told = append(b.told, rec)
		say(b.t, b.w, rec, "journey", id.ID{}, "person", b.one(b.people).String(), "from", b.place(), "period", fmt.Sprint(1996+b.rng.IntN(12)))
	case 4, 5:
		b.incident()
	case 6:
		b.interview()
	case 7:
		f := b.w.NewRecord()
		b.findings = append(b.findings, f)
		say(b.t, b.w, f, "pattern", id.ID{}, "type", "MT02.1", "period", "1996/2008", "rests_on", b.one(b.incidents).String(), "rests_on", b.one(b.incidents).String())
	case 8:
		say(b.t, b.w, b.w.NewRecord(), "source_dependency", id.ID{}, "a", b.one(b.people).String(), "b", b.one(b.interviews).String(), "kind", []string{"same_household", "independent"}[b.rng.IntN(2)])
	case 9:
		x, y := b.one(b.people), b.one(b.people)
		if x != y && b.here(x) && b.here(y) {
			must(b.t, b.w.Link(b.t.Context(), x, y, casebook.Verdict(1+b.rng.IntN(3)), "one scar"))
		}
	case 10:
		b.takeBack(b.one(b.known()))
	case 11:
		if p := b.one(b.people); b.here(p) && b.rng.IntN(3) == 0 {
			_, err := b.w.Withdraw(b.t.Context(), p, app.Withdrawal{Purposes: []string{"CO-02"}, Language: "ko", Method: "oral"})
			must(b.t, err)
			if b.rng.IntN(3) == 0 {
				_, err := b.w.Erase(b.t.Context(), p, "asked for it")
				must(b.t, err)
			}
		}
	default:
		b.correct(b.one(b.told))
	}
}

func (b *bench) known() []id.ID {
	var out []id.ID
	for _, l := range [][]id.ID{b.people, b.interviews, b.incidents, b.findings, b.told} {
		out = append(out, l...)
	}
	return out
}

func (b *bench) place() string { return []string{"KP-ONS", "KP-MUS", "KP-HOE"}[b.rng.IntN(3)] }

func (b *bench) incident() {
	rec := b.w.NewRecord()
	if b.rng.IntN(4) == 0 && len(b.incidents) > 0 {
		rec = b.one(b.incidents) // another account
	}
	b.incidents = append(b.incidents, rec)
	say(b.t, b.w, rec, "incident", []id.ID{{}, b.one(b.people)}[b.rng.IntN(2)], "type", "MT02.1", "date", fmt.Sprint(1996+b.rng.IntN(12)), "place", b.place(),
		[]string{"person", "victims"}[b.rng.IntN(2)], b.one(b.people).String(), "victims", b.one(b.people).String())
}

func (b *bench) interview() {
	rec := b.w.NewRecord()
	b.interviews = append(b.interviews, rec)
	say(b.t, b.w, rec, "interview", id.ID{}, "person", b.one(b.people).String(), "date", "2003-04-02")
	say(b.t, b.w, b.w.NewRecord(), "statement_unit", id.ID{}, "interview", rec.String(), "order", "1", "verbatim", stories[b.rng.IntN(3)])
}

// correct says something else of a journey.
func (b *bench) correct(rec id.ID) {
	r := b.there(rec)
	if r == nil || len(r.Accounts) == 0 {
		return
	}
	s := casebook.Statement{Record: rec, Kind: "journey", Fields: kind.Values{"person": {kind.Of(b.one(b.people).String())}, "from": {kind.Of(b.place())}}}
	if b.rng.IntN(2) == 0 {
		s.Corrects = &r.Accounts[b.rng.IntN(len(r.Accounts))].Ref
	}
	_, err := b.w.StateAll(b.t.Context(), []casebook.Statement{s})
	must(b.t, err)
}

// takeBack takes back some act on a record.
func (b *bench) takeBack(rec id.ID) {
	r := b.there(rec)
	if r == nil {
		return
	}
	var live []journal.Ref
	for _, e := range r.History {
		if e.Retracted == nil {
			live = append(live, e.Ref)
		}
	}
	if len(live) > 0 {
		must(b.t, b.w.Retract(b.t.Context(), rec, live[b.rng.IntN(len(live))], "said in error"))
	}
}

// follows fails where what a page shows is not what computing all of it anew gives.
func (b *bench) follows(when string) {
	t, ctx := b.t, b.t.Context()
	t.Helper()
	shown := func() string {
		all, total, err := b.w.Findings(ctx, "en")
		must(t, err)
		out := fmt.Sprintf("%d %+v", total, all)
		for _, f := range b.findings {
			a, err := b.w.Argued(ctx, f, "en")
			if err != nil {
				out += "\n" + err.Error()
				continue
			}
			plain := *a
			plain.Finding = nil
			out += fmt.Sprintf("\n%+v %+v", plain, *a.Finding)
		}
		return out
	}
	kept := shown()
	b.w.ForgetPages()
	if anew := shown(); kept != anew {
		t.Fatalf("%s: findings\nkept %s\nanew %s", when, kept, anew)
	}
	one, err := b.w.Independence(ctx)
	must(t, err)
	two, err := b.w.IndependenceAnew(ctx)
	must(t, err)
	if a, b := fmt.Sprintf("%+v", *one), fmt.Sprintf("%+v", *two); a != b {
		t.Fatalf("%s: independence\nkept %s\nanew %s", when, a, b)
	}
	for _, purpose := range crowdPurposes[:3] {
		_, err := reading(t, b.w, purpose).Carried(ctx)
		must(t, err)
	}
}

// R05: whatever is recorded, corrected, taken back, withdrawn, erased, linked or brought in
// from another machine, the map, findings, independence and what each purpose leaves out are,
// at once, what computing all of it anew gives.
func TestR05WhatPagesRememberFollowsEveryAct(t *testing.T) {
	for seed := range uint64(4) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			owner, stick := create(t), filepath.Join(t.TempDir(), "a")
			defer owner.Close()
			rng, all := rand.New(rand.NewPCG(seed, 9)), &commons{}
			first := &bench{t, owner, rng, all}
			other := join(t, owner, stick, "general", "identities", "sexual_violence", "perpetrators", "protection", "cases")
			second := &bench{t, other, rng, all}
			for range 6 {
				all.people = append(all.people, owner.NewRecord())
				say(t, owner, all.people[len(all.people)-1], "person", id.ID{}, "pseudonym", "Crowd", "sex", "f", "birth", "1970", "origin", "KP")
			}
			first.interview()
			first.incident()
			all.told = append(all.told, owner.NewRecord())
			exchange(t, stick, owner, other)
			for n := range 60 {
				at := []*bench{first, second}[rng.IntN(2)]
				if n%12 == 11 {
					exchange(t, stick, owner, other, owner)
				} else {
					at.act()
				}
				if n%3 == 0 {
					first.follows(fmt.Sprint("after ", n))
					second.follows(fmt.Sprint("on the other, after ", n))
				}
			}
		})
	}
}

// What has nothing to do with a finding does not make it be assessed again; what it rests on
// does.
func TestAFindingIsKeptOverWhatItDoesNotRestOn(t *testing.T) {
	w := create(t)
	defer w.Close()
	persons, incidents := three(t, w)
	f := finding(t, w, incidents...)
	assessed := func(what string, kept bool) {
		t.Helper()
		if got := w.FindingIsKept(t.Context(), f); got != kept {
			t.Errorf("%s: kept %t, want %t", what, got, kept)
		}
		_, _, err := w.Findings(t.Context(), "en")
		must(t, err)
	}
	assessed("at first", false)
	assessed("nothing happened", true)
	other := person(t, w, "Nari")
	assessed("after a person", true)
	agree(t, w, other, "CO-02", "CS-1", "2004-01-05")
	assessed("after a consent of somebody else", true)
	beaten(t, w, other, "BK-1")
	assessed("after an incident of somebody else", true)
	teller(t, w, "Bora", stories[2], true)
	assessed("after a testimony of somebody else", true)
	agree(t, w, persons[0], "CO-02", "CS-3", "2020-01-01")
	assessed("after a teller withdrew", false)
}
