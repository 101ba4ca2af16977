package verification_test

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"example.org/amparo/id"
	"example.org/amparo/internal/kind"
	"example.org/amparo/internal/verification"
)

func account(n byte, basis string) verification.Evidence {
	return verification.Evidence{Source: id.ID{n}, Basis: basis}
}

func thing(n byte, class verification.Class) verification.Evidence {
	return verification.Evidence{Source: id.ID{n}, Class: class}
}

func dep(a, b byte, kind string) verification.Dependency {
	return verification.Dependency{A: id.ID{a}, B: id.ID{b}, Kind: kind}
}

// Sources that hang together in any way are one: components of the graph, worked by hand.
func TestClustersAreConnectedComponents(t *testing.T) {
	c := verification.Case{
		Evidence: []verification.Evidence{account(1, "BK-1"), account(2, "BK-1"), account(3, "BK-3"), account(4, "BK-2"), account(5, "BK-4"), thing(6, verification.Pattern),
			{Source: id.ID{7}, Basis: "BK-1", Against: true}, account(8, "BK-1")},
		Dependencies: []verification.Dependency{dep(1, 2, "same_household"), dep(3, 9, "same_group_travel"), dep(9, 8, "same_interviewer_prompt")},
	}
	got := verification.Clusters(c)
	want := []verification.Cluster{{Sources: []id.ID{{1}, {2}}, FirstHand: true}, {Sources: []id.ID{{3}, {8}}, FirstHand: true}, {Sources: []id.ID{{4}}, FirstHand: true}}
	if len(got) != len(want) {
		t.Fatalf("%v", got)
	}
	for i := range want {
		if !slices.Equal(got[i].Sources, want[i].Sources) || got[i].FirstHand != want[i].FirstHand {
			t.Errorf("cluster %d: %v, want %v", i, got[i], want[i])
		}
	}
}

func TestEachLevelNeedsWhatItNeeds(t *testing.T) {
	two := []verification.SignOff{{Member: id.ID{1}, Reason: "read all accounts"}, {Member: id.ID{2}, Reason: "checked the clusters"}}
	full := verification.Case{
		Evidence: []verification.Evidence{account(1, "BK-1"), account(2, "BK-2"), thing(3, verification.Pattern)},
		Reasons:  "two who did not know each other", Alternatives: "a fight among cell mates", Contrary: "State denial of 2004", Signed: two,
	}
	with := func(change func(*verification.Case)) verification.Case {
		c := full
		c.Evidence = slices.Clone(full.Evidence)
		change(&c)
		return c
	}
	for _, tc := range []struct {
		name  string
		level verification.Level
		c     verification.Case
		want  []verification.Need
	}{
		{"all there", verification.Grounds, full, nil},
		{"nothing yet", verification.Received, verification.Case{}, nil},
		{"no account", verification.Alleged, verification.Case{}, []verification.Need{verification.NeedsAccount}},
		{"rumour", verification.Alleged, verification.Case{Evidence: []verification.Evidence{account(1, "BK-4")}}, []verification.Need{verification.NeedsAccount}},
		{"second hand alleges", verification.Alleged, verification.Case{Evidence: []verification.Evidence{account(1, "BK-3")}}, nil},
		{"second hand is not consistent with a pattern", verification.Consistent, verification.Case{Evidence: []verification.Evidence{account(1, "BK-3"), thing(3, verification.Pattern)}}, []verification.Need{verification.NeedsFirstHand}},
		{"no pattern", verification.Consistent, verification.Case{Evidence: []verification.Evidence{account(1, "BK-1")}}, []verification.Need{verification.NeedsPattern}},
		{"the pattern report quotes the witness", verification.Consistent, verification.Case{Evidence: []verification.Evidence{account(1, "BK-1"), thing(3, verification.Pattern)}, Dependencies: []verification.Dependency{dep(3, 1, "quoted_from")}}, []verification.Need{verification.NeedsPattern}},
		{"one cluster", verification.Corroborated, with(func(c *verification.Case) { c.Dependencies = []verification.Dependency{dep(1, 2, "same_household")} }), []verification.Need{verification.NeedsTwo}},
		{"two second-hand accounts", verification.Corroborated, verification.Case{Evidence: []verification.Evidence{account(1, "BK-3"), account(2, "BK-3")}}, []verification.Need{verification.NeedsFirstHand}},
		{"an account and a medical finding", verification.Corroborated, verification.Case{Evidence: []verification.Evidence{account(1, "BK-1"), thing(2, verification.Material)}}, nil},
		{"contrary material unanswered", verification.Corroborated, with(func(c *verification.Case) {
			c.Contrary = ""
			c.Evidence = append(c.Evidence, verification.Evidence{Source: id.ID{9}, Basis: "BK-1", Against: true})
		}), []verification.Need{verification.NeedsContrary}},
		{"accounts alone", verification.Grounds, with(func(c *verification.Case) { c.Evidence = c.Evidence[:2] }), []verification.Need{verification.NeedsMore}},
		{"no reasons", verification.Grounds, with(func(c *verification.Case) { c.Reasons = " - " }), []verification.Need{verification.NeedsReasons}},
		{"no alternatives", verification.Grounds, with(func(c *verification.Case) { c.Alternatives = "none" }), []verification.Need{verification.NeedsAlternatives}},
		{"no contrary material", verification.Grounds, with(func(c *verification.Case) { c.Contrary = "" }), []verification.Need{verification.NeedsContrary}},
		{"one signature", verification.Grounds, with(func(c *verification.Case) { c.Signed = two[:1] }), []verification.Need{verification.NeedsSignatures}},
		{"one member twice", verification.Grounds, with(func(c *verification.Case) {
			c.Signed = []verification.SignOff{two[0], {Member: id.ID{1}, Reason: "again"}}
		}), []verification.Need{verification.NeedsSignatures}},
		{"a signature without a reason", verification.Grounds, with(func(c *verification.Case) { c.Signed = []verification.SignOff{two[0], {Member: id.ID{2}}} }), []verification.Need{verification.NeedsSignatures}},
		{"found wrong without a reason", verification.Wrong, verification.Case{}, []verification.Need{verification.NeedsReasons}},
	} {
		got := verification.Missing(tc.level, tc.c)
		if !slices.Equal(got, tc.want) {
			t.Errorf("%s: missing %v, want %v", tc.name, got, tc.want)
		}
		for _, n := range got {
			if n.Text("en") == "" || n.Text("ko") == n.Text("en") || n.Text("zh") == n.Text("en") {
				t.Errorf("%s lacks words", n)
			}
		}
	}
}

func drawCase(t *rapid.T) verification.Case {
	var c verification.Case
	for range rapid.IntRange(0, 6).Draw(t, "n") {
		c.Evidence = append(c.Evidence, verification.Evidence{Source: id.ID{byte(rapid.IntRange(1, 6).Draw(t, "source"))},
			Class: verification.Class(rapid.IntRange(0, 2).Draw(t, "class")), Basis: rapid.SampledFrom([]string{"BK-1", "BK-2", "BK-3", "BK-4"}).Draw(t, "basis"),
			Against: rapid.IntRange(0, 5).Draw(t, "against") == 0})
	}
	kinds := []string{verification.Copied, "quoted_from", "same_article", "same_household", "same_person"}
	for range rapid.IntRange(0, 4).Draw(t, "deps") {
		c.Dependencies = append(c.Dependencies, dep(byte(rapid.IntRange(1, 6).Draw(t, "a")), byte(rapid.IntRange(1, 6).Draw(t, "b")), rapid.SampledFrom(kinds).Draw(t, "kind")))
	}
	return c
}

// SP51: whatever is known, a story copied from one that is there never raises the level
// the evidence can carry, as what and on whose claimed knowledge ever it comes.
func TestR16ACopiedStoryNeverRaisesTheLevel(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		c := drawCase(rt)
		if len(c.Evidence) == 0 {
			return
		}
		before := verification.Ceiling(c)
		from := rapid.SampledFrom(c.Evidence).Draw(rt, "from")
		c.Evidence = append(slices.Clone(c.Evidence), verification.Evidence{Source: id.ID{77}, Class: verification.Class(rapid.IntRange(0, 2).Draw(rt, "as")), Basis: "BK-1", Against: from.Against})
		c.Dependencies = append(slices.Clone(c.Dependencies), verification.Dependency{A: id.ID{77}, B: from.Source, Kind: rapid.SampledFrom([]string{verification.Copied, "quoted_from", "same_article"}).Draw(rt, "how")})
		after := verification.Ceiling(c)
		if after.Above(before) {
			rt.Fatalf("a copy raised %s to %s: %+v", before, after, c)
		}
	})
}

func TestFoundDependenceNeverRaisesTheLevel(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		c := drawCase(rt)
		before := verification.Ceiling(c)
		c.Dependencies = append(slices.Clone(c.Dependencies), dep(byte(rapid.IntRange(1, 6).Draw(rt, "x")), byte(rapid.IntRange(1, 6).Draw(rt, "y")), rapid.SampledFrom([]string{verification.Copied, "same_article", "same_household"}).Draw(rt, "how")))
		if after := verification.Ceiling(c); after.Above(before) {
			rt.Fatalf("a dependence raised %s to %s: %+v", before, after, c)
		}
	})
}

func TestCredibilityAgreesWithTheClusters(t *testing.T) {
	one := verification.Case{Evidence: []verification.Evidence{account(1, "BK-1"), account(2, "BK-1")}, Dependencies: []verification.Dependency{dep(2, 1, verification.Copied)}}
	if got := verification.CredibilityNeeds("IC-1", one); !slices.Equal(got, []verification.Need{verification.NeedsTwo}) {
		t.Errorf("IC-1 of a story and its copy: %v", got)
	}
	one.Dependencies = nil
	if got := verification.CredibilityNeeds("IC-1", one); got != nil {
		t.Errorf("IC-1 of two independent accounts: %v", got)
	}
	if got := verification.CredibilityNeeds("IC-4", one); !slices.Equal(got, []verification.Need{verification.NeedsContrary}) {
		t.Errorf("IC-4 with nothing against it: %v", got)
	}
	if got := verification.CredibilityNeeds("IC-2", one); !slices.Equal(got, []verification.Need{verification.NeedsPattern}) {
		t.Errorf("IC-2 without a pattern: %v", got)
	}
	if verification.CredibilityNeeds("IC-3", one) != nil || verification.CredibilityNeeds("IC-6", verification.Case{}) != nil {
		t.Error("IC-3 or IC-6 needs something")
	}
}

func TestExtentOfAPatternCountsPersonsAndClustersOnce(t *testing.T) {
	in := func(rec, person, source byte, basis string) verification.Incident {
		return verification.Incident{Record: id.ID{rec}, Persons: []id.ID{{person}}, Evidence: account(source, basis)}
	}
	got := verification.ExtentOf([]verification.Incident{in(1, 10, 20, "BK-1"), in(1, 10, 21, "BK-2"), in(2, 10, 20, "BK-1"), in(3, 11, 22, "BK-3"), in(4, 12, 23, "BK-4")},
		[]verification.Dependency{dep(21, 20, "same_household")})
	if want := (verification.Extent{Incidents: 3, Persons: 2, Clusters: 2}); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
	for _, tc := range []struct {
		level            verification.Level
		facility, period string
		want             bool
	}{{verification.Grounds, "FT-SSD-K", "1998/2003", true}, {verification.Corroborated, "FT-SSD-K", "1998/2003", false}, {verification.Grounds, "", "1998/2003", false}, {verification.Grounds, "FT-SSD-K", "", false}} {
		if got := verification.MayCallSystematic(tc.level, tc.facility, tc.period); got != tc.want {
			t.Errorf("systematic at %s in %q, %q: %v", tc.level, tc.facility, tc.period, got)
		}
	}
}

// R16: the words follow the level, and nothing below VS-4 is proved.
func TestR16WordsFollowTheLevel(t *testing.T) {
	voc, _ := kind.Builtin().Vocabulary("verification_status")
	seen := map[string]bool{}
	for _, term := range voc.Terms {
		for _, lang := range []string{"en", "ko", "zh"} {
			w := verification.Words(verification.Level(term.Code), lang)
			if w == "" || seen[w] {
				t.Errorf("%s has no words of its own in %s", term.Code, lang)
			}
			seen[w] = true
		}
	}
	for level, want := range map[verification.Level]string{verification.Alleged: "alleges", verification.Consistent: "is consistent with",
		verification.Corroborated: "corroborated accounts indicate", verification.Grounds: "there are reasonable grounds to believe"} {
		if got := verification.Words(level, "en"); got != want {
			t.Errorf("%s: %q, want %q", level, got, want)
		}
	}
}

func TestR16ProvedIsBannedBelowReasonableGrounds(t *testing.T) {
	for _, tc := range []struct {
		text  string
		level verification.Level
		want  string // phrases, joined
	}{
		{"It is proved that she was beaten.", verification.Corroborated, "proved"},
		{"It is Proven, and was never disproved or unproven.", verification.Consistent, "Proven"},
		{"It is proved that she was beaten.", verification.Grounds, ""},
		{"Corroborated accounts indicate beatings; she alleges more.", verification.Corroborated, ""},
		{"Corroborated accounts indicate systematic beatings.", verification.Alleged, "Corroborated|systematic"},
		{"구타가 체계적이었음이 입증되었다.", verification.Corroborated, "체계적|입증되었"},
		{"구타가 있었다고 주장한다.", verification.Alleged, ""},
		{"已证实存在殴打，情况与模式相符。", verification.Alleged, "已证实|相符"},
		{"There are reasonable grounds to believe it.", verification.Corroborated, "reasonable grounds"},
		{"", verification.Received, ""},
	} {
		var got []string
		for _, o := range verification.Lint(tc.text, tc.level, "en") {
			got = append(got, o.Phrase)
			if tc.text[o.At:o.At+len(o.Phrase)] != o.Phrase || o.Write == "" || !o.Needs.Above(tc.level) {
				t.Errorf("%q: %+v", tc.text, o)
			}
		}
		if strings.Join(got, "|") != tc.want {
			t.Errorf("%q at %s: %q, want %q", tc.text, tc.level, strings.Join(got, "|"), tc.want)
		}
	}
}

// What is written for a level passes the linter at that level.
func TestR16OurOwnWordsPassAtTheirLevel(t *testing.T) {
	for _, l := range []verification.Level{verification.Alleged, verification.Consistent, verification.Corroborated, verification.Grounds} {
		for _, lang := range []string{"en", "ko", "zh"} {
			if got := verification.Lint(verification.Words(l, lang), l, lang); len(got) > 0 {
				t.Errorf("%s in %s: %+v", l, lang, got)
			}
		}
	}
}

func FuzzLint(f *testing.F) {
	f.Add("It is proved; 입증되었다; 已证实", "VS-1")
	f.Fuzz(func(t *testing.T, text, level string) {
		for _, o := range verification.Lint(text, verification.Level(level), "ko") {
			if text[o.At:o.At+len(o.Phrase)] != o.Phrase {
				t.Fatalf("%+v is not where it is said to be", o)
			}
		}
	})
}

// A finding needs several incidents of several persons, and at reasonable grounds it says for
// which facility and period.
func TestAFindingNeedsMoreThanOneEvent(t *testing.T) {
	full := verification.Case{
		Evidence: []verification.Evidence{account(1, "BK-1"), account(2, "BK-1"), thing(3, verification.Material)}, Reasons: "two cells, four years", Alternatives: "one cruel guard", Contrary: "the denial of 2004",
		Signed: []verification.SignOff{{Member: id.ID{1}, Reason: "read"}, {Member: id.ID{2}, Reason: "read too"}},
	}
	for _, tc := range []struct {
		name  string
		level verification.Level
		f     verification.Finding
		want  []verification.Need
	}{
		{"one event", verification.Grounds, verification.Finding{Extent: verification.Extent{Incidents: 1, Persons: 1}, Bounded: true}, []verification.Need{verification.NeedsIncidents}},
		{"one person twice", verification.Corroborated, verification.Finding{Extent: verification.Extent{Incidents: 2, Persons: 1}}, []verification.Need{verification.NeedsIncidents}},
		{"anywhere, at any time", verification.Grounds, verification.Finding{Extent: verification.Extent{Incidents: 2, Persons: 2}}, []verification.Need{verification.NeedsBounds}},
		{"anywhere, corroborated", verification.Corroborated, verification.Finding{Extent: verification.Extent{Incidents: 2, Persons: 2}}, nil},
		{"one event alleges", verification.Alleged, verification.Finding{Extent: verification.Extent{Incidents: 1, Persons: 1}}, nil},
		{"all there", verification.Grounds, verification.Finding{Extent: verification.Extent{Incidents: 2, Persons: 2}, Bounded: true}, nil},
	} {
		c := full
		c.Finding = &tc.f
		if got := verification.Missing(tc.level, c); !slices.Equal(got, tc.want) {
			t.Errorf("%s: missing %v, want %v", tc.name, got, tc.want)
		}
	}
}

// A finding of our own is no source beside the accounts it rests on: it counts only as far as
// it would stand without them.
func TestAFindingDoesNotCarryItsOwnIncidents(t *testing.T) {
	for _, tc := range []struct {
		name  string
		rests []id.ID
		deps  []verification.Dependency
		want  bool
	}{
		{"another's report", nil, nil, true},
		{"on the same accounts", []id.ID{{1}, {2}}, nil, false},
		{"on one account more", []id.ID{{1}, {2}, {3}}, nil, false},
		{"on two accounts more", []id.ID{{1}, {3}, {4}}, nil, true},
		{"on two accounts more, of one household", []id.ID{{1}, {3}, {4}}, []verification.Dependency{dep(3, 4, "same_household")}, false},
		{"on a copy of these", []id.ID{{3}, {4}}, []verification.Dependency{dep(3, 1, verification.Copied)}, false},
		{"on nothing that may be read", []id.ID{}, nil, false},
	} {
		c := verification.Case{Evidence: []verification.Evidence{account(1, "BK-1"), account(2, "BK-1"), thing(9, verification.Pattern)}, Dependencies: tc.deps}
		if tc.rests != nil {
			c.Rests = map[id.ID][]id.ID{{9}: tc.rests}
		}
		if got := !slices.Contains(verification.Missing(verification.Consistent, c), verification.NeedsPattern); got != tc.want {
			t.Errorf("%s: carries %v, want %v", tc.name, got, tc.want)
		}
	}
}

// However a finding is made up, it is never carried further than one event with the same
// evidence would be.
func TestAFindingIsNeverCarriedFurtherThanItsEvidence(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		c := drawCase(rt)
		alone := verification.Ceiling(c)
		c.Finding = &verification.Finding{Extent: verification.Extent{Incidents: rapid.IntRange(0, 3).Draw(rt, "incidents"), Persons: rapid.IntRange(0, 3).Draw(rt, "persons")}, Bounded: rapid.Bool().Draw(rt, "bounded")}
		c.Rests = map[id.ID][]id.ID{{2}: {{1}, {3}}}
		if got := verification.Ceiling(c); got.Above(alone) {
			rt.Fatalf("%s as a finding, %s as an event", got, alone)
		}
	})
}
