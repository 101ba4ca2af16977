package names

import "math"

// CompareSets compares two people by all names each is known under: real name, aliases,
// names used in China. The best pair counts, less log2(|A| |B|) bits, so that a long list
// of aliases does not agree by chance. Missing names are left out.
func (c *Comparer) CompareSets(a, b []Key) Comparison {
	a, b = present(a), present(b)
	best := Comparison{Level: Null}
	for i := range a {
		for j := range b {
			got := c.Compare(a[i], b[j])
			if got.Level > best.Level || got.Level == best.Level && got.Bits > best.Bits {
				best = got
			}
		}
	}
	if n := len(a) * len(b); n > 1 {
		best.Bits -= math.Log2(float64(n))
	}
	return best
}

func present(ks []Key) []Key {
	out := make([]Key, 0, len(ks))
	for _, k := range ks {
		if k.Part != Nothing {
			out = append(out, k)
		}
	}
	return out
}
