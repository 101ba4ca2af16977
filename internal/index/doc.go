package index

import (
	"slices"
	"sync"

	"github.com/ncruces/go-sqlite3"

	"example.org/amparo/fault"
	"example.org/amparo/id"
	"example.org/amparo/internal/casebook"
	"example.org/amparo/internal/journal"
	"example.org/amparo/internal/kind"
	"example.org/amparo/internal/sealeddb"
	"example.org/amparo/internal/token"
)

// cell is the current answer to one field, as the doc column holds it. Sealed
// fields have no cell.
type cell struct {
	_      struct{} `cbor:",toarray"`
	Field  int      // number in table name
	Values []kind.Value
}

// doc is the row a record's screens and counts are made from: current values of
// open and coded fields, in the kind's field order.
type doc []cell

func encodeDoc(d doc) []byte { return journal.Encode(d) }

func decodeDoc(b []byte) (doc, error) {
	var d doc
	if err := journal.Unpack(b, &d); err != nil {
		return nil, fault.Because(fault.Corrupt, "index", "a row of the index is damaged; rebuild the index", err)
	}
	return d, nil
}

// words numbers the repeated words of an index file: kinds and field names. It has
// its own lock, held only for a look-up, so that a reader inside a database
// callback never waits for a batch.
type words struct {
	mu     sync.RWMutex
	byWord map[string]int
	byNum  map[int]string
}

func (w *words) load(c *sqlite3.Conn) error {
	byWord, byNum := map[string]int{}, map[int]string{}
	err := sealeddb.Each(c, `SELECT n, word FROM name`, nil, func(s *sqlite3.Stmt) error {
		byWord[s.ColumnText(1)], byNum[s.ColumnInt(0)] = s.ColumnInt(0), s.ColumnText(1)
		return nil
	})
	w.mu.Lock()
	defer w.mu.Unlock()
	w.byWord, w.byNum = byWord, byNum
	return err
}

func (w *words) word(n int) string {
	w.mu.RLock()
	defer w.mu.RUnlock()
	return w.byNum[n]
}

func (w *words) number(word string) (int, bool) {
	w.mu.RLock()
	defer w.mu.RUnlock()
	n, ok := w.byWord[word]
	return n, ok
}

func (w *words) add(word string, n int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.byWord[word], w.byNum[n] = n, word
}

// project computes a record's doc, its links and its tokens from the fold.
type projection struct {
	kind   *kind.Kind
	doc    doc
	links  []linkTo
	tokens []string
	flags  int
}

type linkTo struct {
	field  int
	target id.ID
}

func project(r *casebook.Record, k *kind.Kind, number func(string) (int, error)) (projection, error) {
	p := projection{kind: k}
	if r.Contested() {
		p.flags |= flagContested
	}
	seen := map[string]bool{}
	for _, f := range k.Fields {
		st, ok := r.Fields[f.Name]
		if !ok || f.Class == kind.Sealed {
			continue
		}
		n, err := number(f.Name)
		if err != nil {
			return p, err
		}
		values := st.Current()
		p.doc = append(p.doc, cell{Field: n, Values: values})
		for _, v := range values {
			if v.State != kind.Given {
				continue
			}
			switch f.Type {
			case kind.TypeLink:
				if t, ok := linkTarget(v); ok {
					p.links = append(p.links, linkTo{field: n, target: t})
				}
			case kind.TypeText:
				for _, t := range token.Index(v.Text) {
					if !seen[t] {
						seen[t] = true
						p.tokens = append(p.tokens, t)
					}
				}
			}
		}
	}
	slices.Sort(p.tokens)
	if err := p.note(PassageField, passages(r), number); err != nil {
		return p, err
	}
	return p, p.note(SourceField, speakers(r, k), number)
}

// PassageField stands, in links, for "an account of that record rests on this passage".
const PassageField = "@passage"

// SourceField stands, in links, for "an account of that record is this one's word". It is
// noted where no field of the record names the source already.
const SourceField = "@source"

// note adds links that no field of the kind holds.
func (p *projection) note(field string, targets []id.ID, number func(string) (int, error)) error {
	if len(targets) == 0 {
		return nil
	}
	n, err := number(field)
	if err != nil {
		return err
	}
	slices.SortFunc(targets, id.ID.Compare)
	targets = slices.Compact(targets)
	values := make([]kind.Value, len(targets))
	for i, t := range targets {
		values[i] = kind.Of(t.String())
		p.links = append(p.links, linkTo{field: n, target: t})
	}
	p.doc = append(p.doc, cell{Field: n, Values: values})
	return nil
}

// passages are those the effective accounts rest on, so that a passage knows what was
// stated on the strength of it.
func passages(r *casebook.Record) (out []id.ID) {
	for _, a := range r.Accounts {
		if a.CorrectedBy == nil && a.Act.Passage != nil && !a.Act.Passage.Record.IsZero() {
			out = append(out, a.Act.Passage.Record)
		}
	}
	return out
}

// speakers are the sources of the effective accounts that no single link of the record
// names: whose consent the record depends on must be found from the person.
func speakers(r *casebook.Record, k *kind.Kind) (out []id.ID) {
	for _, a := range r.Accounts {
		if a.CorrectedBy == nil && !a.Act.Source.IsZero() && a.Act.Source != r.ID && !namedBy(r, k, a.Act.Source) {
			out = append(out, a.Act.Source)
		}
	}
	return out
}

func namedBy(r *casebook.Record, k *kind.Kind, source id.ID) bool {
	text := source.String()
	for _, f := range k.Fields {
		st, ok := r.Fields[f.Name]
		if ok && f.Type == kind.TypeLink && f.Class != kind.Sealed && !f.Repeat && slices.Contains(st.Current(), kind.Of(text)) {
			return true
		}
	}
	return false
}

// linkTarget reads the record a link value points at.
func linkTarget(v kind.Value) (id.ID, bool) {
	t, err := id.Parse(v.Text)
	return t, err == nil && v.State == kind.Given && !t.IsZero()
}

// sealedText says what an act's sealed text is good for: names of people for the
// name cache, narrative for the decrypting scan.
func sealedText(a *casebook.Act, schema casebook.Schema) int {
	if a.Verb != casebook.State {
		return 0
	}
	k, ok := schema.Kind(a.Kind)
	if !ok {
		return 0
	}
	bits := 0
	for name := range a.Fields {
		f, ok := k.Field(name)
		if !ok || f.Class != kind.Sealed || f.Type != kind.TypeText {
			continue
		}
		if IsName(k, f) {
			bits |= textNames
		} else {
			bits |= textLong
		}
	}
	return bits
}

// IsName reports whether a field holds a name people are looked up by: short
// sealed text of a kind about people. All other sealed text is narrative.
func IsName(k *kind.Kind, f *kind.Field) bool {
	return k.Group == "people" && f.Class == kind.Sealed && f.Type == kind.TypeText && !f.Long
}
