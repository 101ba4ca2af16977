package vault

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"os"

	"example.org/amparo/fault"
)

// A slot file carries one slot apart from vault.keys:
// magic (16) | params (12) | slot (96) | SHA-256 of all that (32).
const (
	slotMagic    = "amparo slot v1 \n"
	slotFileSize = len(slotMagic) + 12 + slotSize + sha256.Size
)

// TravelLock removes every passphrase from the vault and returns a slot file that puts
// one back: until it arrives, nobody present can open the workspace, and can say so.
// Recovery shares still open it: their custodians do not travel.
//
// The slot file opens the vault together with pass only, so the office can send it by
// a channel that is read, and give pass to another person to say over another. The
// caller stores the slot file before the lock: keep is called with it first, and if it
// fails nothing is changed. The vault is closed afterwards.
//
// It does not help against a copy of the file that was taken before.
func (v *Vault) TravelLock(pass []byte, keep func(slotFile []byte) error) error {
	if err := checkPassphrase(pass); err != nil {
		return err
	}
	err := v.change(func() error {
		out := v.params.append([]byte(slotMagic))
		header := bytes.Clone(out)
		salt := make([]byte, saltSize)
		if err := fill(v.rand, salt); err != nil {
			return err
		}
		okm := unlockKey(v.params, salt, pass, nil, "travel")
		defer clear(okm)
		out = grow(out, slotSize)
		sealSlot(out[len(header):], okm, salt, v.master, header)
		sum := sha256.Sum256(out)
		if err := keep(append(out, sum[:]...)); err != nil {
			return err
		}
		for i := range slotCount {
			if err := v.emptySlot(i); err != nil {
				return err
			}
		}
		return nil
	})
	if err == nil {
		v.Close()
	}
	return err
}

// TravelUnlock opens a travel-locked vault with the slot file and its passphrase, and
// enrols that passphrase again. A wrong passphrase is fault.Sealed, a slot file of
// another vault is fault.Foreign.
func TravelUnlock(path string, slotFile, pass []byte) (*Vault, error) {
	const op = "vault.TravelUnlock"
	v, err := read(path)
	if err != nil {
		return nil, err
	}
	p, slot, err := parseSlotFile(slotFile)
	if err != nil {
		return nil, err
	}
	okm := unlockKey(p, slot[:saltSize], pass, nil, "travel")
	defer clear(okm)
	master, ok := openSlot(slot, okm, slotFile[:len(slotMagic)+12])
	if !ok {
		return nil, fault.New(fault.Sealed, op, "the passphrase does not open this slot file").With("check the keyboard layout and try again")
	}
	if err := v.openBody(master); err != nil {
		return nil, fault.Because(fault.Foreign, op, "the slot file is of another vault, or vault.keys was changed since", err)
	}
	return v, v.change(func() error {
		for i := range slotCount {
			if !v.body.Slots[i].Used {
				return v.setSlot(i, "after travel", pass, nil)
			}
		}
		return nil
	})
}

func parseSlotFile(b []byte) (Params, []byte, error) {
	bad := fault.New(fault.Corrupt, "vault.TravelUnlock", "the slot file is damaged or of another program").With("have it sent again")
	if len(b) != slotFileSize || string(b[:len(slotMagic)]) != slotMagic {
		return Params{}, nil, bad
	}
	body := b[:len(b)-sha256.Size]
	if sum := sha256.Sum256(body); !bytes.Equal(sum[:], b[len(body):]) {
		return Params{}, nil, bad
	}
	p, ok := readParams(b[len(slotMagic):])
	if !ok {
		return Params{}, nil, bad
	}
	return p, body[len(slotMagic)+12:], nil
}

// Panic overwrites vault.keys in place with noise: no passphrase and no share opens the
// workspace any more on this machine. The caller ends the process at once. Whether
// flash memory keeps old copies is unknown, so a travel lock before the journey is
// better.
func Panic(path string) error {
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err == nil {
		err = scrub(f, rand.Reader)
	}
	// A crash between writing and renaming may have left a whole copy beside the file.
	if t, terr := os.OpenFile(path+".tmp", os.O_WRONLY, 0); terr == nil {
		err = errors.Join(err, scrub(t, rand.Reader))
	}
	return fault.Because(fault.Storage, "vault.Panic", "vault.keys cannot be overwritten", err)
}
