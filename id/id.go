// Package id holds the identifiers of Amparo: 16 random bytes, written as 26
// letters and digits. An identifier says nothing: no time, no counter, no host,
// so that a list of identifiers betrays neither when a person was heard nor how
// many people a group has heard.
package id

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base32"
	"errors"
	"fmt"
	"io"
	"strings"
)

// ID identifies a record, a member, a device, a compartment, a payload key or a
// workspace. The zero ID means "none".
type ID [16]byte

// Crockford's alphabet: no I, L, O, U, so it can be read out over a telephone.
var encoding = base32.NewEncoding("0123456789abcdefghjkmnpqrstvwxyz").WithPadding(base32.NoPadding)

// New reads an ID from r, which is crypto/rand.Reader in the program and a seeded
// stream in a synthetic world. It panics only if r is broken: without randomness
// nothing here may go on.
func New(r io.Reader) ID {
	var x ID
	if _, err := io.ReadFull(r, x[:]); err != nil {
		panic(fmt.Sprintf("id: no randomness: %v", err))
	}
	return x
}

// Derive returns the ID that belongs to data under key: the first 16 bytes of
// HMAC-SHA256. The same row of the same file gives the same record, so an import
// can be run twice; without the key nobody can tell what an ID was derived from.
func Derive(key []byte, data ...string) ID {
	mac := hmac.New(sha256.New, key)
	for _, d := range data {
		fmt.Fprintf(mac, "%d:%s", len(d), d)
	}
	var x ID
	copy(x[:], mac.Sum(nil))
	return x
}

// IsZero reports whether x means "none".
func (x ID) IsZero() bool { return x == ID{} }

// String writes x as 26 letters and digits; the zero ID is the empty string.
func (x ID) String() string {
	if x.IsZero() {
		return ""
	}
	return encoding.EncodeToString(x[:])
}

// Short is the first eight characters, enough for a person to tell records apart
// on a screen. It is not an identifier.
func (x ID) Short() string {
	s := x.String()
	if len(s) < 8 {
		return s
	}
	return s[:8]
}

// Spoken is 25 of the letters in groups of five, for two people to read to each other.
func (x ID) Spoken() string {
	s := x.String()
	return strings.Join([]string{s[:5], s[5:10], s[10:15], s[15:20], s[20:25]}, " ")
}

// ErrSyntax is returned by [Parse] for text that is not an identifier.
var ErrSyntax = errors.New("not an identifier: 26 letters and digits are expected")

// Parse reads the text form; upper case is accepted. The empty string is the zero ID.
func Parse(s string) (ID, error) {
	var x ID
	if s == "" {
		return x, nil
	}
	if len(s) != 26 {
		return x, ErrSyntax
	}
	low := []byte(s)
	for i, c := range low {
		if 'A' <= c && c <= 'Z' {
			low[i] = c + 'a' - 'A'
		}
	}
	if _, err := encoding.Decode(x[:], low); err != nil {
		return ID{}, ErrSyntax
	}
	// 26 characters carry 130 bits: the last two must be zero, or one ID would have four spellings.
	if encoding.EncodeToString(x[:]) != string(low) {
		return ID{}, ErrSyntax
	}
	return x, nil
}

// MarshalText implements encoding.TextMarshaler.
func (x ID) MarshalText() ([]byte, error) { return []byte(x.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (x *ID) UnmarshalText(b []byte) error {
	y, err := Parse(string(b))
	if err != nil {
		return err
	}
	*x = y
	return nil
}

// Compare orders IDs by their bytes.
func (x ID) Compare(y ID) int {
	for i := range x {
		switch {
		case x[i] < y[i]:
			return -1
		case x[i] > y[i]:
			return 1
		}
	}
	return 0
}
