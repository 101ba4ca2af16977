package table

import (
	"bytes"
	"encoding/json"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"

	"example.org/amparo/fault"
)

// maxNesting bounds how deep groups and repeats lie in one another.
const maxNesting = 30

// maxJSON bounds a JSON file, in bytes: unlike a table it is held in memory whole.
const maxJSON = 256 << 20

// looksJSON reports whether text is meant as JSON. A CSV header may begin with a
// bracket, but hardly goes on like an object.
func looksJSON(text []byte) bool {
	text = bytes.TrimLeft(text, " \t\r\n")
	if len(text) < 2 || text[0] != '{' && text[0] != '[' {
		return false
	}
	next := bytes.TrimLeft(text[1:], " \t\r\n")
	if len(next) == 0 {
		return false
	}
	return text[0] == '{' && (next[0] == '"' || next[0] == '}') || text[0] == '[' && (next[0] == '{' || next[0] == ']')
}

// object is a JSON object that keeps the order of its members.
type object []member

type member struct {
	name  string
	value any // object, []any, or the text of a scalar
}

func (o object) get(name string) (any, bool) {
	for _, m := range o {
		if m.name == name {
			return m.value, true
		}
	}
	return nil, false
}

// openJSON reads submissions of ODK Central (OData) and KoboToolbox (its API), and
// plain arrays of objects. Groups become columns "group/question", repeats become
// tables of their own with KEY and PARENT_KEY.
func openJSON(name string, data []byte, lim Limits) ([]*Sheet, error) {
	if len(data) > maxJSON {
		return nil, tooLarge(name, maxJSON)
	}
	text, enc, err := Decode(data)
	if err != nil {
		return nil, err
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	root, err := readJSON(d, 0)
	if err == nil && d.More() {
		err = fmt.Errorf("something follows the data at byte %d", d.InputOffset())
	}
	if err != nil {
		return nil, fault.New(fault.Invalid, "import", "%s is not sound JSON: %v", name, err).With("export it again; a file cut short ends like this")
	}
	list, ok := submissionsOf(root)
	if !ok {
		return nil, fault.New(fault.Foreign, "import", "%s holds no list of submissions", name).
			With("export submissions of ODK Central or KoboToolbox as JSON, or hand in CSV or XLSX")
	}
	f := flattener{file: name, enc: enc, lim: lim}
	main := f.sheet(strings.TrimSuffix(name, path.Ext(name)), nil)
	for i, x := range list {
		o, ok := x.(object)
		if !ok {
			return nil, fault.Problem{File: name, Row: i + 2, Reason: "the submission is not an object", Remedy: "hand in a list of objects"}
		}
		if err := f.submission(main, o); err != nil {
			return nil, err
		}
	}
	for _, h := range main.header {
		if aloneRepeat.MatchString(h) {
			return nil, fault.New(fault.Foreign, "import", "%s holds the rows of a repeat without the submissions they belong to", name).
				With("export the submissions with $expand=*, or as a zip of CSV")
		}
	}
	sheets, err := f.finish()
	if err == nil && more(root) {
		sheets[0].Warnings = append(sheets[0].Warnings, fault.Problem{File: name, Reason: "the file is one page of several", Remedy: "import the other pages too"})
	}
	return sheets, err
}

// aloneRepeat is the column by which OData names the parents of rows of a repeat.
var aloneRepeat = regexp.MustCompile(`^__Submissions(-.+)?-id$`)

// more reports whether the server had more submissions than it put into the file.
func more(root any) bool {
	o, ok := root.(object)
	for _, name := range []string{"@odata.nextLink", "next"} {
		if next, there := o.get(name); ok && there && next != "" {
			return true
		}
	}
	return false
}

// submissionsOf finds the list: bare, or where Central ("value"), KoboToolbox
// ("results") put it.
func submissionsOf(root any) ([]any, bool) {
	if list, ok := root.([]any); ok {
		return list, true
	}
	if o, ok := root.(object); ok {
		for _, name := range []string{"value", "results"} {
			if v, ok := o.get(name); ok {
				list, ok := v.([]any)
				return list, ok
			}
		}
	}
	return nil, false
}

func readJSON(d *json.Decoder, depth int) (any, error) {
	if depth > maxNesting {
		return nil, fmt.Errorf("nested more than %d deep", maxNesting)
	}
	t, err := d.Token()
	if err != nil {
		return nil, err
	}
	switch t := t.(type) {
	case json.Delim:
		if t == '[' {
			list := []any{}
			for d.More() {
				v, err := readJSON(d, depth+1)
				if err != nil {
					return nil, err
				}
				list = append(list, v)
			}
			_, err := d.Token()
			return list, err
		}
		return readObject(d, depth)
	case nil:
		return "", nil
	case bool:
		return fmt.Sprint(t), nil
	case json.Number:
		return t.String(), nil
	case string:
		return t, nil
	}
	return nil, fmt.Errorf("unexpected %v", t)
}

func readObject(d *json.Decoder, depth int) (any, error) {
	o, seen := object{}, map[string]bool{}
	for d.More() {
		k, err := d.Token()
		if err != nil {
			return nil, err
		}
		name, ok := k.(string)
		if !ok || seen[name] {
			return nil, fmt.Errorf("the name %q stands twice in one object", name)
		}
		seen[name] = true
		v, err := readJSON(d, depth+1)
		if err != nil {
			return nil, err
		}
		o = append(o, member{name, v})
	}
	_, err := d.Token()
	return o, err
}

// flattener turns nested submissions into tables.
type flattener struct {
	file, enc string
	lim       Limits
	sheets    []*flat
}

// flat is a table that grows row by row and column by column.
type flat struct {
	name    string
	parent  *flat
	columns map[string]int
	header  []string
	rows    [][]string
	form    bool
}

func (f *flattener) sheet(name string, parent *flat) *flat {
	for _, s := range f.sheets {
		if s.name == name && s.parent == parent {
			return s
		}
	}
	s := &flat{name: name, parent: parent, columns: map[string]int{}}
	f.sheets = append(f.sheets, s)
	return s
}

func (s *flat) column(name string) int {
	i, ok := s.columns[name]
	if !ok {
		i = len(s.header)
		s.columns[name] = i
		s.header = append(s.header, name)
	}
	return i
}

func (s *flat) put(row int, column, text string) {
	i := s.column(column)
	for len(s.rows[row]) <= i {
		s.rows[row] = append(s.rows[row], "")
	}
	s.rows[row][i] = text
}

func (s *flat) get(row int, column string) string {
	if i, ok := s.columns[column]; ok && i < len(s.rows[row]) {
		return s.rows[row][i]
	}
	return ""
}

func (f *flattener) submission(s *flat, o object) error {
	s.rows = append(s.rows, nil)
	row := len(s.rows) - 1
	var repeats []repeat
	if err := f.members(s, row, o, "", &repeats); err != nil {
		return err
	}
	key := ""
	own := slices.DeleteFunc(slices.Clone(s.header), func(h string) bool { return h == KeyColumn }) // which an earlier row got here
	for _, c := range SubmissionColumns(own) {
		if key = PlainKey(s.get(row, c)); key != "" {
			break
		}
	}
	if s.form = s.form || FromForm(s.header); s.form {
		s.put(row, KeyColumn, key)
	}
	return f.repeats(s, repeats, key)
}

// repeat is the rows of a repeat in one submission, at its path.
type repeat struct {
	path string
	rows []any
}

func (f *flattener) members(s *flat, row int, o object, under string, repeats *[]repeat) error {
	for _, m := range o {
		if strings.Contains(m.name, "@odata.") {
			continue
		}
		name := under + m.name
		switch v := m.value.(type) {
		case string:
			if len(v) > f.lim.CellSize {
				return fault.Problem{File: f.file, Row: row + 2, Column: name, Reason: "the cell is too long", Remedy: "divide the text into passages"}
			}
			s.put(row, name, v)
		case object:
			if err := f.members(s, row, v, name+"/", repeats); err != nil {
				return err
			}
		case []any:
			if err := f.list(s, row, name, v, repeats); err != nil {
				return err
			}
		}
		if len(s.header) > f.lim.Columns {
			return fault.New(fault.TooLarge, "import", "%s has more than %d columns", f.file, f.lim.Columns).With("divide it into several tables")
		}
	}
	return nil
}

// list takes an array of objects for a repeat, any other for values of one cell.
// What KoboToolbox adds of its own (attachments, notes) is no repeat of the form.
func (f *flattener) list(s *flat, row int, name string, v []any, repeats *[]repeat) error {
	if len(v) == 0 { // a repeat nobody filled, or no choice
		return nil
	}
	if slices.ContainsFunc(v, func(x any) bool { _, ok := x.(object); return ok }) {
		if !strings.HasPrefix(name, "_") {
			*repeats = append(*repeats, repeat{name, v})
		}
		return nil
	}
	var texts []string
	for _, x := range v {
		t, ok := x.(string)
		if !ok {
			return fault.Problem{File: f.file, Row: row + 2, Column: name, Reason: "holds a list in a list", Remedy: "hand in the submissions as CSV"}
		}
		texts = append(texts, t)
	}
	s.put(row, name, JoinCell(texts))
	return nil
}

func (f *flattener) repeats(parent *flat, all []repeat, key string) error {
	for _, r := range all {
		table := r.path[strings.LastIndexByte(r.path, '/')+1:]
		at := table // KoboToolbox numbers by the table's name, Central by the path to it
		if _, central := parent.columns["__id"]; central {
			at = r.path
		}
		s := f.sheet(table, parent)
		for i, x := range r.rows {
			o, ok := x.(object)
			if !ok {
				return fault.Problem{File: f.file, Row: i + 2, Column: r.path, Reason: "an entry of the repeat is not an object", Remedy: "export the form again"}
			}
			s.rows = append(s.rows, nil)
			row := len(s.rows) - 1
			own := fmt.Sprintf("%s/%s[%d]", key, at, i+1)
			var inner []repeat
			if err := f.members(s, row, relative(o, r.path), "", &inner); err != nil {
				return err
			}
			s.put(row, KeyColumn, own)
			s.put(row, ParentKeyColumn, key)
			if err := f.repeats(s, inner, own); err != nil {
				return err
			}
		}
	}
	return nil
}

// relative takes the path of a repeat off the names inside it, where KoboToolbox
// writes them whole.
func relative(o object, path string) object {
	out := make(object, len(o))
	for i, m := range o {
		m.name = strings.TrimPrefix(m.name, path+"/")
		out[i] = m
	}
	return out
}

func (f *flattener) finish() ([]*Sheet, error) {
	var out []*Sheet
	made := map[*flat]*Sheet{}
	for _, s := range f.sheets { // a parent comes before its repeats
		full := f.file
		if s.parent != nil {
			full += " [" + s.name + "]"
		}
		header, err := checkHeader(full, slices.Clone(s.header), f.lim)
		if err != nil {
			return nil, err
		}
		sheet := &Sheet{Name: full, Table: s.name, Encoding: "json " + f.enc, Header: header}
		if s.parent != nil {
			sheet.Parent, sheet.above = s.parent.name, made[s.parent]
		}
		made[s] = sheet
		rows := s.rows
		sheet.rows = func(yield func(Row, error) bool) {
			for i, cells := range rows {
				if !yieldRow(yield, full, Row{Number: i + 2, Cells: cells}, header, f.lim) {
					return
				}
			}
		}
		out = append(out, sheet)
	}
	return out, nil
}
