package index

import (
	"context"
	"math/bits"
	"slices"
	"strings"
	"sync"
	"unsafe"

	"github.com/ncruces/go-sqlite3"

	"example.org/amparo/id"
	"example.org/amparo/internal/journal"
	"example.org/amparo/internal/kind"
	"example.org/amparo/internal/sealeddb"
	"example.org/amparo/internal/token"
)

// Set is a set of records, by their local numbers.
type Set struct{ bits []uint64 }

// Has reports whether the set holds a record.
func (s *Set) Has(rec int64) bool {
	w := rec >> 6
	return w < int64(len(s.bits)) && s.bits[w]&(1<<(rec&63)) != 0
}

func (s *Set) add(rec int64) {
	for int64(len(s.bits)) <= rec>>6 {
		s.bits = append(s.bits, 0)
	}
	s.bits[rec>>6] |= 1 << (rec & 63)
}

func (s *Set) remove1(rec int64) {
	if w := rec >> 6; w < int64(len(s.bits)) {
		s.bits[w] &^= 1 << (rec & 63)
	}
}

func (s *Set) and(o *Set) {
	for i := range s.bits {
		if i < len(o.bits) {
			s.bits[i] &= o.bits[i]
		} else {
			s.bits[i] = 0
		}
	}
}

func (s *Set) remove(o *Set) {
	for i := range min(len(s.bits), len(o.bits)) {
		s.bits[i] &^= o.bits[i]
	}
}

func (s *Set) or(o *Set) {
	for len(s.bits) < len(o.bits) {
		s.bits = append(s.bits, 0)
	}
	for i, b := range o.bits {
		s.bits[i] |= b
	}
}

// Found is what the one search box finds without opening narratives: exact counts,
// and the first records.
type Found struct {
	Names int // records found by a name
	Coded int // records found by open and coded values
	Total int // records found either way
	Rows  []Row
	Set   *Set
	// Named are those of Rows in which a name holds one of the words at least: whoever
	// looks for a name and a place reads the name too.
	Named []Row
	// Partly says that values or names are still being read into memory, and that only what
	// is there was searched: see [Index.SearchNow].
	Partly bool
}

// Search looks for every word of text among names and among open and coded values,
// words and parts of words, in any script and language. A record matches when each
// word is found in one or the other.
func (x *Index) Search(ctx context.Context, text string, limit int) (*Found, error) {
	return x.SearchExcept(ctx, text, limit, nil)
}

// SearchExcept is [Index.Search] without the records in except: they are neither listed
// nor counted.
func (x *Index) SearchExcept(ctx context.Context, text string, limit int, except *Reached) (*Found, error) {
	noteAll(ctx)
	words := token.Split(text)
	if len(words) == 0 {
		return &Found{Set: &Set{}}, nil
	}
	cs, err := x.loaded(ctx, "")
	if err != nil {
		return nil, err
	}
	names, err := x.loadedNames(ctx)
	if err != nil {
		return nil, err
	}
	return x.search(ctx, words, limit, except, cs, names)
}

// fewRecords are read into memory in no time.
const fewRecords = 20_000

// SearchNow is [Index.SearchExcept] that does not wait for what is still being read into
// memory after the index was opened: see [Index.Warm].
func (x *Index) SearchNow(ctx context.Context, text string, limit int, except *Reached) (*Found, error) {
	x.mu.RLock()
	cs, names := x.cols, x.names
	all, few := cs.has(""), x.next < fewRecords
	x.mu.RUnlock()
	words := token.Split(text)
	switch {
	case few || all && names != nil || len(words) == 0:
		return x.SearchExcept(ctx, text, limit, except)
	case !all:
		return &Found{Set: &Set{}, Partly: true}, nil
	}
	noteAll(ctx)
	f, err := x.search(ctx, words, limit, except, cs, newNameCache())
	if f != nil {
		f.Partly = true
	}
	return f, err
}

func (x *Index) search(ctx context.Context, words []string, limit int, except *Reached, cs *columns, names *nameCache) (*Found, error) {
	byName, byValue, both := (*Set)(nil), (*Set)(nil), (*Set)(nil)
	named := &Set{}
	for _, w := range words {
		n := &Set{}
		x.mu.RLock()
		names.findWord(token.Fold(nil, w), n)
		v, err := x.codedWord(ctx, cs, w)
		x.mu.RUnlock()
		if err != nil {
			return nil, err
		}
		either := &Set{}
		either.or(n)
		either.or(v)
		named.or(n)
		byName, byValue, both = meet(byName, n), meet(byValue, v), meet(both, either)
	}
	if except != nil {
		both.remove(&except.set)
	}
	f, first := x.found(cs, byName, byValue, both, limit)
	return f, x.readNamed(ctx, f, first, named)
}

// readNamed reads the records found and marks those in which a name holds one of the words.
func (x *Index) readNamed(ctx context.Context, f *Found, first []int64, named *Set) (err error) {
	if f.Rows, err = x.rows(ctx, first); err != nil {
		return err
	}
	for i, row := range f.Rows {
		if len(f.Rows) < len(first) || named.Has(first[i]) { // one went meanwhile: rather too many than too few
			f.Named = append(f.Named, row)
		}
	}
	return nil
}

func meet(acc, s *Set) *Set {
	if acc == nil {
		return s
	}
	acc.and(s)
	return acc
}

// found counts what was found and lists the first of it, by number.
func (x *Index) found(cs *columns, byName, byValue, both *Set, limit int) (f *Found, first []int64) {
	f = &Found{Set: both}
	x.mu.RLock()
	defer x.mu.RUnlock()
	for _, pass := range []bool{true, false} { // people found by name come first
		for rec := range both.all() {
			if rec >= int64(len(cs.slots)) || cs.slots[rec].table == 0 || byName.Has(rec) != pass {
				continue
			}
			f.Total++
			if byName.Has(rec) {
				f.Names++
			}
			if byValue.Has(rec) {
				f.Coded++
			}
			if len(first) < limit {
				first = append(first, rec)
			}
		}
	}
	return f, first
}

// all yields the members in rising order.
func (s *Set) all() func(yield func(int64) bool) {
	return func(yield func(int64) bool) {
		for i, b := range s.bits {
			for ; b != 0; b &= b - 1 {
				if !yield(int64(i)<<6 + int64(bits.TrailingZeros64(b))) {
					return
				}
			}
		}
	}
}

// codedWord finds records by one word among labels of terms and places, and among
// tokens of open text. The caller holds x.mu for reading.
func (x *Index) codedWord(ctx context.Context, cs *columns, w string) (*Set, error) {
	out := &Set{}
	for _, t := range cs.list {
		for _, c := range t.cols {
			if c.coded() {
				c.findLabel(t, w, cs.schema, out)
			}
		}
	}
	return out, x.db.Read(ctx, func(c *sqlite3.Conn) error {
		var acc *Set
		for _, q := range token.Query(w) {
			hits := &Set{}
			sql, args := `SELECT rec FROM token WHERE t = ?1`, []any{q.Text}
			if q.Prefix {
				sql, args = `SELECT rec FROM token WHERE t >= ?1 AND t < ?2`, []any{q.Text, q.Text + "\U0010FFFF"}
			}
			if err := sealeddb.Each(c, sql, args, func(s *sqlite3.Stmt) error {
				hits.add(s.ColumnInt64(0))
				return nil
			}); err != nil {
				return err
			}
			acc = meet(acc, hits)
		}
		if acc != nil {
			out.or(acc)
		}
		return nil
	})
}

func (c *column) findLabel(t *table, w string, schema *kind.Set, out *Set) {
	want := make([]bool, len(c.dict))
	any := false
	for n := 1; n < len(c.dict); n++ {
		if schema.LabelMatches(c.field, c.dict[n], w) {
			want[n], any = true, true
		}
	}
	if !any {
		return
	}
	for row, live := range t.live {
		if !live {
			continue
		}
		c.at(row, func(n uint32) {
			if want[n] {
				out.add(t.recs[row])
			}
		})
	}
}

// Narrative is a passage found by the decrypting scan.
type Narrative struct {
	Record id.ID
	Kind   string
	Field  string
	Ref    journal.Ref
	Text   string
}

// scanBatch is how many acts one step of the narrative scan opens: small at first,
// so that the first hits come at once.
const (
	firstScan = 512
	scanBatch = 4096
)

// Narratives searches sealed text by opening it, in a stream: hit is called for
// each field that contains every word of text, and returns false to stop. It
// returns how many acts were read. Nothing about sealed words is ever written.
func (x *Index) Narratives(ctx context.Context, text string, hit func(Narrative) bool) (scanned int, err error) {
	noteAll(ctx)
	words := token.Split(text)
	if len(words) == 0 {
		return 0, nil
	}
	var folded [][]byte
	for _, w := range words {
		folded = append(folded, token.Fold(nil, w))
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	for part := range x.scan(ctx, folded) {
		p := <-part
		if p.err != nil {
			return scanned, p.err
		}
		scanned += p.read
		for _, n := range p.found {
			ok, err := x.stands(ctx, n)
			if err != nil {
				return scanned, err
			}
			if ok && !hit(n) {
				return scanned, nil
			}
		}
	}
	return scanned, ctx.Err()
}

// LongTexts counts the acts that a narrative scan would open, and stops at atMost.
func (x *Index) LongTexts(ctx context.Context, atMost int) (n int, err error) {
	noteAll(ctx)
	err = x.db.Read(ctx, func(c *sqlite3.Conn) error {
		return sealeddb.Each(c, `SELECT count(*) FROM (SELECT 1 FROM act WHERE text & 2 LIMIT ?1)`, []any{atMost}, func(s *sqlite3.Stmt) error {
			n = s.ColumnInt(0)
			return nil
		})
	})
	return n, err
}

// scanned is what one step of the narrative scan found.
type scanned struct {
	read  int
	found []Narrative
	err   error
}

// scansAhead is how many steps of the scan are under way while one is handed out: while
// one reads the file, others decrypt.
const scansAhead = 2

// scan opens the acts with long text, a batch at a time, several batches at once, and
// hands out the results in order.
func (x *Index) scan(ctx context.Context, words [][]byte) <-chan chan scanned {
	out := make(chan chan scanned, scansAhead)
	go func() {
		defer close(out)
		after := int64(0)
		for size := firstScan; ; size = scanBatch {
			refs, last, err := x.longActs(ctx, after, size)
			if err == nil && len(refs) == 0 {
				return
			}
			part := make(chan scanned, 1)
			select {
			case out <- part:
			case <-ctx.Done():
				return
			}
			if err != nil {
				part <- scanned{err: err}
				return
			}
			go func() {
				opened, read, err := x.src.OpenMatching(ctx, refs, func(plain []byte) bool { return mayContain(plain, words) })
				part <- scanned{read: read, found: x.match(opened, words), err: err}
			}()
			after = last
		}
	}()
	return out
}

func (x *Index) longActs(ctx context.Context, after int64, limit int) (refs []journal.Ref, last int64, err error) {
	err = x.db.Read(ctx, func(c *sqlite3.Conn) error {
		return sealeddb.Each(c, `SELECT k FROM act WHERE text & 2 AND k > ?1 ORDER BY k LIMIT ?2`, []any{after, limit}, func(s *sqlite3.Stmt) error {
			last = s.ColumnInt64(0)
			ref, err := x.refOf(last)
			refs = append(refs, ref)
			return err
		})
	})
	return refs, last, err
}

var foldBuffers = sync.Pool{New: func() any { return new([]byte) }}

// mayContain looks for the words in an act's whole encoding, before it is decoded: most
// acts hold none. Text stands in the encoding as it is, and what stands around it cannot
// swallow a letter, because no letter begins with a continuation byte; so no act is missed.
func mayContain(plain []byte, words [][]byte) bool {
	buf := foldBuffers.Get().(*[]byte)
	defer foldBuffers.Put(buf)
	*buf = token.Fold((*buf)[:0], unsafe.String(unsafe.SliceData(plain), len(plain)))
	found := containsAll(*buf, words)
	clear(*buf) // it is somebody's testimony
	return found
}

// match looks through opened acts and keeps their order.
func (x *Index) match(opened []Opened, words [][]byte) (found []Narrative) {
	var buf []byte
	for _, o := range opened {
		found, buf = x.matchAct(o, words, found, buf)
	}
	return found
}

func (x *Index) matchAct(o Opened, words [][]byte, out []Narrative, buf []byte) ([]Narrative, []byte) {
	k, ok := x.schema().Kind(o.Act.Kind)
	if !ok {
		return out, buf
	}
	for name, values := range o.Act.Fields {
		f, ok := k.Field(name)
		if !ok || f.Class != kind.Sealed || f.Type != kind.TypeText || IsName(k, f) {
			continue
		}
		for _, v := range values {
			buf = token.Fold(buf[:0], v.Text)
			if containsAll(buf, words) {
				out = append(out, Narrative{Record: o.Act.Record, Kind: o.Act.Kind, Field: name, Ref: o.Act.Place(o.At), Text: v.Text})
			}
		}
	}
	return out, buf
}

func containsAll(text []byte, words [][]byte) bool {
	t := unsafe.String(unsafe.SliceData(text), len(text))
	for _, w := range words {
		if !strings.Contains(t, unsafe.String(unsafe.SliceData(w), len(w))) {
			return false
		}
	}
	return true
}

// stands reports whether the account a passage was found in still counts: a
// retracted or corrected one is history and is not a search result.
func (x *Index) stands(ctx context.Context, n Narrative) (bool, error) {
	r, err := x.Fold(ctx, n.Record)
	if err != nil {
		return false, err
	}
	for _, c := range r.Field(n.Field).Claims {
		if slices.Contains(c.Accounts, n.Ref) {
			return true, nil
		}
	}
	return false, nil
}
