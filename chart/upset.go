package chart

import (
	"fmt"
	"math"
	"slices"
	"strings"
)

// UpSet is how lists overlap: a column for each history with its count above, the lists it
// is on as dots below, and the size of each list at the side.
type UpSet struct {
	Frame
	Lists    []string
	Overlaps []Overlap
	Most     int    // columns drawn, the largest first; 30 when 0
	Rest     string // "%d more histories, %d people" for those not drawn
	Words    UpSetWords
}

// UpSetWords head the columns of the table.
type UpSetWords struct{ History, Count string }

// Overlap is how many people are on exactly the lists of In; len(In) is that of Lists.
type Overlap struct {
	In    []bool
	Count int
}

// sorted returns overlaps by count, the largest first, then those on fewer lists, then by
// pattern, so that the order does not depend on how they came.
func (u UpSet) sorted() []Overlap {
	out := slices.Clone(u.Overlaps)
	on := func(o Overlap) (n int, pattern string) {
		for _, in := range o.In {
			if in {
				n++
				pattern += "0"
			} else {
				pattern += "1"
			}
		}
		return n, pattern
	}
	slices.SortStableFunc(out, func(a, b Overlap) int {
		if a.Count != b.Count {
			return b.Count - a.Count
		}
		na, pa := on(a)
		nb, pb := on(b)
		if na != nb {
			return na - nb
		}
		return strings.Compare(pa, pb)
	})
	return out
}

func (u UpSet) sizes() []int {
	n := make([]int, len(u.Lists))
	for _, o := range u.Overlaps {
		for k, in := range o.In {
			if in && k < len(n) {
				n[k] += o.Count
			}
		}
	}
	return n
}

// SVG draws the chart.
func (u UpSet) SVG() []byte {
	shown := u.sorted()
	most := u.Most
	if most <= 0 {
		most = 30
	}
	rest, restPeople := 0, 0
	if len(shown) > most {
		for _, o := range shown[most:] {
			rest, restPeople = rest+1, restPeople+o.Count
		}
		shown = shown[:most]
	}
	const bars, row, side = 150.0, 20.0, 90.0
	name := math.Min(150, widest(u.Lists)+12)
	left := name + side + 56
	top := 22.0
	matrix := top + bars + 14
	height := matrix + row*float64(len(u.Lists)) + 14
	if rest > 0 {
		height += 20
	}
	c := open(u.Frame, height)
	biggest := 1.0
	for _, o := range shown {
		biggest = math.Max(biggest, float64(o.Count))
	}
	y := newScale(top+bars, top, false, 0, biggest)
	for _, v := range y.ticks(4) {
		c.line("c-grid", left, y.at(v), u.width()-8, y.at(v), soft)
		c.text("c-tick", "end", left-6, y.at(v)+4, number(v), muted)
	}
	c.text("c-label", "start", 4, 14, u.Y, "")
	u.lists(c, name, side, matrix, row)
	step := (u.width() - 16 - left) / math.Max(1, float64(len(shown)))
	step = math.Min(step, 30)
	for i, o := range shown {
		u.column(c, o, left+step*(float64(i)+0.5), step, y, matrix, row)
	}
	if rest > 0 {
		c.text("c-label", "start", left, height-8, fmt.Sprintf(or(u.Rest, "%d more histories, %d people"), rest, restPeople), muted)
	}
	return c.close()
}

func (u UpSet) lists(c *canvas, name, side, matrix, row float64) {
	sizes := u.sizes()
	biggest := 1
	for _, n := range sizes {
		biggest = max(biggest, n)
	}
	for k, l := range u.Lists {
		at := matrix + row*(float64(k)+0.5)
		if k%2 == 0 {
			c.rect("c-stripe", 0, at-row/2, u.width(), row, `fill-opacity="0.05"`)
		}
		c.text("c-label", "end", name, at+4, clip(l, name-6), "")
		w := side * float64(sizes[k]) / float64(biggest)
		c.rect("c-bar", name+8, at-5, w, 10, `fill-opacity="0.55"`)
		c.text("c-tick", "start", name+12+w, at+4, number(float64(sizes[k])), muted)
	}
}

func (u UpSet) column(c *canvas, o Overlap, x, step float64, y scale, matrix, row float64) {
	w := math.Min(16, step*0.66)
	c.rect("c-bar", x-w/2, y.at(float64(o.Count)), w, y.from-y.at(float64(o.Count)), "")
	if label := number(float64(o.Count)); measure(label) < step+8 {
		c.text("c-tick", "middle", x, y.at(float64(o.Count))-4, label, `font-size="10"`)
	}
	first, last := -1, -1
	for k, in := range o.In {
		at := matrix + row*(float64(k)+0.5)
		if !in {
			c.circle("c-off", x, at, 3, `fill-opacity="0.15"`)
			continue
		}
		if first < 0 {
			first = k
		}
		last = k
		c.circle("c-on", x, at, 4, "")
	}
	if last > first {
		c.line("c-on", x, matrix+row*(float64(first)+0.5), x, matrix+row*(float64(last)+0.5), `stroke-width="1.6"`)
	}
}

// Table lists every history, drawn or not, then the lists.
func (u UpSet) Table() Rows {
	r := Rows{Header: []string{or(u.Words.History, "On the lists"), or(u.Words.Count, "People")}}
	for _, o := range u.sorted() {
		var on []string
		for k, in := range o.In {
			if in && k < len(u.Lists) {
				on = append(on, u.Lists[k])
			}
		}
		r.Rows = append(r.Rows, []string{strings.Join(on, " + "), number(float64(o.Count))})
	}
	for k, n := range u.sizes() {
		r.Rows = append(r.Rows, []string{"Σ " + u.Lists[k], number(float64(n))})
	}
	return r
}
