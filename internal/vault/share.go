package vault

import (
	"bytes"
	"crypto/sha256"
	"encoding/base32"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"

	"filippo.io/age"
	"github.com/cloudflare/circl/group"
	"github.com/cloudflare/circl/secretsharing"

	"example.org/amparo/fault"
	"example.org/amparo/id"
)

// setSize is the length of the fingerprint of a set of shares.
const setSize = 16

// Policy is how a recovery secret is divided: any Need of Made shares recover.
type Policy struct {
	_          struct{} `cbor:",toarray"`
	Need, Made uint8
}

// DefaultPolicy is any 3 of 5 shares. A small group may take any 2 of 3.
var DefaultPolicy = Policy{Need: 3, Made: 5}

func (p Policy) valid() bool { return p.Need >= 2 && p.Need <= p.Made && p.Made <= 16 }

// Share is one part of a workspace's recovery secret. Alone, or with fewer than Need
// others, it says nothing about the secret.
type Share struct {
	Number    int    // 1 to Policy.Made
	Policy    Policy // any Need of Made
	Workspace id.ID
	Label     string // whom it was made for
	value     [32]byte
	commit    []byte // Feldman commitments, 32 bytes each, Need of them
}

// Set returns the fingerprint of the set a share belongs to; it is the same on all
// shares made together, and may be shown to anyone.
func (s Share) Set() string {
	f := s.set()
	return armour.EncodeToString(f[:10])
}

func (s Share) set() (f [setSize]byte) {
	h := authenticate([]byte("amparo recovery v1"), "set", s.Workspace[:], []byte{s.Policy.Need, s.Policy.Made}, s.commit)
	copy(f[:], h[:])
	return f
}

// parts returns the share as the sharing scheme knows it.
func (s Share) parts() (secretsharing.Share, secretsharing.SecretCommitment, error) {
	g := group.Ristretto255
	out := secretsharing.Share{ID: g.NewScalar().SetUint64(uint64(s.Number)), Value: g.NewScalar()}
	if err := out.Value.UnmarshalBinary(s.value[:]); err != nil {
		return out, nil, err
	}
	var c secretsharing.SecretCommitment
	for b := s.commit; len(b) >= 32; b = b[32:] {
		e := g.NewElement()
		if err := e.UnmarshalBinary(b[:32]); err != nil {
			return out, nil, err
		}
		c = append(c, e)
	}
	return out, c, nil
}

// check verifies a share against its set's commitments.
func (s Share) check() error {
	part, c, err := s.parts()
	if err != nil || !secretsharing.Verify(uint(s.Policy.Need)-1, part, c) {
		return fault.New(fault.Corrupt, "vault.Recover", "share %d was altered: it does not fit the set it says it is of", s.Number).
			With("ask another custodian")
	}
	return nil
}

const shareVersion = 1

// encode writes version | need | made | number | workspace (16) | value (32) |
// commitments (need × 32) | length of the label | label | SHA-256 of all that (8).
func (s Share) encode() []byte {
	b := []byte{shareVersion, s.Policy.Need, s.Policy.Made, byte(s.Number)}
	b = append(b, s.Workspace[:]...)
	b = append(b, s.value[:]...)
	b = append(b, s.commit...)
	b = append(b, byte(len(s.Label)))
	b = append(b, s.Label...)
	sum := sha256.Sum256(b)
	return append(b, sum[:8]...)
}

func decodeShare(b []byte) (s Share, ok bool) {
	const fixed = 4 + 16 + 32
	if len(b) < fixed+1+8 || b[0] != shareVersion {
		return s, false
	}
	body, sum := b[:len(b)-8], sha256.Sum256(b[:len(b)-8])
	s.Policy, s.Number = Policy{Need: b[1], Made: b[2]}, int(b[3])
	if !bytes.Equal(sum[:8], b[len(b)-8:]) || !s.Policy.valid() || s.Number < 1 || s.Number > int(s.Policy.Made) {
		return s, false
	}
	copy(s.Workspace[:], body[4:])
	copy(s.value[:], body[20:])
	rest := body[fixed:]
	n := int(s.Policy.Need) * 32
	if len(rest) < n+1 || int(rest[n]) != len(rest)-n-1 || len(rest)-n-1 > maxLabel {
		return s, false
	}
	s.commit, s.Label = bytes.Clone(rest[:n]), string(rest[n+1:])
	return s, true
}

// Crockford's alphabet, as in package id: it can be read out and typed in.
var armour = base32.NewEncoding("0123456789ABCDEFGHJKMNPQRSTVWXYZ").WithPadding(base32.NoPadding)

const lineBytes = 15 // 24 characters, then a check of 4

// Text writes the share for a file or paper: a heading for people, then lines of six
// groups of four letters and digits, each line with a seventh group that checks it.
func (s Share) Text() string {
	var b strings.Builder
	fmt.Fprintf(&b, "AMPARO RECOVERY SHARE %d of %d (any %d open the workspace)\n", s.Number, s.Policy.Made, s.Policy.Need)
	fmt.Fprintf(&b, "workspace: %s\nset: %s\nfor: %s\n", s.Workspace, s.Set(), printable(s.Label))
	b.WriteString("Keep it apart from the computer and from the other shares. Tell nobody where it is.\n\n")
	data := s.encode()
	for n := 1; len(data) > 0; n++ {
		part := data[:min(lineBytes, len(data))]
		data = data[len(part):]
		text := armour.EncodeToString(part)
		for ; len(text) > 4; text = text[4:] {
			b.WriteString(text[:4] + " ")
		}
		fmt.Fprintf(&b, "%s =%s\n", text, lineCheck(n, part))
	}
	b.WriteString("END OF SHARE\n")
	return b.String()
}

func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return '?'
		}
		return r
	}, s)
}

// lineCheck is 20 bits that find a mistyped line: they are not a secret's protection.
func lineCheck(n int, part []byte) string {
	sum := sha256.Sum256(append([]byte("amparo share line "+strconv.Itoa(n)+"\n"), part...))
	return armour.EncodeToString(sum[:5])[:4]
}

// maxShareText bounds what ParseShare reads, in bytes.
const maxShareText = 16 << 10

var shareHeading = regexp.MustCompile(`(?i)AMPARO RECOVERY SHARE (\d{1,2})\b`)

// ParseShare reads the text of [Share.Text], also as a person types it in: lower case,
// other spacing, O for 0, I or L for 1. A mistake is fault.Invalid and names the share
// and the line.
func ParseShare(text string) (Share, error) {
	const op = "vault.ParseShare"
	name := "a share"
	if m := shareHeading.FindStringSubmatch(text); m != nil {
		name = "share " + m[1]
	}
	if len(text) > maxShareText {
		return Share{}, fault.New(fault.TooLarge, op, "%s is too long", name)
	}
	var data []byte
	n := 0
	for line := range strings.Lines(text) {
		body, check, ok := strings.Cut(strings.TrimSpace(line), "=")
		if !ok {
			continue // heading and remarks
		}
		n++
		part, err := armour.DecodeString(tidy(body))
		if err != nil || len(part) > lineBytes || lineCheck(n, part) != tidy(check) || armour.EncodeToString(part) != tidy(body) {
			return Share{}, fault.New(fault.Invalid, op, "%s: line %d is mistyped or missing", name, n).With("compare it with the paper")
		}
		data = append(data, part...)
	}
	s, ok := decodeShare(data)
	if !ok {
		return Share{}, fault.New(fault.Invalid, op, "%s is incomplete or is no recovery share", name).With("copy the whole text")
	}
	return s, nil
}

var misread = strings.NewReplacer("O", "0", "I", "1", "L", "1", " ", "", "\t", "", "-", "")

func tidy(s string) string { return misread.Replace(strings.ToUpper(s)) }

// SealShare writes the share as an age file that one custodian's key opens. With
// age.HybridRecipient it stays closed to a later quantum computer.
func SealShare(w io.Writer, s Share, to age.Recipient) error {
	out, err := age.Encrypt(w, to)
	if err == nil {
		_, err = io.WriteString(out, s.Text())
	}
	if err == nil {
		err = out.Close()
	}
	return fault.Because(fault.Storage, "vault.SealShare", fmt.Sprintf("share %d cannot be sealed", s.Number), err)
}

// UnsealShare reads an age file of [SealShare] with the custodian's key.
func UnsealShare(r io.Reader, key age.Identity) (Share, error) {
	in, err := age.Decrypt(r, key)
	if err != nil {
		return Share{}, fault.Because(fault.Sealed, "vault.UnsealShare", "the custodian's key does not open this share", err)
	}
	text, err := io.ReadAll(io.LimitReader(in, maxShareText+1))
	if err != nil {
		return Share{}, fault.Because(fault.Corrupt, "vault.UnsealShare", "the sealed share is damaged", err)
	}
	return ParseShare(string(text))
}
