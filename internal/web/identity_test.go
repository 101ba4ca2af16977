package web

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/url"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"example.org/amparo/id"
	"example.org/amparo/internal/app"
	"example.org/amparo/internal/hub/folder"
	"example.org/amparo/internal/index"
	"example.org/amparo/internal/vault"
)

// secrets are the names, other names and document numbers of everybody in a workspace, by the
// record that holds them.
func secrets(t *testing.T, w *app.Workspace) map[id.ID][]string {
	t.Helper()
	out := map[id.ID][]string{}
	err := w.Index().Each(t.Context(), "person_identity", func(row index.Row) error {
		r, err := w.Index().Fold(t.Context(), row.ID)
		if err != nil {
			return err
		}
		for _, f := range []string{"names", "aliases", "transliterations", "id_numbers"} {
			for _, v := range r.Field(f).Current() {
				if len([]rune(v.Text)) > 2 {
					out[row.ID] = append(out[row.ID], v.Text)
				}
			}
		}
		return nil
	})
	if err != nil || len(out) == 0 {
		t.Fatal("nobody has a name: ", err)
	}
	return out
}

// No page shows a name, another name or a document's number before it is opened: the screens,
// every record of a person and of an identity, the comparison of every pair in the queue.
func TestR23NoPageShowsAnIdentityUnasked(t *testing.T) {
	w := demoWorkspace(t)
	s := newSite(t, w, testConfig())
	names := secrets(t, w)
	check := func(what, body string) {
		t.Helper()
		for _, of := range names {
			for _, n := range of {
				if strings.Contains(body, n) {
					t.Errorf("%s shows %q", what, n)
				}
			}
		}
	}
	for _, p := range pages(t, w) {
		if p.name != "transcript" && p.name != "coding" { // what somebody said may hold names; no field of it does
			check(p.name, s.get(p.path))
		}
	}
	n := 0
	for rec := range names {
		for _, page := range []string{"", "/files"} {
			code, body, _ := s.do("GET", "/record/"+rec.String()+page, nil, nil)
			if code == http.StatusOK && page == "" {
				n++
				if !strings.Contains(body, `action="/record/`+rec.String()+`/open"`) {
					t.Error("an identity has no form that opens it")
				}
			}
			check("an identity"+page, body)
		}
		if n > 40 {
			break
		}
	}
	if n == 0 {
		t.Error("no identity was looked at")
	}
	for _, kindName := range []string{"person", "incident"} {
		l, err := w.Linking(t.Context(), kindName, false)
		if err != nil {
			t.Fatal(err)
		}
		queue := l.Queue(app.ReviewLength, app.ReviewSample)
		if len(queue) == 0 {
			t.Errorf("no pair of %s is compared", kindName)
		}
		for _, q := range queue[:min(20, len(queue))] {
			check("the comparison of two of "+kindName, s.get("/review/"+kindName+"?a="+q.A.String()+"&other="+q.B.String()))
		}
	}
	for _, kindName := range []string{"person_identity", "person"} {
		check("the list of "+kindName, s.get("/list/"+kindName))
		code, body, _ := s.do("GET", "/agreement?kind="+kindName, nil, nil)
		if code == http.StatusOK {
			check("the agreement on "+kindName, body)
		}
	}
}

// The act asks why, shows the identity in its answer and at no address, and stands in the
// ledger and among the uses of the person.
func TestR23AnIdentityIsOpenedOnItsPage(t *testing.T) {
	w := ownWorkspace(t, 20)
	s := newSite(t, w, testConfig())
	var rec id.ID
	var name string
	for r, of := range secrets(t, w) {
		if ok, err := w.Desk().Has(t.Context(), r); err == nil && ok {
			rec, name = r, of[0]
			break
		}
	}
	row, err := w.Index().Row(t.Context(), rec)
	if err != nil {
		t.Fatal(err)
	}
	at := "/record/" + rec.String()
	for _, reason := range []string{"", name + " asked for it", "to ring 010-1234-5678"} {
		if code, body, _ := s.do("POST", at+"/open", url.Values{"reason": {reason}}, nil); code != http.StatusBadRequest || strings.Contains(body, name) {
			t.Errorf("opened for %q: %d", reason, code)
		}
	}
	code, body, h := s.do("POST", at+"/open", url.Values{"reason": {"a hearing on Monday"}}, nil)
	if code != http.StatusOK || !strings.Contains(body, name) || h.Get("Cache-Control") != "no-store" {
		t.Fatalf("opening: %d, cache %q", code, h.Get("Cache-Control"))
	}
	if body = s.get(at); strings.Contains(body, name) {
		t.Error("an address shows it afterwards")
	}
	for _, page := range []string{"/ledger", "/record/" + row.Values.Get("person") + "/relations"} {
		if body = s.get(page); !strings.Contains(body, "identity opened") || !strings.Contains(body, "a hearing on Monday") || !strings.Contains(body, "Demo") || strings.Contains(body, name) {
			t.Errorf("%s does not say who opened it and why, or says the name", page)
		}
	}
	if code, _, _ = s.do("POST", "/record/"+firstOf(t, w, "incident").ID.String()+"/open", url.Values{"reason": {"a hearing"}}, nil); code != http.StatusNotFound {
		t.Errorf("opening what holds no identity: %d", code)
	}
}

// A member without the key of identities gets one answer for an identity and for nothing.
func TestR23WithoutTheKeyThereIsNoSuchRecord(t *testing.T) {
	w := ownWorkspace(t, 5)
	second, err := app.Join(t.Context(), filepath.Join(t.TempDir(), "w"), []byte("demo"), w.ID(), app.Options{Params: vault.LightParams, Name: "Second"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = second.Close() })
	if err := w.Admit(t.Context(), second.Card("Second"), []string{"general"}); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for _, m := range []*app.Workspace{second, w, second} {
		usb, err := folder.Open(dir, w.ID())
		if err != nil {
			t.Fatal(err)
		}
		if _, err = m.Exchange(t.Context(), usb, nil); err != nil {
			t.Fatal(err)
		}
		_ = usb.Close()
	}
	s := newSite(t, second, testConfig())
	if n, err := second.Index().Counts(t.Context()); err != nil || n["person"] == 0 || n["person_identity"] != 0 {
		t.Fatalf("what the second member holds: %v %v", n, err)
	}
	for rec, of := range secrets(t, w) {
		for _, c := range []struct{ method, path string }{{"GET", ""}, {"POST", "/open"}, {"GET", "/files"}} {
			form := url.Values(nil)
			if c.method == "POST" {
				form = url.Values{"reason": {"curiosity"}}
			}
			if code, body, _ := s.do(c.method, "/record/"+rec.String()+c.path, form, nil); code != http.StatusNotFound || !strings.Contains(body, "nothing that you can open") {
				t.Errorf("%s %s: %d", c.method, c.path, code)
			}
		}
		for _, n := range of {
			if body := s.get("/search?q=" + url.QueryEscape(n)); strings.Contains(body, rec.String()) {
				t.Errorf("the search finds %q without the key", n)
			}
		}
	}
}

// With keys alone: to the form, a reason, the name; and the page passes axe before and after.
func TestAnIdentityIsOpenedByKeyboard(t *testing.T) {
	w := ownWorkspace(t, 10)
	axe := axeScript(t)
	var rec id.ID
	var name string
	for r, of := range secrets(t, w) {
		if ok, err := w.Desk().Has(t.Context(), r); err == nil && ok {
			rec, name = r, of[0]
			break
		}
	}
	ctx, srv, _ := openDesk(t, w)
	y := typist{t, ctx}
	y.do(chromedp.EmulateViewport(1366, 768))
	for _, lang := range languages {
		y.do(setCookie(srv, "lang", lang))
		y.open(srv.URL + "/record/" + rec.String())
		checkAccess(t, ctx, string(axe), "an identity "+lang)
		y.tabTo("[name=reason]")
		y.leads(`/open$`, "a hearing on Monday", kb.Enter)
		if text := y.text("main"); !strings.Contains(text, name) {
			t.Fatalf("%s: opened, the page says %q", lang, text)
		}
		checkAccess(t, ctx, string(axe), "an opened identity "+lang)
	}
}

// Names behind a comparison are opened from the review, with a reason that is in the ledger.
func TestNamesAreOpenedFromTheReview(t *testing.T) {
	w := ownWorkspace(t, 60)
	s := newSite(t, w, testConfig())
	l, err := w.Linking(t.Context(), "person", false)
	if err != nil {
		t.Fatal(err)
	}
	q := l.Queue(app.ReviewLength, app.ReviewSample)[0]
	at := "/review/person/open?a=" + q.A.String() + "&other=" + q.B.String()
	if code, _, _ := s.do("POST", at, url.Values{"reason": {""}}, nil); code != http.StatusBadRequest {
		t.Errorf("without a reason: %d", code)
	}
	before, err := w.WholeLedger(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	code, body, _ := s.do("POST", at, url.Values{"reason": {"two of one cell"}}, nil)
	if code != http.StatusOK {
		t.Fatalf("opening: %d %s", code, alert(body))
	}
	shown := false
	for _, of := range secrets(t, w) {
		for _, n := range of {
			shown = shown || strings.Contains(body, n)
		}
	}
	after, err := w.WholeLedger(t.Context())
	if err != nil || len(after) < len(before)+2 || after[0].Reason != "two of one cell" {
		t.Errorf("%d new lines in the ledger (%v)", len(after)-len(before), err)
	}
	if !shown {
		t.Error("no name is shown")
	}
}

// A picture of somebody is neither listed, nor shown, nor taken out before the identity is
// opened.
func TestR23PicturesOfSomebodyAreOpenedFirst(t *testing.T) {
	w := ownWorkspace(t, 5)
	s := newSite(t, w, testConfig())
	var rec string
	for r := range secrets(t, w) {
		if ok, err := w.Desk().Has(t.Context(), r); err == nil && ok {
			rec = r.String()
			break
		}
	}
	if code, body := s.send(rec, "photos", "x.gif", gif); code != http.StatusSeeOther {
		t.Fatalf("attaching: %d %s", code, alert(body))
	}
	sum := sha256.Sum256(gif)
	hash := hex.EncodeToString(sum[:])
	at := "/record/" + rec
	take := url.Values{"purpose": {"expert opinion"}, "recipient": {"a doctor"}}
	if page := s.get(at + "/files"); strings.Contains(page, hash) || !strings.Contains(page, "Open the record first") {
		t.Error("the picture is listed unasked, or the page does not say why not")
	}
	if page := s.get(at); strings.Contains(page, hash) {
		t.Error("the record shows the hash of the picture")
	}
	for _, c := range []struct{ method, path string }{{"GET", "/file/" + hash}, {"POST", "/file/" + hash + "/take"}} {
		if code, _, _ := s.do(c.method, at+c.path, take, nil); code != http.StatusNotFound {
			t.Errorf("%s %s before it is opened: %d", c.method, c.path, code)
		}
	}
	if code, body, _ := s.do("POST", at+"/open", url.Values{"reason": {"a hearing on Monday"}}, nil); code != http.StatusOK {
		t.Fatalf("opening: %d %s", code, alert(body))
	}
	if page := s.get(at + "/files"); !strings.Contains(page, hash) {
		t.Error("opened, the picture is not listed")
	}
	if code, body, _ := s.do("GET", at+"/file/"+hash, nil, nil); code != http.StatusOK || body != string(gif) {
		t.Errorf("opened, it is not shown: %d", code)
	}
}

// R23: what the search page showed is in the ledger page in every language, and on the page
// of the person, with the file under its pseudonym and without the name.
func TestR23ASearchByNameAtTheDeskIsInTheLedger(t *testing.T) {
	w := ownWorkspace(t, 10)
	s := newSite(t, w, testConfig())
	var name string
	var person id.ID
	for rec, of := range secrets(t, w) {
		row, err := w.Desk().Row(t.Context(), rec)
		if err == nil {
			name = of[0]
			person, err = id.Parse(row.Values.Get("person"))
		}
		if err == nil {
			break
		}
	}
	if _, err := w.Desk().Row(t.Context(), person); err != nil {
		t.Fatal(err)
	}
	if body := s.get("/search?q=" + url.QueryEscape(name)); !strings.Contains(body, Say{"en"}.T("search.noted")) {
		t.Error("the page does not say that it is noted")
	}
	s.get("/search?in=testimony&q=" + url.QueryEscape(name))
	for _, lang := range languages {
		get := func(path string) string {
			_, body, _ := s.do("GET", path, nil, func(r *http.Request) { r.AddCookie(&http.Cookie{Name: "lang", Value: lang}) })
			return body
		}
		body := get("/ledger")
		if n := strings.Count(body, Say{lang}.T("ledger.search")); n != 1 {
			t.Errorf("%s: the ledger has %d searches, want one", lang, n)
		}
		if !strings.Contains(body, "/record/"+person.String()) || strings.Contains(body, name) {
			t.Errorf("%s: the ledger does not show the file, or shows the name", lang)
		}
		if !strings.Contains(get("/record/"+person.String()+"/relations"), Say{lang}.T("ledger.found")) {
			t.Errorf("%s: the person's page does not say who found the file", lang)
		}
	}
}

// A search that showed many files is a short line.
func TestASearchThatShowedManyFilesIsAShortLine(t *testing.T) {
	w := ownWorkspace(t, 60)
	s := newSite(t, w, testConfig())
	s.get("/search?q=i")
	all, err := w.WholeLedger(t.Context())
	if err != nil || len(all) == 0 || len(all[0].Found) < 10 {
		t.Fatalf("nothing to shorten: %v %v", all, err)
	}
	for _, lang := range languages {
		_, body, _ := s.do("GET", "/ledger", nil, func(r *http.Request) { r.AddCookie(&http.Cookie{Name: "lang", Value: lang}) })
		_, line, _ := strings.Cut(body, Say{lang}.T("ledger.search"))
		line, _, _ = strings.Cut(line, "</tr>")
		if n := strings.Count(line, "/record/"); n != shownFound || !strings.Contains(line, Say{lang}.N("ledger.more", len(all[0].Found)-n)) {
			t.Errorf("%s: %d files in %s", lang, n, line)
		}
	}
}

// All of a long ledger can be read, each line once.
func TestALongLedgerGoesOnOnFurtherPages(t *testing.T) {
	w := ownWorkspace(t, 5)
	s := newSite(t, w, testConfig())
	const all = 2*shownLedger + 3
	for n := range all {
		if _, err := w.Desk().Search(t.Context(), fmt.Sprint("Saebyeok ", n), 40); err != nil {
			t.Fatal(err)
		}
	}
	at, lines := "/ledger", 0
	for page := 1; at != ""; page++ {
		body := s.get(at)
		n := strings.Count(body, `<td class="when">`)
		if lines += n; page < 3 && n != shownLedger {
			t.Errorf("page %d has %d lines, want %d", page, n, shownLedger)
		}
		if newest := strings.Contains(body, `<a href="/ledger">← Newest`); newest != (page > 1) {
			t.Errorf("page %d leads back: %v", page, newest)
		}
		next := regexp.MustCompile(`rel="next" href="([^"]+)"`).FindStringSubmatch(body)
		if at = ""; next != nil {
			at = next[1]
		}
	}
	before, err := w.WholeLedger(t.Context())
	if err != nil || lines != len(before) || lines != all {
		t.Errorf("%d lines on all pages, %d in the ledger, want %d (%v)", lines, len(before), all, err)
	}
	if code, body, _ := s.do("GET", "/ledger?before=yesterday", nil, nil); code != http.StatusNotFound {
		t.Errorf("a place that is none: %d %s", code, alert(body))
	}
}
