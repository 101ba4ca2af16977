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
		for _, h := range cut(p, s.Run, nil, document{}).shingles {
			f.prompts[h] = true
		}
	}
	if f.prompted = make([]bool, texts.Len()); s.Least > s.Run {
		f.need = int32((s.Least - s.Run + 1) / s.Window)
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
	// need is how many fingerprints a pair has in common if it shares a passage of Least units:
	// each Window of its shingles holds one. A prompt within a passage holds none, so where
	// both texts have one, one fingerprint is enough.
	need     int32
	prompted []bool   // which texts hold a shingle of a prompt
	last     document // the text cut last, whose room the next one takes
}

// holding is that a text has a fingerprint, and how often.
type holding struct {
	print    uint64
	text, of int32
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
			for _, h := range f.prints(i, text) {
				prints[h] = true
			}
		}
		want = func(h uint64) bool { return prints[h] }
	} else {
		twice := newSightings(f.texts.Len())
		err := f.texts.Each(ctx, func(i int, text string) error {
			for _, h := range slices.Compact(f.prints(i, text)) {
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
		for prints := f.prints(i, text); len(prints) > 0; {
			n := 1
			for n < len(prints) && prints[n] == prints[0] {
				n++
			}
			if want(prints[0]) {
				out = append(out, holding{prints[0], int32(i), int32(n)})
			}
			prints = prints[n:]
		}
		return nil
	})
	slices.SortFunc(out, func(a, b holding) int { return cmp.Or(cmp.Compare(a.print, b.print), cmp.Compare(a.text, b.text)) })
	return out, err
}

// prints are the fingerprints of a text, in order; one that it has twice stands there twice.
func (f *finder) prints(i int, text string) []uint64 {
	f.last = cut(text, f.Run, f.prompts, f.last)
	f.prompted[i] = slices.Contains(f.last.shingles, 0)
	prints := winnow(f.last.shingles, f.Window)
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

// pairing is that two texts have fingerprints in common, and how many.
type pairing struct{ a, b, of int32 }

// mostPairings is how many are gathered before those of the same texts are put together.
const mostPairings = 1 << 18

// candidates are the pairs of texts that may share a passage by the fingerprints they have in
// common, in order. held is in the order of fingerprints.
func (f *finder) candidates(held []holding) [][2]int32 {
	var all []pairing
	limit := mostPairings
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
				if f.fresh != nil && !f.fresh(int(a.text)) && !f.fresh(int(b.text)) {
					continue
				}
				of := min(a.of, b.of)
				if n > crowd || f.prompted[a.text] && f.prompted[b.text] {
					of = max(of, f.need) // that they have more in common may not show
				}
				all = append(all, pairing{a.text, b.text, of})
			}
		}
		if held = held[n:]; len(all) > limit {
			all = together(all)
			limit = len(all) + len(all)/4 + mostPairings
		}
	}
	var out [][2]int32
	for _, p := range together(all) {
		if p.of >= f.need {
			out = append(out, [2]int32{p.a, p.b})
		}
	}
	return out
}

// together puts the pairings of the same texts into one, in the order of texts.
func together(all []pairing) []pairing {
	slices.SortFunc(all, func(x, y pairing) int { return cmp.Or(cmp.Compare(x.a, y.a), cmp.Compare(x.b, y.b)) })
	out := all[:0]
	for _, p := range all {
		if n := len(out); n > 0 && out[n-1].a == p.a && out[n-1].b == p.b {
			out[n-1].of += p.of
			continue
		}
		out = append(out, p)
	}
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
