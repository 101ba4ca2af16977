package chart

import (
	"math"
)

// scale maps values to positions on the drawing, linearly or by logarithm.
type scale struct {
	lo, hi   float64 // values
	from, to float64 // positions
	log      bool
}

// Values are drawn up to these; what lies beyond stands at the rim. Sums, differences and
// ratios of values within them are finite.
const (
	linearLimit = 1e150
	logLimit    = 1e100 // and down to its inverse
	leastSpan   = 1e-9  // of the greater end: a shorter scale is widened, lest its ticks coincide
)

// newScale holds all finite values given; a scale by logarithm only the positive ones. It
// is never empty.
func newScale(from, to float64, log bool, values ...float64) scale {
	s := scale{lo: math.Inf(1), hi: math.Inf(-1), from: from, to: to, log: log}
	for _, v := range values {
		switch {
		case math.IsNaN(v) || math.IsInf(v, 0) || log && v <= 0:
			continue
		case log:
			v = min(max(v, 1/logLimit), logLimit)
		default:
			v = min(max(v, -linearLimit), linearLimit)
		}
		s.lo, s.hi = min(s.lo, v), max(s.hi, v)
	}
	short := s.hi-s.lo <= leastSpan*max(math.Abs(s.lo), math.Abs(s.hi), leastSpan)
	switch {
	case s.lo > s.hi:
		s.lo, s.hi = 1, 10
	case short && log:
		s.lo, s.hi = s.lo/2, s.hi*2
	case short:
		wider := max(0.5, 1e-6*math.Abs(s.lo))
		s.lo, s.hi = s.lo-wider, s.hi+wider
	}
	return s
}

// roomy widens a scale by logarithm a little on both sides, so that nothing drawn at its
// ends touches the rim.
func (s scale) roomy() scale {
	f := math.Pow(s.hi/s.lo, 0.04)
	s.lo, s.hi = s.lo/f, s.hi*f
	return s
}

// at returns the position of v, held within the scale.
func (s scale) at(v float64) float64 {
	if math.IsNaN(v) {
		return s.from
	}
	v = math.Min(s.hi, math.Max(s.lo, v))
	f := (v - s.lo) / (s.hi - s.lo)
	if s.log {
		f = math.Log(v/s.lo) / math.Log(s.hi/s.lo)
	}
	return s.from + f*(s.to-s.from)
}

// holds reports whether v lies on the scale.
func (s scale) holds(v float64) bool { return v >= s.lo && v <= s.hi }

// ticks returns about n round values on the scale.
func (s scale) ticks(n int) []float64 {
	if s.log {
		return s.logTicks(n)
	}
	rough := (s.hi - s.lo) / float64(n)
	p := math.Pow(10, math.Floor(math.Log10(rough)))
	step := 10 * p
	for _, m := range []float64{1, 2, 5} {
		if m*p >= rough {
			step = m * p
			break
		}
	}
	var out []float64
	for k := math.Ceil(s.lo/step - 1e-9); k*step <= s.hi+1e-9*step; k++ {
		v := k * step
		if math.Abs(v) < 1e-12*step {
			v = 0
		}
		out = append(out, v)
	}
	return out
}

func (s scale) logTicks(n int) []float64 {
	if s.hi/s.lo < 5 {
		lin := scale{lo: s.lo, hi: s.hi}
		return lin.ticks(n)
	}
	var all []float64
	marks := []float64{1, 2, 5}
	if math.Log10(s.hi/s.lo) > float64(n)/2 {
		marks = marks[:1]
	}
	for e := math.Floor(math.Log10(s.lo)); e <= math.Ceil(math.Log10(s.hi)); e++ {
		for _, m := range marks {
			if v := m * math.Pow(10, e); s.holds(v) {
				all = append(all, v)
			}
		}
	}
	return all
}

// axes draws a grid with its labels: x below, y on the left.
func (c *canvas) axes(f Frame, x, y scale, xLabel, yLabel string) {
	for _, v := range y.ticks(5) {
		c.line("c-grid", x.from, y.at(v), x.to, y.at(v), soft)
		c.text("c-tick", "end", x.from-6, y.at(v)+4, number(v), muted)
	}
	c.xAxis(x, y.from, y.to, true)
	c.text("c-label", "middle", (x.from+x.to)/2, y.from+34, xLabel, "")
	c.text("c-label", "start", 4, y.to-10, yLabel, "")
}

// xAxis draws the ticks of x at the bottom of a plot that reaches from bottom to top.
func (c *canvas) xAxis(x scale, bottom, top float64, grid bool) {
	c.line("c-axis", x.from, bottom, x.to, bottom, `stroke-opacity="0.6"`)
	last := math.Inf(-1)
	for _, v := range x.ticks(6) {
		at := x.at(v)
		if grid {
			c.line("c-grid", at, bottom, at, top, soft)
		}
		c.line("c-axis", at, bottom, at, bottom+4, `stroke-opacity="0.6"`)
		if label := number(v); at-measure(label)/2 > last+6 {
			c.text("c-tick", "middle", at, bottom+17, label, muted)
			last = at + measure(label)/2
		}
	}
}
