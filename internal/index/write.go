package index

import (
	"example.org/amparo/internal/casebook"
	"example.org/amparo/internal/kind"
	"example.org/amparo/internal/sealeddb"
	"example.org/amparo/internal/token"
)

// write replaces a record's rows by those of its new fold. Rows that stay the same
// are not touched.
func (w *writer) write(rec int64, old row, r *casebook.Record) (change, error) {
	ch := change{rec: rec, id: old.id, old: old, record: r}
	k, known := w.schema().Kind(r.Kind)
	if known {
		var err error
		if ch.p, err = project(r, k, w.word); err != nil {
			return ch, err
		}
	}
	ch.gone = !known
	if err := w.writeRow(rec, old, ch); err != nil {
		return ch, err
	}
	if err := w.writeLinks(rec, old, ch.p.links); err != nil {
		return ch, err
	}
	if err := w.writeTokens(rec, old, ch.p.tokens); err != nil {
		return ch, err
	}
	return ch, w.writePairs(rec, r)
}

func (w *writer) writeRow(rec int64, old row, ch change) error {
	if ch.gone {
		if old.kind == 0 {
			return nil
		}
		return sealeddb.Exec(w.putRec, rec, old.id[:], 0, 0, 0, 0, 0, []byte{})
	}
	kn, err := w.word(ch.p.kind.Name)
	if err != nil {
		return err
	}
	delete(w.bare, rec)
	r := ch.record
	return sealeddb.Exec(w.putRec, rec, old.id[:], kn, ch.p.flags, len(r.Accounts), int64(r.First), int64(r.Last), encodeDoc(ch.p.doc))
}

func (w *writer) writeLinks(rec int64, old row, links []linkTo) error {
	type edge struct{ target, field int64 }
	before := map[edge]bool{}
	for _, l := range w.linksOf(old) {
		target, err := w.number(l.target)
		if err != nil {
			return err
		}
		before[edge{target, int64(l.field)}] = true
	}
	for _, l := range links {
		target, err := w.number(l.target)
		if err != nil {
			return err
		}
		e := edge{target, int64(l.field)}
		if before[e] {
			delete(before, e)
			continue
		}
		if err := sealeddb.Exec(w.putLink, target, l.field, rec); err != nil {
			return err
		}
	}
	for e := range before {
		if err := sealeddb.Exec(w.delLinks, rec, e.target, e.field); err != nil {
			return err
		}
	}
	return nil
}

// linking reports whether a field of a row's doc holds links.
func linking(k *kind.Kind, name string) bool {
	f, ok := k.Field(name)
	return name == PassageField || name == SourceField || ok && f.Type == kind.TypeLink
}

// linksOf reads the links a row's doc holds.
func (w *writer) linksOf(r row) []linkTo {
	k, ok := w.kindOf(r.kind)
	if !ok {
		return nil
	}
	var out []linkTo
	for _, c := range r.doc {
		if !linking(k, w.words.word(c.Field)) {
			continue
		}
		for _, v := range c.Values {
			if t, ok := linkTarget(v); ok {
				out = append(out, linkTo{field: c.Field, target: t})
			}
		}
	}
	return out
}

func (x *Index) kindOf(n int64) (*kind.Kind, bool) {
	if n == 0 {
		return nil, false
	}
	return x.schema().Kind(x.words.word(int(n)))
}

func (w *writer) writeTokens(rec int64, old row, tokens []string) error {
	before := w.tokensOf(old)
	for _, t := range tokens {
		if before[t] {
			delete(before, t)
			continue
		}
		if err := sealeddb.Exec(w.putToken, t, rec); err != nil {
			return err
		}
	}
	for t := range before {
		if err := sealeddb.Exec(w.delTokens, t, rec); err != nil {
			return err
		}
	}
	return nil
}

func (w *writer) tokensOf(r row) map[string]bool {
	out := map[string]bool{}
	k, ok := w.kindOf(r.kind)
	if !ok {
		return out
	}
	for _, c := range r.doc {
		f, ok := k.Field(w.words.word(c.Field))
		if !ok || f.Type != kind.TypeText {
			continue
		}
		for _, v := range c.Values {
			if v.State != kind.Given {
				continue
			}
			for _, t := range token.Index(v.Text) {
				out[t] = true
			}
		}
	}
	return out
}

func (w *writer) writePairs(rec int64, r *casebook.Record) error {
	if len(r.Links) == 0 && w.born[rec] == r.ID {
		return nil
	}
	if err := sealeddb.Exec(w.delPairs, rec); err != nil {
		return err
	}
	for _, l := range r.Links {
		other := l.Act.Other
		if other == r.ID {
			other = l.Act.Record
		}
		b, err := w.number(other)
		if err != nil {
			return err
		}
		if err := sealeddb.Exec(w.putPair, rec, b, int64(l.Act.Verdict)); err != nil {
			return err
		}
	}
	return nil
}

// follow brings the in-memory views up to date with a committed batch.
func (x *Index) follow(changed []change) []Change {
	x.gen++
	for _, ch := range changed {
		if x.cols != nil {
			x.cols.put(ch)
		}
		if x.names != nil {
			x.names.put(ch.rec, foldedNames(nameTexts(ch.record, x.schema())))
		}
	}
	told := x.told(changed)
	x.watches.tell(told)
	return told
}
