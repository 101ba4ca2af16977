package linkage

// forest is union-find over the few records it was told of; the root of a set is its
// lowest member, and a record it was not told of is alone.
type forest map[uint32]uint32

func (f forest) find(r uint32) uint32 {
	p, ok := f[r]
	if !ok || p == r {
		return r
	}
	p = f.find(p)
	f[r] = p
	return p
}

func (f forest) join(a, b uint32) {
	a, b = f.find(a), f.find(b)
	f[max(a, b)] = min(a, b)
}
