package latin

import (
	"strings"
)

// Why says in words how a match came about: the way of writing, and which letters stand
// for which syllable in the likeliest division.
//
//	김 = kim, 철 = chol, 수 = su (DPRK or McCune-Reischauer)
func (m *Model) Why(match Match, hangul string) string {
	var best division
	var name Hangul
	for _, h := range ReadHangul(hangul) {
		for _, d := range m.divisions(match.Class, match.Reading, h) {
			d.p *= h.Weight * m.surnameLetters(match.Class, h.Surname, match.Reading.Surname)
			if d.p > best.p {
				best, name = d, h
			}
		}
	}
	whole := strings.Join(match.Reading.Given, "")
	if best.at == nil || match.Class == Foreign {
		if hs := ReadHangul(hangul); len(hs) > 0 {
			return hs[0].Surname + " = " + match.Reading.Surname + ", the given name " + whole + " does not follow from the Hangul"
		}
		return "no Hangul"
	}
	parts := []string{name.Surname + " = " + match.Reading.Surname}
	for i, s := range name.Given {
		letters := whole[best.at[i]:best.at[i+1]]
		if letters == "" {
			letters = "nothing"
		}
		parts = append(parts, string(s)+" = "+letters)
	}
	return strings.Join(parts, ", ") + " (" + match.Class.String() + ")"
}
