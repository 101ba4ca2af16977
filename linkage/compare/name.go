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
	f := &nameForms{forms: newForms(v), at: n.at, need: newNeeds(n.at[len(n.at)-1])}
	f.Grow()
	return f
}

// forms is the forms of values.
type forms struct {
	v     Values
	forms []form
}

func newForms(v Values) forms { return forms{v, make([]form, 1, v.Len())} }

func (f *forms) Grow() {
	for id := len(f.forms); id < f.v.Len(); id++ {
		f.forms = append(f.forms, formOf(f.v.At(uint32(id))))
	}
}

func (f *forms) Bytes() int64 { return formBytes * int64(len(f.forms)) }

// formBytes is the size of a form.
const formBytes = 48

type nameForms struct {
	forms
	at   []float64
	need *needs // for the lowest level
}

func (f *nameForms) Level(a, b uint32) uint8 {
	fa, fb := &f.forms.forms[a], &f.forms.forms[b]
	if fa.len() == 0 || fb.len() == 0 {
		return f.slowly(a, b)
	}
	least := int(f.need[fa.len()][fb.len()][fa.prefix(fb)])
	if fa.common(fb) < least {
		return 0
	}
	var w where
	w.of(fa)
	return f.level(fa.jaro(&w, fb, least))
}

func (f *nameForms) Levels(a uint32, bs []uint32, out []uint8) {
	fa := &f.forms.forms[a]
	if fa.len() == 0 {
		for k, b := range bs {
			out[k] = f.slowly(a, b)
		}
		return
	}
	need := &f.need[fa.len()]
	var w where
	w.of(fa)
	for k, b := range bs {
		fb := &f.forms.forms[b]
		least := int(need[fb.len()][fa.prefix(fb)])
		switch {
		case fb.len() == 0:
			out[k] = f.slowly(a, b)
		case fa.common(fb) < least:
			out[k] = 0
		default:
			out[k] = f.level(fa.jaro(&w, fb, least))
		}
	}
}

// slowly compares two texts of which one has no form.
func (f *nameForms) slowly(a, b uint32) uint8 {
	var ra, rb [longest]rune
	return f.level(jaroRunes(runesOf(f.v.At(a), ra[:0]), runesOf(f.v.At(b), rb[:0])))
}

func (f *nameForms) level(similarity float64) uint8 {
	for i, t := range f.at {
		if similarity >= t {
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
