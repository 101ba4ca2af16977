package web

import (
	"go/ast"
	"go/parser"
	"go/token"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"example.org/amparo/fault"
	"example.org/amparo/id"
	"example.org/amparo/internal/app"
	"example.org/amparo/internal/figure"
	"example.org/amparo/internal/index"
	"example.org/amparo/internal/kind"
)

// speaking are the packages whose refusals reach a page.
var speaking = []string{"../app", "../figure", "../casebook", "../consent", "../interview", "../verification", "../kind", "../media", "../exchange/transcript", "../partner", "../partner/oblivious", "../../when", "../../where", "."}

// offPages are the operations that no page begins: they have words for the command line.
var offPages = []string{"app.MakeShares", "app.Agreement", "app.ExportTable", "app.ParseCard", "app.Join", "app.Create", "app.openMail", "app.Admit", "app.DecodeAct", "import",
	"casebook.ParseFileRef", "when", "kind", "vault"}

// refusals reads from the source which refusals there are: with a code and how many words
// its sentence is given, and those that have none.
func refusals(t *testing.T) (codes map[string]int, without []string) {
	t.Helper()
	codes = map[string]int{}
	set := token.NewFileSet()
	for _, dir := range speaking {
		files, err := filepath.Glob(dir + "/*.go")
		if err != nil || len(files) == 0 {
			t.Fatal(dir, err)
		}
		for _, name := range files {
			if strings.HasSuffix(name, "_test.go") || strings.HasPrefix(filepath.Base(name), "import") {
				continue
			}
			f, err := parser.ParseFile(set, name, nil, 0)
			if err != nil {
				t.Fatal(err)
			}
			r := reader{t: t, codes: codes, coded: map[ast.Node]bool{}, page: dir == "."}
			ast.Inspect(f, r.look)
			for _, n := range r.without {
				without = append(without, set.Position(n.Pos()).String())
			}
		}
	}
	return codes, without
}

type reader struct {
	t       *testing.T
	codes   map[string]int
	coded   map[ast.Node]bool
	without []ast.Node
	page    bool
}

func text(e ast.Expr) string {
	l, ok := e.(*ast.BasicLit)
	if !ok || l.Kind != token.STRING {
		return ""
	}
	s, _ := strconv.Unquote(l.Value)
	return s
}

// codeForm is what a code looks like: a function of the same name elsewhere takes a sentence.
var codeForm = regexp.MustCompile(`^[a-z][a-z.]*$`)

// codeAt is at which place a function of ours takes a code.
var codeAt = map[string]int{"Coded": 0, "wrongIn": 2, "add": 1, "bad": 0}

func (r *reader) look(n ast.Node) bool {
	switch n := n.(type) {
	case *ast.CompositeLit:
		r.literal(n)
	case *ast.CallExpr:
		r.call(n)
	}
	return true
}

func (r *reader) literal(n *ast.CompositeLit) {
	sel, ok := n.Type.(*ast.SelectorExpr)
	if !ok || sel.Sel.Name != "Problem" || len(n.Elts) == 0 || r.page {
		return
	}
	args := 0
	code := ""
	for _, e := range n.Elts {
		kv := e.(*ast.KeyValueExpr)
		switch kv.Key.(*ast.Ident).Name {
		case "Code":
			if code = text(kv.Value); code == "" {
				code = "?" // a code that was given: its own place is read
			}
		case "Args":
			if l, ok := kv.Value.(*ast.CompositeLit); ok {
				args = len(l.Elts)
			}
		}
	}
	switch code {
	case "":
		r.without = append(r.without, n)
	case "?":
	default:
		r.codes[code] = args
	}
}

func (r *reader) call(n *ast.CallExpr) {
	name := ""
	switch f := n.Fun.(type) {
	case *ast.SelectorExpr:
		name = f.Sel.Name
		for x := f.X; ; { // what a chain of methods is called on
			c, ok := x.(*ast.CallExpr)
			if !ok {
				break
			}
			if name == "Coded" {
				r.coded[c] = true
			}
			s, ok := c.Fun.(*ast.SelectorExpr)
			if !ok {
				break
			}
			x = s.X
		}
		if id, ok := f.X.(*ast.Ident); ok && id.Name == "fault" && name == "New" && !r.coded[n] {
			r.fresh(n)
		}
	case *ast.Ident:
		name = f.Name
	}
	at, ok := codeAt[name]
	if name == "problem" { // of a field, and of a read-back
		at, ok = 1, len(n.Args) == 4 && text(n.Args[0]) != "" || text(n.Args[1]) != ""
		if len(n.Args) > 4 {
			at, ok = 2, true
		}
		if id, is := n.Args[0].(*ast.Ident); is && id.Name == "name" {
			at, ok = 1, true
		}
	}
	if !ok || len(n.Args) <= at {
		return
	}
	if code := text(n.Args[at]); codeForm.MatchString(code) {
		given := 0
		if name != "add" {
			given = len(n.Args) - at - 1
		}
		if name == "problem" || name == "wrongIn" {
			given = max(0, given-2)
		}
		r.codes[code] = given
	}
}

// fresh looks at a refusal that is made without a code.
func (r *reader) fresh(n *ast.CallExpr) {
	class, ok := n.Args[0].(*ast.SelectorExpr)
	if !ok || !slices.Contains([]string{"Invalid", "TooLarge", "Conflict"}, class.Sel.Name) || slices.Contains(offPages, text(n.Args[1])) {
		return
	}
	said := false
	for _, a := range n.Args {
		ast.Inspect(a, func(n ast.Node) bool {
			if s, ok := n.(*ast.SelectorExpr); ok && s.Sel.Name == "Say" {
				said = true
			}
			return true
		})
	}
	if !said {
		r.without = append(r.without, n)
	}
}

// Every refusal that can reach a page has a code, every code its words in every language
// with no more to fill in than it is given, and no words are there for nothing.
func TestEveryRefusalHasItsWords(t *testing.T) {
	codes, without := refusals(t)
	if len(codes) < 80 {
		t.Fatalf("only %d codes were found", len(codes))
	}
	for _, at := range without {
		t.Errorf("%s: a refusal without a code", at)
	}
	if b, err := os.ReadFile("../exchange/transcript/document.go"); err != nil {
		t.Error(err)
	} else {
		for _, g := range regexp.MustCompile(`"(transcript\.[a-z]+)"`).FindAllStringSubmatch(string(b), -1) {
			codes[g[1]] = max(0, codes[g[1]])
		}
	}
	for _, lang := range languages {
		m := messages(t, lang)
		for code, given := range codes {
			for _, message := range []string{"refused." + code, "refused." + code + ".do"} {
				words, ok := m[message].(string)
				if !ok {
					t.Errorf("%s has no %s", lang, message)
				}
				for _, p := range placeholder.FindAllString(words, -1) {
					if int(p[3]-'A') >= given {
						t.Errorf("%s %s takes in %s, and is given %d", lang, message, p, given)
					}
				}
			}
		}
		for message := range m {
			code, ok := strings.CutPrefix(message, "refused.")
			if code, _ = strings.CutSuffix(code, ".do"); !ok || strings.HasPrefix(code, "class.") {
				continue
			}
			if _, used := codes[code]; !used {
				t.Errorf("%s has words for %s, which nothing refuses", lang, code)
			}
		}
	}
}

// Failures without a code are said by their class, and what a page words itself stays.
func TestEveryClassOfFailureHasWords(t *testing.T) {
	for _, lang := range languages {
		for _, k := range []fault.Kind{fault.Invalid, fault.NotFound, fault.Denied, fault.Sealed, fault.Corrupt, fault.Conflict, fault.Foreign, fault.TooLarge, fault.Storage, fault.Internal} {
			reason, _, _ := Say{lang}.why(fault.New(k, "app", "the words of the program").With("do it"))
			if english := reason == "the words of the program"; english != (lang == "en") || reason == "" || strings.HasPrefix(reason, "refused.") {
				t.Errorf("%s %s: %q", lang, k, reason)
			}
		}
		if reason, _, _ := (Say{lang}).why(fault.New(fault.Invalid, bySay, "이미")); reason != "이미" {
			t.Errorf("%s: %q", lang, reason)
		}
		if reason, _ := (Say{lang}).wrong(fault.Problem{Reason: "이미"}); reason != "이미" {
			t.Errorf("%s: %q", lang, reason)
		}
	}
}

// english are words of a sentence in English.
var english = regexp.MustCompile(`[A-Za-z']{2,} [a-z']{2,} [a-z']{2,}`)

// refusedText is what a page says of a refusal, without its tags.
func refusedText(body string) string {
	var out []string
	tags := regexp.MustCompile(`<[^>]*>`)
	for _, g := range regexp.MustCompile(`(?s)class="wrong[^"]*"[^>]*>(.*?)(?:</div>|</p>\s*(?:<p>(.*?)</p>)?)`).FindAllStringSubmatch(body, -1) {
		out = append(out, tags.ReplaceAllString(g[1]+" "+g[2], " "))
	}
	return strings.Join(out, "\n")
}

type wrongForm struct {
	what, path string
	form       url.Values
}

// wrongForms are forms that the rules refuse, on every page that takes one.
func wrongForms(t *testing.T, w *app.Workspace) []wrongForm {
	t.Helper()
	first := func(kindName string, fits func(index.Row) bool) string {
		t.Helper()
		res, err := w.Desk().List(t.Context(), index.Query{Kind: kindName, Limit: 200})
		if err != nil {
			t.Fatal(err)
		}
		for _, row := range res.Rows {
			if fits == nil || fits(row) {
				return row.ID.String()
			}
		}
		t.Fatal("no ", kindName)
		return ""
	}
	person, incident, unit := first("person", nil), first("incident", nil), first("statement_unit", nil)
	unitID, err := id.Parse(unit)
	if err != nil {
		t.Fatal(err)
	}
	told, err := w.Index().Row(t.Context(), unitID)
	if err != nil {
		t.Fatal(err)
	}
	interview := told.Values.Get("interview")
	identity := first("person_identity", nil)
	f := func(pairs ...string) url.Values {
		v := url.Values{}
		for i := 0; i < len(pairs); i += 2 {
			v.Add(pairs[i], pairs[i+1])
		}
		return v
	}
	long := strings.Repeat("x", 5000)
	all := []wrongForm{
		{"nothing said", "/new/incident", f()},
		{"no date", "/new/incident", f("type", "MT02.1", "date", "the other day", "place", "Nowhere")},
		{"no term", "/new/incident", f("type", "zzz")},
		{"no age", "/new/detention_stage", f("date_begin", "20", "duration", "soon")},
		{"a level", "/new/incident", f("type", "MT02.1", "verification", "VL-3")},
		{"a grade", "/new/incident", f("type", "MT02.1", "credibility", "IC-1")},
		{"where somebody is", "/new/incident", f("type", "MT02.1", "narrative", "call 010-1234-5678")},
		{"a long word", "/new/person", f("pseudonym", long)},
		{"a control character", "/new/person", f("pseudonym", "a\x01b")},
		{"a turned one", "/new/person", f("pseudonym", "a\u202eb")},
		{"no record", "/new/incident", f("type", "MT02.1", "source", "x", "passage", "y")},
		{"no basis", "/new/incident", f("type", "MT02.1", "basis", "BK-9")},
		{"consent, future", "/record/" + person + "/consent", f("state.CO-02", "CS-1", "date", "2190-01-01", "language", "ko", "method", "oral", "text_version", "1")},
		{"consent, bare", "/record/" + person + "/consent", f("state.CO-02", "CS-1")},
		{"consent, no answer", "/record/" + person + "/consent", f()},
		{"destruction", "/record/" + person + "/withdraw", f("destroy", "yes")},
		{"withdrawal of nothing", "/record/" + person + "/withdraw", f("purpose", "CO-99")},
		{"choice", "/record/" + incident + "/choose", f("field", "type", "account", "x")},
		{"retraction", "/record/" + incident + "/retract", f("act", "x")},
		{"itself", "/record/" + incident + "/link", f("other", incident, "verdict", "same", "reason", "x")},
		{"no verdict", "/record/" + incident + "/link", f("other", person, "verdict", "maybe", "reason", "x")},
		{"no reason", "/record/" + identity + "/open", f("reason", "")},
		{"a telling reason", "/record/" + identity + "/open", f("reason", "call 010-1234-5678")},
		{"no words", "/record/" + interview + "/intake", f("words", "", "lang", "ko", "translated", "en")},
		{"argument", "/record/" + incident + "/verification", f("level", "VL-3")},
		{"argument of no record", "/record/" + incident + "/verification", f("level", "VL-3", "against", "x")},
		{"finding", "/patterns", f("type", "MT02.1", "period", "the other day")},
		{"draws", "/figures", f("ask", figure.Asks()[0], "draws", "many")},
		{"draws, many", "/figures", f("ask", figure.Asks()[0], "draws", "9999")},
		{"no question", "/figures", f("ask", "what")},
		{"a phase", "/record/" + interview + "/interview", f("turn", "phase_begin", "phase", "free_account")},
		{"a skip", "/record/" + interview + "/interview", f("turn", "phase_skip", "phase", "read_back")},
		{"a read-back", "/record/" + interview + "/readback", f("passage", unit, "answer", "corrected")},
		{"an anchor", "/record/" + person + "/calendar", f("what", "", "date", "the other day")},
		{"coding", "/record/" + interview + "/code?from=0&to=3&kind=incident&at=" + unit, f("type", "zzz", "date", "the other day")},
		{"a stage", "/record/" + person + "/chain", f("edit", "detention_stage", "person", person, "date_begin", "the other day")},
		{"tellings", "/independence", f("a", interview, "b", interview, "verdict", "copied")},
		{"review", "/review/person", f("a", person, "b", person, "verdict", "same")},
		{"a plan", "/record/" + interview + "/interview/plan", f("interpreted", "zzz", "date", "the other day")},
		{"a referral", "/record/" + interview + "/interview/refer", f("service", "zzz")},
		{"adjudication", "/agreement", f("record", incident)},
	}
	for _, k := range w.Schema().Kinds() { // what is needed, on the form of every kind, and what cannot be read
		bad := url.Values{}
		for _, field := range k.Fields {
			if field.Type != kind.TypeFile && field.Type != kind.TypeText {
				bad.Set(field.Name, "the other day")
			}
		}
		all = append(all, wrongForm{"empty " + k.Name, "/new/" + k.Name, f("pseudonym", "")}, wrongForm{"unread " + k.Name, "/new/" + k.Name, bad})
	}
	return all
}

// Where Korean or Chinese is chosen, no refusal is in English: the forms of all pages are
// sent as no rule allows, and what the answer says of it holds no English sentence.
func TestNoRefusalIsInEnglishWhereAnotherLanguageIsChosen(t *testing.T) {
	w := ownWorkspace(t, 10)
	s := newSite(t, w, testConfig())
	refused := 0
	for _, c := range wrongForms(t, w) {
		for _, lang := range []string{"ko", "zh"} {
			code, body, _ := s.do("POST", c.path, c.form, func(r *http.Request) { r.AddCookie(&http.Cookie{Name: "lang", Value: lang}) })
			said := refusedText(body)
			if code < http.StatusBadRequest {
				t.Logf("%s: %d", c.what, code)
				continue
			}
			refused++
			if said == "" {
				t.Errorf("%s in %s: %d says nothing", c.what, lang, code)
			}
			if e := english.FindString(said); e != "" {
				t.Errorf("%s in %s: %d says %q in %q", c.what, lang, code, e, said)
			}
		}
	}
	if refused < 250 {
		t.Errorf("only %d were refused", refused)
	}
	for _, p := range []string{"/record/" + id.ID{1}.String(), "/list/nothing", "/nothing", "/figures/x"} {
		_, body, _ := s.do("GET", p, nil, func(r *http.Request) { r.AddCookie(&http.Cookie{Name: "lang", Value: "ko"}) })
		if e := english.FindString(refusedText(body)); e != "" || refusedText(body) == "" {
			t.Errorf("%s: %q", p, refusedText(body))
		}
	}
}
