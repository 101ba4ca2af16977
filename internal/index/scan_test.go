package index

import (
	"cmp"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"example.org/amparo/id"
	"example.org/amparo/internal/casebook"
	"example.org/amparo/internal/kind"
	"example.org/amparo/internal/token"
)

// Looking for words in an act's encoding, before decoding it, misses no act that holds
// them, whatever bytes stand around the text.
func TestTheScanMissesNoWord(t *testing.T) {
	alphabet := []rune("가나다보위부온성김철수 abcXYZ éüß 中国朝鲜人，。–0123456789ﾊﾝｶﾞ①Ａ")
	rapid.Check(t, func(t *rapid.T) {
		text := string(rapid.SliceOfN(rapid.SampledFrom(alphabet), 1, 400).Draw(t, "text"))
		rest := string(rapid.SliceOfN(rapid.SampledFrom(alphabet), 0, 300).Draw(t, "rest"))
		words := token.Split(text)
		if len(words) == 0 {
			return
		}
		word := []rune(words[rapid.IntRange(0, len(words)-1).Draw(t, "word")])
		lo := rapid.IntRange(0, len(word)-1).Draw(t, "lo")
		hi := rapid.IntRange(lo+1, len(word)).Draw(t, "hi")
		folded := token.Fold(nil, string(word[lo:hi]))
		if len(folded) == 0 || !strings.Contains(string(token.Fold(nil, text)), string(folded)) {
			return // not a word of the text by the search's own measure
		}
		var rec id.ID
		copy(rec[:], rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "rec"))
		act := &casebook.Act{Verb: casebook.State, Record: rec, Kind: "statement_unit", Fields: kind.Values{
			"translation": {{Text: rest, Lang: "en"}}, "verbatim": {{Text: text, Lang: "ko"}}, "order": {kind.Of(rest)}}}
		if !mayContain(act.Encode(), [][]byte{folded}) {
			t.Fatalf("%q is in %q and was missed", folded, text)
		}
	})
}

// The first rows of an order are the same whether all are sorted or only those that may
// lead are kept.
func TestLeadingIsTheBeginningOfTheSorted(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		keys := rapid.SliceOf(rapid.IntRange(0, 40)).Draw(t, "keys")
		order := func(a, b int32) int { return cmp.Or(cmp.Compare(keys[a], keys[b]), cmp.Compare(a, b)) }
		rows := make([]int32, len(keys))
		for i := range rows {
			rows[i] = int32(i)
		}
		n := rapid.IntRange(0, len(rows)).Draw(t, "n")
		want := slices.Clone(rows)
		slices.SortFunc(want, order)
		if got := leading(rows, n, order); !slices.Equal(got, want[:n]) {
			t.Fatalf("got %v, sorted %v", got, want[:n])
		}
	})
}
