package app

import (
	"path/filepath"
	"slices"
	"strings"

	"example.org/amparo/fault"
	"example.org/amparo/id"
	"example.org/amparo/internal/vault"
)

// KeySummary is what a member may know of the keys held.
type KeySummary struct {
	Workspace    id.ID         `json:"workspace"`
	Member       id.ID         `json:"member"`
	Device       id.ID         `json:"device"`
	Compartments []RoomSummary `json:"compartments"`
}

// RoomSummary is a compartment this member holds.
type RoomSummary struct {
	Name  string `json:"name"`
	Epoch uint32 `json:"epoch"`
}

// KeySummary lists the compartments this member holds; others are not mentioned.
func (w *Workspace) KeySummary() KeySummary {
	s := KeySummary{Workspace: w.ID(), Member: w.vault.Member(), Device: w.vault.Device()}
	for _, c := range w.rooms.all() {
		s.Compartments = append(s.Compartments, RoomSummary{Name: c.name, Epoch: w.keys.Epoch(c.id)})
	}
	slices.SortFunc(s.Compartments, func(a, b RoomSummary) int { return strings.Compare(a.Name, b.Name) })
	return s
}

// MakeShares divides the recovery key: any need of made shares reopen the workspace.
func (w *Workspace) MakeShares(need, made int) ([]string, error) {
	if need < 2 || made > 16 || need > made {
		return nil, fault.New(fault.Invalid, "app.MakeShares", "%d of %d shares", need, made).With("choose 2 to 16 shares, and fewer needed than made")
	}
	shares, err := w.vault.MakeShares(vault.Policy{Need: uint8(need), Made: uint8(made)})
	if err != nil {
		return nil, err
	}
	out := make([]string, len(shares))
	for i, s := range shares {
		out[i] = s.Text()
	}
	return out, nil
}

func parseShares(texts []string) ([]vault.Share, error) {
	var out []vault.Share
	for _, t := range texts {
		s, err := vault.ParseShare(t)
		if err != nil {
			return nil, err
		}
		out = append(out, s)
	}
	return out, nil
}

// Drill checks that shares reopen the workspace in dir, and changes nothing.
func Drill(dir string, shares []string) error {
	s, err := parseShares(shares)
	if err != nil {
		return err
	}
	return vault.Drill(filepath.Join(dir, vaultFile), s)
}

// Recover sets a new passphrase by recovery shares.
func Recover(dir string, shares []string, pass []byte) error {
	s, err := parseShares(shares)
	if err != nil {
		return err
	}
	v, err := vault.Recover(filepath.Join(dir, vaultFile), s, pass)
	if err != nil {
		return err
	}
	v.Close()
	return nil
}

// ChangePassphrase replaces the passphrase of the workspace in dir.
func ChangePassphrase(dir string, old, pass []byte) error {
	v, err := vault.Open(filepath.Join(dir, vaultFile), old)
	if err != nil {
		return err
	}
	defer v.Close()
	return v.ChangePassphrase(old, pass, nil)
}
