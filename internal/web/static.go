package web

import (
	"bytes"
	"embed"
	"net/http"
	"time"
)

// The script and the style sheet are built from assets by go generate, with esbuild as a
// library; the result is committed, so that a clone builds with Go alone.
//
//go:generate go run ./build

//go:embed static/app.css static/app.js static/icon.svg
var staticFiles embed.FS

var contentTypes = map[string]string{"app.css": "text/css; charset=utf-8", "app.js": "text/javascript; charset=utf-8", "icon.svg": "image/svg+xml"}

func serveStatic(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("file")
	ct, ok := contentTypes[name]
	b, err := staticFiles.ReadFile("static/" + name)
	if !ok || err != nil {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", ct)
	http.ServeContent(w, r, name, time.Time{}, bytes.NewReader(b))
}
