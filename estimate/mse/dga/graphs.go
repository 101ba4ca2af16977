// Package dga averages over decomposable graphs: every pattern of dependence between lists
// that can be cut into cliques is a model, the hyper-Dirichlet prior gives each its
// posterior weight in closed form, and the answer is a distribution of the total over all
// of them, with its modes.
//
// Source: Madigan and York (1997), Biometrika 84, 19-31; Dawid and Lauritzen (1993), Annals
// of Statistics 21, 1272-1317; the recursion in the number missing is ours.
package dga

import (
	"cmp"
	"math/bits"
	"slices"
	"strconv"
	"strings"
)

// Graph is a decomposable graph on lists: its cliques, and the separators between them
// that are not empty, with their multiplicity. Sets of lists are bit masks.
type Graph struct {
	Cliques    []uint32
	Separators []uint32
}

// Components returns the number of parts that no edge ties together.
func (g Graph) Components() int { return len(g.Cliques) - len(g.Separators) }

// Saturated reports whether g ties all j lists to each other.
func (g Graph) Saturated(j int) bool { return len(g.Cliques) == 1 && g.Cliques[0] == 1<<uint(j)-1 }

// String writes the cliques with lists numbered from 1: "[1,2,3][1,4]".
func (g Graph) String() string {
	sets := make([]string, 0, len(g.Cliques))
	for _, c := range g.Cliques {
		var lists []string
		for rest := c; rest > 0; rest &= rest - 1 {
			lists = append(lists, strconv.Itoa(bits.TrailingZeros32(rest)+1))
		}
		sets = append(sets, "["+strings.Join(lists, ",")+"]")
	}
	slices.Sort(sets)
	return strings.Join(sets, "")
}

// Graphs returns every decomposable graph on j lists in the order of its edges read as a
// binary number: 8 for three, 61 for four, 822 for five, 18,154 for six.
func Graphs(j int) []Graph {
	type edge struct{ a, b int }
	var edges []edge
	for a := range j {
		for b := a + 1; b < j; b++ {
			edges = append(edges, edge{a, b})
		}
	}
	var out []Graph
	adjacent := make([]uint32, j)
	for set := range uint32(1) << uint(len(edges)) {
		clear(adjacent)
		for rest := set; rest > 0; rest &= rest - 1 {
			e := edges[bits.TrailingZeros32(rest)]
			adjacent[e.a] |= 1 << uint(e.b)
			adjacent[e.b] |= 1 << uint(e.a)
		}
		if g, ok := decompose(adjacent); ok {
			out = append(out, g)
		}
	}
	return out
}

// decompose orders the lists by maximum cardinality. The graph is decomposable exactly
// when the neighbours of each that come before it are all tied to each other; then a
// clique ends wherever the number of such neighbours does not grow, and what the next list
// shares with those before is a separator.
//
// Source: Tarjan and Yannakakis (1984), SIAM Journal on Computing 13, 566-579; Blair and
// Peyton (1993), An introduction to chordal graphs and clique trees.
func decompose(adjacent []uint32) (Graph, bool) {
	var g Graph
	var done, clique uint32
	for i := range adjacent {
		v, most := -1, -1
		for u := range adjacent {
			if n := bits.OnesCount32(adjacent[u] & done); done>>uint(u)&1 == 0 && n > most {
				v, most = u, n
			}
		}
		before := adjacent[v] & done
		for rest := before; rest > 0; rest &= rest - 1 {
			u := bits.TrailingZeros32(rest)
			if before&^(adjacent[u]|1<<uint(u)) != 0 {
				return Graph{}, false
			}
		}
		if i > 0 && before != clique {
			g.Cliques = append(g.Cliques, clique)
			if before != 0 {
				g.Separators = append(g.Separators, before)
			}
			clique = before
		}
		clique |= 1 << uint(v)
		done |= 1 << uint(v)
	}
	g.Cliques = append(g.Cliques, clique)
	slices.SortFunc(g.Cliques, cmp.Compare)
	slices.SortFunc(g.Separators, cmp.Compare)
	return g, true
}
