package cli

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"example.org/amparo/internal/app"
	"example.org/amparo/internal/index"
	"example.org/amparo/internal/web"
)

// The bar of the desk: 20 people at work on 100,000 persons, each of whom opens a page
// every second on average; 99 of 100 pages are there within 100 ms. What is measured is
// from the request to the last byte, over the loopback.

const (
	atWork   = 20
	workTime = 60 * time.Second
)

// aPage is a kind of page, with the addresses that people open.
type aPage struct {
	name string
	of   int // of so many pages that somebody opens
	at   func(r *rand.Rand) string
	form func(r *rand.Rand) url.Values // what is sent; nil where a page is only opened
}

// benchSample are the records whose pages are opened.
type benchSample map[string][]index.Row

func benchRows(b *testing.B, w *app.Workspace, kinds ...string) benchSample {
	b.Helper()
	out := benchSample{}
	for _, name := range kinds {
		res, err := w.Desk().List(b.Context(), index.Query{Kind: name, Limit: 500})
		if err != nil || len(res.Rows) == 0 {
			b.Fatal("no ", name, ": ", err)
		}
		out[name] = res.Rows
	}
	return out
}

func (s benchSample) one(kindName string, r *rand.Rand) string {
	return pick(r, s[kindName]).ID.String()
}

// of gives the address of a page of some record of a kind.
func (s benchSample) of(kindName, page string) func(*rand.Rand) string {
	return func(r *rand.Rand) string { return "/record/" + s.one(kindName, r) + page }
}

func only(address string) func(*rand.Rand) string { return func(*rand.Rand) string { return address } }

// benchPages are the pages of a documenter's day, each with how often it is opened. The review
// of incidents is not among them: to compare 300,000 of them takes minutes behind the page.
func benchPages(b *testing.B, w *app.Workspace) []aPage {
	b.Helper()
	s := benchRows(b, w, "person", "incident", "interview", "interview_step", "pattern", "estimate_run", "episode", "statement_unit")
	running := func(r *rand.Rand) string { return pick(r, s["interview_step"]).Values.Get("interview") }
	return slices.Concat(s.daily(), s.recorded(), []aPage{
		{name: "review", of: 6, at: only("/review/person")},
		{name: "map", of: 2, at: only("/map")},
		{name: "map of incidents", of: 2, at: only("/map?of=incident")},
		{name: "figures", of: 1, at: only("/figures")},
		{name: "a figure", of: 1, at: func(r *rand.Rand) string { return "/figures/" + s.one("estimate_run", r) }},
		{name: "findings", of: 2, at: only("/patterns")},
		{name: "candidates", of: 1, at: func(r *rand.Rand) string {
			return "/patterns?type=" + pick(r, benchTypes) + "&place=" + pick(r, benchPlaces) + "&period=1998%2F2004"
		}},
		{name: "a finding", of: 2, at: s.of("pattern", "/verification")},
		{name: "independence", of: 2, at: only("/independence")},
		{name: "an interview", of: 3, at: func(r *rand.Rand) string { return "/record/" + running(r) + "/interview" }},
		{name: "its plan", of: 1, at: func(r *rand.Rand) string { return "/record/" + running(r) + "/interview/plan" }},
		{name: "its calendar", of: 2, at: func(r *rand.Rand) string { return "/record/" + running(r) + "/calendar" }},
		{name: "a calendar", of: 2, at: s.of("person", "/calendar")},
		{name: "a testimony", of: 3, at: s.of("interview", "/transcript")},
		{name: "read back", of: 1, at: s.of("interview", "/readback")},
		{name: "coding", of: 2, at: s.of("interview", "/code")},
		{name: "a chain", of: 2, at: func(r *rand.Rand) string { return "/record/" + pick(r, s["episode"]).Values.Get("person") + "/chain" }},
		{name: "relations", of: 1, at: s.of("person", "/relations")},
		{name: "files", of: 1, at: s.of("interview", "/files")},
		{name: "agreement", of: 1, at: only("/agreement")},
		{name: "ledger", of: 1, at: only("/ledger")},
		{name: "dictionary", of: 1, at: only("/dictionary")},
	})
}

func (s benchSample) daily() []aPage {
	return []aPage{
		{name: "desk", of: 9, at: only("/")},
		{name: "people", of: 9, at: func(r *rand.Rand) string { return "/list/person?f.origin=" + url.QueryEscape(pick(r, benchOrigins)) }},
		{name: "incidents", of: 9, at: func(r *rand.Rand) string {
			return fmt.Sprintf("/list/incident?date=date&sure=yes&within=%d-2004", 1998+r.IntN(5))
		}},
		{name: "interviews", of: 2, at: only("/list/interview")},
		{name: "person", of: 9, at: s.of("person", "")},
		{name: "incident", of: 9, at: s.of("incident", "")},
		{name: "verification", of: 6, at: s.of("incident", "/verification")},
		{name: "consent", of: 5, at: s.of("person", "/consent")},
		{name: "form", of: 9, at: only("/new/incident")},
		{name: "search", of: 9, at: func(r *rand.Rand) string {
			return "/search?q=" + url.QueryEscape(pick(r, s["person"]).Values.Get("pseudonym"))
		}},
	}
}

// recorded are the forms that are saved: most of them incidents, but what is recorded of
// people, their consents and who is who changes more of what is remembered between pages.
func (s benchSample) recorded() []aPage {
	return []aPage{
		{name: "saved", of: 8, at: only("/new/incident"), form: func(r *rand.Rand) url.Values {
			who := s.one("person", r)
			return url.Values{"type": {pick(r, benchTypes)}, "date": {strconv.Itoa(1998 + r.IntN(20))}, "place": {pick(r, benchPlaces)}, "agency": {"AG-SSD"}, "person": {who}, "victims": {who}, "act": {"save"}}
		}},
		{name: "saved person", of: 2, at: only("/new/person"), form: func(r *rand.Rand) url.Values {
			return url.Values{"pseudonym": {fmt.Sprintf("Saebyeok-%d", r.IntN(1e6))}, "sex": {"f"}, "birth": {strconv.Itoa(1930 + r.IntN(70))}, "act": {"save"}}
		}},
		{name: "saved consent", of: 2, at: only("/new/consent"), form: func(r *rand.Rand) url.Values {
			return url.Values{"person": {s.one("person", r)}, "purpose": {pick(r, []string{"CO-02", "CO-03"})}, "state": {pick(r, []string{"CS-1", "CS-1", "CS-1", "CS-2"})}, "date": {"2010-02-01"},
				"language": {"ko"}, "method": {"oral"}, "text_version": {"2010-1"}, "act": {"save"}}
		}},
		{name: "saved words", of: 2, at: only("/new/statement_unit"), form: func(r *rand.Rand) url.Values {
			return url.Values{"interview": {s.one("interview", r)}, "order": {strconv.Itoa(11 + r.IntN(9))}, "verbatim": {narrative(r)}, "verbatim.lang": {"ko"}, "act": {"save"}}
		}},
		{name: "two are one", of: 1, at: s.of("person", "/link"), form: func(r *rand.Rand) url.Values {
			return url.Values{"other": {s.one("person", r)}, "verdict": {"same"}, "reason": {"one scar"}}
		}},
	}
}

// mix lays out pages so that one of them drawn at random is drawn as often as it is opened.
func mix(pages []aPage) (out []aPage) {
	for _, p := range pages {
		out = append(out, slices.Repeat([]aPage{p}, p.of)...)
	}
	return out
}

func BenchmarkBarPages(b *testing.B) {
	dir, err := large()
	if err != nil {
		b.Fatal(err)
	}
	defer debug.SetGCPercent(debug.SetGCPercent(deskGC)) // as the program does
	w, err := app.Open(b.Context(), dir, []byte(benchPass), app.Options{})
	if err != nil {
		b.Fatal(err)
	}
	desk := web.New(web.Config{Name: "w", Token: "0123456789012345678901234567890123456789", Log: slog.New(slog.NewTextHandler(io.Discard, nil))}, w)
	srv := httptest.NewServer(desk)
	defer func() {
		srv.Close()
		if err := desk.Close(); err != nil {
			b.Error(err)
		}
	}()
	jar, err := cookiejar.New(nil)
	if err != nil {
		b.Fatal(err)
	}
	client := &http.Client{Jar: jar, Transport: &http.Transport{MaxIdleConnsPerHost: atWork}}
	enter := aPage{at: func(*rand.Rand) string { return "/?start=0123456789012345678901234567890123456789" }}
	if _, err := open(client, srv.URL, enter, nil); err != nil {
		b.Fatal(err)
	}
	pages := benchPages(b, w)
	start := time.Now()
	if err := w.ReadAhead(b.Context()); err != nil { // which the first page began
		b.Fatal(err)
	}
	cpu, peak := usageSoFar()
	b.Logf("read ahead in %v, %.1f s of processor since the start, at most %d MB", time.Since(start).Round(time.Millisecond), cpu, peak>>20)
	alone(b, client, srv.URL, pages)
	b.Log("while everything is compared for the first time behind the pages:")
	first := atWorkTogether(b, client, srv.URL, pages, 0)
	b.Logf("that ended after another %v", untilQuiet(b).Round(time.Second))
	minute := uint64(0)
	for b.Loop() {
		minute++
		m := atWorkTogether(b, client, srv.URL, pages, minute)
		b.ReportMetric(m.p99, "p99-ms")
		b.ReportMetric(m.cost, "cpu-ms/page")
	}
	b.ReportMetric(first.p99, "first-p99-ms")
	_, peak = usageSoFar()
	b.ReportMetric(float64(peak>>20), "MB-most") // with the browsers, which are in this process
}

// untilQuiet waits until next to nothing is done for three seconds, and tells how long that
// took.
func untilQuiet(b *testing.B) time.Duration {
	b.Helper()
	start := time.Now()
	for quiet := 0; quiet < 3; {
		before, _ := usageSoFar()
		time.Sleep(time.Second)
		after, _ := usageSoFar()
		if quiet++; after-before > 0.05 {
			quiet = 0
		}
		if time.Since(start) > 10*time.Minute {
			b.Fatal("what goes on behind the pages does not end")
		}
	}
	return time.Since(start)
}

// alone opens each page some times with nobody else at work. The first opening computes
// what the later ones find; the quickest is what the page costs where no other program
// takes the processor away, and the least processor time what it costs where one does.
func alone(b *testing.B, client *http.Client, base string, pages []aPage) {
	b.Helper()
	var lines strings.Builder
	for _, p := range pages {
		r := rand.New(rand.NewPCG(1, 1))
		var took []time.Duration
		var cost []float64
		for range 12 {
			before, _ := usageSoFar()
			d, err := open(client, base, p, r)
			after, _ := usageSoFar()
			cost = append(cost, 1000*(after-before))
			if err != nil {
				b.Error(p.name, ": ", err)
			}
			took = append(took, d)
		}
		fmt.Fprintf(&lines, "\n%-19s first %v (%.0f ms of processor), quickest %v (%.1f ms)", p.name, took[0].Round(time.Millisecond), cost[0], slices.Min(took).Round(100*time.Microsecond), slices.Min(cost))
	}
	b.Log("one at a time:", lines.String())
}

// open opens a page, or sends its form and opens the page that follows.
func open(c *http.Client, base string, p aPage, r *rand.Rand) (time.Duration, error) {
	at, method, body := base+p.at(r), http.MethodGet, ""
	if p.form != nil {
		method, body = http.MethodPost, p.form(r).Encode()
	}
	start := time.Now()
	req, err := http.NewRequestWithContext(context.Background(), method, at, strings.NewReader(body))
	if err != nil {
		return 0, err
	}
	if p.form != nil {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	res, err := c.Do(req)
	if err != nil {
		return 0, err
	}
	_, err = io.Copy(io.Discard, res.Body)
	if e := res.Body.Close(); err == nil {
		err = e
	}
	if err == nil && res.StatusCode != http.StatusOK {
		err = fmt.Errorf("status %d", res.StatusCode)
	}
	return time.Since(start), err
}

// atOnce is of all pages: the time in milliseconds that one in a hundred takes longer than, and
// the milliseconds of processor a page took with what went on behind it.
type atOnce struct{ p99, cost float64 }

// atWorkTogether lets everybody work for a minute, another one by its number, and tells how long
// each kind of page took.
func atWorkTogether(b *testing.B, client *http.Client, base string, pages []aPage, minute uint64) atOnce {
	b.Helper()
	var mu sync.Mutex
	took := map[string][]time.Duration{}
	var all []time.Duration
	var group sync.WaitGroup
	before, _ := usageSoFar()
	end := time.Now().Add(workTime)
	for n := range atWork {
		group.Go(func() {
			r := rand.New(rand.NewPCG(7+minute, uint64(n)))
			pages := mix(pages)
			for time.Now().Before(end) {
				time.Sleep(time.Duration(500+r.IntN(1000)) * time.Millisecond) // somebody reads
				p := pages[r.IntN(len(pages))]
				d, err := open(client, base, p, r)
				mu.Lock()
				if err != nil {
					b.Error(p.name, ": ", err)
				}
				took[p.name] = append(took[p.name], d)
				all = append(all, d)
				mu.Unlock()
			}
		})
	}
	group.Wait()
	at := func(ds []time.Duration, share float64) time.Duration {
		slices.Sort(ds)
		return ds[min(len(ds)-1, int(share*float64(len(ds))))].Round(100 * time.Microsecond)
	}
	after, _ := usageSoFar()
	var lines strings.Builder
	for _, p := range pages {
		if ds := took[p.name]; len(ds) > 0 {
			fmt.Fprintf(&lines, "\n%-19s %4d pages, median %v, p99 %v", p.name, len(ds), at(ds, .5), at(ds, .99))
		}
	}
	b.Logf("%d at work:%s\n%-19s %4d pages, median %v, p99 %v", atWork, lines.String(), "all", len(all), at(all, .5), at(all, .99))
	return atOnce{float64(at(all, .99)) / 1e6, 1000 * (after - before) / float64(len(all))}
}
