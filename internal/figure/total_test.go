package figure

import (
	"slices"
	"testing"

	"example.org/amparo/estimate"
	"example.org/amparo/estimate/mse"
)

// R11: whatever the reason for which only a lower bound of a total is given, the bound is in tens
// below a hundred, and nothing else in the refusal is a number of people.
func TestR11ARefusalThatLeavesABoundNamesNoSinglePerson(t *testing.T) {
	for _, code := range []string{mse.Disagreement, mse.Unbounded, mse.OneMember, mse.BelowChao} {
		r := estimate.Because(code, "why").Offer("at_least", "At least %d.", 78)
		f := estimate.Fit{Lower: 78.3, Upper: 120, Refusal: &r}
		if !mse.LeavesBound(f.Refusal) {
			t.Fatalf("%s leaves no bound", code)
		}
		withoutCounts(&f, false)
		if f.Refusal.Code != code || f.Refusal.Instead != "At least 70." || !slices.Equal(f.Refusal.InsteadArgs, []any{70}) || f.Lower != 70 {
			t.Errorf("%s: %+v, at least %v", code, *f.Refusal, f.Lower)
		}
	}
}
