package estimate_test

import (
	"encoding/json"
	"math"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"example.org/amparo/estimate"
)

func TestNumbersWithoutAFiniteValueBecomeNull(t *testing.T) {
	b, err := json.Marshal([]estimate.Number{1.5, estimate.Number(math.NaN()), estimate.Number(math.Inf(1)), estimate.Number(math.Inf(-1))})
	if err != nil || string(b) != "[1.5,null,null,null]" {
		t.Errorf("%s, %v", b, err)
	}
	var n estimate.Number
	if err := json.Unmarshal([]byte("null"), &n); err != nil || !math.IsNaN(float64(n)) {
		t.Errorf("null reads as %v, %v", n, err)
	}
}

func TestARefusalCarriesNoFigure(t *testing.T) {
	f := estimate.Refuse("dga", estimate.Refusal{Code: "few", Text: "Too few people are on more than one list."})
	b, err := json.Marshal(f)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`"point":null`, `"lower":null`, `"upper":null`, `"median":null`, `"code":"few"`} {
		if !strings.Contains(string(b), want) {
			t.Errorf("%s lacks %s", b, want)
		}
	}
}

// The seed follows from everything the draws depend on, and from nothing else.
func TestTheSeedFollowsFromTheQuestion(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		input := rapid.SliceOf(rapid.Byte()).Draw(t, "input")
		method := rapid.String().Draw(t, "method")
		salt := rapid.String().Draw(t, "salt")
		options := map[string]any{"delta": 0.25, "chains": 4}
		want, err := estimate.Seed(input, method, options, salt)
		if err != nil {
			t.Fatal(err)
		}
		if got, _ := estimate.Seed(input, method, map[string]any{"chains": 4, "delta": 0.25}, salt); got != want {
			t.Fatal("the order of options changes the seed")
		}
		others := []uint64{}
		for _, c := range []struct {
			in           []byte
			method, salt string
		}{{append(input, 0), method, salt}, {input, method + "x", salt}, {input, method, salt + "x"}} {
			got, err := estimate.Seed(c.in, c.method, options, c.salt)
			if err != nil {
				t.Fatal(err)
			}
			others = append(others, got)
		}
		for _, o := range others {
			if o == want {
				t.Fatal("another question has the same seed")
			}
		}
	})
	if _, err := estimate.Seed(nil, "m", map[string]any{"x": math.NaN()}, ""); err == nil {
		t.Error("an option that cannot be written has a seed")
	}
}
