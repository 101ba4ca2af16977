// Package kind is the schema language: a kind of record is declared as data, one
// small file each, and validation, index, forms, lists, import, export and the data
// dictionary all come from that declaration. A workspace adds its own kinds, fields
// and vocabularies the same way, without code.
package kind

import (
	"slices"
	"strings"
)

// Text is a word or sentence in English ("en"), Korean ("ko") and Chinese ("zh").
type Text map[string]string

// In returns the text in a language, or in English where it lacks one.
func (t Text) In(lang string) string {
	if s := t[lang]; s != "" {
		return s
	}
	return t["en"]
}

// Type is what a field holds.
type Type string

// The field types. The canonical text of each is given at [Set.ParseValue].
const (
	TypeText     Type = "text"
	TypeTerm     Type = "term"
	TypeDate     Type = "date"
	TypeAge      Type = "age"
	TypeDuration Type = "duration"
	TypeQuantity Type = "quantity"
	TypeMoney    Type = "money"
	TypePlace    Type = "place"
	TypeLink     Type = "link"
	TypeYesNo    Type = "yesno"
	TypeFile     Type = "file"
	TypePassage  Type = "passage"
	TypeNumber   Type = "number"
)

var types = []Type{TypeText, TypeTerm, TypeDate, TypeAge, TypeDuration, TypeQuantity, TypeMoney, TypePlace, TypeLink, TypeYesNo, TypeFile, TypePassage, TypeNumber}

// Class says where a value may be written: open and coded values go to the encrypted
// index, sealed ones never leave the seal of their entry.
type Class string

// The classes.
const (
	Open   Class = "open"
	Coded  Class = "coded"
	Sealed Class = "sealed"
)

// Condition says when a field applies: when another field holds one of the values, or
// a term under one of them.
type Condition struct {
	Field string   `yaml:"field"`
	Is    []string `yaml:"is,omitempty"`
	Under []string `yaml:"under,omitempty"`
}

// CompartmentRule moves a whole record's account into a compartment when a field
// holds one of the terms, or a term below one.
type CompartmentRule struct {
	Field       string   `yaml:"field"`
	In          []string `yaml:"in"`
	Compartment string   `yaml:"compartment"`
}

// Field is one question a kind asks.
type Field struct {
	Name        string            `yaml:"name"`
	Type        Type              `yaml:"type"`
	Class       Class             `yaml:"class"`
	Vocabulary  string            `yaml:"vocabulary,omitempty"`
	Unit        string            `yaml:"unit,omitempty"`
	Kind        string            `yaml:"kind,omitempty"` // target of a link; empty: any record
	Inverse     Text              `yaml:"inverse,omitempty"`
	Repeat      bool              `yaml:"repeat,omitempty"`
	Long        bool              `yaml:"long,omitempty"`
	Tagged      bool              `yaml:"tagged,omitempty"` // text carries its language
	Facet       bool              `yaml:"facet,omitempty"`
	Required    string            `yaml:"required,omitempty"` // workflow step; "save" is always
	When        *Condition        `yaml:"when,omitempty"`
	Compartment string            `yaml:"compartment,omitempty"`
	Label       Text              `yaml:"label"`
	Help        Text              `yaml:"help,omitempty"`
	Crosswalk   map[string]string `yaml:"crosswalk,omitempty"`
}

// Kind is a type of record.
type Kind struct {
	Name            string            `yaml:"kind"`
	Group           string            `yaml:"group"`
	Order           int               `yaml:"order"`
	Label           Text              `yaml:"label"`
	Plural          Text              `yaml:"plural"`
	Help            Text              `yaml:"help"`
	Compartment     string            `yaml:"compartment"`
	CompartmentWhen []CompartmentRule `yaml:"compartment_when,omitempty"`
	// Subject says whose payload key seals the accounts: "self", or names of link
	// fields tried in order; empty for public facts.
	Subject []string `yaml:"subject,omitempty"`
	Title   []string `yaml:"title"`
	List    []string `yaml:"list"`
	Fields  []*Field `yaml:"fields"`

	byName map[string]*Field
}

// Field returns a field by name.
func (k *Kind) Field(name string) (*Field, bool) {
	f, ok := k.byName[name]
	return f, ok
}

// Groups are the groups of kinds, in the order screens show them.
var groups = []string{"people", "testimony", "chain", "harm", "evidence", "case", "protection", "analysis", "advocacy", "reference"}

// Groups returns the groups of kinds, in the order screens show them.
func Groups() []string { return slices.Clone(groups) }

// Term is one entry of a vocabulary.
type Term struct {
	Code, Parent string
	Label        Text
	Attr         map[string]string // the vocabulary's other columns
}

// Vocabulary is a list of terms, possibly hierarchical.
type Vocabulary struct {
	Name    string
	Columns []string
	Terms   []*Term

	byCode  map[string]*Term
	byLabel map[string][]string
}

// Term returns a term by its code.
func (v *Vocabulary) Term(code string) (*Term, bool) {
	t, ok := v.byCode[code]
	return t, ok
}

// IsUnder reports whether code is outer or lies below it.
func (v *Vocabulary) IsUnder(code, outer string) bool {
	for range 10 { // no vocabulary is deeper
		if code == outer {
			return true
		}
		t, ok := v.byCode[code]
		if !ok || t.Parent == "" {
			return false
		}
		code = t.Parent
	}
	return false
}

// State tells apart the answers that are not an answer. They are four different
// values, and none of them is the absence of a statement.
type State uint8

// The states.
const (
	Given    State = iota
	Unknown        // the source does not know
	Refused        // the source did not want to say
	NotAsked       // nobody asked
	None           // there is none
)

var stateWords = [...]string{"", "@unknown", "@refused", "@not-asked", "@none"}

// String is the spelling of a state in cells and forms; a given value has none.
func (s State) String() string {
	if int(s) < len(stateWords) {
		return stateWords[s]
	}
	return ""
}

// ParseState reads a state's spelling.
func ParseState(s string) (State, bool) {
	i := slices.Index(stateWords[1:], strings.ToLower(s))
	return State(i + 1), i >= 0
}

var stateLabels = [...]Text{
	{},
	{"en": "unknown", "ko": "모름", "zh": "不知道"},
	{"en": "refused to say", "ko": "답변 거부", "zh": "拒绝回答"},
	{"en": "not asked", "ko": "묻지 않음", "zh": "未询问"},
	{"en": "none", "ko": "없음", "zh": "无"},
}

// Label is the state in words.
func (s State) Label(lang string) string {
	if int(s) < len(stateLabels) {
		return stateLabels[s].In(lang)
	}
	return ""
}

// Value is one answer: the canonical text of the field's type, or a state.
type Value struct {
	State State  `cbor:"1,keyasint,omitempty"`
	Text  string `cbor:"2,keyasint,omitempty"`
	Lang  string `cbor:"3,keyasint,omitempty"` // BCP 47, of tagged text
}

// Of is a given value.
func Of(text string) Value { return Value{Text: text} }

// Values are the answers of one account, by field. A field that does not repeat has
// at most one.
type Values map[string][]Value

// Get returns the first given text of a field, or "".
func (vs Values) Get(field string) string {
	for _, v := range vs[field] {
		if v.State == Given {
			return v.Text
		}
	}
	return ""
}

// Columns returns the names of a kind's columns in tables, in order.
func (k *Kind) Columns() []string {
	out := make([]string, len(k.Fields))
	for i, f := range k.Fields {
		out[i] = f.Name
	}
	return out
}

// Applies reports whether a field's condition holds for values.
func (s *Set) Applies(k *Kind, f *Field, vs Values) bool {
	c := f.When
	if c == nil {
		return true
	}
	other, ok := k.Field(c.Field)
	if !ok {
		return false
	}
	voc := s.vocabularies[other.Vocabulary]
	for _, v := range vs[c.Field] {
		if v.State != Given {
			continue
		}
		if len(c.Is) == 0 && len(c.Under) == 0 || slices.Contains(c.Is, v.Text) {
			return true
		}
		for _, u := range c.Under {
			if voc != nil && voc.IsUnder(v.Text, u) {
				return true
			}
		}
	}
	return false
}

// CompartmentsOf says for each field of an account which compartment it is sealed in.
func (s *Set) CompartmentsOf(k *Kind, vs Values) map[string]string {
	base := k.Compartment
	for _, r := range k.CompartmentWhen {
		if s.ruleFits(k, r, vs) {
			base = r.Compartment
			break
		}
	}
	out := make(map[string]string, len(vs))
	for name := range vs {
		out[name] = base
		if f, ok := k.Field(name); ok && f.Compartment != "" {
			out[name] = f.Compartment
		}
	}
	return out
}

func (s *Set) ruleFits(k *Kind, r CompartmentRule, vs Values) bool {
	f, ok := k.Field(r.Field)
	if !ok {
		return false
	}
	voc := s.vocabularies[f.Vocabulary]
	for _, v := range vs[r.Field] {
		for _, code := range r.In {
			if v.State == Given && (v.Text == code || voc != nil && voc.IsUnder(v.Text, code)) {
				return true
			}
		}
	}
	return false
}
