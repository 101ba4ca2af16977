package chart

import "math"

// Row is one estimate of a forest: its interval and point, or why there is none. An
// infinite Upper is drawn as an arrow.
type Row struct {
	Name                string
	Point, Lower, Upper float64
	Refused             string // the reason, instead of numbers
	Weak                bool   // shown, but not among the credible
}

// Forest is the ensemble: the intervals of all methods on one scale by logarithm, with the
// number observed and the lower bound of Chao as lines. A NaN line is left out.
type Forest struct {
	Frame
	Rows            []Row
	Observed, Bound float64
	Words           ForestWords
}

// ForestWords label the lines and head the columns of the table.
type ForestWords struct{ Observed, Bound, Method, Point, Interval string }

const rowHeight = 26

// SVG draws the chart.
func (f Forest) SVG() []byte {
	values := []float64{f.Observed, f.Bound}
	var names []string
	for _, r := range f.Rows {
		names = append(names, r.Name)
		if r.Refused == "" {
			values = append(values, r.Lower, r.Upper, r.Point)
		}
	}
	left := math.Min(f.width()*0.4, widest(names)+18)
	top := 40.0
	bottom := top + rowHeight*float64(len(f.Rows))
	x := newScale(left, f.width()-20, true, values...).roomy()
	c := open(f.Frame, bottom+46)
	c.xAxis(x, bottom, top, true)
	c.text("c-label", "middle", (x.from+x.to)/2, bottom+36, f.X, "")
	c.mark(x, f.Observed, top, bottom, or(f.Words.Observed, "observed"), `stroke-dasharray="2 3"`, 12)
	c.mark(x, f.Bound, top, bottom, or(f.Words.Bound, "at least"), `stroke-dasharray="6 3"`, 26)
	for i, r := range f.Rows {
		c.row(r, x, left, top+rowHeight*(float64(i)+0.5))
	}
	return c.close()
}

// mark draws a named upright line at v.
func (c *canvas) mark(x scale, v, top, bottom float64, name, dash string, labelAt float64) {
	if math.IsNaN(v) || !x.holds(v) {
		return
	}
	c.line("c-mark", x.at(v), top, x.at(v), bottom, dash)
	label := name + " " + number(v)
	anchor := "middle"
	switch half := measure(label) / 2; {
	case x.at(v)+half > x.to+16:
		anchor = "end"
	case x.at(v)-half < 4:
		anchor = "start"
	}
	c.text("c-label", anchor, x.at(v), labelAt, label, muted)
}

func (c *canvas) row(r Row, x scale, left, y float64) {
	c.text("c-label", "end", left-10, y+4, clip(r.Name, left-14), "")
	if r.Refused != "" {
		c.text("c-warn", "start", left+6, y+4, clip("✕ "+r.Refused, x.to-left-6), muted)
		return
	}
	opacity := ""
	if r.Weak {
		opacity = `stroke-opacity="0.45"`
	}
	lo, hi := x.at(r.Lower), x.at(r.Upper)
	c.line("c-line", lo, y, hi, y, `stroke-width="2"`+pad(opacity))
	c.line("c-line", lo, y-4, lo, y+4, opacity)
	if math.IsInf(r.Upper, 1) {
		c.path("c-line", []float64{x.to - 6, y - 4, x.to, y, x.to - 6, y + 4}, false, `fill="none" stroke="currentColor"`)
	} else {
		c.line("c-line", hi, y-4, hi, y+4, opacity)
	}
	if !math.IsNaN(r.Point) {
		fill := ""
		if r.Weak {
			fill = `fill="none" stroke="currentColor" stroke-opacity="0.6"`
		}
		c.circle("c-mark", x.at(r.Point), y, 3.6, fill)
	}
}

// Table lists the rows, then the lines.
func (f Forest) Table() Rows {
	w := f.Words
	t := rowTable(f.Rows, w.Method, w.Point, w.Interval)
	if !math.IsNaN(f.Observed) {
		t.Rows = append(t.Rows, []string{or(w.Observed, "observed"), number(f.Observed), ""})
	}
	if !math.IsNaN(f.Bound) {
		t.Rows = append(t.Rows, []string{or(w.Bound, "at least"), number(f.Bound), ""})
	}
	return t
}

func rowTable(rows []Row, name, point, interval string) Rows {
	t := Rows{Header: []string{or(name, "Method"), or(point, "Point"), or(interval, "Interval")}}
	for _, r := range rows {
		if r.Refused != "" {
			t.Rows = append(t.Rows, []string{r.Name, "–", r.Refused})
			continue
		}
		t.Rows = append(t.Rows, []string{r.Name, number(r.Point), span(r.Lower, r.Upper)})
	}
	return t
}

// LeaveOut is the leave-one-list-out strip: the estimate with each list left out (or two
// merged), over the interval of the whole.
type LeaveOut struct {
	Frame
	Whole Row
	Rows  []Row
	Words ForestWords
}

// SVG draws the chart.
func (l LeaveOut) SVG() []byte {
	values := []float64{l.Whole.Lower, l.Whole.Upper, l.Whole.Point}
	names := []string{l.Whole.Name}
	for _, r := range l.Rows {
		names = append(names, r.Name)
		if r.Refused == "" {
			values = append(values, r.Lower, r.Upper, r.Point)
		}
	}
	left := math.Min(l.width()*0.4, widest(names)+18)
	top := 12.0
	bottom := top + rowHeight*float64(len(l.Rows)+1)
	x := newScale(left, l.width()-20, true, values...).roomy()
	c := open(l.Frame, bottom+46)
	if l.Whole.Refused == "" {
		c.rect("c-band", x.at(l.Whole.Lower), top, x.at(l.Whole.Upper)-x.at(l.Whole.Lower), bottom-top, band)
	}
	c.xAxis(x, bottom, top, true)
	c.text("c-label", "middle", (x.from+x.to)/2, bottom+36, l.X, "")
	for i, r := range append([]Row{l.Whole}, l.Rows...) {
		c.row(r, x, left, top+rowHeight*(float64(i)+0.5))
	}
	return c.close()
}

// Table lists the whole, then the rows.
func (l LeaveOut) Table() Rows {
	return rowTable(append([]Row{l.Whole}, l.Rows...), l.Words.Method, l.Words.Point, l.Words.Interval)
}
