package web

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"example.org/amparo/estimate"
)

// uttered is one place in the program where something is assumed, doubted or refused.
type uttered struct {
	at   string
	code string
	args int
}

// utterances reads every source of the program for codes of assumptions, warnings,
// refusals and what is offered in their place: calls of Assume, Warn, Because, Offer and literals
// with a Code.
func utterances(t *testing.T) []uttered {
	t.Helper()
	files := map[string]*ast.File{}
	set := token.NewFileSet()
	err := filepath.WalkDir("../..", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() && (d.Name() == "testdata" || strings.HasPrefix(d.Name(), ".") && path != "../..") {
			return filepath.SkipDir
		}
		if strings.HasSuffix(path, ".go") && !strings.HasSuffix(path, "_test.go") {
			files[path], err = parser.ParseFile(set, path, nil, parser.SkipObjectResolution)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	consts := map[string]string{} // package.Name to its text
	for _, f := range files {
		for _, d := range f.Decls {
			g, ok := d.(*ast.GenDecl)
			if !ok || g.Tok != token.CONST {
				continue
			}
			for _, s := range g.Specs {
				v := s.(*ast.ValueSpec)
				for i, name := range v.Names {
					if i < len(v.Values) {
						if text, ok := literal(v.Values[i]); ok {
							consts[f.Name.Name+"."+name.Name] = text
						}
					}
				}
			}
		}
	}
	var out []uttered
	for path, f := range files {
		value := func(e ast.Expr) (string, bool) {
			switch e := e.(type) {
			case *ast.Ident:
				text, ok := consts[f.Name.Name+"."+e.Name]
				return text, ok
			case *ast.SelectorExpr:
				x, _ := e.X.(*ast.Ident)
				if x == nil {
					return "", false
				}
				text, ok := consts[x.Name+"."+e.Sel.Name]
				return text, ok
			}
			return literal(e)
		}
		ast.Inspect(f, func(n ast.Node) bool {
			at := func() string { return fmt.Sprintf("%s:%d", path, set.Position(n.Pos()).Line) }
			switch n := n.(type) {
			case *ast.CallExpr:
				name := calledName(n)
				if name == "none" && f.Name.Name == "loglin" && len(n.Args) == 2 {
					name = "Because"
				}
				if !slices.Contains([]string{"Assume", "Warn", "Because", "Offer", "warn"}, name) || len(n.Args) < 2 || calledOn(n) == "fault" {
					return true
				}
				code, ok := value(n.Args[0])
				if !ok {
					if !strings.HasSuffix(path, "estimate/estimate.go") && name != "warn" {
						t.Errorf("%s: the code is no constant, so that nobody can tell whether it has words", at())
					}
					return true
				}
				args := len(n.Args) - 2
				if n.Ellipsis.IsValid() {
					args = -1
				}
				if name == "Offer" { // what to do or say in place of a refused figure
					code = "instead_" + code
				}
				if code != "" {
					out = append(out, uttered{at(), code, args})
				}
			case *ast.CompositeLit:
				if u, ok := literalUtterance(n, value); ok {
					u.at = at()
					out = append(out, u)
				}
			}
			return true
		})
	}
	return out
}

func literal(e ast.Expr) (string, bool) {
	b, ok := e.(*ast.BasicLit)
	if !ok || b.Kind != token.STRING {
		return "", false
	}
	text, err := strconv.Unquote(b.Value)
	return text, err == nil
}

func calledName(c *ast.CallExpr) string {
	switch f := c.Fun.(type) {
	case *ast.SelectorExpr:
		return f.Sel.Name
	case *ast.Ident:
		return f.Name
	}
	return ""
}

func calledOn(c *ast.CallExpr) string {
	if f, ok := c.Fun.(*ast.SelectorExpr); ok {
		if x, ok := f.X.(*ast.Ident); ok {
			return x.Name
		}
	}
	return ""
}

// literalUtterance reads estimate.Refusal{Code: …} and its like. What is not a list of
// arguments as it stands counts as any number of them.
func literalUtterance(n *ast.CompositeLit, value func(ast.Expr) (string, bool)) (uttered, bool) {
	kind := ""
	switch k := n.Type.(type) {
	case *ast.SelectorExpr:
		kind = k.Sel.Name
	case *ast.Ident:
		kind = k.Name
	case *ast.ArrayType: // []estimate.Warning{{Code: …}}
		return uttered{}, false
	case nil:
		kind = "Warning"
	}
	if !slices.Contains([]string{"Refusal", "Warning", "Assumption"}, kind) {
		return uttered{}, false
	}
	u, text := uttered{}, false
	for _, e := range n.Elts {
		kv, ok := e.(*ast.KeyValueExpr)
		if !ok {
			continue
		}
		key, _ := kv.Key.(*ast.Ident)
		switch {
		case key == nil:
		case key.Name == "Instead":
			text = true
			u.code = "an offer without Offer" // has no words
		case key.Name == "Code" && u.code == "":
			u.code, _ = value(kv.Value)
		case key.Name == "Text":
			text = true
		case key.Name == "Args":
			u.args = -1
			if list, ok := kv.Value.(*ast.CompositeLit); ok {
				u.args = len(list.Elts)
			}
		}
	}
	return u, u.code != "" && text
}

// prose are arguments that are sentences in English; they are left out where others speak.
var prose = map[string]string{"member_refused": "B", "no_logrank": "A", "no_gray": "A", "order_of_magnitude": "A", "table": "A"}

// Whatever the program assumes, doubts or refuses has words in every language, with its
// numbers in them.
func TestEveryAssumptionWarningAndRefusalHasWordsInEveryLanguage(t *testing.T) {
	all := utterances(t)
	if len(all) < 100 {
		t.Fatalf("only %d places were found: the test does not see the program", len(all))
	}
	catalogues := map[string]map[string]any{}
	for _, lang := range languages {
		catalogues[lang] = messages(t, lang)
	}
	used := map[string]bool{}
	for _, u := range all {
		variants := []int{u.args}
		if u.args < 0 { // handed on: any sentence of the code that is there
			variants = nil
			for n := range 6 {
				if _, ok := wordsFor(u.code, n); ok {
					variants = append(variants, n)
				}
			}
			if variants == nil {
				t.Errorf("%s: %q has no words", u.at, u.code)
			}
		}
		for _, n := range variants {
			message, ok := wordsFor(u.code, n)
			if !ok {
				t.Errorf("%s: %q with %d numbers has no words", u.at, u.code, n)
				continue
			}
			used[message] = true
			for _, lang := range languages {
				text, _ := catalogues[lang][message].(string)
				for k := range n {
					letter := string(rune('A' + k))
					if !strings.Contains(text, "{{."+letter+"}}") && prose[u.code] != letter && u.args >= 0 {
						t.Errorf("%s: %s in %s does not say number %s", u.at, message, lang, letter)
					}
				}
			}
		}
	}
	for message := range wordsNeed() {
		if !used[message] {
			t.Errorf("%s is said nowhere in the program", message)
		}
	}
}

// A fit speaks the reader's language with its numbers in place, as it was kept.
func TestASentenceOfAFitIsSaidInTheReadersLanguage(t *testing.T) {
	latin := regexp.MustCompile(`[a-z]{4,}`)
	for _, lang := range languages {
		v := &visit{Say: Say{lang}}
		got := v.speak("below_bound", "English", []any{"loglin", 480.0, 1560.0})
		if !strings.Contains(got.Text, "480") || !strings.Contains(got.Text, "1,560") || got.Lang != "" || lang != "en" && latin.MatchString(strings.ReplaceAll(got.Text, "Chao", "")) {
			t.Errorf("%s: %+v", lang, got)
		}
		if r := v.refusal(estimate.Because("few_overlaps", "English %d", 23)); !strings.Contains(r.Text, "23") {
			t.Errorf("%s: %+v", lang, r)
		}
		if r := v.instead(estimate.Because("few_overlaps", "English").Offer("at_least_on_lists", "English %d", 140)); !strings.Contains(r.Text, "140") || strings.Contains(r.Text, "English") || r.Lang != "" {
			t.Errorf("%s: %+v", lang, r)
		}
		if r := v.instead(estimate.Refusal{Instead: "English"}); r.Text != "English" || r.Lang != "en" {
			t.Errorf("%s: %+v, of a figure kept before what it offers had a code", lang, r)
		}
		// A figure kept before its numbers were kept with its words.
		if got := v.speak("below_bound", "English", nil); got.Text != "English" || got.Lang != "en" {
			t.Errorf("%s: %+v", lang, got)
		}
	}
}
