// Package transcript reads the written form of an interview: plain text, Word, LibreOffice
// and subtitle files, and divides it into units, the smallest pieces that can be quoted.
//
// Nothing of the words is changed: they are evidence. What a format holds beyond words
// (comments, deleted text, pictures) is left out, and a warning says so.
package transcript

import (
	"archive/zip"
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"unicode"

	"example.org/amparo/fault"
	"example.org/amparo/internal/exchange/table"
)

// Unit is one piece of a transcript, in the order of the file.
type Unit struct {
	Line        int    // where it begins in the file: line, paragraph or cue, from 1
	Time        string // "00:12:04.500" where the file says so
	Speaker     string // as written before the colon, or ""
	Words       string
	Translation string // where the file has it beside the words
}

// Transcript is a file that was read.
type Transcript struct {
	Format   string // "text", "docx", "odt", "srt", "vtt"
	Encoding string
	Units    []Unit
	Warnings []fault.Problem
}

// Limits bound what is read.
type Limits struct {
	File   int64 // bytes, unpacked too
	Units  int
	Length int // bytes of one unit
}

// DefaultLimits fits the longest interviews: some hundred hours of speech.
func DefaultLimits() Limits { return Limits{File: 64 << 20, Units: 100_000, Length: 1 << 20} }

const op = "transcript"

// Open reads a file.
func Open(path string, lim Limits) (*Transcript, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, &fault.Error{Kind: fault.NotFound, Op: op, Msg: "the file cannot be opened", Err: err, Remedy: "check the path"}
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, lim.File+1))
	if err != nil {
		return nil, fault.New(fault.Storage, op, "the file cannot be read").From(err).Coded("file.broken")
	}
	return Read(filepath.Base(path), data, lim)
}

// Read finds out from the content what the file is, never from its name, and divides it
// into units. A file that is none of the formats is fault.Foreign, a damaged one
// fault.Corrupt, one over a limit fault.TooLarge.
func Read(name string, data []byte, lim Limits) (*Transcript, error) {
	t, err := read(name, data, lim)
	if err != nil {
		return nil, err
	}
	speakers(t.Units)
	switch {
	case len(t.Units) == 0:
		return nil, fault.New(fault.Invalid, op, "%s holds no words", name).With("check that it is the right file").Coded("transcript.empty")
	case len(t.Units) > lim.Units:
		return nil, fault.New(fault.TooLarge, op, "%s has more than %d paragraphs", name, lim.Units).With("divide it by session").Coded("transcript.many", lim.Units)
	}
	for _, u := range t.Units {
		if len(u.Words) > lim.Length || len(u.Translation) > lim.Length {
			return nil, fault.New(fault.TooLarge, op, "%s: the paragraph that begins at %d is longer than %d kB", name, u.Line, lim.Length>>10).
				With("divide it into paragraphs: one thought each").Coded("transcript.paragraph", u.Line, lim.Length>>10)
		}
	}
	return t, nil
}

func read(name string, data []byte, lim Limits) (*Transcript, error) {
	switch {
	case int64(len(data)) > lim.File:
		return nil, fault.New(fault.TooLarge, op, "%s is larger than %d MB", name, lim.File>>20).With("divide it by session").Coded("transcript.large", lim.File>>20)
	case bytes.HasPrefix(data, []byte("PK\x03\x04")):
		return readZip(name, data, lim)
	case bytes.HasPrefix(data, []byte{0xD0, 0xCF, 0x11, 0xE0}):
		return nil, fault.New(fault.Foreign, op, "%s is an old or password-protected Word file", name).With("save it as .docx without a password, or as text").Coded("transcript.word")
	case bytes.HasPrefix(data, []byte("%PDF")), bytes.HasPrefix(data, []byte(`{\rtf`)):
		return nil, fault.New(fault.Foreign, op, "%s is a PDF or RTF file", name).With("save it as .docx, .odt or text").Coded("transcript.pdf")
	}
	text, enc, err := table.Decode(data)
	if err != nil {
		return nil, err
	}
	if bytes.IndexByte(text, 0) >= 0 {
		return nil, fault.New(fault.Foreign, op, "%s is not a text: it holds binary data", name).With("recordings are attached to the interview; transcripts are TXT, DOCX, ODT, SRT or VTT").Coded("transcript.binary")
	}
	s := strings.ReplaceAll(strings.ReplaceAll(string(text), "\r\n", "\n"), "\r", "\n")
	t := &Transcript{Encoding: enc}
	switch {
	case strings.HasPrefix(s, "WEBVTT"):
		t.Format = "vtt"
		t.Units, t.Warnings = cues(name, s)
	case looksLikeSRT(s):
		t.Format = "srt"
		t.Units, t.Warnings = cues(name, s)
	default:
		t.Format, t.Units = "text", paragraphs(s)
	}
	return t, nil
}

func readZip(name string, data []byte, lim Limits) (*Transcript, error) {
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return nil, fault.New(fault.Corrupt, op, "%s is damaged", name).From(err).Coded("transcript.damaged")
	}
	for part, format := range map[string]string{"word/document.xml": "docx", "content.xml": "odt"} {
		for _, f := range z.File {
			if f.Name != part {
				continue
			}
			xml, err := unpack(name, f, lim)
			if err != nil {
				return nil, err
			}
			t := &Transcript{Format: format, Encoding: "utf-8"}
			t.Units, t.Warnings, err = document(name, xml, vocabularies[format])
			return t, err
		}
	}
	return nil, fault.New(fault.Foreign, op, "%s is neither a Word nor a LibreOffice text", name).With("save it as .docx, .odt or text").Coded("transcript.foreign")
}

// unpack reads one part and does not believe the size the archive states.
func unpack(name string, f *zip.File, lim Limits) ([]byte, error) {
	r, err := f.Open()
	if err != nil {
		return nil, fault.New(fault.Corrupt, op, "%s is damaged", name).From(err).Coded("transcript.damaged")
	}
	defer r.Close()
	b, err := io.ReadAll(io.LimitReader(r, lim.File+1))
	switch {
	case int64(len(b)) > lim.File:
		return nil, fault.New(fault.TooLarge, op, "%s would unpack to more than %d MB", name, lim.File>>20).
			With("this is how a zip bomb looks; ask the sender for plain text").Coded("transcript.large", lim.File>>20)
	case err != nil:
		return nil, fault.New(fault.Corrupt, op, "%s is damaged", name).From(err).Coded("transcript.damaged")
	}
	return b, nil
}

// paragraphs divides plain text at empty lines; where there are none, at every line.
func paragraphs(s string) []Unit {
	lines := strings.Split(s, "\n")
	apart := false
	for i := 1; i+1 < len(lines); i++ {
		apart = apart || strings.TrimSpace(lines[i]) == "" && strings.TrimSpace(lines[i-1]) != "" && strings.TrimSpace(strings.Join(lines[i+1:], "")) != ""
		if apart {
			break
		}
	}
	var out []Unit
	var open []string
	first := 0
	flush := func() {
		if words := strings.TrimSpace(strings.Join(open, "\n")); words != "" {
			out = append(out, Unit{Line: first, Words: words})
		}
		open = open[:0]
	}
	for i, l := range lines {
		if strings.TrimSpace(l) == "" || !apart {
			flush()
		}
		if strings.TrimSpace(l) == "" {
			continue
		}
		if len(open) == 0 {
			first = i + 1
		}
		open = append(open, l)
	}
	flush()
	return out
}

// maxSpeaker is how long a name before a colon may be, in letters: beyond it the colon
// belongs to the sentence.
const maxSpeaker = 16

var roles = []string{"q", "a", "question", "answer", "interviewer", "interpreter", "문", "답", "질문", "대답", "면담자", "통역", "问", "答", "访谈者", "翻译"}

// speakers takes names off the front of units: "Q: ...", "면담자: ...", "答：...". A name
// counts if it is a role or stands before more than one unit; a colon in the middle of a
// sentence stays part of what was said.
func speakers(units []Unit) {
	times := map[string]int{}
	for _, u := range units {
		if name, _, ok := label(u); ok {
			times[name]++
		}
	}
	for i, u := range units {
		if name, rest, ok := label(u); ok && (times[name] > 1 || slices.Contains(roles, strings.ToLower(name))) {
			units[i].Speaker, units[i].Words = name, rest
		}
	}
}

func label(u Unit) (name, rest string, ok bool) {
	if u.Speaker != "" {
		return "", "", false
	}
	for i, r := range u.Words {
		switch {
		case r == ':' || r == '：':
			name, rest = strings.TrimSpace(u.Words[:i]), strings.TrimSpace(u.Words[i+len(string(r)):])
			return name, rest, name != "" && rest != "" && !strings.HasPrefix(rest, "//") && len(strings.Fields(name)) <= 2
		case i > 0 && len([]rune(u.Words[:i])) >= maxSpeaker, i == 0 && !unicode.IsLetter(r):
			return "", "", false
		case !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != ' ' && r != '.' && r != '-':
			return "", "", false
		}
	}
	return "", "", false
}

var errShape = errors.New("not the expected shape")
