// Package latin answers how likely a name written in Hangul is to be written in Latin
// letters in a given way, and so which Hangul name a Latin one may stand for.
//
// It is a small generative model. A name has a way of being written (a class: a
// romanisation of Korean, the Mandarin reading of its characters, ...), drawn once for
// the whole name. Given the class, the surname emits its letters and each syllable of
// the given name emits a chunk of letters: chunks seen often for the syllable have their
// own probability, the others are put together from the letters of its initial, vowel
// and final. All of it was learned from pairs of names by expectation-maximisation; see
// [Train].
//
// Source of the pairs: Wikidata labels (CC0), as collected for Merhav and Ash (2018),
// "Design Challenges in Named Entity Transliteration", COLING. Source of the method:
// Rabiner (1989), Proc. IEEE 77(2), for the forward-backward recursions; Knight and
// Graehl (1998), Computational Linguistics 24(4), for transliteration as a noisy channel.
package latin

import (
	"math"
	"slices"
)

// Class is a way of writing a whole name in Latin letters.
type Class uint8

// The classes. The first three are romanisations of the Korean sounds; they are named
// for the tables their training starts from.
const (
	Revised   Class = iota // Revised Romanization: Jeong Cheol-su
	Passport               // habits of passports and the press: Jung Chul-soo
	North                  // McCune-Reischauer without marks, DPRK practice: Jong Chol-su
	Sino                   // Mandarin reading of the characters: Zheng Zhezhu
	Mandarin               // Latin is pinyin and the Hangul writes its sound: 정저주
	Cantonese              // Cantonese reading of the characters: Cheng Chit-chu
	Foreign                // a given name unrelated to the Hangul: David Jung
	classes
)

var classNames = [classes]string{"Revised Romanization", "passport habit", "DPRK or McCune-Reischauer", "pinyin of the characters",
	"Mandarin sound", "Cantonese of the characters", "unrelated given name"}

// String returns what the class is called in explanations.
func (c Class) String() string {
	if c < classes {
		return classNames[c]
	}
	return "unknown"
}

// korean reports whether c romanises the Korean sounds.
func (c Class) korean() bool { return c <= North }

// strengths are the pseudo-counts with which finer estimates are drawn to coarser ones.
// They were chosen by five-fold cross-validation on the training pairs.
type strengths struct {
	surname, syllable, pooled, prior, context, class, symbol float64
	nameSurname, nameSyllable, nameGiven                     float64
}

var defaultStrengths = strengths{surname: 3, syllable: 4, pooled: 3, prior: 4, context: 8, class: 20, symbol: 15,
	nameSurname: 5, nameSyllable: 30, nameGiven: 200}

// Model holds the learned counts and the probabilities made of them. It is made by
// [Train] or [Default] and does not change afterwards, so that it may be shared.
type Model struct {
	k    strengths
	n    *counts
	emit *emissions
	pop  *population
	back *background

	spellers [classes]map[string][]rune // the syllables that were seen with some letters
}

func newModel(n *counts, k strengths) *Model {
	m := &Model{k: k, n: n, emit: newEmissions(n, k), pop: newPopulation(n, k)}
	m.back = newBackground(m.pop)
	for c := range classes {
		m.spellers[c] = map[string][]rune{}
		sources := []tallies[rune]{m.n.syllable[c], bridge(c)}
		if c.korean() {
			sources[1] = m.n.allSyl
		}
		for _, from := range sources {
			for s, t := range inOrder(from) {
				for l := range t.by {
					if !slices.Contains(m.spellers[c][l], s) {
						m.spellers[c][l] = append(m.spellers[c][l], s)
					}
				}
			}
		}
	}
	return m
}

// surnameLetters is P(letters | surname, class) for a surname of one or two syllables.
func (m *Model) surnameLetters(c Class, surname string, letters string) float64 {
	return m.surnameOver(c, surname, letters, m.spelt(c, []rune(surname), letters))
}

// surnameOver is surnameLetters when the probability by syllables is known.
func (m *Model) surnameOver(c Class, surname, letters string, spelt float64) float64 {
	pooled := spelt
	if c.korean() {
		seen, total := m.n.pooledSurname(surname, letters)
		pooled = (seen + m.k.pooled*spelt) / (total + m.k.pooled)
	}
	t := m.n.surname[c][surname]
	return (t.of(letters) + m.k.surname*pooled) / (t.total() + m.k.surname)
}

// spelt is P(letters | syllables, class) summed over all ways to divide the letters.
func (m *Model) spelt(c Class, syllables []rune, letters string) float64 {
	n := len(letters)
	row := make([]float64, n+1)
	row[0] = 1
	next := make([]float64, n+1)
	for k, s := range syllables {
		clear(next)
		for i, p := range row {
			if p == 0 {
				continue
			}
			from := i
			if k == len(syllables)-1 { // the last takes all that is left
				from = n
			}
			for j := from; j <= min(n, i+maxChunk); j++ {
				next[j] += p * m.chunk(c, s, letters[i:j])
			}
		}
		row, next = next, row
	}
	return row[n]
}

// maxChunk is the longest chunk one syllable may emit: "chyeong", "kkwang".
const maxChunk = 8

// chunk is P(letters | syllable, class).
func (m *Model) chunk(c Class, s rune, letters string) float64 {
	base := m.emit.spell(c, s, letters)
	return m.chunkOver(c, s, letters, base)
}

// chunkOver is chunk when the probability by parts is known.
func (m *Model) chunkOver(c Class, s rune, letters string, base float64) float64 {
	if c.korean() {
		seen, total := m.n.pooledSyllable(s, letters)
		base = (seen + m.k.pooled*base) / (total + m.k.pooled)
	} else if prior := bridge(c)[s]; prior != nil {
		base = (m.k.prior*prior.of(letters) + base) / (m.k.prior + 1)
	}
	t := m.n.syllable[c][s]
	return (t.of(letters) + m.k.syllable*base) / (t.total() + m.k.syllable)
}

// pull is the factor of the probability by parts in chunkOver for letters that were never
// seen with the syllable.
func (m *Model) pull(c Class, s rune) float64 {
	f := 1.0
	if c.korean() {
		_, total := m.n.pooledSyllable(s, "")
		f = m.k.pooled / (total + m.k.pooled)
	} else if bridge(c)[s] != nil {
		f = 1 / (m.k.prior + 1)
	}
	return f * m.k.syllable / (m.n.syllable[c][s].total() + m.k.syllable)
}

func log2(p float64) float64 { return math.Log2(math.Max(p, 1e-300)) }
