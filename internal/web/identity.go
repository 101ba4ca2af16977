package web

import (
	"net/http"

	"example.org/amparo/id"
	"example.org/amparo/internal/app"
	"example.org/amparo/internal/kind"
)

// openIdentity shows a record with who it is about, once: the answer to this form holds it and
// no address does. The reason is in the log before anything is shown.
func (s *Server) openIdentity(w http.ResponseWriter, r *http.Request, v *visit) error {
	rec, err := recordID(r)
	if err != nil {
		return err
	}
	view, err := v.ws.OpenIdentity(r.Context(), rec, r.PostFormValue("reason"), v.Say.Lang())
	if err != nil {
		return err
	}
	p, err := v.record(r, view)
	if err != nil {
		return err
	}
	p.Here = "/record/" + rec.String()
	return recordTmpl.Execute(w, *p)
}

// veiledFiles reports whether files of a record say who somebody is and were not opened.
func (v *visit) veiledFiles(rec id.ID, k *kind.Kind) bool {
	for _, f := range fileFields(k) {
		if app.IdentityField(k, f) {
			return !v.ws.IsOpen(rec)
		}
	}
	return false
}
