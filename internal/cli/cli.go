// Package cli is the command line of Amparo: a file a command. Words to the user are
// lower case and end without a full stop; an error says what failed and what to do.
package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/schollz/progressbar/v3"
	"github.com/spf13/cobra"
	"golang.org/x/term"

	"example.org/amparo/fault"
	"example.org/amparo/internal/app"
)

// Streams are where a command reads and writes.
type Streams struct {
	In  *os.File
	Out io.Writer
	Err io.Writer
}

// The exit codes. They are part of what scripts rely on.
const (
	exitOK       = 0
	exitFailed   = 1 // anything not below
	exitUsage    = 2 // wrong command, flag or argument
	exitSealed   = 3 // wrong passphrase, missing key
	exitCorrupt  = 4 // verification found damage
	exitRefused  = 5 // rows were refused; the others are stored
	exitNotFound = 6
	exitConflict = 7 // in use, or the folder is not empty
)

// cli is one run of the program.
type cli struct {
	Streams
	dir      string
	passFile string
	json     bool
	quiet    bool
	opt      app.Options
}

// Main runs the program and returns its exit code.
func Main(ctx context.Context, args []string, s Streams) int {
	return run(ctx, args, s, app.Options{})
}

func run(ctx context.Context, args []string, s Streams, opt app.Options) int {
	c := &cli{Streams: s, opt: opt}
	root := c.root()
	root.SetArgs(args)
	root.SetIn(s.In)
	root.SetOut(s.Out)
	root.SetErr(s.Err)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return exitOK
	}
	code := exitCode(err)
	c.report(err, code)
	return code
}

// done is an outcome that was printed already and only sets the exit code.
type done int

func (d done) Error() string { return fmt.Sprintf("exit %d", int(d)) }

// usage marks a mistake in the command line.
type usage struct{ error }

func exitCode(err error) int {
	var d done
	var u usage
	switch {
	case errors.As(err, &d):
		return int(d)
	case errors.As(err, &u):
		return exitUsage
	case errors.Is(err, context.Canceled):
		return 130
	}
	switch fault.KindOf(err) {
	case fault.Sealed, fault.Denied:
		return exitSealed
	case fault.Corrupt, fault.Foreign:
		return exitCorrupt
	case fault.NotFound:
		return exitNotFound
	case fault.Conflict:
		return exitConflict
	}
	return exitFailed
}

func (c *cli) report(err error, code int) {
	var d done
	if errors.As(err, &d) {
		return
	}
	var f *fault.Error
	remedy := ""
	if errors.As(err, &f) {
		remedy = f.Remedy
		if f.Err == nil && f.Msg != "" {
			err = errors.New(f.Msg)
		}
	}
	if c.json {
		_ = json.NewEncoder(c.Out).Encode(map[string]any{"error": err.Error(), "remedy": remedy, "exit": code})
		return
	}
	fmt.Fprintf(c.Err, "amparo: error: %v\n", err)
	if remedy != "" {
		fmt.Fprintf(c.Err, "amparo: hint: %s\n", remedy)
	}
}

func (c *cli) root() *cobra.Command {
	root := &cobra.Command{
		Use:   "amparo",
		Short: "record, protect and prove testimony",
		Long: `Amparo keeps testimonies of people in hiding: sealed on this machine, linked into
records, provable to others without a name. Everything happens on this machine; the
program uses no network.

Without a command it opens the desk in the browser.`,
		Example:       "  amparo demo\n  amparo init --dir w\n  amparo unlock --dir w",
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          none,
		RunE:          func(cmd *cobra.Command, _ []string) error { return c.unlock(cmd.Context(), serveFlags{}) },
	}
	f := root.PersistentFlags()
	f.StringVar(&c.dir, "dir", "amparo-workspace", "folder of the workspace")
	f.StringVar(&c.passFile, "passphrase-file", os.Getenv("AMPARO_PASSPHRASE_FILE"), "read the passphrase from the first line of this file")
	f.BoolVar(&c.json, "json", false, "write machine-readable JSON to standard output")
	f.BoolVar(&c.quiet, "quiet", false, "no progress bar")
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usage{err} })
	root.AddCommand(c.initCmd(), c.unlockCmd(), c.demoCmd(), c.importCmd(), c.exportCmd(), c.searchCmd(), c.showCmd(),
		c.verifyCmd(), c.rebuildCmd(), c.kindsCmd(), c.keysCmd(), c.logCmd(), c.bundleCmd(),
		c.discloseCmd(), c.namesCmd(), c.estimateCmd(), c.rerunCmd(), c.figuresCmd(), c.linkCmd(), c.calibrateCmd(), c.partnersCmd())
	return root
}

// none refuses arguments, which on the root are mistyped commands.
func none(cmd *cobra.Command, args []string) error {
	if err := cobra.NoArgs(cmd, args); err != nil {
		return usage{err}
	}
	return nil
}

func atMost(n int) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if err := cobra.MaximumNArgs(n)(cmd, args); err != nil {
			return usage{err}
		}
		return nil
	}
}

func atLeastOne(cmd *cobra.Command, args []string) error {
	if err := cobra.MinimumNArgs(1)(cmd, args); err != nil {
		return usage{err}
	}
	return nil
}

// exactly is cobra's argument check with a usage exit code.
func exactly(n int) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if err := cobra.ExactArgs(n)(cmd, args); err != nil {
			return usage{err}
		}
		return nil
	}
}

// passphrase reads the passphrase: from the file named, or from the terminal without
// showing it.
func (c *cli) passphrase(prompt string) ([]byte, error) {
	if c.passFile != "" {
		b, err := os.ReadFile(c.passFile)
		if err != nil {
			return nil, &fault.Error{Kind: fault.NotFound, Op: "passphrase", Msg: "the passphrase file cannot be read", Err: err, Remedy: "check --passphrase-file"}
		}
		line, _, _ := bytes.Cut(b, []byte("\n"))
		return bytes.TrimRight(line, "\r"), nil
	}
	if c.In == nil || !term.IsTerminal(int(c.In.Fd())) {
		return nil, fault.New(fault.Invalid, "passphrase", "no terminal to ask for the passphrase").
			With("give --passphrase-file, or set AMPARO_PASSPHRASE_FILE")
	}
	fmt.Fprintf(c.Err, "%s: ", prompt)
	b, err := term.ReadPassword(int(c.In.Fd()))
	fmt.Fprintln(c.Err)
	return b, err
}

// newPassphrase asks twice.
func (c *cli) newPassphrase() ([]byte, error) {
	a, err := c.passphrase("new passphrase")
	if err != nil || c.passFile != "" {
		return a, err
	}
	b, err := c.passphrase("again")
	if err == nil && !bytes.Equal(a, b) {
		err = fault.New(fault.Invalid, "passphrase", "the two are not the same").With("try again; nothing was made")
	}
	return a, err
}

// with opens the workspace, runs fn and closes it.
func (c *cli) with(ctx context.Context, fn func(w *app.Workspace) error) error {
	if !app.Exists(c.dir) {
		return fault.New(fault.NotFound, "open", "there is no workspace in %s", c.dir).
			With("make one with amparo init, or name the folder with --dir")
	}
	pass, err := c.passphrase("passphrase")
	if err != nil {
		return err
	}
	w, err := app.Open(ctx, c.dir, pass, c.opt)
	clear(pass)
	if err != nil {
		return err
	}
	if warning := w.ClockWarning(); warning != nil {
		fmt.Fprintln(c.Err, "amparo: warning:", warning)
	}
	return errors.Join(fn(w), w.Close())
}

// progress draws a bar on standard error where a person watches.
func (c *cli) progress(what string) app.Progress {
	f, ok := c.Err.(*os.File)
	if c.quiet || c.json || !ok || !term.IsTerminal(int(f.Fd())) {
		return nil
	}
	var bar *progressbar.ProgressBar
	return func(n, total int) {
		if bar == nil {
			bar = progressbar.NewOptions(total, progressbar.OptionSetWriter(f), progressbar.OptionSetDescription(what),
				progressbar.OptionThrottle(100*time.Millisecond), progressbar.OptionShowCount(), progressbar.OptionClearOnFinish())
		}
		_ = bar.Set(n) // a bar that cannot be drawn is no reason to stop
	}
}

// print writes v as JSON, or calls text for people.
func (c *cli) print(v any, text func()) error {
	if !c.json {
		text()
		return nil
	}
	e := json.NewEncoder(c.Out)
	e.SetIndent("", "  ")
	return e.Encode(v)
}

func (c *cli) line(format string, args ...any) { fmt.Fprintf(c.Out, format+"\n", args...) }

func (c *cli) absDir() string {
	if d, err := filepath.Abs(c.dir); err == nil {
		return d
	}
	return c.dir
}
