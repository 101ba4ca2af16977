package latin

import (
	"context"
	"slices"
	"strings"

	"example.org/amparo/names"
)

// Rounds is how many rounds of training are enough: the log-likelihood then moves by less
// than one part in a thousand.
const Rounds = 12

// Pair is one name in both scripts.
type Pair struct{ Latin, Hangul string }

// Train learns a model from pairs by expectation-maximisation: the forward-backward
// recursions give, for every pair, how likely each class and each division of the
// letters is; the counts of these make the next model. It is deterministic.
//
// It stops early with ctx's error.
//
// Source: Rabiner (1989), Proc. IEEE 77(2), eqs. 37 and 40; Dempster, Laird and Rubin (1977).
func Train(ctx context.Context, pairs []Pair, rounds int) (*Model, error) {
	return train(ctx, pairs, rounds, defaultStrengths)
}

func train(ctx context.Context, pairs []Pair, rounds int, k strengths) (*Model, error) {
	n := seed()
	for _, p := range pairs {
		for _, r := range Read(p.Latin) {
			n.letters.add(strings.Join(r.Given, ""), r.Weight)
		}
	}
	m := newModel(n, k)
	for range rounds {
		next := newCounts()
		next.letters = n.letters
		for _, p := range pairs {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			m.expect(next, p)
		}
		m = newModel(next, k)
	}
	return m, nil
}

// expect adds what one pair shows to the counts.
func (m *Model) expect(n *counts, p Pair) {
	type case_ struct {
		c Class
		r Reading
		h Hangul
		p float64
	}
	var all []case_
	var sum float64
	for _, r := range Read(p.Latin) {
		for _, h := range ReadHangul(p.Hangul) {
			for c := range classes {
				q := r.Weight * h.Weight * m.pop.joint(c, h) * m.letters(c, r, h)
				all = append(all, case_{c, r, h, q})
				sum += q
			}
		}
	}
	if sum == 0 {
		return
	}
	for _, a := range all {
		w := a.p / sum
		if w < 1e-4 {
			continue
		}
		n.names[a.c] += w
		n.family[a.c].add(a.h.Surname, w)
		n.given[a.c].add(string(a.h.Given), w)
		if len(a.h.Given) > 1 && len(a.r.Given) > 1 {
			n.divided[a.c] += w
		} else if len(a.h.Given) > 1 {
			n.joined[a.c] += w
		}
		n.addSurname(a.c, a.h.Surname, a.r.Surname, w)
		if a.c != Foreign {
			m.expectGiven(n, a.c, a.r, a.h, w)
		}
	}
}

// expectGiven adds the chunks and symbols of one given name under one class.
func (m *Model) expectGiven(n *counts, c Class, r Reading, h Hangul, w float64) {
	whole := strings.Join(r.Given, "")
	divide := m.divisions(c, r, h)
	var sum float64
	for _, d := range divide {
		sum += d.p
	}
	if sum == 0 {
		return
	}
	for _, d := range divide {
		v := w * d.p / sum
		if v < 1e-5 {
			continue
		}
		for i, s := range h.Given {
			chunk := whole[d.at[i]:d.at[i+1]]
			n.addSyllable(c, s, chunk, v)
			m.emit.expect(n, c, s, chunk, v)
		}
	}
}

// division is one way to divide the letters of a given name among its syllables: the
// bounds of the chunks and the probability.
type division struct {
	at []int
	p  float64
}

func (m *Model) divisions(c Class, r Reading, h Hangul) []division {
	whole := strings.Join(r.Given, "")
	var out []division
	var walk func(at []int, p float64)
	walk = func(at []int, p float64) {
		i, from := len(at)-1, at[len(at)-1]
		if i == len(h.Given) {
			if from == len(whole) {
				out = append(out, division{slices.Clone(at), p * m.pop.boundaries(c, r.Given, at)})
			}
			return
		}
		for to := from; to <= min(len(whole), from+maxChunk); to++ {
			if i == len(h.Given)-1 && to != len(whole) {
				continue
			}
			if q := p * m.chunk(c, h.Given[i], whole[from:to]); q > 1e-18 {
				walk(append(at, to), q)
			}
		}
	}
	walk([]int{0}, 1)
	return out
}

// habits are spellings of passports and the press that no published table has.
var habits = map[string][]string{
	"ㄱ": {"k", "g"}, "ㄷ": {"d", "t"}, "ㅂ": {"b", "p"}, "ㅈ": {"j", "ch"}, "ㄹ": {"r", "l", ""}, "ㅅ": {"s", "sh"},
	"ㅏ": {"a", "ah"}, "ㅐ": {"ae", "ai", "e"}, "ㅓ": {"u", "eo", "o", "uh"}, "ㅕ": {"you", "yu", "yeo", "yo"}, "ㅗ": {"o", "oh"}, "ㅜ": {"oo", "u", "woo", "ou"},
	"ㅠ": {"yoo", "yu", "you"}, "ㅡ": {"eu", "u"}, "ㅢ": {"ui", "ee", "eui"}, "ㅣ": {"i", "ee", "yi"}, "ㅝ": {"wo", "o"},
}

const (
	initialJamo = "ㄱㄲㄴㄷㄸㄹㅁㅂㅃㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎ"
	vowelJamo   = "ㅏㅐㅑㅒㅓㅔㅕㅖㅗㅘㅙㅚㅛㅜㅝㅞㅟㅠㅡㅢㅣ"
)

// seed makes the counts training starts from: the published romanisations, and for
// passports the habits.
func seed() *counts {
	n := newCounts()
	n.letters = newSpelling()
	for s := symbol(0); s < allSymbols; s++ {
		kind, number := s.jamo()
		for c, sys := range map[Class]names.System{Revised: names.Revised, Passport: names.Revised, North: names.North} {
			for _, l := range published(kind, number, sys) {
				n.symbol[c].add(s, l, 4)
			}
		}
		if kind == 2 {
			continue
		}
		jamo := []rune(initialJamo)
		if kind == 1 {
			jamo = []rune(vowelJamo)
		}
		hs := habits[string(jamo[number])]
		for _, l := range hs {
			n.symbol[Passport].add(s, l, 6/float64(len(hs)))
		}
	}
	for c, w := range map[Class]float64{Revised: 30, Passport: 40, North: 20, Sino: 6, Mandarin: 2, Cantonese: 1, Foreign: 1} {
		n.names[c] = w
	}
	return n
}

// published returns the letters the published tables give a symbol.
func published(kind, number int, sys names.System) []string {
	switch kind {
	case 0:
		l := strings.TrimSuffix(names.Romanise(string(names.Compose(number, 0, 0)), sys), "a")
		if sys == names.North {
			if voiced, ok := map[string]string{"k": "g", "t": "d", "p": "b"}[l]; ok {
				return []string{l, voiced}
			}
		}
		return []string{l}
	case 1:
		return []string{names.Romanise(string(names.Compose(11, number, 0)), sys)}
	}
	return []string{strings.TrimPrefix(names.Romanise(string(names.Compose(11, 0, number)), sys), "a")}
}
