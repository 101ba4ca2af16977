package table_test

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"
	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/korean"
	"golang.org/x/text/encoding/simplifiedchinese"
	xunicode "golang.org/x/text/encoding/unicode"

	"example.org/amparo/fault"
	"example.org/amparo/internal/exchange/table"
)

func encode(t *testing.T, e encoding.Encoding, s string) []byte {
	t.Helper()
	b, err := e.NewEncoder().Bytes([]byte(s))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func read(t *testing.T, data []byte) (*table.Sheet, []table.Row) {
	t.Helper()
	sheets, err := table.Read("t.csv", data, table.DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	var rows []table.Row
	for r, err := range sheets[0].Rows() {
		if err != nil {
			t.Fatal(err)
		}
		rows = append(rows, r)
	}
	return sheets[0], rows
}

func TestEncodingsAreRecognised(t *testing.T) {
	ko := "가명,고향\n하나,함경북도 온성군에서 태어났다\n두리,회령\n"
	zh := "化名,籍贯\n花花,咸镜北道稳城郡出生的人\n多里,会宁\n"
	for _, tc := range []struct {
		name string
		data []byte
		want string
	}{
		{"utf-8", []byte(ko), "하나"}, {"utf-8", append([]byte{0xEF, 0xBB, 0xBF}, ko...), "하나"},
		{"utf-16le", encode(t, xunicode.UTF16(xunicode.LittleEndian, xunicode.UseBOM), ko), "하나"},
		{"utf-16be", encode(t, xunicode.UTF16(xunicode.BigEndian, xunicode.UseBOM), ko), "하나"},
		{"utf-16le", encode(t, xunicode.UTF16(xunicode.LittleEndian, xunicode.IgnoreBOM), "name,place\nHana,Onsong\n"), "Hana"},
		{"euc-kr", encode(t, korean.EUCKR, ko), "하나"},
		{"gb18030", encode(t, simplifiedchinese.GB18030, zh), "花花"},
	} {
		s, rows := read(t, tc.data)
		if s.Encoding != tc.name || len(rows) == 0 || rows[0].Cells[0] != tc.want {
			t.Errorf("%s: read as %s, %v", tc.name, s.Encoding, rows)
		}
	}
}

func TestEveryRowComesOutAtItsNumber(t *testing.T) {
	var b strings.Builder
	b.WriteString("a;b\n")
	for i := range 120000 {
		fmt.Fprintf(&b, "%d;\"x\ny\"\n", i)
	}
	s, rows := read(t, []byte(b.String()))
	if len(s.Header) != 2 || len(rows) != 120000 || rows[1].Number != 4 || rows[119999].Cells[0] != "119999" {
		t.Errorf("%d rows, header %v, second at %d", len(rows), s.Header, rows[1].Number)
	}
}

func TestBadTablesAreRefusedWithPlaceAndRemedy(t *testing.T) {
	for name, data := range map[string]string{
		"unclosed quote": "a,b\n1,\"x\n", "two columns of one name": "a,a\n1,2\n", "column without name": "a,,b\n1,2,3\n", "too many cells": "a,b\n1,2,3\n",
	} {
		sheets, err := table.Read("t.csv", []byte(data), table.DefaultLimits())
		if err == nil {
			for _, e := range sheets[0].Rows() {
				err = e
			}
		}
		var p fault.Problem
		if !errors.As(err, &p) || p.File != "t.csv" || p.Row == 0 || p.Remedy == "" {
			t.Errorf("%s: %v, want a problem with file, row and remedy", name, err)
		}
	}
	for name, data := range map[string]string{"empty": "", "binary": "a,b\n\x00\x01", "pdf": "%PDF-1.4", "old excel": "\xD0\xCF\x11\xE0xx", "damage": "a,b\n\xff\xff\xfe\n"} {
		if _, err := table.Read("t", []byte(data), table.DefaultLimits()); err == nil {
			t.Errorf("%s is read as a table", name)
		}
	}
}

func TestZipBombIsRefused(t *testing.T) {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	f, err := z.Create("a.csv")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.Write(make([]byte, 50<<20)); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := table.Read("bomb.zip", b.Bytes(), table.DefaultLimits()); fault.KindOf(err) != fault.TooLarge {
		t.Errorf("got %v, want %s", err, fault.TooLarge)
	}
}

func TestXLSXWithFormulaAndDate(t *testing.T) {
	x := excelize.NewFile()
	for cell, v := range map[string]any{"A1": "name", "B1": "n", "A2": "하나", "B2": 12, "A4": "두리", "B4": 1.5} {
		if err := x.SetCellValue("Sheet1", cell, v); err != nil {
			t.Fatal(err)
		}
	}
	var b bytes.Buffer
	if err := x.Write(&b); err != nil {
		t.Fatal(err)
	}
	s, rows := read(t, b.Bytes())
	if s.Encoding != "xlsx" || len(rows) != 2 || rows[0].Cells[0] != "하나" || rows[1].Number != 4 || rows[1].Cells[1] != "1.5" {
		t.Errorf("%s %v", s.Encoding, rows)
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte("a,b\n1,2\n"))
	f.Add([]byte("PK\x03\x04"))
	f.Add([]byte{0xFF, 0xFE, 'a', 0})
	f.Add([]byte("\xb0\xa1,\xb3\xaa\n"))
	f.Add(archive(f, "a.csv", "a,KEY\n1,u\n", "a-b.csv", "c,PARENT_KEY,KEY\n1,u,u/b[1]\n"))
	f.Add(archive(f, "a.csv", "a,_index,_uuid\n1,1,u\n", "b.csv", "c,_parent_index,_parent_table_name\n1,1,a\n"))
	var book bytes.Buffer
	x := excelize.NewFile()
	if err := errors.Join(x.SetCellValue("Sheet1", "A1", "name"), x.SetCellFormula("Sheet1", "A2", "1+1"), x.SetCellValue("Sheet1", "A3", time.Unix(0, 0)), x.Write(&book)); err != nil {
		f.Fatal(err)
	}
	f.Add(book.Bytes())
	f.Fuzz(func(_ *testing.T, data []byte) {
		lim := table.Limits{File: 1 << 20, Ratio: 100, Entries: 20, Columns: 50, CellSize: 1000}
		sheets, err := table.Read("f", data, lim)
		if err != nil {
			return
		}
		for _, s := range sheets {
			for range s.Rows() {
			}
		}
	})
}
