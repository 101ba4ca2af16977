package app_test

import (
	"strings"
	"testing"

	"example.org/amparo/internal/casebook"
	"example.org/amparo/internal/interview"
)

// R27: two workspaces find that both have heard one person, each reading its own names
// under its own log, and only of a person who allows matching.
func TestR27TwoOrganisationsFindTheyHeardOnePerson(t *testing.T) {
	ours, theirs := create(t), create(t)
	defer ours.Close()
	defer theirs.Close()
	secret := []byte(strings.Repeat("s", 32))
	a, b := testimony(t, ours, "Hana", "김철수", "x"), testimony(t, theirs, "Seri", "김철수", "y")
	if _, err := ours.NeedTokens(t.Context(), a.person, secret, "2026-A"); err == nil {
		t.Error("somebody who was not asked is matched")
	}
	agree(t, ours, a.person, "CO-02", "CS-1", "2003")
	agree(t, theirs, b.person, "CO-02", "CS-1", "2003")
	x, err := ours.NeedTokens(t.Context(), a.person, secret, "2026-A")
	if err != nil {
		t.Fatal(err)
	}
	y, err := theirs.NeedTokens(t.Context(), b.person, secret, "2026-A")
	if err != nil || !interview.Taken(x, y) {
		t.Errorf("the two do not find each other: %v", err)
	}
	log, err := ours.Ledger(t.Context())
	if err != nil || len(log) != 1 || log[0].Verb != casebook.Read || log[0].Record != a.identity {
		t.Errorf("reading the names is not in the log: %+v %v", log, err)
	}
}
