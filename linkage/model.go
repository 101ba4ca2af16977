package linkage

import (
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"example.org/amparo/fault"
	"example.org/amparo/linkage/compare"
	"example.org/amparo/linkage/fs"
)

// The kinds of linkage.
const (
	Auto      = "auto"            // one source: Dedupe; several: LinkOnly with OneToOne if no source repeats itself, else LinkDedupe
	Dedupe    = "dedupe"          // all pairs
	LinkOnly  = "link_only"       // pairs of different sources are compared
	LinkDedup = "link_and_dedupe" // all pairs, of one source or two
)

// Model declares how records are linked: which columns are compared and how, which pairs
// are compared at all, and where clusters stop growing. It holds no parameter that the
// data can tell; those are estimated.
type Model struct {
	Link string `yaml:"link_type"`
	// ID is the column that names records; empty for row numbers.
	ID string `yaml:"id,omitempty"`
	// Ignore are columns that take no part; they are listed so that a reader sees it.
	Ignore []string `yaml:"ignore,omitempty,flow"`
	Fields []Field  `yaml:"fields"`
	// Blocks are the rules: pairs that agree on every part of one rule are compared. A
	// part is a field's name, with a key of its comparer after a colon ("surname:sound").
	// None means they are planned from the data.
	Blocks [][]string `yaml:"blocks,omitempty,flow"`
	// Threshold is where clusters stop growing, as the average weight between two groups
	// in bits: 0 is even odds.
	Threshold float64 `yaml:"threshold"`
	// Prior, if above 0, fixes the probability that two records taken at random match.
	Prior float64 `yaml:"prior,omitempty"`
	// OneToOne says that no two records of one source are the same entity.
	OneToOne bool `yaml:"one_to_one,omitempty"`
	// Dependence lets fields depend on each other: see [fs.Tie].
	Dependence bool `yaml:"dependence"`
	// Cap is the most records a block may have before it is divided; 0 is the default.
	Cap  int    `yaml:"cap,omitempty"`
	Seed uint64 `yaml:"seed,omitempty"`
}

// Field is one comparison.
type Field struct {
	Name string `yaml:"name"`
	// Columns are joined with a space; usually there is one. Empty means the column Name.
	Columns []string `yaml:"columns,omitempty,flow"`
	// Compare names the comparer: see [compare.Names]. More may be given in [Options].
	Compare string    `yaml:"compare"`
	Levels  []float64 `yaml:"levels,omitempty,flow"`
	Order   string    `yaml:"order,omitempty"`
	Stop    []string  `yaml:"stop,omitempty,flow"`
	// Frequency weighs agreement on a rare value more than on a common one.
	Frequency bool `yaml:"frequency,omitempty"`
	// Steady keeps what the comparer expects of records of one entity (see
	// [compare.Expecting]) and learns nothing from the data: for a field by which entities
	// of one cluster of events differ, as the kind of harm among harms of one stay, which
	// agree on all else.
	Steady bool `yaml:"steady,omitempty"`
	// Swap names a field with which this one is sometimes exchanged: a surname written
	// where the given name belongs.
	Swap string `yaml:"swap,omitempty"`
}

func (f Field) columns() []string {
	if len(f.Columns) == 0 {
		return []string{f.Name}
	}
	return f.Columns
}

// ParseModel reads a model from YAML and checks it, but for the columns, which only the
// data can tell.
//
// It is an error for the text to have a key that a model has not, or a value out of range.
func ParseModel(text []byte) (Model, error) {
	m := Model{Dependence: true}
	d := yaml.NewDecoder(strings.NewReader(string(text)))
	d.KnownFields(true)
	if err := d.Decode(&m); err != nil {
		return Model{}, &fault.Error{Kind: fault.Invalid, Op: "linkage.ParseModel", Msg: "the model cannot be read", Err: err,
			Remedy: "amparo link --suggest FILE writes one to begin from"}
	}
	if err := m.Check(nil); err != nil {
		return Model{}, err
	}
	return m, nil
}

// YAML writes the model as ParseModel reads it.
func (m Model) YAML() ([]byte, error) {
	return yaml.Marshal(m)
}

// Check says what is wrong with the model. extra are comparers beside the built-in ones.
func (m Model) Check(extra map[string]compare.Comparer) error {
	bad := func(remedy, format string, args ...any) error {
		return fault.New(fault.Invalid, "linkage.Model", format, args...).With("%s", remedy)
	}
	if !slices.Contains([]string{"", Auto, Dedupe, LinkOnly, LinkDedup}, m.Link) {
		return bad("use auto, dedupe, link_only or link_and_dedupe", "there is no link_type %q", m.Link)
	}
	if len(m.Fields) == 0 || len(m.Fields) > fs.MaxFields {
		return bad("declare 1 to 16 under fields", "the model has %d fields", len(m.Fields))
	}
	if !(m.Prior >= 0 && m.Prior < 1) || m.Cap < 0 || !(m.Threshold >= -100 && m.Threshold <= 100) { // so written, not-a-number is refused
		return bad("prior is below 1, cap not negative, threshold in bits", "prior, cap or threshold is out of range")
	}
	seen := map[string]compare.Comparer{}
	for i, f := range m.Fields {
		if f.Name == "" || seen[f.Name] != nil || strings.Contains(f.Name, ":") {
			return bad("every field has a name of its own, without a colon", "field %d has no name, a colon in it or that of another", i+1)
		}
		c, err := f.comparer(extra)
		if err != nil {
			return err
		}
		if n := len(c.Levels()); n < 2 || n > compare.MaxLevels {
			return bad("a comparer has 2 to 10", "the comparer of %s has %d levels", f.Name, n)
		}
		seen[f.Name] = c
	}
	for _, f := range m.Fields {
		if f.Swap != "" && (seen[f.Swap] == nil || f.Swap == f.Name) {
			return bad("name another field", "field %s is swapped with %q, which is none", f.Name, f.Swap)
		}
	}
	for _, rule := range m.Blocks {
		for _, part := range rule {
			if _, _, err := splitPart(part, seen); err != nil {
				return err
			}
		}
	}
	return nil
}

func (f Field) comparer(extra map[string]compare.Comparer) (compare.Comparer, error) {
	if c := extra[f.Compare]; c != nil {
		return c, nil
	}
	c, err := compare.New(f.Compare, compare.Options{Levels: f.Levels, Order: f.Order, Stop: f.Stop})
	if err != nil {
		return nil, fault.New(fault.KindOf(err), "linkage.Model", "field %s", f.Name).From(err)
	}
	return c, nil
}

// splitPart reads "field:key" of a blocking rule.
func splitPart(part string, by map[string]compare.Comparer) (field string, key int, err error) {
	field, name, found := strings.Cut(part, ":")
	c := by[field]
	if c == nil {
		return "", 0, fault.New(fault.Invalid, "linkage.Model", "blocking rule part %q names no field", part).With("write FIELD or FIELD:KEY")
	}
	if !found {
		return field, 0, nil
	}
	var have []string
	for i, k := range c.Keys() {
		if k.Name == name {
			return field, i, nil
		}
		have = append(have, k.Name)
	}
	return "", 0, fault.New(fault.Invalid, "linkage.Model", "blocking rule part %q: the comparer has no key %q", part, name).
		With("use one of %s", strings.Join(have, ", "))
}

// ruleName is a rule as the model writes it.
func ruleName(parts []string) string {
	if len(parts) == 0 {
		return "all pairs"
	}
	return fmt.Sprintf("[%s]", strings.Join(parts, ", "))
}
