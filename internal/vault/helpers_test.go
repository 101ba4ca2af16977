package vault

import (
	"bytes"
	"context"
	"crypto/rand"
	"flag"
	"io"
	mrand "math/rand/v2"
	"path/filepath"
	"testing"

	"example.org/amparo/fault"
	"example.org/amparo/id"
	"example.org/amparo/internal/sealeddb"
)

// cheap costs make tests fast; they protect nothing.
var cheap = Params{MemoryKiB: 8, Time: 1, Threads: 1}

var pass = []byte("paper lantern under the third bridge")

// seeded is a reproducible stream for fixtures.
func seeded(s string) io.Reader {
	var seed [32]byte
	copy(seed[:], s)
	return mrand.NewChaCha8(seed)
}

func newVault(t testing.TB, workspace id.ID) *Vault {
	t.Helper()
	return newVaultAt(t, filepath.Join(t.TempDir(), "vault.keys"), workspace)
}

func newVaultAt(t testing.TB, path string, workspace id.ID) *Vault {
	t.Helper()
	v, err := Create(path, pass, CreateOptions{Workspace: workspace, Member: id.New(rand.Reader), Params: cheap})
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// newKeyring is a member with an empty keys.db in memory.
func newKeyring(t testing.TB, workspace id.ID) *Keyring {
	t.Helper()
	db, err := sealeddb.Memory(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	return ringOn(t, newVault(t, workspace), db)
}

func ringOn(t testing.TB, v *Vault, db *sealeddb.DB) *Keyring {
	t.Helper()
	k, err := OpenKeyring(context.Background(), v, db)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := k.Close(); err != nil {
			t.Error(err)
		}
	})
	return k
}

// keyringInMemory is [ringOn] for a vault that other keyrings share.
func keyringInMemory(t testing.TB, v *Vault) *Keyring {
	t.Helper()
	db, err := sealeddb.Memory(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	return ringOn(t, v, db)
}

func openDB(t testing.TB, path string, v *Vault) *sealeddb.DB {
	t.Helper()
	db, err := sealeddb.Open(context.Background(), path, v.PageKey("keys.db"), sealeddb.Options{Readers: 1})
	if err != nil {
		t.Fatal(err)
	}
	return db
}

func must1[T any](t testing.TB) func(v T, err error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func ok(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func wantKind(t testing.TB, err error, want fault.Kind) {
	t.Helper()
	if got := fault.KindOf(err); got != want {
		t.Fatalf("error %v is of kind %q, want %q", err, got, want)
	}
}

// makeKey makes a payload key, flushed.
func makeKey(t testing.TB, k *Keyring, compartment id.ID) id.ID {
	t.Helper()
	key, _, err := k.NewPayloadKey(compartment)
	ok(t, err)
	ok(t, k.Flush(context.Background()))
	return key
}

func sealText(t testing.TB, k *Keyring, key id.ID, text string) []byte {
	t.Helper()
	p := must1[*PayloadKey](t)(k.PayloadKey(key))
	s, _ := p.Seal(nil, []byte("place"), []byte(text), rand.Reader)
	return s
}

func openText(k *Keyring, key id.ID, sealed []byte) (string, error) {
	p, err := k.PayloadKey(key)
	if err != nil {
		return "", err
	}
	b, err := p.Open(nil, []byte("place"), sealed)
	return string(b), err
}

// share hands everything one keyring knows to another.
func share(t testing.TB, from, to *Keyring) Merged {
	t.Helper()
	ctx := context.Background()
	data := must1[[]byte](t)(from.Export(ctx))
	m, err := to.Merge(ctx, data)
	ok(t, err)
	return m
}

// checks sets how often a costly property is drawn; the race detector makes each some
// twenty times slower.
func checks(t testing.TB, n, underRace string) {
	t.Helper()
	f := flag.Lookup("rapid.checks")
	old := f.Value.String()
	if raceEnabled {
		n = underRace
	}
	ok(t, f.Value.Set(n))
	t.Cleanup(func() { ok(t, f.Value.Set(old)) })
}

func flip(b []byte, i int, bit uint) []byte {
	c := bytes.Clone(b)
	c[i] ^= 1 << bit
	return c
}
