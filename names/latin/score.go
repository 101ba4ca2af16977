package latin

import (
	"strings"
)

// letters is P(Latin letters | Hangul name, class) for one order.
func (m *Model) letters(c Class, r Reading, h Hangul) float64 {
	p := m.surnameLetters(c, h.Surname, r.Surname)
	switch {
	case len(r.Given) == 0:
		return p
	case p < 1e-18: // another order or class will say more
		return 0
	case c == Foreign:
		return p * m.n.letters.p(strings.Join(r.Given, ""))
	case len(h.Given) == 2:
		return p * m.twoSyllables(c, r.Given, h.Given)
	}
	var sum float64
	for _, d := range m.divisions(c, r, h) {
		sum += d.p
	}
	return p * sum
}

// twoSyllables is P(parts | given name, class), the most frequent case.
func (m *Model) twoSyllables(c Class, parts []string, given []rune) float64 {
	whole := strings.Join(parts, "")
	var sum float64
	for _, k := range halves(parts, len(whole)) {
		if p := m.chunk(c, given[0], whole[:k]); p > 1e-18 {
			sum += p * m.chunk(c, given[1], whole[k:]) * m.pop.boundaries(c, parts, []int{0, k, len(whole)})
		}
	}
	return sum
}

// How a divided given name is divided, given its syllables.
const (
	alignedShare = 0.96   // between the syllables
	shiftedShare = 0.005  // one letter off
	oddShare     = 0.0005 // in some other way
)

// boundaries is the probability of the parts when the chunks are bounded at the given
// places.
func (p *population) boundaries(c Class, parts []string, at []int) float64 {
	n := len(at) - 1
	switch {
	case len(parts) <= 1 && n <= 1:
		return 1
	case len(parts) <= 1:
		return p.joined[c]
	case n <= 1:
		return oddShare
	case len(parts) != n:
		return (1 - p.joined[c]) * oddShare
	}
	off, pos := 0, 0
	for i, part := range parts[:len(parts)-1] {
		pos += len(part)
		off += abs(pos - at[i+1])
	}
	switch off {
	case 0:
		return (1 - p.joined[c]) * alignedShare
	case 1:
		return (1 - p.joined[c]) * shiftedShare
	}
	return (1 - p.joined[c]) * oddShare
}

func abs(n int) int {
	if n < 0 {
		return -n
	}
	return n
}
