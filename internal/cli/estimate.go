package cli

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"example.org/amparo/estimate"
	"example.org/amparo/estimate/hist"
	"example.org/amparo/estimate/mse"
	"example.org/amparo/fault"
	"example.org/amparo/internal/exchange/table"
)

func (c *cli) estimateCmd() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "estimate",
		Short: "estimate what nobody counted, with what it assumes",
		Long: `Estimates from tables, outside any workspace. Every figure comes as a range, with what it
assumes and what is doubtful; where no figure can be defended it says why instead.`,
		Args: none,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(c.mseCmd(), c.estimateSurvivalCmd(), c.estimateShareCmd(), c.estimateRDSCmd(), c.estimateNSUMCmd(), c.compareCmd())
	return cmd
}

func (c *cli) mseCmd() *cobra.Command {
	var q mseRequest
	var in []string
	var figureFile string
	var seed uint64
	cmd := &cobra.Command{
		Use:   "mse",
		Short: "estimate a total from several lists",
		Long: `Estimates how many people there are from how many are on which of several lists. The
table has one column a list, 0 or 1, and a last column count; combinations that are not
in it have nobody.

With --method all, the default, every method is tried and the answer is the range of
those that can be believed, or the reason why there is none. Several --in are draws of
who is who, from a linkage, of the same lists; they are mixed.`,
		Example: `  amparo estimate mse --in lists.csv
  amparo estimate mse --in lists.csv --method dga --delta 0.0625 --json
  amparo estimate mse --in lists.csv --merge state=police+court --omit church --figure figure.json
  amparo rerun figure.json`,
		Args: none,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := q.check(in); err != nil {
				return usage{err}
			}
			for _, file := range in {
				t, err := q.edited(file)
				if err != nil {
					return c.tableError(err)
				}
				q.Tables = append(q.Tables, t)
			}
			if cmd.Flags().Changed("seed") {
				q.Seed = &seed
			}
			fig, err := makeFigure(cmd.Context(), "mse", q)
			if err != nil {
				return err
			}
			if err := fig.save(figureFile); err != nil {
				return err
			}
			return c.print(fig.fit, func() { c.showFit(*fig.fit, q.Tables[0]) })
		},
	}
	f := cmd.Flags()
	f.StringSliceVar(&in, "in", nil, "table of the lists; several are draws of a linkage")
	f.Uint64Var(&seed, "seed", 0, "seed of what is simulated; without it, one derived from the table")
	f.StringVar(&figureFile, "figure", "", "save all that is needed to compute this again in this file")
	q.flags(f)
	return cmd
}

// openTable reads a table of lists from a file.
func openTable(file string) (hist.Table, error) {
	sheets, err := table.Open(file, table.DefaultLimits())
	if err != nil {
		return hist.Table{}, err
	}
	if len(sheets) != 1 {
		return hist.Table{}, fault.New(fault.Invalid, "estimate", "%s holds %d tables", file, len(sheets)).With("give a file with one table")
	}
	r, err := hist.NewReader(file, sheets[0].Header)
	if err != nil {
		return hist.Table{}, err
	}
	for row, err := range sheets[0].Rows() {
		if err != nil {
			return hist.Table{}, err
		}
		if err := r.Row(row.Number, row.Cells); err != nil {
			return hist.Table{}, err
		}
	}
	return r.Table()
}

// edited reads a table and omits and merges lists as asked.
func (q *mseRequest) edited(file string) (hist.Table, error) {
	t, err := openTable(file)
	if err != nil {
		return t, err
	}
	for _, m := range q.Merge {
		name, lists, ok := strings.Cut(m, "=")
		if !ok {
			return t, usage{fmt.Errorf("--merge %s: write NAME=LIST+LIST", m)}
		}
		if t, err = t.Merge(name, strings.Split(lists, "+")...); err != nil {
			return t, err
		}
	}
	if len(q.Omit) > 0 {
		t, err = t.Omit(q.Omit...)
	}
	return t, err
}

// tableError shows what is wrong in a table with the value, which a log would not hold:
// the person who handed it in must find the cell.
func (c *cli) tableError(err error) error {
	var p fault.Problem
	if !errors.As(err, &p) {
		return err
	}
	if err := c.print(map[string]any{"error": p.Error(), "problem": p, "exit": exitFailed}, func() {
		fmt.Fprintf(c.Err, "amparo: error: %s, row %d", p.File, p.Row)
		if p.Column != "" {
			fmt.Fprintf(c.Err, ", column %s", p.Column)
		}
		fmt.Fprintf(c.Err, ": %s: %q\namparo: hint: %s\n", p.Reason, p.Value, p.Remedy)
	}); err != nil {
		return err
	}
	return done(exitFailed)
}

// showFit writes a fit for people: the sentence first, then the figures behind it.
func (c *cli) showFit(f estimate.Fit, t hist.Table) {
	c.line("%d people on %d lists: %s", t.N(), t.J(), strings.Join(t.Lists, ", "))
	if v, ok := f.Detail.(mse.Verdict); ok && f.Refusal == nil {
		c.line("%s", v.Sentence)
	}
	c.showRefusal(f)
	members := f.Ensemble
	if members == nil {
		members = []estimate.Fit{f}
	}
	c.line("")
	c.line("%-8s %10s %10s %10s", "method", "figure", "from", "to")
	for _, m := range members {
		c.line("%-8s %10s %10s %10s", m.Method, headcount(m.Point), headcount(m.Lower), headcount(m.Upper))
		if m.Refusal != nil && f.Ensemble != nil {
			c.line("         %s", m.Refusal.Text)
		}
	}
	c.showDoubts(f)
}

func (c *cli) showRefusal(f estimate.Fit) {
	if f.Refusal == nil {
		return
	}
	c.line("No figure. %s", f.Refusal.Text)
	if f.Refusal.Instead != "" {
		c.line("%s", f.Refusal.Instead)
	}
}

func (c *cli) showDoubts(f estimate.Fit) {
	section := func(title string, lines []string) {
		for i, l := range lines {
			if i == 0 {
				c.line("")
				c.line("%s", title)
			}
			c.line("  %s", l)
		}
	}
	var assumed, doubts []string
	add := func(prefix string, f estimate.Fit) {
		for _, a := range f.Assumptions {
			assumed = append(assumed, prefix+a.Text)
		}
		for _, w := range f.Warnings {
			doubts = append(doubts, prefix+w.Text)
		}
	}
	add("", f)
	for _, m := range f.Ensemble {
		add(m.Method+": ", m)
	}
	section("This assumes", assumed)
	section("Doubtful", doubts)
}

// headcount writes a figure of people, or a dash.
func headcount(n estimate.Number) string {
	v := float64(n)
	switch {
	case math.IsNaN(v):
		return "–"
	case math.IsInf(v, 0):
		return "no end"
	}
	return thousands(int64(math.Round(v)))
}

func thousands(n int64) string {
	s := strconv.FormatInt(n, 10)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// methodNames are what --method takes.
func methodNames() []string { return slices.Concat([]string{"all"}, mse.Methods()) }
