package sealeddb

import (
	"crypto/rand"
	"encoding/hex"
	"sync"

	"github.com/ncruces/go-sqlite3/vfs"
	"github.com/ncruces/go-sqlite3/vfs/adiantum"
	stream "lukechampine.com/adiantum"
	"lukechampine.com/adiantum/hbsh"
)

// vfsName is the name under which the encrypting layer is known to SQLite.
const vfsName = "amparo"

// handleSize is the length of a key handle; keys are 32 bytes, so the two cannot be
// taken for each other.
const handleSize = 16

// creator gives the page cipher for a handle. The driver's own ways to pass a key
// (URI, PRAGMA) leave copies of it in memory that nobody can wipe, and its text keys
// have a fixed public salt; so only a meaningless handle ever passes through them.
type creator struct {
	mu   sync.Mutex
	keys map[[handleSize]byte][32]byte
}

var registered = sync.OnceValue(func() *creator {
	c := &creator{keys: map[[handleSize]byte][32]byte{}}
	vfs.Register(vfsName, adiantum.Wrap(frankVFS{vfs.Find("")}, c))
	return c
})

// KDF implements adiantum.HBSHCreator: temporary files get a random key, and text
// keys are refused.
func (c *creator) KDF(secret string) []byte {
	if secret != "" {
		return nil
	}
	key := make([]byte, 32)
	if _, err := rand.Read(key); err != nil {
		return nil
	}
	return key
}

// HBSH implements adiantum.HBSHCreator.
func (c *creator) HBSH(key []byte) *hbsh.HBSH {
	switch len(key) {
	case 32: // made by KDF for a temporary file
		return stream.New(key)
	case handleSize:
		c.mu.Lock()
		defer c.mu.Unlock()
		k, ok := c.keys[[handleSize]byte(key)]
		if !ok {
			return nil
		}
		return stream.New(k[:])
	}
	return nil
}

// lend registers a page key and returns its handle in hex.
func (c *creator) lend(key [32]byte) (handle string, err error) {
	var h [handleSize]byte
	if _, err := rand.Read(h[:]); err != nil {
		return "", err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.keys[h] = key
	return hex.EncodeToString(h[:]), nil
}

// take forgets a page key.
func (c *creator) take(handle string) {
	h, err := hex.DecodeString(handle)
	if err != nil || len(h) != handleSize {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.keys[[handleSize]byte(h)] = [32]byte{}
	delete(c.keys, [handleSize]byte(h))
}
