package cli

import (
	"context"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"example.org/amparo/estimate"
	"example.org/amparo/estimate/mse"
	"example.org/amparo/estimate/mse/chao"
	"example.org/amparo/estimate/mse/dga"
	"example.org/amparo/estimate/mse/lcm"
	"example.org/amparo/estimate/mse/loglin"
	"example.org/amparo/estimate/mse/sparse"
	"example.org/amparo/fault"
)

func (c *cli) compareCmd() *cobra.Command {
	var out string
	var seed uint64
	var draws, truths []string
	cmd := &cobra.Command{
		Use:   "compare TABLE...",
		Short: "set all methods side by side on several tables of lists",
		Long: `Writes one line a table: what each method says on it, as single methods are usually
reported, and what may be said of them together. Where it is known how many people there
are, it also says whether each method holds that number: for a table by --truth, and for
invented populations of 2,000 people whose table --draw draws.`,
		Example: "  amparo estimate compare mse_*.csv --out comparison.md\n  amparo estimate compare --draw sim1,sim3,sim5",
		RunE: func(cmd *cobra.Command, args []string) error {
			tables, err := c.comparedTables(args, truths, draws, seed)
			if err != nil {
				return err
			}
			var rows []comparison
			for _, t := range tables {
				r, err := compare(cmd.Context(), t, seed)
				if err != nil {
					return err
				}
				rows = append(rows, r)
			}
			text := comparisonText(rows) + commandText(args, truths, draws, seed)
			if out != "" {
				if err := os.WriteFile(out, []byte(text), 0o644); err != nil {
					return &fault.Error{Kind: fault.Storage, Op: "compare", Msg: "the comparison cannot be saved", Err: err, Remedy: "check --out"}
				}
			}
			return c.print(rows, func() {
				if out == "" {
					fmt.Fprint(c.Out, text)
				}
			})
		},
	}
	cmd.Flags().StringVar(&out, "out", "", "write the table to this Markdown file")
	cmd.Flags().Uint64Var(&seed, "seed", 1, "seed of what is simulated")
	cmd.Flags().StringSliceVar(&truths, "truth", nil, "how many people there are, by name of a table: NAME=N")
	cmd.Flags().StringSliceVar(&draws, "draw", nil, "draw the table of an invented population: sim1, sim3, sim5")
	return cmd
}

// comparedTables reads the files and draws the scenarios.
func (c *cli) comparedTables(files, truths, draws []string, seed uint64) ([]known, error) {
	if len(files)+len(draws) == 0 {
		return nil, usage{fault.New(fault.Invalid, "compare", "no table was given").With("give a file, or --draw")}
	}
	numbers, err := readTruths(truths)
	if err != nil {
		return nil, err
	}
	var tables []known
	for _, file := range files {
		t, err := openTable(file)
		if err != nil {
			return nil, c.tableError(err)
		}
		name := tableName(file)
		tables = append(tables, known{name, t, numbers[name]})
		delete(numbers, name)
	}
	for name := range numbers {
		return nil, usage{fault.New(fault.Invalid, "compare", "there is no table %q", name).With("a table's name is that of its file, without mse_ and what follows the dot")}
	}
	for _, name := range draws {
		t, err := drawn(name, seed)
		if err != nil {
			return nil, err
		}
		tables = append(tables, t)
	}
	return tables, nil
}

func tableName(file string) string {
	return strings.TrimPrefix(strings.TrimSuffix(filepath.Base(file), filepath.Ext(file)), "mse_")
}

// comparison is one line of the comparison: cells as they are shown, and where the truth
// is known how each stands to it.
type comparison struct {
	Table string `json:"table"`
	N     int    `json:"n"`
	cells
	Truth int    `json:"truth,omitempty"`
	Holds *cells `json:"holds,omitempty"`
}

// cells has something for each method and for all together.
type cells struct {
	Main     string `json:"main_effects"`
	Sparse   string `json:"sparse"`
	Loglin   string `json:"loglin"`
	DGA      string `json:"dga"`
	LCM      string `json:"lcm"`
	Chao     string `json:"chao"`
	Together string `json:"together"`
}

// of returns the cell of a method.
func (c *cells) of(method string) *string {
	return map[string]*string{chao.Method: &c.Chao, sparse.Method: &c.Sparse, loglin.Method: &c.Loglin, dga.Method: &c.DGA, mse.LCM: &c.LCM}[method]
}

// compare fits each method as it is usually reported: log-linear intervals that take the
// chosen model as known, and Chao's bound as a point.
func compare(ctx context.Context, k known, seed uint64) (comparison, error) {
	t := k.table
	r := comparison{Table: k.name, N: t.N(), cells: cells{Main: "–"}, Truth: k.truth}
	stands := cells{Main: silent}
	plan := mse.Plan{Seed: seed, LoglinDraws: -1, SparseDraws: -1, LatentClass: mse.LatentClasses(lcm.Options{})}
	for _, method := range []string{chao.Method, sparse.Method, loglin.Method, dga.Method, mse.LCM} {
		f, err := plan.Member(ctx, t, method)
		if err != nil {
			return r, err
		}
		*r.of(method) = cellOf(f)
		*stands.of(method) = fitAgainst(k.truth, f)
		if d, ok := f.Detail.(sparse.Detail); ok {
			m := d.MainEffects
			r.Main = fmt.Sprintf("%s [%s; %s]", figureCell(m[1]), figureCell(m[0]), figureCell(m[2]))
			stands.Main = against(k.truth, float64(m[0]), float64(m[2]))
		}
	}
	plan.LoglinDraws, plan.SparseDraws = 0, 0
	together, err := mse.Ensemble(ctx, t, plan)
	if err != nil {
		return r, err
	}
	low, high, ok := verdictOf(together)
	r.Together = verdictText(together, low, high, ok)
	if stands.Together = silent; ok {
		stands.Together = against(k.truth, low, high)
	}
	if k.truth > 0 {
		r.Holds = &stands
	}
	return r, nil
}

// fitAgainst says how the interval of a fit stands to the truth; a bound has no upper end.
func fitAgainst(truth int, f estimate.Fit) string {
	switch {
	case f.Refusal != nil:
		return silent
	case f.Method == chao.Method:
		return against(truth, float64(f.Lower), math.Inf(1))
	}
	return against(truth, float64(f.Lower), float64(f.Upper))
}

func cellOf(f estimate.Fit) string {
	if f.Refusal != nil {
		return f.Refusal.Code
	}
	return fmt.Sprintf("%s [%s; %s]", figureCell(f.Point), figureCell(f.Lower), figureCell(f.Upper))
}

// verdictOf returns the range that is published, as it is rounded; high is infinite where
// only the lower end is, and ok false where nothing is.
func verdictOf(f estimate.Fit) (low, high float64, ok bool) {
	if f.Refusal == nil {
		return float64(mse.Round(float64(f.Lower), -1)), float64(mse.Round(float64(f.Upper), 1)), true
	}
	if v, _ := f.Detail.(mse.Verdict); len(v.Credible) > 0 {
		return float64(mse.Round(float64(v.LowerEnd), -1)), math.Inf(1), true
	}
	return 0, 0, false
}

func verdictText(f estimate.Fit, low, high float64, ok bool) string {
	switch {
	case !ok:
		return f.Refusal.Code
	case f.Refusal == nil:
		return fmt.Sprintf("%s to %s", thousands(int64(low)), thousands(int64(high)))
	}
	return fmt.Sprintf("%s: at least %s", f.Refusal.Code, thousands(int64(low)))
}

const comparisonNote = `# Methods side by side

Made by ` + "`amparo estimate compare`" + ` from tables of lists; n is the people on any list. Figures with 95 % intervals: main effects and
stepwise are log-linear models of pairs (interval of the chosen model), best BIC is the log-linear model that BIC chooses of all
hierarchical ones (profile interval), graphs is the median over decomposable graphs without the saturated one, its range never cut
short. Together: the range of the credible methods, with the choice of model inside the intervals, or the code of the refusal and what
can be said at least. A code in a cell is the refusal of that method; a dash, that it is not there.

`

// commandText is the command that makes the comparison again, for a reader.
func commandText(files, truths, draws []string, seed uint64) string {
	b := strings.Builder{}
	b.WriteString("\nThe command, where the tables are:\n\n    amparo estimate compare")
	for _, f := range files {
		b.WriteString(" " + filepath.Base(f))
	}
	for flag, values := range [][]string{truths, draws} {
		if len(values) > 0 {
			b.WriteString([]string{" --truth ", " --draw "}[flag] + strings.Join(values, ","))
		}
	}
	fmt.Fprintf(&b, " --seed %d\n", seed)
	return b.String()
}

func comparisonText(rows []comparison) string {
	var b strings.Builder
	b.WriteString(comparisonNote)
	b.WriteString("| table | n | main effects | stepwise | best BIC | graphs | latent classes | Chao's bound | together |\n|---|---|---|---|---|---|---|---|---|\n")
	for _, r := range rows {
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s | %s | %s | %s | %s |\n", r.Table, thousands(int64(r.N)), r.Main, r.Sparse, r.Loglin, r.DGA, r.LCM, r.Chao, r.Together)
	}
	b.WriteString(truthText(rows))
	return b.String()
}
