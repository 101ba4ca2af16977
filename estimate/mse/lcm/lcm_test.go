package lcm

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"example.org/amparo/estimate"
)

const shared = "../../../../shared/data/estimation"

// readTable reads a table of 0/1 columns and a count; it skips the test where the file is
// not there.
func readTable(t testing.TB, path string) (lists int, histories []uint32, counts []int) {
	t.Helper()
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		t.Skipf("SKIPPED: %s is not here", filepath.Base(path))
	}
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	lists = len(rows[0]) - 1
	for _, row := range rows[1:] {
		var h uint32
		for j, cell := range row[:lists] {
			if cell == "1" {
				h |= 1 << j
			}
		}
		n, err := strconv.Atoi(row[lists])
		if err != nil {
			t.Fatal(err)
		}
		histories, counts = append(histories, h), append(counts, n)
	}
	return lists, histories, counts
}

// golden is a posterior by R's package LCMCR, pooled over chains.
type golden struct {
	ID      string
	Dataset string
	RHat    float64
	Call    string
	Pooled  struct {
		Quantiles map[string]float64
	}
	MCSEMedian float64 `json:"mcse_median"`
	MCSELower  float64 `json:"mcse_q2.5"`
	MCSEUpper  float64 `json:"mcse_q97.5"`
}

func goldens(t testing.TB) []golden {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(shared, "goldens.json"))
	if errors.Is(err, fs.ErrNotExist) {
		t.Skip("SKIPPED: goldens.json is not here")
	}
	if err != nil {
		t.Fatal(err)
	}
	var all struct {
		LCMCR []golden `json:"mse_lcmcr"`
	}
	if err := json.Unmarshal(b, &all); err != nil {
		t.Fatal(err)
	}
	return all.LCMCR
}

// The median and the ends of the interval agree with R's within four combined Monte Carlo
// errors, where both settled. R's figures are whole people: half a person is allowed for.
func TestPosteriorsAreThoseOfTheRPackage(t *testing.T) {
	compared := 0
	for _, g := range goldens(t) {
		if g.RHat >= 1.01 || !strings.HasSuffix(g.ID, "K=10") {
			continue
		}
		t.Run(g.Dataset, func(t *testing.T) {
			l, h, n := readTable(t, filepath.Join(shared, "mse_"+g.Dataset+".csv"))
			fit, err := Fit(context.Background(), l, h, n, Options{Classes: 10, Draws: 2000})
			if err != nil {
				t.Fatal(err)
			}
			p := fit.Detail.(Posterior)
			if fit.Diagnostics.RHat >= 1.01 {
				t.Fatalf("did not settle: R-hat %.4f", float64(fit.Diagnostics.RHat))
			}
			for _, c := range []struct {
				what      string
				ours, own estimate.Number
				theirs, e float64
			}{
				{"2.5 %", p.Lower, p.MCSELower, g.Pooled.Quantiles["0.025"], g.MCSELower},
				{"median", p.Median, fit.Diagnostics.MCSE, g.Pooled.Quantiles["0.5"], g.MCSEMedian},
				{"97.5 %", p.Upper, p.MCSEUpper, g.Pooled.Quantiles["0.975"], g.MCSEUpper},
			} {
				if off, e := math.Abs(float64(c.ours)-c.theirs), math.Hypot(float64(c.own), c.e); off > 4*e+0.5 {
					t.Errorf("%s is %.0f, R's %.0f: %.1f combined errors apart", c.what, float64(c.ours), c.theirs, off/e)
				}
			}
		})
		compared++
	}
	if compared < 8 {
		t.Errorf("%d posteriors were compared", compared)
	}
}

// On the six lists of the Netherlands R's chains stay where they started (R-hat 1.5). Here
// they agree, from every seed, on a posterior that runs into its bound.
func TestTheNetherlandsSettle(t *testing.T) {
	l, h, n := readTable(t, filepath.Join(shared, "mse_netherlands_6.csv"))
	var medians, errs []float64
	for seed := range 3 {
		fit, err := Fit(t.Context(), l, h, n, Options{Seed: uint64(seed + 1)})
		if err != nil {
			t.Fatal(err)
		}
		p := fit.Detail.(Posterior)
		if fit.Diagnostics.RHat >= 1.01 || p.Tempered {
			t.Errorf("seed %d: R-hat %.4f, tempered %v", seed+1, float64(fit.Diagnostics.RHat), p.Tempered)
		}
		if fit.Refusal == nil || fit.Refusal.Code != "no-upper-limit" {
			t.Errorf("seed %d: the bound decides, and the refusal is %v", seed+1, fit.Refusal)
		}
		medians, errs = append(medians, float64(p.Median)), append(errs, float64(fit.Diagnostics.MCSE))
	}
	for i := range medians {
		for j := range i {
			if off, e := math.Abs(medians[i]-medians[j]), math.Hypot(errs[i], errs[j]); off > 4*e {
				t.Errorf("two seeds give %.0f and %.0f: %.1f combined errors apart", medians[i], medians[j], off/e)
			}
		}
	}
}

// The posterior of the five lists of the Netherlands has two centres, of which each chain without
// jumps sees one for tens of thousands of steps. A run says that it has settled when its chains have been in both often.
func TestBothCentresOfTheNetherlandsAreVisited(t *testing.T) {
	if testing.Short() {
		t.Skip("SKIPPED: takes a quarter of a minute")
	}
	l, h, n := readTable(t, filepath.Join(shared, "mse_netherlands_5.csv"))
	fit, err := Fit(t.Context(), l, h, n, Options{Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	p := fit.Detail.(Posterior)
	if d := fit.Diagnostics; d.RHat >= 1.01 || d.ESSBulk < 1000 || p.Tempered {
		t.Errorf("R-hat %.4f, %.0f effective draws, tempered %v", float64(d.RHat), float64(d.ESSBulk), p.Tempered)
	}
	for _, w := range fit.Warnings {
		if w.Code == "roughly-settled" {
			t.Errorf("warned: %s", w.Text)
		}
	}
	if len(p.Modes) != 2 || math.Abs(float64(p.Modes[0].People)-49_000) > 3000 || math.Abs(float64(p.Modes[1].People)-141_000) > 8000 || math.Abs(p.Modes[0].Share-0.4) > 0.1 {
		t.Errorf("the centres are %+v", p.Modes)
	}
}

// A run that begins anew with a sketch tells how far it is without going back.
func TestProgressNeverGoesBack(t *testing.T) {
	l, h, n := readTable(t, filepath.Join(shared, "mse_australia_4.csv"))
	tb, err := newTable(l, h, n)
	if err != nil {
		t.Fatal(err)
	}
	at, last, calls := "", 0.0, 0
	o, err := Options{Draws: 2000, Seed: 1, Progress: func(stage string, share float64) {
		if stage == at && share < last || share > 1 {
			t.Errorf("%s is at %g after %g", stage, share, last)
		}
		at, last, calls = stage, share, calls+1
	}}.with(l)
	if err != nil {
		t.Fatal(err)
	}
	r := run{t: tb, o: o, prior: prior{o.AlphaShape, o.AlphaRate, o.Bound}}
	if err := r.calculate(t.Context()); err != nil {
		t.Fatal(err)
	}
	if r.used == 0 || calls < 10 {
		t.Errorf("%d rows became warming up, in %d calls", r.used, calls)
	}
}

// A figure is the same to the last bit when it is reckoned again, on however many cores, and
// whether a sketch was drawn or not.
func TestAFitIsTheSameOnOneCoreAndThree(t *testing.T) {
	same := func(t *testing.T, lists int, histories []uint32, counts []int, o Options) {
		fit := func(workers int) string {
			o.Workers = workers
			f, err := Fit(t.Context(), lists, histories, counts, o)
			if err != nil {
				t.Fatal(err)
			}
			b, err := json.Marshal(f)
			if err != nil {
				t.Fatal(err)
			}
			return string(b)
		}
		if one, again, three := fit(1), fit(1), fit(3); one != three || one != again {
			t.Errorf("they differ:\n%.300s\n%.300s\n%.300s", one, again, three)
		}
	}
	t.Run("without", func(t *testing.T) {
		same(t, 3, []uint32{1, 2, 3, 4, 5, 6, 7}, []int{40, 30, 9, 25, 8, 7, 4}, Options{Draws: 200, Salt: "cores"})
	})
	t.Run("with a sketch", func(t *testing.T) {
		l, h, n := readTable(t, filepath.Join(shared, "mse_australia_4.csv"))
		same(t, l, h, n, Options{Draws: 2000, Seed: 1})
	})
}

// BenchmarkEffectiveDraws measures effective draws (bulk) for a second
// of the processor, warming up included, at 5,000 of them: R's runs, too, are long.
func BenchmarkEffectiveDraws(b *testing.B) {
	for _, name := range []string{"kosovo_4", "uk2013_4", "uk2013_5", "uk2013_6", "netherlands_5", "netherlands_6", "neworleans_5", "australia_4", "lesbian_allegheny_4", "congenital_anomaly_5", "spina_bifida_3", "truth2000_sim1_5", "truth2000_indep_5"} {
		b.Run(name, func(b *testing.B) {
			l, h, n := readTable(b, filepath.Join(shared, "mse_"+name+".csv"))
			var bulk, worst float64
			before := cpu()
			for i := range b.N {
				fit, err := Fit(context.Background(), l, h, n, Options{Classes: 10, Draws: 5000, Seed: uint64(i + 1)})
				if err != nil {
					b.Fatal(err)
				}
				bulk += float64(fit.Diagnostics.ESSBulk)
				worst = math.Max(worst, float64(fit.Diagnostics.RHat))
			}
			spent := cpu() - before
			b.ReportMetric(bulk/spent, "draws/cpu-s")
			b.ReportMetric(spent/float64(b.N), "cpu-s/op")
			b.ReportMetric(worst, "R-hat")
		})
	}
}
