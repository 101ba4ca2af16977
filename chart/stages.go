package chart

import "math"

// Stages is the rug of a chain: a row for each stage with a mark for every group of people,
// from the mean of the shortest to the mean of the longest that their stays can have been. A
// mark never stands for one person; that is for the caller to see to.
type Stages struct {
	Frame
	Rows  []StageRow
	Words StageWords
}

// StageRow is one stage. Note stands behind the marks, such as that some had not ended.
type StageRow struct {
	Name  string
	Marks [][2]float64
	Note  string
}

// StageWords head the columns of the table.
type StageWords struct{ Stage, Shortest, Longest string }

// SVG draws the chart.
func (s Stages) SVG() []byte {
	var values []float64
	var names []string
	for _, r := range s.Rows {
		names = append(names, r.Name)
		for _, m := range r.Marks {
			values = append(values, math.Max(1, m[0]), math.Max(1, m[1]))
		}
	}
	left := math.Min(s.width()*0.4, widest(names)+18)
	top := 12.0
	bottom := top + rowHeight*float64(len(s.Rows))
	x := newScale(left, s.width()-20, true, values...).roomy()
	c := open(s.Frame, bottom+46)
	c.xAxis(x, bottom, top, true)
	c.text("c-label", "middle", (x.from+x.to)/2, bottom+36, s.X, "")
	for i, r := range s.Rows {
		y := top + rowHeight*(float64(i)+0.5)
		c.text("c-label", "end", left-10, y+4, clip(r.Name, left-14), "")
		for k, m := range r.Marks {
			// Groups follow each other in two heights, so that overlapping ones can be told apart.
			at := y - 3 + 6*float64(k%2)
			lo, hi := x.at(math.Max(1, m[0])), x.at(math.Max(1, m[1]))
			c.line("c-line", lo, at, math.Max(hi, lo+1.5), at, `stroke-width="3" stroke-opacity="0.55"`)
			c.line("c-mark", (lo+hi)/2, at-4, (lo+hi)/2, at+4, `stroke-width="1.6"`)
		}
		if len(r.Marks) == 0 {
			c.text("c-label", "start", left+6, y+4, r.Note, muted)
		}
	}
	return c.close()
}

// Table lists the marks, then the notes.
func (s Stages) Table() Rows {
	w := s.Words
	t := Rows{Header: []string{or(w.Stage, "Stage"), or(w.Shortest, "Shortest"), or(w.Longest, "Longest")}}
	for _, r := range s.Rows {
		for _, m := range r.Marks {
			t.Rows = append(t.Rows, []string{r.Name, number(m[0]), number(m[1])})
		}
		if r.Note != "" {
			t.Rows = append(t.Rows, []string{r.Name, r.Note, ""})
		}
	}
	return t
}
