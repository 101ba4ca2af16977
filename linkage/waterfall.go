package linkage

import (
	"bytes"
	"fmt"
	"html"
	"math"
)

// The measures of a waterfall, in pixels.
const (
	barHeight   = 22
	labelWidth  = 400
	chartWidth  = 420
	valueWidth  = 70
	chartMargin = 10

	labelColumns = 56 // of 7 pixels; a Korean or Chinese letter takes two
)

// Words puts an explanation into the words of a reader.
type Words struct {
	Title, Total func(x Explanation) string
	Label        func(b Bar) string
}

// English are the words of [Explanation.SVG].
var English = Words{
	Title: func(x Explanation) string {
		return fmt.Sprintf("match weight %.2f bits, probability %.4f", x.Total, x.Probability)
	},
	Total: func(x Explanation) string { return fmt.Sprintf("total, probability %.4f", x.Probability) },
	Label: Bar.Label,
}

// SVG draws the explanation as a waterfall in English: see [Explanation.SVGIn].
func (x Explanation) SVG() []byte { return x.SVGIn(English) }

// SVGIn draws the explanation as a waterfall: every bar begins where the one above it
// ended, the last is the total. Numbers stand beside the bars, so nothing depends on
// colour, and the values compared are in the labels. The same explanation and words give
// the same bytes.
func (x Explanation) SVGIn(words Words) []byte {
	low, high := 0.0, 0.0
	at := 0.0
	for _, b := range x.Bars {
		at += b.Bits
		low, high = math.Min(low, at), math.Max(high, at)
	}
	scale := chartWidth / math.Max(high-low, 1)
	place := func(v float64) float64 { return labelWidth + (v-low)*scale }
	height := barHeight*(len(x.Bars)+1) + 2*chartMargin
	var w bytes.Buffer
	fmt.Fprintf(&w, `<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %d %d" font-family="sans-serif" font-size="12" role="img">`+"\n",
		labelWidth+chartWidth+valueWidth, height, labelWidth+chartWidth+valueWidth, height)
	fmt.Fprintf(&w, "<title>%s</title>\n", html.EscapeString(words.Title(x)))
	fmt.Fprintf(&w, `<line x1="%.1f" y1="0" x2="%.1f" y2="%d" stroke="#666"/>`+"\n", place(0), place(0), height)
	at = 0
	for k, b := range x.Bars {
		drawBar(&w, k, words.Label(b), at, at+b.Bits, b.Bits, place)
		at += b.Bits
	}
	drawBar(&w, len(x.Bars), words.Total(x), 0, x.Total, x.Total, place)
	w.WriteString("</svg>\n")
	return w.Bytes()
}

func drawBar(w *bytes.Buffer, row int, label string, from, to, bits float64, place func(float64) float64) {
	fill := "#2a6f97"
	if bits < 0 {
		fill = "#b5462f"
	}
	y := chartMargin + row*barHeight
	a, b := place(math.Min(from, to)), place(math.Max(from, to))
	fmt.Fprintf(w, `<text x="4" y="%d">%s</text><rect x="%.1f" y="%d" width="%.1f" height="%d" fill="%s"/><text x="%.1f" y="%d">%+.2f</text>`+"\n",
		y+15, html.EscapeString(clip(label, labelColumns)), a, y+3, math.Max(b-a, 0.5), barHeight-6, fill, b+4, y+15, bits)
}

// Label is the bar in words: the values compared and the level, or what else moved the
// weight.
func (b Bar) Label() string {
	switch b.Kind {
	case PriorBar:
		return "before comparing"
	case FrequencyBar:
		return fmt.Sprintf("%s: %s is held by %.3g%%", b.Field, b.LeftForm, 100*b.U)
	case TieBar:
		return fmt.Sprintf("%s goes with %s anyway", b.Field, b.Level)
	}
	if b.Level == "missing" {
		return b.Field + ": missing"
	}
	return fmt.Sprintf("%s: %s / %s (%s)", b.Field, b.Left, b.Right, b.Level)
}

// clip cuts a label to so many columns.
func clip(s string, columns int) string {
	at := 0
	for i, r := range s {
		w := 1
		if r >= 0x1100 {
			w = 2
		}
		if at+w > columns-1 && len(s[i:]) > len(string(r)) || at+w > columns {
			return s[:i] + "…"
		}
		at += w
	}
	return s
}
