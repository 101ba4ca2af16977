// Package media copies pictures and recordings without what the camera or telephone wrote
// beside the content: where and when it was taken, by which device, with which remarks,
// thumbnails of the uncut picture, and whatever stands behind the end of the file.
//
// A copy is built from the parts that are known to carry the content. What is not known is
// left out or, where the content could depend on it, the file is refused: a copy never
// only claims to be clean. What the picture shows and the recording says is not touched,
// nor is what is hidden in the samples themselves.
//
// Formats: JPEG (ITU-T T.81, Exif 2.32), PNG (W3C PNG 3), GIF89a, WebP (RFC 9649), WAVE
// (RIFF), MPEG audio layers I-III (ISO 11172-3), Opus, Vorbis and Speex in Ogg (RFC 3533,
// RFC 7845), AMR and AMR-WB (RFC 4867), the ISO base media file format (ISO 14496-12: MP4,
// M4A, MOV, 3GP), and pictures in it (ISO 23008-12: HEIC, AVIF).
package media

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"net/http"
	"strings"

	"example.org/amparo/fault"
)

// Found says what a file carried beside its content.
type Found uint8

// What a copy leaves out.
const (
	Position  Found = 1 << iota // where it was taken
	Device                      // Exif, XMP, maker's notes: device, times, settings
	Remarks                     // comments, titles, tags
	Profile                     // a colour profile, which names a device
	Elsewhere                   // data behind the end, thumbnails, parts of no known use
)

// Has reports whether all of g were found.
func (f Found) Has(g Found) bool { return f&g == g }

// most is the largest part of a file that is held in memory, in bytes.
const most = 64 << 20

// HeadSize is how many bytes TypeOf looks at.
const HeadSize = 512

// TypeOf finds the media type of a file from its first bytes, never from its name.
func TypeOf(head []byte) string {
	if len(head) >= 12 && string(head[4:8]) == "ftyp" {
		switch brand := string(head[8:12]); {
		case brand == "M4A " || brand == "M4B ":
			return "audio/mp4"
		case brand == "qt  ":
			return "video/quicktime"
		case strings.HasPrefix(brand, "3g"):
			return "video/3gpp"
		case brand == "heic" || brand == "heix" || brand == "mif1" || brand == "msf1" || brand == "heim" || brand == "hevc":
			return "image/heic"
		case brand == "avif" || brand == "avis":
			return "image/avif"
		}
		return "video/mp4"
	}
	if bytes.HasPrefix(head, []byte("#!AMR")) {
		return "audio/amr"
	}
	t, _, _ := strings.Cut(http.DetectContentType(head), ";")
	if _, ok := frameLength(head); ok && t == "application/octet-stream" {
		return "audio/mpeg"
	}
	return t
}

var cleaners = map[string]func(*bufio.Reader, io.Writer) (Found, error){
	"image/jpeg":      cleanJPEG,
	"image/png":       cleanPNG,
	"image/gif":       cleanGIF,
	"image/webp":      cleanWebP,
	"audio/wave":      cleanWave,
	"audio/mpeg":      cleanMPEG,
	"audio/mp4":       cleanBoxes,
	"video/mp4":       cleanBoxes,
	"video/quicktime": cleanBoxes,
	"video/3gpp":      cleanBoxes,
	"image/heic":      cleanHEIF,
	"image/avif":      cleanHEIF,
	"application/ogg": cleanOgg,
	"audio/amr":       cleanAMR,
}

// Known reports whether Clean can copy files of a media type.
func Known(mediaType string) bool { return cleaners[mediaType] != nil }

// Clean writes to out a copy of the file in, of the given media type, without what stands
// beside its content, and says what that was. A type that is not known, or a file that does
// not follow its format, is fault.Invalid; what was written to out is then of no use.
func Clean(out io.Writer, in io.Reader, mediaType string) (Found, error) {
	clean := cleaners[mediaType]
	if clean == nil {
		return 0, fault.New(fault.Invalid, "media.Clean", "what a file of type %q carries beside its content cannot be taken out of it", mediaType).
			With("let it leave as it came only if its recipient may know where, when and with what it was made").Coded("media.unknown")
	}
	found, err := clean(bufio.NewReaderSize(in, 1<<16), out)
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		err = broken("the file is cut off")
	}
	return found, err
}

func broken(what string) error {
	return fault.New(fault.Invalid, "media.Clean", "%s", what).
		With("save it again with a program for such files, or let it leave as it came only if its recipient may know where, when and with what it was made").Coded("media.broken")
}

// tail reports bytes behind the end of the content.
func tail(in *bufio.Reader) Found {
	if _, err := in.ReadByte(); err == nil {
		return Elsewhere
	}
	return 0
}

// take reads n bytes into memory.
func take(in io.Reader, n int64) ([]byte, error) {
	if n < 0 || n > most {
		return nil, broken("a part of the file is larger than such parts are")
	}
	var b bytes.Buffer // grows with what is really there, whatever the file claims
	_, err := io.CopyN(&b, in, n)
	return b.Bytes(), err
}

func skip(in io.Reader, n int64) error {
	_, err := io.CopyN(io.Discard, in, n)
	return err
}
