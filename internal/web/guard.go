package web

import (
	"crypto/subtle"
	"net"
	"net/http"
	"net/url"
	"strings"

	"example.org/amparo/internal/app"
	"example.org/amparo/internal/exchange/transcript"
)

// cookieName holds the session; it lives as long as the browser's window.
const cookieName = "amparo"

// policy lets the page load its own script and style from this server and nothing
// else; script may not write HTML at all.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; media-src 'self'; connect-src 'self'; " +
	"form-action 'self'; base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"

// guard stands before every page: it answers only to this machine's own name, to the
// browser that was given the start token, and to requests from its own pages.
func (s *Server) guard(next http.Handler) http.Handler {
	sameOrigin := http.NewCrossOriginProtection()
	checked := sameOrigin.Handler(next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Permissions-Policy", "camera=(), microphone=(), geolocation=(), clipboard-read=()")
		h.Set("Cache-Control", "no-store")
		if !local(r.Host) { // another name that resolves to this machine: DNS rebinding
			http.Error(w, "this server answers only to 127.0.0.1", http.StatusMisdirectedRequest)
			return
		}
		if t := r.URL.Query().Get("start"); t != "" && r.Method == http.MethodGet {
			s.start(w, r, t)
			return
		}
		c, err := r.Cookie(cookieName)
		if err != nil || !s.isToken(c.Value) {
			http.Error(w, "open the desk with the address that amparo printed when it started", http.StatusForbidden)
			return
		}
		if r.Body != nil {
			r.Body = http.MaxBytesReader(w, r.Body, limitOf(r))
		}
		checked.ServeHTTP(w, r)
	})
}

// limitOf is how much a request may send. Files stream into a sealed spool; a transcript
// is held in memory, whole.
func limitOf(r *http.Request) int64 {
	switch path := r.URL.Path; {
	case r.Method == http.MethodPost && strings.HasSuffix(path, "/files"):
		return app.MaxFile + maxForm
	case r.Method == http.MethodPost && strings.HasSuffix(path, "/intake"):
		return transcript.DefaultLimits().File + maxForm
	case r.Method == http.MethodPost && strings.HasPrefix(path, "/partners/") && strings.HasSuffix(path, "/read"):
		return app.MaxPartnerFile + maxForm
	}
	return maxForm
}

// maxForm bounds what a form may send: the longest text twice, and room for the rest.
const maxForm = 4 << 20

func (s *Server) isToken(t string) bool {
	return subtle.ConstantTimeCompare([]byte(t), []byte(s.cfg.Token)) == 1
}

// start trades the token in the address for a cookie, so that the token does not stay
// in the browser's history as a working address bar entry.
func (s *Server) start(w http.ResponseWriter, r *http.Request, token string) {
	if !s.isToken(token) {
		http.Error(w, "this address is not from the running program: start amparo again", http.StatusForbidden)
		return
	}
	http.SetCookie(w, &http.Cookie{Name: cookieName, Value: s.cfg.Token, Path: "/", HttpOnly: true, SameSite: http.SameSiteStrictMode})
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	// A redirect from outside would not carry a SameSite=Strict cookie; a page of our
	// own that moves on does.
	_ = startTmpl.Execute(w, startPage{Next: safeNext(r.URL.Query().Get("next"))})
}

func local(host string) bool {
	name, _, err := net.SplitHostPort(host)
	if err != nil {
		name = host
	}
	return name == "127.0.0.1" || name == "localhost" || name == "[::1]" || name == "::1"
}

// ownAddress reads an address of this server; ok is false for any other.
func ownAddress(address string) (u *url.URL, ok bool) {
	u, err := url.Parse(address)
	return u, err == nil && u.Host == "" && u.Scheme == "" && strings.HasPrefix(u.Path, "/") && !strings.HasPrefix(address, "//") && !strings.Contains(address, "\\")
}

// safeNext keeps a redirect on this server.
func safeNext(next string) string {
	u, ok := ownAddress(next)
	if !ok {
		return "/"
	}
	q := u.Query()
	q.Del("start")
	return (&url.URL{Path: u.Path, RawQuery: q.Encode()}).String()
}
