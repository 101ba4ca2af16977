package app_test

import (
	"path/filepath"
	"slices"
	"testing"

	"example.org/amparo/fault"
	"example.org/amparo/id"
	"example.org/amparo/internal/app"
	"example.org/amparo/internal/casebook"
	"example.org/amparo/internal/index"
	"example.org/amparo/internal/kind"
	"example.org/amparo/internal/verification"
)

// beaten is an incident that one person suffered and tells.
func beaten(t testing.TB, w *app.Workspace, who id.ID, basis string) id.ID {
	t.Helper()
	inc := w.NewRecord()
	s := casebook.Statement{Record: inc, Kind: "incident", Source: who, Basis: basis, Fields: kind.Values{"type": {kind.Of("MT02.1")}, "victims": {kind.Of(who.String())}, "facility_type": {kind.Of("FT-SSD-K")}, "date": {kind.Of("2001")}}}
	if _, problems, err := w.State(t.Context(), s, "save"); err != nil || len(problems) > 0 {
		t.Fatal(problems, err)
	}
	return inc
}

// three are three persons who allow the comparison of their accounts, each with an incident.
func three(t testing.TB, w *app.Workspace) (persons, incidents []id.ID) {
	t.Helper()
	for _, name := range []string{"Hana", "Duri", "Seri"} {
		p := person(t, w, name)
		agree(t, w, p, "CO-02", "CS-1", "2004-01-05")
		persons, incidents = append(persons, p), append(incidents, beaten(t, w, p, "BK-1"))
	}
	return persons, incidents
}

func finding(t testing.TB, w *app.Workspace, incidents ...id.ID) id.ID {
	t.Helper()
	f, problems, err := w.MakeFinding(t.Context(), app.NewFinding{Type: "MT02.1", Facility: "FT-SSD-K", Period: "1998/2003", Incidents: incidents})
	if err != nil || len(problems) > 0 {
		t.Fatal(problems, err)
	}
	return f
}

func statedLevel(t testing.TB, w *app.Workspace, finding id.ID) string {
	t.Helper()
	row, err := w.Index().Row(t.Context(), finding)
	if err != nil {
		t.Fatal(err)
	}
	return row.Values.Get("level")
}

// A finding rests on chosen incidents; what each level needs follows from their sources, and
// two who depend on each other are one.
func TestAFindingRestsOnIncidentsAndIndependentSources(t *testing.T) {
	w := create(t)
	defer w.Close()
	persons, incidents := three(t, w)
	f := finding(t, w, incidents[:2]...)
	got := argued(t, w, f)
	if want := (verification.Extent{Incidents: 2, Persons: 2, Clusters: 2}); got.Finding.Extent != want || !got.Finding.Bounded || got.Ceiling != verification.Corroborated {
		t.Fatalf("%+v, ceiling %s", got.Finding, got.Ceiling)
	}
	say(t, w, w.NewRecord(), "source_dependency", id.ID{}, "a", persons[1].String(), "b", persons[0].String(), "kind", "same_household")
	if got = argued(t, w, f); got.Clusters != 1 || got.Ceiling.Above(verification.Alleged) || len(got.Ties) != 1 || !slices.Contains(got.Steps[2].Missing, verification.NeedsTwo) {
		t.Errorf("one household: %d sources, ceiling %s, %v", got.Clusters, got.Ceiling, got.Steps)
	}
	must(t, w.AddIncidents(t.Context(), f, incidents[2:]))
	if got = argued(t, w, f); got.Clusters != 2 || got.Finding.Extent.Incidents != 3 || got.Ceiling != verification.Corroborated || !slices.Equal(got.Finding.Incidents[0].Sources, []int{1}) && !slices.Equal(got.Finding.Incidents[0].Sources, []int{2}) {
		t.Errorf("with a third: %+v, ceiling %s", got.Finding, got.Ceiling)
	}
	// one of the incidents is found wrong: it carries nothing any more
	if _, missing, err := w.Argue(t.Context(), incidents[2], app.Argument{Level: verification.Wrong, Reasons: "the teller took it back"}); err != nil || len(missing) > 0 {
		t.Fatal(missing, err)
	}
	if got = argued(t, w, f); got.Finding.Extent.Incidents != 2 || got.Ceiling.Above(verification.Alleged) || !slices.ContainsFunc(got.Finding.Incidents, func(l app.IncidentLine) bool { return l.Wrong && len(l.Sources) == 0 }) {
		t.Errorf("after one was found wrong: %+v", got.Finding)
	}
	list, total, err := w.Findings(t.Context(), "en")
	if err != nil || total != 1 || len(list) != 1 || list[0].Ceiling != got.Ceiling || list[0].Extent != got.Finding.Extent {
		t.Errorf("the list: %+v %d %v", list, total, err)
	}
}

// R16: a finding reaches reasonable grounds by two members' signatures and something besides
// the accounts; a finding of our own on the same accounts is nothing besides them, and no
// level is typed.
func TestR16AFindingIsSignedByTwoAndNeverCarriesItself(t *testing.T) {
	w := create(t)
	defer w.Close()
	_, incidents := three(t, w)
	f := finding(t, w, incidents...)
	s := casebook.Statement{Record: f, Kind: "pattern", Fields: kind.Values{"level": {kind.Of("VS-4")}}}
	if _, problems, err := w.State(t.Context(), s, "save"); err != nil || len(problems) == 0 {
		t.Errorf("a level was typed: %v %v", problems, err)
	}
	arg := app.Argument{Level: verification.Grounds, Reasons: "three persons of three cells", Alternatives: "one cruel guard", Contrary: "the State's denial of 2004", Patterns: []id.ID{f}}
	_, missing, err := w.Argue(t.Context(), f, arg)
	if err != nil || !slices.Contains(missing, verification.NeedsMore) {
		t.Fatalf("the finding carries itself: %v %v", missing, err)
	}
	again := finding(t, w, incidents...)
	arg.Patterns = []id.ID{again}
	if _, missing, err = w.Argue(t.Context(), f, arg); err != nil || !slices.Contains(missing, verification.NeedsMore) {
		t.Fatalf("a second finding on the same incidents carries the first: %v %v", missing, err)
	}
	if _, missing, err = w.Argue(t.Context(), incidents[0], app.Argument{Level: verification.Consistent, Patterns: []id.ID{f}}); err != nil || len(missing) > 0 {
		t.Errorf("a finding that stands without this incident does not carry it: %v %v", missing, err)
	}
	report := w.NewRecord()
	say(t, w, report, "source", id.ID{}, "name", "A public report", "kind", "un")
	arg.Patterns = []id.ID{report}
	argument, missing, err := w.Argue(t.Context(), f, arg)
	if err != nil || !slices.Equal(missing, []verification.Need{verification.NeedsSignatures}) {
		t.Fatalf("missing %v, want the signatures: %v", missing, err)
	}
	if missing, err = w.Sign(t.Context(), f, argument, "read the three interviews"); err != nil || len(missing) != 1 {
		t.Fatalf("one signature: %v %v", missing, err)
	}
	if _, err = w.Sign(t.Context(), f, argument, "and once more"); fault.KindOf(err) != fault.Conflict || statedLevel(t, w, f) != "" {
		t.Errorf("one member signed twice: %v, level %q", err, statedLevel(t, w, f))
	}
	dir := filepath.Join(t.TempDir(), "usb")
	second := join(t, w, dir, "general")
	exchange(t, dir, w, second, w)
	if missing, err = second.Sign(t.Context(), f, argument, "checked the dependences"); err != nil || len(missing) > 0 || statedLevel(t, second, f) != "VS-4" {
		t.Fatalf("two signatures: %v %v, level %q", missing, err, statedLevel(t, second, f))
	}
	if got := argued(t, second, f); !got.Finding.Systematic || got.Finding.Weaker {
		t.Errorf("at reasonable grounds, for a facility and a period: %+v", got.Finding)
	}
}

// A finding rests on those alone who allow their accounts to be compared, asked at each
// opening; the level that was stated is then shown to be more than is carried.
func TestR05AFindingRestsOnWhoAllowsComparisonAlone(t *testing.T) {
	w := create(t)
	defer w.Close()
	persons, incidents := three(t, w)
	silent := beaten(t, w, person(t, w, "Bom"), "BK-1")
	if _, _, err := w.MakeFinding(t.Context(), app.NewFinding{Type: "MT02.1", Incidents: []id.ID{incidents[0], silent}}); fault.KindOf(err) != fault.NotFound {
		t.Errorf("an incident of somebody who was never asked: %v", err)
	}
	res, err := w.Candidates(t.Context(), index.Query{Limit: 10})
	must(t, err)
	if len(res.Rows) != 3 || slices.ContainsFunc(res.Rows, func(r index.Row) bool { return r.ID == silent }) {
		t.Errorf("%d incidents are offered, want the three that may be compared", len(res.Rows))
	}
	f := finding(t, w, incidents[:2]...)
	if _, missing, err := w.Argue(t.Context(), f, app.Argument{Level: verification.Corroborated, Reasons: "two cells"}); err != nil || len(missing) > 0 || statedLevel(t, w, f) != "VS-3" {
		t.Fatal(missing, err)
	}
	agree(t, w, persons[0], "CO-02", "CS-3", "2005-01-05")
	got := argued(t, w, f)
	if got.Finding.Extent != (verification.Extent{Incidents: 1, Persons: 1, Clusters: 1}) || got.Finding.NotCovered != 1 || !got.Finding.Weaker || got.Level != verification.Corroborated {
		t.Errorf("after one withdrew: %+v, level %s, ceiling %s", got.Finding, got.Level, got.Ceiling)
	}
	if slices.ContainsFunc(got.Evidence, func(e app.EvidenceLine) bool { return e.Source == persons[0] }) {
		t.Error("who withdrew is still a source")
	}
}

// Incidents that were found wrong are neither offered nor counted, and take no place from those
// that follow them.
func TestIncidentsFoundWrongTakeNoPlaceAmongThoseOffered(t *testing.T) {
	w := create(t)
	defer w.Close()
	p := person(t, w, "Hana")
	agree(t, w, p, "CO-02", "CS-1", "2004-01-05")
	var good []id.ID
	for range 3 {
		good = append(good, beaten(t, w, p, "BK-1"))
	}
	elsewhere := w.NewRecord()
	say(t, w, elsewhere, "incident", p, "type", "MT02.2", "victims", p.String())
	offered := func(limit, offset int) (out []id.ID, total int) {
		t.Helper()
		res, err := w.Candidates(t.Context(), index.Query{Filters: map[string][]string{"type": {"MT02.1"}}, Limit: limit, Offset: offset})
		must(t, err)
		for _, r := range res.Rows {
			out = append(out, r.ID)
		}
		return out, res.Total
	}
	for range 7 { // changed last, so they come first
		if _, missing, err := w.Argue(t.Context(), beaten(t, w, p, "BK-1"), app.Argument{Level: verification.Wrong, Reasons: "the teller took it back"}); err != nil || len(missing) > 0 {
			t.Fatal(missing, err)
		}
	}
	for _, limit := range []int{0, 1, 2, 3, 5} {
		got, total := offered(limit, 0)
		if total != 3 || len(got) != min(limit, 3) || slices.ContainsFunc(got, func(x id.ID) bool { return !slices.Contains(good, x) }) {
			t.Errorf("at most %d: %d are offered of %d, want %d of 3", limit, len(got), total, min(limit, 3))
		}
	}
	if got, total := offered(2, 2); len(got) != 1 || total != 3 {
		t.Errorf("the second page: %d of %d, want 1 of 3", len(got), total)
	}
	if _, missing, err := w.Argue(t.Context(), good[0], app.Argument{Level: verification.Wrong, Reasons: "taken back too"}); err != nil || len(missing) > 0 {
		t.Fatal(missing, err)
	}
	if got, total := offered(10, 0); total != 2 || len(got) != 2 || slices.Contains(got, good[0]) {
		t.Errorf("one more found wrong: %d of %d, want 2 of 2", len(got), total)
	}
}

func TestAFindingSaysWhatIsWrongWithIt(t *testing.T) {
	w := create(t)
	defer w.Close()
	_, incidents := three(t, w)
	_, problems, err := w.MakeFinding(t.Context(), app.NewFinding{Type: "MT02.1", Period: "someday"})
	must(t, err)
	var fields []string
	for _, p := range problems {
		fields = append(fields, p.Field)
	}
	if !slices.Equal(fields, []string{"period", "rests_on"}) {
		t.Errorf("problems of %v", fields)
	}
	if _, problems, err = w.MakeFinding(t.Context(), app.NewFinding{Incidents: incidents}); err != nil || len(problems) == 0 {
		t.Errorf("a finding on no type of act: %v %v", problems, err)
	}
	n, err := w.Desk().Counts(t.Context())
	if err != nil || n["pattern"] != 0 {
		t.Errorf("a finding with problems was recorded: %v %v", n["pattern"], err)
	}
}
