package folder

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"path"
	"slices"

	"example.org/amparo/fault"
	"example.org/amparo/id"
	"example.org/amparo/internal/hub"
	"example.org/amparo/internal/journal"
)

// A segment file is the magic line, then each entry behind its length (32 bits,
// big-endian), then SHA-256 over all that, which tells a half-copied file from a
// whole one before any signature is looked at.
const magic = "amparo segment v1\n"

// maxSegment bounds a segment in memory; a Put of more entries writes several.
const maxSegment = 32 << 20

func encodeSegment(entries []*journal.Entry) []byte {
	var b bytes.Buffer
	b.WriteString(magic)
	for _, e := range entries {
		data := e.Marshal()
		_ = binary.Write(&b, binary.BigEndian, uint32(len(data))) // a buffer does not fail
		b.Write(data)
	}
	sum := sha256.Sum256(b.Bytes())
	b.Write(sum[:])
	return b.Bytes()
}

func decodeSegment(name string, b []byte) ([]*journal.Entry, error) {
	damaged := fault.New(fault.Corrupt, "hub.folder", "file %s is damaged", name).
		With("copy it again from its sender")
	if len(b) < len(magic)+sha256.Size || !bytes.HasPrefix(b, []byte(magic)) {
		return nil, damaged
	}
	body, sum := b[:len(b)-sha256.Size], b[len(b)-sha256.Size:]
	if want := sha256.Sum256(body); !bytes.Equal(want[:], sum) {
		return nil, damaged
	}
	var out []*journal.Entry
	for rest := body[len(magic):]; len(rest) > 0; {
		if len(rest) < 4 {
			return nil, damaged
		}
		n := binary.BigEndian.Uint32(rest)
		rest = rest[4:]
		if uint64(n) > uint64(len(rest)) {
			return nil, damaged
		}
		e, err := journal.Unmarshal(rest[:n])
		if err != nil {
			return nil, damaged
		}
		out = append(out, e)
		rest = rest[n:]
	}
	return out, nil
}

func (h *Hub) segmentDir(dev id.ID) string { return path.Join("entries", dev.String()) }

func (h *Hub) readSegment(dev id.ID, name string) ([]*journal.Entry, error) {
	full := path.Join(h.segmentDir(dev), name)
	info, err := h.root.Stat(full)
	if err != nil {
		return nil, storage(err)
	}
	if info.Size() > maxSegment+journal.MaxSealed*2 {
		return nil, fault.New(fault.TooLarge, "hub.folder", "file %s is larger than any segment", full)
	}
	b, err := h.root.ReadFile(full)
	if err != nil {
		return nil, storage(err)
	}
	return decodeSegment(full, b)
}

// load takes in the segments of a device that were not read before. Segments may
// overlap, because two devices may have written the same entries; the first to
// hold a number counts and a different one is a fork that Put or verify names.
// The caller holds h.mu.
func (h *Hub) load(dev id.ID) (*log, error) {
	l := h.logs[dev]
	if l == nil {
		l = &log{read: map[string]bool{}}
		h.logs[dev] = l
	}
	names, err := h.list(h.segmentDir(dev), ".seg")
	if err != nil {
		return nil, err
	}
	slices.Sort(names) // names begin with the zero-padded first number
	for _, n := range names {
		if l.read[n] {
			continue
		}
		entries, err := h.readSegment(dev, n)
		if err != nil {
			return nil, err
		}
		if err := l.take(dev, n, entries); err != nil {
			return nil, err
		}
		l.read[n] = true
	}
	return l, nil
}

func (l *log) take(dev id.ID, name string, entries []*journal.Entry) error {
	for i, e := range entries {
		n, next := e.Header.Number, uint64(len(l.leaves))
		if e.Header.Device != dev || n > next {
			return fault.New(fault.Corrupt, "hub.folder", "entries of device %s before number %d are missing from the folder", dev, n).
				With("copy the folder again: a segment file was left out")
		}
		if n < next {
			continue
		}
		leaf := e.LeafHash()
		l.leaves = append(l.leaves, leaf)
		l.where = append(l.where, place{segment: name, index: i})
		l.tree.Add(leaf)
	}
	return nil
}

// Put implements [hub.Hub].
func (h *Hub) Put(ctx context.Context, entries []*journal.Entry) (hub.Put, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	var out hub.Put
	var writes []func() error
	for _, r := range hub.Runs(entries) {
		w, err := h.plan(ctx, r, &out)
		if err != nil {
			return hub.Put{}, err
		}
		writes = append(writes, w...)
	}
	for _, w := range writes {
		if err := w(); err != nil {
			return hub.Put{}, err
		}
	}
	return out, nil
}

// plan checks a run whole before anything is written, and returns the writes.
func (h *Hub) plan(ctx context.Context, r hub.Run, out *hub.Put) ([]func() error, error) {
	dev, err := h.deviceOf(ctx, r.Device)
	if err != nil {
		return nil, err
	}
	l, err := h.load(r.Device)
	if err != nil {
		return nil, err
	}
	size := uint64(len(l.leaves))
	div, err := hub.Divide(r, size, func(n uint64) (journal.Hash, error) { return l.leaves[n], nil })
	if err != nil {
		return nil, err
	}
	if err := hub.CheckForks(dev, div.Forks); err != nil {
		return nil, err
	}
	var prev journal.Hash
	if size > 0 {
		prev = l.leaves[size-1]
	}
	if _, err := hub.Admit(h.workspace, dev, size, prev, div.Fresh); err != nil {
		return nil, err
	}
	out.Known += div.Known
	out.Stored += len(div.Fresh)
	out.Forks = append(out.Forks, div.Forks...)
	var writes []func() error
	for _, f := range div.Forks {
		writes = append(writes, func() error { return h.writeFork(f) })
	}
	for len(div.Fresh) > 0 {
		n := segmentLength(div.Fresh)
		part := div.Fresh[:n]
		div.Fresh = div.Fresh[n:]
		writes = append(writes, func() error { return h.writeSegment(r.Device, part) })
	}
	return writes, nil
}

func segmentLength(entries []*journal.Entry) int {
	size := 0
	for i, e := range entries {
		if size += len(e.Sealed) + 512; size > maxSegment && i > 0 {
			return i
		}
	}
	return len(entries)
}

func (h *Hub) writeSegment(dev id.ID, entries []*journal.Entry) error {
	if err := h.root.MkdirAll(h.segmentDir(dev), 0o700); err != nil {
		return storage(err)
	}
	data := encodeSegment(entries)
	sum := sha256.Sum256(data)
	first := entries[0].Header.Number
	name := fmt.Sprintf("%012d-%012d-%s.seg", first, first+uint64(len(entries)), hex.EncodeToString(sum[:6]))
	return h.write(path.Join(h.segmentDir(dev), name), data)
}

func (h *Hub) writeFork(f hub.Fork) error {
	data := f.Second.Marshal()
	sum := sha256.Sum256(data)
	name := fmt.Sprintf("%s-%012d-%s.entry", f.Kept.Device, f.Kept.Number, hex.EncodeToString(sum[:6]))
	return h.write(path.Join("forks", name), data)
}
