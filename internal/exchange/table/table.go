// Package table reads tables that people hand in: CSV in the encodings they come in,
// XLSX, JSON of form servers, and zip files of these. What a file is, its content says, never its name. Rows
// are streamed and none is dropped in silence: what cannot be read is an error with
// file, row and column.
package table

import (
	"archive/zip"
	"bytes"
	"io"
	"iter"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"example.org/amparo/fault"
)

// Limits bound what is read. They are errors, never cuts.
type Limits struct {
	File     int64 // bytes of a file, and of everything unpacked from it
	Ratio    int64 // unpacked to packed, for archives
	Entries  int   // files in an archive
	Columns  int
	CellSize int
}

// DefaultLimits fit an archive's largest real tables and an old laptop's memory.
func DefaultLimits() Limits {
	return Limits{File: 2 << 30, Ratio: 200, Entries: 1000, Columns: 2000, CellSize: 1 << 20}
}

// Row is one line of a table. Number is what the person's program shows: the header is
// row 1.
type Row struct {
	Number int
	Cells  []string
}

// Sheet is one table of a file.
type Sheet struct {
	Name     string // for reports: "survey.xlsx [stages]"
	Table    string // its own name: the tab of a workbook, or the file without .csv
	Parent   string // Table of the sheet that the rows of this one belong to; empty: none
	Encoding string // "utf-8", "utf-16le", "euc-kr", "gb18030", "xlsx", "json utf-8"
	Header   []string
	Tags     []string // HXL hashtags, one a column and empty where it has none; nil: no such row
	Warnings []fault.Problem

	above *Sheet // of the name Parent
	rows  func(yield func(Row, error) bool)
}

// Above is the sheet that the rows of this one belong to, or nil.
func (s *Sheet) Above() *Sheet { return s.above }

// Rows yields the rows after the header and after the HXL row, if there is one. A
// [fault.Problem] is about one row, and the rows after it follow; any other error ends
// the sequence.
func (s *Sheet) Rows() iter.Seq2[Row, error] { return s.rows }

// NewSheet makes a sheet of rows that are at hand, for [WriteXLSX]. The first row gets
// the number 2. An error in rows ends the sequence.
func NewSheet(name string, header []string, rows iter.Seq2[[]string, error]) *Sheet {
	s := &Sheet{Name: name, Table: name, Encoding: "utf-8", Header: header}
	s.rows = func(yield func(Row, error) bool) {
		n := 1
		for cells, err := range rows {
			n++
			if !yield(Row{Number: n, Cells: cells}, err) || err != nil {
				return
			}
		}
	}
	return s
}

// Open reads the sheets of a file.
func Open(name string, lim Limits) ([]*Sheet, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, &fault.Error{Kind: fault.NotFound, Op: "import", Msg: "the file cannot be opened", Err: err, Remedy: "check the path"}
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil || info.IsDir() {
		return nil, fault.New(fault.Invalid, "import", "%s is not a file", filepath.Base(name)).With("name a CSV or XLSX file")
	}
	if info.Size() > lim.File {
		return nil, tooLarge(filepath.Base(name), lim.File)
	}
	data, err := io.ReadAll(io.LimitReader(f, lim.File+1))
	if err != nil {
		return nil, fault.Because(fault.Storage, "import", "the file cannot be read", err)
	}
	return Read(filepath.Base(name), data, lim)
}

func tooLarge(name string, limit int64) error {
	return fault.New(fault.TooLarge, "import", "%s is larger than %d MB", name, limit>>20).With("divide it into several files")
}

// Read finds out what data is and returns its sheets. Repeat tables of ODK and
// KoboToolbox follow the table they belong to and have the columns KEY and PARENT_KEY.
func Read(name string, data []byte, lim Limits) ([]*Sheet, error) {
	sheets, err := readAny(name, data, lim)
	if err != nil {
		return nil, err
	}
	return Link(sheets), nil
}

func readAny(name string, data []byte, lim Limits) ([]*Sheet, error) {
	switch {
	case len(data) == 0:
		return nil, fault.New(fault.Invalid, "import", "%s is empty", name).With("save the table again")
	case bytes.HasPrefix(data, []byte("PK\x03\x04")):
		return openZip(name, data, lim)
	case bytes.HasPrefix(data, []byte{0xD0, 0xCF, 0x11, 0xE0}):
		return nil, fault.New(fault.Foreign, "import", "%s is an old or password-protected Excel file", name).With("save it as .xlsx without a password, or as CSV")
	case bytes.HasPrefix(data, []byte("%PDF")):
		return nil, fault.New(fault.Foreign, "import", "%s is a PDF", name).With("tables are imported from CSV or XLSX")
	}
	return openText(name, data, lim)
}

// openText reads what is neither archive nor workbook.
func openText(name string, data []byte, lim Limits) ([]*Sheet, error) {
	if text, _, err := Decode(data); err == nil && looksJSON(text) {
		return openJSON(name, data, lim)
	}
	s, err := openCSV(name, data, lim)
	if err != nil {
		return nil, err
	}
	return []*Sheet{s}, nil
}

func openZip(name string, data []byte, lim Limits) ([]*Sheet, error) {
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return nil, fault.New(fault.Corrupt, "import", "%s is a damaged archive", name).From(err).With("ask for the file again, or unpack it and hand in what is inside")
	}
	isXLSX := slices.ContainsFunc(z.File, func(f *zip.File) bool { return f.Name == "xl/workbook.xml" })
	var tables []*zip.File
	var unpacked uint64
	for _, f := range z.File {
		if isXLSX || isTable(f) { // pictures that lie beside tables are not unpacked
			tables, unpacked = append(tables, f), unpacked+f.UncompressedSize64
		}
	}
	if len(tables) > lim.Entries {
		return nil, fault.New(fault.TooLarge, "import", "%s holds more than %d files", name, lim.Entries).With("unpack it and hand in the tables")
	}
	if unpacked > uint64(lim.File) || unpacked > uint64(lim.Ratio)*uint64(len(data)) {
		return nil, fault.New(fault.TooLarge, "import", "%s would unpack to %d MB from %d kB", name, unpacked>>20, len(data)>>10).
			With("this is how a zip bomb looks; ask the sender for a plain CSV file")
	}
	if isXLSX {
		return openXLSX(name, data, lim)
	}
	var out []*Sheet
	for _, f := range tables {
		b, err := unzip(f, lim)
		if err != nil {
			return nil, err
		}
		s, err := openText(path.Base(f.Name), b, lim)
		if err != nil {
			return nil, err
		}
		out = append(out, s...)
	}
	if len(out) == 0 {
		return nil, fault.New(fault.Foreign, "import", "%s holds no table", name).With("tables are imported from CSV or XLSX")
	}
	return out, nil
}

func isTable(f *zip.File) bool {
	ext := strings.ToLower(path.Ext(f.Name))
	return !f.FileInfo().IsDir() && (ext == ".csv" || ext == ".json") && !strings.HasPrefix(f.Name, "__MACOSX/")
}

// unzip reads one file and does not believe the size the archive states.
func unzip(f *zip.File, lim Limits) ([]byte, error) {
	r, err := f.Open()
	if err != nil {
		return nil, fault.Because(fault.Corrupt, "import", "the archive is damaged", err)
	}
	defer r.Close()
	b, err := io.ReadAll(io.LimitReader(r, int64(f.UncompressedSize64)+1))
	if err != nil || uint64(len(b)) != f.UncompressedSize64 || int64(len(b)) > lim.File {
		return nil, fault.New(fault.Corrupt, "import", "the archive states a wrong size for %s", path.Base(f.Name)).With("ask the sender for a plain CSV file")
	}
	return b, nil
}
