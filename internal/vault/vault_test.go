package vault

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"example.org/amparo/fault"
	"example.org/amparo/id"
)

func TestOpenGivesBackWhatCreateMade(t *testing.T) {
	path := filepath.Join(t.TempDir(), "vault.keys")
	ws := id.New(rand.Reader)
	v := newVaultAt(t, path, ws)
	w := must1[*Vault](t)(Open(path, pass))
	if w.Workspace() != ws || w.Member() != v.Member() || w.Device() != v.Device() ||
		!bytes.Equal(w.Signer(), v.Signer()) || !bytes.Equal(w.MemberKey(), v.MemberKey()) ||
		w.PageKey("index.db") != v.PageKey("index.db") || !bytes.Equal(w.ImportKey(), v.ImportKey()) {
		t.Error("the opened vault differs from the created one")
	}
	if v.PageKey("index.db") == v.PageKey("keys.db") {
		t.Error("two files have one page key")
	}
	if v.Device() != DeviceID(v.PublicKey()) || v.Device().IsZero() {
		t.Error("the device identifier is not the hash of its key")
	}
	if n := len(v.MemberKey()); n != 1216 {
		t.Errorf("a member key has %d bytes, want 1216", n)
	}
	info := must1[fs.FileInfo](t)(os.Stat(path))
	if info.Size() != 4096 {
		t.Errorf("vault.keys has %d bytes, want 4096", info.Size())
	}
	if runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
		t.Errorf("vault.keys has mode %v", info.Mode())
	}
	_, err := Create(path, pass, CreateOptions{Params: cheap})
	wantKind(t, err, fault.Conflict)
	_, err = Create(path+"2", nil, CreateOptions{Params: cheap})
	wantKind(t, err, fault.Invalid)
	_, err = Open(path+"2", pass)
	wantKind(t, err, fault.NotFound)
}

func TestWrongPassphraseIsSealedAndSaysWhatToDo(t *testing.T) {
	path := filepath.Join(t.TempDir(), "vault.keys")
	newVaultAt(t, path, id.New(rand.Reader))
	_, err := Open(path, []byte("something else"))
	wantKind(t, err, fault.Sealed)
	if !strings.Contains(err.Error(), "keyboard layout") || strings.Contains(err.Error(), "something else") {
		t.Errorf("the sentence is %q", err)
	}
}

func TestOneFlippedBitAtEveryByteIsFound(t *testing.T) {
	path := filepath.Join(t.TempDir(), "vault.keys")
	newVaultAt(t, path, id.New(rand.Reader))
	raw := must1[[]byte](t)(os.ReadFile(path))
	for i := range raw {
		for bit := range uint(8) {
			_, _, err := parseKeyFile(flip(raw, i, bit))
			if k := fault.KindOf(err); k != fault.Corrupt && k != fault.Foreign {
				t.Fatalf("bit %d of byte %d: %v", bit, i, err)
			}
		}
	}
	// Somebody who mends the checksum as well is found once the passphrase is there.
	for i := range offSum {
		b := flip(raw, i, 0)
		sum := sha256.Sum256(b[:offSum])
		copy(b[offSum:], sum[:])
		ok(t, os.WriteFile(path, b, 0o600))
		_, err := Open(path, pass)
		inFirstSlot := i >= offSlots && i < offSlots+slotSize
		inParams := i >= offParams && i < offSlots
		switch k := fault.KindOf(err); {
		case k == fault.Corrupt, i < offParams && k == fault.Foreign:
		case k == fault.Sealed && (inFirstSlot || inParams): // the passphrase fits no slot any more
		default:
			t.Fatalf("byte %d, checksum mended: %v", i, err)
		}
	}
}

func TestTruncatedOrForeignFilesAreNamedAsSuch(t *testing.T) {
	path := filepath.Join(t.TempDir(), "vault.keys")
	newVaultAt(t, path, id.New(rand.Reader))
	raw := must1[[]byte](t)(os.ReadFile(path))
	for _, n := range []int{0, 1, 15, 16, 27, 28, 800, 4095} {
		ok(t, os.WriteFile(path, raw[:n], 0o600))
		_, err := Open(path, pass)
		wantKind(t, err, fault.Corrupt)
	}
	ok(t, os.WriteFile(path, append(bytes.Clone(raw), 0), 0o600))
	_, err := Open(path, pass)
	wantKind(t, err, fault.Corrupt)
	ok(t, os.WriteFile(path, make([]byte, 4096), 0o600))
	_, err = Open(path, pass)
	wantKind(t, err, fault.Foreign)
}

func TestAbsurdCostsAreRefusedBeforeMemoryIsTaken(t *testing.T) {
	path := filepath.Join(t.TempDir(), "vault.keys")
	newVaultAt(t, path, id.New(rand.Reader))
	raw := must1[[]byte](t)(os.ReadFile(path))
	for _, c := range []struct{ memory, time, threads uint32 }{
		{1 << 31, 1, 1}, {2<<20 + 1, 1, 1}, {8, 0, 1}, {8, 17, 1}, {8, 1, 0}, {8, 1, 17}, {8, 1, 256 + 1}, {15, 1, 2}, {0, 1, 1},
	} {
		b := bytes.Clone(raw)
		binary.BigEndian.PutUint32(b[offParams:], c.memory)
		binary.BigEndian.PutUint32(b[offParams+4:], c.time)
		binary.BigEndian.PutUint32(b[offParams+8:], c.threads)
		sum := sha256.Sum256(b[:offSum])
		copy(b[offSum:], sum[:])
		if _, _, err := parseKeyFile(b); !errors.Is(err, fault.Corrupt) {
			t.Errorf("%+v: %v", c, err)
		}
		_, err := Create(path+"2", pass, CreateOptions{Params: Params{c.memory, c.time, uint8(min(c.threads, 255))}})
		wantKind(t, err, fault.Invalid)
	}
}

func TestSlotsAreAddedChangedAndRemoved(t *testing.T) {
	path := filepath.Join(t.TempDir(), "vault.keys")
	v := newVaultAt(t, path, id.New(rand.Reader))
	second, third, token := []byte("second words"), []byte("third words"), []byte("what the token says")
	n, err := v.AddSlot("token", second, token)
	if err != nil || n != 1 {
		t.Fatalf("AddSlot = %d, %v", n, err)
	}
	opens := func(p, tok []byte, want bool) {
		t.Helper()
		w, err := OpenWithToken(path, p, tok)
		if want != (err == nil) {
			t.Fatalf("opens: %v, want %v", err, want)
		}
		if err == nil && w.Device() != v.Device() {
			t.Fatal("another vault opened")
		}
	}
	opens(pass, nil, true)
	opens(second, token, true)
	opens(second, nil, false)
	opens(pass, token, false)
	wantKind(t, v.ChangePassphrase([]byte("no"), third, nil), fault.Sealed)
	ok(t, v.ChangePassphrase(pass, third, nil))
	opens(pass, nil, false)
	opens(third, nil, true)
	opens(second, token, true)
	ok(t, v.RemoveSlot(1))
	opens(second, token, false)
	wantKind(t, v.RemoveSlot(1), fault.NotFound)
	wantKind(t, v.RemoveSlot(0), fault.Invalid)
	wantKind(t, v.RemoveSlot(9), fault.NotFound)
	for i := 1; i < slotCount; i++ {
		if _, err := v.AddSlot("more", []byte{byte(i)}, nil); err != nil {
			t.Fatal(err)
		}
	}
	_, err = v.AddSlot("ninth", pass, nil)
	wantKind(t, err, fault.TooLarge)
	opens([]byte{7}, nil, true)
	s := v.Slots()
	if len(s) != 8 || !s[0].Used || s[0].Label != "passphrase" || s[7].Label != "more" {
		t.Errorf("slots %+v", s)
	}
	_, err = v.AddSlot(strings.Repeat("x", maxLabel+1), pass, nil)
	wantKind(t, err, fault.Invalid)
}

func TestOldPassphraseAndOldCopyDoNotOpenTheNewFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "vault.keys")
	v := newVaultAt(t, path, id.New(rand.Reader))
	stolen := bytes.Clone(v.master) // what an old copy and the old passphrase give
	ok(t, v.ChangePassphrase(pass, []byte("new words"), nil))
	w := must1[*Vault](t)(read(path))
	if err := w.openBody(stolen); !errors.Is(err, fault.Corrupt) {
		t.Errorf("the stolen master key opens the new file: %v", err)
	}
}

// How many slots are used, and whether there are shares, does not show in the file:
// every byte of the slots looks random. With 8 slots of 96 bytes the mean of the bits
// lies within six standard deviations of one half: 6 * 0.5 / sqrt(6144) = 0.038.
func TestUnusedSlotsLookLikeUsedOnes(t *testing.T) {
	v := newVault(t, id.New(rand.Reader))
	ones := 0
	for _, b := range v.file[offSlots:offSet] {
		for ; b != 0; b &= b - 1 {
			ones++
		}
	}
	if mean := float64(ones) / (8 * slotCount * slotSize); mean < 0.462 || mean > 0.538 {
		t.Errorf("the slots' bits have mean %.3f", mean)
	}
}

func TestAFailedSaveLeavesVaultAndFileAsTheyWere(t *testing.T) {
	if os.Geteuid() == 0 && runtime.GOOS == "windows" {
		t.Skip("needs a folder that cannot be written")
	}
	dir := filepath.Join(t.TempDir(), "w")
	ok(t, os.Mkdir(dir, 0o700))
	path := filepath.Join(dir, "vault.keys")
	v := newVaultAt(t, path, id.New(rand.Reader))
	before := must1[[]byte](t)(os.ReadFile(path))
	ok(t, os.Mkdir(path+".tmp", 0o700)) // the place of the new file is taken
	ok(t, os.WriteFile(filepath.Join(path+".tmp", "x"), nil, 0o600))
	wantKind(t, v.ChangePassphrase(pass, []byte("new"), nil), fault.Storage)
	if !bytes.Equal(before, must1[[]byte](t)(os.ReadFile(path))) || !bytes.Equal(before, v.file) {
		t.Error("a failed change left traces")
	}
	ok(t, os.RemoveAll(path+".tmp"))
	ok(t, v.ChangePassphrase(pass, []byte("new"), nil))
	if _, err := Open(path, []byte("new")); err != nil {
		t.Error(err)
	}
}

func TestTravelLockLeavesNothingThatOpens(t *testing.T) {
	path := filepath.Join(t.TempDir(), "vault.keys")
	v := newVaultAt(t, path, id.New(rand.Reader))
	device := v.Device()
	if _, err := v.AddSlot("second", []byte("second"), nil); err != nil {
		t.Fatal(err)
	}
	var slot []byte
	failed := errors.New("the stick is full")
	if err := v.TravelLock([]byte("office words"), func([]byte) error { return failed }); !errors.Is(err, failed) {
		t.Fatalf("a slot file that was not kept: %v", err)
	}
	if _, err := Open(path, pass); err != nil {
		t.Fatal("the lock fell although the slot file was not kept")
	}
	ok(t, v.TravelLock([]byte("office words"), func(b []byte) error { slot = bytes.Clone(b); return nil }))
	for _, p := range [][]byte{pass, []byte("second"), []byte("office words")} {
		_, err := Open(path, p)
		wantKind(t, err, fault.Sealed)
	}
	_, err := TravelUnlock(path, slot, pass)
	wantKind(t, err, fault.Sealed)
	for i := range slot {
		_, err := TravelUnlock(path, flip(slot, i, 3), []byte("office words"))
		wantKind(t, err, fault.Corrupt)
	}
	other := filepath.Join(t.TempDir(), "vault.keys")
	newVaultAt(t, other, id.New(rand.Reader))
	_, err = TravelUnlock(other, slot, []byte("office words"))
	wantKind(t, err, fault.Foreign)

	w := must1[*Vault](t)(TravelUnlock(path, slot, []byte("office words")))
	if w.Device() != device {
		t.Error("another device came back")
	}
	w = must1[*Vault](t)(Open(path, []byte("office words")))
	ok(t, w.ChangePassphrase([]byte("office words"), pass, nil))
}

func TestPanicLeavesNoise(t *testing.T) {
	path := filepath.Join(t.TempDir(), "vault.keys")
	newVaultAt(t, path, id.New(rand.Reader))
	before := must1[[]byte](t)(os.ReadFile(path))
	ok(t, os.WriteFile(path+".tmp", before, 0o600))
	ok(t, Panic(path))
	for _, p := range []string{path, path + ".tmp"} {
		after := must1[[]byte](t)(os.ReadFile(p))
		same := 0
		for i := range before {
			if before[i] == after[i] {
				same++
			}
		}
		if len(after) != len(before) || same > 64 { // 16 are expected by chance
			t.Errorf("%d of %d bytes are as before", same, len(before))
		}
	}
	_, err := Open(path, pass)
	wantKind(t, err, fault.Foreign)
	wantKind(t, Panic(path+"x"), fault.Storage)
}

func TestCloseWipesAndRefusesFurtherUse(t *testing.T) {
	v := newVault(t, id.New(rand.Reader))
	page, sign, kem := v.page, v.sign, v.body.KEM
	v.Close()
	v.Close()
	if !allZero(page) || !allZero(sign) || !allZero(kem) {
		t.Error("secrets are left after Close")
	}
	wantKind(t, v.RotateMember(), fault.Conflict)
	defer func() {
		if recover() == nil {
			t.Error("a closed vault gives page keys")
		}
	}()
	v.PageKey("index.db")
}

func TestReplacedFileIsOverwritten(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("only on Linux")
	}
	path := filepath.Join(t.TempDir(), "vault.keys")
	v := newVaultAt(t, path, id.New(rand.Reader))
	ok(t, os.Link(path, path+".old")) // keeps the old blocks readable
	before := must1[[]byte](t)(os.ReadFile(path))
	ok(t, v.ChangePassphrase(pass, []byte("new"), nil))
	if bytes.Equal(before[:64], must1[[]byte](t)(os.ReadFile(path + ".old"))[:64]) {
		t.Error("the blocks of the old file were not overwritten")
	}
}
