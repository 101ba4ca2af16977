package kind

import (
	"fmt"
	"slices"
	"strings"

	"example.org/amparo/fault"
)

// Compartments are those every workspace has.
var compartmentNames = []string{"general", "identities", "sexual_violence", "perpetrators", "protection", "cases"}

// Steps are the workflow steps at which a field can become required.
var steps = []string{"", "save", "interview", "coding", "review", "verify", "export", "decide"}

// forbidden are parts of field names that no kind may have, and why: where a
// protected person is now (R03), what a person is worth believing (R02), how a person
// looks or sounds (R10), and the ways people take (R21). A test is named after each.
var forbidden = map[string]string{
	"address": "R03", "coordinate": "R03", "coordinates": "R03", "latitude": "R03", "longitude": "R03", "lat": "R03", "lon": "R03", "lng": "R03", "phone": "R03", "telephone": "R03", "mobile": "R03",
	"gps": "R03", "geo": "R03", "ip": "R03", "ip_address": "R03", "exif": "R03", "location": "R03", "current_location": "R03", "current_place": "R03", "lives_at": "R03", "lives_in": "R03", "hiding_place": "R03",
	"email": "R03", "wechat": "R03", "kakao": "R03", "messenger": "R03",
	"score": "R02", "scoring": "R02", "rating": "R02", "credibility_score": "R02", "truthfulness": "R02", "risk_score": "R02", "deception": "R02", "person_score": "R02", "ranking": "R02", "polygraph": "R02", "lie_detector": "R02",
	"demeanour": "R10", "demeanor": "R10", "biometric": "R10", "biometrics": "R10", "accent": "R10", "facial": "R10", "face_print": "R10", "voice_print": "R10", "voiceprint": "R10", "fingerprint": "R10", "fingerprints": "R10", "iris": "R10", "gait": "R10",
	"route_plan": "R21", "route_map": "R21", "safe_house": "R21", "payment_channel": "R21", "bank_account": "R21", "helper_name": "R21", "broker_name": "R21", "smuggler_name": "R21", "guide_name": "R21",
}

// forbiddenWords are what a label may not ask for, in the three languages: a field named
// note_3 that asks for a telephone number is a field for a telephone number.
var forbiddenWords = []struct {
	rule  string
	words []string
}{
	{"R03", []string{"address", "coordinate", "latitude", "longitude", "telephone", "phone number", "gps", "current location", "where now", "e-mail", "email", "wechat", "주소", "좌표", "위도", "경도", "전화", "휴대폰", "현재 위치", "현 거주지", "지금 있는 곳", "은신처 위치", "地址", "坐标", "纬度", "经度", "电话", "手机", "当前位置", "现住址", "住址", "微信", "카톡"}},
	{"R02", []string{"score", "ranking", "truthfulness", "polygraph", "lie detector", "점수", "순위", "진실성", "거짓말", "评分", "得分", "打分", "排名", "测谎", "诚实度", "真实度"}},
	{"R10", []string{"demeanour", "demeanor", "biometric", "accent", "facial", "fingerprint", "voice print", "억양", "태도", "표정", "지문", "생체", "얼굴 인식", "口音", "神态", "表情", "指纹", "生物特征", "人脸", "声纹"}},
	{"R21", []string{"safe house", "safehouse", "route plan", "route map", "payment channel", "name of the broker", "name of the helper", "broker's name", "helper's name", "안전가옥", "탈출 경로", "송금 경로", "브로커 이름", "조력자 이름", "安全屋", "逃离路线", "付款渠道", "中介姓名", "协助者姓名", "蛇头姓名"}},
}

// ForbiddenBy returns the rule that forbids a field name, or "".
func ForbiddenBy(name string) string {
	for part, rule := range forbidden {
		if name == part || strings.Contains("_"+name+"_", "_"+part+"_") {
			return rule
		}
	}
	return ""
}

// ForbiddenLabel returns the rule that forbids what a label asks for, or "".
func ForbiddenLabel(t Text) string {
	for _, f := range forbiddenWords {
		for _, label := range t {
			for _, w := range f.words {
				if asksFor(strings.ToLower(label), w) {
					return f.rule
				}
			}
		}
	}
	return ""
}

// asksFor finds a word in a label. Latin words stand by themselves: an addressee is not
// an address.
func asksFor(label, word string) bool {
	for from := 0; ; {
		i := strings.Index(label[from:], word)
		if i < 0 {
			return false
		}
		i += from
		from = i + len(word)
		letter := func(at int) bool { return at >= 0 && at < len(label) && 'a' <= label[at] && label[at] <= 'z' }
		plural := from < len(label) && label[from] == 's' && !letter(from+1)
		if !letter(i-1) && (!letter(from) || plural) || word[0] >= 0x80 {
			return true
		}
	}
}

// aboutPeople are the kinds that are a person: a number on them is a number on somebody.
var aboutPeople = []string{"person", "person_identity"}

// placesOfPersons are the only places a person's own record may hold: where somebody comes
// from and which nationality is claimed, never where somebody is.
var placesOfPersons = []string{"origin", "nationality_claims"}

// protects checks a field against the rules that keep people safe, by its name, by what
// its label asks for and by what it could hold.
func (c *checker) protects(f *Field) {
	rule := ForbiddenBy(f.Name)
	if rule == "" {
		rule = ForbiddenLabel(f.Label)
	}
	if rule != "" {
		c.bad(f, "leave the field out: it can harm people", "forbidden by rule %s", rule)
		return
	}
	if !slices.Contains(aboutPeople, c.k.Name) {
		return
	}
	switch f.Type {
	case TypeNumber, TypeQuantity, TypeMoney:
		c.bad(f, "put numbers on what happened, not on who it happened to", "forbidden by rule R02: a number on a person becomes a score")
	case TypePlace:
		if !slices.Contains(placesOfPersons, f.Name) {
			c.bad(f, "record a place with what happened there and when", "forbidden by rule R03: a place on a person becomes where the person is")
		}
	}
}

// check verifies a set against the rules of the schema language. Every problem names
// kind, field and remedy.
func (s *Set) check() []error {
	var out []error
	for _, k := range s.kinds {
		c := checker{s: s, k: k}
		c.kind()
		for _, f := range k.Fields {
			c.field(f)
		}
		out = append(out, c.problems...)
	}
	for _, v := range s.vocabularies {
		for _, t := range v.Terms {
			if missing := t.Label.missing(); missing != "" {
				out = append(out, fault.New(fault.Invalid, "kind", "vocabulary %q: term %q has no label in %s", v.Name, t.Code, missing))
			}
		}
	}
	return out
}

func (t Text) missing() string {
	for _, l := range []string{"en", "ko", "zh"} {
		if strings.TrimSpace(t[l]) == "" {
			return l
		}
	}
	return ""
}

type checker struct {
	s        *Set
	k        *Kind
	problems []error
}

func (c *checker) bad(f *Field, remedy, format string, args ...any) {
	at := fmt.Sprintf("kind %q", c.k.Name)
	if f != nil {
		at += fmt.Sprintf(", field %q", f.Name)
	}
	c.problems = append(c.problems, fault.New(fault.Invalid, "kind", "%s: %s", at, fmt.Sprintf(format, args...)).With("%s", remedy))
}

func (c *checker) kind() {
	k := c.k
	if !word(k.Name) {
		c.bad(nil, "use small letters, digits and _", "not a name")
	}
	if !slices.Contains(groups, k.Group) {
		c.bad(nil, "use one of "+strings.Join(groups, ", "), "unknown group %q", k.Group)
	}
	if l := k.Label.missing() + k.Plural.missing() + k.Help.missing(); l != "" {
		c.bad(nil, "give label, plural and help in en, ko and zh", "a text is missing in %s", l)
	}
	c.compartment(nil, k.Compartment)
	for _, r := range k.CompartmentWhen {
		c.compartment(nil, r.Compartment)
		if f, ok := k.Field(r.Field); !ok || f.Type != TypeTerm {
			c.bad(nil, "name a field that holds a term", "compartment_when on %q", r.Field)
		}
	}
	for _, name := range slices.Concat(k.Title, k.List) {
		if f, ok := k.Field(name); !ok || f.Class == Sealed {
			c.bad(nil, "titles and lists show open and coded fields only", "title or list names %q", name)
		}
	}
	for _, name := range k.Subject {
		if f, ok := k.Field(name); name != "self" && (!ok || f.Type != TypeLink) {
			c.bad(nil, "name a link field, or self", "subject %q", name)
		}
	}
}

func (c *checker) compartment(f *Field, name string) {
	if !slices.Contains(compartmentNames, name) && !strings.HasPrefix(name, "x_") {
		c.bad(f, "use one of "+strings.Join(compartmentNames, ", ")+", or one of your own that begins with x_", "unknown compartment %q", name)
	}
}

func (c *checker) field(f *Field) {
	if !word(f.Name) {
		c.bad(f, "use small letters, digits and _", "not a name")
	}
	c.protects(f)
	if !slices.Contains(types, f.Type) {
		c.bad(f, fmt.Sprintf("use one of %v", types), "unknown type %q", f.Type)
	}
	if f.Class != Open && f.Class != Coded && f.Class != Sealed {
		c.bad(f, "use open, coded or sealed", "unknown class %q", f.Class)
	}
	if l := f.Label.missing(); l != "" {
		c.bad(f, "give the label in en, ko and zh", "no label in %s", l)
	}
	if _, ok := c.s.vocabularies[f.Vocabulary]; (f.Type == TypeTerm) != ok {
		c.bad(f, "a term, and only a term, names a vocabulary that exists", "vocabulary %q", f.Vocabulary)
	}
	if _, ok := c.s.byName[f.Kind]; f.Kind != "" && (!ok || f.Type != TypeLink) {
		c.bad(f, "a link names a kind that exists, or none", "links to %q", f.Kind)
	}
	if f.Facet && (f.Class == Sealed || f.Type != TypeTerm && f.Type != TypePlace && f.Type != TypeYesNo) {
		c.bad(f, "count by open or coded terms, places and yes/no", "cannot be a facet")
	}
	if f.Class == Sealed && f.Type != TypeText && f.Type != TypeFile && f.Type != TypePassage && f.Type != TypeTerm && f.Type != TypeYesNo && f.Type != TypeDate {
		c.bad(f, "seal text, or make it coded", "type %s cannot be sealed", f.Type)
	}
	if !slices.Contains(steps, f.Required) {
		c.bad(f, "use one of "+strings.Join(steps[1:], ", "), "required at unknown step %q", f.Required)
	}
	if f.When != nil {
		if _, ok := c.k.Field(f.When.Field); !ok {
			c.bad(f, "name a field of the same kind", "depends on %q", f.When.Field)
		}
	}
	if f.Compartment != "" {
		c.compartment(f, f.Compartment)
	}
}

// word reports whether s is a name: small letters, digits and underscores.
func word(s string) bool {
	if s == "" || len(s) > 64 {
		return false
	}
	for _, c := range []byte(s) {
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '_' {
			return false
		}
	}
	return true
}
