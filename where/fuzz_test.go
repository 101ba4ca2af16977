package where_test

import (
	"testing"

	"example.org/amparo/where"
)

func FuzzFind(f *testing.F) {
	for _, s := range []string{"함경북도", "Onsong", "KP/North Hamgyong", "无山", "KP-ONS", "", "/", "KP/"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		p, err := where.Find(s)
		if (p == nil) == (err == nil) {
			t.Fatalf("%q is both found and not found", s)
		}
		if err == nil {
			if again, ok := where.Lookup(p.Code); !ok || again != p {
				t.Fatalf("%q is found as %s, which is not there", s, p.Code)
			}
		}
	})
}
