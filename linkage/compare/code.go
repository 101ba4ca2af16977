package compare

import (
	"fmt"
	"strings"
)

// Edits is the number of keystrokes between two texts: insertions, deletions,
// substitutions, and transpositions of neighbours that are not edited again (optimal
// string alignment). Only a-z and 0-9 in the first 64 letters count.
//
// Source: Hyyrö (2003), "A bit-vector algorithm for computing Levenshtein and Damerau
// edit distances", Nordic Journal of Computing 10, 29-39.
func Edits(a, b string) int {
	fa, fb := formOf(a), formOf(b)
	if fa.len() > 0 && fb.len() > 0 {
		var w where
		w.of(&fa)
		return fa.edits(&w, &fb)
	}
	var ra, rb [longest]rune
	return editsRunes(runesOf(a, ra[:0]), runesOf(b, rb[:0]))
}

// edits is the edits between two texts with forms, of which w is the places of the letters
// of a.
func (a *form) edits(w *where, b *form) int {
	dist := a.len()
	last := uint32(1) << (dist - 1)
	vp, vn, d0, before := ^uint32(0), uint32(0), uint32(0), uint32(0)
	for j := 0; j < b.len(); j++ {
		pm := w[b.c[j&31]&63]
		swap := ((^d0 & pm) << 1) & before
		d0 = (((pm & vp) + vp) ^ vp) | pm | vn | swap
		hp := vn | ^(d0 | vp)
		hn := d0 & vp
		if hp&last != 0 {
			dist++
		}
		if hn&last != 0 {
			dist--
		}
		hp = hp<<1 | 1
		hn <<= 1
		vp = hn | ^(d0 | hp)
		vn = hp & d0
		before = pm
	}
	return dist
}

func editsRunes(a, b []rune) int {
	var rows [3][longest + 1]int
	for j := range b {
		rows[0][j+1] = j + 1
	}
	for i := range a {
		now, up, upup := &rows[(i+1)%3], &rows[i%3], &rows[(i+2)%3]
		now[0] = i + 1
		for j := range b {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			d := min(up[j]+cost, up[j+1]+1, now[j]+1)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				d = min(d, upup[j-1]+1)
			}
			now[j+1] = d
		}
	}
	return rows[len(a)%3][len(b)]
}

// far reports whether two texts are surely more than most edits apart: every letter of the
// longer one that has no equal in the other takes an edit of its own.
func (a *form) far(b *form, most int) bool { return max(a.len(), b.len())-a.common(b) > most }

// code compares numbers and codes people are given: identity numbers, telephone numbers,
// house numbers, case numbers. What counts is the number of keystrokes between them.
type code struct {
	at   []float64 // rising
	stop map[string]bool
}

func newCode(o Options) Comparer {
	at := o.Levels
	if len(at) == 0 {
		at = []float64{1, 2}
	}
	return code{at, stopper(o)}
}

func (c code) Levels() []string {
	out := []string{"differs"}
	for i := len(c.at) - 1; i >= 0; i-- {
		out = append(out, fmt.Sprintf("%g edits", c.at[i]))
	}
	return append(out, "same")
}

// Normalise drops spaces and signs and is otherwise a fold: 02-123 4567 is 021234567.
func (c code) Normalise(raw string) string { return strings.ReplaceAll(clean(raw, c.stop), " ", "") }

func (code) Keys() []Key {
	return []Key{same, {Name: "start", Agree: 0.85}, {Name: "end", Agree: 0.85}}
}

func (c code) Prepare(v Values) Prepared {
	f := &codeForms{forms: newForms(v), at: c.at}
	f.Grow()
	return f
}

type codeForms struct {
	forms
	at []float64
}

func (f *codeForms) Level(a, b uint32) uint8 {
	fa, fb := &f.forms.forms[a], &f.forms.forms[b]
	switch {
	case fa.len() == 0 || fb.len() == 0:
		return f.slowly(a, b)
	case fa.far(fb, f.most()):
		return 0
	}
	var w where
	w.of(fa)
	return f.level(fa.edits(&w, fb))
}

func (f *codeForms) Levels(a uint32, bs []uint32, out []uint8) {
	fa, most := &f.forms.forms[a], f.most()
	var w where
	w.of(fa)
	for k, b := range bs {
		fb := &f.forms.forms[b]
		switch {
		case fa.len() == 0 || fb.len() == 0:
			out[k] = f.slowly(a, b)
		case fa.far(fb, most):
			out[k] = 0
		default:
			out[k] = f.level(fa.edits(&w, fb))
		}
	}
}

// most is the edits of the lowest level.
func (f *codeForms) most() int { return int(f.at[len(f.at)-1]) }

// slowly compares two texts of which one has no form.
func (f *codeForms) slowly(a, b uint32) uint8 {
	var ra, rb [longest]rune
	return f.level(editsRunes(runesOf(f.v.At(a), ra[:0]), runesOf(f.v.At(b), rb[:0])))
}

func (f *codeForms) level(edits int) uint8 {
	for i, t := range f.at {
		if edits <= int(t) {
			return uint8(len(f.at) - i)
		}
	}
	return 0
}

func (f *codeForms) Keys(k int, id uint32, dst []uint32) []uint32 {
	if id == 0 {
		return dst
	}
	s := f.v.At(id)
	half := (len(s) + 1) / 2
	switch {
	case k == 0:
		return append(dst, keyOf(0, s))
	case len(s) < 4:
		return dst
	case k == 1:
		return append(dst, keyOf(1, s[:half]))
	}
	return append(dst, keyOf(2, s[len(s)-half:]))
}

// postcode compares postal codes: the same, one keystroke off, or of the same area, which
// is what comes before the space or else all but the last two signs.
type postcode struct{ stop map[string]bool }

func (postcode) Levels() []string { return []string{"differs", "same area", "one edit", "same"} }

func (p postcode) Normalise(raw string) string { return clean(raw, p.stop) }

func (postcode) Keys() []Key { return []Key{same, {Name: "area", Agree: 0.85}} }

func (p postcode) Prepare(v Values) Prepared {
	f := &postcodeForms{forms: newForms(v), area: make([]uint32, 1, v.Len())}
	f.Grow()
	return f
}

func (f *postcodeForms) Grow() {
	f.forms.Grow()
	for id := len(f.area); id < f.v.Len(); id++ {
		f.area = append(f.area, keyOf(1, area(f.v.At(uint32(id)))))
	}
}

func area(s string) string {
	if before, _, found := strings.Cut(s, " "); found {
		return before
	}
	if len(s) >= 6 && s[0] >= 'a' { // written without its space: sw1a1aa
		return s[:len(s)-3]
	}
	return s[:max(len(s)-2, min(len(s), 2))]
}

type postcodeForms struct {
	forms
	area []uint32
}

func (f *postcodeForms) Bytes() int64 { return (formBytes + 4) * int64(len(f.area)) }

func (f *postcodeForms) Level(a, b uint32) uint8 {
	fa, fb := &f.forms.forms[a], &f.forms.forms[b]
	if fa.len() > 0 && fb.len() > 0 && !fa.far(fb, 1) {
		var w where
		w.of(fa)
		if l := postcodeLevel(fa.edits(&w, fb)); l > 0 {
			return l
		}
	}
	return f.sameArea(a, b)
}

func (f *postcodeForms) Levels(a uint32, bs []uint32, out []uint8) {
	fa := &f.forms.forms[a]
	var w where
	w.of(fa)
	for k, b := range bs {
		fb := &f.forms.forms[b]
		l := uint8(0)
		if !fa.far(fb, 1) && fa.len() > 0 && fb.len() > 0 {
			l = postcodeLevel(fa.edits(&w, fb))
		}
		if l == 0 {
			l = f.sameArea(a, b)
		}
		out[k] = l
	}
}

func postcodeLevel(edits int) uint8 {
	switch edits {
	case 0:
		return 3
	case 1:
		return 2
	}
	return 0
}

func (f *postcodeForms) sameArea(a, b uint32) uint8 {
	if f.area[a] == f.area[b] {
		return 1
	}
	return 0
}

func (f *postcodeForms) Keys(k int, id uint32, dst []uint32) []uint32 {
	switch {
	case id == 0:
		return dst
	case k == 0:
		return append(dst, keyOf(0, f.v.At(id)))
	}
	return append(dst, f.area[id])
}
