package names

import "example.org/amparo/names"

// jamoDistance is the number of jamo to insert, drop or change to make one name of the
// other.
//
// Source: Levenshtein (1966), Soviet Physics Doklady 10(8), over initials, vowels and
// finals.
func jamoDistance(a, b []rune) int {
	x, y := jamo(a), jamo(b)
	row := make([]int, len(y)+1)
	for j := range row {
		row[j] = j
	}
	for i := range x {
		diagonal := row[0]
		row[0] = i + 1
		for j := range y {
			cost := diagonal
			if x[i] != y[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(y)]
}

func jamo(rs []rune) []int {
	var out []int
	for _, r := range rs {
		i, v, f := names.Jamo(r)
		out = append(out, i, 32+v)
		if f != 0 {
			out = append(out, 64+f)
		}
	}
	return out
}

// oneSlip reports whether two different words are one letter or one exchange of neighbours
// apart.
//
// Source: Damerau (1964), Communications of the ACM 7(3), 171-176: four in five errors of
// spelling are one of these.
func oneSlip(a, b string) bool {
	if len(a) > len(b) {
		a, b = b, a
	}
	k := 0
	for k < len(a) && a[k] == b[k] {
		k++
	}
	switch len(b) - len(a) {
	case 0:
		return k == len(a) || a[k+1:] == b[k+1:] || k+1 < len(a) && a[k] == b[k+1] && a[k+1] == b[k] && a[k+2:] == b[k+2:]
	case 1:
		return a[k:] == b[k+1:]
	}
	return false
}
