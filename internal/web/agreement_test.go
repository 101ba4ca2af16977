package web

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"example.org/amparo/id"
	"example.org/amparo/internal/app"
	"example.org/amparo/internal/casebook"
	"example.org/amparo/internal/hub/folder"
	"example.org/amparo/internal/kind"
	"example.org/amparo/internal/vault"
)

// secondMember joins a workspace; meet carries everything both ways over a folder.
func secondMember(t *testing.T, w *app.Workspace) (second *app.Workspace, meet func()) {
	t.Helper()
	second, err := app.Join(t.Context(), filepath.Join(t.TempDir(), "second"), []byte("demo"), w.ID(), app.Options{Params: vault.LightParams, Name: "Second"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = second.Close() })
	card, err := app.ParseCard(second.Card("Second").Text())
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Admit(t.Context(), card, []string{"general"}); err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "usb")
	return second, func() {
		t.Helper()
		for _, x := range []*app.Workspace{w, second, w} {
			f, err := folder.Open(dir, x.ID())
			if err != nil {
				t.Fatal(err)
			}
			if _, err := x.Exchange(t.Context(), f, nil); err != nil {
				t.Fatal(err)
			}
			if err := f.Close(); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func codedIncident(t *testing.T, w *app.Workspace, rec id.ID, agency string) {
	t.Helper()
	s := casebook.Statement{Record: rec, Kind: "incident", Fields: kind.Values{"type": {kind.Of("MT02.1")}, "agency": {kind.Of(agency)}}}
	if _, problems, err := w.State(t.Context(), s, "save"); err != nil || len(problems) > 0 {
		t.Fatal(err, problems)
	}
}

// Two members coded four incidents apart; the one difference is settled with one key.
func TestADifferenceOfTwoCodersIsSettledByKeyboard(t *testing.T) {
	w := ownWorkspace(t, 5)
	second, meet := secondMember(t, w)
	meet()
	var recs []id.ID
	for i, agency := range []string{"AG-SSD", "AG-MPS", "AG-SSD", "AG-MPS"} {
		recs = append(recs, w.NewRecord())
		codedIncident(t, w, recs[i], agency)
	}
	meet()
	for i, agency := range []string{"AG-SSD", "AG-MPS", "AG-MPS", "AG-MPS"} {
		codedIncident(t, second, recs[i], agency)
	}
	meet()
	ctx, srv, _ := openDesk(t, w)
	y := typist{t, ctx}
	y.open(srv.URL + "/agreement?kind=incident")
	if said := y.text("main"); !strings.Contains(said, "3 / 4") || !strings.Contains(said, "1 difference is to be settled") {
		t.Fatalf("the page says %q", said)
	}
	y.do(chromedp.Focus(chromedp.CSS("[data-review] [name=reason]")))
	y.leads(`done=chosen`, "the passage names the police", kb.Tab, "b")
	coders, err := w.Desk().Coders(t.Context(), "incident")
	if err != nil || len(coders) != 1 || coders[0].Records != 4 {
		t.Fatalf("%+v %v", coders, err)
	}
	fields, err := w.Desk().Agreement(t.Context(), "incident", coders[0].First, coders[0].Second, 1)
	if err != nil {
		t.Fatal(err)
	}
	settled := 0
	for _, f := range fields {
		for _, d := range f.Disputes {
			if d.Chosen {
				settled++
			}
		}
	}
	if settled != 1 {
		t.Errorf("%d differences are settled, want 1", settled)
	}
}
