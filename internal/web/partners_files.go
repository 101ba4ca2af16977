package web

import (
	"io"
	"net/http"
	"slices"
	"sync"

	"example.org/amparo/fault"
)

// shownPartnerFiles is how many files wait to be saved.
const shownPartnerFiles = 6

// outbox holds files for partners until they are saved: in memory, for nothing of them is
// kept here. They are sealed to the partner.
type outbox struct {
	mu  sync.Mutex
	all []outFile // oldest first
}

type outFile struct {
	key, name string
	data      []byte
}

func (o *outbox) put(name string, data []byte) string {
	key := randomName(8)
	o.mu.Lock()
	defer o.mu.Unlock()
	o.all = append(o.all, outFile{key, name, data})
	o.all = o.all[max(0, len(o.all)-shownPartnerFiles):]
	return key
}

func (o *outbox) find(key string) (outFile, bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	i := slices.IndexFunc(o.all, func(f outFile) bool { return f.key == key })
	if i < 0 {
		return outFile{}, false
	}
	return o.all[i], true
}

// partnerCard gives our card as a file.
func (s *Server) partnerCard(w http.ResponseWriter, r *http.Request, v *visit) error {
	rec, err := recordID(r)
	if err != nil {
		return err
	}
	card, err := v.ws.PartnerCard(r.Context(), rec)
	if err != nil {
		return err
	}
	return attachment(w, "card.txt", []byte(card))
}

func attachment(w http.ResponseWriter, name string, data []byte) error {
	alone(w, "application/octet-stream")
	w.Header().Set("Content-Disposition", "attachment; filename="+name)
	_, err := w.Write(data)
	return err
}

// partnerFile gives a file that was made for a partner.
func (s *Server) partnerFile(w http.ResponseWriter, r *http.Request, _ *visit) error {
	f, ok := s.outbox.find(r.PathValue("key"))
	if !ok {
		return fault.New(fault.NotFound, "web", "no such file")
	}
	return attachment(w, f.name, f.data)
}

// partnerUpload reads the file of a form.
func partnerUpload(r *http.Request) ([]byte, error) {
	none := func(err error) error {
		return fault.New(fault.Invalid, "web", "no file was chosen").Coded("partner.file.none").With("choose the file the partner gave you").From(err)
	}
	part, err := filePart(r)
	if err != nil {
		return nil, none(err)
	}
	b, err := io.ReadAll(part)
	if err != nil {
		return nil, fault.New(fault.TooLarge, "web", "the file could not be read").Coded("partner.file.unread").With("choose the file the partner gave you").From(err)
	}
	if len(b) == 0 {
		return nil, none(nil)
	}
	return b, nil
}
