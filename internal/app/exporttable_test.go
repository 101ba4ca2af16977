package app_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"example.org/amparo/fault"
	"example.org/amparo/id"
	"example.org/amparo/internal/app"
	"example.org/amparo/internal/exchange/table"
)

func exportTable(t *testing.T, w *app.Workspace, opt app.TableOptions) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "out."+opt.Format)
	opt.ExportOptions = app.ExportOptions{Purpose: "test", Recipient: "self"}
	ex, err := w.ExportTable(t.Context(), name, opt, nil)
	if err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if counts, err := w.Index().Counts(t.Context()); err != nil || ex.Records != counts[opt.Kind] {
		t.Errorf("%d of %d records, %v", ex.Records, counts[opt.Kind], err)
	}
	return string(b)
}

// A table that leaves and comes back unchanged changes nothing, in every format; with
// one cell changed it adds one account that says just that.
func TestATableComesBackUnchanged(t *testing.T) {
	w := create(t)
	defer w.Close()
	p := testimony(t, w, "=1+1|2", "김철수", "맞았다")
	testimony(t, w, `back\| | slash`, "Ri", "'quoted")
	say(t, w, p.person, "person", id.ID{}, "specific_needs", "health", "specific_needs", "papers", "languages", "a | b", "languages", "@unknown", "birth", "1971")
	before := dump(t, w)
	for _, format := range []string{"csv", "xlsx", "json"} {
		for _, k := range []string{"person", "incident", "person_identity", "statement_unit"} {
			out := exportTable(t, w, app.TableOptions{Kind: k, Format: format, Sealed: true})
			for _, rep := range importFiles(t, w, "", app.ImportOptions{}, file{"out." + format, out}) {
				if rep.Kind != k || rep.Stored != 0 || rep.Refused != 0 || rep.Known == 0 {
					t.Errorf("%s %s: %+v\n%s", format, k, rep, out)
				}
			}
		}
	}
	if got := records(dump(t, w)); got != records(before) {
		t.Errorf("unchanged tables changed something: %s", firstDiff(got, records(before)))
	}
	csv := exportTable(t, w, app.TableOptions{Kind: "incident", Format: "csv"})
	if strings.Contains(csv, "맞았다") || strings.Contains(csv, "narrative") {
		t.Error("a sealed field is in a table that was not asked for sealed fields")
	}
	rep := importCSV(t, w, strings.Replace(csv, "KP-ONS", "KP-HOE", 1))
	if rep.Stored != 1 || rep.Known != 1 {
		t.Fatalf("%+v", rep)
	}
	for _, rec := range []id.ID{p.incident} {
		r, err := w.Index().Fold(t.Context(), rec)
		if err != nil || len(r.Accounts) > 1 && len(r.Accounts[1].Act.Fields) != 1 {
			t.Errorf("the changed row says more than what changed: %v, %v", r.Accounts, err)
		}
	}
}

func TestFormulasAndHashtagsOfTables(t *testing.T) {
	w := create(t)
	defer w.Close()
	testimony(t, w, "=cmd|'/C calc'!A0", "Ri", "x")
	csv := exportTable(t, w, app.TableOptions{Kind: "person", Format: "csv", HXL: true})
	lines := strings.Split(csv, "\n")
	if !strings.Contains(lines[1], "#meta+id,,#affected+gender") || !strings.Contains(lines[2], ",'=cmd") {
		t.Errorf("%q", lines)
	}
	if rep := importCSV(t, w, csv); rep.Rows != 1 || rep.Known != 1 {
		t.Errorf("the row of hashtags is read as data: %+v", rep)
	}
	sheets, err := table.Read("t.xlsx", []byte(exportTable(t, w, app.TableOptions{Kind: "person", Format: "xlsx"})), table.DefaultLimits())
	if err != nil || len(sheets[0].Warnings) != 0 {
		t.Errorf("the workbook holds a formula: %v, %v", sheets[0].Warnings, err)
	}
}

func TestATableLeavesWithAPurposeOrNotAtAll(t *testing.T) {
	w := create(t)
	defer w.Close()
	testimony(t, w, "Hana", "Ri", "x")
	name := filepath.Join(t.TempDir(), "out.csv")
	opt := app.TableOptions{Kind: "person", Format: "csv"}
	if _, err := w.ExportTable(t.Context(), name, opt, nil); fault.KindOf(err) != fault.Invalid {
		t.Errorf("without a purpose: %v (R26)", err)
	}
	opt.ExportOptions = app.ExportOptions{Purpose: "test", Recipient: "self"}
	if err := os.WriteFile(name, []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := w.ExportTable(t.Context(), name, opt, nil); fault.KindOf(err) != fault.Conflict {
		t.Errorf("over a file that is there: %v", err)
	}
	if b, err := os.ReadFile(name); err != nil || !bytes.Equal(b, []byte("mine")) {
		t.Errorf("the file that was there: %q, %v", b, err)
	}
	ledger, err := w.WholeLedger(t.Context())
	if err != nil || len(ledger) != 1 || ledger[0].Line.What != "table of person" || ledger[0].Line.Records != 1 {
		t.Errorf("%+v, %v (R26)", ledger, err)
	}
}

// A member without the key of a compartment exports nothing of it.
func TestATableHoldsOnlyWhatTheMemberMayOpen(t *testing.T) {
	owner := create(t)
	defer owner.Close()
	p := testimony(t, owner, "Hana", "김철수", "x")
	say(t, owner, p.person, "person", id.ID{}, "safe_contact_token", "marigold")
	dir := filepath.Join(t.TempDir(), "usb")
	colleague := join(t, owner, dir, "general")
	defer colleague.Close()
	exchange(t, dir, owner, colleague)
	own := exportTable(t, owner, app.TableOptions{Kind: "person", Format: "csv", Sealed: true})
	if !strings.Contains(own, "marigold") {
		t.Fatalf("the owner's table lacks what was asked for: %s", own)
	}
	for _, k := range []string{"person", "person_identity"} {
		out := exportTable(t, colleague, app.TableOptions{Kind: k, Format: "json", Sealed: true})
		if strings.Contains(out, "marigold") || strings.Contains(out, "김철수") {
			t.Errorf("%s: the colleague's table holds what is sealed from them", k)
		}
	}
}

// Other programs stop at 10,000 rows without a word.
func TestTablesAreNotCapped(t *testing.T) {
	if testing.Short() {
		t.Skip("SKIPPED: short")
	}
	w := create(t)
	defer w.Close()
	const n = 10_500
	var csv strings.Builder
	csv.WriteString("pseudonym,sex\n")
	for i := range n {
		fmt.Fprintf(&csv, "P-%d,f\n", i)
	}
	if rep := importCSV(t, w, csv.String()); rep.Rows != n || rep.Stored != n {
		t.Fatalf("%d rows, %d stored", rep.Rows, rep.Stored)
	}
	// nor does a link find the first few hundred only
	if rep := importCSV(t, w, fmt.Sprintf("person,period\nP-%d,2003\n", n-1)); rep.Stored != 1 {
		t.Errorf("a link to the last of many: %+v", rep)
	}
	if lines := strings.Count(exportTable(t, w, app.TableOptions{Kind: "person", Format: "csv"}), "\n"); lines != n+1 {
		t.Errorf("%d lines, want %d", lines, n+1)
	}
	sheets, err := table.Read("t.xlsx", []byte(exportTable(t, w, app.TableOptions{Kind: "person", Format: "xlsx"})), table.DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	rows := 0
	for _, err := range sheets[0].Rows() {
		if rows++; err != nil {
			t.Fatal(err)
		}
	}
	if rows != n {
		t.Errorf("the workbook has %d rows, want %d", rows, n)
	}
}
