package app_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"example.org/amparo/id"
	"example.org/amparo/internal/app"
	"example.org/amparo/internal/casebook"
	"example.org/amparo/internal/kind"
)

// R12: the words spoken and each translation are kept apart, and a translation made by a
// machine says so.
func TestR12VerbatimWordsAreKeptApartFromTranslations(t *testing.T) {
	w := create(t)
	defer w.Close()
	k, _ := w.Schema().Kind("statement_unit")
	for _, name := range []string{"verbatim", "translation"} {
		f, ok := k.Field(name)
		if !ok || f.Class != kind.Sealed || !f.Tagged {
			t.Errorf("statement_unit.%s must be sealed text with its language", name)
		}
	}
	if f, ok := k.Field("machine_translated"); !ok || f.Type != kind.TypeYesNo {
		t.Error("a passage cannot say that a machine translated it")
	}
	rec := w.NewRecord()
	first := casebook.Statement{Record: rec, Kind: "statement_unit", Fields: kind.Values{
		"interview": {kind.Of(w.NewRecord().String())}, "order": {kind.Of("1")},
		"verbatim": {{Text: "강을 건넜습니다", Lang: "ko"}}, "translation": {{Text: "I crossed the river", Lang: "en"}}}}
	if _, p, err := w.State(t.Context(), first, "save"); err != nil || len(p) > 0 {
		t.Fatal(p, err)
	}
	again := casebook.Statement{Record: rec, Kind: "statement_unit", Fields: kind.Values{"translation": {{Text: "I went over the river", Lang: "en"}}}}
	if _, p, err := w.State(t.Context(), again, "save"); err != nil || len(p) > 0 {
		t.Fatal(p, err)
	}
	r, err := w.Index().Fold(t.Context(), rec)
	if err != nil {
		t.Fatal(err)
	}
	if vs := r.Field("verbatim").Current(); len(vs) != 1 || vs[0].Text != "강을 건넜습니다" {
		t.Errorf("a second translation changed the words spoken: %v", vs)
	}
	if n := len(r.Field("translation").Claims); n != 2 {
		t.Errorf("%d translations side by side, want 2", n)
	}
}

// R14: a day that nobody said is never written, on the way in or out.
func TestR14UncertainDatesStayUncertain(t *testing.T) {
	w := create(t)
	defer w.Close()
	for said, want := range map[string]string{"1998": "1998", "spring 1998": "1998-21", "after the harvest of 1998": "1998-11/..", "about 1998": "1998~", "1998–1999": "1998/1999"} {
		rec := w.NewRecord()
		say(t, w, rec, "incident", id.ID{}, "type", "MT02.1", "date", said)
		row, err := w.Index().Row(t.Context(), rec)
		if err != nil || row.Values.Get("date") != want {
			t.Errorf("%q is kept as %q, want %q (%v)", said, row.Values.Get("date"), want, err)
		}
	}
}

// R22: nothing needs a network. The program links no client and dials nowhere: the only
// listener is the desk's, on this machine.
func TestR22R25NoNetworkIsUsed(t *testing.T) {
	out, err := exec.Command("git", "-C", "../..", "grep", "-nE", `net\.Dial|http\.(Get|Post|Head|DefaultClient|Client\{)|net\.Lookup|smtp\.|rpc\.Dial`, "--", "*.go", ":!*_test.go").Output()
	if len(out) > 0 {
		t.Errorf("something reaches for the network:\n%s", out)
	}
	if err != nil && len(out) > 0 {
		t.Error(err)
	}
	out, _ = exec.Command("git", "-C", "../..", "grep", "-nE", `net\.Listen\(`, "--", "*.go", ":!*_test.go").Output()
	for _, l := range strings.Split(strings.TrimSpace(string(out)), "\n") {
		if l != "" && !strings.Contains(l, `"127.0.0.1"`) {
			t.Errorf("a listener beyond this machine: %s", l)
		}
	}
}

// R23: opening a restricted record is an entry of the log, written before it is shown.
func TestR23ReadingARestrictedRecordIsLogged(t *testing.T) {
	w := create(t)
	defer w.Close()
	p := testimony(t, w, "Hana", "김철수", "x")
	before, err := w.WholeLedger(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.View(t.Context(), p.person, "en"); err != nil {
		t.Fatal(err)
	}
	if _, err := w.View(t.Context(), p.identity, "en"); err != nil {
		t.Fatal(err)
	}
	after, err := w.WholeLedger(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if len(after) != len(before)+1 || after[0].Verb != casebook.Read || after[0].Record != p.identity || after[0].Member != "Tester" {
		t.Errorf("the ledger after opening a name: %+v", after)
	}
	rep, err := w.Verify(t.Context(), nil)
	if err != nil || !rep.OK() {
		t.Errorf("the log of readings is not part of what verifies: %v %v", err, rep.Problems)
	}
}

// R26: data leaves only with purpose and recipient, and the ledger has the line before
// the first byte is written.
func TestR26AnExportNeedsPurposeAndRecipientAndIsInTheLedger(t *testing.T) {
	w := create(t)
	defer w.Close()
	p := testimony(t, w, "Hana", "김철수", "x")
	say(t, w, w.NewRecord(), "consent", id.ID{}, "person", p.person.String(), "purpose", "CO-01", "state", "CS-1", "date", "2003-04-02", "language", "ko", "method", "oral", "text_version", "2004-1")
	dir := filepath.Join(t.TempDir(), "packet")
	for _, opt := range []app.ExportOptions{{}, {Purpose: "archive"}, {Recipient: "own safe"}} {
		if _, err := w.Export(t.Context(), dir, opt, nil); err == nil {
			t.Errorf("an export with %+v leaves", opt)
		}
		if _, err := os.Stat(dir); err == nil {
			t.Fatal("a refused export wrote something")
		}
	}
	if _, err := w.Export(t.Context(), dir, app.ExportOptions{Purpose: "archive", Recipient: "own safe"}, nil); err != nil {
		t.Fatal(err)
	}
	lines, err := w.WholeLedger(t.Context())
	if err != nil || len(lines) == 0 {
		t.Fatal(lines, err)
	}
	if l := lines[0].Line; l.Purpose != "archive" || l.Recipient != "own safe" || l.Consents == "" || l.Records == 0 {
		t.Errorf("the line of the export: %+v", l)
	}
}

// R28: every record of the synthetic world is marked.
func TestR28SyntheticDataIsMarked(t *testing.T) {
	k := kind.Builtin()
	for _, kk := range k.Kinds() {
		if f, ok := kk.Field("synthetic"); !ok || f.Type != kind.TypeYesNo {
			t.Errorf("%s cannot be marked as synthetic", kk.Name)
		}
	}
}

// R29: a correction is shown with the record; what it corrects stays in the history and
// no longer counts.
func TestR29CorrectionsAreShownWithTheRecord(t *testing.T) {
	w := create(t)
	defer w.Close()
	p := testimony(t, w, "Hana", "김철수", "x")
	r, err := w.Index().Fold(t.Context(), p.incident)
	if err != nil {
		t.Fatal(err)
	}
	old := r.Accounts[0].Ref
	s := casebook.Statement{Record: p.incident, Kind: "incident", Source: p.person, Corrects: &old, Fields: kind.Values{"type": {kind.Of("MT02.2")}, "date": {kind.Of("2001-22")}}}
	if _, problems, err := w.State(t.Context(), s, "save"); err != nil || len(problems) > 0 {
		t.Fatal(problems, err)
	}
	v, err := w.View(t.Context(), p.incident, "en")
	if err != nil {
		t.Fatal(err)
	}
	corrected, correcting := 0, 0
	for _, a := range v.Accounts {
		if a.Corrected {
			corrected++
		}
		if a.Corrects != "" {
			correcting++
		}
	}
	if corrected != 1 || correcting != 1 || v.Contested {
		t.Errorf("%d accounts corrected, %d correcting, contested %v; want 1, 1, false", corrected, correcting, v.Contested)
	}
}

// R31: what leaves says who is missing.
func TestR31AnExportSaysWhoIsMissing(t *testing.T) {
	w := create(t)
	defer w.Close()
	testimony(t, w, "Hana", "김철수", "x")
	dir := filepath.Join(t.TempDir(), "packet")
	if _, err := w.Export(t.Context(), dir, app.ExportOptions{Purpose: "archive", Recipient: "own safe"}, nil); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(filepath.Join(dir, "manifest.json"))
	if err != nil {
		t.Fatal(err)
	}
	var m struct{ Limits string }
	if err := json.Unmarshal(b, &m); err != nil {
		t.Fatal(err)
	}
	for _, word := range []string{"dead", "held", "never reached", "consent"} {
		if !strings.Contains(m.Limits, word) {
			t.Errorf("the manifest does not say that the %s are missing: %q", word, m.Limits)
		}
	}
}
