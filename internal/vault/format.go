package vault

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/binary"

	"example.org/amparo/fault"
	"example.org/amparo/id"
)

// The layout of vault.keys, in bytes. The file always has one size and eight slots,
// so it does not show how many passphrases open it.
const (
	magic      = "amparo vault v1\n"
	slotCount  = 8
	saltSize   = 32
	wrapped    = 32 + tagSize                   // a master key under AES-256-GCM
	slotSize   = saltSize + checkSize + wrapped // 96
	hpkeSize   = 1120 + wrapped                 // a master key under HPKE with ML-KEM-768 + X25519
	offParams  = len(magic)
	offSlots   = offParams + 12
	offSet     = offSlots + slotCount*slotSize // fingerprint of the recovery shares
	offSpare   = offSet + setSize              // the recovery slot
	offBody    = offSpare + hpkeSize
	bodyPlain  = 1996
	offMAC     = offBody + boxOverhead + bodyPlain
	offSum     = offMAC + sha256.Size
	fileSize   = offSum + sha256.Size // 4096
	headerSize = offSlots
)

// Params are Argon2id's costs (RFC 9106).
type Params struct {
	MemoryKiB uint32 // memory in KiB, 8 for each thread to 2 GiB
	Time      uint32 // passes over the memory, 1 to 16
	Threads   uint8  // lanes, 1 to 16
}

// DefaultParams take about a second on an old laptop: one guess costs an attacker as
// much time, and 256 MiB of memory.
var DefaultParams = Params{MemoryKiB: 256 << 10, Time: 3, Threads: 4}

// LightParams are for workspaces whose passphrase protects nothing, as that of the
// demonstration, which is printed.
var LightParams = Params{MemoryKiB: 8 << 10, Time: 1, Threads: 1}

// Limits of what a file may ask for: a damaged or hostile file must not make the
// program take all memory before anything is verified.
const (
	maxMemoryKiB = 2 << 20
	maxTime      = 16
	maxThreads   = 16
)

func (p Params) valid() bool {
	return p.Time >= 1 && p.Time <= maxTime && p.Threads >= 1 && p.Threads <= maxThreads &&
		p.MemoryKiB >= 8*uint32(p.Threads) && p.MemoryKiB <= maxMemoryKiB
}

func (p Params) append(b []byte) []byte {
	b = binary.BigEndian.AppendUint32(b, p.MemoryKiB)
	b = binary.BigEndian.AppendUint32(b, p.Time)
	return binary.BigEndian.AppendUint32(b, uint32(p.Threads))
}

func readParams(b []byte) (Params, bool) {
	threads := binary.BigEndian.Uint32(b[8:])
	p := Params{MemoryKiB: binary.BigEndian.Uint32(b), Time: binary.BigEndian.Uint32(b[4:]), Threads: uint8(min(threads, 255))}
	return p, p.valid()
}

// keyFile is a vault.keys as bytes whose form was checked.
type keyFile []byte

// parseKeyFile checks size, format, the plain checksum and the costs it asks for. It
// tells accidental damage from a wrong passphrase; a change by somebody who also
// mended the checksum is found by the MAC once a master key is known.
func parseKeyFile(raw []byte) (keyFile, Params, error) {
	const op = "vault.Open"
	switch {
	case len(raw) >= offParams && string(raw[:offParams]) != magic:
		return nil, Params{}, fault.New(fault.Foreign, op, "vault.keys is not of this program, or was overwritten").
			With("restore vault.keys from its backup")
	case len(raw) != fileSize:
		return nil, Params{}, fault.New(fault.Corrupt, op, "vault.keys has %d bytes instead of %d", len(raw), fileSize).
			With("restore vault.keys from its backup")
	}
	p, ok := readParams(raw[offParams:])
	if !ok {
		return nil, Params{}, fault.New(fault.Corrupt, op, "vault.keys asks for impossible key stretching").
			With("restore vault.keys from its backup")
	}
	if sum := sha256.Sum256(raw[:offSum]); subtle.ConstantTimeCompare(sum[:], raw[offSum:]) != 1 {
		return nil, Params{}, fault.New(fault.Corrupt, op, "vault.keys is damaged: its checksum does not fit").
			With("restore vault.keys from its backup")
	}
	return keyFile(raw), p, nil
}

func (f keyFile) slot(i int) []byte {
	return f[offSlots+i*slotSize : offSlots+(i+1)*slotSize : offSlots+(i+1)*slotSize]
}
func (f keyFile) set() []byte   { return f[offSet:offSpare:offSpare] }
func (f keyFile) spare() []byte { return f[offSpare:offBody:offBody] }

// mac authenticates everything before it, unused slots included.
func (f keyFile) mac(master []byte) [32]byte {
	return authenticate(expand(master, "amparo/v1 file", 32), "vault.keys", f[:offMAC])
}

// close renews the MAC and the checksum.
func (f keyFile) close(master []byte) {
	m := f.mac(master)
	copy(f[offMAC:], m[:])
	s := sha256.Sum256(f[:offSum])
	copy(f[offSum:], s[:])
}

// body is what the master key opens.
type body struct {
	Workspace id.ID               `cbor:"1,keyasint"`
	Member    id.ID               `cbor:"2,keyasint"`
	Device    []byte              `cbor:"3,keyasint"` // Ed25519 seed
	KEM       []byte              `cbor:"4,keyasint"` // member key, private half
	OldKEM    []byte              `cbor:"5,keyasint,omitempty"`
	Root      []byte              `cbor:"6,keyasint"` // page keys are derived from it
	Import    []byte              `cbor:"7,keyasint"` // names imported rows
	Slots     [slotCount]slotNote `cbor:"8,keyasint"`
	Recovery  []byte              `cbor:"9,keyasint,omitempty"` // recovery key, public half
	Policy    Policy              `cbor:"10,keyasint,omitzero"`
}

// slotNote says what a slot is for. It is inside the seal.
type slotNote struct {
	_     struct{} `cbor:",toarray"`
	Used  bool
	Label string
}

// maxLabel bounds a label, in bytes.
const maxLabel = 40

func (b *body) encode() ([]byte, error) {
	enc, err := encMode.Marshal(b)
	if err != nil {
		return nil, fault.Because(fault.Internal, "vault", "the body of vault.keys does not encode", err)
	}
	if len(enc)+2 > bodyPlain {
		return nil, fault.New(fault.Internal, "vault", "the body of vault.keys is too long")
	}
	plain := make([]byte, bodyPlain)
	binary.BigEndian.PutUint16(plain, uint16(len(enc)))
	copy(plain[2:], enc)
	clear(enc)
	return plain, nil
}

func decodeBody(plain []byte) (*body, error) {
	bad := fault.New(fault.Corrupt, "vault.Open", "the body of vault.keys is malformed")
	if len(plain) != bodyPlain {
		return nil, bad
	}
	n := int(binary.BigEndian.Uint16(plain))
	if n+2 > len(plain) || !allZero(plain[2+n:]) {
		return nil, bad
	}
	b := &body{}
	if err := decode(plain[2:2+n], b); err != nil {
		return nil, fault.Because(fault.Corrupt, "vault.Open", bad.Msg, err)
	}
	if len(b.Device) != 32 || len(b.KEM) != kemSeed || len(b.Root) != 32 || len(b.Import) != 32 ||
		len(b.OldKEM) != 0 && len(b.OldKEM) != kemSeed {
		return nil, bad
	}
	return b, nil
}
