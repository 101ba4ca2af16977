package app

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"example.org/amparo/fault"
	"example.org/amparo/id"
	"example.org/amparo/internal/index"
	"example.org/amparo/internal/kind"
)

// Tie is one relation of a person, as one record says it.
type Tie struct {
	Record  id.ID
	Type    string // in words: "mother", or of the other: whose mother the person is
	Code    string // of the type
	Inverse bool   // the other is named as the one it is told of
	Other   id.ID  // zero where only a role is known, or the reader may not see who
	Title   string // of the other
	Status  string
}

// Relations lists how a person is tied to others, as it was stated of the person and of
// records that people called the same. Somebody the desk does not show is left out: the
// tie then says the role alone.
func (r *Reading) Relations(ctx context.Context, person id.ID, lang string) ([]Tie, error) {
	row, err := r.Row(ctx, person)
	if err != nil {
		return nil, err
	}
	if row.Kind != "person" {
		return nil, fault.New(fault.NotFound, "app.Relations", "no such person")
	}
	same, _, err := r.w.index.SameAs(ctx, person)
	if err != nil {
		return nil, err
	}
	var out []Tie
	for _, p := range append([]id.ID{person}, same...) {
		for _, from := range []struct{ kind, at, other, role string }{
			{"relationship", "person", "other", "type"}, {"relationship", "other", "person", "type"}, {"family_link", "person", "", "role"},
		} {
			rows, err := r.Linked(ctx, p, from.kind, from.at)
			if err != nil {
				return nil, err
			}
			for _, row := range rows {
				t := Tie{Record: row.ID, Code: row.Values.Get(from.role), Type: r.word(row, from.role, lang), Status: r.word(row, "status", lang), Inverse: from.at == "other"}
				if other, err := id.Parse(row.Values.Get(from.other)); err == nil && !other.IsZero() {
					if o, err := r.Row(ctx, other); err == nil {
						t.Other, t.Title = other, r.Title(ctx, *o, lang)
					}
				}
				if !slices.ContainsFunc(out, func(o Tie) bool { return o.Record == t.Record }) {
					out = append(out, t)
				}
			}
		}
	}
	slices.SortFunc(out, func(a, b Tie) int {
		return cmp.Or(strings.Compare(a.Code, b.Code), strings.Compare(a.Title, b.Title), a.Record.Compare(b.Record))
	})
	return out, nil
}

// word is the first value of a field in words, or nothing.
func (r *Reading) word(row index.Row, field, lang string) string {
	k, ok := r.w.Schema().Kind(row.Kind)
	if !ok {
		return ""
	}
	f, ok := k.Field(field)
	if vs := row.Values[field]; ok && len(vs) > 0 && f.Type != kind.TypeLink {
		return r.w.Schema().FormatValue(f, vs[0], lang)
	}
	return ""
}

// Uses lists what was done with a person's file, newest first: what left the workspace with
// the person in it, who found it by a name, and who opened the identity and why, under any
// record found to be this person.
func (w *Workspace) Uses(ctx context.Context, person id.ID) ([]LedgerEntry, error) {
	if _, err := w.Desk().Row(ctx, person); err != nil {
		return nil, err
	}
	same, _, err := w.index.SameAs(ctx, person)
	if err != nil {
		return nil, err
	}
	own := append([]id.ID{person}, same...)
	if err := w.takeSearches(ctx); err != nil {
		return nil, err
	}
	uses, err := w.index.Using(ctx, own)
	if err != nil {
		return nil, err
	}
	return w.entries(ctx, uses, false)
}
