package table

import (
	"archive/zip"
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"path"
	"regexp"
	"strings"

	"github.com/xuri/excelize/v2"

	"example.org/amparo/fault"
)

// maxFormulas bounds the warnings of one sheet; the last one counts the rest.
const maxFormulas = 100

// part is a file inside a workbook.
type part = *zip.File

// sheetParts finds the file of each sheet. excelize knows it too, but tells of formulas
// only after it has read the whole sheet into a tree.
func sheetParts(data []byte, lim Limits) (map[string]part, error) {
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return nil, err
	}
	files := map[string]part{}
	for _, f := range z.File {
		files[strings.TrimPrefix(f.Name, "/")] = f
	}
	var book struct {
		Sheets []struct {
			Name string `xml:"name,attr"`
			Rel  string `xml:"http://schemas.openxmlformats.org/officeDocument/2006/relationships id,attr"`
			Old  string `xml:"http://purl.oclc.org/ooxml/officeDocument/relationships id,attr"`
		} `xml:"sheets>sheet"`
	}
	var rels struct {
		Rels []struct {
			ID     string `xml:"Id,attr"`
			Target string `xml:"Target,attr"`
		} `xml:"Relationship"`
	}
	if err := errors.Join(decodePart(files["xl/workbook.xml"], lim, &book), decodePart(files["xl/_rels/workbook.xml.rels"], lim, &rels)); err != nil {
		return nil, err
	}
	targets := map[string]string{}
	for _, r := range rels.Rels {
		targets[r.ID] = r.Target
	}
	out := map[string]part{}
	for _, s := range book.Sheets {
		target := targets[s.Rel+s.Old]
		if !strings.HasPrefix(target, "/") {
			target = path.Join("/xl", target)
		}
		out[s.Name] = files[strings.TrimPrefix(path.Clean(target), "/")]
	}
	return out, nil
}

func decodePart(p part, lim Limits, into any) error {
	if p == nil {
		return errors.New("a part of the workbook is missing")
	}
	b, err := unzip(p, lim)
	if err != nil {
		return err
	}
	return xml.Unmarshal(b, into)
}

// anyFormula is how a formula begins; most sheets have none and are not parsed twice.
var anyFormula = regexp.MustCompile(`<(\w+:)?f[\s/>]`)

// warnOfFormulas names the cells that hold a formula. The program never computes one:
// it takes the value that was saved with it.
func (s *Sheet) warnOfFormulas(p part, lim Limits) error {
	if p == nil {
		return nil
	}
	b, err := unzip(p, lim)
	if err != nil || !anyFormula.Match(b) {
		return err
	}
	n := 0
	err = eachFormula(b, func(ref, formula string, saved bool) {
		if n++; n > maxFormulas {
			return
		}
		w := fault.Problem{File: s.Name, Value: formula, Reason: "the cell holds a formula; the value that was saved with it is used"}
		if !saved {
			w.Reason, w.Remedy = "the cell holds a formula without a saved value; it is read as empty", "open the file in a spreadsheet program, save it and import it again"
		}
		w.Column = ref
		if col, row, err := excelize.CellNameToCoordinates(ref); err == nil {
			w.Row = row
			if col <= len(s.Header) {
				w.Column = s.Header[col-1]
			}
		}
		s.Warnings = append(s.Warnings, w)
	})
	if n > maxFormulas {
		s.Warnings = append(s.Warnings, fault.Problem{File: s.Name, Reason: fmt.Sprintf("%d more cells hold a formula; the values that were saved with them are used", n-maxFormulas)})
	}
	return err
}

// eachFormula calls fn for every cell with a formula. Cells without a reference of
// their own are counted from the one before, as the format says.
func eachFormula(sheet []byte, fn func(ref, formula string, saved bool)) error {
	d := xml.NewDecoder(bytes.NewReader(sheet))
	d.Strict = false
	row, col := 0, 0
	for {
		t, err := d.Token()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		e, ok := t.(xml.StartElement)
		if !ok {
			continue
		}
		switch e.Name.Local {
		case "row":
			row, col = row+1, 0
			if n := attribute(e, "r"); n != "" {
				_, _ = fmt.Sscan(n, &row)
			}
		case "c":
			var c struct {
				Formula *string `xml:"f"`
				Value   string  `xml:"v"`
				Inline  string  `xml:"is>t"`
			}
			if err := d.DecodeElement(&c, &e); err != nil {
				return err
			}
			col++
			ref := attribute(e, "r")
			if x, _, err := excelize.CellNameToCoordinates(ref); err == nil {
				col = x
			} else {
				ref, _ = excelize.CoordinatesToCellName(col, row)
			}
			if c.Formula != nil {
				fn(ref, "="+beginning(*c.Formula, 200), c.Value != "" || c.Inline != "")
			}
		}
	}
}

func attribute(e xml.StartElement, name string) string {
	for _, a := range e.Attr {
		if a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}

func beginning(s string, n int) string {
	r := []rune(s)
	if len(r) <= n {
		return s
	}
	return string(r[:n]) + "…"
}
