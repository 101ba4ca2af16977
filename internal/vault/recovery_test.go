package vault

import (
	"bytes"
	"crypto/rand"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"filippo.io/age"
	"pgregory.net/rapid"

	"example.org/amparo/fault"
	"example.org/amparo/id"
)

// throughPaper writes a share out and reads it as a person types it in.
func throughPaper(t testing.TB, s Share) Share {
	t.Helper()
	text := strings.ToLower(s.Text())
	text = strings.ReplaceAll(strings.ReplaceAll(text, "0", "o"), "1", "l")
	text = strings.ReplaceAll(text, "share l", "share 1") // the heading is read as written
	return must1[Share](t)(ParseShare(text))
}

func TestSharesAloneReopenTheVault(t *testing.T) {
	for _, p := range []Policy{{Need: 3, Made: 5}, {Need: 2, Made: 3}} {
		path := filepath.Join(t.TempDir(), "vault.keys")
		v := newVaultAt(t, path, id.New(rand.Reader))
		member, page := v.MemberKey(), v.PageKey("keys.db")
		shares := must1[[]Share](t)(v.MakeShares(p, "the lawyer", "the printer"))
		if r := v.Recovery(); r.Policy != p || r.Set != shares[0].Set() || shares[0].Label != "the lawyer" {
			t.Errorf("recovery %+v", r)
		}
		ok(t, v.ChangePassphrase(pass, []byte("forgotten"), nil)) // the master key changes; the shares still fit
		var given []Share
		for _, s := range shares[len(shares)-int(p.Need):] {
			given = append(given, throughPaper(t, s))
		}
		before := must1[[]byte](t)(os.ReadFile(path))
		ok(t, Drill(path, given))
		if !bytes.Equal(before, must1[[]byte](t)(os.ReadFile(path))) {
			t.Error("a drill changed the file")
		}
		_, err := Recover(path, given, nil)
		wantKind(t, err, fault.Invalid)
		w := must1[*Vault](t)(Recover(path, given, []byte("new words")))
		if !bytes.Equal(w.MemberKey(), member) || w.PageKey("keys.db") != page {
			t.Error("another member came back")
		}
		_, err = Open(path, []byte("forgotten"))
		wantKind(t, err, fault.Sealed)
		w = must1[*Vault](t)(Open(path, []byte("new words")))
		ok(t, Drill(path, given))
		if s := w.Slots(); !s[0].Used || s[1].Used {
			t.Errorf("slots after recovery: %+v", s)
		}
	}
}

func TestABadShareIsNamedByItsNumber(t *testing.T) {
	path := filepath.Join(t.TempDir(), "vault.keys")
	v := newVaultAt(t, path, id.New(rand.Reader))
	old := must1[[]Share](t)(v.MakeShares(DefaultPolicy))
	s := must1[[]Share](t)(v.MakeShares(DefaultPolicy))
	other := must1[[]Share](t)(newVault(t, id.New(rand.Reader)).MakeShares(DefaultPolicy))
	tampered := s[3]
	tampered.value[5] ^= 1
	renumbered := s[1]
	renumbered.Number = 5
	notScalar := s[2]
	notScalar.value = [32]byte(bytes.Repeat([]byte{0xff}, 32))
	for _, c := range []struct {
		name  string
		given []Share
		kind  fault.Kind
		says  string
	}{
		{"none", nil, fault.Sealed, "no shares"},
		{"too few", s[:2], fault.Sealed, "2 of 3 shares"},
		{"one twice", []Share{s[0], s[1], s[1]}, fault.Invalid, "share 2 is given twice"},
		{"one of an older set", []Share{s[0], old[3], s[2]}, fault.Foreign, "share 4"},
		{"one of another workspace", []Share{s[0], s[1], other[2]}, fault.Foreign, "share 3"},
		{"one altered", []Share{s[0], s[1], tampered}, fault.Corrupt, "share 4 was altered"},
		{"one altered beside enough good ones", []Share{s[0], s[1], s[2], tampered}, fault.Corrupt, "share 4 was altered"},
		{"one with another number", []Share{s[0], s[3], renumbered}, fault.Corrupt, "share 5 was altered"},
		{"one that is no number", []Share{s[0], s[3], notScalar}, fault.Corrupt, "share 3 was altered"},
	} {
		err := Drill(path, c.given)
		if fault.KindOf(err) != c.kind || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v; want %s, %q", c.name, err, c.kind, c.says)
		}
		if _, err := Recover(path, c.given, pass); fault.KindOf(err) != c.kind {
			t.Errorf("%s: Recover: %v", c.name, err)
		}
	}
	ok(t, Drill(path, s)) // five are as good as three
	none := filepath.Join(t.TempDir(), "vault.keys")
	newVaultAt(t, none, id.New(rand.Reader))
	wantKind(t, Drill(none, s[:3]), fault.Foreign)
	_, err := v.MakeShares(Policy{Need: 1, Made: 3})
	wantKind(t, err, fault.Invalid)
	_, err = v.MakeShares(Policy{Need: 4, Made: 3})
	wantKind(t, err, fault.Invalid)
}

func TestAnyNeedSharesRecoverAndFewerDoNot(t *testing.T) {
	path := filepath.Join(t.TempDir(), "vault.keys")
	v := newVaultAt(t, path, id.New(rand.Reader))
	s := must1[[]Share](t)(v.MakeShares(DefaultPolicy))
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 5).Draw(t, "n")
		given := rapid.Permutation(s).Draw(t, "order")[:n]
		if err := Drill(path, given); (err == nil) != (n >= 3) {
			t.Fatalf("%d shares: %v", n, err)
		}
	})
}

func TestAMistypedLineIsNamed(t *testing.T) {
	v := newVault(t, id.New(rand.Reader))
	s := must1[[]Share](t)(v.MakeShares(DefaultPolicy, "", "관리인 둘"))[1]
	text := s.Text()
	if got := must1[Share](t)(ParseShare(text)); got.Label != "관리인 둘" || got.Number != 2 || got.Text() != text {
		t.Errorf("read back as %+v", got)
	}
	lines := strings.Split(text, "\n")
	first := 0
	for i, l := range lines {
		if strings.Contains(l, "=") {
			first = i
			break
		}
	}
	third := lines[first+2]
	swap := byte('A')
	if third[0] == swap {
		swap = 'B'
	}
	lines[first+2] = string(swap) + third[1:]
	_, err := ParseShare(strings.Join(lines, "\n"))
	if fault.KindOf(err) != fault.Invalid || !strings.Contains(err.Error(), "share 2: line 3") {
		t.Errorf("a mistyped third line: %v", err)
	}
	lines = append(lines[:first+2], lines[first+3:]...)
	_, err = ParseShare(strings.Join(lines, "\n"))
	wantKind(t, err, fault.Invalid)
	_, err = ParseShare("")
	wantKind(t, err, fault.Invalid)
	_, err = ParseShare(strings.Repeat("x", maxShareText+1))
	wantKind(t, err, fault.TooLarge)
}

func TestASealedShareOpensWithItsCustodiansKeyOnly(t *testing.T) {
	s := must1[[]Share](t)(newVault(t, id.New(rand.Reader)).MakeShares(DefaultPolicy))[0]
	key, wrong := must1[*age.HybridIdentity](t)(age.GenerateHybridIdentity()), must1[*age.HybridIdentity](t)(age.GenerateHybridIdentity())
	var file bytes.Buffer
	ok(t, SealShare(&file, s, key.Recipient()))
	if bytes.Contains(file.Bytes(), []byte("AMPARO")) {
		t.Error("the sealed share is readable")
	}
	got := must1[Share](t)(UnsealShare(bytes.NewReader(file.Bytes()), key))
	if got.Text() != s.Text() {
		t.Error("another share came out")
	}
	_, err := UnsealShare(bytes.NewReader(file.Bytes()), wrong)
	wantKind(t, err, fault.Sealed)
	_, err = UnsealShare(bytes.NewReader(flip(file.Bytes(), file.Len()-3, 0)), key)
	if err == nil {
		t.Error("a damaged sealed share opened")
	}
}
