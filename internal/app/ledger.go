package app

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"math"
	"slices"

	"example.org/amparo/id"
	"example.org/amparo/internal/casebook"
	"example.org/amparo/internal/index"
	"example.org/amparo/internal/journal"
	"example.org/amparo/internal/kind"
)

// personsInLine bounds one entry of the log.
const personsInLine = 50_000

// Ledger lists what left the workspace, what restricted records were read and who searched,
// newest first: at most limit of what was done at a time or before, all of it where limit is 0.
// Who was in an export is not in it: see [Workspace.Uses].
func (w *Workspace) Ledger(ctx context.Context, before journal.HLC, limit int) ([]LedgerEntry, error) {
	if err := w.takeSearches(ctx); err != nil {
		return nil, err
	}
	uses, err := w.index.Ledger(ctx, before, limit)
	if err != nil {
		return nil, err
	}
	return w.entries(ctx, uses, false)
}

// WholeLedger is [Workspace.Ledger] from the beginning until now.
func (w *Workspace) WholeLedger(ctx context.Context) ([]LedgerEntry, error) {
	return w.Ledger(ctx, math.MaxUint64, 0)
}

// entriesAtOnce is how many uses are opened together: a line of an export may list 50,000
// persons.
const entriesAtOnce = 16

// entries reads what the log says of uses, with the persons that left where they are asked for.
func (w *Workspace) entries(ctx context.Context, uses []index.Use, persons bool) (out []LedgerEntry, err error) {
	for part := range slices.Chunk(uses, entriesAtOnce) {
		var refs []journal.Ref
		for i, u := range part {
			if u.Verb == casebook.Export && !persons {
				part[i].Lines = u.Lines[:1] // the others go on with them
			}
			refs = append(refs, part[i].Lines...)
		}
		opened, err := w.OpenActs(ctx, refs)
		if err != nil {
			return nil, err
		}
		at := make(map[journal.Ref]*casebook.Act, len(opened))
		for _, o := range opened {
			at[o.At] = o.Act
		}
		for _, u := range part {
			if e, ok := w.entry(u, at); ok {
				if !persons {
					e.Line.Persons = nil
				}
				out = append(out, e)
			}
		}
	}
	return out, nil
}

// entry puts together the lines of one use; of one whose key is gone nothing is said.
func (w *Workspace) entry(u index.Use, opened map[journal.Ref]*casebook.Act) (e LedgerEntry, ok bool) {
	for _, ref := range u.Lines {
		a := opened[ref]
		if a == nil {
			continue
		}
		if !ok {
			ok = true
			e = LedgerEntry{Ref: ref.String(), At: a.At, Member: w.MemberName(a.Member), Verb: a.Verb, Record: a.Record}
		}
		switch {
		case a.Verb == casebook.Export:
			var line casebook.ExportLine
			e.Unread = e.Unread || journal.Unpack(a.Data, &line) != nil
			if line.Persons = append(e.Line.Persons, line.Persons...); e.Line.Export.IsZero() {
				e.Line = line
			}
			e.Line.Persons = line.Persons
		case len(a.Data) > 0:
			var line casebook.SearchLine
			e.Unread = e.Unread || journal.Unpack(a.Data, &line) != nil
			e.Search = line.Search
			for _, f := range line.Files() {
				if !slices.Contains(e.Found, f) {
					e.Found = append(e.Found, f)
				}
			}
		default:
			e.Reason, e.Person = a.Reason, a.Other
		}
	}
	return e, ok
}

// LedgerEntry is one read, search or export.
type LedgerEntry struct {
	Ref    string
	At     journal.HLC
	Member string
	Verb   casebook.Verb
	Record id.ID
	Line   casebook.ExportLine
	// Person and Reason are of an identity that was opened: whose, and why.
	Person id.ID
	Reason string
	// Search numbers a search; Found are the files it showed, of those that this member may
	// know of.
	Search id.ID
	Found  []id.ID
	// Unread is that a line says something this program cannot read.
	Unread bool
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
	line := casebook.ExportLine{Purpose: opt.Purpose, Recipient: opt.Recipient, Records: records, Consents: consents, What: what, Consent: opt.Consent, Also: opt.Also, Export: opt.export}
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
