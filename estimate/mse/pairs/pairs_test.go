package pairs

import (
	"math"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"example.org/amparo/estimate/hist/histtest"
)

func near(t *testing.T, what string, got, want float64) {
	t.Helper()
	if math.IsNaN(got) || math.Abs(got-want) > 1e-10*math.Abs(want) {
		t.Errorf("%s: %.15g, want %.15g", what, got, want)
	}
}

func TestPairsAgreeWithR(t *testing.T) {
	var all []struct {
		ID, Dataset string
		Pairs       []struct {
			Lists     [2]string
			N1, N2, M int
			LP        *float64 `json:"lincoln_petersen"`
			Chapman   float64
			SE        float64 `json:"chapman_se"`
		}
	}
	histtest.Golden(t, "mse_loglinear", &all)
	seen := 0
	for _, g := range all {
		if !strings.HasPrefix(g.ID, "twolist.") {
			continue
		}
		seen++
		f := Fit(histtest.Shared(t, g.Dataset), Options{})
		got := f.Detail.(Detail).Pairs
		if len(got) != len(g.Pairs) {
			t.Fatalf("%s: %d pairs, want %d", g.ID, len(got), len(g.Pairs))
		}
		for i, w := range g.Pairs {
			p := got[i]
			if p.Lists != w.Lists || p.N1 != w.N1 || p.N2 != w.N2 || p.Both != w.M {
				t.Errorf("%s: pair %d is %+v, want %+v", g.ID, i, p, w)
			}
			near(t, g.ID+" Chapman", float64(p.Chapman), w.Chapman)
			near(t, g.ID+" SE", float64(p.ChapmanSE), w.SE)
			if w.LP != nil && w.M > 0 {
				near(t, g.ID+" Lincoln-Petersen", float64(p.LincolnPetersen), *w.LP)
			}
		}
	}
	if seen == 0 {
		t.Fatal("no golden result of two lists")
	}
}

// Spina bifida, lists 1 and 2: 188 and 207 people, 16 on both.
func TestChapmanOfAPublishedTable(t *testing.T) {
	n, variance := Chapman(188, 207, 16)
	near(t, "Chapman", n, 2311.47058823529)
	near(t, "SE", math.Sqrt(variance), 498.262614710348)
}

func TestTheTotalOfTwoListsIsRefused(t *testing.T) {
	f := Fit(histtest.Published(t, "spina_bifida_3"), Options{})
	if f.Refusal == nil || f.Refusal.Code != "two_lists" || !math.IsNaN(float64(f.Point)) {
		t.Errorf("refusal %v, point %v", f.Refusal, f.Point)
	}
}

// With psi = 1 the curve is Lincoln and Petersen's figure, and it rises with psi.
func TestTheCurvePassesThroughIndependence(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := rapid.IntRange(1, 50).Draw(t, "m")
		n1, n2 := m+rapid.IntRange(1, 500).Draw(t, "n10"), m+rapid.IntRange(1, 500).Draw(t, "n01")
		if got, want := Dependent(n1, n2, m, 1), float64(n1)*float64(n2)/float64(m); math.Abs(got-want) > 1e-9*want {
			t.Fatalf("psi 1 gives %g, want %g", got, want)
		}
		if Dependent(n1, n2, m, 2) <= Dependent(n1, n2, m, 1) {
			t.Fatal("positive dependence does not raise the total")
		}
	})
}
