package cluster

import (
	"slices"
	"sort"
)

// Contradiction is a pair that must be apart although a chain of decisions puts it
// together.
type Contradiction struct {
	Apart [2]uint32
	// Chain leads from one record of Apart to the other: each neighbour pair is one of
	// the decisions to put together.
	Chain []uint32
}

// Check reports the first contradiction between pairs that must be together and pairs that
// must be apart, with the shortest chain, or false.
func Check(must, cannot [][2]uint32) (Contradiction, bool) {
	next := map[uint32][]uint32{}
	for _, p := range must {
		next[p[0]] = append(next[p[0]], p[1])
		next[p[1]] = append(next[p[1]], p[0])
	}
	for _, n := range next {
		slices.Sort(n)
	}
	sorted := slices.Clone(cannot)
	sort.Slice(sorted, func(i, j int) bool {
		return sorted[i][0] < sorted[j][0] || sorted[i][0] == sorted[j][0] && sorted[i][1] < sorted[j][1]
	})
	for _, p := range sorted {
		if c := chain(next, p[0], p[1]); c != nil {
			return Contradiction{p, c}, true
		}
	}
	return Contradiction{}, false
}

// chain is the shortest way from one record to another, both included, or nil.
func chain(next map[uint32][]uint32, from, to uint32) []uint32 {
	if from == to {
		return []uint32{from}
	}
	if len(next[from]) == 0 || len(next[to]) == 0 {
		return nil
	}
	came := map[uint32]uint32{from: from}
	for queue := []uint32{from}; len(queue) > 0; queue = queue[1:] {
		for _, n := range next[queue[0]] {
			if _, seen := came[n]; seen {
				continue
			}
			came[n] = queue[0]
			if n == to {
				out := []uint32{to}
				for out[len(out)-1] != from {
					out = append(out, came[out[len(out)-1]])
				}
				slices.Reverse(out)
				return out
			}
			queue = append(queue, n)
		}
	}
	return nil
}
