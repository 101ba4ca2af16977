package casebook

import (
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"

	"example.org/amparo/fault"
	"example.org/amparo/id"
)

// FileRef names a stored file by its content: what a value of type file holds.
type FileRef struct {
	Hash [32]byte // SHA-256
	Size int64    // bytes
	Type string   // media type, found out from the content: "image/jpeg"
}

// String writes "sha256:<hex>;<size>;<media type>".
func (f FileRef) String() string {
	return fmt.Sprintf("sha256:%s;%d;%s", hex.EncodeToString(f.Hash[:]), f.Size, f.Type)
}

// ParseFileRef reads the form of [FileRef.String].
func ParseFileRef(s string) (FileRef, error) {
	bad := fault.New(fault.Invalid, "casebook.ParseFileRef", "this does not name a stored file")
	parts := strings.Split(s, ";")
	if len(parts) != 3 {
		return FileRef{}, bad
	}
	sum, ok := strings.CutPrefix(parts[0], "sha256:")
	raw, err := hex.DecodeString(sum)
	size, err2 := strconv.ParseInt(parts[1], 10, 64)
	f := FileRef{Size: size, Type: parts[2]}
	if !ok || err != nil || err2 != nil || copy(f.Hash[:], raw) != 32 || f.String() != s {
		return FileRef{}, bad
	}
	return f, nil
}

// Record is the identifier under which the parts of a file are stored. It follows from
// the content, so the same file is stored once for each person, and it is only ever
// written inside a seal: outside, a hash of a known file would tell who holds it.
func (f FileRef) Record() id.ID {
	return id.Derive([]byte("amparo file v1"), hex.EncodeToString(f.Hash[:]))
}
