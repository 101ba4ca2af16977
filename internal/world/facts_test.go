package world

import (
	"encoding/csv"
	"slices"
	"strings"
	"testing"

	"example.org/amparo/id"
	"example.org/amparo/internal/kind"
)

func TestEveryRowOfThePublicFactsBecomesOneRecord(t *testing.T) {
	set := kind.Builtin()
	seen, kinds := map[id.ID]bool{}, map[string]int{}
	rows, err := Facts(set, func(e Event) error {
		if problems := set.Validate(must(set.Kind(e.Statement.Kind)), e.Statement.Fields, "save"); len(problems) > 0 {
			t.Errorf("%s: %v", e.Statement.Kind, problems)
		}
		seen[e.Statement.Record] = true
		kinds[e.Statement.Kind]++
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if rows != len(seen) {
		t.Errorf("%d rows became %d records", rows, len(seen))
	}
	if kinds["vote"] != 1635 || kinds["estimate"] != 22 || kinds["treaty_status"] != 66 {
		t.Errorf("counts by kind: %v", kinds)
	}
}

func must(k *kind.Kind, ok bool) *kind.Kind {
	if !ok {
		panic("no such kind")
	}
	return k
}

// A vote must point to the resolution it was cast on.
func TestVotesPointToResolutionsThatExist(t *testing.T) {
	resolutions, votes := map[string]bool{}, map[string]bool{}
	_, err := Facts(kind.Builtin(), func(e Event) error {
		switch e.Statement.Kind {
		case "resolution":
			resolutions[e.Statement.Record.String()] = true
		case "vote":
			votes[e.Statement.Fields.Get("resolution")] = true
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for r := range votes {
		if !resolutions[r] {
			t.Errorf("votes on %s, which is not among the resolutions", r)
		}
	}
}

// No column of a fact file is dropped without being named as dropped.
func TestNoColumnOfTheFactsIsLostUnseen(t *testing.T) {
	for _, ft := range factTables {
		b, err := factFiles.ReadFile("facts/" + ft.file + ".csv")
		if err != nil {
			t.Fatal(err)
		}
		header, err := csv.NewReader(strings.NewReader(string(b))).Read()
		if err != nil {
			t.Fatal(err)
		}
		used := append(strings.Fields(ft.leave), ft.key, "code")
		for _, c := range ft.fields {
			used = append(used, c)
		}
		for _, h := range header {
			if !slices.Contains(used, h) {
				t.Errorf("%s.csv: column %q goes nowhere", ft.file, h)
			}
		}
	}
}
