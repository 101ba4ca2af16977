package web

import (
	"embed"
	"html/template"
	"io"
	"net/http"
	"strings"
	"sync"

	"github.com/jba/templatecheck"

	"example.org/amparo/internal/app"
	"example.org/amparo/internal/kind"
)

//go:embed templates/*.html
var templateFiles embed.FS

// visit is one request: who asks, in which language, with which workspace.
type visit struct {
	Say     Say
	ws      *app.Workspace
	request *http.Request
	server  *Server
}

func (s *Server) visit(r *http.Request) *visit {
	return &visit{Say: speaker(r), ws: s.workspace(), request: r, server: s}
}

// Page is what every page has.
type Page struct {
	Say      Say
	Title    string
	Theme    string
	KeysOff  bool
	Unlocked bool
	Demo     bool
	Name     string
	Here     string // address of this page, for the language switch
	Query    string
	Nav      []NavGroup
	Notice   string
	Refresh  int // seconds until the page asks for itself where there is no script; 0: never
}

// NavGroup is a group of kinds in the navigation.
type NavGroup struct {
	Label string
	Open  bool
	Kinds []NavKind
}

// NavKind is one kind in it.
type NavKind struct {
	Name, Label string
	Current     bool
}

// page prepares the common part; title is a message.
func (v *visit) page(title string) Page {
	r := v.request
	p := Page{Say: v.Say, Title: v.Say.T(title), Theme: theme(r), KeysOff: keysOff(r), Unlocked: v.ws != nil, Demo: v.server.cfg.Demo,
		Name: v.server.cfg.Name, Here: "/", Notice: v.notice()}
	if r.Method == http.MethodGet {
		p.Here = r.URL.RequestURI()
	}
	if v.ws != nil {
		p.Nav = navigation(v.ws.Schema(), v.Say.Lang(), r.URL.Path)
	}
	return p
}

// notice is a message a redirect carried here; only known ones are shown.
func (v *visit) notice() string {
	switch n := v.request.URL.Query().Get("done"); n {
	case "saved", "attached", "attachedPlace", "attachedMore", "attachedAsItIs", "read", "chosen", "retracted", "linked", "argued", "level", "signed", "stopped", "busy", "gone", "referred":
		return v.Say.T("done." + n)
	}
	return ""
}

func navigation(set *kind.Set, lang, path string) []NavGroup {
	var out []NavGroup
	for _, g := range kind.Groups() {
		group := NavGroup{Label: Say{lang}.T("group." + g)}
		for _, k := range set.Kinds() {
			if k.Group != g {
				continue
			}
			current := strings.HasSuffix(path, "/list/"+k.Name)
			group.Kinds = append(group.Kinds, NavKind{Name: k.Name, Label: k.Plural.In(lang), Current: current})
			group.Open = group.Open || current
		}
		if len(group.Kinds) > 0 {
			out = append(out, group)
		}
	}
	return out
}

// tmpl is a page template that takes only a T. It is parsed when it is first used: most
// commands show no page.
type tmpl[T any] struct{ get func() *template.Template }

var functions = template.FuncMap{
	"grouped": grouped, "language": languageName,
	"inc": func(n int) int { return n + 1 },
}

// checks are, by page, what a test runs: that the template is parsed and fits its T, so that
// a misspelt field fails it.
var checks = map[string]func() error{}

func mustPage[T any](name string) tmpl[T] {
	get := sync.OnceValue(func() *template.Template {
		return template.Must(template.New(name+".html").Funcs(functions).ParseFS(templateFiles,
			"templates/frame.html", "templates/questions.html", "templates/sitting.html", "templates/"+name+".html"))
	})
	checks[name] = func() error {
		var zero T
		return templatecheck.CheckHTML(get(), zero)
	}
	return tmpl[T]{get}
}

// Execute writes the page whole, or nothing of it.
func (p tmpl[T]) Execute(w io.Writer, data T) error { return p.Answer(w, data, http.StatusOK) }

// Refuse writes the page of a form that was not accepted, with what was typed.
func (p tmpl[T]) Refuse(w io.Writer, data T) error {
	return p.Answer(w, data, http.StatusUnprocessableEntity)
}

// Answer is Execute with another status.
func (p tmpl[T]) Answer(w io.Writer, data T, status int) error {
	buf := buffers.Get().(*strings.Builder)
	defer func() { buf.Reset(); buffers.Put(buf) }()
	if err := p.get().Execute(buf, data); err != nil {
		return err
	}
	if h, ok := w.(http.ResponseWriter); ok {
		h.Header().Set("Content-Type", "text/html; charset=utf-8")
		if status != http.StatusOK {
			h.WriteHeader(status)
		}
	}
	_, err := io.WriteString(w, buf.String())
	return err
}

var buffers = sync.Pool{New: func() any { return new(strings.Builder) }}

type startPage struct{ Next string }

type errorPage struct {
	Page
	Status         int
	Reason, Remedy string
}

type unlockPage struct {
	Page
	Next  string
	Hint  string
	Wrong string
}

var (
	startTmpl        = mustPage[startPage]("start")
	errorTmpl        = mustPage[errorPage]("error")
	unlockTmpl       = mustPage[unlockPage]("unlock")
	lockedTmpl       = mustPage[Page]("locked")
	helpTmpl         = mustPage[Page]("help")
	deskTmpl         = mustPage[deskPage]("desk")
	listTmpl         = mustPage[listPage]("list")
	recordTmpl       = mustPage[recordPage]("record")
	figuresTmpl      = mustPage[figuresPage]("figures")
	figureTmpl       = mustPage[figurePage]("figure")
	makingTmpl       = mustPage[makingPage]("making")
	filesTmpl        = mustPage[filesPage]("files")
	codingTmpl       = mustPage[codingPage]("coding")
	consentTmpl      = mustPage[consentPage]("consent")
	reviewTmpl       = mustPage[reviewPage]("review")
	agreementTmpl    = mustPage[agreementPage]("agreement")
	independenceTmpl = mustPage[independencePage]("independence")
	intakeTmpl       = mustPage[intakePage]("intake")
	chainTmpl        = mustPage[chainPage]("chain")
	transcriptTmpl   = mustPage[transcriptPage]("transcript")
	formTmpl         = mustPage[formPage]("form")
	dictionaryTmpl   = mustPage[dictionaryPage]("dictionary")
	mapTmpl          = mustPage[mapPage]("map")
	relationsTmpl    = mustPage[relationsPage]("relations")
	verificationTmpl = mustPage[verificationPage]("verification")
	findingsTmpl     = mustPage[findingsPage]("findings")
	verifyTmpl       = mustPage[verifyPage]("verify")
	hearingTmpl      = mustPage[hearingPage]("hearing")
	planTmpl         = mustPage[planPage]("plan")
	readbackTmpl     = mustPage[readbackPage]("readback")
	calendarTmpl     = mustPage[calendarPage]("calendar")
	partnersTmpl     = mustPage[partnersPage]("partners")
	partnerTmpl      = mustPage[partnerPage]("partner")
	answeringTmpl    = mustPage[answeringPage]("answering")
	ledgerTmpl       = mustPage[ledgerPage]("ledger")
	searchTmpl       = mustPage[searchPage]("search")
)
