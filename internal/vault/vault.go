// Package vault holds the keys of a workspace: what a passphrase opens, who may open
// which compartment, and the payload keys whose destruction is the only real
// deletion. It invents no cryptography: Argon2id, HKDF, AES-256-GCM, HMAC, Ed25519
// and HPKE with ML-KEM-768 + X25519, from the standard library and
// golang.org/x/crypto, and verifiable secret sharing from CIRCL.
//
//	passphrase --Argon2id, HKDF--> unlock key --opens a slot--> master key --opens--> body of vault.keys
//	body: device signing key, member key, root of the page keys
//	member key --HPKE--> compartment key, by epoch --wraps--> payload key --HKDF--> one entry
//
// docs/design/vault.md gives the formats byte by byte, and what each adversary can
// still do.
package vault

import (
	"bytes"
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/hpke"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"io"
	"os"
	"sync"

	"example.org/amparo/fault"
	"example.org/amparo/id"
)

// Vault is an open vault.keys. It is safe for concurrent use.
type Vault struct {
	path string
	rand io.Reader

	mu     sync.Mutex
	file   keyFile
	params Params
	page   []byte // locked memory for master and the secrets of the body
	master []byte
	body   *body
	sign   ed25519.PrivateKey
	kem    hpke.PrivateKey
	oldKEM hpke.PrivateKey // until the grants made to it are made again
}

// CreateOptions say whose vault it is.
type CreateOptions struct {
	Workspace, Member id.ID
	Params            Params    // zero: DefaultParams
	Rand              io.Reader // nil: crypto/rand
	Token             []byte    // secret of a hardware token, or nil; then Open needs it too
	Label             string    // what the first slot is for; "" is "passphrase"
	Import            []byte    // 32 bytes, the workspace's import key; nil: a new one
}

// Create makes vault.keys at path with one passphrase, and leaves it open. It does
// not overwrite (fault.Conflict) and does not take an empty passphrase
// (fault.Invalid).
func Create(path string, pass []byte, opt CreateOptions) (*Vault, error) {
	if opt.Rand == nil {
		opt.Rand = rand.Reader
	}
	if opt.Params == (Params{}) {
		opt.Params = DefaultParams
	}
	if opt.Label == "" {
		opt.Label = "passphrase"
	}
	if err := checkCreate(path, pass, opt); err != nil {
		return nil, err
	}
	v := &Vault{path: path, rand: &lockedReader{r: opt.Rand}, params: opt.Params, file: make(keyFile, fileSize)}
	if err := fill(v.rand, v.file); err != nil {
		return nil, err
	}
	opt.Params.append(append(v.file[:0], magic...))
	secrets := make([]byte, 5*32)
	defer clear(secrets)
	if err := fill(v.rand, secrets); err != nil {
		return nil, err
	}
	b := &body{
		Workspace: opt.Workspace, Member: opt.Member,
		Device: secrets[:32], KEM: bytes.Clone(secrets[32:64]), Root: secrets[64:96], Import: secrets[96:128],
	}
	if opt.Import != nil {
		copy(b.Import, opt.Import)
	}
	if err := v.adopt(b, secrets[128:]); err != nil {
		return nil, err
	}
	if err := v.setSlot(0, opt.Label, pass, opt.Token); err != nil {
		return nil, err
	}
	return v, v.save()
}

func checkCreate(path string, pass []byte, opt CreateOptions) error {
	const op = "vault.Create"
	if !opt.Params.valid() {
		return fault.New(fault.Invalid, op, "the costs of key stretching are out of range")
	}
	if opt.Import != nil && len(opt.Import) != 32 {
		return fault.New(fault.Invalid, op, "an import key has 32 bytes")
	}
	if err := checkPassphrase(pass); err != nil {
		return err
	}
	if _, err := os.Lstat(path); err == nil {
		return fault.New(fault.Conflict, op, "there is a vault here already").With("choose a new folder")
	}
	return checkLabel(opt.Label)
}

func checkPassphrase(pass []byte) error {
	if len(pass) == 0 {
		return fault.New(fault.Invalid, "vault", "the passphrase is empty").With("use several words nobody would put together")
	}
	return nil
}

func checkLabel(label string) error {
	if len(label) > maxLabel {
		return fault.New(fault.Invalid, "vault", "a label has at most %d bytes", maxLabel)
	}
	return nil
}

// Open opens the vault at path with a passphrase. A passphrase that fits no slot is
// fault.Sealed, a file that was changed in any bit is fault.Corrupt, a file of
// something else is fault.Foreign.
//
// Each slot has its own salt, and the file does not show which slots are used, so the
// passphrase of the first slot opens after one stretching and a wrong one is known to
// be wrong after eight.
func Open(path string, pass []byte) (*Vault, error) { return OpenWithToken(path, pass, nil) }

// OpenWithToken is [Open] for a slot that needs a token's secret beside the passphrase.
func OpenWithToken(path string, pass, token []byte) (*Vault, error) {
	v, err := read(path)
	if err != nil {
		return nil, err
	}
	for i := range slotCount {
		if master, ok := v.openSlot(i, pass, token); ok {
			return v, v.openBody(master)
		}
	}
	return nil, fault.New(fault.Sealed, "vault.Open", "the passphrase does not open this workspace").
		With("check the keyboard layout and try again; without a passphrase or recovery shares nobody can read the data")
}

func read(path string) (*Vault, error) {
	raw, err := readBounded(path, fileSize)
	if errors.Is(err, os.ErrNotExist) {
		return nil, fault.New(fault.NotFound, "vault.Open", "there is no vault.keys here").With("name the folder of the workspace with --dir")
	}
	if err != nil {
		return nil, fault.Because(fault.Storage, "vault.Open", "vault.keys cannot be read", err)
	}
	f, p, err := parseKeyFile(raw)
	if err != nil {
		return nil, err
	}
	return &Vault{path: path, rand: rand.Reader, file: f, params: p}, nil
}

// openBody verifies the whole file under a master key and reads the body.
func (v *Vault) openBody(master []byte) error {
	if m := v.file.mac(master); !hmac.Equal(m[:], v.file[offMAC:offSum]) {
		return fault.New(fault.Corrupt, "vault.Open", "vault.keys was changed by something other than this program").
			With("restore vault.keys from its backup, and ask who had the disk")
	}
	plain, ok := openBox(expand(master, "amparo/v1 vault", 32), "amparo/v1 body", v.file[offBody:offMAC])
	if !ok {
		return fault.New(fault.Corrupt, "vault.Open", "the body of vault.keys does not open").
			With("restore vault.keys from its backup")
	}
	defer clear(plain)
	b, err := decodeBody(plain)
	if err != nil {
		return err
	}
	return v.adopt(b, master)
}

// adopt takes over a body and a master key: its secrets move to locked memory.
func (v *Vault) adopt(b *body, master []byte) (err error) {
	if v.kem, err = memberKey(b.KEM); err != nil {
		return err
	}
	v.oldKEM = nil
	if len(b.OldKEM) > 0 {
		if v.oldKEM, err = memberKey(b.OldKEM); err != nil {
			return err
		}
	}
	v.page = secretPage()
	rest := v.page
	for _, s := range []*[]byte{&master, &b.Device, &b.Root, &b.Import} {
		n := copy(rest, *s)
		clear(*s)
		*s, rest = rest[:n:n], rest[n:]
	}
	v.master, v.body = master, b
	v.sign = ed25519.NewKeyFromSeed(b.Device)
	return nil
}

// save seals the body, renews the file's authentication and replaces the file so
// that a crash leaves the old one or the new one, whole.
func (v *Vault) save() error {
	plain, err := v.body.encode()
	if err != nil {
		return err
	}
	defer clear(plain)
	sealed, err := sealBox(expand(v.master, "amparo/v1 vault", 32), "amparo/v1 body", plain, v.rand)
	if err != nil {
		return err
	}
	copy(v.file[offBody:offMAC], sealed)
	v.file.close(v.master)
	return replaceFile(v.path, v.file, v.rand)
}

// change runs fn on the vault and saves. If either fails the vault in memory is as
// before, and so is the file.
func (v *Vault) change(fn func() error) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.master == nil {
		return fault.New(fault.Conflict, "vault", "the workspace is locked").With("unlock it again")
	}
	file, old, master := append(keyFile(nil), v.file...), *v.body, append([]byte(nil), v.master...)
	defer clear(master)
	kem, oldKEM := v.kem, v.oldKEM
	err := fn()
	if err == nil {
		err = v.save()
	}
	if err != nil {
		v.file, v.kem, v.oldKEM = file, kem, oldKEM
		*v.body = old
		copy(v.master, master)
	}
	return err
}

// Workspace is the identifier of the workspace.
func (v *Vault) Workspace() id.ID { return v.body.Workspace }

// Member is the identifier of the person.
func (v *Vault) Member() id.ID { return v.body.Member }

// Device is the identifier of this machine: a hash of its public key, see [DeviceID].
func (v *Vault) Device() id.ID { return DeviceID(v.PublicKey()) }

// PublicKey is the public half of the device's signing key.
func (v *Vault) PublicKey() ed25519.PublicKey { return v.sign.Public().(ed25519.PublicKey) }

// Signer is the device's signing key.
func (v *Vault) Signer() ed25519.PrivateKey { return v.sign }

// DeviceID is the identifier of a device: the first 16 bytes of
// SHA-256("amparo device v1" || public key). It certifies itself.
func DeviceID(pub ed25519.PublicKey) id.ID {
	sum := sha256.Sum256(append([]byte("amparo device v1"), pub...))
	return id.ID(sum[:16])
}

// PageKey is the key of one encrypted file of the workspace, for instance "index.db".
func (v *Vault) PageKey(name string) [32]byte {
	return [32]byte(expand(v.open(v.body.Root), "amparo/v1 pages "+name, 32))
}

// ImportKey names imported rows (see [id.Derive]), so that one file imported twice
// gives the same records. 32 bytes; the caller does not change them.
func (v *Vault) ImportKey() []byte { return expand(v.open(v.body.Import), "amparo/v1 import", 32) }

// open panics for a closed vault: a key derived from nothing would be known to all.
func (v *Vault) open(secret []byte) []byte {
	if len(secret) != 32 {
		panic("vault: used after Close")
	}
	return secret
}

// Close wipes the keys this package holds. What the runtime and the libraries have
// copied is gone only when the process ends: to lock is to end the process.
func (v *Vault) Close() {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.master == nil {
		return
	}
	clear(v.sign)
	clear(v.body.KEM)
	clear(v.body.OldKEM)
	freeSecretPage(v.page)
	v.page, v.master, v.kem, v.oldKEM = nil, nil, nil, nil
	v.body = &body{Workspace: v.body.Workspace, Member: v.body.Member}
}
