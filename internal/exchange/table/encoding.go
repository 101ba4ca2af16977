package table

import (
	"bytes"
	"unicode/utf16"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/korean"
	"golang.org/x/text/encoding/simplifiedchinese"
	xunicode "golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"

	"example.org/amparo/fault"
)

// Decode recognises the encoding of text and converts it to UTF-8.
func Decode(data []byte) (text []byte, name string, err error) {
	switch {
	case bytes.HasPrefix(data, []byte{0xEF, 0xBB, 0xBF}):
		return data[3:], "utf-8", nil
	case bytes.HasPrefix(data, []byte{0xFF, 0xFE}):
		return convert(data, xunicode.UTF16(xunicode.LittleEndian, xunicode.ExpectBOM), "utf-16le")
	case bytes.HasPrefix(data, []byte{0xFE, 0xFF}):
		return convert(data, xunicode.UTF16(xunicode.BigEndian, xunicode.ExpectBOM), "utf-16be")
	}
	if e, n := bareUTF16(data); e != nil {
		return convert(data, e, n)
	}
	if utf8.Valid(data) {
		return data, "utf-8", nil
	}
	return eastAsian(data)
}

func convert(data []byte, e encoding.Encoding, name string) ([]byte, string, error) {
	out, _, err := transform.Bytes(e.NewDecoder(), data)
	if err != nil || bytes.ContainsRune(out, utf8.RuneError) {
		return nil, name, fault.New(fault.Invalid, "import", "the text is damaged: it is not sound %s", name).With("save the file as UTF-8 and try again")
	}
	return out, name, nil
}

// bareUTF16 recognises UTF-16 without a mark: in text of tables every other byte of
// the ASCII separators is zero.
func bareUTF16(data []byte) (encoding.Encoding, string) {
	n := min(len(data), 4096) &^ 1
	even, odd := 0, 0
	for i := 0; i < n; i += 2 {
		if data[i] == 0 {
			even++
		}
		if data[i+1] == 0 {
			odd++
		}
	}
	switch {
	case n < 4 || even == 0 && odd == 0 || len(data)%2 != 0:
		return nil, ""
	case odd > 10*even && odd > n/16 && sound16(data, false):
		return xunicode.UTF16(xunicode.LittleEndian, xunicode.IgnoreBOM), "utf-16le"
	case even > 10*odd && even > n/16 && sound16(data, true):
		return xunicode.UTF16(xunicode.BigEndian, xunicode.IgnoreBOM), "utf-16be"
	}
	return nil, ""
}

func sound16(data []byte, big bool) bool {
	units := make([]uint16, 0, 2048)
	for i := 0; i+1 < len(data) && i < 4096; i += 2 {
		u := uint16(data[i]) | uint16(data[i+1])<<8
		if big {
			u = uint16(data[i])<<8 | uint16(data[i+1])
		}
		units = append(units, u)
	}
	for _, r := range utf16.Decode(units) {
		if r == 0 || r < ' ' && r != '\n' && r != '\r' && r != '\t' {
			return false
		}
	}
	return true
}

// eastAsian decides between EUC-KR (with Microsoft's extension) and GB18030 by which
// decodes without damage and to more characters of its own language.
func eastAsian(data []byte) ([]byte, string, error) {
	ko, _, errKo := convert(data, korean.EUCKR, "euc-kr")
	zh, _, errZh := convert(data, simplifiedchinese.GB18030, "gb18030")
	switch {
	case errKo != nil && errZh != nil:
		return nil, "", fault.New(fault.Invalid, "import", "the text is in an encoding that is not recognised").
			With("save the file as UTF-8 and try again")
	case errZh != nil:
		return ko, "euc-kr", nil
	case errKo != nil:
		return zh, "gb18030", nil
	case hangul(ko)*3 >= len([]rune(string(ko)))-asciiOf(ko):
		return ko, "euc-kr", nil
	}
	return zh, "gb18030", nil
}

func hangul(b []byte) (n int) {
	for _, r := range string(b) {
		if r >= 0xAC00 && r <= 0xD7A3 {
			n++
		}
	}
	return n
}

func asciiOf(b []byte) (n int) {
	for _, c := range b {
		if c < 0x80 {
			n++
		}
	}
	return n
}
