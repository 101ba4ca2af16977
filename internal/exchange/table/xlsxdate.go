package table

import (
	"archive/zip"
	"bytes"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/xuri/excelize/v2"
)

// A workbook stores a date as a count of days and shows it by the cell's format, which
// may hide the day, or the century. Both are needed to read what was written: the count
// for the year, the format for how exact the date is.

// hasDates reports whether any style of the workbook shows a date.
func hasDates(f *excelize.File) bool {
	if _, err := f.GetStyle(0); err != nil || f.Styles == nil || f.Styles.CellXfs == nil {
		return true
	}
	for _, x := range f.Styles.CellXfs.Xf {
		if n := x.NumFmtID; n != nil && (*n >= 14 && *n <= 22 || *n >= 27 && *n <= 36 || *n >= 50 && *n <= 58 || *n >= 71) {
			return true // built in, of East Asia and Thailand too; from 164 the workbook's own
		}
	}
	return false
}

// culture is how the workbook's own program shows the date formats that depend on it.
// Where nothing tells, the Chinese one is taken: it hides more, and no day is made up.
func culture(data []byte, lim Limits) excelize.CultureName {
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return excelize.CultureNameZhCN
	}
	for _, f := range z.File {
		if f.Name != "xl/sharedStrings.xml" {
			continue
		}
		if text, err := unzip(f, lim); err == nil && bytes.ContainsFunc(text, func(r rune) bool { return unicode.Is(unicode.Hangul, r) }) {
			return excelize.CultureNameKoKR
		}
	}
	return excelize.CultureNameZhCN
}

var (
	clock  = regexp.MustCompile(`[ T]?\d{1,2}:\d{2}.*$`)
	digits = regexp.MustCompile(`\d+`)
)

// dangun is what excelize adds to the years of Korean workbooks: it shows them in the
// old era, which Korean spreadsheets themselves have not done for decades.
const dangun = 2333

// maxSerial is 31 December 9999.
const maxSerial = 2958465

// civilDate writes the date of a cell as 2003-03-05, or 2003-03 where its format hides
// the day. ok is false where the cell does not show a date.
func civilDate(raw, shown string, from1904 bool) (text string, ok bool) {
	serial, err := strconv.ParseFloat(raw, 64)
	if err != nil || raw == shown || serial < 1 || serial > maxSerial {
		return "", false
	}
	t, err := excelize.ExcelDateToTime(serial, from1904)
	if err != nil {
		return "", false
	}
	shown = strings.TrimSpace(clock.ReplaceAllString(shown, ""))
	var parts []int
	for _, d := range digits.FindAllString(shown, -1) {
		n, err := strconv.Atoi(d)
		if err != nil {
			return "", false
		}
		parts = append(parts, n)
	}
	y, m, d := t.Year(), int(t.Month()), t.Day()
	same := func(want ...int) bool {
		got := slices.Clone(parts)
		slices.Sort(got)
		slices.Sort(want)
		return slices.Equal(got, want)
	}
	word := strings.Contains(strings.ToLower(shown), strings.ToLower(t.Month().String()[:3]))
	for _, year := range []int{y, y % 100, y + dangun, (y + dangun) % 100} {
		switch {
		case same(year, m, d):
			return fmt.Sprintf("%04d-%02d-%02d", y, m, d), true
		case word && same(year, d):
			return fmt.Sprintf("%04d-%02d-%02d", y, m, d), true
		case same(year, m), word && same(year):
			return fmt.Sprintf("%04d-%02d", y, m), true
		}
	}
	if slices.Contains(parts, y+dangun) {
		return strings.Replace(shown, strconv.Itoa(y+dangun), strconv.Itoa(y), 1), true
	}
	return "", false
}
