package vault

import (
	"bytes"
	"context"
	"encoding/binary"
	"slices"

	"github.com/ncruces/go-sqlite3"

	"example.org/amparo/fault"
	"example.org/amparo/id"
	"example.org/amparo/internal/sealeddb"
)

// Erasure tells what a destruction did, for the journal and for the person who asked.
type Erasure struct {
	Keys         []id.ID // destroyed, now or before, ordered
	Compartments []id.ID // whose key was renewed
	Rewrapped    int     // keys of other people, wrapped under the new epochs
	Pending      []id.ID // members who still have to follow; see [Keyring.Pending]
}

// Destroy deletes payload keys for ever: the keys, then a new epoch of every
// compartment they were in, all other keys wrapped under it, new grants to all members,
// a new member key for this member, and keys.db rewritten so that no page holds what
// was deleted. The old compartment keys and grants are gone here; the erasure is
// complete when no member is pending. A key destroyed before is no error, a key never
// heard of is fault.NotFound, a key of a compartment not held fault.Denied; then
// nothing is destroyed.
//
// What it does not undo: plaintext that was exported, and a copy of an old keys.db in
// the hands of somebody who also has an old vault.keys with its passphrase.
func (k *Keyring) Destroy(ctx context.Context, keys ...id.ID) (Erasure, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	var e Erasure
	if len(keys) == 0 {
		return e, nil
	}
	if err := k.flushLocked(ctx); err != nil {
		return e, err
	}
	if err := k.v.RotateMember(); err != nil {
		return e, err
	}
	err := k.updateLocked(ctx, func(c *sqlite3.Conn) error {
		e = Erasure{Keys: slices.Clone(keys)}
		if err := k.moveToPresentKey(c); err != nil {
			return err
		}
		return k.destroy(c, &e)
	})
	if err != nil {
		return Erasure{}, err
	}
	k.cache.forget(keys...)
	if err := k.leaveOldKey(ctx); err != nil {
		return e, err
	}
	e.Pending, err = k.pendingFor(ctx, keys)
	return e, err
}

// Renew gives compartments a new epoch without destroying anything, and this member a
// new key: what leaked of the old ones opens nothing that is written from then on. It
// fails as Destroy does.
func (k *Keyring) Renew(ctx context.Context, compartments ...id.ID) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if err := k.flushLocked(ctx); err != nil {
		return err
	}
	if err := k.v.RotateMember(); err != nil {
		return err
	}
	if err := k.updateLocked(ctx, func(c *sqlite3.Conn) error {
		if err := k.moveToPresentKey(c); err != nil {
			return err
		}
		targets := map[id.ID]*epoch{}
		for _, at := range compartments {
			if k.rooms[at].now() == nil {
				return notHeld()
			}
			if targets[at] != nil {
				continue
			}
			var err error
			if targets[at], err = k.nextEpoch(c, k.rooms[at]); err != nil {
				return err
			}
		}
		_, err := k.carryOver(c, targets, nil)
		return err
	}); err != nil {
		return err
	}
	return k.leaveOldKey(ctx)
}

func (k *Keyring) destroy(c *sqlite3.Conn, e *Erasure) error {
	slices.SortFunc(e.Keys, id.ID.Compare)
	e.Keys = slices.Compact(e.Keys)
	in, err := k.whereabouts(c, e.Keys)
	if err != nil {
		return err
	}
	targets := map[id.ID]*epoch{}
	for _, key := range e.Keys {
		for _, compartment := range in[key] {
			r := k.rooms[compartment]
			if targets[compartment] == nil {
				if targets[compartment], err = k.nextEpoch(c, r); err != nil {
					return err
				}
				e.Compartments = append(e.Compartments, compartment)
			}
			if err := k.bury(c, r, key, targets[compartment].number); err != nil {
				return err
			}
		}
	}
	slices.SortFunc(e.Compartments, id.ID.Compare)
	e.Rewrapped, err = k.carryOver(c, targets, e.Keys)
	return err
}

// whereabouts finds the compartments of keys that are to be destroyed.
func (k *Keyring) whereabouts(c *sqlite3.Conn, keys []id.ID) (map[id.ID][]id.ID, error) {
	of, err := compartmentOfEpoch(c)
	if err != nil {
		return nil, err
	}
	in := map[id.ID][]id.ID{}
	for _, key := range keys {
		gone := false
		if err := sealeddb.Each(c, selectBucket, []any{bucketOf(key)}, func(s *sqlite3.Stmt) error {
			for w := range wrapsOf(s.ColumnRawBlob(0), key) {
				if at := of[w.epoch()]; !slices.Contains(in[key], at) {
					in[key] = append(in[key], at)
				}
			}
			return nil
		}); err != nil {
			return nil, err
		}
		if err := sealeddb.Each(c, `SELECT 1 FROM destroyed WHERE id = ?1`, []any{key[:]}, func(*sqlite3.Stmt) error { gone = true; return nil }); err != nil {
			return nil, err
		}
		if len(in[key]) == 0 && !gone {
			return nil, fault.New(fault.NotFound, "vault.Destroy", "there is no payload key %s here", key)
		}
		for _, at := range in[key] {
			if k.rooms[at].now() == nil {
				return nil, notHeld()
			}
		}
	}
	return in, nil
}

func compartmentOfEpoch(c *sqlite3.Conn) (map[int64]id.ID, error) {
	of := map[int64]id.ID{}
	err := sealeddb.Each(c, `SELECT n, compartment FROM epoch`, nil, func(s *sqlite3.Stmt) error {
		of[s.ColumnInt64(0)] = id.ID(s.ColumnRawBlob(1))
		return nil
	})
	return of, err
}

// nextEpoch makes a new key for a compartment and grants it to all its members.
func (k *Keyring) nextEpoch(c *sqlite3.Conn, r *room) (*epoch, error) {
	key := make([]byte, 32)
	if err := fill(k.v.rand, key); err != nil {
		return nil, err
	}
	e := newEpoch(max(r.known, r.now().number)+1, key)
	if err := k.putEpoch(c, r, e); err != nil {
		return nil, err
	}
	return e, k.grantAll(c, r, e)
}

func (k *Keyring) destroyedMAC(r *room, key id.ID, number uint32) [32]byte {
	ws := k.v.Workspace()
	return authenticate(r.auth, authDestroyed, ws[:], r.id[:], key[:], be32(number))
}

// bury records that a key is destroyed as of an epoch: no wrap of it has existed under
// that epoch or a later one.
func (k *Keyring) bury(c *sqlite3.Conn, r *room, key id.ID, number uint32) error {
	mac := k.destroyedMAC(r, key, number)
	return sealeddb.Run(c, `INSERT INTO destroyed(id, compartment, number, mac) VALUES (?1, ?2, ?3, ?4)
		ON CONFLICT DO UPDATE SET number = excluded.number, mac = excluded.mac WHERE excluded.number > number`,
		key[:], r.id[:], int64(number), mac[:])
}

// carryOver wraps every key of the compartments in targets under their new epoch,
// leaves out the keys in drop, and deletes the epochs before it with their grants. A
// wrap that does not open here, because it was made under an epoch this device has
// left already, stays until its maker has carried it over.
func (k *Keyring) carryOver(c *sqlite3.Conn, targets map[id.ID]*epoch, drop []id.ID) (moved int, err error) {
	if len(targets) == 0 {
		return 0, nil
	}
	of, err := compartmentOfEpoch(c)
	if err != nil {
		return 0, err
	}
	m := mover{k: k, target: map[int64]*epoch{}, drop: map[id.ID]bool{}, left: map[int64]bool{}}
	for n, at := range of {
		if e := targets[at]; e != nil {
			m.target[n] = e
		}
	}
	for _, key := range drop {
		m.drop[key] = true
	}
	if err := eachBucket(c, m.bucket); err != nil {
		return 0, err
	}
	for at, e := range targets {
		if err := k.dropOlder(c, at, e, m.left); err != nil {
			return 0, err
		}
	}
	return m.moved, nil
}

// mover rewrites buckets.
type mover struct {
	k      *Keyring
	target map[int64]*epoch // by row of the old epoch: the epoch to move to
	drop   map[id.ID]bool
	left   map[int64]bool // epochs under which something could not be opened
	moved  int
	buf    [wrapSize]byte
}

func (m *mover) bucket(wraps []byte) ([]byte, error) {
	out := make([]byte, 0, len(wraps))
	for len(wraps) > 0 {
		n := wrapSize
		for n < len(wraps) && bytes.Equal(wraps[n:n+24], wraps[:24]) {
			n += wrapSize
		}
		var err error
		if out, err = m.group(out, wraps[:n]); err != nil {
			return nil, err
		}
		wraps = wraps[n:]
	}
	return out, nil
}

// group moves the wraps of one key: all those of one identifier and variant.
func (m *mover) group(out, wraps []byte) ([]byte, error) {
	if len(wraps) == wrapSize { // nearly always: one key, one epoch
		switch e := m.target[wrap(wraps).epoch()]; {
		case e == nil:
			return append(out, wraps...), nil
		case m.drop[wrap(wraps).id()]:
			return out, nil
		case e.n == wrap(wraps).epoch():
			return append(out, wraps...), nil
		default:
			moved, _, err := m.move(wraps, e)
			return append(out, moved...), err
		}
	}
	start := len(out)
	there := map[*epoch]bool{}
	for w := range slices.Chunk(wraps, wrapSize) {
		w := wrap(w)
		if e := m.target[w.epoch()]; e != nil && e.n == w.epoch() {
			there[e] = true
		}
	}
	for w := range slices.Chunk(wraps, wrapSize) {
		w := wrap(w)
		e := m.target[w.epoch()]
		switch {
		case e == nil:
			out = append(out, w...)
		case m.drop[w.id()]:
		case e.n == w.epoch():
			out = append(out, w...)
		case there[e]:
		default:
			moved, ok, err := m.move(w, e)
			if err != nil {
				return nil, err
			}
			out, there[e] = append(out, moved...), ok
		}
	}
	if len(out)-start > wrapSize {
		sortWraps(out[start:])
	}
	return out, nil
}

// move wraps a key under another epoch. The result is valid until the next call.
func (m *mover) move(w wrap, to *epoch) (wrap, bool, error) {
	from := m.k.epochs[w.epoch()]
	if from == nil {
		m.left[w.epoch()] = true
		return w, false, nil
	}
	raw, ok := w.open(from)
	if !ok {
		return nil, false, damagedKey()
	}
	defer clear(raw[:])
	m.moved++
	copy(m.buf[:], w.name())
	binary.BigEndian.PutUint32(m.buf[24:], uint32(to.n))
	moved, err := appendWrap(m.buf[:wrapHead], to, raw[:], m.k.v.rand)
	return moved, true, err
}

func sortWraps(b []byte) {
	var ws []wrap
	for w := range slices.Chunk(bytes.Clone(b), wrapSize) {
		ws = append(ws, w)
	}
	slices.SortFunc(ws, compareWraps)
	for i, w := range ws {
		copy(b[i*wrapSize:], w)
	}
}

// dropOlder deletes the epochs of a compartment before now, and all grants of them.
func (k *Keyring) dropOlder(c *sqlite3.Conn, compartment id.ID, now *epoch, left map[int64]bool) error {
	var older []int64
	if err := sealeddb.Each(c, `SELECT n, number, tag FROM epoch WHERE compartment = ?1`, []any{compartment[:]}, func(s *sqlite3.Stmt) error {
		e := &epoch{number: uint32(s.ColumnInt64(1)), tag: [8]byte(s.ColumnRawBlob(2))}
		if e.compare(now) < 0 {
			older = append(older, s.ColumnInt64(0))
		}
		return nil
	}); err != nil {
		return err
	}
	for _, n := range older {
		if err := sealeddb.Run(c, `DELETE FROM grants WHERE epoch = ?1`, n); err != nil {
			return err
		}
		if left[n] {
			continue
		}
		if err := sealeddb.Run(c, `DELETE FROM epoch WHERE n = ?1`, n); err != nil {
			return err
		}
	}
	return nil
}

// Pending lists the members who have not yet followed the destruction of these keys:
// until they exchange once, an old copy of their keys opens what was destroyed. An
// erasure may be called complete when the list is empty. Keys destroyed in a
// compartment this member does not hold are passed over.
func (k *Keyring) Pending(ctx context.Context, keys ...id.ID) ([]id.ID, error) {
	k.mu.RLock()
	defer k.mu.RUnlock()
	return k.pendingFor(ctx, keys)
}

func (k *Keyring) pendingFor(ctx context.Context, keys []id.ID) ([]id.ID, error) {
	var out []id.ID
	err := k.db.Read(ctx, func(c *sqlite3.Conn) error {
		out = nil
		since := map[id.ID]uint32{} // the newest epoch to follow, by compartment
		for _, key := range keys {
			if err := sealeddb.Each(c, `SELECT compartment, number FROM destroyed WHERE id = ?1`, []any{key[:]}, func(s *sqlite3.Stmt) error {
				at := id.ID(s.ColumnRawBlob(0))
				since[at] = max(since[at], uint32(s.ColumnInt64(1)))
				return nil
			}); err != nil {
				return err
			}
		}
		for at, number := range since {
			r := k.rooms[at]
			if r.now() == nil {
				continue
			}
			late, err := k.late(c, r, number)
			if err != nil {
				return err
			}
			out = append(out, late...)
		}
		return nil
	})
	slices.SortFunc(out, id.ID.Compare)
	return slices.Compact(out), err
}

// late lists the members of r who were in it before an epoch and have not reached it.
func (k *Keyring) late(c *sqlite3.Conn, r *room, number uint32) ([]id.ID, error) {
	members, err := k.admittedTo(c, r)
	if err != nil {
		return nil, err
	}
	ws := k.v.Workspace()
	var out []id.ID
	for _, a := range members {
		if a.since >= number {
			continue
		}
		reached := false
		if err := sealeddb.Each(c, `SELECT number, mac FROM followed WHERE compartment = ?1 AND member = ?2`, []any{r.id[:], a.member[:]}, func(s *sqlite3.Stmt) error {
			at := uint32(s.ColumnInt64(0))
			mac := authenticate(r.auth, authFollowed, ws[:], r.id[:], a.member[:], be32(at))
			reached = at >= number && bytes.Equal(mac[:], s.ColumnRawBlob(1))
			return nil
		}); err != nil {
			return nil, err
		}
		if !reached {
			out = append(out, a.member)
		}
	}
	return out, nil
}
