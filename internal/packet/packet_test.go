package packet_test

import (
	"encoding/binary"
	"os"
	"path/filepath"
	"testing"

	"example.org/amparo/fault"
	"example.org/amparo/id"
	"example.org/amparo/internal/journal"
	"example.org/amparo/internal/packet"
)

// record frames one line as the file holds it.
func record(l packet.Line) []byte {
	b := journal.Encode(l)
	return append(binary.BigEndian.AppendUint32(nil, uint32(len(b))), b...)
}

func FuzzLines(f *testing.F) {
	l := packet.Line{Header: journal.Header{Version: journal.Version, Workspace: id.ID{9}, Device: id.ID{1}}, Room: "general", Content: []byte("x")}
	f.Add(append(record(l), record(l)...))
	f.Add(record(l)[:9])
	f.Add([]byte{0xff, 0xff, 0xff, 0xff})
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, data []byte) {
		if err := os.WriteFile(filepath.Join(dir, "acts.cbor"), data, 0o600); err != nil {
			t.Fatal(err)
		}
		read := 0
		err := (&packet.Packet{Dir: dir}).Lines(func(packet.Line) error { read++; return nil })
		if err != nil && fault.KindOf(err) != fault.Corrupt {
			t.Fatalf("damaged lines: %v, want corrupt", err)
		}
		if err == nil && len(data) > 0 && read == 0 {
			t.Fatal("bytes were passed over without a word")
		}
	})
}

func TestAFolderThatIsNoPacketIsNotOne(t *testing.T) {
	dir := t.TempDir()
	if packet.Is(dir) {
		t.Error("an empty folder is taken for a packet")
	}
	if _, err := packet.Open(dir); err == nil {
		t.Error("an empty folder opens as a packet")
	}
}
