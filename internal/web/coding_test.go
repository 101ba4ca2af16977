package web

import (
	"bytes"
	"fmt"
	"mime/multipart"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"example.org/amparo/id"
	"example.org/amparo/internal/app"
)

// intake posts a transcript as the page does.
func (s *site) intake(interview, name string, content []byte) (int, string) {
	s.t.Helper()
	var b bytes.Buffer
	m := multipart.NewWriter(&b)
	part, err := m.CreateFormFile("file", name)
	if err != nil {
		s.t.Fatal(err)
	}
	_, _ = part.Write(content) // a buffer does not fail
	_ = m.WriteField("lang", "ko")
	_ = m.WriteField("translated", "en")
	_ = m.Close()
	code, body, _ := s.do("POST", "/record/"+interview+"/intake", url.Values{}, func(r *http.Request) {
		r.Body, r.ContentLength = readCloser{&b}, int64(b.Len())
		r.Header.Set("Content-Type", m.FormDataContentType())
	})
	return code, body
}

// newInterview makes an interview of the first person of a workspace.
func newInterview(t *testing.T, s *site, w *app.Workspace) (interview, person string) {
	t.Helper()
	person = firstOf(t, w, "person").ID.String()
	code, body, h := s.do("POST", "/new/interview", url.Values{"person": {person}, "date": {"2003-05-02"}}, nil)
	if code != http.StatusSeeOther {
		t.Fatalf("%d %s", code, alert(body))
	}
	return strings.TrimSuffix(strings.TrimPrefix(h.Get("Location"), "/record/"), "?done=saved"), person
}

const spokenText = "문: 언제 강을 건넜습니까?\n\n답: 겨울이었습니다. 보위부에서 때렸습니다.\n"

func small(t *testing.T) *app.Workspace {
	t.Helper()
	w := ownWorkspace(t, 5)
	return w
}

func TestATranscriptIsReadInOnce(t *testing.T) {
	w := small(t)
	s := newSite(t, w, testConfig())
	interview, _ := newInterview(t, s, w)
	for i, want := range []string{"2 passages stored.", "0 passages stored. 2 were here already."} {
		code, body := s.intake(interview, "talk.txt", []byte(spokenText))
		if code != http.StatusOK || !strings.Contains(body, want) {
			t.Errorf("reading it in, time %d: %d, want %q", i+1, code, want)
		}
	}
	page := s.get("/record/" + interview + "/code")
	if strings.Count(page, "data-unit=") != 2 || !strings.Contains(page, "때렸습니다") {
		t.Error("the passages are not on the page")
	}
	if code, body := s.intake(interview, "talk.pdf", []byte("%PDF-1.7")); code != http.StatusBadRequest && code != http.StatusInternalServerError {
		t.Errorf("a PDF: %d %s", code, body)
	} else if !strings.Contains(body, "save it as .docx") {
		t.Error("a PDF is refused without saying what to do")
	}
}

// What is stated of chosen words keeps exactly these words.
func TestCodedWordsAreMarkedAndKept(t *testing.T) {
	w := small(t)
	s := newSite(t, w, testConfig())
	interview, person := newInterview(t, s, w)
	s.intake(interview, "talk.txt", []byte(spokenText))
	rec, _ := id.Parse(interview)
	units, _, err := w.Passages(t.Context(), rec, 0, 10)
	if err != nil || len(units) != 2 || units[1].Speaker != "답" {
		t.Fatalf("%+v, %v", units, err)
	}
	words := []rune(units[1].Words)
	from := strings.Index(units[1].Words, "보위부")
	from = len([]rune(units[1].Words[:from]))
	at := fmt.Sprintf("/record/%s/code?at=%s&from=%d&to=%d&kind=incident", interview, units[1].ID, from, len(words))
	if page := s.get(at); !strings.Contains(page, "“보위부에서 때렸습니다.”") {
		t.Error("the chosen words are not beside the form")
	}
	code, body, _ := s.do("POST", at, url.Values{"type": {"nonsense"}}, nil)
	if code != http.StatusUnprocessableEntity || !strings.Contains(alert(body), "to mend") {
		t.Errorf("a type that does not exist: %d", code)
	}
	code, body, h := s.do("POST", at, url.Values{"type": {"MT02.1"}, "victims": {person}, "source": {person}, "basis": {"BK-1"}}, nil)
	if code != http.StatusSeeOther || !strings.Contains(h.Get("Location"), "done=saved#u-"+units[1].ID.String()) {
		t.Fatalf("coding: %d %s %s", code, h.Get("Location"), alert(body))
	}
	page := s.get("/record/" + interview + "/code")
	if !strings.Contains(page, `<mark title="Incident">보위부에서 때렸습니다.</mark>`) {
		t.Error("the words it rests on are not marked")
	}
	cites, err := w.Citations(t.Context(), units[1].ID, "en")
	if err != nil || len(cites) != 1 || cites[0].From != from || cites[0].To != len(words) || !cites[0].Own {
		t.Errorf("%+v, %v", cites, err)
	}
}

// One passage coded with three fields takes at most twelve keystrokes beyond the text
// itself, from the page as it opens to the passage again.
func TestCodingByKeyboardTakesTwelveKeys(t *testing.T) {
	w := small(t)
	site := newSite(t, w, testConfig())
	interview, _ := newInterview(t, site, w)
	site.intake(interview, "talk.txt", []byte(spokenText))
	ctx, srv, c := openDesk(t, w)
	y := typist{t, ctx}
	y.do(chromedp.EmulateViewport(1366, 768))
	y.open(srv.URL + "/record/" + interview + "/code")
	keys := 0
	press := func(k ...string) {
		t.Helper()
		keys += len(k)
		y.press(k...)
	}
	press("j", "j", "1") // from the first passage to the second, and an incident
	y.until("the form is there and its first question is in focus", `document.activeElement.id === "f-type"`)
	for i, text := range []string{"to", "2001-02", "KP-ONS"} { // type, date, place: the text itself
		if i > 0 {
			press(kb.Tab, kb.Tab) // over "unknown, refused ..."
		}
		y.press(text)
	}
	keys += 2
	y.do(chromedp.KeyEvent(kb.Enter, chromedp.KeyModifiers(chromedp.ModifierCtrl)))
	y.arrive(`done=saved`)
	if said := y.ask(`document.querySelector(".notice, .problems")?.innerText ?? "nothing"`); said != "The account is recorded." {
		t.Fatalf("after Ctrl Enter the page says %q", said)
	}
	if keys > 12 {
		t.Errorf("%d keystrokes, want at most 12", keys)
	}
	rec, _ := id.Parse(interview)
	units, _, _ := w.Passages(t.Context(), rec, 0, 10)
	y.until("after saving the focus is on the passage", fmt.Sprintf(`document.activeElement.dataset.unit === %q`, units[1].ID))
	if cites, err := w.Citations(t.Context(), units[1].ID, "en"); err != nil || len(cites) != 1 || cites[0].Kind != "incident" {
		t.Errorf("%+v %v", cites, err)
	}
	for _, line := range c.take() {
		t.Error(line)
	}
}
