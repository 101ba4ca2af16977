// Package spare says how much of the machine a long work takes: all cores where somebody waits
// for it, and all but one where it goes on behind the pages, which somebody opens meanwhile;
// and less memory for what it leaves behind.
package spare

import (
	"context"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"sync"
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

// leanGC is the collector's target while a long work goes on: it holds much already, and what it
// leaves behind would come on top.
const leanGC = 20

var lean struct {
	sync.Mutex
	works int
	was   int
}

// Lean does a long work that holds much memory, with the collector close behind it.
func Lean(work func()) {
	lean.Lock()
	if lean.works++; lean.works == 1 {
		if lean.was = debug.SetGCPercent(leanGC); lean.was < leanGC { // it may be off
			debug.SetGCPercent(lean.was)
		}
	}
	lean.Unlock()
	defer func() {
		lean.Lock()
		defer lean.Unlock()
		if lean.works--; lean.works == 0 {
			debug.SetGCPercent(lean.was)
		}
	}()
	work()
}

// Idle is how many bytes of memory the program has from the machine and does not use.
func Idle() uint64 {
	free := []metrics.Sample{{Name: "/memory/classes/heap/free:bytes"}}
	metrics.Read(free)
	return free[0].Value.Uint64()
}
