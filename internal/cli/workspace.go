package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"example.org/amparo/id"
	"example.org/amparo/internal/app"
	"example.org/amparo/when"
)

func (c *cli) initCmd() *cobra.Command {
	var join, name string
	cmd := &cobra.Command{
		Use:   "init",
		Short: "make a new workspace",
		Long: `Makes a workspace in an empty folder, with you as its first member. Without the
passphrase and without recovery shares nobody can open it again, the makers of this
program included: make shares with amparo keys shares before it matters.`,
		Example: "  amparo init --dir w\n  amparo init --dir w2 --join <workspace identifier>",
		Args:    none,
		RunE: func(cmd *cobra.Command, _ []string) error {
			pass, err := c.newPassphrase()
			if err != nil {
				return err
			}
			opt := c.opt
			opt.Name = name
			w, err := c.make(cmd.Context(), pass, join, opt)
			if err != nil {
				return err
			}
			card := w.Card(name)
			out := map[string]any{"workspace": w.ID(), "dir": c.absDir(), "card": card.Text(), "fingerprint": card.Fingerprint()}
			err = c.print(out, func() {
				c.line("workspace %s in %s", w.ID(), c.absDir())
				if join != "" {
					c.line("send this card to a member who admits you:\n%s\nand compare this by voice: %s", card.Text(), card.Fingerprint())
				} else {
					c.line("next: amparo keys shares --dir %s, then amparo unlock --dir %s", c.dir, c.dir)
				}
			})
			return errors.Join(err, w.Close())
		},
	}
	cmd.Flags().StringVar(&join, "join", "", "identifier of a workspace to join instead")
	cmd.Flags().StringVar(&name, "name", "", "your name as colleagues see it")
	return cmd
}

func (c *cli) make(ctx context.Context, pass []byte, join string, opt app.Options) (*app.Workspace, error) {
	if join == "" {
		return app.Create(ctx, c.dir, pass, opt)
	}
	ws, err := id.Parse(join)
	if err != nil {
		return nil, usage{fmt.Errorf("--join: %w", err)}
	}
	return app.Join(ctx, c.dir, pass, ws, opt)
}

func (c *cli) rebuildCmd() *cobra.Command {
	return &cobra.Command{
		Use:     "rebuild",
		Short:   "compute the index again from the journal",
		Long:    "Throws the index away and computes it again from the sealed entries. Nothing is lost: the journal is the truth.",
		Example: "  amparo rebuild --dir w",
		Args:    none,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return c.with(cmd.Context(), func(w *app.Workspace) error {
				if err := w.Rebuild(cmd.Context(), c.progress("rebuilding")); err != nil {
					return err
				}
				counts, err := w.Desk().Counts(cmd.Context())
				if err != nil {
					return err
				}
				total := 0
				for _, n := range counts {
					total += n
				}
				return c.print(map[string]any{"records": total, "kinds": counts}, func() { c.line("%d records", total) })
			})
		},
	}
}

func (c *cli) logCmd() *cobra.Command {
	return &cobra.Command{
		Use:   "log [record]",
		Short: "show what left, what was read, or the history of one record",
		Long: `Without an argument, lists exports, readings of restricted records and searches, newest
first. A search looks among names: the files it showed stand there, the words do not.
With the identifier of a record, lists every act on it, those taken back included.`,
		Example: "  amparo log --dir w\n  amparo log --dir w 0123456789abcdefghjkmnpqr0",
		Args:    atMost(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.with(cmd.Context(), func(w *app.Workspace) error {
				if len(args) == 1 {
					return c.recordLog(cmd.Context(), w, args[0])
				}
				lines, err := w.WholeLedger(cmd.Context())
				if err != nil {
					return err
				}
				if lines == nil {
					lines = []app.LedgerEntry{}
				}
				return c.print(lines, func() {
					for _, l := range lines {
						c.line("%s", ledgerText(l))
					}
					c.line("%d lines", len(lines))
				})
			})
		},
	}
}

// ledgerText is a line of the log: of a search the files it showed.
func ledgerText(l app.LedgerEntry) string {
	what, on, why := l.Verb.String(), l.Record.Short(), l.Line.Purpose+l.Reason
	if !l.Search.IsZero() {
		var files []string
		for _, f := range l.Found {
			files = append(files, f.Short())
		}
		what, on, why = "search", strings.Join(files, " "), ""
	}
	if l.Unread {
		why = "(this program cannot read what it says)"
	}
	return fmt.Sprintf("%s  %-7s %-12s %s %s", l.At.Time().Format(when.Minute), what, l.Member, on, why)
}

func (c *cli) recordLog(ctx context.Context, w *app.Workspace, arg string) error {
	rec, err := id.Parse(arg)
	if err != nil {
		return usage{err}
	}
	r, err := w.History(ctx, rec)
	if err != nil {
		return err
	}
	type event struct {
		Ref       string `json:"ref"`
		At        string `json:"at"`
		Verb      string `json:"verb"`
		Member    string `json:"member"`
		Reason    string `json:"reason,omitempty"`
		Retracted bool   `json:"retracted"`
	}
	out := []event{}
	for _, e := range r.History {
		out = append(out, event{e.Ref.String(), e.Act.At.Time().Format("2006-01-02 15:04:05"), e.Act.Verb.String(), w.MemberName(e.Act.Member), e.Act.Reason, e.Retracted != nil})
	}
	return c.print(out, func() {
		for _, e := range out {
			mark := ""
			if e.Retracted {
				mark = " (taken back)"
			}
			c.line("%s  %-8s %-12s %s%s  %s", e.At, e.Verb, e.Member, e.Reason, mark, e.Ref)
		}
	})
}
