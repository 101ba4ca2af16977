package web

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"example.org/amparo/id"
)

func TestALevelIsArguedSignedAndSaysWhatIsMissing(t *testing.T) {
	w := demoWorkspace(t)
	s := newSite(t, w, testConfig())
	inc := "/record/" + firstOf(t, w, "incident").ID.String()
	at := inc + "/verification"
	if body := s.get(inc); !strings.Contains(body, at) {
		t.Error("the incident does not lead to its verification")
	}
	form := url.Values{"level": {"VS-4"}, "reasons": {"two accounts that agree on the cell"}, "alternatives": {"an illness before the arrest"}, "contrary": {"the denial of 2004"},
		"against": {firstOf(t, w, "source").ID.String()}}
	code, body, h := s.do("POST", at, form, nil)
	if code != http.StatusSeeOther || h.Get("Location") != at+"?done=argued" {
		t.Fatalf("arguing: %d %s %s", code, h.Get("Location"), alert(body))
	}
	body = s.get(at)
	for _, want := range []string{"two accounts that agree on the cell", "an illness before the arrest", "the denial of 2004", "the sign-off of two members"} {
		if !strings.Contains(body, want) {
			t.Errorf("the page does not say %q", want)
		}
	}
	_, argument, _ := strings.Cut(body, `name="argument" value="`)
	argument, _, _ = strings.Cut(argument, `"`)
	sign := url.Values{"argument": {argument}, "reason": {"read both interviews"}}
	if code, body, h = s.do("POST", at+"/sign", sign, nil); code != http.StatusSeeOther || h.Get("Location") != at+"?done=signed" {
		t.Fatalf("signing: %d %s %s", code, h.Get("Location"), alert(body))
	}
	if body = s.get(at); !strings.Contains(body, "read both interviews") || !strings.Contains(body, "You signed this argument") || strings.Contains(body, `name="argument" value="`+argument) {
		t.Error("the signature is not shown, or the same member may sign again")
	}
	if code, body, _ = s.do("POST", at+"/sign", sign, nil); code != http.StatusConflict || !strings.Contains(body, "another member") {
		t.Errorf("signing twice: %d", code)
	}
	// an argument that leads to a place where somebody is comes back with what was typed
	form.Set("reasons", "call +82 10 1234 5678 for the rest of the story")
	if code, body, _ = s.do("POST", at, form, nil); code != http.StatusUnprocessableEntity || !strings.Contains(body, "for the rest of the story") || !strings.Contains(body, `role="alert"`) {
		t.Errorf("a telephone number in the reasons: %d", code)
	}
	form.Set("patterns.other", id.ID{9}.String())
	form.Set("reasons", "two accounts that agree on the cell")
	if code, body, _ = s.do("POST", at, form, nil); code != http.StatusUnprocessableEntity || !strings.Contains(body, "names no record that you can open") {
		t.Errorf("a record that is not there: %d", code)
	}
	if code, _, _ = s.do("GET", "/record/"+firstOf(t, w, "person").ID.String()+"/verification", nil, nil); code != http.StatusNotFound {
		t.Errorf("the verification of a person: %d", code)
	}
}

// From the incident to a stated level, with keys alone.
func TestALevelIsStatedByKeyboard(t *testing.T) {
	w := demoWorkspace(t)
	ctx, srv, _ := openDesk(t, w)
	inc := firstOf(t, w, "incident").ID
	y := typist{t, ctx}
	y.open(srv.URL + "/record/" + inc.String() + "/verification")
	y.do(chromedp.Focus(chromedp.CSS("select[name=level]")))
	y.press("VS-X", kb.Tab, "the teller took it back", kb.Tab, kb.Tab, "no other account of that day")
	y.tabTo("button") // over the boxes of what may be brought in
	y.press(kb.Enter)
	y.eventually("the level is stated", func() bool {
		row, err := w.Index().Row(t.Context(), inc)
		return err == nil && row.Values.Get("verification") == "VS-X"
	})
}
