package app_test

import (
	"path/filepath"
	"slices"
	"testing"

	"example.org/amparo/id"
	"example.org/amparo/internal/app"
	"example.org/amparo/internal/casebook"
	"example.org/amparo/internal/kind"
	"example.org/amparo/internal/verification"
)

// tell is one more account of an incident, by a source that knows on a basis.
func tell(t testing.TB, w *app.Workspace, incident, source id.ID, basis string) {
	t.Helper()
	s := casebook.Statement{Record: incident, Kind: "incident", Source: source, Basis: basis, Fields: kind.Values{"type": {kind.Of("MT02.1")}}}
	if _, problems, err := w.State(t.Context(), s, "save"); err != nil || len(problems) > 0 {
		t.Fatal(problems, err)
	}
}

func person(t testing.TB, w *app.Workspace, pseudonym string) id.ID {
	t.Helper()
	p := w.NewRecord()
	say(t, w, p, "person", id.ID{}, "pseudonym", pseudonym)
	return p
}

func level(t testing.TB, w *app.Workspace, incident id.ID) string {
	t.Helper()
	row, err := w.Index().Row(t.Context(), incident)
	if err != nil {
		t.Fatal(err)
	}
	return row.Values.Get("verification")
}

// R16, VS-4: reasons, alternatives, contrary material, independent sources and two
// different members' signatures; one member cannot sign twice.
func TestR16ReasonableGroundsNeedTwoMembersAndIndependentSources(t *testing.T) {
	w := create(t)
	defer w.Close()
	a, b, c := person(t, w, "Hana"), person(t, w, "Duri"), person(t, w, "Seri")
	report := w.NewRecord()
	say(t, w, report, "source", id.ID{}, "name", "A public report", "kind", "un")
	inc := w.NewRecord()
	tell(t, w, inc, a, "BK-1")
	tell(t, w, inc, b, "BK-2")
	say(t, w, w.NewRecord(), "source_dependency", id.ID{}, "a", b.String(), "b", a.String(), "kind", "same_household")

	arg := app.Argument{Level: verification.Grounds, Reasons: "independent accounts of one cell", Alternatives: "a fight among cell mates", Contrary: "the State's denial of 2004", Patterns: []id.ID{report}}
	_, missing, err := w.StateLevel(t.Context(), inc, arg)
	if err != nil || !slices.Contains(missing, verification.NeedsTwo) {
		t.Fatalf("one household is two sources: %v, %v", missing, err)
	}
	tell(t, w, inc, c, "BK-1")
	copied := w.NewRecord()
	say(t, w, copied, "source_dependency", id.ID{}, "a", c.String(), "b", a.String(), "kind", "quoted_from")
	_, missing, err = w.StateLevel(t.Context(), inc, arg)
	if err != nil || !slices.Contains(missing, verification.NeedsTwo) {
		t.Fatalf("a story that quotes another is a second source: %v, %v", missing, err)
	}
	f, err := w.Index().Fold(t.Context(), copied)
	must(t, err)
	must(t, w.Retract(t.Context(), copied, f.Accounts[0].Ref, "the two never met"))
	record, missing, err := w.StateLevel(t.Context(), inc, arg)
	if err != nil || !slices.Equal(missing, []verification.Need{verification.NeedsSignatures}) {
		t.Fatalf("only signatures are missing, got %v, %v", missing, err)
	}
	for range 2 {
		if missing, err = w.SignOff(t.Context(), record, "read both interviews"); err != nil || len(missing) != 1 {
			t.Fatalf("after one member signed: %v, %v", missing, err)
		}
	}
	if l := level(t, w, inc); l != "" {
		t.Errorf("one member raised the level to %s", l)
	}
	dir := filepath.Join(t.TempDir(), "usb")
	second := join(t, w, dir, "general")
	exchange(t, dir, w, second, w)
	if missing, err = second.SignOff(t.Context(), record, "checked the dependences"); err != nil || len(missing) != 0 {
		t.Fatalf("after two members signed: %v, %v", missing, err)
	}
	exchange(t, dir, second, w)
	if l := level(t, w, inc); l != "VS-4" {
		t.Errorf("the level after two signatures: %q", l)
	}
}

func TestALevelCannotBeWrittenPastItsArgument(t *testing.T) {
	w := create(t)
	defer w.Close()
	a := person(t, w, "Hana")
	inc := w.NewRecord()
	tell(t, w, inc, a, "BK-1")
	for field, value := range map[string]string{"verification": "VS-3", "credibility": "IC-1"} {
		s := casebook.Statement{Record: inc, Kind: "incident", Source: a, Fields: kind.Values{"type": {kind.Of("MT02.1")}, field: {kind.Of(value)}}}
		if _, problems, err := w.State(t.Context(), s, "save"); err != nil || len(problems) != 1 || problems[0].Field != field {
			t.Errorf("%s %s is written by hand: %v, %v", field, value, problems, err)
		}
	}
	if _, missing, err := w.StateLevel(t.Context(), inc, app.Argument{Level: verification.Alleged}); err != nil || len(missing) > 0 || level(t, w, inc) != "VS-1" {
		t.Errorf("one first-hand account does not allege: %v, %v", missing, err)
	}
	report := w.NewRecord()
	say(t, w, report, "source", id.ID{}, "name", "A public report", "kind", "un")
	if _, missing, err := w.StateLevel(t.Context(), inc, app.Argument{Level: verification.Consistent, Patterns: []id.ID{report}}); err != nil || len(missing) > 0 || level(t, w, inc) != "VS-2" {
		t.Errorf("raised with a pattern: %v, %v, now %s", missing, err, level(t, w, inc))
	}
	if r, err := w.Index().Fold(t.Context(), inc); err != nil || r.Contested() || len(r.Field("verification").Claims) != 2 {
		t.Errorf("the earlier level is gone, or awaits a choice: %+v %v", r.Field("verification"), err)
	}
}
