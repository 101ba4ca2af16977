package table

import (
	"regexp"
	"strings"
)

// between stands between the values of one cell.
const between = " | "

var (
	bars     = regexp.MustCompile(`\\*\|`)
	hidden   = regexp.MustCompile(`\\+\|`)
	shownBar = "|"
)

// JoinCell writes several values into one cell. A bar inside a value gets a backslash
// in front, so that [SplitCell] reads the same values again.
func JoinCell(values []string) string {
	if len(values) == 1 && !strings.Contains(values[0], shownBar) {
		return values[0]
	}
	out := make([]string, len(values))
	for i, v := range values {
		out[i] = bars.ReplaceAllStringFunc(v, func(s string) string { return `\` + s })
	}
	return strings.Join(out, between)
}

// SplitCell reads the values of one cell: SplitCell(JoinCell(values)) is values. Text
// without a bar is one value as it stands.
func SplitCell(cell string) []string {
	if !strings.Contains(cell, shownBar) {
		return []string{cell}
	}
	parts := strings.Split(cell, between)
	for i, p := range parts {
		parts[i] = hidden.ReplaceAllStringFunc(p, func(s string) string { return s[1:] })
	}
	return parts
}
