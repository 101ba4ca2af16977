package cli

import "github.com/spf13/cobra"

func (c *cli) estimateCmd() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "estimate",
		Short: "estimate from a table, with what is doubtful said",
		Long: `Estimates from a table, without a workspace. Every result is an interval with its method,
its assumptions and its warnings; where no figure can be defended there is a refusal with
its reason instead. With --json the result can be computed again from what it carries.`,
		Example: "  amparo estimate survival --in stays.csv\n  amparo estimate share --x 96 --n 236 --asked 240",
		Args:    none,
		RunE:    func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(c.estimateSurvivalCmd(), c.estimateShareCmd(), c.estimateRDSCmd(), c.estimateNSUMCmd())
	return cmd
}
