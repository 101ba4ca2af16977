package vault

import (
	"bytes"
	"context"
	"slices"

	"github.com/ncruces/go-sqlite3"

	"example.org/amparo/fault"
	"example.org/amparo/id"
	"example.org/amparo/internal/sealeddb"
)

// memberMAC proves that a holder of the compartment has admitted a member with this
// key. rank counts the member's keys, so that the newest one wins everywhere; since is
// the epoch the member was first granted.
func (k *Keyring) memberMAC(r *room, member id.ID, rank, since uint32, kem []byte) [32]byte {
	ws := k.v.Workspace()
	return authenticate(r.auth, authMember, ws[:], r.id[:], member[:], be32(rank), be32(since), kem)
}

// putMember records a member's key. The same key again changes nothing; another key
// takes the place of the one before.
func (k *Keyring) putMember(c *sqlite3.Conn, r *room, member id.ID, kem []byte, now uint32) error {
	rank, since, same := uint32(0), now, false
	if err := sealeddb.Each(c, `SELECT rank, since, kem FROM member WHERE compartment = ?1 AND member = ?2`, []any{r.id[:], member[:]}, func(s *sqlite3.Stmt) error {
		rank, since, same = uint32(s.ColumnInt64(0)), uint32(s.ColumnInt64(1)), bytes.Equal(s.ColumnRawBlob(2), kem)
		return nil
	}); err != nil || same {
		return err
	}
	mac := k.memberMAC(r, member, rank+1, since, kem)
	return sealeddb.Run(c, `INSERT INTO member(compartment, member, rank, since, kem, mac) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
		ON CONFLICT DO UPDATE SET rank = excluded.rank, since = excluded.since, kem = excluded.kem, mac = excluded.mac`,
		r.id[:], member[:], int64(rank+1), int64(since), kem, mac[:])
}

// Grant lets a member open a compartment that this member holds: its key is sealed to
// the member's public key, and later epochs will be too. Called again with a newer key
// of the same member it replaces the older one. fault.Denied if this member does not
// hold the compartment, fault.Invalid if kem is not a member key.
//
// The caller has made sure that kem is that person's: whoever owns it can read all.
func (k *Keyring) Grant(compartment, member id.ID, kem []byte) error {
	if err := checkMemberKey(kem); err != nil {
		return err
	}
	return k.update(context.Background(), func(c *sqlite3.Conn) error {
		r := k.rooms[compartment]
		e := r.now()
		if e == nil {
			return notHeld()
		}
		if err := k.putMember(c, r, member, kem, e.number); err != nil {
			return err
		}
		return k.grantAll(c, r, e)
	})
}

func notHeld() error {
	return fault.New(fault.Denied, "vault", "this member does not hold that compartment").With("ask a colleague who does")
}

// Grant describes one compartment key sealed to one member.
type Grant struct {
	Compartment, Member id.ID
	Epoch               uint32
	Key                 [8]byte // which key of the member it is sealed to
	Current             bool    // it is sealed to the newest key known of that member
}

// Grants lists the grants of the epochs in use, by compartment and member.
func (k *Keyring) Grants() ([]Grant, error) {
	k.mu.RLock()
	defer k.mu.RUnlock()
	var out []Grant
	err := k.db.Read(context.Background(), func(c *sqlite3.Conn) error {
		out = nil
		return sealeddb.Each(c, `SELECT e.compartment, g.member, e.number, g.kem, coalesce(m.kem, x'') FROM grants g JOIN epoch e ON e.n = g.epoch
			LEFT JOIN member m ON m.compartment = e.compartment AND m.member = g.member
			ORDER BY e.compartment, g.member, e.number, e.tag, g.kem`, nil, func(s *sqlite3.Stmt) error {
			g := Grant{Compartment: id.ID(s.ColumnRawBlob(0)), Member: id.ID(s.ColumnRawBlob(1)), Epoch: uint32(s.ColumnInt64(2)), Key: [8]byte(s.ColumnRawBlob(3))}
			g.Current = kemTag(s.ColumnRawBlob(4)) == g.Key
			out = append(out, g)
			return nil
		})
	})
	return out, err
}

// admitted is a member of a compartment whose record a holder has made.
type admitted struct {
	member id.ID
	since  uint32
	kem    []byte
}

// admittedTo lists the members of a held compartment; records nobody who holds it made
// are passed over.
func (k *Keyring) admittedTo(c *sqlite3.Conn, r *room) ([]admitted, error) {
	var out []admitted
	err := sealeddb.Each(c, `SELECT member, rank, since, kem, mac FROM member WHERE compartment = ?1 ORDER BY member`, []any{r.id[:]}, func(s *sqlite3.Stmt) error {
		a := admitted{member: id.ID(s.ColumnRawBlob(0)), since: uint32(s.ColumnInt64(2)), kem: s.ColumnBlob(3, nil)}
		if mac := k.memberMAC(r, a.member, uint32(s.ColumnInt64(1)), a.since, a.kem); bytes.Equal(mac[:], s.ColumnRawBlob(4)) {
			out = append(out, a)
		}
		return nil
	})
	return out, err
}

// grantAll seals an epoch's key to every member who has no grant of it for the newest
// key known, and drops grants to older keys.
func (k *Keyring) grantAll(c *sqlite3.Conn, r *room, e *epoch) error {
	members, err := k.admittedTo(c, r)
	if err != nil {
		return err
	}
	for _, a := range members {
		t, have := kemTag(a.kem), false
		if err := sealeddb.Each(c, `SELECT 1 FROM grants WHERE epoch = ?1 AND member = ?2 AND kem = ?3`, []any{e.n, a.member[:], t[:]},
			func(*sqlite3.Stmt) error { have = true; return nil }); err != nil {
			return err
		}
		if !have {
			if err := k.putGrant(c, r, e, a.member, a.kem); err != nil {
				return err
			}
		}
		if err := sealeddb.Run(c, `DELETE FROM grants WHERE epoch = ?1 AND member = ?2 AND kem <> ?3`, e.n, a.member[:], t[:]); err != nil {
			return err
		}
	}
	return nil
}

// RotateMember gives this member a new key: a new pair, the grants made again to it,
// and only then the old private half destroyed. A crash in between is finished at the
// next opening.
func (k *Keyring) RotateMember(ctx context.Context) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if err := k.v.RotateMember(); err != nil {
		return err
	}
	return k.finishRotation(ctx)
}

// finishRotation makes this member's grants again to the present key, destroys the
// old private half, and tells colleagues so for every epoch held. The caller holds mu.
func (k *Keyring) finishRotation(ctx context.Context) error {
	if err := k.updateLocked(ctx, k.moveToPresentKey); err != nil {
		return err
	}
	return k.leaveOldKey(ctx)
}

// leaveOldKey destroys the old private half once nothing needs it, rewrites keys.db so
// that no page holds what was deleted, and records that this device has followed.
func (k *Keyring) leaveOldKey(ctx context.Context) error {
	if err := k.v.ForgetOldMember(); err != nil {
		return err
	}
	if err := k.db.Vacuum(ctx); err != nil {
		return err
	}
	return k.updateLocked(ctx, k.sayFollowed)
}

// moveToPresentKey seals this member's grants to the present member key.
func (k *Keyring) moveToPresentKey(c *sqlite3.Conn) error {
	me, kem := k.v.Member(), k.v.MemberKey()
	t := kemTag(kem)
	for _, r := range k.sorted() {
		now := r.now()
		if now == nil {
			continue
		}
		if err := k.putMember(c, r, me, kem, now.number); err != nil {
			return err
		}
		for _, e := range r.held {
			if err := k.putGrant(c, r, e, me, kem); err != nil {
				return err
			}
			if err := sealeddb.Run(c, `DELETE FROM grants WHERE epoch = ?1 AND member = ?2 AND kem <> ?3`, e.n, me[:], t[:]); err != nil {
				return err
			}
		}
	}
	return nil
}

// sayFollowed records that this device has destroyed what opened earlier epochs.
func (k *Keyring) sayFollowed(c *sqlite3.Conn) error {
	ws, me := k.v.Workspace(), k.v.Member()
	for _, r := range k.sorted() {
		now := r.now()
		if now == nil || len(r.held) > 1 {
			continue
		}
		mac := authenticate(r.auth, authFollowed, ws[:], r.id[:], me[:], be32(now.number))
		if err := sealeddb.Run(c, `INSERT INTO followed(compartment, member, number, mac) VALUES (?1, ?2, ?3, ?4)
			ON CONFLICT DO UPDATE SET number = excluded.number, mac = excluded.mac WHERE excluded.number > number`,
			r.id[:], me[:], int64(now.number), mac[:]); err != nil {
			return err
		}
	}
	return nil
}

// sorted lists the compartments by identifier, so that what is written does not depend
// on a map's order.
func (k *Keyring) sorted() []*room {
	out := make([]*room, 0, len(k.rooms))
	for _, r := range k.rooms {
		out = append(out, r)
	}
	slices.SortFunc(out, func(a, b *room) int { return a.id.Compare(b.id) })
	return out
}
