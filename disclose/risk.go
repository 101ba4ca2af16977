package disclose

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"example.org/amparo/estimate"
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

// RowReport is what is said of the rows of a file about people.
type RowReport struct {
	Rows       []RowRisk         `json:"rows"`
	GlobalRisk float64           `json:"global_risk"` // the share of rows expected to be traced rightly
	Expected   float64           `json:"expected"`    // the number of them
	Unique     int               `json:"unique"`      // rows with f_k = 1
	BelowThree int               `json:"below_three"` // rows with f_k < 3
	Refusal    *estimate.Refusal `json:"refusal"`
}

// RowRisk is the risk of one row. Unique lists the smallest combinations of columns that
// it alone has.
type RowRisk struct {
	Row int `json:"row"`
	Risk
	Unique [][]string `json:"unique"`
	Score  float64    `json:"score"`
}

// MaxGlobalRisk is the global risk above which rows about people are refused: the limit
// of the Humanitarian Data Exchange.
const MaxGlobalRisk = 0.03

// RiskOfRows reports how easily the people of rows are found by the columns, were the
// rows published. weight names the column of sampling weights, or is empty.
func RiskOfRows(name string, header []string, rows []Row, columns []string, weight string) (*RowReport, error) {
	keys, weights, err := keyColumns(name, trimmed(header), rows, columns, weight)
	if err != nil {
		return nil, err
	}
	rs, err := Risks(keys, weights)
	if err != nil {
		return nil, err
	}
	found, score, err := Uniques(keys)
	if err != nil {
		return nil, err
	}
	rep := &RowReport{Rows: []RowRisk{}, GlobalRisk: GlobalRisk(rs)}
	for i, r := range rs {
		rep.Rows = append(rep.Rows, RowRisk{Row: rows[i].Number, Risk: r, Unique: [][]string{}, Score: score[i]})
		rep.Expected += r.Risk
		if r.Alike == 1 {
			rep.Unique++
		}
		if r.Alike < 3 {
			rep.BelowThree++
		}
	}
	for _, u := range found {
		var names []string
		for _, c := range u.Columns {
			names = append(names, columns[c])
		}
		rep.Rows[u.Row].Unique = append(rep.Rows[u.Row].Unique, names)
	}
	if rep.GlobalRisk > MaxGlobalRisk {
		r := estimate.Refusal{Code: "rows_traceable", Args: []any{rep.Expected, len(rs), 100 * MaxGlobalRisk},
			Text: fmt.Sprintf("Publishing these rows would let a reader work out who %.1f of %d people are. The limit is %.0f in a hundred.",
				rep.Expected, len(rs), 100*MaxGlobalRisk)}.Offer("counts_or_coarser", "publish a table of counts, or fewer and coarser columns")
		rep.Refusal = &r
	}
	return rep, nil
}

func keyColumns(name string, header []string, rows []Row, columns []string, weight string) (keys [][]string, weights []float64, err error) {
	var at []int
	for _, c := range columns {
		i := slices.Index(header, c)
		if i < 0 {
			return nil, nil, fault.Problem{File: name, Row: 1, Column: c, Reason: "there is no such column", Remedy: "choose from " + strings.Join(header, ", ")}
		}
		at = append(at, i)
	}
	w := slices.Index(header, weight)
	if weight != "" && w < 0 {
		return nil, nil, fault.Problem{File: name, Row: 1, Column: weight, Reason: "there is no such column", Remedy: "name the column of sampling weights"}
	}
	for _, r := range rows {
		key := make([]string, len(at))
		for j, c := range at {
			if c < len(r.Cells) {
				key[j] = strings.TrimSpace(r.Cells[c])
			}
		}
		keys = append(keys, key)
		if w < 0 {
			continue
		}
		text := ""
		if w < len(r.Cells) {
			text = strings.TrimSpace(r.Cells[w])
		}
		v, err := strconv.ParseFloat(text, 64)
		if err != nil || !(v >= 1) || math.IsInf(v, 0) {
			return nil, nil, fault.Problem{File: name, Row: r.Number, Column: weight, Value: text, Reason: "a weight is a number of at least 1",
				Remedy: "it says how many people the row stands for"}
		}
		weights = append(weights, v)
	}
	return keys, weights, nil
}
