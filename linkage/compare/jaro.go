package compare

import "math/bits"

// JaroWinkler is the similarity of two texts from 0 to 1: Jaro's share of letters in
// common, near each other and in order, raised by up to four common first letters when it
// is above 0.7. Only the first 64 letters count; spaces do not.
//
// Source: Winkler (1990), Proceedings of the Section on Survey Research Methods, ASA,
// 354-359; Jaro (1989), JASA 84, 414-420.
func JaroWinkler(a, b string) float64 {
	fa, fb := formOf(a), formOf(b)
	if fa.len() > 0 && fb.len() > 0 {
		var w where
		w.of(&fa)
		return fa.jaro(&w, &fb, 0)
	}
	var ra, rb [longest]rune
	return jaroRunes(runesOf(a, ra[:0]), runesOf(b, rb[:0]))
}

// prefixScale and boostFrom are Winkler's constants.
const (
	prefixScale = 0.1
	boostFrom   = 0.7
)

func winkler(jaro float64, prefix int) float64 {
	if jaro > boostFrom {
		return jaro + float64(prefix)*prefixScale*(1-jaro)
	}
	return jaro
}

// needs tells how many letters two texts must have in common for their similarity to reach
// a bound: needs[na][nb][p] for texts of na and nb letters of which the first p are the
// same (at most four). It is impossible where no number of letters will do.
type needs [formLetters + 1][formLetters + 1][8]uint8

const impossible = 255

// newNeeds makes the table for similarities of at least least. With all letters in order
// the similarity rises with their number, so the first that will do is the answer.
func newNeeds(least float64) *needs {
	t := new(needs)
	for na := range t {
		for nb := range t[na] {
			for p := range t[na][nb] {
				t[na][nb][p] = impossible
				for m := 1; m <= min(na, nb); m++ {
					if similarity(na, nb, m, 0, min(p, 4, na, nb)) >= least {
						t[na][nb][p] = uint8(m)
						break
					}
				}
			}
		}
	}
	return t
}

// similarity is that of texts of na and nb letters with m in common, moved of them in
// another place of the order, and the first letters the same as far as prefix.
func similarity(na, nb, m, moved, prefix int) float64 {
	fm := float64(m)
	return winkler((fm/float64(na)+fm/float64(nb)+(fm-float64(moved/2))/fm)/3, prefix)
}

// jaro is the Jaro-Winkler similarity of two texts with forms, of which w is the places of
// the letters of a; 0 when fewer than least letters match. A letter of b takes the first
// free equal letter of a within the window, as Jaro's loop does; as letters of a kind pair
// in order, it does not matter which text begins.
func (a *form) jaro(w *where, b *form, least int) float64 {
	na, nb := a.len(), b.len()
	reach := max(max(na, nb)/2-1, 0)
	window := uint64(1)<<(2*reach+1) - 1
	all := uint32(1)<<na - 1
	free, used := all, uint32(0)
	for j := 0; j < nb; j++ {
		hit := w[b.c[j&31]&63] & free & uint32(window>>reach)
		low := hit & -hit
		free ^= low
		used |= (low | -low) >> 31 << j
		window <<= 1
	}
	m := bits.OnesCount32(used)
	if m == 0 || m < least {
		return 0
	}
	moved := 0
	for taken := all &^ free; used != 0; used &= used - 1 {
		if w[b.c[bits.TrailingZeros32(used)&31]&63]&(taken&-taken) == 0 {
			moved++
		}
		taken &= taken - 1
	}
	return similarity(na, nb, m, moved, min(a.prefix(b), na, nb))
}

// jaroRunes is the same by Jaro's own loop, for texts of any script.
func jaroRunes(a, b []rune) float64 {
	if len(a) == 0 || len(b) == 0 {
		return 0
	}
	w := max(max(len(a), len(b))/2-1, 0)
	var usedA, usedB [longest]bool
	m := 0
	for i, r := range a {
		for j := max(0, i-w); j < min(len(b), i+w+1); j++ {
			if !usedB[j] && b[j] == r {
				usedA[i], usedB[j] = true, true
				m++
				break
			}
		}
	}
	if m == 0 {
		return 0
	}
	moved, j := 0, 0
	for i, r := range a {
		if !usedA[i] {
			continue
		}
		for !usedB[j] {
			j++
		}
		if b[j] != r {
			moved++
		}
		j++
	}
	prefix := 0
	for prefix < 4 && prefix < len(a) && prefix < len(b) && a[prefix] == b[prefix] {
		prefix++
	}
	fm := float64(m)
	return winkler((fm/float64(len(a))+fm/float64(len(b))+(fm-float64(moved/2))/fm)/3, prefix)
}
