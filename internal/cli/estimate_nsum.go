package cli

import (
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"example.org/amparo/estimate"
	"example.org/amparo/estimate/nsum"
	"example.org/amparo/fault"
)

type nsumFlags struct {
	in, hidden string
	known      map[string]int64
	population float64
	draws      int
	level      float64
}

func (c *cli) estimateNSUMCmd() *cobra.Command {
	var f nsumFlags
	cmd := &cobra.Command{
		Use:   "nsum",
		Short: "how many are in hiding, from how many of them people know",
		Long: `Estimates the size of a hidden group from a survey of the general population: one row a
respondent, one column a group, each cell how many of that group the respondent knows.
--known gives the groups whose size is known, by column. The result is an order of
magnitude; a curve shows what it would be were only a share of acquaintances aware.`,
		Example: "  amparo estimate nsum --in survey.csv --hidden v3 --known v1=136961,v2=56322 --population 1000000",
		Args:    none,
		RunE: func(cmd *cobra.Command, _ []string) error {
			fit, err := c.nsumFit(cmd, f)
			if err != nil {
				return c.refuseInput(err)
			}
			if err := drawFit(cmd, fit); err != nil {
				return err
			}
			if err := keepFigure(cmd, "nsum", fit); err != nil {
				return err
			}
			return c.printFit(fit, nsumLines(fit)...)
		},
	}
	s := cmd.Flags()
	s.StringVar(&f.in, "in", "", "the table: CSV or XLSX, - for standard input")
	s.StringVar(&f.hidden, "hidden", "hidden", "the column of the hidden group")
	s.StringToInt64Var(&f.known, "known", nil, "columns of known groups and their sizes: v1=136961,v2=56322")
	s.Float64Var(&f.population, "population", 0, "people in the area in all")
	s.IntVar(&f.draws, "draws", 1000, "bootstrap draws of respondents")
	s.Float64Var(&f.level, "level", 0.95, "confidence level")
	seedFlag(cmd)
	svgFlag(cmd)
	figureFlag(cmd)
	return cmd
}

func (c *cli) nsumFit(cmd *cobra.Command, f nsumFlags) (estimate.Fit, error) {
	g, err := c.openGrid(f.in)
	if err != nil {
		return estimate.Fit{}, err
	}
	if err := g.need(f.hidden); err != nil {
		return estimate.Fit{}, err
	}
	s := nsum.Survey{Population: f.population}
	var columns []string
	for _, h := range g.header { // in the order of the table
		if size, ok := f.known[h]; ok {
			columns, s.Sizes = append(columns, h), append(s.Sizes, float64(size))
		}
	}
	for name := range f.known {
		if err := g.need(name); err != nil {
			return estimate.Fit{}, err
		}
	}
	if slices.Contains(columns, f.hidden) {
		return estimate.Fit{}, usage{fault.New(fault.Invalid, "nsum", "%s is named as hidden and as known", f.hidden).With("name it once")}
	}
	for _, r := range g.rows {
		row := make([]float64, len(columns))
		for k, column := range columns {
			if row[k], err = g.number(r, column); err != nil {
				return estimate.Fit{}, err
			}
		}
		y, err := g.number(r, f.hidden)
		if err != nil {
			return estimate.Fit{}, err
		}
		s.Known, s.Hidden = append(s.Known, row), append(s.Hidden, y)
	}
	canonical := g.canonical()
	rng, seed, err := seeded(cmd, canonical, "nsum", map[string]any{"draws": f.draws, "level": f.level, "hidden": f.hidden, "known": f.known, "population": f.population})
	if err != nil {
		return estimate.Fit{}, err
	}
	fit, err := nsum.Fit(s, nsum.Options{Draws: f.draws, Level: f.level}, rng)
	if err != nil {
		return fit, g.place(err)
	}
	fit.Seed, fit.InputHash = seed, estimate.Hash(canonical)
	fit.Options["hidden"], fit.Options["known"] = f.hidden, f.known
	return fit, nil
}

func nsumLines(fit estimate.Fit) []string {
	d, ok := fit.Detail.(nsum.Detail)
	if !ok {
		return nil
	}
	out := []string{d.Sentence, fmt.Sprintf("mean of ratios: %.4g (%s to %s); people known to a respondent: %.4g", d.PIMLE,
		shown(d.PIMLEInterval.Lower), shown(d.PIMLEInterval.Upper), d.MeanDegree)}
	for _, a := range d.Curve {
		out = append(out, fmt.Sprintf("were %.0f%% of acquaintances aware: %.4g (%.4g to %.4g)", 100*a.Rate, a.Size, a.Lower, a.Upper))
	}
	return out
}
