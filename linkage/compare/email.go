package compare

import "strings"

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
	f := &emailForms{v: v, local: make([]form, 1, v.Len()), need: newNeeds(emailLeast)}
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

// emailLeast is the similarity from which two local parts are similar, and emailEdits the
// edits that make them near.
const (
	emailLeast = 0.88
	emailEdits = 2
)

type emailForms struct {
	v     Values
	local []form
	need  *needs
}

func (f *emailForms) Bytes() int64 { return formBytes * int64(len(f.local)) }

func (f *emailForms) Level(a, b uint32) uint8 {
	la, lb := &f.local[a], &f.local[b]
	least := int(f.need[la.len()][lb.len()][la.prefix(lb)])
	if la.common(lb) < least {
		return 0
	}
	var w where
	w.of(la)
	return emailLevel(la, &w, lb, least)
}

func (f *emailForms) Levels(a uint32, bs []uint32, out []uint8) {
	la := &f.local[a]
	need := &f.need[la.len()]
	var w where
	w.of(la)
	for k, b := range bs {
		lb := &f.local[b]
		if least := int(need[lb.len()][la.prefix(lb)]); la.common(lb) >= least {
			out[k] = emailLevel(la, &w, lb, least)
		} else {
			out[k] = 0
		}
	}
}

// emailLevel is the level of two local parts that have at least as many letters in common
// as similar ones must have.
func emailLevel(a *form, w *where, b *form, least int) uint8 {
	switch {
	case a.jaro(w, b, least) < emailLeast:
		return 0
	case *a == *b:
		return 3
	case !a.far(b, emailEdits) && a.edits(w, b) <= emailEdits:
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
