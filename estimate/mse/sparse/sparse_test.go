package sparse

import (
	"math"
	"strings"
	"testing"

	"example.org/amparo/estimate/hist"
	"example.org/amparo/estimate/hist/histtest"
)

func near(t *testing.T, what string, got, want, tolerance float64) {
	t.Helper()
	if math.IsNaN(got) || math.Abs(got-want) > tolerance*(1e-3+math.Abs(want)) {
		t.Errorf("%s: %.15g, want %.15g (off by %.2g)", what, got, want, math.Abs(got/want-1))
	}
}

type golden struct {
	ID, Dataset  string
	Estimate     map[string]float64
	Coefficients map[string]float64
	SE           float64 `json:"se_intercept"`
	Deviance     float64
	AIC          float64
	DF           int                `json:"df_residual"`
	Empty        []string           `json:"empty_overlaps_in_model"`
	Main         map[string]float64 `json:"main_effects"`
	AllPairs     *Code              `json:"checkident_all_pairs"`
	Triples      int                `json:"count_triples"`
	Ahat         float64
	BCa          map[string]float64
	Results      []struct {
		Model string
		Code  Code `json:"ierr"`
	}
}

func goldens(t *testing.T, prefix string) []golden {
	t.Helper()
	var raw, out []golden
	histtest.Golden(t, "mse_sparsemse", &raw)
	for _, g := range raw {
		if strings.HasPrefix(g.ID, prefix) {
			out = append(out, g)
		}
	}
	if len(out) == 0 {
		t.Fatalf("no golden result begins with %q", prefix)
	}
	return out
}

func TestStepsAgreeWithSparseMSE(t *testing.T) {
	for _, g := range goldens(t, "sparsemse.stepwise.") {
		f, err := Fit(t.Context(), histtest.Shared(t, g.Dataset), Options{})
		if err != nil {
			t.Fatal(err)
		}
		d := f.Detail.(Detail)
		near(t, g.ID+" point", float64(f.Point), g.Estimate["point est."], 1e-8)
		// R takes the standard error from the iteration before the last.
		near(t, g.ID+" lower", float64(f.Lower), g.Estimate["2.5%"], 1e-4)
		near(t, g.ID+" upper", float64(f.Upper), g.Estimate["97.5%"], 1e-4)
		if g.AllPairs == nil {
			continue
		}
		near(t, g.ID+" se", float64(d.SE), g.SE, 1e-4)
		near(t, g.ID+" deviance", float64(d.Deviance), g.Deviance, 1e-8)
		near(t, g.ID+" AIC", float64(d.AIC), g.AIC, 1e-8)
		near(t, g.ID+" main effects", float64(d.MainEffects[1]), g.Main["point est."], 1e-8)
		near(t, g.ID+" main effects lower", float64(d.MainEffects[0]), g.Main["2.5%"], 1e-4)
		near(t, g.ID+" main effects upper", float64(d.MainEffects[2]), g.Main["97.5%"], 1e-4)
		if d.DF != g.DF || d.AllPairs != *g.AllPairs || d.Triples != g.Triples {
			t.Errorf("%s: df %d, all pairs %d, triples %d; want %d, %d, %d", g.ID, d.DF, d.AllPairs, d.Triples, g.DF, *g.AllPairs, g.Triples)
		}
		var empty []string
		for _, term := range d.Terms {
			name := term.Lists[0] + ":" + term.Lists[1]
			if term.Overlap == 0 {
				empty = append(empty, name)
			} else {
				near(t, g.ID+" "+name, float64(term.Coefficient), g.Coefficients[name], 1e-6)
			}
		}
		if strings.Join(empty, " ") != strings.Join(g.Empty, " ") {
			t.Errorf("%s: empty overlaps %q, want %q", g.ID, empty, g.Empty)
		}
	}
}

// Chan, Silverman and Vincent's example: codes 0, 1, 0, 1, 0, 1, 0, 2 for the models with
// no pair, AB, AC, AB AC, BC, AB BC, AC BC and all.
func TestCodesOfTheArtificialTable(t *testing.T) {
	table := histtest.Published(t, "artificial_3")
	ab, ac, bc := hist.Of(0, 1), hist.Of(0, 2), hist.Of(1, 2)
	for i, pairs := range [][]hist.History{{}, {ab}, {ac}, {ab, ac}, {bc}, {ab, bc}, {ac, bc}, {ab, ac, bc}} {
		got, err := Check(table, pairs)
		if want := (Code)([]int{0, 1, 0, 1, 0, 1, 0, 2}[i]); err != nil || got != want {
			t.Errorf("%v: code %d, want %d (%v)", pairs, got, want, err)
		}
	}
}

// Every one of the 1,024 models has an extended estimate on three of the tables.
func TestAllModelsHaveAnAnswerWhereRSaysSo(t *testing.T) {
	for _, g := range goldens(t, "sparsemse.checkallmodels.") {
		table := histtest.Shared(t, g.Dataset)
		pairs := allPairs(table.J())
		bad := 0
		for set := range 1 << len(pairs) {
			var in []hist.History
			for k, p := range pairs {
				if set>>k&1 == 1 {
					in = append(in, p)
				}
			}
			if c, err := Check(table, in); err != nil || c != Fine {
				bad++
			}
		}
		if bad > 0 {
			t.Errorf("%s: %d models without an answer, want none", g.Dataset, bad)
		}
	}
}

func TestBCaAgreesWithR(t *testing.T) {
	for _, g := range goldens(t, "sparsemse.bca.") {
		f, err := Fit(t.Context(), histtest.Shared(t, g.Dataset), Options{Draws: 1000, Seed: 1234})
		if err != nil {
			t.Fatal(err)
		}
		b := f.Detail.(Detail).BCa
		near(t, g.ID+" acceleration", float64(b.Acceleration), g.Ahat, 1e-6)
		t.Logf("%s: [%.0f; %.0f], R [%.0f; %.0f], median %.0f, z0 %.3f, %d infinite", g.ID, float64(f.Lower), float64(f.Upper), g.BCa["0.025"], g.BCa["0.975"], float64(b.Median), float64(b.Bias), b.Infinite)
		near(t, g.ID+" upper", float64(f.Upper), g.BCa["0.975"], 0.1)
		// Where two levels have the same end in R it is the smallest draw, which is chance.
		if g.BCa["0.025"] != g.BCa["0.05"] {
			near(t, g.ID+" lower", float64(f.Lower), g.BCa["0.025"], 0.1)
		}
	}
}

func TestWorkersDoNotChangeTheInterval(t *testing.T) {
	var first [2]float64
	for i, workers := range []int{1, 3} {
		f, err := Fit(t.Context(), histtest.Published(t, "neworleans_5"), Options{Draws: 60, Seed: 7, Workers: workers})
		if err != nil {
			t.Fatal(err)
		}
		got := [2]float64{float64(f.Lower), float64(f.Upper)}
		if i == 0 {
			first = got
		} else if got != first {
			t.Errorf("%d workers give %v, one gives %v", workers, got, first)
		}
	}
}

func BenchmarkBCa1000UK(b *testing.B)         { bench(b, "uk2013_5", 1000) }
func BenchmarkBCa1000NewOrleans(b *testing.B) { bench(b, "neworleans_5", 1000) }
func BenchmarkStepwiseUK(b *testing.B)        { bench(b, "uk2013_5", 0) }

func bench(b *testing.B, name string, draws int) {
	table := histtest.Published(b, name)
	defer histtest.CPU(b)()
	for b.Loop() {
		if _, err := Fit(b.Context(), table, Options{Draws: draws, Seed: 1}); err != nil {
			b.Fatal(err)
		}
	}
}
