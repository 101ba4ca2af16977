package media

import (
	"bufio"
	"bytes"
	"errors"
	"io"
)

// bitrates in kbit/s by index 1 to 14: MPEG-1 layers I, II, III; MPEG-2 layer I, II and III.
var bitrates = [5][14]int{
	{32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448},
	{32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384},
	{32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320},
	{32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256},
	{8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160},
}

var rates = [3]int{44100, 48000, 32000} // Hz, MPEG-1

// frameLength is the length in bytes of the MPEG audio frame that begins with h, when one
// does (ISO 11172-3, 2.4.2.3; ISO 13818-3; MPEG 2.5 as decoders read it).
func frameLength(h []byte) (int, bool) {
	if len(h) < 4 || h[0] != 0xFF || h[1]&0xE0 != 0xE0 {
		return 0, false
	}
	version, layer := int(h[1]>>3&3), 4-int(h[1]>>1&3)
	bits, rate, pad := int(h[2]>>4), int(h[2]>>2&3), int(h[2]>>1&1)
	if version == 1 || layer == 4 || bits == 0 || bits == 15 || rate == 3 {
		return 0, false
	}
	row, hz := layer-1, rates[rate]
	if version != 3 {
		row = 3 + min(1, layer-1)
		hz >>= 1
		if version == 0 {
			hz >>= 1
		}
	}
	kbit := bitrates[row][bits-1]
	switch {
	case layer == 1:
		return (12000*kbit/hz + pad) * 4, true
	case layer == 3 && version != 3:
		return 72000*kbit/hz + pad, true
	}
	return 144000*kbit/hz + pad, true
}

// cleanMPEG keeps the frames of sound. Tags (ID3, APE, Lyrics3) and whatever else stands
// between, before or behind them is left out.
func cleanMPEG(in *bufio.Reader, out io.Writer) (Found, error) {
	w := bufio.NewWriter(out)
	var found Found
	frames := 0
	for {
		h, err := in.Peek(10)
		if len(h) < 4 {
			if err != nil && !errors.Is(err, io.EOF) {
				return found, err
			}
			break
		}
		n, ok := frameLength(h)
		if ok {
			ok, err = isFrame(in, n)
			if err != nil {
				return found, err
			}
		}
		switch {
		case ok:
			frames++
			if _, err := io.CopyN(w, in, int64(n)); err != nil {
				return found, err
			}
		case bytes.HasPrefix(h, []byte("ID3")) && len(h) == 10:
			found |= Remarks
			size := int64(h[6]&0x7F)<<21 | int64(h[7]&0x7F)<<14 | int64(h[8]&0x7F)<<7 | int64(h[9]&0x7F)
			if err := skip(in, 10+size); err != nil {
				return found, err
			}
		default:
			found |= Elsewhere
			if bytes.HasPrefix(h, []byte("TAG")) || bytes.HasPrefix(h, []byte("APETAGEX")) {
				found |= Remarks
			}
			_, _ = in.Discard(1) // it was peeked
		}
	}
	if frames == 0 {
		return found, broken("this is not a recording in MPEG audio")
	}
	return found, w.Flush()
}

// isFrame reports whether n bytes are a whole frame: another one follows, or a tag, or the
// end. Else the four bytes only look like one.
func isFrame(in *bufio.Reader, n int) (bool, error) {
	b, err := in.Peek(n + 10)
	if err != nil && !errors.Is(err, io.EOF) {
		return false, err
	}
	if len(b) < n {
		return false, nil
	}
	next := b[n:]
	if len(next) < 4 {
		return true, nil
	}
	_, ok := frameLength(next)
	return ok || bytes.HasPrefix(next, []byte("ID3")) || bytes.HasPrefix(next, []byte("TAG")) || bytes.HasPrefix(next, []byte("APETAGEX")), nil
}
