// Package block finds the pairs of records worth comparing. A rule makes keys of a record
// (the first letters of a name with a year); records that share a key form a block, and
// the pairs of a block are compared. A pair that several rules find belongs to the first of
// them, so none is compared twice, and no set of seen pairs is needed for that: the keys of
// the earlier rules, side by side for each record, tell.
package block

import (
	"slices"

	"example.org/amparo/fault"
)

// Rows is the value ids of records, record by record: field f of record r is
// IDs[r*Stride+f].
type Rows struct {
	IDs    []uint32
	Stride int
	// Source of each record, or nil for one source.
	Source []uint8
}

// Len is the number of records.
func (r Rows) Len() int {
	if r.Stride == 0 {
		return 0
	}
	return len(r.IDs) / r.Stride
}

// ValueKeys is the blocking keys of every distinct value of a field: those of value id are
// Keys[Start[id]:Start[id+1]]. No key is 0.
type ValueKeys struct {
	Start []uint32
	Keys  []uint32
}

// Of is the keys of a value.
func (k *ValueKeys) Of(id uint32) []uint32 { return k.Keys[k.Start[id]:k.Start[id+1]] }

// Part is one field's share in a rule.
type Part struct {
	Field int
	Kind  int // which of the field's kinds of keys; only for who made Keys
	Keys  *ValueKeys
}

// Rule is what must agree for a pair to be compared: a key of every part. A rule without
// parts compares all pairs.
type Rule struct {
	Name  string
	Parts []Part
}

// maxKeys is how many keys a record may have under one rule; more are cut, from the end.
const maxKeys = 16

// keys appends the record's keys under the rule.
func (r *Rule) keys(row []uint32, dst []uint32) []uint32 {
	dst = append(dst[:0], 1)
	for _, p := range r.Parts {
		own := p.Keys.Of(row[p.Field])
		if len(own) == 0 {
			return dst[:0]
		}
		n := len(dst)
		for _, k := range own[1:] {
			for _, d := range dst[:n] {
				if len(dst) < maxKeys {
					dst = append(dst, mix(d, k))
				}
			}
		}
		for i := range dst[:n] {
			dst[i] = mix(dst[i], own[0])
		}
	}
	return dst
}

// mix joins two keys to one that is not 0.
func mix(a, b uint32) uint32 {
	h := (uint64(a)<<32 | uint64(b)) * 0x9E3779B97F4A7C15
	h ^= h >> 29
	h *= 0xBF58476D1CE4E5B9
	if k := uint32(h >> 32); k != 0 {
		return k
	}
	return 1
}

// Options bound the work.
type Options struct {
	// Cap is the most records a block may have. A larger one is divided by the keys of
	// Divide, one after the other, and reported. 0 is no cap.
	Cap    int
	Divide []Part
	// Across compares records of different sources only.
	Across bool
	// Budget is the most pairs that may be visited; more are an error before any is
	// visited of the rule that would pass it. 0 is no bound.
	Budget int64
	// Workers visit pairs at once; what is visited does not depend on it.
	Workers int
}

// Report is what one rule did.
type Report struct {
	Rule    string `json:"rule"`
	Records int    `json:"records"`           // with a key
	Blocks  int    `json:"blocks"`            // of two records or more
	Largest int    `json:"largest"`           // records in a block
	Bound   int64  `json:"-"`                 // pairs at most, before earlier rules took theirs
	Divided int    `json:"divided,omitempty"` // blocks over the cap that were divided
	Without int    `json:"without,omitempty"` // records of divided blocks that lacked the dividing fields
	Cut     int    `json:"cut,omitempty"`     // blocks still over the cap, compared in pieces of cap records
}

// entry is a key and a record, the key in the high half.
type entry = uint64

// Sweeper goes through the rules in order. It holds the keys of the rules done so far.
type Sweeper struct {
	rows  Rows
	rules []Rule
	opt   Options
	keys  []uint32  // single key of record r under rule k at r*len(rules)+k; 0 none
	many  []manyKey // by rule; set where a record can have several keys
	// split are the keys of blocks that were divided, by rule, with the number of
	// dividing fields used before in the high half
	split []map[uint64]struct{}
	list  []entry
	spare []entry
	spent int64
}

type manyKey struct {
	start []uint32
	keys  []uint32
}

// Bytes is the memory a sweep over n records and k rules takes, for budgets.
func Bytes(n, k int) int64 { return int64(n) * (16 + 4*int64(k)) }

// NewSweeper prepares a sweep.
func NewSweeper(rows Rows, rules []Rule, opt Options) *Sweeper {
	if opt.Workers < 1 {
		opt.Workers = 1
	}
	return &Sweeper{rows: rows, rules: rules, opt: opt, keys: make([]uint32, rows.Len()*len(rules)), many: make([]manyKey, len(rules)),
		split: make([]map[uint64]struct{}, len(rules))}
}

// Sweep visits the pairs of every rule once, a strip at a time. visit is called from
// several goroutines, each with its worker number; chunk numbers are the same for any
// number of workers, so that results can be put in order. It must not keep the strip.
//
// It is an error when the pairs would pass the budget; pairs of earlier rules have been
// visited by then.
func (s *Sweeper) Sweep(visit func(*Strip)) ([]Report, error) {
	var out []Report
	chunks := 0
	for k := range s.rules {
		rep := s.build(k)
		out = append(out, rep)
		s.spent += rep.Bound
		if s.opt.Budget > 0 && s.spent > s.opt.Budget {
			return out, fault.New(fault.TooLarge, "block.Sweep", "rule %s brings the pairs to %d, over the %d that fit", rep.Rule, s.spent, s.opt.Budget).
				With("allow more memory, or make the rule narrower by another field")
		}
		chunks = s.visit(k, chunks, visit)
	}
	s.list, s.spare = nil, nil
	return out, nil
}

// build makes the sorted list of a rule and writes the keys for the rules after it.
func (s *Sweeper) build(k int) Report {
	rule := &s.rules[k]
	s.list = s.list[:0]
	if s.list == nil {
		s.list = make([]entry, 0, s.rows.Len())
	}
	several := false
	var buf [maxKeys]uint32
	for r, n := 0, s.rows.Len(); r < n; r++ {
		own := rule.keys(s.rows.IDs[r*s.rows.Stride:(r+1)*s.rows.Stride], buf[:0])
		if len(own) > 1 {
			several = true
			slices.Sort(own)
			own = slices.Compact(own)
		}
		for _, key := range own {
			s.list = append(s.list, entry(key)<<32|entry(r))
		}
	}
	rep := Report{Rule: rule.Name, Records: len(s.list)}
	s.sort()
	if len(rule.Parts) > 0 {
		s.divide(k, &rep)
	}
	s.remember(k, several)
	s.measure(&rep)
	return rep
}

// divide gives the records of blocks over the cap a narrower key.
func (s *Sweeper) divide(k int, rep *Report) {
	if s.opt.Cap <= 0 {
		return
	}
	for depth, part := range s.opt.Divide {
		again := false
		s.runs(func(lo, hi int) {
			if hi-lo <= s.opt.Cap {
				return
			}
			again = true
			rep.Divided++
			s.note(k, depth, uint32(s.list[lo]>>32))
			for i := lo; i < hi; i++ {
				row := int(uint32(s.list[i]))
				own := part.Keys.Of(s.rows.IDs[row*s.rows.Stride+part.Field])
				if len(own) == 0 {
					rep.Without++
					s.list[i] = entry(uint32(row))
					continue
				}
				s.list[i] = entry(mix(uint32(s.list[i]>>32), own[0]))<<32 | entry(uint32(row))
			}
		})
		if !again {
			return
		}
		s.list = slices.DeleteFunc(s.list, func(e entry) bool { return e>>32 == 0 })
		s.sort()
	}
	s.cut(k, rep)
}

// note remembers that the block of a key was divided.
func (s *Sweeper) note(k, depth int, key uint32) {
	if s.split[k] == nil {
		s.split[k] = map[uint64]struct{}{}
	}
	s.split[k][uint64(depth)<<32|uint64(key)] = struct{}{}
}

// cut gives pieces of what no field could divide keys of their own.
func (s *Sweeper) cut(k int, rep *Report) {
	any := false
	s.runs(func(lo, hi int) {
		if hi-lo <= s.opt.Cap {
			return
		}
		rep.Cut++
		any = true
		s.note(k, len(s.opt.Divide), uint32(s.list[lo]>>32))
		for i := lo; i < hi; i++ {
			piece := uint32((i - lo) / s.opt.Cap)
			s.list[i] = entry(mix(uint32(s.list[i]>>32), piece+firstPiece))<<32 | s.list[i]&0xFFFFFFFF
		}
	})
	if any {
		s.sort()
	}
}

// firstPiece is what the first piece of a block that no field could divide is mixed with.
const firstPiece = 7

// runs calls fn for every block, by its bounds in the list.
func (s *Sweeper) runs(fn func(lo, hi int)) {
	for lo := 0; lo < len(s.list); {
		hi := lo + 1
		for hi < len(s.list) && s.list[hi]>>32 == s.list[lo]>>32 {
			hi++
		}
		fn(lo, hi)
		lo = hi
	}
}

// remember keeps the keys of rule k, by record.
func (s *Sweeper) remember(k int, several bool) {
	if !several {
		for _, e := range s.list {
			s.keys[int(uint32(e))*len(s.rules)+k] = uint32(e >> 32)
		}
		return
	}
	n := s.rows.Len()
	m := manyKey{start: make([]uint32, n+1), keys: make([]uint32, len(s.list))}
	for _, e := range s.list {
		m.start[uint32(e)+1]++
	}
	for r := 0; r < n; r++ {
		m.start[r+1] += m.start[r]
	}
	next := slices.Clone(m.start)
	for _, e := range s.list { // the list is in order of keys, so each record's keys are too
		r := uint32(e)
		m.keys[next[r]] = uint32(e >> 32)
		next[r]++
	}
	s.many[k] = m
}

func (s *Sweeper) measure(rep *Report) {
	s.runs(func(lo, hi int) {
		n := hi - lo
		if n < 2 {
			return
		}
		rep.Blocks++
		rep.Largest = max(rep.Largest, n)
		if !s.opt.Across {
			rep.Bound += int64(n) * int64(n-1) / 2
			return
		}
		var by [256]int64
		for _, e := range s.list[lo:hi] {
			by[s.rows.Source[uint32(e)]]++
		}
		all, within := int64(n)*int64(n-1)/2, int64(0)
		for _, c := range by {
			within += c * (c - 1) / 2
		}
		rep.Bound += all - within
	})
}
