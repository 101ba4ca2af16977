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
	if fa.n > 0 && fb.n > 0 {
		return fa.similarity(&fb, 0)
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

// similarity is the Jaro-Winkler similarity, or 0 as soon as it is clear that it is below
// least. The bound: a letter of a that b has nowhere cannot match, so matches are at most
// n minus the number of such letters.
func (a *form) similarity(b *form, least float64) float64 {
	na, nb := int(a.n), int(b.n)
	most := min(na-bits.OnesCount64(a.mask&^b.mask), nb-bits.OnesCount64(b.mask&^a.mask))
	if most <= 0 {
		return 0
	}
	prefix := 0
	for prefix < 4 && prefix < na && prefix < nb && a.c[prefix] == b.c[prefix] {
		prefix++
	}
	m := float64(most)
	if winkler((m/float64(na)+m/float64(nb)+1)/3, prefix) < least {
		return 0
	}
	return winkler(a.jaro(b), prefix)
}

// jaro counts matches and transpositions with one bit a letter of b: a letter of a takes
// the first free equal letter within the window, as Jaro's loop does.
func (a *form) jaro(b *form) float64 {
	na, nb := int(a.n), int(b.n)
	var where [symbols]uint64
	for j := 0; j < nb; j++ {
		where[b.c[j]] |= 1 << j
	}
	w := max(na, nb)/2 - 1
	w = max(w, 0)
	window := uint64(1)<<(2*w+1) - 1
	var free = uint64(1)<<nb - 1
	var order [31]uint8
	m := 0
	for i := 0; i < na; i++ {
		reach := window
		if i > w {
			reach <<= i - w
		} else {
			reach >>= w - i
		}
		if hit := where[a.c[i]] & free & reach; hit != 0 {
			free &^= hit & -hit
			order[m] = a.c[i]
			m++
		}
	}
	if m == 0 {
		return 0
	}
	moved := 0
	used := (uint64(1)<<nb - 1) &^ free
	for k := 0; k < m; k++ {
		j := bits.TrailingZeros64(used)
		used &= used - 1
		if b.c[j] != order[k] {
			moved++
		}
	}
	fm := float64(m)
	return (fm/float64(na) + fm/float64(nb) + (fm-float64(moved/2))/fm) / 3
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
