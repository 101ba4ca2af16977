package mapping_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"example.org/amparo/fault"
	"example.org/amparo/id"
	"example.org/amparo/internal/exchange/mapping"
	"example.org/amparo/internal/exchange/table"
	"example.org/amparo/internal/kind"
)

func sheets(t testing.TB, name, text string) []*table.Sheet {
	t.Helper()
	s, err := table.Read(name, []byte(text), table.DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func guess(t testing.TB, name, text, only string) mapping.Mapping {
	t.Helper()
	b, err := mapping.Guess(kind.Builtin(), sheets(t, name, text), only)
	if err != nil {
		t.Fatalf("%s: %v", strings.SplitN(text, "\n", 2)[0], err)
	}
	return b[0]
}

// known is a workspace of a few records.
type known struct {
	records map[string][]id.ID
	content int
}

func (k *known) Named(parts ...string) id.ID { return id.Derive([]byte("k"), parts...) }
func (k *known) Content(parts ...string) id.ID {
	k.content++
	return id.Derive([]byte("c"), parts...)
}
func (k *known) Find(kindName, field, text string) ([]id.ID, error) {
	return k.records[kindName+"."+field+"="+text], nil
}

func fieldsOf(m mapping.Mapping) map[string]string {
	out := map[string]string{}
	for h, c := range m.Columns {
		out[h] = c.Field
	}
	return out
}

func TestHeadersFindTheirKindAndFields(t *testing.T) {
	for _, tc := range []struct {
		name, header, kind string
		want               map[string]string
		ignored            []string
	}{
		{"names of fields", "pseudonym,sex,birth", "person", map[string]string{"pseudonym": "pseudonym", "sex": "sex", "birth": "birth"}, nil},
		{"labels in Korean", "가명,성별,출생,고향(도)", "person", map[string]string{"가명": "pseudonym", "성별": "sex", "출생": "birth", "고향(도)": "origin"}, nil},
		{"labels in Chinese", "化名,性别,出生", "person", map[string]string{"化名": "pseudonym", "性别": "sex", "出生": "birth"}, nil},
		{"usual names", "Pseudonym,Gender,DOB,shoe size", "person", map[string]string{"Pseudonym": "pseudonym", "Gender": "sex", "DOB": "birth"}, []string{"shoe size"}},
		{"languages of text", "person,names:ko,names:en", "person_identity", map[string]string{"person": "person", "names:ko": "names", "names:en": "names"}, nil},
		{"codes of a standard", "pseudonym,0913,0908", "person", map[string]string{"pseudonym": "pseudonym", "0913": "sex", "0908": "birth"}, nil},
		{"a form's own columns", "SubmissionDate,person-pseudonym,person-sex,person-home-Latitude,deviceid,meta-instanceID,KEY", "person",
			map[string]string{"person-pseudonym": "pseudonym", "person-sex": "sex"}, []string{"SubmissionDate", "person-home-Latitude", "deviceid", "meta-instanceID"}},
		{"a form in groups", "intro/who/pseudonym,intro/sex,_uuid,_status", "person", map[string]string{"intro/who/pseudonym": "pseudonym", "intro/sex": "sex"}, []string{"_status"}},
		{"one choice a column", "pseudonym,specific_needs/health,specific_needs/papers,_uuid", "person",
			map[string]string{"pseudonym": "pseudonym", "specific_needs/health": "specific_needs", "specific_needs/papers": "specific_needs"}, nil},
		{"choices beside the answer", "pseudonym,specific_needs,specific_needs/health,_uuid", "person",
			map[string]string{"pseudonym": "pseudonym", "specific_needs": "specific_needs"}, []string{"specific_needs/health"}},
		{"why there is no answer", "pseudonym,birth,birth_state", "person", map[string]string{"pseudonym": "pseudonym", "birth": "birth", "birth_state": "birth"}, nil},
		{"the four answers of votes", "resolution,date,country,country_code,vote", "vote",
			map[string]string{"resolution": "resolution", "date": "date", "country": "state_name", "country_code": "state", "vote": "value"}, nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			m := guess(t, "t.csv", tc.header+"\n", "")
			if m.Kind != tc.kind {
				t.Errorf("kind %s, want %s", m.Kind, tc.kind)
			}
			if d := cmp.Diff(tc.want, fieldsOf(m)); d != "" {
				t.Error(d)
			}
			if d := cmp.Diff(tc.ignored, m.Ignore); d != "" {
				t.Error(d)
			}
		})
	}
}

// Where somebody is or was is never taken in, and the person is told so (R03).
func TestR03ColumnsOfPositionsAreLeftOut(t *testing.T) {
	b, err := mapping.Guess(kind.Builtin(), sheets(t, "t.csv", "pseudonym,phone,home_latitude,Longitude,_uuid\n"), "")
	if err != nil {
		t.Fatal(err)
	}
	if got := b.Describe(); strings.Count(got, "R03") != 3 {
		t.Errorf("not every column is named:\n%s", got)
	}
}

func TestUNHCRTablesNeedNoSavedMapping(t *testing.T) {
	for name, want := range map[string]struct {
		kind, set string
		key       int
	}{
		"unhcr_applications_origin_PRK.csv": {"unhcr_application", "origin=KP", 6}, "unhcr_decisions_origin_PRK.csv": {"unhcr_decision", "origin=KP", 5},
		"unhcr_population_asylum_CHN.csv": {"unhcr_population", "", 3}, "unhcr_population_origin_PRK.csv": {"unhcr_population", "", 3},
	} {
		b, err := os.ReadFile(filepath.Join("..", "..", "..", "..", "shared", "data", "unhcr", name))
		if err != nil {
			t.Skip("SKIPPED: the UNHCR tables are not beside the project")
		}
		m := guess(t, name, string(b), "")
		set := ""
		for f, v := range m.Set {
			set += f + "=" + v
		}
		if m.Kind != want.kind || set != want.set || len(m.Unmapped()) != 0 || len(m.Key) != want.key {
			t.Errorf("%s: kind %s, set %q, key %v, not mapped %v; want %+v", name, m.Kind, set, m.Key, m.Unmapped(), want)
		}
	}
}

func TestForeignNumbersAreNoIdentifiers(t *testing.T) {
	if m := guess(t, "t.csv", "id,pseudonym\n1,Hana\n2,Duri\n", ""); m.Record != "" {
		t.Errorf("the numbers 1 and 2 are taken for identifiers of records")
	}
	if m := guess(t, "t.csv", "id,pseudonym\n"+id.Derive([]byte("x"), "y").String()+",Hana\n", ""); m.Record != "id" {
		t.Errorf("the column of identifiers is not seen")
	}
}

func TestTablesThatFitNoKindSaySo(t *testing.T) {
	set := kind.Builtin()
	for text, want := range map[string]string{"colour,weight\nred,1\n": "no kind has columns", "pseudonym^sex\nHana^f\n": "one column only"} {
		if _, err := mapping.Guess(set, sheets(t, "t.csv", text), ""); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
	if _, err := mapping.Guess(set, sheets(t, "t.csv", "pseudonym\nHana\n"), "nonsense"); fault.KindOf(err) != fault.NotFound {
		t.Errorf("a kind that is not: %v", err)
	}
	two := append(sheets(t, "a.csv", "pseudonym\nHana\n"), sheets(t, "b.csv", "colour\nred\n")...)
	b, err := mapping.Guess(set, two, "")
	if err != nil || len(b) != 2 || b[0].Table != "a" || b[1].Skip == "" {
		t.Errorf("one table of two: %+v, %v", b, err)
	}
}

func TestASavedMappingIsReadTheSame(t *testing.T) {
	for _, text := range []string{
		"pseudonym,specific_needs/health,specific_needs_other,birth,birth_state,_uuid\n", "resolution,country_code,vote\n", "year,coa_iso,coo_iso,refugees\n",
	} {
		guessed, err := mapping.Guess(kind.Builtin(), sheets(t, "t_origin_PRK.csv", text), "")
		if err != nil {
			t.Fatal(err)
		}
		again, err := mapping.Parse(kind.Builtin(), guessed.YAML())
		if err != nil {
			t.Fatalf("%v\n%s", err, guessed.YAML())
		}
		if d := cmp.Diff(string(guessed.YAML()), string(again.YAML())); d != "" {
			t.Error(d)
		}
	}
}

func TestFaultyMappingsAreRefusedWithARemedy(t *testing.T) {
	for name, y := range map[string]string{
		"empty": "", "no kind": "kind: nonsense\n", "no field": "kind: person\ncolumns:\n  a: {field: nonsense}\n", "unknown word": "kind: person\ncolour: red\n",
		"set of no field": "kind: person\nset: {nonsense: x}\n", "link of no link": "kind: person\nlinks: {sex: person}\n", "link to another kind": "kind: interview\nlinks: {person: case}\n",
		"state that is not": "kind: person\nstates: {maybe: [x]}\n", "choice that is not": "kind: person\ncolumns:\n  a: {field: sex, choice: purple}\n",
		"find without link": "kind: person\ncolumns:\n  a: {field: sex, find: pseudonym}\n", "make without find": "kind: interview\ncolumns:\n  a: {field: person, make: true}\n",
		"find by a sealed field": "kind: interview\ncolumns:\n  a: {field: person, find: safe_contact_token}\n", "note in a term": "kind: person\ncolumns:\n  a: {field: sex, note: x}\n",
	} {
		_, err := mapping.Parse(kind.Builtin(), []byte(y))
		if err == nil || !strings.Contains(err.Error(), "(") {
			t.Errorf("%s: %v, want an error with a remedy", name, err)
		}
	}
}

func TestEveryColumnIsMappedOrLeftOutOnPurpose(t *testing.T) {
	m := mapping.Mapping{Kind: "person", Columns: map[string]mapping.Column{"a": {Field: "pseudonym"}}}
	for name, header := range map[string][]string{"a column nobody speaks of": {"a", "b"}, "a column that is missing": {"b"}} {
		if _, err := mapping.Bind(kind.Builtin(), []mapping.Mapping{m}, header); err == nil {
			t.Error(name)
		}
	}
	m.Ignore = []string{"b"}
	if _, err := mapping.Bind(kind.Builtin(), []mapping.Mapping{m}, []string{"a", "b", mapping.RowColumn}); err != nil {
		t.Error(err)
	}
}

func apply(t *testing.T, m mapping.Mapping, header, cells []string, above mapping.Above, recs mapping.Records) mapping.Applied {
	t.Helper()
	a, err := mapping.Bind(kind.Builtin(), []mapping.Mapping{m}, header)
	if err != nil {
		t.Fatal(err)
	}
	return a.Row(cells, above, recs)
}

func TestCellsBecomeValues(t *testing.T) {
	x := id.Derive([]byte("x"), "1")
	recs := &known{records: map[string][]id.ID{"person.pseudonym=Hana": {x}, "person.pseudonym=Duri": {x, x}}}
	states := map[string][]string{"unknown": {"dk"}, "refused": {"97"}, "none": {"none"}}
	for _, tc := range []struct {
		name, kind, field string
		c                 mapping.Column
		cell              string
		want              []kind.Value // nil: a problem, empty: nothing stated
	}{
		{"several terms in one cell", "person", "specific_needs", mapping.Column{}, "health papers", []kind.Value{kind.Of("health"), kind.Of("papers")}},
		{"joined terms", "person", "specific_needs", mapping.Column{}, "health | papers", []kind.Value{kind.Of("health"), kind.Of("papers")}},
		{"a term that is not among several", "person", "specific_needs", mapping.Column{}, "health purple", nil},
		{"text is never divided by spaces", "person", "languages", mapping.Column{}, "Korean Chinese", []kind.Value{kind.Of("Korean Chinese")}},
		{"a word for unknown", "person", "birth", mapping.Column{}, "DK", []kind.Value{{State: kind.Unknown}}},
		{"a code for refused", "person", "sex", mapping.Column{}, "97", []kind.Value{{State: kind.Refused}}},
		{"in text it is what was said", "person", "legal_rep", mapping.Column{}, "none", []kind.Value{kind.Of("none")}},
		{"n/a says too little", "person", "birth", mapping.Column{}, "n/a", nil},
		{"n/a, declared", "person", "birth", mapping.Column{NA: []string{"n/a"}}, "n/a", []kind.Value{}},
		{"translated", "person", "sex", mapping.Column{Translate: map[string]string{"W": "f"}}, "W", []kind.Value{kind.Of("f")}},
		{"chosen", "person", "specific_needs", mapping.Column{Choice: "health"}, "1", []kind.Value{kind.Of("health")}},
		{"not chosen", "person", "specific_needs", mapping.Column{Choice: "health"}, "0", []kind.Value{}},
		{"neither", "person", "specific_needs", mapping.Column{Choice: "health"}, "2", nil},
		{"a link in words", "interview", "person", mapping.Column{Find: "pseudonym"}, "Hana", []kind.Value{kind.Of(x.String())}},
		{"a link to two", "interview", "person", mapping.Column{Find: "pseudonym"}, "Duri", nil},
		{"a link to nobody", "interview", "person", mapping.Column{Find: "pseudonym"}, "Seri", nil},
		{"an apostrophe is kept", "person", "legal_rep", mapping.Column{}, "'tis", []kind.Value{kind.Of("'tis")}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			tc.c.Field = tc.field
			m := mapping.Mapping{Kind: tc.kind, Columns: map[string]mapping.Column{"h": tc.c}, States: states}
			got := apply(t, m, []string{"h"}, []string{tc.cell}, nil, recs)
			if tc.want == nil {
				if len(got.Problems) != 1 || got.Problems[0].Column != "h" || got.Problems[0].Value != tc.cell || got.Problems[0].Remedy == "" {
					t.Errorf("%+v, want one problem with column, value and remedy", got.Problems)
				}
				return
			}
			vs := got.Statements[0].Fields[tc.field]
			if len(got.Problems) != 0 || len(vs) != len(tc.want) || len(vs) > 0 && !cmp.Equal(vs, tc.want) {
				t.Errorf("%v %v, want %v", vs, got.Problems, tc.want)
			}
		})
	}
}

func TestAnAnswerAndAReasonForNoneContradict(t *testing.T) {
	m := mapping.Mapping{Kind: "person", Columns: map[string]mapping.Column{"b": {Field: "birth"}, "s": {Field: "birth", State: true}}}
	if got := apply(t, m, []string{"b", "s"}, []string{"1970", "@refused"}, nil, &known{}); len(got.Problems) != 1 {
		t.Errorf("%+v", got)
	}
	got := apply(t, m, []string{"b", "s"}, []string{"", "@refused"}, nil, &known{})
	if len(got.Problems) != 0 || got.Statements[0].Fields["birth"][0].State != kind.Refused {
		t.Errorf("%+v", got)
	}
}

func TestLinksGoToTheRowARowBelongsTo(t *testing.T) {
	m := mapping.Mapping{Kind: "detention_stage", Columns: map[string]mapping.Column{"stage": {Field: "stage"}}, Links: map[string]string{"person": "person", "episode": "episode"}}
	p := id.Derive([]byte("x"), "p")
	got := apply(t, m, []string{"stage"}, []string{"ST03"}, mapping.Above{"person": p}, &known{})
	if len(got.Problems) != 0 || got.Statements[0].Fields.Get("person") != p.String() || len(got.Statements[0].Fields["episode"]) != 0 {
		t.Errorf("%+v", got)
	}
	if got := apply(t, m, []string{"stage"}, []string{"ST03"}, nil, &known{}); len(got.Problems) != 1 {
		t.Errorf("a stage of nobody: %+v", got)
	}
}

// Whose record it is follows from the form; who was harmed, nobody may guess.
func TestNobodyGuessesWhoWasHarmed(t *testing.T) {
	ss := append(sheets(t, "f.csv", "pseudonym,KEY,SubmissionDate\nHana,u1,x\n"), sheets(t, "f-incident.csv", "type,date,KEY,PARENT_KEY\nMT02.1,2003,u1/incident[1],u1\n")...)
	b, err := mapping.Guess(kind.Builtin(), table.Link(ss), "")
	if err != nil || len(b) != 2 {
		t.Fatalf("%+v, %v", b, err)
	}
	if d := cmp.Diff(map[string]string{"person": "person"}, b[1].Links); b[1].Kind != "incident" || d != "" {
		t.Errorf("%s: %s", b[1].Kind, d)
	}
}

// The same row of two countries' files is not one record, and a mapping that sets
// nothing more gives the same record every time.
func TestRowsAreNamedByTheirKey(t *testing.T) {
	m := mapping.Mapping{Kind: "unhcr_application", Columns: map[string]mapping.Column{"y": {Field: "year"}, "a": {Field: "asylum"}, "n": {Field: "applied"}}, Key: []string{"y", "a"}, Set: map[string]string{"origin": "KP"}}
	rec := func(cells ...string) id.ID {
		return apply(t, m, []string{"y", "a", "n"}, cells, nil, &known{}).Statements[0].Record
	}
	first := rec("2000", "AUS", "5")
	if first != rec("2000", "AUS", "6") {
		t.Error("a corrected figure is another record")
	}
	if first == rec("2001", "AUS", "5") {
		t.Error("two years are one record")
	}
	m.Set = map[string]string{"origin": "SY"}
	if first == rec("2000", "AUS", "5") {
		t.Error("two countries are one record")
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte("kind: person\ncolumns:\n  a: {field: sex, choice: f}\n---\ntable: x\nskip: no\n"))
	f.Add([]byte("kind: interview\nlinks: {person: person}\nstates: {unknown: [dk]}\n"))
	f.Add([]byte("a: &a [*a]"))
	f.Fuzz(func(t *testing.T, data []byte) {
		b, err := mapping.Parse(kind.Builtin(), data)
		if err != nil {
			return
		}
		again, err := mapping.Parse(kind.Builtin(), b.YAML())
		if err != nil || string(again.YAML()) != string(b.YAML()) {
			t.Errorf("what was read is not read again: %v\n%s", err, b.YAML())
		}
		_ = b.Describe()
	})
}

func FuzzGuessAndApply(f *testing.F) {
	f.Add("pseudonym,sex,specific_needs/health,_uuid\nHana,f,1,u1\n")
	f.Add("resolution,country_code,vote\nA/RES/1,KP,no\n")
	f.Add(`[{"_uuid":"1","person/pseudonym":"a","detention_stage":[{"detention_stage/stage":"ST03"}]}]`)
	f.Fuzz(func(t *testing.T, text string) {
		lim := table.Limits{File: 1 << 20, Ratio: 100, Entries: 20, Columns: 50, CellSize: 1000}
		ss, err := table.Read("f.csv", []byte(text), lim)
		if err != nil {
			return
		}
		b, err := mapping.Guess(kind.Builtin(), ss, "")
		if err != nil {
			return
		}
		if b, err = mapping.Parse(kind.Builtin(), b.YAML()); err != nil {
			t.Fatalf("the guess cannot be saved: %v", err)
		}
		for _, s := range ss {
			ms := b.For(s.Table)
			if len(ms) == 0 || ms[0].Skip != "" {
				continue
			}
			a, err := mapping.Bind(kind.Builtin(), ms, s.Header)
			if err != nil {
				t.Fatalf("the guess does not fit its own table: %v", err)
			}
			for row, err := range s.Rows() {
				if err == nil {
					a.Row(row.Cells, nil, &known{})
				}
			}
		}
	})
}

// A form of 500 questions.
func BenchmarkGuess(b *testing.B) {
	header := []string{"_uuid", "pseudonym", "sex"}
	for i := range 500 {
		header = append(header, "group_one/part-two/question_"+strings.Repeat("x", i%7)+string(rune('a'+i%26))+strings.Repeat("y", i/26))
	}
	ss := sheets(b, "t.csv", strings.Join(header, ",")+"\n")
	for b.Loop() {
		if _, err := mapping.Guess(kind.Builtin(), ss, ""); err != nil {
			b.Fatal(err)
		}
	}
}
