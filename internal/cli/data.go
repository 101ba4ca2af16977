package cli

import (
	"cmp"
	"context"
	"strings"

	"github.com/spf13/cobra"

	"example.org/amparo/id"
	"example.org/amparo/internal/app"
	"example.org/amparo/internal/index"
)

func (c *cli) searchCmd() *cobra.Command {
	var limit int
	var narratives bool
	cmd := &cobra.Command{
		Use:   "search WORDS...",
		Short: "find names, values and narratives",
		Long: `Finds records in which every word occurs: in names, in open and coded values (labels in
all three languages), and, with --narratives, in sealed text, which is opened for it and
never indexed, and stands with what the person put right in it. Words and parts of words, in
any script. Counts are exact. That you searched is written to the log, with the files that
names led to and without the words.`,
		Example: "  amparo search --dir w 온성\n  amparo search --dir w kim chol --narratives --json",
		Args:    atLeastOne,
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.with(cmd.Context(), func(w *app.Workspace) error {
				return c.search(cmd.Context(), w, strings.Join(args, " "), limit, narratives)
			})
		},
	}
	cmd.Flags().IntVar(&limit, "limit", 20, "records to show")
	cmd.Flags().BoolVar(&narratives, "narratives", false, "open and search narratives too")
	return cmd
}

type hit struct {
	ID    string `json:"id"`
	Kind  string `json:"kind"`
	Title string `json:"title"`
	Field string `json:"field,omitempty"`
	// Corrections are what the person put right in the words (R29).
	Corrections []app.Correction `json:"corrections,omitempty"`
}

// correctionsOf are the corrections of a record of words; of others there are none.
func correctionsOf(ctx context.Context, w *app.Workspace, kindName string, rec id.ID) ([]app.Correction, error) {
	if kindName != "statement_unit" {
		return nil, nil
	}
	return w.CorrectionsOf(ctx, rec)
}

func (c *cli) printCorrections(all []app.Correction) {
	for _, k := range all {
		c.line("      put right by the person: %s  (%s, %s)", k.Text, k.On, strings.TrimSpace(k.Reader+" "+k.Member))
	}
}

func (c *cli) search(ctx context.Context, w *app.Workspace, words string, limit int, narratives bool) error {
	f, err := w.Desk().Search(ctx, words, limit)
	if err != nil {
		return err
	}
	out := struct {
		Total      int   `json:"total"`
		Names      int   `json:"names"`
		Values     int   `json:"values"`
		Hits       []hit `json:"hits"`
		Scanned    int   `json:"scanned"`
		Narratives []hit `json:"narratives"`
	}{Total: f.Total, Names: f.Names, Values: f.Coded, Hits: []hit{}, Narratives: []hit{}}
	for _, r := range f.Rows {
		out.Hits = append(out.Hits, hit{ID: r.ID.String(), Kind: r.Kind, Title: w.Desk().Title(ctx, r, "en")})
	}
	if narratives {
		var failed error
		out.Scanned, err = w.Desk().Narratives(ctx, words, func(n index.Narrative) bool {
			h := hit{ID: n.Record.String(), Kind: n.Kind, Field: n.Field}
			if h.Corrections, failed = correctionsOf(ctx, w, n.Kind, n.Record); failed != nil {
				return false // words are not shown without what was put right in them
			}
			out.Narratives = append(out.Narratives, h)
			return true
		})
		if err = cmp.Or(err, failed); err != nil {
			return err
		}
	}
	return c.print(out, func() {
		c.line("%d records: %d by name, %d by value", out.Total, out.Names, out.Values)
		for _, h := range out.Hits {
			c.line("  %s  %-16s %s", h.ID, h.Kind, h.Title)
		}
		if narratives {
			c.line("%d passages in %d sealed accounts", len(out.Narratives), out.Scanned)
			for _, h := range out.Narratives {
				c.line("  %s  %-16s %s", h.ID, h.Kind, h.Field)
				c.printCorrections(h.Corrections)
			}
		}
	})
}

func (c *cli) showCmd() *cobra.Command {
	var lang, reason string
	cmd := &cobra.Command{
		Use:   "show RECORD",
		Short: "show a record with every account behind it",
		Long: `Shows what each source says of a record, contradictions side by side, and what was
chosen. Names, papers and contact words show only with --reason, and that they were opened,
by whom and why, is written to the log first.`,
		Example: "  amparo show --dir w 0123456789abcdefghjkmnpqr0 --lang ko\n  amparo show --dir w 0123456789abcdefghjkmnpqr0 --reason \"a hearing on Monday\"",
		Args:    exactly(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			rec, err := id.Parse(args[0])
			if err != nil {
				return usage{err}
			}
			return c.with(cmd.Context(), func(w *app.Workspace) error {
				v, err := viewOf(cmd.Context(), w, rec, reason, lang)
				if err != nil {
					return err
				}
				put, err := correctionsOf(cmd.Context(), w, v.Kind, rec)
				if err != nil {
					return err
				}
				return c.print(struct {
					*app.RecordView
					Corrections []app.Correction `json:"corrections,omitempty"`
				}{v, put}, func() {
					c.showRecord(v)
					c.printCorrections(put)
				})
			})
		},
	}
	cmd.Flags().StringVar(&lang, "lang", "en", "language of labels: en, ko, zh")
	cmd.Flags().StringVar(&reason, "reason", "", "open who somebody is, for this reason")
	return cmd
}

// viewOf is a record as it is, or with who somebody is where a reason was given.
func viewOf(ctx context.Context, w *app.Workspace, rec id.ID, reason, lang string) (*app.RecordView, error) {
	if reason != "" {
		return w.OpenIdentity(ctx, rec, reason, lang)
	}
	return w.View(ctx, rec, lang)
}

func (c *cli) showRecord(v *app.RecordView) {
	c.line("%s: %s  (%s)", v.KindLabel, v.Title, v.ID)
	for _, f := range v.Fields {
		mark := ""
		if f.Contested {
			mark = "  CONTESTED"
		}
		if f.Veiled {
			mark += "  not shown: give --reason to open it"
		}
		c.line("%s%s", f.Label, mark)
		for _, cl := range f.Claims {
			chosen := " "
			if cl.Chosen {
				chosen = "*"
			}
			c.line(" %s %s", chosen, strings.Join(cl.Texts, "; "))
			for _, a := range cl.Accounts {
				c.line("      %s  %s  %s", a.Source, a.Basis, a.At)
			}
		}
	}
}
