package app_test

import (
	"strings"
	"testing"

	"example.org/amparo/id"
	"example.org/amparo/internal/casebook"
	"example.org/amparo/internal/kind"
	"example.org/amparo/internal/world"
)

// R03: what would lead to a person is refused at entry in every field that takes words,
// with the reason and without repeating it; a document's number and a public address are
// not.
func TestR03WhatLeadsToAPersonIsRefusedAtEntry(t *testing.T) {
	w := create(t)
	defer w.Close()
	p := testimony(t, w, "Hana", "김철수", "x")
	for _, tc := range []struct{ kind, field, text string }{
		{"statement_unit", "verbatim", "어머니 전화는 010-1234-5678 입니다"},
		{"statement_unit", "translation", "she lives at 24 Beishan Street"},
		{"person", "safe_contact_token", "13800138000"},
		{"hiding_period", "note", "住在光明街12号"},
		{"interview", "notes", "42.9087, 129.8412"},
		{"incident", "narrative", "reach her at hana@example.org"},
	} {
		s := casebook.Statement{Record: w.NewRecord(), Kind: tc.kind, Fields: kind.Values{tc.field: {kind.Of(tc.text)}}}
		found := false
		for _, problem := range w.Check(t.Context(), s, "save") {
			if problem.Field != tc.field {
				continue
			}
			found = true
			if problem.Remedy == "" || strings.Contains(tc.text, problem.Value) && problem.Value != "" {
				t.Errorf("%s.%s: the problem repeats what it keeps out: %+v", tc.kind, tc.field, problem)
			}
		}
		if !found {
			t.Errorf("%s.%s takes %q", tc.kind, tc.field, tc.text)
		}
	}
	say(t, w, p.identity, "person_identity", id.ID{}, "id_numbers", "010-1234-5678")
	say(t, w, w.NewRecord(), "mission_incident", id.ID{}, "date", "2002-05-08", "mission", "Embassy, 24 Beishan Street")
}

// The whole synthetic world, which is written as testimony is, passes the scan: a net that
// catches dates and counts would be switched off.
func TestR03TheSyntheticWorldPassesTheScan(t *testing.T) {
	w := create(t)
	defer w.Close()
	n := 0
	_, err := world.Generate(t.Context(), world.Config{People: 200, Seed: 11}, w.Schema(), func(e world.Event) error {
		if e.Statement.Kind == "" {
			return nil
		}
		n++
		for _, p := range w.Check(t.Context(), e.Statement, "save") {
			if strings.HasPrefix(p.Reason, "reads as") {
				t.Errorf("%s.%s: %s %q", p.Kind, p.Field, p.Reason, p.Value)
			}
		}
		return nil
	})
	if err != nil || n < 1000 {
		t.Fatal(n, err)
	}
}
