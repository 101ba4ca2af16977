// Package agreement measures how far independent coders of the same material agree beyond
// what chance would give: Cohen's kappa for two coders, Krippendorff's alpha for any
// number, any scale and missing values, each with an interval by bootstrap over the units
// that were coded.
//
// Agreement says whether the instructions for coding can be followed. It says nothing of
// whether what was coded is true, and nothing of any person in it.
package agreement

import (
	"encoding/binary"
	"math"
	"math/rand/v2"
	"slices"

	"example.org/amparo/estimate"
	"example.org/amparo/fault"
)

// Scale says how far apart two values are.
type Scale string

// The scales.
const (
	Nominal  Scale = "nominal"  // equal or not
	Ordinal  Scale = "ordinal"  // by how many values lie between, in rank
	Interval Scale = "interval" // by their difference, squared
	Ratio    Scale = "ratio"    // by their difference over their sum, squared
)

// Ratings are what coders gave: Values[coder][unit], NaN where a coder did not code the
// unit. Terms are numbered by the caller; on the ordinal scale the numbers are in rank.
type Ratings struct{ Values [][]float64 }

// Options of a measurement. The zero value is the nominal scale, 95 %, 2,000 draws.
type Options struct {
	Scale Scale
	Level float64 // of the interval, in (0, 1)
	Draws int     // of the bootstrap, at least 100
	Seed  uint64
}

func (o Options) withDefaults() (Options, error) {
	if o.Scale == "" {
		o.Scale = Nominal
	}
	if o.Level == 0 {
		o.Level = 0.95
	}
	if o.Draws == 0 {
		o.Draws = 2000
	}
	if !slices.Contains([]Scale{Nominal, Ordinal, Interval, Ratio}, o.Scale) {
		return o, fault.New(fault.Invalid, "agreement", "there is no scale %q", o.Scale).With("use nominal, ordinal, interval or ratio")
	}
	if !(o.Level > 0 && o.Level < 1) || o.Draws < 100 || o.Draws > 1_000_000 {
		return o, fault.New(fault.Invalid, "agreement", "an interval of level %g from %d draws", o.Level, o.Draws).With("use a level such as 0.95 and 100 draws or more")
	}
	return o, nil
}

// Counts is what a measurement rests on; it stands in the Detail of a fit.
type Counts struct {
	Units    int     `json:"units"`    // coded by two coders or more
	Values   int     `json:"values"`   // in those units
	Observed float64 `json:"observed"` // disagreement (alpha) or agreement (kappa) seen
	Expected float64 `json:"expected"` // by chance
	StdErr   float64 `json:"std_err,omitempty"`
	Skipped  int     `json:"skipped"` // draws in which nothing varied
}

// fewUnits is where an interval by bootstrap says little.
const fewUnits = 20

// Alpha is Krippendorff's alpha: one minus the disagreement observed over the
// disagreement expected if values were dealt to units at random. 1 is full agreement, 0
// what chance gives, below 0 systematic disagreement. A unit coded by fewer than two
// coders is left out. Where all values are the same there is nothing to agree on and the
// fit is refused ("no_variation").
//
// Source: Krippendorff (2011), Computing Krippendorff's Alpha-Reliability; the ordinal
// metric is his (2004), Content Analysis, 2nd ed., 11.3. The interval resamples units:
// Zapf, Castell, Morawietz and Karch (2016), BMC Medical Research Methodology 16:93.
func Alpha(r Ratings, opt Options) (estimate.Fit, error) {
	opt, err := opt.withDefaults()
	if err != nil {
		return estimate.Fit{}, err
	}
	units, err := r.units(opt.Scale)
	if err != nil {
		return estimate.Fit{}, err
	}
	point, counts := alpha(units, opt.Scale)
	return r.fit("krippendorff_alpha", opt, units, point, counts, func(sample [][]float64) float64 {
		a, _ := alpha(sample, opt.Scale)
		return a
	})
}

// units turns the ratings over: the values of each unit coded at least twice.
func (r Ratings) units(scale Scale) ([][]float64, error) {
	if len(r.Values) < 2 {
		return nil, fault.New(fault.Invalid, "agreement", "%d coders", len(r.Values)).With("give the values of at least two")
	}
	n := len(r.Values[0])
	var out [][]float64
	for u := range n {
		var values []float64
		for c, row := range r.Values {
			if len(row) != n {
				return nil, fault.New(fault.Invalid, "agreement", "coder %d has %d units, the first %d", c+1, len(row), n).With("mark what was not coded as missing")
			}
			v := row[u]
			if math.IsInf(v, 0) || scale == Ratio && v < 0 {
				return nil, fault.New(fault.Invalid, "agreement", "coder %d, unit %d: %g is no value of the %s scale", c+1, u+1, v, scale)
			}
			if !math.IsNaN(v) {
				values = append(values, v)
			}
		}
		if len(values) >= 2 {
			out = append(out, values)
		}
	}
	return out, nil
}

// alpha computes the coefficient from the coincidences of values within units.
func alpha(units [][]float64, scale Scale) (float64, Counts) {
	c := Counts{Units: len(units)}
	var values []float64
	for _, u := range units {
		values = append(values, u...)
	}
	c.Values = len(values)
	slices.Sort(values)
	values = slices.Compact(values)
	index := make(map[float64]int, len(values))
	for i, v := range values {
		index[v] = i
	}
	marginal := make([]float64, len(values))
	for _, u := range units {
		for _, v := range u {
			marginal[index[v]]++
		}
	}
	d := distances(values, marginal, scale)
	n := float64(c.Values)
	for _, u := range units {
		within := 0.0
		for i, a := range u {
			for j, b := range u {
				if i != j {
					within += d[index[a]][index[b]]
				}
			}
		}
		c.Observed += within / float64(len(u)-1)
	}
	c.Observed /= n
	for i, a := range marginal {
		for j, b := range marginal {
			c.Expected += a * b * d[i][j]
		}
	}
	c.Expected /= n * (n - 1)
	if !(c.Expected > 0) {
		return math.NaN(), c
	}
	return 1 - c.Observed/c.Expected, c
}

// distances are the squared differences between the values that occur.
func distances(values, marginal []float64, scale Scale) [][]float64 {
	d := make([][]float64, len(values))
	for i, a := range values {
		d[i] = make([]float64, len(values))
		for j, b := range values {
			if i == j {
				continue
			}
			switch scale {
			case Nominal:
				d[i][j] = 1
			case Interval:
				d[i][j] = (a - b) * (a - b)
			case Ratio:
				d[i][j] = ((a - b) / (a + b)) * ((a - b) / (a + b))
			case Ordinal:
				between := -(marginal[i] + marginal[j]) / 2
				for g := min(i, j); g <= max(i, j); g++ {
					between += marginal[g]
				}
				d[i][j] = between * between
			}
		}
	}
	return d
}

// fit adds the interval by bootstrap over units.
func (r Ratings) fit(method string, opt Options, units [][]float64, point float64, counts Counts, again func([][]float64) float64) (estimate.Fit, error) {
	options := map[string]any{"scale": string(opt.Scale), "level": opt.Level, "draws": opt.Draws}
	hash := estimate.Hash(r.canonical())
	if len(units) == 0 {
		f := estimate.Refuse(method, estimate.Because("no_pairs", "no unit was coded by two coders").Offer("second_coder", "let a second coder code a sample of the units"))
		f.Options, f.InputHash = options, hash
		return f, nil
	}
	if math.IsNaN(point) {
		f := estimate.Refuse(method, estimate.Because("no_variation", "all values are the same: agreement beyond chance cannot be measured").
			Offer("share_agreed", "report the share of units on which the coders agree, and that nothing varied"))
		f.Options, f.InputHash, f.Detail = options, hash, counts
		return f, nil
	}
	g := rand.New(rand.NewPCG(opt.Seed, 0x9e3779b97f4a7c15))
	draws := make([]float64, 0, opt.Draws)
	sample := make([][]float64, len(units))
	for range opt.Draws {
		for i := range sample {
			sample[i] = units[g.IntN(len(units))]
		}
		if x := again(sample); !math.IsNaN(x) {
			draws = append(draws, x)
		}
	}
	counts.Skipped = opt.Draws - len(draws)
	slices.Sort(draws)
	f := estimate.Fit{Method: method, Point: estimate.Number(point), Level: opt.Level, Options: options, Seed: opt.Seed, InputHash: hash, Detail: counts}
	f.Lower, f.Upper, f.Median = quantile(draws, (1-opt.Level)/2), quantile(draws, (1+opt.Level)/2), quantile(draws, 0.5)
	f.Assume("independent_coders", "the coders worked without seeing each other's values")
	f.Assume("units_sampled", "the units coded twice are a random sample of all units")
	if len(units) < fewUnits {
		f.Warn("few_units", "only %d units were coded twice: the interval is rough", len(units))
	}
	if counts.Skipped > 0 {
		f.Warn("no_variation_in_draws", "in %d of %d draws nothing varied; they are left out of the interval", counts.Skipped, opt.Draws)
	}
	return f, nil
}

// quantile is the p-quantile of sorted values by linear interpolation (type 7 of Hyndman
// and Fan, 1996), or NaN where there are none.
func quantile(x []float64, p float64) estimate.Number {
	if len(x) == 0 {
		return estimate.Number(math.NaN())
	}
	h := p * float64(len(x)-1)
	i := int(h)
	if i+1 >= len(x) {
		return estimate.Number(x[len(x)-1])
	}
	return estimate.Number(x[i] + (h-float64(i))*(x[i+1]-x[i]))
}

// canonical are the bytes that name the input.
func (r Ratings) canonical() []byte {
	var b []byte
	for _, row := range r.Values {
		b = binary.BigEndian.AppendUint64(b, uint64(len(row)))
		for _, v := range row {
			if math.IsNaN(v) {
				v = math.NaN() // one spelling of missing
			}
			b = binary.BigEndian.AppendUint64(b, math.Float64bits(v))
		}
	}
	return b
}
