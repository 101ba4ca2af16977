package loglin

import (
	"math"
	"strconv"
	"strings"
	"testing"

	"example.org/amparo/estimate/hist/histtest"
)

// golden is one result of R.
type golden struct {
	ID        string `json:"id"`
	Dataset   string `json:"dataset"`
	Models    int    `json:"n_models"`
	Results   []row  `json:"results"`
	BestAIC   []row  `json:"best_AIC"`
	BestBIC   []row  `json:"best_BIC"`
	Profile   *span  `json:"profile_CI"`
	BestRange *span  `json:"best_BIC_profile_CI"`
}

type row struct {
	Model     string   `json:"model"`
	Abundance *float64 `json:"abundance"`
	StdErr    *float64 `json:"stderr"`
	Deviance  *float64 `json:"deviance"`
	DF        float64  `json:"df"`
	AIC, BIC  *float64
	InfoFit   *float64 `json:"infoFit"`
}

type span struct{ N, Lower, Upper float64 }

func near(t *testing.T, what string, got, want, tolerance float64) {
	t.Helper()
	if math.IsNaN(got) || math.Abs(got-want) > tolerance*(1+math.Abs(want)) {
		t.Errorf("%s: %.12g, want %.12g (off by %.2g)", what, got, want, math.Abs(got-want)/(1+math.Abs(want)))
	}
}

func goldens(t *testing.T, prefix string) []golden {
	var all, out []golden
	histtest.Golden(t, "mse_loglinear", &all)
	for _, g := range all {
		if strings.HasPrefix(g.ID, prefix) {
			out = append(out, g)
		}
	}
	if len(out) == 0 {
		t.Fatalf("no golden result begins with %q", prefix)
	}
	return out
}

var forms = map[string]struct {
	byList bool
	h      Heterogeneity
}{
	"M0": {false, Homogeneous}, "Mt": {true, Homogeneous},
	"Mh Chao (LB)": {false, ChaoBound}, "Mh Poisson2": {false, Poisson2}, "Mh Darroch": {false, Darroch}, "Mh Gamma3.5": {false, Gamma35},
	"Mth Chao (LB)": {true, ChaoBound}, "Mth Poisson2": {true, Poisson2}, "Mth Darroch": {true, Darroch}, "Mth Gamma3.5": {true, Gamma35},
}

func TestModelsWithDifferencesAgreeWithRcapture(t *testing.T) {
	for _, g := range goldens(t, "rcapture.closedp.t.") {
		table := histtest.Shared(t, g.Dataset)
		for _, r := range g.Results {
			form, ok := forms[r.Model]
			if !ok || r.Abundance == nil || r.InfoFit != nil && *r.InfoFit != 0 {
				continue // Mb and Mbh need an order of occasions, which lists have not
			}
			f, err := Differing(table, form.byList, form.h)
			if err != nil {
				t.Errorf("%s %s: %v", g.Dataset, r.Model, err)
				continue
			}
			name := g.Dataset + " " + r.Model
			near(t, name+" N", f.N, *r.Abundance, 4e-8) // R stops at a change of deviance of 1e-8; one of 100 is 2.5e-8 off
			near(t, name+" SE", f.SE, *r.StdErr, 2e-4)  // R's are those of the iteration before the last
			near(t, name+" AIC", f.AIC, *r.AIC, 1e-8)
			near(t, name+" BIC", f.BIC, *r.BIC, 1e-8)
			near(t, name+" deviance", f.Deviance, *r.Deviance, 1e-8)
		}
	}
}

func TestSearchAgreesWithRcapture(t *testing.T) {
	for _, g := range goldens(t, "rcapture.closedpMS.t.") {
		table := histtest.Shared(t, g.Dataset)
		maxOrder := 2
		if strings.Contains(g.ID, "maxorder=3") {
			maxOrder = 3
		}
		fits, err := Search(t.Context(), table, maxOrder)
		if err != nil {
			t.Fatal(err)
		}
		if len(fits) != g.Models {
			t.Errorf("%s: %d models, want %d", g.Dataset, len(fits), g.Models)
		}
		by := map[string]Fitted{}
		for _, f := range fits {
			by[f.Model.String()] = f
		}
		for _, r := range append(g.BestAIC, g.BestBIC...) {
			f, ok := by[r.Model]
			name := g.Dataset + " " + r.Model
			if !ok {
				t.Errorf("%s: model not found", name)
				continue
			}
			if r.InfoFit != nil && *r.InfoFit != 0 {
				t.Logf("%s: R warns; here %s %.1f, R %.6g", name, f.Status, f.N, *r.Abundance)
				continue
			}
			near(t, name+" N", f.N, *r.Abundance, 1e-8)
			near(t, name+" SE", f.SE, *r.StdErr, 2e-4)
			near(t, name+" AIC", f.AIC, *r.AIC, 1e-8)
			near(t, name+" BIC", f.BIC, *r.BIC, 1e-8)
		}
		if got := fits[best(fits, BIC)].Model.String(); got != g.BestBIC[0].Model {
			t.Errorf("%s: best BIC %s, want %s", g.Dataset, got, g.BestBIC[0].Model)
		}
		fit, err := Fit(t.Context(), table, Options{MaxOrder: maxOrder})
		if err != nil {
			t.Fatal(err)
		}
		if w := g.BestRange; w != nil {
			p := fit.Detail.(Detail).Profile
			near(t, g.Dataset+" profile N", float64(p.N), w.N, 1e-3)
			near(t, g.Dataset+" profile lower", float64(p.Lower), w.Lower, 1e-3)
			near(t, g.Dataset+" profile upper", float64(p.Upper), w.Upper, 1e-3)
		}
	}
}

func TestProfileIntervalsAgreeWithRcapture(t *testing.T) {
	for _, g := range goldens(t, "rcapture.closedpCI.Mt.") {
		if g.Profile == nil {
			continue
		}
		table := histtest.Shared(t, g.Dataset)
		f := newFitter(table.J())
		y, err := table.Dense()
		if err != nil {
			t.Fatal(err)
		}
		f.load(y)
		p, err := f.interval(f.fit(Independence(table.J())), 0.95)
		if err != nil {
			t.Fatal(err)
		}
		near(t, g.Dataset+" N", float64(p.N), g.Profile.N, 1e-3)
		near(t, g.Dataset+" lower", float64(p.Lower), g.Profile.Lower, 1e-3)
		near(t, g.Dataset+" upper", float64(p.Upper), g.Profile.Upper, 1e-3)
	}
}

func TestEveryModelOfFourListsAgreesWithRcapture(t *testing.T) {
	for _, name := range []string{"spina_bifida_3", "kosovo_4", "uk2013_4", "australia_4", "lesbian_allegheny_4"} {
		table := histtest.Shared(t, name)
		fits, err := Search(t.Context(), table, 0)
		if err != nil {
			t.Fatal(err)
		}
		by := map[string]Fitted{}
		for _, f := range fits {
			by[f.Model.String()] = f
		}
		compared := 0
		for _, r := range histtest.SharedRows(t, "golden_rcapture_closedpMS_"+name+".csv")[1:] {
			f, ok := by[r[0]]
			if !ok {
				t.Fatalf("%s: no model %s", name, r[0])
			}
			near(t, name+r[0]+" deviance", f.Deviance, parse(t, r[3]), 1e-6)
			if f.Status == Estimated {
				compared++
				near(t, name+r[0]+" N", f.N, parse(t, r[1]), 1e-7)
			} else if r[7] == "0" {
				t.Logf("%s %s: %s here %.3f, R %s", name, r[0], f.Status, f.N, r[1])
			}
		}
		t.Logf("%s: %d of %d models have a figure here", name, compared, len(fits))
	}
}

func TestBranchAndBoundFindsWhatTheFullSearchFinds(t *testing.T) {
	for _, name := range []string{"uk2013_5", "neworleans_5", "congenital_anomaly_5"} {
		table := histtest.Published(t, name)
		y, _ := table.Dense()
		for _, c := range []Criterion{AIC, BIC} {
			fits, err := Search(t.Context(), table, 2)
			if err != nil {
				t.Fatal(err)
			}
			want := fits[best(fits, c)]
			if got := newChooser(5, c, 2).choose(y); got.Model.String() != want.Model.String() {
				t.Errorf("%s %s: %s, want %s", name, c, got.Model, want.Model)
			}
		}
	}
}

func TestModelsAreCounted(t *testing.T) {
	for _, c := range []struct{ j, order, want int }{{3, 2, 8}, {4, 3, 113}, {4, 2, 64}, {5, 2, 1024}, {5, 4, 6893}} {
		if got := len(Enumerate(c.j, c.order)); got != c.want {
			t.Errorf("%d lists, order %d: %d models, want %d", c.j, c.order, got, c.want)
		}
	}
}

func BenchmarkSearch1024Models(b *testing.B) {
	table := histtest.Published(b, "uk2013_5")
	defer histtest.CPU(b)()
	for b.Loop() {
		if _, err := Search(b.Context(), table, 2); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkChooseAgain(b *testing.B) {
	table := histtest.Published(b, "uk2013_5")
	y, _ := table.Dense()
	c := newChooser(5, BIC, 2)
	defer histtest.CPU(b)()
	for b.Loop() {
		c.choose(y)
	}
}

func parse(t *testing.T, s string) float64 {
	t.Helper()
	v, err := strconv.ParseFloat(s, 64)
	if err != nil {
		t.Fatal(err)
	}
	return v
}
