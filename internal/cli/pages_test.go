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
	at   func(r *rand.Rand) string
	form func(r *rand.Rand) url.Values // what is sent; nil where a page is only opened
}

func benchPages(b *testing.B, w *app.Workspace) []aPage {
	b.Helper()
	sample := func(kindName string) []index.Row {
		res, err := w.Desk().List(b.Context(), index.Query{Kind: kindName, Limit: 500})
		if err != nil || len(res.Rows) == 0 {
			b.Fatal("no ", kindName, ": ", err)
		}
		return res.Rows
	}
	people, incidents := sample("person"), sample("incident")
	some := func(rows []index.Row, r *rand.Rand) string { return "/record/" + rows[r.IntN(len(rows))].ID.String() }
	return []aPage{
		{name: "desk", at: func(*rand.Rand) string { return "/" }},
		{name: "people", at: func(r *rand.Rand) string {
			return "/list/person?f.origin=" + url.QueryEscape(benchOrigins[r.IntN(len(benchOrigins))])
		}},
		{name: "incidents", at: func(r *rand.Rand) string {
			return fmt.Sprintf("/list/incident?date=date&sure=yes&within=%d-2004", 1998+r.IntN(5))
		}},
		{name: "person", at: func(r *rand.Rand) string { return some(people, r) }},
		{name: "incident", at: func(r *rand.Rand) string { return some(incidents, r) }},
		{name: "verification", at: func(r *rand.Rand) string { return some(incidents, r) + "/verification" }},
		{name: "consent", at: func(r *rand.Rand) string { return some(people, r) + "/consent" }},
		{name: "form", at: func(*rand.Rand) string { return "/new/incident" }},
		{name: "saved", at: func(*rand.Rand) string { return "/new/incident" }, form: func(r *rand.Rand) url.Values {
			return url.Values{"type": {benchTypes[r.IntN(len(benchTypes))]}, "date": {strconv.Itoa(1998 + r.IntN(20))}, "place": {benchPlaces[r.IntN(len(benchPlaces))]},
				"agency": {"AG-SSD"}, "person": {people[r.IntN(len(people))].ID.String()}, "act": {"save"}}
		}},
		{name: "review", at: func(*rand.Rand) string { return "/review/person" }},
		{name: "search", at: func(r *rand.Rand) string {
			return "/search?q=" + url.QueryEscape(people[r.IntN(len(people))].Values.Get("pseudonym"))
		}},
	}
}

func BenchmarkBarPages(b *testing.B) {
	dir, err := large()
	if err != nil {
		b.Fatal(err)
	}
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
	alone(b, client, srv.URL, pages)
	for b.Loop() {
		atWorkTogether(b, client, srv.URL, pages)
	}
}

// alone opens each page some times with nobody else at work. The first opening computes
// what the later ones find; the quickest is what the page costs where no other program
// takes the processor away.
func alone(b *testing.B, client *http.Client, base string, pages []aPage) {
	b.Helper()
	var lines strings.Builder
	for _, p := range pages {
		r := rand.New(rand.NewPCG(1, 1))
		var took []time.Duration
		for range 12 {
			d, err := open(client, base, p, r)
			if err != nil {
				b.Fatal(p.name, ": ", err)
			}
			took = append(took, d)
		}
		fmt.Fprintf(&lines, "\n%-12s first %v, quickest %v", p.name, took[0].Round(time.Millisecond), slices.Min(took).Round(100*time.Microsecond))
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

// atWorkTogether lets everybody work, and tells how long each kind of page took.
func atWorkTogether(b *testing.B, client *http.Client, base string, pages []aPage) {
	var mu sync.Mutex
	took := map[string][]time.Duration{}
	var all []time.Duration
	var group sync.WaitGroup
	before, _ := usageSoFar()
	end := time.Now().Add(workTime)
	for n := range atWork {
		group.Go(func() {
			r := rand.New(rand.NewPCG(7, uint64(n)))
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
			fmt.Fprintf(&lines, "\n%-12s %4d pages, median %v, p99 %v", p.name, len(ds), at(ds, .5), at(ds, .99))
		}
	}
	b.Logf("%d at work:%s\n%-12s %4d pages, median %v, p99 %v", atWork, lines.String(), "all", len(all), at(all, .5), at(all, .99))
	b.ReportMetric(float64(at(all, .99))/1e6, "p99-ms")
	b.ReportMetric(1000*(after-before)/float64(len(all)), "cpu-ms/page")
}
