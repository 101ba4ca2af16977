package vault

import (
	"context"
	"crypto/rand"
	"path/filepath"
	"testing"

	"example.org/amparo/id"
)

// manyKeys fills a keys.db on disk with n payload keys in one compartment.
func manyKeys(b testing.TB, n int) (*Keyring, id.ID, []id.ID) {
	ctx := context.Background()
	dir := b.TempDir()
	v := newVaultAt(b, filepath.Join(dir, "vault.keys"), id.New(rand.Reader))
	k := ringOn(b, v, openDB(b, filepath.Join(dir, "keys.db"), v))
	c := must1[id.ID](b)(k.CreateCompartment("identities"))
	keys := make([]id.ID, n)
	for i := range keys {
		key, _, err := k.NewPayloadKey(c)
		ok(b, err)
		keys[i] = key
		if i%20_000 == 19_999 {
			ok(b, k.Flush(ctx))
		}
	}
	ok(b, k.Flush(ctx))
	return k, c, keys
}

// BenchmarkDestroy is a whole erasure among 200,000 payload keys: one deleted, the
// rest wrapped anew, the file rewritten.
func BenchmarkDestroy(b *testing.B) {
	k, _, keys := manyKeys(b, 200_000)
	i := 0
	for b.Loop() {
		if _, err := k.Destroy(context.Background(), keys[i]); err != nil {
			b.Fatal(err)
		}
		i++
	}
}

// BenchmarkCarryOver is the part of an erasure that grows with the number of keys.
func BenchmarkCarryOver(b *testing.B) {
	k, _, _ := manyKeys(b, 200_000)
	ctx := context.Background()
	for b.Loop() {
		ok(b, k.carryAll(ctx))
	}
}

func BenchmarkPayloadKeyMiss(b *testing.B) {
	k, _, keys := manyKeys(b, 200_000)
	i := 0
	for b.Loop() {
		if i%maxCached == 0 {
			k.cache.reset()
		}
		if _, err := k.PayloadKey(keys[i%len(keys)]); err != nil {
			b.Fatal(err)
		}
		i++
	}
}

func BenchmarkPayloadKeyHit(b *testing.B) {
	k := newKeyring(b, id.New(rand.Reader))
	key := makeKey(b, k, must1[id.ID](b)(k.CreateCompartment("general")))
	for b.Loop() {
		if _, err := k.PayloadKey(key); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkEnsure makes new keys and flushes them in batches of 1,000.
func BenchmarkEnsure(b *testing.B) {
	ctx := context.Background()
	k, c, _ := manyKeys(b, 100_000)
	i := 0
	for b.Loop() {
		if _, _, err := k.NewPayloadKey(c); err != nil {
			b.Fatal(err)
		}
		if i++; i%1000 == 0 {
			ok(b, k.Flush(ctx))
		}
	}
}

// BenchmarkMergeKnown merges a keyset of 200,000 keys that holds nothing new.
func BenchmarkMergeKnown(b *testing.B) {
	k, _, _ := manyKeys(b, 200_000)
	data := must1[[]byte](b)(k.Export(context.Background()))
	for b.Loop() {
		if _, err := k.Merge(context.Background(), data); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkOpenVault(b *testing.B) {
	path := filepath.Join(b.TempDir(), "vault.keys")
	if _, err := Create(path, pass, CreateOptions{Workspace: id.New(rand.Reader), Member: id.New(rand.Reader)}); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := Open(path, pass); err != nil {
			b.Fatal(err)
		}
	}
}

// The cache is bounded, however many keys there are.
func TestCacheStaysWithinItsLimit(t *testing.T) {
	k := newKeyring(t, id.New(rand.Reader))
	c := must1[id.ID](t)(k.CreateCompartment("general"))
	k.cache.limit = 64
	var keys []id.ID
	for range 500 {
		keys = append(keys, makeKey(t, k, c))
	}
	for range 3 {
		for _, key := range keys {
			if _, err := k.PayloadKey(key); err != nil {
				t.Fatal(err)
			}
		}
	}
	ok(t, k.Load(context.Background(), keys))
	if n := len(k.cache.young) + len(k.cache.old); n > 64 {
		t.Errorf("%d keys are cached, the limit is 64", n)
	}
}
