package table

import (
	"encoding/csv"
	"fmt"
	"io"
	"os"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/xuri/excelize/v2"

	"example.org/amparo/fault"
)

// textFormat is the number format "@": a spreadsheet keeps such a cell as text even
// when somebody edits it.
const textFormat = 49

// WriteXLSX writes sheets as a workbook. Rows are taken as they come. Every cell is
// text, so nothing in it is ever run as a formula, no leading zero is lost and no
// apostrophe is needed. Nothing is written to temporary files; the packed sheets are
// held in memory until the end. An error of a sheet's rows ends the writing and is
// returned, and so is what a workbook cannot hold: a cell of more than 32,767
// characters, a sheet of more than 1,048,576 rows. Either way w may hold a part of the
// file, to be thrown away.
func WriteXLSX(w io.Writer, sheets []*Sheet) error {
	if len(sheets) == 0 {
		return fault.New(fault.Invalid, "export", "a workbook needs at least one sheet").With("choose what is to be written")
	}
	// no folder of this name can exist, which keeps excelize from using temporary files
	f := excelize.NewFile(excelize.Options{TmpDir: os.DevNull})
	defer f.Close()
	style, err := f.NewStyle(&excelize.Style{NumFmt: textFormat})
	if err != nil {
		return fault.Because(fault.Internal, "export", "the workbook cannot be written", err)
	}
	taken := map[string]bool{}
	for i, s := range sheets {
		title := sheetTitle(s.Table, taken)
		if i == 0 {
			err = f.SetSheetName("Sheet1", title)
		} else {
			_, err = f.NewSheet(title)
		}
		if err == nil {
			err = writeSheet(f, title, style, s)
		}
		if err != nil {
			return err
		}
	}
	return fault.Because(fault.Storage, "export", "the workbook cannot be written", f.Write(w))
}

// WriteCSV writes a sheet as CSV in UTF-8, with its HXL row if it has one. A cell that a
// spreadsheet would run as a formula is made safe, see [EscapeCell]; reading it again
// gives the cell as it was. An error of the sheet's rows ends the writing.
func WriteCSV(w io.Writer, s *Sheet) error {
	cw := csv.NewWriter(w)
	write := func(cells []string) error {
		out := make([]string, len(cells))
		for i, c := range cells {
			out[i] = EscapeCell(c)
		}
		return fault.Because(fault.Storage, "export", "the table cannot be written", cw.Write(out))
	}
	err := write(s.Header)
	if err == nil && s.Tags != nil {
		err = write(s.Tags)
	}
	for row, rowErr := range s.Rows() {
		if err == nil {
			err = rowErr
		}
		if err == nil {
			err = write(row.Cells)
		}
		if err != nil {
			return err
		}
	}
	cw.Flush()
	return fault.Because(fault.Storage, "export", "the table cannot be written", cw.Error())
}

func writeSheet(f *excelize.File, title string, style int, s *Sheet) error {
	// The size of the sheet is not known yet. The one a new sheet states, a single cell,
	// is believed by other readers (openpyxl, and pyxform by it), which then see no more.
	err := f.SetSheetDimension(title, "")
	if err != nil {
		return fault.Because(fault.Internal, "export", "the workbook cannot be written", err)
	}
	sw, err := f.NewStreamWriter(title)
	if err != nil {
		return fault.Because(fault.Internal, "export", "the workbook cannot be written", err)
	}
	if len(s.Header) > excelize.MaxColumns {
		return fault.New(fault.TooLarge, "export", "%s has %d columns, a workbook holds %d", s.Name, len(s.Header), excelize.MaxColumns).With("export it as CSV")
	}
	out := sheetWriter{sw: sw, style: style, s: s}
	if err := out.row(s.Header); err != nil {
		return err
	}
	if s.Tags != nil {
		if err := out.row(s.Tags); err != nil {
			return err
		}
	}
	for row, err := range s.Rows() {
		if err == nil {
			err = out.row(row.Cells)
		}
		if err != nil {
			return err
		}
	}
	return fault.Because(fault.Internal, "export", "the workbook cannot be written", sw.Flush())
}

type sheetWriter struct {
	sw    *excelize.StreamWriter
	style int
	s     *Sheet
	n     int
	cells []any
}

func (w *sheetWriter) row(cells []string) error {
	if w.n++; w.n > excelize.TotalRows {
		return fault.New(fault.TooLarge, "export", "%s has more rows than a workbook holds", w.s.Name).With("export it as CSV")
	}
	if len(cells) > len(w.s.Header) {
		return fault.Problem{File: w.s.Name, Row: w.n, Value: cells[len(w.s.Header)], Reason: "the row has more cells than the header", Remedy: "name every column"}
	}
	w.cells = w.cells[:0]
	for i, c := range cells {
		if p := unfit(c); p.Reason != "" {
			p.File, p.Row, p.Column = w.s.Name, w.n, w.s.Header[i]
			return p
		}
		if c == "" {
			w.cells = append(w.cells, nil)
			continue
		}
		w.cells = append(w.cells, excelize.Cell{StyleID: w.style, Value: c})
	}
	return fault.Because(fault.Internal, "export", "the workbook cannot be written", w.sw.SetRow(fmt.Sprintf("A%d", w.n), w.cells))
}

// unfit says what of a cell a workbook would change or cut in silence.
func unfit(cell string) fault.Problem {
	bad := func(r rune) bool {
		return r < ' ' && r != '\t' && r != '\n' && r != '\r' || r == 0xFFFE || r == 0xFFFF
	}
	switch {
	case len(cell) > excelize.TotalCellChars && len(utf16.Encode([]rune(cell))) > excelize.TotalCellChars:
		return fault.Problem{Reason: fmt.Sprintf("the cell has more than %d characters, which is all a workbook holds", excelize.TotalCellChars), Remedy: "export it as CSV"}
	case !utf8.ValidString(cell) || strings.ContainsFunc(cell, bad):
		return fault.Problem{Reason: "the cell holds a control character, which a workbook cannot hold", Remedy: "remove it, or export as CSV"}
	}
	return fault.Problem{}
}

// sheetTitle makes a name that a workbook takes: at most 31 characters, none of
// : \ / ? * [ ], and no two alike.
func sheetTitle(name string, taken map[string]bool) string {
	clean := strings.Map(func(r rune) rune {
		if r < ' ' || strings.ContainsRune(`:\/?*[]'`, r) || r == utf8.RuneError || r > 0xFFFF {
			return '_'
		}
		return r
	}, strings.TrimSpace(name))
	if clean == "" {
		clean = "table"
	}
	for n := 1; ; n++ {
		end := ""
		if n > 1 {
			end = fmt.Sprintf("~%d", n)
		}
		r := []rune(clean)
		title := string(r[:min(len(r), excelize.MaxSheetNameLength-len(end))]) + end
		if low := strings.ToLower(title); !taken[low] {
			taken[low] = true
			return title
		}
	}
}

// WriteNew writes a file that must not exist yet and that only its owner can read. What
// write returns as an error, or the disk, leaves no half file behind.
func WriteNew(name string, write func(io.Writer) error) error {
	f, err := os.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if os.IsExist(err) {
		return fault.New(fault.Conflict, "export", "there is a file of this name already").With("name a new file")
	}
	if err != nil {
		return fault.Because(fault.Storage, "export", "the file cannot be made", err)
	}
	err = write(f)
	for _, finish := range []func() error{f.Sync, f.Close} {
		if e := finish(); err == nil {
			err = fault.Because(fault.Storage, "export", "the file cannot be written", e)
		}
	}
	if err != nil {
		_ = os.Remove(name) // the first error is the one to tell
	}
	return err
}
