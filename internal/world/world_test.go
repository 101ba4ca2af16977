package world

import (
	"context"
	"crypto/sha256"
	"fmt"
	"testing"

	"example.org/amparo/internal/kind"
)

func generate(t *testing.T, people int, seed uint64) (*Truth, []Event) {
	t.Helper()
	var events []Event
	truth, err := Generate(context.Background(), Config{People: people, Seed: seed}, kind.Builtin(), func(e Event) error {
		events = append(events, e)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return truth, events
}

func TestTheSameSeedGivesTheSameWorld(t *testing.T) {
	digest := func(seed uint64) string {
		_, events := generate(t, 150, seed)
		h := sha256.New()
		for _, e := range events {
			fmt.Fprintf(h, "%v\n", e)
		}
		return fmt.Sprintf("%x", h.Sum(nil))
	}
	if again := digest(7); digest(7) != again {
		t.Error("two runs of seed 7 differ")
	}
	if digest(7) == digest(8) {
		t.Error("seeds 7 and 8 give the same world")
	}
}
