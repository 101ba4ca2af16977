package web

import (
	"net/http"
	"time"

	"example.org/amparo/fault"
)

func (s *Server) unlockPage(w http.ResponseWriter, r *http.Request, v *visit) error {
	next := safeNext(r.URL.Query().Get("next"))
	if v.ws != nil {
		http.Redirect(w, r, next, http.StatusSeeOther)
		return nil
	}
	return unlockTmpl.Execute(w, unlockPage{Page: v.page("unlock.title"), Next: next, Hint: s.cfg.Hint})
}

func (s *Server) unlock(w http.ResponseWriter, r *http.Request, v *visit) error {
	next := safeNext(r.PostFormValue("next"))
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ws == nil {
		pass := []byte(r.PostFormValue("passphrase"))
		ws, err := s.cfg.Unlock(r.Context(), pass)
		clear(pass)
		if err != nil {
			p := unlockPage{Page: v.page("unlock.title"), Next: next, Hint: s.cfg.Hint, Wrong: v.Say.T("unlock.wrong")}
			if fault.KindOf(err) != fault.Sealed && fault.KindOf(err) != fault.Invalid {
				var ok bool
				if p.Wrong, _, ok = v.Say.why(err); !ok {
					return err
				}
			}
			return unlockTmpl.Answer(w, p, http.StatusUnauthorized)
		}
		s.ws = ws
	}
	http.Redirect(w, r, next, http.StatusSeeOther)
	return nil
}

// lock answers first and then ends the process: what the runtime copied of a key is
// gone only with it. What is made or read behind the pages is stopped at once.
func (s *Server) lock(w http.ResponseWriter, _ *http.Request, v *visit) error {
	s.end()
	p := v.page("locked.title")
	p.Unlocked, p.Nav = false, nil
	err := lockedTmpl.Execute(w, p)
	if f, ok := w.(http.Flusher); ok {
		f.Flush()
	}
	if s.cfg.Lock != nil {
		go s.cfg.Lock()
	}
	return err
}

// settings keeps the language, the theme and whether single keys act, as cookies of
// the browser: nothing of it is worth a record.
func (s *Server) settings(w http.ResponseWriter, r *http.Request, _ *visit) error {
	for name, allowed := range map[string][]string{"lang": languages, "theme": {"light", "dark", "auto"}, "keys": {"on", "off"}} {
		for _, a := range allowed {
			if r.PostFormValue(name) == a {
				http.SetCookie(w, &http.Cookie{Name: name, Value: a, Path: "/", HttpOnly: true, SameSite: http.SameSiteStrictMode, MaxAge: int((365 * 24 * time.Hour).Seconds())})
			}
		}
	}
	http.Redirect(w, r, safeNext(r.PostFormValue("next")), http.StatusSeeOther)
	return nil
}

func (s *Server) helpPage(w http.ResponseWriter, _ *http.Request, v *visit) error {
	return helpTmpl.Execute(w, v.page("help.title"))
}
