package calibration

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
	"strings"

	"example.org/amparo/estimate"
	"example.org/amparo/estimate/proportion"
	"example.org/amparo/estimate/quantile"
)

// Row is how one method fared on one question in one scenario.
type Row struct {
	Question string            `json:"question"`
	Scenario string            `json:"scenario"`
	Method   string            `json:"method"`
	Worlds   int               `json:"worlds"`
	Refused  map[string]int    `json:"refused"` // worlds by the code of the refusal
	Given    int               `json:"given"`   // worlds with an interval
	Holds    int               `json:"holds"`   // of these, worlds in which the interval holds the truth
	Coverage estimate.Number   `json:"coverage"`
	Interval estimate.Interval `json:"coverage_interval"` // Wilson, 95 %
	Bias     estimate.Number   `json:"bias"`              // median of (figure - truth) / truth
	Width    estimate.Number   `json:"width"`             // median of (upper - lower) / truth
	Low      int               `json:"low"`               // intervals that end below the truth
	High     int               `json:"high"`              // intervals that begin above it
}

// LinkageRow is how the linkage fared in one scenario: means over worlds.
type LinkageRow struct {
	Scenario string  `json:"scenario"`
	Listed   float64 `json:"listed"`
	Linkage
}

// Table is the outcome of a calibration.
type Table struct {
	Config  Config       `json:"config"`
	Hash    string       `json:"config_hash"`
	Worlds  int          `json:"worlds"` // that were answered, over all scenarios
	Linkage []LinkageRow `json:"linkage"`
	Rows    []Row        `json:"rows"`
}

// Tabulate counts. The order of the worlds does not matter.
func Tabulate(c Config, worlds []World) (Table, error) {
	hash, err := c.Hash()
	if err != nil {
		return Table{}, err
	}
	worlds = slices.Clone(worlds)
	order := map[string]int{}
	for i, s := range c.Scenarios {
		order[s.Name] = i
	}
	slices.SortFunc(worlds, func(a, b World) int {
		return cmp.Or(order[a.Scenario]-order[b.Scenario], a.Number-b.Number)
	})
	t := Table{Config: c, Hash: hash, Worlds: len(worlds)}
	type key struct{ question, scenario, method string }
	at := map[key][]Answer{}
	var keys []key
	for _, w := range worlds {
		for _, a := range w.Answers {
			k := key{a.Question, w.Scenario, a.Method}
			if at[k] == nil {
				keys = append(keys, k)
			}
			at[k] = append(at[k], a)
		}
	}
	t.Linkage = linkageRows(c, worlds)
	for _, k := range keys {
		r, err := count(at[k])
		if err != nil {
			return t, err
		}
		r.Question, r.Scenario, r.Method = k.question, k.scenario, k.method
		t.Rows = append(t.Rows, r)
	}
	first := map[string]int{}
	for i, r := range t.Rows {
		if _, ok := first[r.Question]; !ok {
			first[r.Question] = i
		}
	}
	slices.SortStableFunc(t.Rows, func(a, b Row) int { return first[a.Question] - first[b.Question] })
	return t, nil
}

func linkageRows(c Config, worlds []World) []LinkageRow {
	var out []LinkageRow
	for _, s := range c.Scenarios {
		r, n := LinkageRow{Scenario: s.Name}, 0.0
		records := 0.0
		for _, w := range worlds {
			if w.Scenario == s.Name {
				n++
				r.Listed += float64(w.Listed)
				records += float64(w.Linkage.Records)
				r.Precision += w.Linkage.Precision
				r.Recall += w.Linkage.Recall
				r.Doubtful += w.Linkage.Doubtful
			}
		}
		if n > 0 {
			r.Listed, r.Precision, r.Recall, r.Doubtful, r.Records = r.Listed/n, r.Precision/n, r.Recall/n, r.Doubtful/n, int(math.Round(records/n))
			out = append(out, r)
		}
	}
	return out
}

func count(answers []Answer) (Row, error) {
	nan := estimate.Number(math.NaN())
	r := Row{Worlds: len(answers), Refused: map[string]int{}, Coverage: nan, Bias: nan, Width: nan, Interval: estimate.Interval{Lower: nan, Upper: nan, Level: estimate.DefaultLevel}}
	var bias, width []float64
	for _, a := range answers {
		lower, upper := float64(a.Lower), float64(a.Upper)
		switch {
		case a.Refusal != "":
			r.Refused[a.Refusal]++
			continue
		case !finite(lower) || !finite(upper): // also one that never ends: JSON has no infinity
			r.Refused["no_interval"]++
			continue
		case upper < a.Truth:
			r.Low++
		case lower > a.Truth:
			r.High++
		default:
			r.Holds++
		}
		r.Given++
		width = append(width, (upper-lower)/a.Truth)
		if p := float64(a.Point); !math.IsNaN(p) {
			bias = append(bias, (p-a.Truth)/a.Truth)
		}
	}
	if r.Given == 0 {
		return r, nil
	}
	r.Coverage = estimate.Number(float64(r.Holds) / float64(r.Given))
	i, err := proportion.Interval(proportion.Count{X: r.Holds, N: r.Given}, proportion.Wilson, estimate.DefaultLevel)
	r.Interval = i
	r.Width = median(width)
	if len(bias) > 0 {
		r.Bias = median(bias)
	}
	return r, err
}

func finite(x float64) bool { return !math.IsNaN(x) && !math.IsInf(x, 0) }

func median(v []float64) estimate.Number {
	slices.Sort(v)
	return estimate.Number(quantile.Type8(v, 0.5))
}

// Markdown writes the table for people.
func (t Table) Markdown(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "Seed %d, %d people a world, %d draws of the linkage, configuration `%.12s`; %d worlds in all.\n\n", t.Config.Seed, t.Config.People, t.Config.LinkageDraws, t.Hash, t.Worlds)
	b.WriteString("| scenario | records compared | people listed | precision of pairs | recall of pairs | links in doubt |\n|---|---|---|---|---|---|\n")
	for _, r := range t.Linkage {
		fmt.Fprintf(&b, "| %s | %d | %.0f | %.3f | %.3f | %s |\n", r.Scenario, r.Records, r.Listed, r.Precision, r.Recall, percent(r.Doubtful))
	}
	question := ""
	for _, r := range t.Rows {
		if r.Question != question {
			question = r.Question
			fmt.Fprintf(&b, "\n### %s\n\n| scenario | method | worlds | refused | truth in the interval | too low | too high | bias | width |\n|---|---|---|---|---|---|---|---|---|\n", capital(question))
		}
		fmt.Fprintf(&b, "| %s | %s | %d | %s | %s | %d | %d | %s | %s |\n", r.Scenario, r.Method, r.Worlds, refusals(r), coverage(r), r.Low, r.High, percent(float64(r.Bias)), percent(float64(r.Width)))
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func capital(s string) string { return strings.ToUpper(s[:1]) + s[1:] }

func percent(x float64) string {
	if math.IsNaN(x) || math.IsInf(x, 0) {
		return "–"
	}
	return fmt.Sprintf("%.1f %%", 100*x)
}

func coverage(r Row) string {
	if r.Given == 0 {
		return "–"
	}
	return fmt.Sprintf("%s of %d [%.1f; %.1f]", percent(float64(r.Coverage)), r.Given, 100*float64(r.Interval.Lower), 100*float64(r.Interval.Upper))
}

// refusals writes the share refused and the reasons.
func refusals(r Row) string {
	if r.Given == r.Worlds {
		return "0"
	}
	var why []string
	for _, code := range slices.Sorted(maps.Keys(r.Refused)) {
		why = append(why, fmt.Sprintf("%s %d", code, r.Refused[code]))
	}
	return fmt.Sprintf("%s: %s", percent(float64(r.Worlds-r.Given)/float64(r.Worlds)), strings.Join(why, ", "))
}
