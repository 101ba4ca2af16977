package mapping

import (
	"path"
	"regexp"
	"slices"
	"strings"

	"example.org/amparo/internal/kind"
)

// synonyms are headers of tables in wide use that no label gives, with the fields they
// may mean, the likeliest first.
var synonyms = map[string][]string{
	"coa_iso": {"asylum"}, "coo_iso": {"origin"}, "ooc": {"others_of_concern"}, "oip": {"others_in_need"},
	"procedure_type": {"procedure"}, "app_type": {"type"}, "dec_level": {"level"}, "app_pc": {"counted"}, "dec_pc": {"counted"},
	"dec_recognized": {"recognised"}, "dec_other": {"other"}, "dec_rejected": {"rejected"}, "dec_closed": {"closed"}, "dec_total": {"total"},
	"dob": {"birth"}, "date_of_birth": {"birth"}, "birth_date": {"birth"}, "gender": {"sex"}, "name": {"names"}, "full_name": {"names"}, "alias": {"aliases"},
	"location": {"place"}, "event_date": {"date"}, "event_type": {"type"}, "description": {"narrative"}, "testimony": {"verbatim"}, "transcript": {"verbatim"},
	"country_code": {"state", "place"}, "country": {"state_name", "state", "place"}, "vote": {"value"},
}

// companions are headers that only repeat another column in words.
var companions = map[string]string{"coa_name": "coa_iso", "coo_name": "coo_iso"}

// stateWords are how forms and tables in use write the four answers that are no
// answer. They count only where the field's own vocabulary does not have them, and
// never in text, where they may be what somebody said.
var stateWords = map[string][]string{
	"unknown":   {"unknown", "not known", "dk", "dont_know", "don't know", "do_not_know", "모름", "모르겠음", "不知道", "未知"},
	"refused":   {"refused", "refused to say", "refused_to_answer", "prefer_not_to_say", "prefer not to say", "답변 거부", "거부", "拒绝回答", "拒绝"},
	"not-asked": {"not asked", "not_asked", "묻지 않음", "미질문", "未询问"},
	"none":      {"none", "없음", "无"},
}

// formOwn are columns that form servers add and no question has.
var formOwn = strings.Fields("start end today deviceid subscriberid simserial phonenumber username email audit " +
	"SubmissionDate SubmitterID SubmitterName AttachmentsPresent AttachmentsExpected Status ReviewState DeviceID Edits FormVersion instanceID instanceName")

var fromFile = regexp.MustCompile(`(?:^|[_ -])(origin|asylum)[_ -]([A-Z]{3})(?:$|[_ .-])`)

// fromName takes what the name of the file says of every row.
func (g guesser) fromName(k *kind.Kind, m *Mapping) {
	for _, match := range fromFile.FindAllStringSubmatch(path.Base(g.s.Table), -1) {
		f, ok := k.Field(match[1])
		if !ok || f.Type != kind.TypePlace || slices.Contains(fieldsOf(m.Columns), f.Name) {
			continue
		}
		if v, err := g.set.ParseValue(f, match[2], ""); err == nil {
			m.Set = map[string]string{f.Name: v.Text}
			m.why[f.Name] = "from the name of the file"
		}
	}
}

// asides gives answers in words, which a vocabulary does not have, their place: the
// notes of the record. Where a kind has none, the column is left out and seen.
func (g guesser) asides(k *kind.Kind, m *Mapping) {
	var note *kind.Field
	for _, f := range k.Fields {
		if f.Type == kind.TypeText && f.Long && (note == nil || strings.HasPrefix(f.Name, "note")) {
			note = f
		}
	}
	for h, c := range m.Columns {
		if c.Note == "" {
			continue
		}
		if note == nil {
			delete(m.Columns, h)
			m.why[h] = "the kind has no field for notes"
			continue
		}
		question, _ := k.Field(c.Field)
		m.Columns[h] = Column{Field: note.Name, Note: c.Note, Why: "an answer in words"}
		if voc, ok := g.set.Vocabulary(question.Vocabulary); ok {
			if _, ok := voc.Term("other"); ok {
				continue
			}
		}
		for q, qc := range m.Columns {
			if qc.Field == question.Name && qc.Note == "" && !qc.State && qc.Choice == "" {
				qc.Translate = map[string]string{"other": ""}
				m.Columns[q] = qc
			}
		}
	}
}

// habits are those of known tables.
func (g guesser) habits(k *kind.Kind, m *Mapping) {
	if !strings.HasPrefix(m.Kind, "unhcr_") {
		return
	}
	m.States = nil
	for _, h := range g.s.Header {
		c, ok := m.Columns[h]
		if !ok {
			continue
		}
		if f, _ := k.Field(c.Field); f.Type == kind.TypeDate || f.Type == kind.TypePlace || f.Type == kind.TypeTerm {
			m.Key = append(m.Key, h) // a corrected figure is another account of the same record
		}
		switch h {
		case "coa_iso", "coo_iso":
			c.Translate = map[string]string{"UNK": "@unknown", "UKN": "@unknown", "XXA": "@none"}
		case "dec_level", "app_type": // NA is a code there (new applications), not a missing value
		default:
			c.NA = []string{"NA"}
		}
		m.Columns[h] = c
	}
}
