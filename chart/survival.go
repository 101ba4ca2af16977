package chart

import "math"

// Survival is one or more survival curves with bands, rectangles where the curve is not
// determined, and the numbers at risk under the axis.
type Survival struct {
	Frame
	Curves    []SurvivalCurve
	RiskTimes []float64 // where the numbers at risk stand
	Risk      string    // "people at risk"
	Words     SurvivalWords
}

// SurvivalWords head the columns of the table.
type SurvivalWords struct{ Group, Time, Share, Interval, Risk string }

// SurvivalCurve is a curve: Steps for times known exactly, Boxes for those in intervals.
// AtRisk[i] belongs to RiskTimes[i] of the chart. Last is where seeing ends.
type SurvivalCurve struct {
	Name   string
	Steps  []SurvivalStep
	Boxes  []SurvivalBox
	AtRisk []float64
	Last   float64
}

// SurvivalStep is the share that lasts longer than Time; ends that are not known are NaN.
type SurvivalStep struct {
	Time, Share, Lower, Upper float64
}

// SurvivalBox says that the curve falls from Before to After somewhere between Left and
// Right; Right may be infinite.
type SurvivalBox struct {
	Left, Right, Before, After float64
}

func (s Survival) end() float64 {
	end := 0.0
	for _, c := range s.Curves {
		end = math.Max(end, c.Last)
		for _, b := range c.Boxes {
			end = math.Max(end, b.Left)
			if !math.IsInf(b.Right, 1) {
				end = math.Max(end, b.Right)
			}
		}
		for _, st := range c.Steps {
			end = math.Max(end, st.Time)
		}
	}
	return end
}

// SVG draws the chart.
func (s Survival) SVG() []byte {
	var names []string
	for _, c := range s.Curves {
		names = append(names, c.Name)
	}
	left := math.Max(48, math.Min(160, widest(names)+26))
	risk := 0.0
	if len(s.RiskTimes) > 0 {
		risk = 26 + 16*float64(len(s.Curves))
	}
	const plot = 260
	x := newScale(left, s.width()-16, false, 0, s.end())
	y := newScale(24+plot, 24, false, 0, 1)
	c := open(s.Frame, 24+plot+44+risk)
	c.axes(s.Frame, x, y, s.X, s.Y)
	for i, curve := range s.Curves {
		curve.band(c, x, y)
		curve.line(c, x, y, i)
		for _, b := range curve.Boxes {
			right := math.Min(b.Right, x.hi)
			c.rect("c-band", x.at(b.Left), y.at(b.Before), x.at(right)-x.at(b.Left), y.at(b.After)-y.at(b.Before),
				`fill-opacity="0.12" stroke="currentColor" stroke-opacity="0.5" stroke-width="0.8"`)
		}
	}
	s.legend(c, x, y)
	base := y.from + 52
	if len(s.RiskTimes) > 0 {
		c.text("c-label", "start", 4, base, or(s.Risk, "at risk"), muted)
	}
	for i, curve := range s.Curves {
		at := base + 16*float64(i+1)
		if len(s.RiskTimes) > 0 {
			c.text("c-label", "start", 4, at, clip(curve.Name, left-24), "")
		}
		for k, t := range s.RiskTimes {
			if k < len(curve.AtRisk) && x.holds(t) {
				c.text("c-tick", "middle", x.at(t), at, number(curve.AtRisk[k]), "")
			}
		}
	}
	return c.close()
}

// band fills between the ends where both are known.
func (v SurvivalCurve) band(c *canvas, x, y scale) {
	var top, bottom []float64
	flush := func() {
		for i := len(bottom) - 2; i >= 0; i -= 2 {
			top = append(top, bottom[i], bottom[i+1])
		}
		c.path("c-band", top, true, band)
		top, bottom = nil, nil
	}
	for i, s := range v.Steps {
		next := v.Last
		if i+1 < len(v.Steps) {
			next = v.Steps[i+1].Time
		}
		if math.IsNaN(s.Lower) || math.IsNaN(s.Upper) {
			flush()
			continue
		}
		top = append(top, x.at(s.Time), y.at(s.Upper), x.at(next), y.at(s.Upper))
		bottom = append(bottom, x.at(s.Time), y.at(s.Lower), x.at(next), y.at(s.Lower))
	}
	flush()
}

func (v SurvivalCurve) line(c *canvas, x, y scale, i int) {
	attr := stroke + pad(dashes(i))
	if len(v.Boxes) > 0 { // flat where nothing can have ended; a box where something did
		at, share := 0.0, 1.0
		for _, b := range v.Boxes {
			c.path("c-line", []float64{x.at(at), y.at(share), x.at(b.Left), y.at(share)}, false, attr)
			at, share = math.Min(b.Right, x.hi), b.After
		}
		if share > 0 {
			c.path("c-line", []float64{x.at(at), y.at(share), x.at(x.hi), y.at(share)}, false, attr)
		}
		return
	}
	points := []float64{x.at(0), y.at(1)}
	share := 1.0
	for _, s := range v.Steps {
		points = append(points, x.at(s.Time), y.at(share), x.at(s.Time), y.at(s.Share))
		share = s.Share
	}
	points = append(points, x.at(math.Max(v.Last, 0)), y.at(share))
	c.path("c-line", points, false, attr)
}

func (s Survival) legend(c *canvas, x, y scale) {
	if len(s.Curves) < 2 {
		return
	}
	for i, curve := range s.Curves {
		at := y.to + 14 + 16*float64(i)
		name := clip(curve.Name, 160)
		c.path("c-line", []float64{x.to - 30, at - 4, x.to - 4, at - 4}, false, stroke+pad(dashes(i)))
		c.text("c-label", "end", x.to-36, at, name, "")
	}
}

// Table lists the steps and boxes.
func (s Survival) Table() Rows {
	w := s.Words
	r := Rows{Header: []string{or(w.Group, "Group"), or(w.Time, "Time"), or(w.Share, "Share"), or(w.Interval, "Interval")}}
	for _, c := range s.Curves {
		for _, st := range c.Steps {
			r.Rows = append(r.Rows, []string{c.Name, number(st.Time), number(st.Share), span(st.Lower, st.Upper)})
		}
		for _, b := range c.Boxes {
			r.Rows = append(r.Rows, []string{c.Name, span(b.Left, b.Right), span(b.After, b.Before), ""})
		}
	}
	for _, c := range s.Curves {
		for k, t := range s.RiskTimes {
			if k < len(c.AtRisk) {
				r.Rows = append(r.Rows, []string{c.Name, number(t), or(w.Risk, or(s.Risk, "at risk")), number(c.AtRisk[k])})
			}
		}
	}
	return r
}
