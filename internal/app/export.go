package app

import (
	"context"
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
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

// ExportOptions say why something leaves and to whom (R26).
type ExportOptions struct {
	Purpose   string
	Recipient string
}

// LedgerLine is what the log keeps of an export.
type LedgerLine struct {
	Purpose   string `cbor:"1,keyasint" json:"purpose"`
	Recipient string `cbor:"2,keyasint" json:"recipient"`
	Records   int    `cbor:"3,keyasint" json:"records"`
	Consents  string `cbor:"4,keyasint" json:"consents"` // hash of the consents in force
	What      string `cbor:"5,keyasint" json:"what"`
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
	counts, err := w.index.Counts(ctx)
	if err != nil {
		return nil, err
	}
	records := 0
	for _, n := range counts {
		records += n
	}
	if err := w.noteLeaving(ctx, opt, "full export", records); err != nil {
		return nil, err
	}
	pw, err := w.beginPacket(ctx, dir, opt)
	if err != nil {
		return nil, err
	}
	out := &Exported{Dir: dir, Kinds: map[string]int{}}
	if err := w.writeActs(ctx, pw, out, progress); err != nil {
		return nil, err
	}
	for _, k := range w.Schema().Kinds() {
		if err := w.writeTable(ctx, pw, k, out); err != nil {
			return nil, err
		}
	}
	return out, pw.Close(w.vault.Signer())
}

// noteLeaving writes to the log that records leave.
func (w *Workspace) noteLeaving(ctx context.Context, opt ExportOptions, what string, records int) error {
	consents, err := w.consentHash(ctx)
	if err != nil {
		return err
	}
	line := LedgerLine{Purpose: opt.Purpose, Recipient: opt.Recipient, Records: records, Consents: consents, What: what}
	w.mu.Lock()
	defer w.mu.Unlock()
	room, err := w.roomOf(generalRoom)
	if err != nil {
		return err
	}
	if _, err := w.commit(ctx, []draft{{act: &casebook.Act{Verb: casebook.Export, Data: journal.Encode(line)}, room: room}}); err != nil {
		return err
	}
	return w.checkpoint(ctx)
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

func (w *Workspace) writeActs(ctx context.Context, pw *packet.Writer, out *Exported, progress Progress) error {
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
	for part, err := range w.entryBatches(ctx, nil) {
		if err != nil {
			return err
		}
		if err := w.loadKeys(ctx, part); err != nil {
			return err
		}
		for _, e := range part {
			l, err := w.line(e, names)
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

func (w *Workspace) line(e *journal.Entry, names map[id.ID]string) (packet.Line, error) {
	l := packet.Line{Header: e.Header, Sealed: sha256.Sum256(e.Sealed), Commitment: e.Commitment, Signature: e.Signature}
	plain, err := w.openContent(e)
	if errors.Is(err, fault.Sealed) {
		return l, nil
	}
	if err != nil {
		return l, err
	}
	key, err := w.keys.PayloadKey(e.Header.Key)
	if err != nil {
		return l, err
	}
	ck := key.CommitKey(e.Sealed)
	l.Content, l.CommitKey, l.Room = plain, ck[:], names[e.Header.Compartment]
	return l, nil
}

// writeTable writes one kind as CSV: current values, sealed ones too.
func (w *Workspace) writeTable(ctx context.Context, pw *packet.Writer, k *kind.Kind, out *Exported) error {
	var ids []id.ID
	if err := w.index.Each(ctx, k.Name, func(r index.Row) error { ids = append(ids, r.ID); return nil }); err != nil || len(ids) == 0 {
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
		r, err := w.index.Fold(ctx, rec)
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
	flush := func() error {
		err := w.restate(ctx, batch, out)
		batch = batch[:0]
		progress.tell(out.Rows, rep.Entries)
		return err
	}
	err = p.Lines(func(l packet.Line) error {
		if len(l.Content) == 0 {
			return nil
		}
		out.Rows++
		if batch = append(batch, l); len(batch) < 2000 {
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
	return slices.Contains([]casebook.Verb{casebook.State, casebook.Choose, casebook.Link, casebook.Retract, casebook.Declare}, v)
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
		opened, err := w.OpenActs(ctx, at)
		if err != nil {
			return false, err
		}
		refs = map[journal.Ref]bool{}
		for _, o := range opened {
			refs[o.Act.Place(o.At)] = true
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

// Ledger lists what left the workspace and what restricted records were read, newest
// first.
func (w *Workspace) Ledger(ctx context.Context) ([]LedgerEntry, error) {
	refs, err := w.index.WorkspaceActs(ctx, casebook.Export, casebook.Read)
	if err != nil {
		return nil, err
	}
	opened, err := w.OpenActs(ctx, refs)
	if err != nil {
		return nil, err
	}
	var out []LedgerEntry
	for _, o := range opened {
		e := LedgerEntry{Ref: o.At.String(), At: o.Act.At, Member: w.MemberName(o.Act.Member), Verb: o.Act.Verb, Record: o.Act.Record}
		if o.Act.Verb == casebook.Export {
			if err := journal.Unpack(o.Act.Data, &e.Line); err != nil {
				return nil, err
			}
		}
		out = append(out, e)
	}
	slices.SortFunc(out, func(a, b LedgerEntry) int { return int(int64(b.At>>16) - int64(a.At>>16)) })
	return out, nil
}

// LedgerEntry is one read or export.
type LedgerEntry struct {
	Ref    string
	At     journal.HLC
	Member string
	Verb   casebook.Verb
	Record id.ID
	Line   LedgerLine
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
