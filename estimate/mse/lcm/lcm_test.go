package lcm

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

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

func TestShow(t *testing.T) {
	if os.Getenv("SHOW") == "" {
		t.Skip("SKIPPED: shows fits to a reader; runs with SHOW=all or SHOW=table")
	}
	names := []string{"artificial_3", "australia_4", "colombia_recruit_men_1999_20", "congenital_anomaly_5", "kosovo_4", "lesbian_allegheny_4", "netherlands_5", "netherlands_6", "neworleans_5", "spina_bifida_3", "truth2000_indep_5", "truth2000_sim1_5", "uk2013_4", "uk2013_5", "uk2013_6"}
	for _, name := range names {
		if s := os.Getenv("SHOW"); s != "all" && s != name {
			continue
		}
		l, h, n := readTable(t, filepath.Join(shared, "mse_"+name+".csv"))
		start, c0 := time.Now(), cpu()
		fit, err := Fit(context.Background(), l, h, n, Options{})
		if err != nil {
			t.Fatal(err)
		}
		p := fit.Detail.(Posterior)
		d := fit.Diagnostics
		c := cpu() - c0
		fmt.Printf("%-30s med %.0f [%.0f; %.0f] k* %.2f alpha %.3f none %.3f near %.4f removed %.2g rhat %.4f ess %.0f tail %.0f draws %d temp %v medians %.0f cpu %.2f wall %.2f ESS/s %.0f modes %d obs %.0f %.0f\n", name, p.Median, p.Lower, p.Upper, p.Classes, p.Alpha, p.None, p.NearBound, p.Removed, d.RHat, d.ESSBulk, d.ESSTail, d.Draws, p.Tempered, p.Medians, c, time.Since(start).Seconds(), float64(d.ESSBulk)/c, len(p.Modes), p.Observable[0].Median, p.Observable[1].Median)
		if fit.Refusal != nil {
			fmt.Println("    ", fit.Refusal.Text)
		}
		for _, w := range fit.Warnings {
			fmt.Println("    ", w.Code)
		}
	}
	_ = json.Marshal
	_ = math.Abs
	_ = estimate.Hash
}
