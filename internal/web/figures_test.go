package web

import (
	"net/http"
	"net/url"
	"path/filepath"
	"strings"
	"testing"

	"example.org/amparo/internal/app"
)

// aFigure makes a figure in the workspace and returns the id of its record.
func aFigure(t *testing.T, w *app.Workspace, ask string) string {
	t.Helper()
	f, err := w.MakeFigure(t.Context(), app.FigureQuestion{Ask: ask, Draws: 2}, "test")
	if err != nil {
		t.Fatal(err)
	}
	return f.Record.String()
}

func TestAFigureIsMadeOnThePageAndARefusalIsAsClear(t *testing.T) {
	w, err := newWorkspace(filepath.Join(t.TempDir(), "w"), 250)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.Close() })
	s := newSite(t, w, testConfig())
	given, refused := 0, 0
	for _, ask := range app.Asks() {
		code, _, header := s.do("POST", "/figures", url.Values{"ask": {ask}}, nil)
		if code != http.StatusSeeOther {
			t.Fatalf("%s: %d", ask, code)
		}
		page := s.get(header.Get("Location"))
		switch no := strings.Contains(page, "No figure."); {
		case no && strings.Contains(page, "What to do:"):
			refused++
		case !no && strings.Contains(page, "etween "):
			given++
		default:
			t.Errorf("%s: the page says neither a figure nor what to do", ask)
		}
	}
	if given == 0 || refused == 0 {
		t.Errorf("%d figures and %d refusals: the test shows only one of them", given, refused)
	}
	if list := s.get("/figures"); strings.Count(list, `href="/figures/`) != given+refused || strings.Count(list, "No figure.") != refused {
		t.Error("the list does not show all of them")
	}
	if code, _, _ := s.do("POST", "/figures", url.Values{"ask": {"nonsense"}}, nil); code != http.StatusBadRequest {
		t.Errorf("an unknown question: %d", code)
	}
}
