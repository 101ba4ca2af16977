package linkage

import (
	"math"
	"math/rand/v2"

	"example.org/amparo/linkage/fs"
)

// chance is what is known of agreement by chance in one field: values by frequency, and
// how near two random different values come.
type chance struct {
	near []nearPair // sampled pairs of records whose values are near
	n    float64    // pairs sampled with both values present
	u    []float64  // by code, for pairs of different entities
	// by value: log2 of the share of other entities that hold it, besides the one entity of
	// both records of a pair, and besides their two entities
	tf, tf2 []float32
	same    float64 // u of the level "the same"
	rarest  float64 // the least of tf and tf2
	fresh   float32 // tf of a value nobody had
}

type nearPair struct {
	i, j uint32
	code uint8
}

// enoughNear is how many hits a level needs before sampling may stop, and mostSampled the
// most pairs sampled a field.
const (
	enoughNear  = 400
	mostSampled = 300_000
	sampleStep  = 20_000
)

// sample draws random pairs and keeps those whose values are near but not the same: for
// equal values there is a closed form.
func (e *engine) sample(i int, across bool) *chance {
	f, n := e.fields[i], e.rows.Len()
	c := &chance{u: make([]float64, f.shape.Codes())}
	if n < 2 {
		return c
	}
	rng := rand.New(rand.NewPCG(e.model.Seed, uint64(i)+1))
	hits := make([]int, f.shape.Codes())
	ids, stride := e.rows.IDs, e.rows.Stride
	for drawn := 0; drawn < mostSampled; drawn += sampleStep {
		for range sampleStep {
			a, b := uint32(rng.IntN(n)), uint32(rng.IntN(n))
			if a == b || across && e.rows.Source[a] == e.rows.Source[b] {
				continue
			}
			x, y := ids[int(a)*stride+i], ids[int(b)*stride+i]
			if x == 0 || y == 0 {
				continue
			}
			c.n++
			code := 0
			if x != y {
				code = f.level(x, y)
				if f.swap >= 0 {
					code = fs.Code(e.exchange(uint64(code)<<(4*i), ids[int(a)*stride:], ids[int(b)*stride:]), i)
				}
			}
			if code > 0 {
				hits[code]++
				c.near = append(c.near, nearPair{a, b, uint8(code)})
			}
		}
		if enough(hits[1 : f.shape.Levels-1]) {
			break
		}
	}
	return c
}

func enough(hits []int) bool {
	for _, h := range hits {
		if h < enoughNear {
			return false
		}
	}
	return true
}

// update computes u and the frequencies of values. of is the entity of every record as far
// as known; pairs within an entity are left out, and a value counts once for each entity
// that has it. nil means nothing is known yet: all random pairs count.
func (e *engine) update(i int, c *chance, across bool, of []uint32, groups [][]uint32) {
	f := e.fields[i]
	holders := e.holders(i, groups)
	pairs := e.agreeing(i, across, groups)
	byBand := make([]float64, len(f.shape.Share))
	for id := 1; id < f.dict.Len(); id++ {
		b := 0
		if f.band != nil {
			b = int(f.band[id])
		}
		byBand[b] += pairs[id]
	}
	all := e.pairsOf(i, across, groups)
	least := 0.5 / math.Max(all, 1)
	hits := make([]float64, f.shape.Codes())
	n := c.n
	for _, p := range c.near {
		if of != nil && of[p.i] == of[p.j] {
			n--
			continue
		}
		hits[p.code]++
	}
	rest := 1.0
	for b := range byBand {
		u := math.Max(byBand[b]/math.Max(all, 1), least)
		c.u[f.shape.Levels-1+b] = u
		rest -= u
	}
	c.same = 1 - rest
	for code := 1; code < f.shape.Levels-1; code++ {
		c.u[code] = (hits[code] + 0.25) / (n + 1)
		rest -= c.u[code]
	}
	c.u[0] = math.Max(rest, 1e-6)
	total := 0.0
	for _, u := range c.u {
		total += u
	}
	for code := range c.u {
		c.u[code] /= total
	}
	e.frequencies(i, c, holders)
}

// frequencies is log2 of the share of entities that hold a value, shrunk to a background
// table where there is one.
//
// Source: the frequency weights of Fellegi and Sunter (1969), section 3.3.1.
func (e *engine) frequencies(i int, c *chance, holders []float64) {
	f := e.fields[i]
	if !f.decl.Frequency {
		return
	}
	total := 0.0
	for _, h := range holders {
		total += h
	}
	unseen := unseenRate(holders)
	background := e.opt.Background[f.decl.Name]
	const weight = 100 // entities the background counts for
	c.tf, c.tf2 = make([]float32, len(holders)), make([]float32, len(holders))
	c.rarest = 0
	for id := 1; id < len(holders); id++ {
		h, n := holders[id], total
		if background != nil {
			h += weight * background[f.dict.At(uint32(id))]
			n += weight
		}
		// h entities hold it: another one does with the probability of those besides the
		// pair. Whether a pair was taken for one entity or two must not change what its
		// name is worth, or those that were missed once stay missed.
		c.tf[id] = float32(math.Log2((math.Max(h-1, 0) + unseen) / math.Max(n, 1)))
		c.tf2[id] = float32(math.Log2((math.Max(h-2, 0) + unseen) / math.Max(n, 1)))
		c.rarest = math.Min(c.rarest, float64(c.tf2[id]))
	}
	c.fresh = float32(math.Log2(unseen / math.Max(total, 1)))
}

// unseenRate is how many further entities, of as many as there are, are expected to hold a
// value that one holds: the rate at which values held by one become values held by two.
//
// Source: Good (1953), Biometrika 40, 237-264, eq. 2 for r = 1.
func unseenRate(holders []float64) float64 {
	var one, two float64
	for _, h := range holders {
		switch h {
		case 1:
			one++
		case 2:
			two++
		}
	}
	return math.Min(1, math.Max(0.02, 2*(two+0.5)/(one+1)))
}

// holders is by value the number of entities that hold it.
func (e *engine) holders(i int, groups [][]uint32) []float64 {
	f := e.fields[i]
	out := make([]float64, f.dict.Len())
	ids, stride := e.rows.IDs, e.rows.Stride
	for id := 1; id < f.dict.Len(); id++ {
		out[id] = float64(f.count[id])
	}
	for _, members := range groups {
		for k, r := range members {
			id := ids[int(r)*stride+i]
			for _, q := range members[:k] {
				if id != 0 && ids[int(q)*stride+i] == id {
					out[id]-- // the entity was counted with an earlier record
					break
				}
			}
		}
	}
	return out
}

// agreeing is by value the number of pairs of records of different entities that share it.
func (e *engine) agreeing(i int, across bool, groups [][]uint32) []float64 {
	f := e.fields[i]
	ids, stride := e.rows.IDs, e.rows.Stride
	out := make([]float64, f.dict.Len())
	for id := 1; id < f.dict.Len(); id++ {
		n := float64(f.count[id])
		out[id] = n * (n - 1) / 2
	}
	if across {
		by := make([]uint32, f.dict.Len()*len(e.t.Sources))
		for r, s := range e.rows.Source {
			by[int(ids[r*stride+i])*len(e.t.Sources)+int(s)]++
		}
		for k, n := range by {
			out[k/len(e.t.Sources)] -= float64(n) * (float64(n) - 1) / 2
		}
	}
	for _, members := range groups {
		for k, r := range members {
			for _, q := range members[:k] {
				if id := ids[int(r)*stride+i]; id != 0 && id == ids[int(q)*stride+i] && !(across && e.rows.Source[r] == e.rows.Source[q]) {
					out[id]--
				}
			}
		}
	}
	return out
}

// pairsOf is the number of pairs of records of different entities that both have a value.
func (e *engine) pairsOf(i int, across bool, groups [][]uint32) float64 {
	n := float64(e.fields[i].filled)
	all := n * (n - 1) / 2
	ids, stride := e.rows.IDs, e.rows.Stride
	if across {
		by := make([]float64, len(e.t.Sources))
		for r, s := range e.rows.Source {
			if ids[r*stride+i] != 0 {
				by[s]++
			}
		}
		for _, m := range by {
			all -= m * (m - 1) / 2
		}
	}
	for _, members := range groups {
		for k, r := range members {
			for _, q := range members[:k] {
				if ids[int(r)*stride+i] != 0 && ids[int(q)*stride+i] != 0 && !(across && e.rows.Source[r] == e.rows.Source[q]) {
					all--
				}
			}
		}
	}
	return all
}
