package loglin

import (
	"math"
	"math/rand/v2"
	"testing"

	"example.org/amparo/estimate/hist"
)

// classes draws a table from classes of people with their own chances on each list.
func classes(t *testing.T, n int, share []float64, chance [][]float64, seed uint64) hist.Table {
	t.Helper()
	r := rand.New(rand.NewPCG(seed, 4))
	var cells []hist.Cell
	for range n {
		u, k := r.Float64(), 0
		for k < len(share)-1 && u >= share[k] {
			u -= share[k]
			k++
		}
		var h hist.History
		for j, p := range chance[k] {
			if r.Float64() < p {
				h |= hist.Of(j)
			}
		}
		if h != 0 {
			cells = append(cells, hist.Cell{History: h, Count: 1})
		}
	}
	out, err := hist.New([]string{"a", "b", "c", "d"}, cells)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestPeopleWhoDifferAreFoundToDiffer(t *testing.T) {
	holds := 0
	for seed := range uint64(20) {
		tb := classes(t, 1000, []float64{.3, .7}, [][]float64{{.6, .5, .5, .4}, {.2, .15, .12, .1}}, seed)
		f := FitDiffering(tb, 0)
		if f.Refusal != nil {
			t.Fatalf("seed %d: %s", seed, f.Refusal.Text)
		}
		if f.Interval().Contains(1000) {
			holds++
		}
		weights := 0.0
		for _, form := range f.Detail.(DifferingDetail).Forms {
			weights += form.Weight
		}
		if math.Abs(weights-1) > 1e-12 || !(f.Lower < f.Median && f.Median < f.Upper) || float64(f.Lower) < float64(tb.N()) {
			t.Errorf("seed %d: weights %g, interval %v", seed, weights, f.Interval())
		}
	}
	if holds < 17 {
		t.Errorf("the truth is in %d of 20 intervals", holds)
	}
}

// Where people are alike the mixture leans to that, and its range is wider than that of
// independent lists: what is not known is in it.
func TestPeopleWhoAreAlikeStayAPossibility(t *testing.T) {
	leaning, holds := 0.0, 0
	for seed := range uint64(20) {
		f := FitDiffering(classes(t, 1000, []float64{1}, [][]float64{{.3, .25, .2, .15}}, seed), 0)
		if f.Refusal != nil {
			t.Fatalf("seed %d: %s", seed, f.Refusal.Text)
		}
		if f.Interval().Contains(1000) {
			holds++
		}
		forms := f.Detail.(DifferingDetail).Forms
		if forms[0].Form != Homogeneous {
			t.Fatalf("the first form is %q", forms[0].Form)
		}
		leaning += forms[0].Weight / 20
	}
	if leaning < 0.3 || leaning > 0.6 {
		t.Errorf("that people are alike weighs %.2f on average", leaning)
	}
	if holds < 18 {
		t.Errorf("the truth is in %d of 20 intervals", holds)
	}
}

func TestDifferingNeedsFourListsAndAnAnswer(t *testing.T) {
	for _, lists := range [][]string{{"a", "b", "c"}, {"a", "b", "c", "d"}} {
		apart := []hist.Cell{{History: 1, Count: 9}, {History: 2, Count: 8}, {History: 4, Count: 4}}
		if len(lists) == 3 {
			apart = append(apart, hist.Cell{History: 3, Count: 4}, hist.Cell{History: 5, Count: 4}, hist.Cell{History: 7, Count: 4})
		}
		tb, err := hist.New(lists, apart)
		if err != nil {
			t.Fatal(err)
		}
		if f := FitDiffering(tb, 0); f.Refusal == nil {
			t.Errorf("%d lists have a figure: %v", len(lists), f.Point)
		}
	}
}
