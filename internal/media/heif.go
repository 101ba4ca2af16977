package media

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"io"
	"slices"
)

// A picture in boxes (ISO 23008-12: HEIC, AVIF) is a list of items, each with its type, its
// properties, and where in the file its data are. A copy has the picture that is shown
// first and the parts it is put together from. All other items, among them what the camera
// wrote (Exif, XMP), thumbnails, depth and transparency, get a type that nothing reads, and their
// data, like all that belongs to no item, become nothing. Places stay as they are.

// heifItem is one item: where its type stands in the file, and its data.
type heifItem struct {
	kind  []byte // four letters, in the file
	names []byte // what follows in its description: its name and the like
	data  []span
}

// span is a part of the file.
type span struct{ at, n int }

type heif struct {
	found   Found
	whole   []byte // the file
	media   []span // where data may lie: mdat
	idat    span
	loc     span
	primary uint32
	items   map[uint32]*heifItem
	made    map[uint32][]uint32 // of which items an item is put together
	kept    []byte              // by byte of the file: 1 where it belongs to a kept item
}

// heifNothing is the type that items left out get.
const heifNothing = "free"

// Properties that say how a picture is coded, cut and turned (ISO 23008-12, section 6.5;
// AV1-ISOBMFF). Of colours only those named by number stay: a profile names a device.
var heifProperties = map[string]bool{"ispe": true, "pixi": true, "hvcC": true, "av1C": true, "irot": true, "imir": true, "clap": true, "pasp": true,
	"colr": true, "auxC": true, "a1op": true, "a1lx": true, "lsel": true, "clli": true, "mdcv": true, "lhvC": true, "oinf": true, "tols": true}

var heifPictures = map[string]bool{"hvc1": true, "av01": true, "grid": true, "iden": true, "iovl": true}

// cleanHEIF keeps the picture that is shown first.
func cleanHEIF(in *bufio.Reader, out io.Writer) (Found, error) {
	var b bytes.Buffer
	n, err := io.Copy(&b, io.LimitReader(in, most+1))
	if err != nil {
		return 0, err
	}
	if n > most {
		return 0, broken("the picture is larger than such pictures are")
	}
	h := &heif{whole: b.Bytes(), items: map[uint32]*heifItem{}, made: map[uint32][]uint32{}, kept: make([]byte, n)}
	if err := h.top(); err != nil {
		return h.found, err
	}
	if err := h.keep(); err != nil {
		return h.found, err
	}
	h.clear()
	_, err = out.Write(h.whole)
	return h.found, err
}

// eachBox calls fn with the boxes that a part of the file consists of: the name, as it stands in
// the file, and where what is in the box stands.
func (h *heif) eachBox(s span, fn func(name []byte, in span) error) error {
	for s.n > 0 {
		b := h.of(s)
		if len(b) < 8 {
			return broken("a part of the picture is cut off")
		}
		n, head := uint64(binary.BigEndian.Uint32(b)), uint64(8)
		switch {
		case n == 0:
			n = uint64(len(b))
		case n == 1 && len(b) >= 16:
			n, head = binary.BigEndian.Uint64(b[8:]), 16
		}
		if n < head || n > uint64(len(b)) {
			return broken("a part of the picture has no size that it may have")
		}
		if err := fn(b[4:8], span{s.at + int(head), int(n - head)}); err != nil {
			return err
		}
		s = span{s.at + int(n), s.n - int(n)}
	}
	return nil
}

func (h *heif) of(s span) []byte { return h.whole[s.at : s.at+s.n] }

func (h *heif) top() error {
	first, metas := true, 0
	err := h.eachBox(span{0, len(h.whole)}, func(name []byte, in span) error {
		if first != (string(name) == "ftyp") {
			return broken("this is not a picture in boxes")
		}
		first = false
		switch string(name) {
		case "ftyp":
		case "mdat":
			h.media = append(h.media, in)
		case "meta":
			metas++
			return h.meta(in)
		case "moov", "moof":
			return broken("the picture moves; a recording stands beside it")
		default:
			h.drop(name, in, Elsewhere)
		}
		return nil
	})
	if err == nil && metas != 1 {
		err = broken("the picture does not say where it is")
	}
	if err != nil {
		return err
	}
	return h.places(h.loc)
}

// drop turns a box into free space.
func (h *heif) drop(name []byte, in span, found Found) {
	copy(name, "free")
	h.found |= wipe(h.of(in), found)
}

// after is what is left of a part of the file behind its first n bytes.
func (s span) after(n int) span { return span{s.at + n, max(s.n-n, 0)} }

func (h *heif) meta(in span) error {
	if in.n < 4 {
		return broken("a part of the picture is cut off")
	}
	return h.eachBox(in.after(4), func(name []byte, in span) error {
		body := h.of(in)
		r := &reader{b: body}
		version := byte(r.uint(4) >> 24)
		switch string(name) {
		case "hdlr":
			if len(body) < 24 || string(body[8:12]) != "pict" {
				return broken("this is not a picture in boxes")
			}
			h.found |= wipe(body[12:], Device)
		case "pitm":
			h.primary = uint32(r.uint(2 + 2*min(int(version), 1)))
		case "iinf":
			r.uint(2 + 2*min(int(version), 1))
			return h.eachBox(in.after(in.n-len(r.b)), h.item)
		case "iref":
			return h.eachBox(in.after(4), func(name []byte, in span) error { return h.reference(string(name), in, version) })
		case "iprp":
			return h.eachBox(in, h.properties)
		case "iloc":
			h.loc = in
		case "idat":
			h.idat = in
			return nil
		case "dinf":
			h.drop(name, in, 0) // names where data are, if not in this file
			return nil
		default:
			h.drop(name, in, Device|Remarks)
			return nil
		}
		return r.err
	})
}

// item reads one description (infe).
func (h *heif) item(name []byte, in span) error {
	r := &reader{b: h.of(in)}
	version, id := byte(r.uint(4)>>24), uint32(0)
	if string(name) != "infe" || version < 2 {
		return broken("the picture describes its parts in a way that is not known")
	}
	id = uint32(r.uint(2 * (int(version) - 1)))
	r.uint(2)
	if r.err != nil || len(r.b) < 4 || version > 3 || h.items[id] != nil {
		return broken("the picture describes its parts in a way that is not known")
	}
	h.items[id] = &heifItem{kind: r.b[:4], names: r.b[4:]}
	return nil
}

func (h *heif) reference(kind string, in span, version byte) error {
	size := 2 + 2*min(int(version), 1)
	r := &reader{b: h.of(in)}
	from, n := uint32(r.uint(size)), int(r.uint(2))
	for range n {
		to := uint32(r.uint(size))
		if r.err != nil {
			return r.err
		}
		if kind == "dimg" {
			h.made[from] = append(h.made[from], to)
		}
	}
	return r.err
}

func (h *heif) properties(name []byte, in span) error {
	switch string(name) {
	case "ipma":
		return nil
	case "ipco":
		return h.eachBox(in, func(name []byte, in span) error {
			switch {
			case string(name) == "colr" && !bytes.HasPrefix(h.of(in), []byte("nclx")):
				h.drop(name, in, Profile)
			case !heifProperties[string(name)]:
				h.drop(name, in, Device)
			}
			return nil
		})
	}
	h.drop(name, in, Elsewhere)
	return nil
}

// places finds the data of every item (iloc).
func (h *heif) places(in span) error {
	r := &reader{b: h.of(in)}
	version := int(r.uint(4) >> 24)
	sizes := r.uint(2)
	offset, length, base, index := int(sizes>>12), int(sizes>>8&15), int(sizes>>4&15), int(sizes&15)
	if version == 0 {
		index = 0
	}
	for _, n := range []int{offset, length, base, index} {
		if n != 0 && n != 4 && n != 8 || version > 2 {
			return broken("the picture says in a way that is not known where its parts are")
		}
	}
	wide := 2 + 2*max(version-1, 0)
	left := uint64(len(h.whole)) // parts do not share data, so that all together are no more than the file
	for range r.uint(wide) {
		id, method := uint32(r.uint(wide)), uint64(0)
		if version > 0 {
			method = r.uint(2) & 15
		}
		source, from := r.uint(2), r.uint(base)
		extents := r.uint(2)
		it := h.items[id]
		if r.err != nil || method > 1 || source != 0 || it == nil {
			return broken("the picture says in a way that is not known where its parts are")
		}
		spaces := h.media
		if method == 1 {
			spaces, from = []span{h.idat}, from+uint64(h.idat.at)
		}
		for range extents {
			r.uint(index)
			at := from + r.uint(offset)
			n := r.uint(length)
			if r.err != nil || length == 0 || n > left || !within(spaces, at, n) {
				return broken("a part of the picture lies outside its data")
			}
			left -= n
			it.data = append(it.data, span{int(at), int(n)})
		}
	}
	return r.err
}

// keep finds what the picture consists of.
func (h *heif) keep() error {
	wanted := []uint32{h.primary}
	for k := 0; k < len(wanted); k++ {
		it := h.items[wanted[k]]
		if it == nil || !heifPictures[string(it.kind)] {
			return broken("the picture is put together in a way that is not known")
		}
		for _, id := range h.made[wanted[k]] {
			if !slices.Contains(wanted, id) {
				wanted = append(wanted, id)
			}
		}
		for _, d := range it.data {
			for i := range d.n {
				h.kept[d.at+i] = 1
			}
		}
	}
	for id, it := range h.items {
		h.found |= wipe(it.names, Remarks)
		if slices.Contains(wanted, id) || string(it.kind) == heifNothing {
			continue
		}
		found := Elsewhere
		switch string(it.kind) {
		case "Exif":
			_, found = readExif(h.tiff(it.data))
			found |= Device
		case "mime":
			found = Device | Remarks
		}
		copy(it.kind, heifNothing)
		h.found |= found
	}
	return nil
}

// tiff is what follows, in the data of an Exif item, the offset at its beginning.
func (h *heif) tiff(data []span) []byte {
	var b []byte
	for _, d := range data {
		b = append(b, h.of(d)...)
	}
	if len(b) < 4 {
		return nil
	}
	skip := uint64(binary.BigEndian.Uint32(b)) + 4
	return b[min(skip, uint64(len(b))):]
}

// within reports whether a part of the file lies in one of those where data may lie.
func within(spaces []span, at, n uint64) bool {
	return slices.ContainsFunc(spaces, func(s span) bool {
		return at >= uint64(s.at) && at <= uint64(s.at+s.n) && n <= uint64(s.at+s.n)-at
	})
}

// clear makes nothing of all data that the picture does not consist of.
func (h *heif) clear() {
	for _, s := range append(h.media, h.idat) {
		for i, c := range h.of(s) {
			if h.kept[s.at+i] == 0 && c != 0 {
				h.whole[s.at+i] = 0
				h.found |= Elsewhere
			}
		}
	}
}

// reader reads numbers; after the end it reads zeros and keeps the error.
type reader struct {
	b   []byte
	err error
}

func (r *reader) uint(n int) (x uint64) {
	if len(r.b) < n {
		r.b, r.err = nil, broken("a part of the picture is cut off")
		return 0
	}
	for _, c := range r.b[:n] {
		x = x<<8 | uint64(c)
	}
	r.b = r.b[n:]
	return x
}
