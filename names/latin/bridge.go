package latin

import (
	"strings"
	"sync"

	"example.org/amparo/names"
	"example.org/amparo/names/han"
)

// bridge returns, for the classes that read Chinese, how a Hangul syllable may be written
// when nothing was learned of it: the share of characters with that Korean reading that
// have each Chinese reading.
func bridge(c Class) tallies[rune] { return bridges()[c] }

var bridges = sync.OnceValue(func() *[classes]tallies[rune] {
	var out [classes]tallies[rune]
	out[Sino] = characters()
	out[Mandarin] = sounds()
	for _, b := range out {
		for _, t := range b {
			for l, w := range t.by {
				t.by[l] = w / t.sum
			}
			t.sum = 1
		}
	}
	return &out
})

// characters is P(pinyin | Hangul syllable) over the characters of names. A general
// standard character counts for five others, its second readings for a fifth.
func characters() tallies[rune] {
	out := tallies[rune]{}
	for _, ch := range han.Chars() {
		w := 0.2
		if ch.Common {
			w = 1
		}
		for _, h := range ch.Hangul {
			for i, p := range ch.Pinyin {
				share := w
				if i > 0 {
					share /= 5
				}
				out.add(h, p, share)
				if south := []rune(names.South(string(h)))[0]; south != h {
					out.add(south, p, share/2)
				}
			}
		}
	}
	return out
}

// Initials and finals of pinyin in Hangul.
//
// Source: National Institute of Korean Language, Loanword Orthography, table 5 (Chinese).
var (
	pinyinInitials = []struct {
		latin   string
		initial int
	}{{"zh", 12}, {"ch", 14}, {"sh", 9}, {"b", 7}, {"p", 17}, {"m", 6}, {"f", 17}, {"d", 3}, {"t", 16}, {"n", 2}, {"l", 5}, {"g", 0}, {"k", 15}, {"h", 18},
		{"j", 12}, {"q", 14}, {"x", 9}, {"r", 5}, {"z", 13}, {"c", 14}, {"s", 10}, {"y", 11}, {"w", 11}, {"", 11}}
	pinyinFinals = map[string]string{
		"a": "아", "o": "오", "e": "어", "ai": "아이", "ei": "에이", "ao": "아오", "ou": "어우", "an": "안", "en": "언", "ang": "앙", "eng": "엉", "er": "얼",
		"i": "이", "ia": "야", "ie": "예", "iao": "야오", "iu": "유", "ian": "옌", "in": "인", "iang": "양", "ing": "잉", "iong": "융",
		"u": "우", "ua": "와", "uo": "워", "uai": "와이", "ui": "우이", "uan": "완", "un": "운", "uang": "왕", "ong": "웅",
		"v": "위", "ue": "웨", "van": "위안", "vn": "윈"}
	pinyinWhole = map[string]string{
		"zhi": "즈", "chi": "츠", "shi": "스", "ri": "르", "zi": "쯔", "ci": "츠", "si": "쓰", "yi": "이", "ya": "야", "yo": "요", "ye": "예", "yao": "야오", "you": "유",
		"yan": "옌", "yin": "인", "yang": "양", "ying": "잉", "yong": "융", "wu": "우", "wa": "와", "wo": "워", "wai": "와이", "wei": "웨이", "wan": "완", "wen": "원",
		"wang": "왕", "weng": "웡", "yu": "위", "yue": "웨", "yuan": "위안", "yun": "윈"}
	// after ㅈ ㅉ ㅊ the y of a vowel is not written
	plainVowel = map[int]int{2: 0, 6: 4, 7: 5, 12: 8, 17: 13}
)

// transcribe writes one pinyin syllable in Hangul, in one or two syllables.
func transcribe(pinyin string) (string, bool) {
	if w, ok := pinyinWhole[pinyin]; ok {
		return w, true
	}
	for _, in := range pinyinInitials {
		rest, ok := strings.CutPrefix(pinyin, in.latin)
		if !ok {
			continue
		}
		if strings.Contains("jqx", in.latin) && in.latin != "" && strings.HasPrefix(rest, "u") {
			switch rest { // ü is written u after j, q, x
			case "u", "uan", "un":
				rest = "v" + rest[1:]
			}
		}
		final, ok := pinyinFinals[rest]
		if !ok {
			return "", false
		}
		rs := []rune(final)
		_, v, f := names.Jamo(rs[0])
		if in.initial == 12 || in.initial == 13 || in.initial == 14 {
			if p, ok := plainVowel[v]; ok {
				v = p
			}
		}
		rs[0] = names.Compose(in.initial, v, f)
		return string(rs), true
	}
	return "", false
}

// tails are the second syllables a transcription may have, with their letters.
var tails = map[rune][]string{'이': {"i"}, '오': {"o"}, '우': {"u"}, '안': {"an"}}

// sounds is P(pinyin | Hangul syllable) when the Hangul writes the Mandarin sound.
func sounds() tallies[rune] {
	out := tallies[rune]{}
	for _, ch := range han.Chars() {
		if !ch.Common {
			continue
		}
		rs, ok := transcribeRunes(ch.Pinyin[0])
		if !ok {
			continue
		}
		if len(rs) == 1 {
			out.add(rs[0], ch.Pinyin[0], 1)
			continue
		}
		for _, tail := range tails[rs[1]] {
			if head, ok := strings.CutSuffix(ch.Pinyin[0], tail); ok {
				out.add(rs[0], head, 1)
				out.add(rs[1], tail, 1)
			}
		}
	}
	return out
}

func transcribeRunes(pinyin string) ([]rune, bool) {
	s, ok := transcribe(pinyin)
	return []rune(s), ok
}
