package latin

import (
	"cmp"
	"iter"
	"maps"
	"slices"
)

// tally counts strings; weights are expected numbers, not whole ones.
type tally struct {
	by  map[string]float64
	sum float64
}

func newTally() *tally { return &tally{by: map[string]float64{}} }

func (t *tally) add(s string, w float64) {
	t.by[s] += w
	t.sum += w
}

func (t *tally) of(s string) float64 {
	if t == nil {
		return 0
	}
	return t.by[s]
}

func (t *tally) total() float64 {
	if t == nil {
		return 0
	}
	return t.sum
}

// tallies are tallies by key.
type tallies[K comparable] map[K]*tally

func (ts tallies[K]) add(k K, s string, w float64) {
	t := ts[k]
	if t == nil {
		t = newTally()
		ts[k] = t
	}
	t.add(s, w)
}

// counts are what training learned: expected numbers of events by class.
type counts struct {
	names    [classes]float64
	joined   [classes]float64         // given names of several syllables written together
	divided  [classes]float64         // and divided
	surname  [classes]tallies[string] // letters by Hangul surname
	syllable [classes]tallies[rune]   // chunks by syllable of the given name
	symbol   [classes]tallies[symbol] // letters by initial, vowel, final
	given    [classes]tally           // given names in Hangul
	family   [classes]tally           // surnames in Hangul
	allSur   tallies[string]          // surname over the Korean classes
	allSyl   tallies[rune]            // syllable over the Korean classes
	letters  *spelling                // letters of given names of any class
}

func newCounts() *counts {
	n := &counts{allSur: tallies[string]{}, allSyl: tallies[rune]{}}
	for c := range classes {
		n.surname[c], n.syllable[c], n.symbol[c] = tallies[string]{}, tallies[rune]{}, tallies[symbol]{}
		n.given[c].by, n.family[c].by = map[string]float64{}, map[string]float64{}
	}
	return n
}

// addSurname counts a surname's letters.
func (n *counts) addSurname(c Class, surname, letters string, w float64) {
	n.surname[c].add(surname, letters, w)
	if c.korean() {
		n.allSur.add(surname, letters, w)
	}
}

// addSyllable counts a syllable's chunk.
func (n *counts) addSyllable(c Class, s rune, letters string, w float64) {
	n.syllable[c].add(s, letters, w)
	if c.korean() {
		n.allSyl.add(s, letters, w)
	}
}

func (n *counts) pooledSurname(surname, letters string) (seen, total float64) {
	t := n.allSur[surname]
	return t.of(letters), t.total()
}

func (n *counts) pooledSyllable(s rune, letters string) (seen, total float64) {
	t := n.allSyl[s]
	return t.of(letters), t.total()
}

// merge adds a whole tally to a key.
func (ts tallies[K]) merge(k K, t *tally) {
	for s, w := range inOrder(t.by) {
		ts.add(k, s, w)
	}
}

// inOrder yields a map by its sorted keys: sums of floating-point numbers depend on their
// order, and the same counts must always give the same model.
func inOrder[K cmp.Ordered, V any](m map[K]V) iter.Seq2[K, V] {
	return func(yield func(K, V) bool) {
		for _, k := range slices.Sorted(maps.Keys(m)) {
			if !yield(k, m[k]) {
				return
			}
		}
	}
}
