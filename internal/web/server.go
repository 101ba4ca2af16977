// Package web is the desk: Amparo's pages, served to the browser on this machine and
// to nothing else. Every action is an ordinary form or link and works without script;
// the script adds keys and small conveniences.
package web

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"sync"

	"example.org/amparo/fault"
	"example.org/amparo/internal/app"
)

// Config is what the desk needs from whoever starts it.
type Config struct {
	// Name of the workspace as the pages show it, usually the folder's.
	Name string
	// Unlock opens the workspace with a passphrase.
	Unlock func(ctx context.Context, pass []byte) (*app.Workspace, error)
	// Lock is called after the answer to a lock request was sent. It must end the
	// process that holds the keys.
	Lock func()
	// Token starts a session: whoever presents it gets the cookie. Random, secret.
	Token string
	// Demo marks a workspace of invented people, on every page.
	Demo bool
	// Hint is shown on the unlock page of a demo: its passphrase.
	Hint string
	Log  *slog.Logger
}

// Server holds the open workspace, if any, and serves the pages.
type Server struct {
	cfg     Config
	handler http.Handler
	unsaved unsaved
	makings makings
	outbox  outbox

	answerings answerings

	scanning chan struct{} // held by the search that opens testimony

	mu sync.RWMutex
	ws *app.Workspace // nil while locked

	warming    sync.Once
	life       context.Context // ends with the server
	end        context.CancelFunc
	background sync.WaitGroup
}

// NewToken makes a start token.
func NewToken() string { return randomName(20) }

// randomName is a name of n random bytes that nobody can guess.
func randomName(n int) string {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails: it ends the program instead
	return hex.EncodeToString(b)
}

// New makes a desk. ws may be nil: then the first page asks for the passphrase.
func New(cfg Config, ws *app.Workspace) *Server {
	s := &Server{cfg: cfg, ws: ws, scanning: make(chan struct{}, 1), answerings: answerings{wait: quick}}
	s.life, s.end = context.WithCancel(context.Background())
	s.handler = s.guard(s.routes())
	return s
}

// ServeHTTP implements http.Handler.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.handler.ServeHTTP(w, r) }

// Close closes the workspace, if one is open.
func (s *Server) Close() error {
	s.end()
	s.background.Wait()
	s.mu.Lock()
	defer s.mu.Unlock()
	ws := s.ws
	s.ws = nil
	if ws == nil {
		return nil
	}
	return ws.Close()
}

// workspace returns the open workspace, or nil.
func (s *Server) workspace() *app.Workspace {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.ws
}

// page is a handler that may fail; the failure becomes an error page.
type page func(w http.ResponseWriter, r *http.Request, v *visit) error

// routes is the whole site. TestRoutes reads it.
func (s *Server) routes() *http.ServeMux {
	mux := http.NewServeMux()
	mux.Handle("GET /static/{file}", http.HandlerFunc(serveStatic))
	for pattern, p := range s.doorPages() {
		mux.Handle(pattern, s.serve(p, false))
	}
	for pattern, p := range s.partnerPages() {
		mux.Handle(pattern, s.serve(p, true))
	}
	for pattern, p := range map[string]page{
		"GET /{$}":                            s.deskPage,
		"GET /list/{kind}":                    s.listPage,
		"GET /search":                         s.searchPage,
		"GET /record/{id}":                    s.recordPage,
		"GET /record/{id}/chain":              s.chainPage,
		"POST /record/{id}/chain":             s.tellChain,
		"GET /record/{id}/transcript":         s.transcriptPage,
		"GET /record/{id}/code":               s.codingPage,
		"POST /record/{id}/code":              s.code,
		"GET /agreement":                      s.agreementPage,
		"POST /agreement":                     s.adjudicate,
		"GET /independence":                   s.independencePage,
		"POST /independence":                  s.judgeTellings,
		"GET /patterns":                       s.findingsPage,
		"POST /patterns":                      s.makeFinding,
		"GET /review":                         s.reviewPage,
		"GET /review/{kind}":                  s.reviewPage,
		"POST /review/{kind}":                 s.judge,
		"POST /review/{kind}/undo":            s.unjudge,
		"POST /review/{kind}/open":            s.reviewPage, // with the names that were compared
		"GET /figures":                        s.figuresPage,
		"POST /figures":                       s.makeFigure,
		"GET /figures/{id}":                   s.figurePage,
		"GET /figures/making/{id}":            s.makingPage,
		"POST /figures/making/{id}/stop":      s.stopFigure,
		"GET /record/{id}/consent":            s.consentPage,
		"POST /record/{id}/consent":           s.answer,
		"POST /record/{id}/withdraw":          s.withdraw,
		"GET /record/{id}/interview":          s.hearingPage,
		"POST /record/{id}/interview":         s.note,
		"POST /record/{id}/interview/refer":   s.refer,
		"GET /record/{id}/interview/plan":     s.planPage,
		"POST /record/{id}/interview/plan":    s.statePlan,
		"GET /record/{id}/readback":           s.readbackPage,
		"POST /record/{id}/readback":          s.readBack,
		"GET /record/{id}/calendar":           s.calendarPage,
		"POST /record/{id}/calendar":          s.anchor,
		"GET /record/{id}/intake":             s.intakePage,
		"POST /record/{id}/intake":            s.intake,
		"GET /record/{id}/files":              s.filesPage,
		"POST /record/{id}/files":             s.attach,
		"GET /record/{id}/file/{hash}":        s.showFile,
		"POST /record/{id}/file/{hash}/take":  s.takeOut,
		"POST /record/{id}/choose":            s.choose,
		"GET /record/{id}/relations":          s.relationsPage,
		"GET /record/{id}/verification":       s.verificationPage,
		"POST /record/{id}/verification":      s.argue,
		"POST /record/{id}/verification/sign": s.sign,
		"POST /record/{id}/open":              s.openIdentity,
		"POST /record/{id}/retract":           s.retract,
		"POST /record/{id}/link":              s.link,
		"GET /new/{kind}":                     s.formPage,
		"POST /new/{kind}":                    s.save,
		"GET /map":                            s.mapPage,
		"POST /map":                           s.countMap,
		"GET /verify":                         s.verifyPage,
		"POST /verify":                        s.verify,
		"GET /ledger":                         s.ledgerPage,
		"GET /unsaved":                        s.kept,
		"POST /unsaved":                       s.keep,
		"POST /unsaved/drop":                  s.drop,
		"POST /lock":                          s.lock,
	} {
		mux.Handle(pattern, s.serve(p, true))
	}
	mux.Handle("/", s.serve(func(http.ResponseWriter, *http.Request, *visit) error {
		return fault.New(fault.NotFound, "web", "there is no such page")
	}, false))
	return mux
}

// doorPages are the pages that are there while the workspace is locked.
func (s *Server) doorPages() map[string]page {
	return map[string]page{
		"GET /unlock":     s.unlockPage,
		"POST /unlock":    s.unlock,
		"POST /settings":  s.settings,
		"GET /help":       s.helpPage,
		"GET /dictionary": s.dictionaryPage,
	}
}

// serve turns a page into a handler. A page that needs the workspace sends to the
// unlock page while it is locked.
func (s *Server) serve(p page, needsWorkspace bool) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		v := s.visit(r)
		if needsWorkspace && v.ws == nil {
			http.Redirect(w, r, "/unlock?next="+url.QueryEscape(safeNext(r.URL.RequestURI())), http.StatusSeeOther)
			return
		}
		t := &taken{ResponseWriter: w}
		err := p(t, r, v)
		if err == nil && v.ws != nil {
			s.forget(v.ws, r, t.status)
			s.warm(v.ws)
		}
		switch {
		case err == nil || errors.Is(err, context.Canceled):
		case t.status != 0: // half an answer is on its way: it must not look whole
			panic(http.ErrAbortHandler)
		default:
			s.fail(w, v, err)
		}
	})
}

// fail answers with an error page. What is said never shows whether a record exists
// that the reader may not open: both are "no such record".
func (s *Server) fail(w http.ResponseWriter, v *visit, err error) {
	status := http.StatusInternalServerError
	p := errorPage{Page: v.page("error.title")}
	p.Reason, p.Remedy, _ = v.Say.why(err)
	switch fault.KindOf(err) {
	case fault.NotFound, fault.Sealed, fault.Denied:
		status = http.StatusNotFound
		p.Reason, p.Remedy = v.Say.T("error.notfound"), v.Say.T("error.notfound.remedy")
	case fault.Invalid, fault.TooLarge:
		status = http.StatusBadRequest
	case fault.Conflict:
		status = http.StatusConflict
	}
	if status == http.StatusInternalServerError {
		s.cfg.Log.Error("page failed", "kind", fault.KindOf(err).Error())
	}
	p.Status = status
	_ = errorTmpl.Answer(w, p, status) // the reader went away: nobody is left to tell
}
