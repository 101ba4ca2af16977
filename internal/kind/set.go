package kind

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"embed"
	"encoding/csv"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
	"sync"

	"go.yaml.in/yaml/v3"

	"example.org/amparo/fault"
	"example.org/amparo/names"
)

//go:embed kinds/*.yaml vocab/*.csv common.yaml
var embedded embed.FS

// Set is a schema: kinds and the vocabularies they use. It does not change; [Set.With]
// makes a larger one.
type Set struct {
	kinds        []*Kind
	byName       map[string]*Kind
	vocabularies map[string]*Vocabulary
	digest       string
}

// Builtin is the schema every workspace begins with.
var Builtin = sync.OnceValue(func() *Set {
	s, err := load(embedded)
	if err != nil {
		panic(err) // the embedded files are checked by every test
	}
	return s
})

func load(files fs.FS) (*Set, error) {
	s := &Set{byName: map[string]*Kind{}, vocabularies: map[string]*Vocabulary{}}
	var common struct{ Fields []*Field }
	if err := decodeFile(files, "common.yaml", &common); err != nil {
		return nil, err
	}
	vocs, err := fs.Glob(files, "vocab/*.csv")
	if err != nil {
		return nil, err
	}
	for _, p := range vocs {
		b, err := fs.ReadFile(files, p)
		if err != nil {
			return nil, err
		}
		v, err := DecodeVocabulary(strings.TrimSuffix(path.Base(p), ".csv"), b)
		if err != nil {
			return nil, err
		}
		s.vocabularies[v.Name] = v
	}
	paths, err := fs.Glob(files, "kinds/*.yaml")
	if err != nil {
		return nil, err
	}
	for _, p := range paths {
		k := &Kind{}
		if err := decodeFile(files, p, k); err != nil {
			return nil, err
		}
		k.Fields = append(k.Fields, common.Fields...)
		s.kinds = append(s.kinds, k)
	}
	return s, s.finish()
}

func decodeFile(files fs.FS, p string, into any) error {
	b, err := fs.ReadFile(files, p)
	if err != nil {
		return err
	}
	return decodeYAML(p, b, into)
}

func decodeYAML(name string, b []byte, into any) error {
	d := yaml.NewDecoder(bytes.NewReader(b))
	d.KnownFields(true)
	if err := d.Decode(into); err != nil {
		return &fault.Error{Kind: fault.Invalid, Op: "kind", Msg: name + " is not a declaration of kinds", Err: err,
			Remedy: "compare it with the manual's page on kinds"}
	}
	return nil
}

// finish orders, indexes and checks a set.
func (s *Set) finish() error {
	slices.SortFunc(s.kinds, func(a, b *Kind) int {
		return cmp.Or(cmp.Compare(slices.Index(groups, a.Group), slices.Index(groups, b.Group)), cmp.Compare(a.Order, b.Order), strings.Compare(a.Name, b.Name))
	})
	for _, k := range s.kinds {
		if s.byName[k.Name] != nil {
			return fault.New(fault.Invalid, "kind", "kind %q is declared twice", k.Name)
		}
		s.byName[k.Name] = k
		k.byName = make(map[string]*Field, len(k.Fields))
		for _, f := range k.Fields {
			if k.byName[f.Name] != nil {
				return fault.New(fault.Invalid, "kind", "kind %q declares field %q twice", k.Name, f.Name)
			}
			k.byName[f.Name] = f
		}
	}
	if problems := s.check(); len(problems) > 0 {
		return errors.Join(problems...)
	}
	h := sha256.New()
	b, err := yaml.Marshal(s.kinds)
	if err != nil {
		return err
	}
	h.Write(b)
	for _, name := range slices.Sorted(maps.Keys(s.vocabularies)) {
		for _, t := range s.vocabularies[name].Terms {
			fmt.Fprintf(h, "%s %s %s\n", name, t.Code, t.Parent)
		}
	}
	s.digest = hex.EncodeToString(h.Sum(nil)[:12])
	return nil
}

// Digest names the schema: two sets with the same digest index records alike.
func (s *Set) Digest() string { return s.digest }

// Kind returns a kind by name.
func (s *Set) Kind(name string) (*Kind, bool) {
	k, ok := s.byName[name]
	return k, ok
}

// Kinds returns all kinds, by group and order.
func (s *Set) Kinds() []*Kind { return slices.Clone(s.kinds) }

// Vocabulary returns a vocabulary by name.
func (s *Set) Vocabulary(name string) (*Vocabulary, bool) {
	v, ok := s.vocabularies[name]
	return v, ok
}

// Vocabularies returns all vocabularies, by name.
func (s *Set) Vocabularies() []*Vocabulary {
	var out []*Vocabulary
	for _, n := range slices.Sorted(maps.Keys(s.vocabularies)) {
		out = append(out, s.vocabularies[n])
	}
	return out
}

// DecodeVocabulary reads a vocabulary: CSV with a header, "code" first, label_en,
// label_ko, label_zh, optionally parent; other columns are kept as attributes.
func DecodeVocabulary(name string, b []byte) (*Vocabulary, error) {
	r := csv.NewReader(bytes.NewReader(b))
	header, err := r.Read()
	if err != nil || len(header) == 0 || header[0] != "code" {
		return nil, fault.New(fault.Invalid, "kind", "vocabulary %q does not begin with a column named code", name)
	}
	v := &Vocabulary{Name: name, Columns: header, byCode: map[string]*Term{}, byLabel: map[string][]string{}}
	for {
		row, err := r.Read()
		if errors.Is(err, io.EOF) {
			return v, v.checkParents()
		}
		if err != nil {
			return nil, fault.Because(fault.Invalid, "kind", "vocabulary "+name+" is not a table", err)
		}
		t := &Term{Label: Text{}, Attr: map[string]string{}}
		for i, col := range header {
			switch {
			case col == "code":
				t.Code = row[i]
			case col == "parent":
				t.Parent = row[i]
			case strings.HasPrefix(col, "label_"):
				t.Label[col[6:]] = row[i]
			default:
				t.Attr[col] = row[i]
			}
		}
		if err := v.add(t); err != nil {
			return nil, err
		}
	}
}

func (v *Vocabulary) add(t *Term) error {
	if t.Code == "" || v.byCode[t.Code] != nil {
		return fault.New(fault.Invalid, "kind", "vocabulary %q has the code %q twice or an empty one", v.Name, t.Code)
	}
	v.byCode[t.Code] = t
	v.Terms = append(v.Terms, t)
	for _, l := range t.Label {
		k := names.Fold(l)
		if k != "" && !slices.Contains(v.byLabel[k], t.Code) {
			v.byLabel[k] = append(v.byLabel[k], t.Code)
		}
	}
	return nil
}

func (v *Vocabulary) checkParents() error {
	for _, t := range v.Terms {
		if t.Parent != "" && v.byCode[t.Parent] == nil {
			return fault.New(fault.Invalid, "kind", "vocabulary %q: term %q lies under %q, which does not exist", v.Name, t.Code, t.Parent)
		}
	}
	return nil
}

// overlay is what a workspace declares: kinds of its own, fields added to built-in
// kinds, vocabularies and further terms.
type overlay struct {
	Kinds        []*Kind             `yaml:"kinds"`
	Fields       map[string][]*Field `yaml:"fields"` // kind -> fields
	Vocabularies map[string][]struct {
		Code   string `yaml:"code"`
		Parent string `yaml:"parent"`
		Label  Text   `yaml:"label"`
	} `yaml:"vocabularies"`
}

// With returns the set with a workspace's own declarations added. Nothing built in is
// removed or changed; names the workspace adds to a built-in kind begin with "x_", so
// that a later version of the program cannot come to use the same name.
func (s *Set) With(declaration []byte) (*Set, error) {
	if len(declaration) > 1<<20 {
		return nil, fault.New(fault.TooLarge, "kind", "a declaration of more than 1 MiB")
	}
	var o overlay
	if err := decodeYAML("the declaration", declaration, &o); err != nil {
		return nil, err
	}
	n := &Set{byName: map[string]*Kind{}, vocabularies: maps.Clone(s.vocabularies)}
	for name, terms := range o.Vocabularies {
		v := &Vocabulary{Name: name, Columns: []string{"code", "parent", "label_en", "label_ko", "label_zh"}, byCode: map[string]*Term{}, byLabel: map[string][]string{}}
		if old := s.vocabularies[name]; old != nil {
			for _, t := range old.Terms {
				if err := v.add(t); err != nil {
					return nil, err
				}
			}
		}
		for _, t := range terms {
			if err := v.add(&Term{Code: t.Code, Parent: t.Parent, Label: t.Label, Attr: map[string]string{}}); err != nil {
				return nil, err
			}
		}
		if err := v.checkParents(); err != nil {
			return nil, err
		}
		n.vocabularies[name] = v
	}
	for _, k := range s.kinds {
		c := *k
		c.Fields = slices.Clone(k.Fields)
		for _, f := range o.Fields[k.Name] {
			if !strings.HasPrefix(f.Name, "x_") {
				return nil, fault.New(fault.Invalid, "kind", "field %q added to kind %q", f.Name, k.Name).
					With("begin the names of your own fields with x_")
			}
			c.Fields = append(c.Fields, f)
		}
		n.kinds = append(n.kinds, &c)
	}
	for name := range o.Fields {
		if s.byName[name] == nil {
			return nil, fault.New(fault.Invalid, "kind", "fields are added to kind %q, which does not exist", name)
		}
	}
	common := s.commonFields()
	for _, k := range o.Kinds {
		if s.byName[k.Name] != nil {
			return nil, fault.New(fault.Invalid, "kind", "kind %q exists already", k.Name).With("add fields to it under fields:")
		}
		k.Fields = append(k.Fields, common...)
		n.kinds = append(n.kinds, k)
	}
	return n, n.finish()
}

func (s *Set) commonFields() []*Field {
	var out []*Field
	for _, name := range []string{"sensitivity", "synthetic"} {
		if f, ok := s.kinds[0].Field(name); ok {
			out = append(out, f)
		}
	}
	return out
}
