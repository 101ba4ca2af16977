package media

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"io"
)

// cleanJPEG keeps the tables, frames and scans, the JFIF header without its thumbnail,
// Adobe's marker (it says how colours are coded) and how the picture is turned.
func cleanJPEG(in *bufio.Reader, out io.Writer) (Found, error) {
	w := bufio.NewWriter(out)
	var soi [2]byte
	if _, err := io.ReadFull(in, soi[:]); err != nil {
		return 0, err
	}
	if soi != [2]byte{0xFF, 0xD8} {
		return 0, broken("this is not a JPEG picture")
	}
	_, _ = w.Write(soi[:])
	j := jpegCopy{in: in, w: w, orientation: 1}
	for {
		m, err := j.marker()
		if err != nil {
			return j.found, err
		}
		switch {
		case m == 0xD9:
			_, _ = w.Write([]byte{0xFF, m})
			return j.found | tail(in), w.Flush()
		case m == 0xD8 || m == 0x01 || m >= 0xD0 && m <= 0xD7 || m < 0xC0:
			return j.found, broken("the picture's markers are in no order that a JPEG picture has")
		}
		if err := j.segment(m); err != nil {
			return j.found, err
		}
	}
}

type jpegCopy struct {
	in          *bufio.Reader
	w           *bufio.Writer
	found       Found
	orientation uint16
	begun       bool // a table or frame was written: markers of applications are over
}

// marker reads up to the next marker. Bytes that are none are left out.
func (j *jpegCopy) marker() (byte, error) {
	b, err := j.in.ReadByte()
	if err != nil {
		return 0, err
	}
	for b != 0xFF {
		j.found |= Elsewhere
		if b, err = j.in.ReadByte(); err != nil {
			return 0, err
		}
	}
	for b == 0xFF { // a marker may be filled up with FF
		if b, err = j.in.ReadByte(); err != nil {
			return 0, err
		}
	}
	return b, nil
}

// segment copies the segment of a marker, or leaves it out; behind the start of a scan the
// coded data as well.
func (j *jpegCopy) segment(m byte) error {
	var size [2]byte
	if _, err := io.ReadFull(j.in, size[:]); err != nil {
		return err
	}
	n := int64(binary.BigEndian.Uint16(size[:])) - 2
	if n < 0 {
		return broken("a part of the picture has no size")
	}
	data, err := take(j.in, n)
	if err != nil {
		return err
	}
	switch {
	case m == 0xE0 && bytes.HasPrefix(data, []byte("JFIF\x00")) && len(data) >= 14:
		if data[12] != 0 && data[13] != 0 {
			j.found |= Elsewhere
		}
		data = append(data[:12:12], 0, 0)
	case m == 0xEE && bytes.HasPrefix(data, []byte("Adobe")) && len(data) >= 12:
		data = data[:12]
	case m >= 0xE0 && m <= 0xEF:
		j.application(m, data)
		return nil
	case m == 0xFE:
		j.found |= Remarks
		return nil
	case m >= 0xF0:
		j.found |= Elsewhere
		return nil
	default:
		j.turn()
	}
	j.write(m, data)
	if m != 0xDA {
		return nil
	}
	return j.scan()
}

func (j *jpegCopy) write(m byte, data []byte) {
	head := binary.BigEndian.AppendUint16([]byte{0xFF, m}, uint16(len(data)+2))
	_, _ = j.w.Write(head) // Flush tells
	_, _ = j.w.Write(data)
}

// application looks at what is left out.
func (j *jpegCopy) application(m byte, data []byte) {
	switch {
	case m == 0xE1 && bytes.HasPrefix(data, []byte("Exif\x00\x00")):
		o, found := readExif(data)
		j.found |= found
		if !j.begun {
			j.orientation = o
		}
	case m == 0xE1:
		j.found |= Device
		if bytes.Contains(data, []byte("GPSL")) {
			j.found |= Position // exif:GPSLatitude of XMP
		}
	case m == 0xE2 && bytes.HasPrefix(data, []byte("ICC_PROFILE")):
		j.found |= Profile
	default:
		j.found |= Elsewhere
	}
}

// turn writes how the picture is turned, before its first table.
func (j *jpegCopy) turn() {
	if !j.begun && j.orientation != 1 {
		j.write(0xE1, append([]byte("Exif\x00\x00"), uprightExif(j.orientation)...))
	}
	j.begun = true
}

// scan copies coded data up to a marker that is neither stuffing nor a restart.
func (j *jpegCopy) scan() error {
	for {
		b, err := j.in.ReadByte()
		if err != nil {
			return err
		}
		if b != 0xFF {
			_ = j.w.WriteByte(b)
			continue
		}
		_ = j.in.UnreadByte() // it was just read
		next, err := j.in.Peek(2)
		if err != nil {
			return err
		}
		switch c := next[1]; {
		case c == 0 || c >= 0xD0 && c <= 0xD7:
			_, _ = j.w.Write(next)
			_, _ = j.in.Discard(2) // both were peeked
		case c == 0xFF: // filling
			_, _ = j.in.Discard(1)
		default:
			return nil
		}
	}
}
