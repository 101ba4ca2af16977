package journal

import (
	"golang.org/x/mod/sumdb/tlog"

	"example.org/amparo/fault"
	"example.org/amparo/id"
)

// Head is the state of one device's log: how many entries, and the root hash over
// them. Two replicas with the same head hold the same entries.
type Head struct {
	_      struct{} `cbor:",toarray"`
	Device id.ID
	Size   uint64
	Root   Hash
}

// HashReader gives the stored tree hashes of one device's log, by tlog's index.
type HashReader = tlog.HashReader

// AppendHashes returns the tree hashes to store when leaf becomes entry n of a log.
func AppendHashes(n uint64, leaf Hash, stored HashReader) ([]Hash, error) {
	return tlog.StoredHashesForRecordHash(int64(n), leaf, stored)
}

// StoredCount is the number of tree hashes a log of n entries keeps.
func StoredCount(n uint64) uint64 { return uint64(tlog.StoredHashCount(int64(n))) }

// Root computes the root over the first n entries.
func Root(n uint64, stored HashReader) (Hash, error) {
	if n == 0 {
		return Hash{}, nil
	}
	return tlog.TreeHash(int64(n), stored)
}

// Inclusion is a proof that a leaf is entry Number of the log with head Head.
type Inclusion struct {
	_      struct{} `cbor:",toarray"`
	Head   Head
	Number uint64
	Path   []Hash
}

// ProveInclusion proves that entry number is in the log with that head (RFC 6962, 2.1.1).
func ProveInclusion(head Head, number uint64, stored HashReader) (Inclusion, error) {
	if number >= head.Size {
		return Inclusion{}, fault.New(fault.Invalid, "journal.ProveInclusion", "entry %d is not among %d", number, head.Size)
	}
	p, err := tlog.ProveRecord(int64(head.Size), int64(number), stored)
	return Inclusion{Head: head, Number: number, Path: p}, err
}

// Check verifies the proof for a leaf hash.
func (p Inclusion) Check(leaf Hash) error {
	if p.Head.Size > 1<<62 || p.Number >= p.Head.Size {
		return fault.New(fault.Corrupt, "journal.Inclusion", "entry %d is not among %d", p.Number, p.Head.Size)
	}
	err := tlog.CheckRecord(p.Path, int64(p.Head.Size), p.Head.Root, int64(p.Number), leaf)
	return fault.Because(fault.Corrupt, "journal.Inclusion", "the entry is not in the log this head stands for", err)
}

// Consistency is a proof that the log with head New only adds to the log with head Old.
type Consistency struct {
	_    struct{} `cbor:",toarray"`
	Old  Head
	New  Head
	Path []Hash
}

// ProveConsistency proves that the log grew from old to new (RFC 6962, 2.1.2).
func ProveConsistency(old, new Head, stored HashReader) (Consistency, error) {
	c := Consistency{Old: old, New: new}
	if old.Device != new.Device || old.Size > new.Size {
		return c, fault.New(fault.Invalid, "journal.ProveConsistency", "the heads are not an earlier and a later one of the same device")
	}
	if old.Size == 0 {
		return c, nil
	}
	p, err := tlog.ProveTree(int64(new.Size), int64(old.Size), stored)
	c.Path = p
	return c, err
}

// Check verifies the proof. An empty old log is consistent with any.
func (c Consistency) Check() error {
	const op = "journal.Consistency"
	switch {
	case c.Old.Device != c.New.Device || c.Old.Size > c.New.Size || c.New.Size > 1<<62:
		return fault.New(fault.Corrupt, op, "the heads are not an earlier and a later one of the same device")
	case c.Old.Size == 0:
		return nil
	}
	err := tlog.CheckTree(c.Path, int64(c.New.Size), c.New.Root, int64(c.Old.Size), c.Old.Root)
	return fault.Because(fault.Corrupt, op, "the later log does not contain the earlier one", err)
}

// Builder computes a root leaf by leaf in constant memory: the right edge of the
// tree. A verifier walks a log once with it.
type Builder struct {
	size uint64
	edge []Hash // edge[i] is the root of a full subtree of 1<<i leaves; zero hash where absent
	full []bool
}

// Add appends a leaf hash.
func (b *Builder) Add(leaf Hash) {
	h := leaf
	i := 0
	for ; i < len(b.full) && b.full[i]; i++ {
		h = tlog.NodeHash(b.edge[i], h)
		b.full[i] = false
	}
	if i == len(b.full) {
		b.edge, b.full = append(b.edge, h), append(b.full, true)
	} else {
		b.edge[i], b.full[i] = h, true
	}
	b.size++
}

// Size is the number of leaves added.
func (b *Builder) Size() uint64 { return b.size }

// Root is the root over the leaves added so far.
func (b *Builder) Root() Hash {
	var h Hash
	have := false
	for i, full := range b.full {
		switch {
		case !full:
		case !have:
			h, have = b.edge[i], true
		default:
			h = tlog.NodeHash(b.edge[i], h)
		}
	}
	return h
}
