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

// A keyset is what devices leave for one another at a hub: epochs, grants, wrapped
// payload keys and the marks of destroyed ones, as deterministic CBOR. Everything
// secret in it is sealed and everything else is authenticated by the compartment's
// proof key. It shows how many payload keys a compartment has, and which members hold
// it. Lists are in ascending order and hold nothing twice, so one state has one
// spelling.
type keyset struct {
	_            struct{} `cbor:",toarray"`
	Version      uint8
	Workspace    id.ID
	Compartments []keysetRoom
}

type keysetRoom struct {
	_         struct{} `cbor:",toarray"`
	ID        id.ID
	Name      []byte // sealed under the proof key
	Epochs    []keysetEpoch
	Members   []keysetMember
	Destroyed []keysetMark // of payload keys
	Followed  []keysetMark // by members
}

type keysetEpoch struct {
	_      struct{} `cbor:",toarray"`
	Number uint32
	Tag    [8]byte
	Cert   [32]byte
	Grants []keysetGrant
	Wraps  []byte // identifier (16) | variant (8) | nonce (12) | AES-256-GCM(key) (48), again and again
}

type keysetGrant struct {
	_      struct{} `cbor:",toarray"`
	Member id.ID
	KEM    [8]byte // which key of the member
	Sealed []byte
}

type keysetMember struct {
	_           struct{} `cbor:",toarray"`
	Member      id.ID
	Rank, Since uint32
	KEM         []byte
	MAC         [32]byte
}

type keysetMark struct {
	_      struct{} `cbor:",toarray"`
	ID     id.ID
	Number uint32
	MAC    [32]byte
}

const (
	keysetVersion = 1
	keysetWrap    = 24 + wrapBody
	grantSize     = 1120 + 64 + tagSize
	maxKeyset     = 512 << 20
)

// Export writes the keyset of this device, for [Keyring.Merge] on another. Keys not
// flushed are not in it.
func (k *Keyring) Export(ctx context.Context) ([]byte, error) {
	data, _, err := k.ExportSince(ctx, 0)
	return data, err
}

// ExportSince writes a keyset with only those wrapped keys that changed after a state
// an earlier call returned, and the present state. Grants, members and marks are
// always complete. State 0 is everything.
func (k *Keyring) ExportSince(ctx context.Context, since int64) (data []byte, state int64, err error) {
	k.mu.RLock()
	defer k.mu.RUnlock()
	out := keyset{Version: keysetVersion, Workspace: k.v.Workspace()}
	err = k.db.Read(ctx, func(c *sqlite3.Conn) error {
		wraps, err := wrapsByEpoch(c, since)
		if err != nil {
			return err
		}
		out.Compartments = nil
		if err := sealeddb.Each(c, `SELECT id, name FROM compartment ORDER BY id`, nil, func(s *sqlite3.Stmt) error {
			out.Compartments = append(out.Compartments, keysetRoom{ID: id.ID(s.ColumnRawBlob(0)), Name: s.ColumnBlob(1, nil)})
			return nil
		}); err != nil {
			return err
		}
		for i := range out.Compartments {
			if err := exportRoom(c, &out.Compartments[i], wraps); err != nil {
				return err
			}
		}
		state, err = changed(c)
		return err
	})
	if err != nil {
		return nil, 0, err
	}
	data, err = encMode.Marshal(out)
	return data, state, fault.Because(fault.Internal, "vault.Export", "the keyset does not encode", err)
}

// wrapsByEpoch gathers the wraps of changed buckets by the row of their epoch, in
// order.
func wrapsByEpoch(c *sqlite3.Conn, since int64) (map[int64][]byte, error) {
	out := map[int64][]byte{}
	err := sealeddb.Each(c, `SELECT wraps FROM bucket WHERE changed > ?1 ORDER BY n`, []any{since}, func(s *sqlite3.Stmt) error {
		for w := range slices.Chunk(s.ColumnRawBlob(0), wrapSize) {
			n := wrap(w).epoch()
			out[n] = append(append(out[n], w[:24]...), w[wrapHead:]...)
		}
		return nil
	})
	return out, err
}

func exportRoom(c *sqlite3.Conn, r *keysetRoom, wraps map[int64][]byte) error {
	var rows []int64
	if err := sealeddb.Each(c, `SELECT n, number, tag, cert FROM epoch WHERE compartment = ?1 ORDER BY number, tag`, []any{r.ID[:]}, func(s *sqlite3.Stmt) error {
		n := s.ColumnInt64(0)
		rows = append(rows, n)
		r.Epochs = append(r.Epochs, keysetEpoch{Number: uint32(s.ColumnInt64(1)), Tag: [8]byte(s.ColumnRawBlob(2)), Cert: [32]byte(s.ColumnRawBlob(3)), Wraps: wraps[n]})
		return nil
	}); err != nil {
		return err
	}
	for i, n := range rows {
		e := &r.Epochs[i]
		if err := sealeddb.Each(c, `SELECT member, kem, sealed FROM grants WHERE epoch = ?1 ORDER BY member, kem`, []any{n}, func(s *sqlite3.Stmt) error {
			e.Grants = append(e.Grants, keysetGrant{Member: id.ID(s.ColumnRawBlob(0)), KEM: [8]byte(s.ColumnRawBlob(1)), Sealed: s.ColumnBlob(2, nil)})
			return nil
		}); err != nil {
			return err
		}
	}
	if err := sealeddb.Each(c, `SELECT member, rank, since, kem, mac FROM member WHERE compartment = ?1 ORDER BY member`, []any{r.ID[:]}, func(s *sqlite3.Stmt) error {
		r.Members = append(r.Members, keysetMember{
			Member: id.ID(s.ColumnRawBlob(0)), Rank: uint32(s.ColumnInt64(1)), Since: uint32(s.ColumnInt64(2)),
			KEM: s.ColumnBlob(3, nil), MAC: [32]byte(s.ColumnRawBlob(4)),
		})
		return nil
	}); err != nil {
		return err
	}
	if err := exportMarks(c, `SELECT id, number, mac FROM destroyed WHERE compartment = ?1 ORDER BY id`, r.ID, &r.Destroyed); err != nil {
		return err
	}
	return exportMarks(c, `SELECT member, number, mac FROM followed WHERE compartment = ?1 ORDER BY member`, r.ID, &r.Followed)
}

func exportMarks(c *sqlite3.Conn, query string, compartment id.ID, out *[]keysetMark) error {
	return sealeddb.Each(c, query, []any{compartment[:]}, func(s *sqlite3.Stmt) error {
		*out = append(*out, keysetMark{ID: id.ID(s.ColumnRawBlob(0)), Number: uint32(s.ColumnInt64(1)), MAC: [32]byte(s.ColumnRawBlob(2))})
		return nil
	})
}

// decodeKeyset reads a keyset and refuses (fault.Corrupt) any but its one spelling.
func decodeKeyset(data []byte) (*keyset, error) {
	const op = "vault.Merge"
	if len(data) > maxKeyset {
		return nil, fault.New(fault.TooLarge, op, "a keyset of %d bytes", len(data))
	}
	s := &keyset{}
	if err := decode(data, s); err != nil {
		return nil, fault.Because(fault.Corrupt, op, "the keyset is malformed", err)
	}
	if s.Version != keysetVersion {
		return nil, fault.New(fault.Foreign, op, "the keyset has version %d", s.Version).With("update this program")
	}
	ok := ascending(s.Compartments, func(a, b keysetRoom) int { return a.ID.Compare(b.ID) })
	for _, r := range s.Compartments {
		ok = ok && r.wellFormed()
	}
	if !ok {
		return nil, fault.New(fault.Corrupt, op, "the keyset is not in its order or has parts of wrong size")
	}
	return s, nil
}

func (r keysetRoom) wellFormed() bool {
	marks := func(a, b keysetMark) int { return a.ID.Compare(b.ID) }
	ok := len(r.Name) > boxOverhead && len(r.Name) <= boxOverhead+200 &&
		ascending(r.Epochs, func(a, b keysetEpoch) int {
			if a.Number != b.Number {
				return int(int64(a.Number) - int64(b.Number))
			}
			return bytes.Compare(a.Tag[:], b.Tag[:])
		}) &&
		ascending(r.Members, func(a, b keysetMember) int { return a.Member.Compare(b.Member) }) &&
		ascending(r.Destroyed, marks) && ascending(r.Followed, marks)
	for _, m := range r.Members {
		ok = ok && checkMemberKey(m.KEM) == nil && m.Rank > 0
	}
	for _, e := range r.Epochs {
		ok = ok && e.wellFormed()
	}
	return ok
}

func (e keysetEpoch) wellFormed() bool {
	ok := e.Number > 0 && len(e.Wraps)%keysetWrap == 0 && ascending(e.Grants, func(a, b keysetGrant) int {
		if c := a.Member.Compare(b.Member); c != 0 {
			return c
		}
		return bytes.Compare(a.KEM[:], b.KEM[:])
	})
	for _, g := range e.Grants {
		ok = ok && len(g.Sealed) == grantSize
	}
	var last []byte
	for w := range slices.Chunk(e.Wraps, keysetWrap) {
		if !ok || last != nil && bytes.Compare(last[:24], w[:24]) >= 0 {
			return false
		}
		last = w
	}
	return ok
}

func ascending[T any](list []T, compare func(a, b T) int) bool {
	for i := 1; i < len(list); i++ {
		if compare(list[i-1], list[i]) >= 0 {
			return false
		}
	}
	return true
}
