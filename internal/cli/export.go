package cli

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"example.org/amparo/internal/app"
)

func (c *cli) exportCmd() *cobra.Command {
	var out string
	var opt app.TableOptions
	cmd := &cobra.Command{
		Use:   "export",
		Short: "write everything you can open, in clear, with proofs; or the table of one kind",
		Long: `Writes a packet: every account in clear, the records as CSV tables, and the proof that
it is what was signed at the time, which anybody can check with amparo verify. It is
not capped. Importing it into an empty workspace gives the same records.

With --kind, writes the current values of one kind as a table: CSV, XLSX or JSON, with
no cell a spreadsheet would run as a formula. Sealed fields are left out unless --sealed
asks for them, and those of compartments you do not hold always. Changed and imported
again, a table adds what is new.

What is written is readable by whoever holds it. That it left, why and to whom is
written to the log first.`,
		Example: "  amparo export --dir w --out ./packet --purpose archive --recipient 'own safe'\n" +
			"  amparo export --dir w --kind incident --format xlsx --out incidents.xlsx --purpose analysis --recipient 'own desk'",
		Args: none,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if out == "" {
				return usage{fmt.Errorf("--out is missing: name a new folder, or with --kind a new file")}
			}
			if opt.Kind == "" && (cmd.Flags().Changed("format") || opt.HXL || opt.Sealed) {
				return usage{fmt.Errorf("--format, --hxl and --sealed are for the table of one kind: name it with --kind")}
			}
			return c.with(cmd.Context(), func(w *app.Workspace) error {
				if opt.Kind != "" {
					return c.exportTable(cmd.Context(), w, out, opt)
				}
				ex, err := w.Export(cmd.Context(), out, opt.ExportOptions, c.progress("exporting"))
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
	cmd.Flags().StringVar(&out, "out", "", "new folder, or with --kind new file, to write into")
	cmd.Flags().StringVar(&opt.Kind, "kind", "", "write the table of this kind only")
	cmd.Flags().StringVar(&opt.Format, "format", "csv", "of the table: csv, xlsx, json")
	cmd.Flags().BoolVar(&opt.HXL, "hxl", false, "add a row of HXL hashtags to the table")
	cmd.Flags().BoolVar(&opt.Sealed, "sealed", false, "put sealed fields into the table")
	cmd.Flags().StringVar(&opt.Purpose, "purpose", "", "why it leaves")
	cmd.Flags().StringVar(&opt.Recipient, "recipient", "", "who receives it")
	return cmd
}

func (c *cli) exportTable(ctx context.Context, w *app.Workspace, file string, opt app.TableOptions) error {
	ex, err := w.ExportTable(ctx, file, opt, c.progress("exporting"))
	if err != nil {
		return err
	}
	return c.print(ex, func() {
		c.line("%d records in %s", ex.Records, ex.File)
		if len(ex.LeftOut) > 0 {
			c.line("left out: %s", strings.Join(ex.LeftOut, ", "))
		}
		c.line("this file is readable by whoever holds it")
		c.line("%s", ex.Limits)
	})
}
