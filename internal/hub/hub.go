// Package hub is the promise between devices that exchange sealed entries: put
// entries, get entries since. A hub reads nothing: it sees sizes, times and device
// numbers. The promise is kept by package hubtest, one suite for every hub.
package hub

import (
	"context"
	"crypto/ed25519"
	"iter"

	"example.org/amparo/fault"
	"example.org/amparo/id"
	"example.org/amparo/internal/journal"
)

// Device is a machine with a signing key. Its identifier is a hash of the key, so
// a hub cannot pass off one device's entries as another's.
type Device struct {
	ID        id.ID
	PublicKey ed25519.PublicKey
}

// Check reports a device whose identifier is not the hash of its key.
func (d Device) Check() error {
	if len(d.PublicKey) != ed25519.PublicKeySize || journal.DeviceID(d.PublicKey) != d.ID {
		return fault.New(fault.Corrupt, "hub.Device", "device %s does not own the key that came with it", d.ID)
	}
	return nil
}

// Fork is two entries of one device with one number: a device whose disk was
// copied or set back, or somebody who signs with a stolen key. Both are kept as
// evidence; the first to arrive stays in the log.
type Fork struct {
	Kept   journal.Ref
	First  journal.Hash   // leaf hash of the entry in the log
	Second *journal.Entry // the other one, signed by the same device
}

// Put tells what came of a batch: Stored + Known + Forked = entries given.
type Put struct {
	Stored int // new in the log
	Known  int // there already, the same to the byte
	Forks  []Fork
}

// Hub is where devices exchange sealed entries. Implementations are safe for
// concurrent use, and what Put acknowledges survives a crash or a power cut.
type Hub interface {
	// Workspace is the workspace this hub serves; entries of any other are
	// refused as fault.Foreign.
	Workspace() id.ID

	// PutDevices makes devices known. It must come before their entries. It is
	// an error for a device not to own its key.
	PutDevices(ctx context.Context, devices []Device) error

	// Devices lists the known devices, sorted by identifier.
	Devices(ctx context.Context) ([]Device, error)

	// Put stores entries, all or none. The entries of each device must be in the
	// order of their numbers and reach back to what the hub holds: a gap is
	// fault.Conflict and names the first missing entry. Entries the hub holds
	// already are passed over; a different entry under a number the hub holds is
	// a fork, kept as evidence, and the entries of that device that follow it in
	// the batch are counted as forks too. Signatures and the chain of previous
	// hashes are checked: an entry that fails is fault.Corrupt and nothing of
	// the batch is stored.
	Put(ctx context.Context, entries []*journal.Entry) (Put, error)

	// Since yields, device by device and in the order of their numbers, the
	// entries after the first have[device] ones.
	Since(ctx context.Context, have map[id.ID]uint64) iter.Seq2[*journal.Entry, error]

	// Heads returns the state of every device's log, sorted by device.
	Heads(ctx context.Context) ([]journal.Head, error)

	// PutCheckpoint keeps a signed checkpoint of a known device, the newest of
	// each device. Checkpoints returns them by device.
	PutCheckpoint(ctx context.Context, by id.ID, signed []byte) error
	Checkpoints(ctx context.Context) (map[id.ID][]byte, error)

	// Forks lists the evidence of forks, in the order of their refs.
	Forks(ctx context.Context) ([]Fork, error)

	Close() error
}

// KeyBox is a place where devices leave key sets for one another: wrapped payload
// keys and grants (package vault), one file a device, replaced as a whole. It is
// apart from [Hub] because keys can be destroyed and entries cannot, and because
// data backups must not hold keys.
type KeyBox interface {
	PutKeys(ctx context.Context, by id.ID, keys []byte) error
	Keys(ctx context.Context) (map[id.ID][]byte, error)
}

// Sync makes two hubs hold the same entries: the union. It returns what each side
// took from the other. Running it twice takes nothing the second time.
func Sync(ctx context.Context, a, b Hub) (toA, toB Put, err error) {
	if a.Workspace() != b.Workspace() {
		return toA, toB, fault.New(fault.Foreign, "hub.Sync", "the two places hold different workspaces").
			With("choose the folder or bundle of this workspace")
	}
	if toB, err = Pull(ctx, b, a); err != nil {
		return toA, toB, err
	}
	toA, err = Pull(ctx, a, b)
	return toA, toB, err
}

// batchSize is how many entries one Put carries in a [Pull]: enough to spread the
// cost of one durable write, few enough to stay within some megabytes.
const batchSize = 2000

// batchBytes bounds a batch that carries parts of files.
const batchBytes = 32 << 20

// Pull copies to dst what src has and dst lacks, with devices and checkpoints.
func Pull(ctx context.Context, dst, src Hub) (Put, error) {
	var total Put
	devices, err := src.Devices(ctx)
	if err != nil {
		return total, err
	}
	if err := dst.PutDevices(ctx, devices); err != nil {
		return total, err
	}
	have, err := Sizes(ctx, dst)
	if err != nil {
		return total, err
	}
	if err := shareCommon(ctx, dst, src, have); err != nil {
		return total, err
	}
	batch := make([]*journal.Entry, 0, batchSize)
	size := 0
	flush := func() error {
		p, err := dst.Put(ctx, batch)
		total.Stored += p.Stored
		total.Known += p.Known
		total.Forks = append(total.Forks, p.Forks...)
		batch, size = batch[:0], 0
		return err
	}
	for e, err := range src.Since(ctx, have) {
		if err != nil {
			return total, err
		}
		batch = append(batch, e)
		if size += len(e.Sealed); len(batch) == batchSize || size > batchBytes {
			if err := flush(); err != nil {
				return total, err
			}
		}
	}
	if err := flush(); err != nil {
		return total, err
	}
	return total, pullCheckpoints(ctx, dst, src)
}

// shareCommon lowers have[device] by one where both sides hold entries of a
// device: the last shared entry is sent again, so that a fork behind equal sizes
// is seen and not passed over.
func shareCommon(ctx context.Context, dst, src Hub, have map[id.ID]uint64) error {
	srcHeads, err := src.Heads(ctx)
	if err != nil {
		return err
	}
	dstHeads, err := dst.Heads(ctx)
	if err != nil {
		return err
	}
	known := map[id.ID]journal.Head{}
	for _, h := range dstHeads {
		known[h.Device] = h
	}
	for _, h := range srcHeads {
		k, ok := known[h.Device]
		if !ok || h.Size < k.Size || k.Size == 0 || h == k {
			continue
		}
		have[h.Device] = k.Size - 1
	}
	for _, h := range srcHeads {
		if k := known[h.Device]; h.Size > 0 && h.Size <= k.Size && h != k {
			have[h.Device] = h.Size - 1
		}
	}
	return nil
}

func pullCheckpoints(ctx context.Context, dst, src Hub) error {
	cps, err := src.Checkpoints(ctx)
	if err != nil {
		return err
	}
	for by, signed := range cps {
		if err := dst.PutCheckpoint(ctx, by, signed); err != nil {
			return err
		}
	}
	return nil
}

// Sizes returns how many entries of each device h holds.
func Sizes(ctx context.Context, h Hub) (map[id.ID]uint64, error) {
	heads, err := h.Heads(ctx)
	if err != nil {
		return nil, err
	}
	have := make(map[id.ID]uint64, len(heads))
	for _, hd := range heads {
		have[hd.Device] = hd.Size
	}
	return have, nil
}

// Admit checks a run of entries of one device against the log it extends: number,
// previous hash, workspace, signature. It returns the leaf hashes. prev is the
// leaf hash of the entry before the run, zero at the start of a log.
func Admit(workspace id.ID, dev Device, next uint64, prev journal.Hash, run []*journal.Entry) ([]journal.Hash, error) {
	const op = "hub.Put"
	leaves := make([]journal.Hash, len(run))
	for i, e := range run {
		switch {
		case e.Header.Workspace != workspace:
			return nil, fault.New(fault.Foreign, op, "entry %s belongs to another workspace", e.Ref()).
				With("choose the folder or bundle of this workspace")
		case e.Header.Number != next:
			return nil, fault.New(fault.Conflict, op, "entry %d of device %s is missing before entry %d", next, dev.ID, e.Header.Number).
				With("exchange again with a device that has it")
		case e.Header.Prev != prev:
			return nil, fault.New(fault.Corrupt, op, "entry %s does not follow the one before it", e.Ref())
		}
		h, err := e.Check(dev.PublicKey)
		if err != nil {
			return nil, err
		}
		leaves[i], prev = h, h
		next++
	}
	return leaves, nil
}
