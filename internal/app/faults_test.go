package app_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"example.org/amparo/fault"
	"example.org/amparo/id"
	"example.org/amparo/internal/app"
	"example.org/amparo/internal/casebook"
	"example.org/amparo/internal/hub/folder"
	"example.org/amparo/internal/kind"
)

// childDir, when set, makes this test binary the process that is killed.
const childDir = "AMPARO_TEST_CHILD_DIR"

func TestMain(m *testing.M) {
	if dir := os.Getenv(childDir); dir != "" {
		if err := writeUntilStopped(dir, os.Getenv("AMPARO_TEST_FILE_LIMIT") != ""); err != nil {
			fmt.Println("error", fault.KindOf(err), err)
		}
		return
	}
	os.Exit(m.Run())
}

// writeUntilStopped records one person after the other and prints the identifier of
// each only when the workspace said that it is recorded.
func writeUntilStopped(dir string, limited bool) error {
	ctx := context.Background()
	w, err := app.Open(ctx, dir, pass, quick)
	if err != nil {
		return err
	}
	if limited { // a full disk, as a process sees it: a write that fails half way
		signal.Ignore(syscall.SIGXFSZ)
		limit := syscall.Rlimit{Cur: 6 << 20, Max: 6 << 20}
		if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
			return err
		}
	}
	fmt.Println("open")
	if os.Getenv(childTypes) != "" {
		return typeUntilStopped(ctx, w)
	}
	if text := os.Getenv(childHears); text != "" {
		return hearUntilStopped(ctx, w, text)
	}
	for i := 0; ; i++ {
		var batch []casebook.Statement
		for range 1 + i%40 {
			rec := w.NewRecord()
			batch = append(batch, casebook.Statement{Record: rec, Kind: "person", Fields: kind.Values{"pseudonym": {kind.Of("P" + rec.Short())}}})
		}
		if _, err := w.StateAll(ctx, batch); err != nil {
			return err
		}
		for _, s := range batch {
			fmt.Println(s.Record)
		}
	}
}

// childTypes makes the child type into one form instead.
const childTypes = "AMPARO_TEST_TYPES"

// typeUntilStopped types an identifier into a form, over and over, and prints it when it is
// kept.
func typeUntilStopped(ctx context.Context, w *app.Workspace) error {
	for {
		typed := w.NewRecord().String()
		if err := w.KeepUnsaved(ctx, "/new/incident", [][2]string{{"narrative", typed}}); err != nil {
			return err
		}
		fmt.Println(typed)
	}
}

// child runs the writer in a process of its own and returns what it acknowledged.
func child(t *testing.T, dir string, killAfter time.Duration, env ...string) (acknowledged []id.ID, last string) {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(exe)
	cmd.Env = append(append(os.Environ(), childDir+"="+dir), env...)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	if !lines.Scan() || lines.Text() != "open" {
		_, _ = io.Copy(io.Discard, out)
		t.Fatalf("the child did not open the workspace: %s", lines.Text())
	}
	if killAfter > 0 {
		time.AfterFunc(killAfter, func() { _ = cmd.Process.Kill() }) // SIGKILL: nothing is flushed
	}
	for lines.Scan() {
		last = lines.Text()
		if rec, err := id.Parse(last); err == nil && len(last) == 26 {
			acknowledged = append(acknowledged, rec)
		}
	}
	_ = cmd.Wait() // it was killed
	return acknowledged, last
}

func mustHold(t *testing.T, w *app.Workspace, recs []id.ID) {
	t.Helper()
	for _, rec := range recs {
		if _, err := w.Index().Fold(t.Context(), rec); err != nil {
			t.Fatalf("record %s was acknowledged and is gone: %v", rec, err)
		}
	}
	rep, err := w.Verify(t.Context(), nil)
	if err != nil || !rep.OK() {
		t.Fatalf("verify: %v %+v", err, rep.Problems)
	}
}

// Every acknowledged account survives kill -9, at whatever moment it strikes.
func TestAcknowledgedAccountsSurviveKill(t *testing.T) {
	w := create(t)
	dir := w.Dir()
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	rounds := 12
	if testing.Short() {
		rounds = 3
	}
	dice := rand.New(rand.NewPCG(1, 2))
	var all []id.ID
	for n := 0; n < rounds || len(all) < 100 && n < 8*rounds; n++ { // a slow machine gets more rounds
		acknowledged, _ := child(t, dir, time.Duration(5+dice.IntN(150))*time.Millisecond)
		all = append(all, acknowledged...)
		again, err := app.Open(t.Context(), dir, pass, quick)
		if err != nil {
			t.Fatal(err)
		}
		mustHold(t, again, all)
		if err := again.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if len(all) < 100 {
		t.Errorf("only %d accounts were acknowledged: the test says little", len(all))
	}
}

// A full disk is said to be one; what was acknowledged before stays.
func TestAFullDiskLosesNothing(t *testing.T) {
	w := create(t)
	dir := w.Dir()
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	acknowledged, last := child(t, dir, 0, "AMPARO_TEST_FILE_LIMIT=1")
	if !strings.HasPrefix(last, "error "+string(fault.Storage)) {
		t.Errorf("a full disk is reported as %q, want %s", last, fault.Storage)
	}
	again, err := app.Open(t.Context(), dir, pass, quick)
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	if len(acknowledged) == 0 {
		t.Error("nothing was acknowledged before the disk was full")
	}
	mustHold(t, again, acknowledged)
}

func TestAFolderOfAnotherWorkspaceIsRefused(t *testing.T) {
	a, b := create(t), create(t)
	defer a.Close()
	defer b.Close()
	dir := filepath.Join(t.TempDir(), "usb")
	exchange(t, dir, a)
	if _, err := folder.Open(dir, b.ID()); fault.KindOf(err) != fault.Foreign {
		t.Errorf("opening another workspace's folder: %v, want %s", err, fault.Foreign)
	}
	card, err := app.ParseCard(b.Card("Stranger").Text())
	if err != nil {
		t.Fatal(err)
	}
	if err := a.Admit(t.Context(), card, []string{"general"}); fault.KindOf(err) != fault.Foreign {
		t.Errorf("admitting with another workspace's card: %v, want %s", err, fault.Foreign)
	}
}

// A copied workspace that both halves go on with signs two entries of one number. It is
// a fork: both are kept as evidence, and it is named.
func TestACopiedDeviceIsAForkAndNamed(t *testing.T) {
	w := create(t)
	say(t, w, w.NewRecord(), "person", id.ID{}, "pseudonym", "Hana")
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	twin := filepath.Join(t.TempDir(), "twin")
	if err := os.CopyFS(twin, os.DirFS(w.Dir())); err != nil {
		t.Fatal(err)
	}
	a, err := app.Open(t.Context(), w.Dir(), pass, quick)
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	b, err := app.Open(t.Context(), twin, pass, quick)
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	say(t, a, a.NewRecord(), "person", id.ID{}, "pseudonym", "Duri")
	say(t, b, b.NewRecord(), "person", id.ID{}, "pseudonym", "Seri")
	dir := filepath.Join(t.TempDir(), "usb")
	exchange(t, dir, a)
	f, err := folder.Open(dir, b.ID())
	if err != nil {
		t.Fatal(err)
	}
	done, err := b.Exchange(t.Context(), f, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	if len(done.Took.Forks)+len(done.Gave.Forks) == 0 {
		t.Error("two entries of one device and number were not noticed")
	}
	rep, err := b.Verify(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(strings.Join(rep.Problems, "\n"), "fork") && !strings.Contains(strings.Join(rep.Problems, "\n"), "two different") {
		t.Errorf("verify does not name the fork: %v", rep.Problems)
	}
}

func TestAClockSetBackIsNoticedAndOrderIsKept(t *testing.T) {
	w := create(t)
	rec := w.NewRecord()
	say(t, w, rec, "person", id.ID{}, "pseudonym", "Hana")
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	late := quick
	late.Now = func() time.Time { return time.Now().Add(-48 * time.Hour) }
	again, err := app.Open(t.Context(), w.Dir(), pass, late)
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	if again.ClockWarning() == nil {
		t.Error("a clock two days behind is not noticed")
	}
	say(t, again, rec, "person", id.ID{}, "birth", "1970")
	r, err := again.Index().Fold(t.Context(), rec)
	if err != nil || len(r.Accounts) != 2 || r.Accounts[0].Act.At >= r.Accounts[1].Act.At {
		t.Errorf("the later account does not come after the earlier: %v", err)
	}
}

func TestDamagedFilesAreNamed(t *testing.T) {
	for _, c := range []struct {
		file   string
		damage func(path string) error
		want   fault.Kind // "" where the workspace heals itself
	}{
		{"vault.keys", func(p string) error { return os.Truncate(p, 100) }, fault.Corrupt},
		{"journal.db", func(p string) error { return overwrite(p, 5000, 3000) }, fault.Corrupt},
		{"keys.db", func(p string) error { return overwrite(p, 0, 4096) }, fault.Corrupt},
		{"index.db", os.Remove, ""},
	} {
		w := create(t)
		rec := w.NewRecord()
		say(t, w, rec, "person", id.ID{}, "pseudonym", "Hana")
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		if err := c.damage(filepath.Join(w.Dir(), c.file)); err != nil {
			t.Fatal(err)
		}
		again, err := app.Open(t.Context(), w.Dir(), pass, quick)
		if c.want == "" {
			if err != nil {
				t.Errorf("%s: %v, want it rebuilt", c.file, err)
				continue
			}
			mustHold(t, again, []id.ID{rec})
		} else if err == nil {
			rep, verr := again.Verify(t.Context(), nil)
			if verr == nil && rep.OK() {
				t.Errorf("%s is damaged and nothing notices", c.file)
			}
		} else if fault.KindOf(err) != c.want {
			t.Errorf("%s: %v, want %s", c.file, err, c.want)
		}
		if again != nil {
			_ = again.Close()
		}
	}
}

func overwrite(path string, at int64, n int) error {
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = f.WriteAt(make([]byte, n), at)
	return errors.Join(err, f.Close())
}

// Keys come only from devices that somebody admitted.
func TestKeyFilesOfStrangersAreLeftAlone(t *testing.T) {
	a := create(t)
	defer a.Close()
	dir := filepath.Join(t.TempDir(), "usb")
	stranger, err := app.Join(t.Context(), filepath.Join(t.TempDir(), "s"), pass, a.ID(), quick)
	if err != nil {
		t.Fatal(err)
	}
	defer stranger.Close()
	exchange(t, dir, a, stranger) // leaves a key file, and nobody admitted it
	f, err := folder.Open(dir, a.ID())
	if err != nil {
		t.Fatal(err)
	}
	done, err := a.Exchange(t.Context(), f, nil)
	if err != nil || done.Strangers != 1 {
		t.Errorf("%+v, %v; want the stranger's key file left alone", done, err)
	}
	// A key file that was changed on the way is named.
	files, err := filepath.Glob(filepath.Join(dir, "keys", "*"))
	if err != nil || len(files) != 2 {
		t.Fatalf("%v %v", files, err)
	}
	for _, name := range files {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		b[len(b)/2] ^= 1
		if err := os.WriteFile(name, b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := a.Exchange(t.Context(), f, nil); fault.KindOf(err) != fault.Corrupt {
		t.Errorf("a changed key file: %v, want %s", err, fault.Corrupt)
	}
}

func TestAnAccountTooLargeIsRefusedWhole(t *testing.T) {
	w := create(t)
	defer w.Close()
	_, problems, err := w.State(t.Context(), casebook.Statement{Record: w.NewRecord(), Kind: "statement_unit",
		Fields: kind.Values{"verbatim": {{Text: strings.Repeat("가", 3<<20), Lang: "ko"}}}}, "save")
	if len(problems) == 0 && fault.KindOf(err) != fault.TooLarge {
		t.Errorf("9 MB of text: %v, %v; want a refusal", problems, err)
	}
}
