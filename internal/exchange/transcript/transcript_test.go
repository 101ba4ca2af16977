package transcript_test

import (
	"archive/zip"
	"bytes"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/text/encoding/korean"

	"example.org/amparo/fault"
	"example.org/amparo/internal/exchange/transcript"
)

func archive(t testing.TB, files map[string]string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for name, content := range files {
		w, err := z.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(content)); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func docx(t testing.TB, body string) []byte {
	return archive(t, map[string]string{"word/document.xml": `<?xml version="1.0"?><w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body>` + body + `</w:body></w:document>`})
}

func odt(t testing.TB, body string) []byte {
	return archive(t, map[string]string{"content.xml": `<?xml version="1.0"?><office:document-content xmlns:office="o" xmlns:text="t" xmlns:table="tb" xmlns:draw="d"><office:body><office:text>` + body + `</office:text></office:body></office:document-content>`})
}

type unit = transcript.Unit

func TestEveryFormatIsDividedIntoItsUnits(t *testing.T) {
	euckr, err := korean.EUCKR.NewEncoder().Bytes([]byte("문: 언제 건넜습니까?\n답: 겨울이었습니다."))
	if err != nil {
		t.Fatal(err)
	}
	for name, tc := range map[string]struct {
		data   []byte
		format string
		want   []unit
	}{
		"paragraphs": {[]byte("Q: When did you cross?\n\nIt was winter.\nThe river was frozen.\n\n\nHe said: go alone.\n"), "text", []unit{
			{Line: 1, Speaker: "Q", Words: "When did you cross?"}, {Line: 3, Words: "It was winter.\nThe river was frozen."}, {Line: 7, Words: "He said: go alone."},
		}},
		"lines in EUC-KR":                 {euckr, "text", []unit{{Line: 1, Speaker: "문", Words: "언제 건넜습니까?"}, {Line: 2, Speaker: "답", Words: "겨울이었습니다."}}},
		"times and links are no speakers": {[]byte("12:30 we left\nhttp://example.org was on the wall"), "text", []unit{{Line: 1, Words: "12:30 we left"}, {Line: 2, Words: "http://example.org was on the wall"}}},
		"SubRip": {[]byte("1\r\n00:00:01,000 --> 00:00:04,500\r\n<i>강을</i> 건넜습니다.\r\n밤이었습니다.\r\n\r\n2\r\n00:00:05,000 --> 00:00:06,000\r\nQ: 혼자?\r\n"), "srt", []unit{
			{Line: 2, Time: "00:00:01.000", Words: "강을 건넜습니다.\n밤이었습니다."}, {Line: 7, Time: "00:00:05.000", Speaker: "Q", Words: "혼자?"},
		}},
		"WebVTT": {[]byte("WEBVTT - interview\n\nNOTE not spoken\n\n00:01.000 --> 00:04.000 line:0\n<v Hana>We &amp; the others &lt;left&gt;\n"), "vtt", []unit{{Line: 5, Time: "00:00:01.000", Speaker: "Hana", Words: "We & the others <left>"}}},
		"Word": {docx(t, `<w:p><w:r><w:t xml:space="preserve">Q: </w:t></w:r><w:r><w:t>언제</w:t><w:br/><w:t>였습니까?</w:t></w:r></w:p><w:p/><w:p><w:r><w:t>겨울</w:t></w:r><w:del><w:r><w:delText>여름</w:delText></w:r></w:del><w:ins><w:r><w:t>이었다</w:t></w:r></w:ins></w:p>`), "docx", []unit{
			{Line: 1, Speaker: "Q", Words: "언제\n였습니까?"}, {Line: 3, Words: "겨울이었다"},
		}},
		"Word table with translation": {docx(t, `<w:tbl><w:tr><w:tc><w:p><w:r><w:t>원문</w:t></w:r></w:p></w:tc><w:tc><w:p><w:r><w:t>번역</w:t></w:r></w:p></w:tc></w:tr>`+
			`<w:tr><w:tc><w:p><w:r><w:t>예</w:t></w:r></w:p></w:tc><w:tc><w:p><w:r><w:t>Yes</w:t></w:r></w:p></w:tc></w:tr>`+
			`<w:tr><w:tc><w:p><w:r><w:t>강을 건넜습니다. 밤이었습니다.</w:t></w:r></w:p></w:tc><w:tc><w:p><w:r><w:t>I crossed.</w:t></w:r></w:p><w:p><w:r><w:t>It was night.</w:t></w:r></w:p></w:tc></w:tr></w:tbl>`), "docx", []unit{
			{Line: 3, Words: "예", Translation: "Yes"}, {Line: 5, Words: "강을 건넜습니다. 밤이었습니다.", Translation: "I crossed.\nIt was night."},
		}},
		"LibreOffice table with speakers": {odt(t, `<text:p>면담</text:p><table:table><table:table-row><table:table-cell><text:p>Q:</text:p></table:table-cell><table:table-cell><text:p>언제?</text:p></table:table-cell></table:table-row>`+
			`<table:table-row><table:table-cell><text:p>A:</text:p></table:table-cell><table:table-cell><text:p>겨울<text:s text:c="2"/>밤</text:p></table:table-cell></table:table-row></table:table>`), "odt", []unit{
			{Line: 1, Words: "면담"}, {Line: 2, Speaker: "Q", Words: "언제?"}, {Line: 4, Speaker: "A", Words: "겨울  밤"},
		}},
	} {
		got, err := transcript.Read("t", tc.data, transcript.DefaultLimits())
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if got.Format != tc.format {
			t.Errorf("%s: read as %s, want %s", name, got.Format, tc.format)
		}
		if d := cmp.Diff(tc.want, got.Units); d != "" {
			t.Errorf("%s (-want +got):\n%s", name, d)
		}
	}
}

func TestWhatIsLeftOutIsSaid(t *testing.T) {
	got, err := transcript.Read("t.docx", docx(t, `<w:p><w:r><w:t>Words</w:t><w:drawing><x>not words</x></w:drawing></w:r><w:del><w:r><w:delText>gone</w:delText></w:r></w:del></w:p>`), transcript.DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	var reasons []string
	for _, p := range got.Warnings {
		reasons = append(reasons, p.Reason)
	}
	if all := strings.Join(reasons, "; "); !strings.Contains(all, "deleted text") || !strings.Contains(all, "a picture") || got.Units[0].Words != "Words" {
		t.Errorf("warnings %q, words %q", all, got.Units[0].Words)
	}
	got, err = transcript.Read("t.srt", []byte("1\n00:00:01,000 --> 00:00:02,000\nA\n\nlost words\n"), transcript.DefaultLimits())
	if err != nil || len(got.Warnings) != 1 || got.Warnings[0].Row != 5 || got.Warnings[0].Value != "lost words" {
		t.Errorf("%v, %+v", err, got.Warnings)
	}
}

func TestBadFilesAreRefusedWithARemedy(t *testing.T) {
	small := transcript.Limits{File: 1 << 20, Units: 3, Length: 100}
	for name, tc := range map[string]struct {
		data []byte
		want fault.Kind
	}{
		"empty":               {nil, fault.Invalid},
		"nothing but space":   {[]byte(" \n\n "), fault.Invalid},
		"binary":              {[]byte("abc\x00\x00\x00def"), fault.Foreign},
		"PDF":                 {[]byte("%PDF-1.7"), fault.Foreign},
		"old Word":            {append([]byte{0xD0, 0xCF, 0x11, 0xE0}, make([]byte, 600)...), fault.Foreign},
		"another archive":     {archive(t, map[string]string{"a.txt": "x"}), fault.Foreign},
		"damaged archive":     {[]byte("PK\x03\x04 and nothing"), fault.Corrupt},
		"damaged document":    {docx(t, "<w:p>"), fault.Corrupt},
		"zip bomb":            {docx(t, strings.Repeat("<w:p/>", 1<<18)), fault.TooLarge},
		"too large":           {bytes.Repeat([]byte("a"), 1<<20+1), fault.TooLarge},
		"too many paragraphs": {[]byte("a\nb\nc\nd"), fault.TooLarge},
		"a long paragraph":    {bytes.Repeat([]byte("a"), 101), fault.TooLarge},
	} {
		_, err := transcript.Read("t", tc.data, small)
		if fault.KindOf(err) != tc.want {
			t.Errorf("%s: %v, want %s", name, err, tc.want)
		}
		if e, ok := err.(*fault.Error); ok && e.Remedy == "" && tc.want != fault.Corrupt {
			t.Errorf("%s: %v says nothing of what to do", name, err)
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte("Q: a\n\nb"))
	f.Add([]byte("WEBVTT\n\n00:01.000 --> 00:02.000\n<v A>b"))
	f.Add([]byte("1\n00:00:01,000 --> 00:00:02,000\na"))
	f.Add(docx(f, `<w:tbl><w:tr><w:tc><w:p><w:r><w:t>a</w:t></w:r></w:p></w:tc></w:tr></w:tbl>`))
	f.Add(docx(f, `<w:tc><w:tr><w:tbl/></w:tr></w:tc><w:p><w:tbl><w:tr><w:tc>`))
	f.Add(odt(f, `<text:p>a<text:s text:c="3"/></text:p>`))
	lim := transcript.Limits{File: 1 << 20, Units: 1000, Length: 1 << 16}
	f.Fuzz(func(t *testing.T, data []byte) {
		got, err := transcript.Read("t", data, lim)
		if err != nil {
			return
		}
		for _, u := range got.Units {
			if strings.TrimSpace(u.Words+u.Translation) == "" {
				t.Fatal("a unit without words")
			}
		}
	})
}
