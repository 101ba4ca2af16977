package names_test

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"example.org/amparo/names"
)

func TestFoldJoinsSpellings(t *testing.T) {
	for _, tc := range [][2]string{
		{"Ch'oe", "choe"}, {"Chŏng", "chong"}, {"ＫＩＭ", "kim"}, {"김철수", "김철수"}, {"İ", "i"}, {"ÅSA", "asa"},
		{"\u1100\u1175\u11b7", "김"}, // decomposed Hangul
	} {
		if got := names.Fold(tc[0]); got != tc[1] {
			t.Errorf("Fold(%q) = %q, want %q", tc[0], got, tc[1])
		}
	}
}

func TestFoldIsIdempotent(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		once := names.Fold(rapid.String().Draw(t, "s"))
		if twice := names.Fold(once); twice != once {
			t.Fatalf("Fold(%q) = %q", once, twice)
		}
	})
}

func TestSouthSpelling(t *testing.T) {
	for _, tc := range [][2]string{{"리영희", "이영희"}, {"림수경", "임수경"}, {"로무현", "노무현"}, {"량강", "양강"}, {"녀자", "여자"}, {"김철수", "김철수"}, {"Ri", "Ri"}} {
		if got := names.South(tc[0]); got != tc[1] {
			t.Errorf("South(%s) = %s, want %s", tc[0], got, tc[1])
		}
	}
}

// The three systems on one name: 김철수 by the published tables.
func TestRomanise(t *testing.T) {
	for sys, want := range map[names.System]string{names.Revised: "gimcheolsu", names.McCune: "kimch'ŏlsu", names.North: "kimcholsu"} {
		if got := names.Romanise("김철수", sys); got != want {
			t.Errorf("Romanise(김철수, %d) = %s, want %s", sys, got, want)
		}
	}
}

func TestSpellingsHoldTheHabits(t *testing.T) {
	got := names.Spellings("리영희")
	for _, want := range []string{"리영희", "이영희", "Ri yonghui", "Lee yeonghui", "Li"} {
		if !slices.Contains(got, want) {
			t.Errorf("Spellings(리영희) = %q lacks %q", got, want)
		}
	}
}

func TestJamoRoundTrip(t *testing.T) {
	for r := rune(0xAC00); r <= 0xD7A3; r++ {
		if back := names.Compose(names.Jamo(r)); back != r {
			t.Fatalf("%c comes back as %c", r, back)
		}
	}
}
