package web

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// Answers are recorded together, bind at once, and are withdrawn in one act that says what
// stopped (R05, R06).
func TestConsentIsAnsweredAndWithdrawnOnOnePage(t *testing.T) {
	w := small(t)
	s := newSite(t, w, testConfig())
	_, _, h := s.do("POST", "/new/person", url.Values{"pseudonym": {"Sobaek-9"}, "sex": {"f"}, "birth": {"1970"}}, nil)
	rec := strings.TrimSuffix(h.Get("Location"), "?done=saved")
	if page := s.get(rec + "/consent"); strings.Count(page, "✗") != 14 {
		t.Errorf("of somebody never asked %d of 14 purposes are barred", strings.Count(page, "✗"))
	}
	if code, body, _ := s.do("POST", rec+"/consent", url.Values{"state.CO-03": {"CS-1"}}, nil); code != http.StatusUnprocessableEntity || !strings.Contains(alert(body), "words read") {
		t.Errorf("a consent without its particulars: %d", code)
	}
	how := url.Values{"text_version": {"2026-01"}, "language": {"ko"}, "method": {"oral, recorded"}, "date": {"2026-01-05"}}
	for _, code := range []string{"CO-01", "CO-03"} {
		how.Set("state."+code, "CS-1")
	}
	how.Set("state.CO-07", "CS-2")
	if code, body, _ := s.do("POST", rec+"/consent", how, nil); code != http.StatusSeeOther {
		t.Fatalf("recording: %d %s", code, alert(body))
	}
	if page := s.get(rec + "/consent"); strings.Count(page, "✓") != 2 {
		t.Errorf("%d purposes are allowed, want 2", strings.Count(page, "✓"))
	}
	code, body, _ := s.do("POST", rec+"/withdraw", url.Values{"method": {"by letter"}}, nil)
	if code != http.StatusOK || !strings.Contains(body, "left out of every figure from now on") {
		t.Fatalf("withdrawing: %d %s", code, alert(body))
	}
	if strings.Contains(body, "✓") {
		t.Error("after the withdrawal something is still allowed")
	}
}
