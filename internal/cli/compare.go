package cli

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"example.org/amparo/estimate"
	"example.org/amparo/estimate/hist"
	"example.org/amparo/estimate/mse"
	"example.org/amparo/estimate/mse/chao"
	"example.org/amparo/estimate/mse/dga"
	"example.org/amparo/estimate/mse/loglin"
	"example.org/amparo/estimate/mse/sparse"
	"example.org/amparo/fault"
)

func (c *cli) compareCmd() *cobra.Command {
	var out string
	var seed uint64
	cmd := &cobra.Command{
		Use:   "compare TABLE...",
		Short: "set all methods side by side on several tables of lists",
		Long: `Writes one line a table: what each method says on it, as single methods are usually
reported, and what may be said of them together.`,
		Example: "  amparo estimate compare mse_*.csv --out comparison.md",
		Args:    atLeastOne,
		RunE: func(cmd *cobra.Command, args []string) error {
			var rows []comparison
			for _, file := range args {
				t, err := openTable(file)
				if err != nil {
					return c.tableError(err)
				}
				r, err := compare(cmd.Context(), tableName(file), t, seed)
				if err != nil {
					return err
				}
				rows = append(rows, r)
			}
			text := comparisonText(rows)
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
	return cmd
}

func tableName(file string) string {
	return strings.TrimPrefix(strings.TrimSuffix(filepath.Base(file), filepath.Ext(file)), "mse_")
}

// comparison is one line of the comparison: cells as they are shown.
type comparison struct {
	Table    string `json:"table"`
	N        int    `json:"n"`
	Main     string `json:"main_effects"`
	Sparse   string `json:"sparse"`
	Loglin   string `json:"loglin"`
	DGA      string `json:"dga"`
	LCM      string `json:"lcm"`
	Chao     string `json:"chao"`
	Together string `json:"together"`
}

// compare fits each method as it is usually reported: log-linear intervals that take the
// chosen model as known, and Chao's bound as a point.
func compare(ctx context.Context, name string, t hist.Table, seed uint64) (comparison, error) {
	r := comparison{Table: name, N: t.N(), Main: "–", LCM: "–"}
	plan := mse.Plan{Seed: seed, LoglinDraws: -1, SparseDraws: -1, LatentClass: latentClass}
	cells := map[string]*string{chao.Method: &r.Chao, sparse.Method: &r.Sparse, loglin.Method: &r.Loglin, dga.Method: &r.DGA}
	if latentClass != nil {
		cells[mse.LCM] = &r.LCM
	}
	for _, method := range []string{chao.Method, sparse.Method, loglin.Method, dga.Method, mse.LCM} {
		cell, ok := cells[method]
		if !ok {
			continue
		}
		f, err := plan.Member(ctx, t, method)
		if err != nil {
			return r, err
		}
		*cell = cellOf(f)
		if d, ok := f.Detail.(sparse.Detail); ok {
			m := d.MainEffects
			r.Main = fmt.Sprintf("%s [%s; %s]", headcount(m[1]), headcount(m[0]), headcount(m[2]))
		}
	}
	plan.LoglinDraws, plan.SparseDraws = 0, 0
	if t.J() > 5 {
		plan.LoglinDraws = -1 // a search over tens of thousands of models in each draw takes minutes
	}
	together, err := mse.Ensemble(ctx, t, plan)
	if err != nil {
		return r, err
	}
	r.Together = verdictOf(together)
	return r, nil
}

func cellOf(f estimate.Fit) string {
	if f.Refusal != nil {
		return f.Refusal.Code
	}
	return fmt.Sprintf("%s [%s; %s]", headcount(f.Point), headcount(f.Lower), headcount(f.Upper))
}

func verdictOf(f estimate.Fit) string {
	v, _ := f.Detail.(mse.Verdict)
	if f.Refusal == nil {
		return fmt.Sprintf("%s to %s", thousands(int64(mse.Round(float64(f.Lower), -1))), thousands(int64(mse.Round(float64(f.Upper), 1))))
	}
	if low := float64(v.LowerEnd); len(v.Credible) > 0 {
		return fmt.Sprintf("%s: at least %s", f.Refusal.Code, thousands(int64(mse.Round(low, -1))))
	}
	return f.Refusal.Code
}

func comparisonText(rows []comparison) string {
	var b strings.Builder
	b.WriteString("| table | n | main effects | stepwise | best BIC | graphs | latent classes | Chao's bound | together |\n|---|---|---|---|---|---|---|---|---|\n")
	for _, r := range rows {
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s | %s | %s | %s | %s |\n", r.Table, thousands(int64(r.N)), r.Main, r.Sparse, r.Loglin, r.DGA, r.LCM, r.Chao, r.Together)
	}
	return b.String()
}
