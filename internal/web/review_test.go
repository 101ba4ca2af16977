package web

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"example.org/amparo/internal/app"
	"example.org/amparo/internal/casebook"
	"example.org/amparo/internal/index"
	"example.org/amparo/internal/kind"
	"example.org/amparo/internal/matching"
	"example.org/amparo/linkage/compare"
	"example.org/amparo/linkage/testimony"
)

func TestEveryBarOfAnExplanationHasItsWords(t *testing.T) {
	comparers, err := testimony.Comparers()
	if err != nil {
		t.Fatal(err)
	}
	w := demoWorkspace(t)
	for _, lang := range []string{"en", "ko", "zh"} {
		m := messages(t, lang)
		for _, kindName := range matching.Kinds() {
			model, _ := matching.Model(kindName)
			k, _ := w.Schema().Kind(kindName)
			for _, f := range model.Fields {
				if _, ok := k.Field(f.Name); !ok && m["compared."+f.Name] == nil {
					t.Errorf("%s: the compared field %s of %s has no name", lang, f.Name, kindName)
				}
				c := comparers[f.Compare]
				if c == nil {
					if c, err = compare.New(f.Compare, compare.Options{}); err != nil {
						t.Fatal(err)
					}
				}
				for _, level := range c.Levels() {
					if m[levelMessage(level)] == nil {
						t.Errorf("%s: no words for the level %q of %s", lang, level, f.Name)
					}
				}
			}
		}
	}
}

// apartPair are two records that the queue does not ask about.
func apartPair(t *testing.T, l *app.Linking) (a, b string) {
	t.Helper()
	queued := map[[2]string]bool{}
	for _, q := range l.Queue(app.ReviewLength, app.ReviewSample) {
		queued[[2]string{q.A.String(), q.B.String()}] = true
	}
	for i := range l.Records() {
		for _, other := range l.Records()[:i] {
			q, err := l.Pair(l.Records()[i], other)
			if err != nil {
				t.Fatal(err)
			}
			if pair := [2]string{q.A.String(), q.B.String()}; !queued[pair] && !q.Together && !l.Has(q.A, q.B) {
				return pair[0], pair[1]
			}
		}
	}
	t.Fatal("every pair is in the queue")
	return "", ""
}

func TestAnyTwoRecordsAreExplainedAndJudged(t *testing.T) {
	w, err := newWorkspace(t.TempDir()+"/w", 60)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.Close() })
	s := newSite(t, w, testConfig())
	l, err := w.Linking(t.Context(), "person", false)
	if err != nil {
		t.Fatal(err)
	}
	a, b := apartPair(t, l)
	page := s.get("/review/person?a=" + a + "&other=" + b)
	for _, want := range []string{"/record/" + a, "/record/" + b, "before comparing"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page of two records lacks %q", want)
		}
	}
	if code, _, _ := s.do("GET", "/review/person?a="+a+"&other="+a, nil, nil); code != http.StatusNotFound {
		t.Errorf("a record against itself: %d", code)
	}
	before := l.Decided()
	code, body, _ := s.do("POST", "/review/person", url.Values{"a": {a}, "b": {b}, "verdict": {"different"}}, nil)
	if code != http.StatusSeeOther || l.Decided() != before+1 {
		t.Fatalf("judging a pair that was not asked: %d %s", code, alert(body))
	}
	if page = s.get("/review/person?a=" + a + "&other=" + b); !strings.Contains(page, "Somebody decided that they are different") {
		t.Error("the page does not say that it was decided")
	}
	if code, _, _ = s.do("POST", "/review/person", url.Values{"a": {b}, "b": {a}, "verdict": {"same"}}, nil); code != http.StatusConflict {
		t.Errorf("deciding it again: %d", code)
	}
}

func TestTheWordsBehindAPairAreOneKeyAway(t *testing.T) {
	w := demoWorkspace(t)
	ctx, srv, _ := openDesk(t, w)
	y := typist{t, ctx}
	y.open(srv.URL + "/review/person")
	y.leads(`words=1`, "w")
	if y.ask(`document.querySelectorAll("#words blockquote").length`) == "0" {
		t.Error("no quotes are shown")
	}
	y.leads("^"+y.ask(`document.querySelector('[data-key="1"]').pathname`)+"$", "1")
}

// retold adds to a passage of one testimony what another teller says in a passage of theirs.
func retold(t *testing.T, w *app.Workspace) {
	t.Helper()
	const words = "그날 밤 국경 경비대가 우리를 잡아서 온성 보위부로 끌고 갔고 거기서 열흘 동안 매일 교회에 간 적이 있는지 물으면서 각목으로 때렸다"
	read, err := w.For("CO-02", "")
	if err != nil {
		t.Fatal(err)
	}
	tellers := map[string]bool{}
	if err := read.Each(t.Context(), "interview", func(r index.Row) error {
		if p := r.Values.Get("person"); len(tellers) < 2 && !tellers[p] {
			tellers[p] = true
			s := casebook.Statement{Record: w.NewRecord(), Kind: "statement_unit", Fields: kind.Values{"interview": {kind.Of(r.ID.String())}, "order": {kind.Of("90")}, "verbatim": {kind.Of(words)}}}
			_, problems, err := w.State(t.Context(), s, "save")
			if err == nil && len(problems) > 0 {
				err = problems[0]
			}
			return err
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
}

func TestTestimoniesThatShareTheirWordsAreJudgedByKeyboard(t *testing.T) {
	w, err := newWorkspace(t.TempDir()+"/w", 60)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.Close() })
	retold(t, w)
	judged := func() (n int) {
		found, err := w.Independence(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range found.Retellings {
			if r.Judged == "independent" {
				n++
			}
		}
		return n
	}
	if judged() > 0 {
		t.Fatal("something is judged before anybody looked")
	}
	ctx, srv, _ := openDesk(t, w)
	y := typist{t, ctx}
	y.open(srv.URL + "/independence")
	y.do(chromedp.Focus(chromedp.CSS("[data-review] [name=reason]")))
	y.leads(`done=linked`, "read both", kb.Tab, "d")
	if n := judged(); n != 1 {
		t.Errorf("%d pairs are judged, want 1", n)
	}
}
