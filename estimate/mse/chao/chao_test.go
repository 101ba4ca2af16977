package chao

import (
	"math"
	"strings"
	"testing"

	"example.org/amparo/estimate/hist"
	"example.org/amparo/estimate/hist/histtest"
)

func near(t *testing.T, what string, got, want float64) {
	t.Helper()
	if math.IsNaN(got) || math.Abs(got-want) > 1e-10*math.Abs(want) {
		t.Errorf("%s: %.15g, want %.15g", what, got, want)
	}
}

func TestBoundAgreesWithR(t *testing.T) {
	var all []struct {
		ID, Dataset string
		Bound       float64    `json:"chao_lower_bound"`
		Corrected   float64    `json:"chao_bias_corrected"`
		Var         float64    `json:"var"`
		CI          [2]float64 `json:"log_ci"`
	}
	histtest.Golden(t, "mse_loglinear", &all)
	seen := 0
	for _, g := range all {
		if !strings.HasPrefix(g.ID, "chao.") {
			continue
		}
		seen++
		f := Fit(histtest.Shared(t, g.Dataset), Options{})
		d := f.Detail.(Detail)
		near(t, g.ID, float64(f.Point), g.Bound)
		near(t, g.ID+" corrected", float64(d.BiasCorrected), g.Corrected)
		near(t, g.ID+" variance", float64(d.Variance), g.Var)
		near(t, g.ID+" lower", float64(f.Lower), g.CI[0])
		near(t, g.ID+" upper", float64(f.Upper), g.CI[1])
	}
	if seen == 0 {
		t.Fatal("no golden result of Chao")
	}
}

// Kosovo: f1 = 3218, f2 = 882; goldens of R 4.2.2.
func TestBoundOfAPublishedTable(t *testing.T) {
	f := Fit(histtest.Published(t, "kosovo_4"), Options{})
	near(t, "bound", float64(f.Point), 10270.4784580499)
	near(t, "lower", float64(f.Lower), 9717.90504670544)
	near(t, "upper", float64(f.Upper), 10880.4687228814)
}

func TestNoOverlapIsRefusedAndTheCorrectedBoundShown(t *testing.T) {
	table, err := hist.New([]string{"a", "b"}, []hist.Cell{{History: 1, Count: 5}, {History: 2, Count: 4}})
	if err != nil {
		t.Fatal(err)
	}
	f := Fit(table, Options{})
	if f.Refusal == nil || f.Refusal.Code != "no_overlap" {
		t.Fatalf("refusal is %v", f.Refusal)
	}
	near(t, "corrected", float64(f.Detail.(Detail).BiasCorrected), 9+9*8/2.0)
}

func TestEverybodyOnTwoListsMeansNobodyIsMissing(t *testing.T) {
	table, err := hist.New([]string{"a", "b"}, []hist.Cell{{History: 3, Count: 12}})
	if err != nil {
		t.Fatal(err)
	}
	f := Fit(table, Options{})
	if f.Point != 12 || f.Lower != 12 || f.Upper != 12 {
		t.Errorf("%v [%v; %v], want 12 and nothing else", f.Point, f.Lower, f.Upper)
	}
}
