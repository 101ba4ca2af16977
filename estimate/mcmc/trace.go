package mcmc

import "slices"

// Trace holds what one chain kept, by name. Its memory is bounded: when it has most rows
// it drops every second one and from then on keeps only every second row offered, and so
// on, so that the rows stay evenly spaced over the whole run.
type Trace struct {
	names   []string
	columns [][]float64
	most    int
	stride  int // rows offered for one kept
	offered int
}

// NewTrace returns an empty trace of the named quantities, holding at most most rows (an
// odd number is rounded down, below 2 means no limit).
func NewTrace(names []string, most int) *Trace {
	return &Trace{names: slices.Clone(names), columns: make([][]float64, len(names)), most: most &^ 1, stride: 1}
}

// Add offers a row: one value for each name.
func (t *Trace) Add(row []float64) {
	t.offered++
	if t.offered%t.stride != 0 {
		return
	}
	for i := range t.columns {
		t.columns[i] = append(t.columns[i], row[i])
	}
	if t.most >= 2 && t.Len() == t.most {
		t.halve()
	}
}

// halve keeps rows 2, 4, 6 ...: those whose number among the offered is a multiple of
// the new stride.
func (t *Trace) halve() {
	for i, c := range t.columns {
		for r := range len(c) / 2 {
			c[r] = c[2*r+1]
		}
		t.columns[i] = c[:len(c)/2]
	}
	t.stride *= 2
}

// Len is the number of rows held.
func (t *Trace) Len() int { return len(t.columns[0]) }

// Stride is the number of rows offered for each one held.
func (t *Trace) Stride() int { return t.stride }

// Column returns the values of the named quantity in the order they came, nil if there
// is none of that name. The slice is the trace's own: do not change it.
func (t *Trace) Column(name string) []float64 {
	if i := slices.Index(t.names, name); i >= 0 {
		return t.columns[i]
	}
	return nil
}

// Chains returns the named quantity of every trace without the first share of the rows,
// which are taken as the way from the start (burn-in). share is in [0, 1).
func Chains(traces []*Trace, name string, share float64) [][]float64 {
	out := make([][]float64, len(traces))
	for i, t := range traces {
		c := t.Column(name)
		out[i] = c[int(share*float64(len(c))):]
	}
	return out
}

// Pool returns the values of all chains in one slice, chain after chain.
func Pool(chains [][]float64) []float64 { return slices.Concat(chains...) }
