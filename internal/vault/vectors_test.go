package vault

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"testing"

	"example.org/amparo/id"
	"example.org/amparo/internal/sealeddb"
)

var update = flag.Bool("update", false, "write testdata/vectors.json anew")

// vectors are what another implementation must agree with. The file is written once;
// a change of its content is a change of a format.
type vectors struct {
	Entries []entryVector `json:"entries"`
	Vault   vaultVector   `json:"vault"`
	Shares  []string      `json:"shares"` // with the vault, any 3
	Slot    slotVector    `json:"slot"`
	Keyset  keysetVector  `json:"keyset"`
}

type entryVector struct {
	PayloadKey, Nonce, AAD, Plaintext, CommitKey, Commitment, Sealed string
}

type vaultVector struct {
	File, Passphrase, Workspace, Member, Device, ImportKey, PageKeyOfIndex, MemberKeySeed string
}

type slotVector struct {
	Passphrase, Token, Salt, Master, Header, Slot, Where string
	Params                                               Params
}

type keysetVector struct {
	Keyset, Compartment, Name, PayloadKeyID, Sealed, AAD, Plaintext string
}

const vectorFile = "testdata/vectors.json"

func TestVectors(t *testing.T) {
	if *update {
		writeVectors(t)
	}
	var want vectors
	ok(t, json.Unmarshal(must1[[]byte](t)(os.ReadFile(vectorFile)), &want))
	for i, e := range want.Entries {
		checkEntryVector(t, i, e)
	}
	v := checkVaultVector(t, want.Vault)
	checkShareVectors(t, want.Shares, want.Vault)
	s := want.Slot
	slot := make([]byte, slotSize)
	okm := unlockKey(s.Params, unhex(t, s.Salt), []byte(s.Passphrase), unhex(t, s.Token), s.Where)
	sealSlot(slot, okm, unhex(t, s.Salt), unhex(t, s.Master), unhex(t, s.Header))
	if got := hex.EncodeToString(slot); got != s.Slot {
		t.Errorf("slot %s, want %s", got, s.Slot)
	}
	checkKeysetVector(t, want.Keyset, v)
}

func checkEntryVector(t *testing.T, i int, e entryVector) {
	p := newPayloadKey([32]byte(unhex(t, e.PayloadKey)))
	sealed, commitment := p.Seal(nil, unhex(t, e.AAD), unhex(t, e.Plaintext), bytes.NewReader(unhex(t, e.Nonce)))
	if hex.EncodeToString(sealed) != e.Sealed || hex.EncodeToString(commitment[:]) != e.Commitment {
		t.Errorf("entry %d seals differently", i)
	}
	ck := p.CommitKey(sealed)
	if hex.EncodeToString(ck[:]) != e.CommitKey {
		t.Errorf("entry %d: commitment key %x", i, ck)
	}
	got, err := p.Open(nil, unhex(t, e.AAD), unhex(t, e.Sealed))
	if err != nil || hex.EncodeToString(got) != e.Plaintext {
		t.Errorf("entry %d opens as %x, %v", i, got, err)
	}
}

func checkVaultVector(t *testing.T, want vaultVector) *Vault {
	path := filepath.Join(t.TempDir(), "vault.keys")
	ok(t, os.WriteFile(path, must1[[]byte](t)(base64.StdEncoding.DecodeString(want.File)), 0o600))
	v := must1[*Vault](t)(Open(path, []byte(want.Passphrase)))
	page := v.PageKey("index.db")
	if v.Workspace().String() != want.Workspace || v.Member().String() != want.Member || v.Device().String() != want.Device ||
		hex.EncodeToString(v.ImportKey()) != want.ImportKey || hex.EncodeToString(page[:]) != want.PageKeyOfIndex ||
		hex.EncodeToString(v.body.KEM) != want.MemberKeySeed {
		t.Error("the vault's keys differ")
	}
	return v
}

func checkShareVectors(t *testing.T, texts []string, want vaultVector) {
	path := filepath.Join(t.TempDir(), "vault.keys")
	ok(t, os.WriteFile(path, must1[[]byte](t)(base64.StdEncoding.DecodeString(want.File)), 0o600))
	var shares []Share
	for _, text := range texts {
		s := must1[Share](t)(ParseShare(text))
		if s.Text() != text {
			t.Errorf("share %d is written differently", s.Number)
		}
		shares = append(shares, s)
	}
	ok(t, Drill(path, shares[2:]))
}

func checkKeysetVector(t *testing.T, want keysetVector, v *Vault) {
	k := keyringInMemory(t, v)
	m, err := k.Merge(context.Background(), must1[[]byte](t)(base64.StdEncoding.DecodeString(want.Keyset)))
	ok(t, err)
	if m.Refused != 0 || len(m.Gained) != 1 || m.Gained[0].String() != want.Compartment || k.Compartments()[0].Name != want.Name {
		t.Errorf("the keyset merges as %+v", m)
	}
	p := must1[*PayloadKey](t)(k.PayloadKey(must1[id.ID](t)(id.Parse(want.PayloadKeyID))))
	got, err := p.Open(nil, unhex(t, want.AAD), unhex(t, want.Sealed))
	if err != nil || string(got) != want.Plaintext {
		t.Errorf("under the keyset's key: %q, %v", got, err)
	}
}

func unhex(t testing.TB, s string) []byte { return must1[[]byte](t)(hex.DecodeString(s)) }

// writeVectors makes the file. HPKE draws its own randomness, so parts of it are new
// each time.
func writeVectors(t *testing.T) {
	var out vectors
	rand := seeded("amparo vectors")
	for i, plain := range []string{"", "yes", "회령에서 들었다", string(bytes.Repeat([]byte("long "), 200))} {
		key, nonce, aad := make([]byte, 32), make([]byte, nonceSize), []byte{byte(i), 0xff}
		ok(t, fill(rand, key, nonce))
		p := newPayloadKey([32]byte(key))
		sealed, c := p.Seal(nil, aad, []byte(plain), bytes.NewReader(nonce))
		ck := p.CommitKey(sealed)
		out.Entries = append(out.Entries, entryVector{
			PayloadKey: hex.EncodeToString(key), Nonce: hex.EncodeToString(nonce), AAD: hex.EncodeToString(aad),
			Plaintext: hex.EncodeToString([]byte(plain)), CommitKey: hex.EncodeToString(ck[:]),
			Commitment: hex.EncodeToString(c[:]), Sealed: hex.EncodeToString(sealed),
		})
	}
	path := filepath.Join(t.TempDir(), "vault.keys")
	v := must1[*Vault](t)(Create(path, pass, CreateOptions{Workspace: id.New(rand), Member: id.New(rand), Params: cheap, Rand: rand}))
	for _, s := range must1[[]Share](t)(v.MakeShares(DefaultPolicy, "first custodian")) {
		out.Shares = append(out.Shares, s.Text())
	}
	page := v.PageKey("index.db")
	out.Vault = vaultVector{
		File: base64.StdEncoding.EncodeToString(must1[[]byte](t)(os.ReadFile(path))), Passphrase: string(pass),
		Workspace: v.Workspace().String(), Member: v.Member().String(), Device: v.Device().String(),
		ImportKey: hex.EncodeToString(v.ImportKey()), PageKeyOfIndex: hex.EncodeToString(page[:]), MemberKeySeed: hex.EncodeToString(v.body.KEM),
	}
	slot, salt, master, token := make([]byte, slotSize), make([]byte, saltSize), make([]byte, 32), make([]byte, 20)
	ok(t, fill(rand, salt, master, token))
	params := Params{MemoryKiB: 64, Time: 2, Threads: 2}
	header := params.append([]byte(magic))
	sealSlot(slot, unlockKey(params, salt, pass, token, slotName(3)), salt, master, header)
	out.Slot = slotVector{Passphrase: string(pass), Token: hex.EncodeToString(token), Salt: hex.EncodeToString(salt), Master: hex.EncodeToString(master),
		Header: hex.EncodeToString(header), Slot: hex.EncodeToString(slot), Where: slotName(3), Params: params}
	out.Keyset = keysetFor(t, v)
	b := must1[[]byte](t)(json.MarshalIndent(out, "", " "))
	ok(t, os.MkdirAll("testdata", 0o755))
	ok(t, os.WriteFile(vectorFile, append(b, '\n'), 0o644))
}

func keysetFor(t *testing.T, v *Vault) keysetVector {
	ctx := context.Background()
	db := must1[*sealeddb.DB](t)(sealeddb.Memory(ctx))
	k := ringOn(t, v, db)
	c := must1[id.ID](t)(k.CreateCompartment("identities"))
	key := makeKey(t, k, c)
	p := must1[*PayloadKey](t)(k.PayloadKey(key))
	sealed, _ := p.Seal(nil, []byte("place"), []byte("words"), seeded("entry"))
	return keysetVector{Keyset: base64.StdEncoding.EncodeToString(must1[[]byte](t)(k.Export(ctx))), Compartment: c.String(), Name: "identities",
		PayloadKeyID: key.String(), Sealed: hex.EncodeToString(sealed), AAD: hex.EncodeToString([]byte("place")), Plaintext: "words"}
}
