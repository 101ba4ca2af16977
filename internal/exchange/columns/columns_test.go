package columns_test

import (
	"bytes"
	"encoding/csv"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"golang.org/x/text/encoding/korean"
	"pgregory.net/rapid"

	"example.org/amparo/fault"
	"example.org/amparo/internal/exchange/columns"
	"example.org/amparo/linkage/table"
)

func file(t testing.TB, text []byte) string {
	t.Helper()
	f := filepath.Join(t.TempDir(), "t.csv")
	if err := os.WriteFile(f, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return f
}

func cells(t *table.Table) string {
	var rows []string
	for r := range t.Rows() {
		var row []string
		for _, c := range t.Columns {
			row = append(row, c.At(r))
		}
		rows = append(rows, strings.Join(row, "|"))
	}
	return strings.Join(rows, "\n")
}

func TestTablesAreReadAsTheyWereMeant(t *testing.T) {
	korean, err := korean.EUCKR.NewEncoder().String("이름,도시\n김철수,서울\n박영희,부산\n리설주,평양\n")
	if err != nil {
		t.Fatal(err)
	}
	long := strings.Repeat("x", 3<<20)
	for _, c := range []struct{ name, text, want string }{
		{"plain", "a,b\n1,2\n3,4\n", "1|2\n3|4"},
		{"no last line end", "a,b\n1,2", "1|2"},
		{"line ends of Windows", "a,b\r\n1,2\r\n", "1|2"},
		{"byte order mark", "\ufeffa,b\n1,2\n", "1|2"},
		{"semicolons", "a;b\n1,5;2\n", "1,5|2"},
		{"tabs", "a\tb\n1\t2\n", "1|2"},
		{"spaces around cells", " a , b \n 1 ,  2\n", "1|2"},
		{"quotes", `a,b` + "\n" + `"x, ""y""", z` + "\n", `x, "y"|z`},
		{"a line in a cell", "a,b\n\"x\ny\",z\n", "x\ny|z"},
		{"empty cells in quotes", "a,b\n\"\",\n1,\n", "|\n1|"},
		{"a quote inside a cell", "a,b\nx\"y,z\n", `x"y|z`},
		{"short rows", "a,b\n1\n", "1|"},
		{"empty lines", "a,b\n\n1,2\n\n", "1|2"},
		{"Korean of old", korean, "김철수|서울\n박영희|부산\n리설주|평양"},
		{"a long line", "a,b\n" + long + ",2\n", long + "|2"},
	} {
		t.Run(c.name, func(t *testing.T) {
			tab, err := columns.Read(file(t, []byte(c.text)))
			if err != nil {
				t.Fatal(err)
			}
			if got := cells(tab); got != c.want {
				t.Errorf("%.200q", got)
			}
		})
	}
}

func TestTablesThatCannotBeReadAreRefused(t *testing.T) {
	for _, c := range []struct{ name, text, says string }{
		{"empty", "", "is empty"},
		{"no rows", "a,b\n", "no rows"},
		{"too many cells", "a,b\n1,2\n1,2,3\n", "line 3 has 3 cells"},
		{"open quote", "a,b\n1,2\n\"x,3\n4,5\n", "opened in line 3"},
		{"two columns of a name", "a,a\n1,2\n", `two columns "a"`},
	} {
		_, err := columns.Read(file(t, []byte(c.text)))
		if err == nil || fault.KindOf(err) != fault.Invalid || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	if _, err := columns.Read(filepath.Join(t.TempDir(), "none.csv")); fault.KindOf(err) != fault.NotFound {
		t.Errorf("%v", err)
	}
}

// A file of an old encoding whose first letter beyond ASCII comes late must not be taken
// for UTF-8: it is converted, or refused when its encoding cannot be told.
func TestALetterFarDownStillTellsTheEncoding(t *testing.T) {
	const ascii = 20_000
	lines := strings.Repeat("ana,lima\n", ascii)
	old, err := korean.EUCKR.NewEncoder().String("name,city\n" + lines + strings.Repeat("김철수,서울\n박영희,부산\n", 50))
	if err != nil {
		t.Fatal(err)
	}
	tab, err := columns.Read(file(t, []byte(old)))
	if err != nil {
		t.Fatal(err)
	}
	last := tab.Rows() - 1
	if got := tab.Column("name").At(last) + " " + tab.Column("city").At(last); tab.Rows() != ascii+100 || got != "박영희 부산" {
		t.Errorf("%d rows, the last is %q", tab.Rows(), got)
	}
	_, err = columns.Read(file(t, []byte("name,city\n"+lines+"jos\xe9,bogot\xe1\n")))
	if err == nil || !strings.Contains(err.Error(), "UTF-8") {
		t.Errorf("%v", err)
	}
}

func TestColumnsOfSeveralFilesAreJoinedByName(t *testing.T) {
	tab, err := columns.Read(file(t, []byte("a,b\n1,2\n")), file(t, []byte("c,b\n3,4\n5,6\n")))
	if err != nil {
		t.Fatal(err)
	}
	if got := cells(tab); got != "1|2|\n|4|3\n|6|5" || len(tab.Sources) != 2 || tab.Source(0) != 0 || tab.Source(2) != 1 {
		t.Errorf("%q, %v", got, tab.Starts)
	}
}

func TestWhatAnotherWriterWroteIsReadAsItWas(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		cell := rapid.Map(rapid.OneOf(rapid.StringMatching(`[a" ,;\nñ]{0,6}`), rapid.String()), func(s string) string {
			return strings.TrimSpace(strings.NewReplacer("\r", "", "\x00", "").Replace(s))
		})
		rows := rapid.SliceOfN(rapid.SliceOfN(cell, 3, 3), 1, 8).Draw(rt, "rows")
		var buf bytes.Buffer
		w := csv.NewWriter(&buf)
		if err := w.WriteAll(append([][]string{{"a", "b", "c"}}, rows...)); err != nil {
			rt.Fatal(err)
		}
		tab, err := columns.Read(file(t, buf.Bytes()))
		if err != nil {
			rt.Fatal(err)
		}
		var want []string
		for _, r := range rows {
			want = append(want, strings.Join(r, "|"))
		}
		if got := cells(tab); got != strings.Join(want, "\n") {
			rt.Fatalf("%q, not %q", got, want)
		}
	})
}

func FuzzRead(f *testing.F) {
	for _, s := range []string{"a,b\n1,2\n", "a;b\n\"x\"\"y\";z", "a\n\"", "\ufeffa\tb\n\xff\t1", "PK\x03\x04", "a,a\n"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		tab, err := columns.Read(file(t, text))
		if err != nil {
			if p := (fault.Problem{}); !errors.As(err, &p) && fault.KindOf(err) == fault.Internal {
				t.Fatalf("an error of no kind: %v", err)
			}
			return
		}
		for _, c := range tab.Columns {
			if len(c.IDs) != tab.Rows() || tab.Rows() == 0 {
				t.Fatalf("column %q has %d cells, the table %d rows", c.Name, len(c.IDs), tab.Rows())
			}
			for r := range c.IDs {
				if !utf8.ValidString(c.At(r)) {
					t.Fatalf("a cell is no text: %q", c.At(r))
				}
			}
		}
	})
}
