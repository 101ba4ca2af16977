// Package reuse asks whether accounts are independent of one another. Two testimonies
// that tell one story in one wording, come from one household, or answer one leading
// question are one source, however many files they fill; an allegation is corroborated
// only by sources that do not depend on each other.
package reuse

import (
	"context"
	"slices"
	"unicode"

	"example.org/amparo/names"
)

// Settings of the search for shared text.
type Settings struct {
	// Run is the number of units that make a shingle: words of alphabetic scripts, single
	// syllables of Hangul, single Chinese characters. 0 means 6.
	Run int
	// Window is the number of neighbouring shingles of which one is kept as a
	// fingerprint: every shared passage of at least Run + Window - 1 units is found.
	// 0 means 4.
	Window int
	// Least is the length in units below which no passage is looked for: pairs that share no
	// passage as long may be left out, which saves laying most texts beside each other. 0 means
	// all of Run + Window - 1.
	Least int
	// Prompts are texts that many accounts hold because they were read out or printed: the
	// questionnaire, the consent form. What is in them is no reuse.
	Prompts []string
}

// Passage is a stretch of text that two accounts share, as byte offsets.
type Passage struct {
	AFrom, ATo int
	BFrom, BTo int
	Units      int
}

// Shared is what two accounts have in common.
type Shared struct {
	A, B     int       // indexes of the texts, A < B
	ShareA   float64   // share of the units of A that stand in passages shared with B
	ShareB   float64   // and the other way round
	Longest  int       // units of the longest passage
	Passages []Passage // in the order of A
}

// unit is a word, syllable or character, and where it stands.
type unit struct {
	hash     uint64
	from, to int
}

// document is one text, cut into units and shingles.
type document struct {
	units    []unit
	shingles []uint64 // hash of the units i to i+Run; 0 where it is a prompt's
}

// Find returns every pair of texts that share a passage of at least Run + Window - 1 units
// outside the prompts, the pair with the larger share first. It takes time proportional to
// the texts and to what they share. It stops with ctx's error.
//
// Source: Schleimer, Wilkerson and Aiken (2003), "Winnowing: Local Algorithms for Document
// Fingerprinting", SIGMOD, for the choice of fingerprints and the guarantee.
func Find(ctx context.Context, texts []string, s Settings) ([]Shared, error) {
	return FindIn(ctx, inMemory(texts), nil, s)
}

// compare finds all passages of at least run units that two documents share: for each
// place in A the longest run in B, greedily from the left.
func compare(x, y document, run int) Shared {
	at := map[uint64][]int{}
	for j, h := range y.shingles {
		if h != 0 {
			at[h] = append(at[h], j)
		}
	}
	var sh Shared
	inA, inB := 0, make([]bool, len(y.units))
	for i := 0; i < len(x.shingles); {
		n, from := 0, 0
		if h := x.shingles[i]; h != 0 {
			for _, j := range at[h] {
				if l := extent(x, y, i, j, run); l > n {
					n, from = l, j
				}
			}
		}
		if n == 0 {
			i++
			continue
		}
		sh.Passages = append(sh.Passages, Passage{x.units[i].from, x.units[i+n-1].to, y.units[from].from, y.units[from+n-1].to, n})
		sh.Longest = max(sh.Longest, n)
		inA += n
		for k := from; k < from+n; k++ {
			inB[k] = true
		}
		i += n
	}
	covered := 0
	for _, c := range inB {
		if c {
			covered++
		}
	}
	sh.ShareA, sh.ShareB = share(inA, len(x.units)), share(covered, len(y.units))
	return sh
}

// cut divides a text into units and hashes its shingles. The document lies where into did,
// which is no longer one, as far as there is room.
func cut(text string, run int, prompts map[uint64]bool, into document) document {
	d := document{into.units[:0], into.shingles[:0]}
	if most := len(text)/3 + 1; cap(d.units) < most { // syllables and characters take three bytes, words more
		d.units = make([]unit, 0, most)
	}
	start := -1
	word := func(end int) {
		if start >= 0 {
			d.units = append(d.units, unit{fnv(names.Fold(text[start:end])), start, end})
			start = -1
		}
	}
	for i, r := range text {
		size := len(string(r))
		switch {
		case names.IsHangul(r), names.IsHan(r):
			word(i)
			d.units = append(d.units, unit{fnv(text[i : i+size]), i, i + size})
		case unicode.IsLetter(r), unicode.IsDigit(r), unicode.Is(unicode.Mn, r), r == '\'', r == '’':
			if start < 0 {
				start = i
			}
		default:
			word(i)
		}
	}
	word(len(text))
	d.shingles = hashes(d.shingles, d.units, run)
	for i, h := range d.shingles {
		if prompts[h] {
			d.shingles[i] = 0
		}
	}
	return d
}

// hashes adds the hash of each run of units; none is 0.
func hashes(out []uint64, units []unit, run int) []uint64 {
	out = slices.Grow(out, len(units))
	for i := 0; i+run <= len(units); i++ {
		h := uint64(1469598103934665603)
		for _, u := range units[i : i+run] {
			h = (h ^ u.hash) * 1099511628211
			h ^= h >> 29
		}
		out = append(out, max(h, 1))
	}
	return out
}

// fnv hashes a unit, to the same number in every run of the program.
//
// Source: Fowler, Noll and Vo, FNV-1a, 64 bits.
func fnv(s string) uint64 {
	h := uint64(14695981039346656037)
	for i := range len(s) {
		h = (h ^ uint64(s[i])) * 1099511628211
	}
	return h
}

// winnow keeps the smallest shingle of every window, the last of equal ones.
func winnow(shingles []uint64, window int) []uint64 {
	var out []uint64
	last := -1
	for i := range shingles {
		from := max(0, i-window+1)
		if i < window-1 && i != len(shingles)-1 {
			continue
		}
		least := -1
		for j := from; j <= i; j++ {
			if shingles[j] != 0 && (least < 0 || shingles[j] <= shingles[least]) {
				least = j
			}
		}
		if least >= 0 && least != last {
			out = append(out, shingles[least])
			last = least
		}
	}
	return out
}

// extent is how many units from i in x and j in y are the same, the prompts left out.
func extent(x, y document, i, j, run int) int {
	n := 0
	for i+n < len(x.units) && j+n < len(y.units) && x.units[i+n].hash == y.units[j+n].hash {
		if k := i + n; k < len(x.shingles) && x.shingles[k] == 0 && n >= run {
			break // a prompt begins here
		}
		n++
	}
	if n < run {
		return 0
	}
	return n
}

func share(n, of int) float64 {
	if of == 0 {
		return 0
	}
	return float64(n) / float64(of)
}
