package app

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"maps"
	"strings"

	"example.org/amparo/fault"
	"example.org/amparo/id"
	"example.org/amparo/internal/casebook"
	"example.org/amparo/internal/index"
	"example.org/amparo/internal/journal"
	"example.org/amparo/internal/kind"
	"example.org/amparo/internal/media"
)

// MaxFile is the largest file that is stored, in bytes: a recording of several hours.
const MaxFile = 512 << 20

const (
	partSize    = 1 << 20 // bytes of a file in one entry
	partsAtOnce = 8       // entries in one durable write
)

// StoreFile keeps a file, sealed for whoever may open field of s's record and under the
// key of the person it belongs to, so that an erasure reaches it. It returns what a
// value of type file holds; the caller states it. The bytes are durable when StoreFile
// returns. Storing the same file again stores nothing; a broken attempt is completed.
//
// mediaType is what the content was found to be, never what its name says.
func (w *Workspace) StoreFile(ctx context.Context, s casebook.Statement, field string, in io.ReadSeeker, mediaType string) (casebook.FileRef, error) {
	ref, err := measure(in, mediaType)
	if err != nil {
		return ref, err
	}
	room, subject, err := w.placeOf(ctx, s, field)
	if err != nil {
		return ref, err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	have, err := w.partsOf(ctx, ref, func(o index.Opened) bool { return o.Key == room.keyFor(subject) })
	if err != nil {
		return ref, err
	}
	count := uint32(max(1, (ref.Size+partSize-1)/partSize))
	var drafts []draft
	flush := func() error {
		_, err := w.commit(ctx, drafts)
		drafts = drafts[:0]
		return err
	}
	for n := range count {
		data := make([]byte, partSize)
		got, err := io.ReadFull(in, data)
		if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, io.EOF) {
			return ref, fault.Because(fault.Storage, "app.StoreFile", "the file could not be read", err)
		}
		if _, known := have[n]; known {
			continue
		}
		a := &casebook.Act{Verb: casebook.Store, Record: ref.Record(), Other: subject, Data: data[:got], Part: &casebook.Part{Number: n, Of: count}}
		if drafts = append(drafts, draft{act: a, room: room, subject: subject}); len(drafts) == partsAtOnce {
			if err := flush(); err != nil {
				return ref, err
			}
		}
	}
	return ref, flush()
}

// measure reads a file once for its hash and size, and goes back to its beginning.
func measure(in io.ReadSeeker, mediaType string) (casebook.FileRef, error) {
	ref := casebook.FileRef{Type: mediaType}
	h := sha256.New()
	n, err := io.Copy(h, io.LimitReader(in, MaxFile+1))
	if err == nil {
		_, err = in.Seek(0, io.SeekStart)
	}
	if err != nil {
		return ref, fault.Because(fault.Storage, "app.StoreFile", "the file could not be read", err)
	}
	if n > MaxFile {
		return ref, fault.New(fault.TooLarge, "app.StoreFile", "the file is larger than %d MB", MaxFile>>20).With("divide the recording, or reduce its quality on a copy").Coded("file.large", MaxFile>>20)
	}
	ref.Size = n
	h.Sum(ref.Hash[:0])
	return ref, nil
}

// placeOf finds where a field of a statement is sealed and for whom.
func (w *Workspace) placeOf(ctx context.Context, s casebook.Statement, field string) (*compartment, id.ID, error) {
	set := w.Schema()
	k, ok := set.Kind(s.Kind)
	if !ok {
		return nil, id.ID{}, fault.New(fault.Invalid, "app.StoreFile", "there is no kind %q", s.Kind).Coded("kind.none")
	}
	if _, ok := k.Field(field); !ok {
		return nil, id.ID{}, fault.New(fault.Invalid, "app.StoreFile", "%s has no field %q", s.Kind, field).Coded("field.none")
	}
	subject, err := w.subjectOf(ctx, k, s.Record, s.Fields, map[id.ID]id.ID{}, 0)
	if err != nil {
		return nil, subject, err
	}
	values := maps.Clone(s.Fields)
	if values[field] == nil {
		values[field] = nil // present, without a value yet
	}
	name, ok := set.CompartmentsOf(k, values)[field]
	if !ok {
		name = k.Compartment
	}
	room, err := w.roomOf(name)
	return room, subject, err
}

// partsOf finds the parts of a file that this member can open and that keep wants; the
// first of each number.
func (w *Workspace) partsOf(ctx context.Context, ref casebook.FileRef, keep func(index.Opened) bool) (map[uint32]journal.Ref, error) {
	at, err := w.index.ActsOf(ctx, ref.Record())
	if err != nil {
		return nil, err
	}
	parts := map[uint32]journal.Ref{}
	for _, r := range at {
		opened, err := w.OpenActs(ctx, []journal.Ref{r}) // one at a time: they are large
		if err != nil {
			return nil, err
		}
		for _, o := range opened {
			if o.Act.Verb != casebook.Store || !keep(o) {
				continue
			}
			if _, ok := parts[o.Act.Part.Number]; !ok {
				parts[o.Act.Part.Number] = r
			}
		}
	}
	return parts, nil
}

// WriteFile writes a stored file to out and checks it against its name. A file that is
// not here, is not whole yet, or may not be opened is fault.NotFound. Damage found at the
// end is fault.Corrupt: what was written to out must then not be used.
func (w *Workspace) WriteFile(ctx context.Context, ref casebook.FileRef, out io.Writer) error {
	parts, err := w.partsOf(ctx, ref, func(index.Opened) bool { return true })
	if err != nil {
		return err
	}
	count := uint32(max(1, (ref.Size+partSize-1)/partSize))
	if uint32(len(parts)) != count {
		return fault.New(fault.NotFound, "app.WriteFile", "this file is not here").With("exchange with the device that took it in")
	}
	h := sha256.New()
	for n := range count {
		opened, err := w.OpenActs(ctx, []journal.Ref{parts[n]})
		if err != nil {
			return err
		}
		if len(opened) == 0 {
			return fault.New(fault.NotFound, "app.WriteFile", "this file is not here")
		}
		data := opened[0].Act.Data
		h.Write(data)
		if _, err := out.Write(data); err != nil {
			return err
		}
	}
	if [32]byte(h.Sum(nil)) != ref.Hash {
		return fault.New(fault.Corrupt, "app.WriteFile", "the file is not the one that was stored").With("run amparo verify")
	}
	return nil
}

// FilesOf lists the files that a record's accounts name in a field, in the order of the
// accounts, each once.
func (w *Workspace) FilesOf(ctx context.Context, rec id.ID, field string) ([]casebook.FileRef, error) {
	r, err := w.index.Fold(ctx, rec)
	if err != nil {
		return nil, err
	}
	var out []casebook.FileRef
	for _, v := range r.Field(field).Current() {
		if v.State != kind.Given {
			continue
		}
		ref, err := casebook.ParseFileRef(v.Text)
		if err != nil {
			return nil, err
		}
		out = append(out, ref)
	}
	return out, nil
}

// CopyFile writes a copy of a stored file to out without what the camera or telephone wrote
// beside its content, and says what that was. A type of which that is not known how, or a
// file that does not follow its format, is fault.Invalid; what was written is then of no use.
func (w *Workspace) CopyFile(ctx context.Context, ref casebook.FileRef, out io.Writer) (media.Found, error) {
	if !media.Known(ref.Type) {
		return media.Clean(io.Discard, strings.NewReader(""), ref.Type)
	}
	r, pw := io.Pipe()
	written := make(chan error, 1)
	go func() {
		err := w.WriteFile(ctx, ref, pw)
		_ = pw.CloseWithError(err) // nil is the end of the file
		written <- err
	}()
	found, err := media.Clean(out, r, ref.Type)
	if err == nil {
		_, err = io.Copy(io.Discard, r) // the hash is checked at the end
	}
	_ = r.Close() // WriteFile then stops
	if failed := <-written; err == nil {
		err = failed
	}
	return found, err
}

// TakeOut writes to the log that a file of a record leaves, why and to whom, and then
// writes it to out (R26): a copy without what stands beside its content, as [CopyFile], or
// the file as it came, which the log then says. A record of somebody whose consent does not
// cover opt.Consent is fault.NotFound.
func (w *Workspace) TakeOut(ctx context.Context, rec id.ID, ref casebook.FileRef, asItCame bool, opt ExportOptions, out io.Writer) error {
	if opt.Purpose == "" || opt.Recipient == "" {
		return fault.New(fault.Invalid, "app.TakeOut", "a file that leaves needs a purpose and a recipient").
			With("say why it leaves and who receives it").Coded("export.why")
	}
	read, err := opt.reading(w)
	if err != nil {
		return err
	}
	row, err := read.Row(ctx, rec)
	if err != nil {
		return err
	}
	k, ok := w.Schema().Kind(row.Kind)
	if !ok {
		return fault.New(fault.NotFound, "app.TakeOut", "no such record")
	}
	in := map[id.ID]bool{}
	if err := w.speaksOf(ctx, k, *row, map[id.ID]id.ID{}, in); err != nil {
		return err
	}
	what := fmt.Sprintf("a file of %s as it came, SHA-256 %x", ref.Type, ref.Hash)
	if !asItCame {
		h := sha256.New()
		if _, err := w.CopyFile(ctx, ref, h); err != nil {
			return err // before the log says that it left
		}
		what = fmt.Sprintf("a copy of a file of %s with its content alone, SHA-256 %x", ref.Type, h.Sum(nil))
	}
	if err := w.noteExport(ctx, opt, what, 1, in); err != nil {
		return err
	}
	if asItCame {
		return w.WriteFile(ctx, ref, out)
	}
	_, err = w.CopyFile(ctx, ref, out)
	return err
}
