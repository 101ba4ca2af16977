package names

import (
	"slices"

	"example.org/amparo/names"
)

// How much of what a Latin name may stand for is kept for blocking.
const (
	narrowNames = 8
	wideNames   = 16
)

// Blocks returns the keys under which a name is found, sorted: the Hangul name as heard,
// for each reading or decoding. Two records of one person share a key in most cases
// whatever script they are in; see [Key.Wide] for the others.
func (k Key) Blocks() []string {
	var out []string
	for i, n := range k.hangulNames() {
		if i == narrowNames {
			break
		}
		s, g := names.Heard(n[0], []rune(n[1]))
		if len(g) > 0 {
			out = append(out, s+" "+string(g))
		}
	}
	if k.Script == Other || len(out) == 0 && k.Part == Whole {
		out = append(out, k.folded)
	}
	return unique(out)
}

// Heard returns at most n of the Hangul names as heard that a name may stand for, the
// likeliest first; a name that has none is returned as it is compared. A surname alone has
// none.
func (k Key) Heard(n int) []string {
	var out []string
	for _, h := range k.hangulNames() {
		if len(out) == n {
			break
		}
		s, g := names.Heard(h[0], []rune(h[1]))
		if name := s + " " + string(g); len(g) > 0 && !slices.Contains(out, name) {
			out = append(out, name)
		}
	}
	if k.Part == Whole && len(out) == 0 && n > 0 {
		out = append(out, k.folded)
	}
	return out
}

// Wide returns wider keys, sorted: the surname with each syllable of the given name and
// its place, and the given name alone (for a changed surname). They make larger blocks.
func (k Key) Wide() []string {
	var out []string
	for i, n := range k.hangulNames() {
		if i == wideNames {
			break
		}
		s, g := names.Heard(n[0], []rune(n[1]))
		for place, r := range g {
			out = append(out, s+string(rune('1'+min(place, 2)))+string(r))
		}
		if len(g) > 1 {
			out = append(out, "+"+string(g))
		}
	}
	if len(out) == 0 && k.Part == Whole {
		out = append(out, k.folded)
	}
	return unique(out)
}

// hangulNames are the Hangul names a key may stand for, the likeliest first.
func (k Key) hangulNames() [][2]string {
	var out [][2]string
	for _, h := range k.Hangul {
		out = append(out, [2]string{h.Surname, string(h.Given)})
	}
	for _, d := range k.Decoded {
		out = append(out, [2]string{d.Surname, d.Given})
	}
	return out
}

func unique(s []string) []string {
	slices.Sort(s)
	return slices.Compact(s)
}
