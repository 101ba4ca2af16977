package vault

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"slices"

	"github.com/ncruces/go-sqlite3"

	"example.org/amparo/fault"
	"example.org/amparo/id"
	"example.org/amparo/internal/sealeddb"
)

// maxCached bounds the payload keys kept in memory: about 10 MB.
const maxCached = 1 << 15

const variantSize = 8

// variantTag tells two keys of one identifier apart.
func variantTag(key []byte) (t [variantSize]byte) {
	copy(t[:], expand(key, "amparo/v1 variant", variantSize))
	return t
}

type pendingKey struct {
	compartment id.ID
	key         *PayloadKey
}

// NewPayloadKey makes a key for a person or case in a compartment under a new
// identifier. The key is in memory only until [Keyring.Flush], which must come before
// any entry sealed with it is acknowledged.
func (k *Keyring) NewPayloadKey(compartment id.ID) (id.ID, *PayloadKey, error) {
	keyID := id.New(k.v.rand)
	p, err := k.Ensure(context.Background(), compartment, keyID)
	return keyID, p, err
}

// Ensure returns the payload key with that identifier, making it in the compartment if
// it is new; Flush then makes it durable. The caller chooses identifiers so that each
// belongs to one compartment. A key that was destroyed is fault.Sealed for ever, a
// compartment that is not held fault.Denied.
func (k *Keyring) Ensure(ctx context.Context, compartment, key id.ID) (*PayloadKey, error) {
	p, err := k.find(ctx, key)
	if !errors.Is(err, errNoKey) {
		return p, err
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if p, ok := k.pending[key]; ok {
		return p.key, nil
	}
	if p := k.cache.get(key); p != nil {
		return p, nil // another caller made it, and it was flushed meanwhile
	}
	if k.rooms[compartment].now() == nil {
		return nil, notHeld()
	}
	var raw [32]byte
	if err := fill(k.v.rand, raw[:]); err != nil {
		return nil, err
	}
	p = newPayloadKey(raw)
	k.pending[key] = pendingKey{compartment, p}
	return p, nil
}

// PayloadKey returns a payload key. One that is missing, was destroyed, or is in a
// compartment this member does not hold is fault.Sealed; a damaged one fault.Corrupt.
func (k *Keyring) PayloadKey(key id.ID) (*PayloadKey, error) {
	return k.find(context.Background(), key)
}

// errNoKey marks a key nobody has made yet, apart from one that was destroyed.
var errNoKey = fault.New(fault.Sealed, "vault", "there is no such payload key here")

func destroyed() error {
	return fault.New(fault.Sealed, "vault", "the key was destroyed: what it sealed cannot be read any more")
}

func (k *Keyring) find(ctx context.Context, key id.ID) (*PayloadKey, error) {
	k.mu.RLock()
	defer k.mu.RUnlock()
	if p, ok := k.pending[key]; ok {
		return p.key, nil
	}
	if p := k.cache.get(key); p != nil {
		return p, nil
	}
	var p *PayloadKey
	err := k.db.Read(ctx, func(c *sqlite3.Conn) error {
		get, _, err := c.Prepare(selectBucket)
		if err != nil {
			return err
		}
		defer get.Close()
		p, err = k.fetch(c, get, key)
		return err
	})
	if err != nil {
		return nil, err
	}
	return k.cache.put(key, p), nil
}

// Load brings many payload keys into memory in one reading transaction; those this
// member cannot open are passed over.
func (k *Keyring) Load(ctx context.Context, keys []id.ID) error {
	k.mu.RLock()
	defer k.mu.RUnlock()
	return k.db.Read(ctx, func(c *sqlite3.Conn) error {
		get, _, err := c.Prepare(selectBucket)
		if err != nil {
			return err
		}
		defer get.Close()
		for _, key := range keys {
			if _, ok := k.pending[key]; ok || k.cache.get(key) != nil {
				continue
			}
			p, err := k.fetch(c, get, key)
			if errors.Is(err, fault.Sealed) {
				continue
			}
			if err != nil {
				return err
			}
			k.cache.put(key, p)
		}
		return nil
	})
}

// fetch reads one key from its bucket and unwraps it.
func (k *Keyring) fetch(c *sqlite3.Conn, get *sqlite3.Stmt, key id.ID) (*PayloadKey, error) {
	p := &PayloadKey{}
	known := false
	err := sealeddb.EachOf(get, []any{bucketOf(key)}, func(s *sqlite3.Stmt) error {
		for w := range wrapsOf(s.ColumnRawBlob(0), key) {
			known = true
			e := k.epochs[w.epoch()]
			if e == nil {
				continue
			}
			raw, ok := w.open(e)
			if !ok {
				return damagedKey()
			}
			v := newVariant(raw)
			if !slices.ContainsFunc(p.variants, func(o *variant) bool { return o.tag == v.tag }) {
				p.variants = append(p.variants, v)
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	if len(p.variants) > 0 {
		slices.SortFunc(p.variants, func(a, b *variant) int { return bytes.Compare(a.tag[:], b.tag[:]) })
		return p, nil
	}
	if known {
		return nil, fault.New(fault.Sealed, "vault", "this member does not hold the compartment of that key")
	}
	gone := false
	if err := sealeddb.Each(c, `SELECT 1 FROM destroyed WHERE id = ?1`, []any{key[:]}, func(*sqlite3.Stmt) error { gone = true; return nil }); err != nil {
		return nil, err
	}
	if gone {
		return nil, destroyed()
	}
	return nil, errNoKey
}

func damagedKey() error {
	return fault.New(fault.Corrupt, "vault", "a payload key in keys.db is damaged").With("restore keys.db from another device")
}

// Known reports whether keys.db has a payload key, held or not, and whether it was
// destroyed.
func (k *Keyring) Known(ctx context.Context, key id.ID) (have, gone bool, err error) {
	k.mu.RLock()
	defer k.mu.RUnlock()
	_, have = k.pending[key]
	err = k.db.Read(ctx, func(c *sqlite3.Conn) error {
		if err := sealeddb.Each(c, selectBucket, []any{bucketOf(key)}, func(s *sqlite3.Stmt) error {
			for range wrapsOf(s.ColumnRawBlob(0), key) {
				have = true
			}
			return nil
		}); err != nil {
			return err
		}
		return sealeddb.Each(c, `SELECT 1 FROM destroyed WHERE id = ?1`, []any{key[:]}, func(*sqlite3.Stmt) error { gone = true; return nil })
	})
	return have, gone, err
}

// Flush makes new payload keys durable in one transaction.
func (k *Keyring) Flush(ctx context.Context) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.flushLocked(ctx)
}

func (k *Keyring) flushLocked(ctx context.Context) error {
	if len(k.pending) == 0 {
		return nil
	}
	var all []wrap
	for key, p := range k.pending {
		e := k.rooms[p.compartment].now()
		if e == nil {
			return notHeld()
		}
		v := p.key.variants[0]
		w, err := newWrap(key, v.tag, e, v.key[:], k.v.rand)
		if err != nil {
			return err
		}
		all = append(all, w)
	}
	if err := k.db.Write(ctx, func(c *sqlite3.Conn) error {
		_, err := putWraps(c, all)
		return err
	}); err != nil {
		return err
	}
	for key, p := range k.pending {
		k.cache.put(key, p.key)
	}
	clear(k.pending)
	return nil
}

// Check opens every wrapped payload key of the compartments held. bad are the
// identifiers of those that do not open although they should; sealed counts those of
// compartments that are not held.
func (k *Keyring) Check(ctx context.Context) (opened, sealed int, bad []id.ID, err error) {
	k.mu.RLock()
	defer k.mu.RUnlock()
	err = k.db.Read(ctx, func(c *sqlite3.Conn) error {
		return sealeddb.Each(c, `SELECT wraps FROM bucket ORDER BY n`, nil, func(s *sqlite3.Stmt) error {
			for w := range slices.Chunk(s.ColumnRawBlob(0), wrapSize) {
				w := wrap(w)
				e := k.epochs[w.epoch()]
				if e == nil {
					sealed++
				} else if raw, ok := w.open(e); !ok || variantTag(raw[:]) != w.variant() {
					bad = append(bad, w.id())
				} else {
					opened++
				}
			}
			return nil
		})
	})
	return opened, sealed, bad, err
}

func uint32At(b []byte) uint32 { return binary.BigEndian.Uint32(b) }
