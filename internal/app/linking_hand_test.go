package app_test

import (
	"slices"
	"testing"
	"time"

	"example.org/amparo/id"
	"example.org/amparo/internal/app"
)

// In a workspace where bringing the run up to date takes long, a page shows it as it
// stands, says how much it does not know yet, and never anybody who withdrew.
func TestR05ARunShownAsItStandsHoldsNobodyWhoWithdrew(t *testing.T) {
	w, _ := invented(t, 40)
	defer w.Close()
	shown := func() (*app.Linking, int) {
		t.Helper()
		l, behind, err := w.LinkingAtHand(t.Context(), "person")
		must(t, err)
		if l == nil {
			t.Fatal("no run within the patience of a page")
		}
		return l, behind
	}
	l, behind := shown()
	who := l.Records()[0]
	if behind != 0 {
		t.Errorf("a new run is %d records behind", behind)
	}

	w.Pretend("person", time.Hour)
	came, _ := toldAgain(t, w, who)
	l, behind = shown()
	if slices.Contains(l.Records(), came) || behind == 0 {
		t.Errorf("the run was brought up to date though that takes long: %d behind", behind)
	}

	agree(t, w, who, "CO-02", "CS-3", "2012-04-02")
	l, _ = shown()
	if slices.Contains(l.Records(), who) {
		t.Error("a person who withdrew is in the run that is shown")
	}
	if !slices.Contains(l.Records(), came) {
		t.Error("the run that had to be made anew lacks who came meanwhile")
	}

	w.Pretend("person", time.Hour)
	erased := l.Records()[1]
	_, err := w.Erase(t.Context(), erased, "asked for it")
	must(t, err)
	if l, _ = shown(); slices.Contains(l.Records(), erased) {
		t.Error("an erased person is in the run that is shown")
	}
}

// Where it takes no time, what was recorded is in the run that the next page shows.
func TestARunAtHandIsUpToDateWhereThatIsQuick(t *testing.T) {
	w, _ := invented(t, 30)
	defer w.Close()
	l, _, err := w.LinkingAtHand(t.Context(), "person")
	must(t, err)
	var came []id.ID
	for _, who := range l.Records()[:6] {
		rec, _ := toldAgain(t, w, who)
		if ok, err := reading(t, w, "CO-02").Has(t.Context(), rec); err != nil || !ok {
			continue // a child, who cannot consent alone
		}
		came = append(came, rec)
		w.Pretend("person", time.Millisecond)
		l, behind, err := w.LinkingAtHand(t.Context(), "person")
		must(t, err)
		if behind != 0 || !slices.Contains(l.Records(), rec) {
			t.Errorf("%d behind", behind)
		}
	}
	if len(came) < 2 {
		t.Fatal("too few came: nothing is tested")
	}
	w.Pretend("person", time.Millisecond)
	if l, _, err = w.LinkingAtHand(t.Context(), "person"); err != nil || !slices.Contains(l.Records(), came[0]) {
		t.Error(err)
	}
}

// What an update took and has not brought in yet counts as not known to the run.
func TestARunAtHandIsBehindWhileItIsBroughtUpToDate(t *testing.T) {
	w, _ := invented(t, 30)
	defer w.Close()
	var l *app.Linking
	for l == nil { // the machine may be slow
		var err error
		l, _, err = w.LinkingAtHand(t.Context(), "person")
		must(t, err)
	}
	w.Pretend("person", time.Hour)
	toldAgain(t, w, l.Records()[0])
	bring := w.TakeNews("person")
	if _, behind, err := w.LinkingAtHand(t.Context(), "person"); err != nil || behind == 0 {
		t.Errorf("%d behind while the news is on its way (%v)", behind, err)
	}
	bring()
	if _, behind, err := w.LinkingAtHand(t.Context(), "person"); err != nil || behind != 0 {
		t.Errorf("%d behind once it is there (%v)", behind, err)
	}
}

// A workspace closes while something is at work behind a page.
func TestAWorkspaceClosesWhileARunIsMade(t *testing.T) {
	w, _ := invented(t, 60)
	w.BeginLinking("person")
	if err := w.Close(); err != nil {
		t.Error(err)
	}
}
