package chart

import "math"

// Outcomes is the share that had each of several outcomes over time: lines that rise, each
// with its interval at the times it is given for.
type Outcomes struct {
	Frame
	Lines []OutcomeLine
	Words OutcomeWords
}

// OutcomeLine is one outcome with the times at which its share is given, ascending.
type OutcomeLine struct {
	Name string
	At   []Band // X is the time
}

// OutcomeWords head the columns of the table.
type OutcomeWords struct{ Outcome, Time, Share, Interval string }

// SVG draws the chart.
func (o Outcomes) SVG() []byte {
	var xs []float64
	top := 0.0
	var names []string
	for _, l := range o.Lines {
		names = append(names, l.Name)
		for _, p := range l.At {
			xs = append(xs, 1.06*p.X) // room to the right, for the intervals at the last time
			if !math.IsNaN(p.Upper) {
				top = math.Max(top, p.Upper)
			}
			top = math.Max(top, p.Y)
		}
	}
	right := math.Min(o.width()*0.35, widest(names)+40)
	x := newScale(56, o.width()-right, false, append(xs, 0)...)
	y := newScale(260, 30, false, 0, math.Max(0.1, top))
	c := open(o.Frame, 260+46)
	c.axes(o.Frame, x, y, o.X, o.Y)
	last := math.Inf(-1)
	for i, l := range o.Lines {
		points := []float64{x.at(0), y.at(0)}
		for k, p := range l.At {
			before := y.at(0)
			if k > 0 {
				before = y.at(l.At[k-1].Y)
			}
			points = append(points, x.at(p.X), before, x.at(p.X), y.at(p.Y))
			shift := x.at(p.X) + 3*float64(i%4) // intervals of several outcomes at one time do not cover each other
			if !math.IsNaN(p.Lower) && !math.IsNaN(p.Upper) {
				c.line("c-line", shift, y.at(p.Lower), shift, y.at(p.Upper), `stroke-opacity="0.45"`)
			}
		}
		if len(l.At) > 0 {
			points = append(points, x.to, y.at(l.At[len(l.At)-1].Y))
		}
		c.path("c-line", points, false, stroke+pad(dashes(i)))
		at := math.Max(44, last+15)
		last = at
		c.path("c-line", []float64{x.to + 10, at - 4, x.to + 30, at - 4}, false, stroke+pad(dashes(i)))
		c.text("c-label", "start", x.to+36, at, clip(l.Name, right-40), "")
	}
	return c.close()
}

// Table lists every share.
func (o Outcomes) Table() Rows {
	w := o.Words
	t := Rows{Header: []string{or(w.Outcome, "Outcome"), or(w.Time, "Time"), or(w.Share, "Share"), or(w.Interval, "Interval")}}
	for _, l := range o.Lines {
		for _, p := range l.At {
			t.Rows = append(t.Rows, []string{l.Name, number(p.X), number(p.Y), span(p.Lower, p.Upper)})
		}
		if len(l.At) == 0 {
			t.Rows = append(t.Rows, []string{l.Name, "–", "–", "–"})
		}
	}
	return t
}
