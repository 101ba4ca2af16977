package vault

import (
	"crypto/hpke"
	"crypto/sha256"

	"example.org/amparo/fault"
	"example.org/amparo/id"
)

// kemSeed is the length of a private member key: the seed of X-Wing (ML-KEM-768 with
// X25519), from which both halves follow.
const kemSeed = 32

// The HPKE suite: ML-KEM-768 + X25519, HKDF-SHA256, AES-256-GCM (RFC 9180,
// draft-ietf-hpke-pq). Recorded traffic stays closed to a later quantum computer.
func suite() (hpke.KEM, hpke.KDF, hpke.AEAD) {
	return hpke.MLKEM768X25519(), hpke.HKDFSHA256(), hpke.AES256GCM()
}

func memberKey(seed []byte) (hpke.PrivateKey, error) {
	kem, _, _ := suite()
	k, err := kem.NewPrivateKey(seed)
	return k, fault.Because(fault.Corrupt, "vault", "a member key is malformed", err)
}

// checkMemberKey refuses what is not a public member key.
func checkMemberKey(pub []byte) error {
	kem, _, _ := suite()
	_, err := kem.NewPublicKey(pub)
	return fault.Because(fault.Invalid, "vault", "this is not a member key", err)
}

// sealTo seals a secret to a public member key. It draws its randomness from
// crypto/rand, which crypto/hpke does not let a caller choose.
func sealTo(pub, info, secret []byte) ([]byte, error) {
	kem, kdf, aead := suite()
	k, err := kem.NewPublicKey(pub)
	if err != nil {
		return nil, fault.Because(fault.Invalid, "vault", "this is not a member key", err)
	}
	out, err := hpke.Seal(k, kdf, aead, info, secret)
	return out, fault.Because(fault.Internal, "vault", "cannot seal to a member key", err)
}

func openFrom(k hpke.PrivateKey, info, sealed []byte) ([]byte, bool) {
	if k == nil {
		return nil, false
	}
	_, kdf, aead := suite()
	secret, err := hpke.Open(k, kdf, aead, info, sealed)
	return secret, err == nil
}

// kemTag tells member keys apart: the first 8 bytes of SHA-256("amparo kem v1" || key).
func kemTag(pub []byte) (t [8]byte) {
	sum := sha256.Sum256(append([]byte("amparo kem v1"), pub...))
	copy(t[:], sum[:])
	return t
}

// MemberKey is the public key that colleagues seal compartment keys to, 1,216 bytes.
func (v *Vault) MemberKey() []byte {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.kem.PublicKey().Bytes()
}

// privateKeys returns the member key and, while grants are being made again, the one
// before it.
func (v *Vault) privateKeys() (now, before hpke.PrivateKey) {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.kem, v.oldKEM
}

// RotateMember makes a new member key. The old private half stays until
// [Vault.ForgetOldMember], so that a crash between the two loses nothing. A rotation
// that was not finished is not begun anew. [Keyring.RotateMember] does both and makes
// the grants again in between.
func (v *Vault) RotateMember() error {
	return v.change(func() error {
		if v.oldKEM != nil {
			return nil
		}
		seed := make([]byte, kemSeed)
		if err := fill(v.rand, seed); err != nil {
			return err
		}
		kem, err := memberKey(seed)
		if err != nil {
			return err
		}
		v.body.OldKEM, v.oldKEM = v.body.KEM, v.kem
		v.body.KEM, v.kem = seed, kem
		return nil
	})
}

// ForgetOldMember destroys the private half of the member key before the present one:
// grants made to it, wherever copies are, open no more.
func (v *Vault) ForgetOldMember() error {
	if _, old := v.privateKeys(); old == nil {
		return nil
	}
	var seed []byte
	err := v.change(func() error {
		seed = v.body.OldKEM
		v.body.OldKEM, v.oldKEM = nil, nil
		return nil
	})
	if err == nil {
		clear(seed)
	}
	return err
}

// grantInfo binds a grant to its workspace, compartment, epoch and member.
func grantInfo(workspace, compartment id.ID, number uint32, tag [8]byte, member id.ID) []byte {
	info := append([]byte("amparo/v1 grant"), workspace[:]...)
	info = append(info, compartment[:]...)
	info = append(info, be32(number)...)
	info = append(info, tag[:]...)
	return append(info, member[:]...)
}
