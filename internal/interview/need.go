package interview

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"slices"
	"strconv"

	"example.org/amparo/fault"
	"example.org/amparo/names"
	"example.org/amparo/when"
)

// minSecret is how long the secret of an exchange must be, in bytes: names and birth
// years are few, so whoever knows the secret can try them all.
const minSecret = 32

// maxBirthYears bounds how many years an uncertain birth stands for.
const maxBirthYears = 5

// Known is what is known of a person when partners ask each other whether an account was
// taken already.
type Known struct {
	Names []string // all names and spellings, in any script
	Birth when.Date
	Sex   string
}

// Tokens makes keyed hashes by which two partners find out whether both have heard one
// person, without showing each other a name (R27): HMAC-SHA-256 over each spelling of a
// name, each year of birth it can mean, and the sex, under a secret the two agreed for
// this one exchange. Tokens of different exchanges have nothing in common.
//
// A birth that can mean more than five years, or none, gives no tokens: too many people
// would seem to be one. The tokens are in order and say nothing of how many names there
// were to anybody without the secret. Who has the secret can test names one by one: it is
// destroyed with the tokens when the question is answered.
func Tokens(secret []byte, exchange string, k Known) ([]string, error) {
	if len(secret) < minSecret || exchange == "" {
		return nil, fault.New(fault.Invalid, "interview.Tokens", "a secret of %d bytes for the exchange %q", len(secret), exchange).
			With("agree on a new secret of 32 random bytes and a name for each exchange")
	}
	lo, hi := k.Birth.Bounds()
	if k.Birth.IsZero() || lo == when.Beginning || hi == when.End {
		return nil, nil
	}
	first, _, _ := lo.Civil()
	last, _, _ := hi.Civil()
	if last-first >= maxBirthYears {
		return nil, nil
	}
	var out []string
	for _, name := range spellings(k.Names) {
		for y := first; y <= last; y++ {
			out = append(out, token(secret, exchange, name, strconv.Itoa(y), k.Sex))
		}
	}
	slices.Sort(out)
	return slices.Compact(out), nil
}

// spellings are the forms in which a name can be told, folded.
func spellings(all []string) []string {
	var out []string
	for _, n := range all {
		for _, s := range append([]string{n}, names.Spellings(n)...) {
			if f := names.Fold(s); f != "" && !slices.Contains(out, f) {
				out = append(out, f)
			}
		}
	}
	return out
}

// token hashes the parts with their lengths, so that no two lists of parts are one string.
func token(secret []byte, parts ...string) string {
	h := hmac.New(sha256.New, secret)
	for _, p := range parts {
		var n [4]byte
		binary.BigEndian.PutUint32(n[:], uint32(len(p)))
		h.Write(n[:])
		h.Write([]byte(p))
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}

// Taken reports whether two lists of tokens of one exchange have one in common: perhaps
// the account was taken already. It is a reason to ask the partner and the person, never
// an answer.
func Taken(ours, theirs []string) bool {
	return slices.ContainsFunc(ours, func(t string) bool { return slices.Contains(theirs, t) })
}
