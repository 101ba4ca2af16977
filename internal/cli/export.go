package cli

import (
	"fmt"

	"github.com/spf13/cobra"

	"example.org/amparo/internal/app"
)

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
