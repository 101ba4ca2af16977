package vault

import (
	"context"
	"crypto/rand"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"example.org/amparo/id"
)

// state is what a keyring can do, apart from how it is written down.
func state(t rapid.TB, k *Keyring, keys []id.ID) string {
	out := ""
	for _, r := range k.Compartments() {
		out += fmt.Sprintf("%s %q epoch %d held %v behind %v\n", r.ID.Short(), r.Name, r.Epoch, r.Held, r.Behind)
	}
	for _, key := range keys {
		have, gone, err := k.Known(context.Background(), key)
		if err != nil {
			t.Fatal(err)
		}
		p, err := k.PayloadKey(key)
		tags := []string{}
		if err == nil {
			for _, v := range p.variants {
				tags = append(tags, fmt.Sprintf("%x", v.tag))
			}
		}
		out += fmt.Sprintf("%s have %v gone %v opens %v\n", key.Short(), have, gone, tags)
	}
	return out
}

// Several members act apart and exchange in any order, some keysets twice or late:
// when everybody has heard of everything, all have the same keys, and none has one
// that anybody destroyed.
func TestExchangeConvergesInAnyOrder(t *testing.T) {
	checks(t, "100", "12")
	ctx := context.Background()
	rapid.Check(t, func(rt *rapid.T) {
		ws := id.New(rand.Reader)
		all := []*Keyring{newKeyring(t, ws), newKeyring(t, ws), newKeyring(t, ws)}
		c, err := all[0].CreateCompartment("identities")
		ok(t, err)
		for _, k := range all[1:] {
			ok(t, all[0].Grant(c, k.v.Member(), k.v.MemberKey()))
			share(t, all[0], k)
		}
		var keys []id.ID
		destroyed := map[id.ID]bool{}
		var hub [][]byte
		for range rapid.IntRange(1, 12).Draw(rt, "steps") {
			k := all[rapid.IntRange(0, 2).Draw(rt, "member")]
			switch rapid.IntRange(0, 5).Draw(rt, "act") {
			case 0, 1:
				keys = append(keys, makeKey(t, k, c))
			case 2:
				if len(keys) > 0 { // the same identifier, perhaps made apart
					key := rapid.SampledFrom(keys).Draw(rt, "key")
					if _, err := k.Ensure(ctx, c, key); err == nil {
						ok(t, k.Flush(ctx))
					}
				}
			case 3:
				if len(keys) > 0 {
					key := rapid.SampledFrom(keys).Draw(rt, "key")
					if have, _, _ := k.Known(ctx, key); have {
						if _, err := k.Destroy(ctx, key); err == nil {
							destroyed[key] = true
						}
					}
				}
			case 4:
				hub = append(hub, must1[[]byte](t)(k.Export(ctx)))
			case 5:
				if len(hub) > 0 {
					_, err := k.Merge(ctx, rapid.SampledFrom(hub).Draw(rt, "keyset"))
					ok(t, err)
				}
			}
		}
		for range 4 {
			for _, i := range rapid.Permutation([]int{0, 1, 2}).Draw(rt, "order") {
				for j := range all {
					if i != j {
						share(t, all[i], all[j])
					}
				}
			}
		}
		want := state(rt, all[0], keys)
		for i, k := range all {
			if got := state(rt, k, keys); got != want {
				rt.Fatalf("member %d:\n%s\nmember 0:\n%s", i, got, want)
			}
			for _, key := range keys {
				if _, err := k.PayloadKey(key); (err != nil) != destroyed[key] {
					rt.Fatalf("member %d, key %s: %v, destroyed %v", i, key.Short(), err, destroyed[key])
				}
			}
			p, err := k.Pending(ctx, keys...)
			if err != nil || len(p) > 0 {
				rt.Fatalf("member %d: pending %v, %v", i, p, err)
			}
			if opened, sealed, bad, err := k.Check(ctx); err != nil || sealed+len(bad) > 0 {
				rt.Fatalf("member %d: %d open, %d sealed, %d bad, %v", i, opened, sealed, len(bad), err)
			}
		}
		before := must1[[]byte](t)(all[0].Export(ctx))
		share(t, all[1], all[0])
		share(t, all[2], all[0])
		if after := must1[[]byte](t)(all[0].Export(ctx)); !slices.Equal(before, after) {
			rt.Fatal("a merge of what is known changed something")
		}
	})
}

// Keysets of several members, merged into one that stood aside, in any order and some
// twice, give the same.
func TestMergeIsCommutativeAndIdempotent(t *testing.T) {
	checks(t, "50", "6")
	ctx := context.Background()
	ws := id.New(rand.Reader)
	a, b := newKeyring(t, ws), newKeyring(t, ws)
	late := newVault(t, ws)
	file := must1[[]byte](t)(os.ReadFile(late.path))
	c := must1[id.ID](t)(a.CreateCompartment("identities"))
	ok(t, a.Grant(c, b.v.Member(), b.v.MemberKey()))
	share(t, a, b)
	k1, k2, k3 := makeKey(t, a, c), makeKey(t, a, c), makeKey(t, b, c)
	share(t, b, a)
	ok(t, a.Grant(c, late.Member(), late.MemberKey()))
	sets := [][]byte{must1[[]byte](t)(a.Export(ctx)), must1[[]byte](t)(b.Export(ctx))}
	_, err := a.Destroy(ctx, k1)
	ok(t, err)
	keys := []id.ID{k1, k2, k3, makeKey(t, a, c), makeKey(t, b, c)}
	sets = append(sets, must1[[]byte](t)(a.Export(ctx)), must1[[]byte](t)(b.Export(ctx)))
	// The last key was made under an epoch that A had left. Whoever has left it too
	// cannot open it until its maker has carried it over, which he does here.
	share(t, a, b)
	sets = append(sets, must1[[]byte](t)(b.Export(ctx)))

	// One member whose vault file is copied, so that each copy meets the keysets in
	// another order.
	want := ""
	rapid.Check(t, func(rt *rapid.T) {
		path := filepath.Join(t.TempDir(), "vault.keys")
		ok(t, os.WriteFile(path, file, 0o600))
		k := keyringInMemory(t, must1[*Vault](t)(Open(path, pass)))
		order := rapid.Permutation([]int{0, 1, 2, 3, 4, 0, 1, 2, 3, 4}).Draw(rt, "order")
		for _, i := range order {
			_, err := k.Merge(ctx, sets[i])
			ok(t, err)
		}
		got := state(rt, k, keys)
		if want == "" {
			want = got
		}
		if got != want {
			rt.Fatalf("order %v gives\n%s\nnot\n%s", order, got, want)
		}
	})
}
