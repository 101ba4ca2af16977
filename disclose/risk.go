package disclose

import (
	"math"
	"slices"

	"example.org/amparo/fault"
)

// Risk is how easily one row about a person could be traced by its key columns.
type Risk struct {
	// Alike is f_k: rows that share the person's combination of keys, the person included.
	Alike int `json:"alike"`
	// Population is F_k: the sum of the sampling weights of those rows.
	Population float64 `json:"population"`
	// Risk is r_k, the expected chance that a link to a person of the population with
	// these keys is right.
	Risk float64 `json:"risk"`
}

// Risks gives the risk of every row by its keys. weights are sampling weights, at least
// 1, or nil for a full count. The individual risk is E(1/F | f) under a negative
// binomial law of F given f, with p = f/F estimated by the weights:
// r = p * integral over t in [0,1] of (1-t)^(f-1) / (1-qt), q = 1-p.
//
// Source: Benedetti and Franconi (1998), "Statistical and technological solutions for
// controlled data dissemination"; Templ (2017), Statistical Disclosure Control for
// Microdata, section 3.5.
func Risks(keys [][]string, weights []float64) ([]Risk, error) {
	if weights != nil && len(weights) != len(keys) {
		return nil, fault.New(fault.Invalid, "risk", "%d weights for %d rows", len(weights), len(keys)).With("give one weight a row")
	}
	alike, pop := map[string]int{}, map[string]float64{}
	for i, k := range keys {
		w := 1.0
		if weights != nil {
			if w = weights[i]; !(w >= 1) || math.IsInf(w, 0) {
				return nil, fault.New(fault.Invalid, "risk", "the weight of row %d is not a number of at least 1", i+1).
					With("a weight says how many people a row stands for")
			}
		}
		alike[join(k)]++
		pop[join(k)] += w
	}
	out := make([]Risk, len(keys))
	for i, k := range keys {
		f, F := alike[join(k)], pop[join(k)]
		out[i] = Risk{f, F, individualRisk(f, F)}
	}
	return out, nil
}

// individualRisk is p*J_f with J_1 = ln(1/p)/q and J_(f+1) = (1/f - p*J_f)/q, which
// loses no digits while p < q; else the series p/f * sum of k! q^k / (f+1)...(f+k).
func individualRisk(f int, F float64) float64 {
	p := float64(f) / F
	q := 1 - p
	if p >= 0.5 {
		sum, t := 1.0, 1.0
		for k := 1; t > 1e-17; k++ {
			t *= float64(k) * q / float64(f+k)
			sum += t
		}
		return p / float64(f) * sum
	}
	j := -math.Log(p) / q
	for k := 1; k < f; k++ {
		j = (1/float64(k) - p*j) / q
	}
	return p * j
}

// GlobalRisk is the expected share of rows traced rightly, the mean of the individual
// risks. HDX releases rows about people only below 0.03.
func GlobalRisk(rs []Risk) float64 {
	if len(rs) == 0 {
		return 0
	}
	sum := 0.0
	for _, r := range rs {
		sum += r.Risk
	}
	return sum / float64(len(rs))
}

// Unique is a combination of values that one row alone has, and that holds no smaller
// such combination: who knows these few things about a person finds the row.
type Unique struct {
	Row     int   `json:"row"`     // index into the keys
	Columns []int `json:"columns"` // indices of the key columns, ascending
}

// maxUniqueColumns bounds the subsets that are tried: 2^12 for each row.
const maxUniqueColumns = 12

// Uniques lists the minimal unique combinations of every row, by row, then by size, and
// the score of every row: the sum over its combinations of (m-s)! with m columns, of
// which s are in the combination. The shorter the combination, the easier it is known.
//
// Source: Elliot, Manning and Ford (2002), "A computational algorithm for handling the
// special uniques problem", Int. J. Uncertainty, Fuzziness and Knowledge-Based Systems
// 10(5), 493-509.
func Uniques(keys [][]string) (found []Unique, score []float64, err error) {
	score = make([]float64, len(keys))
	if len(keys) == 0 {
		return nil, score, nil
	}
	m := len(keys[0])
	if m > maxUniqueColumns {
		return nil, nil, fault.New(fault.TooLarge, "risk", "%d key columns are more than %d", m, maxUniqueColumns).
			With("choose the columns that an outsider could know")
	}
	var masks []int
	for mask := 1; mask < 1<<m; mask++ {
		masks = append(masks, mask)
	}
	slices.SortStableFunc(masks, func(a, b int) int { return len(columnsOf(a)) - len(columnsOf(b)) })
	minimal := make([][]int, len(keys))
	for _, mask := range masks {
		for _, i := range aloneIn(keys, mask) {
			if slices.ContainsFunc(minimal[i], func(o int) bool { return o&mask == o }) {
				continue
			}
			minimal[i] = append(minimal[i], mask)
			score[i] += math.Gamma(float64(m - len(columnsOf(mask)) + 1))
		}
	}
	for i, ms := range minimal {
		for _, mask := range ms {
			found = append(found, Unique{i, columnsOf(mask)})
		}
	}
	return found, score, nil
}

func columnsOf(mask int) []int {
	var out []int
	for c := 0; mask>>c > 0; c++ {
		if mask>>c&1 == 1 {
			out = append(out, c)
		}
	}
	return out
}

// aloneIn lists the rows whose values in the columns of mask nobody else has.
func aloneIn(keys [][]string, mask int) []int {
	first := map[string]int{}
	cols := columnsOf(mask)
	part := make([]string, len(cols))
	for i, k := range keys {
		for j, c := range cols {
			part[j] = k[c]
		}
		if _, ok := first[join(part)]; ok {
			first[join(part)] = -1
		} else {
			first[join(part)] = i
		}
	}
	var out []int
	for _, i := range first {
		if i >= 0 {
			out = append(out, i)
		}
	}
	slices.Sort(out)
	return out
}
