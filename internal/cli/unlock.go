package cli

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"example.org/amparo/fault"
	"example.org/amparo/internal/app"
	"example.org/amparo/internal/vault"
	"example.org/amparo/internal/web"
)

// serveFlags say where the desk listens and whether a browser is opened.
type serveFlags struct {
	port      int
	noBrowser bool
	demo      bool // invented people: every page says so
}

func (f *serveFlags) add(cmd *cobra.Command) {
	cmd.Flags().IntVar(&f.port, "port", 0, "port on 127.0.0.1 (0: any free one)")
	cmd.Flags().BoolVar(&f.noBrowser, "no-browser", false, "print the address and open no browser")
}

func (c *cli) unlockCmd() *cobra.Command {
	var f serveFlags
	cmd := &cobra.Command{
		Use:   "unlock [folder]",
		Short: "open the desk in the browser",
		Long: `Serves the desk on 127.0.0.1, to this machine's browser alone, and asks for the
passphrase there. With --passphrase-file the desk opens unlocked. Locking the desk ends
the process that holds the keys and starts a new one that waits for the passphrase.`,
		Example: "  amparo unlock --dir w\n  amparo unlock w --port 8080 --no-browser",
		Args:    atMost(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 1 {
				c.dir = args[0]
			}
			return c.unlock(cmd.Context(), f)
		},
	}
	f.add(cmd)
	cmd.Flags().BoolVar(&f.demo, "demo", false, "the people in this workspace are invented")
	if err := cmd.Flags().MarkHidden("demo"); err != nil {
		panic(err) // the flag is the line above
	}
	return cmd
}

func (c *cli) unlock(ctx context.Context, f serveFlags) error {
	if !app.Exists(c.dir) {
		return fault.New(fault.NotFound, "open", "there is no workspace in %s", c.dir).
			With("try amparo demo, make one with amparo init, or name the folder with --dir")
	}
	if c.passFile == "" {
		return c.serve(ctx, nil, f)
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
	return c.serve(ctx, w, f)
}

// tokenEnv hands the session to the process that follows a lock, so that the page that
// is open goes on to the unlock form.
const tokenEnv = "AMPARO_SESSION"

// deskGC is the garbage collector's target: an old laptop has more time than memory.
const deskGC = 50

// serve runs the desk until it is interrupted or locked. It takes over w, which may be
// nil.
func (c *cli) serve(ctx context.Context, w *app.Workspace, f serveFlags) error {
	vault.Harden()
	debug.SetGCPercent(deskGC)
	ln, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(f.port)))
	if err != nil {
		if w != nil {
			err = errors.Join(err, w.Close())
		}
		return fault.New(fault.Conflict, "serve", "the port cannot be listened on").From(err).With("choose another with --port, or 0 for any free one")
	}
	token := os.Getenv(tokenEnv)
	again := token != ""
	if !again {
		token = web.NewToken()
	}
	_ = os.Unsetenv(tokenEnv) // children have no use for it
	locked := make(chan struct{}, 1)
	cfg := web.Config{
		Name: filepath.Base(c.absDir()), Token: token, Demo: f.demo, Log: slog.New(slog.NewTextHandler(c.Err, nil)),
		Unlock: func(ctx context.Context, pass []byte) (*app.Workspace, error) {
			return app.Open(context.WithoutCancel(ctx), c.dir, pass, c.opt)
		},
		Lock: func() {
			select {
			case locked <- struct{}{}:
			default:
			}
		},
	}
	if f.demo {
		cfg.Hint = demoPassphrase
	}
	desk := web.New(cfg, w)
	srv := &http.Server{Handler: desk, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 64 << 10}
	failed := make(chan error, 1)
	go func() { failed <- srv.Serve(ln) }()
	if !again {
		c.announce(ln.Addr().String(), token, f)
	}
	err = nil
	relock := false
	select {
	case err = <-failed:
	case <-ctx.Done():
	case <-locked:
		relock = true
	}
	stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), 3*time.Second)
	defer cancel()
	if shut := srv.Shutdown(stop); shut != nil {
		_ = srv.Close() // a page that still streams is cut off
	}
	err = errors.Join(err, desk.Close())
	if relock && err == nil {
		return c.restart(ln.Addr().(*net.TCPAddr).Port, token, f)
	}
	return err
}

// announce prints the address and opens the browser.
func (c *cli) announce(addr, token string, f serveFlags) {
	address := "http://" + addr + "/?" + url.Values{"start": {token}}.Encode()
	if c.json {
		_ = c.print(map[string]string{"address": address}, nil)
	} else {
		c.line("the desk is open at %s", address)
		c.line("it answers to this machine alone; end it with Ctrl-C, lock it with F8")
	}
	if f.noBrowser {
		return
	}
	if err := openBrowser(address); err != nil {
		fmt.Fprintln(c.Err, "amparo: hint: no browser could be opened; copy the address into one on this machine")
	}
}

// openBrowser asks the desktop for the person's own browser.
func openBrowser(address string) error {
	name, args := "xdg-open", []string{address}
	switch runtime.GOOS {
	case "darwin":
		name = "open"
	case "windows":
		name, args = "rundll32", []string{"url.dll,FileProtocolHandler", address}
	default:
		if os.Getenv("DISPLAY") == "" && os.Getenv("WAYLAND_DISPLAY") == "" {
			return errors.New("no display")
		}
	}
	cmd := exec.Command(name, args...)
	if err := cmd.Start(); err != nil {
		return err
	}
	go func() { _ = cmd.Wait() }() // its exit code says nothing about the page
	return nil
}

// restart replaces this process, whose memory held keys, by one that holds none.
func (c *cli) restart(port int, token string, f serveFlags) error {
	exe, err := os.Executable()
	if err != nil {
		return err
	}
	args := []string{exe, "unlock", "--dir", c.absDir(), "--port", strconv.Itoa(port), "--no-browser"}
	if f.demo {
		args = append(args, "--demo")
	}
	return replaceProcess(exe, args, append(os.Environ(), tokenEnv+"="+token, "AMPARO_PASSPHRASE_FILE="))
}
