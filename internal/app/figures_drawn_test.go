package app_test

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"example.org/amparo/estimate/mse"
	"example.org/amparo/id"
	"example.org/amparo/internal/app"
	"example.org/amparo/internal/figure"
)

// onLists is a workspace of people on the lists of each history, with names so that nobody
// is in doubt.
func onLists(t *testing.T, counts map[string]int) *app.Workspace {
	t.Helper()
	w := create(t)
	t.Cleanup(func() { _ = w.Close() })
	n := 0
	for _, h := range sortedKeys(counts) {
		for range counts[h] {
			n++
			p := w.NewRecord()
			say(t, w, p, "person", id.ID{}, "pseudonym", fmt.Sprintf("P%03d", n), "birth", fmt.Sprintf("%d-%02d-%02d", 1930+7*n%60, 1+5*n%12, 1+11*n%28), "sex", []string{"f", "m"}[n%2])
			agree(t, w, p, "CO-02", "CS-1", "2004-05-01")
			agree(t, w, p, "CO-03", "CS-1", "2004-05-01")
			for _, l := range strings.Split(h, "") {
				say(t, w, w.NewRecord(), "list_capture", p, "person", p.String(), "list", "list "+l)
			}
		}
	}
	return w
}

func sortedKeys(m map[string]int) []string {
	var out []string
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}

func anyLinks() mse.Limits {
	l := mse.DefaultLimits()
	l.Unresolved = 1 // people without names; links in doubt are another test
	return l
}

func detail[T any](t *testing.T, f *figure.Figure) T {
	t.Helper()
	var d struct {
		Detail T `json:"detail"`
	}
	must(t, json.Unmarshal(f.Fit, &d))
	return d.Detail
}

func TestATotalIsDrawnWithItsModesItsBoundItsTippingPointAndWithoutEachList(t *testing.T) {
	w := onLists(t, map[string]int{"a": 50, "b": 48, "c": 46, "d": 44, "ab": 9, "ac": 9, "ad": 8, "bc": 9, "bd": 8, "cd": 7, "abc": 2, "abd": 2, "bcd": 2})
	f := made(t, w, figure.Question{Ask: figure.AskTotal, Draws: 2, Limits: anyLinks()})
	fit, err := f.Read()
	must(t, err)
	if fit.Refusal != nil {
		t.Fatal(fit.Refusal)
	}
	d := detail[figure.TotalDetail](t, f)
	p := d.Posterior
	if p == nil || len(p.Modes) == 0 || len(d.Without) != 4 {
		t.Fatalf("posterior %+v, without %+v", p, d.Without)
	}
	total := 0
	for _, b := range p.Bins {
		total += b.Share
	}
	if total < 90 || total > 106 || !(p.Lower < p.Median && p.Median < p.Upper && p.Upper <= p.Bound) {
		t.Errorf("the posterior adds up to %d %%: %+v", total, p)
	}
	// At the tipping point the curve passes the threshold.
	low, high := math.Inf(1), math.Inf(-1)
	for _, x := range p.Tie {
		if x.Xi <= float64(p.Tipping) {
			low = math.Min(low, x.N)
		} else {
			high = math.Max(high, x.N)
		}
	}
	if math.IsNaN(float64(p.Tipping)) || low < 0.97*float64(p.Threshold) || high > 1.03*float64(p.Threshold) {
		t.Errorf("tipping at %v of %v: below it the least is %v, above it the most %v", p.Tipping, p.Threshold, low, high)
	}
	for _, l := range d.Without {
		if l.Refused == nil && !(l.Lower < l.Upper) {
			t.Errorf("without %s: %v to %v", l.List, l.Lower, l.Upper)
		}
	}
}

// What is kept of a total has two digits, no count by list, and no method that is a product
// of counts some of which are hidden.
func TestNoCountByListEscapesThroughWhatIsKeptOfATotal(t *testing.T) {
	w := onLists(t, map[string]int{"a": 34, "b": 28, "c": 25, "ab": 14, "ac": 12, "bc": 13, "abc": 8})
	f := made(t, w, figure.Question{Ask: figure.AskTotal, Draws: 1, Limits: anyLinks()})
	if d := detail[figure.TotalDetail](t, f); len(d.Diagnosis.Pairs) > 0 || len(d.Diagnosis.Unique) > 0 || d.Sentence != "" {
		t.Errorf("kept: %+v", d.Diagnosis)
	}
	fit, err := f.Read()
	must(t, err)
	seen := false
	for _, m := range fit.Ensemble {
		if m.Method == "nhoi" {
			seen = true
			if m.Refusal == nil || m.Refusal.Code != "product_of_counts" {
				t.Errorf("the product of the counts is kept: %v", m.Point)
			}
		}
		var d struct{ Observed [2]int }
		b, err := json.Marshal(m.Detail)
		must(t, err)
		if json.Unmarshal(b, &d) == nil && (d.Observed[0]%10 != 0 || d.Observed[1]%10 != 0) {
			t.Errorf("%s: %v people on any list are kept to the last digit", m.Method, d.Observed)
		}
		for _, n := range []float64{float64(m.Point), float64(m.Lower), float64(m.Upper)} {
			if !math.IsNaN(n) && !math.IsInf(n, 0) && n >= 100 && math.Mod(n, 10) != 0 {
				t.Errorf("%s: %v has more than two digits", m.Method, n)
			}
		}
	}
	if !seen {
		t.Error("there is no such method: the test shows nothing")
	}
}

// returned is a workspace of people who were sent back and held, each for another time: ST05
// by all of them, ST07 by the first few.
func returned(t *testing.T, people, few int) *app.Workspace {
	t.Helper()
	w := create(t)
	t.Cleanup(func() { _ = w.Close() })
	for n := range people {
		p := w.NewRecord()
		say(t, w, p, "person", id.ID{}, "pseudonym", fmt.Sprintf("P%03d", n), "birth", fmt.Sprintf("%d-%02d-%02d", 1930+7*n%60, 1+5*n%12, 1+11*n%28), "sex", []string{"f", "m"}[n%2])
		agree(t, w, p, "CO-02", "CS-1", "2004-05-01")
		agree(t, w, p, "CO-03", "CS-1", "2004-05-01")
		e := w.NewRecord()
		say(t, w, e, "episode", p, "person", p.String(), "period", "2003")
		say(t, w, w.NewRecord(), "detention_stage", p, "person", p.String(), "episode", e.String(), "stage", "ST05", "duration", fmt.Sprintf("%d days", 11+2*n))
		if n < few {
			say(t, w, w.NewRecord(), "detention_stage", p, "person", p.String(), "episode", e.String(), "stage", "ST07", "duration", "77 days")
		}
	}
	return w
}

// A rug of chains shows groups of ten or more, the numbers at risk steps of ten or more, and
// each box of the curve holds as many. A stage of which fewer told has no mark.
func TestNoSinglePersonShowsInTheCurveTheNumbersAtRiskOrTheRug(t *testing.T) {
	f := made(t, returned(t, 70, 9), figure.Question{Ask: figure.AskStay, Draws: 1, Limits: anyLinks()})
	d := detail[figure.StayDetail](t, f)
	if len(d.Groups) == 0 || len(d.AtRisk) < 2 || len(d.Groups[0].Fit.Masses) < 3 {
		t.Fatalf("%d groups, at risk %v", len(d.Groups), d.AtRisk)
	}
	n := d.Groups[0].N
	for _, m := range d.Groups[0].Fit.Masses {
		if math.Mod(m.Left, 5) != 0 {
			t.Errorf("a box begins at %v days, which somebody told", m.Left)
		}
		if m.P*float64(n) < 10-1e-6 {
			t.Errorf("a box from %v to %v holds %.2f people", m.Left, m.Right, m.P*float64(n))
		}
	}
	for i, r := range d.AtRisk {
		if r.People < 10 || i > 0 && d.AtRisk[i-1].People-r.People < 10 {
			t.Errorf("at risk: %v", d.AtRisk)
		}
	}
	if len(d.Stages) != 1 || d.Stages[0].Stage != "ST05" || len(d.Stages[0].Marks) < 3 || 10*len(d.Stages[0].Marks) > n || strings.Contains(string(f.Fit), "ST07") {
		t.Errorf("of %d people the rug shows %+v", n, d.Stages)
	}
	for _, m := range d.Stages[0].Marks {
		if !(m[0] <= m[1]) || math.IsInf(m[1], 0) {
			t.Errorf("a mark from %v to %v", m[0], m[1])
		}
	}
}
