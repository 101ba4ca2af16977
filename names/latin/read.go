package latin

import (
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"example.org/amparo/names"
)

// Reading is one way to take a Latin name apart: which word is the surname, and the
// parts of the given name as a hyphen or a space divides them. Letters are a to z. Without
// parts, the given name is missing.
type Reading struct {
	Surname string
	Given   []string
	Weight  float64 // how likely this order is before the letters are looked at; all sum to 1
}

// Read takes a Latin name apart in every order it may have been written in: Korean
// ("Kim Chol-su", "KIM Chol Su"), Western ("Chol-su Kim"), with a comma ("Kim,
// Chol-su"), in one word ("Kimcholsu"). Marks are dropped after they were understood:
// McCune-Reischauer's ŏ and ŭ become eo and eu, k', t', p' become kh, th, ph. It is nil
// when no letter is left.
func Read(s string) []Reading {
	family, given, comma := strings.Cut(s, ",")
	if comma {
		f, g := words(family), words(given)
		if len(f) > 0 && len(g) > 0 {
			return []Reading{{Surname: joined(f), Given: parts(g), Weight: 1}}
		}
	}
	ws := words(s)
	switch len(ws) {
	case 0:
		return nil
	case 1:
		return oneWord(ws[0])
	}
	return ordered(ws)
}

// word is a word of a name, divided at its hyphens.
type word struct {
	parts   []string
	capital bool // written in capitals only, as surnames are in documents
}

func (w word) letters() string { return strings.Join(w.parts, "") }

func joined(ws []word) string {
	var b strings.Builder
	for _, w := range ws {
		b.WriteString(w.letters())
	}
	return b.String()
}

func parts(ws []word) []string {
	var out []string
	for _, w := range ws {
		out = append(out, w.parts...)
	}
	return out
}

func words(s string) []word {
	var out []word
	marked := strings.ContainsAny(apostrophes.Replace(strings.ToLower(norm.NFC.String(s))), "ŏŭ'")
	for _, f := range strings.FieldsFunc(s, func(r rune) bool { return unicode.IsSpace(r) || r == '.' || r == '·' || r == '_' }) {
		w := word{capital: len(f) > 1 && strings.ToUpper(f) == f && strings.ToLower(f) != f}
		for _, p := range strings.FieldsFunc(f, func(r rune) bool { return unicode.Is(unicode.Pd, r) || r == '\u00ad' }) {
			if l := letters(p, marked); l != "" {
				w.parts = append(w.parts, l)
			}
		}
		if len(w.parts) > 0 {
			out = append(out, w)
		}
	}
	return out
}

// Marks of McCune-Reischauer: where they are written, a plain ch is ㅈ and ch' is ㅊ.
var (
	apostrophes = strings.NewReplacer("’", "'", "‘", "'", "ʼ", "'", "ʻ", "'", "`", "'", "´", "'", "ǒ", "ŏ", "ǔ", "ŭ")
	marks       = strings.NewReplacer("ŭi", "ui", "wŏ", "wo", "ŏ", "eo", "ŭ", "eu", "k'", "kh", "t'", "th", "p'", "ph", "ch'", "ch", "ch", "j")
)

// Letters returns the letters a to z of a word as the model knows them. marked says that
// the name it stands in is written with the marks of McCune-Reischauer.
func letters(s string, marked bool) string {
	low := apostrophes.Replace(strings.ToLower(norm.NFC.String(s)))
	if marked {
		low = marks.Replace(low)
	}
	low = cyrillic.Replace(low)
	var b strings.Builder
	for _, r := range names.Fold(low) {
		if r >= 'a' && r <= 'z' {
			b.WriteRune(r)
		}
	}
	return b.String()
}

// cyrillic writes Russian letters in Latin ones as Korean names are usually written from
// Russian papers: Цой is Tsoi, Ким is Kim.
var cyrillic = strings.NewReplacer("дж", "j", "кх", "kh", "тх", "th", "пх", "ph", "а", "a", "б", "b", "в", "v", "г", "g", "д", "d", "е", "e", "ё", "yo", "ж", "j", "з", "z", "и", "i", "й", "i",
	"к", "k", "л", "l", "м", "m", "н", "n", "о", "o", "п", "p", "р", "r", "с", "s", "т", "t", "у", "u", "ф", "f", "х", "h", "ц", "ts", "ч", "ch", "ш", "sh", "щ", "sh", "ъ", "",
	"ы", "eu", "ь", "", "э", "e", "ю", "yu", "я", "ya")

// Weights of the orders. Of 8,972 Wikidata labels 2 % put the given name first; papers
// from abroad do so more often.
const (
	reversedWeight = 0.06
	sureWeight     = 0.97
)

func ordered(ws []word) []Reading {
	n := len(ws)
	front := Reading{Surname: ws[0].letters(), Given: parts(ws[1:])}
	back := Reading{Surname: ws[n-1].letters(), Given: parts(ws[:n-1])}
	back.Weight = reversedWeight
	switch {
	case ws[0].capital && !ws[n-1].capital:
		back.Weight = 1 - sureWeight
	case ws[n-1].capital && !ws[0].capital:
		back.Weight = sureWeight
	case n == 2 && len(ws[0].parts) > 1 && len(ws[1].parts) == 1:
		back.Weight = sureWeight
	}
	front.Weight = 1 - back.Weight
	out := []Reading{front, back}
	if n > 2 && len(ws[0].parts) == 1 && len(ws[1].parts) == 1 { // "Nam Gung Min", "Ou Yang Xiu"
		const two = 0.02
		for i := range out {
			out[i].Weight *= 1 - two
		}
		out = append(out, Reading{Surname: joined(ws[:2]), Given: parts(ws[2:]), Weight: two})
	}
	return out
}

// oneWord divides a name written without a space after one to six letters.
func oneWord(w word) []Reading {
	if len(w.parts) > 1 { // "Kim-Chol-su"
		return []Reading{{Surname: w.parts[0], Given: w.parts[1:], Weight: 1}}
	}
	l := w.parts[0]
	var out []Reading
	for i := 1; i <= min(6, len(l)-1); i++ {
		out = append(out, Reading{Surname: l[:i], Given: []string{l[i:]}})
	}
	if out == nil {
		return []Reading{{Surname: l, Weight: 1}}
	}
	const alone = 0.3 // that it is a surname and the given name is missing
	for i := range out {
		out[i].Weight = (1 - alone) / float64(len(out))
	}
	return append(out, Reading{Surname: l, Weight: alone})
}

// Hangul is one way to take a Hangul name apart.
type Hangul struct {
	Surname string
	Given   []rune
	Weight  float64 // all sum to 1
}

// Compounds are the surnames of two syllables.
var Compounds = []string{"남궁", "황보", "제갈", "사공", "선우", "서문", "독고", "동방", "어금", "망절", "소봉", "장곡", "강전", "구양", "사마", "상관", "하후", "공손", "모용",
	"위지", "우문", "영호", "단목", "동곽", "백리", "종리", "탁발", "혁련", "황포", "어양", "오양", "쓰마", "주거", "장손", "독발", "저거"}

// ReadHangul takes a Hangul name apart: the first syllable is the surname, or the first
// two when they are a compound one or a space stands behind them. Hangul only; other
// characters are dropped. It is nil when no syllable is left.
func ReadHangul(s string) []Hangul {
	ws := strings.Fields(norm.NFC.String(s))
	if len(ws) == 2 {
		a, b := syllables(ws[0]), syllables(ws[1])
		if len(a) >= 1 && len(a) <= 2 && len(b) >= 1 {
			return []Hangul{{Surname: string(a), Given: b, Weight: 1}}
		}
	}
	rs := syllables(s)
	if len(rs) == 0 {
		return nil
	}
	one := Hangul{Surname: string(rs[:1]), Given: rs[1:], Weight: 1}
	if len(rs) < 3 {
		return []Hangul{one}
	}
	w := 0.5
	if !slices.Contains(Compounds, string(rs[:2])) {
		if !strings.ContainsRune("오우이안", rs[1]) {
			return []Hangul{one}
		}
		w = 0.2
	}
	if len(rs) > 3 && w == 0.5 {
		w = 0.95
	}
	one.Weight = 1 - w
	return []Hangul{{Surname: string(rs[:2]), Given: rs[2:], Weight: w}, one}
}

func syllables(s string) []rune {
	var out []rune
	for _, r := range norm.NFC.String(s) {
		if names.IsHangul(r) {
			out = append(out, r)
		}
	}
	return out
}
