package hist

import (
	"strconv"
	"strings"

	"example.org/amparo/fault"
)

// CountColumn is the header of the column of counts.
const CountColumn = "count"

// Reader makes a table from rows of text as they come: one column a list with 0 or 1, and
// a column count, wherever it stands.
type Reader struct {
	file   string
	header []string
	lists  []string
	count  int // the column of counts
	cells  []Cell
}

// NewReader begins with the header. File is only for the words of a problem. The first
// thing wrong is returned as a [fault.Problem].
func NewReader(file string, header []string) (*Reader, error) {
	r := &Reader{file: file, count: -1}
	for i, h := range header {
		h = strings.TrimSpace(h)
		r.header = append(r.header, h)
		if !strings.EqualFold(h, CountColumn) {
			r.lists = append(r.lists, h)
			continue
		}
		if r.count >= 0 {
			return nil, fault.Problem{File: file, Row: 1, Column: h, Value: h, Reason: "there are two columns of counts", Remedy: "keep one"}
		}
		r.count = i
	}
	if r.count < 0 {
		return nil, fault.Problem{File: file, Row: 1, Reason: "there is no column called count", Remedy: "add a last column, count, with the number of people of each row"}
	}
	return r, checkHeader(file, r.lists)
}

// Row takes in one row with the number that a problem names it by; the header is row 1.
func (r *Reader) Row(number int, row []string) error {
	c, err := readRow(r.file, number, r.header, row, r.count)
	if err == nil && c.Count > 0 {
		r.cells = append(r.cells, c)
	}
	return err
}

// Table returns the table of the rows so far.
func (r *Reader) Table() (Table, error) { return New(r.lists, r.cells) }

// FromRows makes a table from the rows under a header, the first of which is row 2. See
// [Reader].
func FromRows(file string, header []string, rows [][]string) (Table, error) {
	r, err := NewReader(file, header)
	if err != nil {
		return Table{}, err
	}
	for i, row := range rows {
		if err := r.Row(i+2, row); err != nil {
			return Table{}, err
		}
	}
	return r.Table()
}

func checkHeader(file string, lists []string) error {
	seen := map[string]bool{}
	for _, l := range lists {
		if l == "" || seen[l] {
			return fault.Problem{File: file, Row: 1, Column: l, Value: l, Reason: "a list has no name, or a name that is given twice", Remedy: "give each list a name of its own"}
		}
		seen[l] = true
	}
	if len(lists) == 0 || len(lists) > MaxLists {
		return fault.Problem{File: file, Row: 1, Reason: "there are " + strconv.Itoa(len(lists)) + " lists", Remedy: "give between 1 and " + strconv.Itoa(MaxLists) + " columns of lists"}
	}
	return nil
}

func readRow(file string, n int, header, row []string, at int) (Cell, error) {
	if len(row) != len(header) {
		return Cell{}, fault.Problem{File: file, Row: n, Value: strings.Join(row, ","), Reason: "the row has " + strconv.Itoa(len(row)) + " cells and the header " + strconv.Itoa(len(header)), Remedy: "fill every column"}
	}
	var h History
	bit := 0
	for i, cell := range row {
		if i == at {
			continue
		}
		switch strings.TrimSpace(cell) {
		case "1":
			h |= 1 << uint(bit)
		case "0":
		default:
			return Cell{}, fault.Problem{File: file, Row: n, Column: strings.TrimSpace(header[i]), Value: cell, Reason: "the value is neither 0 nor 1", Remedy: "write 1 for on this list, 0 for not"}
		}
		bit++
	}
	count, err := strconv.Atoi(strings.TrimSpace(row[at]))
	if err != nil || count < 0 || count > maxPeople {
		return Cell{}, fault.Problem{File: file, Row: n, Column: strings.TrimSpace(header[at]), Value: row[at], Reason: "the count is not a whole number from 0 up", Remedy: "write how many people have this row's history"}
	}
	if h == 0 && count > 0 {
		return Cell{}, fault.Problem{File: file, Row: n, Column: strings.TrimSpace(header[at]), Value: row[at], Reason: "people on no list are counted", Remedy: "remove the row: they are what is estimated"}
	}
	return Cell{h, count}, nil
}
