package app

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"sort"

	"example.org/amparo/id"
	"example.org/amparo/internal/casebook"
	"example.org/amparo/internal/index"
	"example.org/amparo/internal/journal"
	"example.org/amparo/internal/kind"
)

// LedgerLine is what the log keeps of an export. A long list of persons goes on in lines
// of the same Export.
type LedgerLine struct {
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

// personsInLine bounds one entry of the log.
const personsInLine = 50_000

// Holds reports whether a person is among those the line lists; a line made before
// persons were listed may hold anybody.
func (l LedgerLine) Holds(person id.ID) bool {
	if l.Export.IsZero() {
		return true
	}
	n := len(l.Persons) / len(person)
	at := sort.Search(n, func(i int) bool { return bytes.Compare(l.Persons[i*len(person):(i+1)*len(person)], person[:]) >= 0 })
	return at < n && bytes.Equal(l.Persons[at*len(person):(at+1)*len(person)], person[:])
}

// Ledger lists what left the workspace, what restricted records were read and who searched,
// newest first.
func (w *Workspace) Ledger(ctx context.Context) ([]LedgerEntry, error) {
	if err := w.takeSearches(ctx); err != nil {
		return nil, err
	}
	return w.ledger(ctx)
}

// ledger is Ledger without the searches that are on their way to the journal.
func (w *Workspace) ledger(ctx context.Context) ([]LedgerEntry, error) {
	refs, err := w.index.WorkspaceActs(ctx, casebook.Export, casebook.Read)
	if err != nil {
		return nil, err
	}
	opened, err := w.OpenActs(ctx, refs)
	if err != nil {
		return nil, err
	}
	var out []LedgerEntry
	parts := map[id.ID]int{} // export -> its entry
	found := map[searchBy]int{}
	for _, o := range opened {
		e := LedgerEntry{Ref: o.At.String(), At: o.Act.At, Member: w.MemberName(o.Act.Member), Verb: o.Act.Verb, Record: o.Act.Record}
		if o.Act.Verb == casebook.Read {
			e.Reason, e.Person = o.Act.Reason, o.Act.Other
		}
		if o.Act.Verb == casebook.Read && len(o.Act.Data) > 0 {
			if out, err = addSearch(out, e, o.Act.Member, o.Act.Data, found); err != nil {
				return nil, err
			}
			continue
		}
		if o.Act.Verb == casebook.Export {
			if err := journal.Unpack(o.Act.Data, &e.Line); err != nil {
				return nil, err
			}
			if first, ok := parts[e.Line.Export]; ok && !e.Line.Export.IsZero() {
				out[first].Line.Persons = append(out[first].Line.Persons, e.Line.Persons...)
				continue
			}
			parts[e.Line.Export] = len(out)
		}
		out = append(out, e)
	}
	slices.SortFunc(out, func(a, b LedgerEntry) int { return int(int64(b.At>>16) - int64(a.At>>16)) })
	return out, nil
}

// searchBy is one search: nobody's is hidden under the number of somebody else's.
type searchBy struct{ member, search id.ID }

// addSearch adds what a line says of a search: all lines of one search are one entry.
func addSearch(out []LedgerEntry, e LedgerEntry, member id.ID, data []byte, parts map[searchBy]int) ([]LedgerEntry, error) {
	var line SearchLine
	if err := journal.Unpack(data, &line); err != nil {
		return nil, err
	}
	by := searchBy{member: member, search: line.Search}
	at, ok := parts[by]
	if !ok {
		at = len(out)
		parts[by] = at
		e.Search = line.Search
		out = append(out, e)
	}
	for f := range slices.Chunk(line.Found, len(id.ID{})) {
		if len(f) == len(id.ID{}) && !slices.Contains(out[at].Found, id.ID(f)) {
			out[at].Found = append(out[at].Found, id.ID(f))
		}
	}
	return out, nil
}

// LedgerEntry is one read, search or export.
type LedgerEntry struct {
	Ref    string
	At     journal.HLC
	Member string
	Verb   casebook.Verb
	Record id.ID
	Line   LedgerLine
	// Person and Reason are of an identity that was opened: whose, and why.
	Person id.ID
	Reason string
	// Search numbers a search; Found are the files it showed, of those that this member may
	// know of.
	Search id.ID
	Found  []id.ID
}

// NoteRead writes to the log that a restricted record was opened (R23).
func (w *Workspace) NoteRead(ctx context.Context, rec id.ID) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	room, err := w.roomOf(generalRoom)
	if err != nil {
		return err
	}
	_, err = w.commit(ctx, []draft{{act: &casebook.Act{Verb: casebook.Read, Record: rec}, room: room}})
	return err
}

// noteAll writes to the log that everything a reading holds leaves.
func (w *Workspace) noteAll(ctx context.Context, read *Reading, opt ExportOptions, what string) error {
	counts, err := read.Counts(ctx)
	if err != nil {
		return err
	}
	records := 0
	for _, n := range counts {
		records += n
	}
	in := map[id.ID]bool{}
	if err := read.Each(ctx, "person", func(r index.Row) error { in[r.ID] = true; return nil }); err != nil {
		return err
	}
	return w.noteExport(ctx, opt, what, records, in)
}

// noteExport writes to the log, before the first byte leaves, what goes where and which
// persons are in it.
func (w *Workspace) noteExport(ctx context.Context, opt ExportOptions, what string, records int, in map[id.ID]bool) error {
	consents, err := w.consentHash(ctx)
	if err != nil {
		return err
	}
	line := LedgerLine{Purpose: opt.Purpose, Recipient: opt.Recipient, Records: records, Consents: consents, What: what, Consent: opt.Consent, Also: opt.Also, Export: opt.export}
	if line.Export.IsZero() {
		line.Export = w.NewRecord()
	}
	var persons []byte
	for _, p := range slices.SortedFunc(maps.Keys(in), id.ID.Compare) {
		persons = append(persons, p[:]...)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	room, err := w.roomOf(generalRoom)
	if err != nil {
		return err
	}
	var drafts []draft
	for part := 0; part == 0 || len(persons) > 0; part++ {
		n := min(len(persons), personsInLine*len(id.ID{}))
		line.Part, line.Persons = part, persons[:n]
		persons = persons[n:]
		drafts = append(drafts, draft{act: &casebook.Act{Verb: casebook.Export, Data: journal.Encode(line)}, room: room})
	}
	if _, err := w.commit(ctx, drafts); err != nil {
		return err
	}
	return w.checkpoint(ctx)
}

// speaksOf adds to in the persons that a record is about or names.
func (w *Workspace) speaksOf(ctx context.Context, k *kind.Kind, r index.Row, known map[id.ID]id.ID, in map[id.ID]bool) error {
	for _, f := range k.Fields {
		for _, v := range r.Values[f.Name] {
			if f.Type != kind.TypeLink || f.Kind != "person" || v.State != kind.Given {
				continue
			}
			if p, err := id.Parse(v.Text); err == nil {
				in[p] = true
			}
		}
	}
	subject, err := w.subjectOf(ctx, k, r.ID, r.Values, known, 0)
	if err != nil || subject.IsZero() {
		return err
	}
	row, err := w.index.Row(ctx, subject)
	if err != nil {
		return nil // an own key of the record's, which is nobody
	}
	if row.Kind == "person" {
		in[subject] = true
	} else if p, err := id.Parse(row.Values.Get("person")); err == nil && !p.IsZero() {
		in[p] = true
	}
	return nil
}

// consentHash names the consents in force at this moment.
func (w *Workspace) consentHash(ctx context.Context) (string, error) {
	h := sha256.New()
	err := w.index.Each(ctx, "consent", func(r index.Row) error {
		_, err := fmt.Fprintf(h, "%s %s %s %s\n", r.ID, r.Values.Get("person"), r.Values.Get("purpose"), r.Values.Get("state"))
		return err
	})
	return hex.EncodeToString(h.Sum(nil)[:16]), err
}
