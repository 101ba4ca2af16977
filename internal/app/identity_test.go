package app_test

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"example.org/amparo/fault"
	"example.org/amparo/id"
	"example.org/amparo/internal/app"
	"example.org/amparo/internal/casebook"
	"example.org/amparo/internal/kind"
	"example.org/amparo/linkage"
)

// R23: names, papers and contact words show only to who opens them with a reason; the act is
// a signed entry with member, time, reason, record and person, and it is among the uses of
// the person.
func TestR23AnIdentityIsOpenedByAnActThatSaysWhy(t *testing.T) {
	w := create(t)
	defer w.Close()
	p := testimony(t, w, "Hana", "김철수", "x")
	say(t, w, p.person, "person", id.ID{}, "safe_contact_token", "persimmon")
	for rec, secret := range map[id.ID]string{p.identity: "김철수", p.person: "persimmon"} {
		v, err := w.View(t.Context(), rec, "en")
		must(t, err)
		b, err := json.Marshal(v)
		must(t, err)
		if strings.Contains(string(b), secret) || !v.Veiled || v.Opened {
			t.Errorf("%s shows unasked: veiled %v", v.Kind, v.Veiled)
		}
	}
	before, err := w.WholeLedger(t.Context())
	must(t, err)
	for _, reason := range []string{"", "  ", "to call 010-1234-5678", "김철수 asked for it", "김 철수", "철수를 만나러", "for PERSIMMON", "Per-simmon"} {
		for _, rec := range []id.ID{p.identity, p.person} {
			if v, err := w.OpenIdentity(t.Context(), rec, reason, "en"); fault.KindOf(err) != fault.Invalid || v != nil {
				t.Errorf("opened for %q: %v", reason, err)
			}
		}
	}
	if w.IsOpen(p.identity) {
		t.Error("a refused act opened the files")
	}
	v, err := w.OpenIdentity(t.Context(), p.identity, "a hearing on Monday", "en")
	must(t, err)
	b, err := json.Marshal(v)
	must(t, err)
	if !strings.Contains(string(b), "김철수") || !v.Opened || v.Veiled || !w.IsOpen(p.identity) {
		t.Errorf("the act opened nothing: %s", b)
	}
	after, err := w.WholeLedger(t.Context())
	must(t, err)
	guesses := searched(t, w)
	if len(after) != len(before)+1+len(guesses) {
		t.Fatalf("%d lines in the ledger, want one more than %d and a line a guess", len(after), len(before))
	}
	if len(guesses) != 5 || slices.ContainsFunc(guesses, func(l app.LedgerEntry) bool { return !slices.Equal(l.Found, []id.ID{p.person}) }) {
		t.Errorf("a reason that was refused because it says who it is tells that a guess is right: %+v", guesses)
	}
	line := after[0]
	if line.Verb != casebook.Read || line.Record != p.identity || line.Person != p.person || line.Member != "Tester" || line.Reason != "a hearing on Monday" || time.Since(line.At.Time()) > time.Hour {
		t.Errorf("the line: %+v", line)
	}
	rep, err := w.Verify(t.Context(), nil)
	if err != nil || !rep.OK() {
		t.Errorf("the act is not part of what is signed and verifies: %v %v", err, rep.Problems)
	}
	uses, err := w.Uses(t.Context(), p.person)
	if err != nil || len(uses) != 1+len(guesses) || uses[0].Ref != line.Ref {
		t.Errorf("the uses of the person: %+v %v", uses, err)
	}
	if v, err = w.View(t.Context(), p.identity, "en"); err != nil || !v.Veiled {
		t.Errorf("once opened, it shows unasked: %v", err)
	}
	other := testimony(t, w, "Duri", "Ri Yong-hui", "y")
	if uses, err = w.Uses(t.Context(), other.person); err != nil || len(uses) != 0 {
		t.Errorf("the uses of another person: %+v %v", uses, err)
	}
	if _, err = w.OpenIdentity(t.Context(), p.incident, "a hearing on Monday", "en"); fault.KindOf(err) != fault.NotFound {
		t.Errorf("a record that holds no identity: %v", err)
	}
}

// A file that is locked does not open, and files of an identity are served for minutes only.
func TestAnIdentityIsOpenForMinutesAndALockedFileNever(t *testing.T) {
	now := time.Date(2004, 5, 6, 7, 8, 0, 0, time.UTC)
	o := quick
	o.Now = func() time.Time { return now }
	w, err := app.Create(t.Context(), filepath.Join(t.TempDir(), "w"), pass, o)
	must(t, err)
	defer w.Close()
	p := testimony(t, w, "Hana", "김철수", "x")
	_, err = w.OpenIdentity(t.Context(), p.identity, "a hearing on Monday", "en")
	must(t, err)
	now = now.Add(9 * time.Minute)
	if !w.IsOpen(p.identity) {
		t.Error("closed while somebody looks")
	}
	now = now.Add(2 * time.Minute)
	if w.IsOpen(p.identity) || w.IsOpen(p.person) {
		t.Error("still open after eleven minutes")
	}
	agree(t, w, p.person, "CO-01", "CS-2", "2004-05-06")
	if _, err = w.OpenIdentity(t.Context(), p.identity, "a hearing on Monday", "en"); fault.KindOf(err) != fault.Denied {
		t.Errorf("the identity of a locked file: %v", err)
	}
}

// A member without the key of identities cannot open one, does not find a name, and holds it
// nowhere; that a colleague opened one, and why, is there to be seen.
func TestR23WhoHoldsNoKeyOpensNothingAndFindsNoName(t *testing.T) {
	w := create(t)
	defer w.Close()
	p := testimony(t, w, "Hana", "김철수", "x")
	_, err := w.OpenIdentity(t.Context(), p.identity, "a hearing on Monday", "en")
	must(t, err)
	dir := filepath.Join(t.TempDir(), "usb")
	second := join(t, w, dir, "general")
	exchange(t, dir, w, second, w)
	for _, rec := range []id.ID{p.identity, p.person} {
		if _, err := second.OpenIdentity(t.Context(), rec, "curiosity", "en"); fault.KindOf(err) != fault.NotFound {
			t.Errorf("opened without the key: %v", err)
		}
	}
	for _, name := range []string{"김철수", "Kim Chol-su", "Kim"} {
		if f, err := second.Desk().Search(t.Context(), name, 10); err != nil || f.Total != 0 {
			t.Errorf("%q is found without the key: %+v %v", name, f, err)
		}
	}
	if strings.Contains(dump(t, second), "김철수") || strings.Contains(dump(t, w), "김철수") {
		t.Error("a name is written in the index")
	}
	uses, err := second.Uses(t.Context(), p.person)
	if err != nil || len(uses) != 1 || uses[0].Reason != "a hearing on Monday" || uses[0].Member != "Tester" {
		t.Errorf("what a colleague sees of it: %+v %v", uses, err)
	}
	if f, err := w.Desk().Search(t.Context(), "김철수", 10); err != nil || f.Total != 1 || strings.Contains(w.Title(t.Context(), f.Rows[0], "ko"), "김철수") {
		t.Errorf("who holds the key finds the file by a pseudonym: %+v %v", f, err)
	}
}

// Names that were compared are not in an explanation until they are opened, and opening them
// is in the ledger of both persons.
func TestNamesBehindAComparisonAreOpenedWithAReason(t *testing.T) {
	w := create(t)
	defer w.Close()
	a, b := testimony(t, w, "Hana", "김철수", "x"), testimony(t, w, "Duri", "Kim Chol-su", "y")
	for i, p := range []people{a, b} {
		agree(t, w, p.person, "CO-02", "CS-1", "2004-01-05")
		mother := testimony(t, w, fmt.Sprint("Mother-", i), []string{"박영희", "최순옥"}[i], "z")
		agree(t, w, mother.person, "CO-02", "CS-1", "2004-01-05")
		say(t, w, w.NewRecord(), "relationship", id.ID{}, "person", p.person.String(), "other", mother.person.String(), "type", "RL-PAR")
	}
	l, err := w.Linking(t.Context(), "person", false)
	must(t, err)
	x, err := l.Explain(a.person, b.person)
	must(t, err)
	plain, err := json.Marshal(x)
	must(t, err)
	if strings.Contains(string(plain), "김철수") || strings.Contains(strings.ToLower(string(plain)), "chol") {
		t.Errorf("an explanation holds a name: %s", plain)
	}
	if !slices.ContainsFunc(x.Bars, func(b linkage.Bar) bool { return b.Field == "names" }) {
		t.Error("that names were compared is not said")
	}
	noted, err := w.WholeLedger(t.Context())
	must(t, err)
	for _, reason := range []string{"", "is this Kim Cholsu?", "is this 김철수?"} {
		if _, err := w.OpenNames(t.Context(), l, a.person, b.person, reason); fault.KindOf(err) != fault.Invalid {
			t.Errorf("for %q: %v", reason, err)
		}
	}
	if after, err := w.WholeLedger(t.Context()); err != nil || len(after) != len(noted)+2 || len(searched(t, w)) != 2 {
		t.Errorf("of refused acts more stands in the ledger than that two guesses were right: %v", err)
	}
	kin := func(x linkage.Explanation) bool {
		return slices.ContainsFunc(x.Bars, func(b linkage.Bar) bool { return b.Field == "kin" && b.Left != "" })
	}
	if !kin(x) || strings.Contains(string(plain), "박영희") {
		t.Errorf("relatives: compared %v, %s", kin(x), plain)
	}
	x, err = w.OpenNames(t.Context(), l, a.person, b.person, "two of one cell")
	must(t, err)
	if plain, err = json.Marshal(x); err != nil || !strings.Contains(string(plain), "김철수") {
		t.Errorf("opened, it holds no name: %s %v", plain, err)
	}
	if strings.Contains(string(plain), "박영희") || strings.Contains(string(plain), "최순옥") {
		t.Errorf("the names of relatives, whom nobody opened, are shown: %s", plain)
	}
	for _, p := range []id.ID{a.person, b.person} {
		if uses, err := w.Uses(t.Context(), p); err != nil || len(uses) != 2 || uses[0].Reason != "two of one cell" {
			t.Errorf("the uses: %+v %v", uses, err)
		}
	}
}

// Of all kinds, those that say who somebody is are sealed for the compartment of identities
// and nothing else; and none has a field for where somebody is now.
func TestR03NoKindAsksWhereSomebodyIsNow(t *testing.T) {
	for _, k := range kind.Builtin().Kinds() {
		for _, f := range k.Fields {
			room := k.Compartment
			if f.Compartment != "" {
				room = f.Compartment
			}
			if room == "identities" && f.Type != kind.TypeLink && f.Class == kind.Coded {
				t.Errorf("%s.%s says who somebody is and is in the index", k.Name, f.Name)
			}
			if k.Group == "people" && (f.Name == "names" || f.Name == "aliases" || f.Name == "id_numbers" || f.Name == "photos") && k.Name != "perpetrator" && !app.IdentityField(k, f) {
				t.Errorf("%s.%s is not under the key of identities", k.Name, f.Name)
			}
			for _, part := range strings.FieldsFunc(f.Name, func(r rune) bool { return r == '_' }) {
				if len(k.Subject) > 0 && slices.Contains([]string{"address", "phone", "telephone", "mobile", "coordinate", "coordinates", "lat", "lon", "latitude", "longitude", "gps", "email", "ip", "street", "wechat", "kakao"}, part) {
					t.Errorf("%s.%s would hold where somebody is or can be called", k.Name, f.Name)
				}
			}
		}
	}
}
