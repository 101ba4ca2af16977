package figure

import (
	"math"

	"example.org/amparo/estimate"
)

// Stretch is the next round width of stretches of a total: ten people, or 1, 2 or 5 times a
// power of ten above.
func Stretch(least float64) float64 {
	for unit := 10.0; ; unit *= 10 {
		for _, m := range []float64{1, 2, 5} {
			if m*unit >= least {
				return m * unit
			}
		}
	}
}

// TwoDigits leaves two digits of a number that matter.
func TwoDigits(x float64) float64 { return digits(x, math.Round) }

// TwoDown leaves two digits of a lower end, so that a range grows.
func TwoDown(x float64) float64 { return digits(x, math.Floor) }

// TwoUp leaves two digits of an upper end, so that a range grows.
func TwoUp(x float64) float64 { return digits(x, math.Ceil) }

func digits(x float64, round func(float64) float64) float64 {
	if x == 0 || math.IsNaN(x) || math.IsInf(x, 0) {
		return x
	}
	power := math.Floor(math.Log10(math.Abs(x))) - 1
	if power >= 0 {
		unit := math.Pow(10, power)
		return round(x/unit) * unit
	}
	unit := math.Pow(10, -power)
	return round(x*unit) / unit
}

// Down2 is TwoDown of a number of a fit.
func Down2(x estimate.Number) estimate.Number { return estimate.Number(TwoDown(float64(x))) }

// Up2 is TwoUp of a number of a fit.
func Up2(x estimate.Number) estimate.Number { return estimate.Number(TwoUp(float64(x))) }

// FewDigits leaves two digits of a number of people, and never a single person: below a
// hundred it rounds to ten.
func FewDigits[N ~float64](x N) N { return N(coarse(float64(x), math.Round)) }

// FewDown is FewDigits of a lower end, so that a range grows.
func FewDown[N ~float64](x N) N { return N(coarse(float64(x), math.Floor)) }

// FewUp is FewDigits of an upper end, so that a range grows.
func FewUp[N ~float64](x N) N { return N(coarse(float64(x), math.Ceil)) }

func coarse(x float64, round func(float64) float64) float64 {
	if math.Abs(x) < 100 {
		return 10 * round(x/10)
	}
	return digits(x, round)
}
