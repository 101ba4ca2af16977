package oblivious

import (
	"bytes"
	"crypto/rand"
	"encoding/binary"
	"sort"
	"sync"

	"github.com/cloudflare/circl/group"
	"github.com/cloudflare/circl/oprf"

	"example.org/amparo/fault"
)

// Question is what the asker keeps until the answer comes: what was asked, and the blinds.
// Whoever has it and the request can test words against the request, so it is kept sealed
// and destroyed.
type Question struct {
	words  int // the first slots; the others ask about nothing
	inputs [][]byte
	blinds []oprf.Blind
}

// blinder blinds for the mode with proofs: a word has other elements in other modes. The
// answerer's key is not known yet; blinding does not use the one the library asks for.
var blinder = sync.OnceValue(func() oprf.VerifiableClient {
	key, err := oprf.GenerateKey(suite, rand.Reader)
	if err != nil {
		panic(err) // of a source that is missing only
	}
	return oprf.NewVerifiableClient(suite, key.Public())
})

// Ask makes a question of words, of which those beyond the slots are left out. No words are
// fault.Invalid.
func Ask(salt []byte, words []string) (*Question, error) {
	if len(words) == 0 {
		return nil, fault.New(fault.Invalid, "oblivious.Ask", "there is nothing to ask with").Coded("partner.words")
	}
	q := &Question{words: min(len(words), Slots)}
	for i := range Slots {
		if i < q.words {
			q.inputs = append(q.inputs, input(salt, words[i]))
		} else {
			q.inputs = append(q.inputs, decoy())
		}
	}
	f, _, err := blinder().Blind(q.inputs)
	if err != nil {
		return nil, fault.Because(fault.Internal, "oblivious.Ask", "the words cannot be blinded", err)
	}
	q.blinds = f.CopyBlinds()
	return q, nil
}

// Request is what is sent. It is the same each time.
func (q *Question) Request() (*Request, error) {
	_, r, err := blinder().DeterministicBlind(q.inputs, q.blinds)
	if err != nil {
		return nil, fault.Because(fault.Internal, "oblivious.Request", "the words cannot be blinded", err)
	}
	raw, err := marshalAll(r.Elements)
	return (*Request)(&raw), err
}

// Hit is one word that is on the list, with the code of whoever is there under it.
type Hit struct {
	Word int // which of the words asked with
	Code Code
}

// Read finds which words are on the list of an answer. An answer that was not made with one
// key, or to another question, is fault.Corrupt.
func (q *Question) Read(r *Reply) ([]Hit, error) {
	if len(r.List)%entrySize != 0 {
		return nil, fault.New(fault.Corrupt, "oblivious.Read", "the list is cut off").Coded("partner.list.cut").With("ask for the file again")
	}
	outputs, err := q.outputs(r)
	if err != nil {
		return nil, err
	}
	var out []Hit
	for i, output := range outputs[:q.words] {
		for n := range sharing {
			tag, pad := entry(output, n)
			code, ok := find(r.List, tag)
			if !ok {
				break
			}
			out = append(out, Hit{Word: i, Code: code.under(pad)})
		}
	}
	return out, nil
}

func (q *Question) outputs(r *Reply) ([][]byte, error) {
	public := &oprf.PublicKey{}
	if err := public.UnmarshalBinary(suite, r.Public[:]); err != nil {
		return nil, notProved(err)
	}
	evaluated, err := elementsOf(r.Evaluated[:])
	if err != nil {
		return nil, err
	}
	proof, err := proofOf(r.Proof)
	if err != nil {
		return nil, err
	}
	client := oprf.NewVerifiableClient(suite, public)
	f, _, err := client.DeterministicBlind(q.inputs, q.blinds)
	if err != nil {
		return nil, fault.Because(fault.Internal, "oblivious.Read", "the words cannot be blinded", err)
	}
	outputs, err := client.Finalize(f, &oprf.Evaluation{Elements: evaluated, Proof: proof})
	if err != nil {
		return nil, notProved(err)
	}
	return outputs, nil
}

// find looks a tag up in a list that is in order.
func find(list []byte, tag [tagSize]byte) (c Code, ok bool) {
	n := len(list) / entrySize
	at := sort.Search(n, func(i int) bool { return bytes.Compare(list[i*entrySize:][:tagSize], tag[:]) >= 0 })
	if at == n || !bytes.Equal(list[at*entrySize:][:tagSize], tag[:]) {
		return c, false
	}
	copy(c[:], list[at*entrySize+tagSize:])
	return c, true
}

// questionVersion begins a question that was written.
const questionVersion = 1

// Marshal writes a question to be sealed: version | words | for each slot the blind (32) |
// length of the input (2) | input.
func (q *Question) Marshal() ([]byte, error) {
	out := []byte{questionVersion, byte(q.words)}
	for i, in := range q.inputs {
		b, err := q.blinds[i].MarshalBinary()
		if err != nil || len(b) != ElementSize {
			return nil, fault.New(fault.Internal, "oblivious.Marshal", "a blind cannot be written").From(err)
		}
		out = append(out, b...)
		out = binary.BigEndian.AppendUint16(out, uint16(len(in)))
		out = append(out, in...)
	}
	return out, nil
}

// ParseQuestion reads what Marshal wrote.
func ParseQuestion(b []byte) (*Question, error) {
	broken := fault.New(fault.Corrupt, "oblivious.ParseQuestion", "what was kept of the question is not readable").Coded("partner.question.kept").With("ask again with a new file")
	if len(b) < 2 || b[0] != questionVersion || b[1] == 0 || b[1] > Slots {
		return nil, broken
	}
	q := &Question{words: int(b[1])}
	b = b[2:]
	for range Slots {
		if len(b) < ElementSize+2 {
			return nil, broken
		}
		s := suite.Group().NewScalar()
		if err := s.UnmarshalBinary(b[:ElementSize]); err != nil || s.IsZero() {
			return nil, broken
		}
		n := int(binary.BigEndian.Uint16(b[ElementSize:]))
		b = b[ElementSize+2:]
		if n == 0 || len(b) < n {
			return nil, broken
		}
		q.inputs, q.blinds, b = append(q.inputs, bytes.Clone(b[:n])), append(q.blinds, group.Scalar(s)), b[n:]
	}
	if len(b) > 0 {
		return nil, broken
	}
	return q, nil
}
