package app_test

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"example.org/amparo/internal/app"
	"example.org/amparo/internal/exchange/table"
	"example.org/amparo/internal/exchange/xlsform"
	"example.org/amparo/internal/index"
	"example.org/amparo/internal/kind"
)

// A form server, as far as its exports go: it takes a form as XLSX, is filled in at
// random, and hands out what ODK Central and KoboToolbox hand out.
type server struct {
	set     *kind.Set
	id      string
	root    *node
	choices map[string][]string
	r       *rand.Rand
	truth   []string // every record that was told, as one line
}

type node struct {
	name, typ string // typ: group, repeat, or of a question
	required  bool
	inside    []*node
}

// told is one submission, or one instance of a repeat.
type told struct {
	at      *node
	key     string
	answers []answer
	repeats map[string][]*told
}

type answer struct{ path, text string } // path from the instance

func newServer(t *testing.T, set *kind.Set, xlsx []byte) *server {
	t.Helper()
	sheets, err := table.Read("form.xlsx", xlsx, table.DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	s := &server{set: set, root: &node{}, choices: map[string][]string{}, r: rand.New(rand.NewPCG(1, 2))}
	stack := []*node{s.root}
	for _, sheet := range sheets {
		at := func(cells []string, col string) string { return cells[slices.Index(sheet.Header, col)] }
		for row, err := range sheet.Rows() {
			if err != nil {
				t.Fatal(err)
			}
			switch sheet.Table {
			case "settings":
				s.id = at(row.Cells, "form_id")
			case "choices":
				list := at(row.Cells, "list_name")
				s.choices[list] = append(s.choices[list], at(row.Cells, "name"))
			case "survey":
				n := &node{name: at(row.Cells, "name"), typ: at(row.Cells, "type"), required: at(row.Cells, "required") != ""}
				top := stack[len(stack)-1]
				switch n.typ {
				case "begin_group", "begin_repeat":
					n.typ = strings.TrimPrefix(n.typ, "begin_")
					top.inside = append(top.inside, n)
					stack = append(stack, n)
				case "end_group", "end_repeat":
					stack = stack[:len(stack)-1]
				default:
					top.inside = append(top.inside, n)
				}
			}
		}
	}
	return s
}

var typed = map[kind.Type][]string{
	kind.TypeText: {"보위부 사람", "two words", "none", "a/b-c"}, kind.TypeDate: {"2003", "spring 2003", "2003-04", "약 2003년"}, kind.TypeAge: {"34", "30~39"},
	kind.TypeDuration: {"보름", "10 days"}, kind.TypeMoney: {"3000 CNY"}, kind.TypeQuantity: {"12 kg", "7"}, kind.TypeNumber: {"3", "12"}, kind.TypeLink: {"Known"},
}

// fill tells one instance and remembers it as a line of truth.
func (s *server) fill(n *node, key, person string) *told {
	out := &told{at: n, key: key, repeats: map[string][]*told{}}
	s.fillInto(out, n, "", person)
	return out
}

func (s *server) fillInto(out *told, n *node, under, person string) {
	k, isKind := s.set.Kind(n.name)
	values := map[string][]kind.Value{}
	for _, q := range n.inside {
		switch q.typ {
		case "note":
		case "group":
			s.fillInto(out, q, q.name+"/", person)
		case "repeat":
			for i := range s.r.IntN(3) {
				path := q.name
				out.repeats[q.name] = append(out.repeats[q.name], s.fill(q, fmt.Sprintf("%s/%s[%d]", out.key, path, i+1), person))
			}
		default:
			text := s.answer(k, q, values, person)
			out.answers = append(out.answers, answer{under + q.name, text})
		}
	}
	if isKind {
		if f, ok := k.Field("person"); ok && n.name != "person" && len(values["person"]) == 0 && f.Kind == "person" {
			values["person"] = []kind.Value{kind.Of(person)}
		}
		s.truth = append(s.truth, line(k, values))
	}
}

// answer fills in one question; a state is asked only beside a question left empty.
func (s *server) answer(k *kind.Kind, q *node, values map[string][]kind.Value, person string) string {
	typ, list, _ := strings.Cut(q.typ, " ")
	f, ok := k.Field(q.name)
	if !ok {
		f, _ = k.Field(strings.TrimSuffix(q.name, "_state"))
		if len(values[f.Name]) > 0 || s.r.IntN(2) == 0 {
			return ""
		}
	} else if !q.required && s.r.IntN(3) == 0 {
		return ""
	}
	var picks []string
	switch typ {
	case "select_one":
		picks = []string{s.choices[list][s.r.IntN(len(s.choices[list]))]}
		if k.Name == "consent" && q.name == "state" {
			picks[0] = "CS-2" // what a consent and an emergency need has rules and tests of its own
		}
	case "select_multiple":
		all := s.choices[list]
		a, b := s.r.IntN(len(all)-4), s.r.IntN(len(all)-4)
		if picks = []string{all[a], all[b]}; a == b {
			picks = []string{all[len(all)-1-s.r.IntN(4)]}
		}
	default:
		texts := typed[f.Type]
		if f.Type == kind.TypeQuantity && f.Unit != "" {
			texts = []string{"12"}
		}
		text := texts[s.r.IntN(len(texts))]
		if q.name == "pseudonym" {
			text = person
		}
		if picks = []string{text}; f.Repeat && typ == "text" {
			picks = append(picks, texts[0]+" 2")
			if f.Type != kind.TypeText {
				picks = []string{texts[0], texts[1]}
			}
		}
	}
	var cells []string
	for _, p := range picks {
		v := kind.Of(p)
		if f.Type != kind.TypeLink {
			var err error
			if v, err = s.set.ParseValue(f, p, ""); err != nil {
				panic(err)
			}
		}
		values[f.Name] = append(values[f.Name], v)
		cells = append(cells, p)
	}
	if typ == "select_multiple" {
		return strings.Join(cells, " ")
	}
	return strings.Join(cells, " | ")
}

// line is a record without its identifier and its other links.
func line(k *kind.Kind, values map[string][]kind.Value) string {
	var parts []string
	for _, f := range k.Fields {
		if f.Type == kind.TypeLink && f.Kind != "person" {
			continue
		}
		var texts []string
		for _, v := range values[f.Name] {
			texts = append(texts, v.State.String()+v.Text)
		}
		if len(texts) > 0 {
			parts = append(parts, f.Name+"="+strings.Join(texts, "+"))
		}
	}
	return k.Name + " " + strings.Join(parts, " ")
}

func (s *server) collect(n int) (all []*told) {
	for i := range n {
		all = append(all, s.fill(s.root, fmt.Sprintf("uuid:%08d", i), fmt.Sprintf("P-%d", i)))
	}
	return all
}

// tables lays submissions out as tables, the root first.
type tables struct {
	order []string
	cols  map[string][]string
	rows  map[string][]map[string]string
}

func (ts *tables) add(name string, row map[string]string, cols []string) {
	if ts.cols == nil {
		ts.cols, ts.rows = map[string][]string{}, map[string][]map[string]string{}
	}
	if ts.cols[name] == nil {
		ts.order = append(ts.order, name)
	}
	for _, c := range cols {
		if !slices.Contains(ts.cols[name], c) {
			ts.cols[name] = append(ts.cols[name], c)
		}
	}
	ts.rows[name] = append(ts.rows[name], row)
}

func (ts *tables) sheets() (out []*table.Sheet) {
	for _, name := range ts.order {
		out = append(out, table.NewSheet(name, ts.cols[name], func(yield func([]string, error) bool) {
			for _, r := range ts.rows[name] {
				cells := []string{}
				for _, c := range ts.cols[name] {
					cells = append(cells, r[c])
				}
				if !yield(cells, nil) {
					return
				}
			}
		}))
	}
	return out
}

// central is the zip of CSV files that ODK Central exports.
func (s *server) central(t *testing.T, all []*told) []byte {
	var ts tables
	var put func(x *told, name, parent string)
	put = func(x *told, name, parent string) {
		row, cols := map[string]string{"KEY": x.key, "PARENT_KEY": parent}, []string{}
		if parent == "" {
			row, cols = map[string]string{"SubmissionDate": "2024-05-01T10:00:00.000Z", "meta-instanceID": x.key, "KEY": x.key, "FormVersion": "1"}, []string{"SubmissionDate"}
		}
		for _, a := range x.answers {
			c := strings.ReplaceAll(a.path, "/", "-")
			row[c] = a.text
			cols = append(cols, c)
		}
		if parent == "" {
			cols = append(cols, "meta-instanceID", "KEY", "SubmitterID", "FormVersion")
		} else {
			cols = append(cols, "PARENT_KEY", "KEY")
		}
		ts.add(name, row, cols)
		for _, q := range repeatsOf(x.at) {
			for _, y := range x.repeats[q.name] {
				put(y, s.id+"-"+q.name, x.key)
			}
		}
	}
	for _, x := range all {
		put(x, s.id, "")
	}
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, sheet := range ts.sheets() {
		f, err := z.Create(sheet.Table + ".csv")
		if err == nil {
			err = table.WriteCSV(f, sheet)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func repeatsOf(n *node) (out []*node) {
	for _, q := range n.inside {
		if q.typ == "repeat" {
			out = append(out, q)
		}
		if q.typ == "group" {
			out = append(out, repeatsOf(q)...)
		}
	}
	return out
}

// kobo is the workbook that KoboToolbox exports, choices in columns of their own too.
func (s *server) kobo(t *testing.T, all []*told) []byte {
	var ts tables
	index := map[string]int{}
	var put func(x *told, name, path, parent string, parentIndex int, uuid string)
	put = func(x *told, name, path, parent string, parentIndex int, uuid string) {
		index[name]++
		row, cols := map[string]string{"_index": fmt.Sprint(index[name])}, []string{}
		for _, a := range x.answers {
			row[path+a.path] = a.text
			cols = append(cols, path+a.path)
			if typ, list, _ := strings.Cut(questionAt(x.at, a.path).typ, " "); typ == "select_multiple" {
				for _, c := range s.choices[list] {
					if cols = append(cols, path+a.path+"/"+c); a.text != "" {
						row[path+a.path+"/"+c] = "0"
					}
				}
				for _, c := range strings.Fields(a.text) {
					row[path+a.path+"/"+c] = "1"
				}
			}
		}
		cols = append(cols, "_index")
		if parent == "" {
			row["_uuid"], row["_id"] = uuid, fmt.Sprint(1000+index[name])
			cols = append(cols, "_id", "_uuid", "_submission_time", "_validation_status")
		} else {
			row["_parent_table_name"], row["_parent_index"], row["_submission__uuid"] = parent, fmt.Sprint(parentIndex), uuid
			cols = append(cols, "_parent_table_name", "_parent_index", "_submission__uuid")
		}
		own := index[name]
		ts.add(name, row, cols)
		for _, q := range repeatsOf(x.at) {
			for _, y := range x.repeats[q.name] {
				put(y, q.name, path+q.name+"/", name, own, uuid)
			}
		}
	}
	for _, x := range all {
		put(x, s.id, "", "", 0, strings.TrimPrefix(x.key, "uuid:"))
	}
	var b bytes.Buffer
	if err := table.WriteXLSX(&b, ts.sheets()); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func questionAt(n *node, path string) *node {
	first, rest, more := strings.Cut(path, "/")
	for _, q := range n.inside {
		if q.name == first && more {
			return questionAt(q, rest)
		}
		if q.name == first {
			return q
		}
	}
	return nil
}

// json is what the API of Central (nested) or of KoboToolbox (paths) answers.
func (s *server) json(t *testing.T, all []*told, central bool) []byte {
	var object func(x *told, path string) map[string]any
	object = func(x *told, path string) map[string]any {
		o := map[string]any{}
		for _, a := range x.answers {
			group, q, grouped := strings.Cut(a.path, "/")
			switch {
			case !central && a.text != "":
				o[path+a.path] = a.text
			case central && grouped:
				if o[group] == nil {
					o[group] = map[string]any{}
				}
				o[group].(map[string]any)[q] = orNull(a.text)
			case central:
				o[a.path] = orNull(a.text)
			}
		}
		for _, q := range repeatsOf(x.at) {
			list := []any{}
			for i, y := range x.repeats[q.name] {
				inner := object(y, path+q.name+"/")
				if central {
					inner["__id"] = fmt.Sprintf("%s%s%d", x.key, q.name, i)
				}
				list = append(list, inner)
			}
			if central {
				o[q.name] = list
			} else {
				o[path+q.name] = list
			}
		}
		return o
	}
	var list []any
	for _, x := range all {
		o := object(x, "")
		if central {
			o["__id"], o["__system"] = x.key, map[string]any{"submissionDate": "2024-05-01", "attachmentsPresent": 0}
		} else {
			o["_uuid"], o["_attachments"], o["_geolocation"] = strings.TrimPrefix(x.key, "uuid:"), []any{}, []any{nil, nil}
		}
		list = append(list, o)
	}
	whole := map[string]any{"results": list, "next": nil}
	if central {
		whole = map[string]any{"@odata.context": "x", "value": list}
	}
	b, err := json.Marshal(whole)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func orNull(s string) any {
	if s == "" {
		return nil
	}
	return s
}

// lines are the records of the workspace as the server's truth has them.
func linesOf(t *testing.T, w *app.Workspace, kinds map[string]bool) (out []string) {
	t.Helper()
	names := map[string]string{}
	if err := w.Index().Each(t.Context(), "person", func(r index.Row) error {
		names[r.ID.String()] = r.Values.Get("pseudonym")
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	for name := range kinds {
		k, _ := w.Schema().Kind(name)
		if err := w.Index().Each(t.Context(), name, func(r index.Row) error {
			values := map[string][]kind.Value{}
			for f, vs := range r.Values {
				for _, v := range vs {
					if n, ok := names[v.Text]; ok {
						v.Text = n
					}
					values[f] = append(values[f], v)
				}
			}
			if l := line(k, values); l != "person pseudonym=Known" {
				out = append(out, l)
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
	}
	slices.Sort(out)
	return out
}

// What a form asks comes back whole, by every way out of either server, with no
// mapping written by hand; and the same submissions by another way are known.
func TestFormsComeBackWithoutAMappingByHand(t *testing.T) {
	for _, tc := range []struct {
		name  string
		parts []xlsform.Part
	}{
		{"whole interview", xlsform.Interview()},
		{"person with stages", []xlsform.Part{{Kind: "person", Parts: []xlsform.Part{{Kind: "detention_stage", Parts: []xlsform.Part{{Kind: "question_asked"}}}, {Kind: "incident"}}}}},
		{"labour claim alone", []xlsform.Part{{Kind: "labour_claim"}}},
		{"estimate alone", []xlsform.Part{{Kind: "estimate"}}},
		{"episode with dispositions", []xlsform.Part{{Kind: "episode", Parts: []xlsform.Part{{Kind: "disposition"}}}}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			set := kind.Builtin()
			form, err := xlsform.Build(set, tc.parts)
			if err != nil {
				t.Fatal(err)
			}
			var xlsx bytes.Buffer
			if err := form.Write(&xlsx); err != nil {
				t.Fatal(err)
			}
			s := newServer(t, set, xlsx.Bytes())
			all := s.collect(12)
			slices.Sort(s.truth)
			kinds := map[string]bool{}
			for _, l := range s.truth {
				kinds[strings.Fields(l)[0]] = true
			}
			ways := map[string][]file{
				"central zip":  {{s.id + ".zip", string(s.central(t, all))}, {s.id + ".json", string(s.json(t, all, true))}},
				"central json": {{s.id + ".json", string(s.json(t, all, true))}, {s.id + ".zip", string(s.central(t, all))}},
				"kobo xlsx":    {{s.id + ".xlsx", string(s.kobo(t, all))}, {s.id + ".json", string(s.json(t, all, false))}},
				"kobo json":    {{s.id + ".json", string(s.json(t, all, false))}, {s.id + ".xlsx", string(s.kobo(t, all))}},
			}
			for way, files := range ways {
				w := create(t)
				importCSV(t, w, "pseudonym,sex\nKnown,\n") // the person that forms without a person name
				for run, f := range files {
					for _, rep := range importFiles(t, w, "", app.ImportOptions{}, f) {
						if rep.Refused != 0 || run == 1 && rep.Stored != 0 {
							t.Errorf("%s, run %d: %s: %d stored, %d known, %d refused: %v", way, run, rep.File, rep.Stored, rep.Known, rep.Refused, rep.Problems[:min(3, len(rep.Problems))])
						}
					}
				}
				got := linesOf(t, w, kinds)
				if len(got) != len(s.truth) {
					t.Errorf("%s: %d records of %d", way, len(got), len(s.truth))
				}
				if d := firstDiff(strings.Join(got, "\n"), strings.Join(s.truth, "\n")); strings.Join(got, "\n") != strings.Join(s.truth, "\n") {
					t.Errorf("%s: what came back differs: %s", way, d)
				}
				if err := w.Close(); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}
