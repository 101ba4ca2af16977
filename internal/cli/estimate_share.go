package cli

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strconv"

	"github.com/spf13/cobra"

	"example.org/amparo/estimate"
	"example.org/amparo/estimate/proportion"
	"example.org/amparo/estimate/weight"
	"example.org/amparo/fault"
)

type shareFlags struct {
	in, outcome, weight, stratum, cluster, group, margins string
	x, n, asked, population                               int
	x2, n2                                                int
	level, threshold                                      float64
	interval                                              string
	random                                                bool
	counts                                                []int
	events                                                int
}

func (c *cli) estimateShareCmd() *cobra.Command {
	var f shareFlags
	cmd := &cobra.Command{
		Use:   "share",
		Short: "what share, with what is missing and who was not asked",
		Long: `Estimates a share from counts (--x of --n), or from a column of a table with 1, 0 and
empty cells for those who did not answer. Three lines go together: the share in the
sample, what missing answers could do, and what selection could do.

A table may have columns of weights, strata and clusters. --margins FILE brings the
sample to published totals: JSON such as {"sex": {"F": 7200, "M": 4800}}, one or more
variables. --x2 and --n2, or --group, compare two shares. --count once a category gives
intervals that hold together.`,
		Example: "  amparo estimate share --x 96 --n 236 --asked 240 --threshold 0.25\n  amparo estimate share --in answers.csv --outcome detained --margins sex.json --json\n  amparo estimate share --x 45 --n 200 --x2 20 --n2 180",
		Args:    none,
		RunE: func(cmd *cobra.Command, _ []string) error {
			fit, err := c.shareFit(cmd, f)
			if err != nil {
				return c.refuseInput(err)
			}
			if err := drawFit(cmd, fit); err != nil {
				return err
			}
			if err := keepFigure(cmd, "share", fit); err != nil {
				return err
			}
			return c.printFit(fit, shareLines(fit)...)
		},
	}
	s := cmd.Flags()
	s.StringVar(&f.in, "in", "", "a table of one row a person")
	s.StringVar(&f.outcome, "outcome", "outcome", "the column with 1 and 0")
	s.StringVar(&f.weight, "weight", "weight", "the column of weights")
	s.StringVar(&f.stratum, "stratum", "stratum", "the column of strata")
	s.StringVar(&f.cluster, "cluster", "cluster", "the column of clusters: families, sites, interviewers")
	s.StringVar(&f.group, "group", "", "a column with two groups to compare")
	s.StringVar(&f.margins, "margins", "", "JSON file of published totals by variable and category")
	s.IntVar(&f.x, "x", 0, "people with the outcome")
	s.IntVar(&f.n, "n", 0, "people who answered")
	s.IntVar(&f.x2, "x2", 0, "people with the outcome in the second group")
	s.IntVar(&f.n2, "n2", 0, "people who answered in the second group")
	s.IntVar(&f.asked, "asked", 0, "people asked, those who did not answer among them")
	s.IntVar(&f.population, "population", 0, "people whom the sentence is about")
	s.Float64Var(&f.level, "level", 0.95, "confidence level")
	s.Float64Var(&f.threshold, "threshold", 0, "the share that the sentence claims to pass: 0.5 for most")
	s.StringVar(&f.interval, "interval", "wilson", "wilson, clopper-pearson, jeffreys, agresti-coull, mid-p")
	s.BoolVar(&f.random, "random", false, "the people were drawn at random from the population")
	s.IntSliceVar(&f.counts, "count", nil, "counts of several categories")
	s.IntVar(&f.events, "events", 0, "a count of rare events")
	svgFlag(cmd)
	figureFlag(cmd)
	return cmd
}

func (f shareFlags) question() proportion.Question {
	return proportion.Question{X: f.x, Answered: f.n, Asked: f.asked, Population: f.population, Threshold: f.threshold,
		Method: proportion.Method(f.interval), Level: f.level, Random: f.random}
}

func (c *cli) shareFit(cmd *cobra.Command, f shareFlags) (estimate.Fit, error) {
	if f.in != "" {
		g, err := c.openGrid(f.in)
		if err != nil {
			return estimate.Fit{}, err
		}
		fit, err := f.fromTable(g)
		fit.InputHash = estimate.Hash(g.canonical())
		return fit, err
	}
	fit, err := f.fromCounts(cmd)
	if err != nil {
		return fit, err
	}
	input, err := json.Marshal(map[string]any{"x": f.x, "n": f.n, "x2": f.x2, "n2": f.n2, "asked": f.asked, "counts": f.counts, "events": f.events})
	if err != nil {
		return fit, err
	}
	fit.InputHash = estimate.Hash(input)
	return fit, nil
}

func (f shareFlags) fromCounts(cmd *cobra.Command) (estimate.Fit, error) {
	switch {
	case cmd.Flags().Changed("events"):
		return proportion.Rare(f.events, f.level)
	case len(f.counts) > 0:
		return proportion.Categories(f.counts, f.level)
	case !cmd.Flags().Changed("n"):
		return estimate.Fit{}, usage{fault.New(fault.Invalid, "share", "there are no counts and no table").With("give --x and --n, or --in")}
	case cmd.Flags().Changed("n2"):
		return proportion.Compare(proportion.Count{X: f.x, N: f.n}, proportion.Count{X: f.x2, N: f.n2}, f.level)
	}
	return proportion.Estimate(f.question())
}

// answers are the rows of a table that answered.
type answers struct {
	y       []bool
	weights []float64
	columns map[string][]string // strata, clusters, groups and margins by column
	asked   int
}

func (f shareFlags) fromTable(g *grid) (estimate.Fit, error) {
	if err := g.need(f.outcome); err != nil {
		return estimate.Fit{}, err
	}
	margins, err := f.readMargins(g)
	if err != nil {
		return estimate.Fit{}, err
	}
	a, err := f.answers(g, margins)
	if err != nil {
		return estimate.Fit{}, err
	}
	q := f.question()
	q.Asked = max(q.Asked, a.asked)
	q.Answered = len(a.y)
	for _, y := range a.y {
		if y {
			q.X++
		}
	}
	if f.group != "" {
		return f.compareGroups(g, a)
	}
	s := weight.Survey{Y: a.y, Weights: a.weights, Stratum: a.columns[f.stratum], Cluster: a.columns[f.cluster]}
	if len(margins) > 0 {
		if err := calibrate(&s, margins, a); err != nil {
			return estimate.Fit{}, err
		}
	}
	if s.Weights == nil && s.Stratum == nil && s.Cluster == nil {
		return proportion.Estimate(q)
	}
	return proportion.Weighted(q, s)
}

// calibrate brings the weights to the margins.
func calibrate(s *weight.Survey, margins []weight.Margin, a answers) error {
	start := s.Weights
	if start == nil {
		start = make([]float64, len(a.y))
		for i := range start {
			start[i] = 1
		}
	}
	for i := range margins {
		margins[i].Category = a.columns[margins[i].Name]
		s.Calibrated = append(s.Calibrated, margins[i].Category)
	}
	c, err := weight.Rake(start, margins)
	if err != nil {
		return err
	}
	s.Weights, s.Design = c.Weights, start
	return nil
}

func (f shareFlags) readMargins(g *grid) ([]weight.Margin, error) {
	if f.margins == "" {
		return nil, nil
	}
	b, err := os.ReadFile(f.margins)
	if err != nil {
		return nil, fault.New(fault.NotFound, "share", "the margins cannot be read").From(err).With("check --margins")
	}
	var totals map[string]map[string]float64
	if err := json.Unmarshal(b, &totals); err != nil {
		return nil, fault.New(fault.Invalid, "share", "the margins are no JSON of totals").From(err).
			With(`write {"variable": {"category": number}}`)
	}
	var out []weight.Margin
	for _, name := range g.header { // in the order of the table
		if t, ok := totals[name]; ok {
			out = append(out, weight.Margin{Name: name, Totals: t})
			delete(totals, name)
		}
	}
	for name := range totals {
		return nil, g.need(name)
	}
	return out, nil
}

func (f shareFlags) answers(g *grid, margins []weight.Margin) (answers, error) {
	a := answers{columns: map[string][]string{}, asked: len(g.rows)}
	var columns []string
	for _, column := range []string{f.stratum, f.cluster, f.group} {
		if g.has(column) {
			columns = append(columns, column)
		}
	}
	for _, m := range margins {
		if !slices.Contains(columns, m.Name) {
			columns = append(columns, m.Name)
		}
	}
	for _, r := range g.rows {
		if missing(g.cell(r, f.outcome)) {
			continue
		}
		y, err := g.yesNo(r, f.outcome)
		if err != nil {
			return a, err
		}
		a.y = append(a.y, y)
		if g.has(f.weight) {
			w, err := g.number(r, f.weight)
			if err != nil {
				return a, err
			}
			if w <= 0 {
				return a, g.problem(r, f.weight, "a weight is a positive number", "leave rows of weight 0 out")
			}
			a.weights = append(a.weights, w)
		}
		for _, column := range columns {
			v := g.cell(r, column)
			if missing(v) {
				return a, g.problem(r, column, "the cell is empty", "fill it in, or leave the row out and say so")
			}
			a.columns[column] = append(a.columns[column], v)
		}
	}
	if len(a.y) == 0 {
		return a, fault.Problem{File: g.file, Column: f.outcome, Reason: "nobody answered", Remedy: "write 1 or 0 for those who did"}
	}
	return a, nil
}

func (f shareFlags) compareGroups(g *grid, a answers) (estimate.Fit, error) {
	if err := g.need(f.group); err != nil {
		return estimate.Fit{}, err
	}
	var names []string
	for _, v := range a.columns[f.group] {
		if !slices.Contains(names, v) {
			names = append(names, v)
		}
	}
	if len(names) != 2 {
		return estimate.Fit{}, fault.Problem{File: g.file, Column: f.group, Reason: "the column has " + strconv.Itoa(len(names)) + " groups", Remedy: "compare two groups at a time"}
	}
	slices.Sort(names)
	var c [2]proportion.Count
	for i, v := range a.columns[f.group] {
		k := slices.Index(names, v)
		c[k].N++
		if a.y[i] {
			c[k].X++
		}
	}
	fit, err := proportion.Compare(c[0], c[1], f.level)
	if err != nil {
		return fit, err
	}
	fit.Options["a"], fit.Options["b"] = names[0], names[1]
	if strata := a.columns[f.stratum]; strata != nil {
		mh, err := proportion.MantelHaenszel(tables(a, strata, a.columns[f.group], names), f.level)
		if err != nil {
			return fit, err
		}
		d := fit.Detail.(proportion.Compared)
		d.Strata = &mh
		fit.Detail = d
	}
	return fit, nil
}

// tables is one two-by-two table a stratum, in order of first sight.
func tables(a answers, strata, groups, names []string) []proportion.Table {
	var order []string
	var out []proportion.Table
	for i, s := range strata {
		k := slices.Index(order, s)
		if k < 0 {
			k = len(order)
			order, out = append(order, s), append(out, proportion.Table{})
		}
		cell := 1
		if a.y[i] {
			cell = 0
		}
		if groups[i] == names[0] {
			out[k].A[cell]++
		} else {
			out[k].B[cell]++
		}
	}
	return out
}

func shareLines(fit estimate.Fit) []string {
	switch d := fit.Detail.(type) {
	case *proportion.Lines:
		out := []string{d.Described.Sentence, d.Missing.Sentence, d.Selection.Sentence}
		if d.Whole != nil {
			out = append(out, d.Whole.Sentence)
		}
		if w := d.Weighted; w != nil {
			out = append(out, fmt.Sprintf("weighted: %.4g, error %.4g on %.4g degrees of freedom; %d people know as much as %s",
				w.P, w.SE, w.DF, w.N, shown(w.NEffective)))
		}
		return out
	case proportion.Compared:
		out := []string{fmt.Sprintf("difference %.4g; ratio of shares %s to %s; odds ratio %s to %s; Fisher's p %.4g", d.Difference,
			shown(d.RiskRatio.Lower), shown(d.RiskRatio.Upper), shown(d.OddsRatio.Lower), shown(d.OddsRatio.Upper), d.Fisher.P)}
		if m := d.Strata; m != nil {
			out = append(out, fmt.Sprintf("within strata: odds ratio %s (%s to %s), p %.4g", shown(m.OddsRatio), shown(m.Interval.Lower), shown(m.Interval.Upper), m.P))
		}
		return out
	case []proportion.Category:
		var out []string
		for _, k := range d {
			out = append(out, fmt.Sprintf("%d of %d: %.4g (%s to %s)", k.X, k.N, k.Share, shown(k.Interval.Lower), shown(k.Interval.Upper)))
		}
		return out
	}
	return nil
}
