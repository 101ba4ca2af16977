package app

import (
	"context"
	"crypto/ed25519"
	"sync"

	"example.org/amparo/fault"
	"example.org/amparo/id"
	"example.org/amparo/internal/casebook"
	"example.org/amparo/internal/hub"
	"example.org/amparo/internal/index"
	"example.org/amparo/internal/journal"
)

// Card is what a member shows to be admitted: public keys and a name. It is not
// secret; what matters is that it comes from the right person, so its fingerprint is
// compared by voice.
type Card struct {
	Workspace id.ID  `cbor:"1,keyasint"`
	Member    id.ID  `cbor:"2,keyasint"`
	Name      string `cbor:"3,keyasint"`
	Device    []byte `cbor:"4,keyasint"` // Ed25519 public key
	KEM       []byte `cbor:"5,keyasint"` // key that compartments are granted to
	Owner     bool   `cbor:"6,keyasint,omitempty"`
}

const cardHeading = "amparo member card v1 "

// Text writes the card as one line to send by any channel.
func (c Card) Text() string { return journal.Line(cardHeading, c) }

// ParseCard reads [Card.Text], also from within other lines, as mail brings it.
func ParseCard(s string) (Card, error) {
	var c Card
	raw, ok := journal.FromLine(cardHeading, s)
	if !ok || journal.Unpack(raw, &c) != nil || len(c.Device) != ed25519.PublicKeySize {
		return Card{}, fault.New(fault.Invalid, "app.ParseCard", "this is not a member card").With("ask for the card again: amparo keys card prints it")
	}
	return c, nil
}

// Fingerprint is what two people compare: 25 letters of the hash of the card's keys.
func (c Card) Fingerprint() string {
	return id.Derive([]byte("amparo card v1"), string(c.Device), string(c.KEM), c.Member.String()).Spoken()
}

// Card returns this member's own card.
func (w *Workspace) Card(name string) Card {
	return Card{Workspace: w.ID(), Member: w.vault.Member(), Name: name, Device: w.vault.PublicKey(), KEM: w.vault.MemberKey()}
}

func (w *Workspace) ownCard(name string) Card {
	c := w.Card(name)
	c.Owner = true
	return c
}

// members are the people of the workspace, by identifier.
type members struct {
	mu   sync.RWMutex
	byID map[id.ID]Card
}

func (w *Workspace) learnMember(o index.Opened) error {
	var c Card
	if err := journal.Unpack(o.Act.Data, &c); err != nil {
		return err
	}
	w.people.mu.Lock()
	defer w.people.mu.Unlock()
	w.people.byID[c.Member] = c
	w.memos.drop() // they name members
	return nil
}

// MemberName is a colleague's name, or the beginning of an identifier for a stranger.
func (w *Workspace) MemberName(m id.ID) string {
	w.people.mu.RLock()
	defer w.people.mu.RUnlock()
	if c, ok := w.people.byID[m]; ok && c.Name != "" {
		return c.Name
	}
	return m.Short()
}

// Admit lets the member of a card open compartments, and makes the device known. What
// is granted reaches the member with the next exchange.
func (w *Workspace) Admit(ctx context.Context, c Card, compartments []string) error {
	if c.Workspace != w.ID() {
		return fault.New(fault.Foreign, "app.Admit", "the card was made for another workspace").
			With("give the new member this workspace's identifier and ask for a new card")
	}
	for _, name := range compartments {
		room, err := w.roomOf(name)
		if err != nil {
			return err
		}
		if err := w.keys.Grant(room.id, c.Member, c.KEM); err != nil {
			return err
		}
	}
	if err := w.hub.PutDevices(ctx, []hub.Device{{ID: journal.DeviceID(c.Device), PublicKey: c.Device}}); err != nil {
		return err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	general, err := w.roomOf(generalRoom)
	if err != nil {
		return err
	}
	_, err = w.commit(ctx, []draft{{act: &casebook.Act{Verb: casebook.Enrol, Data: journal.Encode(c)}, room: general}})
	return err
}

// Exchanged is what an exchange moved.
type Exchanged struct {
	Took, Gave hub.Put
	// Strangers is how many key files were left alone because no member of this
	// workspace works on the device that signed them.
	Strangers int
}

// Exchange makes this workspace and a hub hold the same entries, and trades keys when
// the hub is a place for them. What is new is folded in.
func (w *Workspace) Exchange(ctx context.Context, other hub.Hub, progress Progress) (out Exchanged, err error) {
	box, hasKeys := other.(hub.KeyBox)
	var keys traded
	if hasKeys {
		if keys, err = w.tradeKeys(ctx, box); err != nil {
			return out, err
		}
	}
	if err := w.Checkpoint(ctx); err != nil {
		return out, err
	}
	if out.Took, out.Gave, err = hub.Sync(ctx, w.hub, other); err != nil {
		return out, err
	}
	if err := w.foldAgain(ctx, keys.gained, progress); err != nil {
		return out, err
	}
	if keys.skipped > 0 { // the entries that came may say who these devices are
		if keys, err = w.tradeKeys(ctx, box); err != nil {
			return out, err
		}
		err = w.foldAgain(ctx, keys.gained, progress)
	}
	out.Strangers = keys.skipped
	return out, err
}

// foldAgain folds in what arrived; where keys were gained, entries that were closed may
// open now, and all of them are folded again.
func (w *Workspace) foldAgain(ctx context.Context, gained bool, progress Progress) error {
	if gained {
		if err := w.index.Reset(ctx); err != nil {
			return err
		}
	}
	return w.Refresh(ctx, progress)
}

// Refresh folds in what has arrived in the journal.
func (w *Workspace) Refresh(ctx context.Context, progress Progress) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	before := w.Schema().Digest()
	if err := w.catchUp(ctx, progress); err != nil {
		return err
	}
	if w.Schema().Digest() == before {
		return nil
	}
	if err := w.index.Reset(ctx); err != nil { // kinds arrived after records of theirs
		return err
	}
	return w.catchUp(ctx, progress)
}
