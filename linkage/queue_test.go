package linkage

import (
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// What is let go of on the way is never among the most telling at the end.
func TestTheMostTellingQuestionsAreKept(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		of := rapid.SliceOfN(rapid.Uint32Range(0, 1500), 2000, 2000).Draw(t, "clusters")
		most := rapid.SampledFrom([]int{0, 1, 5, 100, 5000}).Draw(t, "most")
		got := telling{most: most, of: of}
		best := map[[2]uint32]Question{}
		changes := rapid.SliceOfN(rapid.IntRange(0, 500), 3000, 3000).Draw(t, "changes")
		for k, c := range changes {
			q := Question{I: uint32(k) % 1999, J: 1999, Change: float64(c)}
			got.take(q)
			key := got.between(q)
			if old, seen := best[key]; !seen || before(q, old) < 0 {
				best[key] = q
			}
		}
		var want []Question
		for _, q := range best {
			want = append(want, q)
		}
		slices.SortFunc(want, before)
		if want = want[:min(most, len(want))]; !slices.Equal(got.inOrder(), want) {
			t.Fatalf("%d questions, want %d", len(got.inOrder()), len(want))
		}
	})
}
