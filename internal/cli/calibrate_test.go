package cli

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"testing"
)

// A run that was stopped in the middle of a line goes on and ends as one that was not.
func TestACalibrationGoesOnFromItsCheckpoint(t *testing.T) {
	file := filepath.Join(t.TempDir(), "run.jsonl")
	table := func(args ...string) []byte {
		t.Helper()
		var out, errs bytes.Buffer
		args = append([]string{"calibrate", "--people", "220", "--scenario", "independent", "--json"}, args...)
		if code := Main(context.Background(), args, Streams{Out: &out, Err: &errs}); code != exitOK {
			t.Fatalf("exit %d: %s%s", code, out.String(), errs.String())
		}
		return out.Bytes()
	}
	whole := table("--worlds", "2", "--checkpoint", file)
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	lines := bytes.SplitAfter(b, []byte("\n"))
	if len(lines) != 4 { // the configuration, two worlds, nothing
		t.Fatalf("the checkpoint has %d lines", len(lines)-1)
	}
	cut := append(bytes.Join(lines[:2], nil), lines[2][:40]...)
	if err := os.WriteFile(file, cut, 0o600); err != nil {
		t.Fatal(err)
	}
	if again := table("--worlds", "2", "--checkpoint", file); !bytes.Equal(whole, again) {
		t.Errorf("resumed, it gives\n%s\nwant\n%s", again, whole)
	}
	if again, err := os.ReadFile(file); err != nil || len(bytes.SplitAfter(again, []byte("\n"))) != 4 {
		t.Errorf("the checkpoint is not whole again: %v", err)
	}
	var out bytes.Buffer
	args := []string{"calibrate", "--people", "221", "--worlds", "2", "--scenario", "independent", "--checkpoint", file}
	if code := Main(context.Background(), args, Streams{Out: &out, Err: &out}); code != exitConflict {
		t.Errorf("a checkpoint of other worlds: exit %d, want %d", code, exitConflict)
	}
}

func TestCalibrateRefusesWhatItDoesNotKnow(t *testing.T) {
	for _, args := range [][]string{{"--scenario", "no-such"}, {"a"}, {"--thin", "0"}, {"--thin", "2"}, {"--limit", "no-such=1"}} {
		var out bytes.Buffer
		if code := Main(context.Background(), append([]string{"calibrate"}, args...), Streams{Out: &out, Err: &out}); code != exitUsage {
			t.Errorf("%v: exit %d, want %d", args, code, exitUsage)
		}
	}
}
