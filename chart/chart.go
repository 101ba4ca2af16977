// Package chart draws pictures of estimates as SVG: intervals always, points only with
// them, and every picture with a title, a description and its data as rows, for those who
// cannot see it.
//
// The pictures carry presentation attributes and classes only, no style attribute and no
// script, so a strict content security policy lets them stand in a page. They are drawn in
// currentColor: on dark paper they are light. Meaning is never in colour alone; classes
// (c-line, c-band, c-mark, c-warn ...) let a page add it.
//
// Words come from the caller, in the reader's language; empty ones are English. Numbers
// are cut to hundredths of a unit of the drawing, so one input gives the same bytes.
package chart

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Frame is what every chart has: ID prefixes the identifiers in the SVG and must differ
// between the charts of a page; Title and Desc are read out by screen readers; X and Y
// name the axes. Width is in pixels of the drawing, 640 when 0.
type Frame struct {
	ID          string
	Title, Desc string
	X, Y        string
	Width       float64
}

// Rows is the data of a chart as a table.
type Rows struct {
	Header []string   `json:"header"`
	Rows   [][]string `json:"rows"`
}

// Chart is a picture with its data.
type Chart interface {
	// SVG returns the picture as one svg element.
	SVG() []byte
	// Table returns what is drawn, in words and numbers.
	Table() Rows
}

func (f Frame) width() float64 {
	if f.Width > 0 && !math.IsInf(f.Width, 1) {
		return f.Width
	}
	return 640
}

// id is the prefix of identifiers, with nothing in it that would end an attribute or a
// reference.
func (f Frame) id() string {
	id := strings.Map(func(r rune) rune {
		if r == '-' || r == '_' || '0' <= r && r <= '9' || 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' {
			return r
		}
		return '-'
	}, f.ID)
	if id == "" {
		return "chart"
	}
	return id
}

// canvas writes SVG elements.
type canvas struct {
	b strings.Builder
}

// open begins the picture; height is known by then.
func open(f Frame, height float64) *canvas {
	c := &canvas{}
	id := f.id()
	fmt.Fprintf(&c.b, `<svg xmlns="http://www.w3.org/2000/svg" class="chart" role="img" aria-labelledby="%s-t %s-d" viewBox="0 0 %s %s" width="%s" height="%s" font-family="system-ui, sans-serif" font-size="12" fill="currentColor">`+"\n",
		id, id, n2(f.width()), n2(height), n2(f.width()), n2(height))
	fmt.Fprintf(&c.b, "<title id=\"%s-t\">%s</title>\n<desc id=\"%s-d\">%s</desc>\n", id, escape(f.Title), id, escape(f.Desc))
	return c
}

func (c *canvas) close() []byte {
	c.b.WriteString("</svg>\n")
	return []byte(c.b.String())
}

// n2 writes a coordinate with at most two decimals.
func n2(v float64) string {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return "0"
	}
	s := strconv.FormatFloat(math.Round(v*100)/100, 'f', -1, 64)
	if s == "-0" {
		return "0"
	}
	return s
}

func escape(s string) string {
	var b strings.Builder
	for _, r := range s {
		switch {
		case r == '&':
			b.WriteString("&amp;")
		case r == '<':
			b.WriteString("&lt;")
		case r == '>':
			b.WriteString("&gt;")
		case r == '"':
			b.WriteString("&#34;")
		case r == utf8.RuneError, r < ' ' && r != '\t' && r != '\n' && r != '\r', r == 0xFFFE, r == 0xFFFF:
			b.WriteString("�") // XML cannot hold it
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

func (c *canvas) line(class string, x1, y1, x2, y2 float64, attr string) {
	fmt.Fprintf(&c.b, `<line class="%s" x1="%s" y1="%s" x2="%s" y2="%s" stroke="currentColor"%s/>`+"\n", class, n2(x1), n2(y1), n2(x2), n2(y2), pad(attr))
}

func (c *canvas) rect(class string, x, y, w, h float64, attr string) {
	fmt.Fprintf(&c.b, `<rect class="%s" x="%s" y="%s" width="%s" height="%s"%s/>`+"\n", class, n2(x), n2(y), n2(math.Max(0, w)), n2(math.Max(0, h)), pad(attr))
}

func (c *canvas) circle(class string, x, y, r float64, attr string) {
	fmt.Fprintf(&c.b, `<circle class="%s" cx="%s" cy="%s" r="%s"%s/>`+"\n", class, n2(x), n2(y), n2(r), pad(attr))
}

// path draws through points given as x, y, x, y ...
func (c *canvas) path(class string, points []float64, closed bool, attr string) {
	if len(points) < 4 {
		return
	}
	var d strings.Builder
	for i := 0; i+1 < len(points); i += 2 {
		op := "L"
		if i == 0 {
			op = "M"
		}
		d.WriteString(op + n2(points[i]) + " " + n2(points[i+1]))
	}
	if closed {
		d.WriteString("Z")
	}
	fmt.Fprintf(&c.b, `<path class="%s" d="%s"%s/>`+"\n", class, d.String(), pad(attr))
}

// ticks draws upright lines at xs as one element.
func (c *canvas) ticks(class string, xs []float64, top, bottom float64, attr string) {
	if len(xs) == 0 {
		return
	}
	var d strings.Builder
	for _, x := range xs {
		d.WriteString("M" + n2(x) + " " + n2(top) + "V" + n2(bottom))
	}
	fmt.Fprintf(&c.b, `<path class="%s" d="%s"%s/>`+"\n", class, d.String(), pad(attr))
}

// text writes s; anchor is start, middle or end.
func (c *canvas) text(class, anchor string, x, y float64, s, attr string) {
	if s == "" {
		return
	}
	fmt.Fprintf(&c.b, `<text class="%s" x="%s" y="%s" text-anchor="%s"%s>%s</text>`+"\n", class, n2(x), n2(y), anchor, pad(attr), escape(s))
}

func pad(attr string) string {
	if attr == "" {
		return ""
	}
	return " " + attr
}

// Attributes that are used again and again.
const (
	soft   = `stroke-opacity="0.18"`
	stroke = `fill="none" stroke="currentColor" stroke-width="1.6"`
	band   = `fill-opacity="0.14"`
	muted  = `fill-opacity="0.7"`
)

// dashes tells lines apart where colour cannot.
func dashes(i int) string {
	return []string{"", `stroke-dasharray="6 3"`, `stroke-dasharray="2 3"`, `stroke-dasharray="8 3 2 3"`, `stroke-dasharray="12 4"`}[i%5]
}

// measure is about how wide s is at 12 pixels: characters of East Asia are square.
func measure(s string) float64 {
	w := 0.0
	for _, r := range s {
		switch {
		case r >= 0x1100 && r != 0x202f:
			w += 12
		case r >= 'A' && r <= 'Z':
			w += 8.4
		default:
			w += 6.7
		}
	}
	return w
}

func widest(names []string) float64 {
	w := 0.0
	for _, s := range names {
		w = math.Max(w, measure(s))
	}
	return w
}

// clip shortens s to about w pixels.
func clip(s string, w float64) string {
	if measure(s) <= w {
		return s
	}
	out := ""
	for _, r := range s {
		if measure(out+string(r)+"…") > w {
			break
		}
		out += string(r)
	}
	return out + "…"
}

// number writes a value for people: up to four digits that matter, thousands parted.
func number(v float64) string {
	switch {
	case math.IsNaN(v):
		return "–"
	case math.IsInf(v, 1):
		return "∞"
	case math.IsInf(v, -1):
		return "−∞"
	}
	s := strconv.FormatFloat(v, 'g', 4, 64)
	if strings.Contains(s, "e") || math.Abs(v) >= 1000 {
		s = strconv.FormatFloat(math.Round(v), 'f', 0, 64)
	}
	minus := strings.HasPrefix(s, "-")
	whole, frac, point := strings.Cut(strings.TrimPrefix(s, "-"), ".")
	for i := len(whole) - 3; i > 0; i -= 3 {
		whole = whole[:i] + "\u202f" + whole[i:]
	}
	if math.Abs(v) < 1e-4 && v != 0 {
		return strconv.FormatFloat(v, 'e', 1, 64)
	}
	if point {
		whole += "." + frac
	}
	if minus {
		return "−" + whole
	}
	return whole
}

// span writes an interval.
func span(lo, hi float64) string { return number(lo) + " – " + number(hi) }

func or(s, fallback string) string {
	if s == "" {
		return fallback
	}
	return s
}
