package app

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"example.org/amparo/fault"
	"example.org/amparo/id"
	"example.org/amparo/internal/casebook"
	"example.org/amparo/internal/exchange/mapping"
	"example.org/amparo/internal/exchange/table"
	"example.org/amparo/internal/index"
)

// importBatch is how many rows are stored in one transaction.
const importBatch = 2000

// ImportTable reads a table by a mapping. Each row is stored whole or refused with its
// reasons; a row that an earlier run stored, the same to the value, is counted as
// known. Rows = Stored + Known + Refused.
func (w *Workspace) ImportTable(ctx context.Context, s *table.Sheet, m mapping.Mapping, progress Progress) (*ImportReport, error) {
	apply, err := m.For(w.Schema(), s.Header)
	if err != nil {
		return nil, err
	}
	im := &importer{w: w, apply: apply, sheet: s, out: &ImportReport{File: s.Name, Kind: m.Kind, Warnings: s.Warnings}, same: map[string]int{}}
	for row, err := range s.Rows() {
		if err == nil {
			err = ctx.Err()
		}
		if err := im.take(ctx, row, err); err != nil {
			return im.out, err
		}
		progress.tell(im.out.Rows, 0)
	}
	return im.out, im.flush(ctx)
}

type importer struct {
	w     *Workspace
	apply *mapping.Applier
	sheet *table.Sheet
	out   *ImportReport
	same  map[string]int // rows that are the same to the letter, told apart by their count
	batch []casebook.Statement
}

// maxProblems bounds the report; every refused row is counted.
const maxProblems = 1000

func (im *importer) refuse(row int, problems ...fault.Problem) {
	im.out.Refused++
	for _, p := range problems {
		if len(im.out.Problems) < maxProblems {
			p.File, p.Row = im.sheet.Name, row
			im.out.Problems = append(im.out.Problems, p)
		}
	}
}

func (im *importer) take(ctx context.Context, row table.Row, err error) error {
	im.out.Rows++
	var p fault.Problem
	if errors.As(err, &p) {
		im.refuse(row.Number, p)
		return nil
	}
	if err != nil {
		im.out.Rows--
		return err
	}
	for i, c := range row.Cells {
		if table.Formula(c) && len(im.out.Warnings) < maxProblems {
			im.out.Warnings = append(im.out.Warnings, fault.Problem{File: im.sheet.Name, Row: row.Number, Column: im.sheet.Header[i], Value: c,
				Reason: "looks like a formula; it is kept as text and never run"})
		}
	}
	s, problems := im.apply.Row(row.Cells, im.derive)
	if len(problems) == 0 {
		problems = im.w.Check(ctx, s, "save")
	}
	if len(problems) > 0 {
		im.refuse(row.Number, problems...)
		return nil
	}
	if im.batch = append(im.batch, s); len(im.batch) < importBatch {
		return nil
	}
	return im.flush(ctx)
}

// derive names the record of a row: the same row of the same table gives the same
// record in every run and on every device.
func (im *importer) derive(parts ...string) id.ID {
	key := fmt.Sprintf("%q", parts)
	n := im.same[key]
	im.same[key]++
	general, ok := im.w.rooms.named(generalRoom)
	if !ok {
		return im.w.NewRecord()
	}
	return id.Derive(general.secret, append([]string{"import", strconv.Itoa(n)}, parts...)...)
}

func (im *importer) flush(ctx context.Context) error {
	fresh := im.batch[:0]
	for _, s := range im.batch {
		known, err := im.known(ctx, s)
		if err != nil {
			return err
		}
		if known {
			im.out.Known++
			continue
		}
		fresh = append(fresh, s)
	}
	if _, err := im.w.StateAll(ctx, fresh); err != nil {
		return err
	}
	im.out.Stored += len(fresh)
	im.batch = im.batch[:0]
	return nil
}

// known reports whether the record has an account that says just this already.
func (im *importer) known(ctx context.Context, s casebook.Statement) (bool, error) {
	if _, err := im.w.index.Row(ctx, s.Record); fault.KindOf(err) == fault.NotFound {
		return false, nil
	} else if err != nil {
		return false, err
	}
	r, err := im.w.index.Fold(ctx, s.Record)
	if err != nil {
		return false, err
	}
	return says(r, s), nil
}

// says reports whether the accounts of one source already hold every value stated.
func says(r *casebook.Record, s casebook.Statement) bool {
	for name, values := range s.Fields {
		found := false
		for _, a := range r.Accounts {
			found = found || a.Act.Source == s.Source && slices.Equal(a.Act.Fields[name], values)
		}
		if !found {
			return false
		}
	}
	return true
}

var _ index.Source = (*Workspace)(nil)
