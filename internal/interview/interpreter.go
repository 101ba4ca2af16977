package interview

import "example.org/amparo/internal/kind"

// Clearance is whether an interpreter may sit in.
type Clearance string

// The clearances. Open means that something was not asked: an interpreter is not cleared
// by silence.
const (
	Clear    Clearance = "clear"
	Open     Clearance = "open"
	Conflict Clearance = "conflict"
)

// Concern is one thing that keeps an interpreter out, or that was not asked.
type Concern string

// The concerns.
const (
	SameVillage  Concern = "same_village" // the same village or faction, here or at home
	Relation     Concern = "relation"     // family, friend, employer or enemy of the person
	Official     Concern = "official"     // works or worked for authorities of the DPRK, China or the ROK
	NoOath       Concern = "oath"         // of confidentiality, signed
	WrongDialect Concern = "dialect"      // does not follow the person's way of speaking
	OtherSide    Concern = "other_side"   // interprets for another side of the same matter
	NotAgreed    Concern = "not_agreed"   // the person was not asked, or said no
)

var concernTexts = map[Concern]kind.Text{
	SameVillage:  {"en": "from the same village or faction", "ko": "같은 마을이나 파벌 출신", "zh": "来自同村或同派系"},
	Relation:     {"en": "related to the person, by family, work or quarrel", "ko": "가족·직장·분쟁으로 얽힌 사이", "zh": "与本人有亲属、工作或纠纷关系"},
	Official:     {"en": "a link to authorities of the DPRK, China or the Republic of Korea", "ko": "북한·중국·한국 당국과의 관련", "zh": "与朝鲜、中国或韩国当局有关联"},
	NoOath:       {"en": "no oath of confidentiality", "ko": "비밀 유지 서약 없음", "zh": "未作保密宣誓"},
	WrongDialect: {"en": "does not follow the dialect", "ko": "사투리를 알아듣지 못함", "zh": "听不懂方言"},
	OtherSide:    {"en": "interprets for another side", "ko": "다른 당사자의 통역", "zh": "同时为另一方口译"},
	NotAgreed:    {"en": "the person did not agree to this interpreter", "ko": "본인이 이 통역에 동의하지 않음", "zh": "本人未同意该口译员"},
}

// Text is the concern in words.
func (c Concern) Text(lang string) string { return concernTexts[c].In(lang) }

// InterpreterCheck is what was asked of and about an interpreter; each is yes, no, or
// something else where it was not asked.
type InterpreterCheck struct {
	SameVillage, Related, Official, OtherSide kind.Value // no is needed
	Oath, Dialect, Agreed                     kind.Value // yes is needed
}

// CheckInterpreter says whether an interpreter may sit in, and why not.
func CheckInterpreter(c InterpreterCheck) (result Clearance, conflicts, open []Concern) {
	for _, q := range []struct {
		v    kind.Value
		good string
		what Concern
	}{
		{c.SameVillage, "no", SameVillage}, {c.Related, "no", Relation}, {c.Official, "no", Official}, {c.OtherSide, "no", OtherSide},
		{c.Oath, "yes", NoOath}, {c.Dialect, "yes", WrongDialect}, {c.Agreed, "yes", NotAgreed},
	} {
		switch {
		case q.v.State != kind.Given || q.v.Text != "yes" && q.v.Text != "no":
			open = append(open, q.what)
		case q.v.Text != q.good:
			conflicts = append(conflicts, q.what)
		}
	}
	switch {
	case len(conflicts) > 0:
		return Conflict, conflicts, open
	case len(open) > 0:
		return Open, nil, open
	}
	return Clear, nil, nil
}
