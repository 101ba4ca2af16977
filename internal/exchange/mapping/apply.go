package mapping

import (
	"maps"
	"slices"
	"strings"

	"example.org/amparo/fault"
	"example.org/amparo/id"
	"example.org/amparo/internal/casebook"
	"example.org/amparo/internal/exchange/table"
	"example.org/amparo/internal/kind"
)

// Records is what applying a mapping needs to know of the workspace.
type Records interface {
	// Named returns the record that parts name: the same parts, the same record.
	Named(parts ...string) id.ID
	// Content returns the record of a row that nothing names. The second row of the
	// same content is another record.
	Content(parts ...string) id.ID
	// Find returns the records of a kind whose field holds just this text.
	Find(kindName, field, text string) ([]id.ID, error)
}

// Above are the records that the row a row belongs to made or names, by kind.
type Above map[string]id.ID

// Applied is what one row says.
type Applied struct {
	Statements []casebook.Statement
	Whole      bool             // the row names its record itself and repeats what is known of it
	Made       []Found          // records made because a link names them, among Statements
	Records    map[string]id.ID // the record of each kind the row makes or names
	Problems   []fault.Problem  // if any, nothing of the row may be stored
}

// Found is a record that is found by a field.
type Found struct {
	Kind, Field, Text string
	Record            id.ID
}

// part is one mapping made ready for a header.
type part struct {
	m      Mapping
	k      *kind.Kind
	cols   []planned
	states map[string]string
	rec    int
	src    int
	bas    int
	key    []int
	form   []int
}

type planned struct {
	at     int
	header string
	f      *kind.Field
	c      Column
	parse  bool // states apply to the cells
}

// Applier turns rows of one table into statements.
type Applier struct {
	set     *kind.Set
	header  []string
	parts   []*part
	content []int // the columns that make up the content of a row
	extra   int
}

// Bind makes ready the mappings of one table.
func Bind(set *kind.Set, ms []Mapping, header []string) (*Applier, error) {
	if err := Check(ms, header); err != nil {
		return nil, err
	}
	a := &Applier{set: set, header: header, extra: slices.Index(header, ExtraColumn)}
	for i, h := range header {
		if !Reserved(h) {
			a.content = append(a.content, i)
		}
	}
	for _, m := range ms {
		k, ok := set.Kind(m.Kind)
		if !ok {
			return nil, fault.New(fault.NotFound, "import", "there is no kind %q", m.Kind).With("amparo kinds lists them")
		}
		a.parts = append(a.parts, bind(m, k, header))
	}
	return a, nil
}

func bind(m Mapping, k *kind.Kind, header []string) *part {
	p := &part{m: m, k: k, rec: -1, src: -1, bas: -1, states: map[string]string{}}
	for state, cells := range m.States {
		for _, c := range cells {
			p.states[strings.ToLower(c)] = "@" + state
		}
	}
	for i, h := range header {
		switch h {
		case m.Record:
			p.rec = i
		case m.Source:
			p.src = i
		case m.Basis:
			p.bas = i
		}
		if slices.Contains(m.Key, h) {
			p.key = append(p.key, i)
		}
		if c, ok := m.Columns[h]; ok {
			f, _ := k.Field(c.Field)
			p.cols = append(p.cols, planned{at: i, header: h, f: f, c: c, parse: len(p.states) > 0 && f.Type != kind.TypeText})
		}
	}
	for _, h := range m.Form {
		if i := slices.Index(header, h); i >= 0 {
			p.form = append(p.form, i)
		}
	}
	return p
}

// Row turns one row into statements, or says everything that is wrong with it.
func (a *Applier) Row(cells []string, above Above, recs Records) Applied {
	out := Applied{Records: map[string]id.ID{}}
	if a.extra >= 0 && strings.TrimSpace(cells[a.extra]) != "" {
		out.Problems = append(out.Problems, fault.Problem{Column: ExtraColumn, Value: cells[a.extra], Reason: "cells are left over", Remedy: "put them into their columns and empty this one"})
	}
	own := make([]id.ID, len(a.parts))
	for i, p := range a.parts {
		if own[i] = a.identify(p, cells, recs, &out); !own[i].IsZero() {
			out.Records[p.k.Name] = own[i]
		}
	}
	said := make([]casebook.Statement, len(a.parts))
	for i, p := range a.parts {
		said[i] = casebook.Statement{Record: own[i], Kind: p.k.Name, Fields: kind.Values{}}
		a.fields(p, cells, recs, &said[i], &out)
		if len(said[i].Fields) == 0 && len(a.parts) > 1 {
			delete(out.Records, p.k.Name) // the row says nothing of this kind
		}
	}
	for i, p := range a.parts {
		if len(said[i].Fields) == 0 && len(a.parts) > 1 {
			continue
		}
		a.fixed(p, above, &said[i], &out)
		a.speaker(p, cells, &said[i], &out)
		out.Statements = append(out.Statements, said[i])
	}
	for _, s := range out.Statements {
		a.pass(s, above, &out)
	}
	return out
}

// pass lets rows that belong to this one find the records it links to.
func (a *Applier) pass(s casebook.Statement, above Above, out *Applied) {
	k, _ := a.set.Kind(s.Kind)
	for _, f := range k.Fields {
		if vs := s.Fields[f.Name]; f.Type == kind.TypeLink && f.Kind != "" && len(vs) == 1 {
			if x, err := id.Parse(vs[0].Text); err == nil && !x.IsZero() && out.Records[f.Kind].IsZero() {
				out.Records[f.Kind] = x
			}
		}
	}
	for name, x := range above {
		if out.Records[name].IsZero() {
			out.Records[name] = x
		}
	}
}

// identify finds the record that a row speaks of.
func (a *Applier) identify(p *part, cells []string, recs Records, out *Applied) id.ID {
	if p.rec >= 0 && cells[p.rec] != "" {
		x, err := id.Parse(cells[p.rec])
		if err != nil || x.IsZero() {
			out.add(p, a.header[p.rec], cells[p.rec], "is not an identifier of a record", "leave the cell empty for a new record, or map the column to a field")
			return id.ID{}
		}
		out.Whole = true
		return x
	}
	if len(p.form) > 0 {
		for _, i := range p.form {
			if key := table.PlainKey(cells[i]); key != "" {
				return recs.Named(p.k.Name, "submission", key)
			}
		}
		out.add(p, a.header[p.form[0]], "", "the row has no identifier of its submission", "export the form again with this column")
		return id.ID{}
	}
	parts, columns := []string{p.k.Name}, p.key
	if len(p.key) == 0 {
		columns = a.content
	}
	for _, i := range columns {
		parts = append(parts, a.header[i], cells[i])
	}
	for _, name := range slices.Sorted(maps.Keys(p.m.Set)) { // the same row of two countries' files is not one record
		parts = append(parts, name, p.m.Set[name])
	}
	if len(p.key) == 0 {
		return recs.Content(parts...)
	}
	return recs.Named(parts...)
}

func (o *Applied) add(p *part, column, value, reason, remedy string) {
	o.Problems = append(o.Problems, fault.Problem{Column: column, Kind: p.k.Name, Value: value, Reason: reason, Remedy: remedy})
}

func (a *Applier) fields(p *part, cells []string, recs Records, s *casebook.Statement, out *Applied) {
	reasons := false
	for _, c := range p.cols {
		if c.c.State || c.c.Note != "" {
			reasons = true
			continue
		}
		if err := a.cell(p, c, cells[c.at], recs, s.Fields, out); err != nil {
			out.problem(p, c, err)
		}
	}
	for _, c := range p.cols {
		if reasons && (c.c.State || c.c.Note != "") {
			if err := a.aside(p, c, strings.TrimSpace(cells[c.at]), s.Fields); err != nil {
				out.problem(p, c, err)
			}
		}
	}
}

func (o *Applied) problem(p *part, c planned, err error) {
	pr, ok := err.(fault.Problem)
	if !ok {
		pr = fault.Problem{Reason: err.Error()}
	}
	pr.Column, pr.Kind = c.header, p.k.Name
	o.Problems = append(o.Problems, pr)
}

// fixed adds what every row says: values set, and links to the records of the row this
// one belongs to.
func (a *Applier) fixed(p *part, above Above, s *casebook.Statement, out *Applied) {
	for _, name := range slices.Sorted(maps.Keys(p.m.Set)) {
		f, _ := p.k.Field(name)
		val, err := a.set.ParseValue(f, p.m.Set[name], "")
		if err != nil {
			out.Problems = append(out.Problems, fault.Problem{Kind: p.k.Name, Field: name, Value: p.m.Set[name], Reason: "the mapping sets a value that cannot be read", Remedy: "correct it under set"})
			continue
		}
		s.Fields[name] = append(s.Fields[name], val)
	}
	for _, name := range slices.Sorted(maps.Keys(p.m.Links)) {
		if len(s.Fields[name]) > 0 {
			continue // the row names one itself
		}
		x := out.Records[p.m.Links[name]]
		if x.IsZero() || x == s.Record {
			x = above[p.m.Links[name]]
		}
		if x.IsZero() {
			if f, _ := p.k.Field(name); f.Required == "save" {
				out.Problems = append(out.Problems, fault.Problem{Column: table.ParentKeyColumn, Kind: p.k.Name, Field: name,
					Reason: "the row it belongs to made no record of kind " + p.m.Links[name], Remedy: "import that row first, or correct it together with this one"})
			}
			continue
		}
		s.Fields[name] = []kind.Value{kind.Of(x.String())}
	}
}

// speaker finds who says a row and how they know.
func (a *Applier) speaker(p *part, cells []string, s *casebook.Statement, out *Applied) {
	if p.src >= 0 && cells[p.src] != "" {
		var err error
		if s.Source, err = id.Parse(cells[p.src]); err != nil {
			out.add(p, a.header[p.src], cells[p.src], "is not an identifier of a record", "name the record of who says it")
		}
	}
	if p.bas >= 0 {
		s.Basis = cells[p.bas]
	}
}
