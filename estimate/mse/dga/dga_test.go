package dga

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"

	"example.org/amparo/estimate/hist/histtest"
)

func near(t *testing.T, what string, got, want, tolerance float64) {
	t.Helper()
	if math.IsNaN(got) || math.Abs(got-want) > tolerance*math.Abs(want) {
		t.Errorf("%s: %.15g, want %.15g (off by %.2g)", what, got, want, math.Abs(got/want-1))
	}
}

func TestGraphsAreCounted(t *testing.T) {
	for j, want := range map[int]int{1: 1, 2: 2, 3: 8, 4: 61, 5: 822, 6: 18154} {
		if got := len(Graphs(j)); got != want {
			t.Errorf("%d lists: %d graphs, want %d", j, got, want)
		}
	}
}

// The files list the cliques of every graph of the R package.
func TestGraphsAreThoseOfR(t *testing.T) {
	for _, j := range []int{3, 4, 5} {
		have := map[string]string{}
		for _, g := range Graphs(j) {
			have[g.String()] = Graph{Cliques: g.Separators}.String()
		}
		for _, row := range histtest.SharedRows(t, "dga_graphs"+strconv.Itoa(j)+".csv")[1:] {
			separators, ok := have[sorted(row[1])]
			if !ok {
				t.Errorf("%d lists: no graph %s", j, row[1])
			} else if separators != sorted(row[2]) {
				t.Errorf("%d lists, %s: separators %q, want %q", j, row[1], separators, row[2])
			}
		}
	}
}

// sorted writes cliques in the order of Graph.String.
func sorted(cliques string) string {
	var sets []string
	for _, c := range strings.Split(strings.Trim(cliques, "[]"), "][") {
		if c == "" {
			continue
		}
		lists := strings.Split(c, ",")
		slices.Sort(lists)
		sets = append(sets, "["+strings.Join(lists, ",")+"]")
	}
	slices.Sort(sets)
	return strings.Join(sets, "")
}

type golden struct {
	ID        string
	Dataset   string
	Call      string
	Graphs    string
	Prior     string `json:"prior_N"`
	Models    int
	Posterior struct {
		Mean, SD  float64
		Mode      int
		Quantiles map[string]int
		PLast     float64 `json:"p_at_upper_bound"`
	}
	Top []struct {
		Cliques string
		Prob    float64
		Mean    float64 `json:"cond_mean_N"`
	} `json:"top_models"`
}

func TestAveragesAgreeWithREveryDigit(t *testing.T) {
	var all []golden
	histtest.Golden(t, "mse_dga", &all)
	seen := 0
	for _, g := range all {
		if g.Dataset == "" {
			continue
		}
		seen++
		_, rest, _ := strings.Cut(g.Call, "1:")
		to, rest, _ := strings.Cut(rest, ", ")
		delta, _, _ := strings.Cut(rest, ",")
		o := Options{NoSensitivity: true, Saturated: g.Graphs == ""}
		var err error
		if o.To, err = strconv.Atoi(to); err != nil {
			t.Fatal(err)
		}
		if o.Delta, err = strconv.ParseFloat(delta, 64); err != nil {
			t.Fatal(err)
		}
		if strings.HasPrefix(g.Prior, "Madigan-York") {
			o.Shape, o.Scale = 13.14, 55.17
		}
		f, err := Fit(t.Context(), histtest.Shared(t, g.Dataset), o)
		if err != nil {
			t.Fatal(err)
		}
		d := f.Detail.(Detail)
		p := d.Posterior
		near(t, g.ID+" mean", float64(d.Mean), g.Posterior.Mean, 1e-10)
		near(t, g.ID+" sd", float64(d.SD), g.Posterior.SD, 1e-8)
		if p.Mode() != g.Posterior.Mode {
			t.Errorf("%s: mode %d, want %d", g.ID, p.Mode(), g.Posterior.Mode)
		}
		for q, want := range g.Posterior.Quantiles {
			at, err := strconv.ParseFloat(q, 64)
			if err != nil {
				t.Fatal(err)
			}
			if got := p.Quantiles(at)[0]; got != want {
				t.Errorf("%s: quantile %s is %d, want %d", g.ID, q, got, want)
			}
		}
		if g.Posterior.PLast > 1e-18 {
			near(t, g.ID+" last", d.PLast, g.Posterior.PLast, 1e-7)
		}
		if d.Graphs != g.Models && g.Models != 0 {
			t.Errorf("%s: %d graphs, want %d", g.ID, d.Graphs, g.Models)
		}
		for i, w := range g.Top {
			if i >= len(d.Top) || w.Prob < 1e-12 {
				break
			}
			if d.Top[i].Graph != sorted(w.Cliques) {
				t.Errorf("%s: graph %d is %s, want %s", g.ID, i, d.Top[i].Graph, w.Cliques)
			}
			near(t, g.ID+" "+w.Cliques, d.Top[i].Share, w.Prob, 1e-8)
			near(t, g.ID+" "+w.Cliques+" mean", float64(d.Top[i].Mean), w.Mean, 1e-8)
		}
	}
	if seen < 10 {
		t.Fatalf("%d golden results", seen)
	}
}

// Congenital anomalies, delta 1/2, 538 to 837: R's dga 2.0.2 gives mean 617.815890761467,
// 95 % 588 to 655, as do Madigan and York's figures after rounding.
func TestAverageOfAPublishedTable(t *testing.T) {
	f, err := Fit(t.Context(), histtest.Published(t, "congenital_anomaly_5"), Options{Delta: 0.5, To: 300, Saturated: true})
	if err != nil {
		t.Fatal(err)
	}
	near(t, "mean", float64(f.Detail.(Detail).Mean), 617.815890761467, 1e-12)
	if f.Lower != 588 || f.Median != 616 || f.Upper != 655 {
		t.Errorf("%v [%v; %v], want 616 [588; 655]", f.Median, f.Lower, f.Upper)
	}
}

// The interpolated weights are those of the closed form at every number missing, and the
// mass by the recursion is their sum.
func TestCurveAndRecursionAreTheClosedForm(t *testing.T) {
	table := histtest.Published(t, "kosovo_4")
	p := newProblem(table, Graphs(4), Options{Delta: 0.0625})
	const to = 20000
	for i, graph := range p.graphs {
		one := *p
		one.graphs = p.graphs[i : i+1]
		g := one.look(1, to, true)
		s, err := one.posterior(t.Context(), g, 1, to, true)
		if err != nil {
			t.Fatal(err)
		}
		mass, moment := 0.0, 0.0
		for k, got := range s.post {
			n0 := float64(k + 1)
			want := p.log(graph, n0) - s.top
			mass += math.Exp(want)
			moment += math.Exp(want) * (p.n + n0)
			if want > -negligible && math.Abs(math.Log(got)-want) > 1e-9*(1+math.Abs(want)) {
				t.Fatalf("%s at %g: %.12g, want %.12g", graph, n0, math.Log(got), want)
			}
		}
		near(t, graph.String()+" mass by quadrature", s.mass[0], mass, 0.01)
		if err := one.walk(t.Context(), s, g, to, []int{0}); err != nil {
			t.Fatal(err)
		}
		near(t, graph.String()+" mass", s.mass[0], mass, 1e-9)
		near(t, graph.String()+" moment", s.moment[0], moment, 1e-9)
	}
}

func TestRangeGrowsUntilItHoldsThePosterior(t *testing.T) {
	f, err := Fit(t.Context(), histtest.Published(t, "uk2013_5"), Options{})
	if err != nil {
		t.Fatal(err)
	}
	d := f.Detail.(Detail)
	if d.PLast > 1e-9 || f.Refusal != nil {
		t.Errorf("range to %d, last %g, refusal %v", d.To, d.PLast, f.Refusal)
	}
	if len(d.Modes) < 2 {
		t.Errorf("modes %+v; this posterior has two", d.Modes)
	}
	if len(d.Sensitivity) != 3 {
		t.Errorf("sensitivity %+v", d.Sensitivity)
	}
	t.Logf("%v [%v; %v], range to %d, modes %+v, top %+v, sensitivity %+v", f.Median, f.Lower, f.Upper, d.To, d.Modes, d.Top, d.Sensitivity)
}

func BenchmarkFiveListsUK(b *testing.B) {
	bench(b, Options{Delta: 0.03125, To: 27440, Saturated: true, NoSensitivity: true})
}

func BenchmarkFiveListsNetherlands(b *testing.B) {
	table := histtest.Shared(b, "netherlands_5")
	defer histtest.CPU(b)()
	for b.Loop() {
		if _, err := Fit(b.Context(), table, Options{Delta: 0.03125, To: 82340, Saturated: true, NoSensitivity: true}); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkFiveListsUKDefault(b *testing.B) { bench(b, Options{}) }

func bench(b *testing.B, o Options) {
	table := histtest.Published(b, "uk2013_5")
	defer histtest.CPU(b)()
	for b.Loop() {
		if _, err := Fit(b.Context(), table, o); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkSixListsUK(b *testing.B) {
	table := histtest.Shared(b, "uk2013_6")
	defer histtest.CPU(b)()
	for b.Loop() {
		if _, err := Fit(b.Context(), table, Options{NoSensitivity: true}); err != nil {
			b.Fatal(err)
		}
	}
}
