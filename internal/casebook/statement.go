package casebook

import (
	"example.org/amparo/id"
	"example.org/amparo/internal/kind"
)

// Passage is a stretch of a testimony or document that an account cites: rune
// offsets into the text of Record, From inclusive, To exclusive. The zero Passage
// cites nothing.
type Passage struct {
	_      struct{} `cbor:",toarray"`
	Record id.ID
	From   int
	To     int
}

// Statement is what a form, an import or a synthetic world hands in: one source's
// account of one record, before it is sealed.
type Statement struct {
	Record  id.ID
	Kind    string
	Fields  kind.Values
	Source  id.ID // who says it: a person, source or interview record; zero = the documenter
	Passage Passage
	Basis   string // basis of knowledge, BK-1 to BK-4, or empty
	// Corrects names the account this statement corrects: the earlier one stays in
	// the history and no longer counts.
	Corrects *Ref
}
