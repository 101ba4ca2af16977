package web

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"example.org/amparo/internal/kind"
)

func messages(t *testing.T, lang string) map[string]any {
	t.Helper()
	m := map[string]any{}
	for _, name := range messageNames() {
		if !strings.HasSuffix(name, "."+lang+".json") {
			continue
		}
		b, err := messageFiles.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		one := map[string]any{}
		if err := json.Unmarshal(b, &one); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		for id, text := range one {
			if m[id] != nil {
				t.Errorf("%s says %s again", name, id)
			}
			m[id] = text
		}
	}
	return m
}

var placeholder = regexp.MustCompile(`\{\{\.[A-Z]\}\}`)

// forms lists the texts of a message, one for each plural form.
func forms(m any) map[string]string {
	switch v := m.(type) {
	case string:
		return map[string]string{"": v}
	case map[string]any:
		out := map[string]string{}
		for k, s := range v {
			out[k], _ = s.(string)
		}
		return out
	}
	return nil
}

func TestEveryLanguageHasEveryMessage(t *testing.T) {
	en := messages(t, "en")
	for _, lang := range languages {
		m := messages(t, lang)
		for id, text := range en {
			for form, s := range forms(m[id]) {
				want := placeholder.FindAllString(forms(text)["other"]+forms(text)[""], -1)
				got := placeholder.FindAllString(s, -1)
				slices.Sort(want) // languages put words in another order
				slices.Sort(got)
				if strings.TrimSpace(s) == "" || form == "other" && !slices.Equal(got, want) || form == "" && !slices.Equal(got, want) {
					t.Errorf("%s %s %q: %q, placeholders %v, want %v", lang, id, form, s, got, want)
				}
			}
			if m[id] == nil {
				t.Errorf("%s lacks %s", lang, id)
			}
			if _, plural := text.(map[string]any); plural && forms(m[id])["other"] == "" {
				t.Errorf("%s %s has no form for many", lang, id)
			}
		}
		for id := range m {
			if en[id] == nil {
				t.Errorf("%s has %s, which English lacks", lang, id)
			}
		}
	}
}

var used = regexp.MustCompile(`(?:\.T|\.N|\.With|\.Two|\.Fill|\.page|Say\.T)[ (]"([a-z0-9.]+)"`)

// Every message the pages use is in the catalogue, and none is there for nothing.
func TestMessagesUsedAndMessagesWritten(t *testing.T) {
	en := messages(t, "en")
	seen := map[string]bool{}
	for _, pattern := range []string{"*.go", "templates/*.html"} {
		files, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			if strings.HasSuffix(f, "_test.go") {
				continue
			}
			b, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			for _, g := range used.FindAllStringSubmatch(string(b), -1) {
				seen[g[1]] = true
				if en[g[1]] == nil && !strings.HasSuffix(g[1], ".") {
					t.Errorf("%s uses the message %q, which is not in the catalogue", f, g[1])
				}
			}
		}
	}
	for _, g := range kind.Groups() {
		if en["group."+g] == nil {
			t.Errorf("no name for the group %s", g)
		}
	}
	for id := range en {
		prefix, _, _ := strings.Cut(id, ".")
		built := slices.Contains([]string{"group", "refused", "verb", "type", "class", "done", "regrouped", "cause", "level", "compared", "judged", "figures", "words"}, prefix) || strings.HasPrefix(id, "form.hint.") || strings.HasPrefix(id, "making.step.")
		if !seen[id] && !built {
			t.Errorf("the message %q is used nowhere", id)
		}
	}
}

// Every template is parsed, and every field it names is one of the page it is given.
func TestEveryTemplateFitsItsPage(t *testing.T) {
	if len(checks) < 20 {
		t.Fatalf("%d templates only", len(checks))
	}
	for name, check := range checks {
		if err := check(); err != nil {
			t.Errorf("template %s: %v", name, err)
		}
	}
}
