package table

import (
	"regexp"
	"slices"
	"strings"

	"example.org/amparo/fault"
)

// hxlTag is a hashtag of the Humanitarian Exchange Language with its attributes.
var hxlTag = regexp.MustCompile(`^#[A-Za-z]\w*(\s*\+\s*[A-Za-z]\w*)*$`)

// hxlCore are the hashtags of HXL 1.1. A row needs one of them, or a table of posts with
// a column "hashtag" would lose its first row.
var hxlCore = strings.Fields(`#access #activity #adm1 #adm2 #adm3 #adm4 #adm5 #affected #beneficiary #capacity
	#cause #channel #contact #country #crisis #currency #date #delivery #description #event #frequency #geo #group
	#harm #impact #indicator #inneed #item #loc #meta #modality #need #operations #org #output #population #reached
	#region #respondee #sector #service #severity #status #subsector #targeted #value #id #activity #incident`)

// tagged takes a row for the HXL row if it is one. A row of data is never taken for one
// in silence: a warning names it.
func (s *Sheet) tagged(row []string) bool {
	tags := hxlRow(row, len(s.Header))
	if tags == nil {
		return false
	}
	s.Tags = tags
	s.Warnings = append(s.Warnings, fault.Problem{File: s.Name, Row: 2, Value: tags[slices.IndexFunc(tags, func(t string) bool { return t != "" })],
		Reason: "the row holds HXL hashtags; it is read as a second header, not as data"})
	return true
}

func hxlRow(row []string, columns int) []string {
	core := false
	tags := make([]string, columns)
	for i, c := range row {
		c = strings.ToLower(strings.Join(strings.Fields(c), ""))
		if c == "" {
			continue
		}
		if i >= columns || !hxlTag.MatchString(c) {
			return nil
		}
		name, _, _ := strings.Cut(c, "+")
		core = core || slices.Contains(hxlCore, name)
		tags[i] = c
	}
	if !core {
		return nil
	}
	return tags
}
