package app

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"

	"example.org/amparo/fault"
	"example.org/amparo/id"
	"example.org/amparo/internal/casebook"
	"example.org/amparo/internal/exchange/mapping"
	"example.org/amparo/internal/exchange/table"
	"example.org/amparo/internal/index"
	"example.org/amparo/internal/kind"
)

// importBatch is how many rows are stored in one transaction.
const importBatch = 2000

// ImportOptions say how tables are taken in.
type ImportOptions struct {
	// Refused is a folder for the rows that are refused, a CSV a table, with the reasons
	// and the mapping beside them: corrected there, they are imported again. Empty: none.
	Refused  string
	Progress Progress
}

// ImportTables reads tables by their mappings, parents before the tables whose rows
// belong to theirs. Each row is stored whole or refused with its reasons; a row that an
// earlier run stored, the same to the value, is counted as known. Of every table,
// Rows = Stored + Known + Refused.
func (w *Workspace) ImportTables(ctx context.Context, sheets []*table.Sheet, book mapping.Book, opt ImportOptions) ([]*ImportReport, error) {
	ses := &importSession{w: w, opt: opt, book: book, above: map[*table.Sheet]map[string]mapping.Above{}, found: map[string]map[string][]id.ID{}, same: map[string]int{}, old: map[string]mapping.Above{}}
	for _, s := range sheets {
		if p := s.Above(); p != nil {
			ses.above[p] = map[string]mapping.Above{}
		}
	}
	if err := errors.Join(ses.bind(sheets), emptyFolder(opt.Refused)); err != nil {
		return nil, err
	}
	var out []*ImportReport
	for _, im := range ses.tables {
		err := im.run(ctx)
		out = append(out, im.out)
		if err != nil {
			return out, err
		}
	}
	return out, nil
}

// importSession is one import of tables that belong together.
type importSession struct {
	w      *Workspace
	opt    ImportOptions
	book   mapping.Book
	tables []*importer
	above  map[*table.Sheet]map[string]mapping.Above // of parents: what each row made, by its key
	found  map[string]map[string][]id.ID             // "kind.field" -> text -> records
	old    map[string]mapping.Above                  // what earlier runs made of a row, by its key
	same   map[string]int                            // rows that are the same to the letter, told apart by their count
}

// emptyFolder keeps refused rows of one import from mixing with those of another.
func emptyFolder(dir string) error {
	if entries, err := os.ReadDir(dir); dir != "" && err == nil && len(entries) > 0 {
		return fault.New(fault.Conflict, "import", "the folder for refused rows is not empty").With("name a new folder")
	}
	return nil
}

// bind makes every table ready before a row of any is stored.
func (ses *importSession) bind(sheets []*table.Sheet) error {
	for _, s := range sheets {
		im := &importer{importSession: ses, sheet: s, key: -1, parent: -1, out: &ImportReport{File: s.Name, Warnings: s.Warnings}}
		ms := ses.book.For(s.Table)
		if len(ms) == 0 {
			return fault.New(fault.Invalid, "import", "the mapping says nothing of the table %q", s.Table).
				With("map it, or leave it out with a document of its own: table: %s, skip: why", s.Table)
		}
		if im.skip = ms[0].Skip; im.skip == "" {
			var err error
			if im.apply, err = mapping.Bind(ses.w.Schema(), ms, s.Header); err != nil {
				return err
			}
			for _, m := range ms {
				im.out.Kind = strings.TrimPrefix(im.out.Kind+" "+m.Kind, " ")
			}
		}
		if i := slices.Index(s.Header, table.ParentKeyColumn); i >= 0 {
			im.parent = i
		}
		im.key = keyColumn(s.Header)
		ses.tables = append(ses.tables, im)
	}
	return nil
}

// keyColumn is the column that the rows of repeat tables name their parent by.
func keyColumn(header []string) int {
	if i := slices.Index(header, table.KeyColumn); i >= 0 {
		return i
	}
	for _, h := range table.SubmissionColumns(header) {
		return slices.Index(header, h)
	}
	return -1
}

// importer takes in one table.
type importer struct {
	*importSession
	sheet   *table.Sheet
	apply   *mapping.Applier
	skip    string
	key     int
	parent  int
	out     *ImportReport
	batch   []taken
	refused *refusedFile
}

// taken is a row that waits to be stored.
type taken struct {
	row        table.Row
	statements []casebook.Statement
	whole      bool
}

// maxProblems bounds the report; every refused row is counted.
const maxProblems = 1000

func (im *importer) run(ctx context.Context) error {
	for row, err := range im.sheet.Rows() {
		if err == nil {
			err = ctx.Err()
		}
		if err := im.take(ctx, row, err); err != nil {
			return errors.Join(err, im.refused.close())
		}
		im.opt.Progress.tell(im.out.Rows, 0)
	}
	return errors.Join(im.flush(ctx), im.refused.close())
}

func (im *importer) refuse(row table.Row, problems ...fault.Problem) error {
	im.out.Refused++
	for i := range problems {
		problems[i].File, problems[i].Row = im.sheet.Name, row.Number
		if len(im.out.Problems) < maxProblems {
			im.out.Problems = append(im.out.Problems, problems[i])
		}
	}
	if im.opt.Refused == "" {
		return nil
	}
	if im.refused == nil {
		var err error
		if im.refused, err = newRefused(im.opt.Refused, im.sheet, im.book); err != nil {
			return err
		}
		im.out.RefusedFile = im.refused.name
	}
	return im.refused.add(row, problems)
}

func (im *importer) take(ctx context.Context, row table.Row, err error) error {
	im.out.Rows++
	var p fault.Problem
	if errors.As(err, &p) {
		return im.refuse(row, p)
	}
	if err != nil {
		im.out.Rows--
		return err
	}
	if im.skip != "" {
		if im.out.Refused == 0 {
			return im.refuse(row, fault.Problem{Reason: "the table is left out: " + im.skip, Remedy: "name its kind in a mapping"})
		}
		im.out.Refused++
		return nil
	}
	im.warn(row)
	above, err := im.aboveOf(ctx, row)
	if errors.As(err, &p) {
		return im.refuse(row, p)
	}
	if err != nil {
		return err
	}
	said := im.apply.Row(row.Cells, above, im.records(ctx))
	if len(said.Problems) == 0 {
		said.Problems, err = im.check(ctx, &said)
	}
	if err != nil {
		return err
	}
	if len(said.Problems) > 0 {
		return im.refuse(row, said.Problems...)
	}
	im.remember(row, said)
	if im.batch = append(im.batch, taken{row, said.Statements, said.Whole}); len(im.batch) < importBatch {
		return nil
	}
	return im.flush(ctx)
}

// warn tells of cells that look like formulas, and of submissions that somebody
// rejected on the form server.
func (im *importer) warn(row table.Row) {
	for i, c := range row.Cells {
		switch {
		case len(im.out.Warnings) >= maxProblems:
			return
		case table.Formula(c):
			im.out.Warnings = append(im.out.Warnings, fault.Problem{File: im.sheet.Name, Row: row.Number, Column: im.sheet.Header[i], Value: c,
				Reason: "looks like a formula; it is kept as text and never run"})
		case c != "" && slices.Contains(rejections, c) && slices.Contains(reviews, im.sheet.Header[i]):
			im.out.Warnings = append(im.out.Warnings, fault.Problem{File: im.sheet.Name, Row: row.Number, Column: im.sheet.Header[i], Value: c,
				Reason: "the submission was rejected on the form server; it is taken in all the same", Remedy: "take it back on the record, or filter on the server"})
		}
	}
}

// How form servers say that a submission was rejected, and where.
var (
	reviews    = []string{"ReviewState", "__system/reviewState", "_validation_status", "_validation_status/uid", "_validation_status/label"}
	rejections = []string{"rejected", "Not Approved", "validation_status_not_approved"}
)

// check says what is wrong with the accounts of a row. Of a record that the row names
// itself, what is known already is not stated again: a table of current values that
// comes back with one cell changed says one new thing.
func (im *importer) check(ctx context.Context, said *mapping.Applied) (problems []fault.Problem, err error) {
	if said.Whole {
		for i := range said.Statements {
			if err := im.onlyNew(ctx, &said.Statements[i]); err != nil {
				var p fault.Problem
				if errors.As(err, &p) {
					return []fault.Problem{p}, nil
				}
				return nil, err
			}
		}
		said.Statements = slices.DeleteFunc(said.Statements, func(s casebook.Statement) bool { return len(s.Fields) == 0 })
	}
	for _, s := range said.Statements {
		problems = append(problems, im.w.Check(ctx, s, "save")...)
	}
	if len(said.Statements) == 0 && !said.Whole {
		problems = append(problems, fault.Problem{Reason: "the row says nothing", Remedy: "fill at least one cell"})
	}
	return problems, nil
}

func (im *importer) onlyNew(ctx context.Context, s *casebook.Statement) error {
	row, err := im.w.index.Row(ctx, s.Record)
	if fault.KindOf(err) == fault.NotFound {
		return nil
	}
	if err != nil {
		return err
	}
	if row.Kind != s.Kind {
		return fault.Problem{Kind: s.Kind, Value: s.Record.String(), Reason: "the record is of another kind: " + row.Kind, Remedy: "take the identifier out, or import the row as that kind"}
	}
	r, err := im.w.index.Fold(ctx, s.Record)
	if err != nil {
		return err
	}
	for name, values := range s.Fields {
		if sameValues(r.Field(name).Current(), values) {
			delete(s.Fields, name)
		}
	}
	return nil
}

// sameValues compares without the language, which a cell does not tell.
func sameValues(have, said []kind.Value) bool {
	return slices.EqualFunc(have, said, func(a, b kind.Value) bool {
		return a.State == b.State && a.Text == b.Text && (a.Lang == b.Lang || b.Lang == "")
	})
}

// remember keeps what a row made for the rows that belong to it, and the records made
// for links for the rows that name them again.
func (im *importer) remember(row table.Row, said mapping.Applied) {
	if rows, ok := im.above[im.sheet]; ok && im.key >= 0 {
		rows[table.PlainKey(row.Cells[im.key])] = said.Records
	}
	for _, m := range said.Made {
		if known := im.found[m.Kind+"."+m.Field]; known != nil {
			known[m.Text] = []id.ID{m.Record}
		}
	}
}

// aboveOf finds the records of the row that a row belongs to: made in this run, or by
// an earlier one. A row whose parent was refused is refused with it.
func (im *importer) aboveOf(ctx context.Context, row table.Row) (mapping.Above, error) {
	if im.parent < 0 {
		return nil, nil
	}
	key := table.PlainKey(row.Cells[im.parent])
	if p := im.sheet.Above(); p != nil {
		if a, ok := im.above[p][key]; ok {
			return a, nil
		}
	}
	if a, err := im.earlier(ctx, key); err != nil || len(a) > 0 {
		return a, err
	}
	return nil, fault.Problem{Column: table.ParentKeyColumn, Value: row.Cells[im.parent], Reason: "the row it belongs to is not here: it was refused, or never imported",
		Remedy: "correct that row and import it, then this one"}
}

// earlier finds what an earlier run made of a submission or of a row of its repeats,
// from the outermost in.
func (im *importer) earlier(ctx context.Context, key string) (mapping.Above, error) {
	if a, ok := im.old[key]; ok {
		return a, nil
	}
	out := mapping.Above{}
	im.old[key] = out
	for at := key; at != ""; at = at[:max(0, strings.LastIndexByte(at, '/'))] {
		for _, k := range im.w.Schema().Kinds() {
			if !out[k.Name].IsZero() {
				continue
			}
			rec := im.named(k.Name, "submission", at)
			row, err := im.w.index.Row(ctx, rec)
			if fault.KindOf(err) == fault.NotFound {
				continue
			}
			if err != nil {
				return nil, err
			}
			out[k.Name] = rec
			for _, f := range k.Fields {
				if x, err := id.Parse(row.Values.Get(f.Name)); f.Type == kind.TypeLink && f.Kind != "" && err == nil && !x.IsZero() && out[f.Kind].IsZero() {
					out[f.Kind] = x
				}
			}
		}
	}
	return out, nil
}

// named derives a record from what names it: the same in every run and on every device.
func (ses *importSession) named(parts ...string) id.ID {
	general, ok := ses.w.rooms.named(generalRoom)
	if !ok {
		return ses.w.NewRecord()
	}
	return id.Derive(general.secret, append([]string{"import"}, parts...)...)
}

// records answers what a mapping asks of the workspace.
func (ses *importSession) records(ctx context.Context) mapping.Records {
	return importRecords{ses, ctx}
}

type importRecords struct {
	*importSession
	ctx context.Context
}

func (r importRecords) Named(parts ...string) id.ID { return r.named(parts...) }

func (r importRecords) Content(parts ...string) id.ID {
	key := fmt.Sprintf("%q", parts)
	n := r.same[key]
	r.same[key]++
	return r.named(append([]string{strconv.Itoa(n)}, parts...)...)
}

func (r importRecords) Find(kindName, field, text string) ([]id.ID, error) {
	name := kindName + "." + field
	if r.found[name] == nil {
		all := map[string][]id.ID{}
		err := r.w.index.Each(r.ctx, kindName, func(row index.Row) error {
			if t := row.Values.Get(field); t != "" {
				all[t] = append(all[t], row.ID)
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
		r.found[name] = all
	}
	return r.found[name][text], nil
}

var _ index.Source = (*Workspace)(nil)
