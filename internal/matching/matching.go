// Package matching says how records of a kind are laid side by side to find the ones that
// speak of one person, event or perpetrator: what is compared, and what goes into each
// cell. The workspace and the calibration of its figures both use it, so that the figures
// are calibrated on the linkage that makes them.
//
// It knows no journal, no consent and no index: whoever calls it hands in only what may be
// compared.
package matching

import (
	"slices"

	"example.org/amparo/id"
	"example.org/amparo/internal/kind"
	"example.org/amparo/linkage"
	"example.org/amparo/linkage/table"
	"example.org/amparo/linkage/testimony"
)

// surely is the weight in bits from which two accounts are taken for one person before
// anybody has looked: odds of eight to one. To take two people for one erases one of them
// from every count; two accounts of one person that stay apart are still in the queue.
const surely = 3

// models say what is compared of each kind. Nothing in them is estimated from data.
var models = map[string]linkage.Model{
	"person": {Link: linkage.Dedupe, Dependence: true, Threshold: surely, Fields: []linkage.Field{
		{Name: "names", Compare: "names", Frequency: true}, {Name: "birth", Compare: "interval", Frequency: true},
		{Name: "sex", Compare: "trait"}, {Name: "origin", Compare: "site", Frequency: true},
		{Name: "crossings", Compare: "events", Frequency: true}, {Name: "returns", Compare: "events", Frequency: true},
		{Name: "kin", Compare: "kin"},
	}},
	"incident": {Link: linkage.Dedupe, Dependence: true, Fields: []linkage.Field{
		{Name: "victims", Compare: "names", Frequency: true}, {Name: "type", Compare: "coded", Frequency: true, Steady: true}, {Name: "date", Compare: "interval", Frequency: true},
		{Name: "place", Compare: "site", Frequency: true}, {Name: "facility_type", Compare: "exact", Frequency: true}, {Name: "agency", Compare: "exact"}, {Name: "return", Compare: "exact"},
	}},
	"perpetrator": {Link: linkage.Dedupe, Dependence: true, Fields: []linkage.Field{
		{Name: "names", Compare: "names", Frequency: true}, {Name: "agency", Compare: "exact"}, {Name: "role", Compare: "exact", Frequency: true},
	}},
}

// Kinds are the kinds whose records are looked through for doubles, in order. Places need
// none: a place is a code of the gazetteer.
func Kinds() []string { return []string{"person", "incident", "perpetrator"} }

// Model returns how records of a kind are compared, and whether they are at all.
func Model(kindName string) (linkage.Model, bool) {
	m, ok := models[kindName]
	m.Fields = slices.Clone(m.Fields)
	return m, ok
}

// Record is one record as it is compared: its folded values.
type Record struct {
	ID     id.ID
	Values kind.Values
}

// NameFields are the fields that hold what somebody is called, of person_identity and
// perpetrator alike.
func NameFields() []string { return []string{"names", "transliterations", "aliases"} }

// Name is a name out of one of the [NameFields] as [Table] takes it: names somebody is also
// known under are marked, for many share the same one.
func Name(field, text string) string {
	if field == "aliases" {
		return testimony.Alias(text)
	}
	return text
}

// Table lays records out for comparison, in their order. named are the names of people by
// the record of the person, each as [Name] gives it; what is known of their lives is put
// into the records by [Lives.Put].
func Table(k *kind.Kind, m linkage.Model, records []Record, named map[id.ID][]string) *table.Table {
	b := NewBuilder(k, m)
	b.Add(records, named)
	return b.Table()
}

// Builder makes a [Table] of records that are not in memory together.
type Builder struct {
	k      *kind.Kind
	fields []string
	b      *table.Builder
}

// NewBuilder begins a table of records of a kind.
func NewBuilder(k *kind.Kind, m linkage.Model) *Builder {
	b := &Builder{k: k}
	for _, f := range m.Fields {
		b.fields = append(b.fields, f.Name)
	}
	b.b = table.NewBuilder(b.fields)
	b.b.Source(k.Name)
	return b
}

// Add lays out further records.
func (b *Builder) Add(records []Record, named map[id.ID][]string) {
	for _, r := range records {
		for c, f := range b.fields {
			b.b.Set(c, []byte(cell(b.k, r, f, named)))
		}
		b.b.Next()
	}
}

// Table is all that was laid out. Nothing more can be added.
func (b *Builder) Table() *table.Table { return b.b.Table() }

// Reads lists the fields of a record of a kind that comparing it looks at.
func Reads(m linkage.Model) []string {
	out := []string{"episode", "person"} // by which harms are told apart
	for _, f := range m.Fields {
		out = append(out, f.Name)
	}
	return out
}

func cell(k *kind.Kind, r Record, field string, named map[id.ID][]string) string {
	if field == "names" {
		return testimony.Join(named[r.ID])
	}
	var out []string
	for _, v := range r.Values[field] {
		if v.State != kind.Given {
			continue
		}
		if field == "victims" {
			if p, err := id.Parse(v.Text); err == nil {
				out = append(out, named[p]...)
			}
			continue
		}
		out = append(out, v.Text)
	}
	if f, ok := k.Field(field); ok && f.Type == kind.TypeTerm && len(out) > 1 {
		slices.Sort(out)
	}
	return testimony.Join(out)
}

// Pairs is a set of pairs of records by number.
type Pairs map[[2]uint32]bool

// Has reports whether two different records are a pair of the set.
func (p Pairs) Has(i, j uint32) bool { return p[[2]uint32{min(i, j), max(i, j)}] }

// Together adds every pair of records that one account names beside each other.
func (p Pairs) Together(records []uint32) {
	for i := range records {
		for _, j := range records[:i] {
			if records[i] != j {
				p[[2]uint32{min(records[i], j), max(records[i], j)}] = true
			}
		}
	}
}

// Harms gathers which incidents were told as different ones: those of one stay, and those of
// the first and the second return of one person. The zero value is ready.
type Harms struct {
	n       uint32
	stays   map[string][]uint32
	tellers map[string][]returned
}

// returned is an incident of a return.
type returned struct {
	incident uint32
	of       string // the first, the second
}

// Add takes in further incidents, in the order of their numbers.
func (h *Harms) Add(incidents []Record) {
	if h.stays == nil {
		h.stays, h.tellers = map[string][]uint32{}, map[string][]returned{}
	}
	for _, r := range incidents {
		if of := r.Values.Get("episode"); of != "" {
			h.stays[of] = append(h.stays[of], h.n)
		}
		if by, of := r.Values.Get("person"), r.Values.Get("return"); by != "" && of != "" {
			h.tellers[by] = append(h.tellers[by], returned{h.n, of})
		}
		h.n++
	}
}

// Told adds every pair of incidents that one person told as two.
func (p Pairs) Told(h *Harms) {
	for _, in := range h.stays {
		p.Together(in)
	}
	for _, in := range h.tellers {
		for k, i := range in {
			for _, j := range in[:k] {
				if i.of != j.of {
					p.Together([]uint32{j.incident, i.incident})
				}
			}
		}
	}
}
