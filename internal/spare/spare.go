// Package spare says how many cores a long work takes: all of them where somebody waits for
// it, and all but one where it goes on behind the pages, which somebody opens meanwhile.
package spare

import (
	"context"
	"runtime"
)

type behind struct{}

// Behind marks what is done under ctx as work that nobody waits for.
func Behind(ctx context.Context) context.Context { return context.WithValue(ctx, behind{}, true) }

// Cores is how many threads the work of ctx takes, at least one.
func Cores(ctx context.Context) int {
	n := runtime.GOMAXPROCS(0)
	if ctx.Value(behind{}) != nil {
		n--
	}
	return max(1, n)
}
