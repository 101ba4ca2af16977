package cli

import (
	"crypto/rand"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"example.org/amparo/estimate"
	"example.org/amparo/estimate/rds"
	"example.org/amparo/fault"
)

type rdsFlags struct {
	in, id, recruiter, degree, outcome string
	sizes                              []int
	draws                              int
	level                              float64
}

func (c *cli) estimateRDSCmd() *cobra.Command {
	var f rdsFlags
	cmd := &cobra.Command{
		Use:   "rds",
		Short: "a share among people in hiding, from who brought whom",
		Long: `Estimates a share from respondent-driven sampling: one row a person, with the coupon the
person came with, the recruiter's coupon (empty or "seed" for those who began), how many
members the person knows, and 1 or 0 for the outcome.

With --population, guesses at how many there are in all, Gile's estimator is given for
each; three are shown side by side. Coupons are hashed under a key that is thrown away, and
appear in no output. A table of who brought whom names people at risk: destroy it once
the result is kept.`,
		Example: "  amparo estimate rds --in chains.csv --outcome trafficked --population 500,1000,2000 --json",
		Args:    none,
		RunE: func(cmd *cobra.Command, _ []string) error {
			fit, err := c.rdsFit(cmd, f)
			if err != nil {
				return c.refuseInput(err)
			}
			if err := drawFit(cmd, fit); err != nil {
				return err
			}
			if err := keepFigure(cmd, "rds", fit); err != nil {
				return err
			}
			return c.printFit(fit, rdsLines(fit)...)
		},
	}
	s := cmd.Flags()
	s.StringVar(&f.in, "in", "", "the table: CSV or XLSX, - for standard input")
	s.StringVar(&f.id, "id", "id", "the column of the person's coupon")
	s.StringVar(&f.recruiter, "recruiter", "recruiter", "the column of the recruiter's coupon")
	s.StringVar(&f.degree, "degree", "degree", "the column of how many members the person knows")
	s.StringVar(&f.outcome, "outcome", "outcome", "the column with 1 and 0")
	s.IntSliceVar(&f.sizes, "population", nil, "guesses at the number in hiding, low, middle, high")
	s.IntVar(&f.draws, "draws", 500, "bootstrap draws")
	s.Float64Var(&f.level, "level", 0.95, "confidence level")
	seedFlag(cmd)
	svgFlag(cmd)
	figureFlag(cmd)
	return cmd
}

func (c *cli) rdsFit(cmd *cobra.Command, f rdsFlags) (estimate.Fit, error) {
	g, err := c.openGrid(f.in)
	if err != nil {
		return estimate.Fit{}, err
	}
	if !g.has(f.recruiter) && g.has(f.recruiter+".id") {
		f.recruiter += ".id"
	}
	for _, column := range []string{f.id, f.recruiter, f.degree, f.outcome} {
		if err := g.need(column); err != nil {
			return estimate.Fit{}, err
		}
	}
	in, err := f.recruits(g)
	if err != nil {
		return estimate.Fit{}, err
	}
	s, err := rds.New(in)
	if err != nil {
		return estimate.Fit{}, withoutCoupon(g.place(err))
	}
	canonical := g.canonical()
	r, seed, err := seeded(cmd, canonical, "rds", map[string]any{"draws": f.draws, "level": f.level, "sizes": f.sizes})
	if err != nil {
		return estimate.Fit{}, err
	}
	fit, err := rds.Estimate(s, rds.Options{Sizes: f.sizes, Draws: f.draws, Level: f.level}, r)
	if err != nil {
		return fit, err
	}
	fit.Seed, fit.InputHash = seed, estimate.Hash(canonical)
	fit.Options["columns"] = map[string]string{"id": f.id, "recruiter": f.recruiter, "degree": f.degree, "outcome": f.outcome}
	return fit, nil
}

// recruits reads the rows, hashing coupons as they are read.
func (f rdsFlags) recruits(g *grid) ([]rds.Recruit, error) {
	key := make([]byte, 32)
	_, _ = rand.Read(key) // never fails
	var in []rds.Recruit
	for _, r := range g.rows {
		by := g.cell(r, f.recruiter)
		one := rds.Recruit{
			Coupon:    rds.HashCoupon(key, g.cell(r, f.id)),
			Recruiter: rds.HashCoupon(key, by),
			Seed:      missing(by) || strings.EqualFold(by, "seed"),
		}
		if missing(g.cell(r, f.id)) {
			return nil, g.problem(r, f.id, "the coupon is missing", "every person came with a coupon; give seeds one too")
		}
		var err error
		if one.Degree, err = g.number(r, f.degree); err != nil {
			return nil, err
		}
		if one.Outcome, err = g.yesNo(r, f.outcome); err != nil {
			return nil, err
		}
		in = append(in, one)
	}
	return in, nil
}

// withoutCoupon takes a coupon's number out of a problem: the row is enough to find it.
func withoutCoupon(err error) error {
	if p, ok := err.(fault.Problem); ok && p.Column != "degree" {
		p.Value = ""
		return p
	}
	return err
}

func rdsLines(fit estimate.Fit) []string {
	d, ok := fit.Detail.(*rds.Detail)
	if !ok {
		return nil
	}
	out := []string{
		fmt.Sprintf("%d people from %d seeds in %d waves; plain share %.4g", d.Shape.N, d.Shape.Seeds, d.Shape.Waves, d.Shape.Raw),
		fmt.Sprintf("RDS-I: %s; RDS-II: %.4g (%s to %s)", shown(d.I), d.II.Share, shown(d.II.Interval.Lower), shown(d.II.Interval.Upper)),
	}
	for _, a := range d.Successive {
		out = append(out, fmt.Sprintf("were they %d in all: %.4g (%s to %s)", a.Size, a.Share, shown(a.Interval.Lower), shown(a.Interval.Upper)))
	}
	return out
}
