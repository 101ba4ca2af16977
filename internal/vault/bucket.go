package vault

import (
	"bytes"
	"encoding/binary"
	"io"
	"iter"
	"slices"

	"github.com/ncruces/go-sqlite3"

	"example.org/amparo/id"
	"example.org/amparo/internal/sealeddb"
)

// wrap is one payload key wrapped under one epoch of its compartment's key:
//
//	identifier (16) | variant (8) | row of the epoch (4) | nonce (12) | AES-256-GCM(key) (48)
//
// A bucket is a sequence of wraps in the order of their first 28 bytes.
type wrap []byte

const (
	wrapHead = 16 + variantSize + 4
	wrapBody = 12 + 32 + tagSize
	wrapSize = wrapHead + wrapBody
)

func (w wrap) id() id.ID                  { return id.ID(w[:16]) }
func (w wrap) variant() [variantSize]byte { return [variantSize]byte(w[16:24]) }
func (w wrap) epoch() int64               { return int64(uint32At(w[24:])) }
func (w wrap) name() []byte               { return w[:24] } // identifier and variant
func compareWraps(a, b wrap) int          { return bytes.Compare(a[:wrapHead], b[:wrapHead]) }
func newWrapHead(name []byte, n int64) wrap {
	w := make(wrap, wrapHead, wrapSize)
	copy(w, name)
	binary.BigEndian.PutUint32(w[24:], uint32(n))
	return w
}

// newWrap wraps a key. Its identifier and variant are bound to it, the epoch is by the
// key it is wrapped under.
func newWrap(key id.ID, v [variantSize]byte, e *epoch, raw []byte, rand io.Reader) (wrap, error) {
	return appendWrap(newWrapHead(slices.Concat(key[:], v[:]), e.n), e, raw, rand)
}

func appendWrap(w wrap, e *epoch, raw []byte, rand io.Reader) (wrap, error) {
	w = w[:wrapHead+12]
	if err := fill(rand, w[wrapHead:]); err != nil {
		return nil, err
	}
	return e.wraps.Seal(w, w[wrapHead:], raw, w.name()), nil
}

func (w wrap) open(e *epoch) (raw [32]byte, ok bool) {
	_, err := e.wraps.Open(raw[:0], w[wrapHead:wrapHead+12], w[wrapHead+12:], w.name())
	return raw, err == nil
}

// bucketBits: at 200,000 keys a bucket holds six wraps and seven buckets share a page,
// at a million it holds thirty. Measured: 14 and 16 bits rewrap some 10 % slower.
const bucketBits = 15

func bucketOf(key id.ID) int64 {
	return int64(binary.BigEndian.Uint16(key[:]) >> (16 - bucketBits))
}

const (
	selectBucket = `SELECT wraps FROM bucket WHERE n = ?1`
	upsertBucket = `INSERT INTO bucket(n, changed, wraps) VALUES (?1, ?2, ?3) ON CONFLICT DO UPDATE SET changed = excluded.changed, wraps = excluded.wraps`
)

// wrapsOf yields the wraps of one identifier in a bucket.
func wrapsOf(bucket []byte, key id.ID) iter.Seq[wrap] {
	return func(yield func(wrap) bool) {
		for w := range slices.Chunk(bucket, wrapSize) {
			switch bytes.Compare(w[:16], key[:]) {
			case 0:
				if !yield(w) {
					return
				}
			case 1:
				return
			}
		}
	}
}

// tick advances the counter by which an exchange knows what is new.
func tick(c *sqlite3.Conn) (n int64, err error) {
	if err := sealeddb.Run(c, `INSERT INTO state(k, v) VALUES ('changed', 1) ON CONFLICT DO UPDATE SET v = v + 1`); err != nil {
		return 0, err
	}
	return changed(c)
}

func changed(c *sqlite3.Conn) (n int64, err error) {
	err = sealeddb.Each(c, `SELECT v FROM state WHERE k = 'changed'`, nil, func(s *sqlite3.Stmt) error {
		n = s.ColumnInt64(0)
		return nil
	})
	return n, err
}

// putWraps adds wraps to their buckets and says how many were new. Of two with one head
// the one with the smaller bytes stays, on every device the same.
func putWraps(c *sqlite3.Conn, all []wrap) (added int, err error) {
	if len(all) == 0 {
		return 0, nil
	}
	slices.SortFunc(all, compareWraps)
	n, err := tick(c)
	if err != nil {
		return 0, err
	}
	get, _, err := c.Prepare(selectBucket)
	if err != nil {
		return 0, err
	}
	defer get.Close()
	put, _, err := c.Prepare(upsertBucket)
	if err != nil {
		return 0, err
	}
	defer put.Close()
	for len(all) > 0 {
		b := bucketOf(all[0].id())
		end := 1
		for end < len(all) && bucketOf(all[end].id()) == b {
			end++
		}
		var old []byte
		if err := sealeddb.EachOf(get, []any{b}, func(s *sqlite3.Stmt) error { old = s.ColumnBlob(0, nil); return nil }); err != nil {
			return 0, err
		}
		if merged := mergeWraps(old, all[:end]); !bytes.Equal(merged, old) {
			added += (len(merged) - len(old)) / wrapSize
			if err := sealeddb.Exec(put, b, n, merged); err != nil {
				return 0, err
			}
		}
		all = all[end:]
	}
	return added, nil
}

func mergeWraps(bucket []byte, more []wrap) []byte {
	out := make([]byte, 0, len(bucket)+len(more)*wrapSize)
	add := func(w wrap) {
		if n := len(out); n > 0 && bytes.Equal(out[n-wrapSize:n-wrapBody], w[:wrapHead]) {
			if bytes.Compare(w[wrapHead:], out[n-wrapBody:]) < 0 {
				copy(out[n-wrapBody:], w[wrapHead:])
			}
			return
		}
		out = append(out, w...)
	}
	for len(bucket) > 0 && len(more) > 0 {
		if compareWraps(bucket[:wrapSize], more[0]) <= 0 {
			add(bucket[:wrapSize])
			bucket = bucket[wrapSize:]
		} else {
			add(more[0])
			more = more[1:]
		}
	}
	for w := range slices.Chunk(bucket, wrapSize) {
		add(w)
	}
	for _, w := range more {
		add(w)
	}
	return out
}

// eachBucket calls fn with every bucket and stores what it returns, if that differs;
// an empty bucket goes. Buckets are read in batches, because a table must not be
// changed under a running query.
func eachBucket(c *sqlite3.Conn, fn func(wraps []byte) ([]byte, error)) error {
	stamp, err := tick(c)
	if err != nil {
		return err
	}
	get, _, err := c.Prepare(`SELECT n, wraps FROM bucket WHERE n >= ?1 ORDER BY n LIMIT 512`)
	if err != nil {
		return err
	}
	defer get.Close()
	put, _, err := c.Prepare(`UPDATE bucket SET changed = ?2, wraps = ?3 WHERE n = ?1`)
	if err != nil {
		return err
	}
	defer put.Close()
	type row struct {
		n     int64
		wraps []byte
	}
	for next := int64(0); ; {
		var rows []row
		if err := sealeddb.EachOf(get, []any{next}, func(s *sqlite3.Stmt) error {
			rows = append(rows, row{s.ColumnInt64(0), s.ColumnBlob(1, nil)})
			return nil
		}); err != nil || len(rows) == 0 {
			return err
		}
		next = rows[len(rows)-1].n + 1
		for _, r := range rows {
			after, err := fn(r.wraps)
			if err != nil {
				return err
			}
			switch {
			case len(after) == 0:
				err = sealeddb.Run(c, `DELETE FROM bucket WHERE n = ?1`, r.n)
			case !bytes.Equal(after, r.wraps):
				err = sealeddb.Exec(put, r.n, stamp, after)
			}
			if err != nil {
				return err
			}
		}
	}
}
