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
		UnzipSizeLimit: lim.File, UnzipXMLSizeLimit: 64 << 20, RawCellValue: false,
		ShortDatePattern: "yyyy-mm-dd", LongDatePattern: "yyyy-mm-dd",
	})
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
		if s != nil {
			out = append(out, s)
		}
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
	s := &Sheet{Name: full, Encoding: "xlsx"}
	if s.Header, err = checkHeader(full, header, lim); err != nil {
		return nil, err
	}
	s.rows = func(yield func(Row, error) bool) { readSheet(f, sheet, s, lim, yield) }
	return s, nil
}

func readSheet(f *excelize.File, sheet string, s *Sheet, lim Limits, yield func(Row, error) bool) {
	rows, err := f.Rows(sheet)
	if err != nil {
		yield(Row{}, fault.Because(fault.Corrupt, "import", s.Name+" cannot be read", err))
		return
	}
	defer rows.Close()
	for n := 1; rows.Next(); n++ {
		cells, err := rows.Columns()
		if err != nil {
			yield(Row{Number: n}, fault.Because(fault.Corrupt, "import", s.Name+" cannot be read", err))
			return
		}
		if n == 1 || strings.TrimSpace(strings.Join(cells, "")) == "" {
			continue
		}
		if !yieldRow(yield, s.Name, Row{Number: n, Cells: cells}, s.Header, lim) {
			return
		}
	}
	if err := rows.Error(); err != nil {
		yield(Row{}, fault.Because(fault.Corrupt, "import", s.Name+" cannot be read", err))
	}
}
