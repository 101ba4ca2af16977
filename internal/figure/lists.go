package figure

import "example.org/amparo/estimate/hist"

// Lists is who is on which list.
type Lists struct {
	Names []string
	On    []hist.History // the lists of each person, by record number
}
