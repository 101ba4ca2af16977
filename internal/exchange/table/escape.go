package table

import "strings"

// risky are the first characters that make a spreadsheet read a cell as a formula.
const risky = "=+-@\t\r"

// EscapeCell makes a cell safe to write to CSV: one that a spreadsheet would run gets
// an apostrophe in front. So does one that begins with an apostrophe already, or
// reading could not tell the two apart. XLSX needs none of this, see [WriteXLSX].
func EscapeCell(cell string) string {
	if cell != "" && strings.IndexByte(risky+"'", cell[0]) >= 0 {
		return "'" + cell
	}
	return cell
}

// UnescapeCell takes away exactly the apostrophe that [EscapeCell] puts in front, and
// no other: UnescapeCell(EscapeCell(s)) is s, and a word like 'tis stays as it is.
func UnescapeCell(cell string) string {
	if len(cell) > 1 && cell[0] == '\'' && strings.IndexByte(risky+"'", cell[1]) >= 0 {
		return cell[1:]
	}
	return cell
}

// Formula reports whether a spreadsheet would run the cell.
func Formula(cell string) bool {
	if len(cell) < 2 || !strings.ContainsRune("=+-@", rune(cell[0])) {
		return false
	}
	rest := cell[1:]
	return cell[0] == '=' || strings.ContainsAny(rest, "()!|") // -3 and +82 are numbers, @unknown is ours
}
