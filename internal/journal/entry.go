// Package journal is the truth of a workspace: entries that are sealed, signed
// and chained, one Merkle log for each device, and the checkpoints over all logs.
//
// Nothing is ever edited. An [Entry] is one act of a member; its content is
// sealed for a compartment (package vault), so whoever stores entries sees the
// clear [Header] only: which workspace, device and number, which compartment and
// payload key by meaningless identifiers, and a padded length. The leaf of the
// log is the header, the hash of the ciphertext and a keyed commitment to the
// content, never a plain hash of words: a plain hash lets anyone with a
// dictionary name the people in a log whose keys were destroyed.
//
// The package knows neither keys, nor databases, nor what an act means.
package journal

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"strings"

	"github.com/fxamacker/cbor/v2"
	"golang.org/x/mod/sumdb/tlog"

	"example.org/amparo/fault"
	"example.org/amparo/id"
)

// Version is the entry format written by this program.
const Version = 1

// MaxSealed is the largest sealed content accepted, in bytes. Long transcripts
// are stated passage by passage, and files are stored in chunks.
const MaxSealed = 4 << 20

// Hash is a Merkle tree hash as RFC 6962 defines it.
type Hash = tlog.Hash

// Ref names an act for ever: the device that first wrote it and its number in
// that device's log, counted from 0. An act that is imported into another
// workspace keeps its Ref, so choices and retractions still point at it.
type Ref struct {
	_      struct{} `cbor:",toarray"`
	Device id.ID
	Number uint64
}

// IsZero reports whether r names nothing.
func (r Ref) IsZero() bool { return r.Device.IsZero() }

// String writes r as "device/number".
func (r Ref) String() string {
	if r.IsZero() {
		return ""
	}
	return fmt.Sprintf("%s/%d", r.Device, r.Number)
}

// ParseRef reads the form of [Ref.String].
func ParseRef(s string) (Ref, error) {
	var r Ref
	dev, num, ok := bytes.Cut([]byte(s), []byte("/"))
	if !ok {
		return r, fault.New(fault.Invalid, "journal.ParseRef", "an act is named device/number")
	}
	d, err := id.Parse(string(dev))
	if err != nil || d.IsZero() {
		return r, fault.New(fault.Invalid, "journal.ParseRef", "the device part is not an identifier")
	}
	if _, err := fmt.Sscanf(string(num), "%d", &r.Number); err != nil || fmt.Sprint(r.Number) != string(num) {
		return Ref{}, fault.New(fault.Invalid, "journal.ParseRef", "the number part is not a whole number")
	}
	r.Device = d
	return r, nil
}

// Compare orders refs by device, then number.
func (r Ref) Compare(o Ref) int {
	if c := r.Device.Compare(o.Device); c != 0 {
		return c
	}
	switch {
	case r.Number < o.Number:
		return -1
	case r.Number > o.Number:
		return 1
	}
	return 0
}

// Header is what an entry shows in clear. It is encoded as a deterministic CBOR
// array (RFC 8949, section 4.2) in the order of the fields.
type Header struct {
	_           struct{} `cbor:",toarray"`
	Version     uint8
	Workspace   id.ID
	Device      id.ID
	Number      uint64 // index in the device's log, from 0
	Prev        Hash   // leaf hash of the device's entry before this one; zero for number 0
	Compartment id.ID
	Epoch       uint32 // epoch of the compartment key when the entry was written
	Key         id.ID  // payload key that seals the content
	Size        uint32 // length of the sealed content, padding included
}

var (
	encMode = must(cbor.CoreDetEncOptions().EncMode())
	decMode = must(cbor.DecOptions{
		DupMapKey:        cbor.DupMapKeyEnforcedAPF,
		IndefLength:      cbor.IndefLengthForbidden,
		TagsMd:           cbor.TagsForbidden,
		MaxArrayElements: 1 << 20,
		MaxMapPairs:      1 << 16,
		MaxNestedLevels:  16,
	}.DecMode())
)

func must[T any](v T, err error) T {
	if err != nil {
		panic(err) // options are constants: a mistake shows in every test
	}
	return v
}

// Encode writes v as deterministic CBOR. It panics if v holds a type that CBOR
// cannot carry, which is a mistake of the caller's.
func Encode(v any) []byte { return must(encMode.Marshal(v)) }

// Line writes v as one line of text under a heading, to be sent by any channel.
func Line(heading string, v any) string {
	return heading + base64.RawURLEncoding.EncodeToString(Encode(v))
}

// FromLine finds what [Line] wrote, also within other lines, as mail brings it; ok is false where
// there is none.
func FromLine(heading, text string) (data []byte, ok bool) {
	_, body, ok := strings.Cut(text, heading)
	body, _, _ = strings.Cut(strings.TrimSpace(body), "\n")
	data, err := base64.RawURLEncoding.DecodeString(strings.TrimSpace(body))
	return data, ok && err == nil
}

// Decode reads deterministic CBOR into v and refuses what it would not itself
// have written: another spelling of the same content would have another hash.
func Decode(data []byte, v any) error {
	if err := decMode.Unmarshal(data, v); err != nil {
		return fault.Because(fault.Corrupt, "journal.Decode", "not a well-formed entry", err)
	}
	again, err := encMode.Marshal(v)
	if err != nil || !bytes.Equal(again, data) {
		return fault.New(fault.Corrupt, "journal.Decode", "not in canonical form")
	}
	return nil
}

// Unpack reads CBOR into v without asking whether another spelling was possible.
// It is for content that a hash or a seal already fixes to the byte.
func Unpack(data []byte, v any) error {
	return fault.Because(fault.Corrupt, "journal.Unpack", "not well-formed", decMode.Unmarshal(data, v))
}

// Entry is one signed, sealed act.
type Entry struct {
	Header     Header
	Sealed     []byte
	Commitment [32]byte
	Signature  [ed25519.SignatureSize]byte
}

// wire is the stored and exchanged form. The header travels as bytes, so that
// what was signed is what is kept.
type wire struct {
	_          struct{} `cbor:",toarray"`
	Header     []byte
	Sealed     []byte
	Commitment [32]byte
	Signature  [ed25519.SignatureSize]byte
}

// Ref names the entry's own place: device and number.
func (e *Entry) Ref() Ref { return Ref{Device: e.Header.Device, Number: e.Header.Number} }

// AAD returns the bytes that bind a sealed content to its place: the header with
// the size set to zero, because the size is known only after sealing.
func (h Header) AAD() []byte {
	h.Size = 0
	return Encode(h)
}

const leafPrefix = "amparo leaf v1\n"

// Leaf returns the record that enters the Merkle log: the header, SHA-256 of the
// sealed content, and the keyed commitment.
func (e *Entry) Leaf() []byte { return Leaf(e.Header, sha256.Sum256(e.Sealed), e.Commitment) }

// Leaf builds a leaf from its parts, for a verifier that holds no ciphertext.
func Leaf(h Header, sealed, commitment [32]byte) []byte {
	head := Encode(h)
	b := make([]byte, 0, len(leafPrefix)+len(head)+64)
	b = append(b, leafPrefix...)
	b = append(b, head...)
	b = append(b, sealed[:]...)
	return append(b, commitment[:]...)
}

// LeafHash is the hash of the entry's leaf in its device's log (RFC 6962, 2.1).
func (e *Entry) LeafHash() Hash { return tlog.RecordHash(e.Leaf()) }

// LeafHash hashes a leaf given by its parts.
func LeafHash(h Header, sealed, commitment [32]byte) Hash {
	return tlog.RecordHash(Leaf(h, sealed, commitment))
}

const signPrefix = "amparo entry v1\n"

// Sign sets the signature of the device over the leaf hash and returns that hash,
// which the next entry of the device carries as Prev.
func (e *Entry) Sign(key ed25519.PrivateKey) Hash {
	h := e.LeafHash()
	e.SignLeaf(key, h)
	return h
}

// SignLeaf sets the signature for a leaf hash computed before, so that a batch can
// be chained first and signed on all cores.
func (e *Entry) SignLeaf(key ed25519.PrivateKey, leaf Hash) {
	copy(e.Signature[:], ed25519.Sign(key, signed(leaf)))
}

func signed(h Hash) []byte { return append([]byte(signPrefix), h[:]...) }

// Check verifies the entry alone: format, sizes, that the key is the device's own
// (a device's identifier is a hash of its key) and the signature. It does not look
// at the log around it. It returns the leaf hash.
func (e *Entry) Check(pub ed25519.PublicKey) (Hash, error) {
	const op = "journal.Check"
	switch {
	case e.Header.Version != Version:
		return Hash{}, fault.New(fault.Foreign, op, "entry %s has format version %d", e.Ref(), e.Header.Version).
			With("it was written by a newer program: update this one")
	case int(e.Header.Size) != len(e.Sealed):
		return Hash{}, fault.New(fault.Corrupt, op, "entry %s: the header says %d bytes, there are %d", e.Ref(), e.Header.Size, len(e.Sealed))
	case len(e.Sealed) > MaxSealed:
		return Hash{}, fault.New(fault.TooLarge, op, "entry %s holds more than %d bytes", e.Ref(), MaxSealed)
	case DeviceID(pub) != e.Header.Device:
		return Hash{}, fault.New(fault.Corrupt, op, "entry %s is not of the device whose key was given", e.Ref())
	}
	h := e.LeafHash()
	return h, CheckSignature(pub, h, e.Signature[:], e.Ref())
}

// CheckSignature verifies the device's signature over a leaf hash.
func CheckSignature(pub ed25519.PublicKey, leaf Hash, sig []byte, ref Ref) error {
	if len(pub) != ed25519.PublicKeySize || !ed25519.Verify(pub, signed(leaf), sig) {
		return fault.New(fault.Corrupt, "journal.Check", "entry %s: the signature does not fit", ref)
	}
	return nil
}

// DeviceID is the identifier of a device: the first 16 bytes of
// SHA-256("amparo device v1" || public key). It certifies itself.
func DeviceID(pub ed25519.PublicKey) id.ID {
	sum := sha256.Sum256(append([]byte("amparo device v1"), pub...))
	return id.ID(sum[:16])
}

// Marshal returns the stored form of e.
func (e *Entry) Marshal() []byte {
	return Encode(wire{Header: Encode(e.Header), Sealed: e.Sealed, Commitment: e.Commitment, Signature: e.Signature})
}

// Unmarshal reads the stored form and refuses any other spelling of it. It checks
// form only; see [Entry.Check].
func Unmarshal(data []byte) (*Entry, error) { return unmarshal(data, Decode) }

// Load reads the stored form from a file of our own, whose pages are checked: it
// asks less and costs less than [Unmarshal].
func Load(data []byte) (*Entry, error) { return unmarshal(data, Unpack) }

func unmarshal(data []byte, decode func([]byte, any) error) (*Entry, error) {
	if len(data) > MaxSealed+1024 {
		return nil, fault.New(fault.TooLarge, "journal.Unmarshal", "an entry of %d bytes", len(data))
	}
	var w wire
	if err := decode(data, &w); err != nil {
		return nil, err
	}
	e := &Entry{Sealed: w.Sealed, Commitment: w.Commitment, Signature: w.Signature}
	if err := decode(w.Header, &e.Header); err != nil {
		return nil, err
	}
	return e, nil
}
