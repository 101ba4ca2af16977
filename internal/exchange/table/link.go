package table

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"example.org/amparo/fault"
)

// The columns by which ODK links a repeat table to its parent; Kobo's tables get them.
const (
	KeyColumn       = "KEY"
	ParentKeyColumn = "PARENT_KEY"
)

// The columns of KoboToolbox. Its indexes count the rows of one export and differ in
// the next, so they serve to find the parent here and never to name a record.
const (
	koboIndex       = "_index"
	koboParentIndex = "_parent_index"
	koboParentTable = "_parent_table_name"
)

// submissionColumns name a submission, the best first: what stays when a submission is
// corrected comes before what changes then.
var submissionColumns = []string{"meta/rootUuid", "_uuid", "meta/instanceID", "meta-instanceID", "instanceID", "__id", "_id"}

// formMarks are columns that only exports of ODK and KoboToolbox have.
var formMarks = []string{"_uuid", "meta/instanceID", "meta-instanceID", "formhub/uuid", koboParentTable, "_submission__uuid", "_submission__id", "_submission_time", "__id"}

// FromForm reports whether a header is of an export of ODK or KoboToolbox.
func FromForm(header []string) bool {
	has := func(h string) bool { return slices.Contains(header, h) }
	if has(KeyColumn) && (has(ParentKeyColumn) || has("SubmissionDate") || has("instanceID") || has("SubmitterID")) {
		return true
	}
	return slices.ContainsFunc(formMarks, has)
}

// SubmissionColumns are the columns of a header that name the row's submission, or in a
// repeat table the row itself. Where a row leaves the first empty, the next counts.
// There are none if the header is not of an export of ODK or KoboToolbox.
func SubmissionColumns(header []string) []string {
	if !FromForm(header) {
		return nil
	}
	if slices.Contains(header, KeyColumn) {
		return []string{KeyColumn}
	}
	var out []string
	for _, h := range submissionColumns {
		if slices.Contains(header, h) {
			out = append(out, h)
		}
	}
	if len(out) > 1 && out[0] == "meta/rootUuid" {
		return out[:2]
	}
	return out[:min(1, len(out))]
}

// PlainKey is the key of a submission without the prefix that some columns write and
// others do not.
func PlainKey(cell string) string {
	return strings.TrimPrefix(strings.TrimSpace(cell), "uuid:")
}

// Link finds the parents of repeat tables among sheets, which may come from several
// files, gives the tables of KoboToolbox the columns KEY and PARENT_KEY, and puts
// parents first. What is linked already stays so.
func Link(sheets []*Sheet) []*Sheet {
	if len(sheets) < 2 {
		return sheets
	}
	parents := map[*Sheet]*Sheet{}
	for _, s := range sheets {
		switch {
		case s.above != nil:
			parents[s] = s.above
		case slices.Contains(s.Header, koboParentIndex):
			parents[s] = koboParent(s, sheets)
		case slices.Contains(s.Header, ParentKeyColumn):
			parents[s] = odkParent(s, sheets)
		}
	}
	depth := map[*Sheet]int{}
	for _, s := range sheets {
		for p := s; parents[p] != nil && depth[s] <= len(sheets); p = parents[p] {
			depth[s]++
		}
	}
	for _, s := range sheets {
		p := parents[s]
		if p == nil || depth[s] > len(sheets) { // tables that name each other as parents
			continue
		}
		s.Parent, s.above = p.Table, p
		if slices.Contains(s.Header, koboParentIndex) && !slices.Contains(s.Header, KeyColumn) && !slices.Contains(s.Header, ParentKeyColumn) {
			s.addKeys(p)
		}
	}
	out := slices.Clone(sheets)
	slices.SortStableFunc(out, func(a, b *Sheet) int { return depth[a] - depth[b] })
	return out
}

// first returns a column's cell in the first row that can be read.
func (s *Sheet) first(column string) string {
	at := slices.Index(s.Header, column)
	for row, err := range s.rows {
		if err == nil && at >= 0 {
			return strings.TrimSpace(row.Cells[at])
		}
	}
	return ""
}

func koboParent(s *Sheet, sheets []*Sheet) *Sheet {
	name := s.first(koboParentTable)
	var roots []*Sheet
	for _, p := range sheets {
		// a workbook cuts the names of its sheets to 31 characters
		if p != s && name != "" && (p.Table == name || len([]rune(p.Table)) >= 31 && strings.HasPrefix(name, p.Table)) {
			return p
		}
		if !slices.Contains(p.Header, koboParentIndex) && slices.Contains(p.Header, koboIndex) {
			roots = append(roots, p)
		}
	}
	if len(roots) == 1 {
		return roots[0]
	}
	return nil
}

func odkParent(s *Sheet, sheets []*Sheet) *Sheet {
	key := s.first(ParentKeyColumn)
	var roots []*Sheet
	for _, p := range sheets {
		at := slices.Index(p.Header, KeyColumn)
		if p == s || at < 0 {
			continue
		}
		if !slices.Contains(p.Header, ParentKeyColumn) {
			roots = append(roots, p)
		}
		for row, err := range p.rows {
			if err == nil && key != "" && row.Cells[at] == key {
				return p
			}
		}
	}
	if len(roots) == 1 {
		return roots[0]
	}
	return nil
}

// addKeys gives a repeat table of KoboToolbox the columns that ODK writes: a key that
// stays the same in every export, and the key of the parent's row.
func (s *Sheet) addKeys(parent *Sheet) {
	plain, at := s.rows, slices.Index(s.Header, koboParentIndex)
	s.Header = append(slices.Clip(s.Header), KeyColumn, ParentKeyColumn)
	if s.Tags != nil {
		s.Tags = append(slices.Clip(s.Tags), "", "")
	}
	s.rows = func(yield func(Row, error) bool) {
		keys, err := parent.keysByIndex()
		if err != nil {
			yield(Row{}, err)
			return
		}
		nth := map[string]int{}
		for row, err := range plain {
			key := ""
			if at < len(row.Cells) { // a refused row counts too, or the keys after it would change
				key = keys[strings.TrimSpace(row.Cells[at])]
				nth[key]++
			}
			if err == nil && key == "" {
				err = fault.Problem{File: s.Name, Row: row.Number, Column: koboParentIndex, Value: row.Cells[at],
					Reason: "the row it belongs to is not in " + parent.Name + ", or has no uuid", Remedy: "export the form again with all its tables and the column _uuid"}
			}
			if err == nil {
				row.Cells = append(slices.Clip(row.Cells), fmt.Sprintf("%s/%s[%d]", key, s.Table, nth[key]), key)
			}
			if !yield(row, err) {
				return
			}
		}
	}
}

// keysByIndex are the keys of a table's rows by Kobo's index of them.
func (s *Sheet) keysByIndex() (map[string]string, error) {
	at := slices.Index(s.Header, koboIndex)
	var columns []int
	for _, h := range SubmissionColumns(s.Header) {
		columns = append(columns, slices.Index(s.Header, h))
	}
	keys := map[string]string{}
	for row, err := range s.rows {
		var p fault.Problem
		if err != nil && !errors.As(err, &p) {
			return nil, err
		}
		if err != nil || at < 0 {
			continue
		}
		for _, c := range columns {
			if key := PlainKey(row.Cells[c]); key != "" {
				keys[strings.TrimSpace(row.Cells[at])] = key
				break
			}
		}
	}
	return keys, nil
}
