package vault

import (
	"crypto/hkdf"
	"crypto/hpke"
	"crypto/sha256"
	"crypto/subtle"
	"io"
	"slices"

	"github.com/cloudflare/circl/group"
	"github.com/cloudflare/circl/secretsharing"

	"example.org/amparo/fault"
	"example.org/amparo/id"
)

// Recovery tells how a workspace can be opened without a passphrase.
type Recovery struct {
	Policy Policy // zero: there are no shares, and a lost passphrase is the end
	Set    string // fingerprint on every share of the set
}

// Recovery describes the shares that open this vault.
func (v *Vault) Recovery() Recovery {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.body.Policy == (Policy{}) {
		return Recovery{}
	}
	return Recovery{Policy: v.body.Policy, Set: armour.EncodeToString(v.file.set()[:10])}
}

// MakeShares draws a recovery secret, divides it by Feldman's verifiable scheme over
// Ristretto255 and lets it open this vault. Shares made before open nothing any more.
// labels name the custodians, at most one for each share. The secret itself is not
// kept anywhere.
func (v *Vault) MakeShares(p Policy, labels ...string) ([]Share, error) {
	if !p.valid() || len(labels) > int(p.Made) {
		return nil, fault.New(fault.Invalid, "vault.MakeShares", "a recovery is by at least 2 of at most 16 shares").With("take any 3 of 5")
	}
	for _, l := range labels {
		if err := checkLabel(l); err != nil {
			return nil, err
		}
	}
	secret := group.Ristretto255.RandomNonZeroScalar(v.rand)
	shares, err := divide(secret, p, v.Workspace(), v.rand)
	if err != nil {
		return nil, err
	}
	for i, l := range labels {
		shares[i].Label = l
	}
	key, err := recoveryKey(secret, v.Workspace())
	if err != nil {
		return nil, err
	}
	set := shares[0].set()
	return shares, v.change(func() error {
		v.body.Recovery, v.body.Policy = key.PublicKey().Bytes(), p
		copy(v.file.set(), set[:])
		return v.sealSpare()
	})
}

// divide makes the shares of a secret.
func divide(secret group.Scalar, p Policy, workspace id.ID, rand io.Reader) ([]Share, error) {
	ss := secretsharing.New(rand, uint(p.Need)-1, secret)
	var commit []byte
	for _, e := range ss.CommitSecret() {
		b, err := e.MarshalBinary()
		if err != nil {
			return nil, fault.Because(fault.Internal, "vault.MakeShares", "a commitment does not encode", err)
		}
		commit = append(commit, b...)
	}
	out := make([]Share, p.Made)
	for i, s := range ss.Share(uint(p.Made)) {
		b, err := s.Value.MarshalBinary()
		if err != nil {
			return nil, fault.Because(fault.Internal, "vault.MakeShares", "a share does not encode", err)
		}
		out[i] = Share{Number: i + 1, Policy: p, Workspace: workspace, value: [32]byte(b), commit: commit}
	}
	return out, nil
}

// recoveryKey derives the recovery key pair from the secret: the master key can then
// be sealed to it again without the shares.
func recoveryKey(secret group.Scalar, workspace id.ID) (hpke.PrivateKey, error) {
	b, err := secret.MarshalBinary()
	if err != nil {
		return nil, fault.Because(fault.Internal, "vault", "the recovery secret does not encode", err)
	}
	defer clear(b)
	seed, err := hkdf.Key(sha256.New, b, workspace[:], "amparo/v1 recovery", kemSeed)
	if err != nil {
		return nil, fault.Because(fault.Internal, "vault", "the recovery key cannot be derived", err)
	}
	return memberKey(seed)
}

func spareInfo(workspace id.ID) []byte {
	return append([]byte("amparo/v1 recovery slot"), workspace[:]...)
}

// sealSpare seals the master key to the recovery key, if there is one.
func (v *Vault) sealSpare() error {
	if len(v.body.Recovery) == 0 {
		return nil
	}
	sealed, err := sealTo(v.body.Recovery, spareInfo(v.body.Workspace), v.master)
	if err == nil {
		copy(v.file.spare(), sealed)
	}
	return err
}

// Recover opens the vault at path with shares alone and gives it a new passphrase.
// All other passphrases are removed and the master key is replaced.
//
// A share that is altered (fault.Corrupt), of another set (fault.Foreign) or given
// twice (fault.Invalid) is named by its number; too few are fault.Sealed.
func Recover(path string, shares []Share, pass []byte) (*Vault, error) {
	if err := checkPassphrase(pass); err != nil {
		return nil, err
	}
	v, err := openWithShares(path, shares)
	if err != nil {
		return nil, err
	}
	return v, v.change(func() error {
		for i := range slotCount {
			if err := v.emptySlot(i); err != nil {
				return err
			}
		}
		if err := v.renewMaster(); err != nil {
			return err
		}
		return v.setSlot(0, "after recovery", pass, nil)
	})
}

// Drill checks that these shares would recover the vault at path, and changes
// nothing. It fails as [Recover] does.
func Drill(path string, shares []Share) error {
	v, err := openWithShares(path, shares)
	if err != nil {
		return err
	}
	v.Close()
	return nil
}

func openWithShares(path string, shares []Share) (*Vault, error) {
	v, err := read(path)
	if err != nil {
		return nil, err
	}
	secret, workspace, err := combine(shares, v.file.set())
	if err != nil {
		return nil, err
	}
	key, err := recoveryKey(secret, workspace)
	if err != nil {
		return nil, err
	}
	master, ok := openFrom(key, spareInfo(workspace), v.file.spare())
	if !ok {
		return nil, fault.New(fault.Corrupt, "vault.Recover", "the shares are whole, but the recovery slot of vault.keys does not open").
			With("restore vault.keys from its backup")
	}
	return v, v.openBody(master)
}

// combine checks every share given and recovers the secret. It uses the first Need of
// them; the rest must fit too.
func combine(shares []Share, set []byte) (group.Scalar, id.ID, error) {
	const op = "vault.Recover"
	if len(shares) == 0 {
		return nil, id.ID{}, fault.New(fault.Sealed, op, "no shares were given")
	}
	var parts []secretsharing.Share
	var seen []int
	for _, s := range shares {
		if f := s.set(); subtle.ConstantTimeCompare(f[:], set) != 1 {
			return nil, id.ID{}, fault.New(fault.Foreign, op, "share %d is not of the set that opens this workspace", s.Number).
				With("look for the shares of the newest set, and for the right workspace")
		}
		if slices.Contains(seen, s.Number) {
			return nil, id.ID{}, fault.New(fault.Invalid, op, "share %d is given twice", s.Number).With("give different shares")
		}
		seen = append(seen, s.Number)
		if err := s.check(); err != nil {
			return nil, id.ID{}, err
		}
		part, _, err := s.parts()
		if err != nil {
			return nil, id.ID{}, fault.Because(fault.Corrupt, op, "a share is malformed", err)
		}
		parts = append(parts, part)
	}
	need := int(shares[0].Policy.Need)
	if len(parts) < need {
		return nil, id.ID{}, fault.New(fault.Sealed, op, "%d of %d shares were given", len(parts), need).
			With("ask %d more custodians", need-len(parts))
	}
	secret, err := secretsharing.Recover(uint(need)-1, parts)
	return secret, shares[0].Workspace, fault.Because(fault.Corrupt, op, "the shares do not combine", err)
}
