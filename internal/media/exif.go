package media

import (
	"bytes"
	"encoding/binary"
)

const (
	tagOrientation = 0x0112
	tagGPS         = 0x8825
)

// readExif finds the orientation (1 to 8; 1 when there is none) and whether there is a
// position, in the TIFF structure of an Exif block.
func readExif(b []byte) (orientation uint16, found Found) {
	orientation, found = 1, Device
	b = bytes.TrimPrefix(b, []byte("Exif\x00\x00"))
	if len(b) < 8 {
		return
	}
	var order binary.ByteOrder
	switch string(b[:2]) {
	case "II":
		order = binary.LittleEndian
	case "MM":
		order = binary.BigEndian
	default:
		return
	}
	at := int64(order.Uint32(b[4:]))
	if at+2 > int64(len(b)) {
		return
	}
	n := int64(order.Uint16(b[at:]))
	for i := range n {
		e := at + 2 + 12*i
		if e+12 > int64(len(b)) {
			return
		}
		switch order.Uint16(b[e:]) {
		case tagOrientation:
			if v := order.Uint16(b[e+8:]); v >= 1 && v <= 8 {
				orientation = v
			}
		case tagGPS:
			found |= Position
		}
	}
	if bytes.Equal(b, uprightExif(orientation)) {
		found = 0
	}
	return
}

// uprightExif is a TIFF structure that says how the picture is turned and nothing else.
func uprightExif(orientation uint16) []byte {
	b := []byte("MM\x00*\x00\x00\x00\x08\x00\x01")
	b = binary.BigEndian.AppendUint16(b, tagOrientation)
	b = binary.BigEndian.AppendUint16(b, 3) // SHORT
	b = binary.BigEndian.AppendUint32(b, 1)
	b = binary.BigEndian.AppendUint16(b, orientation)
	return append(b, 0, 0, 0, 0, 0, 0)
}
