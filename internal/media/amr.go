package media

import (
	"bufio"
	"errors"
	"io"
)

// Lengths in bytes of the frames of speech after their first byte, by type; -1: none such.
// Source: RFC 4867, sections 3.6 and 5.3; 3GPP TS 26.101 and 26.201.
var (
	amrNarrow = [16]int{12, 13, 15, 17, 19, 20, 26, 31, 5, -1, -1, -1, -1, -1, -1, 0}
	amrWide   = [16]int{17, 23, 32, 36, 40, 46, 50, 58, 60, 5, -1, -1, -1, -1, 0, 0}
)

// cleanAMR keeps the frames of speech of one channel: the format holds nothing else, so
// that anything else is somebody's addition, and the file is refused.
func cleanAMR(in *bufio.Reader, out io.Writer) (Found, error) {
	lengths := &amrNarrow
	head, err := in.ReadString('\n')
	switch {
	case err != nil:
		return 0, err
	case head == "#!AMR-WB\n":
		lengths = &amrWide
	case head != "#!AMR\n":
		return 0, broken("the recording is not of one channel of speech")
	}
	if _, err := io.WriteString(out, head); err != nil {
		return 0, err
	}
	for {
		first, err := in.ReadByte()
		if errors.Is(err, io.EOF) {
			return 0, nil
		}
		if err != nil {
			return 0, err
		}
		n := lengths[first>>3&15]
		if first&0x83 != 0 || n < 0 {
			return 0, broken("between the frames of speech stands something else")
		}
		frame, err := take(in, int64(n))
		if err != nil {
			return 0, err
		}
		if _, err := out.Write(append([]byte{first}, frame...)); err != nil {
			return 0, err
		}
	}
}
