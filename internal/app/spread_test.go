package app_test

import (
	"fmt"
	"testing"

	"example.org/amparo/fault"
	"example.org/amparo/id"
	"example.org/amparo/internal/app"
	"example.org/amparo/internal/casebook"
	"example.org/amparo/internal/figure"
)

// crossed records a person with a crossing, and what the person allows of statistics.
func crossed(t *testing.T, w *app.Workspace, n int, place, period, state string) id.ID {
	t.Helper()
	p := person(t, w, fmt.Sprintf("Hana-%d", n))
	say(t, w, w.NewRecord(), "journey", id.ID{}, "person", p.String(), "from", place, "period", period)
	answer := []string{"person", p.String(), "purpose", "CO-03", "state", state}
	if state == "CS-1" {
		answer = append(answer, "text_version", "1", "language", "ko", "method", "signed", "date", "2020-01-01")
	}
	say(t, w, w.NewRecord(), "consent", id.ID{}, answer...)
	return p
}

// counted counts the map of crossings anew and opens it, and says why if it was refused.
func counted(t *testing.T, w *app.Workspace) (s *figure.Spread, refused string) {
	t.Helper()
	r, err := w.CountSpread(t.Context(), "journey", "test")
	must(t, err)
	if r != nil {
		refused = r.Code
	}
	s, err = w.Spread(t.Context(), "journey")
	must(t, err)
	return s, refused
}

// shownOf is a count of a view; -1 is hidden.
func shownOf(s *figure.Spread, table, first, second string) int64 {
	c := s.Count(table, first, second)
	if c.Hidden {
		return -1
	}
	return c.People
}

// R05, R11: the map counts those whose consent covers statistics, each once, and hides what is small
// together with what would give it away.
func TestR05R11TheMapCountsWhoAgreedAndHidesWhatIsSmall(t *testing.T) {
	w := create(t)
	defer w.Close()
	n := 0
	for place, count := range map[string]int{"KP-ONS": 14, "KP-HOE": 12, "KP-MUS": 3} {
		for range count {
			n++
			crossed(t, w, n, place, "1998-11", "CS-1")
		}
	}
	var last id.ID
	for range 11 { // "in the autumn of 1998": the month is not known
		n++
		last = crossed(t, w, n, "KP-ONS", "1998-23", "CS-1")
	}
	for range 20 {
		n++
		crossed(t, w, n, "KP-HOE", "1998-11", "CS-2")
	}
	twice := crossed(t, w, 0, "KP-ONS", "1999", "CS-1") // known under another name, later
	must(t, w.Link(t.Context(), last, twice, casebook.Same, "one scar"))
	s, refused := counted(t, w)
	if refused != "" {
		t.Fatal(refused)
	}
	for _, tc := range []struct {
		place, period string
		want          int64
	}{{"", "", 40}, {"KP-ONS", "1998–2000", 25}, {"KP-MUS", "1998–2000", -1}, {"KP-MUS", "", -1}} {
		if got := shownOf(s, "place", tc.place, tc.period); got != tc.want {
			t.Errorf("%q %q: %d, want %d", tc.place, tc.period, got, tc.want)
		}
	}
	if got := shownOf(s, "place", "KP-HOE", "1998–2000"); got != -1 {
		t.Errorf("KP-HOE is shown as %d: with the totals it gives away KP-MUS", got)
	}
	if nov, open := shownOf(s, "calendar", "autumn", "11"), shownOf(s, "calendar", "autumn", "autumn, not known"); nov != 29 || open != 11 {
		t.Errorf("November %d and some month of autumn %d, want 29 and 11", nov, open)
	}
	// A withdrawal is in no view that is counted after it: here one of them all would be missed, so
	// that there is none.
	say(t, w, w.NewRecord(), "consent", id.ID{}, "person", last.String(), "purpose", "CO-03", "state", "CS-3")
	if s, refused := counted(t, w); refused != "few_since_view" || shownOf(s, "place", "", "") != 40 {
		t.Errorf("after a withdrawal %d are counted (%q): the difference tells who withdrew", shownOf(s, "place", "", ""), refused)
	}
	for range 42 {
		n++
		crossed(t, w, n, "KP-ONS", "1998-11", "CS-1")
	}
	if s, refused := counted(t, w); refused != "" || shownOf(s, "place", "", "") != 81 {
		t.Errorf("with as many more, and without whoever withdrew: %d (%q), want 81", shownOf(s, "place", "", ""), refused)
	}
}

func TestR03NoMapOfHidingPlaces(t *testing.T) {
	w := create(t)
	defer w.Close()
	for _, name := range []string{"hiding_period", "person", "leg", "nonsense"} {
		if _, err := w.Spread(t.Context(), name); fault.KindOf(err) != fault.NotFound {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := w.CountSpread(t.Context(), name, "test"); fault.KindOf(err) != fault.NotFound {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// What is said of all records at once is what is said of each.
func TestLeadsSayWhatSameAsSays(t *testing.T) {
	w := create(t)
	defer w.Close()
	var ps []id.ID
	for i := range 6 {
		ps = append(ps, person(t, w, fmt.Sprintf("Hana-%d", i)))
	}
	for _, pair := range [][2]int{{3, 1}, {1, 4}, {5, 0}} {
		must(t, w.Link(t.Context(), ps[pair[0]], ps[pair[1]], casebook.Same, "one scar"))
	}
	must(t, w.Link(t.Context(), ps[2], ps[0], casebook.Different, "two scars"))
	leads, err := w.Index().Leads(t.Context())
	must(t, err)
	for i, p := range ps {
		same, _, err := w.Index().SameAs(t.Context(), p)
		must(t, err)
		want := p
		for _, s := range same {
			if s.Compare(want) < 0 {
				want = s
			}
		}
		got, paired := leads[p]
		if paired != (len(same) > 0) || paired && got != want {
			t.Errorf("person %d: lead %v (%t), want %v", i, got, paired, want)
		}
	}
}
