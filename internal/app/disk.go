package app

import (
	"errors"
	"os"
	"path/filepath"
	"sync"

	"example.org/amparo/fault"
)

func (w *Workspace) path(name string) string { return filepath.Join(w.dir, name) }

// replaceFile writes a file so that a crash leaves the old one or the new one.
func replaceFile(path string, data []byte) error {
	tmp := path + ".tmp"
	f, err := os.OpenFile(tmp, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err == nil {
		_, err = f.Write(data)
		err = errors.Join(err, f.Sync(), f.Close())
	}
	if err == nil {
		err = os.Rename(tmp, path)
	}
	return fault.Because(fault.Storage, "app", "cannot write "+filepath.Base(path), err)
}

func inUse() error {
	return fault.New(fault.Conflict, "app.Open", "this workspace is open in another window or process").
		With("close it there first; two programs must not write to one workspace").Coded("workspace.open")
}

// parallel runs fn for 0..n-1 on so many cores.
func parallel(cores, n int, fn func(i int)) {
	workers := min(cores, 1+n/64)
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() {
			for i := w * n / workers; i < (w+1)*n/workers; i++ {
				fn(i)
			}
		})
	}
	wg.Wait()
}
