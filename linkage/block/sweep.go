package block

import (
	"sync"
	"sync/atomic"
)

// chunkPairs is about how many pairs one chunk holds: small enough to share the work,
// large enough that handing it out costs nothing.
const chunkPairs = 1 << 14

// piece is the entries of the list whose pairs with later entries form a chunk.
type piece struct{ lo, hi int }

// pieces divides the list by number of pairs.
func (s *Sweeper) pieces() []piece {
	var out []piece
	from, pairs := 0, 0
	s.runs(func(lo, hi int) {
		for i := lo; i < hi; i++ {
			pairs += hi - i - 1
			if pairs >= chunkPairs {
				out = append(out, piece{from, i + 1})
				from, pairs = i+1, 0
			}
		}
	})
	if from < len(s.list) {
		out = append(out, piece{from, len(s.list)})
	}
	return out
}

// batch is how many pairs are handed over at once: their records stay in the cache.
const batch = 1024

func (s *Sweeper) visit(k, first int, visit func(worker, chunk, rule int, pairs []Pair)) (next int) {
	work := s.pieces()
	var at atomic.Int64
	var wg sync.WaitGroup
	for w := range s.opt.Workers {
		wg.Go(func() {
			buf := make([]Pair, 0, batch)
			for {
				c := int(at.Add(1)) - 1
				if c >= len(work) {
					return
				}
				buf = s.pairs(k, work[c], buf[:0], func(p []Pair) { visit(w, first+c, k, p) })
				if len(buf) > 0 {
					visit(w, first+c, k, buf)
				}
			}
		})
	}
	wg.Wait()
	return first + len(work)
}

// pairs collects the pairs of a piece that no earlier rule owns. It flushes full batches
// and returns the rest.
func (s *Sweeper) pairs(k int, p piece, buf []Pair, flush func([]Pair)) []Pair {
	width := len(s.rules)
	plain := true
	for _, m := range s.many[:k+1] {
		plain = plain && m.keys == nil
	}
	for i := p.lo; i < p.hi; i++ {
		key := s.list[i] >> 32
		ri := uint32(s.list[i])
		ki := s.keys[int(ri)*width : int(ri)*width+k]
		for j := i + 1; j < len(s.list) && s.list[j]>>32 == key; j++ {
			rj := uint32(s.list[j])
			if s.opt.Across && s.rows.Source[ri] == s.rows.Source[rj] {
				continue
			}
			kj := s.keys[int(rj)*width : int(rj)*width+k]
			if taken(ki, kj) || (!plain && s.takenMany(k, ri, rj, uint32(key))) {
				continue
			}
			buf = append(buf, Pair{ri, rj})
			if len(buf) == batch {
				flush(buf)
				buf = buf[:0]
			}
		}
	}
	return buf
}

// taken reports whether an earlier rule with single keys found the pair.
func taken(a, b []uint32) bool {
	for r, x := range a {
		if x != 0 && x == b[r] {
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
