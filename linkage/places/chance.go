package places

import "example.org/amparo/fault"

// Chance returns, for each depth, the probability that two unrelated records agree at it,
// when records name the places of counts as often as counts says. It is computed from
// the tree, with no sampling: a place of mass p is the narrowest that both name or lie in
// with probability p² less the squares of the places directly in it. It sums to 1.
func (g *Gazetteer) Chance(counts map[string]int) ([Site + 1]float64, error) {
	var out [Site + 1]float64
	mass := map[string]float64{}
	var total float64
	for _, code := range g.order {
		n := counts[code]
		if n < 0 {
			return out, fault.New(fault.Invalid, "places.Chance", "a place is named %d times", n).With("give counts of 0 or more")
		}
		total += float64(n)
		for _, up := range g.path(code) {
			mass[up.Code] += float64(n)
		}
	}
	if total == 0 {
		return out, fault.New(fault.Invalid, "places.Chance", "no place of the gazetteer is named").With("count the places of the records first")
	}
	out[World] = 1
	for _, code := range g.order {
		n := g.nodes[code]
		p := mass[code] / total
		out[n.Depth] += p * p
		up := World
		if parent := g.nodes[n.Parent]; parent != nil {
			up = parent.Depth
		}
		out[up] -= p * p
	}
	return out, nil
}
