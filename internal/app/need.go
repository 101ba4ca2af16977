package app

import (
	"context"
	"slices"

	"example.org/amparo/id"
	"example.org/amparo/internal/interview"
	"example.org/amparo/internal/kind"
)

// NeedTokens makes the keyed hashes by which a partner can tell whether a person's account
// was taken already (R27); see [interview.Tokens]. They leave only for somebody who allows
// matching with other accounts (CO-02); of others there are none. Reading the names is
// written to the log.
func (w *Workspace) NeedTokens(ctx context.Context, person id.ID, secret []byte, exchange string) ([]string, error) {
	matching, err := w.For("CO-02", "")
	if err != nil {
		return nil, err
	}
	row, err := matching.Row(ctx, person)
	if err != nil {
		return nil, err
	}
	known := interview.Known{Birth: personOf(row.Values).Birth, Sex: row.Values.Get("sex")}
	identities, err := matching.Linked(ctx, person, "person_identity", "person")
	if err != nil {
		return nil, err
	}
	for _, row := range identities {
		if err := w.NoteRead(ctx, row.ID); err != nil {
			return nil, err
		}
		r, err := matching.Fold(ctx, row.ID)
		if err != nil {
			return nil, err
		}
		for _, field := range []string{"names", "aliases", "transliterations"} {
			for _, v := range r.Field(field).Current() {
				if v.State == kind.Given && !slices.Contains(known.Names, v.Text) {
					known.Names = append(known.Names, v.Text)
				}
			}
		}
	}
	return interview.Tokens(secret, exchange, known)
}
