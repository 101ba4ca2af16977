package cli

import (
	"context"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"example.org/amparo/fault"
	"example.org/amparo/internal/app"
	"example.org/amparo/internal/exchange/mapping"
	"example.org/amparo/internal/exchange/table"
	"example.org/amparo/internal/kind"
	"example.org/amparo/internal/packet"
)

type importFlags struct {
	kind, mapping, save, refused string
	dry                          bool
}

func (c *cli) importCmd() *cobra.Command {
	var f importFlags
	cmd := &cobra.Command{
		Use:   "import FILE...",
		Short: "take in tables, submissions of ODK and KoboToolbox, or a full export",
		Long: `Takes in tables (CSV, XLSX, zip of CSV, JSON) by a mapping of columns to fields, which
is guessed from the headers and shown; save it with --save-mapping, edit it, and give it
with --mapping. Exports of ODK Central and KoboToolbox come in with their repeats, whose
rows link to the record of the row they belong to. A folder made by amparo export is
taken in whole.

Each row is stored whole or refused with file, row, column, value and reason; --refused
writes the refused rows to a new folder, to be corrected there and imported again.
Running the same import again stores nothing twice. Exit code 5 means that rows were
refused.`,
		Example: "  amparo import --dir w people.csv\n  amparo import --dir w people.csv --save-mapping people.yaml --dry-run\n" +
			"  amparo import --dir w interviews.zip --refused ./refused\n  amparo import --dir w --mapping refused/mapping.yaml refused/people.csv\n  amparo import --dir w ./packet",
		Args: atLeastOne,
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.with(cmd.Context(), func(w *app.Workspace) error {
				reports, err := c.importAll(cmd.Context(), w, args, f)
				if err != nil {
					return err
				}
				return c.imported(reports)
			})
		},
	}
	cmd.Flags().StringVar(&f.kind, "kind", "", "kind of record the table holds (otherwise guessed)")
	cmd.Flags().StringVar(&f.mapping, "mapping", "", "mapping of columns to fields (YAML)")
	cmd.Flags().StringVar(&f.save, "save-mapping", "", "write the mapping used to this file")
	cmd.Flags().StringVar(&f.refused, "refused", "", "new folder for the refused rows")
	cmd.Flags().BoolVar(&f.dry, "dry-run", false, "show the mapping and store nothing")
	return cmd
}

// importAll takes in packets one by one and all tables together: repeats may lie in
// files of their own.
func (c *cli) importAll(ctx context.Context, w *app.Workspace, files []string, f importFlags) ([]*app.ImportReport, error) {
	var reports []*app.ImportReport
	var sheets []*table.Sheet
	for _, file := range files {
		if !packet.Is(file) {
			s, err := table.Open(file, table.DefaultLimits())
			if err != nil {
				return nil, err
			}
			sheets = append(sheets, s...)
		}
	}
	for _, file := range files {
		if packet.Is(file) && !f.dry {
			rep, err := w.ImportPacket(ctx, file, c.progress("importing"))
			if err != nil {
				return nil, err
			}
			reports = append(reports, rep)
		}
	}
	if len(sheets) == 0 {
		return reports, nil
	}
	sheets = table.Link(sheets)
	book, err := c.mapping(w.Schema(), sheets, f)
	if err != nil {
		return nil, err
	}
	if !c.json {
		for _, s := range sheets {
			fmt.Fprintf(c.Err, "%s (%s)\n", s.Name, s.Encoding)
		}
		fmt.Fprint(c.Err, book.Describe())
	}
	if f.save != "" {
		if err := os.WriteFile(f.save, book.YAML(), 0o600); err != nil {
			return nil, fault.Because(fault.Storage, "import", "the mapping cannot be written", err)
		}
	}
	if f.dry {
		return reports, nil
	}
	reps, err := w.ImportTables(ctx, sheets, book, app.ImportOptions{Refused: f.refused, Progress: c.progress("importing")})
	return append(reports, reps...), err
}

func (c *cli) mapping(set *kind.Set, sheets []*table.Sheet, f importFlags) (mapping.Book, error) {
	if f.mapping == "" {
		return mapping.Guess(set, sheets, f.kind)
	}
	b, err := os.ReadFile(f.mapping)
	if err != nil {
		return nil, fault.Because(fault.NotFound, "import", "the mapping cannot be read", err)
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
			if r.RefusedFile != "" {
				c.line("  the refused rows, readable by whoever holds the file: %s", r.RefusedFile)
			}
		}
	})
	for _, r := range reports {
		refused += r.Refused
	}
	if err == nil && refused > 0 {
		err = done(exitRefused)
	}
	return err
}
