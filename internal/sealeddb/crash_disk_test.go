package sealeddb_test

import (
	"bytes"
	"maps"
	"math/rand/v2"
	"slices"
	"sync"
)

// sector is the unit that a disk writes whole; a page of 4096 bytes is eight.
const sector = 512

// event is one change of the disk, or a mark of the test.
type event struct {
	op      op
	name    string
	inode   int
	data    []byte
	off     int64
	size    int64
	dirSync bool
	n       int // the transaction of a mark
}

const (
	opCreate op = "create"
	markTry  op = "try" // transaction n is about to be committed
	markAck  op = "ack" // transaction n was acknowledged
)

// recorder notes every change that reaches the disk, in order.
type recorder struct {
	mu     sync.Mutex
	log    []event
	names  map[string]int
	open   map[uint64]int // open file -> inode
	fresh  map[uint64]bool
	inodes int
}

func newRecorder() *recorder {
	return &recorder{names: map[string]int{}, open: map[uint64]int{}, fresh: map[uint64]bool{}}
}

// holding starts a recorder over a disk that holds these files, all durable.
func holding(files map[string][]byte) *recorder {
	r := newRecorder()
	for _, name := range slices.Sorted(maps.Keys(files)) {
		r.inodes++
		r.names[name] = r.inodes
		r.log = append(r.log,
			event{op: opCreate, name: name, inode: r.inodes},
			event{op: opWrite, name: name, inode: r.inodes, data: files[name]},
			event{op: opSync, name: name, inode: r.inodes, dirSync: true})
	}
	return r
}

func (r *recorder) mark(what op, n int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.log = append(r.log, event{op: what, n: n})
}

func (r *recorder) do(c call, run func() (int, error)) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	n, err := run()
	if err != nil {
		return n, err
	}
	e := event{op: c.op, name: c.name, inode: r.open[c.file], off: c.off, size: c.size, dirSync: c.dirSync}
	switch c.op {
	case opRead:
		return n, nil
	case opOpen:
		known, ok := r.names[c.name]
		if ok {
			r.open[c.file] = known
			return n, nil
		}
		r.inodes++
		r.names[c.name], r.open[c.file] = r.inodes, r.inodes
		r.fresh[c.file] = c.journal
		e.op, e.inode = opCreate, r.inodes
	case opDelete:
		e.inode = r.names[c.name]
		delete(r.names, c.name)
	case opWrite:
		e.data = bytes.Clone(c.data)
	case opSync:
		// The driver syncs the directory with the first sync of a log it opened.
		e.dirSync = r.fresh[c.file]
		r.fresh[c.file] = false
	}
	r.log = append(r.log, e)
	return n, nil
}

// inode is a file's content: what is on the disk for certain, and what was asked for
// since the last sync.
type inode struct {
	durable []byte
	pending []event
}

// disk replays a log and can be cut at any point.
type disk struct {
	inodes  map[int]*inode
	names   map[string]int
	entries []event // creations and deletions not yet durable
	tried   int
	acked   int
}

func newDisk() *disk {
	return &disk{inodes: map[int]*inode{}, names: map[string]int{}, tried: -1, acked: -1}
}

func (d *disk) apply(e event) {
	switch e.op {
	case markTry:
		d.tried = e.n
	case markAck:
		d.acked = e.n
	case opCreate:
		d.inodes[e.inode] = &inode{}
		d.entries = append(d.entries, e)
	case opDelete:
		d.entries = append(d.entries, e)
	case opSync:
		ino := d.inodes[e.inode]
		for _, p := range ino.pending {
			ino.durable = whole(ino.durable, p)
		}
		ino.pending = nil
	default:
		ino := d.inodes[e.inode]
		ino.pending = append(ino.pending, e)
	}
	if e.dirSync {
		for _, p := range d.entries {
			enter(d.names, p)
		}
		d.entries = nil
	}
}

func enter(names map[string]int, e event) {
	if e.op == opCreate {
		names[e.name] = e.inode
	} else {
		delete(names, e.name)
	}
}

// whole applies a change completely.
func whole(b []byte, e event) []byte {
	switch e.op {
	case opWrite:
		return put(b, e.data, e.off)
	case opTruncate:
		if e.size < int64(len(b)) {
			return b[:e.size]
		}
		return grown(b, e.size)
	case opGrow:
		return grown(b, e.size)
	}
	return b
}

func grown(b []byte, size int64) []byte {
	if missing := size - int64(len(b)); missing > 0 {
		return append(b, make([]byte, missing)...)
	}
	return b
}

func put(b, data []byte, off int64) []byte {
	b = grown(b, off+int64(len(data)))
	copy(b[off:], data)
	return b
}

// fate is what a power cut does to what was not synced.
type fate struct {
	name string
	// keep is the chance that a sector, a truncation or a directory entry survives.
	keep float64
	// inOrder loses everything after one point instead of choosing each sector.
	inOrder bool
	// torn is the chance that a surviving sector is cut inside, or holds noise.
	torn float64
}

var fates = []fate{
	{name: "everything unsynced lost"},
	{name: "everything unsynced kept", keep: 1},
	{name: "half of the sectors", keep: 0.5},
	{name: "few sectors", keep: 0.1},
	{name: "most sectors", keep: 0.9},
	{name: "in order up to a point", inOrder: true},
	{name: "half of the sectors, some torn inside", keep: 0.5, torn: 0.2},
	{name: "most sectors, some torn inside", keep: 0.95, torn: 0.05},
}

// cut gives the files as they are after the power comes back.
func (d *disk) cut(rng *rand.Rand, f fate) map[string][]byte {
	names := maps.Clone(d.names)
	lost := map[string]bool{} // an entry's later changes depend on its earlier ones
	for _, e := range d.entries {
		if f.inOrder || !lost[e.name] && rng.Float64() < f.keep {
			enter(names, e)
		} else {
			lost[e.name] = true
		}
	}
	files := map[string][]byte{}
	for _, name := range slices.Sorted(maps.Keys(names)) {
		files[name] = d.inodes[names[name]].cut(rng, f)
	}
	return files
}

func (ino *inode) cut(rng *rand.Rand, f fate) []byte {
	b := bytes.Clone(ino.durable)
	pending := ino.pending
	if f.inOrder && len(pending) > 0 {
		last := rng.IntN(len(pending))
		for _, e := range pending[:last] {
			b = whole(b, e)
		}
		e := pending[last]
		if e.op == opWrite {
			e.data = e.data[:rng.IntN(len(e.data)/sector+1)*sector]
		}
		return whole(b, e)
	}
	for _, e := range pending {
		if e.op != opWrite {
			if rng.Float64() < f.keep {
				b = whole(b, e)
			}
			continue
		}
		for at := 0; at < len(e.data); at += sector {
			if rng.Float64() < f.keep {
				b = put(b, tear(rng, f, e.data[at:min(at+sector, len(e.data))]), e.off+int64(at))
			}
		}
	}
	return b
}

// tear damages some surviving sectors: the first part only, or noise.
func tear(rng *rand.Rand, f fate, s []byte) []byte {
	if rng.Float64() >= f.torn {
		return s
	}
	if rng.IntN(2) == 0 {
		return s[:rng.IntN(len(s))]
	}
	noise := make([]byte, len(s))
	for i := range noise {
		noise[i] = byte(rng.Uint32())
	}
	return noise
}
