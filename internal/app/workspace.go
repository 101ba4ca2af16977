// Package app holds the use cases of Amparo: the one place that knows all parts of
// a workspace and the rules between them. The command line and the web pages call
// it and nothing below it.
//
// A workspace is a directory:
//
//	vault.keys   key slots: what a passphrase opens (package vault)
//	keys.db      payload keys and grants; not in data backups, can be destroyed
//	journal.db   the sealed entries, the truth
//	index.db     what the screens query; can be deleted and is rebuilt
//	checkpoint   the last signed checkpoint, as text
//	lock         held by the process that has the workspace open
package app

import (
	"context"
	"crypto/rand"
	"errors"
	"io"
	"os"
	"path/filepath"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"example.org/amparo/fault"
	"example.org/amparo/id"
	"example.org/amparo/internal/hub"
	"example.org/amparo/internal/hub/file"
	"example.org/amparo/internal/index"
	"example.org/amparo/internal/journal"
	"example.org/amparo/internal/kind"
	"example.org/amparo/internal/sealeddb"
	"example.org/amparo/internal/vault"
)

// The files of a workspace.
const (
	vaultFile      = "vault.keys"
	keysFile       = "keys.db"
	journalFile    = "journal.db"
	indexFile      = "index.db"
	checkpointFile = "checkpoint"
	lockFile       = "lock"
)

// Options are what a caller may set; the zero value is right for the program.
type Options struct {
	Now     func() time.Time // time.Now
	Rand    io.Reader        // crypto/rand.Reader
	Params  vault.Params     // Argon2id; vault.DefaultParams
	Name    string           // Create and Join: the member's name as colleagues see it
	Readers int              // connections for reading, 3
}

func (o Options) withDefaults() Options {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Rand == nil {
		o.Rand = rand.Reader
	}
	if o.Readers == 0 {
		o.Readers = 3
	}
	return o
}

// Workspace is an open workspace of one member on one device. It is safe for
// concurrent use.
type Workspace struct {
	dir  string
	opt  Options
	lock io.Closer

	vault *vault.Vault
	keys  *vault.Keyring
	hub   *file.Hub
	index *index.Index
	clock *journal.Clock

	mu      sync.Mutex // one writer: guards tip and the write path
	tip     tip
	rooms   *compartments
	people  *members
	linked  linkings
	hand    hand
	last    journal.Checkpoint // as it was when the workspace was opened
	setBack []string           // what was behind the last checkpoint when the workspace was opened

	outside  outside
	wordings wordings
	memos    memos
	applying atomic.Int32 // batches that are applied and not told of yet
	opened   opened       // identities
	unsaved  unsaved
	searches searches
	partners sync.Mutex // answers to partners are counted one at a time
	figuring sync.Mutex // a figure is kept after it was held against all others, one at a time
	shown    sync.Map   // what records of estimates showed, by id: *Figure

	schema struct {
		sync.RWMutex
		set *kind.Set
	}
}

// tip is the end of this device's log.
type tip struct {
	size uint64
	prev journal.Hash
}

// Exists reports whether dir holds a workspace.
func Exists(dir string) bool {
	_, err := os.Stat(filepath.Join(dir, vaultFile))
	return err == nil
}

// Create makes a new workspace in dir with its first member, who holds all
// compartments, and opens it. dir must be absent or empty.
func Create(ctx context.Context, dir string, pass []byte, opt Options) (*Workspace, error) {
	return found(ctx, dir, pass, id.ID{}, opt)
}

// Join makes a workspace directory for a new member of a workspace that exists
// elsewhere. It holds nothing until a colleague admits the card of [Workspace.Card]
// and an exchange brings entries and keys.
func Join(ctx context.Context, dir string, pass []byte, workspace id.ID, opt Options) (*Workspace, error) {
	if workspace.IsZero() {
		return nil, fault.New(fault.Invalid, "app.Join", "the identifier of the workspace to join is missing").
			With("ask a member for it: amparo keys shows it")
	}
	return found(ctx, dir, pass, workspace, opt)
}

func found(ctx context.Context, dir string, pass []byte, join id.ID, opt Options) (*Workspace, error) {
	opt = opt.withDefaults()
	if err := makeEmpty(dir); err != nil {
		return nil, err
	}
	ws := join
	if ws.IsZero() {
		ws = id.New(opt.Rand)
	}
	v, err := vault.Create(filepath.Join(dir, vaultFile), pass, vault.CreateOptions{
		Workspace: ws, Member: id.New(opt.Rand), Params: opt.Params, Rand: opt.Rand,
	})
	if err != nil {
		return nil, err
	}
	w, err := open(ctx, dir, v, opt)
	if err != nil {
		return nil, err
	}
	if join.IsZero() {
		if err := w.establish(ctx, opt.Name); err != nil {
			return nil, errors.Join(err, w.Close())
		}
	}
	return w, nil
}

func makeEmpty(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fault.Because(fault.Storage, "app.Create", "cannot make the folder", err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return fault.Because(fault.Storage, "app.Create", "cannot read the folder", err)
	}
	if len(entries) > 0 {
		return fault.New(fault.Conflict, "app.Create", "the folder is not empty").
			With("choose a new folder; nothing was changed in this one")
	}
	return nil
}

// Open opens the workspace in dir with a passphrase. A wrong passphrase is
// fault.Sealed, damage is fault.Corrupt, a workspace that another process has open
// is fault.Conflict.
func Open(ctx context.Context, dir string, pass []byte, opt Options) (*Workspace, error) {
	opt = opt.withDefaults()
	if !Exists(dir) {
		return nil, fault.New(fault.NotFound, "app.Open", "there is no workspace in this folder").
			With("make one with amparo init, or name the right folder with --dir")
	}
	v, err := vault.Open(filepath.Join(dir, vaultFile), pass)
	if err != nil {
		return nil, err
	}
	debug.FreeOSMemory() // the memory that key stretching took
	return open(ctx, dir, v, opt)
}

func open(ctx context.Context, dir string, v *vault.Vault, opt Options) (w *Workspace, err error) {
	w = &Workspace{dir: dir, opt: opt, vault: v}
	w.rooms = &compartments{byName: map[string]*compartment{}, byID: map[id.ID]*compartment{}}
	w.people = &members{byID: map[id.ID]Card{}}
	w.schema.set = kind.Builtin()
	defer func() {
		if err != nil {
			err = errors.Join(err, w.closeFiles())
			w = nil
		}
	}()
	if w.lock, err = lockWorkspace(filepath.Join(dir, lockFile)); err != nil {
		return w, err
	}
	if err = sweep(dir); err != nil {
		return w, err
	}
	if err = w.openFiles(ctx); err != nil {
		return w, err
	}
	w.clock = journal.NewClock(opt.Now, 0)
	if err = w.recall(ctx); err != nil {
		return w, err
	}
	if err = w.hub.PutDevices(ctx, []hub.Device{{ID: v.Device(), PublicKey: v.PublicKey()}}); err != nil {
		return w, err
	}
	if w.tip.size, w.tip.prev, err = w.hub.Tip(ctx, v.Device()); err != nil {
		return w, err
	}
	if err = w.lookBack(); err != nil {
		return w, err
	}
	if err = w.catchUp(ctx, nil); err != nil {
		return w, err
	}
	_ = w.takeSearches(ctx) // a file that cannot be read does not keep the workspace shut: the next search says so
	return w, nil
}

func (w *Workspace) openFiles(ctx context.Context) error {
	kdb, err := w.openDB(ctx, keysFile, 1, 2048)
	if err != nil {
		return err
	}
	if w.keys, err = vault.OpenKeyring(ctx, w.vault, kdb); err != nil {
		return errors.Join(err, kdb.Close())
	}
	jdb, err := w.openDB(ctx, journalFile, w.opt.Readers, 4096)
	if err != nil {
		return err
	}
	if w.hub, err = file.Open(ctx, jdb, w.vault.Workspace()); err != nil {
		return errors.Join(err, jdb.Close())
	}
	xdb, err := w.openDB(ctx, indexFile, w.opt.Readers, 8192)
	if err != nil {
		return err
	}
	if w.index, err = index.Open(ctx, xdb, w.Schema(), w); err != nil {
		return errors.Join(err, xdb.Close())
	}
	return nil
}

func (w *Workspace) openDB(ctx context.Context, name string, readers, cache int) (*sealeddb.DB, error) {
	return sealeddb.Open(ctx, filepath.Join(w.dir, name), w.vault.PageKey(name), sealeddb.Options{Readers: readers, CacheKiB: cache})
}

// Close writes a checkpoint, closes the files and forgets the keys this package
// holds. What the runtime has copied is only gone when the process ends: to lock is
// to end the process.
func (w *Workspace) Close() error {
	w.hand.close()
	return errors.Join(w.endSearches(), w.Checkpoint(context.Background()), w.closeFiles())
}

func (w *Workspace) closeFiles() error {
	errs := []error{w.closeUnsaved()}
	if w.index != nil {
		errs = append(errs, w.index.Close())
	}
	if w.hub != nil {
		errs = append(errs, w.hub.Close())
	}
	if w.keys != nil {
		errs = append(errs, w.keys.Close())
	}
	if w.vault != nil {
		w.vault.Close()
	}
	if w.lock != nil {
		errs = append(errs, w.lock.Close())
	}
	return errors.Join(errs...)
}

// Schema returns the kinds and vocabularies of the workspace: the built-in ones and
// those it has declared itself.
func (w *Workspace) Schema() *kind.Set {
	w.schema.RLock()
	defer w.schema.RUnlock()
	return w.schema.set
}

// ID is the workspace's identifier; it says nothing and may be passed on.
func (w *Workspace) ID() id.ID { return w.vault.Workspace() }

// Dir is the workspace's folder.
func (w *Workspace) Dir() string { return w.dir }

// Index gives the delivery packages read access to lists and search.
func (w *Workspace) Index() *index.Index { return w.index }

// Hub is the journal's store.
func (w *Workspace) Hub() hub.Hub { return w.hub }

// ClockWarning reports a machine clock that was set back, or nil.
func (w *Workspace) ClockWarning() error { return w.clock.Check() }
