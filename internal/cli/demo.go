package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"example.org/amparo/fault"
	"example.org/amparo/internal/app"
	"example.org/amparo/internal/figure"
	"example.org/amparo/internal/vault"
	"example.org/amparo/internal/world"
)

// demoPassphrase opens a demo workspace. Nothing in it is secret.
const demoPassphrase = "demo"

type demoFlags struct {
	people  int
	seed    uint64
	truth   string
	noServe bool
	serve   serveFlags
}

func (c *cli) demoCmd() *cobra.Command {
	var f demoFlags
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "build a workspace of synthetic testimonies and open it",
		Long: `Invents a world of people who cross, hide, are arrested, returned and punished, hears
those who could be heard, and records it with the public facts: estimates, statements,
treaties, votes. Nobody in it is real. The same --people and --seed give the same world.

The passphrase of the demo is "demo". Without --dir the workspace is made in a temporary
folder, which is removed at the end.`,
		Example: "  amparo demo\n  amparo demo --people 2000 --seed 7 --no-serve --dir w --truth truth.json",
		Args:    none,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return c.demo(cmd.Context(), f, cmd.Flags().Changed("dir"))
		},
	}
	cmd.Flags().IntVar(&f.people, "people", 400, "people in the invented world; only some of them are ever heard")
	cmd.Flags().Uint64Var(&f.seed, "seed", 1, "seed of the world")
	cmd.Flags().StringVar(&f.truth, "truth", "", "write what truly happened to this file (JSON)")
	cmd.Flags().BoolVar(&f.noServe, "no-serve", false, "build the workspace and do not open it")
	f.serve.add(cmd)
	return cmd
}

func (c *cli) demo(ctx context.Context, f demoFlags, named bool) (err error) {
	if f.people < 1 || f.people > 2_000_000 {
		return usage{fmt.Errorf("--people %d: choose 1 to 2000000", f.people)}
	}
	if !named {
		tmp, err := os.MkdirTemp("", "amparo-demo-")
		if err != nil {
			return fault.New(fault.Storage, "demo", "no temporary folder can be made").From(err).With("name a folder with --dir")
		}
		c.dir = filepath.Join(tmp, "workspace")
		if !f.noServe {
			defer func() { err = errors.Join(err, os.RemoveAll(tmp)) }()
		}
	}
	opt := c.opt
	opt.Name = "Demo"
	if opt.Params == (vault.Params{}) {
		opt.Params = vault.LightParams // the passphrase is printed: stretching it protects nothing
	}
	w, err := app.Create(ctx, c.dir, []byte(demoPassphrase), opt)
	if err != nil {
		return err
	}
	if err := c.invent(ctx, w, f); err != nil {
		return errors.Join(err, w.Close())
	}
	if f.noServe {
		return w.Close()
	}
	// An empty map shows nobody what it is for. That of journeys has nothing in common with what
	// figures count, so it is held against none of them.
	if _, err := w.CountSpread(ctx, figure.SpreadQuestions[0].Kind, app.Program()); err != nil {
		return errors.Join(err, w.Close())
	}
	f.serve.demo = true
	fmt.Fprintf(c.Err, "the passphrase of the demo is %q\n", demoPassphrase)
	return c.serve(ctx, w, f.serve)
}

// invent fills the workspace and prints what it holds.
func (c *cli) invent(ctx context.Context, w *app.Workspace, f demoFlags) error {
	start := time.Now()
	pop := w.Populate()
	facts, err := world.Facts(w.Schema(), func(e world.Event) error { return pop.State(ctx, e.Statement, time.UnixMilli(e.At)) })
	if err != nil {
		return err
	}
	progress := c.progress("inventing a world")
	truth, err := world.Generate(ctx, world.Config{People: f.people, Seed: f.seed, Heard: func(n int) {
		if progress != nil {
			progress(n, f.people)
		}
	}}, w.Schema(), func(e world.Event) error {
		if !e.Same.IsZero() {
			return pop.Same(ctx, e.Statement.Record, e.Same, e.Reason)
		}
		return pop.State(ctx, e.Statement, time.UnixMilli(e.At))
	})
	if err != nil {
		return err
	}
	if err := pop.Flush(ctx); err != nil {
		return err
	}
	if err := writeTruth(f.truth, truth); err != nil {
		return err
	}
	out := map[string]any{"dir": c.absDir(), "workspace": w.ID(), "people": f.people, "seed": f.seed, "facts": facts, "accounts": pop.Done(), "kinds": truth.Kinds}
	if f.truth != "" {
		out["truth"] = f.truth
	}
	return c.print(out, func() {
		took := time.Since(start)
		c.line("%d accounts of an invented world of %d people, and %d public facts, in %s", pop.Done()-facts, f.people, facts, c.absDir())
		c.line("sealed, signed and indexed in %.1f s (%.0f accounts/s)", took.Seconds(), float64(pop.Done())/took.Seconds())
	})
}

func writeTruth(file string, truth *world.Truth) error {
	if file == "" {
		return nil
	}
	f, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return fault.New(fault.Storage, "demo", "the truth cannot be written").From(err).With("check --truth")
	}
	return errors.Join(truth.WriteJSON(f), f.Close())
}
