package xlsform_test

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"example.org/amparo/fault"
	"example.org/amparo/internal/exchange/table"
	"example.org/amparo/internal/exchange/xlsform"
	"example.org/amparo/internal/kind"
)

// every declares a kind with a field of every type, conditions, several answers, and
// what may not be asked.
const every = `kinds:
- kind: x_every
  group: analysis
  order: 900
  label: {en: "Every ${type}", ko: 모두, zh: 全部}
  plural: {en: Every, ko: 모두, zh: 全部}
  help: {en: All., ko: 모두., zh: 全部。}
  compartment: general
  title: [x_text]
  list: [x_text]
  fields:
  - {name: x_text, type: text, class: coded, required: save, label: {en: Text, ko: 글, zh: 文字}}
  - {name: x_texts, type: text, class: coded, repeat: true, label: {en: Texts, ko: 글, zh: 文字}}
  - {name: x_long, type: text, class: open, long: true, label: {en: Long, ko: 글, zh: 文字}}
  - {name: x_term, type: term, class: coded, vocabulary: mistreatment_types, label: {en: Term, ko: 용어, zh: 术语}}
  - {name: x_terms, type: term, class: coded, vocabulary: need_type, repeat: true, label: {en: Terms, ko: 용어, zh: 术语}, when: {field: x_term, under: [MT02]}}
  - {name: x_date, type: date, class: coded, label: {en: Date, ko: 날짜, zh: 日期}, when: {field: x_text, is: ["it's"]}}
  - {name: x_dates, type: date, class: coded, repeat: true, label: {en: Dates, ko: 날짜, zh: 日期}, when: {field: x_term}}
  - {name: x_age, type: age, class: coded, label: {en: Age, ko: 나이, zh: 年龄}}
  - {name: x_duration, type: duration, class: coded, label: {en: Duration, ko: 기간, zh: 时长}}
  - {name: x_weight, type: quantity, class: coded, unit: kg, label: {en: Weight, ko: 무게, zh: 重量}}
  - {name: x_amount, type: quantity, class: coded, label: {en: Amount, ko: 양, zh: 量}}
  - {name: x_money, type: money, class: coded, label: {en: Money, ko: 돈, zh: 钱}}
  - {name: x_place, type: place, class: coded, label: {en: Place, ko: 곳, zh: 地点}}
  - {name: x_places, type: place, class: coded, repeat: true, label: {en: Places, ko: 곳, zh: 地点}}
  - {name: x_person, type: link, class: coded, kind: person, required: save, label: {en: Person, ko: 사람, zh: 人物}}
  - {name: x_other, type: link, class: coded, label: {en: Other, ko: 기타, zh: 其他}}
  - {name: x_yesno, type: yesno, class: coded, label: {en: Yes or no, ko: 예 아니오, zh: 是否}}
  - {name: x_number, type: number, class: coded, label: {en: Number, ko: 수, zh: 数}}
  - {name: x_file, type: file, class: coded, label: {en: File, ko: 파일, zh: 文件}}
  - {name: x_passage, type: passage, class: coded, label: {en: Passage, ko: 대목, zh: 段落}}
  - {name: x_sealed, type: text, class: sealed, label: {en: Sealed, ko: 봉인, zh: 封存}}
  - {name: x_after, type: text, class: coded, label: {en: After, ko: 뒤, zh: 后}, when: {field: x_sealed}}
`

func schema(t testing.TB) *kind.Set {
	t.Helper()
	set, err := kind.Builtin().With([]byte(every))
	if err != nil {
		t.Fatal(err)
	}
	return set
}

// forms are a form of each kind that may be asked for offline, and of an interview.
func forms(t testing.TB, set *kind.Set) map[string]*xlsform.Form {
	t.Helper()
	out := map[string]*xlsform.Form{}
	for _, k := range set.Kinds() {
		if f, err := xlsform.Build(set, []xlsform.Part{{Kind: k.Name}}); err == nil {
			out[k.Name] = f
		}
	}
	f, err := xlsform.Build(set, xlsform.Interview())
	if err != nil {
		t.Fatal(err)
	}
	out["whole_interview"] = f
	return out
}

// lines are the rows of one of a form's sheets, by column.
func lines(t testing.TB, f *xlsform.Form, name string) (out []map[string]string) {
	t.Helper()
	for _, s := range f.Sheets() {
		if s.Table != name {
			continue
		}
		for row, err := range s.Rows() {
			if err != nil {
				t.Fatal(err)
			}
			m := map[string]string{}
			for i, c := range row.Cells {
				m[s.Header[i]] = c
			}
			out = append(out, m)
		}
	}
	return out
}

func TestMostKindsMayBeAskedForOffline(t *testing.T) {
	got := forms(t, schema(t))
	for _, name := range []string{"person", "interview", "detention_stage", "incident", "consent", "x_every"} {
		if got[name] == nil {
			t.Errorf("there is no form of %s", name)
		}
	}
	if len(got) < 35 {
		t.Errorf("%d forms, want at least 35", len(got))
	}
}

// No form asks where somebody is or can be reached, or lets the telephone say it (R03).
func TestR03NoFormAsksForAPosition(t *testing.T) {
	allowed := []string{"note", "text", "decimal", "select_one", "select_multiple", "begin_group", "end_group", "begin_repeat", "end_repeat"}
	for name, f := range forms(t, schema(t)) {
		for _, r := range lines(t, f, "survey") {
			typ, _, _ := strings.Cut(r["type"], " ")
			if !slices.Contains(allowed, typ) {
				t.Errorf("%s: a question of type %s", name, r["type"])
			}
			if rule := kind.ForbiddenBy(r["name"]); rule != "" {
				t.Errorf("%s: a question named %s is forbidden by %s", name, r["name"], rule)
			}
		}
	}
}

// Where people hide is asked by province, by which way they go not at all (R03, R21).
func TestR21HidingPlacesAreAskedByProvince(t *testing.T) {
	f := forms(t, schema(t))["hiding_period"]
	for _, r := range lines(t, f, "survey") {
		if r["name"] == "place" && r["type"] != "select_one provinces" {
			t.Errorf("the place is asked by %s", r["type"])
		}
	}
	for _, c := range lines(t, f, "choices") {
		if c["list_name"] == "provinces" && c["name"] == "KP-ONS" {
			t.Error("a town is among the provinces")
		}
	}
}

func TestSealedAndRestrictedThingsAreNotAskedFor(t *testing.T) {
	set := schema(t)
	for _, f := range forms(t, set) {
		var at []string
		for _, r := range lines(t, f, "survey") {
			switch typ, _, _ := strings.Cut(r["type"], "_"); typ {
			case "begin":
				at = append(at, r["name"])
			case "end":
				at = at[:len(at)-1]
			case "note":
			default:
				k, _ := set.Kind(at[len(at)-1])
				q, ok := k.Field(strings.TrimSuffix(r["name"], "_state"))
				if !ok {
					q, ok = k.Field(r["name"])
				}
				if !ok || q.Class == kind.Sealed || q.Compartment != "" || q.Type == kind.TypeFile {
					t.Errorf("%s asks for %s", f.ID, r["name"])
				}
			}
		}
	}
	for _, c := range lines(t, forms(t, set)["incident"], "choices") {
		if strings.HasPrefix(c["name"], "MT07") {
			t.Errorf("a term of a restricted compartment is a choice: %s (R19)", c["name"])
		}
	}
	if _, err := xlsform.Build(set, []xlsform.Part{{Kind: "person_identity"}}); fault.KindOf(err) != fault.Denied {
		t.Errorf("identities may be asked for offline: %v", err)
	}
	why := map[string]string{}
	for _, l := range forms(t, set)["x_every"].LeftOut {
		why[l.Field] = l.Why
	}
	for _, name := range []string{"x_sealed", "x_file", "x_passage", "x_other", "x_after", "synthetic", "sensitivity"} {
		if why[name] == "" {
			t.Errorf("%s is left out without a word", name)
		}
	}
}

func TestEveryTextIsInThreeLanguages(t *testing.T) {
	for name, f := range forms(t, schema(t)) {
		for _, sheet := range []string{"survey", "choices"} {
			for i, r := range lines(t, f, sheet) {
				for _, col := range []string{"label", "hint", "constraint_message"} {
					en, ko, zh := r[col+"::English (en)"], r[col+"::한국어 (ko)"], r[col+"::中文 (zh)"]
					if (en == "") != (ko == "") || (en == "") != (zh == "") || strings.Contains(en, "${") {
						t.Errorf("%s, %s, line %d: %s is %q, %q, %q", name, sheet, i+2, col, en, ko, zh)
					}
				}
				if r["label::English (en)"] == "" && !strings.HasPrefix(r["type"], "end_") {
					t.Errorf("%s, %s, line %d: no label", name, sheet, i+2)
				}
				if (r["constraint"] == "") != (r["constraint_message::English (en)"] == "") {
					t.Errorf("%s, line %d: a constraint without a word, or a word without one", name, i+2)
				}
			}
		}
	}
}

func TestConditionsOfFieldsBecomeRelevance(t *testing.T) {
	want := map[string]string{
		"x_terms": "selected(../x_term, 'MT02') or selected(../x_term, 'MT02.1')", "x_date": `../x_text = "it's"`,
		"x_dates": "../x_term != '' and not(starts-with(../x_term, '@'))", "x_date_state": `(../x_text = "it's") and ../x_date = ''`,
	}
	for _, r := range lines(t, forms(t, schema(t))["x_every"], "survey") {
		if w, ok := want[r["name"]]; ok {
			if !strings.HasPrefix(r["relevant"], w) {
				t.Errorf("%s is asked if %s, want %s", r["name"], r["relevant"], w)
			}
			delete(want, r["name"])
		}
	}
	if len(want) > 0 {
		t.Errorf("not in the form: %v", want)
	}
}

// "Unknown", "refused", "not asked" and "none" can be said of every question that
// may stay empty.
func TestTheFourAnswersThatAreNoneCanBeGiven(t *testing.T) {
	for name, f := range forms(t, schema(t)) {
		survey := lines(t, f, "survey")
		lists := map[string]int{}
		for _, c := range lines(t, f, "choices") {
			if strings.HasPrefix(c["name"], "@") {
				lists[c["list_name"]]++
			}
		}
		for i, r := range survey {
			typ, list, _ := strings.Cut(r["type"], " ")
			switch {
			case strings.HasPrefix(typ, "select"):
				if lists[list] != 4 {
					t.Errorf("%s: %s offers %d of the four", name, r["name"], lists[list])
				}
			case (typ == "text" || typ == "decimal") && r["required"] == "" && r["appearance"] != "multiline":
				if next := survey[i+1]; next["name"] != r["name"]+"_state" || next["type"] != "select_one no_answer" {
					t.Errorf("%s: nobody asks why %s is empty", name, r["name"])
				}
			}
		}
	}
}

func TestPartsAreNamedByPaths(t *testing.T) {
	parts, err := xlsform.ParseParts([]string{"person", "interview"}, []string{"episode/detention_stage", "episode"})
	if err == nil {
		t.Errorf("an inner repeat before its outer one: %v", parts)
	}
	if parts, err = xlsform.ParseParts([]string{"person", "interview"}, []string{"episode", "episode/detention_stage", "incident"}); err != nil || len(parts[1].Parts) != 2 || parts[1].Parts[0].Parts[0].Kind != "detention_stage" {
		t.Errorf("%v, %v", parts, err)
	}
	set := schema(t)
	for name, parts := range map[string][]xlsform.Part{
		"no kind": {}, "a kind that is not": {{Kind: "nonsense"}}, "a kind twice": {{Kind: "person"}, {Kind: "person"}},
		"a repeat that links to nothing here": {{Kind: "person", Parts: []xlsform.Part{{Kind: "vote"}}}},
	} {
		if f, err := xlsform.Build(set, parts); err == nil {
			t.Errorf("%s: %s is made", name, f.ID)
		}
	}
}

func TestTheSameSchemaGivesTheSameForm(t *testing.T) {
	set := schema(t)
	one, again := forms(t, set)["whole_interview"], forms(t, set)["whole_interview"]
	for i, s := range one.Sheets() {
		var a, b bytes.Buffer
		if err := table.WriteCSV(&a, s); err != nil {
			t.Fatal(err)
		}
		if err := table.WriteCSV(&b, again.Sheets()[i]); err != nil {
			t.Fatal(err)
		}
		if a.String() != b.String() {
			t.Errorf("%s: two forms of one schema differ", s.Table)
		}
	}
}

// converts asks the reference implementation, without and with ODK's own validator.
const converts = `
import sys, pathlib
from pyxform.xls2xform import xls2xform_convert
bad = 0
for p in sorted(pathlib.Path(sys.argv[1]).glob("*.xlsx")):
    full = p.stem in sys.argv[2:]
    try:
        for w in xls2xform_convert(str(p), str(p.with_suffix(".xml")), validate=full):
            print("warning:", p.stem, w)
    except Exception as e:
        bad += 1
        print("REFUSED", p.stem, e)
sys.exit(bad > 0)
`

// Every form converts with pyxform, and two pass ODK Validate (which needs Java).
// validate.sh beside this file prepares both; AMPARO_PYXFORM names a Python that has
// pyxform, AMPARO_REQUIRE_PYXFORM forbids skipping.
func TestFormsValidateWithPyxform(t *testing.T) {
	python := os.Getenv("AMPARO_PYXFORM")
	if python == "" {
		python = "python3"
	}
	if err := exec.Command(python, "-c", "import pyxform").Run(); err != nil {
		if os.Getenv("AMPARO_REQUIRE_PYXFORM") != "" {
			t.Fatal("pyxform is not here, and AMPARO_REQUIRE_PYXFORM is set")
		}
		t.Skip("SKIPPED: pyxform is not here: NO FORM WAS VALIDATED. Run internal/exchange/xlsform/validate.sh")
	}
	dir := t.TempDir()
	for name, f := range forms(t, schema(t)) {
		var b bytes.Buffer
		if err := f.Write(&b); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name+".xlsx"), b.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	args := []string{"-c", converts, dir}
	if _, err := exec.LookPath("java"); err == nil {
		args = append(args, "whole_interview", "x_every")
	} else if os.Getenv("AMPARO_REQUIRE_PYXFORM") != "" {
		t.Fatal("ODK Validate needs java, and AMPARO_REQUIRE_PYXFORM is set")
	} else {
		t.Log("SKIPPED in part: no java, so ODK Validate did not run")
	}
	ctx, stop := context.WithTimeout(t.Context(), 5*time.Minute)
	defer stop()
	out, err := exec.CommandContext(ctx, python, args...).CombinedOutput()
	if err != nil || bytes.Contains(out, []byte("warning:")) {
		t.Errorf("%v\n%s", err, out)
	}
	for name, f := range forms(t, schema(t)) {
		xml, err := os.ReadFile(filepath.Join(dir, name+".xml"))
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range lines(t, f, "survey") { // a form that lost its questions converts, too
			if r["name"] != "" && !bytes.Contains(xml, []byte("/"+r["name"]+`"`)) {
				t.Errorf("%s: the form has no %s", name, r["name"])
			}
		}
		for _, l := range []string{"English (en)", "한국어 (ko)", "中文 (zh)"} {
			if !bytes.Contains(xml, []byte(`lang="`+l+`"`)) {
				t.Errorf("%s: the form does not speak %s", name, l)
			}
		}
	}
}

func FuzzParseParts(f *testing.F) {
	f.Add("person", "detention_stage", "detention_stage/question_asked")
	f.Add("", "/", "a//b")
	set := schema(f)
	f.Fuzz(func(t *testing.T, group, a, b string) {
		parts, err := xlsform.ParseParts([]string{group}, []string{a, b})
		if err != nil {
			return
		}
		if form, err := xlsform.Build(set, parts); err == nil && len(form.Sheets()) != 3 {
			t.Errorf("%q %q %q: a form of %d sheets", group, a, b, len(form.Sheets()))
		}
	})
}
