// Package loglin fits log-linear models to capture histories: hierarchical models and the
// search over them, models with differences between people, profile likelihood intervals,
// and a bootstrap that chooses the model again in each draw, so that its interval holds
// the choice as well.
//
// n_x ~ Poisson(μ_x), ln μ_x = u + Σ_j u_j x_j + Σ u_jk x_j x_k + …, and e^u people are on
// no list.
//
// Source: Cormack (1989), Biometrics 45, 395-413; Rivest and Baillargeon (2007), Biometrics
// 63, 999-1006, and the documentation of their package Rcapture for the columns of
// heterogeneity and its conventions for AIC and BIC.
package loglin

import (
	"math/bits"
	"slices"
	"strconv"
	"strings"
)

// Model is a hierarchical model: sets of lists, closed under taking subsets. Terms begin
// with the empty set and the single lists and go on by size, then in ascending order.
type Model struct {
	Terms []uint32
}

// Independence returns the model with no interaction of j lists.
func Independence(j int) Model { return NewModel(j) }

// NewModel returns the smallest hierarchical model of j lists with these interactions and
// all main effects.
func NewModel(j int, interactions ...uint32) Model {
	set := map[uint32]bool{0: true}
	for k := range j {
		set[1<<uint(k)] = true
	}
	for _, g := range interactions {
		for s := g; s > 0; s = (s - 1) & g {
			set[s] = true
		}
	}
	m := Model{}
	for t := range set {
		m.Terms = append(m.Terms, t)
	}
	m.sort()
	return m
}

func (m Model) sort() {
	slices.SortFunc(m.Terms, func(a, b uint32) int {
		if d := bits.OnesCount32(a) - bits.OnesCount32(b); d != 0 {
			return d
		}
		return int(int64(a) - int64(b))
	})
}

// Generators returns the terms that are in no other term, the largest first and within a
// size by their lists.
func (m Model) Generators() []uint32 {
	var g []uint32
	for i, t := range m.Terms {
		inside := slices.ContainsFunc(m.Terms[i+1:], func(u uint32) bool { return u != t && u&t == t })
		if !inside && t != 0 {
			g = append(g, t)
		}
	}
	slices.SortFunc(g, func(a, b uint32) int {
		if d := bits.OnesCount32(b) - bits.OnesCount32(a); d != 0 {
			return d
		}
		return strings.Compare(digits(a), digits(b))
	})
	return g
}

// String writes the generators with lists numbered from 1: "[123,14,34]".
func (m Model) String() string {
	var parts []string
	for _, g := range m.Generators() {
		parts = append(parts, digits(g))
	}
	return "[" + strings.Join(parts, ",") + "]"
}

// digits writes a set as the numbers of its lists; with a number above nine they are
// joined by dots.
func digits(t uint32) string {
	var s []string
	for k := range 32 {
		if t>>uint(k)&1 == 1 {
			s = append(s, strconv.Itoa(k+1))
		}
	}
	if t >= 1<<9 {
		return strings.Join(s, ".")
	}
	return strings.Join(s, "")
}

// Enumerate returns every hierarchical model of j lists with all main effects and
// interactions of at most order lists, without the interaction of all lists: 8 models for
// three lists, 113 for four, 6,893 for five; with order two 2^(j(j−1)/2).
func Enumerate(j, order int) []Model {
	e := enumeration{order: min(order, j-1)}
	for size := 2; size <= e.order; size++ {
		var level []uint32
		for t := uint32(0); t < 1<<uint(j); t++ {
			if bits.OnesCount32(t) == size {
				level = append(level, t)
			}
		}
		e.levels = append(e.levels, level)
	}
	e.extend(Independence(j).Terms, 0)
	return e.out
}

type enumeration struct {
	order  int
	levels [][]uint32
	out    []Model
}

// extend adds every subset of the terms of one size that the terms so far allow, and goes
// on to the next size.
func (e *enumeration) extend(terms []uint32, level int) {
	if level == len(e.levels) {
		e.out = append(e.out, Model{Terms: slices.Clone(terms)})
		return
	}
	var allowed []uint32
	for _, t := range e.levels[level] {
		if closed(t, terms) {
			allowed = append(allowed, t)
		}
	}
	for pick := range 1 << uint(len(allowed)) {
		next := slices.Clip(terms)
		for i, t := range allowed {
			if pick>>uint(i)&1 == 1 {
				next = append(next, t)
			}
		}
		if pick == 0 {
			e.out = append(e.out, Model{Terms: slices.Clone(terms)}) // nothing of this size, so nothing larger
			continue
		}
		e.extend(next, level+1)
	}
}

// closed reports whether every subset of t with one list fewer is among terms.
func closed(t uint32, terms []uint32) bool {
	for rest := t; rest > 0; rest &= rest - 1 {
		if !slices.Contains(terms, t&^(rest&-rest)) {
			return false
		}
	}
	return true
}
