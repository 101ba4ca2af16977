package app_test

import (
	"slices"
	"testing"

	"example.org/amparo/fault"
	"example.org/amparo/id"
	"example.org/amparo/internal/app"
	"example.org/amparo/internal/verification"
)

func argued(t *testing.T, w *app.Workspace, incident id.ID) *app.Argued {
	t.Helper()
	a, err := w.Argued(t.Context(), incident, "en")
	must(t, err)
	return a
}

// What speaks against an incident stays in every later argument, and the level it raises
// needs an answer to it.
func TestWhatSpeaksAgainstIsNeverLeftOutLater(t *testing.T) {
	w := create(t)
	defer w.Close()
	a, b := person(t, w, "Hana"), person(t, w, "Duri")
	denial := w.NewRecord()
	say(t, w, denial, "source", id.ID{}, "name", "A denial", "kind", "un")
	inc := w.NewRecord()
	tell(t, w, inc, a, "BK-1")
	tell(t, w, inc, b, "BK-3")
	_, missing, err := w.Argue(t.Context(), inc, app.Argument{Level: verification.Alleged, Against: []id.ID{denial}})
	if err != nil || len(missing) > 0 {
		t.Fatal(missing, err)
	}
	_, missing, err = w.Argue(t.Context(), inc, app.Argument{Level: verification.Corroborated, Reasons: "two accounts"})
	if err != nil || !slices.Equal(missing, []verification.Need{verification.NeedsContrary}) {
		t.Fatalf("the denial was forgotten: %v, %v", missing, err)
	}
	got := argued(t, w, inc)
	if len(got.Arguments) != 2 || got.Arguments[0].Argument.Level != verification.Corroborated || !slices.Equal(got.Arguments[0].Argument.Against, []id.ID{denial}) {
		t.Errorf("the newest argument: %+v", got.Arguments)
	}
	if got.Level != verification.Alleged || got.Ceiling != verification.Corroborated || got.Clusters != 2 {
		t.Errorf("level %s, ceiling %s, %d clusters", got.Level, got.Ceiling, got.Clusters)
	}
	if !slices.ContainsFunc(got.Evidence, func(e app.EvidenceLine) bool { return e.Against && e.Title == "A denial" && e.Cluster == 0 }) {
		t.Errorf("the denial is not among the sources: %+v", got.Evidence)
	}
	if len(got.Steps) != 4 || len(got.Steps[0].Missing) != 0 || !slices.Contains(got.Steps[3].Missing, verification.NeedsSignatures) {
		t.Errorf("what each level needs: %+v", got.Steps)
	}
	say(t, w, w.NewRecord(), "source_dependency", id.ID{}, "a", b.String(), "b", a.String(), "kind", "same_household")
	if got = argued(t, w, inc); got.Clusters != 1 || got.Ceiling.Above(verification.Consistent) || len(got.Ties) != 1 {
		t.Errorf("one household: ceiling %s, %d clusters, ties %v", got.Ceiling, got.Clusters, got.Ties)
	}
}

func TestOneMemberSignsOnceAndOnlyOnTheIncidentOfTheArgument(t *testing.T) {
	w := create(t)
	defer w.Close()
	inc, other := w.NewRecord(), w.NewRecord()
	tell(t, w, inc, person(t, w, "Hana"), "BK-1")
	tell(t, w, other, person(t, w, "Duri"), "BK-1")
	argument, _, err := w.Argue(t.Context(), inc, app.Argument{Level: verification.Grounds, Reasons: "it was proved by one account"})
	must(t, err)
	if _, err := w.Sign(t.Context(), other, argument, "read it"); fault.KindOf(err) != fault.NotFound {
		t.Errorf("signed on another incident: %v", err)
	}
	if _, err := w.Sign(t.Context(), inc, argument, ""); fault.KindOf(err) != fault.Invalid {
		t.Errorf("signed without a reason: %v", err)
	}
	missing, err := w.Sign(t.Context(), inc, argument, "read the interview")
	if err != nil || !slices.Contains(missing, verification.NeedsSignatures) {
		t.Errorf("after one signature: %v, %v", missing, err)
	}
	if _, err := w.Sign(t.Context(), inc, argument, "read it again"); fault.KindOf(err) != fault.Conflict {
		t.Errorf("signed twice: %v", err)
	}
	l := argued(t, w, inc).Arguments[0]
	if len(l.Signatures) != 1 || !l.Signed || l.Signatures[0].Reason != "read the interview" {
		t.Errorf("signatures: %+v", l.Signatures)
	}
	if len(l.Overstated) != 1 || l.Overstated[0].Phrase != "proved" {
		t.Errorf("R16: words that say more than the level: %+v", l.Overstated)
	}
}

// R05: an incident that somebody told who withdrew since is not there: it is neither read
// nor argued nor signed for.
func TestR05WhoWithdrewCarriesNoLevel(t *testing.T) {
	w := create(t)
	defer w.Close()
	a, b := person(t, w, "Hana"), person(t, w, "Duri")
	inc := w.NewRecord()
	tell(t, w, inc, a, "BK-1")
	tell(t, w, inc, b, "BK-1")
	argument, _, err := w.Argue(t.Context(), inc, app.Argument{Level: verification.Alleged})
	if got := argued(t, w, inc); err != nil || got.Clusters != 2 {
		t.Fatalf("%d clusters before, %v", got.Clusters, err)
	}
	say(t, w, w.NewRecord(), "consent", id.ID{}, "person", b.String(), "purpose", "CO-01", "state", "CS-3")
	_, err = w.Argued(t.Context(), inc, "en")
	_, _, err2 := w.Argue(t.Context(), inc, app.Argument{Level: verification.Alleged})
	_, err3 := w.Sign(t.Context(), inc, argument, "read the interview")
	_, err4 := w.Assess(t.Context(), inc, app.Argument{})
	for name, err := range map[string]error{"read": err, "argued": err2, "signed": err3, "assessed": err4} {
		if fault.KindOf(err) != fault.NotFound {
			t.Errorf("%s after the withdrawal: %v", name, err)
		}
	}
}
