// Command generate computes the lunisolar calendar of Korea from the positions of Sun and
// Moon and writes the table of package dates.
//
//	go run ./linkage/dates/generate
package main

import (
	"flag"
	"fmt"
	"go/format"
	"math"
	"os"
	"strings"

	"example.org/amparo/when"
)

// The table's years.
const (
	firstYear = 1899
	lastYear  = 2051
)

// meridian is the local time that days are reckoned by, ahead of universal time, in days:
// a lunar month begins on the day of the new moon there. It is that of Peking until 1911,
// then 135 degrees east, which the Korean calendar kept when clocks in the South did not.
func meridian(jd float64) float64 {
	const january1912 = 2419402.5
	if jd < january1912 {
		return 116.4 / 360
	}
	return 9.0 / 24
}

func main() {
	out := flag.String("out", "linkage/dates/lunar.gen.go", "file to write")
	flag.Parse()
	src, err := format.Source([]byte(table()))
	if err == nil {
		err = os.WriteFile(*out, src, 0o644)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "generate:", err)
		os.Exit(1)
	}
}

func sin(degrees float64) float64 { return math.Sin(math.Mod(degrees, 360) * math.Pi / 180) }

// term is an amplitude in days and multiples of the Sun's anomaly, the Moon's anomaly and
// the Moon's argument of latitude; power is that of the eccentricity factor.
type term struct {
	days        float64
	m, mm, f, e float64
}

// Source: Meeus (1998), Astronomical Algorithms, 2nd ed., chapter 49, new moon.
var terms = []term{{-0.40720, 0, 1, 0, 0}, {0.17241, 1, 0, 0, 1}, {0.01608, 0, 2, 0, 0}, {0.01039, 0, 0, 2, 0}, {0.00739, -1, 1, 0, 1}, {-0.00514, 1, 1, 0, 1},
	{0.00208, 2, 0, 0, 2}, {-0.00111, 0, 1, -2, 0}, {-0.00057, 0, 1, 2, 0}, {0.00056, 1, 2, 0, 1}, {-0.00042, 0, 3, 0, 0}, {0.00042, 1, 0, 2, 1},
	{0.00038, 1, 0, -2, 1}, {-0.00024, -1, 2, 0, 1}, {-0.00007, 2, 1, 0, 0}, {0.00004, 0, 2, -2, 0}, {0.00004, 3, 0, 0, 0}, {0.00003, 1, 1, -2, 0},
	{0.00003, 0, 2, 2, 0}, {-0.00003, 1, 1, 2, 0}, {0.00003, -1, 1, 2, 0}, {-0.00002, -1, 1, -2, 0}, {-0.00002, 1, 3, 0, 0}, {0.00002, 0, 4, 0, 0}}

var planets = [][3]float64{{325, 299.77, 0.107408}, {165, 251.88, 0.016321}, {164, 251.83, 26.651886}, {126, 349.42, 36.412478}, {110, 84.66, 18.206239},
	{62, 141.74, 53.303771}, {60, 207.14, 2.453732}, {56, 154.84, 7.306860}, {47, 34.52, 27.261239}, {42, 207.19, 0.121824}, {40, 291.34, 1.844379},
	{37, 161.72, 24.198154}, {35, 239.56, 25.513099}, {23, 331.55, 3.592518}}

// newMoon is the time of the k-th new moon since January 2000 as a Julian ephemeris day.
func newMoon(k float64) float64 {
	t := k / 1236.85
	e := 1 - 0.002516*t - 0.0000074*t*t
	m := 2.5534 + 29.10535670*k - 0.0000014*t*t
	mm := 201.5643 + 385.81693528*k + 0.0107582*t*t + 0.00001238*t*t*t
	f := 160.7108 + 390.67050284*k - 0.0016118*t*t
	jde := 2451550.09766 + 29.530588861*k + 0.00015437*t*t
	for _, x := range terms {
		jde += x.days * math.Pow(e, x.e) * sin(x.m*m+x.mm*mm+x.f*f)
	}
	jde -= 0.00017 * sin(124.7746-1.56375588*k+0.0020672*t*t)
	for i, p := range planets {
		a := p[1] + p[2]*k
		if i == 0 {
			a -= 0.009173 * t * t
		}
		jde += p[0] * 1e-6 * sin(a)
	}
	return jde
}

// longitude is the apparent longitude of the Sun in degrees, to about a hundredth.
//
// Source: Meeus (1998), chapter 25.
func longitude(jde float64) float64 {
	t := (jde - 2451545) / 36525
	l := 280.46646 + 36000.76983*t + 0.0003032*t*t
	m := 357.52911 + 35999.05029*t - 0.0001537*t*t
	c := (1.914602-0.004817*t)*sin(m) + (0.019993-0.000101*t)*sin(2*m) + 0.000289*sin(3*m)
	l += c - 0.00569 - 0.00478*sin(125.04-1934.136*t)
	return math.Mod(math.Mod(l, 360)+360, 360)
}

// deltaT is dynamical minus universal time, in days, to a few seconds over the table.
//
// Source: Espenak and Meeus (2006), Five Millennium Canon of Solar Eclipses, polynomial
// fits; a straight line between their values.
func deltaT(year float64) float64 {
	points := [][2]float64{{1890, -6}, {1900, -3}, {1910, 10}, {1920, 21}, {1930, 24}, {1940, 25}, {1950, 29}, {1960, 33}, {1970, 40}, {1980, 51}, {1990, 57}, {2000, 64}, {2010, 66}, {2020, 70}, {2055, 90}}
	for i := 1; i < len(points); i++ {
		if a, b := points[i-1], points[i]; year <= b[0] {
			return (a[1] + (b[1]-a[1])*(year-a[0])/(b[0]-a[0])) / 86400
		}
	}
	return 90.0 / 86400
}

// day is the day in Korea of a time.
func day(jde float64) when.Day {
	jd := jde - deltaT(2000+(jde-2451545)/365.25)
	return when.Day(math.Floor(jd + meridian(jd) + 0.5 - 2440588))
}

// midnight is the start of a day in Korea as a Julian ephemeris day.
func midnight(d when.Day) float64 {
	jd := float64(d) + 2440588 - 0.5
	jd -= meridian(jd)
	return jd + deltaT(2000+(jd-2451545)/365.25)
}

// month is a lunar month: its first day, whether the Sun passes a multiple of 30 degrees
// in it, and whether it passes 270, the winter solstice.
type month struct {
	first            when.Day
	passes, solstice bool
}

func months() []month {
	var out []month
	from := math.Floor((float64(firstYear)-2000)*12.3685) - 16
	for k := from; ; k++ {
		m := month{first: day(newMoon(k))}
		next := day(newMoon(k + 1))
		a, b := longitude(midnight(m.first)), longitude(midnight(next))
		m.passes = int(a/30) != int(b/30)
		m.solstice = a < 270 && a > 180 && b >= 270
		out = append(out, m)
		if y, _, _ := m.first.Civil(); y > lastYear+1 {
			return out
		}
	}
}

// table numbers the months: the month of the winter solstice is the eleventh, and when
// thirteen months lie between two solstices, the first in which the Sun enters no sector
// is a leap month.
func table() string {
	ms := months()
	number, leap := make([]int, len(ms)), make([]bool, len(ms))
	last := -1
	for i, m := range ms {
		if !m.solstice {
			continue
		}
		if last >= 0 {
			n, used := 11, i-last != 13
			for j := last; j < i; j++ {
				if j > last {
					if !used && !ms[j].passes {
						leap[j], used = true, true
					} else {
						n = n%12 + 1
					}
				}
				number[j] = n
			}
		}
		last = i
	}
	return write(ms, number, leap)
}

func write(ms []month, number []int, leap []bool) string {
	var b strings.Builder
	b.WriteString("// Code generated by linkage/dates/generate; DO NOT EDIT.\n\npackage dates\n\n")
	b.WriteString("// lunarYears are the lunar years from lunarFirst on: the first day, the number of the\n// month that is repeated as a leap month (0 for none), and a bit for each month of 30 days.\n//\n")
	b.WriteString("// Source: computed for the meridian of Peking until 1911, then of 135 degrees east, with\n// Meeus (1998), Astronomical Algorithms, chapters 25 and 49.\n")
	fmt.Fprintf(&b, "var lunarYears = [...]lunarYear{\n")
	for i := range ms {
		y, _, _ := ms[i].first.Civil()
		if number[i] != 1 || leap[i] || y < firstYear || y > lastYear {
			continue
		}
		bits, repeated, j := 0, 0, i
		for ; j == i || number[j] != 1 || leap[j]; j++ {
			if ms[j+1].first-ms[j].first == 30 {
				bits |= 1 << (j - i)
			}
			if leap[j] {
				repeated = number[j]
			}
		}
		fmt.Fprintf(&b, "\t{%d, %d, %d, %#04x}, // %s\n", ms[i].first, repeated, j-i, bits, ms[i].first)
	}
	b.WriteString("}\n")
	return b.String()
}
