package app_test

import (
	"fmt"
	"slices"
	"testing"

	"example.org/amparo/fault"
	"example.org/amparo/id"
	"example.org/amparo/internal/app"
	"example.org/amparo/internal/casebook"
	"example.org/amparo/internal/index"
	"example.org/amparo/internal/kind"
)

// current is the run of people brought up to date. It must be the same run, and what linking
// all of it at once with its model gives.
func current(t *testing.T, w *app.Workspace, l *app.Linking) {
	t.Helper()
	now, err := w.Linking(t.Context(), l.Kind, false)
	must(t, err)
	if now != l {
		t.Fatal("the run was made anew and not brought up to date")
	}
	all, err := l.Rerun()
	must(t, err)
	if got := l.Together(); fmt.Sprint(got) != fmt.Sprint(all) {
		t.Fatalf("brought up to date, %d groups; linked at once, %d", len(got), len(all))
	}
}

// toldAgain states again what is known of a person, as a second account of the same one would.
func toldAgain(t *testing.T, w *app.Workspace, of id.ID) (person, identity id.ID) {
	t.Helper()
	r := reading(t, w, "CO-02")
	row, err := r.Row(t.Context(), of)
	must(t, err)
	person, identity = w.NewRecord(), w.NewRecord()
	vs := kind.Values{"pseudonym": {kind.Of("Again")}}
	for _, f := range []string{"sex", "birth", "origin"} {
		if len(row.Values[f]) > 0 {
			vs[f] = row.Values[f]
		}
	}
	names := kind.Values{"person": {kind.Of(person.String())}}
	must(t, r.Each(t.Context(), "person_identity", func(row index.Row) error {
		if row.Values.Get("person") != of.String() {
			return nil
		}
		id, err := r.Fold(t.Context(), row.ID)
		if err == nil {
			names["names"] = id.Field("names").Current()
		}
		return err
	}))
	_, err = w.StateAll(t.Context(), []casebook.Statement{{Record: person, Kind: "person", Fields: vs}, {Record: identity, Kind: "person_identity", Fields: names}})
	must(t, err)
	agree(t, w, person, "CO-02", "CS-1", "2003-04-02")
	return person, identity
}

func asks(l *app.Linking, a, b id.ID) bool {
	return slices.ContainsFunc(l.Queue(500, 0), func(q app.Question) bool { return q.A == a && q.B == b || q.A == b && q.B == a })
}

// alone finds a person with a name and a birth date whom the run takes for nobody else.
func alone(t *testing.T, w *app.Workspace, l *app.Linking) id.ID {
	t.Helper()
	grouped := slices.Concat(l.Together()...)
	for _, x := range l.Records() {
		row, err := reading(t, w, "CO-02").Row(t.Context(), x)
		must(t, err)
		if row.Values.Get("birth") == "" || slices.Contains(grouped, x) {
			continue
		}
		if why, err := l.Explain(x, l.Records()[0]); err == nil && why.Bars[1].Left+why.Bars[1].Right != "" {
			return x
		}
	}
	t.Fatal("nobody is alone: nothing is tested")
	return id.ID{}
}

// What is recorded, corrected, decided and taken back, on whatever page, is in the review at
// once; and the run is then what linking all its records at once gives.
func TestWhatIsRecordedReachesTheReviewAtOnce(t *testing.T) {
	w, _ := invented(t, 200)
	ctx := t.Context()
	l, err := w.Linking(ctx, "person", false)
	must(t, err)
	of := alone(t, w, l)
	n := len(l.Records())

	// A record that comes.
	person, identity := toldAgain(t, w, of)
	current(t, w, l)
	why, err := l.Explain(of, person)
	must(t, err)
	if len(l.Records()) != n+1 || !why.Together && !asks(l, of, person) {
		t.Fatalf("a second account of a person came: %d records of %d, %+v", len(l.Records()), n, why)
	}
	if events, err := w.Regroupings(ctx, "person", 5); err != nil || why.Together && (len(events) == 0 || !slices.Contains(events[0].Records, person)) {
		t.Errorf("what became of entities when a record came: %+v (%v)", events, err)
	}

	// A record that changes: another name was told, which another record holds sealed.
	say(t, w, identity, "person_identity", id.ID{}, "names", "남궁월선")
	current(t, w, l)
	after, err := l.Explain(of, person)
	must(t, err)
	if fmt.Sprint(after.Bars) == fmt.Sprint(why.Bars) {
		t.Error("another name was told, and the review shows the old ones only")
	}

	// Decisions made on a record's own page, and taken back there.
	must(t, w.Link(ctx, of, person, casebook.Different, "two mothers"))
	current(t, w, l)
	if x, err := l.Explain(of, person); err != nil || x.Decided != "different" || x.Together || asks(l, of, person) || l.Decided() != 1 {
		t.Errorf("decided on the record's page: %+v (%v)", x, err)
	}
	r, err := w.Index().Fold(ctx, of)
	must(t, err)
	must(t, w.Retract(ctx, of, r.Links[0].Ref, "a mistake"))
	current(t, w, l)
	must(t, w.Link(ctx, of, person, casebook.Same, "one scar"))
	current(t, w, l)
	if x, err := l.Explain(of, person); err != nil || x.Decided != "same" || !x.Together {
		t.Errorf("decided otherwise: %+v (%v)", x, err)
	}

	// Reading changes nothing, and the whole run says the same of who is compared.
	current(t, w, l)
	again, err := w.Linking(ctx, "person", true)
	must(t, err)
	if again == l || len(again.Records()) != n+1 {
		t.Errorf("compared again: %d records, want %d", len(again.Records()), n+1)
	}
	if x, err := again.Explain(of, person); err != nil || x.Decided != "same" {
		t.Errorf("compared again: %+v (%v)", x, err)
	}
}

// Two whom somebody names beside each other are two from then on.
func TestWhoIsNamedBesideAnotherIsKeptApartAtOnce(t *testing.T) {
	w, _ := invented(t, 300)
	l, err := w.Linking(t.Context(), "person", false)
	must(t, err)
	groups := l.Together()
	if len(groups) == 0 {
		t.Fatal("no two are one: nothing is tested")
	}
	a, b := groups[0][0], groups[0][1]
	say(t, w, w.NewRecord(), "relationship", id.ID{}, "person", a.String(), "type", "RL-SIB", "other", b.String())
	current(t, w, l)
	x, err := l.Explain(a, b)
	must(t, err)
	if x.Together || x.Decided != "apart" {
		t.Errorf("sisters are taken for one: %+v", x)
	}
}

// A decision from elsewhere that contradicts others is set aside with them, at once.
func TestAContradictionFromElsewhereIsSetAsideAtOnce(t *testing.T) {
	w, _ := invented(t, 100)
	ctx := t.Context()
	l, err := w.Linking(ctx, "person", false)
	must(t, err)
	all := l.Records()
	a, b, c := all[0], all[1], all[2]
	must(t, w.Link(ctx, a, b, casebook.Same, "one voice"))
	must(t, w.Link(ctx, b, c, casebook.Same, "one voice"))
	l, err = w.Linking(ctx, "person", false)
	must(t, err)
	if got := l.Merges(a, c); len(l.Contradictions()) != 0 || !slices.Contains(got, b) {
		t.Fatalf("two decisions are followed: %v", got)
	}
	must(t, w.Link(ctx, a, c, casebook.Different, "two mothers"))
	l, err = w.Linking(ctx, "person", false)
	must(t, err)
	if got := l.Contradictions(); len(got) != 1 || len(got[0].Chain) != 3 {
		t.Errorf("contradictions: %+v, want one with its chain of three", got)
	}
}

// Who withdraws consent to matching is in the review no more, without anybody comparing
// again (R05).
func TestR05WhoWithdrawsLeavesTheReviewAtOnce(t *testing.T) {
	w, _ := invented(t, 100)
	ctx := t.Context()
	l, err := w.Linking(ctx, "person", false)
	must(t, err)
	who := l.Records()[3]
	agree(t, w, who, "CO-02", "CS-3", "2020-01-01")
	if covered, err := reading(t, w, "CO-02").Has(ctx, who); err != nil || covered {
		t.Fatalf("withdrawn, and still covered (%v): nothing is tested", err)
	}
	l, err = w.Linking(ctx, "person", false)
	must(t, err)
	if slices.Contains(l.Records(), who) {
		t.Error("who withdrew is still compared")
	}
	if _, err := l.Explain(who, l.Records()[0]); fault.KindOf(err) != fault.NotFound {
		t.Errorf("who withdrew is explained: %v", err)
	}
}

// Who is erased is in no run: the names are not kept in memory for the next comparison.
func TestWhoIsErasedLeavesTheReviewAtOnce(t *testing.T) {
	w, _ := invented(t, 100)
	ctx := t.Context()
	l, err := w.Linking(ctx, "person", false)
	must(t, err)
	who := l.Records()[3]
	_, err = w.Erase(ctx, who, "on the person's wish")
	must(t, err)
	now, err := w.Linking(ctx, "person", false)
	must(t, err)
	if now == l || slices.Contains(now.Records(), who) {
		t.Error("who was erased is still compared")
	}
}

// A model fitted on few accounts is fitted anew when many come.
func TestTheModelIsFittedAnewWhenManyCome(t *testing.T) {
	w := create(t)
	t.Cleanup(func() { _ = w.Close() })
	for _, name := range []string{"김철수", "박영희", "리명옥"} {
		agree(t, w, testimony(t, w, "Hana", name, "x").person, "CO-02", "CS-1", "2003-04-02")
	}
	l, err := w.Linking(t.Context(), "person", false)
	must(t, err)
	agree(t, w, testimony(t, w, "Duri", "최금순", "x").person, "CO-02", "CS-1", "2003-04-02")
	now, err := w.Linking(t.Context(), "person", false)
	must(t, err)
	if now == l || len(now.Records()) != 4 {
		t.Errorf("a fourth came to three: the same run with %d records", len(now.Records()))
	}
}
