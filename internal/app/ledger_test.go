package app_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"example.org/amparo/id"
	"example.org/amparo/internal/app"
	"example.org/amparo/internal/casebook"
	"example.org/amparo/internal/journal"
)

// exported writes to the log that something left, a line for each of the persons in it.
func exported(t *testing.T, w *app.Workspace, export id.ID, what string, persons ...id.ID) {
	t.Helper()
	slices.SortFunc(persons, id.ID.Compare)
	for n, p := range persons {
		line := casebook.ExportLine{What: what, Purpose: "test", Recipient: "a doctor", Export: export, Part: n, Persons: p[:]}
		must(t, w.Forge(t.Context(), &casebook.Act{Verb: casebook.Export, Data: journal.Encode(line)}))
	}
}

func whats(entries []app.LedgerEntry) (out []string) {
	for _, e := range entries {
		switch {
		case e.Unread:
			out = append(out, "unread")
		case e.Verb == casebook.Export:
			out = append(out, e.Line.What)
		default:
			out = append(out, "search")
		}
	}
	return out
}

// The ledger is read page by page to its end, with every use once, and so is what was done
// with one person; a page costs what is on it.
func TestTheLedgerIsReadPageByPage(t *testing.T) {
	w := create(t)
	defer w.Close()
	a, b := testimony(t, w, "Hana", "김철수", "x").person, testimony(t, w, "Byeol", "박영희", "x").person
	want := []string{}
	for n := range 9 {
		what := fmt.Sprint("export ", n)
		switch n % 3 {
		case 0:
			search(t, w, fmt.Sprint("김철수 ", n))
			what = "search"
		case 1:
			exported(t, w, w.NewRecord(), what, a, b)
		case 2:
			exported(t, w, w.NewRecord(), what, b)
		}
		want = append([]string{what}, want...)
		if _, err := w.WholeLedger(t.Context()); err != nil { // which takes up the search
			t.Fatal(err)
		}
	}
	all, err := w.WholeLedger(t.Context())
	if err != nil || !slices.Equal(whats(all), want) {
		t.Fatalf("%q, want %q (%v)", whats(all), want, err)
	}
	var paged []app.LedgerEntry
	for before := journal.HLC(1<<63 - 1); ; {
		page, err := w.Ledger(t.Context(), before, 4)
		if err != nil {
			t.Fatal(err)
		}
		if len(page) < 4 {
			paged = append(paged, page...)
			break
		}
		paged, before = append(paged, page[:3]...), page[3].At
	}
	if !slices.Equal(whats(paged), want) {
		t.Errorf("page by page %q, want %q", whats(paged), want)
	}
	for who, want := range map[id.ID][]string{
		a: {"export 7", "export 4", "export 1"},
		b: {"export 8", "export 7", "export 5", "export 4", "export 2", "export 1"},
	} {
		uses, err := w.Uses(t.Context(), who)
		if err != nil || !slices.Equal(slices.DeleteFunc(whats(uses), func(s string) bool { return s == "search" }), want) {
			t.Errorf("uses %q, want %q (%v)", whats(uses), want, err)
		}
		left, err := w.LeftWith(t.Context(), who)
		if err != nil || len(left) != len(want) || left[0].What != want[len(want)-1] {
			t.Errorf("left %+v, want %q (%v)", left, want, err)
		}
	}
}

// Nobody hides what left under the number of something else that left, and a line that nobody
// can read breaks nothing: it may have held anybody, and whoever withdraws is told where it is.
func TestWhatLeftIsNotHiddenByOtherLines(t *testing.T) {
	w := create(t)
	defer w.Close()
	p := testimony(t, w, "Hana", "김철수", "x").person
	number := w.NewRecord()
	exported(t, w, number, "first", p)
	exported(t, w, number, "second", p)
	search(t, w, "김철수")
	under := casebook.ExportLine{What: "third", Recipient: "somebody", Export: searched(t, w)[0].Search, Part: 1, Persons: p[:]}
	must(t, w.Forge(t.Context(), &casebook.Act{Verb: casebook.Export, Data: journal.Encode(under)}))
	must(t, w.Forge(t.Context(), &casebook.Act{Verb: casebook.Export, Data: []byte("nonsense")}))
	must(t, w.Forge(t.Context(), &casebook.Act{Verb: casebook.Read, Data: []byte("nonsense")}))
	all, err := w.WholeLedger(t.Context())
	if want := []string{"unread", "unread", "third", "search", "second", "first"}; err != nil || !slices.Equal(whats(all), want) {
		t.Errorf("%q, want %q (%v)", whats(all), want, err)
	}
	left, err := w.LeftWith(t.Context(), p)
	if err != nil || len(left) != 4 || left[0].What != "first" || left[1].What != "second" || left[2].What != "third" || !strings.HasPrefix(left[3].Recipient, "? ") {
		t.Errorf("%+v (%v)", left, err)
	}
	done, err := w.Withdraw(t.Context(), p, app.Withdrawal{})
	if err != nil {
		t.Fatal(err)
	}
	to := map[string]bool{}
	for _, r := range done.Recall {
		to[r.Recipient] = true
	}
	if !to["a doctor"] || !to[left[3].Recipient] {
		t.Errorf("called back from %v, want the doctor and %q", to, left[3].Recipient)
	}
}
