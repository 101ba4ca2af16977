package sealeddb

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/ncruces/go-sqlite3"
	stream "lukechampine.com/adiantum"

	"example.org/amparo/fault"
)

// PageReport is what a check of every page found.
type PageReport struct {
	File  string
	Pages int
	Bad   []int // page numbers from 1 whose checksum does not fit
}

// pendingByte is where SQLite keeps no page: the page that holds this offset is
// never written.
const pendingByte = 0x40000000

// CheckPages reads every page of the file through the cipher and verifies its
// checksum, free pages too, which no query ever reads. The log is folded in first.
// It is an error only if the file cannot be read; damage is in the report.
func (db *DB) CheckPages(ctx context.Context) (PageReport, error) {
	rep := PageReport{File: filepath.Base(db.path)}
	if db.memory {
		return rep, nil
	}
	if err := db.Truncate(ctx); err != nil {
		if fault.KindOf(err) != fault.Corrupt {
			return rep, err
		}
		rep.Bad = append(rep.Bad, 0)
	}
	f, err := os.Open(db.path)
	if err != nil {
		return rep, fault.Because(fault.Storage, "sealeddb", "cannot read "+rep.File, err)
	}
	defer f.Close()
	cipher := stream.New(db.key[:])
	var block [pageSize]byte
	for off := int64(0); ; off += pageSize {
		if err := ctx.Err(); err != nil {
			return rep, err
		}
		n, err := io.ReadFull(f, block[:])
		if errors.Is(err, io.EOF) {
			return rep, nil
		}
		if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
			return rep, fault.Because(fault.Storage, "sealeddb", "cannot read "+rep.File, err)
		}
		rep.Pages++
		if off/pageSize == pendingByte/pageSize {
			continue
		}
		var tweak [8]byte
		binary.LittleEndian.PutUint64(tweak[:], uint64(off))
		if n != pageSize || !checksumFits(cipher.Decrypt(block[:], tweak[:])) {
			rep.Bad = append(rep.Bad, rep.Pages)
		}
	}
}

// checksumFits verifies the checksum in a page's last eight bytes.
//
// Source: SQLite, ext/misc/cksumvfs.c.
func checksumFits(page []byte) bool {
	var s1, s2 uint32
	body := page[:pageSize-8]
	for len(body) > 0 {
		s1 += binary.LittleEndian.Uint32(body) + s2
		s2 += binary.LittleEndian.Uint32(body[4:]) + s1
		body = body[8:]
	}
	return binary.LittleEndian.Uint32(page[pageSize-8:]) == s1 && binary.LittleEndian.Uint32(page[pageSize-4:]) == s2
}

// CheckStructure runs SQLite's own integrity check and returns what it names; none
// means the file is sound.
func (db *DB) CheckStructure(ctx context.Context) ([]string, error) {
	var out []string
	err := db.Read(ctx, func(c *sqlite3.Conn) error {
		return Each(c, `PRAGMA integrity_check(20)`, nil, func(s *sqlite3.Stmt) error {
			if t := s.ColumnText(0); t != "ok" {
				out = append(out, t)
			}
			return nil
		})
	})
	if fault.KindOf(err) == fault.Corrupt {
		return append(out, fmt.Sprintf("%s: %v", filepath.Base(db.path), err)), nil
	}
	return out, err
}
