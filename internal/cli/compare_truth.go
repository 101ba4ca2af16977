package cli

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"example.org/amparo/estimate/hist"
	"example.org/amparo/estimate/rng"
	"example.org/amparo/fault"
)

// scenario is an invented population: groups of people with their chances to be on each
// list, within a group independent of each other.
type scenario struct {
	name   string
	groups []group
}

type group struct {
	people  int
	chances []float64
}

// scenarios have 2,000 people each. Source of the sizes and chances: HRDAG, StanLCMCR,
// import/hand/simulations.yaml.
var scenarios = []scenario{
	{"sim1", []group{ // two classes, nine to one
		{1800, []float64{0.033, 0.033, 0.099, 0.132, 0.033}},
		{200, []float64{0.660, 0.825, 0.759, 0.990, 0.693}}}},
	{"sim3", []group{ // two classes, four to one
		{1600, []float64{0.113, 0.113, 0.199, 0.232, 0.133}},
		{400, []float64{0.860, 0.925, 0.859, 0.990, 0.793}}}},
	{"sim5", []group{ // classes that cross: what sees the one hardly sees the other
		{1600, []float64{0.113, 0.113, 0.199, 0.832, 0.733}},
		{400, []float64{0.860, 0.925, 0.859, 0.190, 0.193}}}},
}

// known is a table and how many people there are, 0 where nobody knows.
type known struct {
	name  string
	table hist.Table
	truth int
}

// drawn draws the table of a scenario.
func drawn(name string, seed uint64) (known, error) {
	at := slices.IndexFunc(scenarios, func(s scenario) bool { return s.name == name })
	if at < 0 {
		var names []string
		for _, s := range scenarios {
			names = append(names, s.name)
		}
		return known{}, usage{fault.New(fault.Invalid, "compare", "there is no scenario %q", name).With("give one of: %s", strings.Join(names, ", "))}
	}
	s := scenarios[at]
	r := rng.New(seed, uint64(at))
	lists := []string{"A", "B", "C", "D", "E"}
	out := known{name: fmt.Sprintf("drawn_%s_%d", name, len(lists))}
	var cells []hist.Cell
	for _, g := range s.groups {
		out.truth += g.people
		for range g.people {
			var h hist.History
			for j, p := range g.chances {
				if r.Uniform() < p {
					h |= hist.Of(j)
				}
			}
			if h != 0 {
				cells = append(cells, hist.Cell{History: h, Count: 1})
			}
		}
	}
	var err error
	out.table, err = hist.New(lists, cells)
	return out, err
}

// readTruths reads what --truth says: NAME=N.
func readTruths(said []string) (map[string]int, error) {
	out := map[string]int{}
	for _, s := range said {
		name, number, _ := strings.Cut(s, "=")
		n, err := strconv.Atoi(number)
		if name == "" || err != nil || n < 1 {
			return nil, usage{fault.New(fault.Invalid, "compare", "%q does not say how many people there are", s).With("write the table's name and the number: truth2000_sim1_5=2000")}
		}
		out[name] = n
	}
	return out, nil
}

// How an answer stands to the truth.
const (
	holds   = "holds"
	tooHigh = "too high"
	tooLow  = "too low"
	silent  = "–" // no answer was given
)

// against says whether an interval holds the truth.
func against(truth int, low, high float64) string {
	switch n := float64(truth); {
	case low > n:
		return tooHigh
	case high < n:
		return tooLow
	case low <= n && n <= high:
		return holds
	}
	return silent
}

const truthNote = `
## Where the truth is known

Invented people, so that it is known how many there are. Whether the interval above holds the truth; of Chao's bound and of what is said
at least, whether it is no higher (the bound with its interval). One table each: how often a method holds is another question, which the
calibration asks of hundreds.

| table | people | main effects | stepwise | best BIC | graphs | latent classes | Chao's bound | together |
|---|---|---|---|---|---|---|---|---|
`

// truthText is the second table of a comparison, empty where no truth is known.
func truthText(rows []comparison) string {
	var b strings.Builder
	for _, r := range rows {
		if r.Truth == 0 {
			continue
		}
		if b.Len() == 0 {
			b.WriteString(truthNote)
		}
		h := r.Holds
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s | %s | %s | %s | %s |\n", r.Table, thousands(int64(r.Truth)), h.Main, h.Sparse, h.Loglin, h.DGA, h.LCM, h.Chao, h.Together)
	}
	return b.String()
}
