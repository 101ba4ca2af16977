package disclose

import (
	"slices"

	"example.org/amparo/fault"
)

// The linear programs let a group hold half a person. In tables of two dimensions the
// extremes are whole numbers anyway; with three dimensions or linked tables they need
// not be, and a reader who knows that people are whole knows more. Then the extreme is
// found by branching.

// branches bounds the search for one count.
const branches = 400

var errTooLarge = fault.New(fault.TooLarge, "disclose", "the table is too large to be audited in one piece").
	With("divide it, or leave out a dimension")

var errUndecided = fault.New(fault.TooLarge, "disclose", "it could not be settled in whole numbers what a reader can work out").
	With("leave out a dimension or join small groups")

// whole moves the bound v of a form inwards until a table of whole numbers attains it.
func (q *part) whole(terms []term, up bool, v int64) (int64, error) {
	step := int64(1)
	if up {
		step = -1
	}
	eqs := q.localEquations()
	left := branches
	for ; v >= 0; v += step {
		ok, decided, err := feasibleWhole(len(q.vars), append(slices.Clone(eqs), equation{terms, v}), &left)
		if err != nil {
			return 0, err
		}
		if !decided {
			return 0, errUndecided
		}
		if ok {
			return v, nil
		}
	}
	return 0, errUndecided
}

func (q *part) localEquations() []equation {
	at := map[int]int{}
	for k, v := range q.vars {
		at[v] = k
	}
	out := make([]equation, len(q.eqs))
	for i, e := range q.eqs {
		out[i].value = e.value
		for _, m := range e.terms {
			out[i].terms = append(out[i].terms, term{at[m.v], m.c})
		}
	}
	return out
}

// feasibleWhole reports whether whole counts satisfy the equations; it is undecided
// when the budget of branches is used up.
func feasibleWhole(n int, eqs []equation, left *int) (ok, decided bool, err error) {
	if *left--; *left < 0 {
		return false, false, nil
	}
	p, ok, err := newPolytope(n, eqs)
	if err != nil || !ok {
		return false, err == nil, err
	}
	v, floor, fractional := p.fraction()
	if !fractional {
		return true, true, nil
	}
	below := append(slices.Clone(eqs), equation{[]term{{v, 1}, {n, 1}}, floor})
	if ok, decided, err = feasibleWhole(n+1, below, left); ok || !decided || err != nil {
		return ok, decided, err
	}
	above := append(slices.Clone(eqs), equation{[]term{{v, 1}, {n, -1}}, floor + 1})
	return feasibleWhole(n+1, above, left)
}

// fraction finds a count that is not whole at the present vertex.
func (p *polytope) fraction() (v int, floor int64, found bool) {
	for _, q := range p.parts {
		for _, r := range q.t.rows {
			if r.basic >= 0 && r.b%r.p != 0 {
				return q.vars[r.basic], r.b / r.p, true
			}
		}
	}
	return 0, 0, false
}
