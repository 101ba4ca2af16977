package survival

import "math"

// roundDays are the numbers of days that people round to: a week, ten days, half a month,
// one, two and three months, half a year, a year.
var roundDays = [...]float64{7, 10, 15, 30, 60, 90, 180, 365}

// blur is by how much memory moves a duration across the border between two round numbers.
const blur = 1.05

// Told is the duration behind one that was told, as lasting from lo to hi days, both
// included. A round number stands for all durations that are nearer to it than to the next
// round ones, on the scale of their logarithms: who says "half a month" may mean 20 days,
// and "two weeks and a half" is said by nobody. What was not told in a round number is
// taken as it was told.
//
// Source: Heitjan and Rubin (1991), Annals of Statistics 19, 2244-2253: to take coarse data
// for exact misleads unless the likelihood knows how they were made coarse; Bar and Lillard
// (2012), Statistics in Medicine 31, 3347-3365, for retrospective durations.
func Told(lo, hi float64) Interval {
	told := Interval{Left: math.Max(0, lo-1), Right: hi} // whole days: more than lo-1
	for i, r := range roundDays {
		from, to := 0.7*roundDays[0], 1.4*roundDays[len(roundDays)-1] // as far as the rounding of the others reaches
		if i > 0 {
			from = math.Sqrt(roundDays[i-1] * r)
		}
		if i < len(roundDays)-1 {
			to = math.Sqrt(r * roundDays[i+1])
		}
		if lo <= r && r <= hi && hi <= 1.6*to && lo >= from/1.6 {
			told.Left, told.Right = math.Min(told.Left, from/blur), math.Max(told.Right, to*blur)
		}
	}
	return told
}
