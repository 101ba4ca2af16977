package sealeddb

import (
	"context"

	"github.com/ncruces/go-sqlite3"
	"github.com/ncruces/go-sqlite3/vfs"
	"github.com/ncruces/go-sqlite3/vfs/adiantum"
)

// SetBase puts the real page cipher over another base than the system's files. The
// cipher of the running program is registered first, so it cannot come back later.
func SetBase(base vfs.VFS) {
	c := registered()
	vfs.Register(vfsName, adiantum.Wrap(frankVFS{base}, c))
}

// OnWriter runs fn on the writing connection, outside a transaction: for the kinds
// of checkpoint that only SQLite itself starts.
func (db *DB) OnWriter(ctx context.Context, fn func(c *sqlite3.Conn) error) error {
	return db.alone(ctx, fn)
}
