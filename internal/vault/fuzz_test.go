package vault

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"testing"

	"example.org/amparo/fault"
	"example.org/amparo/id"
)

// FuzzKeyFile: no input crashes the reader of vault.keys, and what it takes has the
// right form.
func FuzzKeyFile(f *testing.F) {
	v := newVault(f, id.New(rand.Reader))
	f.Add([]byte(v.file))
	f.Add([]byte(v.file[:100]))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, raw []byte) {
		file, p, err := parseKeyFile(raw)
		if err != nil {
			return
		}
		if !p.valid() || len(file) != fileSize || len(file.slot(slotCount-1)) != slotSize || len(file.spare()) != hpkeSize {
			t.Error("a malformed file was taken")
		}
	})
}

// FuzzBody: no plaintext under a master key crashes the reader of the body.
func FuzzBody(f *testing.F) {
	v := newVault(f, id.New(rand.Reader))
	plain, err := v.body.encode()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(plain)
	f.Fuzz(func(t *testing.T, plain []byte) {
		b, err := decodeBody(plain)
		if err != nil {
			return
		}
		again, err := b.encode()
		if err != nil || !bytes.Equal(again, plain) {
			t.Errorf("a body was taken that is written differently: %v", err)
		}
	})
}

// FuzzShare: no text crashes the reader of shares; what it takes it writes the same.
func FuzzShare(f *testing.F) {
	shares, err := newVault(f, id.New(rand.Reader)).MakeShares(DefaultPolicy, "someone")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(shares[0].Text())
	f.Add("AMPARO RECOVERY SHARE 1 of 5\nabcd =0000\n")
	f.Fuzz(func(t *testing.T, text string) {
		s, err := ParseShare(text)
		if err != nil {
			if fault.KindOf(err) == fault.Internal {
				t.Error(err)
			}
			return
		}
		again, err := ParseShare(s.Text())
		if err != nil || again.Text() != s.Text() {
			t.Errorf("read back: %v", err)
		}
		_ = s.check()
	})
}

// FuzzSlotFile: no input crashes the reader of slot files.
func FuzzSlotFile(f *testing.F) {
	v := newVault(f, id.New(rand.Reader))
	if err := v.TravelLock(pass, func(b []byte) error { f.Add(bytes.Clone(b)); return nil }); err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if p, slot, err := parseSlotFile(b); err == nil && (!p.valid() || len(slot) != slotSize) {
			t.Error("a malformed slot file was taken")
		}
	})
}

// FuzzKeyset: no input crashes the reader of keysets, and one it takes has one
// spelling.
func FuzzKeyset(f *testing.F) {
	k := newKeyring(f, id.New(rand.Reader))
	c := must1[id.ID](f)(k.CreateCompartment("general"))
	makeKey(f, k, c)
	gone := makeKey(f, k, c)
	f.Add(must1[[]byte](f)(k.Export(context.Background())))
	if _, err := k.Destroy(context.Background(), gone); err != nil {
		f.Fatal(err)
	}
	f.Add(must1[[]byte](f)(k.Export(context.Background())))
	f.Add([]byte{0x83, 1, 0x40, 0x80})
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := decodeKeyset(data)
		if err != nil {
			return
		}
		again, err := encMode.Marshal(s)
		if err != nil || !bytes.Equal(again, data) {
			t.Error("a keyset with two spellings was taken")
		}
	})
}

// FuzzMerge: whatever well-formed keyset a stranger sends, a member who has a key
// keeps it.
func FuzzMerge(f *testing.F) {
	k := newKeyring(f, id.New(rand.Reader))
	c := must1[id.ID](f)(k.CreateCompartment("general"))
	key := makeKey(f, k, c)
	sealed := sealText(f, k, key, "words")
	f.Add(must1[[]byte](f)(k.Export(context.Background())))
	f.Fuzz(func(t *testing.T, data []byte) {
		if _, err := k.Merge(context.Background(), data); err != nil && fault.KindOf(err) == fault.Internal {
			t.Error(err)
		}
		if got, err := openText(k, key, sealed); err != nil || got != "words" {
			t.Errorf("the key is lost: %v", err)
		}
	})
}

// FuzzOpen: no sealed bytes crash Open, and none but what Seal made open.
func FuzzOpen(f *testing.F) {
	p := testKey("a")
	sealed, _ := p.Seal(nil, []byte("place"), []byte("words"), seeded("fuzz"))
	f.Add([]byte("place"), sealed)
	f.Add([]byte("elsewhere"), sealed[:100])
	f.Fuzz(func(t *testing.T, aad, s []byte) {
		got, err := p.Open(nil, aad, s)
		if err != nil {
			if !errors.Is(err, fault.Corrupt) {
				t.Error(err)
			}
			return
		}
		if !bytes.Equal(s, sealed) || string(aad) != "place" || string(got) != "words" {
			t.Errorf("forged: %q", got)
		}
	})
}
