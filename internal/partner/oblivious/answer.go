package oblivious

import (
	"bytes"
	"context"
	"crypto/rand"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/cloudflare/circl/oprf"

	"example.org/amparo/fault"
)

// Listed is one person of a list: the words that lead to them, and their code.
type Listed struct {
	Words []string
	Code  Code
}

// Answer evaluates a request and a list under a key that is drawn here and kept nowhere.
// progress, if not nil, is told how many of all words are done; it is called from several
// goroutines. A request that is not one is fault.Invalid, a list beyond [MaxList] entries
// fault.TooLarge.
func Answer(ctx context.Context, salt []byte, req *Request, list []Listed, progress func(done, total int)) (*Reply, error) {
	elements, err := req.elements()
	if err != nil {
		return nil, err
	}
	key, err := oprf.GenerateKey(suite, rand.Reader)
	if err != nil {
		return nil, fault.Because(fault.Internal, "oblivious.Answer", "no key", err)
	}
	server := oprf.NewVerifiableServer(suite, key)
	ev, err := server.Evaluate(&oprf.EvaluationRequest{Elements: elements})
	if err != nil {
		return nil, fault.Because(fault.Internal, "oblivious.Answer", "the request cannot be evaluated", err)
	}
	out := &Reply{}
	if out.Evaluated, err = marshalAll(ev.Elements); err != nil {
		return nil, err
	}
	public, err := key.Public().MarshalBinary()
	if err != nil || copy(out.Public[:], public) != ElementSize {
		return nil, fault.New(fault.Internal, "oblivious.Answer", "the key cannot be written").From(err)
	}
	proof, err := ev.Proof.MarshalBinary()
	if err != nil || copy(out.Proof[:], proof) != ProofSize {
		return nil, fault.New(fault.Internal, "oblivious.Answer", "the proof cannot be written").From(err)
	}
	out.List, err = evaluate(ctx, server, salt, list, progress)
	return out, err
}

// evaluate makes the entries of a list, filled up and in order.
func evaluate(ctx context.Context, server oprf.VerifiableServer, salt []byte, list []Listed, progress func(done, total int)) ([]byte, error) {
	words, codes := byWord(list)
	total := 0
	for _, c := range codes {
		total += len(c)
	}
	if total > MaxList {
		return nil, fault.New(fault.TooLarge, "oblivious.Answer", "a list of %d words is too long", total).Coded("partner.list.long", total).
			With("answer from a workspace with fewer people")
	}
	outputs := make([][]byte, len(words))
	var done atomic.Int64
	var wg sync.WaitGroup
	workers := max(1, min(runtime.GOMAXPROCS(0), len(words)/64))
	errs := make([]error, workers)
	for i := range workers {
		wg.Go(func() {
			for j := i; j < len(words); j += workers {
				if errs[i] = ctx.Err(); errs[i] != nil {
					return
				}
				if outputs[j], errs[i] = server.FullEvaluate(input(salt, words[j])); errs[i] != nil {
					return
				}
				if n := done.Add(1); progress != nil && (n%256 == 0 || int(n) == len(words)) {
					progress(int(n), len(words))
				}
			}
		})
	}
	wg.Wait()
	for _, err := range errs {
		if err != nil {
			return nil, err
		}
	}
	var entries [][entrySize]byte
	for i, output := range outputs {
		for n, c := range codes[words[i]] {
			tag, pad := entry(output, n)
			under := c.under(pad)
			entries = append(entries, [entrySize]byte(append(tag[:], under[:]...)))
		}
	}
	return fill(entries), nil
}

// byWord turns a list around: under each word the codes of those who have it, at most
// [sharing].
func byWord(list []Listed) (words []string, codes map[string][]Code) {
	codes = map[string][]Code{}
	for _, l := range list {
		for _, w := range l.Words {
			at, known := codes[w]
			if !known {
				words = append(words, w)
			}
			if len(at) < sharing && !slices.Contains(at, l.Code) {
				codes[w] = append(at, l.Code)
			}
		}
	}
	return words, codes
}

// Size is how many entries a list of n is filled up to: the next power of two.
func Size(n int) int {
	size := MinList
	for size < n {
		size *= 2
	}
	return size
}

// fill adds entries of nothing and puts all in order, so that neither how many are real nor
// which belong together can be seen.
func fill(entries [][entrySize]byte) []byte {
	size := Size(len(entries))
	for len(entries) < size {
		var e [entrySize]byte
		_, _ = rand.Read(e[:]) // it ends the program rather than fail
		entries = append(entries, e)
	}
	slices.SortFunc(entries, func(a, b [entrySize]byte) int { return bytes.Compare(a[:], b[:]) })
	out := make([]byte, 0, size*entrySize)
	for _, e := range entries {
		out = append(out, e[:]...)
	}
	return out
}
