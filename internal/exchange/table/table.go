// Package table reads tables that people hand in: CSV in the encodings they come in,
// XLSX, and zip files of CSV. What a file is, its content says, never its name. Rows
// are streamed and none is dropped in silence: what cannot be read is an error with
// file, row and column.
package table

import (
	"archive/zip"
	"bufio"
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"path"
	"path/filepath"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/korean"
	"golang.org/x/text/encoding/simplifiedchinese"
	xunicode "golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"

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
	Name     string
	Encoding string // "utf-8", "utf-16le", "euc-kr", "gb18030", "xlsx"
	Header   []string
	Warnings []fault.Problem

	rows func(yield func(Row, error) bool)
}

// Rows yields the rows after the header. An error ends the sequence.
func (s *Sheet) Rows() iter.Seq2[Row, error] { return s.rows }

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

// Read finds out what data is and returns its sheets.
func Read(name string, data []byte, lim Limits) ([]*Sheet, error) {
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
	s, err := openCSV(name, data, lim)
	if err != nil {
		return nil, err
	}
	return []*Sheet{s}, nil
}

func openZip(name string, data []byte, lim Limits) ([]*Sheet, error) {
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return nil, fault.Because(fault.Corrupt, "import", name+" is a damaged archive", err)
	}
	if len(z.File) > lim.Entries {
		return nil, fault.New(fault.TooLarge, "import", "%s holds more than %d files", name, lim.Entries)
	}
	var unpacked uint64
	isXLSX := false
	for _, f := range z.File {
		unpacked += f.UncompressedSize64
		isXLSX = isXLSX || f.Name == "xl/workbook.xml"
	}
	if unpacked > uint64(lim.File) || unpacked > uint64(lim.Ratio)*uint64(len(data)) {
		return nil, fault.New(fault.TooLarge, "import", "%s would unpack to %d MB from %d kB", name, unpacked>>20, len(data)>>10).
			With("this is how a zip bomb looks; ask the sender for a plain CSV file")
	}
	if isXLSX {
		return openXLSX(name, data, lim)
	}
	var out []*Sheet
	for _, f := range z.File {
		if f.FileInfo().IsDir() || !strings.EqualFold(path.Ext(f.Name), ".csv") {
			continue
		}
		b, err := unzip(f, lim)
		if err != nil {
			return nil, err
		}
		s, err := openCSV(path.Base(f.Name), b, lim)
		if err != nil {
			return nil, err
		}
		out = append(out, s)
	}
	if len(out) == 0 {
		return nil, fault.New(fault.Foreign, "import", "%s holds no table", name).With("tables are imported from CSV or XLSX")
	}
	return out, nil
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

// Decode recognises the encoding of text and converts it to UTF-8.
func Decode(data []byte) (text []byte, name string, err error) {
	switch {
	case bytes.HasPrefix(data, []byte{0xEF, 0xBB, 0xBF}):
		return data[3:], "utf-8", nil
	case bytes.HasPrefix(data, []byte{0xFF, 0xFE}):
		return convert(data, xunicode.UTF16(xunicode.LittleEndian, xunicode.ExpectBOM), "utf-16le")
	case bytes.HasPrefix(data, []byte{0xFE, 0xFF}):
		return convert(data, xunicode.UTF16(xunicode.BigEndian, xunicode.ExpectBOM), "utf-16be")
	}
	if e, n := bareUTF16(data); e != nil {
		return convert(data, e, n)
	}
	if utf8.Valid(data) {
		return data, "utf-8", nil
	}
	return eastAsian(data)
}

func convert(data []byte, e encoding.Encoding, name string) ([]byte, string, error) {
	out, _, err := transform.Bytes(e.NewDecoder(), data)
	if err != nil || bytes.ContainsRune(out, utf8.RuneError) {
		return nil, name, fault.New(fault.Invalid, "import", "the text is damaged: it is not sound %s", name).With("save the file as UTF-8 and try again")
	}
	return out, name, nil
}

// bareUTF16 recognises UTF-16 without a mark: in text of tables every other byte of
// the ASCII separators is zero.
func bareUTF16(data []byte) (encoding.Encoding, string) {
	n := min(len(data), 4096) &^ 1
	even, odd := 0, 0
	for i := 0; i < n; i += 2 {
		if data[i] == 0 {
			even++
		}
		if data[i+1] == 0 {
			odd++
		}
	}
	switch {
	case n < 4 || even == 0 && odd == 0 || len(data)%2 != 0:
		return nil, ""
	case odd > 10*even && odd > n/16 && sound16(data, false):
		return xunicode.UTF16(xunicode.LittleEndian, xunicode.IgnoreBOM), "utf-16le"
	case even > 10*odd && even > n/16 && sound16(data, true):
		return xunicode.UTF16(xunicode.BigEndian, xunicode.IgnoreBOM), "utf-16be"
	}
	return nil, ""
}

func sound16(data []byte, big bool) bool {
	units := make([]uint16, 0, 2048)
	for i := 0; i+1 < len(data) && i < 4096; i += 2 {
		u := uint16(data[i]) | uint16(data[i+1])<<8
		if big {
			u = uint16(data[i])<<8 | uint16(data[i+1])
		}
		units = append(units, u)
	}
	for _, r := range utf16.Decode(units) {
		if r == 0 || r < ' ' && r != '\n' && r != '\r' && r != '\t' {
			return false
		}
	}
	return true
}

// eastAsian decides between EUC-KR (with Microsoft's extension) and GB18030 by which
// decodes without damage and to more characters of its own language.
func eastAsian(data []byte) ([]byte, string, error) {
	ko, _, errKo := convert(data, korean.EUCKR, "euc-kr")
	zh, _, errZh := convert(data, simplifiedchinese.GB18030, "gb18030")
	switch {
	case errKo != nil && errZh != nil:
		return nil, "", fault.New(fault.Invalid, "import", "the text is in an encoding that is not recognised").
			With("save the file as UTF-8 and try again")
	case errZh != nil:
		return ko, "euc-kr", nil
	case errKo != nil:
		return zh, "gb18030", nil
	case hangul(ko)*3 >= len([]rune(string(ko)))-asciiOf(ko):
		return ko, "euc-kr", nil
	}
	return zh, "gb18030", nil
}

func hangul(b []byte) (n int) {
	for _, r := range string(b) {
		if r >= 0xAC00 && r <= 0xD7A3 {
			n++
		}
	}
	return n
}

func asciiOf(b []byte) (n int) {
	for _, c := range b {
		if c < 0x80 {
			n++
		}
	}
	return n
}

func openCSV(name string, data []byte, lim Limits) (*Sheet, error) {
	text, enc, err := Decode(data)
	if err != nil {
		return nil, err
	}
	if i := bytes.IndexByte(text, 0); i >= 0 {
		return nil, fault.New(fault.Foreign, "import", "%s is not a table: it holds binary data", name).With("tables are imported from CSV or XLSX")
	}
	s := &Sheet{Name: name, Encoding: enc}
	comma := delimiter(text)
	r := reader(text, comma)
	if s.Header, err = r.Read(); err != nil {
		return nil, csvError(name, err)
	}
	if s.Header, err = checkHeader(name, s.Header, lim); err != nil {
		return nil, err
	}
	s.rows = func(yield func(Row, error) bool) {
		r := reader(text, comma)
		_, _ = r.Read() // the header was read without error above
		for {
			cells, err := r.Read()
			if errors.Is(err, io.EOF) {
				return
			}
			if err != nil {
				yield(Row{}, csvError(name, err))
				return
			}
			line, _ := r.FieldPos(0)
			if !yieldRow(yield, name, Row{Number: line, Cells: cells}, s.Header, lim) {
				return
			}
		}
	}
	return s, nil
}

// yieldRow hands on a row with as many cells as the header has, or the error.
func yieldRow(yield func(Row, error) bool, name string, row Row, header []string, lim Limits) bool {
	for len(row.Cells) > len(header) && strings.TrimSpace(row.Cells[len(row.Cells)-1]) == "" {
		row.Cells = row.Cells[:len(row.Cells)-1]
	}
	if len(row.Cells) > len(header) {
		return yield(row, fault.Problem{File: name, Row: row.Number, Value: row.Cells[len(header)],
			Reason: fmt.Sprintf("has %d cells, the header has %d", len(row.Cells), len(header)), Remedy: "put text that holds a separator into quotation marks"})
	}
	for i, c := range row.Cells {
		if len(c) > lim.CellSize {
			return yield(row, fault.Problem{File: name, Row: row.Number, Column: header[i], Reason: "the cell is too long", Remedy: "divide the text into passages"})
		}
	}
	for len(row.Cells) < len(header) {
		row.Cells = append(row.Cells, "")
	}
	return yield(row, nil)
}

func reader(text []byte, comma rune) *csv.Reader {
	r := csv.NewReader(bufio.NewReader(bytes.NewReader(text)))
	r.Comma, r.FieldsPerRecord, r.ReuseRecord = comma, -1, false
	return r
}

func csvError(name string, err error) error {
	var p *csv.ParseError
	if errors.As(err, &p) {
		return fault.Problem{File: name, Row: p.Line, Reason: p.Err.Error(), Remedy: "close the quotation marks of the cell that begins here or above"}
	}
	if errors.Is(err, io.EOF) {
		return fault.New(fault.Invalid, "import", "%s has no header row", name).With("the first row names the columns")
	}
	return err
}

// delimiter is the separator that occurs most in the first line.
func delimiter(text []byte) rune {
	line, _, _ := bytes.Cut(text, []byte("\n"))
	best, n := ',', 0
	for _, c := range []rune{',', ';', '\t'} {
		if k := strings.Count(string(line), string(c)); k > n {
			best, n = c, k
		}
	}
	return best
}

func checkHeader(name string, header []string, lim Limits) ([]string, error) {
	if len(header) > lim.Columns {
		return nil, fault.New(fault.TooLarge, "import", "%s has %d columns, the limit is %d", name, len(header), lim.Columns)
	}
	for len(header) > 0 && strings.TrimSpace(header[len(header)-1]) == "" {
		header = header[:len(header)-1]
	}
	seen := map[string]int{}
	for i, h := range header {
		h = strings.TrimSpace(h)
		header[i] = h
		if h == "" {
			return nil, fault.Problem{File: name, Row: 1, Column: fmt.Sprint(i + 1), Reason: "the column has no name", Remedy: "name it in the first row"}
		}
		if j, ok := seen[h]; ok {
			return nil, fault.Problem{File: name, Row: 1, Column: h, Reason: fmt.Sprintf("columns %d and %d have the same name", j+1, i+1), Remedy: "give each column its own name"}
		}
		seen[h] = i
	}
	if len(header) == 0 {
		return nil, fault.New(fault.Invalid, "import", "%s has no header row", name).With("the first row names the columns")
	}
	return header, nil
}

// Formula reports whether a spreadsheet would run the cell.
func Formula(cell string) bool {
	if len(cell) < 2 || !strings.ContainsRune("=+-@", rune(cell[0])) {
		return false
	}
	rest := cell[1:]
	return cell[0] == '=' || strings.ContainsAny(rest, "()!|") // -3 and +82 are numbers, @unknown is ours
}
