// Command generate writes outline.txt: coasts and borders of the region, from Natural
// Earth's countries at 1:50 million (public domain, naturalearthdata.com) as TopoJSON,
// the file countries-50m.json of the package world-atlas 2.0.2.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"math"
	"os"
)

// The region, in degrees, and how far a line may be from where it was, in degrees.
const (
	west, east, south, north = 96, 136, 12, 54
	tolerance                = 0.02
)

type topology struct {
	Transform struct{ Scale, Translate [2]float64 }
	Arcs      [][][2]float64
}

type point [2]float64

func main() {
	if err := run(os.Args[1], "outline.txt"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(from, to string) (err error) {
	b, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	var t topology
	if err := json.Unmarshal(b, &t); err != nil {
		return err
	}
	f, err := os.Create(to)
	if err != nil {
		return err
	}
	defer func() {
		if e := f.Close(); err == nil {
			err = e
		}
	}()
	w := bufio.NewWriter(f)
	for _, arc := range t.Arcs {
		var line []point
		x, y := 0.0, 0.0
		for _, step := range arc { // each point is a step from the one before
			x, y = x+step[0], y+step[1]
			p := point{x*t.Transform.Scale[0] + t.Transform.Translate[0], y*t.Transform.Scale[1] + t.Transform.Translate[1]}
			if p[0] < west || p[0] > east || p[1] < south || p[1] > north {
				write(w, line)
				line = nil
				continue
			}
			line = append(line, p)
		}
		write(w, line)
	}
	return w.Flush()
}

func write(w *bufio.Writer, line []point) {
	if len(line) < 2 {
		return
	}
	for i, p := range simplify(line) {
		if i > 0 {
			_ = w.WriteByte(' ') // Flush tells
		}
		fmt.Fprintf(w, "%.2f,%.2f", p[0], p[1])
	}
	_ = w.WriteByte('\n')
}

// simplify leaves out points that lie nearer than the tolerance to the line without them
// (Douglas and Peucker 1973).
func simplify(line []point) []point {
	if len(line) < 3 {
		return line
	}
	a, b := line[0], line[len(line)-1]
	far, at := 0.0, 0
	for i, p := range line[1 : len(line)-1] {
		if d := distance(p, a, b); d > far {
			far, at = d, i+1
		}
	}
	if far <= tolerance {
		return []point{a, b}
	}
	return append(simplify(line[:at+1])[:], simplify(line[at:])[1:]...)
}

func distance(p, a, b point) float64 {
	dx, dy := b[0]-a[0], b[1]-a[1]
	if dx == 0 && dy == 0 {
		return math.Hypot(p[0]-a[0], p[1]-a[1])
	}
	return math.Abs(dy*p[0]-dx*p[1]+b[0]*a[1]-b[1]*a[0]) / math.Hypot(dx, dy)
}
