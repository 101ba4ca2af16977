package casebook

import (
	"slices"

	"example.org/amparo/id"
	"example.org/amparo/internal/journal"
)

// ExportLine is what the log keeps of something that left the workspace (R26): the Data of
// an Export act. A long list of persons goes on in lines of the same Export.
type ExportLine struct {
	Purpose   string `cbor:"1,keyasint" json:"purpose"`
	Recipient string `cbor:"2,keyasint" json:"recipient"`
	Records   int    `cbor:"3,keyasint" json:"records"`
	Consents  string `cbor:"4,keyasint" json:"consents"` // hash of the consents in force
	What      string `cbor:"5,keyasint" json:"what"`
	Consent   string `cbor:"6,keyasint,omitempty" json:"consent,omitempty"` // CO-xx
	Export    id.ID  `cbor:"7,keyasint,omitzero" json:"export"`
	Persons   []byte `cbor:"8,keyasint,omitempty" json:"-"` // identifiers of those in it, in order, one after the other
	Part      int    `cbor:"9,keyasint,omitempty" json:"part,omitempty"`
	// Also is what persons must have allowed beside Consent.
	Also []string `cbor:"10,keyasint,omitempty" json:"also,omitempty"`
}

// SearchLine is what the log keeps of a search, in each compartment whose names it read: the
// Data of a Read act.
type SearchLine struct {
	Search id.ID  `cbor:"1,keyasint"`           // one search, one number
	Found  []byte `cbor:"2,keyasint,omitempty"` // files shown, one identifier after the other
}

// Files lists what a search showed.
func (l SearchLine) Files() []id.ID { return listed(l.Found) }

// listed reads identifiers that stand one after the other; what is left over is none.
func listed(all []byte) (out []id.ID) {
	for c := range slices.Chunk(all, len(id.ID{})) {
		if len(c) == len(id.ID{}) {
			out = append(out, id.ID(c))
		}
	}
	return out
}

// Use is what an act says was done with files: they left, were found or were opened.
type Use struct {
	Number  id.ID   // of the export or the search: its lines are one; zero where it has no others
	Head    bool    // it begins an export, which no other hides under its number
	Files   []id.ID // of whom
	Anybody bool    // it does not say of whom
}

// Used reads the use an Export or Read act tells of; any other tells of none. What cannot be
// read may have held anybody, if it left.
func (a *Act) Used() (u Use, ok bool) {
	switch {
	case a.Verb == Export:
		var l ExportLine
		if err := journal.Unpack(a.Data, &l); err != nil {
			return Use{Anybody: true}, true
		}
		u = Use{Number: l.Export, Head: l.Part == 0, Files: listed(l.Persons), Anybody: l.Export.IsZero()}
	case a.Verb == Read && len(a.Data) > 0:
		var l SearchLine
		if err := journal.Unpack(a.Data, &l); err != nil {
			return Use{}, true
		}
		u = Use{Number: l.Search, Files: l.Files()}
	case a.Verb == Read && a.Reason != "":
		u.Files = []id.ID{a.Other}
	case a.Verb != Read:
		return u, false
	}
	return u, true
}
