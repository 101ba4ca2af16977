package hist

// Pair is what two lists have in common.
type Pair struct {
	A       int `json:"a"` // index of the list
	B       int `json:"b"`
	Overlap int `json:"overlap"` // people on both
}

// Diagnosis is what can be seen in a table before anything is estimated.
type Diagnosis struct {
	People   int    `json:"people"`
	Sizes    []int  `json:"sizes"`    // people on each list
	Unique   []int  `json:"unique"`   // people on this list and no other
	Pairs    []Pair `json:"pairs"`    // every pair
	Nested   []Pair `json:"nested"`   // pairs where everybody of A is on B too, and A is not empty
	Overlaps int    `json:"overlaps"` // people on two lists or more
	Triples  int    `json:"triples"`  // triples of lists of which every two overlap
	Empty    []int  `json:"empty"`    // lists that name nobody
}

// WithUnique returns how many lists have somebody whom no other list has.
func (d Diagnosis) WithUnique() int {
	n := 0
	for _, u := range d.Unique {
		if u > 0 {
			n++
		}
	}
	return n
}

// LargestOverlap returns the largest overlap of two lists.
func (d Diagnosis) LargestOverlap() int {
	most := 0
	for _, p := range d.Pairs {
		most = max(most, p.Overlap)
	}
	return most
}

// Diagnose looks at sizes, overlaps and lists that hold one another. Two lists with the
// same people are nested both ways: one of them is a copy.
//
// Source for the triples: Chan, Silverman and Vincent (2021), Journal of the American
// Statistical Association 116, 1297-1306: without one, the model of all pairs is not
// identified.
func Diagnose(t Table) Diagnosis {
	j := t.J()
	d := Diagnosis{People: t.N(), Sizes: make([]int, j), Unique: make([]int, j)}
	m := make([][]int, j)
	for a := range m {
		m[a] = make([]int, j)
	}
	for _, c := range t.Cells {
		if c.History.Size() > 1 {
			d.Overlaps += c.Count
		}
		for a := range j {
			if !c.History.Has(a) {
				continue
			}
			if c.History.Size() == 1 {
				d.Unique[a] += c.Count
			}
			for b := range j {
				if c.History.Has(b) {
					m[a][b] += c.Count
				}
			}
		}
	}
	for a := range j {
		d.Sizes[a] = m[a][a]
		if m[a][a] == 0 {
			d.Empty = append(d.Empty, a)
		}
		for b := range j {
			if a < b {
				d.Pairs = append(d.Pairs, Pair{a, b, m[a][b]})
			}
			if a != b && m[a][a] > 0 && m[a][b] == m[a][a] {
				d.Nested = append(d.Nested, Pair{a, b, m[a][b]})
			}
			for c := b + 1; a < b && c < j; c++ {
				if m[a][b] > 0 && m[a][c] > 0 && m[b][c] > 0 {
					d.Triples++
				}
			}
		}
	}
	return d
}
