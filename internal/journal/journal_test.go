package journal_test

import (
	"bytes"
	"crypto/ed25519"
	"errors"
	"testing"
	"time"

	"pgregory.net/rapid"

	"example.org/amparo/fault"
	"example.org/amparo/id"
	"example.org/amparo/internal/journal"
)

func key(seed byte) ed25519.PrivateKey {
	return ed25519.NewKeyFromSeed(bytes.Repeat([]byte{seed}, ed25519.SeedSize))
}

func public(k ed25519.PrivateKey) ed25519.PublicKey { return k.Public().(ed25519.PublicKey) }

// logOf writes n entries of one device, chained and signed.
func logOf(k ed25519.PrivateKey, n int) (entries []*journal.Entry, leaves []journal.Hash) {
	var prev journal.Hash
	for i := range n {
		sealed := bytes.Repeat([]byte{byte(i)}, 32)
		e := &journal.Entry{Sealed: sealed, Commitment: [32]byte{byte(i), 1}}
		e.Header = journal.Header{
			Version: journal.Version, Workspace: id.ID{9}, Device: journal.DeviceID(public(k)), Number: uint64(i),
			Prev: prev, Compartment: id.ID{1}, Epoch: 1, Key: id.ID{2}, Size: uint32(len(sealed)),
		}
		prev = e.Sign(k)
		entries, leaves = append(entries, e), append(leaves, prev)
	}
	return entries, leaves
}

// hashes stores the tree of a log as a hub does.
type hashes []journal.Hash

func (h hashes) ReadHashes(at []int64) ([]journal.Hash, error) {
	out := make([]journal.Hash, len(at))
	for i, n := range at {
		if n >= int64(len(h)) {
			return nil, errors.New("no such hash")
		}
		out[i] = h[n]
	}
	return out, nil
}

func treeOf(t interface{ Fatal(...any) }, leaves []journal.Hash) hashes {
	var h hashes
	for i, l := range leaves {
		more, err := journal.AppendHashes(uint64(i), l, h)
		if err != nil {
			t.Fatal(err)
		}
		h = append(h, more...)
	}
	return h
}

func head(t interface{ Fatal(...any) }, k ed25519.PrivateKey, n int, h hashes) journal.Head {
	root, err := journal.Root(uint64(n), h)
	if err != nil {
		t.Fatal(err)
	}
	return journal.Head{Device: journal.DeviceID(public(k)), Size: uint64(n), Root: root}
}

func TestAnEntryReadsBackAsItself(t *testing.T) {
	entries, leaves := logOf(key(1), 3)
	for i, e := range entries {
		got, err := journal.Unmarshal(e.Marshal())
		if err != nil {
			t.Fatal(err)
		}
		leaf, err := got.Check(public(key(1)))
		if err != nil || leaf != leaves[i] {
			t.Errorf("entry %d: leaf %x, %v; want %x", i, leaf, err, leaves[i])
		}
	}
}

// Every bit of a stored entry counts: in the header, the seal, the commitment and the
// signature.
func TestOneFlippedBitAnywhereIsFound(t *testing.T) {
	entries, leaves := logOf(key(1), 2)
	stored := entries[1].Marshal()
	for i := range stored {
		for bit := range 8 {
			b := bytes.Clone(stored)
			b[i] ^= 1 << bit
			e, err := journal.Unmarshal(b)
			if err != nil {
				continue
			}
			if leaf, err := e.Check(public(key(1))); err == nil && leaf == leaves[1] {
				t.Fatalf("bit %d of byte %d was flipped and nobody noticed", bit, i)
			}
		}
	}
}

func TestAnEntryOfAnotherDeviceIsRefused(t *testing.T) {
	entries, _ := logOf(key(1), 1)
	if _, err := entries[0].Check(public(key(2))); fault.KindOf(err) != fault.Corrupt {
		t.Errorf("checked with another device's key: %v, want corrupt", err)
	}
}

// Every entry of every size of log has a proof, the proof fits no other leaf, and every
// log is shown to contain each earlier one and no other.
func TestProofsHoldForEveryLogAndForNothingElse(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 40).Draw(t, "size")
		k := key(1)
		_, leaves := logOf(k, n)
		tree := treeOf(t, leaves)
		now := head(t, k, n, tree)
		i := rapid.IntRange(0, n-1).Draw(t, "entry")
		p, err := journal.ProveInclusion(now, uint64(i), tree)
		if err != nil || p.Check(leaves[i]) != nil {
			t.Fatalf("entry %d of %d: %v, %v", i, n, err, p.Check(leaves[i]))
		}
		wrong := leaves[i]
		wrong[0] ^= 1
		if p.Check(wrong) == nil {
			t.Fatalf("the proof of entry %d of %d fits another leaf", i, n)
		}
		m := rapid.IntRange(0, n).Draw(t, "earlier size")
		old := head(t, k, m, tree)
		c, err := journal.ProveConsistency(old, now, tree)
		if err != nil || c.Check() != nil {
			t.Fatalf("%d grows to %d: %v, %v", m, n, err, c.Check())
		}
		if m > 0 {
			c.Old.Root[5] ^= 4
			if c.Check() == nil {
				t.Fatalf("a log of %d entries is shown to contain another of %d", n, m)
			}
		}
		var b journal.Builder
		for _, l := range leaves {
			b.Add(l)
		}
		if b.Root() != now.Root || b.Size() != uint64(n) {
			t.Fatalf("leaf by leaf the root of %d is %x, want %x", n, b.Root(), now.Root)
		}
	})
}

// Replicas that hold the same logs have the same checkpoint, in whatever order they
// learned of the devices.
func TestCheckpointsDoNotDependOnOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var heads []journal.Head
		for i := range rapid.IntRange(1, 6).Draw(t, "devices") {
			k := key(byte(i + 1))
			_, leaves := logOf(k, i)
			heads = append(heads, head(t, k, i, treeOf(t, leaves)))
		}
		want := journal.NewCheckpoint(id.ID{9}, heads)
		got := journal.NewCheckpoint(id.ID{9}, rapid.Permutation(heads).Draw(t, "order"))
		if got.Text() != want.Text() {
			t.Fatalf("got\n%s\nwant\n%s", got.Text(), want.Text())
		}
		signed, err := got.Sign(key(1))
		if err != nil {
			t.Fatal(err)
		}
		back, err := journal.OpenCheckpoint(signed, public(key(1)))
		if err != nil || back.Text() != want.Text() {
			t.Fatalf("%v: read back\n%s", err, back.Text())
		}
		if _, err := journal.OpenCheckpoint(signed, public(key(2))); fault.KindOf(err) != fault.Corrupt {
			t.Fatalf("another device's checkpoint: %v, want corrupt", err)
		}
	})
}

func TestOneFlippedBitInACheckpointIsFound(t *testing.T) {
	_, leaves := logOf(key(1), 3)
	signed, err := journal.NewCheckpoint(id.ID{9}, []journal.Head{head(t, key(1), 3, treeOf(t, leaves))}).Sign(key(1))
	if err != nil {
		t.Fatal(err)
	}
	for i := range signed {
		for bit := range 8 {
			b := bytes.Clone(signed)
			b[i] ^= 1 << bit
			if _, err := journal.OpenCheckpoint(b, public(key(1))); err == nil {
				t.Fatalf("bit %d of byte %d was flipped and nobody noticed", bit, i)
			}
		}
	}
}

// The clock never runs back, whatever the machine's clock does, and it passes what it
// has seen of others.
func TestTheClockOnlyRunsForward(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		wall := time.Unix(1_700_000_000, 0)
		c := journal.NewClock(func() time.Time { return wall }, 0)
		var last journal.HLC
		for range 30 {
			wall = wall.Add(time.Duration(rapid.IntRange(-3_600_000, 3_600_000).Draw(t, "step")) * time.Millisecond)
			if rapid.Bool().Draw(t, "hears of another") {
				other := journal.At(wall.Add(time.Minute))
				c.Observe(other)
				last = max(last, other)
			}
			if next := c.Next(); next <= last {
				t.Fatalf("%d follows %d", next, last)
			} else {
				last = next
			}
		}
		behind := last.Time().Sub(wall) > journal.Drift
		if err := c.Check(); (err != nil) != behind {
			t.Fatalf("last act %s, clock %s: %v", last.Time(), wall.UTC(), err)
		}
	})
}

func TestARefReadsBackAsItself(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := journal.Ref{Device: id.ID{1}, Number: rapid.Uint64().Draw(t, "number")}
		back, err := journal.ParseRef(r.String())
		if err != nil || back != r {
			t.Fatalf("%s reads back as %v, %v", r, back, err)
		}
	})
}

func FuzzUnmarshal(f *testing.F) {
	entries, _ := logOf(key(1), 2)
	for _, e := range entries {
		f.Add(e.Marshal())
	}
	f.Add([]byte{0x84})
	f.Add([]byte{0x9f, 0xff})
	f.Fuzz(func(t *testing.T, data []byte) {
		e, err := journal.Unmarshal(data)
		if err != nil {
			return
		}
		if !bytes.Equal(e.Marshal(), data) {
			t.Fatal("two spellings of one entry are accepted")
		}
		_, _ = e.Check(public(key(1)))
	})
}

func FuzzOpenCheckpoint(f *testing.F) {
	signed, err := journal.NewCheckpoint(id.ID{9}, []journal.Head{{Device: id.ID{1}, Size: 3}}).Sign(key(1))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(signed)
	f.Add([]byte("amparo.example/checkpoint/v1\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := journal.OpenCheckpoint(data, public(key(1)))
		if err == nil && !bytes.HasPrefix(data, []byte(c.Text())) {
			t.Fatal("a checkpoint is accepted whose text is another")
		}
	})
}

func FuzzParseRef(f *testing.F) {
	f.Add(journal.Ref{Device: id.ID{1}, Number: 7}.String())
	f.Add("/0")
	f.Fuzz(func(t *testing.T, s string) {
		if r, err := journal.ParseRef(s); err == nil && r.String() != s {
			t.Fatalf("%q is read as %s", s, r)
		}
	})
}
