package table_test

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"
	"golang.org/x/text/encoding/korean"
	"golang.org/x/text/encoding/simplifiedchinese"
	xunicode "golang.org/x/text/encoding/unicode"
	"pgregory.net/rapid"

	"example.org/amparo/fault"
	"example.org/amparo/internal/exchange/table"
)

// archive is a zip file of the names and texts given.
func archive(t testing.TB, files ...string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for i := 0; i < len(files); i += 2 {
		f, err := z.Create(files[i])
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.Write([]byte(files[i+1])); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// lying is an archive whose directory states a smaller size than the file has.
func lying(t testing.TB) []byte {
	b := archive(t, "a.csv", strings.Repeat("a,b\n", 100000))
	at := bytes.LastIndex(b, []byte("PK\x01\x02"))
	copy(b[at+24:], []byte{10, 0, 0, 0})
	return b
}

// firstError reads everything and returns the first error.
func firstError(name string, data []byte, lim table.Limits) error {
	sheets, err := table.Read(name, data, lim)
	if err != nil {
		return err
	}
	for _, s := range sheets {
		for _, err := range s.Rows() {
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// Every sort of input that is not a sound table ends in an error that says what is
// wrong and what to do, and never in a table of nonsense.
func TestBadInputIsNamedWithARemedy(t *testing.T) {
	small := table.Limits{File: 1 << 20, Ratio: 100, Entries: 3, Columns: 5, CellSize: 100}
	for _, tc := range []struct {
		name string
		data []byte
		kind fault.Kind // empty: a problem with a row
		says string
	}{
		{"empty", nil, fault.Invalid, "is empty"},
		{"binary", []byte("a,b\n1,\x00\x01\x02\n"), fault.Foreign, "binary data"},
		{"a picture", []byte("\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\xff\xfe"), "", ""},
		{"a PDF", []byte("%PDF-1.7\n"), fault.Foreign, "is a PDF"},
		{"an old workbook", []byte("\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1rest"), fault.Foreign, "password"},
		{"half an archive", archive(t, "a.csv", "a,b\n1,2\n")[:40], fault.Corrupt, "damaged archive"},
		{"a zip bomb", archive(t, "a.csv", strings.Repeat("0", 900<<10)), fault.TooLarge, "would unpack to"},
		{"an archive that lies of its size", lying(t), fault.Corrupt, "wrong size"},
		{"too many files", archive(t, "a.csv", "a\n", "b.csv", "a\n", "c.csv", "a\n", "d.csv", "a\n"), fault.TooLarge, "more than 3 files"},
		{"an archive of no table", archive(t, "a.txt", "a"), fault.Foreign, "holds no table"},
		{"too many columns", []byte("a,b,c,d,e,f\n"), fault.TooLarge, "6 columns"},
		{"a cell too long", []byte("a,b\n1," + strings.Repeat("x", 101) + "\n"), "", "too long"},
		{"a quotation mark left open", []byte("a,b\n\"1,2\n3,4\n"), "", "close the quotation marks"},
		{"a row with more cells", []byte("a,b\n1,2,3\n"), "", "has 3 cells, the header has 2"},
		{"two columns of one name", []byte("a,a\n1,2\n"), "", "the same name"},
		{"a column without a name", []byte("a,,b\n1,2,3\n"), "", "has no name"},
		{"cut UTF-16", encode(t, xunicode.UTF16(xunicode.LittleEndian, xunicode.UseBOM), "가나,다\n1,2\n")[:15], fault.Invalid, "damaged"},
		{"no encoding at all", []byte("a,b\n\xff\xff\xfe\xff\n"), fault.Invalid, "not recognised"},
		{"JSON cut short", []byte(`[{"a":1},{"a":`), fault.Invalid, "not sound JSON"},
		{"JSON with a name twice", []byte(`[{"a":1,"a":2}]`), fault.Invalid, "stands twice"},
		{"JSON nested without end", []byte(`[{"a":` + strings.Repeat(`{"a":`, 200) + "1" + strings.Repeat("}", 201) + "]"), fault.Invalid, "nested"},
		{"JSON of no submissions", []byte(`{"type":"FeatureCollection"}`), fault.Foreign, "no list of submissions"},
		{"a repeat alone", []byte(`{"value":[{"__id":"1","__Submissions-id":"uuid:1","stage":"x"}]}`), fault.Foreign, "without the submissions"},
		{"JSON with something after it", []byte(`[{"a":1}] [`), fault.Invalid, "follows the data"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			err := firstError("t", tc.data, small)
			if err == nil {
				t.Fatal("is read as a table")
			}
			if tc.kind != "" && fault.KindOf(err) != tc.kind {
				t.Errorf("%v is %s, want %s", err, fault.KindOf(err), tc.kind)
			}
			var p fault.Problem
			if tc.kind == "" && tc.says != "" && (!errors.As(err, &p) || p.Row == 0 || p.File != "t") {
				t.Errorf("%v, want a problem with file and row", err)
			}
			if !strings.Contains(err.Error(), tc.says) || !strings.Contains(err.Error(), "(") {
				t.Errorf("%v, want it to say %q and what to do", err, tc.says)
			}
		})
	}
}

func TestAFileTooLargeIsNotReadIntoMemory(t *testing.T) {
	name := filepath.Join(t.TempDir(), "large.csv")
	if err := os.WriteFile(name, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(name, 64<<30); err != nil { // no block of it exists
		t.Skipf("SKIPPED: no sparse files here: %v", err)
	}
	if _, err := table.Open(name, table.DefaultLimits()); fault.KindOf(err) != fault.TooLarge || !strings.Contains(err.Error(), "divide it") {
		t.Errorf("%v, want %s", err, fault.TooLarge)
	}
}

// Whatever separates the cells, and in whatever encoding, the table is the same.
func TestSeparatorsAndEncodingsMakeNoDifference(t *testing.T) {
	ko, zh := "가명,고향,이야기\n하나,온성,\"보위부, 그리고 밤\"\n", "化名,籍贯,经过\n花花,稳城,\"夜里, 后来\"\n"
	for sep, name := range map[string]string{",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"} {
		for lang, text := range map[string]string{"ko": ko, "zh": zh} {
			text = strings.NewReplacer(", ", ", ", ",", sep).Replace(text)
			encodings := map[string][]byte{
				"utf-8": []byte(text), "utf-8 with mark": append([]byte{0xEF, 0xBB, 0xBF}, text...), "utf-16le": encode(t, xunicode.UTF16(xunicode.LittleEndian, xunicode.UseBOM), text),
				"utf-16be": encode(t, xunicode.UTF16(xunicode.BigEndian, xunicode.UseBOM), text), "gb18030": encode(t, simplifiedchinese.GB18030, text),
			}
			if lang == "ko" {
				encodings["euc-kr"] = encode(t, korean.EUCKR, text)
				delete(encodings, "gb18030") // Korean in GB18030 cannot be told from Chinese
			}
			for enc, data := range encodings {
				s, rows := read(t, data)
				if len(s.Header) != 3 || len(rows) != 1 || len(rows[0].Cells) != 3 || !strings.Contains(rows[0].Cells[2], ", ") {
					t.Errorf("%s, %s, %s: header %v, rows %v", name, lang, enc, s.Header, rows)
				}
			}
		}
	}
}

// A page of submissions is not taken for all of them in silence.
func TestOnePageOfSeveralIsWarnedOf(t *testing.T) {
	for text, want := range map[string]int{
		`{"next":"https://kobo.example/api?start=100","results":[{"_uuid":"1","a":"b"}]}`: 1, `{"next":null,"results":[{"_uuid":"1","a":"b"}]}`: 0,
		`{"@odata.nextLink":"https://odk.example/x","value":[{"__id":"1","a":"b"}]}`: 1, `[{"a":"b"}]`: 0,
	} {
		if s, _ := read(t, []byte(text)); len(s.Warnings) != want {
			t.Errorf("%s: %v", text, s.Warnings)
		}
	}
}

// Pictures that Central puts beside its tables are neither unpacked nor counted.
func TestAttachmentsBesideTablesAreLeftAlone(t *testing.T) {
	files := []string{"form.csv", "a,b\n1,2\n"}
	for i := range 20 {
		files = append(files, fmt.Sprintf("media/%d.jpg", i), strings.Repeat("x", 100<<10))
	}
	sheets, err := table.Read("t.zip", archive(t, files...), table.Limits{File: 1 << 20, Ratio: 100, Entries: 3, Columns: 5, CellSize: 100})
	if err != nil || len(sheets) != 1 {
		t.Errorf("%d tables, %v", len(sheets), err)
	}
}

func TestFormulasAreWarnedOfAndNeverRun(t *testing.T) {
	x := excelize.NewFile()
	if err := errors.Join(x.SetCellValue("Sheet1", "A1", "name"), x.SetCellValue("Sheet1", "B1", "n"), x.SetCellValue("Sheet1", "A2", "하나"), x.SetCellFormula("Sheet1", "B2", "1+1")); err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := x.Write(&b); err != nil {
		t.Fatal(err)
	}
	s, rows := read(t, b.Bytes())
	if len(s.Warnings) != 1 || s.Warnings[0].Row != 2 || s.Warnings[0].Column != "n" || rows[0].Cells[1] == "2" {
		t.Errorf("warnings %v, rows %v", s.Warnings, rows)
	}
}

func TestJoinedCellsAreDividedTheSame(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		values := rapid.SliceOfN(rapid.StringMatching(`[ab |\\]{0,8}`), 1, 4).Draw(t, "values")
		got := table.SplitCell(table.JoinCell(values))
		if strings.Join(got, "\x00") != strings.Join(values, "\x00") {
			t.Fatalf("%q becomes %q and then %q", values, table.JoinCell(values), got)
		}
	})
}

func TestEscapedCellsAreReadTheSame(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.StringMatching(`[=+@'a\t-]{0,5}`).Draw(t, "cell")
		if got := table.UnescapeCell(table.EscapeCell(s)); got != s {
			t.Fatalf("%q becomes %q", s, got)
		}
	})
}

// What is written is read the same, as CSV and as a workbook.
func TestWrittenTablesAreReadTheSame(t *testing.T) {
	cells := [][]string{{"=1+1", "'quoted", "two\nlines"}, {"+82", "a;b", `"x"`}, {"하나", "", "001"}}
	rows := func(yield func([]string, error) bool) {
		for _, c := range cells {
			if !yield(c, nil) {
				return
			}
		}
	}
	for name, write := range map[string]func(*bytes.Buffer, *table.Sheet) error{
		"csv":  func(b *bytes.Buffer, s *table.Sheet) error { return table.WriteCSV(b, s) },
		"xlsx": func(b *bytes.Buffer, s *table.Sheet) error { return table.WriteXLSX(b, []*table.Sheet{s}) },
	} {
		s := table.NewSheet("t", []string{"a", "b", "c"}, rows)
		s.Tags = []string{"#meta+id", "", "#date"}
		var b bytes.Buffer
		if err := write(&b, s); err != nil {
			t.Fatal(err)
		}
		back, got := read(t, b.Bytes())
		if back.Tags == nil || len(got) != len(cells) {
			t.Fatalf("%s: tags %v, %d rows\n%s", name, back.Tags, len(got), b.String())
		}
		for i, r := range got {
			if strings.Join(r.Cells, "\x00") != strings.Join(cells[i], "\x00") {
				t.Errorf("%s: %q, want %q", name, r.Cells, cells[i])
			}
		}
	}
	var b bytes.Buffer
	failing := table.NewSheet("t", []string{"a"}, func(yield func([]string, error) bool) { yield(nil, fault.New(fault.Storage, "x", "broken")) })
	if err := table.WriteCSV(&b, failing); fault.KindOf(err) != fault.Storage {
		t.Errorf("an error of the rows is lost: %v", err)
	}
}

// A date in a workbook is the same day however the cell shows it, in no time zone, and
// a day that the format hides is not made up.
func TestDatesOfWorkbooksAreReadAsTheyAreShown(t *testing.T) {
	day := time.Date(2003, 3, 5, 0, 0, 0, 0, time.UTC)
	for lang, header := range map[string]string{"ko": "날짜", "zh": "日期", "en": "date"} {
		for _, tc := range []struct {
			builtin int
			custom  string
			value   any
			want    string
		}{
			{14, "", day, "2003-03-05"}, {15, "", day, "2003-03-05"}, {17, "", day, "2003-03"}, {22, "", day, "2003-03-05"}, {31, "", day, "2003-03-05"},
			{0, "dd/mm/yyyy", day, "2003-03-05"}, {0, "mm/dd/yy", day, "2003-03-05"}, {0, `yyyy"년" m"월" d"일"`, day, "2003-03-05"}, {0, "mmmm yyyy", day, "2003-03"},
			{0, "yyyy-mm-dd hh:mm", day.Add(23*time.Hour + 59*time.Minute), "2003-03-05"}, {0, "yyyy", day, "2003"}, {0, `yyyy"년"`, day, "2003년"}, {0, `yyyy"年"m"月"`, day, "2003-03"}, {0, "[$-409]d mmm yyyy", day, "2003-03-05"},
			{0, "00-00-00", 123456, "12-34-56"}, {4, "", 37685, "37,685.00"}, {0, "", 37685, "37685"}, {0, "", "5/3/2003", "5/3/2003"},
		} {
			x := excelize.NewFile()
			style := &excelize.Style{NumFmt: tc.builtin}
			if tc.custom != "" {
				style.CustomNumFmt = &tc.custom
			}
			n, err := x.NewStyle(style)
			if err := errors.Join(err, x.SetCellValue("Sheet1", "A1", header), x.SetCellValue("Sheet1", "A2", tc.value), x.SetCellStyle("Sheet1", "A2", "A2", n)); err != nil {
				t.Fatal(err)
			}
			var b bytes.Buffer
			if err := x.Write(&b); err != nil {
				t.Fatal(err)
			}
			if _, rows := read(t, b.Bytes()); rows[0].Cells[0] != tc.want {
				t.Errorf("%s, format %d %q: read as %q, want %q", lang, tc.builtin, tc.custom, rows[0].Cells[0], tc.want)
			}
		}
	}
}

// Readers that believe a sheet's stated size must not be told that it is one cell.
func TestWrittenWorkbooksStateNoWrongSize(t *testing.T) {
	var b bytes.Buffer
	s := table.NewSheet("t", []string{"a", "b"}, func(yield func([]string, error) bool) { yield([]string{"1", "2"}, nil) })
	if err := table.WriteXLSX(&b, []*table.Sheet{s, s}); err != nil {
		t.Fatal(err)
	}
	z, err := zip.NewReader(bytes.NewReader(b.Bytes()), int64(b.Len()))
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	for _, f := range z.File {
		if !strings.HasPrefix(f.Name, "xl/worksheets/sheet") {
			continue
		}
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		if seen++; bytes.Contains(text, []byte(`<dimension ref="A1"`)) {
			t.Errorf("%s says that it has one cell", f.Name)
		}
	}
	if seen != 2 {
		t.Errorf("%d sheets, want 2", seen)
	}
}

func TestWriteNewLeavesNoHalfFile(t *testing.T) {
	name := filepath.Join(t.TempDir(), "f")
	err := table.WriteNew(name, func(w io.Writer) error {
		_, _ = w.Write([]byte("half"))
		return fault.New(fault.Storage, "x", "broken")
	})
	if _, statErr := os.Stat(name); fault.KindOf(err) != fault.Storage || !os.IsNotExist(statErr) {
		t.Errorf("%v, and the file: %v", err, statErr)
	}
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte("a,b\n"))
	f.Add([]byte{0xFF, 0xFE, 'a', 0, ',', 0})
	f.Add([]byte("\xb0\xa1,\xb3\xaa\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		text, _, err := table.Decode(data)
		if err == nil && !bytes.Equal(bytes.ToValidUTF8(text, nil), text) {
			t.Errorf("%q is decoded to what is not UTF-8", data)
		}
	})
}

func FuzzJSON(f *testing.F) {
	f.Add([]byte(`{"value":[{"__id":"uuid:1","g":{"q":1,"r":[{"x":"y","z":[{"a":1}]}]}}]}`))
	f.Add([]byte(`[{"_uuid":"1","r":[{"r/a":1}],"l":[1,2]}]`))
	f.Fuzz(func(t *testing.T, data []byte) {
		sheets, err := table.Read("f.json", data, table.Limits{File: 1 << 20, Ratio: 100, Entries: 20, Columns: 50, CellSize: 1000})
		if err != nil {
			return
		}
		for _, s := range sheets {
			for row, err := range s.Rows() {
				if err == nil && len(row.Cells) != len(s.Header) {
					t.Errorf("%d cells under %d headers", len(row.Cells), len(s.Header))
				}
			}
		}
	})
}
