// Package xlsform writes forms for offline collection with ODK Collect, Enketo and
// KoboToolbox: any kind of record, or several together, as an XLSForm in English,
// Korean and Chinese (https://xlsform.org/en/ref-table/). What is collected comes back
// through internal/exchange/mapping without a mapping written by hand, because groups
// and repeats are named after kinds, and questions after fields.
//
// A telephone in the field is the least safe place there is. Sealed fields, kinds and
// terms of restricted compartments, files and positions are never asked for; what is
// left out, and why, is returned beside the form.
package xlsform

import (
	"io"
	"slices"
	"strings"

	"example.org/amparo/fault"
	"example.org/amparo/internal/exchange/table"
	"example.org/amparo/internal/kind"
)

// Part is a kind in a form. At the top it is a group, asked once; inside another part
// it is a repeat, whose records link to the record of the part around it.
type Part struct {
	Kind  string
	Parts []Part
}

// Form is an XLSForm made ready to write.
type Form struct {
	ID      string // identifier on the form server: "amparo_" and the kinds
	Title   string
	Version string // changes when the schema does
	LeftOut []LeftOut

	survey  []row
	choices []choice
}

// LeftOut is a field, or a term, that a form does not ask for, and why.
type LeftOut struct {
	Kind  string `json:"kind"`
	Field string `json:"field,omitempty"`
	Term  string `json:"term,omitempty"`
	Why   string `json:"why"`
}

// row is one line of the survey sheet.
type row struct {
	typ, name, required, relevant, constraint, appearance string
	label, hint, message                                  kind.Text
}

// choice is one line of the choices sheet.
type choice struct {
	list, name string
	label      kind.Text
}

// languages are the columns of texts, as XLSForm names them.
var languages = []struct{ code, name string }{{"en", "English (en)"}, {"ko", "한국어 (ko)"}, {"zh", "中文 (zh)"}}

// Build makes the form of parts under a schema. It fails where a kind may not be asked
// for offline, or a field that a record needs would be left out.
func Build(set *kind.Set, parts []Part) (*Form, error) {
	if len(parts) == 0 {
		return nil, fault.New(fault.Invalid, "xlsform", "a form needs a kind").With("amparo kinds lists them")
	}
	b := &builder{set: set, form: &Form{Version: set.Digest(), LeftOut: []LeftOut{}}, lists: map[string]bool{}, seen: map[string]bool{}}
	b.form.survey = append(b.form.survey, row{typ: "note", name: "before_you_begin", label: beforeYouBegin})
	var titles, ids []string
	above := []string{}
	for _, p := range parts {
		k, err := b.part(p, above, false)
		if err != nil {
			return nil, err
		}
		above = append(above, k.Name)
		titles, ids = append(titles, strings.Join(texts(k.Label), " · ")), append(ids, k.Name)
	}
	b.form.ID, b.form.Title = "amparo_"+strings.Join(ids, "_"), strings.Join(titles, " / ")
	return b.form, nil
}

type builder struct {
	set   *kind.Set
	form  *Form
	lists map[string]bool // lists of choices that are written
	seen  map[string]bool // kinds in the form
}

// Offline reports why a kind may not be asked for in a form, or nil.
func Offline(set *kind.Set, name string) error {
	k, ok := set.Kind(name)
	switch {
	case !ok:
		return fault.New(fault.NotFound, "xlsform", "there is no kind %q", name).With("amparo kinds lists them")
	case k.Compartment != "general":
		return fault.New(fault.Denied, "xlsform", "records of kind %q are kept in the compartment %s: a form server would hold them in clear", name, k.Compartment).
			With("enter them in the program")
	case !xmlName(k.Name):
		return fault.New(fault.Invalid, "xlsform", "the name of kind %q begins with a digit, which a form cannot have", name)
	}
	return nil
}

// part writes a kind and what repeats inside it.
func (b *builder) part(p Part, above []string, repeat bool) (*kind.Kind, error) {
	if err := Offline(b.set, p.Kind); err != nil {
		return nil, err
	}
	k, _ := b.set.Kind(p.Kind)
	if b.seen[k.Name] {
		return nil, fault.New(fault.Invalid, "xlsform", "the kind %q stands twice in the form", k.Name).With("name each kind once")
	}
	b.seen[k.Name] = true
	if repeat && !linked(k, above) {
		return nil, fault.New(fault.Invalid, "xlsform", "a record of kind %q does not link to %s", k.Name, strings.Join(above, " or ")).
			With("make it a group of its own, or repeat it inside a kind it links to")
	}
	begin, end, label := "begin_group", "end_group", k.Label
	if repeat {
		begin, end, label = "begin_repeat", "end_repeat", k.Plural
	}
	b.add(row{typ: begin, name: k.Name, label: label, hint: kind.Text{}})
	for _, f := range k.Fields {
		if why := b.leaveOut(k, f, above); why != "" {
			if f.Required == "save" && why != whyLinked {
				return nil, fault.New(fault.Denied, "xlsform", "kind %q needs its field %q, which a form may not ask for: %s", k.Name, f.Name, why).With("enter such records in the program")
			}
			b.form.LeftOut = append(b.form.LeftOut, LeftOut{Kind: k.Name, Field: f.Name, Why: why})
			continue
		}
		b.question(k, f)
	}
	inside := append(slices.Clone(above), k.Name)
	if !repeat { // repeats of a group stand beside it, as form servers name their tables
		b.add(row{typ: end})
	}
	for _, q := range p.Parts {
		if _, err := b.part(q, inside, true); err != nil {
			return nil, err
		}
	}
	if repeat {
		b.add(row{typ: end})
	}
	return k, nil
}

func (b *builder) add(r row) { b.form.survey = append(b.form.survey, r) }

// linked reports whether a kind has a field that names a record of one of the kinds.
func linked(k *kind.Kind, above []string) bool {
	return slices.ContainsFunc(k.Fields, func(f *kind.Field) bool { return f.Type == kind.TypeLink && slices.Contains(above, f.Kind) })
}

// Why fields are left out.
const (
	whyLinked  = "made from the form itself"
	whySealed  = "sealed: a form server would hold it in clear"
	whyRoom    = "of a restricted compartment"
	whyFile    = "attached in the program, where positions in pictures are removed"
	whyLink    = "records are linked in the program"
	whyPassage = "cited in the program"
	whyJudged  = "judged in the program"
	whyName    = "its name begins with a digit, which a form cannot have"
	whyWhen    = "depends on a field that is left out"
	whyRule    = "forbidden by rule "
)

// judged are vocabularies of what an office decides, not of what a person tells.
var judged = []string{"verification_status", "source_reliability", "information_credibility", "sensitivity"}

func (b *builder) leaveOut(k *kind.Kind, f *kind.Field, above []string) string {
	switch {
	case kind.ForbiddenBy(f.Name) != "":
		return whyRule + kind.ForbiddenBy(f.Name)
	case f.Class == kind.Sealed:
		return whySealed
	case f.Compartment != "" && f.Compartment != "general":
		return whyRoom
	case f.Type == kind.TypeFile:
		return whyFile
	case f.Type == kind.TypePassage:
		return whyPassage
	case f.Type == kind.TypeLink && slices.Contains(above, f.Kind):
		return whyLinked
	case f.Type == kind.TypeLink && (f.Required != "save" || b.namedBy(f) == nil):
		return whyLink
	case slices.Contains(judged, f.Vocabulary) || f.Name == "synthetic":
		return whyJudged
	case !xmlName(f.Name):
		return whyName
	}
	if f.When != nil {
		on, ok := k.Field(f.When.Field)
		if !ok || on == f || b.leaveOut(k, on, above) != "" {
			return whyWhen
		}
	}
	return ""
}

// namedBy is the field by which people name records of the kind that a link goes to.
func (b *builder) namedBy(f *kind.Field) *kind.Field {
	target, ok := b.set.Kind(f.Kind)
	if !ok {
		return nil
	}
	for _, name := range target.Title {
		if t, ok := target.Field(name); ok && t.Type == kind.TypeText && t.Class != kind.Sealed {
			return t
		}
	}
	return nil
}

func xmlName(s string) bool { return s != "" && (s[0] < '0' || s[0] > '9') }

// Sheets are the survey, the choices and the settings of the form.
func (f *Form) Sheets() []*table.Sheet {
	header := []string{"type", "name"}
	for _, col := range []string{"label", "hint"} {
		for _, l := range languages {
			header = append(header, col+"::"+l.name)
		}
	}
	header = append(header, "required", "relevant", "constraint")
	for _, l := range languages {
		header = append(header, "constraint_message::"+l.name)
	}
	header = append(header, "appearance")
	var survey, choices [][]string
	for _, r := range f.survey {
		cells := []string{r.typ, r.name}
		cells = append(append(cells, texts(r.label)...), texts(r.hint)...)
		cells = append(append(cells, r.required, r.relevant, r.constraint), texts(r.message)...)
		survey = append(survey, append(cells, r.appearance))
	}
	for _, c := range f.choices {
		choices = append(choices, append([]string{c.list, c.name}, texts(c.label)...))
	}
	settings := [][]string{{f.Title, f.ID, f.Version, languages[0].name, "pages"}}
	return []*table.Sheet{
		sheet("survey", header, survey),
		sheet("choices", append([]string{"list_name", "name"}, header[2:5]...), choices),
		sheet("settings", []string{"form_title", "form_id", "version", "default_language", "style"}, settings),
	}
}

// texts are a text in the languages of the form. A reference inside it would be
// followed by the form, and is broken.
func texts(t kind.Text) []string {
	out := make([]string, len(languages))
	for i, l := range languages {
		if len(t) > 0 {
			out[i] = strings.ReplaceAll(t.In(l.code), "${", "$ {")
		}
	}
	return out
}

func sheet(name string, header []string, rows [][]string) *table.Sheet {
	return table.NewSheet(name, header, func(yield func([]string, error) bool) {
		for _, r := range rows {
			if !yield(r, nil) {
				return
			}
		}
	})
}

// Write writes the form as XLSX.
func (f *Form) Write(w io.Writer) error { return table.WriteXLSX(w, f.Sheets()) }

// Questions is how many questions the form asks, those beside an empty answer included.
func (f *Form) Questions() int {
	n := 0
	for _, r := range f.survey {
		if r.typ == "text" || r.typ == "decimal" || strings.HasPrefix(r.typ, "select_") {
			n++
		}
	}
	return n
}

// ParseParts reads kinds as a command line names them: groups, and repeats by the path
// of kinds they lie in ("detention_stage/question_asked", inside the last group).
func ParseParts(groups, repeats []string) ([]Part, error) {
	var out []Part
	for _, g := range groups {
		out = append(out, Part{Kind: g})
	}
	if len(out) == 0 {
		return nil, fault.New(fault.Invalid, "xlsform", "a form needs a kind").With("amparo kinds lists them")
	}
	for _, path := range repeats {
		at := &out[len(out)-1].Parts
		steps := strings.Split(path, "/")
		for i, step := range steps {
			n := slices.IndexFunc(*at, func(p Part) bool { return p.Kind == step })
			if n < 0 && i < len(steps)-1 {
				return nil, fault.New(fault.Invalid, "xlsform", "%s: there is no repeat %q before it", path, step).With("name the outer repeat first: --repeat %s", strings.Join(steps[:i+1], "/"))
			}
			if n < 0 {
				*at = append(*at, Part{Kind: step})
				n = len(*at) - 1
			}
			at = &(*at)[n].Parts
		}
	}
	return out, nil
}

// Interview is the form of a whole interview: the person and the conversation, then
// what repeats in it. Consent comes first.
func Interview() []Part {
	return []Part{
		{Kind: "person", Parts: []Part{{Kind: "consent"}}},
		{Kind: "interview", Parts: []Part{
			{Kind: "hiding_period"},
			{Kind: "episode", Parts: []Part{{Kind: "detention_stage", Parts: []Part{{Kind: "question_asked"}}}, {Kind: "disposition"}}},
			{Kind: "incident"}, {Kind: "extortion"}, {Kind: "fate"}, {Kind: "need"},
		}},
	}
}
