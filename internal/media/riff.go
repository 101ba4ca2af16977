package media

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"io"
)

// riffHead reads the head of a RIFF file of a form and returns the size of what follows.
func riffHead(in io.Reader, form string) (size int64, err error) {
	head, err := take(in, 12)
	if err != nil {
		return 0, err
	}
	if string(head[:4]) != "RIFF" || string(head[8:]) != form {
		return 0, broken("this is not a file of form " + form)
	}
	return int64(binary.LittleEndian.Uint32(head[4:])) - 4, nil
}

// riffChunk reads the head of a chunk.
func riffChunk(in io.Reader) (name string, size int64, err error) {
	var b [8]byte
	if _, err = io.ReadFull(in, b[:]); err != nil {
		return "", 0, err
	}
	return string(b[:4]), int64(binary.LittleEndian.Uint32(b[4:])), nil
}

func appendChunk(b []byte, name string, data []byte) []byte {
	b = binary.LittleEndian.AppendUint32(append(b, name...), uint32(len(data)))
	if b = append(b, data...); len(data)%2 == 1 {
		b = append(b, 0)
	}
	return b
}

// flags of the chunk VP8X
const (
	webpProfile = 0x20
	webpExif    = 0x08
	webpXMP     = 0x04
)

// cleanWebP keeps the picture, its frames and how it is turned. The size of all stands
// first, so the picture is held in memory.
func cleanWebP(in *bufio.Reader, out io.Writer) (Found, error) {
	size, err := riffHead(in, "WEBP")
	if err != nil {
		return 0, err
	}
	body, err := take(in, size)
	if err != nil {
		return 0, err
	}
	found, orientation := tail(in), uint16(1)
	var kept []byte
	for r := bytes.NewReader(body); r.Len() > 0; {
		name, data, err := webpChunk(r)
		if err != nil {
			return found, err
		}
		switch name {
		case "VP8X":
			if len(data) != 10 {
				return found, broken("the picture's head has no size that it may have")
			}
			data[0] &^= webpProfile | webpExif | webpXMP
		case "VP8 ", "VP8L", "ALPH", "ANIM":
		case "ANMF":
			f := Found(0)
			if data, f, err = webpFrame(data); err != nil {
				return found, err
			}
			found |= f
		case "EXIF":
			o, f := readExif(data)
			orientation, found = o, found|f
			continue
		default:
			found |= riffFound(name)
			continue
		}
		kept = appendChunk(kept, name, data)
	}
	if orientation != 1 && bytes.HasPrefix(kept, []byte("VP8X")) {
		kept[8] |= webpExif
		kept = appendChunk(kept, "EXIF", uprightExif(orientation))
	}
	head := binary.LittleEndian.AppendUint32([]byte("RIFF"), uint32(4+len(kept)))
	_, err = out.Write(append(append(head, "WEBP"...), kept...))
	return found, err
}

func webpChunk(r *bytes.Reader) (string, []byte, error) {
	name, n, err := riffChunk(r)
	if err != nil {
		return "", nil, err
	}
	data, err := take(r, n)
	if err == nil && n%2 == 1 && r.Len() > 0 {
		_, err = r.ReadByte()
	}
	return name, data, err
}

// webpFrame keeps the picture of one frame.
func webpFrame(data []byte) ([]byte, Found, error) {
	const head = 16
	if len(data) < head {
		return nil, 0, broken("a frame of the picture is cut off")
	}
	var found Found
	kept := data[:head:head]
	for r := bytes.NewReader(data[head:]); r.Len() > 0; {
		name, part, err := webpChunk(r)
		if err != nil {
			return nil, found, err
		}
		switch name {
		case "VP8 ", "VP8L", "ALPH":
			kept = appendChunk(kept, name, part)
		default:
			found |= Elsewhere
		}
	}
	return kept, found, nil
}

func riffFound(name string) Found {
	switch name {
	case "XMP ", "bext", "iXML", "_PMX":
		return Device
	case "ICCP":
		return Profile
	case "LIST", "id3 ", "ID3 ", "INFO", "cart":
		return Remarks
	}
	return Elsewhere
}

// cleanWave keeps the format and the samples.
func cleanWave(in *bufio.Reader, out io.Writer) (Found, error) {
	if _, err := riffHead(in, "WAVE"); err != nil {
		return 0, err
	}
	var kept []byte
	var found Found
	for {
		name, n, err := riffChunk(in)
		if err != nil {
			return found, err
		}
		switch name {
		case "fmt ", "fact":
			data, err := take(in, n+n%2)
			if err != nil {
				return found, err
			}
			kept = appendChunk(kept, name, data[:n])
		case "data":
			f, err := waveSamples(in, out, kept, n)
			return found | f, err
		default:
			found |= riffFound(name)
			if err := skip(in, n+n%2); err != nil {
				return found, err
			}
		}
	}
}

// waveSamples writes the file: its size is known once the samples' is.
func waveSamples(in *bufio.Reader, out io.Writer, kept []byte, n int64) (Found, error) {
	size := 4 + int64(len(kept)) + 8 + n + n%2
	if n == 0 || size > 1<<32-1 {
		return 0, broken("the recording does not say how long it is")
	}
	head := binary.LittleEndian.AppendUint32([]byte("RIFF"), uint32(size))
	head = append(append(head, "WAVE"...), kept...)
	head = binary.LittleEndian.AppendUint32(append(head, "data"...), uint32(n))
	if _, err := out.Write(head); err != nil {
		return 0, err
	}
	if _, err := io.CopyN(out, in, n); err != nil {
		return 0, err
	}
	if n%2 == 1 {
		_, _ = in.ReadByte() // some writers leave the filling out at the end
		if _, err := out.Write([]byte{0}); err != nil {
			return 0, err
		}
	}
	var found Found
	for {
		name, n, err := riffChunk(in)
		if err != nil {
			return found, nil // whatever it is, it is left out
		}
		found |= riffFound(name)
		if skip(in, n+n%2) != nil {
			return found, nil
		}
	}
}
