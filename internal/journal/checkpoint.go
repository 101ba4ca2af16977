package journal

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/mod/sumdb/note"

	"example.org/amparo/fault"
	"example.org/amparo/id"
)

// Checkpoint is the state of a whole workspace: the sorted list of its devices'
// heads. Replicas that hold the same entries have the same checkpoint, whatever
// the order in which the entries arrived.
type Checkpoint struct {
	Workspace id.ID
	Heads     []Head // sorted by device, empty logs left out
}

// NewCheckpoint sorts heads and drops empty logs.
func NewCheckpoint(workspace id.ID, heads []Head) Checkpoint {
	hs := slices.DeleteFunc(slices.Clone(heads), func(h Head) bool { return h.Size == 0 })
	slices.SortFunc(hs, func(a, b Head) int { return a.Device.Compare(b.Device) })
	return Checkpoint{Workspace: workspace, Heads: hs}
}

const checkpointOrigin = "amparo.example/checkpoint/v1"

// Text is the body that is signed: an origin line, the workspace, and one line a
// device: "device size root". The lines are fixed, so equal states give equal text.
func (c Checkpoint) Text() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n%s\n", checkpointOrigin, c.Workspace)
	for _, h := range c.Heads {
		fmt.Fprintf(&b, "%s %d %s\n", h.Device, h.Size, base64.StdEncoding.EncodeToString(h.Root[:]))
	}
	return b.String()
}

// Sign returns the checkpoint as a signed note (C2SP signed-note) of one device.
func (c Checkpoint) Sign(key ed25519.PrivateKey) ([]byte, error) {
	s, err := newSigner(key)
	if err != nil {
		return nil, err
	}
	return note.Sign(&note.Note{Text: c.Text()}, s)
}

// OpenCheckpoint verifies a signed checkpoint by the key of the device that
// signed it and reads it. All bytes count: one flipped bit is an error.
func OpenCheckpoint(msg []byte, pub ed25519.PublicKey) (Checkpoint, error) {
	const op = "journal.OpenCheckpoint"
	v, err := newVerifier(pub)
	if err != nil {
		return Checkpoint{}, err
	}
	n, err := note.Open(msg, note.VerifierList(v))
	if err != nil {
		return Checkpoint{}, fault.Because(fault.Corrupt, op, "the checkpoint's signature does not fit", err)
	}
	if len(n.UnverifiedSigs) > 0 {
		return Checkpoint{}, fault.New(fault.Corrupt, op, "the checkpoint carries a signature nobody can check")
	}
	c, err := parseCheckpoint(n.Text)
	if err != nil {
		return Checkpoint{}, err
	}
	if again, err := note.Sign(&note.Note{Text: n.Text, Sigs: n.Sigs}); err != nil || !bytes.Equal(again, msg) {
		return Checkpoint{}, fault.New(fault.Corrupt, op, "the checkpoint is not in canonical form")
	}
	return c, nil
}

func parseCheckpoint(text string) (Checkpoint, error) {
	bad := fault.New(fault.Corrupt, "journal.OpenCheckpoint", "not a checkpoint of a workspace")
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	if len(lines) < 2 || lines[0] != checkpointOrigin {
		return Checkpoint{}, bad
	}
	ws, err := id.Parse(lines[1])
	if err != nil {
		return Checkpoint{}, bad
	}
	c := Checkpoint{Workspace: ws}
	for _, l := range lines[2:] {
		h, err := parseHead(l)
		if err != nil {
			return Checkpoint{}, bad
		}
		c.Heads = append(c.Heads, h)
	}
	if c.Text() != text {
		return Checkpoint{}, bad
	}
	return c, nil
}

func parseHead(line string) (Head, error) {
	f := strings.Split(line, " ")
	if len(f) != 3 {
		return Head{}, fault.Corrupt
	}
	dev, err := id.Parse(f[0])
	if err != nil {
		return Head{}, err
	}
	h := Head{Device: dev}
	if _, err := fmt.Sscanf(f[1], "%d", &h.Size); err != nil {
		return Head{}, err
	}
	root, err := base64.StdEncoding.DecodeString(f[2])
	if err != nil || len(root) != len(h.Root) {
		return Head{}, fault.Corrupt
	}
	copy(h.Root[:], root)
	return h, nil
}

// noteName is the key name of a device in signed notes.
func noteName(pub ed25519.PublicKey) string {
	return "amparo.example/device/" + DeviceID(pub).String()
}

func newVerifier(pub ed25519.PublicKey) (note.Verifier, error) {
	vkey, err := note.NewEd25519VerifierKey(noteName(pub), pub)
	if err != nil {
		return nil, fault.Because(fault.Invalid, "journal.Checkpoint", "not a device key", err)
	}
	return note.NewVerifier(vkey)
}

func newSigner(key ed25519.PrivateKey) (note.Signer, error) {
	pub, ok := key.Public().(ed25519.PublicKey)
	if !ok {
		return nil, fault.New(fault.Internal, "journal.Checkpoint", "not an Ed25519 key")
	}
	v, err := newVerifier(pub)
	if err != nil {
		return nil, err
	}
	return &deviceSigner{Verifier: v, key: key}, nil
}

type deviceSigner struct {
	note.Verifier
	key ed25519.PrivateKey
}

func (s *deviceSigner) Sign(msg []byte) ([]byte, error) { return ed25519.Sign(s.key, msg), nil }
