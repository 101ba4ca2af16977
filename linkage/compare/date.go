package compare

import (
	"math/bits"
	"strconv"
	"strings"
	"unicode/utf8"
)

// date compares calendar dates digit by digit, as far as both are known: a typing error
// and day and month in the other order are near, two years apart are not.
type date struct {
	order string
	stop  map[string]bool
}

func newDate(o Options) Comparer {
	order := o.Order
	if order == "" {
		order = "ymd"
	}
	return date{order, stopper(o)}
}

func (date) Levels() []string {
	return []string{"differs", "same year", "two digits", "two of year, month, day", "one digit, or day and month swapped", "same"}
}

// Normalise is eight digits yyyymmdd with 00 for what is not known. A text that is no date
// is kept after a "?", so that it can equal itself.
func (d date) Normalise(raw string) string {
	s := clean(raw, d.stop)
	if s == "" {
		return ""
	}
	if y, m, day, ok := readDate(s, d.order); ok {
		var b [8]byte
		for i, v := range [8]int{y / 1000, y / 100, y / 10, y, m / 10, m, day / 10, day} {
			b[i] = byte('0' + v%10)
		}
		if string(b[:]) == "00000000" {
			return ""
		}
		return string(b[:])
	}
	return "?" + s
}

var months = map[string]int{"jan": 1, "feb": 2, "mar": 3, "apr": 4, "may": 5, "jun": 6, "jul": 7, "aug": 8, "sep": 9, "oct": 10, "nov": 11, "dec": 12}

// readDate reads folded text: eight or six digits, or one to three parts. Digits of a
// month or day that cannot be are kept: a typing error is still a date, nearly.
func readDate(s, order string) (y, m, d int, ok bool) {
	var buf [4]string
	parts := buf[:0]
	for s != "" && len(parts) < 4 {
		var p string
		p, s, _ = strings.Cut(s, " ")
		if strings.Contains(p, "t") && len(p) > 4 && p[2] == 't' { // 07t00: the day of a time stamp
			p = p[:2]
		}
		parts = append(parts, p)
	}
	if len(parts) > 3 && !isYear(parts[0]) && !isYear(parts[2]) {
		return 0, 0, 0, false
	}
	parts = parts[:min(3, len(parts))]
	if len(parts) == 0 {
		return 0, 0, 0, false
	}
	if len(parts) == 1 {
		return oneWord(parts[0], order)
	}
	var n [3]int
	word := -1
	for i, p := range parts {
		v, err := strconv.Atoi(p)
		if err != nil {
			if len(p) < 3 || months[p[:3]] == 0 || word >= 0 {
				return 0, 0, 0, false
			}
			v, word = months[p[:3]], i
		}
		n[i] = v
	}
	if len(parts) == 2 {
		if isYear(parts[0]) {
			return n[0], n[1], 0, n[1] <= 99
		}
		return n[1], n[0], 0, isYear(parts[1]) && n[0] <= 99
	}
	return threeParts(parts, n, word, order)
}

func threeParts(parts []string, n [3]int, word int, order string) (y, m, d int, ok bool) {
	switch {
	case isYear(parts[0]):
		y, m, d = n[0], n[1], n[2]
	case word == 0:
		y, m, d = n[2], n[0], n[1]
	case order == "mdy" && word < 0:
		y, m, d = n[2], n[0], n[1]
	case order == "ymd" && len(parts[0]) == 2 && !isYear(parts[2]):
		y, m, d = century(n[0]), n[1], n[2]
	default:
		y, m, d = n[2], n[1], n[0]
	}
	if y < 100 {
		y = century(y)
	}
	return y, m, d, y <= 9999 && m >= 0 && m <= 99 && d >= 0 && d <= 99
}

func oneWord(p, order string) (y, m, d int, ok bool) {
	v, err := strconv.Atoi(p)
	if err != nil || v < 0 {
		return 0, 0, 0, false
	}
	switch {
	case len(p) == 8 && order == "dmy":
		return v % 10000, v / 10000 % 100, v / 1000000, true
	case len(p) == 8 && order == "mdy":
		return v % 10000, v / 1000000, v / 10000 % 100, true
	case len(p) == 8:
		return v / 10000, v / 100 % 100, v % 100, true
	case len(p) == 6:
		return v / 100, v % 100, 0, true
	case len(p) == 4:
		return v, 0, 0, true
	}
	return 0, 0, 0, false
}

func isYear(p string) bool { return len(p) == 4 && p[0] >= '0' && p[0] <= '9' }

// century takes two digits up to 29 as of this century. It is the reader's convention,
// the same for both records, so it cannot make two equal dates differ.
func century(y int) int {
	if y < 30 {
		return 2000 + y
	}
	return 1900 + y
}

func (date) Keys() []Key {
	return []Key{same, {Name: "month", Agree: 0.85}, {Name: "monthday", Agree: 0.82}, {Name: "yearday", Agree: 0.82}, {Name: "year", Agree: 0.9}}
}

func (d date) Prepare(v Values) Prepared {
	f := &dateForms{v: v, bcd: make([]uint32, 1, v.Len())}
	f.Grow()
	return f
}

func (f *dateForms) Grow() {
	for id := len(f.bcd); id < f.v.Len(); id++ {
		f.bcd = append(f.bcd, packDate(f.v.At(uint32(id))))
	}
}

// packDate puts yyyymmdd into eight nibbles; 0 for a text that is no date.
func packDate(s string) uint32 {
	if len(s) != 8 || s[0] == '?' {
		return 0
	}
	var p uint32
	for i := 0; i < 8; i++ {
		p = p<<4 | uint32(s[i]-'0')
	}
	return p
}

type dateForms struct {
	v   Values
	bcd []uint32
}

func (f *dateForms) Bytes() int64 { return 4 * int64(len(f.bcd)) }

func (f *dateForms) Level(a, b uint32) uint8 { return dateLevel(f.bcd[a], f.bcd[b]) }

func (f *dateForms) Levels(a uint32, bs []uint32, out []uint8) {
	x := f.bcd[a]
	for k, b := range bs {
		out[k] = dateLevel(x, f.bcd[b])
	}
}

func dateLevel(a, b uint32) uint8 {
	if a == 0 || b == 0 {
		return 0
	}
	x := a ^ b
	year := x&0xFFFF0000 == 0
	if a&0xFF == 0 || b&0xFF == 0 { // a day is not known: compare what is
		switch {
		case year && x&0xFF00 == 0 && a&0xFF00 != 0:
			return 3
		case year:
			return 1
		}
		return 0
	}
	differ := x | x>>1
	differ |= differ >> 2
	differ &= 0x11111111
	month, day := x&0xFF00 == 0, x&0xFF == 0
	n := bits.OnesCount32(differ)
	switch {
	case n == 1, n == 2 && swappedNeighbours(a, b, differ):
		return 4
	case year && (a>>8)&0xFF == b&0xFF && a&0xFF == (b>>8)&0xFF:
		return 4
	case year && month, year && day, month && day:
		return 3
	case n == 2:
		return 2
	case year:
		return 1
	}
	return 0
}

// swappedNeighbours reports whether the two digits that differ are neighbours and the same
// two in the other order.
func swappedNeighbours(a, b, differ uint32) bool {
	at := bits.TrailingZeros32(differ)
	if differ>>at != 0x11 {
		return false
	}
	pa, pb := a>>at&0xFF, b>>at&0xFF
	return pa>>4 == pb&0xF && pa&0xF == pb>>4
}

func (f *dateForms) Keys(k int, id uint32, dst []uint32) []uint32 {
	if id == 0 {
		return dst
	}
	if k == 0 {
		return append(dst, keyOf(0, f.v.At(id)))
	}
	p := f.bcd[id]
	year, month, day := p>>16, p>>8&0xFF, p&0xFF
	switch {
	case k == 1 && year != 0 && month != 0:
		return append(dst, p>>8|1<<28)
	case k == 2 && month != 0 && day != 0:
		return append(dst, p&0xFFFF|2<<28)
	case k == 3 && year != 0 && day != 0:
		return append(dst, year<<8|day|3<<28)
	case k == 4 && year != 0:
		return append(dst, year|4<<28)
	}
	return dst
}

// DateOrder guesses in which order a column writes dates, and the share of its values that
// are plausible dates in that order: a year from 1000 to 2200, a month, a day.
func DateOrder(values []string) (order string, share float64) {
	orders := [...]string{"ymd", "dmy", "mdy"}
	var good [len(orders)]int
	var is [len(orders)]bool // the value before, which often comes again
	for i, v := range values {
		if i == 0 || v != values[i-1] {
			is = [len(orders)]bool{}
			if len(v) > 4 && strings.ContainsFunc(v, func(r rune) bool { return r >= utf8.RuneSelf || r >= '0' && r <= '9' }) {
				folded := fold(v)
				for k, o := range orders {
					y, m, d, ok := readDate(folded, o)
					is[k] = ok && y >= 1000 && y <= 2200 && m >= 0 && m <= 12 && d >= 0 && d <= 31
				}
			}
		}
		for k, ok := range is {
			if ok {
				good[k]++
			}
		}
	}
	for k, n := range good {
		if s := float64(n) / float64(max(len(values), 1)); s > share+0.001 {
			order, share = orders[k], s
		}
	}
	if order == "" {
		order = "ymd"
	}
	return order, share
}
