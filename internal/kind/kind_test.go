package kind_test

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"example.org/amparo/fault"
	"example.org/amparo/internal/kind"
)

var update = flag.Bool("update", false, "write the golden files")

// The data dictionary in short: a change to any kind shows in review.
func TestBuiltinKindsAreAsReviewed(t *testing.T) {
	var b strings.Builder
	for _, k := range kind.Builtin().Kinds() {
		fmt.Fprintf(&b, "%s %s %s subject=%s\n", k.Group, k.Name, k.Compartment, strings.Join(k.Subject, ","))
		for _, f := range k.Fields {
			fmt.Fprintf(&b, "  %s %s %s %s%s\n", f.Name, f.Type, f.Class, f.Vocabulary, f.Kind)
		}
	}
	golden := filepath.Join("testdata", "kinds.golden")
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(golden, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(want), b.String()); d != "" {
		t.Errorf("kinds differ from %s (-want +got):\n%s", golden, d)
	}
}

// R02: no field of a person or of any kind scores a person.
// R03: no kind has a field for where a protected person is now.
// R10: no kind has a field for how a person looks or sounds.
// R21: no kind has a field for helpers, brokers' ways, safe houses, payment channels.
func TestR02R03R10R21NoForbiddenField(t *testing.T) {
	for _, k := range kind.Builtin().Kinds() {
		for _, f := range k.Fields {
			if rule := kind.ForbiddenBy(f.Name); rule != "" {
				t.Errorf("kind %s has field %s, which %s forbids", k.Name, f.Name, rule)
			}
			if k.Name == "person" && (f.Type == kind.TypeNumber || f.Type == kind.TypeQuantity) {
				t.Errorf("R02: person has the number %s", f.Name)
			}
		}
	}
	for name, rule := range map[string]string{"credibility_score": "R02", "current_address": "R03", "phone": "R03", "demeanour": "R10", "safe_house": "R21"} {
		decl := fmt.Sprintf("fields:\n  person:\n    - {name: x_%s, type: text, class: sealed, label: {en: a, ko: b, zh: c}}\n", name)
		if _, err := kind.Builtin().With([]byte(decl)); err == nil || !strings.Contains(err.Error(), rule) {
			t.Errorf("adding %s to a workspace: %v, want a refusal by %s", name, err, rule)
		}
	}
}

// declare adds one field to a kind, as a workspace does.
func declare(kindName, field string) error {
	_, err := kind.Builtin().With([]byte("fields:\n  " + kindName + ":\n    - " + field + "\n"))
	return err
}

// R02, R03, R10, R21 at run time: a workspace that adds a field or a kind is refused with
// the rule, whether the name, the label in any language, or the type is what harms.
func TestR02R03R10R21AWorkspaceCannotAddWhatHarms(t *testing.T) {
	for _, tc := range []struct{ kind, field, rule string }{
		{"person", "{name: x_score, type: text, class: coded, label: {en: a, ko: b, zh: c}}", "R02"},
		{"person", "{name: x_trust, type: number, class: coded, label: {en: Trust, ko: 믿음, zh: 信任}}", "R02"},
		{"person_identity", "{name: x_n, type: quantity, unit: percent, class: coded, label: {en: a, ko: b, zh: c}}", "R02"},
		{"incident", "{name: x_rank, type: text, class: coded, label: {en: Ranking of the witness, ko: 가, zh: 甲}}", "R02"},
		{"interview", "{name: x_f1, type: yesno, class: coded, label: {en: a, ko: 거짓말 탐지기 결과, zh: 甲}}", "R02"},
		{"interview", "{name: x_f2, type: text, class: sealed, label: {en: a, ko: 가, zh: 测谎结果}}", "R02"},
		{"interview", "{name: x_ip, type: text, class: sealed, label: {en: a, ko: b, zh: c}}", "R03"},
		{"hiding_period", "{name: x_note3, type: text, class: sealed, label: {en: Phone number, ko: 가, zh: 甲}}", "R03"},
		{"hiding_period", "{name: x_note4, type: text, class: sealed, label: {en: a, ko: 현재 위치, zh: 甲}}", "R03"},
		{"need", "{name: x_note5, type: text, class: sealed, label: {en: a, ko: 가, zh: 手机号码}}", "R03"},
		{"person", "{name: x_stays, type: place, class: coded, label: {en: Stays, ko: 머무름, zh: 停留}}", "R03"},
		{"interview", "{name: x_manner, type: text, class: sealed, label: {en: Demeanour, ko: 가, zh: 甲}}", "R10"},
		{"interview", "{name: x_sound, type: text, class: sealed, label: {en: a, ko: 억양, zh: 甲}}", "R10"},
		{"interview", "{name: x_look, type: text, class: sealed, label: {en: a, ko: 가, zh: 面部表情}}", "R10"},
		{"person_identity", "{name: x_iris, type: file, class: sealed, label: {en: a, ko: b, zh: c}}", "R10"},
		{"journey", "{name: x_way, type: text, class: sealed, label: {en: Route plan, ko: 가, zh: 甲}}", "R21"},
		{"leg", "{name: x_who, type: text, class: sealed, label: {en: a, ko: 브로커 이름, zh: 甲}}", "R21"},
		{"leg", "{name: x_where, type: text, class: sealed, label: {en: a, ko: 가, zh: 安全屋}}", "R21"},
	} {
		err := declare(tc.kind, tc.field)
		if err == nil || !strings.Contains(err.Error(), tc.rule) || fault.KindOf(err) == "" {
			t.Errorf("%s %s: %v, want a refusal by %s", tc.kind, tc.field, err, tc.rule)
		}
	}
	own := "kinds:\n  - kind: x_watch\n    group: people\n    label: {en: a, ko: b, zh: c}\n    plural: {en: a, ko: b, zh: c}\n    help: {en: a, ko: b, zh: c}\n    compartment: general\n    title: [x]\n    list: [x]\n    fields:\n      - {name: x, type: text, class: coded, label: {en: GPS, ko: b, zh: c}}\n"
	if _, err := kind.Builtin().With([]byte(own)); err == nil || !strings.Contains(err.Error(), "R03") {
		t.Errorf("a kind of the workspace's own with a GPS field: %v", err)
	}
	for _, harmless := range []string{
		"{name: x_addressee, type: text, class: coded, label: {en: Addressee of the letter, ko: 수신자, zh: 收信人}}",
		"{name: x_underscored, type: text, class: coded, label: {en: Underscored in the text, ko: 밑줄, zh: 下划线}}",
		"{name: x_days, type: number, class: coded, label: {en: Days without food, ko: 굶은 날, zh: 断粮天数}}",
	} {
		if err := declare("incident", harmless); err != nil {
			t.Errorf("%s is refused: %v", harmless, err)
		}
	}
}

// R02: no field of any kind that is a person holds a number, and whatever grades a source
// applies to what is not a person. R03: a person's own record knows only where somebody
// comes from.
func TestR02R03APersonHasNoNumberAndNoPlaceButOrigin(t *testing.T) {
	for _, name := range []string{"person", "person_identity"} {
		k, _ := kind.Builtin().Kind(name)
		for _, f := range k.Fields {
			switch f.Type {
			case kind.TypeNumber, kind.TypeQuantity, kind.TypeMoney:
				t.Errorf("R02: %s.%s is a number", name, f.Name)
			case kind.TypePlace:
				if f.Name != "origin" && f.Name != "nationality_claims" {
					t.Errorf("R03: %s.%s is a place", name, f.Name)
				}
			case kind.TypeTerm:
				if f.Vocabulary == "source_reliability" || f.Vocabulary == "information_credibility" || f.Vocabulary == "verification_status" {
					t.Errorf("R02: %s.%s grades a person", name, f.Name)
				}
			}
		}
	}
	for _, k := range kind.Builtin().Kinds() {
		for _, f := range k.Fields {
			if rule := kind.ForbiddenLabel(f.Label); rule != "" {
				t.Errorf("%s.%s asks for what %s forbids", k.Name, f.Name, rule)
			}
		}
	}
}

// R19: no field about sexual violence is required beyond the type.
func TestR19NothingRequiredBeyondTheType(t *testing.T) {
	set := kind.Builtin()
	for kindName, code := range map[string]string{"incident": "MT07.1", "exploitation": "HH02"} {
		k, _ := set.Kind(kindName)
		vs := kind.Values{"type": {kind.Of(code)}}
		for room := range map[string]bool{set.CompartmentsOf(k, vs)["type"]: true} {
			if room != "sexual_violence" {
				t.Errorf("%s %s is sealed in %q, want sexual_violence", kindName, code, room)
			}
		}
		for _, f := range k.Fields {
			if f.Required != "" && f.Name != "type" && f.Name != "person" {
				t.Errorf("%s requires %s", kindName, f.Name)
			}
		}
	}
}

func field(t testing.TB, kindName, name string) *kind.Field {
	t.Helper()
	k, ok := kind.Builtin().Kind(kindName)
	if !ok {
		t.Fatalf("no kind %s", kindName)
	}
	f, ok := k.Field(name)
	if !ok {
		t.Fatalf("no field %s", name)
	}
	return f
}

func TestParseValueOfEachType(t *testing.T) {
	set := kind.Builtin()
	for _, tc := range []struct{ kind, field, in, want string }{
		{"incident", "type", "mt01.1", "MT01.1"}, {"incident", "agency", "AG-SSD", "AG-SSD"}, {"person", "sex", "여성", ""}, {"person", "sex", "녀성", "f"}, {"person", "sex", "female", "f"},
		{"incident", "date", "spring 1998", "1998-21"}, {"incident", "place", "온성", "KP-ONS"}, {"detention_stage", "duration", "약 두 달", "약 두 달|45..75"},
		{"exploitation", "price", "3,000 CNY", "3000 CNY"}, {"exploitation", "price", "3000", "3000 CNY"}, {"exclusion_question", "age_then", "30대", "30~39"}, {"exclusion_question", "age_then", "17", "17"},
		{"unhcr_population", "refugees", "1,234", "1234 people"}, {"hiding_period", "children", "2", "2"}, {"episode", "person", "0123456789abcdefghjkmnpqr0", "0123456789abcdefghjkmnpqr0"},
		{"relationship", "hostage_risk", "예", "yes"}, {"statement_unit", "redactions", "0123456789abcdefghjkmnpqr0#3-9", "0123456789abcdefghjkmnpqr0#3-9"},
		{"person", "pseudonym", "@@home", "@home"}, {"person", "pseudonym", "@unknown", ""}, {"incident", "place", "nowhere at all", "!"}, {"exploitation", "price", "many", "!"},
		{"incident", "date", "98", "!"}, {"person", "pseudonym", "a\u202eb", "!"}, {"person", "pseudonym", "@nonsense", "!"}, {"interview", "recording", "x.mp3", "!"},
	} {
		v, err := set.ParseValue(field(t, tc.kind, tc.field), tc.in, "")
		if tc.want == "!" || tc.want == "" && v.State == kind.Given {
			var p fault.Problem
			if !errors.As(err, &p) || p.Field != tc.field || p.Reason == "" || p.Remedy == "" {
				t.Errorf("%s.%s %q: got %v, %v, want a problem with field, reason and remedy", tc.kind, tc.field, tc.in, v, err)
			}
			continue
		}
		if err != nil || v.Text != tc.want {
			t.Errorf("%s.%s %q = %+v, %v, want %q", tc.kind, tc.field, tc.in, v, err, tc.want)
		}
	}
}

// Unknown, refused, not asked and none are four values, and none is the absence of one.
func TestFourStatesAreFourValues(t *testing.T) {
	set, f := kind.Builtin(), field(t, "incident", "place")
	seen := map[kind.State]bool{}
	for _, s := range []string{"@unknown", "@refused", "@not-asked", "@none"} {
		v, err := set.ParseValue(f, s, "")
		if err != nil || seen[v.State] || v.State == kind.Given || v.CellText() != s {
			t.Errorf("%s = %+v (%q), %v", s, v, v.CellText(), err)
		}
		seen[v.State] = true
	}
}

// Whatever a person types, its canonical text reads back as itself.
func TestCanonicalTextReadsBackAsItself(t *testing.T) {
	set := kind.Builtin()
	samples := map[kind.Type][]string{
		kind.TypeDate: {"spring 1998", "1998", "before 2001", "about 1998"}, kind.TypeDuration: {"about two months", "60", "45..75", "보름"},
		kind.TypePlace: {"Onsong", "中国", "함경북도"}, kind.TypeAge: {"34", "30대", "30-39"}, kind.TypeMoney: {"3000 CNY", "USD 12.50"}, kind.TypeNumber: {"1,234.50", "-3"},
		kind.TypeYesNo: {"예", "no"}, kind.TypeText: {"@@x", "=1+1", "김철수"}, kind.TypeQuantity: {"12 kg", "3 people"},
	}
	for _, k := range set.Kinds() {
		for _, f := range k.Fields {
			for _, s := range samples[f.Type] {
				v, err := set.ParseValue(f, s, "")
				if err != nil {
					t.Errorf("%s.%s %q: %v", k.Name, f.Name, s, err)
					continue
				}
				again, err := set.ParseValue(f, v.CellText(), v.Lang)
				if err != nil || again != v {
					t.Errorf("%s.%s %q: %+v reads back as %+v, %v", k.Name, f.Name, s, v, again, err)
				}
			}
		}
	}
}

func TestTextRoundTripsThroughCells(t *testing.T) {
	set, f := kind.Builtin(), field(t, "person", "pseudonym")
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.StringMatching(`@{0,3}[a-z가-힣=+ -]{1,20}`).Draw(t, "s")
		v := kind.Of(s)
		again, err := set.ParseValue(f, v.CellText(), "")
		if err != nil || again != v {
			t.Fatalf("%q through a cell becomes %+v, %v", s, again, err)
		}
	})
}

func TestValidateNamesKindFieldAndRemedy(t *testing.T) {
	set := kind.Builtin()
	k, _ := set.Kind("incident")
	vs := kind.Values{"date": {kind.Of("1998"), kind.Of("1999")}, "nonsense": {kind.Of("x")}, "place": {kind.Of("Onsong")}}
	got := map[string]bool{}
	for _, p := range set.Validate(k, vs, "save") {
		if p.Kind != "incident" || p.Field == "" || p.Reason == "" || p.Remedy == "" {
			t.Errorf("problem without kind, field, reason or remedy: %+v", p)
		}
		got[p.Field] = true
	}
	for _, want := range []string{"date", "nonsense", "place", "type"} {
		if !got[want] {
			t.Errorf("no problem names field %s: %v", want, got)
		}
	}
	ok := kind.Values{"type": {kind.Of("MT02.1")}, "place": {{State: kind.Refused}}}
	if ps := set.Validate(k, ok, "save"); len(ps) > 0 {
		t.Errorf("a sound account has problems: %v", ps)
	}
}

func TestWorkspaceAddsAKindWithoutCode(t *testing.T) {
	decl := `
vocabularies:
  x_colour:
    - {code: red, label: {en: Red, ko: 빨강, zh: 红}}
kinds:
  - kind: x_flag
    group: evidence
    order: 900
    label: {en: Flag, ko: 깃발, zh: 旗}
    plural: {en: Flags, ko: 깃발, zh: 旗}
    help: {en: A flag seen., ko: 본 깃발., zh: 所见旗帜。}
    compartment: general
    title: [x_colour]
    list: [x_colour]
    fields:
      - {name: x_colour, type: term, vocabulary: x_colour, class: open, required: save, facet: true, label: {en: Colour, ko: 색, zh: 颜色}}
fields:
  incident:
    - {name: x_weather, type: text, class: coded, label: {en: Weather, ko: 날씨, zh: 天气}}
`
	set, err := kind.Builtin().With([]byte(decl))
	if err != nil {
		t.Fatal(err)
	}
	k, ok := set.Kind("x_flag")
	if !ok {
		t.Fatal("the kind is not there")
	}
	if ps := set.Validate(k, kind.Values{"x_colour": {kind.Of("red")}, "synthetic": {kind.Of("yes")}}, "save"); len(ps) > 0 {
		t.Errorf("%v", ps)
	}
	inc, _ := set.Kind("incident")
	if _, ok := inc.Field("x_weather"); !ok {
		t.Error("the added field is not there")
	}
	if old, _ := kind.Builtin().Kind("incident"); old == inc {
		t.Error("the built-in kind was changed")
	}
	if set.Digest() == kind.Builtin().Digest() {
		t.Error("the larger set has the digest of the smaller one")
	}
	if _, err := kind.Builtin().With([]byte("kinds:\n  - kind: person\n")); err == nil {
		t.Error("a built-in kind was replaced")
	}
}

func FuzzDeclaration(f *testing.F) {
	f.Add([]byte("kinds: []"))
	f.Add([]byte("fields: {person: [{name: x_a, type: text, class: open, label: {en: a, ko: a, zh: a}}]}"))
	f.Add([]byte("vocabularies: {x: [{code: a}]}"))
	f.Fuzz(func(_ *testing.T, b []byte) { _, _ = kind.Builtin().With(b) })
}

func FuzzVocabulary(f *testing.F) {
	f.Add([]byte("code,label_en\na,b\n"))
	f.Add([]byte("code,parent\na,b\n"))
	f.Fuzz(func(_ *testing.T, b []byte) { _, _ = kind.DecodeVocabulary("x", b) })
}

func FuzzParseValue(f *testing.F) {
	for _, s := range []string{"1998", "@unknown", "@@", "3000 CNY", "Onsong", "30대", "x#1-2", "\xff", "약 두 달|1..2"} {
		f.Add(s, "ko")
	}
	set := kind.Builtin()
	k, _ := set.Kind("detention_stage")
	inc, _ := set.Kind("exploitation")
	f.Fuzz(func(t *testing.T, s, lang string) {
		for _, fd := range append(append([]*kind.Field{}, k.Fields...), inc.Fields...) {
			v, err := set.ParseValue(fd, s, lang)
			if err != nil {
				continue
			}
			if again, err := set.ParseValue(fd, v.CellText(), v.Lang); err != nil || again != v {
				t.Errorf("%s %q: %+v reads back as %+v, %v", fd.Name, s, v, again, err)
			}
		}
	})
}

func BenchmarkValidateIncident(b *testing.B) {
	set := kind.Builtin()
	k, _ := set.Kind("incident")
	vs := kind.Values{"type": {kind.Of("MT02.1")}, "date": {kind.Of("1998-21")}, "place": {kind.Of("KP-ONS")}, "agency": {kind.Of("AG-SSD")},
		"facility_type": {kind.Of("FT-SSD-K")}, "victims": {kind.Of("0123456789abcdefghjkmnpqr0")}, "verification": {kind.Of("VS-1")}, "narrative": {{Text: strings.Repeat("가나다 ", 60), Lang: "ko"}}}
	for b.Loop() {
		if ps := set.Validate(k, vs, "save"); len(ps) > 0 {
			b.Fatal(ps)
		}
	}
}
