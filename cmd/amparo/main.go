// Command amparo opens a workspace of testimonies: on the command line, or as a desk
// in the browser on this machine.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"example.org/amparo/internal/cli"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := cli.Main(ctx, os.Args[1:], cli.Streams{In: os.Stdin, Out: os.Stdout, Err: os.Stderr})
	stop()
	os.Exit(code)
}
