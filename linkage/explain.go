package linkage

import (
	"encoding/json"
	"math"
	"math/bits"
	"slices"

	"example.org/amparo/fault"
	"example.org/amparo/linkage/fs"
)

// The kinds of bars of an explanation.
const (
	PriorBar     = "prior"     // the odds before anything is compared
	FieldBar     = "field"     // the level of agreement of one field
	FrequencyBar = "frequency" // how rare the shared value is
	TieBar       = "dependence"
)

// Bar is one term of a weight, in bits: above 0 speaks for one entity, below against.
type Bar struct {
	Kind  string `json:"kind"`
	Field string `json:"field,omitempty"`
	// Level is the level of agreement, or "missing"; for a tie, the fields it depends on.
	Level string `json:"level,omitempty"`
	// Left and Right are the values as they stood, and how they were compared.
	Left      string `json:"left,omitempty"`
	Right     string `json:"right,omitempty"`
	LeftForm  string `json:"left_form,omitempty"`
	RightForm string `json:"right_form,omitempty"`
	// M and U are the probabilities of the level among pairs of one entity and of
	// different ones; for a frequency, U is the share of entities with the value.
	M    float64 `json:"m,omitempty"`
	U    float64 `json:"u,omitempty"`
	Bits float64 `json:"bits"`
}

// Explanation is why two records are or are not taken for one entity. The bars sum to
// Total.
type Explanation struct {
	I           uint32   `json:"i"`
	J           uint32   `json:"j"`
	Bars        []Bar    `json:"bars"`
	Total       float64  `json:"total"` // bits
	Probability float64  `json:"probability"`
	FoundBy     []string `json:"found_by"` // the blocking rules that find the pair; none means it was not compared
	Together    bool     `json:"together"` // in one cluster
	// Decided is "same" or "different" where a person decided this very pair, and "apart"
	// where the nature of the data keeps it apart.
	Decided string `json:"decided,omitempty"`
	// Between is the average clipped weight between the clusters of the two; merging
	// them would need it to reach the threshold. Only where they are not together.
	Between float64 `json:"between,omitempty"`
	// Chain leads from I to J inside their cluster by the strongest weakest link.
	Chain []uint32 `json:"chain,omitempty"`
}

// Explain explains any two records, compared or not: "why?" and "why not?".
//
// It is an error for a record not to be there, or to be compared with itself.
func (r *Result) Explain(i, j uint32) (Explanation, error) {
	if n := uint32(r.e.rows.Len()); i >= n || j >= n || i == j {
		return Explanation{}, fault.New(fault.NotFound, "linkage.Explain", "records %d and %d are not two of the %d", i, j, n).
			With("name two different records of the table")
	}
	i, j = min(i, j), max(i, j)
	pattern := r.e.pattern(i, j)
	x := Explanation{I: i, J: j, FoundBy: []string{}}
	x.Bars = append(x.Bars, Bar{Kind: PriorBar, Bits: r.prior})
	for k := range r.e.fields {
		x.Bars = append(x.Bars, r.fieldBar(k, i, j, pattern))
		if b := r.frequencyOf(k, i, j, pattern); b != 0 {
			x.Bars = append(x.Bars, r.frequencyBar(k, i, j, b))
		}
	}
	for _, t := range r.model.Ties {
		if b := t.Bits(r.model.Fields, pattern); b != 0 {
			x.Bars = append(x.Bars, r.tieBar(t, b))
		}
	}
	for _, b := range x.Bars {
		x.Total += b.Bits
	}
	x.Probability = fs.Probability(x.Total)
	for set := r.found(i, j); set != 0; set &= set - 1 {
		x.FoundBy = append(x.FoundBy, ruleName(r.rules[bits.TrailingZeros64(set)]))
	}
	r.placed(&x)
	return x, nil
}

func (r *Result) fieldBar(k int, i, j uint32, pattern uint64) Bar {
	f, code := r.e.fields[k], fs.Code(pattern, k)
	b := Bar{Kind: FieldBar, Field: f.decl.Name, Level: "missing", Left: r.raw(k, i), Right: r.raw(k, j), LeftForm: r.form(k, i), RightForm: r.form(k, j)}
	if code == fs.Missing {
		return b
	}
	b.Level = f.labels[f.shape.Level(code)]
	b.M, b.U, b.Bits = r.model.M[k][code], r.model.U[k][code], r.weights[k][code]
	return b
}

func (r *Result) frequencyBar(k int, i, j uint32, b float64) Bar {
	f := r.e.fields[k]
	id := r.e.rows.IDs[int(i)*r.e.rows.Stride+k]
	return Bar{Kind: FrequencyBar, Field: f.decl.Name, LeftForm: f.dict.At(id), U: math.Exp2(r.rarity(k, i, j, id)), Bits: b}
}

func (r *Result) tieBar(t fs.Tie, b float64) Bar {
	given := ""
	for n, p := range t.Parents {
		if n > 0 {
			given += ", "
		}
		given += r.e.fields[p].decl.Name
	}
	return Bar{Kind: TieBar, Field: r.e.fields[t.Child].decl.Name, Level: given, Bits: b}
}

// found is the rules that find a pair, as a bit set.
func (r *Result) found(i, j uint32) uint64 {
	if r.index != nil {
		return r.index.look.Found(i, j)
	}
	return r.swept.sweeper.Found(i, j)
}

// raw is the cells of a field as they stood.
func (r *Result) raw(k int, i uint32) string {
	var buf []byte
	for _, name := range r.e.fields[k].decl.columns() {
		var s string
		if own, ok := r.cells(i); ok {
			s = own[name]
		} else {
			s = r.e.t.Column(name).At(int(i))
		}
		if s != "" {
			if len(buf) > 0 {
				buf = append(buf, ' ')
			}
			buf = append(buf, s...)
		}
	}
	return string(buf)
}

// cells are those of a record that was added or changed since the run.
func (r *Result) cells(i uint32) (map[string]string, bool) {
	if r.index == nil {
		return nil, false
	}
	own, ok := r.index.cells[i]
	return own, ok
}

// form is a value as it was compared.
func (r *Result) form(k int, i uint32) string {
	return r.e.fields[k].dict.At(r.e.rows.IDs[int(i)*r.e.rows.Stride+k])
}

// placed says where the two stand in the clustering.
func (r *Result) placed(x *Explanation) {
	a, b := r.Clusters.Of[x.I], r.Clusters.Of[x.J]
	x.Together = a == b
	pair := [2]uint32{x.I, x.J}
	switch {
	case slices.Contains(r.in.Must, pair):
		x.Decided = "same"
	case slices.Contains(r.in.Cannot, pair):
		x.Decided = "different"
	case r.in.Apart != nil && r.in.Apart(x.I, x.J):
		x.Decided = "apart"
	}
	if x.Together {
		x.Chain = r.chain(x.I, x.J)
		return
	}
	one, two := r.members(a), r.members(b)
	sum := 0.0
	for _, i := range one {
		for _, j := range two {
			sum += math.Max(-10, math.Min(10, r.Bits(min(i, j), max(i, j))))
		}
	}
	x.Between = sum / float64(len(one)*len(two))
}

// members is the records of a cluster, in order.
func (r *Result) members(cluster uint32) []uint32 {
	if r.index != nil {
		return r.index.members(cluster)
	}
	var out []uint32
	for i := cluster; int(i) < len(r.Clusters.Of); i++ { // the first record names the cluster
		if r.Clusters.Of[i] == cluster {
			out = append(out, i)
		}
	}
	return out
}

// chain is the way from i to j inside their cluster whose weakest link is strongest: the
// way in the maximum spanning tree, grown from i.
//
// Source: Prim (1957), Bell System Technical Journal 36, 1389-1401.
func (r *Result) chain(i, j uint32) []uint32 {
	in := r.members(r.Clusters.Of[i])
	came := map[uint32]uint32{}
	best := map[uint32]float64{}
	for _, m := range in {
		if m != i {
			came[m], best[m] = i, r.Bits(min(i, m), max(i, m))
		}
	}
	for len(best) > 0 {
		next, top := uint32(0), math.Inf(-1)
		for _, m := range in {
			if w, open := best[m]; open && w > top {
				next, top = m, w
			}
		}
		delete(best, next)
		if next == j {
			break
		}
		for m, w := range best {
			if v := r.Bits(min(next, m), max(next, m)); v > w {
				best[m], came[m] = v, next
			}
		}
	}
	out := []uint32{j}
	for at := j; at != i; {
		at = came[at]
		out = append(out, at)
	}
	slices.Reverse(out)
	return out
}

// JSON is the explanation as data.
func (x Explanation) JSON() ([]byte, error) { return json.MarshalIndent(x, "", "  ") }
