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

// jaroWinkler is the similarity of two words of letters, 0 to 1.
//
// Source: Winkler (1990), Proceedings of the Section on Survey Research Methods, ASA, 354-359.
func jaroWinkler(a, b string) float64 {
	if a == b {
		return 1
	}
	j := jaro(a, b)
	prefix := 0
	for prefix < min(4, len(a), len(b)) && a[prefix] == b[prefix] {
		prefix++
	}
	return j + float64(prefix)*0.1*(1-j)
}

func jaro(a, b string) float64 {
	if len(a) == 0 || len(b) == 0 {
		return 0
	}
	window := max(max(len(a), len(b))/2-1, 0)
	usedA, usedB := make([]bool, len(a)), make([]bool, len(b))
	m := 0
	for i := range len(a) {
		for j := max(0, i-window); j < min(len(b), i+window+1); j++ {
			if !usedB[j] && a[i] == b[j] {
				usedA[i], usedB[j] = true, true
				m++
				break
			}
		}
	}
	if m == 0 {
		return 0
	}
	half, j := 0, 0
	for i := range len(a) {
		if !usedA[i] {
			continue
		}
		for !usedB[j] {
			j++
		}
		if a[i] != b[j] {
			half++
		}
		j++
	}
	f := float64(m)
	return (f/float64(len(a)) + f/float64(len(b)) + (f-float64(half)/2)/f) / 3
}
