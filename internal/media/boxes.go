package media

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"io"
)

// Boxes of the ISO base media file format. A box that is left out becomes one of free
// space of the same size, because the places of samples are counted in bytes of the file.
const (
	boxKeep  = 1 + iota // copied
	boxOpen             // holds boxes
	boxTimes            // its times are set to 0
	boxTrack            // says what a track is; the name of the program that made it is left out
)

var boxes = map[string]int{
	"moov": boxOpen, "trak": boxOpen, "edts": boxOpen, "mdia": boxOpen, "minf": boxOpen, "dinf": boxOpen, "stbl": boxOpen,
	"mvex": boxOpen, "moof": boxOpen, "traf": boxOpen,
	"mvhd": boxTimes, "tkhd": boxTimes, "mdhd": boxTimes, "hdlr": boxTrack,
	"elst": boxKeep, "vmhd": boxKeep, "smhd": boxKeep, "nmhd": boxKeep, "dref": boxKeep, "stsd": boxKeep, "stts": boxKeep, "ctts": boxKeep,
	"cslg": boxKeep, "stsc": boxKeep, "stsz": boxKeep, "stz2": boxKeep, "stco": boxKeep, "co64": boxKeep, "stss": boxKeep, "sdtp": boxKeep,
	"sgpd": boxKeep, "sbgp": boxKeep, "mehd": boxKeep, "trex": boxKeep, "mfhd": boxKeep, "tfhd": boxKeep, "trun": boxKeep, "tfdt": boxKeep,
	"ftyp": boxKeep, "styp": boxKeep, "sidx": boxKeep, "mfra": boxOpen, "tfra": boxKeep, "mfro": boxKeep,
}

// cleanBoxes keeps the tracks of picture and sound. A file with any other track is refused:
// such tracks hold positions, and their samples lie between those of the others.
func cleanBoxes(in *bufio.Reader, out io.Writer) (Found, error) {
	var found Found
	seen := map[string]bool{}
	for {
		if _, err := in.Peek(1); err == io.EOF {
			break
		}
		name, head, n, err := boxHead(in)
		if err != nil {
			return found, err
		}
		if len(seen) == 0 && name != "ftyp" {
			return found, broken("this is not a recording in boxes")
		}
		seen[name] = true
		switch {
		case name == "mdat":
			if _, err := out.Write(head); err != nil {
				return found, err
			}
			if n < 0 {
				_, err = io.Copy(out, in)
			} else {
				_, err = io.CopyN(out, in, n)
			}
		case n < 0:
			return found, broken("a part of the recording does not say how long it is")
		case boxes[name] == boxOpen:
			found, err = openTop(in, out, head, n, name, found)
		case boxes[name] == boxKeep:
			_, err = out.Write(head)
			if err == nil {
				_, err = io.CopyN(out, in, n)
			}
		default:
			var f Found
			f, err = blank(in, out, head, n)
			found |= f
		}
		if err != nil {
			return found, err
		}
	}
	if !seen["moov"] || !seen["mdat"] {
		return found, io.ErrUnexpectedEOF
	}
	return found, nil
}

func openTop(in io.Reader, out io.Writer, head []byte, n int64, name string, found Found) (Found, error) {
	data, err := take(in, n)
	if err != nil {
		return found, err
	}
	f, err := cleanInside(data, 1)
	if err != nil {
		return found, err
	}
	_, err = out.Write(append(head, data...))
	return found | f, err
}

// blank writes free space for a box.
func blank(in io.Reader, out io.Writer, head []byte, n int64) (Found, error) {
	var found Found
	name := string(head[4:8])
	copy(head[4:], "free")
	if _, err := out.Write(head); err != nil {
		return 0, err
	}
	for part := make([]byte, 1<<15); n > 0; {
		p := part[:min(n, int64(len(part)))]
		if _, err := io.ReadFull(in, p); err != nil {
			return found, err
		}
		found |= wipe(p, boxFound(name))
		if _, err := out.Write(p); err != nil {
			return found, err
		}
		n -= int64(len(p))
	}
	return found, nil
}

// boxHead reads the head of a box and returns it and the length of what follows; -1 when
// the box reaches to the end of the file.
func boxHead(in io.Reader) (name string, head []byte, n int64, err error) {
	if head, err = take(in, 8); err != nil {
		return
	}
	name, n = string(head[4:]), int64(binary.BigEndian.Uint32(head))
	switch n {
	case 0:
		return name, head, -1, nil
	case 1:
		long, err := take(in, 8)
		if err != nil {
			return name, head, 0, err
		}
		head = append(head, long...)
		n = int64(binary.BigEndian.Uint64(long))
	}
	if n -= int64(len(head)); n < 0 {
		err = broken("a part of the recording has no size that it may have")
	}
	return
}

// boxDepth bounds how deep boxes lie in boxes.
const boxDepth = 12

// cleanInside cleans boxes in place.
func cleanInside(b []byte, depth int) (Found, error) {
	var found Found
	if depth > boxDepth {
		return found, broken("the recording's parts lie too deep in each other")
	}
	for len(b) > 0 {
		if len(b) < 8 {
			clear(b) // QuickTime ends some lists with four zeros
			return found, nil
		}
		n, head := int64(binary.BigEndian.Uint32(b)), int64(8)
		if n == 1 && len(b) >= 16 {
			n, head = int64(min(binary.BigEndian.Uint64(b[8:]), 1<<62)), 16
		}
		if n < head || n > int64(len(b)) {
			return found, broken("a part of the recording has no size that it may have")
		}
		f, err := cleanBox(b[:n], b[head:n], depth)
		if err != nil {
			return found, err
		}
		found |= f
		b = b[n:]
	}
	return found, nil
}

func cleanBox(whole, body []byte, depth int) (Found, error) {
	name := string(whole[4:8])
	switch boxes[name] {
	case boxKeep:
		return 0, nil
	case boxOpen:
		return cleanInside(body, depth+1)
	case boxTimes:
		return clearTimes(body)
	case boxTrack:
		if len(body) < 24 {
			return 0, broken("a track of the recording does not say what it is")
		}
		switch string(body[8:12]) {
		case "vide", "soun", "url ", "alis": // QuickTime says of data references that they are an alias
		default:
			return 0, broken("the recording has a track that is neither picture nor sound; such tracks hold positions")
		}
		return wipe(body[12:], Device), nil
	}
	copy(whole[4:], "free")
	found := wipe(body, boxFound(name))
	return found, nil
}

// wipe sets bytes to nothing; found is what there was, if there was anything.
func wipe(b []byte, found Found) Found {
	for _, name := range []string{"\xa9xyz", "loci", "quicktime.location"} {
		if bytes.Contains(b, []byte(name)) {
			found |= Position
		}
	}
	if len(bytes.Trim(b, "\x00")) == 0 {
		return 0
	}
	clear(b)
	return found
}

// clearTimes sets when a track was made and changed to nothing.
func clearTimes(body []byte) (Found, error) {
	n := 12
	if len(body) > 0 && body[0] == 1 {
		n = 20
	}
	if len(body) < n {
		return 0, broken("a part of the recording is cut off")
	}
	return wipe(body[4:n], Device), nil
}

func boxFound(name string) Found {
	switch name {
	case "udta", "meta", "uuid":
		return Device | Remarks
	}
	return Elsewhere
}
