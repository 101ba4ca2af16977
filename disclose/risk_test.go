package disclose

import (
	"math"
	"strconv"
	"testing"
)

func francdat(t *testing.T) (keys [][]string, weights []float64) {
	header, rows := readCSV(t, "sdc_francdat.csv")
	for _, r := range rows {
		k := make([]string, 4)
		for i, h := range header {
			switch h {
			case "Key1", "Key2", "Key3", "Key4":
				k[h[3]-'1'] = r[i]
			case "w":
				w, err := strconv.ParseFloat(r[i], 64)
				if err != nil {
					t.Fatal(err)
				}
				weights = append(weights, w)
			}
		}
		keys = append(keys, k)
	}
	return keys, weights
}

// sdcMicro 5.8.0 on its textbook table. Its individual risk has about seven digits.
func TestRisksAreThoseOfSdcMicro(t *testing.T) {
	keys, weights := francdat(t)
	var want struct {
		Alike      []int     `json:"fk"`
		Population []float64 `json:"Fk"`
		Rk         []float64 `json:"rk"`
	}
	golden(t, "freqCalc.francdat", &want)
	var global struct{ Risk float64 }
	golden(t, "sdcMicro.global_risk", &global)
	rs, err := Risks(keys, weights)
	if err != nil {
		t.Fatal(err)
	}
	for i, r := range rs {
		if r.Alike != want.Alike[i] || r.Population != want.Population[i] {
			t.Errorf("row %d: f %d, F %v, want %d, %v", i+1, r.Alike, r.Population, want.Alike[i], want.Population[i])
		}
		if math.Abs(r.Risk-want.Rk[i]) > 1e-10 {
			t.Errorf("row %d: risk %.12f, want %.12f", i+1, r.Risk, want.Rk[i])
		}
	}
	if g := GlobalRisk(rs); math.Abs(g-global.Risk) > 1e-10 {
		t.Errorf("global risk %.12f, want %.12f", g, global.Risk)
	}
	var suda struct{ Score []float64 }
	golden(t, "suda2.francdat", &suda)
	_, score, err := Uniques(keys)
	if err != nil {
		t.Fatal(err)
	}
	for i := range score {
		if score[i] != suda.Score[i] {
			t.Errorf("row %d: score %v, want %v", i+1, score[i], suda.Score[i])
		}
	}
}

// The recursion and the series agree where both hold.
func TestIndividualRiskIsOneFunction(t *testing.T) {
	for _, f := range []int{1, 2, 3, 5, 20} {
		p := 0.5
		below := individualRisk(f, float64(f)/p*(1+1e-9))
		above := individualRisk(f, float64(f)/p)
		if math.Abs(below-above) > 1e-8*above {
			t.Errorf("f=%d: %v below, %v above one half", f, below, above)
		}
		if full := individualRisk(f, float64(f)); math.Abs(full-1/float64(f)) > 1e-12 {
			t.Errorf("f=%d, full count: risk %v", f, full)
		}
	}
}

// Worked by hand: rows 1 and 2 differ in the first column; row 3 is alone in both.
func TestUniquesAreMinimal(t *testing.T) {
	found, score, err := Uniques([][]string{{"a", "x"}, {"b", "x"}, {"c", "y"}})
	if err != nil || len(found) != 4 {
		t.Fatal(found, err)
	}
	if score[0] != 1 || score[1] != 1 || score[2] != 2 {
		t.Errorf("score %v", score)
	}
}
