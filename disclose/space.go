package disclose

import (
	"slices"
)

// space gives every innermost group of people a variable. Tables over the same columns
// share a block of variables; blocks are tied where they have columns in common.
//
// People may also differ in which releases they are counted in: a stage. With stages,
// an innermost group has one variable a stage, and a release sums over its own stages.
type space struct {
	f      *frame
	stages int
	blocks []*block
	n      int        // variables
	links  []equation // what ties the blocks
	loose  bool       // blocks linked in a circle were too large to be joined
}

type block struct {
	cols  []int
	first int
	atoms [][]string // canonical keys
	index map[string]map[string][]int
}

// jointLimit bounds the variables of blocks joined because their links form a circle.
const jointLimit = 8000

func newSpace(f *frame, sets [][]int, stages int) (*space, error) {
	s := &space{f: f, stages: stages}
	edges := maximal(sets)
	ears, rest := reduceEars(edges)
	if len(rest) > 1 {
		var joint []int
		for _, e := range rest {
			joint = union(joint, edges[e])
		}
		if n := s.leaves(joint); n > 0 && n*stages <= jointLimit {
			edges = maximal(append(edges, joint))
			ears, rest = reduceEars(edges)
		} else {
			s.loose = true
		}
	}
	for _, cols := range edges {
		if err := s.addBlock(cols); err != nil {
			return nil, err
		}
	}
	for _, e := range ears {
		s.link(e.ear, e.parent)
	}
	for i := range rest {
		for j := range i {
			s.link(rest[i], rest[j])
		}
	}
	return s, nil
}

func union(a, b []int) []int {
	out := append(slices.Clone(a), b...)
	slices.Sort(out)
	return slices.Compact(out)
}

func intersect(a, b []int) []int {
	var out []int
	for _, v := range a {
		if slices.Contains(b, v) {
			out = append(out, v)
		}
	}
	return out
}

func within(a, b []int) bool { return len(intersect(a, b)) == len(a) }

// maximal drops sets of columns that lie within another.
func maximal(sets [][]int) [][]int {
	var out [][]int
	for i, a := range sets {
		keep := true
		for j, b := range sets {
			if i != j && within(a, b) && (len(a) < len(b) || j < i) {
				keep = false
			}
		}
		if keep {
			c := slices.Clone(a)
			slices.Sort(c)
			out = append(out, c)
		}
	}
	return out
}

type ear struct{ ear, parent int }

// reduceEars takes off, one after the other, a set whose shared columns lie within one
// other set. If one set is left, the sets have no circle, and tying each ear to its
// parent says all there is to say: any tables that agree on what they share are tables
// of some population.
//
// Source: Yu and Özsoyoğlu (1979) and Graham; Beeri, Fagin, Maier and Yannakakis (1983),
// Journal of the ACM 30(3), 479-513.
func reduceEars(edges [][]int) (ears []ear, rest []int) {
	for i := range edges {
		rest = append(rest, i)
	}
	for again := true; again && len(rest) > 1; {
		again = false
		for k, e := range rest {
			var shared []int
			for _, o := range rest {
				if o != e {
					shared = union(shared, intersect(edges[e], edges[o]))
				}
			}
			for _, o := range rest {
				if o != e && within(shared, edges[o]) {
					ears = append(ears, ear{e, o})
					rest = slices.Delete(slices.Clone(rest), k, k+1)
					again = true
					break
				}
			}
			if again {
				break
			}
		}
	}
	return ears, rest
}

// leaves counts the innermost groups over cols, or -1 beyond all limits.
func (s *space) leaves(cols []int) int {
	n := 1
	for _, ch := range s.f.chains {
		if c, nodes := s.f.nodes(ch, view{cols: cols}); len(c) > 0 {
			inner := 0
			for _, d := range nodes {
				if d.level == 0 {
					inner++
				}
			}
			if n *= inner; n > maxSpots {
				return -1
			}
		}
	}
	return n
}

func (s *space) addBlock(cols []int) error {
	v := view{cols: cols}
	spots, err := s.f.spots(v)
	if err != nil {
		return err
	}
	b := &block{cols: cols, first: s.n, index: map[string]map[string][]int{}}
	for _, p := range spots {
		if p.level > 0 {
			continue
		}
		full := make([]string, len(s.f.columns))
		for i, c := range cols {
			full[c] = p.show[i]
		}
		b.atoms = append(b.atoms, full)
	}
	s.n += len(b.atoms) * s.stages
	s.blocks = append(s.blocks, b)
	return nil
}

// link says that two blocks count the same people wherever they divide them alike.
func (s *space) link(i, j int) {
	a, b := s.blocks[i], s.blocks[j]
	shared := intersect(a.cols, b.cols)
	seen := map[string]bool{}
	for _, atom := range a.atoms {
		key := make([]string, len(s.f.columns))
		for _, c := range shared {
			key[c] = atom[c]
		}
		if seen[join(key)] {
			continue
		}
		seen[join(key)] = true
		for stage := range s.stages {
			e := equation{}
			for _, x := range a.match(key) {
				e.terms = append(e.terms, term{a.first + x*s.stages + stage, 1})
			}
			for _, x := range b.match(key) {
				e.terms = append(e.terms, term{b.first + x*s.stages + stage, -1})
			}
			s.links = append(s.links, e)
		}
	}
}

// match lists the atoms that agree with key wherever it has a value.
func (b *block) match(key []string) []int {
	sign := make([]byte, len(key))
	for i, v := range key {
		if v != "" {
			sign[i] = 1
		}
	}
	idx, ok := b.index[string(sign)]
	if !ok {
		idx = map[string][]int{}
		for x, atom := range b.atoms {
			part := make([]string, len(key))
			for i := range key {
				if sign[i] == 1 {
					part[i] = atom[i]
				}
			}
			idx[join(part)] = append(idx[join(part)], x)
		}
		b.index[string(sign)] = idx
	}
	return idx[join(key)]
}

// form is the count of a group, by its canonical key, over the stages given, as a sum
// of variables. It reports false when no block divides people that way.
func (s *space) form(key []string, stages []int) ([]term, bool) {
	var need []int
	for c, v := range key {
		if v != "" {
			need = append(need, c)
		}
	}
	for _, b := range s.blocks {
		if !within(need, b.cols) {
			continue
		}
		atoms := b.match(key)
		out := make([]term, 0, len(atoms)*len(stages))
		for _, x := range atoms {
			for _, g := range stages {
				out = append(out, term{b.first + x*s.stages + g, 1})
			}
		}
		return out, true
	}
	return nil, false
}
