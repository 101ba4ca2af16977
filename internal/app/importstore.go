package app

import (
	"context"
	"encoding/csv"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"example.org/amparo/fault"
	"example.org/amparo/id"
	"example.org/amparo/internal/casebook"
	"example.org/amparo/internal/exchange/mapping"
	"example.org/amparo/internal/exchange/table"
)

// flush stores the rows that wait, in one transaction.
func (im *importer) flush(ctx context.Context) error {
	var fresh []taken
	var all []casebook.Statement
	stated := map[id.ID][]casebook.Statement{} // in this batch
	for _, t := range im.batch {
		news, err := im.unknown(ctx, t.statements, stated)
		if err != nil {
			return err
		}
		if len(news) == 0 {
			im.out.Known++
			continue
		}
		all = append(all, news...)
		fresh = append(fresh, taken{t.row, news, t.whole})
	}
	im.batch = im.batch[:0]
	if len(fresh) == 0 {
		return nil
	}
	_, err := im.w.StateAll(ctx, all)
	if err == nil {
		im.out.Stored += len(fresh)
		return nil
	}
	if k := fault.KindOf(err); k != fault.TooLarge && k != fault.Invalid {
		return err
	}
	return im.oneByOne(ctx, fresh)
}

// oneByOne finds the row that a batch was refused for, and refuses that one alone.
func (im *importer) oneByOne(ctx context.Context, rows []taken) error {
	for _, t := range rows {
		_, err := im.w.StateAll(ctx, t.statements)
		switch k := fault.KindOf(err); {
		case err == nil:
			im.out.Stored++
		case k == fault.TooLarge || k == fault.Invalid:
			p := fault.Problem{Reason: err.Error()}
			if e, ok := err.(*fault.Error); ok {
				p.Reason, p.Remedy = e.Msg, e.Remedy
			}
			if im.key >= 0 {
				delete(im.above[im.sheet], table.PlainKey(t.row.Cells[im.key]))
			}
			if err := im.refuse(t.row, p); err != nil {
				return err
			}
		default:
			return err
		}
	}
	return nil
}

// unknown leaves out the accounts that the workspace holds already.
func (im *importer) unknown(ctx context.Context, all []casebook.Statement, batch map[id.ID][]casebook.Statement) ([]casebook.Statement, error) {
	var out []casebook.Statement
	for _, s := range all {
		if slices.ContainsFunc(batch[s.Record], func(o casebook.Statement) bool { return covers(o, s) }) {
			continue
		}
		known, err := im.known(ctx, s)
		if err != nil {
			return nil, err
		}
		if known {
			continue
		}
		batch[s.Record] = append(batch[s.Record], s)
		out = append(out, s)
	}
	return out, nil
}

func covers(have, s casebook.Statement) bool {
	if have.Source != s.Source {
		return false
	}
	for name, values := range s.Fields {
		if !slices.Equal(have.Fields[name], values) {
			return false
		}
	}
	return true
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

// refusedFile is a CSV of refused rows: their cells as they stood, the reasons, and the
// cells that had no column.
type refusedFile struct {
	name  string
	keep  []int // the columns of the table that are written
	extra int   // where the table itself has cells left over, or -1
	f     *os.File
	w     *csv.Writer
}

func newRefused(dir string, s *table.Sheet, book mapping.Book) (*refusedFile, error) {
	wrong := func(err error) error {
		return fault.Because(fault.Storage, "import", "the refused rows cannot be written", err)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, wrong(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "mapping.yaml"), book.YAML(), 0o600); err != nil {
		return nil, wrong(err)
	}
	base := mapping.FileName(s.Table)
	r := &refusedFile{extra: slices.Index(s.Header, mapping.ExtraColumn)}
	var header []string
	for i, h := range s.Header {
		if !mapping.Reserved(h) {
			r.keep, header = append(r.keep, i), append(header, h)
		}
	}
	for n := 1; ; n++ { // two files may hold tables of one name
		r.name = filepath.Join(dir, base+".csv")
		if n > 1 {
			r.name = filepath.Join(dir, base+"-"+strconv.Itoa(n)+".csv")
		}
		f, err := os.OpenFile(r.name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
		if os.IsExist(err) && n < 1000 {
			continue
		}
		if err != nil {
			return nil, wrong(err)
		}
		r.f, r.w = f, csv.NewWriter(f)
		break
	}
	return r, r.write(append(header, mapping.ExtraColumn, mapping.RowColumn, mapping.ReasonColumn))
}

func (r *refusedFile) write(cells []string) error {
	for i, c := range cells {
		cells[i] = table.EscapeCell(c)
	}
	return fault.Because(fault.Storage, "import", "the refused rows cannot be written", r.w.Write(cells))
}

func (r *refusedFile) add(row table.Row, problems []fault.Problem) error {
	cells := make([]string, 0, len(r.keep)+3)
	over := row.Cells
	for _, i := range r.keep {
		cell := ""
		if i < len(row.Cells) {
			cell, over = row.Cells[i], row.Cells[i+1:]
		}
		cells = append(cells, cell)
	}
	extra := ""
	if r.extra >= 0 && r.extra < len(row.Cells) {
		extra = row.Cells[r.extra]
	} else if r.extra < 0 {
		extra = table.JoinCell(over)
	}
	var reasons []string
	for _, p := range problems {
		p.File, p.Row = "", 0
		reasons = append(reasons, p.Error())
	}
	return r.write(append(cells, extra, fmt.Sprint(row.Number), strings.Join(reasons, "; ")))
}

func (r *refusedFile) close() error {
	if r == nil {
		return nil
	}
	r.w.Flush()
	err := r.w.Error()
	if e := r.f.Close(); err == nil {
		err = e
	}
	return fault.Because(fault.Storage, "import", "the refused rows cannot be written", err)
}
