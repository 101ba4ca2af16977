package linkage

import "example.org/amparo/linkage/fs"

// frequency is the bits that the rarity of shared values adds or takes.
func (r *Result) frequency(i, j uint32, pattern uint64) float64 {
	w := 0.0
	for _, k := range r.rare {
		w += r.frequencyOf(k, i, j, pattern)
	}
	return w
}

// frequencyOf is the part of field k: its agreement is worth log2(m/share of the value)
// instead of log2(m/u) of its band.
func (r *Result) frequencyOf(k int, i, j uint32, pattern uint64) float64 {
	f := r.e.fields[k]
	code := fs.Code(pattern, k)
	if f.decl.Frequency && code >= f.shape.Levels-1 && code != fs.Missing {
		ids, s := r.e.rows.IDs, r.e.rows.Stride
		if id := ids[int(i)*s+k]; id == ids[int(j)*s+k] {
			return r.level0[k][code] - r.rarity(k, i, j, id)
		}
	}
	return 0
}

// rarity is log2 of the share of entities, besides those of two records, that hold a value
// of field k.
func (r *Result) rarity(k int, i, j, id uint32) float64 {
	n := uint32(len(r.counted))
	if r.counted == nil || i < n && j < n && r.counted[i] != r.counted[j] {
		return float64(r.chance[k].tf2[id])
	}
	return float64(r.chance[k].tf[id]) // of one entity, or one of the two came later
}
