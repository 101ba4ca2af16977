package partner

import (
	"bytes"
	"crypto/ed25519"
	"io"

	"filippo.io/age"

	"example.org/amparo/fault"
	"example.org/amparo/id"
	"example.org/amparo/internal/journal"
	"example.org/amparo/internal/partner/oblivious"
)

// MaxFile bounds what is read: a list of the largest size and what is around it.
const MaxFile = oblivious.MaxList*16 + 64<<10

// fileVersion is of the files this program writes; others are refused by name.
const fileVersion = 1

// What a file is.
const (
	askFile    = "ask"
	answerFile = "answer"
)

// Ask is a file that asks about one person.
type Ask struct {
	Exchange id.ID
	Ask      id.ID // random: it says nothing of the person
	Request  oblivious.Request
}

// Answer is the file that answers one.
type Answer struct {
	Exchange id.ID
	Ask      id.ID
	Request  [32]byte // hash of what was asked
	Reply    oblivious.Reply
}

// content is what is signed.
type content struct {
	Version  int    `cbor:"1,keyasint"`
	What     string `cbor:"2,keyasint"`
	Exchange id.ID  `cbor:"3,keyasint"`
	Ask      id.ID  `cbor:"4,keyasint"`
	Hash     []byte `cbor:"5,keyasint,omitempty"`
	Request  []byte `cbor:"6,keyasint,omitempty"`
	Public   []byte `cbor:"7,keyasint,omitempty"`
	Values   []byte `cbor:"8,keyasint,omitempty"` // evaluated elements, one after the other
	Proof    []byte `cbor:"9,keyasint,omitempty"`
	List     []byte `cbor:"10,keyasint,omitempty"`
}

type signed struct {
	Content   []byte `cbor:"1,keyasint"`
	Signature []byte `cbor:"2,keyasint"`
}

// Side is one side of an exchange that both have agreed to: its own keys and card, and the
// card of the other.
type Side struct {
	Keys       Keys
	Own, Other Card
}

// SealAsk writes a file that asks the other side.
func (s Side) SealAsk(a Ask) ([]byte, error) {
	return s.seal(content{Version: fileVersion, What: askFile, Exchange: a.Exchange, Ask: a.Ask, Request: joined(a.Request[:])})
}

// SealAnswer writes a file that answers the other side.
func (s Side) SealAnswer(a Answer) ([]byte, error) {
	return s.seal(content{Version: fileVersion, What: answerFile, Exchange: a.Exchange, Ask: a.Ask, Hash: a.Request[:],
		Public: a.Reply.Public[:], Values: joined(a.Reply.Evaluated[:]), Proof: a.Reply.Proof[:], List: a.Reply.List})
}

func joined(elements [][oblivious.ElementSize]byte) (out []byte) {
	for _, e := range elements {
		out = append(out, e[:]...)
	}
	return out
}

func (s Side) seal(c content) ([]byte, error) {
	to, err := age.ParseHybridRecipient(s.Other.Recipient)
	if err != nil {
		return nil, fault.Because(fault.Corrupt, "partner.seal", "the partner's card has no key to seal files to", err)
	}
	body := journal.Encode(c)
	sign := ed25519.NewKeyFromSeed(s.Keys.Seed)
	whole := journal.Encode(signed{Content: body, Signature: ed25519.Sign(sign, append([]byte(fileContext), body...))})
	var out bytes.Buffer
	w, err := age.Encrypt(&out, to)
	if err == nil {
		_, err = w.Write(whole)
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		return nil, fault.Because(fault.Internal, "partner.seal", "the file cannot be sealed", err)
	}
	return out.Bytes(), nil
}

// open opens a file of the other side. One that was made for somebody else is
// fault.Foreign, one that was changed or is signed by somebody else fault.Corrupt.
func (s Side) open(file []byte, what string) (c content, err error) {
	if len(file) > MaxFile {
		return c, fault.New(fault.TooLarge, "partner.open", "the file is larger than any answer").Coded("partner.file.large").With("choose the file the partner made")
	}
	self, err := age.ParseHybridIdentity(s.Keys.Identity)
	if err != nil {
		return c, fault.Because(fault.Corrupt, "partner.open", "the keys of the exchange are not readable", err)
	}
	r, err := age.Decrypt(bytes.NewReader(file), self)
	if err != nil {
		return c, fault.New(fault.Foreign, "partner.open", "this file was not made for us in this exchange").Coded("partner.file.foreign").From(err).
			With("choose the file the partner made for this exchange; if it is that one, ask for it again")
	}
	whole, err := io.ReadAll(r)
	if err != nil {
		return c, fault.Because(fault.Corrupt, "partner.open", "the file is cut off or was changed", err)
	}
	var sg signed
	if err := journal.Unpack(whole, &sg); err != nil {
		return c, unreadable(err)
	}
	if !ed25519.Verify(s.Other.Verify, append([]byte(fileContext), sg.Content...), sg.Signature) {
		return c, fault.New(fault.Corrupt, "partner.open", "the file is not signed by this partner").Coded("partner.file.unsigned").With("do not answer it; tell the partner by voice")
	}
	if err := journal.Unpack(sg.Content, &c); err != nil {
		return c, unreadable(err)
	}
	return c, s.fits(c, what)
}

func unreadable(err error) error {
	return fault.Because(fault.Corrupt, "partner.open", "the file is not readable", err)
}

func (s Side) fits(c content, what string) error {
	switch {
	case c.Version != fileVersion:
		return fault.New(fault.Invalid, "partner.open", "the file is of version %d, and this program reads version %d", c.Version, fileVersion).Coded("partner.file.version", c.Version, fileVersion).With("use the same version of the program on both sides")
	case c.What != what && what == askFile:
		return fault.New(fault.Invalid, "partner.open", "this file does not ask, it answers").Coded("partner.file.answers").With("read it as an answer")
	case c.What != what:
		return fault.New(fault.Invalid, "partner.open", "this file does not answer, it asks").Coded("partner.file.asks").With("answer it")
	case c.Exchange != s.Own.Exchange:
		return fault.New(fault.Foreign, "partner.open", "this file is of another exchange").Coded("partner.file.other").With("choose the exchange it was made for")
	}
	return nil
}

// OpenAsk opens a file that asks.
func (s Side) OpenAsk(file []byte) (a Ask, err error) {
	c, err := s.open(file, askFile)
	if err != nil {
		return a, err
	}
	a.Exchange, a.Ask = c.Exchange, c.Ask
	return a, split(a.Request[:], c.Request)
}

// OpenAnswer opens a file that answers.
func (s Side) OpenAnswer(file []byte) (a Answer, err error) {
	c, err := s.open(file, answerFile)
	if err != nil {
		return a, err
	}
	a.Exchange, a.Ask = c.Exchange, c.Ask
	if len(c.Hash) != len(a.Request) || len(c.Public) != len(a.Reply.Public) || len(c.Proof) != len(a.Reply.Proof) {
		return a, wrongSize()
	}
	copy(a.Request[:], c.Hash)
	copy(a.Reply.Public[:], c.Public)
	copy(a.Reply.Proof[:], c.Proof)
	a.Reply.List = c.List
	return a, split(a.Reply.Evaluated[:], c.Values)
}

func split(out [][oblivious.ElementSize]byte, raw []byte) error {
	if len(raw) != len(out)*oblivious.ElementSize {
		return wrongSize()
	}
	for i := range out {
		copy(out[i][:], raw[i*oblivious.ElementSize:])
	}
	return nil
}

func wrongSize() error {
	return fault.New(fault.Corrupt, "partner.open", "a part of the file has the wrong length").Coded("partner.file.cut").With("ask the partner for the file again")
}
