package impute

import (
	"encoding/csv"
	"math"
	"os"
	"strconv"
	"testing"

	"example.org/amparo/fault"
)

func near(t *testing.T, what string, got, want, tol float64) {
	t.Helper()
	if math.IsNaN(got) || math.Abs(got-want) > tol*math.Max(1, math.Abs(want)) {
		t.Errorf("%s = %.16g, want %.16g", what, got, want)
	}
}

var q, u = []float64{0.31, 0.35, 0.29, 0.33, 0.34}, []float64{0.0011, 0.0012, 0.001, 0.00115, 0.0012}

// R mice 3.15.0: pool.scalar(Q, U, n = Inf) and n = 240.
func TestPoolingAgreesWithR(t *testing.T) {
	p, err := Pool(q, u, Options{})
	if err != nil {
		t.Fatal(err)
	}
	near(t, "q", p.Q, 0.324, 1e-14)
	near(t, "w", p.W, 0.00113, 1e-14)
	near(t, "b", p.B, 0.00058, 1e-14)
	near(t, "t", p.T, 0.001826, 1e-14)
	near(t, "r", float64(p.R), 0.615929203539823, 1e-12)
	near(t, "df", float64(p.DF), 27.5323358435724, 1e-12)
	near(t, "fmi", float64(p.FMI), 0.421697637127908, 1e-12)
	s, err := Pool(q, u, Options{Rule: BarnardRubin, Complete: 239})
	if err != nil {
		t.Fatal(err)
	}
	near(t, "df", float64(s.DF), 23.1811588077004, 1e-12)
	near(t, "fmi", float64(s.FMI), 0.42843462125139, 1e-12)
	// qt(.975, 23.18) = 2.0678: the interval is 0.324 ± 2.0678·0.04273.
	near(t, "lower", float64(s.Interval.Lower), 0.2356, 2e-4)
}

// R: mean, W, B, T of ln n0 and both counts of degrees of freedom; verdata's figures.
func TestPopulationAgreesWithR(t *testing.T) {
	f, err := os.Open("../../../shared/data/estimation/mi_posterior_samples_synthetic.csv")
	if err != nil {
		t.Skip("SKIPPED: the golden data are not beside this checkout")
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var draws [][]float64
	var seen []int
	last := ""
	for _, r := range rows[1:] {
		if r[0] != last {
			last = r[0]
			n, _ := strconv.Atoi(r[1])
			draws, seen = append(draws, nil), append(seen, n)
		}
		v, err := strconv.ParseFloat(r[2], 64)
		if err != nil {
			t.Fatal(err)
		}
		draws[len(draws)-1] = append(draws[len(draws)-1], v)
	}
	got, err := Population(draws, seen, Options{})
	if err != nil {
		t.Fatal(err)
	}
	near(t, "mean", got.Log.Q, 6.79404048236798, 1e-12)
	near(t, "W", got.Log.W, 0.0624180623204375, 1e-12)
	near(t, "B", got.Log.B, 0.0190176056169541, 1e-12)
	near(t, "T", got.Log.T, 0.0830204684054711, 1e-12)
	near(t, "df", float64(got.Log.DF), 178.618796012696, 1e-10)
	near(t, "df of BDA", float64(got.Alt.DF), 17.2555131465006, 1e-10)
	if got.Alt.Rule != BDA {
		t.Errorf("the alternative is called %q", got.Alt.Rule)
	}
	bda, err := Population(draws, seen, Options{Rule: BDA})
	if err != nil {
		t.Fatal(err)
	}
	near(t, "verdata lower", math.Round(float64(bda.Interval.Lower)), 1477, 1e-3)
	near(t, "verdata upper", math.Round(float64(bda.Interval.Upper)), 2629, 1e-3)
	mix, err := Mix(draws, 0.95)
	if err != nil {
		t.Fatal(err)
	}
	near(t, "verdata mean, that of all draws", math.Round(mix.Mean), 1920, 1e-3)
	if !mix.Interval.Contains(bda.N) || mix.Draws != len(rows)-1 {
		t.Errorf("mixture %+v", mix)
	}
}

func TestCompletionsThatAgreeAddNothing(t *testing.T) {
	p, err := Pool([]float64{1, 1, 1}, []float64{4, 4, 4}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	near(t, "t", p.T, 4, 0)
	near(t, "upper", float64(p.Interval.Upper), 1+2*1.959963984540054, 1e-12)
}

// Two completions far apart: the mixture keeps both humps, so half the draws lie in each.
func TestMixtureKeepsBothHumps(t *testing.T) {
	m, err := Mix([][]float64{{1, 2, 3, 4}, {101, 102, 103, 104}}, 0.5)
	if err != nil {
		t.Fatal(err)
	}
	near(t, "median", m.Median, 52.5, 1e-12)
	near(t, "mean", m.Mean, 52.5, 1e-12)
}

func TestWhatCannotBePooledIsRefused(t *testing.T) {
	for name, err := range map[string]error{
		"one completion": second(Pool([]float64{1}, []float64{1}, Options{})),
		"no variance":    second(Pool([]float64{1, math.NaN()}, []float64{1, 1}, Options{})),
		"unknown rule":   second(Pool(q, u, Options{Rule: "best"})),
		"uneven draws":   second(Mix([][]float64{{1, 2}, {1}}, 0.95)),
		"draw at n":      second(Population([][]float64{{5, 6}, {7, 8}}, []int{5, 5}, Options{})),
	} {
		if fault.KindOf(err) != fault.Invalid {
			t.Errorf("%s: %v, want an invalid fault", name, err)
		}
	}
}

func second[T any](_ T, err error) error { return err }
