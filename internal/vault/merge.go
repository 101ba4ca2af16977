package vault

import (
	"bytes"
	"context"
	"maps"
	"slices"

	"github.com/ncruces/go-sqlite3"

	"example.org/amparo/fault"
	"example.org/amparo/id"
	"example.org/amparo/internal/sealeddb"
)

// Merged tells what a keyset brought.
type Merged struct {
	Gained    []id.ID // compartments this member can open from now on
	Renewed   []id.ID // compartments that moved to a newer epoch
	Destroyed []id.ID // payload keys that are destroyed here by this
	Keys      int     // payload keys that were new here
	Refused   int     // parts whose proof does not fit: somebody made them who holds no key
}

// Merge takes in a keyset of another device: the union of both, where what was
// destroyed wins, and of two epochs the newer. The order of merges does not matter, nor
// does a keyset merged twice. When a newer epoch came, the keys only this device had
// wrapped are carried over to it, the older compartment key and its grants are deleted,
// this member's own key is renewed, and the member counts as having followed.
//
// A keyset of another workspace is fault.Foreign, a malformed one fault.Corrupt. The
// caller has verified that a device of this workspace signed it: for a compartment
// whose first grant it brings, nothing else vouches.
func (k *Keyring) Merge(ctx context.Context, data []byte) (Merged, error) {
	in, err := decodeKeyset(data)
	if err != nil {
		return Merged{}, err
	}
	if in.Workspace != k.v.Workspace() {
		return Merged{}, fault.New(fault.Foreign, "vault.Merge", "the keyset is of another workspace")
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if err := k.flushLocked(ctx); err != nil {
		return Merged{}, err
	}
	before := k.rooms
	var m merger
	err = k.updateLocked(ctx, func(c *sqlite3.Conn) error {
		m = merger{k: k, c: c, gained: map[id.ID]bool{}}
		return m.run(in, before)
	})
	if err != nil {
		return Merged{}, err
	}
	k.cache.forget(m.out.Destroyed...)
	k.cache.reset()
	for _, r := range k.sorted() {
		was, is := before[r.id].now(), r.now()
		switch {
		case is != nil && was == nil:
			m.out.Gained = append(m.out.Gained, r.id)
		case is != nil && is.compare(was) > 0:
			m.out.Renewed = append(m.out.Renewed, r.id)
		}
	}
	return m.out, k.follow(ctx)
}

// follow renews the member key if an epoch came that this device has not followed:
// old copies of its grants then open no more. The caller holds mu.
func (k *Keyring) follow(ctx context.Context) error {
	owes := false
	err := k.db.Read(ctx, func(c *sqlite3.Conn) error {
		for _, r := range k.rooms {
			now := r.now()
			if now == nil {
				continue
			}
			late, err := k.late(c, r, now.number)
			if err != nil {
				return err
			}
			owes = owes || slices.Contains(late, k.v.Member())
		}
		return nil
	})
	if err != nil || !owes {
		return err
	}
	if err := k.v.RotateMember(); err != nil {
		return err
	}
	return k.finishRotation(ctx)
}

// merger takes one keyset in.
type merger struct {
	k      *Keyring
	c      *sqlite3.Conn
	gained map[id.ID]bool // compartments held since this merge
	out    Merged
}

func (m *merger) run(in *keyset, before map[id.ID]*room) error {
	for _, r := range in.Compartments {
		if err := m.room(r); err != nil {
			return err
		}
	}
	if err := m.k.load(m.c); err != nil {
		return err
	}
	for _, r := range m.k.sorted() {
		if r.now() != nil && before[r.id].now() == nil {
			if err := m.purge(r); err != nil {
				return err
			}
			m.gained[r.id] = true
		}
	}
	return m.settle()
}

// room stores what a keyset says of one compartment. Where the compartment is held,
// only what its holders made is let in.
func (m *merger) room(in keysetRoom) error {
	r := m.k.rooms[in.ID]
	if r.now() == nil {
		r = &room{id: in.ID}
	}
	if err := m.name(r, in.Name); err != nil {
		return err
	}
	for _, e := range in.Epochs {
		if err := m.epoch(r, e); err != nil {
			return err
		}
	}
	for _, a := range in.Members {
		if mac := m.k.memberMAC(r, a.Member, a.Rank, a.Since, a.KEM); r.auth != nil && mac != a.MAC {
			m.out.Refused++
			continue
		}
		if err := sealeddb.Run(m.c, `INSERT INTO member(compartment, member, rank, since, kem, mac) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
			ON CONFLICT DO UPDATE SET rank = excluded.rank, since = excluded.since, kem = excluded.kem, mac = excluded.mac
			WHERE (excluded.rank, excluded.kem, excluded.since) > (rank, kem, since)`,
			r.id[:], a.Member[:], int64(a.Rank), int64(a.Since), a.KEM, a.MAC[:]); err != nil {
			return err
		}
	}
	if err := m.marks(r, in.Destroyed, authDestroyed, `INSERT INTO destroyed(compartment, id, number, mac) VALUES (?1, ?2, ?3, ?4)
		ON CONFLICT DO UPDATE SET number = excluded.number, mac = excluded.mac WHERE excluded.number > number`); err != nil {
		return err
	}
	return m.marks(r, in.Followed, authFollowed, `INSERT INTO followed(compartment, member, number, mac) VALUES (?1, ?2, ?3, ?4)
		ON CONFLICT DO UPDATE SET number = excluded.number, mac = excluded.mac WHERE excluded.number > number`)
}

func (m *merger) marks(r *room, in []keysetMark, label, insert string) error {
	ws := m.k.v.Workspace()
	for _, d := range in {
		if mac := authenticate(r.auth, label, ws[:], r.id[:], d.ID[:], be32(d.Number)); r.auth != nil && mac != d.MAC {
			m.out.Refused++
			continue
		}
		if err := sealeddb.Run(m.c, insert, r.id[:], d.ID[:], int64(d.Number), d.MAC[:]); err != nil {
			return err
		}
	}
	return nil
}

// name keeps a compartment's sealed name: of two, the one that opens, or the smaller.
func (m *merger) name(r *room, box []byte) error {
	var have []byte
	if err := sealeddb.Each(m.c, `SELECT name FROM compartment WHERE id = ?1`, []any{r.id[:]}, func(s *sqlite3.Stmt) error {
		have = s.ColumnBlob(0, nil)
		return nil
	}); err != nil {
		return err
	}
	if r.auth != nil {
		if _, ok := openBox(r.auth, labelName, box); !ok {
			m.out.Refused++
			return nil
		}
		if _, ok := openBox(r.auth, labelName, have); !ok {
			have = nil
		}
	}
	if have != nil && bytes.Compare(have, box) <= 0 {
		return nil
	}
	return sealeddb.Run(m.c, `INSERT INTO compartment(id, name) VALUES (?1, ?2) ON CONFLICT DO UPDATE SET name = excluded.name`, r.id[:], box)
}

// epoch stores an epoch with its grants and wraps. One that is older than the present
// epoch and brings nothing to carry over is left out: old grants are not kept.
func (m *merger) epoch(r *room, in keysetEpoch) error {
	if r.auth != nil && !certified(m.k.v.Workspace(), r.id, in.Number, in.Tag, r.auth, in.Cert[:]) {
		m.out.Refused++
		return nil
	}
	older := false
	if now := r.now(); now != nil {
		older = (&epoch{number: in.Number, tag: in.Tag}).compare(now) < 0
	}
	if older && len(in.Wraps) == 0 && len(in.Grants) == 0 {
		return nil
	}
	if err := sealeddb.Run(m.c, `INSERT INTO epoch(compartment, number, tag, cert) VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING`,
		r.id[:], int64(in.Number), in.Tag[:], in.Cert[:]); err != nil {
		return err
	}
	n := int64(0)
	if err := sealeddb.Each(m.c, `SELECT n FROM epoch WHERE compartment = ?1 AND number = ?2 AND tag = ?3`, []any{r.id[:], int64(in.Number), in.Tag[:]}, func(s *sqlite3.Stmt) error {
		n = s.ColumnInt64(0)
		return nil
	}); err != nil {
		return err
	}
	for _, g := range in.Grants {
		if err := m.grant(r, n, in, g); err != nil {
			return err
		}
	}
	return m.wraps(n, in.Wraps)
}

func (m *merger) grant(r *room, n int64, in keysetEpoch, g keysetGrant) error {
	if g.Member == m.k.v.Member() && m.k.epochs[n] == nil {
		e, auth := m.k.openGrant(r, n, in.Number, in.Tag, g.Sealed)
		if e == nil {
			return nil // made to a key that is gone: a colleague will make it again
		}
		if r.auth != nil && !bytes.Equal(auth, r.auth) || !certified(m.k.v.Workspace(), r.id, in.Number, in.Tag, auth, in.Cert[:]) {
			m.out.Refused++
			return nil
		}
	}
	return sealeddb.Run(m.c, `INSERT INTO grants(epoch, member, kem, sealed) VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING`, n, g.Member[:], g.KEM[:], g.Sealed)
}

func (m *merger) wraps(n int64, in []byte) error {
	e := m.k.epochs[n]
	var all []wrap
	for b := range slices.Chunk(in, keysetWrap) {
		w := append(newWrapHead(b[:24], n), b[24:]...)
		if e != nil {
			if raw, ok := w.open(e); !ok || variantTag(raw[:]) != w.variant() {
				m.out.Refused++
				continue
			}
		}
		all = append(all, w)
	}
	added, err := putWraps(m.c, all)
	m.out.Keys += added
	return err
}

// settle brings every held compartment to one epoch: what is destroyed goes, what was
// wrapped under an older epoch is carried over, members without a grant get one.
func (m *merger) settle() error {
	k := m.k
	targets := map[id.ID]*epoch{}
	dropped := map[id.ID]bool{}
	for _, r := range k.sorted() {
		now := r.now()
		if now == nil {
			continue
		}
		gone, renew, err := m.destroyedIn(r)
		if err != nil {
			return err
		}
		if len(gone) > 0 || r.older || m.gained[r.id] {
			targets[r.id] = now
		}
		if renew {
			// A colleague's old copy still has a destroyed key under the present epoch.
			if targets[r.id], err = k.nextEpoch(m.c, r); err != nil {
				return err
			}
		}
		for key := range gone {
			dropped[key] = true
			if renew {
				if err := k.bury(m.c, r, key, targets[r.id].number); err != nil {
					return err
				}
			}
		}
		if err := m.grants(r, targets[r.id]); err != nil {
			return err
		}
	}
	m.out.Destroyed = slices.SortedFunc(maps.Keys(dropped), id.ID.Compare)
	_, err := k.carryOver(m.c, targets, m.out.Destroyed)
	return err
}

func (m *merger) grants(r *room, target *epoch) error {
	if target == nil {
		target = r.now()
	}
	if err := m.k.putMember(m.c, r, m.k.v.Member(), m.k.v.MemberKey(), target.number); err != nil {
		return err
	}
	if r.known > target.number {
		return nil // colleagues have moved on: whoever holds the newer epoch makes the grants
	}
	return m.k.grantAll(m.c, r, target)
}

// destroyedIn finds wraps of destroyed keys. renew says that one of them is under the
// present epoch.
func (m *merger) destroyedIn(r *room) (gone map[id.ID]bool, renew bool, err error) {
	var marks []id.ID
	if err := sealeddb.Each(m.c, `SELECT id FROM destroyed WHERE compartment = ?1`, []any{r.id[:]}, func(s *sqlite3.Stmt) error {
		marks = append(marks, id.ID(s.ColumnRawBlob(0)))
		return nil
	}); err != nil {
		return nil, false, err
	}
	of, err := compartmentOfEpoch(m.c)
	if err != nil {
		return nil, false, err
	}
	get, _, err := m.c.Prepare(selectBucket)
	if err != nil {
		return nil, false, err
	}
	defer get.Close()
	gone = map[id.ID]bool{}
	for _, key := range marks {
		if err := sealeddb.EachOf(get, []any{bucketOf(key)}, func(s *sqlite3.Stmt) error {
			for w := range wrapsOf(s.ColumnRawBlob(0), key) {
				if of[w.epoch()] == r.id {
					gone[key] = true
					renew = renew || w.epoch() == r.now().n
				}
			}
			return nil
		}); err != nil {
			return nil, false, err
		}
	}
	return gone, renew && r.known <= r.now().number, nil
}
