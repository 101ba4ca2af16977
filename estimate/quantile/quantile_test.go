package quantile

import (
	"math"
	"testing"

	"pgregory.net/rapid"
)

func near(t *testing.T, what string, got, want, tol float64) {
	t.Helper()
	if math.Abs(got-want) > tol*math.Max(1, math.Abs(want)) || math.IsNaN(got) {
		t.Errorf("%s = %.16g, want %.16g", what, got, want)
	}
}

// Values printed in tables and by closed forms: qt(.975, 1) = tan(0.475π); a beta (1, b)
// has quantile 1 − (1−p)^(1/b); an exponential −ln(1−p); a χ² with two degrees −2 ln(1−p).
func TestQuantilesAgreeWithClosedForms(t *testing.T) {
	near(t, "Normal(.975)", Normal(0.975), 1.959963984540054, 1e-15)
	near(t, "Normal(1e-10)", Normal(1e-10), -6.361340902404056, 1e-13)
	near(t, "Student(.975, 1)", Student(0.975, 1), math.Tan(0.475*math.Pi), 1e-12)
	for _, p := range []float64{0.001, 0.025, 0.3, 0.5, 0.9} {
		// With two degrees t = a√(2/(1−a²)), a = 2p−1.
		a := 2*p - 1
		near(t, "Student(p, 2)", Student(p, 2), a*math.Sqrt(2/(1-a*a)), 1e-12)
		near(t, "Beta(p, 1, 7)", Beta(p, 1, 7), 1-math.Pow(1-p, 1.0/7), 1e-13)
		near(t, "Beta(p, 7, 1)", Beta(p, 7, 1), math.Pow(p, 1.0/7), 1e-13)
		near(t, "Beta(p, .5, .5)", Beta(p, 0.5, 0.5), math.Pow(math.Sin(math.Pi*p/2), 2), 1e-13)
		near(t, "Gamma(p, 1)", Gamma(p, 1), -math.Log1p(-p), 1e-13)
		near(t, "ChiSquared(p, 2)", ChiSquared(p, 2), -2*math.Log1p(-p), 1e-13)
	}
	near(t, "ChiSquaredTail(200, 2)", ChiSquaredTail(200, 2)/math.Exp(-100), 1, 1e-12)
	z := 1.959963984540054
	near(t, "Student(.975, 1e6)", Student(0.975, 1e6), z+(z*z*z+z)/4e6, 1e-11)
	near(t, "Student at the seam", cornishFisher(z, 9.9e4), Student(0.975, 9.9e4), 1e-10)
}

func TestEveryQuantileInvertsItsDistribution(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := rapid.Float64Range(1e-6, 1-1e-6).Draw(t, "p")
		a := math.Exp(rapid.Float64Range(-1, 9).Draw(t, "ln a"))
		b := math.Exp(rapid.Float64Range(-1, 9).Draw(t, "ln b"))
		// Near 1 with b < 1 the next number can already lie 1e-6 of probability away: p lies
		// between the numbers beside the quantile.
		x := Beta(p, a, b)
		if lo, hi := BetaCDF(math.Nextafter(x, 0), a, b), BetaCDF(math.Nextafter(x, 1), a, b); p < lo-1e-9 || p > hi+1e-9 {
			t.Fatalf("Beta(%g; %g, %g) = %.17g, beside which I is %.15g and %.15g", p, a, b, x, lo, hi)
		}
		if got := StudentCDF(Student(p, a), a); math.Abs(got-p) > 1e-10 {
			t.Fatalf("Student(%g; %g) inverts to %.15g", p, a, got)
		}
		if got := 1 - ChiSquaredTail(ChiSquared(p, a), a); math.Abs(got-p) > 1e-10 {
			t.Fatalf("ChiSquared(%g; %g) inverts to %.15g", p, a, got)
		}
	})
}

func TestNonsenseGivesNaN(t *testing.T) {
	for _, v := range []float64{Normal(-1), Beta(2, 1, 1), Beta(0.5, 0, 1), Gamma(0.5, -1), Student(0.5, 0), ChiSquaredTail(1, 0)} {
		if !math.IsNaN(v) {
			t.Errorf("got %g, want NaN", v)
		}
	}
}

func TestType8IsMedianAtHalf(t *testing.T) {
	near(t, "median of 4", Type8([]float64{1, 2, 3, 10}, 0.5), 2.5, 1e-15)
	near(t, "Type8(.025) of 1..100", Type8(seq(100), 0.025), 100.0/3*0.025*3.01+1.0/3, 1e-12)
}

func seq(n int) []float64 {
	s := make([]float64, n)
	for i := range s {
		s[i] = float64(i + 1)
	}
	return s
}
