// Package nsum estimates the size of a hidden group from how many of its members people
// in the general population know: network scale-up.
//
// The result is an order of magnitude. Acquaintances often do not know that somebody is
// hidden, so it tends to be too low; the curve over the transmission rate is part of the
// answer.
package nsum

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"example.org/amparo/estimate"
	"example.org/amparo/fault"
)

// Survey is what respondents said. Known[i][k] is how many people of known group k
// respondent i knows, Hidden[i] how many of the hidden group; Sizes[k] is the size of
// group k and Population that of everybody.
type Survey struct {
	Known      [][]float64
	Hidden     []float64
	Sizes      []float64
	Population float64
}

func (s Survey) check() error {
	if len(s.Hidden) == 0 || len(s.Known) != len(s.Hidden) || len(s.Sizes) == 0 {
		return fault.New(fault.Invalid, "nsum", "there are %d respondents and %d groups of known size", len(s.Hidden), len(s.Sizes)).
			With("give at least one respondent and one group of known size")
	}
	if !(s.Population > 0) || math.IsInf(s.Population, 1) {
		return fault.New(fault.Invalid, "nsum", "the population is %g", s.Population).With("give the number of people in the area")
	}
	for k, v := range s.Sizes {
		if !(v > 0) || v > s.Population {
			return fault.New(fault.Invalid, "nsum", "the size of known group %d is %g of %g", k+1, v, s.Population).With("a group is smaller than the population")
		}
	}
	for i, row := range s.Known {
		if len(row) != len(s.Sizes) {
			return fault.Problem{Row: i + 1, Reason: fmt.Sprintf("there are %d answers for %d groups", len(row), len(s.Sizes)), Remedy: "give one answer a group"}
		}
		for _, y := range append(slices.Clone(row), s.Hidden[i]) {
			if !(y >= 0) || math.IsInf(y, 1) {
				return fault.Problem{Row: i + 1, Reason: "an answer is no count", Remedy: "write how many people of the group the respondent knows"}
			}
		}
	}
	return nil
}

// Degrees returns how many people each respondent knows: N·Σ_k y_ik/Σ_k N_k.
//
// Source: Killworth et al. (1998), Evaluation Review 22, 289-308.
func (s Survey) Degrees() []float64 {
	total := 0.0
	for _, v := range s.Sizes {
		total += v
	}
	d := make([]float64, len(s.Known))
	for i, row := range s.Known {
		for _, y := range row {
			d[i] += y
		}
		d[i] *= s.Population / total
	}
	return d
}

// Size is how many the hidden group has, two ways. MLE = N·Σ y_i/Σ d_i, with its model error √(N·MLE/Σ d);
// PIMLE = N·mean(y_i/d_i) over the respondents who know anybody of the known groups, Used
// of them.
//
// Source: Killworth et al. (1998), Social Networks 20, 23-50.
type Size struct {
	MLE   float64         `json:"mle"`
	SE    estimate.Number `json:"mle_se"`
	PIMLE float64         `json:"pimle"`
	Used  int             `json:"pimle_used"`
}

// Estimate returns the sizes.
func (s Survey) Estimate() (Size, error) {
	if err := s.check(); err != nil {
		return Size{}, err
	}
	return s.size(s.Degrees(), nil)
}

// size estimates from the respondents in pick, or from all when it is nil.
func (s Survey) size(d []float64, pick []int) (Size, error) {
	var out Size
	var y, sum float64
	n := len(d)
	if pick != nil {
		n = len(pick)
	}
	for j := range n {
		i := j
		if pick != nil {
			i = pick[j]
		}
		y += s.Hidden[i]
		sum += d[i]
		if d[i] > 0 {
			out.PIMLE += s.Hidden[i] / d[i]
			out.Used++
		}
	}
	if sum == 0 {
		return out, fault.New(fault.Invalid, "nsum", "no respondent knows anybody of the known groups").With("ask for more or larger groups of known size")
	}
	out.MLE = s.Population * y / sum
	out.SE = estimate.Number(math.Sqrt(s.Population * out.MLE / sum))
	out.PIMLE *= s.Population / float64(out.Used)
	return out, nil
}

// AtRate is the size of the group were only the share Rate of acquaintances of hidden
// people told, or otherwise aware, that they are.
type AtRate struct {
	Rate  float64 `json:"rate"`
	Size  float64 `json:"size"`
	Lower float64 `json:"lower"`
	Upper float64 `json:"upper"`
}

// Detail is the estimate with its transmission curve. CheckedSize[k] is what the other
// known groups would say of known group k: how far the method is off where the truth is
// known.
type Detail struct {
	Size
	PIMLEInterval estimate.Interval `json:"pimle_interval"`
	MeanDegree    float64           `json:"mean_degree"`
	Curve         []AtRate          `json:"transmission"`
	Known         []float64         `json:"known_sizes"`
	CheckedSize   []estimate.Number `json:"known_sizes_estimated"`
	Sentence      string            `json:"sentence"`
}

// Options of Fit. Draws is the number of bootstrap draws of respondents.
type Options struct {
	Draws int     // 0: 1000
	Level float64 // 0: 0.95
}

// rates is the grid of the transmission curve.
var rates = []float64{1, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1}

// Fit returns the size of the hidden group by the MLE with a percentile bootstrap over
// respondents.
func Fit(s Survey, opt Options, r *rand.Rand) (estimate.Fit, error) {
	if opt.Draws == 0 {
		opt.Draws = 1000
	}
	if opt.Level == 0 {
		opt.Level = 0.95
	}
	if opt.Draws < 40 || !(opt.Level > 0 && opt.Level < 1) {
		return estimate.Fit{}, fault.New(fault.Invalid, "nsum", "%d draws at the level %g", opt.Draws, opt.Level).With("give 40 draws or more, and a level such as 0.95")
	}
	size, err := s.Estimate()
	if err != nil {
		return estimate.Fit{}, err
	}
	deg := s.Degrees()
	mle, pimle := s.bootstrap(deg, opt, r)
	d := Detail{Size: size, PIMLEInterval: pimle, Known: s.Sizes, CheckedSize: s.holdOut()}
	for _, v := range deg {
		d.MeanDegree += v / float64(len(deg))
	}
	for _, rate := range rates {
		d.Curve = append(d.Curve, AtRate{rate, size.MLE / rate, float64(mle.Lower) / rate, float64(mle.Upper) / rate})
	}
	half := d.Curve[5]
	d.Sentence = fmt.Sprintf("In the order of %s if everybody knew of those they know that they are in hiding; %s if half did.", rough(size.MLE), rough(half.Size))
	fit := estimate.Fit{Method: "nsum-mle", Point: estimate.Number(size.MLE), Lower: mle.Lower, Upper: mle.Upper, Level: opt.Level,
		Median: estimate.Number(math.NaN()), Detail: d, Options: map[string]any{"level": opt.Level, "draws": opt.Draws, "population": s.Population}}
	doubts(&fit, s, d)
	return fit, nil
}

// bootstrap draws respondents with replacement; a draw in which nobody knows anybody of
// the known groups says nothing and is drawn again.
func (s Survey) bootstrap(deg []float64, opt Options, r *rand.Rand) (mle, pimle estimate.Interval) {
	n := len(deg)
	var a, b []float64
	pick := make([]int, n)
	for len(a) < opt.Draws {
		for i := range pick {
			pick[i] = r.IntN(n)
		}
		if v, err := s.size(deg, pick); err == nil {
			a, b = append(a, v.MLE), append(b, v.PIMLE)
		}
	}
	return percentiles(a, opt.Level), percentiles(b, opt.Level)
}

// percentiles cuts a share of the sorted draws off each side.
func percentiles(v []float64, level float64) estimate.Interval {
	slices.Sort(v)
	at := func(p float64) estimate.Number {
		h := p * float64(len(v)-1)
		k := int(h)
		if k >= len(v)-1 {
			return estimate.Number(v[len(v)-1])
		}
		return estimate.Number(v[k] + (h-float64(k))*(v[k+1]-v[k]))
	}
	return estimate.Interval{Lower: at((1 - level) / 2), Upper: at((1 + level) / 2), Level: level}
}

// holdOut estimates each known group from the others; NaN where that cannot be.
func (s Survey) holdOut() []estimate.Number {
	out := make([]estimate.Number, len(s.Sizes))
	for k := range s.Sizes {
		out[k] = estimate.Number(math.NaN())
		rest := Survey{Population: s.Population, Sizes: slices.Delete(slices.Clone(s.Sizes), k, k+1)}
		for _, row := range s.Known {
			rest.Known = append(rest.Known, slices.Delete(slices.Clone(row), k, k+1))
			rest.Hidden = append(rest.Hidden, row[k])
		}
		if v, err := rest.Estimate(); err == nil {
			out[k] = estimate.Number(v.MLE)
		}
	}
	return out
}

// rough gives one significant digit and its unit: "30 thousand".
func rough(v float64) string {
	if v <= 0 {
		return "nobody seen"
	}
	p := math.Pow(10, math.Floor(math.Log10(v)))
	x := math.Round(v/p) * p
	switch {
	case x >= 1e6:
		return fmt.Sprintf("%.3g million", x/1e6)
	case x >= 1e3:
		return fmt.Sprintf("%.3g thousand", x/1e3)
	}
	return fmt.Sprintf("%.3g", x)
}

func doubts(f *estimate.Fit, s Survey, d Detail) {
	f.Warn("order_of_magnitude", "This is an order of magnitude. %s", d.Sentence)
	if left := len(s.Hidden) - d.Used; left > 0 {
		f.Warn("no_known_contacts", "%d respondents know nobody of the known groups and are left out of the second estimate.", left)
	}
	for k, v := range d.CheckedSize {
		if e := float64(v); e > 2*s.Sizes[k] || e < s.Sizes[k]/2 {
			f.Warn("known_group_missed", "Known group %d is %.4g people; the other groups would say %.4g. It is known of or met otherwise than the rest.", k+1, s.Sizes[k], e)
		}
	}
	f.Assume("transmission", "Assumes that people know of everybody they know whether that person is in hiding; where they do not, the true number is higher.")
	f.Assume("barrier", "Assumes that people in hiding are as likely to be known to a respondent as anybody is.")
	f.Assume("recall", "Assumes that people count those they know rightly.")
}
