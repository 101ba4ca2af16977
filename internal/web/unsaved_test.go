package web

import (
	"net/http"
	"net/url"
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

// A form is kept under an address of the desk alone: the desk shows the address as a link.
func TestAFormIsKeptUnderAnAddressOfTheDeskAlone(t *testing.T) {
	w := ownWorkspace(t, 5)
	s := newSite(t, w, testConfig())
	for form, want := range map[string]int{"/new/person": http.StatusNoContent, "/record/x/consent?y=z#1": http.StatusNoContent,
		"//elsewhere.example/": http.StatusBadRequest, `/\elsewhere.example`: http.StatusBadRequest, "javascript:alert(1)": http.StatusBadRequest, "https://elsewhere.example/": http.StatusBadRequest} {
		if code, body, _ := s.do("POST", "/unsaved", url.Values{"form": {form}, "values": {`[["a","b"]]`}}, nil); code != want {
			t.Errorf("%s: %d, want %d %s", form, code, want, alert(body))
		}
	}
}
