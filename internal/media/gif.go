package media

import (
	"bufio"
	"io"
)

// cleanGIF keeps the screen, its colours, the images, how long each is shown and how often
// all are.
func cleanGIF(in *bufio.Reader, out io.Writer) (Found, error) {
	w := bufio.NewWriter(out)
	head, err := take(in, 13)
	if err != nil {
		return 0, err
	}
	if s := string(head[:6]); s != "GIF87a" && s != "GIF89a" {
		return 0, broken("this is not a GIF picture")
	}
	_, _ = w.Write(head)
	if err := colours(in, w, head[10]); err != nil {
		return 0, err
	}
	var found Found
	for {
		b, err := in.ReadByte()
		if err != nil {
			return found, err
		}
		switch b {
		case 0x3B:
			_ = w.WriteByte(b)
			return found | tail(in), w.Flush()
		case 0x2C:
			desc, err := take(in, 9)
			if err != nil {
				return found, err
			}
			_ = w.WriteByte(b)
			_, _ = w.Write(desc)
			if err := colours(in, w, desc[8]); err != nil {
				return found, err
			}
			size, err := in.ReadByte()
			if err != nil {
				return found, err
			}
			_ = w.WriteByte(size)
			if err := blocks(in, w); err != nil {
				return found, err
			}
		case 0x21:
			f, err := extension(in, w)
			found |= f
			if err != nil {
				return found, err
			}
		default:
			return found, broken("the picture has a part that no GIF picture has")
		}
	}
}

// colours copies a table of colours when the flags say there is one.
func colours(in *bufio.Reader, w io.Writer, flags byte) error {
	if flags&0x80 == 0 {
		return nil
	}
	_, err := io.CopyN(w, in, 3<<(flags&7+1))
	return err
}

// blocks copies blocks of data up to the empty one.
func blocks(in *bufio.Reader, w io.Writer) error {
	for {
		n, err := in.ReadByte()
		if err != nil {
			return err
		}
		if _, err := w.Write([]byte{n}); err != nil {
			return err
		}
		if n == 0 {
			return nil
		}
		if _, err := io.CopyN(w, in, int64(n)); err != nil {
			return err
		}
	}
}

// extension keeps how long an image is shown (4 bytes) and how often all are (3 bytes), and
// of these nothing that stands behind them.
func extension(in *bufio.Reader, w io.Writer) (Found, error) {
	label, err := in.ReadByte()
	if err != nil {
		return 0, err
	}
	var data [][]byte
	for {
		n, err := in.ReadByte()
		if err != nil {
			return 0, err
		}
		if n == 0 {
			break
		}
		b, err := take(in, int64(n))
		if err != nil {
			return 0, err
		}
		if len(data) < 3 {
			data = append(data, b)
		}
	}
	name := ""
	if len(data) > 0 {
		name = string(data[0])
	}
	switch {
	case label == 0xF9 && len(name) == 4:
		_, err = w.Write(append([]byte{0x21, label, 4}, name+"\x00"...))
		return 0, err
	case label == 0xFF && (name == "NETSCAPE2.0" || name == "ANIMEXTS1.0") && len(data) > 1 && len(data[1]) == 3 && data[1][0] == 1:
		_, err = w.Write(append(append([]byte{0x21, label, 11}, name+"\x03"...), data[1][0], data[1][1], data[1][2], 0))
		return 0, err
	case label == 0xFF:
		return Elsewhere, nil
	}
	return Remarks, nil
}
