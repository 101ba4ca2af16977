package cli

import (
	"fmt"
	"math"
	"os"

	"github.com/spf13/cobra"

	"example.org/amparo/chart"
	"example.org/amparo/estimate"
	"example.org/amparo/estimate/nsum"
	"example.org/amparo/estimate/proportion"
	"example.org/amparo/estimate/rds"
	"example.org/amparo/estimate/survival"
	"example.org/amparo/fault"
)

func svgFlag(cmd *cobra.Command) {
	cmd.Flags().String("svg", "", "write a picture of the result to this file")
}

// drawFit writes the picture of a fit where one is asked for.
func drawFit(cmd *cobra.Command, f estimate.Fit) error {
	name, err := cmd.Flags().GetString("svg")
	if err != nil || name == "" {
		return err
	}
	c := picture(f)
	if c == nil {
		return fault.New(fault.Invalid, "estimate", "there is no picture of this result").With("leave --svg out")
	}
	if err := os.WriteFile(name, c.SVG(), 0o600); err != nil {
		return fault.Because(fault.Storage, "estimate", "the picture cannot be written", err)
	}
	return nil
}

// picture chooses the chart of a fit, or nil where there is none.
func picture(f estimate.Fit) chart.Chart {
	switch d := f.Detail.(type) {
	case *survival.Durations:
		return durationsChart(d)
	case *survival.Bracketed:
		return bracketedChart(d)
	case *survival.Outcomes:
		return outcomesChart(d)
	case *survival.Imputations:
		return imputedChart(d)
	case *proportion.Lines:
		return selectionChart(d)
	case *rds.Detail:
		return rdsChart(d)
	case nsum.Detail:
		return transmissionChart(d)
	}
	return nil
}

func curveFrame(desc string) chart.Frame {
	return chart.Frame{ID: "survival", Title: "How long it lasts", Desc: desc, X: "time", Y: "share that lasts longer"}
}

// grouped leaves everybody out where there are groups: the curves would lie on each other.
func grouped[T any](groups []T) []T {
	if len(groups) > 1 {
		return groups[1:]
	}
	return groups
}

func all(name string) string {
	if name == "" {
		return "all"
	}
	return name
}

func durationsChart(d *survival.Durations) chart.Chart {
	c := chart.Survival{Risk: "at risk"}
	end := 0.0
	for _, g := range d.Groups {
		end = math.Max(end, g.Curve[len(g.Curve)-1].Time)
	}
	for i := range 5 {
		c.RiskTimes = append(c.RiskTimes, end*float64(i)/4)
	}
	desc := ""
	for _, g := range grouped(d.Groups) {
		desc += fmt.Sprintf("%s: median %s. ", all(g.Name), g.Quantiles[1].Text)
		v := chart.SurvivalCurve{Name: all(g.Name), Last: g.Curve[len(g.Curve)-1].Time}
		for _, s := range g.Curve {
			if s.Events > 0 {
				v.Steps = append(v.Steps, chart.SurvivalStep{Time: s.Time, Share: s.Survival, Lower: float64(s.Lower), Upper: float64(s.Upper)})
			}
		}
		for _, t := range c.RiskTimes {
			v.AtRisk = append(v.AtRisk, atRisk(g.Curve, t))
		}
		c.Curves = append(c.Curves, v)
	}
	c.Frame = curveFrame(desc)
	return c
}

// atRisk is the number at risk at the first time from t on.
func atRisk(steps []survival.Step, t float64) float64 {
	for _, s := range steps {
		if s.Time >= t {
			return s.AtRisk
		}
	}
	return 0
}

func bracketedChart(d *survival.Bracketed) chart.Chart {
	c := chart.Survival{Frame: curveFrame("In each box the curve falls somewhere; where, the dates cannot say.")}
	for _, g := range grouped(d.Groups) {
		v := chart.SurvivalCurve{Name: all(g.Name)}
		share := 1.0
		for _, m := range g.Fit.Masses {
			after := math.Max(0, share-m.P)
			v.Boxes = append(v.Boxes, chart.SurvivalBox{Left: m.Left, Right: float64(m.Right), Before: share, After: after})
			share = after
			v.Last = math.Max(v.Last, m.Left)
		}
		c.Curves = append(c.Curves, v)
	}
	return c
}

// outcomesChart draws the share that had each outcome, for everybody.
func outcomesChart(d *survival.Outcomes) chart.Chart {
	o := d.Groups[0].Curves
	c := chart.Outcomes{Frame: chart.Frame{ID: "outcomes", Title: "What became of them", Desc: "The share that had each outcome by each time, by Aalen and Johansen.", X: "time", Y: "share"}}
	for k, state := range o.States[1:] {
		line := chart.OutcomeLine{Name: state}
		last := 0.0
		for i, t := range o.Times {
			if p := o.P[i][k+1]; p > last {
				last = p
				line.At = append(line.At, chart.Band{X: t, Y: p, Lower: float64(o.Lower[i][k+1]), Upper: float64(o.Upper[i][k+1])})
			}
		}
		c.Lines = append(c.Lines, line)
	}
	return c
}

func imputedChart(d *survival.Imputations) chart.Chart {
	c := chart.Survival{Frame: curveFrame("The curve over draws of the dates, between the curves with every stay as short and as long as it can be.")}
	middle := chart.SurvivalCurve{Name: "dates drawn", Last: d.Uniform.Median.Last}
	for _, s := range d.Uniform.Pooled {
		middle.Steps = append(middle.Steps, chart.SurvivalStep{Time: s.Time, Share: s.Survival, Lower: float64(s.Lower), Upper: float64(s.Upper)})
	}
	c.Curves = append(c.Curves, middle)
	for _, e := range []struct {
		name  string
		curve *survival.Curve
	}{{"shortest", d.Uniform.Shortest}, {"longest", d.Uniform.Longest}} {
		v := chart.SurvivalCurve{Name: e.name, Last: e.curve.Last}
		for _, s := range e.curve.Steps {
			if s.Events > 0 {
				v.Steps = append(v.Steps, chart.SurvivalStep{Time: s.Time, Share: s.Survival, Lower: math.NaN(), Upper: math.NaN()})
			}
		}
		c.Curves = append(c.Curves, v)
	}
	return c
}

func selectionChart(d *proportion.Lines) chart.Chart {
	c := chart.Sensitivity{
		Frame: chart.Frame{ID: "selection", Title: "What selection could do", Desc: d.Described.Sentence + " " + d.Selection.Sentence,
			X: "how many times likelier a person with the outcome is to be in the sample", Y: "share"},
		Log: true, Neutral: 1, Threshold: math.NaN(), Tipping: float64(d.Selection.Tipping),
	}
	if d.Selection.Threshold > 0 {
		c.Threshold = d.Selection.Threshold
	}
	in := d.Described.Interval
	if d.Weighted != nil && !math.IsNaN(float64(d.Weighted.Logit.Lower)) {
		in = d.Weighted.Logit
	}
	move := func(p estimate.Number, gamma float64) float64 {
		return float64(p) / (float64(p) + gamma*(1-float64(p)))
	}
	for _, p := range d.Selection.Curve {
		c.Points = append(c.Points, chart.Band{X: p.Gamma, Y: p.Share, Lower: move(in.Lower, p.Gamma), Upper: move(in.Upper, p.Gamma)})
	}
	return c
}

func rdsChart(d *rds.Detail) chart.Chart {
	f := chart.Forest{Frame: chart.Frame{ID: "rds", Title: "A share by recruitment, by every estimator", Desc: "Gile's estimate moves with the number of people in hiding that is assumed.", X: "share"},
		Observed: math.NaN(), Bound: math.NaN()}
	row := func(name string, w rds.With) {
		f.Rows = append(f.Rows, chart.Row{Name: name, Point: w.Share, Lower: float64(w.Interval.Lower), Upper: float64(w.Interval.Upper)})
	}
	row("RDS-II, trees", d.II)
	row("RDS-II, chains", d.Chain)
	for _, a := range d.Successive {
		row(fmt.Sprintf("Gile, %d in all", a.Size), a.With)
	}
	return f
}

func transmissionChart(d nsum.Detail) chart.Chart {
	c := chart.Sensitivity{Frame: chart.Frame{ID: "nsum", Title: "How many, by how many acquaintances are aware", Desc: d.Sentence,
		X: "share of acquaintances who are aware", Y: "people"}, Neutral: 1, Threshold: math.NaN(), Tipping: math.NaN()}
	for _, a := range d.Curve {
		c.Points = append(c.Points, chart.Band{X: a.Rate, Y: a.Size, Lower: a.Lower, Upper: a.Upper})
	}
	return c
}
