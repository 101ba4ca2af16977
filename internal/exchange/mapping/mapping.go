// Package mapping says which column of a foreign table is which field of a kind. It is
// data: guessed from the headers with reasons, shown, saved as YAML, edited by hand,
// and applied row by row, all or nothing.
package mapping

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"example.org/amparo/fault"
	"example.org/amparo/internal/exchange/table"
	"example.org/amparo/internal/kind"
)

// Mapping tells how rows of a table become accounts of one kind. A table whose rows
// hold records of several kinds has a mapping for each.
type Mapping struct {
	Table   string              `yaml:"table,omitempty"` // which table of the files; empty: every one
	Skip    string              `yaml:"skip,omitempty"`  // why nothing of the table is taken in
	Kind    string              `yaml:"kind,omitempty"`
	Columns map[string]Column   `yaml:"columns,omitempty"` // by header
	Ignore  []string            `yaml:"ignore,omitempty"`  // headers that are left out on purpose
	Set     map[string]string   `yaml:"set,omitempty"`     // field -> value for every row
	Links   map[string]string   `yaml:"links,omitempty"`   // field -> kind of the record it names: made by this row, or by the row this one belongs to
	Key     []string            `yaml:"key,omitempty"`     // headers that together name a record; none: the whole row does
	Form    []string            `yaml:"form,omitempty"`    // headers that name a submission of a form, the first that is filled
	NA      []string            `yaml:"na,omitempty"`      // cells that mean "nothing stated"
	States  map[string][]string `yaml:"states,omitempty"`  // unknown, refused, not-asked, none -> cells that mean it
	Record  string              `yaml:"record,omitempty"`  // header with the identifier of the record
	Source  string              `yaml:"source,omitempty"`  // header with the record of who says it
	Basis   string              `yaml:"basis,omitempty"`   // header with the basis of knowledge

	why map[string]string // why a header is left out, or a value set
}

// Column is one column's place.
type Column struct {
	Field     string            `yaml:"field"`
	Lang      string            `yaml:"lang,omitempty"`
	Translate map[string]string `yaml:"translate,omitempty"` // cell -> value; empty: nothing stated
	NA        []string          `yaml:"na,omitempty"`
	Choice    string            `yaml:"choice,omitempty"` // the column says yes or no to this one term
	State     bool              `yaml:"state,omitempty"`  // the column says why there is no answer
	Note      string            `yaml:"note,omitempty"`   // the text is added to the field behind this heading
	Find      string            `yaml:"find,omitempty"`   // a link: the cell is this field of the record it names
	Make      bool              `yaml:"make,omitempty"`   // make the record that is not found
	Why       string            `yaml:"-"`
}

// Book is the mappings of everything that is taken in together.
type Book []Mapping

// For returns the mappings of a table: those that name it, else those that name none.
func (b Book) For(name string) []Mapping {
	var own, general []Mapping
	for _, m := range b {
		switch m.Table {
		case name, FileName(name):
			own = append(own, m)
		case "":
			general = append(general, m)
		}
	}
	if own != nil {
		return own
	}
	return general
}

// FileName is a table's name as a file may have it.
func FileName(name string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || strings.ContainsRune(`:\/?*[]"<>|`, r) {
			return '_'
		}
		return r
	}, name)
}

// Reserved reports whether a header is one that the file of refused rows adds.
func Reserved(header string) bool { return slices.Contains(reserved, header) }

// The columns that the file of refused rows adds. Cells that had no column wait in
// [ExtraColumn] until somebody puts them where they belong.
const (
	RowColumn    = "refused: row"
	ReasonColumn = "refused: why"
	ExtraColumn  = "refused: left over"
)

var reserved = []string{RowColumn, ReasonColumn, ExtraColumn}

// YAML writes the mappings for saving and editing, one document each.
func (b Book) YAML() []byte {
	var out bytes.Buffer
	e := yaml.NewEncoder(&out)
	e.SetIndent(2)
	for _, m := range b {
		if err := e.Encode(m); err != nil {
			panic(err) // strings and maps of strings always encode
		}
	}
	return out.Bytes()
}

// maxMapping bounds a saved mapping, in bytes.
const maxMapping = 4 << 20

// Parse reads saved mappings and checks them against the schema.
func Parse(set *kind.Set, b []byte) (Book, error) {
	if len(b) > maxMapping {
		return nil, fault.New(fault.TooLarge, "import", "a mapping of more than %d MB", maxMapping>>20)
	}
	d := yaml.NewDecoder(bytes.NewReader(b))
	d.KnownFields(true)
	var book Book
	for {
		var m Mapping
		err := d.Decode(&m)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, &fault.Error{Kind: fault.Invalid, Op: "import", Msg: "the mapping cannot be read", Err: err, Remedy: "save a guessed one with --save-mapping and edit that"}
		}
		if err := m.check(set); err != nil {
			return nil, err
		}
		book = append(book, m)
	}
	if len(book) == 0 {
		return nil, fault.New(fault.Invalid, "import", "the mapping is empty").With("save a guessed one with --save-mapping and edit that")
	}
	return book, nil
}

func (m Mapping) check(set *kind.Set) error {
	if m.Skip != "" {
		return nil
	}
	k, ok := set.Kind(m.Kind)
	if !ok {
		return fault.New(fault.Invalid, "import", "the mapping names the kind %q, which does not exist", m.Kind).With("amparo kinds lists them")
	}
	for _, name := range slices.Concat(fieldsOf(m.Columns), slices.Sorted(maps.Keys(m.Set)), slices.Sorted(maps.Keys(m.Links))) {
		if _, ok := k.Field(name); !ok {
			return fault.New(fault.Invalid, "import", "the mapping names the field %q, which kind %q does not have", name, m.Kind).
				With("use one of %s", strings.Join(k.Columns(), ", "))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(m.Links)) {
		if f, _ := k.Field(name); !linksTo(set, f, m.Links[name]) {
			return fault.New(fault.Invalid, "import", "links: %q is not a link to the kind %q", name, m.Links[name]).With("name a link field and a kind")
		}
	}
	for state := range m.States {
		if _, ok := kind.ParseState("@" + state); !ok {
			return fault.New(fault.Invalid, "import", "states: there is no state %q", state).With("use unknown, refused, not-asked or none")
		}
	}
	for _, h := range slices.Sorted(maps.Keys(m.Columns)) {
		f, _ := k.Field(m.Columns[h].Field)
		if err := m.Columns[h].check(set, f); err != nil {
			return fault.Problem{Column: h, Kind: k.Name, Field: f.Name, Reason: err.Error(), Remedy: "correct it in the mapping"}
		}
	}
	return nil
}

func (c Column) check(set *kind.Set, f *kind.Field) error {
	if c.Find != "" {
		target, ok := set.Kind(f.Kind)
		if !ok {
			return errors.New("find needs a field that links to one kind")
		}
		if by, ok := target.Field(c.Find); !ok || by.Class == kind.Sealed {
			return fmt.Errorf("records of kind %s are not found by %q", f.Kind, c.Find)
		}
	}
	if c.Make && c.Find == "" {
		return errors.New("make needs find")
	}
	if c.Choice != "" {
		if _, err := set.ParseValue(f, c.Choice, ""); err != nil {
			return fmt.Errorf("choice %q is not a value of the field", c.Choice)
		}
	}
	if c.Note != "" && f.Type != kind.TypeText {
		return errors.New("a note is added to a field of text")
	}
	return nil
}

func fieldsOf(cols map[string]Column) (out []string) {
	for _, c := range cols {
		out = append(out, c.Field)
	}
	slices.Sort(out)
	return out
}

// uses are the headers a mapping needs.
func (m Mapping) uses() []string {
	out := slices.Sorted(maps.Keys(m.Columns))
	out = append(out, m.Key...)
	for _, h := range []string{m.Record, m.Source, m.Basis} {
		if h != "" {
			out = append(out, h)
		}
	}
	return out
}

// Check reports headers that the mappings of a table do not speak of, and columns that
// they need and the table lacks.
func Check(ms []Mapping, header []string) error {
	known := []string{table.KeyColumn, table.ParentKeyColumn}
	for _, m := range ms {
		known = append(append(append(known, m.uses()...), m.Ignore...), m.Form...)
		for _, h := range m.uses() {
			if !slices.Contains(header, h) {
				return fault.New(fault.Invalid, "import", "the table has no column %q, which the mapping needs", h).With("take it out of the mapping, or name the right table")
			}
		}
	}
	for _, h := range header {
		if !slices.Contains(known, h) && !Reserved(h) {
			return fault.New(fault.Invalid, "import", "the mapping says nothing of column %q", h).With("map it, or list it under ignore")
		}
	}
	return nil
}

// Describe tells a person what was guessed, a line a column.
func (b Book) Describe() string {
	var out strings.Builder
	for _, m := range b {
		m.describe(&out)
	}
	return out.String()
}

func (m Mapping) describe(b *strings.Builder) {
	if m.Table != "" {
		fmt.Fprintf(b, "table: %s\n", m.Table)
	}
	if m.Skip != "" {
		fmt.Fprintf(b, "  left out: %s\n", m.Skip)
		return
	}
	fmt.Fprintf(b, "kind: %s\n", m.Kind)
	because := func(why string) string {
		if why == "" {
			return "\n"
		}
		return "  (" + why + ")\n"
	}
	for _, h := range slices.Sorted(maps.Keys(m.Columns)) {
		fmt.Fprintf(b, "  %s -> %s%s", h, m.Columns[h].Field, because(m.Columns[h].Why))
	}
	for _, f := range slices.Sorted(maps.Keys(m.Set)) {
		fmt.Fprintf(b, "  every row: %s = %s%s", f, m.Set[f], because(m.why[f]))
	}
	for _, f := range slices.Sorted(maps.Keys(m.Links)) {
		fmt.Fprintf(b, "  every row: %s = the %s it belongs to\n", f, m.Links[f])
	}
	for _, h := range m.Ignore {
		fmt.Fprintf(b, "  %s: left out%s", h, because(m.why[h]))
	}
}

// linksTo reports whether a field may name a record of a kind.
func linksTo(set *kind.Set, f *kind.Field, target string) bool {
	_, ok := set.Kind(target)
	return ok && f.Type == kind.TypeLink && (f.Kind == "" || f.Kind == target)
}
