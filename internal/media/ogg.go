package media

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"io"
)

// page is one page of an Ogg stream (RFC 3533, section 6).
type page struct {
	flags   byte
	granule uint64
	serial  uint32
	lacing  []byte
	data    []byte
}

// Flags of a page.
const (
	pageContinued = 1 << iota
	pageFirst
	pageLast
)

// whole reports whether the last packet of the page ends on it.
func (p *page) whole() bool { return len(p.lacing) == 0 || p.lacing[len(p.lacing)-1] < 255 }

func readPage(in *bufio.Reader) (*page, error) {
	h, err := take(in, 27)
	if err != nil {
		return nil, err
	}
	if string(h[:4]) != "OggS" || h[4] != 0 {
		return nil, broken("a page of the recording does not begin as pages do")
	}
	p := &page{flags: h[5], granule: binary.LittleEndian.Uint64(h[6:]), serial: binary.LittleEndian.Uint32(h[14:])}
	if p.lacing, err = take(in, int64(h[26])); err != nil {
		return nil, err
	}
	n := 0
	for _, l := range p.lacing {
		n += int(l)
	}
	p.data, err = take(in, int64(n))
	return p, err
}

// oggWriter writes the pages of one stream, numbered from 0 under a serial number that says
// nothing: a program may have drawn the old one from its device.
type oggWriter struct {
	out io.Writer
	n   uint32
}

const oggSerial = 1

func (w *oggWriter) page(p *page) error {
	b := append([]byte("OggS\x00"), p.flags)
	b = binary.LittleEndian.AppendUint64(b, p.granule)
	b = binary.LittleEndian.AppendUint32(b, oggSerial)
	b = binary.LittleEndian.AppendUint32(b, w.n)
	b = append(b, 0, 0, 0, 0, byte(len(p.lacing)))
	b = append(append(b, p.lacing...), p.data...)
	binary.LittleEndian.PutUint32(b[22:], oggSum(b))
	w.n++
	_, err := w.out.Write(b)
	return err
}

// packets writes packets on pages of their own, as the heads of a stream stand.
func (w *oggWriter) packets(flags byte, packets ...[]byte) error {
	var lacing, data []byte
	for _, p := range packets {
		for n := len(p); ; n -= 255 {
			lacing = append(lacing, byte(min(n, 255)))
			if n < 255 {
				break
			}
		}
		data = append(data, p...)
	}
	for len(lacing) > 0 {
		l := lacing[:min(255, len(lacing))]
		n := 0
		for _, x := range l {
			n += int(x)
		}
		p := &page{flags: flags, lacing: l, data: data[:n]}
		if l[len(l)-1] == 255 && bytes.Count(l, []byte{255}) == len(l) {
			p.granule = 1<<64 - 1 // no packet ends here
		}
		if err := w.page(p); err != nil {
			return err
		}
		lacing, data, flags = lacing[len(l):], data[n:], 0
		if !p.whole() {
			flags = pageContinued
		}
	}
	return nil
}

// oggSums is the table of the sum of a page: the polynomial 0x04c11db7, not reflected.
var oggSums = func() (t [256]uint32) {
	for i := range t {
		r := uint32(i) << 24
		for range 8 {
			if r&(1<<31) != 0 {
				r = r<<1 ^ 0x04c11db7
			} else {
				r <<= 1
			}
		}
		t[i] = r
	}
	return
}()

func oggSum(b []byte) (sum uint32) {
	for _, x := range b {
		sum = sum<<8 ^ oggSums[byte(sum>>24)^x]
	}
	return
}

// codec is how the heads of a stream are known and what an empty list of remarks is there.
type codec struct {
	first    string // how the first packet begins
	heads    int    // packets before the sound
	remarks  string // how the second begins
	nothing  string // the second without remarks
	describe func(first []byte) ([]byte, bool)
}

// No program's name and no remarks, in a list of remarks.
const noRemarks = "\x00\x00\x00\x00\x00\x00\x00\x00"

var codecs = []codec{
	// RFC 7845, section 5
	{"OpusHead", 2, "OpusTags", "OpusTags" + noRemarks, func(b []byte) ([]byte, bool) {
		n := 19
		if len(b) > 18 && b[18] != 0 {
			n = 21 + int(b[9])
		}
		if len(b) < n || b[8]>>4 != 0 {
			return nil, false
		}
		return b[:n], true
	}},
	// Vorbis I, section 4.2 and 5; the bit that ends the list is set
	{"\x01vorbis", 3, "\x03vorbis", "\x03vorbis" + noRemarks + "\x01", func(b []byte) ([]byte, bool) { return b[:min(30, len(b))], len(b) >= 30 }},
	// the manual of Speex 1.2, section 7.3: the name of the program's version is left out
	{"Speex   ", 2, "", noRemarks, func(b []byte) ([]byte, bool) {
		if len(b) < 80 || binary.LittleEndian.Uint32(b[68:]) != 0 {
			return nil, false // with heads of its own
		}
		clear(b[8:28])
		return b[:80], true
	}},
}

// cleanOgg keeps the sound of one stream. Remarks, the name of the program and whatever
// stands behind the end are left out.
func cleanOgg(in *bufio.Reader, out io.Writer) (Found, error) {
	var found Found
	p, err := readPage(in)
	if err != nil {
		return found, err
	}
	serial := p.serial
	if serial != oggSerial {
		found |= Device
	}
	var c *codec
	for i := range codecs {
		if bytes.HasPrefix(p.data, []byte(codecs[i].first)) {
			c = &codecs[i]
		}
	}
	if c == nil || p.flags&pageFirst == 0 || !p.whole() {
		return found, broken("the recording is not of a known kind")
	}
	given := bytes.Clone(p.data)
	first, ok := c.describe(p.data)
	if !ok {
		return found, broken("the recording does not say how it is coded")
	}
	if !bytes.Equal(first, given) {
		found |= Device
	}
	heads, err := readHeads(in, serial, c.heads-1)
	if err != nil {
		return found, err
	}
	if !bytes.HasPrefix(heads[0], []byte(c.remarks)) {
		return found, broken("the recording's remarks are not where they should be")
	}
	if string(heads[0]) != c.nothing {
		found |= Remarks
	}
	w := &oggWriter{out: out}
	if err := w.packets(pageFirst, first); err != nil {
		return found, err
	}
	heads[0] = []byte(c.nothing)
	if err := w.packets(0, heads...); err != nil {
		return found, err
	}
	for last := false; !last; {
		if _, err := in.Peek(1); err == io.EOF {
			break // some programs do not mark the last page
		}
		if p, err = readPage(in); err != nil {
			return found, err
		}
		if p.serial != serial || p.flags&pageFirst != 0 {
			return found, broken("the recording has several streams; one of them may be no sound")
		}
		last = p.flags&pageLast != 0
		p.flags &= pageContinued | pageLast
		if err := w.page(p); err != nil {
			return found, err
		}
	}
	return found | tail(in), nil
}

// readHeads reads packets that end with a page.
func readHeads(in *bufio.Reader, serial uint32, n int) (packets [][]byte, err error) {
	var open []byte
	for len(packets) < n {
		p, err := readPage(in)
		if err != nil {
			return nil, err
		}
		if p.serial != serial || p.flags&pageFirst != 0 {
			return nil, broken("the recording has several streams; one of them may be no sound")
		}
		for _, l := range p.lacing {
			open, p.data = append(open, p.data[:l]...), p.data[l:]
			if len(open) > most {
				return nil, broken("a part of the file is larger than such parts are")
			}
			if l < 255 {
				packets, open = append(packets, open), nil
			}
		}
	}
	if len(packets) > n || open != nil {
		return nil, broken("sound begins where the recording is still described")
	}
	return packets, nil
}
