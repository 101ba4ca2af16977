package compare

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"example.org/amparo/names"
)

// stops are what people write where they know nothing. They are missing values: two
// records that both say "unknown" agree on nothing.
var stops = []string{"unknown", "unk", "not known", "not available", "n a", "na", "nan", "null", "none", "nil", "missing",
	"no data", "not stated", "not given", "미상", "불명", "모름", "무명", "不详", "未知", "不明", "无"}

func stopper(o Options) map[string]bool {
	m := map[string]bool{}
	for _, s := range stops {
		m[s] = true
	}
	for _, s := range o.Stop {
		m[fold(s)] = true
	}
	return m
}

// clean folds a raw value and drops stop values.
func clean(raw string, stop map[string]bool) string {
	s := fold(raw)
	if stop[s] {
		return ""
	}
	return s
}

// fold is a value as it is compared: lower case, without diacritics, everything that is
// neither letter nor digit a single space. ASCII, which most values are, takes the short
// way.
func fold(raw string) string {
	for i := 0; i < len(raw); i++ {
		if raw[i] >= utf8.RuneSelf {
			return foldRunes(names.Fold(raw))
		}
	}
	var buf [128]byte
	out := buf[:0]
	gap := false
	for i := 0; i < len(raw); i++ {
		c := raw[i]
		switch {
		case c >= 'A' && c <= 'Z':
			c += 'a' - 'A'
		case c >= 'a' && c <= 'z', c >= '0' && c <= '9':
		case c == '\'':
			continue // O'Neil is ONeil
		default:
			gap = len(out) > 0
			continue
		}
		if gap {
			out = append(out, ' ')
			gap = false
		}
		out = append(out, c)
	}
	return string(out)
}

func foldRunes(s string) string {
	var b strings.Builder
	gap := false
	for _, r := range s {
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.IsMark(r) {
			gap = b.Len() > 0
			continue
		}
		if gap {
			b.WriteByte(' ')
			gap = false
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}

// longest is how many letters of a long text the slow way looks at.
const longest = 64

func runesOf(s string, buf []rune) []rune {
	for _, r := range s {
		if r == ' ' {
			continue
		}
		if len(buf) == longest {
			break
		}
		buf = append(buf, r)
	}
	return buf
}
