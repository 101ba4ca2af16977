package cli

import (
	"github.com/spf13/cobra"

	"example.org/amparo/internal/app"
	"example.org/amparo/internal/packet"
)

func (c *cli) verifyCmd() *cobra.Command {
	return &cobra.Command{
		Use:   "verify [workspace or packet]",
		Short: "check that nothing was changed, dropped or put back",
		Long: `Checks the workspace with the passphrase alone: every page of
every file, every entry's signature, hash and place in its log, every hash of every
Merkle tree, the signed checkpoints, the keys, and the index against the journal.
Entries that this member can open are also held against what they committed to.

Given the folder of an exported packet, checks the packet with nothing but the packet.

Exit code 0 means that nothing was found, 4 that something was; it is named.`,
		Example: "  amparo verify w\n  amparo verify w --passphrase-file p --json\n  amparo verify ./packet",
		Args:    atMost(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 1 && !app.Exists(args[0]) {
				return c.verifyPacket(args[0])
			}
			if len(args) == 1 {
				c.dir = args[0]
			}
			return c.with(cmd.Context(), func(w *app.Workspace) error {
				rep, err := w.Verify(cmd.Context(), c.progress("verifying"))
				if err != nil {
					return err
				}
				return c.verdict(rep, rep.Problems, func() {
					c.line("%d entries of %d devices: %d opened and held against their commitments, %d closed to this member, %d erased",
						rep.Entries, rep.Devices, rep.Opened, rep.Closed, rep.Erased)
					for file, pages := range rep.Pages {
						c.line("%s: %d pages", file, pages)
					}
					c.line("%d checkpoints", rep.Checkpoints)
				})
			})
		},
	}
}

func (c *cli) verifyPacket(dir string) error {
	rep, err := packet.Verify(dir)
	if err != nil {
		return err
	}
	return c.verdict(rep, rep.Problems, func() {
		c.line("packet of workspace %s: %d files, %d entries of %d devices, %d contents held against their commitments",
			rep.Workspace, rep.Files, rep.Entries, rep.Devices, rep.Opened)
	})
}

// verdict prints a report and turns problems into exit code 4.
func (c *cli) verdict(rep any, problems []string, summary func()) error {
	ok := len(problems) == 0
	out := struct {
		OK     bool `json:"ok"`
		Report any  `json:"report"`
	}{ok, rep}
	err := c.print(out, func() {
		summary()
		for _, p := range problems {
			c.line("FOUND: %s", p)
		}
		if ok {
			c.line("verified: nothing was changed, dropped or put back")
		}
	})
	if err == nil && !ok {
		err = done(exitCorrupt)
	}
	return err
}
