package app

import (
	"slices"
	"sync"

	"example.org/amparo/internal/casebook"
	"example.org/amparo/internal/index"
)

// wordings remembers what the comparison of the words of testimonies found, which takes
// seconds, until something is recorded that may change it. It holds the shared passages and
// no other words.
type wordings struct {
	sync.Mutex
	known      bool
	gen        uint64
	seen       uint64 // the last batch that was followed
	day        string // whose consents were read
	tellings   []Telling
	retellings []Retelling // nothing of what was judged
}

// wordingKinds are those on which the words of a testimony, and who may be compared, hang.
var wordingKinds = []string{"interview", "statement_unit", "common_wording", "consent", "bip", "person"}

// follow keeps what is remembered where a batch cannot have changed it, and forgets it, words
// and all, where it may have.
func (k *wordings) follow(before, after uint64, acts []index.Opened) {
	k.Lock()
	defer k.Unlock()
	k.seen = max(k.seen, after)
	if !k.known {
		return
	}
	touches := slices.ContainsFunc(acts, func(o index.Opened) bool {
		switch o.Act.Verb {
		case casebook.Read, casebook.Export:
			return false
		case casebook.State:
			return slices.Contains(wordingKinds, o.Act.Kind)
		}
		return true
	})
	if touches || k.gen != before || after != before+1 {
		k.drop()
		return
	}
	k.gen = after
}

func (k *wordings) forget() {
	k.Lock()
	defer k.Unlock()
	k.drop()
}

// drop forgets; the caller holds the lock.
func (k *wordings) drop() {
	k.known, k.tellings, k.retellings = false, nil, nil
}

func (k *wordings) get(gen uint64, day string) ([]Telling, []Retelling, bool) {
	k.Lock()
	defer k.Unlock()
	if !k.known || k.gen != gen || k.day != day {
		return nil, nil, false
	}
	return slices.Clone(k.tellings), slices.Clone(k.retellings), true
}

// put remembers what was found at gen, unless something was recorded since: somebody may have
// been erased.
func (k *wordings) put(gen uint64, day string, tellings []Telling, retellings []Retelling) {
	k.Lock()
	defer k.Unlock()
	if gen < k.seen {
		return
	}
	k.known, k.gen, k.day = true, gen, day
	k.tellings, k.retellings = slices.Clone(tellings), slices.Clone(retellings)
}
