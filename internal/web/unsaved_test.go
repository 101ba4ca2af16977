package web

import (
	"regexp"
	"strings"
	"testing"
)

var postForm = regexp.MustCompile(`<form method="post"[^>]*class="(?:entry|stack)[^>]*>`)

// A browser writes what is typed into its own files, in clear, to restore it after a
// crash, unless the form tells it not to.
func TestTheBrowserIsToldToKeepNoForm(t *testing.T) {
	s := newSite(t, demoWorkspace(t), testConfig())
	for _, p := range pages(t, demoWorkspace(t)) {
		switch p.name {
		case "form", "coding", "intake", "consent":
			forms := postForm.FindAllString(s.get(p.path), -1)
			if len(forms) == 0 {
				t.Errorf("%s has no form", p.name)
			}
			for _, f := range forms {
				if !strings.Contains(f, `autocomplete="off"`) {
					t.Errorf("%s: %s", p.name, f)
				}
			}
		}
	}
}
