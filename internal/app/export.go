package app

import (
	"context"
	"crypto/sha256"
	"encoding/csv"
	"encoding/json"
	"errors"
	"slices"

	"example.org/amparo/fault"
	"example.org/amparo/id"
	"example.org/amparo/internal/casebook"
	"example.org/amparo/internal/exchange/table"
	"example.org/amparo/internal/index"
	"example.org/amparo/internal/journal"
	"example.org/amparo/internal/kind"
	"example.org/amparo/internal/packet"
)

// limits is what every output says of itself (R31).
const limits = "Counts and records cover only those who could be heard. The dead, those still held, those never reached and those who did not consent are missing."

// ExportOptions say why something leaves and to whom (R26). Consent is the purpose, CO-01
// to CO-14, that persons must have given: nobody else is in the export (R05). Empty is
// the desk's own: a copy in the hands of the workspace's members, without the files that
// are locked.
type ExportOptions struct {
	Purpose   string
	Recipient string
	Consent   string
	Also      []string // purposes that must be allowed beside Consent

	export id.ID // how the ledger names it; zero: a new name
}

// reading is the workspace as the export may read it. A use of the desk's own purpose by
// somebody else asks for consent like any other.
func (o ExportOptions) reading(w *Workspace) (*Reading, error) {
	if o.Consent == "" {
		return w.Desk(), nil
	}
	return w.For(o.Consent, o.Recipient)
}

// Exported tells what was written.
type Exported struct {
	Dir     string         `json:"dir"`
	Entries int            `json:"entries"`
	Opened  int            `json:"opened"`
	Records int            `json:"records"`
	Kinds   map[string]int `json:"kinds"`
}

// Export writes everything this member can open into dir as a packet: uncapped, in
// clear, with proofs. That it left, why and to whom is written to the log first.
func (w *Workspace) Export(ctx context.Context, dir string, opt ExportOptions, progress Progress) (*Exported, error) {
	if opt.Purpose == "" || opt.Recipient == "" {
		return nil, noPurpose()
	}
	read, err := opt.reading(w)
	if err != nil {
		return nil, err
	}
	if err := w.noteAll(ctx, read, opt, "full export"); err != nil {
		return nil, err
	}
	pw, err := w.beginPacket(ctx, dir, opt)
	if err != nil {
		return nil, err
	}
	out := &Exported{Dir: dir, Kinds: map[string]int{}}
	if err := w.writeActs(ctx, read, pw, out, progress); err != nil {
		return nil, err
	}
	for _, k := range w.Schema().Kinds() {
		if err := w.writeTable(ctx, read, pw, k, out); err != nil {
			return nil, err
		}
	}
	return out, pw.Close(w.vault.Signer())
}

func (w *Workspace) beginPacket(ctx context.Context, dir string, opt ExportOptions) (*packet.Writer, error) {
	known, err := w.hub.Devices(ctx)
	if err != nil {
		return nil, err
	}
	var devices []packet.Device
	for _, d := range known {
		devices = append(devices, packet.Device{ID: d.ID, Key: d.PublicKey})
	}
	heads, err := w.hub.Heads(ctx)
	if err != nil {
		return nil, err
	}
	note, err := journal.NewCheckpoint(w.ID(), heads).Sign(w.vault.Signer())
	if err != nil {
		return nil, err
	}
	return packet.Create(dir, packet.Manifest{
		Workspace: w.ID(), Device: w.vault.Device(), Created: w.opt.Now().UTC().Format("2006-01-02"),
		Purpose: opt.Purpose, Recipient: opt.Recipient, Limits: limits,
	}, devices, note)
}

func (w *Workspace) writeActs(ctx context.Context, read *Reading, pw *packet.Writer, out *Exported, progress Progress) error {
	heads, err := w.hub.Heads(ctx)
	if err != nil {
		return err
	}
	total := 0
	for _, h := range heads {
		total += int(h.Size)
	}
	names := map[id.ID]string{}
	for _, c := range w.rooms.all() {
		names[c.id] = c.name
	}
	left, err := read.out(ctx)
	if err != nil {
		return err
	}
	for part, err := range w.entryBatches(ctx, nil) {
		if err != nil {
			return err
		}
		if err := w.loadKeys(ctx, part); err != nil {
			return err
		}
		for _, e := range part {
			l, err := w.line(e, names, left)
			if err != nil {
				return err
			}
			if err := pw.Entry(l); err != nil {
				return err
			}
			out.Entries++
			if len(l.Content) > 0 {
				out.Opened++
			}
		}
		progress.tell(out.Entries, total)
	}
	return nil
}

// line writes an entry with its content where this member can open it and the purpose
// covers it. The rest keeps its place in the proofs and stays sealed.
func (w *Workspace) line(e *journal.Entry, names map[id.ID]string, left *index.Reached) (packet.Line, error) {
	l := packet.Line{Header: e.Header, Sealed: sha256.Sum256(e.Sealed), Commitment: e.Commitment, Signature: e.Signature}
	plain, err := w.openContent(e)
	if errors.Is(err, fault.Sealed) {
		return l, nil
	}
	if err != nil {
		return l, err
	}
	if left.Len() > 0 {
		if hidden, err := namesLeftOut(plain, left); err != nil || hidden {
			return l, err
		}
	}
	key, err := w.keys.PayloadKey(e.Header.Key)
	if err != nil {
		return l, err
	}
	ck := key.CommitKey(e.Sealed)
	l.Content, l.CommitKey, l.Room = plain, ck[:], names[e.Header.Compartment]
	return l, nil
}

// namesLeftOut reports whether an act is about a record that is left out, or names one.
// Lines of the ledger that list persons stay sealed too.
func namesLeftOut(plain []byte, left *index.Reached) (bool, error) {
	a, err := casebook.DecodeAct(plain)
	if err != nil {
		return true, err
	}
	if a.Verb == casebook.Export || a.Verb == casebook.Read && len(a.Data) > 0 || left.Has(a.Record) || left.Has(a.Other) || left.Has(a.Source) || a.Passage != nil && left.Has(a.Passage.Record) {
		return true, nil
	}
	for _, vs := range a.Fields {
		if len(pruneLinks(left, vs)) < len(vs) {
			return true, nil
		}
	}
	return false, nil
}

// writeTable writes one kind as CSV: current values, sealed ones too.
func (w *Workspace) writeTable(ctx context.Context, read *Reading, pw *packet.Writer, k *kind.Kind, out *Exported) error {
	var ids []id.ID
	if err := read.Each(ctx, k.Name, func(r index.Row) error { ids = append(ids, r.ID); return nil }); err != nil || len(ids) == 0 {
		return err
	}
	f, err := pw.Table(k.Name + ".csv")
	if err != nil {
		return err
	}
	cw := csv.NewWriter(f)
	if err := cw.Write(append([]string{"id"}, k.Columns()...)); err != nil {
		return err
	}
	for _, rec := range ids {
		r, err := read.Fold(ctx, rec)
		if err != nil {
			return err
		}
		if err := cw.Write(TableRow(k, r)); err != nil {
			return err
		}
	}
	out.Kinds[k.Name] = len(ids)
	out.Records += len(ids)
	cw.Flush()
	return cw.Error()
}

// TableRow writes a record as cells: the identifier, then every field; several values
// stand in one cell as [table.JoinCell] joins them. A cell that a spreadsheet would run
// as a formula is made safe, which reading takes away again.
func TableRow(k *kind.Kind, r *casebook.Record) []string {
	row := []string{r.ID.String()}
	for _, f := range k.Fields {
		row = append(row, table.EscapeCell(cellOf(r.Field(f.Name).Current())))
	}
	return row
}

func cellOf(values []kind.Value) string {
	if len(values) == 0 {
		return ""
	}
	cells := make([]string, len(values))
	for i, v := range values {
		cells[i] = v.CellText()
	}
	return table.JoinCell(cells)
}

// ImportReport tells what became of an import: Rows = Stored + Known + len(Refused rows).
type ImportReport struct {
	File     string          `json:"file"`
	Rows     int             `json:"rows"`
	Stored   int             `json:"stored"`
	Known    int             `json:"known"` // stored by an earlier run, the same to the value
	Refused  int             `json:"refused"`
	Problems []fault.Problem `json:"problems"`
	Warnings []fault.Problem `json:"warnings"`
	Kind     string          `json:"kind,omitempty"`
	// RefusedFile holds the refused rows, to be corrected and imported again.
	RefusedFile string `json:"refused_file,omitempty"`
}

// MarshalJSON makes empty lists visible in JSON.
func (r ImportReport) MarshalJSON() ([]byte, error) {
	type plain ImportReport
	if r.Problems == nil {
		r.Problems = []fault.Problem{}
	}
	if r.Warnings == nil {
		r.Warnings = []fault.Problem{}
	}
	return json.Marshal(plain(r))
}

// ImportPacket reads a packet, after checking it whole, and states its acts again
// here: same records, same accounts, choices, links, retractions and times. Acts that
// are here already are passed over, so it can be run again.
func (w *Workspace) ImportPacket(ctx context.Context, dir string, progress Progress) (*ImportReport, error) {
	rep, err := packet.Verify(dir)
	if err != nil {
		return nil, err
	}
	if !rep.OK() {
		return nil, fault.New(fault.Corrupt, "app.ImportPacket", "the packet was changed: %s", rep.Problems[0]).
			With("ask the sender for it again; nothing was imported")
	}
	p, err := packet.Open(dir)
	if err != nil {
		return nil, err
	}
	out := &ImportReport{File: dir}
	var batch []packet.Line
	size := 0
	flush := func() error {
		err := w.restate(ctx, batch, out)
		batch, size = batch[:0], 0
		progress.tell(out.Rows, rep.Entries)
		return err
	}
	err = p.Lines(func(l packet.Line) error {
		if len(l.Content) == 0 {
			return nil
		}
		out.Rows++
		batch = append(batch, l)
		if size += len(l.Content); len(batch) < 2000 && size < batchBytes {
			return nil
		}
		return flush()
	})
	if err == nil {
		err = flush()
	}
	return out, err
}

// restate commits a batch of acts from a packet.
func (w *Workspace) restate(ctx context.Context, batch []packet.Line, out *ImportReport) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	var drafts []draft
	seen := map[id.ID]map[journal.Ref]bool{}
	subjects := map[id.ID]id.ID{}
	for _, l := range batch {
		a, err := casebook.DecodeAct(l.Content)
		if err != nil {
			return err
		}
		place := a.Place(journal.Ref{Device: l.Header.Device, Number: l.Header.Number})
		known, err := w.hasAct(ctx, a, place, seen)
		if err != nil {
			return err
		}
		if known || !restated(a.Verb) {
			out.Known++
			continue
		}
		a.Origin = &place
		d, err := w.redraft(ctx, a, l.Room, subjects)
		if err != nil {
			return err
		}
		drafts = append(drafts, d)
		out.Stored++
	}
	_, err := w.commit(ctx, drafts)
	return err
}

// restated reports whether an act means anything in another workspace. Compartments,
// members, reads, exports and erasures are each workspace's own.
func restated(v casebook.Verb) bool {
	return slices.Contains([]casebook.Verb{casebook.State, casebook.Choose, casebook.Link, casebook.Retract, casebook.Declare, casebook.Store}, v)
}

// hasAct reports whether an act is here, by its lasting name.
func (w *Workspace) hasAct(ctx context.Context, a *casebook.Act, place journal.Ref, seen map[id.ID]map[journal.Ref]bool) (bool, error) {
	if a.Record.IsZero() {
		return false, nil
	}
	refs, ok := seen[a.Record]
	if !ok {
		at, err := w.index.ActsOf(ctx, a.Record)
		if err != nil {
			return false, err
		}
		refs = map[journal.Ref]bool{}
		for some := range slices.Chunk(at, 16) { // the parts of a file are large
			opened, err := w.OpenActs(ctx, some)
			if err != nil {
				return false, err
			}
			for _, o := range opened {
				refs[o.Act.Place(o.At)] = true
			}
		}
		seen[a.Record] = refs
	}
	if refs[place] {
		return true, nil
	}
	refs[place] = true
	return false, nil
}

func (w *Workspace) redraft(ctx context.Context, a *casebook.Act, roomName string, subjects map[id.ID]id.ID) (draft, error) {
	room, err := w.roomOf(roomName)
	if err != nil {
		return draft{}, err
	}
	d := draft{act: a, room: room}
	if a.Verb == casebook.Store {
		d.subject = a.Other
		return d, nil
	}
	if a.Verb == casebook.State {
		if k, ok := w.Schema().Kind(a.Kind); ok {
			if d.subject, err = w.subjectOf(ctx, k, a.Record, a.Fields, subjects, 0); err != nil {
				return d, err
			}
			subjects[a.Record] = d.subject
		}
		return d, nil
	}
	if s, ok := subjects[a.Record]; ok {
		d.subject = s
	} else if !a.Record.IsZero() {
		d.subject, err = w.subjectOfRecord(ctx, a.Record, subjects, 0)
	}
	return d, err
}

func (w *Workspace) loadKeys(ctx context.Context, part []*journal.Entry) error {
	keys := make([]id.ID, len(part))
	for i, e := range part {
		keys[i] = e.Header.Key
	}
	return w.keys.Load(ctx, keys)
}
