// Package hubtest is the promise of a hub, as tests that every hub must pass: the
// same promise, not shared code.
package hubtest

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"errors"
	"fmt"
	"testing"

	"example.org/amparo/fault"
	"example.org/amparo/id"
	"example.org/amparo/internal/hub"
	"example.org/amparo/internal/journal"
)

// Device is a signing device of a test.
type Device struct {
	hub.Device
	key  ed25519.PrivateKey
	ws   id.ID
	prev journal.Hash
	next uint64
}

// NewDevice makes a device for a workspace.
func NewDevice(tb testing.TB, workspace id.ID) *Device {
	tb.Helper()
	pub, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		tb.Fatal(err)
	}
	return &Device{Device: hub.Device{ID: journal.DeviceID(pub), PublicKey: pub}, key: key, ws: workspace}
}

// Write makes the device's next n entries.
func (d *Device) Write(n int) []*journal.Entry {
	out := make([]*journal.Entry, n)
	for i := range out {
		e := &journal.Entry{Header: journal.Header{Version: journal.Version, Workspace: d.ws, Device: d.ID, Number: d.next, Prev: d.prev,
			Compartment: id.ID{1}, Epoch: 1, Key: id.ID{2}, Size: 64}, Sealed: make([]byte, 64)}
		if _, err := rand.Read(e.Sealed); err != nil {
			panic(err)
		}
		d.prev = e.Sign(d.key)
		d.next++
		out[i] = e
	}
	return out
}

// Copy is the same device on another disk: what it writes next forks the log.
func (d *Device) Copy() *Device { c := *d; return &c }

// Checkpoint signs heads.
func (d *Device) Checkpoint(tb testing.TB, heads []journal.Head) []byte {
	tb.Helper()
	b, err := journal.NewCheckpoint(d.ws, heads).Sign(d.key)
	if err != nil {
		tb.Fatal(err)
	}
	return b
}

// Run runs the promise against a hub. open opens the hub for a workspace in a place
// that is the same for the same name, so that a test can close and open it again.
func Run(t *testing.T, open func(t *testing.T, name string, workspace id.ID) hub.Hub) {
	for name, test := range map[string]func(*testing.T, func(*testing.T, string, id.ID) hub.Hub){
		"WhatIsPutIsThereAfterReopening": reopening,
		"KnownEntriesArePassedOver":      known,
		"AGapIsRefusedAndNamed":          gap,
		"AForgedEntryStoresNothing":      forged,
		"AForkIsKeptAsEvidence":          fork,
		"UnionIsTheSameInAnyOrder":       union,
		"ForeignEntriesAreRefused":       foreign,
		"CheckpointsAreKept":             checkpoints,
		"UnknownDevicesAreRefused":       unknown,
	} {
		t.Run(name, func(t *testing.T) { test(t, open) })
	}
}

type opener = func(*testing.T, string, id.ID) hub.Hub

func setup(t *testing.T, open opener) (hub.Hub, *Device) {
	t.Helper()
	ws := id.New(rand.Reader)
	h := open(t, "a", ws)
	d := NewDevice(t, ws)
	if err := h.PutDevices(t.Context(), []hub.Device{d.Device}); err != nil {
		t.Fatal(err)
	}
	return h, d
}

func put(t *testing.T, h hub.Hub, entries []*journal.Entry, want hub.Put) {
	t.Helper()
	got, err := h.Put(t.Context(), entries)
	if err != nil {
		t.Fatal(err)
	}
	if got.Stored != want.Stored || got.Known != want.Known || len(got.Forks) != len(want.Forks) {
		t.Errorf("Put of %d: stored %d, known %d, forks %d; want %d, %d, %d", len(entries), got.Stored, got.Known, len(got.Forks), want.Stored, want.Known, len(want.Forks))
	}
}

func all(t *testing.T, h hub.Hub) (out [][]byte) {
	t.Helper()
	for e, err := range h.Since(t.Context(), nil) {
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, e.Marshal())
	}
	return out
}

func reopening(t *testing.T, open opener) {
	h, d := setup(t, open)
	entries := d.Write(2500)
	put(t, h, entries[:1], hub.Put{Stored: 1})
	put(t, h, entries[1:], hub.Put{Stored: 2499})
	before, err := h.Heads(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := h.Close(); err != nil {
		t.Fatal(err)
	}
	again := open(t, "a", h.Workspace())
	after, err := again.Heads(t.Context())
	if err != nil || len(after) != 1 || after[0] != before[0] || after[0].Size != 2500 {
		t.Fatalf("heads after reopening: %v, %v, want %v", after, err, before)
	}
	var b journal.Builder
	for i, raw := range all(t, again) {
		if !bytes.Equal(raw, entries[i].Marshal()) {
			t.Fatalf("entry %d came back changed", i)
		}
		b.Add(entries[i].LeafHash())
	}
	if b.Root() != after[0].Root {
		t.Error("the root is not the root over the entries")
	}
	n := 0
	for e, err := range again.Since(t.Context(), map[id.ID]uint64{d.ID: 2490}) {
		if err != nil || e.Header.Number != uint64(2490+n) {
			t.Fatalf("entry %d since 2490: %v, %v", n, e, err)
		}
		n++
	}
	if n != 10 {
		t.Errorf("%d entries since 2490, want 10", n)
	}
}

func known(t *testing.T, open opener) {
	h, d := setup(t, open)
	entries := d.Write(10)
	put(t, h, entries[:6], hub.Put{Stored: 6})
	put(t, h, entries[2:], hub.Put{Stored: 4, Known: 4})
	put(t, h, entries, hub.Put{Known: 10})
}

func gap(t *testing.T, open opener) {
	h, d := setup(t, open)
	entries := d.Write(5)
	put(t, h, entries[:2], hub.Put{Stored: 2})
	if _, err := h.Put(t.Context(), entries[3:]); fault.KindOf(err) != fault.Conflict {
		t.Errorf("a gap is answered with %v, want %s", err, fault.Conflict)
	}
	put(t, h, entries[2:], hub.Put{Stored: 3})
}

func forged(t *testing.T, open opener) {
	h, d := setup(t, open)
	for name, spoil := range map[string]func(*journal.Entry){
		"content":    func(e *journal.Entry) { e.Sealed[0] ^= 1 },
		"commitment": func(e *journal.Entry) { e.Commitment[5] ^= 1 },
		"signature":  func(e *journal.Entry) { e.Signature[9] ^= 1 },
		"epoch":      func(e *journal.Entry) { e.Header.Epoch++ },
		"size":       func(e *journal.Entry) { e.Sealed = e.Sealed[:60] },
		"previous":   func(e *journal.Entry) { e.Header.Prev[0] ^= 1 },
	} {
		c := d.Copy()
		entries := c.Write(3)
		spoil(entries[1])
		if _, err := h.Put(t.Context(), entries); fault.KindOf(err) != fault.Corrupt {
			t.Errorf("%s changed: %v, want %s", name, err, fault.Corrupt)
		}
		if got := all(t, h); len(got) != 0 {
			t.Fatalf("%s changed: %d entries of the batch were stored, want none", name, len(got))
		}
	}
}

func fork(t *testing.T, open opener) {
	h, d := setup(t, open)
	put(t, h, d.Write(3), hub.Put{Stored: 3})
	stolen := d.Copy()
	put(t, h, d.Write(2), hub.Put{Stored: 2})
	other := stolen.Write(3)
	put(t, h, other, hub.Put{Forks: make([]hub.Fork, 3)})
	forks, err := h.Forks(t.Context())
	if err != nil || len(forks) != 3 {
		t.Fatalf("forks: %v, %v, want three", forks, err)
	}
	if forks[0].Kept != other[0].Ref() || !bytes.Equal(forks[0].Second.Marshal(), other[0].Marshal()) {
		t.Errorf("the evidence is not the other entry: %+v", forks[0])
	}
	if got := len(all(t, h)); got != 5 {
		t.Errorf("%d entries in the log after a fork, want 5", got)
	}
	put(t, h, d.Write(1), hub.Put{Stored: 1})
}

func union(t *testing.T, open opener) {
	ws := id.New(rand.Reader)
	var hubs []hub.Hub
	var devices []*Device
	for i := range 3 {
		h := open(t, fmt.Sprint("u", i), ws)
		d := NewDevice(t, ws)
		if err := h.PutDevices(t.Context(), []hub.Device{d.Device}); err != nil {
			t.Fatal(err)
		}
		put(t, h, d.Write(20+i), hub.Put{Stored: 20 + i})
		hubs, devices = append(hubs, h), append(devices, d)
	}
	for _, pair := range [][2]int{{0, 1}, {2, 1}, {0, 2}, {1, 0}} {
		if _, _, err := hub.Sync(t.Context(), hubs[pair[0]], hubs[pair[1]]); err != nil {
			t.Fatal(err)
		}
	}
	want, err := hubs[0].Heads(t.Context())
	if err != nil || len(want) != 3 {
		t.Fatalf("heads: %v, %v", want, err)
	}
	for i, h := range hubs[1:] {
		got, err := h.Heads(t.Context())
		if err != nil || journal.NewCheckpoint(ws, got).Text() != journal.NewCheckpoint(ws, want).Text() {
			t.Errorf("hub %d has another checkpoint: %v, %v", i+1, got, err)
		}
	}
	toA, toB, err := hub.Sync(t.Context(), hubs[0], hubs[2])
	if err != nil || toA.Stored != 0 || toB.Stored != 0 {
		t.Errorf("a second exchange took %+v, %+v, %v", toA, toB, err)
	}
	_ = devices
}

func foreign(t *testing.T, open opener) {
	h, _ := setup(t, open)
	other := id.New(rand.Reader)
	d := NewDevice(t, other)
	if err := h.PutDevices(t.Context(), []hub.Device{d.Device}); err != nil {
		t.Fatal(err)
	}
	if _, err := h.Put(t.Context(), d.Write(1)); fault.KindOf(err) != fault.Foreign {
		t.Errorf("an entry of another workspace: %v, want %s", err, fault.Foreign)
	}
	b := open(t, "b", other)
	if _, _, err := hub.Sync(t.Context(), h, b); fault.KindOf(err) != fault.Foreign {
		t.Errorf("exchange with another workspace: %v, want %s", err, fault.Foreign)
	}
}

func checkpoints(t *testing.T, open opener) {
	h, d := setup(t, open)
	put(t, h, d.Write(4), hub.Put{Stored: 4})
	heads, err := h.Heads(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	note := d.Checkpoint(t, heads)
	if err := h.PutCheckpoint(t.Context(), d.ID, note); err != nil {
		t.Fatal(err)
	}
	if err := h.PutCheckpoint(t.Context(), d.ID, d.Checkpoint(t, nil)); err != nil {
		t.Fatal(err)
	}
	got, err := h.Checkpoints(t.Context())
	if err != nil || !bytes.Equal(got[d.ID], note) {
		t.Errorf("the newest checkpoint is not kept: %v, %v", got, err)
	}
	note[len(note)/2] ^= 1
	if err := h.PutCheckpoint(t.Context(), d.ID, note); fault.KindOf(err) != fault.Corrupt {
		t.Errorf("a changed checkpoint: %v, want %s", err, fault.Corrupt)
	}
}

func unknown(t *testing.T, open opener) {
	h, d := setup(t, open)
	stranger := NewDevice(t, h.Workspace())
	if _, err := h.Put(t.Context(), stranger.Write(1)); fault.KindOf(err) != fault.Foreign {
		t.Errorf("an entry of an unknown device: %v, want %s", err, fault.Foreign)
	}
	liar := hub.Device{ID: d.ID, PublicKey: stranger.PublicKey}
	if err := h.PutDevices(t.Context(), []hub.Device{liar}); !errors.Is(err, fault.Corrupt) {
		t.Errorf("a device that does not own its key: %v, want %s", err, fault.Corrupt)
	}
}
