package web

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"image"
	"image/jpeg"
	"mime/multipart"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// send uploads a file by the form of a record's file page.
func (s *site) send(rec, field, name string, content []byte) (int, string) {
	s.t.Helper()
	var b bytes.Buffer
	m := multipart.NewWriter(&b)
	part, err := m.CreateFormFile("file", name)
	if err != nil {
		s.t.Fatal(err)
	}
	_, _ = part.Write(content) // a buffer does not fail
	_ = m.Close()
	code, body, _ := s.do("POST", "/record/"+rec+"/files?field="+field, url.Values{}, func(r *http.Request) {
		r.Body, r.ContentLength = http.NoBody, int64(b.Len())
		r.Body = readCloser{&b}
		r.Header.Set("Content-Type", m.FormDataContentType())
	})
	return code, body
}

// evidenceSite is the desk of a small workspace with one piece of evidence that names nobody.
func evidenceSite(t *testing.T, title string) (s *site, rec string) {
	t.Helper()
	w := ownWorkspace(t, 5)
	s = newSite(t, w, testConfig())
	_, _, h := s.do("POST", "/new/evidence", url.Values{"title": {title}, "type": {"EV02"}}, nil)
	return s, strings.TrimSuffix(strings.TrimPrefix(h.Get("Location"), "/record/"), "?done=saved")
}

type readCloser struct{ *bytes.Buffer }

func (readCloser) Close() error { return nil }

var gif = []byte("GIF89a\x01\x00\x01\x00\x80\x00\x00\x00\x00\x00\xff\xff\xff!\xf9\x04\x01\x00\x00\x00\x00,\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02D\x01\x00;")

func TestAFileIsStoredShownAndTakenOutWithAReason(t *testing.T) {
	w := ownWorkspace(t, 5)
	s := newSite(t, w, testConfig())
	person := firstOf(t, w, "person").ID.String()
	code, body, h := s.do("POST", "/new/evidence", url.Values{"title": {"A picture"}, "type": {"EV02"}, "person": {person}}, nil)
	if code != http.StatusSeeOther {
		t.Fatalf("%d %s", code, alert(body))
	}
	rec := strings.TrimSuffix(strings.TrimPrefix(h.Get("Location"), "/record/"), "?done=saved")
	// what it is follows from the content, not from its name, which is not kept
	if code, body = s.send(rec, "stored", "Kim-Chol-su.html", gif); code != http.StatusSeeOther {
		t.Fatalf("attaching: %d %s", code, alert(body))
	}
	sum := sha256.Sum256(gif)
	hash := hex.EncodeToString(sum[:])
	page := s.get("/record/" + rec + "/files")
	if !strings.Contains(page, "image/gif") || !strings.Contains(page, `<img src="/record/`+rec+"/file/"+hash) || strings.Contains(page, "Chol-su") {
		t.Error("the picture is not on the page as one, or its name is")
	}
	code, body, h = s.do("GET", "/record/"+rec+"/file/"+hash, nil, nil)
	if code != http.StatusOK || body != string(gif) || !strings.HasPrefix(h.Get("Content-Security-Policy"), "sandbox") {
		t.Errorf("showing: %d, %d bytes, policy %q", code, len(body), h.Get("Content-Security-Policy"))
	}
	if code, _, _ = s.do("GET", "/record/"+person+"/file/"+hash, nil, nil); code != http.StatusNotFound {
		t.Errorf("by another record: %d, want 404", code)
	}
	take := "/record/" + rec + "/file/" + hash + "/take"
	if code, _, _ = s.do("POST", take, url.Values{"purpose": {"expert opinion"}}, nil); code != http.StatusBadRequest {
		t.Errorf("taking it out for nobody: %d", code)
	}
	code, body, h = s.do("POST", take, url.Values{"purpose": {"expert opinion"}, "recipient": {"a doctor"}}, nil)
	if code != http.StatusOK || body != string(gif) || !strings.HasPrefix(h.Get("Content-Disposition"), "attachment") {
		t.Errorf("taking it out: %d %q", code, h.Get("Content-Disposition"))
	}
	if page = s.get("/ledger"); !strings.Contains(page, "expert opinion → a doctor") {
		t.Error("that it left is not in the ledger")
	}
}

// A page disguised as a picture is never shown by the browser itself.
func TestAFileThatCouldCarryAProgramIsNotShown(t *testing.T) {
	s, rec := evidenceSite(t, "A page")
	content := []byte("<html><script>alert(1)</script></html>")
	if code, body := s.send(rec, "stored", "picture.png", content); code != http.StatusSeeOther {
		t.Fatalf("attaching: %d %s", code, alert(body))
	}
	sum := sha256.Sum256(content)
	if code, _, _ := s.do("GET", "/record/"+rec+"/file/"+hex.EncodeToString(sum[:]), nil, nil); code != http.StatusNotFound {
		t.Errorf("a page was shown: %d", code)
	}
	for name, field := range map[string]string{"nothing": "stored", "no such field": "title"} {
		if code, _ := s.send(rec, field, "x", nil); code != http.StatusBadRequest && code != http.StatusNotFound {
			t.Errorf("%s: %d", name, code)
		}
	}
}

// located is a picture of one point that says where and with what it was taken.
func located(t *testing.T, place string) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, image.NewGray(image.Rect(0, 0, 1, 1)), nil); err != nil {
		t.Fatal(err)
	}
	exif := "Exif\x00\x00MM\x00*\x00\x00\x00\x08\x00\x01\x88\x25\x00\x04\x00\x00\x00\x01\x00\x00\x00\x1a\x00\x00\x00\x00" + place
	head := binary.BigEndian.AppendUint16([]byte{0xFF, 0xD8, 0xFF, 0xE1}, uint16(len(exif)+2))
	return append(append(head, exif...), b.Bytes()[2:]...)
}

func TestAPictureLeavesWithoutThePlaceItWasTakenAt(t *testing.T) {
	s, rec := evidenceSite(t, "A picture")
	const place = "42 54 04.3 N 129 30 15.8 E"
	content := located(t, place)
	if code, body := s.send(rec, "stored", "x", content); code != http.StatusSeeOther {
		t.Fatalf("attaching: %d %s", code, alert(body))
	}
	if page := s.get("/record/" + rec + "/files?done=attachedPlace"); !strings.Contains(page, "It says where it was taken") {
		t.Error("the page does not say that the picture holds a place")
	}
	sum := sha256.Sum256(content)
	file := "/record/" + rec + "/file/" + hex.EncodeToString(sum[:])
	if code, body, _ := s.do("GET", file, nil, nil); code != http.StatusOK || strings.Contains(body, place) || !strings.HasPrefix(body, "\xff\xd8") {
		t.Errorf("showing: %d, or the place is in it", code)
	}
	why := url.Values{"purpose": {"expert opinion"}, "recipient": {"a doctor"}}
	code, leaves, _ := s.do("POST", file+"/take", why, nil)
	if code != http.StatusOK || strings.Contains(leaves, place) {
		t.Errorf("taking it out: %d, or the place is in it", code)
	}
	copied := sha256.Sum256([]byte(leaves))
	why.Set("as", "came")
	if code, body, _ := s.do("POST", file+"/take", why, nil); code != http.StatusOK || body != string(content) {
		t.Errorf("taking it out as it came: %d, %d bytes", code, len(body))
	}
	ledger := s.get("/ledger")
	if !strings.Contains(ledger, "with its content alone, SHA-256 "+hex.EncodeToString(copied[:])) || !strings.Contains(ledger, "as it came, SHA-256 "+hex.EncodeToString(sum[:])) {
		t.Error("the ledger does not say what left, and as what")
	}
}

func TestAFileThatCannotBeCleanedLeavesOnlyAsItCame(t *testing.T) {
	s, rec := evidenceSite(t, "A document")
	for what, content := range map[string]string{"a document": "%PDF-1.7 by a person", "a picture that is cut off": string(located(t, "a place")[:60])} {
		if code, body := s.send(rec, "stored", "x", []byte(content)); code != http.StatusSeeOther {
			t.Fatalf("%s: %d %s", what, code, alert(body))
		}
		sum := sha256.Sum256([]byte(content))
		take := "/record/" + rec + "/file/" + hex.EncodeToString(sum[:]) + "/take"
		why := url.Values{"purpose": {"expert opinion"}, "recipient": {"a doctor"}}
		if code, _, h := s.do("POST", take, why, nil); code != http.StatusBadRequest || h.Get("Content-Disposition") != "" {
			t.Errorf("%s left as a clean copy: %d", what, code)
		}
		why.Set("as", "came")
		if code, body, _ := s.do("POST", take, why, nil); code != http.StatusOK || body != content {
			t.Errorf("%s as it came: %d", what, code)
		}
	}
	if ledger := s.get("/ledger"); strings.Contains(ledger, "with its content alone") {
		t.Error("the ledger says that something left that did not")
	}
}
