package media

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"io"
)

const pngHead = "\x89PNG\r\n\x1a\n"

// pngKept are the chunks that carry the picture, its frames and how its colours are meant.
var pngKept = map[string]bool{"IHDR": true, "PLTE": true, "IDAT": true, "IEND": true, "tRNS": true, "gAMA": true, "cHRM": true, "sRGB": true,
	"cICP": true, "sBIT": true, "bKGD": true, "acTL": true, "fcTL": true, "fdAT": true}

// cleanPNG keeps the chunks of pngKept and how the picture is turned.
func cleanPNG(in *bufio.Reader, out io.Writer) (Found, error) {
	var sig [8]byte
	if _, err := io.ReadFull(in, sig[:]); err != nil {
		return 0, err
	}
	if string(sig[:]) != pngHead {
		return 0, broken("this is not a PNG picture")
	}
	if _, err := out.Write(sig[:]); err != nil {
		return 0, err
	}
	var found Found
	for {
		var head [8]byte
		if _, err := io.ReadFull(in, head[:]); err != nil {
			return found, err
		}
		n, name := int64(binary.BigEndian.Uint32(head[:])), string(head[4:])
		switch {
		case n > 1<<31-1:
			return found, broken("a part of the picture is larger than such parts are")
		case pngKept[name]:
			if _, err := out.Write(head[:]); err != nil {
				return found, err
			}
			if _, err := io.CopyN(out, in, n+4); err != nil {
				return found, err
			}
		case name == "eXIf":
			data, err := take(in, n)
			if err == nil {
				err = skip(in, 4)
			}
			if err != nil {
				return found, err
			}
			o, f := readExif(data)
			found |= f
			if err := writeTurn(out, o); err != nil {
				return found, err
			}
		case name[0]&0x20 == 0:
			return found, broken("the picture has a part that is needed to show it and is not known here")
		default:
			found |= pngFound(name)
			if err := skip(in, n+4); err != nil {
				return found, err
			}
		}
		if name == "IEND" {
			return found | tail(in), nil
		}
	}
}

// writeTurn says how the picture is turned.
func writeTurn(out io.Writer, orientation uint16) error {
	if orientation == 1 {
		return nil
	}
	data := uprightExif(orientation)
	var b bytes.Buffer
	b.Write(binary.BigEndian.AppendUint32(nil, uint32(len(data))))
	b.WriteString("eXIf")
	b.Write(data)
	b.Write(binary.BigEndian.AppendUint32(nil, crc32.ChecksumIEEE(b.Bytes()[4:])))
	_, err := b.WriteTo(out)
	return err
}

func pngFound(name string) Found {
	switch name {
	case "tEXt", "zTXt", "iTXt":
		return Remarks
	case "tIME":
		return Device
	case "iCCP":
		return Profile
	}
	return Elsewhere
}
