package lin

import (
	"math"
	"math/big"
	"math/bits"
	"testing"

	"pgregory.net/rapid"
)

// allTerms is a model of main effects and some pairs on j lists.
func modelOf(j int, pairs uint32) []uint32 {
	terms := []uint32{0}
	for k := range j {
		terms = append(terms, 1<<uint(k))
	}
	at := 0
	for a := range j {
		for b := a + 1; b < j; b++ {
			if pairs>>uint(at)&1 == 1 {
				terms = append(terms, 1<<uint(a)|1<<uint(b))
			}
			at++
		}
	}
	return terms
}

func rowsOf(j int, terms []uint32) [][]int8 {
	rows := make([][]int8, 1<<uint(j)-1)
	for i := range rows {
		rows[i] = make([]int8, len(terms))
		for k, t := range terms {
			if uint32(i+1)&t == t {
				rows[i][k] = 1
			}
		}
	}
	return rows
}

// The fast design of the cube gives what the written-out design gives.
func TestCubeIsTheWrittenDesign(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		j := rapid.IntRange(2, 4).Draw(t, "lists")
		terms := modelOf(j, rapid.Uint32Range(0, 1<<uint(j*(j-1)/2)-1).Draw(t, "pairs"))
		y := make([]float64, 1<<uint(j))
		for h := 1; h < len(y); h++ {
			y[h] = float64(rapid.IntRange(1, 400).Draw(t, "count"))
		}
		rows := rowsOf(j, terms)
		if Rank(rows, len(terms)) < len(terms) {
			return
		}
		x := NewMatrix(len(rows), len(terms))
		for i, r := range rows {
			for k, v := range r {
				x.Set(i, k, float64(v))
			}
		}
		keep := make([]bool, len(y))
		for h := 1; h < len(keep); h++ {
			keep[h] = true
		}
		var a, b Solver
		p, err := a.Fit(x, y[1:])
		if err != nil {
			t.Fatal(err)
		}
		q, err := b.FitCube(&Cube{J: j, Terms: terms}, y, keep, nil)
		if err != nil {
			t.Fatal(err)
		}
		for k := range p.Beta {
			if math.Abs(p.Beta[k]-q.Beta[k]) > 1e-8*(1+math.Abs(p.Beta[k])) {
				t.Fatalf("coefficient %d: %g and %g", k, p.Beta[k], q.Beta[k])
			}
		}
		if v, w := a.InterceptVariance(), b.InterceptVariance(); math.Abs(v-w) > 1e-7*v {
			t.Fatalf("variance %g and %g", v, w)
		}
	})
}

// At the maximum the fitted sums over every term are the observed ones (Birch 1963).
func TestFittedMarginsAreTheObserved(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		j := rapid.IntRange(2, 5).Draw(t, "lists")
		terms := modelOf(j, rapid.Uint32Range(0, 1<<uint(j*(j-1)/2)-1).Draw(t, "pairs"))
		y := make([]float64, 1<<uint(j))
		keep := make([]bool, len(y))
		positive := make([]bool, len(y)-1)
		for h := 1; h < len(y); h++ {
			y[h] = float64(rapid.SampledFrom([]int{0, 0, 1, 3, 40, 1200}).Draw(t, "count"))
			keep[h], positive[h-1] = true, y[h] > 0
		}
		e := Exist(rowsOf(j, terms), positive, len(terms))
		if !e.Exists || e.Rank < len(terms) {
			return
		}
		var s Solver
		p, err := s.FitCube(&Cube{J: j, Terms: terms}, y, keep, nil)
		if err != nil {
			t.Fatalf("the estimate exists but was not found: %v", err)
		}
		for _, term := range terms {
			got, want := 0.0, 0.0
			for h := 1; h < len(y); h++ {
				if uint32(h)&term == term {
					got, want = got+p.Mu[h], want+y[h]
				}
			}
			if math.Abs(got-want) > 1e-7*(1+want) {
				t.Fatalf("term %b: fitted %g, observed %g", term, got, want)
			}
		}
	})
}

// Existence against its definition, by brute force over small integer directions: none
// leaves the positive rows unchanged and lowers others only.
func TestExistenceAgreesWithTheDefinition(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		cols := rapid.IntRange(1, 4).Draw(t, "cols")
		n := rapid.IntRange(1, 7).Draw(t, "rows")
		rows, positive := make([][]int8, n), make([]bool, n)
		for i := range rows {
			rows[i] = make([]int8, cols)
			for k := range rows[i] {
				rows[i][k] = int8(rapid.IntRange(0, 1).Draw(t, "x"))
			}
			positive[i] = rapid.Bool().Draw(t, "positive")
		}
		lowered := make([]bool, n)
		v := make([]int, cols)
		for code := range pow(7, cols) {
			for k, c := 0, code; k < cols; k++ {
				v[k], c = c%7-3, c/7
			}
			low, ok := make([]bool, n), true
			for i, r := range rows {
				s := 0
				for k, x := range r {
					s += int(x) * v[k]
				}
				ok = ok && s <= 0 && !(positive[i] && s != 0)
				low[i] = s < 0
			}
			for i := range low {
				lowered[i] = lowered[i] || ok && low[i]
			}
		}
		e := Exist(rows, positive, cols)
		any := false
		for i := range lowered {
			any = any || lowered[i]
			if e.Face[i] == lowered[i] {
				t.Fatalf("rows %v, positive %v: row %d in the face is %v", rows, positive, i, e.Face[i])
			}
		}
		if e.Exists == any {
			t.Fatalf("rows %v, positive %v: exists %v", rows, positive, e.Exists)
		}
	})
}

func pow(b, e int) int {
	r := 1
	for range e {
		r *= b
	}
	return r
}

func TestRankAgreesWithFractions(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		cols, n := rapid.IntRange(1, 7).Draw(t, "cols"), rapid.IntRange(1, 9).Draw(t, "rows")
		rows := make([][]int8, n)
		for i := range rows {
			rows[i] = make([]int8, cols)
			for k := range rows[i] {
				rows[i][k] = int8(rapid.IntRange(0, 1).Draw(t, "x"))
			}
		}
		if got, want := Rank(rows, cols), cols-len(kernel(rows, cols)); got != want {
			t.Fatalf("%v: rank %d, want %d", rows, got, want)
		}
	})
}

// Beale's programme, on which the textbook rule cycles for ever: the maximum is 1/20.
func TestSimplexDoesNotCycle(t *testing.T) {
	p := NewProgramme(3, 4)
	set := func(v []*big.Rat, s ...string) {
		for i, x := range s {
			if _, ok := v[i].SetString(x); !ok {
				t.Fatal(x)
			}
		}
	}
	set(p.A[0], "1/4", "-60", "-1/25", "9")
	set(p.A[1], "1/2", "-90", "-1/50", "3")
	set(p.A[2], "0", "0", "1", "0")
	set(p.B, "0", "0", "1")
	set(p.C, "3/4", "-150", "1/50", "-6")
	p.Slack = []bool{true, true, true}
	if v, _ := p.Maximise(); v.Cmp(big.NewRat(1, 20)) != 0 {
		t.Errorf("maximum %v, want 1/20", v)
	}
}

func TestColumnsThatDependAreRefused(t *testing.T) {
	x := NewMatrix(4, 3)
	for i := range 4 {
		x.Set(i, 0, 1)
		x.Set(i, 1, float64(i%2))
		x.Set(i, 2, 2*float64(i%2))
	}
	var s Solver
	if _, err := s.Fit(x, []float64{3, 4, 5, 6}); err == nil {
		t.Error("a singular design was fitted")
	}
}

func BenchmarkFitFiveLists(b *testing.B) {
	terms := modelOf(5, 0b1001011)
	y := make([]float64, 32)
	keep := make([]bool, 32)
	for h := 1; h < 32; h++ {
		y[h], keep[h] = math.Ldexp(1000, -2*bits.OnesCount(uint(h)))+1, true
	}
	var s Solver
	for b.Loop() {
		if _, err := s.FitCube(&Cube{J: 5, Terms: terms}, y, keep, nil); err != nil {
			b.Fatal(err)
		}
	}
}
