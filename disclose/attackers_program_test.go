package disclose

import (
	"math"
	"testing"

	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/optimize/convex/lp"
)

// A second attacker, who shares no code with us: gonum's simplex in floating point over
// the published cells of one release, two dimensions or more.
func floatAttack(t *testing.T, cells []Published) map[string][2]float64 {
	t.Helper()
	at := map[string]int{}
	var leaves [][]string
	for _, c := range cells {
		inner := true
		for _, v := range c.Key {
			inner = inner && v != ""
		}
		if inner {
			at[join(c.Key)] = len(leaves)
			leaves = append(leaves, c.Key)
		}
	}
	n := len(leaves)
	var rows [][]float64
	var b []float64
	for _, c := range cells {
		if c.Published == nil {
			continue
		}
		row := make([]float64, n)
		for i, l := range leaves {
			if covers(c.Key, l) {
				row[i] = 1
			}
		}
		rows, b = append(rows, row), append(b, float64(*c.Published))
	}
	rows, b = independent(rows, b)
	a := mat.NewDense(len(rows), n, nil)
	for i, r := range rows {
		a.SetRow(i, r)
	}
	out := map[string][2]float64{}
	for _, c := range cells {
		if c.Published != nil {
			continue
		}
		var ends [2]float64
		for e, sign := range []float64{1, -1} {
			obj := make([]float64, n)
			for i, l := range leaves {
				if covers(c.Key, l) {
					obj[i] = sign
				}
			}
			v, _, err := lp.Simplex(obj, a, b, 1e-9, nil)
			if err != nil {
				t.Fatalf("gonum: %v", err)
			}
			ends[e] = v * sign
		}
		out[join(c.Key)] = ends
	}
	return out
}

// independent keeps linearly independent rows, by elimination.
func independent(rows [][]float64, b []float64) ([][]float64, []float64) {
	var kept, work [][]float64
	var values []float64
	for i, r := range rows {
		w := append([]float64(nil), r...)
		for _, o := range work {
			p := 0
			for o[p] == 0 {
				p++
			}
			f := w[p] / o[p]
			for k := range w {
				if w[k] -= f * o[k]; math.Abs(w[k]) < 1e-9 {
					w[k] = 0
				}
			}
		}
		zero := true
		for _, v := range w {
			zero = zero && v == 0
		}
		if !zero {
			work, kept, values = append(work, w), append(kept, r), append(values, b[i])
		}
	}
	return kept, values
}

// The attacker recovers every small count of the table in which only small cells are
// hidden, and none of ours; both programs agree on every range.
func TestAttackerRecoversEverythingFromTheNaiveTableAndNothingFromOurs(t *testing.T) {
	tab := facilityYear(t)
	naive, err := Check([]*Table{tab}, nil, Options{Threshold: 5}, true)
	if err != nil {
		t.Fatal(err)
	}
	ours, err := Suppress([]*Table{tab}, nil, Options{Threshold: 5})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		res       *Result
		recovered int
	}{{naive, 3}, {ours, 0}} {
		found := 0
		for key, ends := range floatAttack(t, c.res.Cells) {
			if math.Abs(ends[0]-ends[1]) < 1e-6 {
				found++
			}
			for _, p := range c.res.Cells {
				if join(p.Key) == key && (math.Abs(ends[0]-float64(p.AttackerLower)) > 1e-6 || math.Abs(ends[1]-float64(*p.AttackerUpper)) > 1e-6) {
					t.Errorf("%v: we say [%d, %d], gonum %v", p.Key, p.AttackerLower, *p.AttackerUpper, ends)
				}
			}
		}
		if found != c.recovered {
			t.Errorf("%d counts recovered, want %d", found, c.recovered)
		}
	}
}

// Larger tables than can be enumerated: the exact program and gonum's agree.
func TestExactRangesAgreeWithFloatingPoint(t *testing.T) {
	tab := scattered(12, 8, 0.3)
	res, err := Suppress([]*Table{tab}, nil, Options{})
	if err != nil {
		t.Fatal(err)
	}
	ends := floatAttack(t, res.Cells)
	if len(ends) < 20 {
		t.Fatalf("only %d hidden cells", len(ends))
	}
	for _, p := range res.Cells {
		e, ok := ends[join(p.Key)]
		if ok && (math.Abs(e[0]-float64(p.AttackerLower)) > 1e-6 || math.Abs(e[1]-float64(*p.AttackerUpper)) > 1e-6) {
			t.Errorf("%v: we say [%d, %d], gonum %v", p.Key, p.AttackerLower, *p.AttackerUpper, e)
		}
	}
}

// From the public records alone: each of two releases is safe by itself, and their
// difference is one person; the second release of ours gives nothing.
func TestAttackOnTwoReleases(t *testing.T) {
	table := func(f2 int64) *Table {
		return &Table{Name: "t", Columns: []string{"facility"}, Cells: []Cell{
			{Key: []string{"F1"}, Count: 12}, {Key: []string{"F2"}, Count: f2}, {Key: []string{"F3"}, Count: 31}}}
	}
	march, err := Suppress([]*Table{table(20)}, nil, Options{})
	if err != nil {
		t.Fatal(err)
	}
	blind, err := Suppress([]*Table{table(21)}, nil, Options{})
	if err != nil {
		t.Fatal(err)
	}
	ours, err := Suppress([]*Table{table(21)}, []Release{*march.Release}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	small := func(second *Release) int {
		fs, err := Attack([]Release{*march.Release, *second}, Range{0, Unlimited})
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		for _, f := range fs {
			if f.Upper != nil && f.Lower > 0 && *f.Upper < 10 {
				n++
			}
		}
		return n
	}
	if n := small(blind.Release); n != 2 { // F2 and the total
		t.Errorf("%d small groups found from the blind release, want 2", n)
	}
	if n := small(ours.Release); n != 0 {
		t.Errorf("%d small groups found from ours", n)
	}
}
