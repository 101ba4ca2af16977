package table

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"

	"example.org/amparo/fault"
)

func openCSV(name string, data []byte, lim Limits) (*Sheet, error) {
	text, enc, err := Decode(data)
	if err != nil {
		return nil, err
	}
	if i := bytes.IndexByte(text, 0); i >= 0 {
		return nil, fault.New(fault.Foreign, "import", "%s is not a table: it holds binary data", name).With("tables are imported from CSV or XLSX")
	}
	s := &Sheet{Name: name, Table: strings.TrimSuffix(name, path.Ext(name)), Encoding: enc}
	comma := delimiter(text)
	r := reader(text, comma)
	if s.Header, err = r.Read(); err != nil {
		return nil, csvError(name, err)
	}
	unescape(s.Header)
	if s.Header, err = checkHeader(name, s.Header, lim); err != nil {
		return nil, err
	}
	header, skip := s.Header, 1 // link may add columns to the sheet's
	if second, err := r.Read(); err == nil && s.tagged(second) {
		skip = 2
	}
	s.rows = func(yield func(Row, error) bool) {
		r := reader(text, comma)
		for range skip {
			_, _ = r.Read() // read without error above
		}
		for {
			row, err := readCSV(r, name)
			if errors.Is(err, io.EOF) {
				return
			}
			if err != nil {
				if !yield(row, err) {
					return
				}
				continue
			}
			if !yieldRow(yield, name, row, header, lim) {
				return
			}
		}
	}
	return s, nil
}

func readCSV(r *csv.Reader, name string) (Row, error) {
	cells, err := r.Read()
	if errors.Is(err, io.EOF) {
		return Row{}, io.EOF
	}
	if err != nil {
		err = csvError(name, err)
		var p fault.Problem
		_ = errors.As(err, &p)
		return Row{Number: p.Row}, err
	}
	line, _ := r.FieldPos(0)
	unescape(cells)
	return Row{Number: line, Cells: cells}, nil
}

func unescape(cells []string) {
	for i, c := range cells {
		cells[i] = UnescapeCell(c)
	}
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
		return fault.Problem{File: name, Row: p.StartLine, Reason: p.Err.Error(), Remedy: "close the quotation marks of the cells in this row; without them what follows is read into one cell"}
	}
	if errors.Is(err, io.EOF) {
		return fault.New(fault.Invalid, "import", "%s has no header row", name).With("the first row names the columns")
	}
	return err
}

// delimiter is the separator that occurs most in the header, outside quotation marks:
// the labels of questions hold commas.
func delimiter(text []byte) rune {
	counts, quoted := map[byte]int{}, false
	for _, b := range text {
		if b == '"' {
			quoted = !quoted
		}
		if b == '\n' && !quoted {
			break
		}
		if !quoted {
			counts[b]++
		}
	}
	best := byte(',')
	for _, b := range []byte(";\t|") {
		if counts[b] > counts[best] {
			best = b
		}
	}
	return rune(best)
}

func checkHeader(name string, header []string, lim Limits) ([]string, error) {
	if len(header) > lim.Columns {
		return nil, fault.New(fault.TooLarge, "import", "%s has %d columns, the limit is %d", name, len(header), lim.Columns).With("divide it into several tables")
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
