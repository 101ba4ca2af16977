package app

import (
	"context"
	"crypto/ed25519"

	"example.org/amparo/fault"
	"example.org/amparo/id"
	"example.org/amparo/internal/hub"
	"example.org/amparo/internal/journal"
)

// keyMail is a keyset on its way to other devices, signed by the one that sends it. The
// grants inside are sealed; the signature says that the sender is a device somebody
// admitted, for which nothing else vouches when a compartment is new to the receiver.
type keyMail struct {
	Workspace id.ID  `cbor:"1,keyasint"`
	Device    []byte `cbor:"2,keyasint"` // Ed25519 public key
	Keyset    []byte `cbor:"3,keyasint"`
	Signature []byte `cbor:"4,keyasint"`
}

const keyMailContext = "amparo keyset v1\x00"

func (m keyMail) signed() []byte {
	return append(append([]byte(keyMailContext), m.Workspace[:]...), m.Keyset...)
}

func (w *Workspace) sealMail(keyset []byte) []byte {
	m := keyMail{Workspace: w.ID(), Device: w.vault.PublicKey(), Keyset: keyset}
	m.Signature = ed25519.Sign(w.vault.Signer(), m.signed())
	return journal.Encode(m)
}

// openMail checks who sent a keyset. Damage is fault.Corrupt, another workspace's is
// fault.Foreign.
func (w *Workspace) openMail(from id.ID, b []byte) (keyMail, error) {
	var m keyMail
	if err := journal.Unpack(b, &m); err != nil {
		return m, fault.Because(fault.Corrupt, "app.openMail", "a key file in the folder is not readable", err)
	}
	if m.Workspace != w.ID() {
		return m, fault.New(fault.Foreign, "app.openMail", "a key file in the folder is of another workspace").
			With("exchange with the folder of this workspace")
	}
	if len(m.Device) != ed25519.PublicKeySize || journal.DeviceID(m.Device) != from || !ed25519.Verify(m.Device, m.signed(), m.Signature) {
		return m, fault.New(fault.Corrupt, "app.openMail", "the key file of device %s is not signed by it", from.Short()).
			With("ask that colleague to exchange with the folder again")
	}
	return m, nil
}

// admitted reports whether a member of the workspace works on the device. A member who
// has just joined knows nobody yet and takes the first keys on the word of the folder,
// which is why fingerprints are compared by voice before admission.
func (w *Workspace) admitted(dev id.ID) bool {
	w.people.mu.RLock()
	defer w.people.mu.RUnlock()
	if len(w.people.byID) == 0 {
		return true
	}
	for _, c := range w.people.byID {
		if journal.DeviceID(c.Device) == dev {
			return true
		}
	}
	return false
}

// traded is what came of the key files in a folder.
type traded struct {
	gained  bool // entries may open that did not before
	skipped int  // files of devices that nobody admitted, as far as is known here
}

// tradeKeys takes in the keys that others left and leaves its own.
func (w *Workspace) tradeKeys(ctx context.Context, box hub.KeyBox) (out traded, err error) {
	theirs, err := box.Keys(ctx)
	if err != nil {
		return out, err
	}
	for dev, b := range theirs {
		if dev == w.vault.Device() {
			continue
		}
		m, err := w.openMail(dev, b)
		if err != nil {
			return out, err
		}
		if !w.admitted(dev) {
			out.skipped++
			continue
		}
		merged, err := w.keys.Merge(ctx, m.Keyset)
		if err != nil {
			return out, err
		}
		out.gained = out.gained || len(merged.Gained) > 0 || merged.Keys > 0
		if err := w.forget(ctx, merged.Destroyed); err != nil {
			return out, err
		}
	}
	ours, err := w.keys.Export(ctx)
	if err != nil {
		return out, err
	}
	return out, box.PutKeys(ctx, w.vault.Device(), w.sealMail(ours))
}
