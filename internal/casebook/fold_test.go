package casebook_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"example.org/amparo/fault"
	"example.org/amparo/id"
	"example.org/amparo/internal/casebook"
	"example.org/amparo/internal/journal"
	"example.org/amparo/internal/kind"
)

var record = id.ID{7}

func given(text string) []kind.Value { return []kind.Value{{State: kind.Given, Text: text}} }

// history draws acts on one record by up to three devices: accounts, corrections,
// choices, links, and retractions of any of them, retractions too.
func history(t *rapid.T) []casebook.Stated {
	var acts []casebook.Stated
	next := map[byte]uint64{}
	n := rapid.IntRange(1, 14).Draw(t, "acts")
	for i := range n {
		device := byte(rapid.IntRange(1, 3).Draw(t, "device"))
		ref := journal.Ref{Device: id.ID{device}, Number: next[device]}
		next[device]++
		a := &casebook.Act{At: journal.HLC(i/2 + 1), Member: id.ID{device}, Record: record}
		var target *journal.Ref
		if len(acts) > 0 {
			r := rapid.SampledFrom(acts).Draw(t, "target").Ref
			target = &r
		}
		switch verb := rapid.IntRange(0, 9).Draw(t, "verb"); {
		case verb < 5 || target == nil:
			a.Verb, a.Kind, a.Source = casebook.State, "incident", id.ID{byte(20 + verb)}
			a.Fields = kind.Values{}
			for _, f := range rapid.SliceOfDistinct(rapid.SampledFrom([]string{"type", "place", "agency"}), rapid.ID).Draw(t, "fields") {
				a.Fields[f] = given(rapid.SampledFrom([]string{"x", "y", "z"}).Draw(t, "value"))
			}
			if target != nil && verb == 4 {
				a.Corrects = target
			}
		case verb == 5:
			a.Verb, a.Field, a.Target, a.Reason = casebook.Choose, "type", target, "the papers say so"
		case verb == 6:
			a.Verb, a.Other, a.Verdict = casebook.Link, id.ID{byte(rapid.IntRange(30, 32).Draw(t, "other"))}, casebook.Verdict(rapid.IntRange(1, 3).Draw(t, "verdict"))
		default:
			a.Verb, a.Target = casebook.Retract, target
		}
		acts = append(acts, casebook.Stated{Ref: ref, Act: a})
	}
	return acts
}

// text writes what a record shows: everything but the history of acts.
func text(r *casebook.Record) string {
	var b strings.Builder
	fmt.Fprintln(&b, r.Kind, r.First, r.Last)
	for _, a := range r.Accounts {
		fmt.Fprintln(&b, "account", a.Ref, a.CorrectedBy)
	}
	for _, name := range slices.Sorted(maps.Keys(r.Fields)) {
		f := r.Fields[name]
		j, _ := json.Marshal(f.Claims)
		fmt.Fprintln(&b, name, string(j), f.Contested, f.Choice != nil, f.Current())
	}
	for _, l := range r.Links {
		fmt.Fprintln(&b, "link", l.Ref, l.Act.Other, l.Act.Verdict)
	}
	return b.String()
}

func TestARecordDoesNotDependOnTheOrderOfArrival(t *testing.T) {
	set := kind.Builtin()
	rapid.Check(t, func(t *rapid.T) {
		acts := history(t)
		want := text(casebook.Fold(record, acts, set))
		if got := text(casebook.Fold(record, rapid.Permutation(acts).Draw(t, "arrival"), set)); got != want {
			t.Fatalf("got\n%s\nwant\n%s", got, want)
		}
	})
}

// Retracting the last act, whatever it was, restores exactly what was there before it;
// taking the retraction back restores the act.
func TestRetractingAnyActRestoresWhatWasThereBefore(t *testing.T) {
	set := kind.Builtin()
	rapid.Check(t, func(t *rapid.T) {
		acts := history(t)
		casebook.Sort(acts)
		last := acts[len(acts)-1]
		before := text(casebook.Fold(record, acts[:len(acts)-1], set))
		with := text(casebook.Fold(record, acts, set))
		undo := retract(9, last.Ref, last.Act.At+1)
		if got := text(casebook.Fold(record, append(slices.Clone(acts), undo), set)); got != before {
			t.Fatalf("after taking back %s\n%s\nwant\n%s", last.Act.Verb, got, before)
		}
		redo := retract(10, undo.Ref, last.Act.At+2)
		if got := text(casebook.Fold(record, append(slices.Clone(acts), undo, redo), set)); got != with {
			t.Fatalf("after taking the retraction back\n%s\nwant\n%s", got, with)
		}
	})
}

func retract(device byte, target journal.Ref, at journal.HLC) casebook.Stated {
	return casebook.Stated{Ref: journal.Ref{Device: id.ID{device}}, Act: &casebook.Act{Verb: casebook.Retract, At: at, Target: &target}}
}

// Retracting any act at all gives what the others alone give, as long as no other
// retraction speaks of it.
func TestRetractingAnEarlierActLeavesTheOthers(t *testing.T) {
	set := kind.Builtin()
	rapid.Check(t, func(t *rapid.T) {
		acts := slices.DeleteFunc(history(t), func(s casebook.Stated) bool { return s.Act.Verb == casebook.Retract })
		i := rapid.IntRange(0, len(acts)-1).Draw(t, "taken back")
		others := slices.Delete(slices.Clone(acts), i, i+1)
		want := text(casebook.Fold(record, others, set))
		got := text(casebook.Fold(record, append(slices.Clone(acts), retract(9, acts[i].Ref, 1000)), set))
		if got != want {
			t.Fatalf("without %s\n%s\nwant\n%s", acts[i].Act.Verb, got, want)
		}
	})
}

// No account is lost: what a source said and nobody corrected or took back is among
// the claims, chosen or not.
func TestContradictoryAccountsStandSideBySide(t *testing.T) {
	set := kind.Builtin()
	rapid.Check(t, func(t *rapid.T) {
		r := casebook.Fold(record, history(t), set)
		for _, a := range r.Accounts {
			if a.CorrectedBy != nil {
				continue
			}
			for name, values := range a.Act.Fields {
				f := r.Field(name)
				if !slices.ContainsFunc(f.Claims, func(c casebook.Claim) bool {
					return slices.Equal(c.Values, values) && slices.Contains(c.Accounts, a.Ref)
				}) {
					t.Fatalf("the word of %s on %s is gone", a.Ref, name)
				}
				if len(f.Claims) > 1 && f.Choice == nil && !f.Contested {
					t.Fatalf("%s has %d answers and is not contested", name, len(f.Claims))
				}
			}
		}
	})
}

func TestActsThatCannotBeUnderstoodAreRefused(t *testing.T) {
	for name, tc := range map[string]struct {
		act  casebook.Act
		want fault.Kind
	}{
		"an account of nothing":         {casebook.Act{Verb: casebook.State}, fault.Corrupt},
		"a choice without an account":   {casebook.Act{Verb: casebook.Choose, Record: record, Field: "type"}, fault.Corrupt},
		"a record linked to itself":     {casebook.Act{Verb: casebook.Link, Record: record, Other: record, Verdict: casebook.Same}, fault.Corrupt},
		"a link without a verdict":      {casebook.Act{Verb: casebook.Link, Record: record, Other: id.ID{8}}, fault.Corrupt},
		"a retraction of nothing":       {casebook.Act{Verb: casebook.Retract}, fault.Corrupt},
		"a verb of a newer program":     {casebook.Act{Verb: 99}, fault.Foreign},
		"an act that does not say what": {casebook.Act{}, fault.Foreign},
	} {
		if _, err := casebook.DecodeAct(tc.act.Encode()); fault.KindOf(err) != tc.want {
			t.Errorf("%s: %v, want %s", name, err, tc.want)
		}
	}
}

func FuzzDecodeAct(f *testing.F) {
	target := journal.Ref{Device: id.ID{1}}
	for _, a := range []casebook.Act{
		{Verb: casebook.State, Record: record, Kind: "incident", Fields: kind.Values{"type": given("MT02.1")}},
		{Verb: casebook.Choose, Record: record, Field: "type", Target: &target},
		{Verb: casebook.Link, Record: record, Other: id.ID{8}, Verdict: casebook.Same, Reason: "one scar"},
		{Verb: casebook.Retract, Target: &target},
	} {
		f.Add(a.Encode())
	}
	set := kind.Builtin()
	f.Fuzz(func(t *testing.T, data []byte) {
		a, err := casebook.DecodeAct(data)
		if err != nil {
			return
		}
		again, err := casebook.DecodeAct(a.Encode())
		if err != nil {
			t.Fatalf("an act that was read cannot be read again: %v", err)
		}
		casebook.Fold(a.Record, []casebook.Stated{{Ref: target, Act: again}}, set)
	})
}
