package chart

import (
	"maps"
	"math"
	"slices"
)

// Rug is how the separate runs of a sampler agree: one row of ticks a chain with its
// median, and a verdict in words and a sign. R-hat and the effective draws are in the table.
//
// Draws that are known by stretches only are given as the middles of these, with Stretch their
// width: then each row is of bars, as high as there are draws in a stretch.
type Rug struct {
	Frame
	Chains  [][]float64 // draws; at most 150 of each are drawn, evenly
	Stretch float64     // 0: every draw is drawn where it is
	RHat    float64
	ESS     float64
	Settled Verdict
	Log     bool
	Plain   bool // the verdict stands beside the picture, not in it
	Words   RugWords
}

// Verdict is the one thing to know of a set of chains.
type Verdict int

// The verdicts: the runs agree, agree hardly, or do not.
const (
	Agree Verdict = iota
	Hardly
	Disagree
)

// RugWords label what is drawn.
type RugWords struct{ Chain, Median, Range, Agree, Hardly, Disagree string }

func (r Rug) words() RugWords {
	w := r.Words
	return RugWords{or(w.Chain, "run"), or(w.Median, "median"), or(w.Range, "95 % of draws"), or(w.Agree, "the runs agree"),
		or(w.Hardly, "the runs hardly agree"), or(w.Disagree, "the runs do not agree")}
}

func (r Rug) verdict() (sign, text string) {
	w := r.words()
	switch r.Settled {
	case Agree:
		return "●", w.Agree
	case Hardly:
		return "▲", w.Hardly
	}
	return "✕", w.Disagree
}

const rugTicks = 150

// SVG draws the chart.
func (r Rug) SVG() []byte {
	var all []float64
	for _, ch := range r.Chains {
		all = append(all, ch...)
	}
	row := 24.0
	if r.Stretch > 0 {
		row = 40
		for _, x := range slices.Clone(all) {
			all = append(all, x-r.Stretch/2, x+r.Stretch/2)
		}
	}
	w := r.words()
	left := measure(w.Chain) + 40
	top := 34.0
	if r.Plain {
		top = 12
	}
	bottom := top + row*float64(len(r.Chains))
	x := newScale(left, r.width()-20, r.Log, all...)
	c := open(r.Frame, bottom+46)
	if sign, text := r.verdict(); !r.Plain {
		c.text("c-verdict", "start", 8, 18, sign+" "+text, `font-weight="600"`)
	}
	c.xAxis(x, bottom, top, true)
	c.text("c-label", "middle", (x.from+x.to)/2, bottom+36, r.X, "")
	for i, ch := range r.Chains {
		y := top + row*(float64(i)+0.5)
		c.text("c-label", "end", left-10, y+4, w.Chain+" "+number(float64(i+1)), "")
		if r.Stretch > 0 {
			r.bars(c, x, ch, y+row/2-3, row-8)
		} else {
			strip(c, x, ch, y)
		}
		if len(ch) > 0 {
			m := x.at(middle(ch, 0.5))
			c.line("c-mark", m, y-row/2+2, m, y+row/2-2, `stroke-width="2.4"`)
		}
	}
	return c.close()
}

// strip draws a tick for each draw.
func strip(c *canvas, x scale, ch []float64, y float64) {
	var d []float64
	n := min(rugTicks, len(ch))
	for k := range n {
		d = append(d, x.at(ch[k*len(ch)/n]))
	}
	slices.Sort(d)
	c.ticks("c-tick", slices.Compact(d), y-6, y+6, `stroke="currentColor" stroke-opacity="0.25"`)
}

// bars draws a bar for each stretch with draws in it; the highest of any run is as high as
// there is room.
func (r Rug) bars(c *canvas, x scale, ch []float64, foot, room float64) {
	most := 1
	for _, other := range r.Chains {
		for _, n := range counted(other) {
			most = max(most, n)
		}
	}
	of := counted(ch)
	for _, at := range slices.Sorted(maps.Keys(of)) {
		from, to := x.at(at-r.Stretch/2), x.at(at+r.Stretch/2)
		high := room * float64(of[at]) / float64(most)
		c.rect("c-tick", from+0.5, foot-high, to-from-1, high, `fill-opacity="0.35"`)
	}
}

// counted is how often each value comes.
func counted(values []float64) map[float64]int {
	n := map[float64]int{}
	for _, v := range values {
		n[v]++
	}
	return n
}

func middle(v []float64, p float64) float64 {
	if len(v) == 0 {
		return math.NaN()
	}
	s := slices.Clone(v)
	slices.Sort(s)
	h := p * float64(len(s)-1)
	k := int(h)
	if k+1 >= len(s) {
		return s[len(s)-1]
	}
	return s[k] + (h-float64(k))*(s[k+1]-s[k])
}

// Table lists the chains with their medians and ranges, then the verdict. The range of draws
// by stretches is that of whole stretches.
func (r Rug) Table() Rows {
	w := r.words()
	t := Rows{Header: []string{w.Chain, w.Median, w.Range}}
	for i, ch := range r.Chains {
		low, high := middle(ch, 0.025), middle(ch, 0.975)
		if d := slices.Sorted(slices.Values(ch)); r.Stretch > 0 && len(d) > 0 {
			out := int(0.025 * float64(len(d)))
			low, high = d[out]-r.Stretch/2, d[len(d)-1-out]+r.Stretch/2
		}
		t.Rows = append(t.Rows, []string{number(float64(i + 1)), number(middle(ch, 0.5)), span(low, high)})
	}
	_, text := r.verdict()
	t.Rows = append(t.Rows, []string{text, "R̂ " + number(r.RHat), "ESS " + number(r.ESS)})
	return t
}

// Suppression is a table as it would be published: shown cells as numbers, hidden cells
// hatched, each with the narrowest range that a reader could work out.
type Suppression struct {
	Frame
	Rows, Columns []string
	Cells         [][]Cell // Cells[i][j] belongs to Rows[i] and Columns[j]
	Words         SuppressionWords
}

// Cell is one cell. Hidden cells carry Lower and Upper, the attacker's range; Tight says
// that the range gives too much away.
type Cell struct {
	Value        float64
	Hidden       Hiding
	Lower, Upper float64
	Tight        bool
}

// Hiding is why a cell is hidden.
type Hiding int

// A cell is shown, hidden for itself, or hidden so that others cannot be worked out.
const (
	Shown Hiding = iota
	Primary
	Secondary
)

// SuppressionWords label what is drawn.
type SuppressionWords struct{ Primary, Secondary, Tight, Range string }

func (s Suppression) words() SuppressionWords {
	w := s.Words
	return SuppressionWords{or(w.Primary, "hidden: few people"), or(w.Secondary, "hidden: to protect others"), or(w.Tight, "can be worked out"), or(w.Range, "a reader can work out")}
}

// SVG draws the chart.
func (s Suppression) SVG() []byte {
	const row, top = 30.0, 36.0
	w := s.words()
	left := math.Min(200, widest(s.Rows)+18)
	cols := math.Max(1, float64(len(s.Columns)))
	step := (s.width() - left - 8) / cols
	bottom := top + row*float64(len(s.Rows))
	c := open(s.Frame, bottom+44)
	id := s.id()
	c.b.WriteString(`<defs><pattern id="` + id + `-h" width="6" height="6" patternUnits="userSpaceOnUse"><path d="M0 6L6 0" stroke="currentColor" stroke-opacity="0.45"/></pattern>` +
		`<pattern id="` + id + `-s" width="6" height="6" patternUnits="userSpaceOnUse"><circle cx="3" cy="3" r="1" fill="currentColor" fill-opacity="0.5"/></pattern></defs>` + "\n")
	for j, name := range s.Columns {
		c.text("c-label", "middle", left+step*(float64(j)+0.5), top-12, clip(name, step-6), `font-weight="600"`)
	}
	for i, name := range s.Rows {
		y := top + row*float64(i)
		c.text("c-label", "end", left-10, y+row/2+4, clip(name, left-14), "")
		for j := range s.Columns {
			if i < len(s.Cells) && j < len(s.Cells[i]) {
				s.cell(c, s.Cells[i][j], id, left+step*float64(j), y, step, row)
			}
		}
	}
	y := bottom + 14
	c.rect("c-primary", left, y, 18, 14, `fill="url(#`+id+`-h)" stroke="currentColor" stroke-opacity="0.5"`)
	c.text("c-label", "start", left+24, y+11, w.Primary, "")
	next := left + 40 + measure(w.Primary)
	c.rect("c-secondary", next, y, 18, 14, `fill="url(#`+id+`-s)" stroke="currentColor" stroke-opacity="0.5"`)
	c.text("c-label", "start", next+24, y+11, w.Secondary, "")
	return c.close()
}

func (s Suppression) cell(c *canvas, v Cell, id string, x, y, w, h float64) {
	words := s.words()
	if v.Hidden == Shown {
		c.rect("c-shown", x, y, w, h, `fill="none" stroke="currentColor" stroke-opacity="0.3"`)
		c.text("c-value", "middle", x+w/2, y+h/2+4, number(v.Value), "")
		return
	}
	class, fill, why := "c-primary", "-h", words.Primary
	if v.Hidden == Secondary {
		class, fill, why = "c-secondary", "-s", words.Secondary
	}
	label := span(v.Lower, v.Upper)
	c.b.WriteString("<g><title>" + escape(why+"; "+words.Range+" "+label) + "</title>\n")
	c.rect(class, x, y, w, h, `fill="url(#`+id+fill+`)" stroke="currentColor" stroke-opacity="0.5"`)
	if v.Tight {
		label = "✕ " + label
	}
	weight := ""
	if v.Tight {
		weight = `font-weight="700"`
	}
	c.text("c-range", "middle", x+w/2, y+h/2+4, clip(label, w-4), weight)
	c.b.WriteString("</g>\n")
}

// Table lists the cells. The values of hidden cells are not in it.
func (s Suppression) Table() Rows {
	w := s.words()
	t := Rows{Header: append([]string{""}, s.Columns...)}
	for i, name := range s.Rows {
		line := []string{name}
		for j := range s.Columns {
			text := ""
			if i < len(s.Cells) && j < len(s.Cells[i]) {
				switch v := s.Cells[i][j]; v.Hidden {
				case Shown:
					text = number(v.Value)
				case Primary:
					text = w.Primary + ": " + span(v.Lower, v.Upper)
				default:
					text = w.Secondary + ": " + span(v.Lower, v.Upper)
				}
				if s.Cells[i][j].Tight {
					text += " (" + w.Tight + ")"
				}
			}
			line = append(line, text)
		}
		t.Rows = append(t.Rows, line)
	}
	return t
}
