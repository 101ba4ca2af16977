package folder

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"testing"

	"example.org/amparo/id"
	"example.org/amparo/internal/journal"
)

func FuzzDecodeSegment(f *testing.F) {
	key := ed25519.NewKeyFromSeed(bytes.Repeat([]byte{1}, ed25519.SeedSize))
	e := &journal.Entry{Sealed: make([]byte, 32)}
	e.Header = journal.Header{Version: journal.Version, Workspace: id.ID{9}, Device: journal.DeviceID(key.Public().(ed25519.PublicKey)), Size: 32}
	e.Sign(key)
	whole := encodeSegment([]*journal.Entry{e, e})
	f.Add(whole[:len(whole)-sha256.Size])
	f.Add([]byte(magic))
	f.Add([]byte(magic + "\xff\xff\xff\xff"))
	f.Fuzz(func(t *testing.T, body []byte) {
		// With its hash, or no length and no entry would ever be looked at.
		sum := sha256.Sum256(body)
		entries, err := decodeSegment("s.seg", append(bytes.Clone(body), sum[:]...))
		if err == nil && !bytes.Equal(encodeSegment(entries), append(bytes.Clone(body), sum[:]...)) {
			t.Fatal("two spellings of one segment are accepted")
		}
	})
}
