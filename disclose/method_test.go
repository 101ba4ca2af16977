package disclose

import (
	"bytes"
	"io"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// SmallCountRounding 1.1.0, PLSrounding with base 5.
func TestRoundingIsThatOfR(t *testing.T) {
	var want struct {
		Publish []struct {
			Facility, Year    string
			Original, Rounded int64
		}
	}
	golden(t, "plsrounding.base5", &want)
	res, err := Round([]*Table{facilityYear(t)}, nil, Options{Threshold: 5}, 5)
	if err != nil {
		t.Fatal(err)
	}
	if len(res.Cells) != len(want.Publish) {
		t.Fatalf("%d cells, want %d", len(res.Cells), len(want.Publish))
	}
	for _, w := range want.Publish {
		i := slices.IndexFunc(res.Cells, func(c Published) bool { return c.Dims["facility"] == w.Facility && c.Dims["year"] == w.Year })
		c := res.Cells[i]
		if *c.Published != w.Rounded {
			t.Errorf("%s %s: %d, want %d", w.Facility, w.Year, *c.Published, w.Rounded)
		}
		if w.Original < c.AttackerLower || w.Original > *c.AttackerUpper {
			t.Errorf("%s %s: %d is outside [%d, %d]", w.Facility, w.Year, w.Original, c.AttackerLower, *c.AttackerUpper)
		}
	}
}

// Rounded totals are the sums of the rounded parts; no small count is shown as it is.
func TestRoundedTablesAddUp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		tab := randomTable(t, []int{3, 4}, rapid.Int64Range(0, 30))
		res, err := Round([]*Table{tab}, nil, Options{Flat: true}, 5)
		if err != nil {
			t.Fatal(err)
		}
		sums := map[string]int64{}
		for _, c := range res.Cells {
			if slices.Contains(c.Key, "") {
				continue
			}
			for _, k := range [][]string{{c.Key[0], ""}, {"", c.Key[1]}, {"", ""}} {
				sums[join(k)] += *c.Published
			}
			if v := *c.Published; v < 10 && v%5 != 0 {
				t.Fatalf("%v: %d is shown", c.Key, v)
			}
		}
		for _, c := range res.Cells {
			if s, ok := sums[join(c.Key)]; ok && s != *c.Published {
				t.Fatalf("%v: %d, its parts add up to %d", c.Key, *c.Published, s)
			}
		}
		if res.Audit.Exact != 0 || res.Refusal != nil {
			t.Fatalf("audit %+v", res.Audit)
		}
	})
}

func TestR11NothingBelowFiveCanBeAskedFor(t *testing.T) {
	tab := []*Table{scattered(3, 3, 0.2)}
	if _, err := Suppress(tab, nil, Options{Threshold: 4}); err == nil {
		t.Error("a threshold of 4 is taken")
	}
	if _, err := Round(tab, nil, Options{}, 3); err == nil {
		t.Error("base 3 is taken: it shows counts of 3")
	}
}

// chance is ChaCha8 as a stream of bytes.
func chance(seed byte) io.Reader { return rand.NewChaCha8([32]byte{seed}) }

// The draws follow the law of the golden values: chi-square over -3..3 and the rest.
func TestNoiseFollowsItsLaw(t *testing.T) {
	var want struct {
		Epsilon float64
		PMF     []float64 `json:"pmf_0_5"`
		SD      float64
	}
	golden(t, "dp.geometric", &want)
	n := Noise{Millis: int64(want.Epsilon * 1000), PerPerson: 1}
	for k, p := range want.PMF {
		if math.Abs(n.Probability(int64(k))-p) > 1e-12 {
			t.Errorf("P(%d) = %v, want %v", k, n.Probability(int64(k)), p)
		}
	}
	if math.Abs(n.SD()-want.SD) > 1e-12 {
		t.Errorf("sd %v, want %v", n.SD(), want.SD)
	}
	var laplace struct{ Epsilon, B, Err95 []float64 }
	golden(t, "dp.laplace", &laplace)
	for i, e := range laplace.Epsilon {
		n := Noise{int64(math.Round(e * 1000)), 1}
		if math.Abs(n.Scale()-laplace.B[i]) > 1e-12 || math.Abs(n.Error95()-laplace.Err95[i]) > 1e-9 {
			t.Errorf("epsilon %v: scale %v, error %v", e, n.Scale(), n.Error95())
		}
	}
	const draws = 40000
	seen := map[int64]float64{}
	src := chance(7)
	for range draws {
		k, err := n.Draw(src)
		if err != nil {
			t.Fatal(err)
		}
		seen[max(-4, min(4, k))]++
	}
	chi, rest := 0.0, 1.0
	for k := int64(-3); k <= 3; k++ {
		e := draws * n.Probability(k)
		rest -= n.Probability(k)
		chi += (seen[k] - e) * (seen[k] - e) / e
	}
	for _, k := range []int64{-4, 4} {
		e := draws * rest / 2
		chi += (seen[k] - e) * (seen[k] - e) / e
	}
	if chi > 26.1 { // 0.999 of chi-square with 8 degrees of freedom
		t.Errorf("chi-square %v", chi)
	}
}

func TestNoiseIsRefusedWhereItDestroysEvidence(t *testing.T) {
	few := &Table{Name: "few", Columns: []string{"place"}, Cells: []Cell{{Key: []string{"a"}, Count: 30}, {Key: []string{"b"}, Count: 12}}}
	res, err := AddNoise([]*Table{few}, nil, Options{}, Noise{1000, 1}, chance(1))
	if err != nil || res.Refusal == nil || res.Release != nil || len(res.Cells) > 0 {
		t.Fatalf("%+v, %v", res, err)
	}
	if !strings.Contains(res.Refusal.Text, "too few people") {
		t.Error(res.Refusal.Text)
	}
	many := scattered(20, 5, 0.1)
	res, err = AddNoise([]*Table{many}, nil, Options{}, Noise{1000, 1}, chance(1))
	if err != nil || res.Refusal != nil {
		t.Fatal(res, err)
	}
	for _, c := range res.Cells {
		if c.Published != nil && *c.Published < DefaultThreshold {
			t.Errorf("%v: %d is shown", c.Key, *c.Published)
		}
	}
	if _, err := AddNoise([]*Table{many}, nil, Options{}, Noise{1000, 1}, bytes.NewReader(nil)); err == nil {
		t.Error("noise without a source of chance")
	}
	exact, err := Suppress([]*Table{many}, nil, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if res, err := AddNoise([]*Table{many}, []Release{*exact.Release}, Options{}, Noise{1000, 1}, chance(1)); err != nil || res.Refusal == nil {
		t.Error("noise after the true counts were released", err)
	}
}
