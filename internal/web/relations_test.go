package web

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"example.org/amparo/internal/app"
)

// With keys alone: from a person to the relations, to the other person and back, a relation
// recorded, and what left with the person read.
func TestRelationsAreReadAndRecordedByKeyboard(t *testing.T) {
	c := tellTwice(t)
	axe := axeScript(t)
	if _, err := c.w.Export(t.Context(), filepath.Join(t.TempDir(), "packet"), app.ExportOptions{Purpose: "archive of the group", Recipient: "own safe"}, nil); err != nil {
		t.Fatal(err)
	}
	ctx, srv, _ := openDesk(t, c.w)
	person, mother := "/record/"+c.person.String(), "/record/"+c.mother.String()
	y := typist{t, ctx}
	y.do(chromedp.EmulateViewport(1366, 768))
	y.open(srv.URL + person)
	y.tabTo(`a[href^="` + person + `/relations"]`)
	y.leads("^"+person+`/relations$`, kb.Enter)
	y.press("j")
	if at := y.focus(); !strings.Contains(at, mother) {
		t.Fatalf("j leads to %q", at)
	}
	y.leads("^"+mother+"$", kb.Enter)
	y.tabTo(`a[href^="` + mother + `/relations"]`)
	y.leads("^"+mother+`/relations$`, kb.Enter)
	if text := y.text(".ties-list"); !strings.Contains(text, "Sora") {
		t.Errorf("from the other side stands %q", text)
	}
	// a relation is recorded, and one is back where it is drawn
	y.tabTo(`a[href^="/new/relationship"]`)
	y.leads(`^/new/relationship`, kb.Enter)
	y.tabTo("[name=type]")
	y.press("Spouse")
	y.tabTo("[name=other]")
	y.press("Bora")
	y.tabTo("button:not([name])")
	y.leads("^"+mother+`/relations\?done=saved$`, kb.Enter)
	if text := y.ask(`document.querySelector("svg.relations").textContent + document.querySelector(".ties-list").textContent`); strings.Count(text, "Spouse") != 2 || strings.Count(text, "Bora") != 2 {
		t.Errorf("the drawing and the list say %q", text)
	}
	// the table of what left is reached and read
	y.tabTo("div")
	if text := y.ask(`document.activeElement.textContent`); !strings.Contains(text, "own safe") || !strings.Contains(text, "archive of the group") {
		t.Errorf("what left: %q", text)
	}
	for _, lang := range languages {
		y.do(setCookie(srv, "lang", lang))
		y.open(srv.URL + mother + "/relations")
		checkAccess(t, ctx, string(axe), "relations "+lang)
	}
}
