package linkage

import (
	"cmp"
	"slices"

	"example.org/amparo/linkage/block"
	"example.org/amparo/linkage/compare"
	"example.org/amparo/linkage/fs"
)

// scored is a pair that could be a match, with the number of its pattern.
type scored struct {
	i, j    uint32
	pattern uint32
}

// compared is what a sweep leaves: how often each pattern was seen, and the pairs whose
// pattern could be that of a match.
type compared struct {
	counts  []fs.Count
	chunks  [][]scored
	visited int64
	reports []block.Report
	sweeper *block.Sweeper
}

// slack is how many bits a pattern may fall short of the threshold under the most
// favourable parameters (every m is 1) and still be kept for scoring. It covers what u
// loses when matches are taken out of it.
const slack = 10

// sweep compares all pairs that the rules find.
func (e *engine) sweep(rules []block.Rule, across bool, u [][]float64) (*compared, error) {
	n := e.rows.Len()
	need := prepareBytes(e.t, e.model) + block.Bytes(n, len(rules))
	if err := e.budget(need); err != nil {
		return nil, err
	}
	opt := block.Options{Cap: e.blockCap(), Divide: e.dividers(), Across: across, Workers: e.opt.Workers}
	if e.opt.Memory > 0 {
		// A pair kept takes 12 bytes; few are kept, but all might be.
		opt.Budget = max((e.opt.Memory-need)/12, 1) * keptShare
	}
	s := block.NewSweeper(e.rows, rules, opt)
	workers := make([]*counter, max(e.opt.Workers, 1))
	for w := range workers {
		workers[w] = newCounter(e, u)
	}
	reports, err := s.Sweep(func(s *block.Strip) { workers[s.Worker].strip(s) })
	if err != nil {
		return nil, err
	}
	out := gather(workers)
	out.reports, out.sweeper = reports, s
	return out, nil
}

// keptShare is how many pairs are visited for one that is kept; measured on real data it
// is 5 to 50.
const keptShare = 4

// blockCap is the most records a block may have.
func (e *engine) blockCap() int {
	if e.model.Cap > 0 {
		return e.model.Cap
	}
	return 2000
}

// dividers are the whole values of the most telling fields, for blocks over the cap.
func (e *engine) dividers() []block.Part {
	var parts []block.Part
	for i := range e.fields {
		parts = append(parts, block.Part{Field: i, Keys: e.valueKeys(i, 0)})
	}
	slices.SortStableFunc(parts, func(a, b block.Part) int {
		return cmp.Compare(e.fields[b.Field].dict.Len(), e.fields[a.Field].dict.Len())
	})
	return parts
}

// valueKeys makes the keys of kind k of every value of field i.
func (e *engine) valueKeys(i, k int) *block.ValueKeys {
	f := e.fields[i]
	out := &block.ValueKeys{Start: make([]uint32, f.dict.Len()+1), Keys: make([]uint32, 0, f.dict.Len())}
	for id := 0; id < f.dict.Len(); id++ {
		out.Start[id] = uint32(len(out.Keys))
		out.Keys = f.prep.Keys(k, uint32(id), out.Keys)
	}
	out.Start[f.dict.Len()] = uint32(len(out.Keys))
	return out
}

// rules turns the model's rules into those of package block.
func (e *engine) rules(parts [][]string) ([]block.Rule, error) {
	by := map[string]compare.Comparer{}
	at := map[string]int{}
	for i, f := range e.fields {
		by[f.decl.Name], at[f.decl.Name] = f.cmp, i
	}
	made := map[[2]int]*block.ValueKeys{}
	var out []block.Rule
	for _, rule := range parts {
		r := block.Rule{Name: ruleName(rule)}
		for _, part := range rule {
			name, k, err := splitPart(part, by)
			if err != nil {
				return nil, err
			}
			key := [2]int{at[name], k}
			if made[key] == nil {
				made[key] = e.valueKeys(key[0], k)
			}
			r.Parts = append(r.Parts, block.Part{Field: key[0], Kind: k, Keys: made[key]})
		}
		out = append(out, r)
	}
	return out, nil
}

// gather joins the workers' shares in an order that does not depend on who did what:
// patterns by value, pairs by chunk.
func gather(workers []*counter) *compared {
	out := &compared{}
	total := map[uint64]int64{}
	var chunks []chunk
	for w, c := range workers {
		c.compareBatch()
		c.flush()
		out.visited += c.visited
		for _, s := range c.slots {
			if s.n > 0 {
				total[s.pattern] += s.n
			}
		}
		for _, ch := range c.chunks {
			ch.worker = w
			chunks = append(chunks, ch)
		}
		c.chunks = nil
	}
	for p, n := range total {
		out.counts = append(out.counts, fs.Count{Pattern: p, N: float64(n)})
	}
	slices.SortFunc(out.counts, func(a, b fs.Count) int { return cmp.Compare(a.Pattern, b.Pattern) })
	number := make(map[uint64]uint32, len(out.counts))
	for i, c := range out.counts {
		number[c.Pattern] = uint32(i)
	}
	slices.SortStableFunc(chunks, func(a, b chunk) int { return cmp.Compare(a.number, b.number) })
	global := make([][]uint32, len(workers))
	for w, c := range workers {
		for _, p := range c.seen {
			global[w] = append(global[w], number[p])
		}
	}
	for _, ch := range chunks {
		for k := range ch.pairs {
			ch.pairs[k].pattern = global[ch.worker][ch.pairs[k].pattern]
		}
		out.chunks = append(out.chunks, ch.pairs)
	}
	return out
}
