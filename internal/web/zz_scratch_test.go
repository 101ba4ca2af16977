package web

import (
	"testing"

	"github.com/chromedp/chromedp/kb"
)

func TestScratch(t *testing.T) {
	ctx, srv, _ := openDesk(t, demoWorkspace(t))
	y := typist{t, ctx}
	y.open(srv.URL + "/map")
	t.Run("arrive", func(t *testing.T) { typist{t, ctx}.leads("^/nowhere", kb.Tab) })
	t.Run("step", func(t *testing.T) { typist{t, ctx}.tabTo("#nothing") })
	t.Run("ask", func(t *testing.T) { typist{t, ctx}.text("#nothing") })
}
