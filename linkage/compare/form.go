package compare

import (
	"encoding/binary"
	"math/bits"
)

// form is a short text ready for bit-parallel comparison, 48 bytes: the letters as small
// numbers, without spaces, and which letters occur. A text that has other letters than a-z
// and 0-9, or more than [formLetters] of them, has the zero form and is compared the slow
// way.
type form struct {
	once  uint64 // bit c: letter c occurs; from bit countFrom on: how many letters there are
	twice uint64 // bit c: letter c occurs again; from countFrom on: the letters beyond the second of their kind
	c     [formLetters + 1]uint8
}

const (
	formLetters = 31
	countFrom   = 56
	kinds       = 1<<countFrom - 1 // the bits of letters
)

// formOf makes the form of a folded text. a-z are letters 1 to 26, 0-9 are 27 to 36.
func formOf(s string) form {
	var f form
	n, extra := 0, uint64(0)
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case c >= 'a' && c <= 'z':
			c -= 'a' - 1
		case c >= '0' && c <= '9':
			c -= '0' - 27
		case c == ' ':
			continue
		default:
			return form{}
		}
		if n == formLetters {
			return form{}
		}
		f.c[n] = c
		n++
		bit := uint64(1) << c
		switch {
		case f.once&bit == 0:
			f.once |= bit
		case f.twice&bit == 0:
			f.twice |= bit
		default:
			extra++
		}
	}
	f.once |= uint64(n) << countFrom
	f.twice |= extra << countFrom
	return f
}

// len is the number of letters; 0 says that the text has no form.
func (f *form) len() int { return int(f.once >> countFrom) }

// common is at least the number of letters two texts have in common, each letter of one
// taken for one letter of the other. It is exact while no letter occurs three times.
func (f *form) common(g *form) int {
	return bits.OnesCount64(f.once&g.once&kinds) + bits.OnesCount64(f.twice&g.twice&kinds) + int(min(f.twice, g.twice)>>countFrom)
}

// prefix is how many of the first four letters are the same. What two texts shorter than
// that both lack counts as the same.
func (f *form) prefix(g *form) int {
	return bits.TrailingZeros64(uint64(binary.LittleEndian.Uint32(f.c[:4])^binary.LittleEndian.Uint32(g.c[:4]))|1<<32) / 8
}

// where is the places of every letter of a text, one bit a place.
type where [64]uint32

func (w *where) of(f *form) {
	for i, n := 0, f.len(); i < n; i++ {
		w[f.c[i]&63] |= 1 << i
	}
}
