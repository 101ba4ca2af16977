package id_test

import (
	"testing"

	"pgregory.net/rapid"

	"example.org/amparo/id"
)

func TestAnIdentifierReadsBackAsItself(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var x id.ID
		copy(x[:], rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "bytes"))
		back, err := id.Parse(x.String())
		if x.IsZero() {
			return
		}
		if err != nil || back != x {
			t.Fatalf("%s reads back as %s, %v", x, back, err)
		}
	})
}

func TestDerivedIdentifiersDoNotRunTogether(t *testing.T) {
	key := []byte("k")
	if id.Derive(key, "ab", "c") == id.Derive(key, "a", "bc") || id.Derive(key, "a") == id.Derive([]byte("l"), "a") {
		t.Error("two different things have one identifier")
	}
	first := id.Derive(key, "a", "b")
	if again := id.Derive(key, "a", "b"); again != first {
		t.Error("one thing has two identifiers")
	}
}

func FuzzParse(f *testing.F) {
	f.Add(id.Derive([]byte("k"), "a").String())
	f.Add("OIL")
	f.Fuzz(func(t *testing.T, s string) {
		x, err := id.Parse(s)
		if err != nil || x.IsZero() {
			return
		}
		if again, err := id.Parse(x.String()); err != nil || again != x {
			t.Fatalf("%q is read as %s, which reads back as %s, %v", s, x, again, err)
		}
	})
}
