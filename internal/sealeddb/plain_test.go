package sealeddb

import (
	"bytes"
	"encoding/binary"
	"os"
	"testing"

	stream "lukechampine.com/adiantum"
)

// CountInPlain decrypts a file page by page and counts a word in it, as somebody
// with the key and no patience for SQL would.
func CountInPlain(t testing.TB, path string, key [32]byte, word string) int {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	cipher := stream.New(key[:])
	n := 0
	for off := 0; off+pageSize <= len(b); off += pageSize {
		var tweak [8]byte
		binary.LittleEndian.PutUint64(tweak[:], uint64(off))
		n += bytes.Count(cipher.Decrypt(b[off:off+pageSize], tweak[:]), []byte(word))
	}
	return n
}
