package vault

import (
	"bytes"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/binary"
	"io"
	"sync"

	"github.com/fxamacker/cbor/v2"

	"example.org/amparo/fault"
)

// expand derives n bytes from a uniformly random key. HKDF fails only for absurd
// lengths, which are constants here.
func expand(key []byte, info string, n int) []byte {
	k, err := hkdf.Expand(sha256.New, key, info, n)
	if err != nil {
		panic(err)
	}
	return k
}

// boxOverhead is what a box adds to its content, in bytes.
const boxOverhead = nonceSize + checkSize + tagSize

// sealBox seals a content that is not an entry: the body of vault.keys, a name. The
// construction is the one of entries, without padding.
func sealBox(key []byte, label string, plain []byte, rand io.Reader) ([]byte, error) {
	out := make([]byte, nonceSize, boxOverhead+len(plain))
	if err := fill(rand, out); err != nil {
		return nil, err
	}
	okm := expand(key, label+string(out), 60)
	out = append(out, okm[44:]...)
	return newGCM(okm[:32]).Seal(out, okm[32:44], plain, []byte(label)), nil
}

// openBox opens what sealBox sealed under the same key and label.
func openBox(key []byte, label string, box []byte) ([]byte, bool) {
	if len(box) < boxOverhead {
		return nil, false
	}
	okm := expand(key, label+string(box[:nonceSize]), 60)
	if subtle.ConstantTimeCompare(okm[44:], box[nonceSize:nonceSize+checkSize]) != 1 {
		return nil, false
	}
	plain, err := newGCM(okm[:32]).Open(nil, okm[32:44], box[nonceSize+checkSize:], []byte(label))
	return plain, err == nil
}

// authenticate is HMAC-SHA256 over a label and parts, each with its length, so that
// no two lists of parts read alike.
func authenticate(key []byte, label string, parts ...[]byte) (m [32]byte) {
	h := hmac.New(sha256.New, key)
	var n [4]byte
	h.Write([]byte(label))
	for _, p := range parts {
		binary.BigEndian.PutUint32(n[:], uint32(len(p)))
		h.Write(n[:])
		h.Write(p)
	}
	h.Sum(m[:0])
	return m
}

// lockedReader lets goroutines share a source of randomness that is not safe for it, as
// a seeded one in a synthetic world is not.
type lockedReader struct {
	mu sync.Mutex
	r  io.Reader
}

func (l *lockedReader) Read(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.r.Read(b)
}

// fill reads random bytes.
func fill(rand io.Reader, bs ...[]byte) error {
	for _, b := range bs {
		if _, err := io.ReadFull(rand, b); err != nil {
			return fault.Because(fault.Internal, "vault", "no randomness", err)
		}
	}
	return nil
}

var (
	encMode = must(cbor.CoreDetEncOptions().EncMode())
	decMode = must(cbor.DecOptions{
		DupMapKey:        cbor.DupMapKeyEnforcedAPF,
		IndefLength:      cbor.IndefLengthForbidden,
		TagsMd:           cbor.TagsForbidden,
		MaxArrayElements: 1 << 22,
		MaxMapPairs:      64,
		MaxNestedLevels:  8,
	}.DecMode())
)

func must[T any](v T, err error) T {
	if err != nil {
		panic(err) // options are constants: a mistake shows in every test
	}
	return v
}

// decode reads deterministic CBOR (RFC 8949, section 4.2) and refuses any other
// spelling of the same content.
func decode(data []byte, v any) error {
	if err := decMode.Unmarshal(data, v); err != nil {
		return err
	}
	again, err := encMode.Marshal(v)
	if err == nil && !bytes.Equal(again, data) {
		return fault.New(fault.Corrupt, "vault", "not in canonical form")
	}
	return err
}

func be32(n uint32) []byte { return binary.BigEndian.AppendUint32(nil, n) }
