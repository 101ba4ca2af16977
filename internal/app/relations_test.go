package app_test

import (
	"bytes"
	"testing"

	"example.org/amparo/fault"
	"example.org/amparo/id"
	"example.org/amparo/internal/app"
)

// A tie is seen from both ends; somebody who withdrew is not named in it (R05).
func TestR05ATieIsSeenFromBothEndsAndNamesNobodyWhoWithdrew(t *testing.T) {
	w := create(t)
	defer w.Close()
	a, b := person(t, w, "Hana"), person(t, w, "Duri")
	tie := w.NewRecord()
	say(t, w, tie, "relationship", id.ID{}, "person", a.String(), "type", "RL-PAR", "other", b.String())
	ties := func(p id.ID) []app.Tie {
		out, err := w.Desk().Relations(t.Context(), p, "en")
		must(t, err)
		return out
	}
	if got := ties(a); len(got) != 1 || got[0].Other != b || got[0].Title != "Duri" || got[0].Inverse || got[0].Type == "" {
		t.Errorf("from the one: %+v", got)
	}
	if got := ties(b); len(got) != 1 || got[0].Other != a || !got[0].Inverse {
		t.Errorf("from the other: %+v", got)
	}
	if _, err := w.Desk().Relations(t.Context(), tie, "en"); fault.KindOf(err) != fault.NotFound {
		t.Errorf("relations of what is no person: %v", err)
	}
	say(t, w, w.NewRecord(), "consent", id.ID{}, "person", b.String(), "purpose", "CO-01", "state", "CS-3")
	for _, got := range ties(a) {
		if got.Other == b || got.Title != "" {
			t.Errorf("who withdrew is named: %+v", got)
		}
	}
}

// R26: what left with a person in it is on the person's own list, and on nobody else's.
func TestR26APersonsUsesAreTheExportsThatHoldThePerson(t *testing.T) {
	w := create(t)
	defer w.Close()
	p := testimony(t, w, "Hana", "김철수", "x")
	other := person(t, w, "Duri")
	rec, ref := attach(t, w, p.person, []byte("a recording"))
	must(t, w.TakeOut(t.Context(), rec, ref, true, app.ExportOptions{Purpose: "expert opinion", Recipient: "a doctor"}, &bytes.Buffer{}))
	uses, err := w.Uses(t.Context(), p.person)
	must(t, err)
	if len(uses) != 1 || uses[0].Line.Recipient != "a doctor" {
		t.Errorf("uses: %+v", uses)
	}
	if uses, err = w.Uses(t.Context(), other); err != nil || len(uses) != 0 {
		t.Errorf("uses of somebody else: %+v %v", uses, err)
	}
}
