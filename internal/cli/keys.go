package cli

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"example.org/amparo/fault"
	"example.org/amparo/id"
	"example.org/amparo/internal/app"
	"example.org/amparo/internal/hub/folder"
)

func (c *cli) keysCmd() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "keys",
		Short: "passphrases, recovery shares, members, erasure",
		Long:  "Without a subcommand, shows the workspace's identifier, the compartments and who holds them.",
		Args:  none,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return c.with(cmd.Context(), func(w *app.Workspace) error {
				s := w.KeySummary()
				return c.print(s, func() {
					c.line("workspace %s", s.Workspace)
					c.line("member %s, device %s", s.Member, s.Device)
					for _, k := range s.Compartments {
						c.line("  %-18s epoch %d", k.Name, k.Epoch)
					}
				})
			})
		},
	}
	cmd.AddCommand(c.keysShares(), c.keysDrill(), c.keysRecover(), c.keysPassphrase(), c.keysCard(), c.keysAdmit(), c.keysErase())
	return cmd
}

func (c *cli) keysShares() *cobra.Command {
	var need, made int
	var out string
	cmd := &cobra.Command{
		Use:     "shares",
		Short:   "divide a recovery key among custodians",
		Long:    "Writes one small text file for each custodian. Any --need of them reopen the workspace without the passphrase; fewer say nothing.",
		Example: "  amparo keys shares --dir w --need 3 --made 5 --out ./shares",
		Args:    none,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return c.with(cmd.Context(), func(w *app.Workspace) error {
				shares, err := w.MakeShares(need, made)
				if err != nil {
					return err
				}
				if err := os.MkdirAll(out, 0o700); err != nil {
					return fault.Because(fault.Storage, "keys shares", "the folder cannot be made", err)
				}
				for i, text := range shares {
					if err := os.WriteFile(filepath.Join(out, fmt.Sprintf("share-%d.txt", i+1)), []byte(text), 0o600); err != nil {
						return fault.Because(fault.Storage, "keys shares", "a share cannot be written", err)
					}
				}
				return c.print(map[string]any{"shares": len(shares), "need": need, "dir": out}, func() {
					c.line("%d shares in %s; any %d of them reopen the workspace. Give each to another person, then delete this folder, and practise with amparo keys drill", len(shares), out, need)
				})
			})
		},
	}
	cmd.Flags().IntVar(&need, "need", 3, "shares needed to recover")
	cmd.Flags().IntVar(&made, "made", 5, "shares to make")
	cmd.Flags().StringVar(&out, "out", "shares", "folder for the share files")
	return cmd
}

// texts reads share files.
func texts(files []string) ([]string, error) {
	var out []string
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			return nil, fault.Because(fault.NotFound, "keys", "a share file cannot be read", err)
		}
		out = append(out, string(b))
	}
	return out, nil
}

func (c *cli) keysDrill() *cobra.Command {
	return &cobra.Command{
		Use:     "drill SHARE-FILE...",
		Short:   "practise recovery: check that shares reopen the workspace, and change nothing",
		Example: "  amparo keys drill --dir w share-1.txt share-3.txt share-5.txt",
		Args:    atLeastOne,
		RunE: func(_ *cobra.Command, args []string) error {
			shares, err := texts(args)
			if err != nil {
				return err
			}
			if err := app.Drill(c.dir, shares); err != nil {
				return err
			}
			return c.print(map[string]any{"ok": true}, func() { c.line("the shares reopen the workspace; nothing was changed") })
		},
	}
}

func (c *cli) keysRecover() *cobra.Command {
	return &cobra.Command{
		Use:     "recover SHARE-FILE...",
		Short:   "reopen a workspace with recovery shares and set a new passphrase",
		Example: "  amparo keys recover --dir w share-1.txt share-3.txt share-5.txt",
		Args:    atLeastOne,
		RunE: func(_ *cobra.Command, args []string) error {
			shares, err := texts(args)
			if err != nil {
				return err
			}
			pass, err := c.newPassphrase()
			if err != nil {
				return err
			}
			if err := app.Recover(c.dir, shares, pass); err != nil {
				return err
			}
			return c.print(map[string]any{"ok": true}, func() { c.line("the new passphrase opens the workspace") })
		},
	}
}

func (c *cli) keysPassphrase() *cobra.Command {
	var newFile string
	cmd := &cobra.Command{
		Use:     "passphrase",
		Short:   "change the passphrase",
		Example: "  amparo keys passphrase --dir w",
		Args:    none,
		RunE: func(*cobra.Command, []string) error {
			old, err := c.passphrase("old passphrase")
			if err != nil {
				return err
			}
			next := *c
			if newFile != "" || c.passFile != "" {
				next.passFile = newFile
			}
			pass, err := next.newPassphrase()
			if err != nil {
				return err
			}
			if err := app.ChangePassphrase(c.dir, old, pass); err != nil {
				return err
			}
			return c.print(map[string]any{"ok": true}, func() { c.line("changed; the old passphrase opens nothing any more") })
		},
	}
	cmd.Flags().StringVar(&newFile, "new-passphrase-file", "", "read the new passphrase from this file")
	return cmd
}

func (c *cli) keysCard() *cobra.Command {
	var name string
	cmd := &cobra.Command{
		Use:     "card",
		Short:   "print your member card, for a colleague to admit you",
		Example: "  amparo keys card --dir w2 --name 'Second desk'",
		Args:    none,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return c.with(cmd.Context(), func(w *app.Workspace) error {
				card := w.Card(name)
				return c.print(map[string]any{"card": card.Text(), "fingerprint": card.Fingerprint()}, func() {
					c.line("%s\ncompare by voice: %s", card.Text(), card.Fingerprint())
				})
			})
		},
	}
	cmd.Flags().StringVar(&name, "name", "", "your name as colleagues see it")
	return cmd
}

func (c *cli) keysAdmit() *cobra.Command {
	var rooms []string
	cmd := &cobra.Command{
		Use:     "admit CARD-FILE",
		Short:   "let the member of a card open compartments",
		Example: "  amparo keys admit --dir w card.txt --compartments general,identities",
		Args:    exactly(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			b, err := os.ReadFile(args[0])
			if err != nil {
				return fault.Because(fault.NotFound, "keys admit", "the card cannot be read", err)
			}
			card, err := app.ParseCard(strings.TrimSpace(string(b)))
			if err != nil {
				return err
			}
			return c.with(cmd.Context(), func(w *app.Workspace) error {
				if err := w.Admit(cmd.Context(), card, rooms); err != nil {
					return err
				}
				return c.print(map[string]any{"member": card.Member, "compartments": rooms}, func() {
					c.line("admitted %s to %s; fingerprint %s. It takes effect with the next exchange (amparo bundle)", card.Name, strings.Join(rooms, ", "), card.Fingerprint())
				})
			})
		},
	}
	cmd.Flags().StringSliceVar(&rooms, "compartments", []string{"general"}, "compartments the member may open")
	return cmd
}

func (c *cli) keysErase() *cobra.Command {
	var reason string
	var yes bool
	cmd := &cobra.Command{
		Use:   "erase RECORD",
		Short: "destroy the keys of a person or case: what they sealed is gone for ever",
		Long: `Destroys the payload keys of a protected person or case. Everything sealed with them
becomes unreadable here at once, and everywhere once each member has exchanged. The
log still verifies. There is no way back.`,
		Example: "  amparo keys erase --dir w 0123456789abcdefghjkmnpqr0 --reason 'her wish of 3 May' --yes",
		Args:    exactly(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			rec, err := id.Parse(args[0])
			if err != nil {
				return usage{err}
			}
			if !yes {
				return usage{fmt.Errorf("this cannot be undone: add --yes")}
			}
			return c.with(cmd.Context(), func(w *app.Workspace) error {
				e, err := w.Erase(cmd.Context(), rec, reason)
				if err != nil {
					return err
				}
				return c.print(e, func() {
					c.line("%d keys destroyed, %d records changed", e.Keys, e.Records)
					if len(e.Pending) > 0 {
						c.line("erasure pending: %d members have yet to exchange", len(e.Pending))
					}
				})
			})
		},
	}
	cmd.Flags().StringVar(&reason, "reason", "", "on whose wish and when")
	cmd.Flags().BoolVar(&yes, "yes", false, "I know that this cannot be undone")
	return cmd
}

func (c *cli) bundleCmd() *cobra.Command {
	return &cobra.Command{
		Use:   "bundle FOLDER",
		Short: "exchange sealed entries with a folder or USB stick",
		Long: `Makes this workspace and an exchange folder hold the same sealed entries: what each
lacks is copied. Nothing in the folder can be read without keys. Exchange again on the
other device; running it twice copies nothing the second time.`,
		Example: "  amparo bundle --dir w /media/stick/amparo",
		Args:    exactly(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.with(cmd.Context(), func(w *app.Workspace) error { return c.exchange(cmd.Context(), w, args[0]) })
		},
	}
}

func (c *cli) exchange(ctx context.Context, w *app.Workspace, dir string) error {
	h, err := folder.Open(dir, w.ID())
	if err != nil {
		return err
	}
	done, err := w.Exchange(ctx, h, c.progress("folding in"))
	if err == nil {
		err = h.Close()
	}
	if err != nil {
		return err
	}
	took, gave := done.Took, done.Gave
	return c.print(map[string]any{"strangers": done.Strangers, "took": took.Stored, "gave": gave.Stored, "forks": len(took.Forks) + len(gave.Forks)}, func() {
		c.line("took %d entries, gave %d", took.Stored, gave.Stored)
		if done.Strangers > 0 {
			c.line("%d key files are signed by devices nobody admitted here; they were left alone", done.Strangers)
		}
		for _, f := range append(took.Forks, gave.Forks...) {
			c.line("FORK: device %s signed two different entries as number %d; amparo verify tells more", f.Kept.Device, f.Kept.Number)
		}
	})
}
