package vault

import (
	"bytes"
	"context"
	"crypto/cipher"
	"slices"
	"sync"

	"github.com/ncruces/go-sqlite3"

	"example.org/amparo/fault"
	"example.org/amparo/id"
	"example.org/amparo/internal/sealeddb"
)

// keys.db: who may open which compartment at which epoch, and every payload key
// wrapped under a compartment key. Nothing in it is append-only and it is in no data
// backup: a key that is deleted here is gone. Wrapped payload keys lie in buckets by
// the first bits of their identifier, so that a new epoch rewrites some thousands of
// rows and not some hundred thousand.
const keysDDL = `
CREATE TABLE IF NOT EXISTS compartment(id BLOB PRIMARY KEY, name BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS epoch(n INTEGER PRIMARY KEY AUTOINCREMENT, compartment BLOB NOT NULL, number INTEGER NOT NULL,
	tag BLOB NOT NULL, cert BLOB NOT NULL, UNIQUE(compartment, number, tag));
CREATE TABLE IF NOT EXISTS grants(epoch INTEGER NOT NULL, member BLOB NOT NULL, kem BLOB NOT NULL, sealed BLOB NOT NULL,
	PRIMARY KEY(epoch, member, kem)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS member(compartment BLOB NOT NULL, member BLOB NOT NULL, rank INTEGER NOT NULL, since INTEGER NOT NULL,
	kem BLOB NOT NULL, mac BLOB NOT NULL, PRIMARY KEY(compartment, member)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS destroyed(id BLOB NOT NULL, compartment BLOB NOT NULL, number INTEGER NOT NULL, mac BLOB NOT NULL,
	PRIMARY KEY(id, compartment)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS followed(compartment BLOB NOT NULL, member BLOB NOT NULL, number INTEGER NOT NULL, mac BLOB NOT NULL,
	PRIMARY KEY(compartment, member)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS bucket(n INTEGER PRIMARY KEY, changed INTEGER NOT NULL, wraps BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS state(k TEXT PRIMARY KEY, v INTEGER NOT NULL) WITHOUT ROWID;
`

// Keyring opens and makes the keys of compartments and of protected persons and cases
// for one member. It is safe for concurrent use.
type Keyring struct {
	v  *Vault
	db *sealeddb.DB

	// mu is held for writing while keys.db is written, so a reader never sees a key
	// wrapped at an epoch that it has not yet learned.
	mu      sync.RWMutex
	rooms   map[id.ID]*room
	epochs  map[int64]*epoch // those of rooms that are held
	pending map[id.ID]pendingKey
	cache   keyCache
}

// room is a compartment as this member knows it. When it is not held, only id and
// known say anything.
type room struct {
	id    id.ID
	name  string
	auth  []byte // the compartment's proof key: the same in all epochs, known to holders
	held  []*epoch
	known uint32 // highest epoch number that a holder has made
	older bool   // keys.db still has epochs before the present one
}

// now is the newest epoch this member can open, or nil.
func (r *room) now() *epoch {
	if r == nil || len(r.held) == 0 {
		return nil
	}
	return r.held[len(r.held)-1]
}

// epoch is one generation of a compartment's key.
type epoch struct {
	n      int64 // its row in keys.db
	number uint32
	tag    [8]byte // tells two epochs of one number apart
	key    []byte
	wraps  cipher.AEAD // seals payload keys
}

// compare orders epochs of one compartment: by number, and two of one number, made by
// devices that were out of touch, by their tag.
func (e *epoch) compare(o *epoch) int {
	if e.number != o.number {
		return int(int64(e.number) - int64(o.number))
	}
	return bytes.Compare(e.tag[:], o.tag[:])
}

func newEpoch(number uint32, key []byte) *epoch {
	e := &epoch{number: number, key: key, wraps: newGCM(expand(key, "amparo/v1 wrap", 32))}
	copy(e.tag[:], expand(key, "amparo/v1 epoch", 8))
	return e
}

// The labels of what a compartment's proof key authenticates.
const (
	authEpoch     = "amparo/v1 epoch made"
	authMember    = "amparo/v1 member"
	authDestroyed = "amparo/v1 destroyed"
	authFollowed  = "amparo/v1 followed"
	labelName     = "amparo/v1 name"
)

// OpenKeyring reads keys.db and opens the grants made to this member. It finishes a
// rotation of the member key that a crash interrupted. The keyring owns db and closes
// it.
func OpenKeyring(ctx context.Context, v *Vault, db *sealeddb.DB) (*Keyring, error) {
	k := &Keyring{v: v, db: db, pending: map[id.ID]pendingKey{}}
	k.cache.limit = maxCached
	err := db.Write(ctx, func(c *sqlite3.Conn) error {
		if err := c.Exec(keysDDL); err != nil {
			return err
		}
		return k.load(c)
	})
	if err != nil {
		return nil, err
	}
	if _, old := v.privateKeys(); old != nil {
		k.mu.Lock()
		defer k.mu.Unlock()
		return k, k.finishRotation(ctx)
	}
	return k, nil
}

// load reads compartments and opens the grants that are not open yet. It replaces the
// keyring's maps; a failed transaction calls it again.
func (k *Keyring) load(c *sqlite3.Conn) error {
	rooms := map[id.ID]*room{}
	names := map[id.ID][]byte{}
	if err := sealeddb.Each(c, `SELECT id, name FROM compartment`, nil, func(s *sqlite3.Stmt) error {
		r := &room{id: id.ID(s.ColumnRawBlob(0))}
		rooms[r.id], names[r.id] = r, s.ColumnBlob(1, nil)
		return nil
	}); err != nil {
		return err
	}
	if err := k.loadEpochs(c, rooms); err != nil {
		return err
	}
	epochs := map[int64]*epoch{}
	for _, r := range rooms {
		if len(r.held) == 0 {
			continue
		}
		slices.SortFunc(r.held, (*epoch).compare)
		if name, ok := openBox(r.auth, labelName, names[r.id]); ok {
			r.name = string(name)
		}
		for _, e := range r.held {
			epochs[e.n] = e
		}
		if err := k.loadKnown(c, r); err != nil {
			return err
		}
	}
	k.rooms, k.epochs = rooms, epochs
	return nil
}

// loadEpochs opens the grants made to this member, oldest epoch first: the first proof
// key seen for a compartment is the one its later epochs must fit.
func (k *Keyring) loadEpochs(c *sqlite3.Conn, rooms map[id.ID]*room) error {
	member := k.v.Member()
	return sealeddb.Each(c, `SELECT e.n, e.compartment, e.number, e.tag, e.cert, g.sealed FROM grants g JOIN epoch e ON e.n = g.epoch
		WHERE g.member = ?1 ORDER BY e.number, e.tag, g.kem`, []any{member[:]}, func(s *sqlite3.Stmt) error {
		r := rooms[id.ID(s.ColumnRawBlob(1))]
		if r == nil {
			return nil
		}
		n := s.ColumnInt64(0)
		if slices.ContainsFunc(r.held, func(e *epoch) bool { return e.n == n }) {
			return nil // a grant to the member key before this one
		}
		tag := [8]byte(s.ColumnRawBlob(3))
		e, auth := k.openGrant(r, n, uint32(s.ColumnInt64(2)), tag, s.ColumnRawBlob(5))
		if e == nil || r.auth != nil && !bytes.Equal(auth, r.auth) || !certified(k.v.Workspace(), r.id, e.number, tag, auth, s.ColumnRawBlob(4)) {
			return nil
		}
		r.auth = auth
		r.held = append(r.held, e)
		return nil
	})
}

// openGrant opens a compartment key granted to this member. One made to a member key
// that is gone does not open: it gives nil.
func (k *Keyring) openGrant(r *room, n int64, number uint32, tag [8]byte, sealed []byte) (*epoch, []byte) {
	if e := k.epochs[n]; e != nil {
		if old := k.rooms[r.id]; old != nil && old.auth != nil {
			return e, old.auth
		}
	}
	info := grantInfo(k.v.Workspace(), r.id, number, tag, k.v.Member())
	now, before := k.v.privateKeys()
	secret, ok := openFrom(now, info, sealed)
	if !ok {
		secret, ok = openFrom(before, info, sealed)
	}
	if !ok || len(secret) != 64 {
		return nil, nil
	}
	e := newEpoch(number, secret[:32:32])
	if e.tag != tag {
		return nil, nil
	}
	e.n = n
	return e, secret[32:]
}

// loadKnown finds the highest epoch that a holder has made, whether or not it was
// granted to this member.
func (k *Keyring) loadKnown(c *sqlite3.Conn, r *room) error {
	return sealeddb.Each(c, `SELECT number, tag, cert FROM epoch WHERE compartment = ?1`, []any{r.id[:]}, func(s *sqlite3.Stmt) error {
		number, tag := uint32(s.ColumnInt64(0)), [8]byte(s.ColumnRawBlob(1))
		r.older = r.older || (&epoch{number: number, tag: tag}).compare(r.now()) < 0
		if number > r.known && certified(k.v.Workspace(), r.id, number, tag, r.auth, s.ColumnRawBlob(2)) {
			r.known = number
		}
		return nil
	})
}

// certify proves that an epoch was made by a holder of the compartment: without it
// anyone who knows a member's public key could hand that member a key of his own to
// wrap everything under.
func certify(workspace, compartment id.ID, number uint32, tag [8]byte, auth []byte) [32]byte {
	return authenticate(auth, authEpoch, workspace[:], compartment[:], be32(number), tag[:])
}

func certified(workspace, compartment id.ID, number uint32, tag [8]byte, auth, cert []byte) bool {
	want := certify(workspace, compartment, number, tag, auth)
	return bytes.Equal(want[:], cert)
}

// Compartment is what a set of members can open.
type Compartment struct {
	ID     id.ID
	Name   string // known to holders only
	Epoch  uint32 // of the key this member uses; 0 if it holds none
	Held   bool
	Behind bool // a colleague has made a newer epoch that was not granted to this member yet
}

// Compartments lists the compartments this device has heard of, by identifier.
func (k *Keyring) Compartments() []Compartment {
	k.mu.RLock()
	defer k.mu.RUnlock()
	out := make([]Compartment, 0, len(k.rooms))
	for _, r := range k.rooms {
		c := Compartment{ID: r.id, Name: r.name}
		if e := r.now(); e != nil {
			c.Epoch, c.Held, c.Behind = e.number, true, r.known > e.number
		}
		out = append(out, c)
	}
	slices.SortFunc(out, func(a, b Compartment) int { return a.ID.Compare(b.ID) })
	return out
}

// Held reports whether this member can open a compartment.
func (k *Keyring) Held(compartment id.ID) bool { return k.Epoch(compartment) > 0 }

// Epoch is the epoch of the compartment key this member uses, 0 if it holds none.
func (k *Keyring) Epoch(compartment id.ID) uint32 {
	k.mu.RLock()
	defer k.mu.RUnlock()
	if e := k.rooms[compartment].now(); e != nil {
		return e.number
	}
	return 0
}

// CreateCompartment makes a compartment that this member alone can open, durably, and
// returns its identifier. Only holders ever learn its name.
func (k *Keyring) CreateCompartment(name string) (id.ID, error) {
	if len(name) == 0 || len(name) > 200 {
		return id.ID{}, fault.New(fault.Invalid, "vault.CreateCompartment", "a compartment's name has 1 to 200 bytes")
	}
	secret := make([]byte, 64)
	if err := fill(k.v.rand, secret); err != nil {
		return id.ID{}, err
	}
	r := &room{id: id.New(k.v.rand), name: name, auth: secret[32:]}
	box, err := sealBox(r.auth, labelName, []byte(name), k.v.rand)
	if err != nil {
		return id.ID{}, err
	}
	err = k.update(context.Background(), func(c *sqlite3.Conn) error {
		if err := sealeddb.Run(c, `INSERT INTO compartment(id, name) VALUES (?1, ?2)`, r.id[:], box); err != nil {
			return err
		}
		e := newEpoch(1, secret[:32:32])
		if err := k.putEpoch(c, r, e); err != nil {
			return err
		}
		if err := k.putMember(c, r, k.v.Member(), k.v.MemberKey(), 1); err != nil {
			return err
		}
		return k.putGrant(c, r, e, k.v.Member(), k.v.MemberKey())
	})
	return r.id, err
}

// update runs fn in the one writing transaction and learns its result. The caller does
// not hold mu.
func (k *Keyring) update(ctx context.Context, fn func(c *sqlite3.Conn) error) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.updateLocked(ctx, fn)
}

func (k *Keyring) updateLocked(ctx context.Context, fn func(c *sqlite3.Conn) error) error {
	rooms, epochs := k.rooms, k.epochs
	err := k.db.Write(ctx, func(c *sqlite3.Conn) error {
		if err := fn(c); err != nil {
			return err
		}
		return k.load(c)
	})
	if err != nil {
		k.rooms, k.epochs = rooms, epochs
	}
	return err
}

func (k *Keyring) putEpoch(c *sqlite3.Conn, r *room, e *epoch) error {
	cert := certify(k.v.Workspace(), r.id, e.number, e.tag, r.auth)
	if err := sealeddb.Run(c, `INSERT INTO epoch(compartment, number, tag, cert) VALUES (?1, ?2, ?3, ?4)`,
		r.id[:], int64(e.number), e.tag[:], cert[:]); err != nil {
		return err
	}
	e.n = c.LastInsertRowID()
	return nil
}

func (k *Keyring) putGrant(c *sqlite3.Conn, r *room, e *epoch, member id.ID, kem []byte) error {
	sealed, err := sealTo(kem, grantInfo(k.v.Workspace(), r.id, e.number, e.tag, member), slices.Concat(e.key, r.auth))
	if err != nil {
		return err
	}
	t := kemTag(kem)
	return sealeddb.Run(c, `INSERT INTO grants(epoch, member, kem, sealed) VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING`,
		e.n, member[:], t[:], sealed)
}

// DB is the file under the keyring, for checks of its pages.
func (k *Keyring) DB() *sealeddb.DB { return k.db }

// Close forgets the keys it holds and closes keys.db. Keys not flushed are lost: no
// acknowledged entry uses them.
func (k *Keyring) Close() error {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.cache.drop()
	for _, p := range k.pending {
		p.key.wipe()
	}
	for _, r := range k.rooms {
		clear(r.auth)
		for _, e := range r.held {
			clear(e.key)
		}
	}
	k.rooms, k.epochs, k.pending = nil, nil, map[id.ID]pendingKey{}
	return k.db.Close()
}
