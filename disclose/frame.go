package disclose

import (
	"slices"
	"strings"

	"example.org/amparo/fault"
)

// chain is one way of dividing people: a column, or columns from coarse to fine of
// which the finer determines the coarser (province, county).
type chain struct {
	cols  []int               // indices into frame.columns
	paths [][]string          // what occurs, one value a column
	up    []map[string]string // up[d] gives the value at depth d-1 for one at depth d
}

// frame is what all tables and releases have in common: their columns, the values and
// how they nest.
type frame struct {
	columns []string
	chains  []chain
}

// view is one table in the terms of the frame.
type view struct {
	name string
	cols []int // global columns, in the table's own order
}

// source is what a frame is made of: the columns and keys of a table or a release.
type source struct {
	name    string
	columns []string
	keys    func(yield func(key []string, row int) bool)
}

func tableSource(t *Table) source {
	return source{t.Name, t.Columns, func(yield func([]string, int) bool) {
		for _, c := range t.Cells {
			if !yield(c.Key, c.Row) {
				return
			}
		}
	}}
}

// newFrame joins the columns of all sources and finds which columns nest: those in
// stated, and unless auto is false those of which one value always occurs with the same
// value of the other.
func newFrame(sources []source, stated [][]string, auto bool) (*frame, []fault.Problem) {
	f := &frame{}
	for _, s := range sources {
		for _, c := range s.columns {
			if !slices.Contains(f.columns, c) {
				f.columns = append(f.columns, c)
			}
		}
	}
	lines, problems := f.nesting(sources, stated, auto)
	for _, cols := range lines {
		ch := chain{cols: cols}
		problems = append(problems, ch.fill(f, sources)...)
		f.chains = append(f.chains, ch)
	}
	return f, problems
}

// nesting divides the columns into chains.
func (f *frame) nesting(sources []source, stated [][]string, auto bool) ([][]int, []fault.Problem) {
	parent := make([]int, len(f.columns))
	taken := make([]bool, len(f.columns))
	for i := range parent {
		parent[i] = -1
	}
	var problems []fault.Problem
	for _, line := range stated {
		for d := 1; d < len(line); d++ {
			up, down := slices.Index(f.columns, line[d-1]), slices.Index(f.columns, line[d])
			if up < 0 || down < 0 || taken[up] || parent[down] >= 0 || up == down {
				problems = append(problems, fault.Problem{Column: line[d], Reason: "this hierarchy names a column that is not there, or one twice",
					Remedy: "give it from coarse to fine, for example province/county"})
				continue
			}
			parent[down], taken[up] = up, true
		}
	}
	if auto {
		f.findNesting(sources, parent, taken)
	}
	var lines [][]int
	for i := range f.columns {
		if taken[i] {
			continue // a coarser column of some chain
		}
		line := []int{i}
		for p := parent[i]; p >= 0 && len(line) <= len(f.columns); p = parent[p] {
			line = append([]int{p}, line...)
		}
		lines = append(lines, line)
	}
	slices.SortStableFunc(lines, func(a, b []int) int { return slices.Min(a) - slices.Min(b) })
	return lines, problems
}

// findNesting gives every column the finest column that it determines. A coarser column
// must have at least two values, fewer than the finer, and hold several of them somewhere.
func (f *frame) findNesting(sources []source, parent []int, taken []bool) {
	n := len(f.columns)
	size := make([]int, n)
	for i := range n {
		size[i] = len(f.values(sources, i))
	}
	byCoarse := slices.SortedStableFunc(seq(n), func(a, b int) int { return size[b] - size[a] })
	for _, fine := range byCoarse {
		if parent[fine] >= 0 {
			continue
		}
		for _, coarse := range byCoarse {
			if coarse == fine || taken[coarse] || size[coarse] < 2 || size[coarse] >= size[fine] || f.above(coarse, fine, parent) {
				continue
			}
			if f.determines(sources, fine, coarse) {
				parent[fine], taken[coarse] = coarse, true
				break
			}
		}
	}
}

// above reports whether fine is already an ancestor of coarse.
func (f *frame) above(coarse, fine int, parent []int) bool {
	for p := parent[coarse]; p >= 0; p = parent[p] {
		if p == fine {
			return true
		}
	}
	return false
}

func seq(n int) func(func(int) bool) {
	return func(yield func(int) bool) {
		for i := range n {
			if !yield(i) {
				return
			}
		}
	}
}

func (f *frame) values(sources []source, col int) map[string]bool {
	out := map[string]bool{}
	for _, s := range sources {
		i := slices.Index(s.columns, f.columns[col])
		if i < 0 {
			continue
		}
		for key := range s.keys {
			if key[i] != "" {
				out[key[i]] = true
			}
		}
	}
	return out
}

func (f *frame) determines(sources []source, fine, coarse int) bool {
	up := map[string]string{}
	for _, s := range sources {
		i, j := slices.Index(s.columns, f.columns[fine]), slices.Index(s.columns, f.columns[coarse])
		if i < 0 || j < 0 {
			continue
		}
		for key := range s.keys {
			if key[i] == "" || key[j] == "" {
				continue
			}
			if v, ok := up[key[i]]; ok && v != key[j] {
				return false
			}
			up[key[i]] = key[j]
		}
	}
	return len(up) > 0
}

// fill collects the paths of the chain. Every value of a finer column needs one value of
// the coarser.
func (ch *chain) fill(f *frame, sources []source) []fault.Problem {
	depth := len(ch.cols)
	ch.up = make([]map[string]string, depth)
	for d := range ch.up {
		ch.up[d] = map[string]string{}
	}
	var problems []fault.Problem
	for d := 1; d < depth; d++ {
		for _, s := range sources {
			i, j := slices.Index(s.columns, f.columns[ch.cols[d]]), slices.Index(s.columns, f.columns[ch.cols[d-1]])
			if i < 0 || j < 0 {
				continue
			}
			for key, row := range s.keys {
				if key[i] == "" || key[j] == "" {
					continue
				}
				if v, ok := ch.up[d][key[i]]; ok && v != key[j] {
					problems = append(problems, fault.Problem{File: s.name, Row: row, Column: s.columns[i], Value: key[i],
						Reason: "this value belongs to two values of " + s.columns[j], Remedy: "give each its own name, or do not state this hierarchy"})
				}
				ch.up[d][key[i]] = key[j]
			}
		}
	}
	seen := map[string]bool{}
	for _, s := range sources {
		i := slices.Index(s.columns, f.columns[ch.cols[depth-1]])
		if i < 0 {
			continue
		}
		for key, row := range s.keys {
			if key[i] == "" || seen[key[i]] {
				continue
			}
			seen[key[i]] = true
			path, ok := ch.path(depth-1, key[i])
			if !ok {
				problems = append(problems, fault.Problem{File: s.name, Row: row, Column: s.columns[i], Value: key[i],
					Reason: "nothing says what this value is a part of", Remedy: "give the coarser column too"})
				continue
			}
			ch.paths = append(ch.paths, path)
		}
	}
	return problems
}

// path is the value with all that it is a part of, from coarse to fine.
func (ch *chain) path(depth int, value string) ([]string, bool) {
	path := make([]string, depth+1)
	for d := depth; ; d-- {
		path[d] = value
		if d == 0 {
			return path, true
		}
		up, ok := ch.up[d][value]
		if !ok {
			return nil, false
		}
		value = up
	}
}

// view puts a table's columns in the terms of the frame.
func (f *frame) view(name string, columns []string) view {
	v := view{name: name}
	for _, c := range columns {
		v.cols = append(v.cols, slices.Index(f.columns, c))
	}
	return v
}

// canonical is the one key a group has in all tables: in each chain only the finest
// value stands. It reports false when the values contradict the hierarchy.
func (f *frame) canonical(v view, key []string) ([]string, bool) {
	out := make([]string, len(f.columns))
	for i, c := range v.cols {
		out[c] = key[i]
	}
	for _, ch := range f.chains {
		fine := -1
		for d, c := range ch.cols {
			if out[c] != "" {
				fine = d
			}
		}
		if fine <= 0 {
			continue
		}
		path, ok := ch.path(fine, out[ch.cols[fine]])
		if !ok {
			return nil, false
		}
		for d := range fine {
			c := ch.cols[d]
			if out[c] != "" && out[c] != path[d] {
				return nil, false
			}
			out[c] = ""
		}
	}
	return out, true
}

// node is a value of one chain as a table shows it: level is how many of the table's
// columns in the chain are summed over.
type node struct {
	show  []string // by column of the chain restricted to the table
	level int
}

// nodes lists the groups of chain ch that a table with these columns can show, the
// innermost first and the total last.
func (f *frame) nodes(ch chain, v view) (cols []int, nodes []node) {
	var depths []int
	for d, c := range ch.cols {
		if slices.Contains(v.cols, c) {
			cols = append(cols, c)
			depths = append(depths, d)
		}
	}
	for k := len(cols); k >= 0; k-- {
		seen := map[string]bool{}
		for _, p := range ch.paths {
			show := make([]string, len(cols))
			for i := range k {
				show[i] = p[depths[i]]
			}
			if name := join(show); !seen[name] {
				seen[name] = true
				nodes = append(nodes, node{show, len(cols) - k})
			}
		}
	}
	return cols, nodes
}

// spot is a place in a table: what it shows and how far it is summed.
type spot struct {
	show  []string // in the order of the view's columns; "" is a total
	level int
}

// maxSpots bounds the cells of one table with its totals.
const maxSpots = 300_000

// spots lists every group a table with these columns can show.
func (f *frame) spots(v view) ([]spot, error) {
	at := map[int]int{}
	for i, c := range v.cols {
		at[c] = i
	}
	out := []spot{{show: make([]string, len(v.cols))}}
	for _, ch := range f.chains {
		cols, nodes := f.nodes(ch, v)
		if len(cols) == 0 {
			continue
		}
		if len(out)*len(nodes) > maxSpots {
			return nil, errTooLarge
		}
		next := make([]spot, 0, len(out)*len(nodes))
		for _, s := range out {
			for _, n := range nodes {
				t := spot{slices.Clone(s.show), s.level + n.level}
				for i, c := range cols {
					t.show[at[c]] = n.show[i]
				}
				next = append(next, t)
			}
		}
		out = next
	}
	return out, nil
}

// hierarchies are the chains of more than one column, for the record.
func (f *frame) hierarchies() [][]string {
	var out [][]string
	for _, ch := range f.chains {
		if len(ch.cols) < 2 {
			continue
		}
		var line []string
		for _, c := range ch.cols {
			line = append(line, f.columns[c])
		}
		out = append(out, line)
	}
	return out
}

func badKey(name string, key []string) error {
	return fault.Problem{File: name, Value: strings.Join(key, ", "), Reason: "the values of this group contradict the hierarchy of the columns",
		Remedy: "check the coarser column"}
}
