package sealeddb_test

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// The driver's own tests of torn reads, the log, crashes and several processes, at the
// version we ship. They take some minutes:
//
//	AMPARO_DRIVER_SUITE=1 go test -run TestDriverSuite -timeout 30m -v ./internal/sealeddb/
func TestDriverSuite(t *testing.T) {
	if os.Getenv("AMPARO_DRIVER_SUITE") != "1" {
		t.Skip("slow: runs with AMPARO_DRIVER_SUITE=1")
	}
	dir := copyOfDriver(t)
	for _, suite := range []struct {
		pkg string
		run string
		// want are tests that must have passed: a suite that a new version of the driver
		// moved or renamed must not go missing unseen.
		want []string
	}{
		{"./vfs/tests", ".", []string{"TestEncryptedWALTornReads/adiantum", "TestEncryptedWALTornReads/adiantum/checkpoint", "TestWALShmRollbackCorruption", "TestWALConcurrentWriters"}},
		{"./vfs/tests/mptest", ".", []string{"Test_mptest/multiwrite01_adiantum_wal", "Test_mptest/crash01_adiantum", "Test_mptest/crash01_adiantum_wal", "Test_mptest/config02_adiantum"}},
		{"./tests/parallel", ".", []string{"Test_wal", "Test_adiantum", "Test_MultiProcess_wal"}},
		{"./tests", "WAL|wal|DB_adiantum|fileformat|cksm|Transaction|Savepoint", []string{"TestConn_WALCheckpoint", "TestWAL_enter_exit", "TestDB_adiantum", "Test_fileformat"}},
		{"./vfs/adiantum", ".", []string{"Test_fileformat"}},
	} {
		t.Run(suite.pkg, func(t *testing.T) {
			cmd := exec.CommandContext(t.Context(), "go", "test", "-v", "-count=1", "-timeout=20m", "-run", suite.run, suite.pkg)
			cmd.Dir = dir
			// CI and GOFLAGS are emptied because the first leaves out slow tests, and the
			// second may name our modules.
			cmd.Env = append(os.Environ(), "SQLITE3_TEST_WAL_STRESS=1", "CI=", "GOFLAGS=", "GOWORK=off")
			b, err := cmd.CombinedOutput()
			out := string(b)
			if err != nil {
				t.Fatalf("want the driver's own tests to pass, got %v:\n%s", err, out[max(0, len(out)-8000):])
			}
			for _, name := range suite.want {
				if !strings.Contains(out, "--- PASS: "+name+" (") {
					t.Errorf("want %s to have run and passed; it did not", name)
				}
			}
			t.Logf("%d passed, %d skipped", strings.Count(out, "--- PASS"), strings.Count(out, "--- SKIP"))
		})
	}
}

// copyOfDriver copies the driver's module, which the module cache holds read-only.
func copyOfDriver(t *testing.T) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "go", "list", "-m", "-f", "{{.Dir}}", "github.com/ncruces/go-sqlite3").Output()
	if err != nil {
		t.Fatalf("finding the driver's source: %v", err)
	}
	from, to := strings.TrimSpace(string(out)), t.TempDir()
	err = filepath.WalkDir(from, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		if d.IsDir() {
			return os.MkdirAll(filepath.Join(to, rel), 0o700)
		}
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(to, rel), b, 0o600)
	})
	fatal(t, err)
	return to
}
