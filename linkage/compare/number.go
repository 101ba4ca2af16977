package compare

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// number compares quantities by their difference: ages, years, amounts.
type number struct {
	at   []float64 // rising differences
	stop map[string]bool
}

func newNumber(o Options) Comparer {
	at := o.Levels
	if len(at) == 0 {
		at = []float64{1, 3}
	}
	return number{at, stopper(o)}
}

func (n number) Levels() []string {
	out := []string{"differs"}
	for i := len(n.at) - 1; i >= 0; i-- {
		out = append(out, fmt.Sprintf("within %g", n.at[i]))
	}
	return append(out, "same")
}

// Normalise writes a number in one way: 07, 7 and 7.0 are 7.
func (n number) Normalise(raw string) string {
	s := strings.TrimSpace(raw)
	if v, err := strconv.ParseFloat(s, 64); err == nil && !math.IsInf(v, 0) && !math.IsNaN(v) {
		return strconv.FormatFloat(v+0, 'g', -1, 64) // -0 + 0 is 0
	}
	return clean(raw, n.stop)
}

func (number) Keys() []Key { return []Key{same} }

func (n number) Prepare(v Values) Prepared {
	f := &numberForms{v: v, x: make([]float64, 1, v.Len()), at: n.at}
	f.Grow()
	return f
}

func (f *numberForms) Grow() {
	for id := len(f.x); id < f.v.Len(); id++ {
		x, err := strconv.ParseFloat(f.v.At(uint32(id)), 64)
		if err != nil {
			x = math.NaN()
		}
		f.x = append(f.x, x)
	}
}

type numberForms struct {
	v  Values
	x  []float64
	at []float64
}

func (f *numberForms) Bytes() int64 { return 8 * int64(len(f.x)) }

func (f *numberForms) Level(a, b uint32) uint8 {
	d := math.Abs(f.x[a] - f.x[b])
	for i, t := range f.at {
		if d <= t {
			return uint8(len(f.at) - i)
		}
	}
	return 0
}

func (f *numberForms) Levels(a uint32, bs []uint32, out []uint8) {
	for k, b := range bs {
		out[k] = f.Level(a, b)
	}
}

func (f *numberForms) Keys(_ int, id uint32, dst []uint32) []uint32 { return sameKey(f.v, id, dst) }
