package block

import (
	"slices"
)

// Lookup finds the records of a sweep, and those added since, that share a key with a new
// one. It takes over the Sweeper it was made of. It is not safe for concurrent use.
//
// A block that the sweep divided stays divided in the same way; one that outgrows the cap
// afterwards stays whole. Of a block that no field could divide, a new record meets the
// first piece.
type Lookup struct {
	s     *Sweeper
	base  int       // records of the sweep
	lists [][]entry // by rule: key and record, in order
	added []map[uint32][]uint32
	own   []([][]uint32)        // by added record and rule: its keys, in order
	moved map[uint32][][]uint32 // the same of records of the sweep that were replaced
	seen  []uint32              // by record: the query that met it last
	query uint32
}

// NewLookup indexes the records of a finished sweep. rows are its rows; records added
// later must be appended to them by the caller before [Lookup.Add].
func NewLookup(s *Sweeper) *Lookup {
	l := &Lookup{s: s, base: s.rows.Len(), lists: make([][]entry, len(s.rules)), added: make([]map[uint32][]uint32, len(s.rules)), moved: map[uint32][][]uint32{}}
	width := len(s.rules)
	for k := range s.rules {
		l.added[k] = map[uint32][]uint32{}
		n := 0
		l.eachKey(k, width, func(int, uint32) { n++ })
		s.list = make([]entry, 0, n)
		l.eachKey(k, width, func(r int, key uint32) { s.list = append(s.list, entry(key)<<32|entry(r)) })
		s.sort()
		l.lists[k], s.list, s.spare = s.list, nil, nil
	}
	l.seen = make([]uint32, l.base)
	return l
}

func (l *Lookup) eachKey(k, width int, fn func(r int, key uint32)) {
	m := &l.s.many[k]
	for r := range l.base {
		if m.keys == nil {
			if key := l.s.keys[r*width+k]; key != 0 {
				fn(r, key)
			}
			continue
		}
		for _, key := range m.keys[m.start[r]:m.start[r+1]] {
			fn(r, key)
		}
	}
}

// keysOf is the keys of a row under rule k, as the sweep would have made them, in order.
func (l *Lookup) keysOf(k int, row []uint32) []uint32 {
	rule := &l.s.rules[k]
	var buf [maxKeys]uint32
	own := rule.keys(row, buf[:0])
	out := make([]uint32, 0, len(own))
	for _, key := range own {
		if key, ok := l.divided(k, key, row); ok {
			out = append(out, key)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// divided is the key of the part of a block that a row falls into; none where the row
// lacks what the block was divided by.
func (l *Lookup) divided(k int, key uint32, row []uint32) (uint32, bool) {
	split := l.s.split[k]
	if split == nil {
		return key, true
	}
	for depth, part := range l.s.opt.Divide {
		if _, over := split[uint64(depth)<<32|uint64(key)]; !over {
			continue
		}
		own := part.Keys.Of(row[part.Field])
		if len(own) == 0 {
			return 0, false
		}
		key = mix(key, own[0])
	}
	if _, over := split[uint64(len(l.s.opt.Divide))<<32|uint64(key)]; over {
		key = mix(key, firstPiece)
	}
	return key, true
}

// Add takes a new record in and calls met, once for each, for the records it shares a key
// with. record must be the next number, and row its values, the keys of which the rules'
// [ValueKeys] hold: see [ValueKeys.Append].
func (l *Lookup) Add(record uint32, row []uint32, met func(other uint32)) {
	l.seen = append(l.seen, 0)
	l.own = append(l.own, l.take(record, row, met))
}

// Replace gives a record another row and calls met as [Lookup.Add] does.
func (l *Lookup) Replace(record uint32, row []uint32, met func(other uint32)) {
	if int(record) < l.base {
		l.drop(record, l.moved[record])
		l.moved[record] = l.take(record, row, met)
		return
	}
	l.drop(record, l.own[int(record)-l.base])
	l.own[int(record)-l.base] = l.take(record, row, met)
}

// drop takes the keys that a record was added under out of the lists.
func (l *Lookup) drop(record uint32, keys [][]uint32) {
	for k, own := range keys {
		for _, key := range own {
			l.added[k][key] = slices.DeleteFunc(l.added[k][key], func(r uint32) bool { return r == record })
		}
	}
}

// take adds a record under the keys of its row, which it returns by rule, and meets those
// that share one.
func (l *Lookup) take(record uint32, row []uint32, met func(other uint32)) [][]uint32 {
	l.query++
	l.seen[record] = l.query // not to meet itself
	keys := make([][]uint32, len(l.s.rules))
	meet := func(other uint32) {
		if l.seen[other] != l.query {
			l.seen[other] = l.query
			met(other)
		}
	}
	for k := range l.s.rules {
		keys[k] = l.keysOf(k, row)
		for _, key := range keys[k] {
			list := l.lists[k]
			at, _ := slices.BinarySearch(list, entry(key)<<32)
			for ; at < len(list) && uint32(list[at]>>32) == key; at++ {
				other := uint32(list[at])
				if _, gone := l.moved[other]; len(l.moved) == 0 || !gone {
					meet(other)
				}
			}
			for _, other := range l.added[k][key] {
				meet(other)
			}
			l.added[k][key] = append(l.added[k][key], record)
		}
	}
	return keys
}

// Found is the rules that find a pair, as [Sweeper.Found] tells, of any two records.
func (l *Lookup) Found(i, j uint32) (set uint64) {
	if int(max(i, j)) < l.base && l.moved[i] == nil && l.moved[j] == nil {
		return l.s.Found(i, j)
	}
	for k := range min(len(l.s.rules), 64) {
		if firstShared(l.recordKeys(k, i), l.recordKeys(k, j)) != 0 {
			set |= 1 << k
		}
	}
	return set
}

func (l *Lookup) recordKeys(k int, r uint32) []uint32 {
	if int(r) >= l.base {
		return l.own[int(r)-l.base][k]
	}
	if keys := l.moved[r]; keys != nil {
		return keys[k]
	}
	if m := &l.s.many[k]; m.keys != nil {
		return m.keys[m.start[r]:m.start[r+1]]
	}
	at := int(r)*len(l.s.rules) + k
	if l.s.keys[at] == 0 {
		return nil
	}
	return l.s.keys[at : at+1]
}

// Parts are the parts of all rules and of the division of blocks, whose keys must grow
// with the values.
func (l *Lookup) Parts() []Part {
	out := slices.Clone(l.s.opt.Divide)
	for _, r := range l.s.rules {
		out = append(out, r.Parts...)
	}
	return out
}

// Len is the number of values whose keys are held.
func (k *ValueKeys) Len() int { return len(k.Start) - 1 }

// Append adds the keys of the next value.
func (k *ValueKeys) Append(keys []uint32) {
	k.Keys = append(k.Keys, keys...)
	k.Start = append(k.Start, uint32(len(k.Keys)))
}
