package consent_test

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"example.org/amparo/id"
	"example.org/amparo/internal/consent"
	"example.org/amparo/internal/kind"
	"example.org/amparo/when"
)

var today = when.DayOf(2004, 6, 15)

// answer is one whole answer: given consents have their particulars. "key=value" pairs
// change it, as a consent record's fields.
func answer(t testing.TB, n byte, purpose, state, date string, pairs ...string) consent.Answer {
	t.Helper()
	vs := kind.Values{"purpose": {kind.Of(purpose)}, "state": {kind.Of(state)}, "text_version": {kind.Of("2004-1")}, "language": {kind.Of("ko")}, "method": {kind.Of("oral, recorded")}}
	if date != "" {
		vs["date"] = []kind.Value{kind.Of(date)}
	}
	for i := 0; i < len(pairs); i += 2 {
		if pairs[i+1] == "" {
			delete(vs, pairs[i])
			continue
		}
		vs[pairs[i]] = append(vs[pairs[i]], kind.Of(pairs[i+1]))
	}
	return consent.Read(id.ID{n}, vs)
}

func day(t testing.TB, s string) when.Date {
	t.Helper()
	d, err := when.Parse(s)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// R05: consent is per purpose and refused by default.
func TestR05WhatIsNotRecordedIsRefused(t *testing.T) {
	for _, p := range consent.Purposes() {
		d := consent.Decide(consent.Person{}, nil, consent.Use{Purpose: p, On: today})
		if d.Allowed || d.State != consent.NotAsked || d.Reason != consent.IsNotAsked {
			t.Errorf("%s with nothing recorded: %+v", p, d)
		}
	}
	given := []consent.Answer{answer(t, 1, "CO-03", "CS-1", "2004-05-01")}
	for _, p := range consent.Purposes() {
		if got := consent.Allows(consent.Person{}, given, consent.Use{Purpose: p, On: today}); got != (p == "CO-03") {
			t.Errorf("consent to CO-03 alone allows %s: %v", p, got)
		}
	}
}

func TestR05OneAnswerByItsState(t *testing.T) {
	for _, tc := range []struct {
		name   string
		a      consent.Answer
		ok     bool
		reason consent.Reason
	}{
		{"given", answer(t, 1, "CO-03", "CS-1", "2004-05-01"), true, consent.ByConsent},
		{"not asked", answer(t, 1, "CO-03", "CS-0", ""), false, consent.IsNotAsked},
		{"refused", answer(t, 1, "CO-03", "CS-2", "2004-05-01"), false, consent.IsRefused},
		{"withdrawn", answer(t, 1, "CO-03", "CS-3", "2004-05-01"), false, consent.IsWithdrawn},
		{"withdrawn at a time nobody noted", answer(t, 1, "CO-03", "CS-3", ""), false, consent.IsWithdrawn},
		{"withdrawn as of next year is withdrawn at once", answer(t, 1, "CO-03", "CS-3", "2005"), false, consent.IsWithdrawn},
		{"expired", answer(t, 1, "CO-03", "CS-4", "2004-05-01"), false, consent.IsExpired},
		{"cannot", answer(t, 1, "CO-03", "CS-5", "2004-05-01"), false, consent.CannotConsent},
		{"an emergency is for the UN only", answer(t, 1, "CO-03", "CS-6", "2004-06-14"), false, consent.EmergencyScope},
		{"no words recorded", answer(t, 1, "CO-03", "CS-1", "2004-05-01", "text_version", ""), false, consent.LacksParticulars},
		{"no language", answer(t, 1, "CO-03", "CS-1", "2004-05-01", "language", ""), false, consent.LacksParticulars},
		{"no method", answer(t, 1, "CO-03", "CS-1", "2004-05-01", "method", ""), false, consent.LacksParticulars},
		{"no date", answer(t, 1, "CO-03", "CS-1", ""), false, consent.LacksParticulars},
		{"dated tomorrow", answer(t, 1, "CO-03", "CS-1", "2004-06-16"), false, consent.NotYet},
		{"dated this month", answer(t, 1, "CO-03", "CS-1", "2004-06"), true, consent.ByConsent},
		{"review was due", answer(t, 1, "CO-03", "CS-1", "2004-05-01", "review_on", "2004-06-15"), false, consent.IsExpired},
		{"review may be due", answer(t, 1, "CO-03", "CS-1", "2004-05-01", "review_on", "2004-06"), false, consent.IsExpired},
		{"review is to come", answer(t, 1, "CO-03", "CS-1", "2004-05-01", "review_on", "2004-07"), true, consent.ByConsent},
		{"holds from last month", answer(t, 1, "CO-03", "CS-1", "2004-01", "not_before", "2004-05"), true, consent.ByConsent},
		{"holds from some day this month", answer(t, 1, "CO-03", "CS-1", "2004-01", "not_before", "2004-06"), false, consent.NotYet},
		{"from a date nobody wrote down", answer(t, 1, "CO-03", "CS-1", "2004-01", "condition", "from_date"), false, consent.ConditionOpen},
		{"after something that has not been found to have happened", answer(t, 1, "CO-03", "CS-1", "2004-01", "condition", "after_event"), false, consent.ConditionOpen},
		{"after something that has", answer(t, 1, "CO-03", "CS-1", "2004-01", "condition", "after_event", "met", "2004-06-01"), true, consent.ByConsent},
		{"found to be met later than the use", answer(t, 1, "CO-03", "CS-1", "2004-01", "condition", "after_event", "met", "2004-07-01"), false, consent.ConditionOpen},
		{"a condition in words alone", answer(t, 1, "CO-03", "CS-1", "2004-01", "conditions", "only after my mother has left"), false, consent.ConditionOpen},
		{"ask each time, not asked today", answer(t, 1, "CO-03", "CS-1", "2004-01", "condition", "each_use", "met", "2004-06-14"), false, consent.ConditionOpen},
		{"ask each time, asked today", answer(t, 1, "CO-03", "CS-1", "2004-01", "condition", "each_use", "met", "2004-06-15"), true, consent.ByConsent},
		{"for a partner, and no recipient is named", answer(t, 1, "CO-03", "CS-1", "2004-01", "recipients", "Partner A"), false, consent.OtherRecipient},
	} {
		d := consent.Decide(consent.Person{}, []consent.Answer{tc.a}, consent.Use{Purpose: "CO-03", On: today})
		if d.Allowed != tc.ok || d.Reason != tc.reason {
			t.Errorf("%s: %v, %s; want %v, %s", tc.name, d.Allowed, d.Reason, tc.ok, tc.reason)
		}
		if d.Reason.Text("ko") == "" || d.Reason.Text("zh") == d.Reason.Text("en") {
			t.Errorf("%s: the reason %s lacks words", tc.name, d.Reason)
		}
	}
}

func TestR05OnlyACertainlyLaterAnswerReplacesAnother(t *testing.T) {
	for _, tc := range []struct {
		name     string
		answers  []consent.Answer
		state    consent.State
		ok       bool
		disputed bool
	}{
		{"given, later withdrawn", []consent.Answer{answer(t, 1, "CO-04", "CS-1", "2003"), answer(t, 2, "CO-04", "CS-3", "2004-02")}, consent.Withdrawn, false, false},
		{"withdrawn, later given anew", []consent.Answer{answer(t, 1, "CO-04", "CS-3", "2003"), answer(t, 2, "CO-04", "CS-1", "2004-02")}, consent.Given, true, false},
		{"withdrawn and given in one year", []consent.Answer{answer(t, 1, "CO-04", "CS-3", "2004"), answer(t, 2, "CO-04", "CS-1", "2004-02")}, consent.Withdrawn, false, true},
		{"refused on an unknown day and given", []consent.Answer{answer(t, 1, "CO-04", "CS-2", ""), answer(t, 2, "CO-04", "CS-1", "2004-02")}, consent.Refused, false, true},
		{"not asked beside given", []consent.Answer{answer(t, 1, "CO-04", "CS-0", ""), answer(t, 2, "CO-04", "CS-1", "2004-02")}, consent.Given, true, false},
		{"one record, two accounts that differ", []consent.Answer{answer(t, 1, "CO-04", "CS-1", "2003-02", "state", "CS-3", "date", "2004-01")}, consent.Withdrawn, false, false},
		{"two given, one under an open condition", []consent.Answer{answer(t, 1, "CO-04", "CS-1", "2004"), answer(t, 2, "CO-04", "CS-1", "2004-02", "condition", "place_withheld")}, consent.Given, false, false},
		{"refused in a year not over, given before", []consent.Answer{answer(t, 1, "CO-04", "CS-1", "2003"), answer(t, 2, "CO-04", "CS-2", "2004")}, consent.Refused, false, false},
		{"a consent of next year replaces nothing yet", []consent.Answer{answer(t, 1, "CO-04", "CS-2", "2003"), answer(t, 2, "CO-04", "CS-1", "2005")}, consent.Refused, false, false},
	} {
		slices.Reverse(tc.answers)
		for range 2 { // the order of recording does not matter
			slices.Reverse(tc.answers)
			d := consent.Decide(consent.Person{}, tc.answers, consent.Use{Purpose: "CO-04", On: today})
			if d.State != tc.state || d.Allowed != tc.ok || d.Disputed != tc.disputed {
				t.Errorf("%s: %s, %v, disputed %v", tc.name, d.State, d.Allowed, d.Disputed)
			}
		}
	}
}

func TestR05NamesGoToGovernmentsOnlyWithTheSubmissionItself(t *testing.T) {
	name := answer(t, 1, "CO-07", "CS-1", "2004-01")
	d := consent.Decide(consent.Person{}, []consent.Answer{name}, consent.Use{Purpose: "CO-07", On: today})
	if d.Allowed || d.Reason != consent.NeedsOther || d.Needs != "CO-06" {
		t.Errorf("CO-07 without CO-06: %+v", d)
	}
	both := []consent.Answer{name, answer(t, 2, "CO-06", "CS-1", "2004-01")}
	if !consent.Allows(consent.Person{}, both, consent.Use{Purpose: "CO-07", On: today}) {
		t.Error("CO-07 with CO-06 is refused")
	}
	for _, p := range []string{"CO-05", "CO-07", "CO-08"} {
		for _, lang := range []string{"en", "ko", "zh"} {
			if consent.Warning(p, lang) == "" {
				t.Errorf("%s has no warning in %s of what cannot be undone", p, lang)
			}
		}
	}
}

func TestR05AnEmergencyHoldsThreeDaysWithTwoSignatures(t *testing.T) {
	for _, tc := range []struct {
		date    string
		signers int
		ok      bool
		reason  consent.Reason
	}{
		{"2004-06-15", 2, true, consent.ByEmergency}, {"2004-06-12", 2, true, consent.ByEmergency}, {"2004-06-11", 2, false, consent.EmergencyOver},
		{"2004-06-15", 1, false, consent.EmergencySigns}, {"", 2, false, consent.EmergencyOver}, {"2004-06", 2, false, consent.EmergencyOver},
	} {
		a := answer(t, 1, "CO-06", "CS-6", tc.date)
		a.Signers = tc.signers
		d := consent.Decide(consent.Person{}, []consent.Answer{a}, consent.Use{Purpose: "CO-06", On: today})
		if d.Allowed != tc.ok || d.Reason != tc.reason || !d.NameWithheld {
			t.Errorf("emergency of %q with %d signatures: %+v", tc.date, tc.signers, d)
		}
	}
	a := answer(t, 1, "CO-06", "CS-6", "2004-06-15")
	a.Signers = 2
	if consent.Allows(consent.Person{}, []consent.Answer{a}, consent.Use{Purpose: "CO-07", On: today}) {
		t.Error("an emergency lets the name go to the Government")
	}
}

// R18 in consent: of a child only through a guardian and a best-interests record, and
// asked again of age.
func TestR18AChildConsentsWithAGuardianAndBestInterests(t *testing.T) {
	alone := answer(t, 1, "CO-06", "CS-1", "2004-05-01")
	guarded := answer(t, 1, "CO-06", "CS-1", "2004-05-01", "guardian", "an aunt", "capacity", "with_guardian")
	for _, tc := range []struct {
		name   string
		a      consent.Answer
		birth  string
		bip    bool
		on     when.Day
		ok     bool
		reason consent.Reason
	}{
		{"a child alone", alone, "1990", true, today, false, consent.NeedsGuardian},
		{"no best-interests record", guarded, "1990", false, today, false, consent.NeedsGuardian},
		{"guarded", guarded, "1990", true, today, true, consent.ByConsent},
		{"born in a year that leaves it open", alone, "1986", true, today, false, consent.NeedsGuardian},
		{"certainly an adult", alone, "1985", false, today, true, consent.ByConsent},
		{"now perhaps of age", guarded, "1990", true, when.DayOf(2008, 1, 1), false, consent.IsOfAge},
		{"the day before", guarded, "1990", true, when.DayOf(2007, 12, 31), true, consent.ByConsent},
		{"birth unknown, said to be a child", answer(t, 1, "CO-06", "CS-1", "2004", "capacity", "with_guardian"), "", true, today, false, consent.NeedsGuardian},
		{"birth unknown, nothing said", alone, "", false, today, true, consent.ByConsent},
	} {
		p := consent.Person{BestInterests: tc.bip}
		if tc.birth != "" {
			p.Birth = day(t, tc.birth)
		}
		d := consent.Decide(p, []consent.Answer{tc.a}, consent.Use{Purpose: "CO-06", On: tc.on})
		if d.Allowed != tc.ok || d.Reason != tc.reason {
			t.Errorf("%s: %v, %s; want %v, %s", tc.name, d.Allowed, d.Reason, tc.ok, tc.reason)
		}
	}
}

func TestR05ANamedRecipientIsTheOnlyOne(t *testing.T) {
	a := []consent.Answer{answer(t, 1, "CO-10", "CS-1", "2004-01", "recipients", "Partner A")}
	for to, want := range map[string]bool{"Partner A": true, "Partner B": false, "": false} {
		if got := consent.Allows(consent.Person{}, a, consent.Use{Purpose: "CO-10", On: today, Recipient: to}); got != want {
			t.Errorf("to %q: %v, want %v", to, got, want)
		}
	}
}

var states = []string{"CS-0", "CS-1", "CS-2", "CS-3", "CS-4", "CS-5", "CS-6"}

func drawAnswers(t *rapid.T, tb testing.TB) []consent.Answer {
	var out []consent.Answer
	for i := range rapid.IntRange(0, 6).Draw(t, "n") {
		date := rapid.SampledFrom([]string{"", "2002", "2003", "2003-05", "2004", "2004-02-03", "2004-06-15", "2004-06"}).Draw(t, "date")
		pairs := []string{}
		if rapid.Bool().Draw(t, "conditional") {
			pairs = append(pairs, "condition", rapid.SampledFrom([]string{"from_date", "recipient", "each_use", "other"}).Draw(t, "condition"))
		}
		out = append(out, answer(tb, byte(i+1), rapid.SampledFrom([]string{"CO-03", "CO-04", "CO-06", "CO-07"}).Draw(t, "purpose"), rapid.SampledFrom(states).Draw(t, "state"), date, pairs...))
	}
	return out
}

// Whatever else is recorded, a use is allowed only where a standing answer of that very
// purpose gives it, and one more refusal, withdrawal or condition never widens anything.
func TestR05NothingIsAllowedWithoutAGivenAnswerAndNothingNarrowWidens(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		all := drawAnswers(rt, t)
		for _, p := range consent.Purposes() {
			use := consent.Use{Purpose: p, On: today}
			d := consent.Decide(consent.Person{}, all, use)
			givenHere := slices.ContainsFunc(all, func(a consent.Answer) bool {
				return a.Purpose == p && (a.State == consent.Given || a.State == consent.Emergency)
			})
			if d.Allowed && !givenHere {
				rt.Fatalf("%s is allowed and nobody gave it: %+v", p, all)
			}
			narrow := answer(t, 99, p, rapid.SampledFrom([]string{"CS-2", "CS-3", "CS-4", "CS-5"}).Draw(rt, "narrow"), rapid.SampledFrom([]string{"", "2004", "2004-06-15", "2005"}).Draw(rt, "when"))
			after := consent.Decide(consent.Person{}, append(slices.Clone(all), narrow), use)
			if after.Allowed && !d.Allowed {
				rt.Fatalf("%s: %+v widened %+v", p, narrow, all)
			}
		}
	})
}

// The order in which answers were recorded decides nothing.
func TestR05TheOrderOfRecordingDecidesNothing(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		all := drawAnswers(rt, t)
		mixed := rapid.Permutation(all).Draw(rt, "mixed")
		for _, p := range []string{"CO-03", "CO-07"} {
			a, b := consent.Decide(consent.Person{}, all, consent.Use{Purpose: p, On: today}), consent.Decide(consent.Person{}, mixed, consent.Use{Purpose: p, On: today})
			if a.Allowed != b.Allowed || a.State != b.State || a.Reason != b.Reason {
				rt.Fatalf("%s: %+v in one order, %+v in another", p, a, b)
			}
		}
	})
}

// R06: after a withdrawal dated the same day nothing is allowed any more.
func TestR06AWithdrawalIsEffectiveAtOnce(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		all := drawAnswers(rt, t)
		plan := consent.Withdraw(all, nil, nil)
		for i, p := range plan.Withdraw {
			all = append(all, answer(t, byte(100+i), p, "CS-3", "2004-06-15"))
		}
		for _, p := range consent.Purposes() {
			if consent.Allows(consent.Person{}, all, consent.Use{Purpose: p, On: today}) {
				rt.Fatalf("%s is still allowed after everything was withdrawn: %+v", p, all)
			}
		}
		if again := consent.Withdraw(all, nil, nil); len(again.Withdraw) > 0 {
			rt.Fatalf("a second withdrawal finds something left: %v", again.Withdraw)
		}
	})
}

func TestR06TheRecallListSaysWhatWentWhereAndWhatToDo(t *testing.T) {
	answers := []consent.Answer{answer(t, 1, "CO-01", "CS-1", "2003"), answer(t, 2, "CO-04", "CS-1", "2003"), answer(t, 3, "CO-06", "CS-1", "2003"), answer(t, 4, "CO-08", "CS-2", "2003")}
	left := []consent.Left{{Purpose: "CO-04", Recipient: "report 2004"}, {Purpose: "CO-06", Recipient: "a UN mechanism"}, {Purpose: "CO-07", Recipient: "a Government"}, {Recipient: "an old partner"}}
	some := consent.Withdraw(answers, []string{"CO-04"}, left)
	if len(some.Withdraw) != 1 || len(some.Recall) != 2 || some.Recall[0].Action != consent.Recall || some.Recall[1].Recipient != "an old partner" {
		t.Errorf("withdrawing CO-04: %+v", some)
	}
	all := consent.Withdraw(answers, nil, left)
	if !slices.Equal(all.Withdraw, []string{"CO-01", "CO-04", "CO-06"}) || len(all.Recall) != len(left) {
		t.Errorf("withdrawing everything: %+v", all)
	}
	for i, want := range []consent.Action{consent.Recall, consent.Notify, consent.Impossible, consent.Recall} {
		if all.Recall[i].Action != want {
			t.Errorf("to %s: %s, want %s", all.Recall[i].Recipient, all.Recall[i].Action, want)
		}
	}
	for _, p := range consent.Purposes() {
		for _, lang := range []string{"en", "ko", "zh"} {
			if consent.Stops(p, lang) == "" {
				t.Errorf("%s does not say in %s what a withdrawal stops", p, lang)
			}
		}
	}
}

// The purposes and states of the rules are those of the vocabularies, no more and no
// fewer.
func TestPurposesAndStatesAreTheVocabularies(t *testing.T) {
	voc, _ := kind.Builtin().Vocabulary("consent_purposes")
	var codes []string
	for _, term := range voc.Terms {
		codes = append(codes, term.Code)
	}
	if !slices.Equal(codes, consent.Purposes()) {
		t.Errorf("purposes %v, vocabulary %v", consent.Purposes(), codes)
	}
	voc, _ = kind.Builtin().Vocabulary("consent_status")
	for _, s := range states {
		if _, ok := voc.Term(s); !ok || len(voc.Terms) != len(states) {
			t.Errorf("state %s is not in the vocabulary, or it has others", s)
		}
	}
	k, _ := kind.Builtin().Kind("consent")
	for _, name := range consent.SealedFields() {
		if f, ok := k.Field(name); !ok || f.Class != kind.Sealed {
			t.Errorf("%s is not a sealed field of a consent", name)
		}
	}
}

func TestR05AConsentIsRefusedAtEntryWithoutWhatMakesItOne(t *testing.T) {
	for _, tc := range []struct {
		a    consent.Answer
		want []string
	}{
		{answer(t, 1, "CO-03", "CS-1", "2004-06-15"), nil},
		{answer(t, 1, "CO-03", "CS-2", ""), nil},
		{answer(t, 1, "CO-03", "CS-1", "", "language", ""), []string{"language", "date"}},
		{answer(t, 1, "CO-03", "CS-1", "2004-06-16"), []string{"date"}},
		{answer(t, 1, "CO-03", "CS-3", "2005"), []string{"date"}},
		{answer(t, 1, "CO-03", "CS-6", "2004-06-15"), []string{"state"}},
		{answer(t, 1, "CO-06", "CS-6", ""), []string{"date"}},
	} {
		var got []string
		for _, p := range consent.Check(tc.a, today) {
			if p.Reason == "" || p.Remedy == "" {
				t.Errorf("a problem without reason or remedy: %+v", p)
			}
			got = append(got, p.Field)
		}
		if !slices.Equal(got, tc.want) {
			t.Errorf("%s %s: problems with %v, want %v", tc.a.Purpose, tc.a.State, got, tc.want)
		}
	}
}
