package names

import "math"

// CompareSets compares two people by all names each is known under: real name, aliases,
// names used in China. The best pair counts, less log2(|A| |B|) bits, so that a long list
// of aliases does not agree by chance. Missing names are left out.
func (c *Comparer) CompareSets(a, b []Key) Comparison {
	best := Comparison{Level: Null}
	n := 0
	for i := range a {
		for j := range b {
			if a[i].Part == Nothing || b[j].Part == Nothing {
				continue
			}
			n++
			got := c.Compare(a[i], b[j])
			if got.Level > best.Level || got.Level == best.Level && got.Bits > best.Bits {
				best = got
			}
		}
	}
	if n > 1 {
		best.Bits -= math.Log2(float64(n))
	}
	return best
}
