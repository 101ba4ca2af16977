// Package atlas draws public places on a map of the region: coasts and borders from
// Natural Earth at 1:50 million (public domain), kept in the binary, so that no map is
// fetched from anybody who would learn what is looked at. Borders are drawn as Natural
// Earth has them, de facto, and say nothing of whose they are.
package atlas

import (
	_ "embed"
	"math"
	"strconv"
	"strings"
	"sync"
)

//go:generate go run ./generate countries-50m.json

//go:embed outline.txt
var outlineText string

// View is a part of the region and how large it is drawn.
type View struct {
	West, East, South, North float64 // degrees
	Width                    float64 // units of the drawing
}

// The views that the program draws.
var (
	Region = View{West: 97, East: 135, South: 13, North: 50, Width: 620}
	Border = View{West: 123.6, East: 131.2, South: 39.6, North: 43.8, Width: 620} // the two rivers
)

// Height of the drawing, in its units.
func (v View) Height() float64 {
	_, y := v.Point(v.South, v.West)
	return math.Ceil(y)
}

// Point is where a place lies in the drawing. The projection is equirectangular, true to
// scale at the middle of the view.
func (v View) Point(lat, lon float64) (x, y float64) {
	scale := v.Width / (v.East - v.West)
	return (lon - v.West) * scale, (v.North - lat) * scale / math.Cos((v.North+v.South)/2*math.Pi/180)
}

// Holds reports whether a place lies in the view.
func (v View) Holds(lat, lon float64) bool {
	return lat >= v.South && lat <= v.North && lon >= v.West && lon <= v.East
}

type point struct{ lat, lon float64 }

var outline = sync.OnceValue(func() [][]point {
	var out [][]point
	for text := range strings.Lines(outlineText) {
		var line []point
		for _, pair := range strings.Fields(text) {
			lon, lat, _ := strings.Cut(pair, ",")
			p := point{number(lat), number(lon)}
			line = append(line, p)
		}
		out = append(out, line)
	}
	return out
})

func number(s string) float64 {
	f, err := strconv.ParseFloat(s, 64)
	if err != nil {
		panic("atlas: " + s + " in the outline is no number")
	}
	return f
}

// Path is the outline within a view, as the data of one SVG path. Points nearer than one
// unit to the one before are left out.
func (v View) Path() string {
	var b strings.Builder
	for _, line := range outline() {
		open := false
		lastX, lastY := math.Inf(1), math.Inf(1)
		for i, p := range line {
			inside := v.Holds(p.lat, p.lon) || i > 0 && v.Holds(line[i-1].lat, line[i-1].lon) || i+1 < len(line) && v.Holds(line[i+1].lat, line[i+1].lon)
			if !inside {
				open = false
				continue
			}
			x, y := v.Point(p.lat, p.lon)
			if open && math.Hypot(x-lastX, y-lastY) < 1 && i+1 < len(line) {
				continue
			}
			command := byte('L')
			if !open {
				command, open = 'M', true
			}
			b.WriteByte(command)
			b.WriteString(strconv.FormatFloat(x, 'f', 0, 64))
			b.WriteByte(' ')
			b.WriteString(strconv.FormatFloat(y, 'f', 0, 64))
			lastX, lastY = x, y
		}
	}
	return b.String()
}
