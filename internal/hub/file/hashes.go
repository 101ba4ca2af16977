package file

import (
	"slices"

	"github.com/ncruces/go-sqlite3"
	"golang.org/x/mod/sumdb/tlog"

	"example.org/amparo/fault"
	"example.org/amparo/internal/journal"
	"example.org/amparo/internal/sealeddb"
)

// perPage is how many tree hashes one row holds: 128 hashes are 4 KiB, one page of
// the file, so a single append rewrites one or two pages and a batch few.
const perPage = 128

// hashes reads and writes the tree hashes of one device within one transaction.
// It keeps the pages it touched: an append needs the right edge of the tree, which
// is a page for each level at most.
type hashes struct {
	c     *sqlite3.Conn
	dev   int64
	pages map[int64][]byte
	dirty map[int64]bool
}

func newHashes(c *sqlite3.Conn, dev int64) *hashes {
	return &hashes{c: c, dev: dev, pages: map[int64][]byte{}, dirty: map[int64]bool{}}
}

// ReadHashes implements tlog.HashReader.
func (h *hashes) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	out := make([]tlog.Hash, len(indexes))
	for i, x := range indexes {
		p, err := h.page(x / perPage)
		if err != nil {
			return nil, err
		}
		at := int(x%perPage) * tlog.HashSize
		if at+tlog.HashSize > len(p) {
			return nil, fault.New(fault.Corrupt, "hub.file", "the Merkle tree lacks hash %d", x).
				With("run amparo verify, then restore from another device")
		}
		copy(out[i][:], p[at:])
	}
	return out, nil
}

func (h *hashes) page(n int64) ([]byte, error) {
	if p, ok := h.pages[n]; ok {
		return p, nil
	}
	var p []byte
	err := sealeddb.Each(h.c, `SELECT data FROM hashes WHERE k = ?1`, []any{h.dev<<numberBits | n}, func(s *sqlite3.Stmt) error {
		p = s.ColumnBlob(0, nil)
		return nil
	})
	if err == nil {
		h.pages[n] = p
	}
	return p, err
}

// append stores the hashes that arise when leaf becomes entry n.
func (h *hashes) append(n uint64, leaf journal.Hash) error {
	fresh, err := journal.AppendHashes(n, leaf, h)
	if err != nil {
		return err
	}
	at := int64(journal.StoredCount(n))
	for _, f := range fresh {
		p, err := h.page(at / perPage)
		if err != nil {
			return err
		}
		off := int(at%perPage) * tlog.HashSize
		if len(p) < off {
			return fault.New(fault.Corrupt, "hub.file", "the Merkle tree has a gap before hash %d", at)
		}
		h.pages[at/perPage] = append(p[:off], f[:]...)
		h.dirty[at/perPage] = true
		at++
	}
	return nil
}

// flush writes the pages that changed.
func (h *hashes) flush() error {
	changed := make([]int64, 0, len(h.dirty))
	for n := range h.dirty {
		changed = append(changed, n)
	}
	slices.Sort(changed)
	for _, n := range changed {
		if err := sealeddb.Run(h.c, `INSERT INTO hashes(k, data) VALUES (?1, ?2) ON CONFLICT(k) DO UPDATE SET data = excluded.data`,
			h.dev<<numberBits|n, h.pages[n]); err != nil {
			return err
		}
	}
	clear(h.dirty)
	return nil
}

// leaf reads the leaf hash of entry n.
func (h *hashes) leaf(n uint64) (journal.Hash, error) {
	hs, err := h.ReadHashes([]int64{tlog.StoredHashIndex(0, int64(n))})
	if err != nil {
		return journal.Hash{}, err
	}
	return hs[0], nil
}

// keep forgets pages beyond n, so that a walk over a long log stays small.
func (h *hashes) keep(n int) {
	if len(h.pages) > n && len(h.dirty) == 0 {
		clear(h.pages)
	}
}

// ends reports hashes stored beyond the count a log has.
func (h *hashes) ends(count int64) error {
	p, err := h.page(count / perPage)
	if err != nil {
		return err
	}
	if len(p) > int(count%perPage)*tlog.HashSize {
		return fault.New(fault.Corrupt, "hub.file", "the Merkle tree holds more hashes than its entries give")
	}
	return nil
}
