package vault

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/binary"
	"hash"
	"io"
	"math/bits"
	"sync"

	"example.org/amparo/fault"
)

// Sizes of a sealed content, in bytes: nonce, key check, then the AES-256-GCM
// ciphertext of the padded plaintext with its tag.
const (
	nonceSize  = 24
	checkSize  = 16
	tagSize    = 16
	prefixSize = 4 // length of the plaintext, inside the seal
	minPadded  = 256
)

// Overhead is how many bytes a sealed content has beyond its padded plaintext.
const Overhead = nonceSize + checkSize + tagSize

// The labels that keep uses of one key apart.
const (
	labelEntry  = "amparo/v1 entry"
	labelCommit = "amparo/v1 commit"
)

// PayloadKey seals the entries of one protected person or case in one compartment.
// Destroying it makes every one of them unreadable, wherever copies are. It is safe
// for concurrent use.
//
// Two devices that were out of touch may each have made a key under one identifier.
// Both are then kept: the first seals, each opens what it sealed.
type PayloadKey struct {
	mu       sync.RWMutex // held for writing only by wipe
	variants []*variant   // ordered by tag; none once the key is destroyed
}

// variant is one key of 32 uniformly random bytes.
type variant struct {
	key  [32]byte
	tag  [variantSize]byte
	macs sync.Pool // of *expander: HMAC-SHA256 with its key already absorbed
}

func newPayloadKey(key [32]byte) *PayloadKey {
	return &PayloadKey{variants: []*variant{newVariant(key)}}
}

func newVariant(key [32]byte) *variant { return &variant{key: key, tag: variantTag(key[:])} }

// wipe makes the key unusable for everybody who still holds it.
func (p *PayloadKey) wipe() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, v := range p.variants {
		clear(v.key[:])
	}
	p.variants = nil
}

// expander computes HKDF-Expand for one key without allocating. HKDF's extract step
// is left out because the key is uniformly random already (RFC 5869, section 3.3);
// what is left is one HMAC a block, whose key schedule is kept between calls.
type expander struct {
	mac hash.Hash
	in  [nonceSize + len(labelCommit) + 1]byte
	out [2 * sha256.Size]byte
}

func (v *variant) expander() *expander {
	if e, ok := v.macs.Get().(*expander); ok {
		return e
	}
	return &expander{mac: hmac.New(sha256.New, v.key[:])}
}

// expand fills n output blocks of HKDF-Expand(key, label || nonce). It is the same
// function as hkdf.Expand of the standard library, which a test holds it to.
func (e *expander) expand(label string, nonce []byte, blocks int) []byte {
	info := append(append(e.in[:0], label...), nonce...)
	last := len(info)
	info = append(info, 0)
	for i := range blocks {
		e.mac.Reset()
		if i > 0 {
			e.mac.Write(e.out[(i-1)*sha256.Size : i*sha256.Size])
		}
		info[last] = byte(i + 1)
		e.mac.Write(info)
		e.mac.Sum(e.out[:i*sha256.Size])
	}
	return e.out[:blocks*sha256.Size]
}

// secrets are what one entry is sealed with: no two entries share a cipher key, so
// the limit on random GCM nonces is out of reach.
type secrets struct {
	enc   [32]byte
	nonce [12]byte
	check [checkSize]byte // GCM does not commit to its key; this does
}

func (v *variant) derive(nonce []byte) (s secrets) {
	e := v.expander()
	okm := e.expand(labelEntry, nonce, 2)
	copy(s.enc[:], okm)
	copy(s.nonce[:], okm[32:])
	copy(s.check[:], okm[44:])
	clear(e.out[:])
	v.macs.Put(e)
	return s
}

func (v *variant) commitKey(nonce []byte) (k [32]byte) {
	e := v.expander()
	copy(k[:], e.expand(labelCommit, nonce, 1))
	clear(e.out[:])
	v.macs.Put(e)
	return k
}

// Seal appends to dst the sealed form of plaintext for the place that aad names, and
// returns a commitment to it. The commitment is HMAC-SHA256 under a key of this one
// entry (see [PayloadKey.CommitKey]): without that key it says nothing, not even to
// somebody who guesses the words.
//
//	sealed = nonce (24) | key check (16) | AES-256-GCM(length (4) | plaintext | zeros, aad)
//
// Seal panics if rand fails, if plaintext is over 4 GiB, or if the key was destroyed:
// nothing may be sealed that nobody can open.
func (p *PayloadKey) Seal(dst, aad, plaintext []byte, rand io.Reader) (sealed []byte, commitment [32]byte) {
	p.mu.RLock()
	defer p.mu.RUnlock()
	if len(p.variants) == 0 {
		panic("vault: sealing with a destroyed key")
	}
	v := p.variants[0]
	size := Padded(len(plaintext))
	start := len(dst)
	sealed = grow(dst, size+Overhead)
	body := start + nonceSize + checkSize
	nonce := sealed[start : start+nonceSize]
	if _, err := io.ReadFull(rand, nonce); err != nil {
		panic("vault: no randomness: " + err.Error())
	}
	s := v.derive(nonce)
	copy(sealed[start+nonceSize:], s.check[:])
	padded := sealed[body : body+size]
	binary.BigEndian.PutUint32(padded, uint32(len(plaintext)))
	clear(padded[prefixSize+copy(padded[prefixSize:], plaintext):])
	newGCM(s.enc[:]).Seal(padded[:0], s.nonce[:], padded, aad)
	ck := v.commitKey(nonce)
	return sealed, commit(ck[:], aad, plaintext)
}

// grow extends b by n bytes, in place if it has room.
func grow(b []byte, n int) []byte {
	if cap(b)-len(b) >= n {
		return b[:len(b)+n]
	}
	out := make([]byte, len(b)+n)
	copy(out, b)
	return out
}

// Open appends to dst the plaintext that Seal sealed for the same place. A changed
// content, another place or another key is fault.Corrupt; a key destroyed since it
// was fetched is fault.Sealed.
func (p *PayloadKey) Open(dst, aad, sealed []byte) ([]byte, error) {
	p.mu.RLock()
	_, s, err := p.find(sealed)
	p.mu.RUnlock()
	if err != nil {
		return nil, err
	}
	start := len(dst)
	out, err := newGCM(s.enc[:]).Open(dst, s.nonce[:], sealed[nonceSize+checkSize:], aad)
	if err != nil {
		return nil, notSealed()
	}
	padded := out[start:]
	n := int64(binary.BigEndian.Uint32(padded))
	if n+prefixSize > int64(len(padded)) || Padded(int(n)) != len(padded) || !allZero(padded[prefixSize+n:]) {
		return nil, notSealed()
	}
	copy(padded, padded[prefixSize:prefixSize+n])
	return out[:start+int(n)], nil
}

// find returns the variant whose key check a sealed content carries. The caller holds
// p.mu as long as it uses the variant.
func (p *PayloadKey) find(sealed []byte) (*variant, secrets, error) {
	if len(sealed) < Overhead+minPadded {
		return nil, secrets{}, notSealed()
	}
	if len(p.variants) == 0 {
		return nil, secrets{}, destroyed()
	}
	for _, v := range p.variants {
		s := v.derive(sealed[:nonceSize])
		if subtle.ConstantTimeCompare(s.check[:], sealed[nonceSize:nonceSize+checkSize]) == 1 {
			return v, s, nil
		}
	}
	return nil, secrets{}, notSealed()
}

func notSealed() error {
	return fault.New(fault.Corrupt, "vault.Open", "a sealed content does not open with its key at its place")
}

func allZero(b []byte) bool {
	var x byte
	for _, c := range b {
		x |= c
	}
	return x == 0
}

// CommitKey returns the key of one entry's commitment. It may be given to an outsider
// with the content of that entry: it opens nothing, and checks no other entry. It is
// all zeros for a content that is not of this key.
func (p *PayloadKey) CommitKey(sealed []byte) (k [32]byte) {
	p.mu.RLock()
	defer p.mu.RUnlock()
	v, _, err := p.find(sealed)
	if err != nil {
		return k
	}
	return v.commitKey(sealed[:nonceSize])
}

// commit binds the place and the content: HMAC-SHA256(key, len(aad) (8) | aad | plaintext).
func commit(key, aad, plaintext []byte) (c [32]byte) {
	m := hmac.New(sha256.New, key)
	var n [8]byte
	binary.BigEndian.PutUint64(n[:], uint64(len(aad)))
	m.Write(n[:])
	m.Write(aad)
	m.Write(plaintext)
	m.Sum(c[:0])
	return c
}

// CheckCommitment reports whether commitment was made to plaintext at the place that
// aad names.
func CheckCommitment(commitKey [32]byte, aad, plaintext []byte, commitment [32]byte) bool {
	want := commit(commitKey[:], aad, plaintext)
	return hmac.Equal(want[:], commitment[:])
}

// Padded is the length in bytes that a content of n bytes is padded to, its four
// length bytes included: at least 256, above that the next Padmé size, which adds at
// most 12 % and leaves few distinct lengths.
//
// Source: Nikitin, Barman, Lueks, Underwood, Hubaux, Ford (2019), "Reducing Metadata
// Leakage from Encrypted Files and Communication with PURBs", section 4.
func Padded(n int) int {
	if uint64(n) > 1<<32-1 {
		panic("vault: a content of more than 4 GiB")
	}
	return max(minPadded, padme(n+prefixSize))
}

func padme(n int) int {
	if n < 2 {
		return n
	}
	e := bits.Len(uint(n)) - 1
	s := bits.Len(uint(e))
	mask := 1<<max(e-s, 0) - 1
	return (n + mask) &^ mask
}

// newGCM makes AES-256-GCM. The key is always 32 bytes, for which it cannot fail.
func newGCM(key []byte) cipher.AEAD {
	block, err := aes.NewCipher(key)
	if err != nil {
		panic(err)
	}
	gcm, err := cipher.NewGCM(block)
	if err != nil {
		panic(err)
	}
	return gcm
}
