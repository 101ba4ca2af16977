package disclose

import "slices"

// span holds what is published as a system of equations in reduced form, and knows
// which counts must stay outside of what the equations determine.
//
// A published count adds a vector to a linear space; a count can be worked out by adding
// and subtracting exactly when its vector lies in that space. publish keeps every
// watched vector out. Working modulo the space, a watched vector falls into it when the
// new vector is a multiple of what is left of the watched one.
//
// Source: Langsrud (2024), "Secondary Cell Suppression by Gaussian Elimination: An
// Algorithm Suitable for Handling Issues with Zeros and Singletons", PSD 2024; here with
// whole numbers, no rounding.
type span struct {
	t       *tableau
	tail    []int  // entries of a row besides its basic variable; -1: not counted
	known   []bool // counts that are determined; their columns are gone
	watched []bool
	rank    []int // columns with a higher rank are made basic first
	n       int   // variables; the columns beyond are watched sums
}

// newSpan makes an empty space over n variables and the watched forms; rank[v] is the
// place of v in the order of publishing.
func newSpan(n int, watch [][]term, rank []int) (*span, error) {
	sums := 0
	for _, f := range watch {
		if len(f) > 1 {
			sums++
		}
	}
	s := &span{t: newTableau(n + sums), known: make([]bool, n+sums), watched: make([]bool, n+sums), rank: rank, n: n}
	if (sums+1)*(n+sums) > cellLimit {
		return nil, errTooLarge
	}
	next := n
	for _, f := range watch {
		if len(f) == 1 {
			s.watched[f[0].v] = true
			continue
		}
		r := &row{basic: next, p: 1, a: make([]int64, n+sums)}
		for _, m := range f {
			r.a[m.v] -= m.c
		}
		s.watched[next] = true
		s.t.at[next] = len(s.t.rows)
		s.t.rows, s.tail = append(s.t.rows, r), append(s.tail, -1)
		next++
	}
	return s, nil
}

func (s *span) tailOf(r int) int {
	if s.tail[r] < 0 {
		n := 0
		for _, v := range s.t.rows[r].a {
			if v != 0 {
				n++
			}
		}
		s.tail[r] = n
	}
	return s.tail[r]
}

// add puts a form into the space. It returns the watched columns that this determines;
// if careful, it adds nothing when there are any.
func (s *span) add(terms []term, careful bool) (revealed []int, err error) {
	kept := make([]term, 0, len(terms))
	for _, m := range terms {
		if !s.known[m.v] {
			kept = append(kept, m)
		}
	}
	v, err := s.t.express(kept)
	if err != nil {
		return nil, err
	}
	var at []int
	for k, c := range v.a {
		if c != 0 {
			at = append(at, k)
		}
	}
	if len(at) == 0 {
		return nil, nil
	}
	if revealed = s.parallel(v.a, at); careful && len(revealed) > 0 {
		return revealed, nil
	}
	for _, w := range revealed {
		s.watched[w] = false
	}
	if len(at) == 1 {
		s.determine(at[0])
		return revealed, nil
	}
	return revealed, s.join(v, at)
}

// parallel lists the watched columns whose rest is a multiple of v.
func (s *span) parallel(v []int64, at []int) []int {
	var out []int
	if len(at) == 1 && s.watched[at[0]] {
		out = append(out, at[0])
	}
	for r, q := range s.t.rows {
		if !s.watched[q.basic] || q.a[at[0]] == 0 || s.tailOf(r) != len(at) {
			continue
		}
		same := true
		for _, k := range at[1:] {
			same = same && q.a[k]*v[at[0]] == v[k]*q.a[at[0]]
		}
		if same {
			out = append(out, q.basic)
		}
	}
	return out
}

// determine takes a column out: its count is known.
func (s *span) determine(k int) {
	s.known[k] = true
	for r, q := range s.t.rows {
		if q.a[k] == 0 {
			continue
		}
		n := s.tailOf(r)
		q.a[k] = 0
		s.tail[r] = n - 1
	}
	s.sweep()
}

// sweep removes rows whose basic variable is determined.
func (s *span) sweep() {
	for r := 0; r < len(s.t.rows); r++ {
		if s.tailOf(r) > 0 {
			continue
		}
		q := s.t.rows[r]
		s.known[q.basic] = true
		s.t.at[q.basic] = -1
		last := len(s.t.rows) - 1
		s.t.rows[r], s.tail[r] = s.t.rows[last], s.tail[last]
		s.t.rows, s.tail = s.t.rows[:last], s.tail[:last]
		if r < last {
			s.t.at[s.t.rows[r].basic] = r
		}
		r--
	}
}

// join adds v as a row. Its basic variable is the one that will be published last, so
// that later ones need no exchange.
func (s *span) join(v *row, at []int) error {
	if (len(s.t.rows)+1)*s.t.cols > cellLimit {
		return errTooLarge
	}
	best := slices.MaxFunc(at, func(a, b int) int { return s.rank[a] - s.rank[b] })
	q := &row{basic: -1, p: 1, a: v.a}
	s.t.rows, s.tail = append(s.t.rows, q), append(s.tail, -1)
	r := len(s.t.rows) - 1
	for i, o := range s.t.rows {
		if o.a[best] != 0 {
			s.tail[i] = -1
		}
	}
	if err := s.t.pivot(r, best); err != nil {
		return err
	}
	s.tail[r] = -1
	s.sweep()
	return nil
}
