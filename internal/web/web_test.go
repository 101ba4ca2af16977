package web

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"example.org/amparo/internal/app"
	"example.org/amparo/internal/figure"
	"example.org/amparo/internal/index"
	"example.org/amparo/internal/vault"
	"example.org/amparo/internal/world"
)

const testToken = "0123456789abcdef0123456789abcdef01234567"

// demo is one workspace of invented people for all tests of this package that only
// read it.
var demo = sync.OnceValues(func() (*app.Workspace, error) {
	dir, err := os.MkdirTemp("", "amparo-web-")
	if err != nil {
		return nil, err
	}
	demoDir = dir
	return newWorkspace(filepath.Join(dir, "w"), 120)
})

var demoDir string

func TestMain(m *testing.M) {
	code := m.Run()
	if demoDir != "" {
		if w, err := demo(); err == nil {
			_ = w.Close()
		}
		_ = os.RemoveAll(demoDir)
	}
	os.Exit(code)
}

func newWorkspace(dir string, people int) (*app.Workspace, error) {
	ctx := context.Background()
	w, err := app.Create(ctx, dir, []byte("demo"), app.Options{Params: vault.LightParams, Name: "Demo"})
	if err != nil {
		return nil, err
	}
	pop := w.Populate()
	state := func(e world.Event) error {
		if !e.Same.IsZero() {
			return pop.Same(ctx, e.Statement.Record, e.Same, e.Reason)
		}
		return pop.State(ctx, e.Statement, time.UnixMilli(e.At))
	}
	if _, err := world.Facts(w.Schema(), state); err != nil {
		return nil, err
	}
	if _, err := world.Generate(ctx, world.Config{People: people, Seed: 7}, w.Schema(), state); err != nil {
		return nil, err
	}
	return w, pop.Flush(ctx)
}

func demoWorkspace(t *testing.T) *app.Workspace {
	t.Helper()
	w, err := demo()
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// ownWorkspace is a workspace of an invented world that a test may change.
func ownWorkspace(t *testing.T, people int) *app.Workspace {
	t.Helper()
	w, err := newWorkspace(filepath.Join(t.TempDir(), "w"), people)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.Close() })
	return w
}

func testConfig() Config {
	return Config{Name: "w", Token: testToken, Demo: true, Hint: "demo", Log: slog.New(slog.NewTextHandler(io.Discard, nil))}
}

// site is a desk under test with its client, which has the cookie.
type site struct {
	*httptest.Server
	t    *testing.T
	desk *Server
}

func newSite(t *testing.T, w *app.Workspace, cfg Config) *site {
	t.Helper()
	desk := New(cfg, w)
	srv := httptest.NewServer(desk)
	t.Cleanup(func() { // the workspace goes on to the next test
		srv.Close()
		desk.end()
		desk.background.Wait()
	})
	return &site{srv, t, desk}
}

func (s *site) do(method, path string, form url.Values, change func(*http.Request)) (int, string, http.Header) {
	s.t.Helper()
	var body io.Reader
	if form != nil {
		body = strings.NewReader(form.Encode())
	}
	r, err := http.NewRequestWithContext(s.t.Context(), method, s.URL+path, body)
	if err != nil {
		s.t.Fatal(err)
	}
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	r.AddCookie(&http.Cookie{Name: cookieName, Value: testToken})
	if change != nil {
		change(r)
	}
	c := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	res, err := c.Do(r)
	if err != nil {
		s.t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return res.StatusCode, string(b), res.Header
}

func (s *site) get(path string) string {
	s.t.Helper()
	code, body, _ := s.do("GET", path, nil, nil)
	if code != http.StatusOK {
		s.t.Fatalf("GET %s: %d %s", path, code, alert(body))
	}
	return body
}

func firstOf(t *testing.T, w *app.Workspace, kindName string) index.Row {
	t.Helper()
	res, err := w.Index().List(t.Context(), index.Query{Kind: kindName, Limit: 1})
	if err != nil || len(res.Rows) == 0 {
		t.Fatalf("no %s: %v", kindName, err)
	}
	return res.Rows[0]
}

// somebodyReturned is a person with an episode of forced return.
func somebodyReturned(t *testing.T, w *app.Workspace) string {
	t.Helper()
	return firstOf(t, w, "episode").Values.Get("person")
}

func TestTheDeskAnswersOnlyItsOwnBrowser(t *testing.T) {
	s := newSite(t, demoWorkspace(t), testConfig())
	for _, c := range []struct {
		name   string
		method string
		change func(*http.Request)
		want   int
	}{
		{"no cookie", "GET", func(r *http.Request) { r.Header.Del("Cookie") }, http.StatusForbidden},
		{"another name for this machine", "GET", func(r *http.Request) { r.Host = "evil.example:80" }, http.StatusMisdirectedRequest},
		{"a form on another site", "POST", func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "cross-site") }, http.StatusForbidden},
		{"a page of another port", "POST", func(r *http.Request) { r.Header.Set("Origin", "http://127.0.0.1:1") }, http.StatusForbidden},
		{"a wrong start token", "GET", func(r *http.Request) { r.URL.RawQuery = "start=00" }, http.StatusForbidden},
		{"its own browser", "GET", nil, http.StatusOK},
	} {
		code, _, h := s.do(c.method, "/", nil, c.change)
		if code != c.want {
			t.Errorf("%s: %d, want %d", c.name, code, c.want)
		}
		if got := h.Get("Content-Security-Policy"); got != policy || h.Get("Cache-Control") != "no-store" {
			t.Errorf("%s: policy %q, cache %q", c.name, got, h.Get("Cache-Control"))
		}
	}
}

func TestTheStartTokenBecomesACookie(t *testing.T) {
	s := newSite(t, demoWorkspace(t), testConfig())
	code, body, h := s.do("GET", "/?start="+testToken, nil, func(r *http.Request) { r.Header.Del("Cookie") })
	if code != http.StatusOK || !strings.Contains(h.Get("Set-Cookie"), "HttpOnly; SameSite=Strict") {
		t.Fatalf("%d, cookie %q", code, h.Get("Set-Cookie"))
	}
	if strings.Contains(body, testToken) {
		t.Error("the token stays in the page")
	}
}

// A redirect may never lead to another site.
func TestRedirectsStayHere(t *testing.T) {
	for in, want := range map[string]string{
		"/list/person?f.sex=f": "/list/person?f.sex=f", "//evil.example": "/", "https://evil.example/": "/", "/\\evil.example": "/", "javascript:x": "/", "": "/", "/?start=abc": "/",
	} {
		if got := safeNext(in); got != want {
			t.Errorf("safeNext(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestEveryPageOpens(t *testing.T) {
	w := demoWorkspace(t)
	s := newSite(t, w, testConfig())
	for _, p := range pages(t, w) {
		body := s.get(p.path)
		if !strings.Contains(body, "</html>") {
			t.Errorf("%s ends early", p.path)
		}
		if strings.Contains(body, "style=") || strings.Contains(body, "<script>") || strings.Contains(body, "onclick") {
			t.Errorf("%s holds inline style or script, which the policy forbids", p.path)
		}
	}
	for _, k := range w.Schema().Kinds() {
		s.get("/list/" + k.Name)
		s.get("/new/" + k.Name)
		s.get("/dictionary?kind=" + k.Name)
	}
}

type pageCase struct{ name, path string }

// pages are the screens that the tests in a browser go through.
func pages(t *testing.T, w *app.Workspace) []pageCase {
	person := somebodyReturned(t, w)
	interview := firstOf(t, w, "interview").ID
	units, _, err := w.Passages(t.Context(), interview, 0, 1)
	if err != nil || len(units) == 0 {
		t.Fatal("no passage: ", err)
	}
	code := "/record/" + interview.String() + "/code"
	return []pageCase{
		{"coding", code + "?kind=incident&to=9&at=" + units[0].ID.String()}, {"intake", "/record/" + interview.String() + "/intake"}, {"files", "/record/" + interview.String() + "/files"}, {"consent", "/record/" + person + "/consent"}, {"review", "/review/person"}, {"independence", "/independence"}, {"agreement", "/agreement?kind=incident"},
		{"figures", "/figures"}, {"figure", "/figures/" + aFigure(t, w, figure.AskTotal)}, {"figure-stay", "/figures/" + aFigure(t, w, figure.AskStay)}, {"figure-share", "/figures/" + aFigure(t, w, figure.AskReturned)}, {"figure-after", "/figures/" + aFigure(t, w, figure.AskAfter)},
		{"desk", "/"}, {"people", "/list/person"}, {"votes", "/list/vote?f.value=no"}, {"incidents", "/list/incident?within=1998-2004&date=date&sure=yes"},
		{"search", "/search?q=" + url.QueryEscape("온성")}, {"person", "/record/" + person}, {"chain", "/record/" + person + "/chain"}, {"chain-edit", "/record/" + person + "/chain?edit=detention_stage"},
		{"hearing", "/record/" + interview.String() + "/interview?phase=incidents"}, {"plan", "/record/" + interview.String() + "/interview/plan"}, {"readback", "/record/" + interview.String() + "/readback?in=ko&by=IV-1"},
		{"calendar", "/record/" + interview.String() + "/calendar?way=between&a=harvest&ay=1998&b=lunar_new_year&by=1999"},
		{"interview", "/record/" + firstOf(t, w, "interview").ID.String()}, {"transcript", "/record/" + firstOf(t, w, "interview").ID.String() + "/transcript"},
		{"estimate", "/record/" + firstOf(t, w, "estimate").ID.String()}, {"form", "/new/incident?person=" + person}, {"dictionary", "/dictionary?kind=incident"},
		{"verification", "/record/" + firstOf(t, w, "incident").ID.String() + "/verification"}, {"relations", "/record/" + firstOf(t, w, "relationship").Values.Get("person") + "/relations"}, {"patterns", "/patterns?type=MT02.1"}, {"finding", "/record/" + aFinding(t, w) + "/verification"}, {"map", "/map?of=" + aMap(t, w)}, {"verify", "/verify"}, {"partners", "/partners"}, {"partner", "/partners/" + aPartner(t, w)}, {"ledger", "/ledger"}, {"help", "/help"},
	}
}

func TestWhatIsNotThereIsOneAnswer(t *testing.T) {
	s := newSite(t, demoWorkspace(t), testConfig())
	for _, path := range []string{"/record/00000000000000000000000004", "/record/nonsense", "/list/nonsense", "/new/nonsense", "/nonsense"} {
		code, body, _ := s.do("GET", path, nil, nil)
		if code != http.StatusNotFound || !strings.Contains(body, "There is nothing here, or nothing that you can open.") {
			t.Errorf("%s: %d", path, code)
		}
	}
}

func TestLockedUntilThePassphrase(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "w")
	w, err := newWorkspace(dir, 5)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	cfg := testConfig()
	locked := make(chan bool, 1)
	cfg.Lock = func() { locked <- true }
	cfg.Unlock = func(ctx context.Context, pass []byte) (*app.Workspace, error) {
		return app.Open(ctx, dir, pass, app.Options{})
	}
	s := newSite(t, nil, cfg)
	t.Cleanup(func() { _ = s.desk.Close() })
	for _, path := range []string{"/", "/list/person", "/search?q=x", "/ledger", "/verify"} {
		if code, _, h := s.do("GET", path, nil, nil); code != http.StatusSeeOther || !strings.HasPrefix(h.Get("Location"), "/unlock") {
			t.Errorf("%s of a locked workspace: %d to %s", path, code, h.Get("Location"))
		}
	}
	if code, body, _ := s.do("POST", "/unlock", url.Values{"passphrase": {"wrong"}}, nil); code != http.StatusUnauthorized || !strings.Contains(body, "does not open") {
		t.Errorf("wrong passphrase: %d", code)
	}
	if code, _, h := s.do("POST", "/unlock", url.Values{"passphrase": {"demo"}, "next": {"/list/person"}}, nil); code != http.StatusSeeOther || h.Get("Location") != "/list/person" {
		t.Errorf("right passphrase: %d to %s", code, h.Get("Location"))
	}
	s.get("/list/person")
	if code, body, _ := s.do("POST", "/lock", url.Values{}, nil); code != http.StatusOK || !strings.Contains(body, "Locked") {
		t.Errorf("lock: %d", code)
	}
	select {
	case <-locked:
	case <-time.After(5 * time.Second):
		t.Error("the process was not asked to end")
	}
}

// A whole round through the forms: record, contradict, choose, take back, link.
func TestAnAccountThroughTheForms(t *testing.T) {
	w := ownWorkspace(t, 5)
	s := newSite(t, w, testConfig())

	code, body, _ := s.do("POST", "/new/person", url.Values{"sex": {"f"}, "birth": {"someday"}}, nil)
	if code != http.StatusUnprocessableEntity || !strings.Contains(body, "2 things to mend") || !strings.Contains(body, "someday") {
		t.Fatalf("a form with two mistakes: %d %s", code, alert(body))
	}
	code, _, h := s.do("POST", "/new/person", url.Values{"pseudonym": {"Sobaek-1"}, "sex": {"f"}, "birth": {"1970"}, "origin": {"KP/Ryanggang"}, "age_basis.state": {"@refused"}}, nil)
	if code != http.StatusSeeOther {
		t.Fatalf("saving: %d", code)
	}
	rec := strings.TrimSuffix(strings.TrimPrefix(h.Get("Location"), "/record/"), "?done=saved")
	if page := s.get("/record/" + rec); !strings.Contains(page, "Sobaek-1") || !strings.Contains(page, "refused to say") {
		t.Error("what was recorded is not on its page")
	}
	if code, _, _ = s.do("POST", "/new/person", url.Values{"record": {rec}, "pseudonym": {"Sobaek-1"}, "birth": {"1972"}, "basis": {"BK-3"}}, nil); code != http.StatusSeeOther {
		t.Fatalf("a second account: %d", code)
	}
	page := s.get("/record/" + rec)
	if !strings.Contains(page, "1970") || !strings.Contains(page, "1972") || !strings.Contains(page, "accounts disagree") {
		t.Fatal("two accounts that disagree do not stand side by side")
	}
	_, after, _ := strings.Cut(page, `name="field" value="birth"><input type="hidden" name="account" value="`)
	account, _, _ := strings.Cut(after, `"`)
	if code, body, _ = s.do("POST", "/record/"+rec+"/choose", url.Values{"field": {"birth"}, "account": {account}}, nil); code != http.StatusBadRequest {
		t.Errorf("a choice without a reason: %d %s", code, alert(body))
	}
	if code, _, _ = s.do("POST", "/record/"+rec+"/choose", url.Values{"field": {"birth"}, "account": {account}, "reason": {"a school paper"}}, nil); code != http.StatusSeeOther {
		t.Fatalf("a choice: %d", code)
	}
	if page = s.get("/record/" + rec); strings.Contains(page, `class="mark">accounts disagree`) || !strings.Contains(page, "Taken because: a school paper") {
		t.Error("the choice is not on the page")
	}
	_, after, _ = strings.Cut(page, `name="act" value="`) // the newest act comes first: the choice
	act, _, _ := strings.Cut(after, `"`)
	if code, _, _ = s.do("POST", "/record/"+rec+"/retract", url.Values{"act": {act}, "reason": {"the paper was another child's"}}, nil); code != http.StatusSeeOther {
		t.Fatalf("taking back: %d", code)
	}
	if page = s.get("/record/" + rec); !strings.Contains(page, `class="mark">accounts disagree`) {
		t.Error("with the choice taken back the accounts must disagree again")
	}
	other := firstOf(t, w, "person").ID.String()
	if other == rec {
		res, err := w.Index().List(t.Context(), index.Query{Kind: "person", Limit: 2})
		if err != nil {
			t.Fatal(err)
		}
		other = res.Rows[1].ID.String()
	}
	if code, _, _ = s.do("POST", "/record/"+rec+"/link", url.Values{"other": {other}, "verdict": {"same"}, "reason": {"same route"}}, nil); code != http.StatusSeeOther {
		t.Fatalf("linking: %d", code)
	}
	if page = s.get("/record/" + rec); !strings.Contains(page, "The same as:") {
		t.Error("the link is not on the page")
	}
}

// A kind that the workspace added has a form, a page, a list and is found, with no code.
func TestAnAddedKindHasItsFormListAndSearch(t *testing.T) {
	w := ownWorkspace(t, 3)
	if err := w.Declare(t.Context(), []byte(ownKind)); err != nil {
		t.Fatal(err)
	}
	s := newSite(t, w, testConfig())
	if form := s.get("/new/x_shelter"); !strings.Contains(form, `name="x_beds"`) {
		t.Fatal("the form does not ask for the new field")
	}
	code, body, _ := s.do("POST", "/new/x_shelter", url.Values{"x_name": {"Pinewood house"}, "x_beds": {"twelve"}}, nil)
	if code != http.StatusUnprocessableEntity || !strings.Contains(alert(body), "Beds") || !strings.Contains(body, `value="twelve"`) {
		t.Errorf("a number in words: %d %s", code, alert(body))
	}
	code, body, h := s.do("POST", "/new/x_shelter", url.Values{"x_name": {"Pinewood house"}, "x_beds": {"12"}}, nil)
	if code != http.StatusSeeOther {
		t.Fatalf("saving: %d %s", code, alert(body))
	}
	if page := s.get(strings.TrimSuffix(h.Get("Location"), "?done=saved")); !strings.Contains(page, "Pinewood house") {
		t.Error("what was recorded is not on its page")
	}
	if page := s.get("/list/x_shelter"); !strings.Contains(page, "Pinewood house") {
		t.Error("it is not in its list")
	}
	if page := s.get("/search?q=pinewood"); !strings.Contains(page, "Pinewood house") {
		t.Error("it is not found")
	}
}

const ownKind = `
kinds:
  - kind: x_shelter
    group: protection
    order: 900
    label: {en: Shelter, ko: 쉼터, zh: 庇护所}
    plural: {en: Shelters, ko: 쉼터, zh: 庇护所}
    help: {en: A place of safety., ko: 안전한 곳., zh: 安全处所。}
    compartment: general
    title: [x_name]
    list: [x_name, x_beds]
    fields:
      - {name: x_name, type: text, class: open, required: save, label: {en: Name, ko: 이름, zh: 名称}}
      - {name: x_beds, type: number, class: open, label: {en: Beds, ko: 침대, zh: 床位}}
`

func TestSearchFindsNamesValuesAndPassages(t *testing.T) {
	s := newSite(t, demoWorkspace(t), testConfig())
	body := s.get("/search?q=" + url.QueryEscape("보위부"))
	if !strings.Contains(body, "<mark>보위부</mark>") {
		t.Error("a word of the testimonies is not found in them")
	}
	if body = s.get("/search?q=" + url.QueryEscape("Ryanggang")); strings.Contains(body, "<b>0 records</b>") {
		t.Error("a place is not found by its label")
	}
}

func TestLanguagesFollowTheReader(t *testing.T) {
	s := newSite(t, demoWorkspace(t), testConfig())
	for header, want := range map[string]string{"ko-KR,ko;q=0.9": `lang="ko"`, "zh-CN": `lang="zh"`, "zh-TW": `lang="en"`, "de": `lang="en"`, "": `lang="en"`} {
		_, body, _ := s.do("GET", "/help", nil, func(r *http.Request) { r.Header.Set("Accept-Language", header) })
		if !strings.Contains(body[:80], want) {
			t.Errorf("Accept-Language %q gives %s", header, body[:80])
		}
	}
	code, _, h := s.do("POST", "/settings", url.Values{"lang": {"ko"}, "next": {"/help"}}, nil)
	if code != http.StatusSeeOther || !strings.Contains(h.Get("Set-Cookie"), "lang=ko") {
		t.Errorf("%d %v", code, h)
	}
}

func TestVerifyOnThePage(t *testing.T) {
	s := newSite(t, demoWorkspace(t), testConfig())
	code, body, _ := s.do("POST", "/verify", url.Values{}, nil)
	if code != http.StatusOK || !strings.Contains(body, "Nothing was changed, dropped or put back.") {
		t.Errorf("%d %s", code, alert(body))
	}
}

// alert is what a page complains of.
func alert(body string) string {
	_, after, _ := strings.Cut(body, `role="alert">`)
	return after[:min(len(after), 600)]
}
