package block

import (
	"sync"
	"sync/atomic"
)

// A chunk is the work handed out at once: small blocks up to chunkPairs pairs, or up to
// largePairs pairs of one large block, whose records the worker gets to know.
const (
	chunkPairs = 1 << 14
	largePairs = 1 << 19
)

// piece is the entries of the list whose pairs with later entries form a chunk.
type piece struct{ lo, hi int }

// pieces divides the list by number of pairs.
func (s *Sweeper) pieces() []piece {
	var out []piece
	from, pairs := 0, 0
	part := func(to int) {
		if to > from {
			out = append(out, piece{from, to})
		}
		from, pairs = to, 0
	}
	s.runs(func(lo, hi int) {
		n := hi - lo
		if n*(n-1)/2 < chunkPairs {
			if pairs += n * (n - 1) / 2; pairs >= chunkPairs {
				part(hi)
			}
			return
		}
		part(lo)
		for i := lo; i < hi; i++ {
			if pairs += hi - i - 1; pairs >= largePairs {
				part(i + 1)
			}
		}
		part(hi)
	})
	part(len(s.list))
	return out
}

// Strip is a record of a block and the later records of the block that it makes pairs
// with. It is valid until the visit returns.
type Strip struct {
	Worker int // who visits
	Chunk  int // rises with the place of the pairs, whoever visits them
	Rule   int
	// Block is records that share a key, in order. The strips of a block come one after
	// the other to the same worker, unless it is so large that several share it; First
	// says that this is the first with this Block.
	Block []uint32
	First bool
	At    int     // the record is Block[At],
	With  []int32 // and its partners are at these places, rising and above At
}

// Whole reports whether all later records of the block are partners.
func (s *Strip) Whole() bool { return len(s.With) == len(s.Block)-s.At-1 }

func (s *Sweeper) visit(k, first int, visit func(*Strip)) (next int) {
	work := s.pieces()
	var at atomic.Int64
	var wg sync.WaitGroup
	for w := range s.opt.Workers {
		wg.Go(func() {
			st := stripper{s: s, rule: k, plain: true, strip: Strip{Worker: w, Rule: k}}
			for _, m := range s.many[:k+1] {
				st.plain = st.plain && m.keys == nil
			}
			for {
				c := int(at.Add(1)) - 1
				if c >= len(work) {
					return
				}
				st.strip.Chunk = first + c
				st.piece(work[c], visit)
			}
		})
	}
	wg.Wait()
	return first + len(work)
}

// stripper makes the strips of one worker.
type stripper struct {
	s     *Sweeper
	rule  int
	plain bool // neither this rule nor one before has several keys a record
	block []uint32
	keys  []uint32 // of the block's records, under the rules before
	seq   []int32  // 0, 1, 2...
	with  []int32
	strip Strip
}

// piece visits the strips of a piece that have a pair no earlier rule owns.
func (st *stripper) piece(p piece, visit func(*Strip)) {
	list := st.s.list
	for lo := p.lo; lo < p.hi; {
		hi := lo + 1
		for hi < len(list) && list[hi]>>32 == list[lo]>>32 {
			hi++
		}
		if hi-lo > 1 {
			st.load(lo, hi)
			st.strip.Block, st.strip.First = st.block, true
			for i := range min(hi, p.hi) - lo {
				st.strip.At, st.strip.With = i, st.partners(i, uint32(list[lo]>>32))
				if len(st.strip.With) > 0 {
					visit(&st.strip)
					st.strip.First = false
				}
			}
		}
		lo = hi
	}
}

// load copies the records of a block and their keys.
func (st *stripper) load(lo, hi int) {
	st.block, st.keys = st.block[:0], st.keys[:0]
	width := len(st.s.rules)
	for _, e := range st.s.list[lo:hi] {
		st.block = append(st.block, uint32(e))
		at := int(uint32(e)) * width
		st.keys = append(st.keys, st.s.keys[at:at+st.rule]...)
	}
	for len(st.seq) < hi-lo {
		st.seq = append(st.seq, int32(len(st.seq)))
	}
}

// partners is the places of the records that record i of the block makes pairs with under
// this rule.
func (st *stripper) partners(i int, key uint32) []int32 {
	s, k, n := st.s, st.rule, len(st.block)
	if k == 0 && st.plain && !s.opt.Across {
		return st.seq[i+1 : n]
	}
	st.with = st.with[:0]
	own := st.keys[i*k : i*k+k]
	for j := i + 1; j < n; j++ {
		if s.opt.Across && s.rows.Source[st.block[i]] == s.rows.Source[st.block[j]] {
			continue
		}
		if taken(own, st.keys[j*k:j*k+k]) || (!st.plain && s.takenMany(k, st.block[i], st.block[j], key)) {
			continue
		}
		st.with = append(st.with, int32(j))
	}
	return st.with
}

// taken reports whether an earlier rule with single keys found the pair.
func taken(a, b []uint32) bool {
	for r, x := range a {
		if x == b[r] && x != 0 {
			return true
		}
	}
	return false
}

// takenMany reports whether an earlier rule with several keys found the pair, or this rule
// by a smaller key.
func (s *Sweeper) takenMany(k int, i, j, key uint32) bool {
	for r := range s.many[:k+1] {
		m := &s.many[r]
		if m.keys == nil {
			continue
		}
		shared := firstShared(m.keys[m.start[i]:m.start[i+1]], m.keys[m.start[j]:m.start[j+1]])
		if r < k && shared != 0 || r == k && shared != key {
			return true
		}
	}
	return false
}

// firstShared is the smallest key in both lists, which are in order; 0 is none.
func firstShared(a, b []uint32) uint32 {
	for i, j := 0, 0; i < len(a) && j < len(b); {
		switch {
		case a[i] < b[j]:
			i++
		case a[i] > b[j]:
			j++
		default:
			return a[i]
		}
	}
	return 0
}

// Found is the rules that find a pair, as a bit set by rule number (rules past 63 are left
// out), or 0 when none does. It may be called after Sweep.
func (s *Sweeper) Found(i, j uint32) (set uint64) {
	width := len(s.rules)
	for k := range min(width, 64) {
		if m := &s.many[k]; m.keys != nil {
			if firstShared(m.keys[m.start[i]:m.start[i+1]], m.keys[m.start[j]:m.start[j+1]]) != 0 {
				set |= 1 << k
			}
			continue
		}
		if a := s.keys[int(i)*width+k]; a != 0 && a == s.keys[int(j)*width+k] {
			set |= 1 << k
		}
	}
	return set
}

// sort orders the list by key, and by record within a key: three passes of eleven bits,
// least significant first, each of them stable.
func (s *Sweeper) sort() {
	if cap(s.spare) < len(s.list) {
		s.spare = make([]entry, len(s.list))
	}
	a, b := s.list, s.spare[:len(s.list)]
	for shift := 32; shift < 64; shift += 11 {
		var count [1 << 11]uint32
		for _, e := range a {
			count[e>>shift&2047]++
		}
		sum := uint32(0)
		for i, c := range count {
			count[i] = sum
			sum += c
		}
		for _, e := range a {
			d := e >> shift & 2047
			b[count[d]] = e
			count[d]++
		}
		a, b = b, a
	}
	s.list, s.spare = a, b
}
