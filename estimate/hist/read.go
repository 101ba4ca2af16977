package hist

import (
	"strconv"
	"strings"

	"example.org/amparo/fault"
)

// CountColumn is the header of the column of counts.
const CountColumn = "count"

// FromRows makes a table from rows of text: one column a list with 0 or 1, and a column
// count, wherever it stands. File is only for the words of a problem. The first thing
// wrong is returned as a [fault.Problem] with its row (the header is row 1), column and
// value.
func FromRows(file string, header []string, rows [][]string) (Table, error) {
	at := -1
	var lists []string
	for i, h := range header {
		h = strings.TrimSpace(h)
		if strings.EqualFold(h, CountColumn) {
			if at >= 0 {
				return Table{}, fault.Problem{File: file, Row: 1, Column: h, Reason: "there are two columns of counts", Remedy: "keep one"}
			}
			at = i
			continue
		}
		lists = append(lists, h)
	}
	if at < 0 {
		return Table{}, fault.Problem{File: file, Row: 1, Reason: "there is no column called count", Remedy: "add a last column, count, with the number of people of each row"}
	}
	if err := checkHeader(file, lists); err != nil {
		return Table{}, err
	}
	var cells []Cell
	for i, row := range rows {
		c, err := readRow(file, i+2, header, row, at)
		if err != nil {
			return Table{}, err
		}
		cells = append(cells, c)
	}
	return New(lists, cells)
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
