package app_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"example.org/amparo/fault"
	"example.org/amparo/id"
	"example.org/amparo/internal/app"
	"example.org/amparo/internal/casebook"
	"example.org/amparo/internal/hub/folder"
	"example.org/amparo/internal/index"
	"example.org/amparo/internal/kind"
	"example.org/amparo/internal/packet"
	"example.org/amparo/internal/vault"
)

var pass = []byte("four words and more")

// quick keeps tests fast: key stretching is measured elsewhere.
var quick = app.Options{Params: vault.Params{MemoryKiB: 64, Time: 1, Threads: 1}, Name: "Tester"}

func create(t testing.TB) *app.Workspace {
	t.Helper()
	w, err := app.Create(t.Context(), filepath.Join(t.TempDir(), "w"), pass, quick)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func reopen(t testing.TB, w *app.Workspace) *app.Workspace {
	t.Helper()
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	again, err := app.Open(t.Context(), w.Dir(), pass, quick)
	if err != nil {
		t.Fatal(err)
	}
	return again
}

// say is one account of a new or known record.
func say(t testing.TB, w *app.Workspace, rec id.ID, kindName string, source id.ID, fields ...string) string {
	t.Helper()
	vs := kind.Values{}
	k, ok := w.Schema().Kind(kindName)
	if !ok {
		t.Fatalf("no kind %s", kindName)
	}
	for i := 0; i < len(fields); i += 2 {
		f, ok := k.Field(fields[i])
		if !ok {
			t.Fatalf("no field %s.%s", kindName, fields[i])
		}
		v, err := w.Schema().ParseValue(f, fields[i+1], "")
		if err != nil {
			t.Fatal(err)
		}
		vs[f.Name] = append(vs[f.Name], v)
	}
	ref, problems, err := w.State(t.Context(), casebook.Statement{Record: rec, Kind: kindName, Fields: vs, Source: source}, "save")
	if err != nil || len(problems) > 0 {
		t.Fatalf("%s: %v %v", kindName, problems, err)
	}
	return ref.String()
}

func dump(t testing.TB, w *app.Workspace) string {
	t.Helper()
	var b bytes.Buffer
	if err := w.Index().Dump(t.Context(), &b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// records is the part of a dump that speaks of records, not of the log.
func records(dump string) string {
	var out []string
	for _, l := range strings.Split(dump, "\n") {
		if word, _, _ := strings.Cut(l, " "); !slices.Contains([]string{"act", "head", "ledger", "used"}, word) {
			out = append(out, l)
		}
	}
	return strings.Join(out, "\n")
}

type people struct{ person, identity, interview, unit, incident id.ID }

// testimony records one person with a name, an interview, a passage and an incident.
func testimony(t testing.TB, w *app.Workspace, pseudonym, name, narrative string) people {
	t.Helper()
	p := people{w.NewRecord(), w.NewRecord(), w.NewRecord(), w.NewRecord(), w.NewRecord()}
	none := id.ID{}
	say(t, w, p.person, "person", none, "pseudonym", pseudonym, "sex", "f", "birth", "1970", "origin", "KP/North Hamgyong")
	say(t, w, p.identity, "person_identity", none, "person", p.person.String(), "names", name)
	say(t, w, p.interview, "interview", none, "person", p.person.String(), "date", "2003-04-02")
	say(t, w, p.unit, "statement_unit", none, "interview", p.interview.String(), "order", "1", "verbatim", narrative)
	say(t, w, p.incident, "incident", p.person, "type", "MT02.1", "date", "2001-21", "place", "KP-ONS", "victims", p.person.String(), "narrative", narrative)
	return p
}

func TestWhatIsStatedIsThereAfterReopeningAndRebuilding(t *testing.T) {
	w := create(t)
	testimony(t, w, "Hana", "김철수", "보위부에서 맞았다고 했다")
	testimony(t, w, "Duri", "Ri Yong-hui", "they asked about the church")
	want := dump(t, w)
	w = reopen(t, w)
	defer w.Close()
	if got := dump(t, w); records(got) != records(want) {
		t.Errorf("after reopening:\n%s\nwant:\n%s", got, want)
	}
	before := dump(t, w)
	if err := w.Rebuild(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	if got := dump(t, w); got != before {
		t.Errorf("the rebuilt index differs:\n%s\nwant:\n%s", got, before)
	}
}

func TestSearchFindsNamesCodedValuesAndNarratives(t *testing.T) {
	w := create(t)
	defer w.Close()
	p := testimony(t, w, "Hana", "김철수", "보위부에서 맞았다고 했다")
	testimony(t, w, "Duri", "박영희", "they asked about the church")
	for q, want := range map[string]id.ID{"철수": p.identity, "김철": p.identity, "kim cheolsu": p.identity, "Hana": p.person, "han": p.person} {
		f, err := w.Index().Search(t.Context(), q, 10)
		if err != nil {
			t.Fatal(err)
		}
		found := false
		for _, r := range f.Rows {
			found = found || r.ID == want
		}
		if !found {
			t.Errorf("%q finds %+v, want record %s", q, f.Rows, want)
		}
	}
	f, err := w.Index().Search(t.Context(), "온성", 10)
	if err != nil || f.Coded != 2 || f.Total != 2 {
		t.Errorf("온성 finds %d by value of %d, %v; want both incidents", f.Coded, f.Total, err)
	}
	var hits []index.Narrative
	scanned, err := w.Index().Narratives(t.Context(), "보위부 맞", func(n index.Narrative) bool { hits = append(hits, n); return true })
	if err != nil || scanned != 4 || len(hits) != 2 {
		t.Errorf("narrative scan read %d and found %d, %v; want 4 and 2", scanned, len(hits), err)
	}
}

func TestContradictionsStandSideBySideAndRetractingRestores(t *testing.T) {
	w := create(t)
	defer w.Close()
	p := testimony(t, w, "Hana", "김철수", "x")
	other := w.NewRecord()
	say(t, w, other, "person", id.ID{}, "pseudonym", "Duri")
	before := dump(t, w)
	second := say(t, w, p.incident, "incident", other, "type", "MT02.1", "place", "KP-MUS")
	r, err := w.Index().Fold(t.Context(), p.incident)
	if err != nil || !r.Contested() || len(r.Field("place").Claims) != 2 {
		t.Fatalf("two places: contested %v, claims %+v, %v", r.Contested(), r.Field("place").Claims, err)
	}
	var account = r.Field("place").Claims[1].Accounts[0]
	if account.String() != second {
		t.Fatalf("the second claim is by %s, want %s", account, second)
	}
	if err := w.Choose(t.Context(), p.incident, "place", account, ""); fault.KindOf(err) != fault.Invalid {
		t.Errorf("a choice without a reason: %v", err)
	}
	if err := w.Choose(t.Context(), p.incident, "place", account, "the second witness was there longer"); err != nil {
		t.Fatal(err)
	}
	if r, _ = w.Index().Fold(t.Context(), p.incident); r.Contested() || r.Field("place").Current()[0].Text != "KP-MUS" {
		t.Errorf("after the choice: %+v", r.Field("place"))
	}
	if err := w.Retract(t.Context(), p.incident, r.Field("place").Choice.Ref, "asked again"); err != nil {
		t.Fatal(err)
	}
	if r, _ = w.Index().Fold(t.Context(), p.incident); !r.Contested() {
		t.Error("retracting the choice does not restore the contradiction")
	}
	if err := w.Retract(t.Context(), p.incident, account, "wrong person"); err != nil {
		t.Fatal(err)
	}
	if got := records(dump(t, w)); got != records(before) {
		t.Errorf("retracting the account does not restore the record:\n%s\nwant\n%s", got, records(before))
	}
}

// Erased people leave no word in any file, and the log still verifies.
func TestErasedPeopleLeaveNoWord(t *testing.T) {
	w := create(t)
	p := testimony(t, w, "Hanagone", "지워질이름", "사라질 이야기 vanishing-words")
	q := testimony(t, w, "Duri", "남을이름", "남을 이야기 staying-words")
	e, err := w.Erase(t.Context(), p.person, "her wish of 3 May")
	if err != nil || e.Keys == 0 || e.Records == 0 {
		t.Fatalf("%+v, %v", e, err)
	}
	d := dump(t, w)
	for _, word := range []string{"Hanagone", "hanagone"} {
		if strings.Contains(d, word) {
			t.Errorf("the index still holds %q", word)
		}
	}
	if _, err := w.Index().Fold(t.Context(), p.person); fault.KindOf(err) != fault.NotFound {
		t.Errorf("the person is answered with %v, want not found", err)
	}
	f, err := w.Index().Search(t.Context(), "지워질이름", 5)
	if err != nil || f.Total != 0 {
		t.Errorf("the name is found %d times, %v", f.Total, err)
	}
	if n, err := w.Index().Narratives(t.Context(), "vanishing", func(index.Narrative) bool { t.Error("the words are found"); return true }); err != nil || n != 2 {
		t.Errorf("narrative scan: %d, %v", n, err)
	}
	if _, err := w.Index().Fold(t.Context(), q.person); err != nil {
		t.Errorf("another person was lost: %v", err)
	}
	w = reopen(t, w)
	defer w.Close()
	rep, err := w.Verify(t.Context(), nil)
	if err != nil || !rep.OK() {
		t.Errorf("after an erasure: %v %+v", err, rep.Problems)
	}
	if rep.Erased == 0 {
		t.Error("verify does not account for the erased entries")
	}
}

func TestNothingReadableInALockedWorkspace(t *testing.T) {
	w := create(t)
	testimony(t, w, "CanaryPseudonym", "카나리아이름", "canary-narrative in KP-ONS")
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	files, err := os.ReadDir(w.Dir())
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		b, err := os.ReadFile(filepath.Join(w.Dir(), f.Name()))
		if err != nil {
			t.Fatal(err)
		}
		for _, word := range []string{"CanaryPseudonym", "canarypseudonym", "카나리아", "canary-narrative", "KP-ONS", "MT02.1", "incident", "Tester", "general"} {
			if bytes.Contains(b, []byte(word)) {
				t.Errorf("%s holds %q", f.Name(), word)
			}
		}
	}
}

func TestWrongPassphraseAndSecondProcess(t *testing.T) {
	w := create(t)
	if _, err := app.Open(t.Context(), w.Dir(), pass, quick); fault.KindOf(err) != fault.Conflict {
		t.Errorf("a second opening: %v, want %s", err, fault.Conflict)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := app.Open(t.Context(), w.Dir(), []byte("wrong"), quick); fault.KindOf(err) != fault.Sealed {
		t.Errorf("a wrong passphrase: %v, want %s", err, fault.Sealed)
	}
	if _, err := app.Open(t.Context(), t.TempDir(), pass, quick); fault.KindOf(err) != fault.NotFound {
		t.Errorf("no workspace: %v, want %s", err, fault.NotFound)
	}
}

// exchange carries entries between workspaces through a folder, as a USB stick would.
func exchange(t *testing.T, dir string, ws ...*app.Workspace) {
	t.Helper()
	for _, w := range ws {
		f, err := folder.Open(dir, w.ID())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Exchange(t.Context(), f, nil); err != nil {
			t.Fatal(err)
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

func join(t *testing.T, owner *app.Workspace, dir string, rooms ...string) *app.Workspace {
	t.Helper()
	w, err := app.Join(t.Context(), filepath.Join(t.TempDir(), "joined"), pass, owner.ID(), quick)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.Close() })
	card, err := app.ParseCard(w.Card("Second").Text())
	if err != nil {
		t.Fatal(err)
	}
	if err := owner.Admit(t.Context(), card, rooms); err != nil {
		t.Fatal(err)
	}
	exchange(t, dir, owner, w)
	return w
}

// No record, count, facet, link or error shows that a record exists to a member who
// may not open its compartment.
func TestAMemberWithoutTheKeyCannotTellThatARecordExists(t *testing.T) {
	owner := create(t)
	defer owner.Close()
	dir := filepath.Join(t.TempDir(), "usb")
	p := testimony(t, owner, "Hana", "김철수", "x")
	hidden := owner.NewRecord()
	say(t, owner, hidden, "incident", p.person, "type", "MT07.1", "victims", p.person.String(), "narrative", "hidden words")
	helper := join(t, owner, dir, "general")
	if got := dump(t, helper); strings.Contains(got, hidden.String()) || strings.Contains(got, "MT07") || strings.Contains(got, p.identity.String()) {
		t.Errorf("the helper's index shows hidden records:\n%s", got)
	}
	res, err := helper.Index().List(t.Context(), index.Query{Kind: "incident", Limit: 10})
	if err != nil || res.Total != 1 {
		t.Errorf("the helper counts %d incidents, %v; want 1", res.Total, err)
	}
	_, errHidden := helper.Index().Fold(t.Context(), hidden)
	_, errNone := helper.Index().Fold(t.Context(), helper.NewRecord())
	if errHidden == nil || errNone == nil || errHidden.Error() != errNone.Error() {
		t.Errorf("a hidden record answers %v, a missing one %v: they must be the same", errHidden, errNone)
	}
	if n, in, err := helper.Index().Inbound(t.Context(), p.person, 50); err != nil || n != len(in) {
		t.Errorf("links to the person: %d counted, %d shown, %v", n, len(in), err)
	}
	full, err := owner.Index().List(t.Context(), index.Query{Kind: "incident", Limit: 10})
	if err != nil || full.Total != 2 {
		t.Errorf("the owner counts %d incidents, %v; want 2", full.Total, err)
	}
	if _, _, err := helper.State(t.Context(), casebook.Statement{Record: helper.NewRecord(), Kind: "incident", Fields: kind.Values{"type": {kind.Of("MT07.1")}}}, "save"); fault.KindOf(err) != fault.Denied {
		t.Errorf("writing into a compartment not held: %v, want %s", err, fault.Denied)
	}
}

func TestThreeDevicesMergeToTheSameRecords(t *testing.T) {
	a := create(t)
	defer a.Close()
	dir := filepath.Join(t.TempDir(), "usb")
	all := []string{"general", "identities", "sexual_violence", "perpetrators", "protection", "cases"}
	p := testimony(t, a, "Hana", "김철수", "x")
	b := join(t, a, dir, all...)
	c := join(t, a, dir, all...)
	exchange(t, dir, b)
	for i, w := range []*app.Workspace{a, b, c} {
		say(t, w, p.incident, "incident", id.ID{byte(i + 1)}, "type", "MT02.1", "place", []string{"KP-ONS", "KP-MUS", "KP-HOE"}[i])
		testimony(t, w, fmt.Sprint("New", i), "이름", "y")
	}
	exchange(t, dir, a, b, c, b, a, c)
	want := dump(t, a)
	for _, w := range []*app.Workspace{b, c} {
		if got := dump(t, w); got != want {
			t.Errorf("another dump after merging:\n%s\nwant\n%s", firstDiff(got, want), "")
		}
	}
	r, err := c.Index().Fold(t.Context(), p.incident)
	if err != nil || len(r.Accounts) != 4 || !r.Contested() {
		t.Errorf("%d accounts, contested %v, %v; want 4 side by side", len(r.Accounts), r.Contested(), err)
	}
	for _, w := range []*app.Workspace{a, b, c} {
		rep, err := w.Verify(context.Background(), nil)
		if err != nil || !rep.OK() {
			t.Errorf("verify: %v %+v", err, rep.Problems)
		}
	}
}

func firstDiff(a, b string) string {
	x, y := strings.Split(a, "\n"), strings.Split(b, "\n")
	for i := range x {
		if i >= len(y) || x[i] != y[i] {
			return fmt.Sprintf("line %d: %s", i, x[i])
		}
	}
	return "the second is longer"
}

func TestErasureReachesEveryMember(t *testing.T) {
	a := create(t)
	defer a.Close()
	dir := filepath.Join(t.TempDir(), "usb")
	p := testimony(t, a, "Hana", "김철수", "x")
	b := join(t, a, dir, "general", "identities")
	if _, err := b.Index().Fold(t.Context(), p.person); err != nil {
		t.Fatal(err)
	}
	e, err := a.Erase(t.Context(), p.person, "her wish")
	if err != nil || len(e.Pending) != 1 {
		t.Fatalf("%+v, %v, want one member pending", e, err)
	}
	exchange(t, dir, a, b, a)
	if _, err := b.Index().Fold(t.Context(), p.person); fault.KindOf(err) != fault.NotFound {
		t.Errorf("the other member still reads the person: %v", err)
	}
	if got := dump(t, b); strings.Contains(got, "Hana") {
		t.Error("the other member's index still holds the pseudonym")
	}
}

// Importing one's own full export gives the same workspace, and twice gives it once.
func TestFullExportComesBackTheSame(t *testing.T) {
	a := create(t)
	defer a.Close()
	p := testimony(t, a, "Hana", "김철수", "보위부에서 맞았다")
	testimony(t, a, "@@Duri=1+1", "Ri", "=cmd|' /C calc'!A0")
	say(t, a, p.incident, "incident", p.interview, "type", "MT02.1", "place", "@refused")
	r, err := a.Index().Fold(t.Context(), p.incident)
	if err != nil {
		t.Fatal(err)
	}
	if err := a.Choose(t.Context(), p.incident, "type", r.Accounts[0].Ref, "reason"); err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "out")
	if _, err := a.Export(t.Context(), dir, app.ExportOptions{}, nil); fault.KindOf(err) != fault.Invalid {
		t.Errorf("an export without purpose: %v (R26)", err)
	}
	ex, err := a.Export(t.Context(), dir, app.ExportOptions{Purpose: "test", Recipient: "self"}, nil)
	if err != nil || ex.Records != 10 {
		t.Fatalf("%+v, %v", ex, err)
	}
	rep, err := packet.Verify(dir)
	if err != nil || !rep.OK() {
		t.Fatalf("the packet does not verify: %+v, %v", rep, err)
	}
	b := create(t)
	defer b.Close()
	for run, wantStored := range []bool{true, false} {
		in, err := b.ImportPacket(t.Context(), dir, nil)
		if err != nil || in.Rows != in.Stored+in.Known+in.Refused || (in.Stored > 0) != wantStored {
			t.Fatalf("run %d: %+v, %v", run, in, err)
		}
		if got, want := records(dump(t, b)), records(dump(t, a)); got != want {
			t.Errorf("run %d: the imported workspace differs: %s\n%s", run, firstDiff(got, want), got)
		}
	}
	ledger, err := a.WholeLedger(t.Context())
	if err != nil || len(ledger) != 1 || ledger[0].Line.Purpose != "test" {
		t.Errorf("ledger: %+v, %v (R26)", ledger, err)
	}
}

// One flipped bit anywhere in a packet is found, with nothing but the packet.
func TestFlippedBitInAPacketIsFound(t *testing.T) {
	a := create(t)
	defer a.Close()
	testimony(t, a, "Hana", "김철수", "x")
	dir := filepath.Join(t.TempDir(), "out")
	if _, err := a.Export(t.Context(), dir, app.ExportOptions{Purpose: "p", Recipient: "r"}, nil); err != nil {
		t.Fatal(err)
	}
	flipEverywhere(t, dir, 61, func(name string, at int) {
		if rep, err := packet.Verify(dir); err == nil && rep.OK() {
			t.Errorf("%s: byte %d changed, and nothing is found", name, at)
		}
	})
}

// flipEverywhere flips one bit at every step-th byte of every file and calls check.
func flipEverywhere(t *testing.T, dir string, step int, check func(name string, at int)) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		whole, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		for at := 0; at < len(whole); at += step {
			b := bytes.Clone(whole)
			b[at] ^= 1 << (at % 8)
			if err := os.WriteFile(path, b, 0o600); err != nil {
				return err
			}
			check(d.Name(), at)
		}
		return os.WriteFile(path, whole, 0o600)
	})
	if err != nil {
		t.Fatal(err)
	}
}

// One flipped bit anywhere in a locked workspace is found with the passphrase.
func TestFlippedBitInAWorkspaceIsFound(t *testing.T) {
	w := create(t)
	testimony(t, w, "Hana", "김철수", "x")
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	saved := map[string][]byte{}
	files, err := os.ReadDir(w.Dir())
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if saved[f.Name()], err = os.ReadFile(filepath.Join(w.Dir(), f.Name())); err != nil {
			t.Fatal(err)
		}
	}
	for name, whole := range saved {
		for at := len(name); at < len(whole); at += max(3571, len(whole)/40) {
			for n, b := range saved {
				if err := os.WriteFile(filepath.Join(w.Dir(), n), b, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			b := bytes.Clone(whole)
			b[at] ^= 1 << (at % 8)
			if err := os.WriteFile(filepath.Join(w.Dir(), name), b, 0o600); err != nil {
				t.Fatal(err)
			}
			if found := verifyFinds(t, w.Dir()); !found {
				t.Errorf("%s: byte %d changed, and nothing is found", name, at)
			}
		}
	}
}

func verifyFinds(t *testing.T, dir string) bool {
	t.Helper()
	w, err := app.Open(t.Context(), dir, pass, quick)
	if err != nil {
		return true
	}
	rep, err := w.Verify(t.Context(), nil)
	_ = w.Close() // damage may keep it from closing cleanly, which is not the question
	return err != nil || !rep.OK()
}

// An old page put back is found: page encryption alone accepts it.
func TestOldPagePutBackIsFound(t *testing.T) {
	w := create(t)
	testimony(t, w, "Hana", "김철수", "x")
	dir := w.Dir()
	for _, name := range []string{"journal.db", "index.db"} {
		w = reopen(t, w)
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		old, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if w, err = app.Open(t.Context(), dir, pass, quick); err != nil {
			t.Fatal(err)
		}
		testimony(t, w, "Duri"+name[:1], "이름", "y")
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		now, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		missed, changed := 0, 0
		for page := 0; (page+1)*4096 <= min(len(old), len(now)); page++ {
			a, b := old[page*4096:(page+1)*4096], now[page*4096:(page+1)*4096]
			if bytes.Equal(a, b) {
				continue
			}
			changed++
			mixed := bytes.Clone(now)
			copy(mixed[page*4096:], a)
			if err := os.WriteFile(filepath.Join(dir, name), mixed, 0o600); err != nil {
				t.Fatal(err)
			}
			if !verifyFinds(t, dir) {
				missed++
				t.Logf("%s: page %d put back, and nothing is found", name, page+1)
			}
			if err := os.WriteFile(filepath.Join(dir, name), now, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if changed == 0 || missed > 0 {
			t.Errorf("%s: %d of %d pages put back were missed", name, missed, changed)
		}
		if w, err = app.Open(t.Context(), dir, pass, quick); err != nil {
			t.Fatal(err)
		}
	}
	_ = w.Close()
}
