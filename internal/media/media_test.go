package media

import (
	"bytes"
	"encoding/binary"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"testing"

	"pgregory.net/rapid"

	"example.org/amparo/fault"
)

// secret stands in every part that must not be in a copy.
const secret = "42.9012N 129.5044E Tumen, SM-G960N, 2019:08:13"

func picture() *image.NRGBA {
	m := image.NewNRGBA(image.Rect(0, 0, 37, 21))
	for y := range 21 {
		for x := range 37 {
			m.Set(x, y, color.NRGBA{uint8(x * 6), uint8(y * 12), uint8(x * y), 255})
		}
	}
	return m
}

// exif is a block as telephones write it: turned, with a position and text.
func exif(orientation uint16) []byte {
	b := []byte("II*\x00\x08\x00\x00\x00\x03\x00")
	entry := func(tag, typ uint16, n, v uint32) {
		b = binary.LittleEndian.AppendUint16(b, tag)
		b = binary.LittleEndian.AppendUint16(b, typ)
		b = binary.LittleEndian.AppendUint32(b, n)
		b = binary.LittleEndian.AppendUint32(b, v)
	}
	entry(0x010F, 2, uint32(len(secret)), 50)
	entry(tagOrientation, 3, 1, uint32(orientation))
	entry(tagGPS, 4, 1, 50)
	b = append(b, 0, 0, 0, 0)
	return append(b, secret...)
}

func segment(m byte, data string) []byte {
	return append(binary.BigEndian.AppendUint16([]byte{0xFF, m}, uint16(len(data)+2)), data...)
}

func planted(t testing.TB) map[string][]byte {
	t.Helper()
	var j, p, g bytes.Buffer
	if jpeg.Encode(&j, picture(), nil) != nil || png.Encode(&p, picture()) != nil || gif.Encode(&g, picture(), nil) != nil {
		t.Fatal("the pictures cannot be made")
	}
	thumb := "JFIF\x00\x01\x02\x00\x00\x48\x00\x48\x02\x08" + secret + "  " // 16 points of 3 bytes
	jp := bytes.Join([][]byte{j.Bytes()[:2], segment(0xE0, thumb), segment(0xE1, "Exif\x00\x00"+string(exif(6))),
		segment(0xE1, "http://ns.adobe.com/xap/1.0/\x00<x exif:GPSLatitude='"+secret+"'>"), segment(0xE2, "ICC_PROFILE\x00\x01\x01"+secret),
		segment(0xED, "Photoshop 3.0\x00"+secret), segment(0xFE, secret), j.Bytes()[2:], []byte(secret)}, nil)
	chunk := func(name, data string) []byte {
		b := append(binary.BigEndian.AppendUint32(nil, uint32(len(data))), name+data...)
		return append(b, 0, 0, 0, 0)
	}
	pn := bytes.Join([][]byte{p.Bytes()[:33], chunk("eXIf", string(exif(8))), chunk("tEXt", "Comment\x00"+secret), chunk("tIME", secret),
		chunk("iCCP", secret), chunk("prVt", secret), p.Bytes()[33:], []byte(secret)}, nil)
	ext := func(label byte, blocks ...string) []byte {
		b := []byte{0x21, label}
		for _, s := range blocks {
			b = append(append(b, byte(len(s))), s...)
		}
		return append(b, 0)
	}
	at := 13 + 3<<(g.Bytes()[10]&7+1)*int(g.Bytes()[10]>>7)
	gi := bytes.Join([][]byte{g.Bytes()[:at], ext(0xFF, "NETSCAPE2.0", "\x01\x00\x00", secret), ext(0xFE, secret), ext(0xFF, "XMP DataXMP", secret),
		ext(0x01, "0123456789ab", secret), g.Bytes()[at:], []byte(secret)}, nil)
	return map[string][]byte{"image/jpeg": jp, "image/png": pn, "image/gif": gi, "image/webp": webp(), "audio/wave": wave(), "audio/mpeg": mpeg(),
		"video/mp4": movie("vide", "isom"), "audio/mp4": movie("soun", "M4A ")}
}

func riff(form string, chunks []byte) []byte {
	b := binary.LittleEndian.AppendUint32([]byte("RIFF"), uint32(4+len(chunks)))
	return append(append(b, form...), chunks...)
}

// frame is a lossless WebP picture of one white point.
const frame = "\x2f\x00\x00\x00\x00\x07\xd0\xff\xfe\xf7\xbf\xff\x81\x88\xe8\x7f\x00\x00"

func webp() []byte {
	b := appendChunk(nil, "VP8X", []byte{webpExif | webpXMP | webpProfile, 0, 0, 0, 0, 0, 0, 0, 0, 0})
	b = appendChunk(b, "ICCP", []byte(secret))
	b = appendChunk(b, "VP8L", []byte(frame))
	b = appendChunk(b, "ANMF", appendChunk(appendChunk(make([]byte, 16), "VP8L", []byte(frame)), "prvt", []byte(secret)))
	b = appendChunk(b, "EXIF", exif(3))
	b = appendChunk(b, "XMP ", []byte(secret))
	return append(riff("WEBP", b), secret...)
}

func wave() []byte {
	b := appendChunk(nil, "fmt ", []byte("\x01\x00\x01\x00\x44\xac\x00\x00\x88\x58\x01\x00\x02\x00\x10\x00"))
	b = appendChunk(b, "bext", []byte(secret))
	b = appendChunk(b, "data", []byte("sound as it is"))
	return riff("WAVE", appendChunk(b, "LIST", []byte("INFO"+secret)))
}

func mpeg() []byte {
	f := append([]byte{0xFF, 0xFB, 0x90, 0x00}, bytes.Repeat([]byte{7}, 413)...) // 128 kbit/s, 44.1 kHz: 417 bytes
	tag := "ID3\x04\x00\x00\x00\x00\x00" + string(rune(len(secret))) + secret
	return bytes.Join([][]byte{[]byte(tag), f, f, []byte("APETAGEX" + secret), f, f, []byte("TAG" + secret)}, nil)
}

func box(name string, parts ...string) string {
	n := 8
	for _, p := range parts {
		n += len(p)
	}
	s := string(binary.BigEndian.AppendUint32(nil, uint32(n))) + name
	for _, p := range parts {
		s += p
	}
	return s
}

func movie(track, brand string) []byte {
	times := "\x00\x00\x00\x00\xda\x01\x02\x03\xda\x01\x02\x03" + "lasting length"
	place := box("\xa9xyz", secret)
	trak := box("trak", box("tkhd", times), box("mdia", box("mdhd", times), box("hdlr", "\x00\x00\x00\x00\x00\x00\x00\x00"+track+"appl\x00\x00\x00\x00\x00\x00\x00\x00"+secret),
		box("minf", box("stbl", box("stsd", "how it is coded"), box("stco", "\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x30")))), box("udta", secret))
	return []byte(box("ftyp", brand+"\x00\x00\x02\x00isommp41") + box("free", secret) + box("mdat", "sound and picture") +
		box("moov", box("mvhd", times), trak, box("udta", place), box("meta", secret)) + box("uuid", secret))
}

func clean(t testing.TB, mediaType string, b []byte) ([]byte, Found) {
	t.Helper()
	var out bytes.Buffer
	found, err := Clean(&out, bytes.NewReader(b), mediaType)
	if err != nil {
		t.Fatalf("%s: %v", mediaType, err)
	}
	return out.Bytes(), found
}

func TestNothingBesideTheContentIsInACopy(t *testing.T) {
	want := map[string]Found{
		"image/jpeg": Position | Device | Remarks | Profile | Elsewhere, "image/png": Position | Device | Remarks | Profile | Elsewhere,
		"image/gif": Remarks | Elsewhere, "image/webp": Position | Device | Profile | Elsewhere, "audio/wave": Device | Remarks,
		"audio/mpeg": Remarks | Elsewhere, "video/mp4": Position | Device | Remarks | Elsewhere, "audio/mp4": Position | Device | Remarks | Elsewhere,
	}
	for mediaType, b := range planted(t) {
		if got := TypeOf(b[:min(len(b), HeadSize)]); got != mediaType {
			t.Errorf("%s is taken for %s", mediaType, got)
		}
		out, found := clean(t, mediaType, b)
		if found != want[mediaType] {
			t.Errorf("%s: found %05b, want %05b", mediaType, found, want[mediaType])
		}
		for i := 0; i+6 <= len(secret); i++ {
			if bytes.Contains(out, []byte(secret[i:i+6])) {
				t.Errorf("%s: the copy holds %q", mediaType, secret[i:i+6])
				break
			}
		}
		again, found := clean(t, mediaType, out)
		if !bytes.Equal(again, out) || found != 0 {
			t.Errorf("%s: a copy of the copy is another, or finds %05b", mediaType, found)
		}
	}
}

func TestAPictureIsTheSameToThePoint(t *testing.T) {
	for mediaType, b := range planted(t) {
		decode := map[string]func([]byte) (image.Image, error){
			"image/jpeg": func(b []byte) (image.Image, error) { return jpeg.Decode(bytes.NewReader(b)) },
			"image/gif":  func(b []byte) (image.Image, error) { return gif.Decode(bytes.NewReader(b)) },
			"image/png":  func(b []byte) (image.Image, error) { return png.Decode(bytes.NewReader(b)) },
		}[mediaType]
		if decode == nil {
			continue
		}
		out, _ := clean(t, mediaType, b)
		if mediaType == "image/png" { // Go checks sums, and those planted are wrong
			var p bytes.Buffer
			_ = png.Encode(&p, picture())
			b = p.Bytes()
		}
		before, err := decode(b)
		if err != nil {
			t.Fatalf("%s: %v", mediaType, err)
		}
		after, err := decode(out)
		if err != nil {
			t.Fatalf("the copy of %s: %v", mediaType, err)
		}
		for y := range 21 {
			for x := range 37 {
				if before.At(x, y) != after.At(x, y) {
					t.Fatalf("%s: the point %d,%d changed", mediaType, x, y)
				}
			}
		}
	}
}

func TestAPictureStaysTheRightWayUp(t *testing.T) {
	files := planted(t)
	for mediaType, want := range map[string]uint16{"image/jpeg": 6, "image/png": 8, "image/webp": 3} {
		out, _ := clean(t, mediaType, files[mediaType])
		if !bytes.Contains(out, uprightExif(want)) {
			t.Errorf("%s: how the picture is turned was lost", mediaType)
		}
	}
	for o := uint16(1); o <= 8; o++ {
		if got, found := readExif(uprightExif(o)); got != o || found != 0 {
			t.Errorf("turned by %d reads as %d", o, got)
		}
		if got, found := readExif(exif(o)); got != o || !found.Has(Position|Device) {
			t.Errorf("of a telephone, turned by %d reads as %d, %05b", o, got, found)
		}
	}
}

func TestSoundIsTheSameToTheByte(t *testing.T) {
	files := planted(t)
	for mediaType, want := range map[string]string{"audio/wave": "sound as it is", "video/mp4": "sound and picture", "audio/mp4": "sound and picture"} {
		if out, _ := clean(t, mediaType, files[mediaType]); !bytes.Contains(out, []byte(want)) {
			t.Errorf("%s: the sound is gone", mediaType)
		}
	}
	out, _ := clean(t, "audio/mpeg", files["audio/mpeg"])
	if len(out) != 4*417 {
		t.Errorf("%d bytes of four frames", len(out))
	}
	// The places of samples are counted from the beginning of the file.
	before, out := files["video/mp4"], nil
	if out, _ = clean(t, "video/mp4", before); len(out) != len(before) || bytes.Index(out, []byte("sound and")) != bytes.Index(before, []byte("sound and")) {
		t.Error("the samples moved")
	}
}

func TestWhatCannotBeCleanedIsRefused(t *testing.T) {
	for what, f := range map[string]struct {
		mediaType string
		content   string
	}{
		"a kind that is not known":             {"application/pdf", "%PDF-1.7"},
		"a track of positions":                 {"video/mp4", string(movie("meta", "isom"))},
		"a picture that is none":               {"image/jpeg", "GIF89a"},
		"a PNG picture with an unknown need":   {"image/png", pngHead + "\x00\x00\x00\x00NEED\x00\x00\x00\x00"},
		"a recording of unknown length":        {"audio/wave", string(riff("WAVE", appendChunk(nil, "data", nil)))},
		"text as sound":                        {"audio/mpeg", "no sound at all, and nothing that looks like it"},
		"boxes without sound":                  {"video/mp4", box("ftyp", "isom")},
		"a box that is larger than the file":   {"video/mp4", box("ftyp", "isom") + "\x7f\x00\x00\x00moov"},
		"a WebP picture with a wrong size":     {"image/webp", "RIFF\x00\x00\x00\x00WEBP"},
		"a GIF picture with an unknown part":   {"image/gif", "GIF89a\x01\x00\x01\x00\x00\x00\x00\x77"},
		"a JPEG picture with markers mixed up": {"image/jpeg", "\xff\xd8\xff\xd8"},
	} {
		if _, err := Clean(&bytes.Buffer{}, bytes.NewReader([]byte(f.content)), f.mediaType); fault.KindOf(err) != fault.Invalid {
			t.Errorf("%s: %v", what, err)
		}
	}
}

func TestACutOffFileIsRefusedOrCleanAndNeverHoldsMore(t *testing.T) {
	files := planted(t)
	types := []string{"image/jpeg", "image/png", "image/gif", "image/webp", "audio/wave", "audio/mpeg", "video/mp4"}
	rapid.Check(t, func(t *rapid.T) {
		m := rapid.SampledFrom(types).Draw(t, "type")
		b := files[m]
		b = b[:rapid.IntRange(0, len(b)).Draw(t, "length")]
		var out bytes.Buffer
		if _, err := Clean(&out, bytes.NewReader(b), m); err != nil && fault.KindOf(err) != fault.Invalid {
			t.Fatal(err)
		}
		if bytes.Contains(out.Bytes(), []byte(secret)) {
			t.Fatal("the copy holds what it must not")
		}
	})
}

func fuzz(f *testing.F, mediaType string) {
	b := planted(f)[mediaType]
	f.Add(b)
	f.Add(b[:len(b)/2])
	f.Fuzz(func(t *testing.T, b []byte) { cleanTwice(t, mediaType, b) })
}

// cleanTwice checks that a file is refused, or becomes a copy that is no larger and of which a
// copy is the same.
func cleanTwice(t *testing.T, mediaType string, b []byte) {
	var once, twice bytes.Buffer
	if _, err := Clean(&once, bytes.NewReader(b), mediaType); err != nil {
		if fault.KindOf(err) != fault.Invalid {
			t.Fatal(err)
		}
		return
	}
	if once.Len() > len(b)+64 {
		t.Fatalf("%d bytes became %d", len(b), once.Len())
	}
	if found, err := Clean(&twice, bytes.NewReader(once.Bytes()), mediaType); err != nil || found != 0 || !bytes.Equal(once.Bytes(), twice.Bytes()) {
		t.Fatalf("a copy of the copy: %05b, %v", found, err)
	}
}

func FuzzJPEG(f *testing.F)  { fuzz(f, "image/jpeg") }
func FuzzPNG(f *testing.F)   { fuzz(f, "image/png") }
func FuzzGIF(f *testing.F)   { fuzz(f, "image/gif") }
func FuzzWebP(f *testing.F)  { fuzz(f, "image/webp") }
func FuzzWave(f *testing.F)  { fuzz(f, "audio/wave") }
func FuzzMPEG(f *testing.F)  { fuzz(f, "audio/mpeg") }
func FuzzBoxes(f *testing.F) { fuzz(f, "video/mp4") }

func FuzzTypeOf(f *testing.F) {
	for _, b := range planted(f) {
		f.Add(b[:16])
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if TypeOf(b) == "" {
			t.Fatal("no type")
		}
	})
}
