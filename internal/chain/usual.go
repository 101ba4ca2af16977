package chain

import (
	"strconv"
	"strings"

	"example.org/amparo/internal/kind"
)

// custom is what the vocabulary of stages says is usual.
type custom struct {
	country, agency, facility []string
	least, most               int64
}

// also are facilities the vocabulary's one cell does not name: interrogation by the SSD
// happens in its holding centres too, short labour in re-education centres, and custody
// in China in detention houses (vocabulary facility_types, column stage).
var also = map[string][]string{"ST02": {"FT-CN-KSS"}, "ST05": {"FT-JKS-SSD"}, "ST08": {"FT-MIL"}, "ST09": {"FT-KYY"}, "ST14": {"FT-ROK-HNW"}}

var alsoAgency = map[string][]string{"ST14": {"AG-MOU"}, "ST08": {"AG-MSC"}}

func usualOf(set Stages, stage string) custom {
	voc, ok := set.Vocabulary("repatriation_stages")
	if !ok {
		return custom{}
	}
	t, ok := voc.Term(stage)
	if !ok {
		return custom{}
	}
	c := custom{country: countries(t.Attr["country"]), agency: split(t.Attr["agency"]), facility: split(t.Attr["facility_type"])}
	if c.agency != nil {
		c.agency = append(c.agency, alsoAgency[stage]...)
	}
	if c.facility != nil {
		c.facility = append(c.facility, also[stage]...)
	}
	c.least, _ = strconv.ParseInt(t.Attr["typical_days_low"], 10, 64) // empty: nothing is usual
	c.most, _ = strconv.ParseInt(t.Attr["typical_days_high"], 10, 64)
	return c
}

// countries reads "CN", "CN-KP", "CN-MN/LA/VN".
func countries(cell string) []string {
	return strings.FieldsFunc(cell, func(r rune) bool { return r == '-' || r == '/' })
}

func split(cell string) []string {
	if cell == "" {
		return nil
	}
	return strings.FieldsFunc(cell, func(r rune) bool { return r == '/' || r == '|' })
}

// Question is one thing a person was asked in interrogation.
type Question struct {
	Record  string
	Code    string // QA-xxx
	Nexus   []string
	Grounds []string // CG-xxx, where the element names them
}

// Nexus says which elements of the refugee definition a question supports, and which
// Convention grounds it imputes: what interrogators look for is the best proof of why the
// person is harmed.
func Nexus(set interface {
	Vocabulary(name string) (*kind.Vocabulary, bool)
}, code string) Question {
	q := Question{Code: code}
	voc, ok := set.Vocabulary("interrogation_questions")
	if !ok {
		return q
	}
	t, ok := voc.Term(code)
	if !ok {
		return q
	}
	// "E1.2;E5(CG-RAC;CG-MPSG)": grounds stand in brackets behind an element.
	for _, part := range strings.FieldsFunc(t.Attr["nexus_elements"], func(r rune) bool { return strings.ContainsRune(";()", r) }) {
		if strings.HasPrefix(part, "CG-") {
			q.Grounds = append(q.Grounds, part)
		} else {
			q.Nexus = append(q.Nexus, part)
		}
	}
	return q
}
