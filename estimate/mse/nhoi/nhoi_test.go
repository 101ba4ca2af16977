package nhoi

import (
	"math"
	"strings"
	"testing"

	"example.org/amparo/estimate/hist/histtest"
)

func near(t *testing.T, what string, got, want, tolerance float64) {
	t.Helper()
	if math.IsNaN(got) || math.Abs(got-want) > tolerance*math.Abs(want) {
		t.Errorf("%s: %.15g, want %.15g", what, got, want)
	}
}

func TestCurveAgreesWithR(t *testing.T) {
	var all []struct {
		ID, Dataset string
		Xi, N       []float64
	}
	histtest.Golden(t, "mse_loglinear", &all)
	seen := 0
	for _, g := range all {
		if !strings.HasPrefix(g.ID, "nhoi.") {
			continue
		}
		table := histtest.Shared(t, g.Dataset)
		for i, xi := range g.Xi {
			seen++
			near(t, g.ID, float64(Fit(table, Options{Xi: xi}).Point), g.N[i], 1e-10)
		}
	}
	if seen == 0 {
		t.Fatal("no golden result")
	}
}

// The saturated log-linear model is the same figure: Rcapture [123,124,134,234] gives
// 16941.880425 with standard error 5937.58.
func TestKosovoIsTheSaturatedModel(t *testing.T) {
	f := Fit(histtest.Published(t, "kosovo_4"), Options{})
	near(t, "N", float64(f.Point), 16941.880425176, 1e-9)
	half := Fit(histtest.Published(t, "kosovo_4"), Options{Xi: 0.5})
	near(t, "N at xi 1/2", float64(half.Point), 29484, 1e-4)
}

func TestTippingPointGivesTheTotalBack(t *testing.T) {
	table := histtest.Published(t, "kosovo_4")
	f := Fit(table, Options{Above: 10_000})
	tip := f.Detail.(Detail).Tipping
	if tip == nil {
		t.Fatal("no tipping point")
	}
	near(t, "N at the tipping point", float64(Fit(table, Options{Xi: float64(*tip)}).Point), 10_000, 1e-12)
}

func TestAnEmptyHistoryIsRefused(t *testing.T) {
	f := Fit(histtest.Published(t, "uk2013_5"), Options{})
	if f.Refusal == nil || f.Refusal.Code != "empty_history" {
		t.Errorf("refusal is %v", f.Refusal)
	}
}
