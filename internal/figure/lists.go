package figure

import (
	"bytes"
	"fmt"

	"example.org/amparo/estimate"
	"example.org/amparo/estimate/hist"
)

// Lists is who is on which list, of those who may be counted.
type Lists struct {
	Names []string       // in the order of the histories
	On    []hist.History // the lists of each person, by record number
}

// listed counts the people on lists as they are linked, and gives a hash over who they are and
// which lists each record names: the same whatever draws of who is who are asked for.
func (g *Ground) listed(l Lists) (people int, basis string) {
	var b bytes.Buffer
	fmt.Fprintln(&b, l.Names)
	lead := map[uint32]int{}
	for n, h := range l.On {
		if h == 0 {
			continue
		}
		first, ok := lead[g.Linked[n]]
		if !ok {
			lead[g.Linked[n]], first = n, n
		}
		fmt.Fprintln(&b, g.Persons[n], g.Persons[first], h)
	}
	return len(lead), estimate.Hash(g.salted(b.Bytes()))
}
