package figure

import (
	"math"

	"example.org/amparo/estimate"
)

// twoDigits leaves two digits of a number that matter.
func twoDigits(x float64) float64 { return digits(x, math.Round) }

// twoDown leaves two digits of a lower end, so that a range grows.
func twoDown(x float64) float64 { return digits(x, math.Floor) }

// twoUp leaves two digits of an upper end, so that a range grows.
func twoUp(x float64) float64 { return digits(x, math.Ceil) }

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

// down2 is twoDown of a number of a fit.
func down2(x estimate.Number) estimate.Number { return estimate.Number(twoDown(float64(x))) }

// up2 is twoUp of a number of a fit.
func up2(x estimate.Number) estimate.Number { return estimate.Number(twoUp(float64(x))) }

// fewDigits leaves two digits of a number of people, and never a single person: below a
// hundred it rounds to ten.
func fewDigits[N ~float64](x N) N { return N(coarse(float64(x), math.Round)) }

// fewDown is fewDigits of a lower end, so that a range grows.
func fewDown[N ~float64](x N) N { return N(coarse(float64(x), math.Floor)) }

// fewUp is fewDigits of an upper end, so that a range grows.
func fewUp[N ~float64](x N) N { return N(coarse(float64(x), math.Ceil)) }

func coarse(x float64, round func(float64) float64) float64 {
	if math.Abs(x) < 100 {
		return 10 * round(x/10)
	}
	return digits(x, round)
}

// stretch is the next round width of stretches of a total: ten people, or 1, 2 or 5 times a
// power of ten above.
func stretch(least float64) float64 {
	for unit := 10.0; ; unit *= 10 {
		for _, m := range []float64{1, 2, 5} {
			if m*unit >= least {
				return m * unit
			}
		}
	}
}
