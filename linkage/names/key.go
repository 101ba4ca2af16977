// Package names compares the names of people across scripts, for record linkage: Hangul,
// Chinese characters and Latin letters, North and South Korean spelling, names as they
// were said, heard and misspelt.
//
// A name is read once into a [Key]; two keys give a level (how they agree) and bits (what
// the agreement is worth as evidence that it is one person). Nothing here decides that
// two people are one.
package names

import (
	"hash/fnv"
	"slices"
	"strings"
	"unicode"

	"example.org/amparo/names"
	"example.org/amparo/names/han"
	"example.org/amparo/names/latin"
)

// Script is what a name is written in.
type Script uint8

// The scripts. A name in another one is compared only as it stands.
const (
	None Script = iota
	Hangul
	Han
	Latin // and Cyrillic, which is written in Latin letters first
	Other
)

// Key is one name, read. The zero Key is a missing name.
type Key struct {
	Original string
	Script   Script
	Part     Part            // what of the name is known
	Hangul   []latin.Hangul  // Korean readings with their weights, the likeliest first; nil for Latin
	Chars    []Characters    // ways to divide a name in Chinese characters
	Latin    []latin.Reading // orders of a Latin name
	Decoded  []latin.Decoded // Hangul names a Latin one may stand for

	somebody  float64   // log2 P(these letters), for Latin
	families  []float64 // log2 P(surname letters), for each of Latin
	folded    string    // the name as compared when nothing else is known of it
	mandarin  *latin.Characters
	frequency float64     // P(this Hangul name)
	heard     []heardName // of Decoded, in order
	surnames  []heardName // of Decoded: the surnames, in order
	wide      []uint32    // the keys of Wide, in order
}

// Part says how much of a name is known.
type Part uint8

// The parts.
const (
	Nothing Part = iota // a missing name, or a word that stands for one
	Surname             // "Kim XX", 김씨
	Whole
)

// Characters is a name in Chinese characters, in their canonical form.
type Characters struct{ Surname, Given []rune }

// Reader reads names into keys. It keeps what it computed, so it is for one goroutine;
// the same name gives the same key from every reader.
type Reader struct {
	m *latin.Model
	r *latin.Reader
}

// NewReader returns a reader with the model that comes with the program.
func NewReader() *Reader { return NewReaderOf(latin.Default()) }

// NewReaderOf returns a reader with another model.
func NewReaderOf(m *latin.Model) *Reader { return &Reader{m: m, r: latin.NewReader(m)} }

// Parse reads one name. To read many, make a [Reader], which is faster.
func Parse(s string) Key { return NewReader().Parse(s) }

// decoded is how many Hangul names are kept for a Latin one.
const decoded = 32

// Parse reads a name as it was written: titles and forms of address are taken off, the
// script is found, surname and given name are divided, and every reading that the
// characters or letters allow is kept with its weight. It never fails: what says nothing
// gives a key of which [Nothing] is known.
func (r *Reader) Parse(s string) Key {
	k := Key{Original: s}
	if names.Missing(s) {
		return k
	}
	plain := names.Strip(s)
	k.Part = Whole
	if surname, ok := names.Masked(s); ok {
		plain, k.Part = surname, Surname
	}
	k.Script = scriptOf(plain)
	k.folded = strings.Join(strings.Fields(names.Fold(plain)), " ")
	switch k.Script {
	case None:
		return Key{Original: s}
	case Hangul:
		k.Hangul = latin.ReadHangul(plain)
		if len([]rune(plain)) == 1 || k.Part == Surname {
			k.Part = Surname
			k.Hangul = []latin.Hangul{{Surname: strings.ReplaceAll(plain, " ", ""), Weight: 1}}
		}
	case Han:
		k.readHan(plain)
	case Latin:
		r.readLatin(&k, plain)
	}
	if len(k.Hangul) > 0 {
		k.frequency = r.frequency(k)
	}
	k.wide = numbers(k.Wide())
	return k
}

// numbers are hashes of keys, in order.
func numbers(keys []string) []uint32 {
	out := make([]uint32, len(keys))
	for i, k := range keys {
		h := fnv.New32a()
		_, _ = h.Write([]byte(k)) // a hash does not fail
		out[i] = h.Sum32()
	}
	slices.Sort(out)
	return out
}

// frequency is how common the likeliest Hangul reading is.
func (r *Reader) frequency(k Key) float64 {
	if k.Part == Surname {
		return r.m.SurnameFrequency(k.Hangul[0].Surname)
	}
	return r.m.Frequency(k.Hangul[0])
}

// scriptOf is the script of most letters.
func scriptOf(s string) Script {
	var n [Other + 1]int
	for _, c := range s {
		switch {
		case names.IsHangul(c):
			n[Hangul] += 2 // a syllable is worth two or three letters
		case names.IsHan(c):
			n[Han] += 2
		case unicode.Is(unicode.Latin, c), unicode.Is(unicode.Cyrillic, c):
			n[Latin]++
		case unicode.IsLetter(c):
			n[Other]++
		}
	}
	best := None
	for s := Hangul; s <= Other; s++ {
		if n[s] > n[best] {
			best = s
		}
	}
	return best
}

func (r *Reader) readLatin(k *Key, plain string) {
	k.Latin = latin.Read(plain)
	if k.Part == Surname {
		k.Latin = []latin.Reading{{Surname: joined(k.Latin), Weight: 1}}
	}
	if len(k.Latin) == 0 {
		*k = Key{Original: k.Original}
		return
	}
	k.somebody = r.r.Somebody(k.Latin)
	for _, read := range k.Latin {
		k.families = append(k.families, r.r.SomebodyNamed(read.Surname))
	}
	k.Decoded = r.r.Decode(k.Latin, decoded)
	k.heard, k.surnames = heardNames(k.Decoded, r.m)
}

func joined(reads []latin.Reading) string {
	if len(reads) == 0 {
		return ""
	}
	return reads[0].Surname + strings.Join(reads[0].Given, "")
}

// hanCompounds are the surnames of two characters, in canonical form.
var hanCompounds = []string{"歐陽", "司馬", "諸葛", "上官", "司徒", "東方", "獨孤", "南宮", "皇甫", "鮮于", "西門", "司空", "夏侯", "公孫", "慕容", "尉遲", "宇文", "令狐", "端木", "百里", "長孫", "司寇"}

// readHan divides a name in Chinese characters and reads it in Korean and Mandarin.
func (k *Key) readHan(plain string) {
	surname, given, divided := strings.Cut(plain, " ")
	rs := canonical(surname + strings.ReplaceAll(given, " ", ""))
	cut := 1
	switch {
	case divided && len([]rune(surname)) <= 2:
		cut = len(canonical(surname))
	case len(rs) > 2 && slices.Contains(hanCompounds, string(rs[:2])):
		cut = 2
	}
	if k.Part == Surname {
		cut = len(rs)
	}
	if len(rs) <= cut {
		k.Part, cut = Surname, len(rs)
	}
	k.Chars = []Characters{{Surname: rs[:cut], Given: rs[cut:]}}
	k.Hangul = hangulOf(k.Chars[0])
	k.mandarin = mandarinOf(k.Chars[0])
}

func canonical(s string) []rune {
	var out []rune
	for _, c := range s {
		if names.IsHan(c) {
			out = append(out, han.Canonical(c))
		}
	}
	return out
}

// hangulOf returns the Korean readings of a name, at most 16. The likelier reading of a
// character has two thirds.
func hangulOf(c Characters) []latin.Hangul {
	type partial struct {
		rs []rune
		w  float64
	}
	all := []partial{{w: 1}}
	for i, r := range slices.Concat(c.Surname, c.Given) {
		readings := han.Hangul(r, i < len(c.Surname))
		if len(readings) == 0 {
			return nil
		}
		var next []partial
		for _, p := range all {
			for j, h := range readings {
				w := 1.0
				switch {
				case len(readings) > 1 && j == 0:
					w = 2.0 / 3
				case j > 0:
					w = 1.0 / 3 / float64(len(readings)-1)
				}
				next = append(next, partial{append(slices.Clone(p.rs), h), p.w * w})
			}
		}
		slices.SortStableFunc(next, func(a, b partial) int {
			switch {
			case a.w > b.w:
				return -1
			case a.w < b.w:
				return 1
			}
			return 0
		})
		all = next[:min(16, len(next))]
	}
	var sum float64
	for _, p := range all {
		sum += p.w
	}
	out := make([]latin.Hangul, len(all))
	for i, p := range all {
		out[i] = latin.Hangul{Surname: string(p.rs[:len(c.Surname)]), Given: p.rs[len(c.Surname):], Weight: p.w / sum}
	}
	return out
}

func mandarinOf(c Characters) *latin.Characters {
	out := &latin.Characters{}
	for _, r := range c.Surname {
		out.Surname = append(out.Surname, han.Pinyin(r, true))
	}
	for _, r := range c.Given {
		out.Given = append(out.Given, han.Pinyin(r, false))
	}
	return out
}
