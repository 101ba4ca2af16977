package disclose

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"example.org/amparo/fault"
)

// Table is a table of counts of people by the values of some columns. A key holds one
// value a column in the order of Columns; an empty value is a total over that column.
type Table struct {
	Name    string
	Columns []string
	Cells   []Cell
	// People says that the rows handed in were one a person, so no totals are among
	// Cells and an empty value was a value of its own.
	People bool
}

// Cell is a count as it was handed in. Row is its line, 0 where there is none.
type Cell struct {
	Key   []string
	Count int64
	Row   int
}

// Row is one line of a file. Number is its place there; the header is row 1.
type Row struct {
	Number int
	Cells  []string
}

// Layout says how the rows of a file are to be read.
type Layout struct {
	Dims  []string // the columns that divide people; empty: all but the count
	Value string   // the column of counts; empty: one of the usual names, else a row is a person
}

// maxCount bounds a count, so that sums stay exact.
const maxCount = 100_000_000

// unstated is what an empty cell of a row about one person is called.
const unstated = "(not stated)"

var countNames = []string{"count", "freq", "n", "persons", "people", "number", "total_count"}

// ReadTable makes a table of rows of text: counts in long form, or one row a person if
// there is no column of counts. The header is row 1. It returns every problem found;
// with any, there is no table.
func ReadTable(name string, header []string, rows []Row, lay Layout) (*Table, []fault.Problem) {
	r := reader{name: name, header: trimmed(header), value: -1}
	if !r.columns(lay) {
		return nil, r.problems
	}
	t := &Table{Name: name, People: r.value < 0}
	for _, d := range r.dims {
		t.Columns = append(t.Columns, r.header[d])
	}
	if t.People {
		r.people(t, rows)
	} else {
		r.counts(t, rows)
	}
	if len(t.Cells) == 0 && len(r.problems) == 0 {
		r.problem(0, "", "", "the table has no rows", "give at least one row")
	}
	if len(r.problems) > 0 {
		return nil, r.problems
	}
	return t, nil
}

type reader struct {
	name     string
	header   []string
	dims     []int
	value    int
	problems []fault.Problem
}

func (r *reader) problem(row int, column, value, reason, remedy string) {
	r.problems = append(r.problems, fault.Problem{File: r.name, Row: row, Column: column, Value: value, Reason: reason, Remedy: remedy})
}

func trimmed(header []string) []string {
	out := make([]string, len(header))
	for i, h := range header {
		out[i] = strings.TrimSpace(strings.TrimPrefix(h, "\ufeff"))
	}
	return out
}

func (r *reader) columns(lay Layout) bool {
	if lay.Value != "" {
		if r.value = slices.Index(r.header, lay.Value); r.value < 0 {
			r.problem(1, lay.Value, "", "there is no such column", "name the column of counts as in the header: "+strings.Join(r.header, ", "))
		}
	} else {
		for i, h := range r.header {
			if slices.Contains(countNames, strings.ToLower(h)) && !slices.Contains(lay.Dims, h) {
				r.value = i
				break
			}
		}
	}
	for _, d := range lay.Dims {
		i := slices.Index(r.header, d)
		if i < 0 || i == r.value || slices.Contains(r.dims, i) {
			r.problem(1, d, "", "this cannot be a dimension: there is no such column, or it is named twice", "choose from "+strings.Join(r.header, ", "))
			continue
		}
		r.dims = append(r.dims, i)
	}
	if len(lay.Dims) == 0 {
		for i := range r.header {
			if i != r.value {
				r.dims = append(r.dims, i)
			}
		}
	}
	for i, h := range r.header {
		if slices.Index(r.header, h) != i && slices.Contains(r.dims, i) {
			r.problem(1, h, "", "two columns have this name", "give each its own")
		}
	}
	if len(r.dims) == 0 && len(r.problems) == 0 {
		r.problem(1, "", "", "no column divides people", "name the dimensions")
	}
	return len(r.problems) == 0
}

func (r *reader) people(t *Table, rows []Row) {
	at := map[string]int{}
	for _, row := range rows {
		cells := row.Cells
		key := make([]string, len(r.dims))
		for i, d := range r.dims {
			if d < len(cells) {
				key[i] = strings.TrimSpace(cells[d])
			}
			if key[i] == "" {
				key[i] = unstated
			}
		}
		k := join(key)
		n, ok := at[k]
		if !ok {
			n = len(t.Cells)
			at[k] = n
			t.Cells = append(t.Cells, Cell{Key: key})
		}
		t.Cells[n].Count++
	}
}

func (r *reader) counts(t *Table, rows []Row) {
	first := map[string]int{}
	for _, row := range rows {
		line, cells := row.Number, row.Cells
		if len(cells) <= max(r.value, slices.Max(r.dims)) {
			r.problem(line, "", "", "the row is too short", "give every column of the header")
			continue
		}
		key := make([]string, len(r.dims))
		for k, d := range r.dims {
			if key[k] = strings.TrimSpace(cells[d]); IsTotal(key[k]) {
				key[k] = ""
			}
		}
		if earlier, ok := first[join(key)]; ok {
			r.problem(line, t.Columns[0], cells[r.dims[0]], fmt.Sprintf("this group has a count in row %d already", earlier), "add the two up, or take one out")
			continue
		}
		first[join(key)] = line
		text := strings.TrimSpace(cells[r.value])
		n, err := strconv.ParseInt(text, 10, 64)
		switch {
		case text == "..":
			r.problem(line, r.header[r.value], text, "the count is hidden already", "hand in the full table: hiding is decided over all of it")
		case err != nil:
			r.problem(line, r.header[r.value], text, "the count is not a whole number", "give the number of people, in digits")
		case n < 0:
			r.problem(line, r.header[r.value], text, "the count is negative", "give the number of people, 0 or more")
		case n > maxCount:
			r.problem(line, r.header[r.value], text, "the count is larger than a hundred million", "check it")
		default:
			t.Cells = append(t.Cells, Cell{Key: key, Count: n, Row: line})
		}
	}
}

// IsTotal reports whether a value of a dimension stands for the total over it: empty,
// or the word in English, Korean or Chinese.
func IsTotal(s string) bool {
	switch strings.ToLower(s) {
	case "", "total", "합계", "총계", "合计", "总计", "總計":
		return true
	}
	return false
}

const keySep = "\x1f"

func join(key []string) string { return strings.Join(key, keySep) }
