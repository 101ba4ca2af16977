package cli

import (
	"math"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"example.org/amparo/estimate"
	"example.org/amparo/estimate/survival"
	"example.org/amparo/internal/exchange/table"
)

// lateEntry reads the entry of a row; a table without the column, and an empty cell, mean
// that the person was there from the start.
func (f survivalFlags) lateEntry(g *grid, r table.Row) (float64, bool, error) {
	if !g.has(f.entry) || missing(g.cell(r, f.entry)) {
		return 0, false, nil
	}
	v, err := g.number(r, f.entry)
	return v, err == nil, err
}

// weightOf reads the weight of a row; 0 stands for one where there is no column.
func (f survivalFlags) weightOf(g *grid, r table.Row) (float64, error) {
	if !g.has(f.weight) {
		return 0, nil
	}
	v, err := g.number(r, f.weight)
	if err == nil && v <= 0 {
		err = g.problem(r, f.weight, "a weight is a positive number", "leave rows of weight 0 out")
	}
	return v, err
}

// end reads the end of an interval that may be open.
func end(g *grid, r table.Row, column string) (float64, error) {
	cell := g.cell(r, column)
	if missing(cell) || strings.EqualFold(cell, "inf") {
		return math.Inf(1), nil
	}
	return g.number(r, column)
}

func (f survivalFlags) intervals(cmd *cobra.Command, g *grid, q survival.Question) (estimate.Fit, error) {
	if err := g.need(f.right); err != nil {
		return estimate.Fit{}, err
	}
	var in []survival.Interval
	for _, r := range g.rows {
		v := survival.Interval{Group: g.cell(r, f.group)}
		var err error
		if missing(g.cell(r, f.left)) { // nothing known but that it ended by right
			v.Closed = true
		} else {
			if v.Left, err = g.number(r, f.left); err != nil {
				return estimate.Fit{}, err
			}
		}
		if v.Right, err = end(g, r, f.right); err != nil {
			return estimate.Fit{}, err
		}
		if v.Weight, err = f.weightOf(g, r); err != nil {
			return estimate.Fit{}, err
		}
		if _, late, err := f.lateEntry(g, r); err != nil || late {
			return estimate.Fit{}, g.problem(r, f.entry, "late entries and imprecise ends together are not offered", "leave the entry out and say so, or use exact ends")
		}
		in = append(in, v)
	}
	return f.fitIntervals(cmd, g, q, in)
}

func (f survivalFlags) fitIntervals(cmd *cobra.Command, g *grid, q survival.Question, in []survival.Interval) (estimate.Fit, error) {
	draws := 4 * f.draws
	r, seed, err := seeded(cmd, g.canonical(), "turnbull", map[string]any{"level": f.level, "draws": draws})
	if err != nil {
		return estimate.Fit{}, err
	}
	fit, err := survival.EstimateIntervals(in, q, draws, r)
	fit.Seed = seed
	return fit, err
}

func (f survivalFlags) windows(cmd *cobra.Command, g *grid, q survival.Question) (estimate.Fit, error) {
	for _, column := range []string{f.startHi, f.endLo, f.endHi} {
		if err := g.need(column); err != nil {
			return estimate.Fit{}, err
		}
	}
	var in []survival.Window
	for _, r := range g.rows {
		w := survival.Window{Group: g.cell(r, f.group)}
		var err error
		if w.StartLo, err = g.number(r, f.startLo); err != nil {
			return estimate.Fit{}, err
		}
		if w.StartHi, err = g.number(r, f.startHi); err != nil {
			return estimate.Fit{}, err
		}
		if w.EndLo, err = g.number(r, f.endLo); err != nil {
			return estimate.Fit{}, err
		}
		if w.EndHi, err = end(g, r, f.endHi); err != nil {
			return estimate.Fit{}, err
		}
		if w.Weight, err = f.weightOf(g, r); err != nil {
			return estimate.Fit{}, err
		}
		in = append(in, w)
	}
	if exactStarts(in) {
		return f.fitIntervals(cmd, g, q, fromStarts(in))
	}
	rng, seed, err := seeded(cmd, g.canonical(), "imputed-dates", map[string]any{"level": f.level, "draws": f.draws, "band": f.band})
	if err != nil {
		return estimate.Fit{}, err
	}
	fit, err := survival.EstimateWindows(in, q, f.draws, rng)
	fit.Seed = seed
	return fit, err
}

func (f survivalFlags) outcomes(_ *cobra.Command, g *grid, q survival.Question) (estimate.Fit, error) {
	if err := g.need(f.time); err != nil {
		return estimate.Fit{}, err
	}
	var in []survival.Outcome
	for _, r := range g.rows {
		o := survival.Outcome{Cause: g.cell(r, f.outcome), Group: g.cell(r, f.group), ID: g.cell(r, f.family)}
		if o.Cause == "0" || missing(o.Cause) || slices.Contains([]string{"censored", "none"}, strings.ToLower(o.Cause)) {
			o.Cause = ""
		}
		var err error
		if o.Time, err = g.number(r, f.time); err != nil {
			return estimate.Fit{}, err
		}
		if o.Entry, o.Late, err = f.lateEntry(g, r); err != nil {
			return estimate.Fit{}, err
		}
		if o.Weight, err = f.weightOf(g, r); err != nil {
			return estimate.Fit{}, err
		}
		in = append(in, o)
	}
	return survival.EstimateOutcomes(in, survival.OutcomeQuestion{Question: q, Cause: f.cause, Horizon: f.by, Unknown: f.unknown, Threshold: f.threshold})
}

func (f survivalFlags) states(_ *cobra.Command, g *grid, q survival.Question) (estimate.Fit, error) {
	for _, column := range []string{f.person, f.to, f.leave} {
		if err := g.need(column); err != nil {
			return estimate.Fit{}, err
		}
	}
	var spells []survival.Spell
	for _, r := range g.rows {
		s := survival.Spell{Person: g.cell(r, f.person), From: g.cell(r, f.from), To: g.cell(r, f.to)}
		var err error
		if s.Enter, err = g.number(r, f.enter); err != nil {
			return estimate.Fit{}, err
		}
		if s.Leave, err = g.number(r, f.leave); err != nil {
			return estimate.Fit{}, err
		}
		if s.Weight, err = f.weightOf(g, r); err != nil {
			return estimate.Fit{}, err
		}
		spells = append(spells, s)
	}
	return survival.EstimateStates(spells, f.first, f.cause, f.by, q)
}

func (f survivalFlags) ended(_ *cobra.Command, g *grid, q survival.Question) (estimate.Fit, error) {
	var in []survival.EndedStay
	for _, r := range g.rows {
		var e survival.EndedStay
		var err error
		if e.Time, err = g.number(r, f.time); err != nil {
			return estimate.Fit{}, err
		}
		if e.Limit, err = g.number(r, f.limit); err != nil {
			return estimate.Fit{}, err
		}
		if e.Weight, err = f.weightOf(g, r); err != nil {
			return estimate.Fit{}, err
		}
		in = append(in, e)
	}
	return survival.EstimateEnded(in, q)
}
