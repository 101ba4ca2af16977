// Package partner holds what two organisations hand each other to find out whether one of
// them has heard a person already: cards, by which each comes to know the other's keys; a
// file that asks about one person; the file that answers it. Nothing of it names anybody;
// see package oblivious for why it cannot be made to.
//
// A file is sealed to the other side's key of this one exchange and signed with one's own,
// so whoever finds it on a stick sees neither who asks nor who is asked. Its size depends on
// the order of size of the list alone.
package partner

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"strings"

	"filippo.io/age"

	"example.org/amparo/fault"
	"example.org/amparo/id"
	"example.org/amparo/internal/journal"
	"example.org/amparo/when"
)

// Bounds of what two partners agree.
const (
	MaxName  = 120 // bytes of an organisation's name
	MaxLimit = 100 // asks that one side answers in one exchange
	maxCard  = 16 << 10
)

// Card is one side's half of an exchange: its name and its public keys, made for this
// exchange. It is not secret; that it comes from the right people is made sure by comparing
// the [Fingerprint] of both cards aloud.
type Card struct {
	Exchange  id.ID  `cbor:"1,keyasint"`
	Name      string `cbor:"2,keyasint"` // of the organisation, as the other is to write it
	Verify    []byte `cbor:"3,keyasint"` // Ed25519
	Recipient string `cbor:"4,keyasint"` // age, ML-KEM-768 with X25519
	Until     string `cbor:"5,keyasint"` // the last day, EDTF; the same on both cards
	Limit     int    `cbor:"6,keyasint"` // asks that each side answers; the same on both cards
	Answers   []byte `cbor:"7,keyasint,omitempty"`
	Signature []byte `cbor:"8,keyasint"`
}

// Keys are the secret half of a card.
type Keys struct {
	Seed     []byte `cbor:"1,keyasint"` // Ed25519
	Identity string `cbor:"2,keyasint"` // age
}

// Terms are what two sides agree when they begin.
type Terms struct {
	Exchange id.ID
	Until    when.Date // a day
	Limit    int
}

const (
	cardHeading = "amparo partner card v1 "
	cardContext = "amparo partner card v1\x00"
	fileContext = "amparo partner file v1\x00"
)

// NewCard makes a card with new keys. answers is the card of the side that began, nil for
// the side that begins.
func NewCard(name string, t Terms, answers *Card) (Card, Keys, error) {
	_, sign, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return Card{}, Keys{}, fault.Because(fault.Internal, "partner.NewCard", "no randomness", err)
	}
	box, err := age.GenerateHybridIdentity()
	if err != nil {
		return Card{}, Keys{}, fault.Because(fault.Internal, "partner.NewCard", "no randomness", err)
	}
	c := Card{Exchange: t.Exchange, Name: strings.TrimSpace(name), Verify: sign.Public().(ed25519.PublicKey), Recipient: box.Recipient().String(), Until: t.Until.String(), Limit: t.Limit}
	if answers != nil {
		h := answers.hash()
		c.Answers = h[:]
	}
	c.Signature = ed25519.Sign(sign, c.signed())
	if err := c.check(); err != nil {
		return Card{}, Keys{}, err
	}
	return c, Keys{Seed: sign.Seed(), Identity: box.String()}, nil
}

func (c Card) signed() []byte {
	c.Signature = nil
	return append([]byte(cardContext), journal.Encode(c)...)
}

func (c Card) hash() [32]byte { return sha256.Sum256(journal.Encode(c)) }

// Terms reads the terms of a card.
func (c Card) Terms() (Terms, error) {
	until, err := when.Parse(c.Until)
	if first, last := until.Bounds(); err != nil || first != last {
		return Terms{}, fault.New(fault.Invalid, "partner", "the last day %q is not a day", c.Until).Coded("partner.day", c.Until).With("write a day, like 2027-03-31")
	}
	return Terms{Exchange: c.Exchange, Until: until, Limit: c.Limit}, nil
}

func (c Card) check() error {
	if _, err := c.Terms(); err != nil {
		return err
	}
	switch {
	case c.Name == "" || len(c.Name) > MaxName || strings.ContainsAny(c.Name, "\n\r\x00"):
		return fault.New(fault.Invalid, "partner", "the name of the organisation is missing or too long").Coded("partner.name").With("write the name in one line of at most 40 letters")
	case c.Limit < 1 || c.Limit > MaxLimit:
		return fault.New(fault.Invalid, "partner", "a limit of %d questions", c.Limit).Coded("partner.limit", c.Limit).With("agree on 1 to 100 questions for each side")
	case len(c.Verify) != ed25519.PublicKeySize || !ed25519.Verify(c.Verify, c.signed(), c.Signature):
		return fault.New(fault.Corrupt, "partner", "the card was changed on its way").Coded("partner.card.changed").With("ask the partner for the card again")
	}
	if _, err := age.ParseHybridRecipient(c.Recipient); err != nil {
		return fault.Because(fault.Corrupt, "partner", "the card has no key to seal files to", err)
	}
	return nil
}

// Text writes a card as one line, to be sent by any channel.
func (c Card) Text() string {
	return journal.Line(cardHeading, c)
}

// ParseCard reads [Card.Text], also from within other lines, as mail brings it.
func ParseCard(s string) (Card, error) {
	var c Card
	raw, ok := journal.FromLine(cardHeading, s)
	if !ok || len(raw) > maxCard || journal.Decode(raw, &c) != nil {
		return Card{}, fault.New(fault.Invalid, "partner.ParseCard", "this is not a partner's card").Coded("partner.card.none").With("ask the partner for the card file of this exchange")
	}
	return c, c.check()
}

// Fits reports whether a card answers another: it was made for that card, under the same
// terms, by somebody else.
func (c Card) Fits(first Card) bool {
	h := first.hash()
	return c.Exchange == first.Exchange && c.Until == first.Until && c.Limit == first.Limit && bytes.Equal(c.Answers, h[:]) && !bytes.Equal(c.Verify, first.Verify)
}

// Fingerprint is what the two sides read to each other: 25 letters of a hash of both cards.
// The order of the cards does not matter. Whoever puts a card of their own between the two
// shows each side another.
func Fingerprint(a, b Card) string {
	x, y := a.hash(), b.hash()
	if bytes.Compare(x[:], y[:]) > 0 {
		x, y = y, x
	}
	return id.Derive([]byte("amparo partners v1"), hex.EncodeToString(x[:]), hex.EncodeToString(y[:])).Spoken()
}

// Marshal writes keys, to be sealed.
func (k Keys) Marshal() []byte { return journal.Encode(k) }

// ParseKeys reads what Marshal wrote.
func ParseKeys(b []byte) (Keys, error) {
	var k Keys
	if err := journal.Unpack(b, &k); err != nil || len(k.Seed) != ed25519.SeedSize {
		return Keys{}, fault.New(fault.Corrupt, "partner.ParseKeys", "the keys of the exchange are not readable").Coded("partner.keys").With("end the exchange and begin a new one")
	}
	return k, nil
}
