package app_test

import (
	"slices"
	"testing"
	"time"

	"example.org/amparo/id"
	"example.org/amparo/internal/app"
	"example.org/amparo/internal/casebook"
	"example.org/amparo/internal/chain"
	"example.org/amparo/internal/kind"
	"example.org/amparo/internal/world"
)

// Two interviews tell one chain differently: both stand, beside each other, and neither
// overwrites the other.
func TestTwoTellingsOfOneChainStandBesideEachOther(t *testing.T) {
	w := create(t)
	defer w.Close()
	p := testimony(t, w, "Hana", "김철수", "x")
	ep, ssd, holding := w.NewRecord(), w.NewRecord(), w.NewRecord()
	say(t, w, ep, "episode", p.person, "person", p.person.String(), "period", "2001", "number", "1", "outcome", "OC-R11")
	passage := func(rec id.ID, unit id.ID, pairs ...string) {
		t.Helper()
		vs := kind.Values{}
		for i := 0; i < len(pairs); i += 2 {
			k, _ := w.Schema().Kind("detention_stage")
			f, _ := k.Field(pairs[i])
			v, err := w.Schema().ParseValue(f, pairs[i+1], "")
			if err != nil {
				t.Fatal(err)
			}
			vs[pairs[i]] = []kind.Value{v}
		}
		s := casebook.Statement{Record: rec, Kind: "detention_stage", Fields: vs, Source: p.person, Passage: casebook.Passage{Record: unit, To: 1}}
		if _, problems, err := w.State(t.Context(), s, "save"); err != nil || len(problems) > 0 {
			t.Fatal(problems, err)
		}
	}
	second, unit2 := w.NewRecord(), w.NewRecord()
	say(t, w, second, "interview", id.ID{}, "person", p.person.String(), "date", "2005-01-02")
	say(t, w, unit2, "statement_unit", id.ID{}, "interview", second.String(), "order", "1", "verbatim", "y")
	passage(ssd, p.unit, "person", p.person.String(), "episode", ep.String(), "stage", "ST05", "in", "2001-03", "duration", "약 보름", "place", "KP-ONS")
	passage(ssd, unit2, "stage", "ST05", "duration", "about two months", "place", "KP-ONS")
	passage(holding, unit2, "person", p.person.String(), "episode", ep.String(), "stage", "ST07", "in", "2001-05", "duration", "20 days")
	q := w.NewRecord()
	say(t, w, q, "question_asked", p.person, "person", p.person.String(), "stage", ssd.String(), "question", "QA-CHURCH")

	got, err := w.Desk().Returns(t.Context(), p.person)
	if err != nil {
		t.Fatal(err)
	}
	laid, err := w.Desk().LaidOver(t.Context(), p.person, "en")
	if err != nil {
		t.Fatal(err)
	}
	if len(got.Episodes) != 1 || len(got.Episodes[0].Stages) != 2 || len(laid.Table.Sources) != 3 || len(laid.Table.Rows) != 2 {
		t.Fatalf("%+v %+v", got, laid)
	}
	first := laid.Table.Rows[0]
	if len(first.Contradicting) != 1 || first.Contradicting[0].Field != "duration" || first.Contradicting[0].Apart != 25 {
		t.Errorf("contradictions on the first stage: %+v", first.Contradicting)
	}
	for i, c := range laid.Table.Rows[1].Cells {
		if (c.Stage != nil) != (laid.Table.Sources[i] == second) || laid.Tellers[i].How != app.Own {
			t.Errorf("who is silent on holding: %+v", laid)
		}
	}
	if want := (chain.Days{Lo: 10 + 20, Hi: 75 + 20}); got.Totals[0].Days != want || got.Totals[0].Partial {
		t.Errorf("interrogation and holding: %+v, want %+v", got.Totals[0], want)
	}
	if qs := got.Questions[ssd]; len(qs) != 1 || !slices.Contains(qs[0].Grounds, "CG-REL") {
		t.Errorf("questions: %+v", got.Questions)
	}
	r, err := w.Index().Fold(t.Context(), ssd)
	if err != nil || len(r.Field("duration").Claims) != 2 {
		t.Errorf("an account was overwritten: %+v %v", r.Field("duration"), err)
	}
	if _, err := reading(t, w, "CO-03").Returns(t.Context(), p.person); err == nil {
		t.Error("a chain is shown for statistics without consent")
	}
}

// In the synthetic world the durations for statistics are those of people who consented
// to statistics, and each return told there checks without an impossibility that is not
// in its dates.
func TestR05DurationsOfTheSyntheticWorldAreThoseOfWhoConsented(t *testing.T) {
	w := create(t)
	defer w.Close()
	pop := w.Populate()
	people := map[id.ID]bool{}
	_, err := world.Generate(t.Context(), world.Config{People: 150, Seed: 3}, w.Schema(), func(e world.Event) error {
		if !e.Same.IsZero() {
			return pop.Same(t.Context(), e.Statement.Record, e.Same, e.Reason)
		}
		if e.Statement.Kind == "person" {
			people[e.Statement.Record] = true
		}
		return pop.State(t.Context(), e.Statement, time.UnixMilli(e.At))
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := pop.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	all, err := w.Desk().Durations(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	counted, err := reading(t, w, "CO-03").Durations(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	allowed := map[id.ID]bool{}
	for p := range people {
		d, err := w.Decide(t.Context(), p, "CO-03", "")
		if err != nil {
			t.Fatal(err)
		}
		allowed[p] = d.Allowed
	}
	if len(counted) == 0 || len(counted) >= len(all) {
		t.Errorf("%d durations for statistics of %d on the desk", len(counted), len(all))
	}
	for _, d := range counted {
		if !allowed[d.Person] {
			t.Error("a duration of somebody who did not consent to statistics")
		}
		if d.Lo < 0 || d.Hi < d.Lo {
			t.Errorf("%+v", d)
		}
	}
}
