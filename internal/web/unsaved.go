package web

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"sync"

	"example.org/amparo/fault"
	"example.org/amparo/id"
	"example.org/amparo/internal/app"
	"example.org/amparo/when"
)

// unsavedField is the field in which a form says under which name it is kept. A form that
// was taken is forgotten under that name.
const unsavedField = "unsaved"

// keep keeps what is typed into a form, until it is taken.
func (s *Server) keep(w http.ResponseWriter, r *http.Request, v *visit) error {
	form := r.PostFormValue("form")
	var values [][2]string
	_, ours := ownAddress(form)
	if err := json.Unmarshal([]byte(r.PostFormValue("values")), &values); err != nil || !ours {
		return fault.New(fault.Invalid, "web", "the form could not be kept").Coded("form.notkept")
	}
	s.unsaved.Lock()
	defer s.unsaved.Unlock()
	if !slices.Contains(s.unsaved.taken, r.PostFormValue("page")) { // else what was typed last arrives after it was saved
		if err := v.ws.KeepUnsaved(r.Context(), form, values); err != nil {
			return err
		}
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// kept answers with what is kept of a form: [[name, value], ...], or nothing.
func (s *Server) kept(w http.ResponseWriter, r *http.Request, v *visit) error {
	u, ok, err := v.ws.Unsaved(r.Context(), r.URL.Query().Get("form"))
	if err != nil {
		return err
	}
	if !ok {
		w.WriteHeader(http.StatusNoContent)
		return nil
	}
	w.Header().Set("Content-Type", "application/json")
	return json.NewEncoder(w).Encode(u.Values)
}

// drop forgets a form that was not saved, because somebody asked for it.
func (s *Server) drop(w http.ResponseWriter, r *http.Request, v *visit) error {
	if err := v.ws.DropUnsaved(r.Context(), r.PostFormValue("form")); err != nil {
		return err
	}
	http.Redirect(w, r, safeNext(r.PostFormValue("next")), http.StatusSeeOther)
	return nil
}

// unsavedForm is a form that was begun, as the desk lists it.
type unsavedForm struct{ Form, Title, At string }

// shownUnsaved bounds the list on the desk.
const shownUnsaved = 20

func (v *visit) unsavedForms(r *http.Request) ([]unsavedForm, error) {
	all, err := v.ws.UnsavedForms(r.Context())
	if err != nil {
		return nil, err
	}
	var out []unsavedForm
	for _, u := range all[:min(shownUnsaved, len(all))] {
		out = append(out, unsavedForm{u.Form, v.formTitle(r, u.Form), u.At.Format(when.Minute)})
	}
	return out, nil
}

// formTitle says which form an address is: what it records, or of which record.
func (v *visit) formTitle(r *http.Request, form string) string {
	path, _, _ := strings.Cut(form, "?")
	parts := strings.Split(strings.Trim(path, "/"), "/")
	if len(parts) < 2 {
		return path
	}
	if k, ok := v.ws.Schema().Kind(parts[1]); ok {
		return k.Label.In(v.Say.Lang())
	}
	if rec, err := id.Parse(parts[1]); err == nil {
		if t := v.titles(r, []id.ID{rec}); len(t) == 1 {
			return t[0].Title
		}
	}
	return path
}

// taken watches what was answered: a form that was taken ends in another page.
type taken struct {
	http.ResponseWriter
	status int
}

func (t *taken) WriteHeader(status int) {
	t.status = status
	t.ResponseWriter.WriteHeader(status)
}

func (t *taken) Write(b []byte) (int, error) {
	if t.status == 0 {
		t.status = http.StatusOK
	}
	return t.ResponseWriter.Write(b)
}

// Unwrap lets http.ResponseController reach the writer.
func (t *taken) Unwrap() http.ResponseWriter { return t.ResponseWriter }

// unsaved remembers the pages whose forms were taken last.
type unsaved struct {
	sync.Mutex
	taken []string
}

const rememberedPages = 200

// forget drops what was kept of a form once it is taken. Where that fails the form stays on
// the desk's list, and somebody drops it there.
func (s *Server) forget(ws *app.Workspace, r *http.Request, status int) {
	if r.Method != http.MethodPost || status != http.StatusSeeOther || r.PostForm == nil {
		return
	}
	form := r.PostForm.Get(unsavedField)
	if form == "" {
		return
	}
	s.unsaved.Lock()
	defer s.unsaved.Unlock()
	s.unsaved.taken = append(s.unsaved.taken, r.PostForm.Get(unsavedField+".page"))
	s.unsaved.taken = s.unsaved.taken[max(0, len(s.unsaved.taken)-rememberedPages):]
	if err := ws.DropUnsaved(r.Context(), form); err != nil {
		s.cfg.Log.Error("a saved form is still kept", "kind", fault.KindOf(err).Error())
	}
}
