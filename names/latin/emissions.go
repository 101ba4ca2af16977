package latin

import (
	"math"

	"example.org/amparo/names"
)

// symbol is an initial, vowel or final of a syllable with what stands next to it, as far
// as it changes the letters: ㅅ is "sh" before ㅣ, ㅜ is "woo" without an initial. The
// initials come first, three contexts each, then the vowels, four each, then the finals.
type symbol uint8

const (
	initialContexts = 3 // before a plain vowel, before ㅣ, before y or w
	vowelContexts   = 4 // with or without initial, with or without final
	firstVowel      = 19 * initialContexts
	firstFinal      = firstVowel + 21*vowelContexts
	allSymbols      = firstFinal + 28
)

// kind is 0 for an initial, 1 for a vowel, 2 for a final; number is that of the jamo.
func (s symbol) jamo() (kind, number int) {
	switch n := int(s); {
	case n < firstVowel:
		return 0, n / initialContexts
	case n < firstFinal:
		return 1, (n - firstVowel) / vowelContexts
	default:
		return 2, n - firstFinal
	}
}

// plain drops the context of s.
func (s symbol) plain() symbol {
	switch kind, number := s.jamo(); kind {
	case 0:
		return symbol(number * initialContexts)
	case 1:
		return symbol(firstVowel + number*vowelContexts)
	}
	return s
}

// symbols are the three symbols of a syllable.
func symbols(s rune) [3]symbol {
	i, v, f := names.Jamo(s)
	ic := 0
	switch v {
	case 20: // ㅣ
		ic = 1
	case 2, 3, 6, 7, 9, 10, 11, 12, 14, 15, 16, 17, 19: // with y or w
		ic = 2
	}
	vc := 0
	if i == 11 { // ㅇ
		vc |= 1
	}
	if f != 0 {
		vc |= 2
	}
	return [3]symbol{symbol(i*initialContexts + ic), symbol(firstVowel + v*vowelContexts + vc), symbol(firstFinal + f)}
}

// noise is the probability of one particular string of n letters when nothing is known:
// misspellings and letters heard wrongly.
func noise(n int) float64 { return noiseByLength[n] }

var noiseByLength = [maxLetters + 1]float64{0.10, 0.60 / 26, 0.25 / 676, 0.04 / 17576, 0.01 / 456976}

// maxLetters is how many letters one symbol may emit.
const maxLetters = 4

// row holds a number for every symbol.
type row [allSymbols]float64

// emissions are P(letters | symbol, class). Letters that no symbol of the class was seen
// with have the probability other times noise.
type emissions struct {
	seen  [classes]map[string]*row
	other [classes][maxLetters + 1]row // by the number of letters
}

// newEmissions smooths the counts: a symbol in its context is drawn to the symbol, the
// symbol in a class to the symbol in all Korean classes, and that to noise.
func newEmissions(n *counts, k strengths) *emissions {
	e := &emissions{}
	all := tallies[symbol]{}
	for c := Revised; c.korean(); c++ {
		for s, t := range inOrder(n.symbol[c]) {
			all.merge(s.plain(), t)
		}
	}
	for c := range classes {
		own := tallies[symbol]{}
		letters := map[string]bool{}
		for s, t := range inOrder(n.symbol[c]) {
			own.merge(s.plain(), t)
		}
		for _, ts := range []tallies[symbol]{all, own} {
			for _, t := range ts {
				for l := range t.by {
					letters[l] = true
				}
			}
		}
		e.seen[c] = make(map[string]*row, len(letters))
		for l := range letters {
			r := new(row)
			for s := symbol(0); s < allSymbols; s++ {
				p := shrink(all[s.plain()], l, noise(len(l)), k.symbol)
				p = shrink(own[s.plain()], l, p, k.class)
				r[s] = shrink(n.symbol[c][s], l, p, k.context)
			}
			e.seen[c][l] = r
		}
		for length := range e.other[c] {
			for s := symbol(0); s < allSymbols; s++ {
				p := shrink(all[s.plain()], "*", noise(length), k.symbol)
				p = shrink(own[s.plain()], "*", p, k.class)
				e.other[c][length][s] = shrink(n.symbol[c][s], "*", p, k.context)
			}
		}
	}
	return e
}

// shrink is the share of l in t, drawn to p with k pseudo-counts.
func shrink(t *tally, l string, p, k float64) float64 {
	return (t.of(l) + k*p) / (t.total() + k)
}

// of is P(letters | symbol, class) for every symbol. There are at most maxLetters letters.
func (e *emissions) of(c Class, letters string) *row {
	if r := e.seen[c][letters]; r != nil {
		return r
	}
	return &e.other[c][len(letters)]
}

// cut is one division of some letters into initial, vowel and final, with the rows of each.
type cut struct {
	a, b          int
	ini, vow, fin *row
}

// cuts lists the divisions of the letters.
func (e *emissions) cuts(c Class, letters string, buf []cut) []cut {
	n := len(letters)
	buf = buf[:0]
	if n > maxChunk {
		return buf
	}
	for a := 0; a <= min(n, maxLetters); a++ {
		ini := e.of(c, letters[:a])
		for b := max(a, n-maxLetters); b <= min(n, a+maxLetters); b++ {
			buf = append(buf, cut{a, b, ini, e.of(c, letters[a:b]), e.of(c, letters[b:])})
		}
	}
	return buf
}

// spell is P(letters | syllable, class) by parts: the sum over all ways to divide the
// letters among initial, vowel and final.
func (e *emissions) spell(c Class, s rune, letters string) float64 {
	var buf [32]cut
	return spellCuts(e.cuts(c, letters, buf[:]), symbols(s))
}

func spellCuts(cs []cut, sy [3]symbol) float64 {
	var p float64
	for i := range cs {
		p += cs[i].ini[sy[0]] * cs[i].vow[sy[1]] * cs[i].fin[sy[2]]
	}
	return math.Max(p, 1e-30)
}

// expect adds the letters of the symbols of one chunk to the counts.
func (e *emissions) expect(n *counts, c Class, s rune, letters string, w float64) {
	var buf [32]cut
	cs := e.cuts(c, letters, buf[:])
	sy := symbols(s)
	total := spellCuts(cs, sy)
	for _, d := range cs {
		v := w * d.ini[sy[0]] * d.vow[sy[1]] * d.fin[sy[2]] / total
		if v < 1e-5 {
			continue
		}
		n.symbol[c].add(sy[0], letters[:d.a], v)
		n.symbol[c].add(sy[1], letters[d.a:d.b], v)
		n.symbol[c].add(sy[2], letters[d.b:], v)
	}
}
