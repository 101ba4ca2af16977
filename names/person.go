package names

import (
	"regexp"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
	"golang.org/x/text/width"
)

// missing are the entries that stand for a name nobody knew, folded.
var missing = []string{"", "unknown", "unk", "n/a", "na", "nil", "none", "null", "no name", "noname", "not known", "not given", "name unknown", "name withheld", "withheld", "anonymous", "anon",
	"unidentified", "unnamed", "john doe", "jane doe", "x", "xx", "xxx", "미상", "불명", "불상", "무명", "모름", "신원미상", "성명미상", "성명불상", "이름모름", "이름 모름", "익명", "무명씨", "아무개",
	"不明", "不详", "不詳", "未知", "无名", "無名", "无名氏", "無名氏", "姓名不详", "姓名不詳", "佚名", "匿名", "某人", "неизвестно", "неизвестный"}

// Missing reports whether s says that the name is not known: "unknown", 미상, 不明, "-".
func Missing(s string) bool {
	f := strings.Join(strings.Fields(Fold(s)), " ")
	return slices.Contains(missing, f) || !strings.ContainsFunc(f, unicode.IsLetter)
}

// titles stand before or after a name and are not part of it; longer ones come first.
var (
	titlesAfter = []string{"선생님", "할아버지", "할머니", "아저씨", "아주머니", "동무", "동지", "선생", "여사", "대좌", "상좌", "중좌", "소좌", "지도원", "보위원", "씨", "님", "군", "양",
		"女士", "先生", "小姐", "同志", "氏"}
	titlesBefore = []string{"故 ", "고 ", "탈북자 ", "피해자 "}
	titleWord    = regexp.MustCompile(`(?i)^(mr|mrs|ms|miss|mx|dr|prof|sir|madam|mme|comrade|col|gen|maj|capt|lt|sgt|ssi|nim|jr|sr|tongmu|tongji|dongmu|dongji|seonsaeng|sonsaeng|г-н|г-жа|товарищ)\.?$`)
	alias        = regexp.MustCompile(`\s*[(（\[][^)）\]]*[)）\]]\s*`)
)

// Strip returns a name without titles, forms of address, notes in brackets and
// punctuation, composed, in half-width letters, with single spaces. A title that would
// leave nothing stays: 양 alone is a surname.
func Strip(s string) string {
	s = norm.NFC.String(width.Fold.String(s))
	if cut := alias.ReplaceAllString(s, " "); strings.TrimSpace(cut) != "" {
		s = cut
	}
	s = strings.Join(strings.Fields(strings.Map(plainPunctuation, s)), " ")
	for _, t := range titlesBefore {
		if rest, ok := strings.CutPrefix(s, t); ok && utf8Len(rest) > 1 {
			s = rest
		}
	}
	s = stripAfter(s)
	words := strings.Fields(s)
	kept := slices.DeleteFunc(slices.Clone(words), func(w string) bool { return titleWord.MatchString(strings.Trim(w, ",")) })
	if len(kept) == 0 {
		return strings.Join(words, " ")
	}
	return strings.Trim(strings.Join(kept, " "), ", ")
}

// stripAfter removes forms of address at the end. One of a single syllable is part of a
// name of two or three syllables unless a space stands before it: 김하양 is a name, 김씨
// is Mr Kim.
func stripAfter(s string) string {
	for again := true; again; {
		again = false
		for _, t := range titlesAfter {
			rest, ok := strings.CutSuffix(s, t)
			if !ok || strings.TrimSpace(rest) == "" {
				continue
			}
			single := utf8Len(t) == 1 && (t == "군" || t == "양" || t == "님")
			if single && !strings.HasSuffix(rest, " ") && utf8Len(rest) < 3 {
				continue
			}
			if t == "씨" && !strings.HasSuffix(rest, " ") && utf8Len(rest) > 4 {
				continue
			}
			s, again = strings.TrimSpace(rest), true
			break
		}
	}
	return s
}

func utf8Len(s string) int { return len([]rune(strings.TrimSpace(s))) }

// plainPunctuation makes spaces of what only divides and drops what means nothing.
// Hyphens, apostrophes and the comma stay: they say how the name is divided.
func plainPunctuation(r rune) rune {
	switch r {
	case '-', ',', '\'', '’', '‘', 'ʼ', '`', '´', 'ʻ':
		return r
	case '‐', '‑', '–', '—', '−':
		return '-'
	case '，', '、':
		return ','
	case '○', '〇', 'Ｏ', '*', '※', '×', '◯', '●', '□':
		return '○'
	}
	if unicode.IsPunct(r) || unicode.IsSymbol(r) && !unicode.Is(unicode.Sk, r) {
		return ' '
	}
	return r
}

// masked are given names that were blotted out: "Kim XX", 김○○, 김모, 金某.
var masked = regexp.MustCompile(`^(?:(\p{Hangul}{1,2}|\p{Han}{1,2}) ?[○xXoO]{1,3}|(\p{Hangul}) ?모|(\p{Han}) ?某|([\p{Latin}-]{1,12})[ ,]+(?:[xX○]{1,3}|[xX]{1,2}-[xX]{1,2}|-?unknown|\?+))$`)

// Masked returns the surname of a name whose given part was blotted out or left open:
// "Kim XX", 김○○, 김모 씨, 金某. ok is false for every other name.
func Masked(s string) (surname string, ok bool) {
	g := masked.FindStringSubmatch(Strip(s))
	if g == nil {
		return "", false
	}
	return g[1] + g[2] + g[3] + g[4], true
}

// sounds unites vowels that speakers do not keep apart: ㅔ ㅒ ㅖ with ㅐ, ㅚ ㅞ with ㅙ.
var sounds = [21]int{0, 1, 2, 1, 4, 1, 6, 1, 8, 9, 10, 10, 12, 13, 14, 10, 16, 17, 18, 19, 20}

// Heard folds a Hangul name to what a listener may write down: the South Korean spelling
// of the first syllable of surname and given name, 률 and 렬 as 율 and 열, and one vowel
// for those that sound alike (개 게, 혜 해, 최 쵀). It is for finding and for
// comparing after what was written has been compared. Heard twice is Heard.
func Heard(surname string, given []rune) (string, []rune) {
	s, g := []rune(South(surname)), []rune(South(string(given)))
	for i := range s {
		s[i] = heard(s[i])
	}
	for i := range g {
		g[i] = heard(g[i])
		if i == 0 {
			continue
		}
		if a, v, f := Jamo(g[i]); a == initR && f != 0 && (v == 6 || v == 17) && IsHangul(g[i]) { // 렬 률 inside
			g[i] = Compose(initNul, v, f)
		}
	}
	return string(s), g
}

func heard(r rune) rune {
	if !IsHangul(r) {
		return r
	}
	i, v, f := Jamo(r)
	return Compose(i, sounds[v], f)
}
