package vault

import (
	"bytes"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"math/bits"
	"testing"

	"pgregory.net/rapid"

	"example.org/amparo/fault"
)

func testKey(seed string) *PayloadKey {
	return newPayloadKey(sha256.Sum256([]byte(seed)))
}

func TestSealedContentOpensAtItsPlaceOnly(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		plain := rapid.SliceOfN(rapid.Byte(), 0, 2000).Draw(t, "plain")
		aad := rapid.SliceOfN(rapid.Byte(), 0, 100).Draw(t, "aad")
		dst := rapid.SliceOfN(rapid.Byte(), 0, 10).Draw(t, "dst")
		p := testKey("a")
		out, commitment := p.Seal(bytes.Clone(dst), aad, plain, rand.Reader)
		sealed := out[len(dst):]
		if !bytes.HasPrefix(out, dst) || len(sealed) != Padded(len(plain))+Overhead {
			t.Fatalf("Seal gave %d bytes after %d", len(sealed), len(dst))
		}
		got, err := p.Open(bytes.Clone(dst), aad, sealed)
		if err != nil || !bytes.Equal(got, append(bytes.Clone(dst), plain...)) {
			t.Fatalf("Open = %x, %v", got, err)
		}
		if _, err := p.Open(nil, append(bytes.Clone(aad), 0), sealed); !errors.Is(err, fault.Corrupt) {
			t.Fatalf("at another place: %v", err)
		}
		if _, err := testKey("b").Open(nil, aad, sealed); !errors.Is(err, fault.Corrupt) {
			t.Fatalf("with another key: %v", err)
		}
		i := rapid.IntRange(0, len(sealed)-1).Draw(t, "byte")
		if _, err := p.Open(nil, aad, flip(sealed, i, uint(i%8))); !errors.Is(err, fault.Corrupt) {
			t.Fatalf("with one bit changed: %v", err)
		}
		ck := p.CommitKey(sealed)
		if !CheckCommitment(ck, aad, plain, commitment) {
			t.Fatal("the commitment does not fit")
		}
		if CheckCommitment(ck, append(bytes.Clone(aad), 0), plain, commitment) || CheckCommitment(ck, aad, append(bytes.Clone(plain), 0), commitment) {
			t.Fatal("the commitment fits something else")
		}
	})
}

func TestExpanderIsHKDFOfTheStandardLibrary(t *testing.T) {
	p := testKey("k")
	v := p.variants[0]
	nonce := bytes.Repeat([]byte{7}, nonceSize)
	for range 2 { // the second time with the kept key schedule
		want, err := hkdf.Expand(sha256.New, v.key[:], labelEntry+string(nonce), 60)
		ok(t, err)
		s := v.derive(nonce)
		if got := append(append(append([]byte{}, s.enc[:]...), s.nonce[:]...), s.check[:]...); !bytes.Equal(got, want) {
			t.Fatalf("derive = %x, want %x", got, want)
		}
		want, err = hkdf.Expand(sha256.New, v.key[:], labelCommit+string(nonce), 32)
		ok(t, err)
		if got := v.commitKey(nonce); !bytes.Equal(got[:], want) {
			t.Fatalf("commitKey = %x, want %x", got, want)
		}
	}
}

// The key of one entry's commitment can be shown to an outsider: it checks that entry,
// and no other one under the same payload key.
func TestCommitKeyChecksOneEntryOnly(t *testing.T) {
	p := testKey("a")
	s1, c1 := p.Seal(nil, nil, []byte("the same words"), rand.Reader)
	s2, c2 := p.Seal(nil, nil, []byte("the same words"), rand.Reader)
	if c1 == c2 {
		t.Error("two entries with the same words have the same commitment")
	}
	if CheckCommitment(p.CommitKey(s1), nil, []byte("the same words"), c2) || !CheckCommitment(p.CommitKey(s2), nil, []byte("the same words"), c2) {
		t.Error("a commitment key fits the wrong entry")
	}
	if p.CommitKey([]byte("short")) != [32]byte{} {
		t.Error("a commitment key for what was never sealed")
	}
}

// A dictionary attack on the leaf: none of the usual plain hashes of the content is in
// what an entry shows.
func TestWhatIsShownHoldsNoPlainHash(t *testing.T) {
	p := testKey("a")
	for _, words := range []string{"김철수", "Hoeryong", "yes"} {
		plain, aad := []byte(words), []byte("header")
		sealed, commitment := p.Seal(nil, aad, plain, rand.Reader)
		shown := append(bytes.Clone(sealed), commitment[:]...)
		h1 := sha256.Sum256(plain)
		h2 := sha256.Sum256(append(bytes.Clone(aad), plain...))
		h3 := commit(nil, aad, plain)
		h4 := commit(make([]byte, 32), aad, plain)
		m := hmac.New(sha256.New, aad)
		m.Write(plain)
		for i, h := range [][]byte{h1[:], h2[:], h3[:], h4[:], m.Sum(nil)} {
			if bytes.Contains(shown, h) || bytes.Contains(shown, h[:8]) {
				t.Errorf("guess %d of %q is confirmed by what the entry shows", i, words)
			}
		}
	}
}

func TestNoncesAndCipherKeysAreUnique(t *testing.T) {
	n := 200_000
	if testing.Short() || raceEnabled {
		n = 20_000
	}
	p := testKey("a")
	seen := make(map[[nonceSize]byte]bool, n)
	checks := make(map[[checkSize]byte]bool, n)
	var buf []byte
	for range n {
		buf, _ = p.Seal(buf[:0], nil, []byte("x"), rand.Reader)
		nonce, check := [nonceSize]byte(buf), [checkSize]byte(buf[nonceSize:])
		if seen[nonce] || checks[check] {
			t.Fatal("a nonce or a derived key came twice")
		}
		seen[nonce], checks[check] = true, true
	}
}

func TestPaddingIsPadmeWithAFloor(t *testing.T) {
	// From the paper's definition, by hand: 9 is in [8, 16), E = 3, S = 2, so the last
	// bit is zero: 10. 1000: E = 9, S = 4, five bits zero: 1024. 10,000: E = 13, S = 4,
	// nine bits zero: 10,240.
	for n, want := range map[int]int{9: 10, 1000: 1024, 10_000: 10_240} {
		if got := padme(n); got != want {
			t.Errorf("padme(%d) = %d, want %d", n, got, want)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(0, 1<<24).Draw(t, "n")
		p := Padded(n)
		if p < n+prefixSize || p < minPadded {
			t.Fatalf("Padded(%d) = %d is too small", n, p)
		}
		if p > minPadded && float64(p) > 1.12*float64(n+prefixSize) {
			t.Fatalf("Padded(%d) = %d adds more than 12 %%", n, p)
		}
		if Padded(n+1) < p || Padded(p-prefixSize) != p {
			t.Fatalf("Padded is not monotone or not stable at %d", n)
		}
	})
	lengths := map[int]bool{}
	for n := range 1 << 20 {
		lengths[Padded(n)] = true
	}
	// log2(n) doublings with at most about 2 log2(n) steps each.
	if max := 20 * bits.Len(1<<20) * 2; len(lengths) > max {
		t.Errorf("%d lengths up to 1 MiB, want at most %d", len(lengths), max)
	}
}

func TestSealPanicsRatherThanSealForNobody(t *testing.T) {
	for name, fn := range map[string]func(){
		"destroyed key": func() { p := testKey("a"); p.wipe(); p.Seal(nil, nil, nil, rand.Reader) },
		"no randomness": func() { testKey("a").Seal(nil, nil, nil, bytes.NewReader(nil)) },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: sealed", name)
				}
			}()
			fn()
		}()
	}
}

func BenchmarkSeal(b *testing.B) {
	for _, n := range []int{400, 4000} {
		b.Run(fmt.Sprintf("%d bytes", n), func(b *testing.B) {
			p, plain, aad := testKey("a"), make([]byte, n), make([]byte, 150)
			b.SetBytes(int64(n))
			b.ReportAllocs()
			var buf []byte
			for b.Loop() {
				buf, _ = p.Seal(buf[:0], aad, plain, rand.Reader)
			}
		})
	}
}

func BenchmarkOpen(b *testing.B) {
	p, plain, aad := testKey("a"), make([]byte, 400), make([]byte, 150)
	sealed, _ := p.Seal(nil, aad, plain, rand.Reader)
	b.ReportAllocs()
	var buf []byte
	for b.Loop() {
		buf, _ = p.Open(buf[:0], aad, sealed)
	}
}
