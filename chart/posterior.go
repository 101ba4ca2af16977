package chart

import (
	"math"
	"slices"
)

// Posterior is the distribution of a number given the data: its density, the interval, the
// modes each with its words, and the bound beyond which it was not looked for.
type Posterior struct {
	Frame
	Density      []Point // in order of X
	Lower, Upper float64 // the interval
	Median       float64
	Modes        []Mode
	Observed     float64 // NaN: not drawn
	Bound        float64 // NaN: none
	Words        PosteriorWords
}

// PosteriorWords label what is drawn.
type PosteriorWords struct{ Interval, Median, Mode, Observed, Bound, Value, Density string }

// Point is a point of a curve.
type Point struct{ X, Y float64 }

// Mode is a peak with what makes it, such as a graph and its weight.
type Mode struct {
	X    float64
	Name string
}

func (p Posterior) words() PosteriorWords {
	w := p.Words
	return PosteriorWords{or(w.Interval, "interval"), or(w.Median, "median"), or(w.Mode, "mode"), or(w.Observed, "observed"),
		or(w.Bound, "not looked beyond"), or(w.Value, "Value"), or(w.Density, "Density")}
}

// SVG draws the chart.
func (p Posterior) SVG() []byte {
	xs := []float64{p.Observed, p.Bound, p.Lower, p.Upper}
	peak := 0.0
	for _, d := range p.Density {
		xs = append(xs, d.X)
		peak = math.Max(peak, d.Y)
	}
	w := p.words()
	top := 50.0
	bottom := top + 200
	x := newScale(20, p.width()-20, false, xs...)
	y := newScale(bottom, top, false, 0, peak)
	c := open(p.Frame, bottom+46)
	c.xAxis(x, bottom, top, true)
	c.text("c-label", "middle", (x.from+x.to)/2, bottom+36, p.X, "")
	p.area(c, x, y)
	var line []float64
	for _, d := range p.Density {
		line = append(line, x.at(d.X), y.at(d.Y))
	}
	c.path("c-line", line, false, stroke)
	c.line("c-line", x.at(p.Lower), bottom-3, x.at(p.Upper), bottom-3, `stroke-width="4" stroke-opacity="0.7"`)
	if !math.IsNaN(p.Median) {
		c.line("c-mark", x.at(p.Median), bottom, x.at(p.Median), y.at(p.height(p.Median)), `stroke-dasharray="3 3"`)
	}
	for i, m := range p.Modes {
		at := y.at(p.height(m.X))
		c.circle("c-mark", x.at(m.X), at, 3.5, "")
		anchor := "middle"
		label := or(m.Name, w.Mode) + " " + number(m.X)
		if x.at(m.X)+measure(label)/2 > x.to {
			anchor = "end"
		} else if x.at(m.X)-measure(label)/2 < 0 {
			anchor = "start"
		}
		c.text("c-label", anchor, x.at(m.X), math.Max(36, at-8-6*float64(i%2)), label, "")
	}
	c.mark(x, p.Observed, top, bottom, w.Observed, `stroke-dasharray="2 3"`, 12)
	c.mark(x, p.Bound, top, bottom, w.Bound, `stroke-width="2"`, 26)
	return c.close()
}

// height is the density at x, between the points.
func (p Posterior) height(x float64) float64 {
	i, _ := slices.BinarySearchFunc(p.Density, x, func(d Point, x float64) int {
		switch {
		case d.X < x:
			return -1
		case d.X > x:
			return 1
		}
		return 0
	})
	switch {
	case len(p.Density) == 0:
		return 0
	case i == 0:
		return p.Density[0].Y
	case i == len(p.Density):
		return p.Density[i-1].Y
	}
	a, b := p.Density[i-1], p.Density[i]
	if b.X == a.X {
		return b.Y
	}
	return a.Y + (x-a.X)/(b.X-a.X)*(b.Y-a.Y)
}

// area fills under the curve within the interval.
func (p Posterior) area(c *canvas, x, y scale) {
	points := []float64{x.at(p.Lower), y.from, x.at(p.Lower), y.at(p.height(p.Lower))}
	for _, d := range p.Density {
		if d.X > p.Lower && d.X < p.Upper {
			points = append(points, x.at(d.X), y.at(d.Y))
		}
	}
	points = append(points, x.at(p.Upper), y.at(p.height(p.Upper)), x.at(p.Upper), y.from)
	c.path("c-band", points, true, band)
}

// Table lists the marks, then the density.
func (p Posterior) Table() Rows {
	w := p.words()
	r := Rows{Header: []string{w.Value, w.Density}}
	add := func(name string, v float64) {
		if !math.IsNaN(v) {
			r.Rows = append(r.Rows, []string{name + " " + number(v), ""})
		}
	}
	r.Rows = append(r.Rows, []string{w.Interval + " " + span(p.Lower, p.Upper), ""})
	add(w.Median, p.Median)
	for _, m := range p.Modes {
		add(or(m.Name, w.Mode), m.X)
	}
	add(w.Observed, p.Observed)
	add(w.Bound, p.Bound)
	for _, d := range p.Density {
		r.Rows = append(r.Rows, []string{number(d.X), number(d.Y)})
	}
	return r
}

// Sensitivity is what the answer would be over an assumption that no data can check, with
// the threshold of the sentence and the tipping point where the curve crosses it.
type Sensitivity struct {
	Frame
	Points    []Band
	Log       bool    // X by logarithm, for ratios
	Neutral   float64 // the value of X that assumes nothing, such as 1; NaN: not drawn
	Threshold float64 // NaN: none
	Tipping   float64 // NaN or outside the curve: not reached
	Words     SensitivityWords
}

// SensitivityWords label what is drawn.
type SensitivityWords struct{ Tipping, Threshold, NotReached, Interval string }

// Band is a point with its interval; ends that are not known are NaN.
type Band struct{ X, Y, Lower, Upper float64 }

func (s Sensitivity) words() SensitivityWords {
	w := s.Words
	return SensitivityWords{or(w.Tipping, "overturned at"), or(w.Threshold, "threshold"), or(w.NotReached, "not overturned on this range"), or(w.Interval, "Interval")}
}

// SVG draws the chart.
func (s Sensitivity) SVG() []byte {
	xs, ys := []float64{s.Neutral}, []float64{0, s.Threshold}
	for _, p := range s.Points {
		xs, ys = append(xs, p.X), append(ys, p.Y, p.Lower, p.Upper)
	}
	w := s.words()
	top, bottom := 40.0, 260.0
	x := newScale(56, s.width()-20, s.Log, xs...)
	y := newScale(bottom, top, false, ys...)
	c := open(s.Frame, bottom+46)
	c.axes(s.Frame, x, y, s.X, s.Y)
	var line, over, under []float64
	for _, p := range s.Points {
		line = append(line, x.at(p.X), y.at(p.Y))
		if !math.IsNaN(p.Lower) && !math.IsNaN(p.Upper) {
			over, under = append(over, x.at(p.X), y.at(p.Upper)), append(under, x.at(p.X), y.at(p.Lower))
		}
	}
	for i := len(under) - 2; i >= 0; i -= 2 {
		over = append(over, under[i], under[i+1])
	}
	c.path("c-band", over, true, band)
	c.path("c-line", line, false, stroke)
	if !math.IsNaN(s.Neutral) {
		c.line("c-mark", x.at(s.Neutral), bottom, x.at(s.Neutral), top, `stroke-dasharray="2 3" stroke-opacity="0.6"`)
	}
	if math.IsNaN(s.Threshold) {
		return c.close()
	}
	c.line("c-warn", x.from, y.at(s.Threshold), x.to, y.at(s.Threshold), `stroke-dasharray="6 3"`)
	c.text("c-label", "end", x.to, y.at(s.Threshold)-5, w.Threshold+" "+number(s.Threshold), muted)
	if math.IsNaN(s.Tipping) || !x.holds(s.Tipping) {
		c.text("c-label", "end", x.to, 14, w.NotReached, "")
		return c.close()
	}
	c.line("c-warn", x.at(s.Tipping), bottom, x.at(s.Tipping), y.at(s.Threshold), `stroke-width="1.4"`)
	c.circle("c-warn", x.at(s.Tipping), y.at(s.Threshold), 4.5, `fill="none" stroke="currentColor" stroke-width="2"`)
	c.text("c-label", "middle", math.Min(x.to-70, math.Max(x.from+70, x.at(s.Tipping))), 26, w.Tipping+" "+number(s.Tipping), "")
	return c.close()
}

// Table lists the points, then threshold and tipping point.
func (s Sensitivity) Table() Rows {
	w := s.words()
	r := Rows{Header: []string{or(s.X, "X"), or(s.Y, "Y"), w.Interval}}
	for _, p := range s.Points {
		in := ""
		if !math.IsNaN(p.Lower) {
			in = span(p.Lower, p.Upper)
		}
		r.Rows = append(r.Rows, []string{number(p.X), number(p.Y), in})
	}
	if !math.IsNaN(s.Threshold) {
		last := w.NotReached
		if !math.IsNaN(s.Tipping) {
			last = w.Tipping + " " + number(s.Tipping)
		}
		r.Rows = append(r.Rows, []string{w.Threshold, number(s.Threshold), last})
	}
	return r
}
