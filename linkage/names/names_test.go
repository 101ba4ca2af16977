package names_test

import (
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"example.org/amparo/linkage/names"
)

func parse(t testing.TB, s string) names.Key {
	t.Helper()
	return reader.Parse(s)
}

var (
	reader   = names.NewReader()
	comparer = names.NewComparer()
)

func TestLevels(t *testing.T) {
	for _, tc := range []struct {
		a, b  string
		level int
	}{
		{"金哲洙", "金哲洙", names.EqualHan},
		{"金哲洙", "김철수", names.EqualHangul},
		{"郑明花", "鄭明花", names.EqualHan}, // simplified and traditional
		{"郑明花", "정명화", names.EqualHangul},
		{"김철수", "김철수 씨", names.EqualHangul},
		{"김철수 동지", "김 철수", names.EqualHangul},
		{"리영희", "이영희", names.EqualFolded},
		{"림수경", "임수경", names.EqualFolded},
		{"李英姬", "이영희", names.EqualHangul}, // 李 has both readings, 리 in the North and 이 in the South
		{"李英姬", "리영희", names.EqualHangul},
		{"金哲洙", "金鐵洙", names.EqualFolded}, // read alike, in other characters
		{"개은혜", "게은헤", names.EqualFolded},
		{"김철수", "김철주", names.NearlyEqual},
		{"김철수", "박철수", names.SameGiven},
		{"김철수", "김영희", names.SameSurname},
		{"김철수", "박영희", names.Different},
		{"김철수", "Kim Chol-su", names.StrongLetter},
		{"김철수", "Chol-su Kim", names.StrongLetter},
		{"金哲洙", "Jin Zhezhu", names.StrongLetter},
		{"金哲洙", "Kim Chol-su", names.LikelyLetter},
		{"최정호", "Ch'oe Chŏng-ho", names.StrongLetter},
		{"이순금", "Ri Sun-kum", names.StrongLetter}, // Hangul of the South, letters of the North
		{"이창남", "Ri Changnam", names.StrongLetter},
		{"리창남", "Lee Chang-nam", names.StrongLetter},
		{"임설순", "Rim Sol Sun", names.StrongLetter},
		{"이순금", "Ri Chol-su", names.SameSurname},
		{"李順今", "Ri Chol-su", names.SameSurname},
		{"Lee Young-ae", "Ri Yong-ae", names.LikelyLetter},
		{"Kim Mihyon", "Kim Mihyom", names.NearlyEqual},
		{"Kim Mihyon", "Kim Mihyno", names.NearlyEqual},
		{"Choi Munsan", "Cho Minsang", names.Different}, // three letters are no slip
		{"Kim Chol-su", "KIM, Chol Su", names.EqualFolded},
		{"Kim Chol-su", "Kim Cheol-soo", names.StrongLetter},
		{"Pak Yong-hui", "Park Young-hee", names.StrongLetter},
		{"Kim Chol-su", "Kim Young-hee", names.SameSurname},
		{"Kim Chol-su", "Park Young-hee", names.Different},
		{"김철수", "Park Young-hee", names.Different},
		{"김철수", "Kim Young-hee", names.SameSurname},
		{"김철수", "미상", names.Null},
		{"unknown", "Kim Chol-su", names.Null},
		{"김○○", "김철수", names.SameSurname},
		{"Kim XX", "김철수", names.SameSurname},
	} {
		a, b := parse(t, tc.a), parse(t, tc.b)
		got := comparer.Compare(a, b)
		if got.Level != tc.level {
			t.Errorf("Level(%s, %s) = %d (%.1f bits, %s), want %d", tc.a, tc.b, got.Level, got.Bits, got.Why, tc.level)
		}
	}
}

// What one person may be called in three scripts is found together.
func TestOnePersonSharesAKeyInEveryScript(t *testing.T) {
	all := []string{"김철수", "金哲洙", "Kim Chol-su", "Kim Cheolsu", "Chul-soo Kim", "KIM, Chol Su"}
	first := parse(t, all[0]).Blocks()
	for _, s := range all[1:] {
		if !shares(first, parse(t, s).Blocks()) {
			t.Errorf("%s has none of the keys %q: %q", s, first, parse(t, s).Blocks())
		}
	}
	if han := parse(t, "Jin Zhezhu"); !shares(han.Wide(), parse(t, "김철수").Wide()) {
		t.Errorf("Jin Zhezhu has the wide keys %q", han.Wide())
	}
}

func shares(a, b []string) bool {
	return slices.ContainsFunc(a, func(s string) bool { return slices.Contains(b, s) })
}

// A surname agrees for a fifth of all pairs: it must never carry a link.
func TestASurnameIsWorthLittle(t *testing.T) {
	for _, pair := range [][2]string{{"김철수", "김영희"}, {"독고철수", "독고영희"}, {"Kim Chol-su", "김영희"}, {"Kim XX", "김철수"}} {
		if got := comparer.Compare(parse(t, pair[0]), parse(t, pair[1])).Bits; got > 4 {
			t.Errorf("%s and %s agree for %.1f bits", pair[0], pair[1], got)
		}
	}
}

func TestARareNameIsWorthMore(t *testing.T) {
	usual, rare := names.Bits(names.Parse("김영수"), names.Parse("김영수")), names.Bits(names.Parse("독고탁"), names.Parse("독고탁"))
	if rare < usual+3 {
		t.Errorf("독고탁 %.1f bits, 김영수 %.1f", rare, usual)
	}
}

func TestAliasesAgreeByTheBestAndPayForTheirNumber(t *testing.T) {
	keys := func(ss ...string) (out []names.Key) {
		for _, s := range ss {
			out = append(out, parse(t, s))
		}
		return out
	}
	one := comparer.CompareSets(keys("김철수"), keys("金哲洙"))
	many := comparer.CompareSets(keys("김철수", "박민", "unknown"), keys("金哲洙", "Li Ming"))
	if many.Level != one.Level {
		t.Errorf("level %d with aliases, %d without", many.Level, one.Level)
	}
	if diff := one.Bits - many.Bits; math.Abs(diff-2) > 1e-9 { // log2(2 x 2); "unknown" is no name
		t.Errorf("aliases cost %.3f bits, want 2", diff)
	}
	if got := comparer.CompareSets(keys("unknown"), keys("김철수")).Level; got != names.Null {
		t.Errorf("no name agrees at level %d", got)
	}
}

var someNames = []string{"김철수", "리영희", "이영희", "金哲洙", "郑明花", "Kim Chol-su", "Chol-su Kim", "Jin Zhezhu", "Park Young-hee", "Ch'oe Chŏng-ho", "unknown", "Kim XX", "김○○", "제갈량", "諸葛亮", "Zhuge Liang", "Цой Виктор",
	"김", "Kim", "محمد", "田中太郎", "", "-", "Nam Gung Min", "남궁민", "kimcholsu"}

func TestComparingIsSymmetric(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		draw := rapid.OneOf(rapid.SampledFrom(someNames), rapid.StringMatching(`[가-힣]{1,4}`), rapid.StringMatching(`[A-Z][a-z]{1,6} [A-Z][a-z]{1,4}-?[a-z]{1,4}`))
		a, b := reader.Parse(draw.Draw(t, "a")), reader.Parse(draw.Draw(t, "b"))
		if x, y := comparer.Compare(a, b), comparer.Compare(b, a); x != y {
			t.Fatalf("%q and %q: %+v, turned round %+v", a.Original, b.Original, x, y)
		}
	})
}

func TestANameAgreesWithItselfAtTheTop(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		k := reader.Parse(rapid.OneOf(rapid.StringMatching(`[가-힣]{2,4}`), rapid.StringMatching(`[A-Z][a-z]{1,6} [A-Z][a-z]{1,4}-?[a-z]{1,4}`)).Draw(t, "name"))
		got := comparer.Compare(k, k)
		if k.Part == names.Whole && got.Level < names.EqualFolded {
			t.Fatalf("%q agrees with itself at level %d", k.Original, got.Level)
		}
		if k.Part == names.Whole && got.Bits < 4 {
			t.Fatalf("%q agrees with itself for %.1f bits", k.Original, got.Bits)
		}
	})
}

// A reader that has read other names gives the same key as a new one.
func TestReadingDoesNotDependOnWhatWasReadBefore(t *testing.T) {
	for _, s := range someNames {
		a, b := reader.Parse(s), names.Parse(s)
		if x, y := comparer.Compare(a, a), comparer.Compare(b, b); x != y || !slices.Equal(a.Blocks(), b.Blocks()) {
			t.Errorf("%q: %+v and %+v", s, x, y)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range someNames {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		k := reader.Parse(s)
		got := comparer.Compare(k, k)
		if math.IsNaN(got.Bits) || math.IsInf(got.Bits, 0) {
			t.Errorf("%q agrees with itself for %v bits", s, got.Bits)
		}
		if k.Part == names.Nothing && got.Level != names.Null {
			t.Errorf("%q is missing and agrees at level %d", s, got.Level)
		}
		k.Blocks()
		k.Wide()
	})
}

func BenchmarkParseHangul(b *testing.B) {
	for b.Loop() {
		reader.Parse("김철수")
	}
}

func BenchmarkParseLatin(b *testing.B) {
	for b.Loop() {
		reader.Parse("Kim Chol-su")
	}
}

func BenchmarkCompareAcrossScripts(b *testing.B) {
	x, y := reader.Parse("김철수"), reader.Parse("Kim Chol-su")
	for b.Loop() {
		comparer.Compare(x, y)
	}
}

func BenchmarkCompareHangul(b *testing.B) {
	x, y := reader.Parse("김철수"), reader.Parse("김철주")
	for b.Loop() {
		comparer.Compare(x, y)
	}
}
