package hub

import (
	"example.org/amparo/id"
	"example.org/amparo/internal/journal"
)

// Run is the part of a batch that belongs to one device, in the order given.
type Run struct {
	Device  id.ID
	Entries []*journal.Entry
}

// Runs splits a batch by device and keeps the order within each.
func Runs(entries []*journal.Entry) []Run {
	var runs []Run
	at := map[id.ID]int{}
	for _, e := range entries {
		i, ok := at[e.Header.Device]
		if !ok {
			i = len(runs)
			at[e.Header.Device] = i
			runs = append(runs, Run{Device: e.Header.Device})
		}
		runs[i].Entries = append(runs[i].Entries, e)
	}
	return runs
}

// Division is a run set against the log it meets.
type Division struct {
	Known int
	Forks []Fork
	Fresh []*journal.Entry // continue the log; empty after a fork
}

// Divide sets a run against a log of size entries, whose leaf hashes leafAt gives:
// what is known to the byte, what forks, what is new.
func Divide(run Run, size uint64, leafAt func(n uint64) (journal.Hash, error)) (Division, error) {
	var d Division
	for i, e := range run.Entries {
		if e.Header.Number >= size && len(d.Forks) == 0 {
			d.Fresh = run.Entries[i:]
			return d, nil
		}
		if e.Header.Number >= size {
			d.Forks = append(d.Forks, Fork{Kept: e.Ref(), Second: e})
			continue
		}
		have, err := leafAt(e.Header.Number)
		if err != nil {
			return d, err
		}
		if have == e.LeafHash() {
			d.Known++
			continue
		}
		d.Forks = append(d.Forks, Fork{Kept: e.Ref(), First: have, Second: e})
	}
	return d, nil
}

// CheckForks verifies that the device itself signed the other entries: only then
// are they evidence. A forgery is an error, not a fork.
func CheckForks(dev Device, forks []Fork) error {
	for _, f := range forks {
		if _, err := f.Second.Check(dev.PublicKey); err != nil {
			return err
		}
	}
	return nil
}
