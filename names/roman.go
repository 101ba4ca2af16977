package names

import "strings"

// System is a way to write Hangul in Latin letters.
type System uint8

// The systems met in documents: Revised Romanization (Republic of Korea, 2000),
// McCune-Reischauer (1939) and the practice of the DPRK (1992).
const (
	Revised System = iota
	McCune
	North
)

var (
	vowels = [...][21]string{
		Revised: {"a", "ae", "ya", "yae", "eo", "e", "yeo", "ye", "o", "wa", "wae", "oe", "yo", "u", "wo", "we", "wi", "yu", "eu", "ui", "i"},
		McCune:  {"a", "ae", "ya", "yae", "ŏ", "e", "yŏ", "ye", "o", "wa", "wae", "oe", "yo", "u", "wŏ", "we", "wi", "yu", "ŭ", "ŭi", "i"},
		North:   {"a", "ae", "ya", "yae", "o", "e", "yo", "ye", "o", "wa", "wae", "oe", "yo", "u", "wo", "we", "wi", "yu", "u", "ui", "i"},
	}
	initials = [...][19]string{
		Revised: {"g", "kk", "n", "d", "tt", "r", "m", "b", "pp", "s", "ss", "", "j", "jj", "ch", "k", "t", "p", "h"},
		McCune:  {"k", "kk", "n", "t", "tt", "r", "m", "p", "pp", "s", "ss", "", "ch", "tch", "ch'", "k'", "t'", "p'", "h"},
		North:   {"k", "kk", "n", "t", "tt", "r", "m", "p", "pp", "s", "ss", "", "j", "jj", "ch", "kh", "th", "ph", "h"},
	}
	// Finals as they sound before a pause: seven sounds.
	finals = [28]string{"", "k", "k", "k", "n", "n", "n", "t", "l", "k", "m", "l", "l", "l", "p", "l", "m", "p", "p", "t", "t", "ng", "t", "t", "k", "t", "p", "t"}
)

// Romanise writes a Hangul word in Latin letters, syllable by syllable; other
// characters stay. Sound changes between syllables are applied as far as names show
// them: a plain stop between voiced sounds is voiced in McCune-Reischauer and DPRK
// practice.
func Romanise(s string, system System) string {
	var b strings.Builder
	voiced := false
	for _, r := range s {
		if !IsHangul(r) {
			b.WriteRune(r)
			voiced = false
			continue
		}
		i, v, f := Jamo(r)
		b.WriteString(initial(i, system, voiced))
		b.WriteString(vowels[system][v])
		b.WriteString(finals[f])
		voiced = f == 0 || f == 4 || f == 8 || f == 16 || f == 21 // vowel, ㄴ, ㄹ, ㅁ, ㅇ
	}
	return b.String()
}

func initial(i int, system System, voiced bool) string {
	if voiced && system == McCune {
		switch i {
		case 0:
			return "g"
		case 3:
			return "d"
		case 7:
			return "b"
		case 12:
			return "j"
		}
	}
	return initials[system][i]
}

// surnames holds habitual spellings that no system gives: how people write
// themselves, and the Chinese reading a person hiding in China is called by.
var surnames = map[string]struct {
	hanja, pinyin string
	habits        []string
}{
	"김": {"金", "Jin", []string{"Kim", "Gim"}}, "이": {"李", "Li", []string{"Lee", "Yi", "Ri", "Rhee"}}, "리": {"李", "Li", []string{"Ri", "Lee"}},
	"박": {"朴", "Piao", []string{"Park", "Pak", "Bak"}}, "최": {"崔", "Cui", []string{"Choi", "Choe", "Ch'oe"}}, "정": {"鄭", "Zheng", []string{"Jung", "Jong", "Chung", "Jeong"}},
	"강": {"姜", "Jiang", []string{"Kang", "Gang"}}, "조": {"趙", "Zhao", []string{"Cho", "Jo"}}, "윤": {"尹", "Yin", []string{"Yoon", "Yun"}},
	"장": {"張", "Zhang", []string{"Jang", "Chang"}}, "임": {"林", "Lin", []string{"Lim", "Im", "Rim"}}, "림": {"林", "Lin", []string{"Rim", "Lim"}},
	"한": {"韓", "Han", []string{"Han"}}, "오": {"吳", "Wu", []string{"Oh", "O"}}, "서": {"徐", "Xu", []string{"Seo", "So", "Suh"}}, "신": {"申", "Shen", []string{"Shin", "Sin"}},
	"권": {"權", "Quan", []string{"Kwon", "Gwon"}}, "황": {"黃", "Huang", []string{"Hwang"}}, "안": {"安", "An", []string{"Ahn", "An"}}, "송": {"宋", "Song", []string{"Song"}},
	"류": {"柳", "Liu", []string{"Ryu", "Yoo"}}, "유": {"柳", "Liu", []string{"Yoo", "Yu", "Ryu"}}, "홍": {"洪", "Hong", []string{"Hong"}}, "전": {"全", "Quan", []string{"Jeon", "Jon", "Chun"}},
	"고": {"高", "Gao", []string{"Ko", "Go"}}, "문": {"文", "Wen", []string{"Moon", "Mun"}}, "손": {"孫", "Sun", []string{"Son", "Sohn"}}, "배": {"裵", "Pei", []string{"Bae", "Pae"}},
	"백": {"白", "Bai", []string{"Baek", "Paek"}}, "허": {"許", "Xu", []string{"Heo", "Ho", "Huh"}}, "남": {"南", "Nan", []string{"Nam"}}, "심": {"沈", "Shen", []string{"Shim", "Sim"}},
	"노": {"盧", "Lu", []string{"Noh", "Ro", "No"}}, "로": {"盧", "Lu", []string{"Ro", "Noh"}}, "하": {"河", "He", []string{"Ha"}}, "주": {"朱", "Zhu", []string{"Ju", "Joo", "Chu"}},
	"차": {"車", "Che", []string{"Cha"}}, "태": {"太", "Tai", []string{"Thae", "Tae"}}, "량": {"梁", "Liang", []string{"Ryang", "Yang"}}, "양": {"梁", "Liang", []string{"Yang", "Ryang"}},
}

// Surname returns how a Hangul surname is habitually written: in hanja, in pinyin,
// and in Latin letters. ok is false for a syllable the table lacks.
func Surname(hangul string) (hanja, pinyin string, habits []string, ok bool) {
	s, ok := surnames[hangul]
	return s.hanja, s.pinyin, s.habits, ok
}

// Spellings returns the forms under which a name should be found: as written, in the
// South Korean spelling, and, for Hangul, romanised in each system with the habitual
// spellings of its surname.
func Spellings(name string) []string {
	out := []string{name}
	add := func(s string) {
		for _, o := range out {
			if o == s {
				return
			}
		}
		out = append(out, s)
	}
	rs := []rune(name)
	if len(rs) < 2 || len(rs) > 6 || !IsHangul(rs[0]) || strings.ContainsRune(name, ' ') {
		return out
	}
	add(South(name))
	family, given := string(rs[0]), string(rs[1:])
	_, pinyin, habits, _ := Surname(family)
	for _, sys := range []System{Revised, McCune, North} {
		g := Romanise(given, sys)
		add(Romanise(family, sys) + " " + g)
		for _, h := range habits {
			add(h + " " + g)
		}
	}
	if pinyin != "" {
		add(pinyin)
	}
	return out
}
