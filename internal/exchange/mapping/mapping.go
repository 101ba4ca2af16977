// Package mapping says which column of a foreign table is which field of a kind. It is
// data: guessed from the headers with reasons, shown, saved as YAML, edited by hand,
// and applied row by row, all or nothing.
package mapping

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"example.org/amparo/fault"
	"example.org/amparo/id"
	"example.org/amparo/internal/casebook"
	"example.org/amparo/internal/kind"
	"example.org/amparo/names"
)

// Mapping tells how rows of a table become accounts of one kind.
type Mapping struct {
	Kind    string            `yaml:"kind"`
	Columns map[string]Column `yaml:"columns"`          // by header
	Ignore  []string          `yaml:"ignore,omitempty"` // headers that are left out on purpose
	Set     map[string]string `yaml:"set,omitempty"`    // field -> value for every row
	Key     []string          `yaml:"key,omitempty"`    // headers that name a record; none: the whole row does
	NA      []string          `yaml:"na,omitempty"`     // cells that mean "nothing stated"
	Record  string            `yaml:"record,omitempty"` // header with the identifier of the record
	Source  string            `yaml:"source,omitempty"` // header with the record of who says it
	Basis   string            `yaml:"basis,omitempty"`  // header with the basis of knowledge
}

// Column is one column's place.
type Column struct {
	Field     string            `yaml:"field"`
	Lang      string            `yaml:"lang,omitempty"`
	Translate map[string]string `yaml:"translate,omitempty"` // cell -> value
	NA        []string          `yaml:"na,omitempty"`
	Why       string            `yaml:"-"`
}

// synonyms are headers of tables in wide use that no label gives.
var synonyms = map[string]string{
	"coa_iso": "asylum", "coo_iso": "origin", "ooc": "others_of_concern", "oip": "others_in_need",
	"procedure_type": "procedure", "app_type": "type", "dec_level": "level", "app_pc": "counted", "dec_pc": "counted",
	"dec_recognized": "recognised", "dec_other": "other", "dec_rejected": "rejected", "dec_closed": "closed", "dec_total": "total",
	"dob": "birth", "date_of_birth": "birth", "birth_date": "birth", "gender": "sex", "name": "names", "full_name": "names", "alias": "aliases",
	"location": "place", "event_date": "date", "event_type": "type", "description": "narrative", "testimony": "verbatim", "transcript": "verbatim",
}

// companions are headers that only repeat another column in words.
var companions = map[string]string{"coa_name": "coa_iso", "coo_name": "coo_iso"}

// Guess finds the kind and the columns that fit a header best. Columns it does not
// recognise are in Ignore, so the person sees them and decides.
func Guess(set *kind.Set, header []string, only string) (Mapping, error) {
	best, bestScore := Mapping{}, 0.0
	for _, k := range set.Kinds() {
		if only != "" && k.Name != only {
			continue
		}
		m, score := guessKind(k, header)
		if score > bestScore {
			best, bestScore = m, score
		}
	}
	if only != "" && best.Kind == "" {
		if _, ok := set.Kind(only); !ok {
			return best, fault.New(fault.NotFound, "import", "there is no kind %q", only).With("see the data dictionary for the kinds there are")
		}
	}
	if bestScore <= 0 {
		return best, fault.New(fault.Invalid, "import", "no kind has columns like %s", strings.Join(header[:min(5, len(header))], ", ")).
			With("name the kind with --kind, or write a mapping and give it with --mapping")
	}
	best.finish(header)
	return best, nil
}

func guessKind(k *kind.Kind, header []string) (Mapping, float64) {
	m := Mapping{Kind: k.Name, Columns: map[string]Column{}}
	taken := map[string]bool{}
	required, met := 0, 0
	for _, h := range header {
		base, lang, _ := strings.Cut(h, ":")
		switch {
		case h == "id" || h == "record":
			m.Record = h
			continue
		case h == "@source":
			m.Source = h
			continue
		case h == "@basis":
			m.Basis = h
			continue
		}
		f, why := match(k, base)
		if f == nil || taken[f.Name+lang] {
			continue
		}
		taken[f.Name+lang] = true
		m.Columns[h] = Column{Field: f.Name, Lang: lang, Why: why}
	}
	for _, f := range k.Fields {
		if f.Required == "save" {
			required++
			if taken[f.Name] {
				met++
			}
		}
	}
	if met < required || len(m.Columns) == 0 {
		return m, 0
	}
	return m, float64(len(m.Columns)) + float64(len(m.Columns))/float64(len(k.Fields)+1)
}

func match(k *kind.Kind, header string) (*kind.Field, string) {
	h := strings.ReplaceAll(names.Fold(strings.TrimSpace(header)), " ", "_")
	if f, ok := k.Field(h); ok {
		return f, "the name of the field"
	}
	if s, ok := synonyms[h]; ok {
		if f, ok := k.Field(s); ok {
			return f, "a usual name of it"
		}
	}
	for _, f := range k.Fields {
		for lang, l := range f.Label {
			if strings.ReplaceAll(names.Fold(l), " ", "_") == h {
				return f, "its label in " + lang
			}
		}
		for std, code := range f.Crosswalk {
			if strings.EqualFold(code, strings.TrimSpace(header)) {
				return f, "its code in " + std
			}
		}
	}
	return nil, ""
}

// finish lists what is left out and adds the habits of known tables.
func (m *Mapping) finish(header []string) {
	for _, h := range header {
		if _, ok := m.Columns[h]; !ok && h != m.Record && h != m.Source && h != m.Basis {
			m.Ignore = append(m.Ignore, h)
		}
	}
	for h, c := range m.Columns {
		switch h {
		case "coa_iso", "coo_iso":
			c.Translate = map[string]string{"UNK": "@unknown", "UKN": "@unknown", "XXA": "@none"}
			m.Columns[h] = c
		case "dec_level", "app_type":
			// NA is a code there (new applications), not a missing value
		default:
			if strings.HasPrefix(m.Kind, "unhcr_") {
				c.NA = []string{"NA"}
				m.Columns[h] = c
			}
		}
	}
}

// Unmapped are the ignored headers that hold something of their own; a column that
// only repeats another in words is not among them.
func (m Mapping) Unmapped() []string {
	var out []string
	for _, h := range m.Ignore {
		if by, ok := companions[h]; ok && m.Columns[by].Field != "" {
			continue
		}
		out = append(out, h)
	}
	return out
}

// YAML writes the mapping for saving and editing.
func (m Mapping) YAML() []byte {
	var b bytes.Buffer
	e := yaml.NewEncoder(&b)
	e.SetIndent(2)
	if err := e.Encode(m); err != nil {
		panic(err) // strings and maps of strings always encode
	}
	return b.Bytes()
}

// Parse reads a saved mapping and checks it against the schema.
func Parse(set *kind.Set, b []byte) (Mapping, error) {
	var m Mapping
	d := yaml.NewDecoder(bytes.NewReader(b))
	d.KnownFields(true)
	if err := d.Decode(&m); err != nil {
		return m, &fault.Error{Kind: fault.Invalid, Op: "import", Msg: "the mapping cannot be read", Err: err, Remedy: "save a guessed one with --save-mapping and edit that"}
	}
	k, ok := set.Kind(m.Kind)
	if !ok {
		return m, fault.New(fault.Invalid, "import", "the mapping names the kind %q, which does not exist", m.Kind)
	}
	for _, f := range slices.Concat(fieldsOf(m.Columns), slices.Sorted(maps.Keys(m.Set))) {
		if _, ok := k.Field(f); !ok {
			return m, fault.New(fault.Invalid, "import", "the mapping names the field %q, which kind %q does not have", f, m.Kind).
				With("use one of %s", strings.Join(k.Columns(), ", "))
		}
	}
	return m, nil
}

func fieldsOf(cols map[string]Column) (out []string) {
	for _, c := range cols {
		out = append(out, c.Field)
	}
	slices.Sort(out)
	return out
}

// Check reports headers the mapping does not speak of and columns that are missing.
func (m Mapping) Check(header []string) error {
	for _, h := range header {
		if _, ok := m.Columns[h]; !ok && !slices.Contains(m.Ignore, h) && h != m.Record && h != m.Source && h != m.Basis {
			return fault.New(fault.Invalid, "import", "the mapping says nothing of column %q", h).With("map it, or list it under ignore")
		}
	}
	for _, h := range slices.Sorted(maps.Keys(m.Columns)) {
		if !slices.Contains(header, h) {
			return fault.New(fault.Invalid, "import", "the table has no column %q, which the mapping needs", h).With("take it out of the mapping, or name the right table")
		}
	}
	return nil
}

// plan is a mapping made ready for one header.
type plan struct {
	m    Mapping
	k    *kind.Kind
	set  *kind.Set
	cols []planned
	rec  int
	src  int
	bas  int
	key  []int
	row  []string
}

type planned struct {
	at     int
	header string
	f      *kind.Field
	c      Column
}

// Applier turns rows into statements.
type Applier struct{ plan }

// For makes an applier for a table's header.
func (m Mapping) For(set *kind.Set, header []string) (*Applier, error) {
	if err := m.Check(header); err != nil {
		return nil, err
	}
	k, _ := set.Kind(m.Kind)
	a := &Applier{plan{m: m, k: k, set: set, rec: -1, src: -1, bas: -1, row: header}}
	for i, h := range header {
		switch h {
		case m.Record:
			a.rec = i
		case m.Source:
			a.src = i
		case m.Basis:
			a.bas = i
		}
		if slices.Contains(m.Key, h) {
			a.key = append(a.key, i)
		}
		if c, ok := m.Columns[h]; ok {
			f, _ := k.Field(c.Field)
			a.cols = append(a.cols, planned{at: i, header: h, f: f, c: c})
		}
	}
	return a, nil
}

// Row turns one row into a statement, or says everything that is wrong with it. derive
// names a record that the row does not name itself.
func (a *Applier) Row(cells []string, derive func(parts ...string) id.ID) (casebook.Statement, []fault.Problem) {
	s := casebook.Statement{Kind: a.k.Name, Fields: kind.Values{}}
	var problems []fault.Problem
	for _, p := range a.cols {
		if err := a.cell(p, cells[p.at], s.Fields); err != nil {
			pr, ok := err.(fault.Problem)
			if !ok {
				pr = fault.Problem{Reason: err.Error()}
			}
			pr.Column, pr.Kind = p.header, a.k.Name
			problems = append(problems, pr)
		}
	}
	for name, v := range a.m.Set {
		f, _ := a.k.Field(name)
		val, err := a.set.ParseValue(f, v, "")
		if err != nil {
			problems = append(problems, fault.Problem{Field: name, Value: v, Reason: "the mapping sets a value that cannot be read", Remedy: "correct it under set"})
			continue
		}
		s.Fields[name] = append(s.Fields[name], val)
	}
	problems = append(problems, a.identify(cells, derive, &s)...)
	return s, problems
}

func (a *Applier) cell(p planned, raw string, into kind.Values) error {
	raw = strings.TrimSpace(raw)
	if t, ok := p.c.Translate[raw]; ok {
		raw = t
	}
	if raw == "" || slices.Contains(p.c.NA, raw) || slices.Contains(a.m.NA, raw) {
		return nil
	}
	raw = strings.TrimPrefix(raw, "'")
	parts := []string{raw}
	if p.f.Repeat {
		parts = strings.Split(raw, " | ")
	}
	for _, part := range parts {
		v, err := a.set.ParseValue(p.f, strings.ReplaceAll(part, " \\| ", " | "), p.c.Lang)
		if err != nil {
			return err
		}
		into[p.f.Name] = append(into[p.f.Name], v)
	}
	return nil
}

// identify finds the record, the source and the basis of a row.
func (a *Applier) identify(cells []string, derive func(parts ...string) id.ID, s *casebook.Statement) (problems []fault.Problem) {
	var err error
	if a.rec >= 0 && cells[a.rec] != "" {
		if s.Record, err = id.Parse(cells[a.rec]); err != nil {
			problems = append(problems, fault.Problem{Column: a.row[a.rec], Value: cells[a.rec], Reason: "is not an identifier of a record", Remedy: "leave the cell empty for a new record, or map the column to a field"})
		}
	}
	if s.Record.IsZero() {
		parts := []string{a.k.Name}
		for _, i := range a.key {
			parts = append(parts, a.row[i], cells[i])
		}
		if len(a.key) == 0 {
			for i, h := range a.row {
				parts = append(parts, h, cells[i])
			}
		}
		s.Record = derive(parts...)
	}
	if a.src >= 0 && cells[a.src] != "" {
		if s.Source, err = id.Parse(cells[a.src]); err != nil {
			problems = append(problems, fault.Problem{Column: a.row[a.src], Value: cells[a.src], Reason: "is not an identifier of a record", Remedy: "name the record of who says it"})
		}
	}
	if a.bas >= 0 {
		s.Basis = cells[a.bas]
	}
	return problems
}

// Describe tells a person what was guessed, a line a column.
func (m Mapping) Describe() string {
	var b strings.Builder
	fmt.Fprintf(&b, "kind: %s\n", m.Kind)
	for _, h := range slices.Sorted(maps.Keys(m.Columns)) {
		c := m.Columns[h]
		fmt.Fprintf(&b, "  %s -> %s", h, c.Field)
		if c.Why != "" {
			fmt.Fprintf(&b, "  (%s)", c.Why)
		}
		b.WriteByte('\n')
	}
	for _, h := range m.Ignore {
		fmt.Fprintf(&b, "  %s: left out\n", h)
	}
	return b.String()
}
