// Package columns reads tables of a million rows for linkage: straight into columns of
// numbered values, a line at a time, without a string for every cell. Plain UTF-8 text
// with a separator takes the short way; everything else goes through package table.
package columns

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf8"

	"example.org/amparo/fault"
	"example.org/amparo/internal/exchange/table"
	columnar "example.org/amparo/linkage/table"
)

// Read reads files into one table, each file a source. Columns are put together by their
// header, without spaces around it; a column that a file lacks is empty for its rows.
//
// It is an error for a file to be unreadable, to have no header or no rows, to have a row
// with more cells than the header, or two columns of one name.
func Read(files ...string) (*columnar.Table, error) {
	old := make([]bool, len(files)) // no UTF-8 text
	for {
		t, k, err := read(files, old)
		if !errors.Is(err, errEncoding) {
			return t, err
		}
		if old[k] {
			return nil, fault.New(fault.Invalid, "columns.Read", "%s has bytes that are no text in any encoding", filepath.Base(files[k])).
				With("save the table as UTF-8")
		}
		old[k] = true
	}
}

// errEncoding says that a line is not UTF-8, which may show only far down a file: the
// reading then begins anew, with that file converted.
var errEncoding = errors.New("not UTF-8")

// read is Read with files known to be of an old encoding; at is the file of an error.
func read(files []string, old []bool) (t *columnar.Table, at int, err error) {
	var readers []*reader
	defer func() {
		for _, r := range readers {
			_ = r.Close() // only read from
		}
	}()
	var names []string
	for k, f := range files {
		r, err := open(f, old[k])
		if err != nil {
			return nil, k, err
		}
		readers = append(readers, r)
		for n, h := range r.header {
			if slices.Contains(r.header[:n], h) {
				return nil, k, fault.New(fault.Invalid, "columns.Read", "%s has two columns %q", filepath.Base(f), h).With("rename one of them")
			}
			if !slices.Contains(names, h) {
				names = append(names, h)
			}
		}
	}
	b := columnar.NewBuilder(names)
	for k, r := range readers {
		b.Source(filepath.Base(files[k]))
		before := b.Rows()
		if err := r.into(b, names); err != nil {
			return nil, k, err
		}
		if b.Rows() == before {
			return nil, k, fault.New(fault.Invalid, "columns.Read", "%s has a header and no rows", filepath.Base(files[k])).With("check that this is the right file")
		}
	}
	return b.Table(), 0, nil
}

// reader is one file, its header read.
type reader struct {
	io.Closer
	name   string
	in     *bufio.Reader
	sep    byte
	header []string
	line   int // of the last record read; the header is 1
	long   []byte
	cells  [][]byte
	own    []byte // unquoted text of the current record
}

// head is how much of a file decides what it is.
const head = 64 << 10

func open(path string, old bool) (*reader, error) {
	if old {
		return converted(path)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, &fault.Error{Kind: fault.NotFound, Op: "columns.Read", Msg: "the file cannot be opened", Err: err, Remedy: "check the name"}
	}
	r := &reader{Closer: f, name: filepath.Base(path), in: bufio.NewReaderSize(f, 1<<20)}
	start, err := r.in.Peek(head)
	if err != nil && !errors.Is(err, io.EOF) {
		_ = f.Close() // the read error is the one to tell
		return nil, &fault.Error{Kind: fault.Storage, Op: "columns.Read", Msg: "the file cannot be read", Err: err}
	}
	if bytes.HasPrefix(start, []byte("PK\x03\x04")) || !utf8.Valid(whole(start)) || bytes.IndexByte(start, 0) >= 0 {
		if err := f.Close(); err != nil {
			return nil, fault.Because(fault.Storage, "columns.Read", "the file cannot be closed", err)
		}
		return converted(path)
	}
	if bytes.HasPrefix(start, []byte("\xEF\xBB\xBF")) {
		_, _ = r.in.Discard(3) // just peeked
		start = start[3:]
	}
	r.sep = separator(start)
	if err := r.readHeader(); err != nil {
		_ = f.Close() // the header's error is the one to tell
		return nil, err
	}
	return r, nil
}

// whole drops a rune cut at the end of a peek.
func whole(b []byte) []byte {
	for k := 1; k <= utf8.UTFMax && k <= len(b); k++ {
		if utf8.RuneStart(b[len(b)-k]) {
			if !utf8.FullRune(b[len(b)-k:]) {
				return b[:len(b)-k]
			}
			break
		}
	}
	return b
}

// separator is the sign that divides the header into the most cells, in doubt the comma.
func separator(start []byte) byte {
	line, _, _ := bytes.Cut(start, []byte("\n"))
	best, most := byte(','), bytes.Count(line, []byte{','})
	for _, c := range []byte{'\t', ';', '|', '%'} {
		if n := bytes.Count(line, []byte{c}); n > most {
			best, most = c, n
		}
	}
	return best
}

func (r *reader) readHeader() error {
	cells, err := r.next()
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	if err != nil {
		return fault.New(fault.Invalid, "columns.Read", "%s is empty", r.name).With("give a table with a header line")
	}
	for _, c := range cells {
		r.header = append(r.header, strings.TrimSpace(string(c)))
	}
	return nil
}

// into adds all rows to b, whose columns are names.
func (r *reader) into(b *columnar.Builder, names []string) error {
	at := make([]int, len(names)) // cell of a column, or -1
	for k, n := range names {
		at[k] = slices.Index(r.header, n)
	}
	for {
		cells, err := r.next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if len(cells) == 1 && len(cells[0]) == 0 {
			continue // an empty line
		}
		if len(cells) > len(r.header) {
			return fault.New(fault.Invalid, "columns.Read", "%s: line %d has %d cells, the header %d", r.name, r.line, len(cells), len(r.header)).
				With("put quotes around cells that hold the separator")
		}
		for k, c := range at {
			var cell []byte
			if c >= 0 && c < len(cells) {
				cell = cells[c]
			}
			b.Set(k, cell)
		}
		b.Next()
	}
}

// readLine is the next line without its end, good until the next call.
func (r *reader) readLine() ([]byte, error) {
	line, err := r.in.ReadSlice('\n')
	if errors.Is(err, bufio.ErrBufferFull) {
		r.long = append(r.long[:0], line...)
		for errors.Is(err, bufio.ErrBufferFull) {
			line, err = r.in.ReadSlice('\n')
			r.long = append(r.long, line...)
		}
		line = r.long
	}
	if err != nil && !(errors.Is(err, io.EOF) && len(line) > 0) {
		if errors.Is(err, io.EOF) {
			return nil, io.EOF
		}
		return nil, fault.Because(fault.Storage, "columns.Read", r.name+" cannot be read", err)
	}
	if !utf8.Valid(line) {
		return nil, errEncoding
	}
	r.line++
	line = bytes.TrimSuffix(line, []byte("\n"))
	return bytes.TrimSuffix(line, []byte("\r")), nil
}

// next is the cells of the next record, good until the next call. Spaces around a cell
// are not part of it; a quoted cell may hold separators, lines and doubled quotes.
func (r *reader) next() ([][]byte, error) {
	line, err := r.readLine()
	if err != nil {
		return nil, err
	}
	r.cells = r.cells[:0]
	if bytes.IndexByte(line, '"') < 0 {
		for {
			k := bytes.IndexByte(line, r.sep)
			if k < 0 {
				r.cells = append(r.cells, trim(line))
				return r.cells, nil
			}
			r.cells = append(r.cells, trim(line[:k]))
			line = line[k+1:]
		}
	}
	return r.quoted(line)
}

func trim(b []byte) []byte {
	if len(b) > 0 && (b[0] <= ' ' || b[len(b)-1] <= ' ' || b[0] >= utf8.RuneSelf || b[len(b)-1] >= utf8.RuneSelf) {
		return bytes.TrimSpace(b)
	}
	return b
}

// quoted reads a record with quotes in it. Its text is gathered in own, and cells are cut
// at the end, because own may move while it grows.
func (r *reader) quoted(line []byte) ([][]byte, error) {
	r.own = r.own[:0]
	var ends []int
	for {
		rest := bytes.TrimLeft(line, " ")
		if len(rest) == 0 || rest[0] != '"' {
			k := bytes.IndexByte(line, r.sep)
			cell := line
			if k >= 0 {
				cell = line[:k]
			}
			r.own = append(r.own, trim(cell)...)
			ends = append(ends, len(r.own))
			if k < 0 {
				break
			}
			line = line[k+1:]
			continue
		}
		after, err := r.inQuotes(rest[1:])
		if err != nil {
			return nil, err
		}
		ends = append(ends, len(r.own))
		k := bytes.IndexByte(after, r.sep)
		if k < 0 {
			break
		}
		line = after[k+1:]
	}
	from := 0
	for _, e := range ends {
		r.cells = append(r.cells, r.own[from:e])
		from = e
	}
	return r.cells, nil
}

// inQuotes appends a cell up to its closing quote, over as many lines as it takes, and
// returns the rest of its last line.
func (r *reader) inQuotes(line []byte) (after []byte, err error) {
	began := r.line
	for {
		k := bytes.IndexByte(line, '"')
		switch {
		case k < 0:
			r.own = append(append(r.own, line...), '\n')
			line, err = r.readLine()
			if errors.Is(err, errEncoding) {
				return nil, err
			}
			if err != nil {
				return nil, fault.New(fault.Invalid, "columns.Read", "%s: a quote opened in line %d is never closed", r.name, began).
					With("close the quote, or double a quote that is part of the text")
			}
		case k+1 < len(line) && line[k+1] == '"':
			r.own = append(r.own, line[:k+1]...)
			line = line[k+2:]
		default:
			r.own = append(r.own, line[:k]...)
			return line[k+1:], nil
		}
	}
}

// converted reads a file that is no UTF-8 text through package table and hands it over as
// text in memory.
func converted(path string) (*reader, error) {
	sheets, err := table.Open(path, table.DefaultLimits())
	if err != nil {
		return nil, err
	}
	var buf bytes.Buffer
	write := func(cells []string) {
		for k, c := range cells {
			if k > 0 {
				buf.WriteByte(',')
			}
			buf.WriteByte('"')
			buf.WriteString(strings.ReplaceAll(c, `"`, `""`))
			buf.WriteByte('"')
		}
		buf.WriteByte('\n')
	}
	if len(sheets) == 0 {
		return nil, fault.New(fault.Invalid, "columns.Read", "%s holds no table", filepath.Base(path)).With("give a table with a header line")
	}
	write(sheets[0].Header)
	for row, err := range sheets[0].Rows() {
		if err != nil {
			return nil, err
		}
		write(row.Cells)
	}
	r := &reader{Closer: io.NopCloser(nil), name: filepath.Base(path), in: bufio.NewReaderSize(&buf, 1<<16), sep: ','}
	return r, r.readHeader()
}
