package reuse

import (
	"cmp"
	"context"
	"slices"

	"example.org/amparo/fault"
)

// Texts are texts that need not be in memory together. They are gone through in order, twice,
// and those that may share something are opened again two at a time.
type Texts interface {
	Len() int
	// Each calls fn with every text, in order.
	Each(ctx context.Context, fn func(i int, text string) error) error
	// Text opens one text.
	Text(ctx context.Context, i int) (string, error)
}

type inMemory []string

func (t inMemory) Len() int { return len(t) }

func (t inMemory) Text(_ context.Context, i int) (string, error) { return t[i], nil }

func (t inMemory) Each(ctx context.Context, fn func(int, string) error) error {
	for i, text := range t {
		if err := cmp.Or(ctx.Err(), fn(i, text)); err != nil {
			return err
		}
	}
	return nil
}

// FindIn is [Find] for texts that are opened when they are needed. Where fresh is not nil only
// pairs are looked for of which it names one: what came to texts that were compared before. It
// holds few documents and the fingerprints that more than one text may have.
func FindIn(ctx context.Context, texts Texts, fresh func(i int) bool, s Settings) ([]Shared, error) {
	if s.Run == 0 {
		s.Run = 6
	}
	if s.Window == 0 {
		s.Window = 4
	}
	if s.Run < 2 || s.Run > 100 || s.Window < 1 || s.Window > 100 {
		return nil, fault.New(fault.Invalid, "reuse.Find", "shingles of %d units and windows of %d", s.Run, s.Window).With("give a run of 2 to 100 and a window of 1 to 100")
	}
	f := finder{Settings: s, texts: texts, fresh: fresh, prompts: map[uint64]bool{}, long: max(s.Run, s.Least-s.Window+1)}
	for _, p := range s.Prompts {
		for _, h := range cut(p, s.Run, nil, document{}).shingles {
			f.prompts[h] = true
		}
	}
	held, err := f.held(ctx)
	if err != nil {
		return nil, err
	}
	return f.compare(ctx, f.candidates(held))
}

// finder is one search.
type finder struct {
	Settings
	texts   Texts
	fresh   func(i int) bool
	prompts map[uint64]bool
	// long is how many units a fingerprint is of: as many as a passage of Least units has in each
	// Window of them, so that each such passage holds one. Phrases that are shorter are none.
	long   int
	last   document // the text cut last, whose room the next one takes
	longer []uint64
}

// holding is that a text has a fingerprint.
type holding struct {
	print uint64
	text  int32
}

// held lists who has which fingerprint, but for those that one text alone has.
func (f *finder) held(ctx context.Context) ([]holding, error) {
	var want func(uint64) bool
	if f.fresh != nil {
		prints := map[uint64]bool{}
		for i := range f.texts.Len() {
			if !f.fresh(i) {
				continue
			}
			text, err := f.texts.Text(ctx, i)
			if err != nil {
				return nil, err
			}
			for _, h := range f.prints(text) {
				prints[h] = true
			}
		}
		want = func(h uint64) bool { return prints[h] }
	} else {
		twice := newSightings(f.texts.Len())
		err := f.texts.Each(ctx, func(_ int, text string) error {
			for _, h := range slices.Compact(f.prints(text)) {
				twice.see(h)
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
		want = twice.again
	}
	var out []holding
	err := f.texts.Each(ctx, func(i int, text string) error {
		for _, h := range slices.Compact(f.prints(text)) {
			if want(h) {
				out = append(out, holding{h, int32(i)})
			}
		}
		return nil
	})
	slices.SortFunc(out, func(a, b holding) int { return cmp.Or(cmp.Compare(a.print, b.print), cmp.Compare(a.text, b.text)) })
	return out, err
}

// prints are the fingerprints of a text, in order; one that it has twice stands there twice.
func (f *finder) prints(text string) []uint64 {
	f.last = cut(text, f.Run, f.prompts, f.last)
	of := f.last.shingles
	if f.long > f.Run {
		f.longer = hashes(f.longer[:0], f.last.units, f.long)
		outside := 0 // the last shingle that is no prompt's, + 1
		for i := range f.last.shingles {
			if f.last.shingles[i] != 0 {
				outside = i + 1
			}
			if from := i - (f.long - f.Run); from >= 0 && outside <= from {
				f.longer[from] = 0 // all of it is a prompt's
			}
		}
		of = f.longer
	}
	prints := winnow(of, f.Window)
	slices.Sort(prints)
	return prints
}

// sightings remembers of fingerprints whether they were seen, and seen again, without keeping
// them: of those seen once, it takes some for seen twice.
type sightings struct{ once, twice []uint64 }

func newSightings(texts int) sightings {
	words := 1 << 16 // half a megabyte
	for words < texts*256 && words < 1<<21 {
		words *= 2
	}
	return sightings{make([]uint64, words), make([]uint64, words)}
}

func (s sightings) at(h uint64) (word int, bit uint64) {
	h ^= h >> 32
	return int(h>>6) & (len(s.once) - 1), 1 << (h & 63)
}

func (s sightings) see(h uint64) {
	w, b := s.at(h)
	if s.once[w]&b != 0 {
		s.twice[w] |= b
	}
	s.once[w] |= b
}

func (s sightings) again(h uint64) bool {
	w, b := s.at(h)
	return s.twice[w]&b != 0
}

// crowd is how many texts may hold a fingerprint before they are compared with the first
// of them only: they still end in one cluster, and a form printed on every sheet does not
// make every pair a candidate.
const crowd = 200

// mostPairs is how many pairs are gathered before those that stand there twice are put together.
const mostPairs = 1 << 18

// candidates are the pairs of texts that may share a passage, because they have a fingerprint in
// common, in order. held is in the order of fingerprints.
func (f *finder) candidates(held []holding) (all [][2]int32) {
	limit := mostPairs
	for len(held) > 0 {
		n := 1
		for n < len(held) && held[n].print == held[0].print {
			n++
		}
		heads := held[:n]
		if n > crowd {
			heads = held[:1]
		}
		for i, a := range heads {
			for _, b := range held[i+1 : n] {
				if f.fresh == nil || f.fresh(int(a.text)) || f.fresh(int(b.text)) {
					all = append(all, [2]int32{a.text, b.text})
				}
			}
		}
		if held = held[n:]; len(all) > limit {
			all = once(all)
			limit = len(all) + len(all)/4 + mostPairs
		}
	}
	return once(all)
}

// once puts pairs in order, each once.
func once(all [][2]int32) [][2]int32 {
	slices.SortFunc(all, func(x, y [2]int32) int { return cmp.Or(cmp.Compare(x[0], y[0]), cmp.Compare(x[1], y[1])) })
	return slices.Compact(all)
}

// mostUnits bounds the documents that are kept for further pairs, some 30 bytes a unit.
const mostUnits = 500_000

// compare lays the texts of each pair beside each other.
func (f *finder) compare(ctx context.Context, pairs [][2]int32) (out []Shared, err error) {
	kept, units := map[int32]document{}, 0
	open := func(i int32) (document, error) {
		if d, ok := kept[i]; ok {
			return d, nil
		}
		text, err := f.texts.Text(ctx, int(i))
		d := cut(text, f.Run, f.prompts, document{})
		if units += len(d.units); units > mostUnits {
			clear(kept)
			units = len(d.units)
		}
		kept[i] = d
		return d, err
	}
	for _, p := range pairs {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		left, err := open(p[0])
		if err != nil {
			return nil, err
		}
		right, err := open(p[1])
		if err != nil {
			return nil, err
		}
		sh := compare(left, right, f.Run)
		if sh.A, sh.B = int(p[0]), int(p[1]); sh.Longest >= f.Run {
			out = append(out, sh)
		}
	}
	slices.SortStableFunc(out, func(a, b Shared) int {
		return cmp.Or(cmp.Compare(max(b.ShareA, b.ShareB), max(a.ShareA, a.ShareB)), cmp.Compare(a.A, b.A), cmp.Compare(a.B, b.B))
	})
	return out, nil
}
