// Package token cuts text into what searches look for. Names in Korean and Chinese
// are two or three characters long and are not set apart by spaces, so runs of Hangul
// and Chinese characters become overlapping pairs; other words stay whole and are
// found by their beginning.
package token

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"example.org/amparo/names"
)

// maxWord bounds a token in bytes; longer words are cut.
const maxWord = 64

// Term is one thing to look up: a token, or the beginning of one.
type Term struct {
	Text   string
	Prefix bool
}

// Fold appends to dst the form of src that searches compare; see [names.Fold]. Pure
// ASCII and composed Hangul and Chinese take a short way.
func Fold(dst []byte, src string) []byte {
	for i := 0; i < len(src); {
		c := src[i]
		if c < utf8.RuneSelf {
			if 'A' <= c && c <= 'Z' {
				c += 'a' - 'A'
			}
			if c != '\'' && c != '`' {
				dst = append(dst, c)
			}
			i++
			continue
		}
		r, n := utf8.DecodeRuneInString(src[i:])
		if names.IsHangul(r) || r >= 0x4E00 && r <= 0x9FFF {
			dst = append(dst, src[i:i+n]...)
			i += n
			continue
		}
		end := i + n
		for end < len(src) && src[end] >= utf8.RuneSelf {
			r, n := utf8.DecodeRuneInString(src[end:])
			if names.IsHangul(r) || r >= 0x4E00 && r <= 0x9FFF {
				break
			}
			end += n
		}
		start := i
		if start > 0 && unicode.Is(unicode.Mn, r) { // a mark belongs to the letter before it
			start--
			for start > 0 && !utf8.RuneStart(src[start]) {
				start--
			}
			if len(dst) > 0 {
				_, back := utf8.DecodeLastRune(dst)
				dst = dst[:len(dst)-back]
			}
		}
		dst = append(dst, names.Fold(src[start:end])...)
		i = end
	}
	return dst
}

// runs calls fn for each run of letters and digits of folded text, and says whether
// it is Hangul or Chinese.
func runs(folded string, fn func(run string, cjk bool)) {
	start, state := 0, 0 // 0 outside, 1 word, 2 CJK
	for i, r := range folded {
		now := 0
		switch {
		case names.IsHangul(r) || names.IsHan(r):
			now = 2
		case unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.Is(unicode.Mn, r):
			now = 1
		}
		if now != state {
			if state != 0 {
				fn(folded[start:i], state == 2)
			}
			start, state = i, now
		}
	}
	if state != 0 {
		fn(folded[start:], state == 2)
	}
}

// Index returns the tokens of a text, without repetition: words; pairs of Hangul and
// Chinese characters, and the last character of each run.
func Index(text string) []string {
	var out []string
	seen := map[string]bool{}
	add := func(t string) {
		if !seen[t] {
			seen[t] = true
			out = append(out, t)
		}
	}
	runs(string(Fold(nil, text)), func(run string, cjk bool) {
		if !cjk {
			add(cut(run))
			return
		}
		rs := []rune(run)
		for i := range rs {
			add(string(rs[i:min(i+2, len(rs))]))
		}
	})
	return out
}

// Query returns the terms that a record must all hold for a word of the query to
// occur in it: the same cuts as Index makes.
func Query(word string) []Term {
	var out []Term
	runs(string(Fold(nil, word)), func(run string, cjk bool) {
		if !cjk {
			out = append(out, Term{Text: cut(run), Prefix: true})
			return
		}
		rs := []rune(run)
		if len(rs) == 1 {
			out = append(out, Term{Text: run, Prefix: true})
		}
		for i := 0; i+2 <= len(rs); i++ {
			out = append(out, Term{Text: string(rs[i : i+2])})
		}
	})
	return out
}

func cut(s string) string {
	if len(s) <= maxWord {
		return s
	}
	end := maxWord
	for !utf8.RuneStart(s[end]) {
		end--
	}
	return s[:end]
}

// Split divides what somebody typed into words at white space and punctuation.
func Split(text string) []string {
	return strings.FieldsFunc(string(Fold(nil, text)), func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.Is(unicode.Mn, r)
	})
}
