package token_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"example.org/amparo/internal/token"
	"example.org/amparo/names"
)

// found is what a store does with the terms: every one must be among the tokens.
func found(tokens []string, word string) bool {
	for _, q := range token.Query(word) {
		if !slices.ContainsFunc(tokens, func(t string) bool { return t == q.Text || q.Prefix && strings.HasPrefix(t, q.Text) }) {
			return false
		}
	}
	return true
}

func TestKoreanAndChineseWordsAndTheirPartsAreFound(t *testing.T) {
	text := "온성에서 보위부가 조사했다. 图们拘留所 Chŏng Jin-su KIM"
	for _, w := range []string{"온성", "보위부", "위부", "조사", "图们", "拘留所", "留所", "所", "chong", "jin", "Kim", "온", "成"} {
		want := w != "成"
		if got := found(token.Index(text), w); got != want {
			t.Errorf("%q found: %v, want %v", w, got, want)
		}
	}
}

func TestAnyPartOfACJKRunIsFound(t *testing.T) {
	syllable := rapid.RuneFrom([]rune("가나다라마바사아자차카타파하김이박최정강온성회령무산图们延吉"))
	rapid.Check(t, func(t *rapid.T) {
		rs := rapid.SliceOfN(syllable, 1, 12).Draw(t, "run")
		from := rapid.IntRange(0, len(rs)-1).Draw(t, "from")
		to := rapid.IntRange(from+1, len(rs)).Draw(t, "to")
		if part := string(rs[from:to]); !found(token.Index("x "+string(rs)+" y"), part) {
			t.Fatalf("%s is not found in %s", part, string(rs))
		}
	})
}

func TestFoldIsTheFoldOfNames(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.StringMatching(`[A-Za-z' 가-힣一-龥ŏŭÉé]{0,20}`).Draw(t, "s")
		if got, want := string(token.Fold(nil, s)), names.Fold(s); got != want {
			t.Fatalf("Fold(%q) = %q, want %q", s, got, want)
		}
	})
}

func FuzzFold(f *testing.F) {
	for _, s := range []string{"Chŏng", "김\u0301", "\u0301", "é", "\xff\xfe", "'`"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if bytes.IndexByte(token.Fold(nil, s), 0xFF) >= 0 {
			t.Error("folded text holds the byte that separates names")
		}
		token.Index(s)
		token.Query(s)
	})
}

func BenchmarkFold(b *testing.B) {
	text := strings.Repeat("온성에서 보위부가 조사했다고 했다. They asked about the church and Kim Chol-su. ", 200)
	b.SetBytes(int64(len(text)))
	var buf []byte
	for b.Loop() {
		buf = token.Fold(buf[:0], text)
	}
}
