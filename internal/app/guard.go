package app

import (
	"slices"
	"strings"

	"example.org/amparo/fault"
	"example.org/amparo/internal/kind"
	"example.org/amparo/internal/whereabouts"
)

// notWords are text fields that hold numbers by their nature: of a passport, a file, a
// minute of a recording, a time of the day; or that are sealed twice.
var notWords = []string{"id_numbers", "hash", "key_hash", "time_code", "export", "clock", "question_box", "codes"}

// checkWords keeps out of free text what would lead to a protected person (R03). Public
// facts may hold an address: an embassy has one.
func checkWords(k *kind.Kind, vs kind.Values) []fault.Problem {
	if len(k.Subject) == 0 {
		return nil
	}
	var out []fault.Problem
	for _, f := range k.Fields {
		if f.Type != kind.TypeText || slices.Contains(notWords, f.Name) {
			continue
		}
		for _, v := range vs[f.Name] {
			if v.State != kind.Given {
				continue
			}
			for _, t := range whereabouts.Find(v.Text) {
				out = append(out, fault.Problem{Kind: k.Name, Field: f.Name, Value: masked(v.Text[t.From:t.To]), Reason: t.Class.Text("en"),
					Remedy: "take it out and write what kind of thing stood there, in square brackets; how to reach the person belongs with whoever keeps the contact", Code: "whereabouts", Args: []any{t.Class}})
			}
		}
	}
	return out
}

// masked shows enough of a find to recognise it and not enough to use it.
func masked(s string) string {
	rs := []rune(s)
	if len(rs) <= 4 {
		return strings.Repeat("•", len(rs))
	}
	return string(rs[:2]) + strings.Repeat("•", len(rs)-4) + string(rs[len(rs)-2:])
}
