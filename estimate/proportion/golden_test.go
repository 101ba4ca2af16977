package proportion

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"strings"
	"testing"

	"example.org/amparo/estimate"
)

func near(t *testing.T, what string, got, want, tol float64) {
	t.Helper()
	if math.IsNaN(got) || math.Abs(got-want) > tol {
		t.Errorf("%s = %.16g, want %.16g", what, got, want)
	}
}

type golden struct {
	ID             string
	X, N           int
	X1, N1, X2, N2 int
	Wilson         []float64
	CP             []float64 `json:"clopper_pearson"`
	Jeffreys       []float64 `json:"jeffreys_modified_BCD"`
	AgrestiCoull   []float64 `json:"agresti_coull"`
	MidP           []float64
	Newcombe       []float64  `json:"newcombe_hybrid_wilson"`
	Mee            []float64  `json:"score_mee_diffscoreci"`
	RiskRatio      []*float64 `json:"risk_ratio_score"`
	OddsRatio      []*float64 `json:"odds_ratio_score"`
	FisherP        float64    `json:"fisher_p"`
	FisherOR       *float64   `json:"fisher_or"`
	FisherCI       []*float64 `json:"fisher_ci"`
	Counts         []int
	Lower, Upper   json.RawMessage
	Exact          []float64
}

func goldens(t *testing.T) []golden {
	t.Helper()
	b, err := os.ReadFile("../../../shared/data/estimation/goldens.json")
	if err != nil {
		t.Skip("SKIPPED: the golden results are not beside this checkout")
	}
	var all struct{ Proportions []golden }
	if err := json.Unmarshal(b, &all); err != nil {
		t.Fatal(err)
	}
	return all.Proportions
}

func TestSharesAgreeWithR(t *testing.T) {
	seen := 0
	for _, g := range goldens(t) {
		if !strings.HasPrefix(g.ID, "prop.") {
			continue
		}
		c := Count{g.X, g.N}
		for _, m := range []struct {
			method Method
			want   []float64
		}{{Wilson, g.Wilson}, {ClopperPearson, g.CP}, {Jeffreys, g.Jeffreys}, {AgrestiCoull, g.AgrestiCoull}, {MidP, g.MidP}} {
			if m.want == nil || m.method == MidP && !strings.HasPrefix(g.ID, "prop.midp_root") {
				continue // the other mid-p values are a grid of 1e-4
			}
			got, err := Interval(c, m.method, 0.95)
			if err != nil {
				t.Fatal(err)
			}
			seen++
			near(t, fmt.Sprintf("%s %s lower", g.ID, m.method), float64(got.Lower), math.Max(0, m.want[0]), 1e-10)
			near(t, fmt.Sprintf("%s %s upper", g.ID, m.method), float64(got.Upper), math.Min(1, m.want[1]), 1e-10)
		}
	}
	if seen < 50 {
		t.Errorf("compared %d intervals, want at least 50", seen)
	}
}

// PropCIs searches ratios in steps (of 0.1 % for odds, 0.01 % for risks) and stops at the
// first that is outside, differences to about 1e-7; fisher.test stops at about 1e-5. Ours
// go on to rounding, so only that much can be compared.
func TestPairsAgreeWithR(t *testing.T) {
	seen := 0
	for _, g := range goldens(t) {
		if !strings.HasPrefix(g.ID, "propdiff.") {
			continue
		}
		seen++
		a, b := Count{g.X1, g.N1}, Count{g.X2, g.N2}
		n, _ := Newcombe(a, b, 0.95)
		near(t, g.ID+" newcombe lower", float64(n.Lower), g.Newcombe[0], 1e-10)
		near(t, g.ID+" newcombe upper", float64(n.Upper), g.Newcombe[1], 1e-10)
		m, _ := MiettinenNurminen(a, b, 0.95)
		near(t, g.ID+" mee lower", float64(m.Lower), g.Mee[0], 1e-6)
		near(t, g.ID+" mee upper", float64(m.Upper), g.Mee[1], 1e-6)
		r, _ := RiskRatio(a, b, 0.95)
		ends(t, g.ID+" risk ratio", r, g.RiskRatio, 1e-4)
		o, _ := OddsRatio(a, b, 0.95)
		ends(t, g.ID+" odds ratio", o, g.OddsRatio, 1e-3)
		e, err := Fisher(Table{[2]int{g.X1, g.N1 - g.X1}, [2]int{g.X2, g.N2 - g.X2}}, 0.95)
		if err != nil {
			t.Fatal(err)
		}
		near(t, g.ID+" fisher p", e.P, g.FisherP, 1e-10)
		ends(t, g.ID+" fisher", e.Interval, g.FisherCI, 2e-4)
		if g.FisherOR != nil {
			near(t, g.ID+" fisher odds ratio", float64(e.OddsRatio), *g.FisherOR, 2e-4)
		}
	}
	if seen != 3 {
		t.Errorf("compared %d pairs, want 3", seen)
	}
}

func ends(t *testing.T, what string, got estimate.Interval, want []*float64, tol float64) {
	t.Helper()
	for i, g := range []float64{float64(got.Lower), float64(got.Upper)} {
		if want[i] == nil {
			if !math.IsInf(g, 1) {
				t.Errorf("%s end %d = %g, want infinity", what, i, g)
			}
			continue
		}
		near(t, fmt.Sprintf("%s end %d", what, i), g, *want[i], tol*math.Max(1, *want[i]))
	}
}

func TestCategoriesAndRareCountsAgreeWithR(t *testing.T) {
	seen := 0
	for _, g := range goldens(t) {
		switch {
		case g.ID == "multinom.goodman":
			var lo, hi []float64
			if json.Unmarshal(g.Lower, &lo) != nil || json.Unmarshal(g.Upper, &hi) != nil {
				t.Fatal("the golden has no ends")
			}
			got, err := Goodman(g.Counts, 0.95)
			if err != nil {
				t.Fatal(err)
			}
			for i := range got {
				near(t, "goodman lower", float64(got[i].Lower), lo[i], 1e-10)
				near(t, "goodman upper", float64(got[i].Upper), hi[i], 1e-10)
			}
			seen++
		case strings.HasPrefix(g.ID, "poisson."):
			got, err := Poisson(g.X, 0.95)
			if err != nil {
				t.Fatal(err)
			}
			near(t, g.ID+" lower", float64(got.Lower), g.Exact[0], 1e-10*math.Max(1, g.Exact[0]))
			near(t, g.ID+" upper", float64(got.Upper), g.Exact[1], 1e-10*g.Exact[1])
			seen++
		}
	}
	if seen != 5 {
		t.Errorf("compared %d, want 5", seen)
	}
}

// Admissions at Berkeley in 1973 by department (Bickel, Hammel and O'Connell 1975), as in
// R's UCBAdmissions; mantelhaen.test.
func TestMantelHaenszelAgreesWithR(t *testing.T) {
	got, err := MantelHaenszel([]Table{
		{[2]int{512, 313}, [2]int{89, 19}},
		{[2]int{353, 207}, [2]int{17, 8}},
		{[2]int{120, 205}, [2]int{202, 391}},
		{[2]int{138, 279}, [2]int{131, 244}},
		{[2]int{53, 138}, [2]int{94, 299}},
		{[2]int{22, 351}, [2]int{24, 317}},
	}, 0.95)
	if err != nil {
		t.Fatal(err)
	}
	near(t, "statistic", got.Statistic, 1.42694622858669, 1e-10)
	near(t, "p", got.P, 0.232263462817048, 1e-10)
	near(t, "odds ratio", float64(got.OddsRatio), 0.904696828258623, 1e-10)
	near(t, "lower", float64(got.Interval.Lower), 0.77190736175935, 1e-10)
	near(t, "upper", float64(got.Interval.Upper), 1.06032976443666, 1e-10)
}
