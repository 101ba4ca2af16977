// Package packet is the form of a full export: everything a member can open, in clear,
// with the proof that it is what was signed at the time. A packet can be checked by
// anybody with nothing but this program, and read back without loss.
//
//	manifest.json   what the packet is, and the SHA-256 of every other file
//	manifest.note   the same hash, signed by the device that exported (C2SP signed note)
//	devices.json    public keys of all devices
//	checkpoint.note signed heads of all logs
//	acts.cbor       every entry of every log: header, ciphertext hash, commitment,
//	                signature; and where it was opened, the content and the key of its
//	                commitment
//	tables/*.csv    the records as tables, for people
//
// Each commitment key opens one entry's commitment and nothing else.
package packet

import (
	"bufio"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"example.org/amparo/fault"
	"example.org/amparo/id"
	"example.org/amparo/internal/journal"
	"example.org/amparo/internal/vault"
)

// Format names the packet format.
const Format = "amparo packet v1"

// Manifest says what a packet is.
type Manifest struct {
	Format    string            `json:"format"`
	Workspace id.ID             `json:"workspace"`
	Device    id.ID             `json:"device"`
	Created   string            `json:"created"`
	Purpose   string            `json:"purpose"`
	Recipient string            `json:"recipient"`
	Entries   int               `json:"entries"`
	Opened    int               `json:"opened"`
	Limits    string            `json:"limits"`
	Files     map[string]string `json:"files"` // path -> SHA-256
}

// Device is a signing key in devices.json.
type Device struct {
	ID  id.ID  `json:"id"`
	Key []byte `json:"key"`
}

// Line is one entry in acts.cbor.
type Line struct {
	_          struct{} `cbor:",toarray"`
	Header     journal.Header
	Sealed     [32]byte // SHA-256 of the ciphertext
	Commitment [32]byte
	Signature  [ed25519.SignatureSize]byte
	Room       string // name of the compartment, where it was opened
	CommitKey  []byte // empty where the content was not opened
	Content    []byte
}

// Writer makes a packet in an empty directory.
type Writer struct {
	dir   string
	m     Manifest
	acts  *bufio.Writer
	files []*os.File
}

// Create begins a packet in dir, which must be absent or empty.
func Create(dir string, m Manifest, devices []Device, checkpoint []byte) (*Writer, error) {
	if entries, err := os.ReadDir(dir); err == nil && len(entries) > 0 {
		return nil, fault.New(fault.Conflict, "packet.Create", "the folder is not empty").With("choose a new folder; nothing was changed in this one")
	}
	if err := os.MkdirAll(filepath.Join(dir, "tables"), 0o700); err != nil {
		return nil, storage(err)
	}
	m.Format, m.Files = Format, map[string]string{}
	w := &Writer{dir: dir, m: m}
	js, err := json.MarshalIndent(devices, "", "  ")
	if err != nil {
		return nil, err
	}
	if err := os.WriteFile(filepath.Join(dir, "devices.json"), js, 0o600); err != nil {
		return nil, storage(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "checkpoint.note"), checkpoint, 0o600); err != nil {
		return nil, storage(err)
	}
	f, err := w.file("acts.cbor")
	if err != nil {
		return nil, err
	}
	w.acts = bufio.NewWriterSize(f, 1<<20)
	return w, nil
}

func storage(err error) error {
	return fault.Because(fault.Storage, "packet", "the packet cannot be read or written", err)
}

func (w *Writer) file(name string) (*os.File, error) {
	f, err := os.OpenFile(filepath.Join(w.dir, filepath.FromSlash(name)), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, storage(err)
	}
	w.files = append(w.files, f)
	return f, nil
}

// Table opens a file under tables/ for writing.
func (w *Writer) Table(name string) (io.Writer, error) { return w.file("tables/" + name) }

// Entry adds an entry.
func (w *Writer) Entry(l Line) error {
	w.m.Entries++
	if len(l.Content) > 0 {
		w.m.Opened++
	}
	b := journal.Encode(l)
	var n [4]byte
	binary.BigEndian.PutUint32(n[:], uint32(len(b)))
	if _, err := w.acts.Write(n[:]); err != nil {
		return storage(err)
	}
	_, err := w.acts.Write(b)
	return fault.Because(fault.Storage, "packet", "the packet cannot be written", err)
}

// Close hashes and signs the packet.
func (w *Writer) Close(key ed25519.PrivateKey) error {
	errs := []error{w.acts.Flush()}
	for _, f := range w.files {
		errs = append(errs, f.Sync(), f.Close())
	}
	if err := errors.Join(errs...); err != nil {
		return storage(err)
	}
	sums, err := hashAll(w.dir)
	if err != nil {
		return err
	}
	w.m.Files = sums
	js, err := json.MarshalIndent(w.m, "", "  ")
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(w.dir, "manifest.json"), append(js, '\n'), 0o600); err != nil {
		return storage(err)
	}
	return storage2(os.WriteFile(filepath.Join(w.dir, "manifest.note"), sign(js, key), 0o600))
}

func storage2(err error) error {
	if err == nil {
		return nil
	}
	return storage(err)
}

func noteText(manifest []byte) string {
	sum := sha256.Sum256(manifest)
	return Format + "\n" + hex.EncodeToString(sum[:]) + "\n"
}

// sign makes the signed note; signing a fixed text with a sound key does not fail.
func sign(manifest []byte, key ed25519.PrivateKey) []byte {
	text := noteText(manifest)
	sig := ed25519.Sign(key, []byte(text))
	return []byte(text + "\n" + hex.EncodeToString(sig) + "\n")
}

// hashAll hashes every file of a packet but the manifest.
func hashAll(dir string) (map[string]string, error) {
	sums := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		rel, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		rel = filepath.ToSlash(rel)
		if rel == "manifest.json" || rel == "manifest.note" {
			return nil
		}
		if !d.Type().IsRegular() {
			return fault.New(fault.Corrupt, "packet", "%s is not a plain file", rel)
		}
		f, err := os.Open(path)
		if err != nil {
			return err
		}
		defer f.Close()
		h := sha256.New()
		if _, err := io.Copy(h, f); err != nil {
			return err
		}
		sums[rel] = hex.EncodeToString(h.Sum(nil))
		return nil
	})
	var f *fault.Error
	if err != nil && !errors.As(err, &f) {
		err = storage(err)
	}
	return sums, err
}

// Packet is a packet opened for reading.
type Packet struct {
	Dir      string
	Manifest Manifest
	Devices  map[id.ID]ed25519.PublicKey
	Heads    []journal.Head
}

// Is reports whether dir looks like a packet.
func Is(dir string) bool {
	_, err := os.Stat(filepath.Join(dir, "manifest.json"))
	return err == nil
}

// Report is what a check of a packet found.
type Report struct {
	Workspace id.ID    `json:"workspace"`
	Device    id.ID    `json:"device"`
	Entries   int      `json:"entries"`
	Opened    int      `json:"opened"`
	Devices   int      `json:"devices"`
	Files     int      `json:"files"`
	Problems  []string `json:"problems"`
}

// OK reports whether nothing was found.
func (r *Report) OK() bool { return len(r.Problems) == 0 }

func (r *Report) bad(format string, args ...any) {
	if len(r.Problems) < 200 {
		r.Problems = append(r.Problems, fmt.Sprintf(format, args...))
	}
}

// Verify checks a packet with nothing but the packet: the signature over the manifest,
// the hash of every file and that there is no other, every entry's signature and place
// in its log, the signed checkpoint, and that every content is the one committed to.
func Verify(dir string) (*Report, error) {
	r := &Report{Problems: []string{}}
	p, err := Open(dir)
	if fault.KindOf(err) == fault.Corrupt {
		r.bad("%v", err)
		return r, nil
	}
	if err != nil {
		return r, err
	}
	r.Workspace, r.Device, r.Devices = p.Manifest.Workspace, p.Manifest.Device, len(p.Devices)
	sums, err := hashAll(dir)
	if err != nil {
		return r, err
	}
	r.Files = len(sums) + 2
	for name, want := range p.Manifest.Files {
		if got, ok := sums[name]; !ok {
			r.bad("%s is missing", name)
		} else if got != want {
			r.bad("%s is not the file that was exported", name)
		}
	}
	for name := range sums {
		if _, ok := p.Manifest.Files[name]; !ok {
			r.bad("%s does not belong to the packet", name)
		}
	}
	if !r.OK() {
		return r, nil
	}
	return r, p.verifyActs(r)
}

// Open reads a packet's manifest, keys and checkpoint and checks their signatures.
// Anything that was changed is fault.Corrupt; a directory that is no packet is
// fault.Foreign.
func Open(dir string) (*Packet, error) {
	js, err := os.ReadFile(filepath.Join(dir, "manifest.json"))
	if err != nil {
		return nil, fault.New(fault.Foreign, "packet.Open", "this folder is not an export of Amparo").With("name the folder that holds manifest.json")
	}
	text, ok := strings.CutSuffix(string(js), "\n")
	if !ok {
		return nil, changed("manifest.json")
	}
	p := &Packet{Dir: dir, Devices: map[id.ID]ed25519.PublicKey{}}
	if err := json.Unmarshal([]byte(text), &p.Manifest); err != nil || p.Manifest.Format != Format {
		return nil, changed("manifest.json")
	}
	if err := p.loadDevices(); err != nil {
		return nil, err
	}
	pub := p.Devices[p.Manifest.Device]
	if err := checkNote(dir, []byte(text), pub); err != nil {
		return nil, err
	}
	cp, err := os.ReadFile(filepath.Join(dir, "checkpoint.note"))
	if err != nil {
		return nil, changed("checkpoint.note")
	}
	c, err := journal.OpenCheckpoint(cp, pub)
	if err != nil || c.Workspace != p.Manifest.Workspace {
		return nil, changed("checkpoint.note")
	}
	p.Heads = c.Heads
	return p, nil
}

func changed(name string) error {
	return fault.New(fault.Corrupt, "packet", "%s is not what was exported", name).With("ask the sender for the packet again")
}

func checkNote(dir string, manifest []byte, pub ed25519.PublicKey) error {
	b, err := os.ReadFile(filepath.Join(dir, "manifest.note"))
	if err != nil {
		return changed("manifest.note")
	}
	text := noteText(manifest)
	rest, ok := strings.CutPrefix(string(b), text+"\n")
	line, nl := strings.CutSuffix(rest, "\n")
	sig, err := hex.DecodeString(line)
	if !ok || !nl || err != nil || hex.EncodeToString(sig) != line || len(pub) != ed25519.PublicKeySize || !ed25519.Verify(pub, []byte(text), sig) {
		return changed("manifest.json or manifest.note")
	}
	return nil
}

func (p *Packet) loadDevices() error {
	b, err := os.ReadFile(filepath.Join(p.Dir, "devices.json"))
	var list []Device
	if err != nil || json.Unmarshal(b, &list) != nil {
		return changed("devices.json")
	}
	for _, d := range list {
		if len(d.Key) != ed25519.PublicKeySize || vault.DeviceID(d.Key) != d.ID {
			return changed("devices.json")
		}
		p.Devices[d.ID] = d.Key
	}
	return nil
}

// Lines calls fn for every entry, in the order of acts.cbor.
func (p *Packet) Lines(fn func(Line) error) error {
	f, err := os.Open(filepath.Join(p.Dir, "acts.cbor"))
	if err != nil {
		return changed("acts.cbor")
	}
	defer f.Close()
	in := bufio.NewReaderSize(f, 1<<20)
	var n [4]byte
	for {
		if _, err := io.ReadFull(in, n[:]); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return changed("acts.cbor")
		}
		size := binary.BigEndian.Uint32(n[:])
		if size > journal.MaxSealed*2 {
			return changed("acts.cbor")
		}
		b := make([]byte, size)
		if _, err := io.ReadFull(in, b); err != nil {
			return changed("acts.cbor")
		}
		var l Line
		if err := journal.Unpack(b, &l); err != nil {
			return changed("acts.cbor")
		}
		if err := fn(l); err != nil {
			return err
		}
	}
}

func (p *Packet) verifyActs(r *Report) error {
	logs := map[id.ID]*journal.Builder{}
	prev := map[id.ID]journal.Hash{}
	err := p.Lines(func(l Line) error {
		r.Entries++
		h := l.Header
		ref := journal.Ref{Device: h.Device, Number: h.Number}
		b := logs[h.Device]
		if b == nil {
			b = &journal.Builder{}
			logs[h.Device] = b
		}
		leaf := journal.LeafHash(h, l.Sealed, l.Commitment)
		switch err := journal.CheckSignature(p.Devices[h.Device], leaf, l.Signature[:], ref); {
		case err != nil:
			r.bad("%v", err)
		case h.Number != b.Size() || h.Prev != prev[h.Device] || h.Workspace != p.Manifest.Workspace:
			r.bad("entry %s is not at its place in the log", ref)
		}
		b.Add(leaf)
		prev[h.Device] = leaf
		if len(l.Content) > 0 {
			r.Opened++
			if len(l.CommitKey) != 32 || !vault.CheckCommitment([32]byte(l.CommitKey), h.AAD(), l.Content, l.Commitment) {
				r.bad("entry %s: the content is not the one committed to", ref)
			}
		}
		return nil
	})
	if err != nil {
		r.bad("%v", err)
		return nil
	}
	if r.Entries != p.Manifest.Entries || r.Opened != p.Manifest.Opened {
		r.bad("the packet holds %d entries, the manifest says %d", r.Entries, p.Manifest.Entries)
	}
	for _, h := range p.Heads {
		if b := logs[h.Device]; b == nil || b.Size() != h.Size || b.Root() != h.Root {
			r.bad("the entries of device %s are not those the checkpoint was signed over", h.Device)
		}
	}
	return nil
}

// Tables lists the tables of a packet.
func (p *Packet) Tables() []string {
	var out []string
	for name := range p.Manifest.Files {
		if t, ok := strings.CutPrefix(name, "tables/"); ok {
			out = append(out, t)
		}
	}
	slices.Sort(out)
	return out
}
