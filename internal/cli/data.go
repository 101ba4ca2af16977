package cli

import (
	"context"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"example.org/amparo/fault"
	"example.org/amparo/id"
	"example.org/amparo/internal/app"
	"example.org/amparo/internal/exchange/mapping"
	"example.org/amparo/internal/exchange/table"
	"example.org/amparo/internal/index"
	"example.org/amparo/internal/kind"
	"example.org/amparo/internal/packet"
)

func (c *cli) importCmd() *cobra.Command {
	var kindName, mapFile, saveTo string
	var dry bool
	cmd := &cobra.Command{
		Use:   "import FILE...",
		Short: "take in tables (CSV, XLSX, zip of CSV) or a full export",
		Long: `Takes in tables by a mapping of columns to fields, which is guessed from the headers
and shown; save it with --save-mapping, edit it, and give it with --mapping. A folder
made by amparo export is taken in whole.

Each row is stored whole or refused with file, row, column, value and reason. Running
the same import again stores nothing twice. Exit code 5 means that rows were refused.`,
		Example: "  amparo import --dir w people.csv\n  amparo import --dir w people.csv --save-mapping people.yaml --dry-run\n  amparo import --dir w ./packet",
		Args:    atLeastOne,
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.with(cmd.Context(), func(w *app.Workspace) error {
				var reports []*app.ImportReport
				for _, file := range args {
					reps, err := c.importOne(cmd.Context(), w, file, importFlags{kindName, mapFile, saveTo, dry})
					reports = append(reports, reps...)
					if err != nil {
						return err
					}
				}
				return c.imported(reports)
			})
		},
	}
	cmd.Flags().StringVar(&kindName, "kind", "", "kind of record the table holds (otherwise guessed)")
	cmd.Flags().StringVar(&mapFile, "mapping", "", "mapping of columns to fields (YAML)")
	cmd.Flags().StringVar(&saveTo, "save-mapping", "", "write the mapping used to this file")
	cmd.Flags().BoolVar(&dry, "dry-run", false, "show the mapping and store nothing")
	return cmd
}

type importFlags struct {
	kind, mapping, save string
	dry                 bool
}

func (c *cli) importOne(ctx context.Context, w *app.Workspace, file string, f importFlags) ([]*app.ImportReport, error) {
	if packet.Is(file) {
		rep, err := w.ImportPacket(ctx, file, c.progress("importing"))
		return []*app.ImportReport{rep}, err
	}
	sheets, err := table.Open(file, table.DefaultLimits())
	if err != nil {
		return nil, err
	}
	var out []*app.ImportReport
	for _, s := range sheets {
		m, err := c.mapping(w.Schema(), s.Header, f)
		if err != nil {
			return out, err
		}
		if !c.json {
			fmt.Fprintf(c.Err, "%s (%s)\n%s", s.Name, s.Encoding, m.Describe())
		}
		if f.save != "" {
			if err := os.WriteFile(f.save, m.YAML(), 0o600); err != nil {
				return out, fault.Because(fault.Storage, "import", "the mapping cannot be written", err)
			}
		}
		if f.dry {
			continue
		}
		rep, err := w.ImportTable(ctx, s, m, c.progress("importing"))
		out = append(out, rep)
		if err != nil {
			return out, err
		}
	}
	return out, nil
}

func (c *cli) mapping(set *kind.Set, header []string, f importFlags) (mapping.Mapping, error) {
	if f.mapping == "" {
		return mapping.Guess(set, header, f.kind)
	}
	b, err := os.ReadFile(f.mapping)
	if err != nil {
		return mapping.Mapping{}, fault.Because(fault.NotFound, "import", "the mapping cannot be read", err)
	}
	return mapping.Parse(set, b)
}

func (c *cli) imported(reports []*app.ImportReport) error {
	if reports == nil {
		reports = []*app.ImportReport{}
	}
	refused := 0
	err := c.print(reports, func() {
		for _, r := range reports {
			c.line("%s: %d rows, %d stored, %d known already, %d refused", r.File, r.Rows, r.Stored, r.Known, r.Refused)
			for _, p := range r.Problems {
				c.line("  %s [%s]", p.Error(), p.Value)
			}
			for _, p := range r.Warnings {
				c.line("  warning: %s", p.Error())
			}
		}
	})
	for _, r := range reports {
		if r != nil {
			refused += r.Refused
		}
	}
	if err == nil && refused > 0 {
		err = done(exitRefused)
	}
	return err
}

func (c *cli) exportCmd() *cobra.Command {
	var out string
	var opt app.ExportOptions
	cmd := &cobra.Command{
		Use:   "export",
		Short: "write everything you can open, in clear, with proofs",
		Long: `Writes a packet: every account in clear, the records as CSV tables, and the proof that
it is what was signed at the time, which anybody can check with amparo verify. It is
not capped. Importing it into an empty workspace gives the same records.

The packet is readable by whoever holds it. That it left, why and to whom is written
to the log first.`,
		Example: "  amparo export --dir w --out ./packet --purpose archive --recipient 'own safe'",
		Args:    none,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if out == "" {
				return usage{fmt.Errorf("--out is missing: name a new folder")}
			}
			return c.with(cmd.Context(), func(w *app.Workspace) error {
				ex, err := w.Export(cmd.Context(), out, opt, c.progress("exporting"))
				if err != nil {
					return err
				}
				return c.print(ex, func() {
					c.line("%d records, %d entries (%d opened) in %s", ex.Records, ex.Entries, ex.Opened, ex.Dir)
					c.line("this folder is readable by whoever holds it")
				})
			})
		},
	}
	cmd.Flags().StringVar(&out, "out", "", "new folder to write into")
	cmd.Flags().StringVar(&opt.Purpose, "purpose", "", "why it leaves")
	cmd.Flags().StringVar(&opt.Recipient, "recipient", "", "who receives it")
	return cmd
}

func (c *cli) searchCmd() *cobra.Command {
	var limit int
	var narratives bool
	cmd := &cobra.Command{
		Use:   "search WORDS...",
		Short: "find names, values and narratives",
		Long: `Finds records in which every word occurs: in names, in open and coded values (labels in
all three languages), and, with --narratives, in sealed text, which is opened for it and
never indexed. Words and parts of words, in any script. Counts are exact.`,
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
}

func (c *cli) search(ctx context.Context, w *app.Workspace, words string, limit int, narratives bool) error {
	f, err := w.Index().Search(ctx, words, limit)
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
		out.Hits = append(out.Hits, hit{ID: r.ID.String(), Kind: r.Kind, Title: w.Title(ctx, r, "en")})
	}
	if narratives {
		out.Scanned, err = w.Index().Narratives(ctx, words, func(n index.Narrative) bool {
			out.Narratives = append(out.Narratives, hit{ID: n.Record.String(), Kind: n.Kind, Field: n.Field})
			return true
		})
		if err != nil {
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
			}
		}
	})
}

func (c *cli) showCmd() *cobra.Command {
	var lang string
	cmd := &cobra.Command{
		Use:   "show RECORD",
		Short: "show a record with every account behind it",
		Long: `Shows what each source says of a record, contradictions side by side, and what was
chosen. Opening a record with identities is written to the log.`,
		Example: "  amparo show --dir w 0123456789abcdefghjkmnpqr0 --lang ko",
		Args:    exactly(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			rec, err := id.Parse(args[0])
			if err != nil {
				return usage{err}
			}
			return c.with(cmd.Context(), func(w *app.Workspace) error {
				v, err := w.View(cmd.Context(), rec, lang)
				if err != nil {
					return err
				}
				return c.print(v, func() { c.showRecord(v) })
			})
		},
	}
	cmd.Flags().StringVar(&lang, "lang", "en", "language of labels: en, ko, zh")
	return cmd
}

func (c *cli) showRecord(v *app.RecordView) {
	c.line("%s: %s  (%s)", v.KindLabel, v.Title, v.ID)
	for _, f := range v.Fields {
		mark := ""
		if f.Contested {
			mark = "  CONTESTED"
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
