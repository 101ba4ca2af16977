package media

import (
	"bytes"
	"encoding/binary"
	"os"
	"path/filepath"
	"testing"

	"pgregory.net/rapid"

	"example.org/amparo/fault"
)

// The files of testdata are a tone of 0.4 s by opusenc 0.1.10, oggenc 1.4.2 and speexenc 1.2,
// and a picture of coloured squares by libheif 1.19 (t.heic with a thumbnail), each with an
// invented place and device among its remarks.

func real(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func pages(t testing.TB, b []byte) (out [][]byte) {
	t.Helper()
	for len(b) > 0 {
		n := 27 + int(b[26])
		for _, l := range b[27:n] {
			n += int(l)
		}
		out, b = append(out, b[:n]), b[n:]
	}
	return out
}

// The sum of a page is the one that the programs of others wrote.
func TestTheSumOfAPageIsThatOfOtherPrograms(t *testing.T) {
	for _, name := range []string{"a.opus", "v.ogg", "s.spx"} {
		for i, p := range pages(t, real(t, name)) {
			want := binary.LittleEndian.Uint32(p[22:])
			zero := bytes.Clone(p)
			clear(zero[22:26])
			if got := oggSum(zero); got != want {
				t.Errorf("%s, page %d: %08x, want %08x", name, i, got, want)
			}
		}
	}
}

func TestARecordingInOggKeepsItsSoundAndNothingElse(t *testing.T) {
	for name, heads := range map[string]int{"a.opus": 2, "v.ogg": 3, "s.spx": 2} {
		b := real(t, name)
		if got := TypeOf(b[:HeadSize]); got != "application/ogg" {
			t.Fatalf("%s is taken for %s", name, got)
		}
		out, found := clean(t, "application/ogg", append(b, secret...))
		if !found.Has(Device | Remarks | Elsewhere) {
			t.Errorf("%s: found %05b", name, found)
		}
		for _, s := range []string{"42.9012N", "SM-G960N", "Tumen", "LOCATION", "libopus", "Xiph", "Speex-"} {
			if bytes.Contains(out, []byte(s)) {
				t.Errorf("%s: the copy holds %q", name, s)
			}
		}
		before, after := packetsOf(t, b), packetsOf(t, out)
		if len(before) != len(after) {
			t.Fatalf("%s: %d packets of %d", name, len(after), len(before))
		}
		for i := heads; i < len(before); i++ {
			if !bytes.Equal(before[i], after[i]) {
				t.Errorf("%s: packet %d changed", name, i)
			}
		}
		if heads == 3 && !bytes.Equal(before[2], after[2]) {
			t.Errorf("%s: how it is coded changed", name)
		}
		for i, p := range pages(t, out) {
			if sum := binary.LittleEndian.Uint32(p[22:]); binary.LittleEndian.Uint32(p[18:]) != uint32(i) || sum == 0 {
				t.Errorf("%s: page %d is numbered %d", name, i, binary.LittleEndian.Uint32(p[18:]))
			}
		}
		if again, found := clean(t, "application/ogg", out); found != 0 || !bytes.Equal(again, out) {
			t.Errorf("%s: a copy of the copy is another, or finds %05b", name, found)
		}
	}
}

func packetsOf(t testing.TB, b []byte) (out [][]byte) {
	var open []byte
	for _, p := range pages(t, b) {
		data := p[27+int(p[26]):]
		for _, l := range p[27 : 27+int(p[26])] {
			open, data = append(open, data[:l]...), data[l:]
			if l < 255 {
				out, open = append(out, open), nil
			}
		}
	}
	return out
}

// Heads of any length are cut into pages as they were put together.
func TestPagesHoldThePacketsTheyWereMadeOf(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var want [][]byte
		for range rapid.IntRange(1, 3).Draw(t, "packets") {
			n := rapid.SampledFrom([]int{0, 1, 254, 255, 256, 510, 65024, 65025, 65026, 130051}).Draw(t, "length")
			want = append(want, bytes.Repeat([]byte{byte(n), byte(n >> 8), 7}, n/3+1)[:n])
		}
		var out bytes.Buffer
		if err := (&oggWriter{out: &out}).packets(pageFirst, want...); err != nil {
			t.Fatal(err)
		}
		var open []byte
		var got [][]byte
		for b := out.Bytes(); len(b) > 0; {
			lacing := b[27 : 27+int(b[26])]
			if continued := b[5]&pageContinued != 0; continued != (open != nil) {
				t.Fatal("a page does not say that it goes on with a packet")
			}
			b = b[27+len(lacing):]
			for _, l := range lacing {
				open, b = append(open, b[:l]...), b[l:]
				if open == nil {
					open = []byte{}
				}
				if l < 255 {
					got, open = append(got, open), nil
				}
			}
		}
		if len(got) != len(want) || open != nil {
			t.Fatalf("%d packets of %d", len(got), len(want))
		}
		for i := range want {
			if !bytes.Equal(got[i], want[i]) {
				t.Fatalf("packet %d changed", i)
			}
		}
	})
}

func TestAPictureInBoxesKeepsItsDataAndNothingElse(t *testing.T) {
	for name, mediaType := range map[string]string{"p.heic": "image/heic", "t.heic": "image/heic", "p.avif": "image/avif"} {
		b := real(t, name)
		if got := TypeOf(b[:HeadSize]); got != mediaType {
			t.Fatalf("%s is taken for %s", name, got)
		}
		out, found := clean(t, mediaType, b)
		if !found.Has(Position | Device | Elsewhere) {
			t.Errorf("%s: found %05b", name, found)
		}
		for _, s := range []string{"SM-G960N", "42.9012N", "GPSLatitude", "Exif"} {
			if bytes.Contains(out, []byte(s)) {
				t.Errorf("%s: the copy holds %q", name, s)
			}
		}
		if len(out) != len(b) {
			t.Errorf("%s: the data moved", name)
		}
		before, after := primaryOf(t, b), primaryOf(t, out)
		if len(before) < 40 || !bytes.Equal(before, after) {
			t.Errorf("%s: the picture changed, of %d bytes", name, len(before))
		}
		if again, found := clean(t, mediaType, out); found != 0 || !bytes.Equal(again, out) {
			t.Errorf("%s: a copy of the copy is another, or finds %05b", name, found)
		}
		if n := bytes.Count(out, []byte{0}) - bytes.Count(b, []byte{0}); n < 40 {
			t.Errorf("%s: %d bytes became nothing", name, n)
		}
	}
}

// A picture that names one stretch of data again and again is refused before it is copied as often.
func TestAPictureOfWhichEachPartIsTheWholeIsRefused(t *testing.T) {
	const size, times = 4096, 50
	u16 := func(x int) string { return string(binary.BigEndian.AppendUint16(nil, uint16(x))) }
	u32 := func(x int) string { return string(binary.BigEndian.AppendUint32(nil, uint32(x))) }
	infe := func(id int, kind string) string { return box("infe", u32(2<<24), u16(id), u16(0), kind, "\x00") }
	build := func(at, times int) string {
		extents := ""
		for range times {
			extents += u32(at) + u32(size)
		}
		return box("meta", u32(0), box("hdlr", u32(0), u32(0), "pict", string(make([]byte, 13))), box("pitm", u32(0), u16(1)),
			box("iinf", u32(0), u16(2), infe(1, "hvc1"), infe(2, "Exif")), box("iloc", u32(0), "\x44\x00", u16(2), u16(1), u16(0), u16(1), u32(at), u32(size),
				u16(2), u16(0), u16(times), extents))
	}
	ftyp := box("ftyp", "heic\x00\x00\x00\x00mif1heic")
	file := func(times int) []byte {
		at := len(ftyp) + len(build(0, times)) + 8
		return []byte(ftyp + build(at, times) + box("mdat", string(make([]byte, size))))
	}
	if _, err := Clean(&bytes.Buffer{}, bytes.NewReader(file(0)), "image/heic"); err != nil {
		t.Errorf("the picture is refused without them too: %v", err)
	}
	if _, err := Clean(&bytes.Buffer{}, bytes.NewReader(file(times)), "image/heic"); fault.KindOf(err) != fault.Invalid {
		t.Errorf("let through: %v", err)
	}
}

// primaryOf is the data of the picture that is shown first.
func primaryOf(t testing.TB, b []byte) (out []byte) {
	t.Helper()
	h := &heif{whole: bytes.Clone(b), items: map[uint32]*heifItem{}, made: map[uint32][]uint32{}}
	if err := h.top(); err != nil {
		t.Fatal(err)
	}
	for _, d := range h.items[h.primary].data {
		out = append(out, b[d.at:d.at+d.n]...)
	}
	return out
}

func TestSpeechIsTheSameToTheByteOrRefused(t *testing.T) {
	frame := func(kind byte, n int) string { return string(kind<<3|4) + string(bytes.Repeat([]byte{0x2A}, n)) }
	good := "#!AMR\n" + frame(7, 31) + frame(15, 0) + frame(8, 5) + frame(0, 12)
	if out, found := clean(t, "audio/amr", []byte(good)); string(out) != good || found != 0 {
		t.Errorf("speech changed, found %05b", found)
	}
	wide := "#!AMR-WB\n" + frame(8, 60) + frame(9, 5) + frame(14, 0)
	if out, _ := clean(t, "audio/amr", []byte(wide)); string(out) != wide {
		t.Error("wide speech changed")
	}
	for what, s := range map[string]string{"behind the speech": good + secret, "a frame of no known type": "#!AMR\n" + frame(11, 3),
		"several channels": "#!AMR_MC1.0\n" + frame(7, 31), "a frame cut off": good[:len(good)-3]} {
		var out bytes.Buffer
		if _, err := Clean(&out, bytes.NewReader([]byte(s)), "audio/amr"); err == nil {
			t.Errorf("%s: let through", what)
		}
	}
}

func fuzzReal(f *testing.F, mediaType string, names ...string) {
	for _, n := range names {
		b := real(f, n)
		f.Add(b)
		f.Add(b[:len(b)/2])
	}
	f.Fuzz(func(t *testing.T, b []byte) { cleanTwice(t, mediaType, b) })
}

func FuzzOgg(f *testing.F)  { fuzzReal(f, "application/ogg", "a.opus", "v.ogg", "s.spx") }
func FuzzHEIF(f *testing.F) { fuzzReal(f, "image/heic", "p.heic", "t.heic", "p.avif") }
func FuzzAMR(f *testing.F) {
	f.Add([]byte("#!AMR\n\x44aaaaa"))
	f.Fuzz(func(t *testing.T, b []byte) { cleanTwice(t, "audio/amr", b) })
}
