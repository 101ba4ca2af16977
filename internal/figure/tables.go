package figure

import (
	"slices"

	"example.org/amparo/disclose"
)

// yesNo is a table of one question with two answers.
func yesNo(column string, yes, no int) *disclose.Table {
	return &disclose.Table{Columns: []string{column}, Cells: []disclose.Cell{{Key: []string{"yes"}, Count: int64(yes)}, {Key: []string{"no"}, Count: int64(no)}}}
}

// TableTotal is how many people stand in the cells of a table, totals not among them.
func TableTotal(t *disclose.Table) (n int) {
	for _, c := range t.Cells {
		n += int(c.Count)
	}
	return n
}

// nested are the columns of tables that lie within each other.
func nested(tables []*disclose.Table) [][]string {
	var out [][]string
	for _, t := range tables {
		if slices.Equal(t.Columns, []string{"season", "month"}) {
			out = append(out, t.Columns)
		}
	}
	return out
}
