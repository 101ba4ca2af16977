package vault

import (
	"crypto/hkdf"
	"crypto/sha256"
	"crypto/subtle"

	"golang.org/x/crypto/argon2"

	"example.org/amparo/fault"
)

// Slot describes one of the eight slots to whoever has opened the vault.
type Slot struct {
	Number int // 0 to 7
	Used   bool
	Label  string // what it was enrolled as: "passphrase", "key in the office safe"
}

// unlockKey stretches a passphrase: Argon2id with the slot's salt, then HKDF-SHA256
// over its output and the token's secret. The result seals one master key once.
func unlockKey(p Params, salt, pass, token []byte, where string) []byte {
	stretched := argon2.IDKey(pass, salt, p.Time, p.MemoryKiB, p.Threads, 32)
	defer clear(stretched)
	// The stretched part has a fixed length, so the two cannot be shifted against each other.
	okm, err := hkdf.Key(sha256.New, append(stretched[:32:32], token...), salt, "amparo/v1 unlock "+where, 60)
	if err != nil {
		panic(err)
	}
	return okm
}

// sealSlot writes salt | key check | AES-256-GCM(unlock key, master). The header of
// the file is bound to it.
func sealSlot(dst, okm, salt, master, header []byte) {
	out := append(dst[:0], salt...)
	out = append(out, okm[44:]...)
	newGCM(okm[:32]).Seal(out, okm[32:44], master, header)
}

func openSlot(slot, okm, header []byte) ([]byte, bool) {
	if subtle.ConstantTimeCompare(okm[44:], slot[saltSize:saltSize+checkSize]) != 1 {
		return nil, false
	}
	master, err := newGCM(okm[:32]).Open(nil, okm[32:44], slot[saltSize+checkSize:], header)
	return master, err == nil
}

func slotName(i int) string { return "slot " + string(rune('0'+i)) }

func (v *Vault) openSlot(i int, pass, token []byte) ([]byte, bool) {
	slot := v.file.slot(i)
	return openSlot(slot, unlockKey(v.params, slot[:saltSize], pass, token, slotName(i)), v.file[:headerSize])
}

func (v *Vault) setSlot(i int, label string, pass, token []byte) error {
	salt := make([]byte, saltSize)
	if err := fill(v.rand, salt); err != nil {
		return err
	}
	okm := unlockKey(v.params, salt, pass, token, slotName(i))
	defer clear(okm)
	sealSlot(v.file.slot(i), okm, salt, v.master, v.file[:headerSize])
	v.body.Slots[i] = slotNote{Used: true, Label: label}
	return nil
}

func (v *Vault) emptySlot(i int) error {
	v.body.Slots[i] = slotNote{}
	return fill(v.rand, v.file.slot(i))
}

// Slots lists the eight slots.
func (v *Vault) Slots() []Slot {
	v.mu.Lock()
	defer v.mu.Unlock()
	out := make([]Slot, slotCount)
	for i, n := range v.body.Slots {
		out[i] = Slot{Number: i, Used: n.Used, Label: n.Label}
	}
	return out
}

func (v *Vault) used() (n int) {
	for _, s := range v.body.Slots {
		if s.Used {
			n++
		}
	}
	return n
}

// AddSlot enrols a further passphrase, with a token's secret or nil, in the first free
// slot and returns its number. Eight used slots are fault.TooLarge.
func (v *Vault) AddSlot(label string, pass, token []byte) (number int, err error) {
	if err := checkPassphrase(pass); err != nil {
		return 0, err
	}
	if err := checkLabel(label); err != nil {
		return 0, err
	}
	err = v.change(func() error {
		for i := range slotCount {
			if !v.body.Slots[i].Used {
				number = i
				return v.setSlot(i, label, pass, token)
			}
		}
		return fault.New(fault.TooLarge, "vault.AddSlot", "all %d slots are used", slotCount).With("remove one first")
	})
	return number, err
}

// RemoveSlot makes a slot random again. The last used slot stays (fault.Invalid): to
// leave none is [Vault.TravelLock].
//
// Whoever knows that slot's passphrase and has an old copy of the file still has the
// master key; [Vault.ChangePassphrase] replaces it once one slot is left.
func (v *Vault) RemoveSlot(number int) error {
	return v.change(func() error {
		if number < 0 || number >= slotCount || !v.body.Slots[number].Used {
			return fault.New(fault.NotFound, "vault.RemoveSlot", "slot %d is not used", number)
		}
		if v.used() == 1 {
			return fault.New(fault.Invalid, "vault.RemoveSlot", "this is the only passphrase").With("add another first")
		}
		return v.emptySlot(number)
	})
}

// ChangePassphrase replaces the passphrase of the slot that old opens. With one slot
// in use the master key is replaced too, so that the old passphrase and an old copy of
// the file do not open what is written from now on. A wrong old passphrase is
// fault.Sealed.
func (v *Vault) ChangePassphrase(old, pass, token []byte) error {
	if err := checkPassphrase(pass); err != nil {
		return err
	}
	return v.change(func() error {
		for i := range slotCount {
			if !v.body.Slots[i].Used {
				continue
			}
			if _, ok := v.openSlot(i, old, token); !ok {
				continue
			}
			if v.used() == 1 {
				if err := v.renewMaster(); err != nil {
					return err
				}
			}
			return v.setSlot(i, v.body.Slots[i].Label, pass, token)
		}
		return fault.New(fault.Sealed, "vault.ChangePassphrase", "the old passphrase does not open this workspace").
			With("nothing was changed")
	})
}

// renewMaster draws a new master key and seals it to the recovery key, if there is
// one. The caller writes the one slot in use anew.
func (v *Vault) renewMaster() error {
	if err := fill(v.rand, v.master); err != nil {
		return err
	}
	return v.sealSpare()
}
