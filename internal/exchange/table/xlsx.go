package table

import (
	"bytes"
	"strings"

	"github.com/xuri/excelize/v2"

	"example.org/amparo/fault"
)

// openXLSX reads the visible sheets of a workbook. Formulas are never computed: a cell
// with one gives the value that was saved with it, and a warning.
func openXLSX(name string, data []byte, lim Limits) ([]*Sheet, error) {
	f, err := excelize.OpenReader(bytes.NewReader(data), excelize.Options{
		// all in memory: what is larger would be unpacked to a temporary file, in clear
		UnzipSizeLimit: lim.File, UnzipXMLSizeLimit: lim.File, RawCellValue: false,
		ShortDatePattern: "yyyy-mm-dd", LongDatePattern: "yyyy-mm-dd", CultureInfo: culture(data, lim),
	})
	if err != nil {
		return nil, fault.Because(fault.Corrupt, "import", name+" is not a sound XLSX file", err)
	}
	parts, err := sheetParts(data, lim)
	if err != nil {
		return nil, fault.Because(fault.Corrupt, "import", name+" is not a sound XLSX file", err)
	}
	var out []*Sheet
	for _, sheet := range f.GetSheetList() {
		if visible, err := f.GetSheetVisible(sheet); err == nil && !visible {
			continue
		}
		s, err := openSheet(name, f, sheet, lim)
		if err != nil {
			return nil, err
		}
		if s == nil {
			continue
		}
		if err := s.warnOfFormulas(parts[sheet], lim); err != nil {
			return nil, fault.Because(fault.Corrupt, "import", s.Name+" cannot be read", err)
		}
		out = append(out, s)
	}
	if len(out) == 0 {
		return nil, fault.New(fault.Invalid, "import", "%s has no table", name).With("the first row names the columns")
	}
	return out, nil
}

func openSheet(name string, f *excelize.File, sheet string, lim Limits) (*Sheet, error) {
	full := name + " [" + sheet + "]"
	rows, err := f.Rows(sheet)
	if err != nil {
		return nil, fault.Because(fault.Corrupt, "import", full+" cannot be read", err)
	}
	defer rows.Close()
	if !rows.Next() {
		return nil, nil
	}
	header, err := rows.Columns()
	if err != nil {
		return nil, fault.Because(fault.Corrupt, "import", full+" cannot be read", err)
	}
	if len(header) == 0 {
		return nil, nil
	}
	s := &Sheet{Name: full, Table: sheet, Encoding: "xlsx"}
	if s.Header, err = checkHeader(full, header, lim); err != nil {
		return nil, err
	}
	props, err := f.GetWorkbookProps()
	if err != nil {
		return nil, fault.Because(fault.Corrupt, "import", full+" cannot be read", err)
	}
	r := sheetReader{dates: hasDates(f), from1904: props.Date1904 != nil && *props.Date1904, f: f, sheet: sheet, name: full, header: s.Header, lim: lim, from: 2}
	if rows.Next() {
		if second, err := rows.Columns(); err == nil && s.tagged(second) {
			r.from = 3
		}
	}
	s.rows = r.read
	return s, nil
}

// sheetReader reads the rows of one sheet from row number from on. It keeps the header
// as the file has it: link may add columns to the sheet's.
type sheetReader struct {
	f           *excelize.File
	sheet, name string
	header      []string
	lim         Limits
	from        int
	dates       bool // some cells may show dates
	from1904    bool // days are counted from 1904
}

func (r sheetReader) read(yield func(Row, error) bool) {
	rows, err := r.f.Rows(r.sheet)
	if err != nil {
		yield(Row{}, fault.Because(fault.Corrupt, "import", r.name+" cannot be read", err))
		return
	}
	defer rows.Close()
	raw, err := r.raw()
	if err != nil {
		yield(Row{}, fault.Because(fault.Corrupt, "import", r.name+" cannot be read", err))
		return
	}
	defer raw.close()
	for n := 1; rows.Next(); n++ {
		cells, err := rows.Columns()
		if err == nil {
			err = raw.date(cells)
		}
		if err != nil {
			yield(Row{Number: n}, fault.Because(fault.Corrupt, "import", r.name+" cannot be read", err))
			return
		}
		if n < r.from || strings.TrimSpace(strings.Join(cells, "")) == "" {
			continue
		}
		if !yieldRow(yield, r.name, Row{Number: n, Cells: cells}, r.header, r.lim) {
			return
		}
	}
	if err := rows.Error(); err != nil {
		yield(Row{}, fault.Because(fault.Corrupt, "import", r.name+" cannot be read", err))
	}
}

// rawCells are the same rows, with cells as they are stored.
type rawCells struct {
	rows     *excelize.Rows
	from1904 bool
}

func (r sheetReader) raw() (*rawCells, error) {
	if !r.dates {
		return nil, nil
	}
	rows, err := r.f.Rows(r.sheet)
	return &rawCells{rows, r.from1904}, err
}

func (r *rawCells) close() {
	if r != nil {
		_ = r.rows.Close() // it was only read
	}
}

// date writes the cells of the next row that show a date in one way.
func (r *rawCells) date(cells []string) error {
	if r == nil || !r.rows.Next() {
		return nil
	}
	raw, err := r.rows.Columns(excelize.Options{RawCellValue: true})
	for i := range min(len(cells), len(raw)) {
		if d, ok := civilDate(raw[i], cells[i], r.from1904); ok {
			cells[i] = d
		}
	}
	return err
}
