package sealeddb_test

import (
	"bufio"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/ncruces/go-sqlite3"

	"example.org/amparo/internal/sealeddb"
)

// A process that writes is killed at random times, over and over on the same file.
// Every transaction it said was stored is there, and the file is sound.
//
// AMPARO_CRASH_KILLS=200 kills more often, AMPARO_CRASH_SEED=n at other times.
func TestKilledWhileWriting(t *testing.T) {
	rounds := 20
	if brief() {
		rounds = 3
	}
	rounds = number(t, "AMPARO_CRASH_KILLS", rounds)
	rng := rand.New(rand.NewPCG(uint64(number(t, "AMPARO_CRASH_SEED", 1)), 9))
	dir := t.TempDir()
	s := &session{path: filepath.Join(dir, "a.db"), key: childKey()}
	for round := range rounds {
		// Some are killed while they open the file, most while they write.
		acks := rng.IntN(25)
		more := time.Duration(rng.IntN(8000)) * time.Microsecond
		acked := killAfter(t, dir, len(s.acked), acks, more)
		s.acked = append(s.acked, acked...)
		if !s.survived(t, round) {
			return
		}
	}
	t.Logf("%d transactions acknowledged in %d rounds", len(s.acked), rounds)
}

// killAfter runs a child until it has acknowledged so many transactions and some time
// more, kills it, and gives all it acknowledged.
func killAfter(t *testing.T, dir string, from, acks int, more time.Duration) (acked []int) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestKilledWhileWritingChild$", "-test.v")
	cmd.Env = append(os.Environ(), childVariable+"="+dir, childFrom+"="+strconv.Itoa(from))
	out, err := cmd.StdoutPipe()
	fatal(t, err)
	fatal(t, cmd.Start())
	var all strings.Builder
	lines := bufio.NewScanner(io.TeeReader(out, &all))
	killed := false
	kill := func() {
		killed = true
		time.AfterFunc(more, func() { _ = cmd.Process.Kill() })
	}
	for lines.Scan() {
		n, isAck := strings.CutPrefix(lines.Text(), "acknowledged ")
		switch {
		case isAck:
			i, err := strconv.Atoi(n)
			if err != nil || i != from+len(acked) {
				t.Errorf("the child acknowledged %q, want %d", n, from+len(acked))
			}
			acked = append(acked, i)
		case lines.Text() != "ready":
			continue
		}
		if !killed && len(acked) >= acks {
			kill()
		}
	}
	_ = cmd.Wait() // always an error: it was killed
	if !killed || strings.Contains(all.String(), "--- FAIL") {
		t.Fatalf("the child ended by itself (%v), want it to write until it is killed:\n%s", cmd.ProcessState, all.String())
	}
	return acked
}

// survived opens the file that a killed process left. What it had not acknowledged
// yet may be there, but whole.
func (s *session) survived(t *testing.T, round int) bool {
	t.Helper()
	db, err := sealeddb.Open(t.Context(), s.path, s.key, sealeddb.Options{})
	if err != nil {
		t.Errorf("round %d: opening after the kill: %v", round, err)
		return false
	}
	got, err := present(t.Context(), db)
	if err != nil {
		t.Errorf("round %d: reading after the kill: %v", round, err)
	}
	for i, n := range s.acked {
		if i >= len(got) || got[i] != n {
			t.Errorf("round %d: transaction %d was acknowledged and is gone; there are %v", round, n, got)
			break
		}
	}
	switch len(got) - len(s.acked) {
	case 0:
	case 1:
		s.acked = got // committed, and killed before it could say so
	default:
		t.Errorf("round %d: want %d transactions or one more, got %d", round, len(s.acked), len(got))
	}
	if err := sound(t.Context(), db); err != nil {
		t.Errorf("round %d: after the kill: %v", round, err)
	}
	fatal(t, db.Close())
	return !t.Failed()
}

// childFrom holds the number of the first transaction a child is to write.
const childFrom = "AMPARO_SEALEDDB_FROM"

func TestKilledWhileWritingChild(t *testing.T) {
	dir := childDir(t)
	from, err := strconv.Atoi(os.Getenv(childFrom))
	fatal(t, err)
	fmt.Println("ready")
	db := open(t, filepath.Join(dir, "a.db"), childKey())
	rng := rand.New(rand.NewPCG(uint64(from), 5))
	for n := from; ; n++ {
		fatal(t, db.Write(t.Context(), rowsOf(n)))
		// The standard output is not buffered: once this returns, the parent has it.
		fmt.Printf("acknowledged %d\n", n)
		switch rng.IntN(10) {
		case 0:
			fatal(t, db.Truncate(t.Context()))
		case 1:
			fatal(t, db.OnWriter(t.Context(), func(c *sqlite3.Conn) error {
				_, _, err := c.WALCheckpoint("main", sqlite3.CHECKPOINT_PASSIVE)
				return err
			}))
		case 2:
			fatal(t, db.Close())
			db = open(t, filepath.Join(dir, "a.db"), childKey())
		}
	}
}
