package verification

import (
	"slices"
	"strings"

	"example.org/amparo/internal/kind"
)

// words are what may be written of a claim at each level.
var words = map[Level]kind.Text{
	Received:     {"en": "was received and has not been reviewed", "ko": "접수되었으며 아직 검토되지 않았다", "zh": "已收到，尚未审查"},
	Alleged:      {"en": "alleges", "ko": "주장한다", "zh": "指称"},
	Consistent:   {"en": "is consistent with", "ko": "부합한다", "zh": "相符"},
	Corroborated: {"en": "corroborated accounts indicate", "ko": "서로 확인된 진술들에 따르면", "zh": "相互印证的陈述表明"},
	Grounds:      {"en": "there are reasonable grounds to believe", "ko": "믿을 만한 합리적 근거가 있다", "zh": "有合理理由相信"},
	Wrong:        {"en": "was retracted or found to be wrong", "ko": "철회되었거나 사실이 아닌 것으로 밝혀졌다", "zh": "已撤回或经查有误"},
}

// Words returns the words for a level in "en", "ko" or "zh" (R16).
func Words(l Level, lang string) string { return words[l].In(lang) }

// claims are words that say more than a level carries, each with the lowest level at which
// it may stand.
var claims = []struct {
	level Level
	words []string
}{
	{Grounds, []string{"proved", "proven", "proof that", "proves", "beyond doubt", "undeniable", "undoubtedly", "established that", "it is certain that", "systematic", "systematically", "widespread",
		"입증되었", "입증됐", "증명되었", "증명됐", "증명한다", "입증한다", "의심의 여지가 없", "틀림없", "체계적", "조직적", "광범위",
		"已证实", "证实了", "已经证明", "证明了", "毫无疑问", "无可争辩", "系统性", "有系统地", "大规模地"}},
	{Grounds, []string{"reasonable grounds", "합리적 근거", "합리적인 근거", "合理理由"}},
	{Corroborated, []string{"corroborated", "corroborates", "confirmed by", "independently confirmed", "교차 확인", "서로 확인", "독립적으로 확인", "相互印证", "独立证实", "经证实"}},
	{Consistent, []string{"consistent with", "부합", "相符", "符合已记录"}},
}

// Overstated is a phrase that says more than the level carries.
type Overstated struct {
	Phrase string // as it stands in the text
	At     int    // byte offset
	Needs  Level  // the lowest level at which it may be written
	Write  string // what may be written instead, in the language asked for
}

// Lint finds phrases in a text that say more than its level carries (R16): "proved" has
// no place below VS-4, nor "corroborated" below VS-3. Phrases of all three languages are
// looked for in any text; lang is the language of what to write instead.
func Lint(text string, level Level, lang string) []Overstated {
	low := lowered(text)
	var out []Overstated
	for _, c := range claims {
		if !c.level.Above(level) {
			continue
		}
		for _, w := range c.words {
			for from := 0; ; {
				i := strings.Index(low[from:], w)
				if i < 0 {
					break
				}
				i += from
				from = i + len(w)
				if whole(low, i, from) {
					out = append(out, Overstated{Phrase: text[i:from], At: i, Needs: c.level, Write: Words(level, lang)})
				}
			}
		}
	}
	slices.SortFunc(out, func(a, b Overstated) int {
		if a.At != b.At {
			return a.At - b.At
		}
		return len(b.Phrase) - len(a.Phrase)
	})
	return slices.CompactFunc(out, func(next, kept Overstated) bool { return next.At < kept.At+len(kept.Phrase) })
}

// lowered is a text in small Latin letters, byte for byte as long.
func lowered(s string) string {
	b := []byte(s)
	for i, c := range b {
		if 'A' <= c && c <= 'Z' {
			b[i] = c + 'a' - 'A'
		}
	}
	return string(b)
}

// whole reports whether a match in Latin letters is a word of its own: "disproved" and
// "unproven" are not "proved" and "proven". Other scripts need no boundary.
func whole(s string, from, to int) bool {
	letter := func(i int) bool { return i >= 0 && i < len(s) && 'a' <= s[i] && s[i] <= 'z' }
	return !(letter(from) && letter(from-1)) && !(letter(to-1) && letter(to))
}
