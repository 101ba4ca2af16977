package compare

import "fmt"

// name compares words by Jaro-Winkler similarity: names of people, streets, towns. Spaces
// do not count, so "de la Cruz" is as near "Delacruz" as can be without being the same.
type name struct {
	at   []float64 // falling
	stop map[string]bool
}

func newName(o Options) Comparer {
	at := o.Levels
	if len(at) == 0 {
		at = []float64{0.92, 0.85, 0.72}
	}
	return name{at, stopper(o)}
}

func (n name) Levels() []string {
	out := []string{"differs"}
	for i := len(n.at) - 1; i >= 0; i-- {
		out = append(out, fmt.Sprintf("similar, %.2f", n.at[i]))
	}
	return append(out, "same")
}

func (n name) Normalise(raw string) string { return clean(raw, n.stop) }

func (name) Keys() []Key {
	return []Key{same, {Name: "sound", Agree: 0.87}, {Name: "prefix4", Agree: 0.86}, {Name: "prefix3", Agree: 0.88}, {Name: "prefix2", Agree: 0.91}}
}

func (n name) Prepare(v Values) Prepared {
	f := &nameForms{v: v, forms: make([]form, 1, v.Len()), at: n.at}
	f.Grow()
	return f
}

type nameForms struct {
	v     Values
	forms []form
	at    []float64
}

func (f *nameForms) Grow() {
	for id := len(f.forms); id < f.v.Len(); id++ {
		f.forms = append(f.forms, formOf(f.v.At(uint32(id))))
	}
}

func (f *nameForms) Bytes() int64 { return 40 * int64(len(f.forms)) }

func (f *nameForms) Level(a, b uint32) uint8 {
	fa, fb := &f.forms[a], &f.forms[b]
	least := f.at[len(f.at)-1]
	var s float64
	if fa.n > 0 && fb.n > 0 {
		s = fa.similarity(fb, least)
	} else {
		var ra, rb [longest]rune
		s = jaroRunes(runesOf(f.v.At(a), ra[:0]), runesOf(f.v.At(b), rb[:0]))
	}
	if s < least {
		return 0
	}
	for i, t := range f.at {
		if s >= t {
			return uint8(len(f.at) - i)
		}
	}
	return 0
}

func (f *nameForms) Keys(k int, id uint32, dst []uint32) []uint32 {
	if id == 0 {
		return dst
	}
	s := f.v.At(id)
	switch k {
	case 0:
		return append(dst, keyOf(0, s))
	case 1:
		return append(dst, keyOf(1, sound(s)))
	case 2:
		return prefixKey(2, s, 4, dst)
	case 3:
		return prefixKey(3, s, 3, dst)
	}
	return prefixKey(4, s, 2, dst)
}

// sound is the consonants of a Latin word by class, after its first letter: Soundex
// without its cut at four, and with vowels between two letters of a class keeping them
// apart. Other scripts stay as they are.
//
// Source: Russell (1918), US patent 1,261,167; classes as in Knuth, TAOCP 3, 6.
func sound(s string) string {
	const class = "01230120022455012623010202"
	var buf [32]byte
	out := buf[:0]
	last := byte('0')
	for i := 0; i < len(s) && len(out) < 6; i++ {
		c := s[i]
		if c >= 0x80 {
			return s
		}
		if c < 'a' || c > 'z' {
			continue
		}
		k := class[c-'a']
		switch {
		case len(out) == 0:
			out = append(out, c)
		case k != '0' && k != last:
			out = append(out, k)
		}
		if c != 'h' && c != 'w' {
			last = k
		}
	}
	if len(out) == 0 {
		return s
	}
	return string(out)
}
