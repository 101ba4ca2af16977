package cli

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"example.org/amparo/internal/app"
	"example.org/amparo/internal/vault"
)

// The bars of the foundation, each measured on the program as people run it:
//
//	go test -run '^$' -bench Bar -benchtime 1x -timeout 60m ./internal/cli
//
// AMPARO_BENCH_DIR keeps the large workspace between runs; AMPARO_BENCH_PERSONS sets
// its size (100,000: with three incidents, names and a narrative each, consents, journeys,
// interviews and findings, 820,000 accounts).

func benchPersons() int {
	if n, err := strconv.Atoi(os.Getenv("AMPARO_BENCH_PERSONS")); err == nil {
		return n
	}
	return 100_000
}

const benchPass = "demo"

// large builds the workspace of the bars, once.
var large = sync.OnceValues(func() (string, error) {
	dir := os.Getenv("AMPARO_BENCH_DIR")
	if dir == "" {
		tmp, err := os.MkdirTemp("", "amparo-bars-")
		if err != nil {
			return "", err
		}
		dir = tmp
	}
	dir = filepath.Join(dir, "bars-"+strconv.Itoa(benchPersons()))
	if app.Exists(dir) {
		return dir, nil
	}
	return dir, fillLarge(dir, benchPersons())
})

func errorsOf(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// Bar: import of a table, sealed, signed, indexed, durable, 5,000 accounts a second.
func BenchmarkBarImport(b *testing.B) {
	var table bytes.Buffer
	r := rand.New(rand.NewPCG(3, 4))
	const rows = 20_000
	table.WriteString("pseudonym,sex,birth,origin,nationality_claims\n")
	for i := range rows {
		fmt.Fprintf(&table, "P-%06d,%s,%d,%s,KP\n", i, []string{"f", "m"}[r.IntN(2)], 1930+r.IntN(70), benchOrigins[r.IntN(len(benchOrigins))])
	}
	for b.Loop() {
		b.StopTimer()
		dir := b.TempDir()
		file, p := filepath.Join(dir, "people.csv"), filepath.Join(dir, "p")
		if err := errorsOf(os.WriteFile(file, table.Bytes(), 0o600), os.WriteFile(p, []byte(benchPass), 0o600)); err != nil {
			b.Fatal(err)
		}
		opt := app.Options{Params: vault.LightParams}
		mustRun(b, opt, "init", "--dir", filepath.Join(dir, "w"), "--passphrase-file", p)
		b.StartTimer()
		mustRun(b, opt, "import", "--dir", filepath.Join(dir, "w"), "--passphrase-file", p, file)
	}
	b.ReportMetric(float64(rows)*float64(b.N)/b.Elapsed().Seconds(), "accounts/s")
}

func mustRun(b *testing.B, opt app.Options, args ...string) {
	b.Helper()
	var out bytes.Buffer
	if code := run(context.Background(), args, Streams{Out: &out, Err: &out}, opt); code != 0 {
		b.Fatalf("%v: exit code %d\n%s", args, code, out.String())
	}
}

// Bar: a demo shows its first page within 20 s; here everything but the build.
func BenchmarkBarDemo(b *testing.B) {
	for b.Loop() {
		dir := filepath.Join(b.TempDir(), "w")
		mustRun(b, app.Options{}, "demo", "--no-serve", "--dir", dir)
	}
}

// Bar: rebuilding the index of a million accounts takes less than 60 s.
func BenchmarkBarRebuild(b *testing.B) {
	dir, err := large()
	if err != nil {
		b.Fatal(err)
	}
	w, err := app.Open(b.Context(), dir, []byte(benchPass), app.Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer w.Close()
	for b.Loop() {
		if err := w.Rebuild(b.Context(), nil); err != nil {
			b.Fatal(err)
		}
	}
	perMillion := b.Elapsed().Seconds() / float64(b.N) / float64(6*benchPersons()) * 1e6
	b.ReportMetric(perMillion, "s/1M-accounts")
}

// deskProcess is the real program serving the large workspace.
type deskProcess struct {
	cmd         *exec.Cmd
	base, token string
}

var builtBinary = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "amparo-bin-")
	if err != nil {
		return "", err
	}
	bin := filepath.Join(dir, "amparo")
	out, err := exec.Command("go", "build", "-o", bin, "example.org/amparo/cmd/amparo").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("%w: %s", err, out)
	}
	return bin, os.WriteFile(filepath.Join(dir, "p"), []byte(benchPass), 0o600)
})

// startDesk starts the program and returns when it serves.
func startDesk(b *testing.B, bin, dir string) *deskProcess {
	b.Helper()
	d := &deskProcess{cmd: exec.Command(bin, "unlock", "--dir", dir, "--passphrase-file", filepath.Join(filepath.Dir(bin), "p"), "--no-browser")}
	out, err := d.cmd.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	d.cmd.Stderr = os.Stderr
	if err := d.cmd.Start(); err != nil {
		b.Fatal(err)
	}
	line := make([]byte, 4096)
	n, err := out.Read(line)
	if err != nil {
		b.Fatal(err)
	}
	go func() { _, _ = io.Copy(io.Discard, out) }() // what else it says is not read
	for _, word := range strings.Fields(string(line[:n])) {
		if u, err := url.Parse(word); err == nil && u.Query().Get("start") != "" {
			d.base, d.token = "http://"+u.Host, u.Query().Get("start")
		}
	}
	return d
}

func (d *deskProcess) kill() {
	_ = d.cmd.Process.Kill()
	_ = d.cmd.Wait() // it was killed
}

// get fetches a page and reports when its first passage was there, and all of it.
func (d *deskProcess) get(b *testing.B, path string) (first, all time.Duration) {
	b.Helper()
	r, err := http.NewRequestWithContext(b.Context(), "GET", d.base+path, nil)
	if err != nil {
		b.Fatal(err)
	}
	r.AddCookie(&http.Cookie{Name: "amparo", Value: d.token})
	start := time.Now()
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		b.Fatal(err)
	}
	defer res.Body.Close()
	var whole bytes.Buffer
	buf := make([]byte, 32<<10)
	for {
		n, err := res.Body.Read(buf)
		whole.Write(buf[:n])
		if first == 0 && bytes.Contains(whole.Bytes(), []byte(`class="quote"`)) {
			first = time.Since(start)
		}
		if err == io.EOF {
			break
		}
		if err != nil {
			b.Fatal(err)
		}
	}
	if res.StatusCode != http.StatusOK {
		b.Fatalf("%s: %d", path, res.StatusCode)
	}
	return first, time.Since(start)
}

// Bars of the desk at 100,000 persons and 300,000 incidents: unlock to first page < 1.5 s,
// people and facets p99 < 50 ms, narratives first < 300 ms and all < 1.5 s a 100,000,
// resident memory < 300 MB.
func BenchmarkBarDesk(b *testing.B) {
	dir, err := large()
	if err != nil {
		b.Fatal(err)
	}
	bin, err := builtBinary()
	if err != nil {
		b.Fatal(err)
	}
	var unlock, lists, names, firsts, alls, early []time.Duration
	resident, comparing, took := 0.0, 0.0, time.Duration(0)
	r := rand.New(rand.NewPCG(5, 6))
	for b.Loop() {
		start := time.Now()
		d := startDesk(b, bin, dir)
		d.get(b, "/")
		unlock = append(unlock, time.Since(start))
		lists = append(lists, d.listings(b, r, 300)...)
		search := func() {
			for range 5 {
				first, all := d.get(b, "/search?in=testimony&q="+url.QueryEscape("벽돌공장"))
				firsts, alls = append(firsts, first), append(alls, all)
			}
		}
		search()
		early, alls = append(early, alls...), nil
		d.untilQuiet(b)
		search()
		resident = max(resident, d.resident(b))
		d.get(b, "/independence")
		d.get(b, "/review/person")
		start = time.Now()
		d.untilQuiet(b)
		comparing, took = max(comparing, d.resident(b)), time.Since(start)
		d.kill()
	}
	names = inProcessSearches(b, dir, r, 300)
	b.ReportMetric(median(unlock).Seconds(), "s/unlock")
	b.ReportMetric(ms(p99(lists)), "ms/list-p99")
	b.ReportMetric(ms(p99(names)), "ms/search-p99")
	b.ReportMetric(ms(median(firsts)), "ms/first-passage")
	b.ReportMetric(median(alls).Seconds()*1e5/float64(benchPersons()), "s/100k-passages")
	b.ReportMetric(median(early).Seconds()*1e5/float64(benchPersons()), "s/100k-while-reading-ahead")
	b.ReportMetric(resident, "MB-resident")
	b.ReportMetric(took.Seconds(), "s/all-compared")
	b.ReportMetric(comparing, "MB-while-comparing")
}

// listings asks for pages of people and incidents with random filters, whole pages with
// facets and exact counts.
func (d *deskProcess) listings(b *testing.B, r *rand.Rand, n int) (took []time.Duration) {
	for range n {
		path := "/list/person?f.sex=f&f.origin=" + url.QueryEscape(benchOrigins[r.IntN(len(benchOrigins))])
		if r.IntN(2) == 0 {
			path = fmt.Sprintf("/list/incident?f.type=%s&f.place=%s&date=date&within=%d-%d", benchTypes[r.IntN(len(benchTypes))], benchPlaces[r.IntN(len(benchPlaces))], 1998+r.IntN(5), 2005+r.IntN(9))
		}
		_, all := d.get(b, path)
		took = append(took, all)
	}
	return took
}

// inProcessSearches times the search of names and values alone, without the narratives
// that the page goes on to scan, and with its entry in the log.
func inProcessSearches(b *testing.B, dir string, r *rand.Rand, n int) (took []time.Duration) {
	w, err := app.Open(b.Context(), dir, []byte(benchPass), app.Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer w.Close()
	for i := range n + 1 {
		query := []string{randomName(r), randomName(r)[3:], "Onsong", "ryang", fmt.Sprintf("Hana-%04d", r.IntN(10_000))}[r.IntN(5)]
		start := time.Now()
		if _, err := w.Desk().Search(b.Context(), query, 40); err != nil {
			b.Fatal(err)
		}
		if i > 0 { // the first fills the cache of names, which unlocking to the desk does not wait for
			took = append(took, time.Since(start))
		}
	}
	return took
}

// untilQuiet waits until the program does next to nothing for a second.
func (d *deskProcess) untilQuiet(b *testing.B) {
	b.Helper()
	ticks := func() int {
		stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", d.cmd.Process.Pid))
		if err != nil {
			b.Skip("what a program does is read from /proc")
		}
		_, rest, _ := strings.Cut(string(stat), ") ")
		fields := strings.Fields(rest)
		user, _ := strconv.Atoi(fields[11])
		system, _ := strconv.Atoi(fields[12])
		return user + system
	}
	for range 300 {
		before := ticks()
		time.Sleep(time.Second)
		if ticks()-before < 5 { // hundredths of a second
			return
		}
	}
	b.Fatal("what goes on behind the pages does not end")
}

// resident is the most memory the program held, in MB.
func (d *deskProcess) resident(b *testing.B) float64 {
	b.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", d.cmd.Process.Pid))
	if err != nil {
		b.Skip("resident memory is read from /proc")
	}
	_, rest, _ := strings.Cut(string(status), "VmHWM:")
	kb, err := strconv.Atoi(strings.Fields(rest)[0])
	if err != nil {
		b.Fatal(err)
	}
	return float64(kb) / 1024
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

func median(d []time.Duration) time.Duration { return quantile(d, .5) }

func p99(d []time.Duration) time.Duration { return quantile(d, .99) }

func quantile(d []time.Duration, q float64) time.Duration {
	d = slices.Sorted(slices.Values(d))
	return d[min(len(d)-1, int(float64(len(d))*q))]
}
