package app

import (
	"context"
	"slices"

	"example.org/amparo/fault"
	"example.org/amparo/id"
	"example.org/amparo/internal/consent"
	"example.org/amparo/internal/kind"
	"example.org/amparo/internal/partner/likeness"
	"example.org/amparo/when"
	"example.org/amparo/where"
)

// sharingPurpose is what a person must allow, beside [matchingPurpose], before a partner is
// asked about them or an answer to a partner is computed over them.
const sharingPurpose = "CO-10"

// mayMatchWith says whether a person's consent covers matching with a partner, and if not
// why. The partner must be one the person named: consent to share with somebody is not
// consent to share with anybody.
func (r *register) mayMatchWith(person id.ID, partner string, w *Workspace) (bool, consent.Decision) {
	today := w.today()
	if r.locked(person, consent.Use{Purpose: consent.Documentation, On: today}) {
		return false, r.decide(person, consent.Use{Purpose: consent.Documentation, On: today})
	}
	if d := r.decide(person, consent.Use{Purpose: matchingPurpose, On: today}); !d.Allowed {
		return false, d
	}
	d := r.decide(person, consent.Use{Purpose: sharingPurpose, On: today, Recipient: partner})
	named := func(a consent.Answer) bool { return slices.Contains(a.Recipients, partner) }
	if d.Allowed && !slices.ContainsFunc(d.Answers, named) {
		d.Allowed, d.Reason = false, consent.OtherRecipient
	}
	return d.Allowed, d
}

// needsNames refuses a member without the key of names: what such a member asks or answers
// would be about nobody, and look like "no match".
func (w *Workspace) needsNames() error {
	if _, ok := w.rooms.named(identityRoom); !ok {
		return fault.New(fault.Denied, "app.Partner", "you do not hold the key of names").Coded("partner.nameless").With("let a colleague ask or answer who does")
	}
	return nil
}

// knownOf reads what is known of a person for a question to a partner, or an answer. The
// caller has asked for consent, and writes to the log that names were read.
func (w *Workspace) knownOf(ctx context.Context, read *Reading, person id.ID) (k likeness.Known, identities []id.ID, err error) {
	row, err := read.Row(ctx, person)
	if err != nil {
		return k, nil, err
	}
	k.Sex = row.Values.Get("sex")
	if len(row.Values["sex"]) > 1 {
		k.Sex = "" // accounts differ
	}
	for _, v := range row.Values["birth"] {
		if d, err := when.Parse(v.Text); err == nil && v.State == kind.Given {
			k.Births = append(k.Births, d)
		}
	}
	k.Province = provinceOf(row.Values.Get("origin"))
	rows, err := read.Linked(ctx, person, "person_identity", "person")
	if err != nil {
		return k, nil, err
	}
	for _, row := range rows {
		r, err := read.Fold(ctx, row.ID)
		if err != nil {
			return k, nil, err
		}
		identities = append(identities, row.ID)
		for field, into := range map[string]*[]string{"names": &k.Names, "transliterations": &k.Names, "aliases": &k.Aliases} {
			for _, v := range r.Field(field).Current() {
				if v.State == kind.Given && !slices.Contains(*into, v.Text) {
					*into = append(*into, v.Text)
				}
			}
		}
	}
	slices.Sort(k.Names) // of a map, so in no order
	slices.Sort(k.Aliases)
	return k, identities, nil
}

// provinceOf is the code of the province of a place, or "".
func provinceOf(place string) string {
	p, err := where.Find(place)
	if err != nil {
		return ""
	}
	if p = p.At(where.Province); p == nil || p.Level != where.Province {
		return ""
	}
	return p.Code
}
