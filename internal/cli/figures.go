package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"example.org/amparo/fault"
	"example.org/amparo/id"
	"example.org/amparo/internal/app"
	"example.org/amparo/internal/figure"
)

func (c *cli) figuresCmd() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "figures",
		Short: "figures from the workspace's own records",
		Long: `Makes figures from the records of the workspace, keeps them, and computes them again. Only
people whose consent covers statistics (CO-03) and matching (CO-02) are counted, as it
stands on that day. A total is estimated over draws of which records are one person, so
that its interval holds what is not known of that as well.`,
		Args: none,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(c.figuresNewCmd(), c.figuresListCmd(), c.figuresShowCmd(), c.figuresRerunCmd())
	return cmd
}

func (c *cli) figuresNewCmd() *cobra.Command {
	var q figure.Question
	var seed uint64
	cmd := &cobra.Command{
		Use:   "new",
		Short: "make a figure and keep it",
		Long: `Makes a figure and keeps it as a record. What can be asked:

  total      how many people there are in all, from the lists that name them
  stay       how long a stage of detention lasts, in days
  returned   the share of those heard who were sent back at least once
  sold       the share of the women heard who were trafficked
  after      what happened after the first forced return, and how long after (Aalen and
             Johansen); how many died is refused, with its bounds

Exit code 5: no figure can be defended; the reason is kept.`,
		Example: "  amparo figures new --ask total\n  amparo figures new --ask stay --stage ST05 --json",
		Args:    none,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if cmd.Flags().Changed("seed") {
				q.Seed = &seed
			}
			return c.with(cmd.Context(), func(w *app.Workspace) error {
				f, err := w.MakeFigureTelling(cmd.Context(), q, app.Program(), c.steps())
				if err != nil {
					return err
				}
				return errors.Join(saveWorkspaceFigure(cmd, f), c.showFigure(f, true))
			})
		},
	}
	s := cmd.Flags()
	figureFlag(cmd)
	s.StringVar(&q.Ask, "ask", figure.AskTotal, "what is asked: "+strings.Join(figure.Asks(), ", "))
	s.StringVar(&q.Stage, "stage", "", "of stay: the stage of a return by its code (default ST05, the first interrogation)")
	s.IntVar(&q.Draws, "draws", 8, "draws of which records are one person")
	s.IntVar(&q.Latent, "latent", 0, "of total: draws to which latent classes are fitted (default up to 8; -1 leaves them out)")
	s.Uint64Var(&seed, "seed", 0, "seed of what is simulated; without it, one derived from the records")
	return cmd
}

func (c *cli) figuresListCmd() *cobra.Command {
	return &cobra.Command{
		Use: "list", Short: "list the figures of the workspace, newest first", Args: none,
		Example: "  amparo figures list --json",
		RunE: func(cmd *cobra.Command, _ []string) error {
			return c.with(cmd.Context(), func(w *app.Workspace) error {
				all, err := w.Figures(cmd.Context())
				if err != nil {
					return err
				}
				return c.print(append([]*figure.Figure{}, all...), func() {
					for _, f := range all {
						c.line("%s  %s  %s", f.Record, f.Made.Format("2006-01-02"), headline(f))
					}
					if len(all) == 0 {
						c.line("no figure was made yet: amparo figures new")
					}
				})
			})
		},
	}
}

// headline is a figure in one line.
func headline(f *figure.Figure) string {
	name := strings.TrimSpace(f.Question.Ask + " " + f.Question.Stage)
	fit, err := f.Read()
	switch {
	case err != nil:
		return name
	case fit.Refusal != nil:
		return name + ": no figure. " + fit.Refusal.Text
	case f.Question.Ask == figure.AskTotal:
		return fmt.Sprintf("%s: between %s and %s people", name, figureCell(fit.Lower), figureCell(fit.Upper))
	case f.Question.Ask == figure.AskStay:
		return fmt.Sprintf("%s: median between %s and %s days", name, shown(fit.Lower), shown(fit.Upper))
	}
	if f.Question.Ask == figure.AskAfter {
		name = fmt.Sprintf("%s: %v by day %v", name, fit.Options["cause"], fit.Options["horizon"])
	}
	return fmt.Sprintf("%s: between %s and %s", name, shown(fit.Lower), shown(fit.Upper))
}

func (c *cli) showFigure(f *figure.Figure, fresh bool) error {
	fit, err := f.Read()
	if err != nil {
		return err
	}
	if err := c.print(f, func() {
		c.line("%s", headline(f))
		c.showDoubts(fit)
		c.line("")
		c.line("%s, from about %d records, made %s; input %s; seed %d", f.Record, f.Records, f.Made.Format("2006-01-02"), f.InputHash, f.Seed)
	}); err != nil {
		return err
	}
	if fresh && fit.Refusal != nil {
		return done(exitRefused)
	}
	return nil
}

// stepNames say what is done for a figure.
var stepNames = map[string]string{figure.StepLinking: "comparing the records", figure.StepMethods: "fitting", figure.StepClasses: "latent classes", figure.StepPosterior: "the posterior",
	figure.StepWithout: "leaving out lists", figure.StepKeeping: "keeping"}

// steps draws a bar for each step of a figure where a person watches.
func (c *cli) steps() figure.Step {
	current := ""
	var bar app.Progress
	return func(what string, done, of int) {
		if what != current {
			current, bar = what, c.progress(stepNames[what])
		}
		if bar != nil && of > 1 {
			bar(done, of)
		}
	}
}

func figureID(text string) (id.ID, error) {
	rec, err := id.Parse(text)
	if err != nil {
		return rec, usage{fault.New(fault.Invalid, "figures", "%q is no id of a figure", text).With("list them with amparo figures list")}
	}
	return rec, nil
}

func (c *cli) figuresShowCmd() *cobra.Command {
	cmd := &cobra.Command{
		Use: "show ID", Short: "show one figure", Args: exactly(1),
		Example: "  amparo figures show 0k3v… --json",
		RunE: func(cmd *cobra.Command, args []string) error {
			rec, err := figureID(args[0])
			if err != nil {
				return err
			}
			return c.with(cmd.Context(), func(w *app.Workspace) error {
				f, err := w.Figure(cmd.Context(), rec)
				if err != nil {
					return err
				}
				return errors.Join(saveWorkspaceFigure(cmd, f), c.showFigure(f, false))
			})
		},
	}
	figureFlag(cmd)
	return cmd
}

// workspaceFigure is the kind of a figure file that was made from a workspace. It names the
// record of the figure and nothing else: the workspace is the one that whoever runs it again
// opens, never one that the file names.
const workspaceFigure = "workspace"

type workspaceRequest struct {
	Record id.ID `json:"record"`
}

// saveWorkspaceFigure writes a figure of the workspace to the file of --figure, if one is
// named.
func saveWorkspaceFigure(cmd *cobra.Command, f *figure.Figure) error {
	file, err := cmd.Flags().GetString("figure")
	if err != nil || file == "" {
		return err
	}
	raw, err := json.Marshal(workspaceRequest{f.Record})
	if err != nil {
		return err
	}
	return (&figureFile{Format: figureFormat, Kind: workspaceFigure, Program: f.Program, Made: f.Made, Request: raw, Fit: f.Fit}).save(file)
}

// computeWorkspace computes a figure of the open workspace again.
func (f *figureFile) computeWorkspace(ctx context.Context, w *app.Workspace) error {
	var q workspaceRequest
	if err := f.decode(&q); err != nil {
		return err
	}
	_, now, err := w.RerunFigure(ctx, q.Record)
	if err == nil {
		f.Fit = now.Fit
	}
	return err
}

func (c *cli) figuresRerunCmd() *cobra.Command {
	return &cobra.Command{
		Use:   "rerun ID",
		Short: "compute a figure again from the records and compare it to the last bit",
		Long: `Computes a figure again from the records as they are now, under the consent of today. The
exit code is 0 when every number comes out the same to the last bit, 4 when something
differs, and 7 when the records are not those it was made from.`,
		Example: "  amparo figures rerun 0k3v…",
		Args:    exactly(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			rec, err := figureID(args[0])
			if err != nil {
				return err
			}
			return c.with(cmd.Context(), func(w *app.Workspace) error {
				old, now, err := w.RerunFigure(cmd.Context(), rec)
				if err != nil {
					return err
				}
				return c.compareFigures(&figureFile{Program: old.Program, Fit: old.Fit}, &figureFile{Fit: now.Fit})
			})
		},
	}
}
