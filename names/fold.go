// Package names knows how names of people and places are written: Hangul and its
// romanisations, the sound rule by which North and South spell a surname
// differently, and how a name is folded so that a search finds it in any spelling.
package names

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// Fold returns s as searches compare it: compatibility forms unified, lower case,
// Latin letters without diacritics, apostrophes and breves dropped, Hangul composed.
// Folding twice changes nothing.
func Fold(s string) string {
	if ascii(s) {
		return strings.ToLower(strings.ReplaceAll(s, "'", ""))
	}
	var b strings.Builder
	latin := false
	for _, r := range norm.NFKD.String(s) {
		switch {
		case unicode.Is(unicode.Mn, r):
			if latin {
				continue
			}
		case apostrophe(r):
			continue
		default:
			latin = unicode.Is(unicode.Latin, r)
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return norm.NFKC.String(b.String())
}

func apostrophe(r rune) bool {
	switch r {
	case '\'', '’', '‘', 'ʼ', 'ʻ', '`', '´':
		return true
	}
	return false
}

func ascii(s string) bool {
	for i := range len(s) {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}

// IsHangul reports whether r is a composed Hangul syllable.
func IsHangul(r rune) bool { return r >= 0xAC00 && r <= 0xD7A3 }

// IsHan reports whether r is a Chinese character.
func IsHan(r rune) bool { return unicode.Is(unicode.Han, r) }

// Jamo splits a Hangul syllable into the numbers of its initial (0-18), vowel (0-20)
// and final (0-27, 0 for none).
//
// Source: The Unicode Standard, 3.12 "Conjoining Jamo Behavior".
func Jamo(r rune) (initial, vowel, final int) {
	n := int(r - 0xAC00)
	return n / 588, n % 588 / 28, n % 28
}

// Compose is the reverse of [Jamo].
func Compose(initial, vowel, final int) rune { return rune(0xAC00 + initial*588 + vowel*28 + final) }

// Initials, by number, that the sound rule changes at the beginning of a word.
const (
	initN   = 2
	initR   = 5
	initNul = 11
)

// South folds the North Korean spelling of a name's first syllable to the South
// Korean one: 리 to 이, 림 to 임, 로 to 노, 녀 to 여. Names are compared in this form
// for recall, after they were compared as written.
func South(s string) string {
	rs := []rune(s)
	if len(rs) == 0 || !IsHangul(rs[0]) {
		return s
	}
	i, v, f := Jamo(rs[0])
	iotised := v == 2 || v == 3 || v == 6 || v == 7 || v == 12 || v == 17 || v == 20 // ㅑ ㅒ ㅕ ㅖ ㅛ ㅠ ㅣ
	switch {
	case i == initR && iotised, i == initN && iotised:
		rs[0] = Compose(initNul, v, f)
	case i == initR:
		rs[0] = Compose(initN, v, f)
	}
	return string(rs)
}
