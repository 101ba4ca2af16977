package figure

import (
	"fmt"
	"maps"
	"slices"

	"example.org/amparo/disclose"
	"example.org/amparo/estimate"
)

// auditStay audits the numbers at risk and the stages of the rug. A time is left out where the
// people who left around it would differ by a few from those of an earlier figure.
func (f *Figure) auditStay(fit estimate.Fit, d *StayDetail, g *Ground, name string, r Releases) (estimate.Fit, error) {
	before, last := r.of(name)
	at := d.AtRisk
	for _, b := range before {
		at = slices.DeleteFunc(at, func(t AtRisk) bool { return !slices.Contains(bracketTimes(b), t.Time) })
	}
	for {
		var coarse []disclose.Release
		for _, b := range before {
			coarse = append(coarse, inBrackets(b, at))
		}
		a, err := r.hold(name, coarse, last, bracketTable(at))
		if err != nil {
			return fit, err
		}
		if len(at) == 1 || a.whole() {
			a.near = r.near(name, g.bases[name], at[0].People)
			if fit = f.allOrNone(fit, name, a, g); fit.Refusal != nil {
				return fit, nil
			}
			break
		}
		at = mergeHidden(at, a)
	}
	if len(at) < len(d.AtRisk) {
		differencesHidden(&fit)
	}
	d.AtRisk = at
	var shown []StageMarks
	for _, s := range d.Stages {
		stage := RugName(s.Stage)
		a, err := r.audit(stage, &disclose.Table{Columns: []string{stage}, Cells: []disclose.Cell{{Key: []string{"told"}, Count: int64(g.Told[s.Stage])}}})
		if err != nil {
			return fit, err
		}
		if a.near = r.near(stage, g.bases[stage], g.Told[s.Stage]); !a.whole() {
			differencesHidden(&fit)
			continue
		}
		f.release(stage, a, g)
		shown = append(shown, s)
	}
	d.Stages = shown
	return fit, nil
}

// bracketTable counts people by the time between two of those given up to which they were
// certainly held.
func bracketTable(at []AtRisk) *disclose.Table {
	t := &disclose.Table{Columns: []string{"held"}}
	for i, r := range at {
		n := r.People
		if i+1 < len(at) {
			n -= at[i+1].People
		}
		t.Cells = append(t.Cells, disclose.Cell{Key: []string{bracketKey(r.Time)}, Count: int64(n)})
	}
	return t
}

func bracketKey(days float64) string { return fmt.Sprintf("%g days or more", days) }

func bracketTimes(r disclose.Release) []float64 {
	var out []float64
	for _, t := range riskTimes {
		if slices.ContainsFunc(r.Tables[0].Cells, func(c disclose.ReleasedCell) bool { return c.Key[0] == bracketKey(t) }) {
			out = append(out, t)
		}
	}
	return out
}

// inBrackets is a release with the brackets between fewer times. All its counts were shown.
func inBrackets(r disclose.Release, at []AtRisk) disclose.Release {
	sums := map[string]int64{}
	for _, t := range bracketTimes(r) {
		key := ""
		for _, a := range at {
			if a.Time <= t {
				key = bracketKey(a.Time)
			}
		}
		for _, c := range r.Tables[0].Cells {
			if c.Key[0] == bracketKey(t) && c.Count != nil {
				sums[key] += *c.Count
				sums[""] += *c.Count
			}
		}
	}
	table := disclose.ReleasedTable{Name: r.Tables[0].Name, Columns: r.Tables[0].Columns}
	for _, key := range slices.Sorted(maps.Keys(sums)) {
		n := sums[key]
		table.Cells = append(table.Cells, disclose.ReleasedCell{Key: []string{key}, Count: &n})
	}
	r.Tables = []disclose.ReleasedTable{table}
	return r
}

// mergeHidden takes out a time beside each bracket that may not be shown.
func mergeHidden(at []AtRisk, a audited) []AtRisk {
	hidden := map[string]bool{}
	for _, c := range a.Cells {
		if c.Published == nil {
			hidden[c.Key[0]] = true
		}
	}
	var out []AtRisk
	for i, t := range at {
		if i > 0 && (hidden[bracketKey(t.Time)] || i == 1 && hidden[bracketKey(at[0].Time)]) {
			continue
		}
		out = append(out, t)
	}
	if len(out) == len(at) { // the total itself, or everything
		return at[:1]
	}
	return out
}
