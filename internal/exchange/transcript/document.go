package transcript

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"example.org/amparo/fault"
)

// A vocabulary names the elements of an XML text format that matter here.
type vocabulary struct {
	paragraph []string
	text      string            // element that holds characters; "" means any inside a paragraph
	breaks    map[string]string // elements that stand for a character
	table     string
	row, cell string
	skip      map[string]string // elements whose content is not spoken: what to call it
}

// Sources: ECMA-376 part 1, 17 (WordprocessingML); OASIS OpenDocument 1.3 part 3.
var vocabularies = map[string]vocabulary{
	"docx": {
		paragraph: []string{"p"}, text: "t", table: "tbl", row: "tr", cell: "tc",
		breaks: map[string]string{"tab": "\t", "br": "\n", "cr": "\n", "noBreakHyphen": "\u2011"},
		skip:   map[string]string{"del": "deleted text", "moveFrom": "moved text", "drawing": "a picture", "pict": "a picture", "object": "an object", "instrText": "", "footnoteReference": "a footnote", "commentReference": "a comment", "Fallback": ""},
	},
	"odt": {
		paragraph: []string{"p", "h"}, table: "table", row: "table-row", cell: "table-cell",
		breaks: map[string]string{"tab": "\t", "line-break": "\n", "s": " "},
		skip:   map[string]string{"annotation": "a comment", "tracked-changes": "deleted text", "frame": "a picture", "note": "a footnote", "automatic-styles": "", "styles": ""},
	},
}

// clock is a time of day or of a recording that stands alone.
var clock = regexp.MustCompile(`^\[?\d{1,3}:\d{2}(?::\d{2})?(?:[.,]\d{1,3})?\]?$`)

// leftOut is what a document may hold beside its words, with the code of the warning.
var leftOut = []struct{ what, code string }{
	{"deleted text", "transcript.deleted"}, {"moved text", "transcript.moved"}, {"a comment", "transcript.comment"},
	{"a footnote", "transcript.footnote"}, {"a picture", "transcript.picture"}, {"an object", "transcript.object"},
}

// document reads the body of a Word or LibreOffice text: a paragraph is a unit, and a row
// of a table is a unit whose cells are speaker or time, words, and translation.
func document(name string, data []byte, v vocabulary) ([]Unit, []fault.Problem, error) {
	r := &reader{v: v, left: map[string]int{}}
	d := xml.NewDecoder(bytes.NewReader(data))
	d.Strict = true
	d.Entity = map[string]string{} // no entities beyond XML's own
	for {
		tok, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, nil, fault.New(fault.Corrupt, op, "%s is damaged", name).From(err).Coded("transcript.damaged")
		}
		switch tok := tok.(type) {
		case xml.StartElement:
			r.start(tok)
		case xml.EndElement:
			r.end(tok.Name.Local)
		case xml.CharData:
			r.chars(string(tok))
		}
	}
	r.flush()
	var warnings []fault.Problem
	for _, l := range leftOut {
		if n := r.left[l.what]; n > 0 {
			warnings = append(warnings, fault.Problem{File: name, Value: strconv.Itoa(n), Reason: "holds " + l.what + " that was left out", Code: l.code,
				Remedy: "if it was said or belongs to the words, write it into the text and read the file again"})
		}
	}
	return r.units, warnings, nil
}

type tableRow struct {
	line  int
	cells []string
}

type reader struct {
	v       vocabulary
	units   []Unit
	left    map[string]int
	skipped int // depth inside an element that is passed over
	para    int // depth inside paragraphs
	textIn  int // depth inside the element that holds characters
	line    int
	words   strings.Builder
	tables  int // depth
	rows    []tableRow
	inRow   bool
	inCell  bool
	pending bool // the cell ended a paragraph: the next begins a new line
}

func (r *reader) start(e xml.StartElement) {
	local := e.Name.Local
	if r.skipped > 0 {
		r.skipped++
		return
	}
	if what, ok := r.v.skip[local]; ok {
		r.skipped = 1
		r.left[what]++
		return
	}
	switch {
	case local == r.v.table:
		r.tables++
	case r.tables > 1: // a table inside a cell is text of that cell
	case local == r.v.row && r.tables == 1:
		r.inRow, r.rows = true, append(r.rows, tableRow{line: r.line + 1})
	case local == r.v.cell && r.inRow:
		r.inCell, r.pending = true, false
	}
	switch {
	case r.isParagraph(local):
		r.para++
		if r.para == 1 {
			r.line++
			if r.pending {
				r.words.WriteString("\n")
			}
			r.pending = false
		}
	case local == r.v.text && r.v.text != "":
		r.textIn++
	}
	if by, ok := r.v.breaks[local]; ok && r.para > 0 {
		r.words.WriteString(strings.Repeat(by, repeat(e)))
	}
}

// repeat is how many spaces an OpenDocument space element stands for.
func repeat(e xml.StartElement) int {
	for _, a := range e.Attr {
		if e.Name.Local == "s" && a.Name.Local == "c" {
			if n, err := strconv.Atoi(a.Value); err == nil && n > 0 && n < 1000 {
				return n
			}
		}
	}
	return 1
}

func (r *reader) isParagraph(local string) bool {
	for _, p := range r.v.paragraph {
		if p == local {
			return true
		}
	}
	return false
}

func (r *reader) end(local string) {
	if r.skipped > 0 {
		r.skipped--
		return
	}
	switch {
	case local == r.v.text && r.v.text != "":
		r.textIn--
	case r.isParagraph(local):
		if r.para--; r.para == 0 {
			if r.inCell {
				r.pending = true
			} else {
				r.flush()
			}
		}
	case local == r.v.cell && r.inCell && r.tables == 1:
		row := &r.rows[len(r.rows)-1]
		row.cells = append(row.cells, strings.TrimSpace(r.words.String()))
		r.words.Reset()
		r.inCell, r.pending = false, false
	case local == r.v.row && r.tables == 1:
		r.inRow = false
	case local == r.v.table && r.tables > 0:
		if r.tables--; r.tables == 0 {
			r.endTable()
		}
	}
}

func (r *reader) chars(s string) {
	if r.skipped == 0 && r.para > 0 && (r.v.text == "" || r.textIn > 0) {
		r.words.WriteString(s)
	}
}

func (r *reader) flush() {
	if words := strings.TrimSpace(r.words.String()); words != "" {
		r.units = append(r.units, Unit{Line: max(1, r.line), Words: words})
	}
	r.words.Reset()
}

// endTable turns the rows of a table into units. The first column is who speaks or when,
// if it reads so in most rows; then come the words, then the translation.
func (r *reader) endTable() {
	rows := r.rows
	r.rows = nil
	if len(rows) > 0 && isHeader(rows[0].cells) {
		rows = rows[1:]
	}
	labels, wide := 0, 0
	for _, row := range rows {
		if len(row.cells) > 1 {
			wide++
			if isLabel(row.cells[0]) {
				labels++
			}
		}
	}
	labelled := wide > 0 && labels*5 >= wide*4
	for _, row := range rows {
		u := Unit{Line: row.line}
		cells := row.cells
		if labelled && len(cells) > 1 {
			if clock.MatchString(cells[0]) {
				u.Time = strings.Trim(cells[0], "[]")
			} else {
				u.Speaker = strings.TrimRight(cells[0], ":： ")
			}
			cells = cells[1:]
		}
		if len(cells) > 0 {
			u.Words = cells[0]
			u.Translation = strings.TrimSpace(strings.Join(cells[1:], "\n"))
		}
		if u.Words != "" || u.Translation != "" {
			r.units = append(r.units, u)
		}
	}
}

var headings = []string{"speaker", "time", "verbatim", "original", "words", "translation", "화자", "시간", "원문", "번역", "말한 그대로", "说话人", "时间", "原文", "原话", "译文", "翻译"}

// isHeader reports whether every cell of a first row names a column.
func isHeader(cells []string) bool {
	for _, c := range cells {
		if !slices.Contains(headings, strings.ToLower(strings.TrimSpace(c))) {
			return false
		}
	}
	return len(cells) > 1
}

// isLabel reports whether a first cell names a speaker or a time and says nothing.
func isLabel(s string) bool {
	return clock.MatchString(s) || len([]rune(s)) <= maxSpeaker && !strings.ContainsAny(s, ".?!。？！\n") && len(strings.Fields(s)) <= 2
}
