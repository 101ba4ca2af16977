package web

import (
	"encoding/hex"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"strings"

	"example.org/amparo/fault"
	"example.org/amparo/id"
	"example.org/amparo/internal/app"
	"example.org/amparo/internal/casebook"
	"example.org/amparo/internal/kind"
	"example.org/amparo/internal/media"
)

type filesPage struct {
	Page
	ID     string
	Title  string
	Veiled bool // the files say who somebody is, and were not opened
	Fields []fileField
}

// fileField is one field of type file, with what is stored in it.
type fileField struct {
	Name, Label string
	Files       []fileView
}

type fileView struct {
	Hash, Short, Type, Size string
	Shown                   string // "image", "audio", "video" or "": what the browser may show by itself
	Cleans                  bool   // a copy can leave with its content alone
}

// filesPage shows the files of a record and takes in more.
func (s *Server) filesPage(w http.ResponseWriter, r *http.Request, v *visit) error {
	rec, k, err := v.recordOf(r)
	if err != nil {
		return err
	}
	if err := v.ws.NoteRead(r.Context(), rec); err != nil {
		return err
	}
	row, err := v.ws.Index().Row(r.Context(), rec)
	if err != nil {
		return err
	}
	p := filesPage{Page: v.page("files.title"), ID: rec.String(), Title: v.ws.Title(r.Context(), *row, v.Say.Lang())}
	p.Veiled = v.veiledFiles(rec, k)
	for _, f := range fileFields(k) {
		refs, err := v.ws.FilesOf(r.Context(), rec, f.Name)
		if err != nil {
			return err
		}
		if p.Veiled {
			refs = nil
		}
		ff := fileField{Name: f.Name, Label: f.Label.In(v.Say.Lang())}
		for _, ref := range refs {
			h := hex.EncodeToString(ref.Hash[:])
			ff.Files = append(ff.Files, fileView{Hash: h, Short: h[:12], Type: ref.Type, Size: sizeText(ref.Size), Shown: shownAs(ref.Type), Cleans: media.Known(ref.Type)})
		}
		p.Fields = append(p.Fields, ff)
	}
	return filesTmpl.Execute(w, p)
}

func (v *visit) recordOf(r *http.Request) (id.ID, *kind.Kind, error) {
	rec, err := recordID(r)
	if err != nil {
		return rec, nil, err
	}
	row, err := v.ws.Index().Row(r.Context(), rec)
	if err != nil {
		return rec, nil, err
	}
	k, ok := v.ws.Schema().Kind(row.Kind)
	if !ok {
		return rec, nil, fault.New(fault.NotFound, "web", "no such record")
	}
	if k.Name != "person" { // a person's consents stay open when the file is locked
		if _, err := v.ws.Desk().Row(r.Context(), rec); err != nil {
			return rec, nil, err
		}
	}
	return rec, k, nil
}

func fileFields(k *kind.Kind) (out []*kind.Field) {
	for _, f := range k.Fields {
		if f.Type == kind.TypeFile {
			out = append(out, f)
		}
	}
	return out
}

func sizeText(n int64) string {
	switch {
	case n < 1<<10:
		return fmt.Sprintf("%d B", n)
	case n < 1<<20:
		return fmt.Sprintf("%.0f KB", float64(n)/(1<<10))
	}
	return fmt.Sprintf("%.1f MB", float64(n)/(1<<20))
}

// shownAs says how the browser may show a type by itself. Anything that could carry a
// program of its own (HTML, SVG, PDF, office documents) is not shown here, nor a picture
// that cannot be shown without what stands beside it.
func shownAs(mediaType string) string {
	major, minor, _ := strings.Cut(mediaType, "/")
	switch {
	case major == "image":
		if minor == "svg+xml" || !media.Known(mediaType) {
			return ""
		}
		return major
	case major == "audio", major == "video":
		return major
	}
	return ""
}

// attach takes in a file and states it as one more value of the field. The type is found
// from the content; the name is not kept, because names of files name people.
func (s *Server) attach(w http.ResponseWriter, r *http.Request, v *visit) error {
	rec, k, err := v.recordOf(r)
	if err != nil {
		return err
	}
	f, ok := k.Field(r.URL.Query().Get("field"))
	if !ok || f.Type != kind.TypeFile {
		return fault.New(fault.NotFound, "web", "no such field")
	}
	spool, err := v.upload(r)
	if err != nil {
		return err
	}
	defer spool.Close()
	if spool.Size() == 0 {
		return fault.New(fault.Invalid, "web", "%s", v.Say.T("files.nothing"))
	}
	mediaType, err := sniff(spool)
	if err != nil {
		return err
	}
	st, err := v.wholeOf(r, rec, k)
	if err != nil {
		return err
	}
	ref, err := v.ws.StoreFile(r.Context(), st, f.Name, spool, mediaType)
	if err != nil {
		return err
	}
	before := st.Fields[f.Name]
	st.Fields = kind.Values{f.Name: {kind.Of(ref.String())}}
	if !f.Repeat && len(before) > 0 {
		return fault.New(fault.Conflict, "web", "%s", v.Say.T("files.single"))
	}
	if _, problems, err := v.ws.State(r.Context(), st, "save"); err != nil {
		return err
	} else if len(problems) > 0 {
		return problems[0]
	}
	said, err := carries(spool, mediaType)
	if err != nil {
		return err
	}
	http.Redirect(w, r, "/record/"+rec.String()+"/files?done="+said, http.StatusSeeOther)
	return nil
}

// carries names the notice about what a file that was just stored holds beside its content.
func carries(spool *app.Spool, mediaType string) (string, error) {
	if _, err := spool.Seek(0, io.SeekStart); err != nil {
		return "", err
	}
	found, err := media.Clean(io.Discard, spool, mediaType)
	switch {
	case fault.KindOf(err) == fault.Invalid:
		return "attachedAsItIs", nil
	case err != nil:
		return "", err
	case found.Has(media.Position):
		return "attachedPlace", nil
	case found != 0:
		return "attachedMore", nil
	}
	return "attached", nil
}

// wholeOf is the record as it stands: where its files are sealed follows from it.
func (v *visit) wholeOf(r *http.Request, rec id.ID, k *kind.Kind) (casebook.Statement, error) {
	folded, err := v.ws.Index().Fold(r.Context(), rec)
	if err != nil {
		return casebook.Statement{}, err
	}
	st := casebook.Statement{Record: rec, Kind: k.Name, Fields: kind.Values{}}
	for name, f := range folded.Fields {
		st.Fields[name] = f.Current()
	}
	return st, nil
}

// upload streams the first file of a form into a sealed spool: nothing of it touches the
// disk in clear.
func (v *visit) upload(r *http.Request) (*app.Spool, error) {
	broken := func(err error) error {
		return fault.New(fault.Invalid, "web", "%s", v.Say.T("files.nothing")).From(err)
	}
	part, err := filePart(r)
	if err != nil {
		return nil, broken(err)
	}
	return v.ws.Spool(r.Context(), part)
}

// filePart is the first file of a form, as it arrives.
func filePart(r *http.Request) (*multipart.Part, error) {
	parts, err := r.MultipartReader()
	if err != nil {
		return nil, err
	}
	for {
		part, err := parts.NextPart()
		if err != nil || part.FormName() == "file" {
			return part, err
		}
	}
}

// sniff finds what a file is from its content.
func sniff(in io.ReadSeeker) (string, error) {
	head := make([]byte, media.HeadSize)
	n, err := io.ReadFull(in, head)
	if err != nil && n == 0 {
		return "", err
	}
	_, err = in.Seek(0, io.SeekStart)
	return media.TypeOf(head[:n]), err
}

// fileOf finds a file by its hash among those of the record: a hash alone opens nothing.
func (v *visit) fileOf(r *http.Request) (casebook.FileRef, error) {
	rec, k, err := v.recordOf(r)
	if err != nil {
		return casebook.FileRef{}, err
	}
	if v.veiledFiles(rec, k) {
		return casebook.FileRef{}, fault.New(fault.NotFound, "web", "no such file")
	}
	for _, f := range fileFields(k) {
		refs, err := v.ws.FilesOf(r.Context(), rec, f.Name)
		if err != nil {
			return casebook.FileRef{}, err
		}
		for _, ref := range refs {
			if hex.EncodeToString(ref.Hash[:]) == r.PathValue("hash") {
				return ref, nil
			}
		}
	}
	return casebook.FileRef{}, fault.New(fault.NotFound, "web", "no such file")
}

// showFile gives a picture or recording to the page that shows it: what is saved from a
// page must not say more than the page shows. A recording from which that cannot be taken
// out is given as it came, because people must be able to listen to it.
func (s *Server) showFile(w http.ResponseWriter, r *http.Request, v *visit) error {
	ref, err := v.fileOf(r)
	if err != nil {
		return err
	}
	shown := shownAs(ref.Type)
	if shown == "" {
		return fault.New(fault.NotFound, "web", "no such file")
	}
	if media.Known(ref.Type) {
		_, err := v.ws.CopyFile(r.Context(), ref, io.Discard)
		switch {
		case err == nil:
			alone(w, ref.Type)
			_, err = v.ws.CopyFile(r.Context(), ref, w)
			return err
		case fault.KindOf(err) != fault.Invalid || shown == "image":
			return err
		}
	}
	alone(w, ref.Type)
	return v.ws.WriteFile(r.Context(), ref, w)
}

// alone makes sure that what a file holds can do nothing on this site.
func alone(w http.ResponseWriter, mediaType string) {
	h := w.Header()
	h.Set("Content-Type", mediaType)
	h.Set("Content-Security-Policy", "sandbox; default-src 'none'")
}

// takeOut hands a file to the browser to be saved: it leaves, and the ledger says so.
func (s *Server) takeOut(w http.ResponseWriter, r *http.Request, v *visit) error {
	ref, err := v.fileOf(r)
	if err != nil {
		return err
	}
	opt := app.ExportOptions{Purpose: strings.TrimSpace(r.PostFormValue("purpose")), Recipient: strings.TrimSpace(r.PostFormValue("recipient"))}
	if opt.Purpose == "" || opt.Recipient == "" {
		return fault.New(fault.Invalid, "web", "%s", v.Say.T("files.why"))
	}
	rec, err := recordID(r)
	if err != nil {
		return err
	}
	asItCame := r.PostFormValue("as") == "came"
	if !asItCame && !media.Known(ref.Type) {
		return fault.New(fault.Invalid, "web", "%s", v.Say.T("files.unknown"))
	}
	return v.ws.TakeOut(r.Context(), rec, ref, asItCame, opt, &download{w: w, ref: ref})
}

// download sends the head of a file that leaves with its first byte: an error before it is
// still a page.
type download struct {
	w    http.ResponseWriter
	ref  casebook.FileRef
	sent bool
}

func (d *download) Write(b []byte) (int, error) {
	if !d.sent {
		d.sent = true
		alone(d.w, d.ref.Type)
		d.w.Header().Set("Content-Disposition", "attachment; filename="+url.PathEscape("file-"+hex.EncodeToString(d.ref.Hash[:6])))
	}
	return d.w.Write(b)
}
