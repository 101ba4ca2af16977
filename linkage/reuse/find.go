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
	f := finder{Settings: s, texts: texts, fresh: fresh, prompts: map[uint64]bool{}}
	for _, p := range s.Prompts {
		for _, h := range cut(p, s.Run, nil).shingles {
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
			for _, h := range f.prints(text) {
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
		for _, h := range f.prints(text) {
			if want(h) {
				out = append(out, holding{h, int32(i)})
			}
		}
		return nil
	})
	slices.SortFunc(out, func(a, b holding) int { return cmp.Or(cmp.Compare(a.print, b.print), cmp.Compare(a.text, b.text)) })
	return out, err
}

// prints are the fingerprints of a text, each once.
func (f *finder) prints(text string) []uint64 {
	prints := winnow(cut(text, f.Run, f.prompts).shingles, f.Window)
	slices.Sort(prints)
	return slices.Compact(prints)
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

// candidates are the pairs of texts that have a fingerprint in common, in order. held is in
// the order of fingerprints.
func (f *finder) candidates(held []holding) [][2]int32 {
	seen := map[[2]int32]bool{}
	var out [][2]int32
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
				p := [2]int32{a.text, b.text}
				if !seen[p] && (f.fresh == nil || f.fresh(int(p[0])) || f.fresh(int(p[1]))) {
					seen[p] = true
					out = append(out, p)
				}
			}
		}
		held = held[n:]
	}
	slices.SortFunc(out, func(x, y [2]int32) int { return cmp.Or(cmp.Compare(x[0], y[0]), cmp.Compare(x[1], y[1])) })
	return out
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
		d := cut(text, f.Run, f.prompts)
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
