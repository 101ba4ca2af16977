// Package han reads Chinese characters as names are read: in Korean, in Mandarin, and
// across the traditional, simplified and other written forms of one character.
//
// A reading is a claim about a name, not a translation: 金 is the surname Kim or the
// word for gold, 朴 is Piao as a surname and Pu elsewhere. Every function therefore
// returns all readings, the likeliest first.
package han

import (
	_ "embed"
	"slices"
	"strings"
	"sync"
)

//go:embed table.txt
var tableText string

// Char is one character with its readings.
type Char struct {
	Rune   rune
	Hangul []rune   // Korean readings, South and North spelling, the likeliest first
	Pinyin []string // Mandarin readings without tone, ü written u, the likeliest first
	Common bool     // in the table of general standard characters of 2013
	Lawful bool     // allowed in personal names by the Supreme Court of Korea
}

type table struct {
	chars    []Char
	at       map[rune]int32
	variants map[rune]rune
}

var loaded = sync.OnceValue(func() *table {
	t := &table{at: make(map[rune]int32, 12000), variants: make(map[rune]rune, 4000)}
	for line := range strings.Lines(tableText) {
		line = strings.TrimRight(line, "\n")
		if line == "" || line[0] == '#' {
			continue
		}
		f := strings.Split(line, " ")
		if f[0] == "=" {
			rs := []rune(f[1])
			for i := 0; i+1 < len(rs); i += 2 {
				t.variants[rs[i]] = rs[i+1]
			}
			continue
		}
		hangul, pinyin := []rune(f[1]), strings.Split(f[2], ",")
		for _, r := range f[3] {
			t.at[r] = int32(len(t.chars))
			t.chars = append(t.chars, Char{Rune: r, Hangul: hangul, Pinyin: pinyin,
				Common: strings.Contains(f[0], "c"), Lawful: strings.Contains(f[0], "l")})
		}
	}
	return t
})

// Canonical returns the form of r under which its Korean reading is listed: the
// traditional form of a simplified character, the usual form of a variant. A character
// that is listed, or unknown, comes back as it is.
//
// Source: Unihan 15.0, kTraditionalVariant, kSemanticVariant, kZVariant.
func Canonical(r rune) rune {
	t := loaded()
	for range 3 { // a variant of a variant; the table holds no longer chain
		if v, ok := t.variants[r]; ok {
			r = v
		}
	}
	return r
}

// Lookup returns what is known of r, under its canonical form when r itself has no
// Korean reading.
func Lookup(r rune) (Char, bool) {
	t := loaded()
	if i, ok := t.at[r]; ok {
		return t.chars[i], true
	}
	if i, ok := t.at[Canonical(r)]; ok {
		return t.chars[i], true
	}
	return Char{}, false
}

// Chars returns every character of the table, in a fixed order. The slice is the
// caller's; the readings inside are shared and must not be changed.
func Chars() []Char { return slices.Clone(loaded().chars) }

// surnameHangul says which of several Korean readings a surname has.
var surnameHangul = map[rune]rune{'金': '김', '車': '차', '沈': '심', '葉': '엽', '單': '단', '解': '해', '丁': '정', '陸': '륙', '梁': '량',
	'盧': '로', '羅': '라', '李': '리', '林': '림', '柳': '류', '劉': '류', '呂': '려', '廉': '렴', '龍': '룡', '白': '백', '薛': '설', '薺': '제', '宿': '숙'}

// surnamePinyin says how a character is read in Mandarin when it is a surname, where
// that is not its usual reading.
var surnamePinyin = map[rune]string{'朴': "piao", '單': "shan", '单': "shan", '仇': "qiu", '解': "xie", '曾': "zeng", '查': "zha",
	'蓋': "ge", '盖': "ge", '區': "ou", '区': "ou", '任': "ren", '華': "hua", '华': "hua", '洗': "xian", '冼': "xian", '繁': "po", '尉': "wei", '樂': "yue", '乐': "yue",
	'葉': "ye", '叶': "ye", '沈': "shen", '翟': "zhai", '覃': "qin", '石': "shi", '種': "chong", '种': "chong", '黑': "he", '員': "yun", '员': "yun", '祭': "zhai", '車': "che", '车': "che",
	'宿': "su", '薄': "bo", '卜': "bu", '秘': "bi", '召': "shao", '都': "du", '那': "na", '柏': "bai", '卓': "zhuo", '裵': "pei", '裴': "pei", '賈': "jia", '贾': "jia", '諶': "chen", '万': "wan", '萬': "wan"}

// Hangul returns the Korean readings of r, the likeliest first: in a surname's place the
// surname's reading leads (金 is 김, not 금). It is nil for a character without one.
//
// Source: the Supreme Court of Korea's list of characters for personal names (2024),
// then Unihan 15.0 kHangul, then the same for the canonical form.
func Hangul(r rune, surname bool) []rune {
	c, ok := Lookup(r)
	if !ok {
		return nil
	}
	if want, ok := surnameHangul[Canonical(r)]; surname && ok {
		return first(c.Hangul, want)
	}
	return slices.Clone(c.Hangul)
}

// Pinyin returns the Mandarin readings of r without tones, the likeliest first: in a
// surname's place the surname's reading leads (朴 is piao, not pu).
//
// Source: Unihan 15.0 kMandarin, then kTGHZ2013 and kXHC1983.
func Pinyin(r rune, surname bool) []string {
	c, ok := Lookup(r)
	if !ok {
		return nil
	}
	if want, ok := surnamePinyin[r]; surname && ok {
		return first(c.Pinyin, want)
	}
	return slices.Clone(c.Pinyin)
}

// first returns list with want at its head, added if it was not there.
func first[T comparable](list []T, want T) []T {
	out := append(make([]T, 0, len(list)+1), want)
	for _, v := range list {
		if v != want {
			out = append(out, v)
		}
	}
	return out
}
