package latin

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"

	"example.org/amparo/fault"
)

// Default is the model trained on all the pairs of [tableText]. It is made once, at the
// first call, in about a tenth of a second.
var Default = sync.OnceValue(func() *Model {
	n, err := readCounts(tableText)
	if err != nil {
		panic(err) // the table is part of the program and a test reads it
	}
	return newModel(n, defaultStrengths)
})

// smallest is the expected number of events below which the written table drops an entry:
// it shifts no probability by more than a hundredth of what smoothing leaves open.
const smallest = 0.02

// Write writes what the model learned, as [Default] reads it: a line of a kind, a class,
// a key and entries of the form letters:expected number.
func (m *Model) Write(w io.Writer) error {
	b := bufio.NewWriter(w)
	for c := range classes {
		fmt.Fprintf(b, "c %d - names:%s joined:%s divided:%s\n", c, number(m.n.names[c]), number(m.n.joined[c]), number(m.n.divided[c]))
		line(b, 'f', c, "-", m.n.family[c].by)
		line(b, 'g', c, "-", m.n.given[c].by)
		for _, k := range slices.Sorted(maps.Keys(m.n.surname[c])) {
			line(b, 's', c, k, m.n.surname[c][k].by)
		}
		for _, k := range slices.Sorted(maps.Keys(m.n.syllable[c])) {
			line(b, 'y', c, string(k), m.n.syllable[c][k].by)
		}
		for _, k := range slices.Sorted(maps.Keys(m.n.symbol[c])) {
			line(b, 'j', c, strconv.Itoa(int(k)), m.n.symbol[c][k].by)
		}
	}
	line(b, 'l', 0, "-", m.n.letters.grams)
	return b.Flush()
}

// number writes an expected number to a hundredth.
func number(f float64) string { return strconv.FormatFloat(f, 'f', 2, 64) }

// line writes the entries that count, the most frequent first.
func line(b *bufio.Writer, kind byte, c Class, key string, by map[string]float64) {
	keys := slices.SortedFunc(maps.Keys(by), func(x, y string) int {
		return cmp.Or(cmp.Compare(by[y], by[x]), cmp.Compare(x, y))
	})
	wrote := false
	for _, l := range keys {
		if by[l] < smallest {
			break
		}
		if !wrote {
			fmt.Fprintf(b, "%c %d %s", kind, c, key)
			wrote = true
		}
		fmt.Fprintf(b, " %s:%s", l, strings.TrimSuffix(strings.TrimRight(number(by[l]), "0"), "."))
	}
	if wrote {
		b.WriteByte('\n')
	}
}

// readCounts reads what Write wrote.
func readCounts(text string) (*counts, error) {
	n := newCounts()
	n.letters = newSpelling()
	at := 0
	for l := range strings.Lines(text) {
		at++
		f := strings.Fields(l)
		if len(f) == 0 {
			continue
		}
		if len(f) < 4 || len(f[0]) != 1 {
			return nil, fault.New(fault.Corrupt, "latin table", "line %d has no kind, class, key and entry", at)
		}
		c, err := strconv.Atoi(f[1])
		if err != nil || c < 0 || c >= int(classes) {
			return nil, fault.New(fault.Corrupt, "latin table", "line %d has no class", at)
		}
		for _, e := range f[3:] {
			letters, num, _ := strings.Cut(e, ":")
			w, err := strconv.ParseFloat(num, 64)
			if err != nil || !n.put(f[0][0], Class(c), f[2], letters, w) {
				return nil, fault.New(fault.Corrupt, "latin table", "line %d: entry %q is not understood", at, e)
			}
		}
	}
	return n, nil
}

// put takes in one entry.
func (n *counts) put(kind byte, c Class, key, letters string, w float64) bool {
	switch kind {
	case 'c':
		switch letters {
		case "names":
			n.names[c] = w
		case "joined":
			n.joined[c] = w
		case "divided":
			n.divided[c] = w
		default:
			return false
		}
	case 'f':
		n.family[c].add(letters, w)
	case 'g':
		n.given[c].add(letters, w)
	case 's':
		n.addSurname(c, key, letters, w)
	case 'y':
		n.addSyllable(c, []rune(key)[0], letters, w)
	case 'j':
		s, err := strconv.ParseUint(key, 10, 8)
		if err != nil || s >= allSymbols {
			return false
		}
		n.symbol[c].add(symbol(s), letters, w)
	case 'l':
		n.letters.grams[letters] += w
	default:
		return false
	}
	return true
}
