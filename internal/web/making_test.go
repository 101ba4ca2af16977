package web

import (
	"io/fs"
	"maps"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"example.org/amparo/internal/app"
	"example.org/amparo/internal/figure"
)

// figureMade asks for a figure on the page and waits until it is there; it returns its
// address.
func (s *site) figureMade(ask string) string {
	s.t.Helper()
	code, _, header := s.do("POST", "/figures", url.Values{"ask": {ask}}, nil)
	at := header.Get("Location")
	making := func() bool { return code == http.StatusSeeOther && strings.HasPrefix(at, "/figures/making/") }
	within(2*time.Minute, func() bool { // the page says no more than that it is being computed
		if making() {
			if now, _, h := s.do("GET", at, nil, nil); now != http.StatusOK {
				code, at = now, h.Get("Location")
			}
		}
		return !making()
	})
	if making() || code != http.StatusSeeOther {
		s.t.Fatalf("%s: %d to %q after two minutes", ask, code, at)
	}
	return at
}

// begun asks for a figure that takes long, and returns the address of its progress.
func (s *site) begun(ask string) string {
	s.t.Helper()
	code, _, header := s.do("POST", "/figures", url.Values{"ask": {ask}, "draws": {"200"}}, nil)
	if at := header.Get("Location"); code == http.StatusSeeOther && strings.HasPrefix(at, "/figures/making/") {
		return at
	}
	s.t.Fatalf("%d to %s: the figure is made too fast for this test", code, header.Get("Location"))
	return ""
}

func figuresKept(t *testing.T, w *app.Workspace) int {
	t.Helper()
	all, err := w.Figures(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return len(all)
}

func TestAFigureBeingMadeIsShownOnceAndStoppedForGood(t *testing.T) {
	w := figuredWorkspace(t)
	s := newSite(t, w, testConfig())
	at := s.begun(figure.AskTotal)
	if page := s.get(at); !strings.Contains(page, "<progress") || !strings.Contains(page, `http-equiv="refresh"`) {
		t.Error("the page shows no progress, or does not look again without script")
	}
	if again := s.begun(figure.AskTotal); again != at {
		t.Error("the same question is computed twice at once")
	}
	if list := s.get("/figures"); !strings.Contains(list, at) {
		t.Error("the list does not lead back to what is being made")
	}
	if code, _, h := s.do("POST", at+"/stop", url.Values{}, nil); code != http.StatusSeeOther || h.Get("Location") != at {
		t.Fatalf("stop: %d", code)
	}
	if code, _, h := s.do("GET", at, nil, nil); code != http.StatusSeeOther || h.Get("Location") != "/figures?done=stopped" {
		t.Errorf("after the stop: %d to %s", code, h.Get("Location"))
	}
	if list := s.get("/figures?done=stopped"); !strings.Contains(list, "Stopped. No figure was kept.") || strings.Contains(list, at) {
		t.Error("the list does not say that it was stopped, or still shows it")
	}
	if n := figuresKept(t, w); n != 0 {
		t.Errorf("%d figures were kept by what was stopped", n)
	}
	if s.figureMade(figure.AskReturned); figuresKept(t, w) != 1 {
		t.Error("after a stop no figure can be made")
	}
}

// The lock stops what is being computed. Nothing of it is on the disk but sealed, and no
// figure is kept afterwards.
func TestTheLockStopsAFigureAndLeavesNothingUnsealed(t *testing.T) {
	base := t.TempDir()
	temp := filepath.Join(base, "temp")
	if err := os.Mkdir(temp, 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("TMPDIR", temp)
	w := figuredIn(t, filepath.Join(base, "w"))
	cfg := testConfig()
	locked := make(chan bool, 1)
	cfg.Lock = func() { locked <- true }
	s := newSite(t, w, cfg)
	at := s.begun(figure.AskTotal)
	m := s.desk.makings.find(strings.TrimPrefix(at, "/figures/making/"))
	if code, _, _ := s.do("POST", "/lock", url.Values{}, nil); code != http.StatusOK {
		t.Fatal(code)
	}
	select {
	case <-m.ended:
	case <-time.After(20 * time.Second):
		t.Fatal("it goes on after the lock")
	}
	<-locked
	if m.err == nil || figuresKept(t, w) != 0 {
		t.Errorf("a figure was kept after the lock (%v)", m.err)
	}
	files := 0
	err := filepath.WalkDir(base, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		files++
		b, err := os.ReadFile(path)
		if err == nil && (strings.Contains(string(b), "families") || strings.Contains(string(b), "P001") || strings.Contains(string(b), "ensemble")) {
			t.Errorf("%s is readable", path)
		}
		return err
	})
	if err != nil || files == 0 {
		t.Fatalf("%d files: %v", files, err)
	}
}

// A figure is begun, left, come back to and stopped with keys alone; its page has no finding
// of axe in any language.
func TestAFigureIsMadeLeftAndStoppedByKeyboard(t *testing.T) {
	axe := axeScript(t)
	// Six lists, of which the graphs alone take minutes.
	w := figuredIn(t, filepath.Join(t.TempDir(), "w"), history{"e", 44}, history{"f", 41}, history{"ef", 12}, history{"ae", 11}, history{"bf", 11}, history{"abe", 4}, history{"bef", 4}, history{"cdef", 3})
	ctx, srv, c := openDesk(t, w)
	y := typist{t, ctx}
	y.do(chromedp.EmulateViewport(1366, 768))
	for _, lang := range languages {
		y.do(setCookie(srv, "lang", lang))
		y.open(srv.URL + "/figures")
		y.tabTo(`[name=draws]`)
		y.press("2", "0", "0") // what is in the box is selected
		y.tabTo(`form[action="/figures"] button`)
		y.leads(`^/figures/making/`, kb.Enter)
		checkAccess(t, ctx, string(axe), "being made "+lang)
		c.take()
		if *pictures != "" {
			picture(t, ctx, "figure-making", lang, "light")
		}
		y.tabTo(`.making a[href="/figures"]`)
		y.leads(`^/figures$`, kb.Enter)
		y.tabTo(`.figures a[href^="/figures/making/"]`)
		y.leads(`^/figures/making/`, kb.Enter)
		y.tabTo(`.making button`)
		time.Sleep(1500 * time.Millisecond) // the script looks twice; the focus must stay where it is
		if y.ask(`document.activeElement.matches(".making button")`) != "true" {
			t.Errorf("%s: the focus was taken from the button", lang)
		}
		y.leads(`^/figures\?done=stopped`, kb.Enter)
		for _, line := range c.take() {
			t.Errorf("%s: %s", lang, line)
		}
	}
	if n := figuresKept(t, w); n != 0 {
		t.Errorf("%d figures were kept by what was stopped", n)
	}
}

// The page moves on to the figure by itself: with the script, and without by looking again.
func TestThePageOfAFigureBeingMadeMovesOnWithAndWithoutScript(t *testing.T) {
	w := figuredWorkspace(t)
	ctx, srv, _ := openDesk(t, w)
	y := typist{t, ctx}
	for _, off := range []bool{false, true} {
		y.do(call(emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: off}))
		y.open(srv.URL + "/figures")
		y.tabTo(`[name=draws]`)
		y.press("2", "0", "0", kb.Enter) // what is in the box is selected
		// nothing is pressed any more: the page has to move by itself
		y.arrive(`^/figures/making/`)
		y.arrive(`^/figures/[^/?]+(\?|$)`)
	}
	if n := figuresKept(t, w); n != 2 {
		t.Errorf("%d figures", n)
	}
}

// inClasses asks for a total and waits until its latent classes are being sampled: looking so
// often that they are not over between two looks.
func (s *site) inClasses() (at string, m *making) {
	s.t.Helper()
	code, _, header := s.do("POST", "/figures", url.Values{"ask": {figure.AskTotal}}, nil)
	at = header.Get("Location")
	if m = s.desk.makings.find(strings.TrimPrefix(at, "/figures/making/")); code != http.StatusSeeOther || m == nil {
		s.t.Fatalf("%d to %s: nothing is being made", code, at)
	}
	for deadline := time.Now().Add(2 * time.Minute); m.running() && time.Now().Before(deadline); time.Sleep(2 * time.Millisecond) {
		m.mu.Lock()
		what, done := m.what, m.done
		m.mu.Unlock()
		if what == figure.StepClasses && done > 0 {
			return at, m
		}
	}
	s.t.Fatal("latent classes were never seen being sampled")
	return "", nil
}

// A stop and the lock in the middle of latent classes lose nothing: no half of a figure is kept,
// the records are as they were, and after unlocking the same figure is made, once.
func TestStopAndLockInTheMiddleOfLatentClassesLoseNothing(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "w")
	w := figuredIn(t, dir)
	cfg := testConfig()
	locked := make(chan bool, 1)
	cfg.Lock = func() { locked <- true }
	s := newSite(t, w, cfg)
	before, err := w.Index().Counts(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	at, m := s.inClasses()
	if page := s.get(at); !strings.Contains(page, "Latent classes are drawn") {
		t.Error("the page does not say that latent classes are drawn")
	}
	s.do("POST", at+"/stop", url.Values{}, nil)
	<-m.ended
	if m.err == nil {
		t.Error("it was not stopped")
	}
	if code, _, h := s.do("POST", "/figures", url.Values{"ask": {figure.AskReturned}, "draws": {"1"}}, nil); code != http.StatusSeeOther || h.Get("Location") == "/figures?done=busy" {
		t.Errorf("after a stop nothing can be made: %d to %s", code, h.Get("Location"))
	}
	eventually(t, "the other figure is made", func() bool { return s.desk.makings.running() == nil })
	at, m = s.inClasses()
	if code, _, h := s.do("POST", "/figures", url.Values{"ask": {figure.AskSold}}, nil); code != http.StatusSeeOther || h.Get("Location") != "/figures?done=busy" {
		t.Errorf("two figures are made at a time: %d to %s", code, h.Get("Location"))
	}
	s.do("POST", "/lock", url.Values{}, nil)
	<-m.ended
	<-locked
	if m.err == nil || figuresKept(t, w) != 1 {
		t.Errorf("a figure was kept after the lock (%v)", m.err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	w, err = app.Open(t.Context(), dir, []byte("demo"), app.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	after, err := w.Index().Counts(t.Context())
	if before["estimate_run"]++; err != nil || !maps.Equal(before, after) {
		t.Errorf("records before %v and after %v (%v)", before, after, err)
	}
	s = newSite(t, w, testConfig())
	if code, _, h := s.do("GET", at, nil, nil); code != http.StatusSeeOther || h.Get("Location") != "/figures?done=gone" {
		t.Errorf("whoever comes back to it finds %d, %s", code, h.Get("Location"))
	}
	if page := s.get("/figures?done=gone"); !strings.Contains(page, "the records are as they were") {
		t.Error("it is not said what became of it")
	}
	if s.figureMade(figure.AskTotal); figuresKept(t, w) != 2 {
		t.Error("after unlocking the figure cannot be made")
	}
}
