package nsum

import (
	"encoding/csv"
	"errors"
	"math"
	"math/rand/v2"
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

// R networkscaleup 0.1-2: killworth, with groups 1, 2 and 4 known and 3 or 5 hidden.
func TestSizesAgreeWithR(t *testing.T) {
	f, err := os.Open("../../../shared/data/estimation/nsum_example_ard.csv")
	if err != nil {
		t.Skip("SKIPPED: the golden data are not beside this checkout")
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for hidden, want := range map[int][2]float64{2: {34976.6002994012, 31232.1073928639}, 4: {20042.7709580838, 20831.4373129296}} {
		s := Survey{Sizes: []float64{136961, 56322, 69238}, Population: 1e6}
		for _, r := range rows[1:] {
			v := make([]float64, len(r))
			for i := range r {
				if v[i], err = strconv.ParseFloat(r[i], 64); err != nil {
					t.Fatal(err)
				}
			}
			s.Known, s.Hidden = append(s.Known, []float64{v[0], v[1], v[3]}), append(s.Hidden, v[hidden])
		}
		got, err := s.Estimate()
		if err != nil {
			t.Fatal(err)
		}
		near(t, "MLE", got.MLE, want[0], 1e-12)
		near(t, "PIMLE", got.PIMLE, want[1], 1e-12)
		for i, d := range []float64{60.9475051519688, 7.6184381439961, 26.6645335039863, 57.1382860799707, 198.079391743899} {
			near(t, "degree", s.Degrees()[i], d, 1e-12)
		}
	}
}

// Two respondents, by hand: known 2 and 4 of a group of 100 in 1,000, so degrees 20 and
// 40; hidden 1 and 1: MLE 1000·2/60, PIMLE 1000·(1/20 + 1/40)/2.
func byHand() Survey {
	return Survey{Known: [][]float64{{2}, {4}}, Hidden: []float64{1, 1}, Sizes: []float64{100}, Population: 1000}
}

func TestTwoRespondentsByHand(t *testing.T) {
	got, err := byHand().Estimate()
	if err != nil {
		t.Fatal(err)
	}
	near(t, "MLE", got.MLE, 2000.0/60, 1e-14)
	near(t, "PIMLE", got.PIMLE, 37.5, 1e-14)
	near(t, "error", float64(got.SE), math.Sqrt(1000*(2000.0/60)/60), 1e-14)
}

func TestHalfTransmissionDoublesTheSize(t *testing.T) {
	f, err := Fit(byHand(), Options{Draws: 100}, rand.New(rand.NewPCG(1, 2)))
	if err != nil {
		t.Fatal(err)
	}
	d := f.Detail.(Detail)
	near(t, "at one half", d.Curve[5].Size, 2*d.Curve[0].Size, 1e-14)
	if f.Warnings[0].Code != "order_of_magnitude" || !(f.Lower <= f.Point && f.Point <= f.Upper) {
		t.Errorf("fit %+v", f)
	}
	if got, want := d.Sentence, "In the order of 30 if everybody knew of those they know that they are in hiding; 70 if half did."; got != want {
		t.Errorf("sentence %q, want %q", got, want)
	}
}

// Simulated: 500 respondents who know 200 people each on average; the hidden are 2,000 of
// a million, the known groups ten times that. The interval holds the truth.
func TestSimulatedSizeIsRecovered(t *testing.T) {
	r := rand.New(rand.NewPCG(4, 5))
	s := Survey{Sizes: []float64{20000, 30000, 50000}, Population: 1e6}
	count := func(mean float64) float64 { // Poisson by waiting times
		n, at := 0.0, r.ExpFloat64()
		for at < mean {
			n++
			at += r.ExpFloat64()
		}
		return n
	}
	for range 500 {
		d := 400 * r.Float64()
		var row []float64
		for _, n := range s.Sizes {
			row = append(row, count(d*n/1e6))
		}
		s.Known, s.Hidden = append(s.Known, row), append(s.Hidden, count(d*2000/1e6))
	}
	f, err := Fit(s, Options{Draws: 400}, r)
	if err != nil {
		t.Fatal(err)
	}
	if !f.Interval().Contains(2000) {
		t.Errorf("interval %v to %v, want 2000 in it", f.Lower, f.Upper)
	}
	for k, v := range f.Detail.(Detail).CheckedSize {
		near(t, "known group", float64(v), s.Sizes[k], 0.15)
	}
}

func TestAnswersThatAreNoCountsAreNamed(t *testing.T) {
	s := byHand()
	s.Hidden[1] = -1
	var p fault.Problem
	if _, err := s.Estimate(); !errors.As(err, &p) || p.Row != 2 {
		t.Errorf("a negative answer: %v", err)
	}
	for name, s := range map[string]Survey{
		"nobody":        {},
		"no contacts":   {Known: [][]float64{{0}}, Hidden: []float64{1}, Sizes: []float64{10}, Population: 100},
		"large group":   {Known: [][]float64{{1}}, Hidden: []float64{1}, Sizes: []float64{1000}, Population: 100},
		"no population": {Known: [][]float64{{1}}, Hidden: []float64{1}, Sizes: []float64{10}},
	} {
		if _, err := s.Estimate(); fault.KindOf(err) != fault.Invalid {
			t.Errorf("%s: %v, want an invalid fault", name, err)
		}
	}
}
