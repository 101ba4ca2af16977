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
	if err := chromedp.Do(ctx, chromedp.EmulateViewport(1366, 768), chromedp.Navigate(srv.URL+person), chromedp.WaitReady(chromedp.CSS("footer"))); err != nil {
		t.Fatal(err)
	}
	complete(t, ctx)
	tabUntil(t, ctx, "A  "+person+"/relations")
	pressUntil(t, ctx, kb.Enter, func(p string) bool { return p == person+"/relations" })
	type_(t, ctx, "j")
	if at := focus(t, ctx); !strings.Contains(at, mother) {
		t.Fatalf("j leads to %q", at)
	}
	pressUntil(t, ctx, kb.Enter, func(p string) bool { return p == mother })
	tabUntil(t, ctx, "A  "+mother+"/relations")
	pressUntil(t, ctx, kb.Enter, func(p string) bool { return p == mother+"/relations" })
	text, err := chromedp.Run(ctx, chromedp.Text(chromedp.CSS(".ties-list")))
	if err != nil || !strings.Contains(text, "Sora") {
		t.Errorf("from the other side stands %q (%v)", text, err)
	}
	// a relation is recorded, and one is back where it is drawn
	tabUntil(t, ctx, "A  /new/relationship")
	pressUntil(t, ctx, kb.Enter, func(p string) bool { return strings.HasPrefix(p, "/new/relationship") })
	tabTo(t, ctx, "type")
	type_(t, ctx, "Spouse")
	tabTo(t, ctx, "other")
	type_(t, ctx, "Bora")
	tabTo(t, ctx, "BUTTON")
	pressUntil(t, ctx, kb.Enter, func(p string) bool { return p == mother+"/relations?done=saved" })
	if text, err = chromedp.Run(ctx, chromedp.Evaluate[string](`document.querySelector("svg.relations").textContent + document.querySelector(".ties-list").textContent`)); err != nil || strings.Count(text, "Spouse") != 2 || strings.Count(text, "Bora") != 2 {
		t.Errorf("the drawing and the list say %q (%v)", text, err)
	}
	// the table of what left is reached and read
	tabUntil(t, ctx, "DIV")
	if at := focus(t, ctx); !strings.Contains(at, "own safe") {
		if text, _ = chromedp.Run(ctx, chromedp.Evaluate[string](`document.activeElement.textContent`)); !strings.Contains(text, "own safe") || !strings.Contains(text, "archive of the group") {
			t.Errorf("what left: %q", text)
		}
	}
	for _, lang := range languages {
		if err := chromedp.Do(ctx, setCookie(srv, "lang", lang), chromedp.Navigate(srv.URL+mother+"/relations"), chromedp.WaitReady(chromedp.CSS("footer"))); err != nil {
			t.Fatal(err)
		}
		complete(t, ctx)
		checkAccess(t, ctx, string(axe), "relations "+lang)
	}
}
