// Package oblivious lets one side ask whether a word is on the list of another, so that
// neither shows the other a word: the asker learns which of its words are listed, the
// answerer learns nothing but that it was asked, and nobody can try words afterwards.
//
//	asker                                answerer
//	Ask(words)      -- Request -->       Answer(request, list): a key k, new and used once
//	Read(reply)     <-- Reply --         request under k, with a proof; list under k
//
// It is the verifiable oblivious pseudorandom function of RFC 9497 over Ristretto255, from
// CIRCL. The answerer draws a key for each answer and forgets it with the answer: what it
// sent cannot be tested against a list of names by anybody afterwards, itself included. The
// asker's blinds are random, so a request says nothing of the words, whatever is computed
// from it.
//
// The list goes as one entry for each word: a tag that whoever holds the word's output can
// find, and a code under a pad of the same output, by which the two can speak of the entry.
// Entries of nothing fill the list up to a power of two; they cannot be told from others.
package oblivious

import (
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"fmt"

	"github.com/cloudflare/circl/group"
	"github.com/cloudflare/circl/oprf"
	"github.com/cloudflare/circl/zk/dleq"

	"example.org/amparo/fault"
)

const (
	// Slots is how many words one request asks about; those not used ask about nothing.
	Slots = 32
	// ElementSize is the length of a group element, in bytes.
	ElementSize = 32
	// ProofSize is the length of a proof, in bytes.
	ProofSize = 64
	// CodeSize is the length of a code, in bytes.
	CodeSize = 5

	tagSize   = 11
	entrySize = tagSize + CodeSize
	// MinList and MaxList bound the entries of a list.
	MinList = 1 << 12
	MaxList = 1 << 22
	// sharing is how many persons of a list may have one word and all be found.
	sharing = 8
)

var suite = oprf.SuiteRistretto255

// Code is by what the two speak of somebody on a list.
type Code [CodeSize]byte

// Request is what the asker sends: as many blinded words as there are slots.
type Request [Slots][ElementSize]byte

// Hash names a request.
func (r *Request) Hash() [32]byte {
	h := sha256.New()
	for _, e := range r {
		h.Write(e[:])
	}
	return [32]byte(h.Sum(nil))
}

// elements reads a request. Elements that are none, or that show a key (the neutral one),
// are fault.Invalid.
func (r *Request) elements() ([]group.Element, error) {
	return elementsOf(r[:])
}

func elementsOf(raw [][ElementSize]byte) ([]group.Element, error) {
	out := make([]group.Element, len(raw))
	for i := range raw {
		out[i] = suite.Group().NewElement()
		if err := out[i].UnmarshalBinary(raw[i][:]); err != nil || out[i].IsIdentity() {
			return nil, fault.New(fault.Invalid, "oblivious", "element %d is not one of the group", i+1).Coded("partner.element", i+1).With("ask for the file again: it was damaged or not made by this program")
		}
	}
	return out, nil
}

// Reply is what the answerer sends back.
type Reply struct {
	Public    [ElementSize]byte // of the key of this answer
	Evaluated [Slots][ElementSize]byte
	Proof     [ProofSize]byte // that all were evaluated with that key
	List      []byte          // entries, in order
}

// input is a word as the function takes it: the salt is agreed between the two for one
// exchange, so a word of one exchange is not a word of another.
func input(salt []byte, word string) []byte {
	return fmt.Appendf(nil, "amparo need check v1\x00%d\x00%s%s", len(salt), salt, word)
}

// decoy is an input that no word has.
func decoy() []byte {
	b := make([]byte, 32)
	_, _ = rand.Read(b) // it ends the program rather than fail
	return append([]byte("amparo nothing v1\x00"), b...)
}

// entry is the n-th entry of an output: its tag, and the pad of its code. Outputs are
// pseudorandom under a key that is used once, so each pad is used once.
func entry(output []byte, n int) (tag [tagSize]byte, pad Code) {
	okm, err := hkdf.Expand(sha256.New, output, fmt.Sprintf("amparo partner entry v1 %d", n), entrySize)
	if err != nil {
		panic(err) // of a length that is too long only
	}
	copy(tag[:], okm)
	copy(pad[:], okm[tagSize:])
	return tag, pad
}

func (c Code) under(pad Code) (out Code) {
	for i := range c {
		out[i] = c[i] ^ pad[i]
	}
	return out
}

func marshal(e group.Element) (out [ElementSize]byte, err error) {
	b, err := e.MarshalBinaryCompress()
	if err != nil || len(b) != ElementSize {
		return out, fault.New(fault.Internal, "oblivious", "a group element cannot be written").From(err)
	}
	return [ElementSize]byte(b), nil
}

func marshalAll(es []group.Element) (out [Slots][ElementSize]byte, err error) {
	for i, e := range es {
		if out[i], err = marshal(e); err != nil {
			return out, err
		}
	}
	return out, nil
}

func proofOf(raw [ProofSize]byte) (*dleq.Proof, error) {
	p := &dleq.Proof{}
	if err := p.UnmarshalBinary(suite.Group(), raw[:]); err != nil {
		return nil, notProved(err)
	}
	return p, nil
}

func notProved(err error) error {
	return fault.Because(fault.Corrupt, "oblivious.Read", "the answer does not prove that it was made with one key", err)
}
