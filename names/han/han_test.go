package han

import (
	"slices"
	"testing"
)

func TestReadings(t *testing.T) {
	for _, tc := range []struct {
		r       rune
		surname bool
		hangul  rune
		pinyin  string
	}{
		{'金', true, '김', "jin"}, {'金', false, '금', "jin"}, {'朴', true, '박', "piao"}, {'朴', false, '박', "pu"}, {'李', true, '리', "li"}, {'鄭', true, '정', "zheng"}, {'郑', true, '정', "zheng"},
		{'许', true, '허', "xu"}, {'車', true, '차', "che"}, {'沈', true, '심', "shen"}, {'單', true, '단', "shan"}, {'曾', true, '증', "zeng"}, {'解', true, '해', "xie"}, {'哲', false, '철', "zhe"}, {'洙', false, '수', "zhu"},
		{'崔', true, '최', "cui"}, {'趙', true, '조', "zhao"}, {'赵', true, '조', "zhao"}, {'吕', true, '려', "lu"},
	} {
		h, p := Hangul(tc.r, tc.surname), Pinyin(tc.r, tc.surname)
		if len(h) == 0 || h[0] != tc.hangul {
			t.Errorf("%c (surname %v) is read %q in Korean, want %c first", tc.r, tc.surname, string(h), tc.hangul)
		}
		if len(p) == 0 || p[0] != tc.pinyin {
			t.Errorf("%c (surname %v) is read %q in Mandarin, want %s first", tc.r, tc.surname, p, tc.pinyin)
		}
	}
	if !slices.Contains(Hangul('李', true), '이') || !slices.Contains(Hangul('金', false), '김') {
		t.Error("a second reading is lost")
	}
	if Hangul('x', true) != nil || Pinyin('한', false) != nil {
		t.Error("a reading for what is no Chinese character")
	}
}

func TestSimplifiedFormsAreCanonical(t *testing.T) {
	for _, tc := range [][2]rune{{'郑', '鄭'}, {'许', '許'}, {'刘', '劉'}, {'张', '張'}, {'金', '金'}, {'x', 'x'}} {
		if got := Canonical(tc[0]); got != tc[1] {
			t.Errorf("Canonical(%c) = %c, want %c", tc[0], got, tc[1])
		}
	}
}

// The table is of the size it was made with: 9,460 lawful characters and Unihan's others.
func TestTheTableIsWhole(t *testing.T) {
	lawful := 0
	for _, c := range Chars() {
		if c.Lawful {
			lawful++
		}
		if len(c.Hangul) == 0 || len(c.Pinyin) == 0 {
			t.Errorf("%c has no reading", c.Rune)
		}
		if Canonical(Canonical(c.Rune)) != Canonical(c.Rune) {
			t.Errorf("the canonical form of %c is not canonical", c.Rune)
		}
	}
	if lawful < 9000 || len(Chars()) < lawful {
		t.Errorf("%d characters, %d lawful in Korean names", len(Chars()), lawful)
	}
}
