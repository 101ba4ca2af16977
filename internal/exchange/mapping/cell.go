package mapping

import (
	"fmt"
	"slices"
	"strings"

	"example.org/amparo/fault"
	"example.org/amparo/id"
	"example.org/amparo/internal/casebook"
	"example.org/amparo/internal/exchange/table"
	"example.org/amparo/internal/kind"
)

// cell reads a cell into the values of its field.
func (a *Applier) cell(p *part, c planned, raw string, recs Records, into kind.Values, out *Applied) error {
	raw = strings.TrimSpace(raw)
	if t, ok := c.c.Translate[raw]; ok {
		raw = t
	}
	if raw == "" || slices.Contains(c.c.NA, raw) || slices.Contains(p.m.NA, raw) {
		return nil
	}
	if c.c.Choice != "" {
		return a.choice(c, raw, into)
	}
	parts := []string{raw}
	if c.f.Repeat || p.rec >= 0 {
		parts = a.split(c, raw)
	}
	for _, text := range parts {
		v, err := a.value(p, c, text, recs, out)
		if err != nil {
			return err
		}
		into[c.f.Name] = append(into[c.f.Name], v)
	}
	return nil
}

// split finds the values of a cell: joined as our own tables join them, or, where
// several terms are chosen, divided by spaces as forms write them.
func (a *Applier) split(c planned, raw string) []string {
	if strings.Contains(raw, "|") || c.f.Type != kind.TypeTerm && c.f.Type != kind.TypePlace || !strings.Contains(raw, " ") {
		return table.SplitCell(raw)
	}
	if _, err := a.set.ParseValue(c.f, raw, ""); err == nil {
		return []string{raw} // a label of several words
	}
	words := strings.Fields(raw)
	for _, w := range words {
		if _, err := a.set.ParseValue(c.f, w, ""); err != nil {
			return []string{raw}
		}
	}
	return words
}

func (a *Applier) value(p *part, c planned, text string, recs Records, out *Applied) (kind.Value, error) {
	if c.c.Find != "" && !strings.HasPrefix(text, "@") {
		return a.find(c, text, recs, out)
	}
	v, err := a.set.ParseValue(c.f, text, c.c.Lang)
	if err == nil || !c.parse {
		return v, err
	}
	if state, ok := p.states[strings.ToLower(text)]; ok {
		return a.set.ParseValue(c.f, state, "")
	}
	return v, err
}

// choice reads a column that says yes or no to one term.
func (a *Applier) choice(c planned, raw string, into kind.Values) error {
	switch strings.ToLower(raw) {
	case "1", "1.0", "true", "yes":
		v, err := a.set.ParseValue(c.f, c.c.Choice, "")
		if err == nil && !slices.Contains(into[c.f.Name], v) {
			into[c.f.Name] = append(into[c.f.Name], v)
		}
		return err
	case "0", "0.0", "false", "no":
		return nil
	}
	return fault.Problem{Field: c.f.Name, Value: raw, Reason: "is neither 1 nor 0, as the column of one choice has it", Remedy: "write 1 or 0"}
}

// find reads a link that names its record by one of the record's fields.
func (a *Applier) find(c planned, text string, recs Records, out *Applied) (kind.Value, error) {
	if x, err := id.Parse(text); err == nil && !x.IsZero() {
		return kind.Of(x.String()), nil
	}
	target, _ := a.set.Kind(c.f.Kind)
	by, _ := target.Field(c.c.Find)
	v, err := a.set.ParseValue(by, text, "")
	if err != nil {
		return v, err
	}
	for _, m := range out.Made {
		if m.Kind == target.Name && m.Field == by.Name && m.Text == v.Text {
			return kind.Of(m.Record.String()), nil
		}
	}
	found, err := recs.Find(target.Name, by.Name, v.Text)
	if err != nil {
		return kind.Value{}, err
	}
	what := fmt.Sprintf("record of kind %s with this %s", c.f.Kind, c.c.Find)
	switch {
	case len(found) == 1:
		return kind.Of(found[0].String()), nil
	case len(found) > 1:
		return kind.Value{}, fault.Problem{Field: c.f.Name, Value: text, Reason: "there is more than one " + what, Remedy: "write the identifier of the one that is meant"}
	case !c.c.Make:
		return kind.Value{}, fault.Problem{Field: c.f.Name, Value: text, Reason: "there is no " + what, Remedy: "import it first, write its identifier, or say make: true for this column in the mapping"}
	}
	made := Found{Kind: target.Name, Field: by.Name, Text: v.Text, Record: recs.Named(target.Name, by.Name, v.Text)}
	out.Made = append(out.Made, made)
	out.Statements = append(out.Statements, casebook.Statement{Record: made.Record, Kind: target.Name, Fields: kind.Values{by.Name: {v}}})
	return kind.Of(made.Record.String()), nil
}

// aside reads a column beside a question: why there is no answer, or an answer in
// words that the list of terms does not have.
func (a *Applier) aside(p *part, c planned, raw string, into kind.Values) error {
	if raw == "" || slices.Contains(c.c.NA, raw) {
		return nil
	}
	if c.c.Note != "" {
		line := c.c.Note + ": " + raw
		if have := into[c.f.Name]; len(have) > 0 && have[len(have)-1].State == kind.Given {
			line = have[len(have)-1].Text + "\n" + line
			into[c.f.Name] = have[:len(have)-1]
		}
		v, err := a.set.ParseValue(c.f, line, c.c.Lang)
		into[c.f.Name] = append(into[c.f.Name], v)
		return err
	}
	if t, ok := c.c.Translate[raw]; ok {
		raw = t
	} else if t, ok := p.states[strings.ToLower(raw)]; ok {
		raw = t
	}
	state, ok := kind.ParseState(raw)
	if !ok {
		return fault.Problem{Field: c.f.Name, Value: raw, Reason: "does not say why there is no answer", Remedy: "write @unknown, @refused, @not-asked or @none"}
	}
	if len(into[c.f.Name]) > 0 {
		return fault.Problem{Field: c.f.Name, Value: raw, Reason: "says that there is no answer, but one is given", Remedy: "leave one of the two empty"}
	}
	into[c.f.Name] = []kind.Value{{State: state}}
	return nil
}
