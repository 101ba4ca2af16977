package index

import (
	"iter"

	"example.org/amparo/id"
	"example.org/amparo/internal/kind"
)

// Change is one record that a batch touched. What pages remember follows by it: see
// [Index.Apply].
type Change struct {
	ID            id.ID
	Before, After Stand
}

// Stand is how a record stands at a moment; the zero Stand where it is not stated.
type Stand struct {
	Kind string
	k    *kind.Kind
	doc  doc
	x    *Index
}

// Links yields the fields that name other records, and whom they name.
func (s Stand) Links() iter.Seq2[string, id.ID] {
	return func(yield func(string, id.ID) bool) {
		for _, c := range s.doc {
			name := s.x.words.word(c.Field)
			if !linking(s.k, name) {
				continue
			}
			for _, v := range c.Values {
				if t, ok := linkTarget(v); ok && !yield(name, t) {
					return
				}
			}
		}
	}
}

// Names reports whether the record names another by any field.
func (s Stand) Names(target id.ID) bool {
	for _, t := range s.Links() {
		if t == target {
			return true
		}
	}
	return false
}

// told turns what the writer did into what others may know of it.
func (x *Index) told(changed []change) []Change {
	out := make([]Change, len(changed))
	for i, ch := range changed {
		out[i] = Change{ID: ch.id}
		if k, ok := x.kindOf(ch.old.kind); ok {
			out[i].Before = Stand{k.Name, k, ch.old.doc, x}
		}
		if !ch.gone {
			out[i].After = Stand{ch.p.kind.Name, ch.p.kind, ch.p.doc, x}
		}
	}
	return out
}
