package compare

import (
	"fmt"
	"math/bits"
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
	if fa.n > 0 && fb.n > 0 {
		return fa.edits(&fb)
	}
	var ra, rb [longest]rune
	return editsRunes(runesOf(a, ra[:0]), runesOf(b, rb[:0]))
}

func (a *form) edits(b *form) int {
	var where [symbols]uint64
	for i := 0; i < int(a.n); i++ {
		where[a.c[i]] |= 1 << i
	}
	last := uint64(1) << (a.n - 1)
	vp, vn, d0, before := ^uint64(0), uint64(0), uint64(0), uint64(0)
	dist := int(a.n)
	for j := 0; j < int(b.n); j++ {
		pm := where[b.c[j]]
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

// within reports the edits between two forms when at most most, and more than most
// otherwise. An edit changes at most one letter that only one side has.
func (a *form) within(b *form, most int) int {
	if bits.OnesCount64(a.mask&^b.mask) > most || bits.OnesCount64(b.mask&^a.mask) > most ||
		int(a.n)-int(b.n) > most || int(b.n)-int(a.n) > most {
		return most + 1
	}
	return a.edits(b)
}

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
	return &codeForms{nameForms: *name{at: c.at}.Prepare(v).(*nameForms), least: 2 * int(c.at[len(c.at)-1])}
}

type codeForms struct {
	nameForms
	least int // shorter codes are not near each other: 12 and 17 are two houses
}

func (f *codeForms) Level(a, b uint32) uint8 {
	fa, fb := &f.forms[a], &f.forms[b]
	most := int(f.at[len(f.at)-1])
	var d int
	if fa.n > 0 && fb.n > 0 {
		d = fa.within(fb, most)
	} else {
		var ra, rb [longest]rune
		d = editsRunes(runesOf(f.v.At(a), ra[:0]), runesOf(f.v.At(b), rb[:0]))
	}
	for i, t := range f.at {
		if d <= int(t) {
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
	f := &postcodeForms{nameForms: *name{at: []float64{1}}.Prepare(v).(*nameForms), area: make([]uint32, 1, v.Len())}
	f.Grow()
	return f
}

func (f *postcodeForms) Grow() {
	f.nameForms.Grow()
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
	nameForms
	area []uint32
}

func (f *postcodeForms) Bytes() int64 { return 44 * int64(len(f.forms)) }

func (f *postcodeForms) Level(a, b uint32) uint8 {
	fa, fb := &f.forms[a], &f.forms[b]
	if fa.n > 0 && fb.n > 0 {
		switch d := fa.within(fb, 1); d {
		case 0:
			return 3
		case 1:
			return 2
		}
	}
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

// email compares addresses of mail. The part before the sign is what people choose; the
// part after it, thousands share.
type email struct{ stop map[string]bool }

func (email) Levels() []string {
	return []string{"differs", "similar before @", "two edits before @", "same before @", "same"}
}

func (e email) Normalise(raw string) string {
	s := strings.ToLower(strings.TrimSpace(raw))
	if e.stop[s] || clean(s, e.stop) == "" {
		return ""
	}
	return s
}

func (email) Keys() []Key {
	return []Key{same, {Name: "local", Agree: 0.85}, {Name: "prefix5", Agree: 0.85}}
}

func (email) Prepare(v Values) Prepared {
	f := &emailForms{v: v, local: make([]form, 1, v.Len())}
	f.Grow()
	return f
}

func (f *emailForms) Grow() {
	for id := len(f.local); id < f.v.Len(); id++ {
		f.local = append(f.local, formOf(fold(localPart(f.v.At(uint32(id))))))
	}
}

func localPart(s string) string {
	before, _, _ := strings.Cut(s, "@")
	return before
}

type emailForms struct {
	v     Values
	local []form
}

func (f *emailForms) Bytes() int64 { return 40 * int64(len(f.local)) }

func (f *emailForms) Level(a, b uint32) uint8 {
	la, lb := &f.local[a], &f.local[b]
	if la.n == 0 || lb.n == 0 {
		return 0
	}
	s := la.similarity(lb, 0.88)
	if s < 0.88 {
		return 0
	}
	if *la == *lb {
		return 3
	}
	if la.within(lb, 2) <= 2 {
		return 2
	}
	return 1
}

func (f *emailForms) Keys(k int, id uint32, dst []uint32) []uint32 {
	if id == 0 {
		return dst
	}
	s := f.v.At(id)
	switch k {
	case 0:
		return append(dst, keyOf(0, s))
	case 1:
		return append(dst, keyOf(1, localPart(s)))
	}
	return prefixKey(2, s, 5, dst)
}
