package xlsform

import (
	"fmt"
	"slices"
	"strings"

	"example.org/amparo/internal/kind"
	"example.org/amparo/where"
)

// question writes the rows of one field.
func (b *builder) question(k *kind.Kind, f *kind.Field) {
	q := row{name: f.Name, label: f.Label, hint: f.Help, relevant: b.relevance(k, f)}
	if f.Required == "save" {
		q.required = "yes"
	}
	selects := true
	switch f.Type {
	case kind.TypeTerm:
		q.typ, q.appearance = b.terms(k, f), "minimal"
	case kind.TypeYesNo:
		q.typ = "select_one " + b.list("yes_no", func(yield func(string, kind.Text)) {
			yield("yes", yes)
			yield("no", no)
		})
	case kind.TypePlace:
		q.typ, q.appearance = b.places(k, f), "minimal autocomplete"
	default:
		selects = false
		b.written(f, &q)
	}
	if f.Repeat && selects {
		q.typ = "select_multiple " + strings.TrimPrefix(q.typ, "select_one ")
		q.appearance = strings.TrimPrefix(strings.TrimPrefix(q.appearance, "minimal"), " ")
		q.constraint, q.message = alone(), oneState
	}
	b.add(q)
	if !selects && q.required == "" && !f.Long {
		b.noAnswer(f, q)
	}
}

// alone says that a reason for no answer stands alone.
func alone() string {
	var out []string
	for _, s := range states {
		out = append(out, fmt.Sprintf("selected(., '%s')", s))
	}
	return "count-selected(.) <= 1 or not(" + strings.Join(out, " or ") + ")"
}

var states = []kind.State{kind.Unknown, kind.Refused, kind.NotAsked, kind.None}

// noAnswer asks why a question that is written, not chosen, stays empty. The four
// reasons are four different values, and none of them is silence.
func (b *builder) noAnswer(f *kind.Field, q row) {
	relevant := fmt.Sprintf("../%s = ''", f.Name)
	if q.relevant != "" {
		relevant = "(" + q.relevant + ") and " + relevant
	}
	label := kind.Text{}
	for _, l := range languages {
		label[l.code] = f.Label.In(l.code) + ": " + whyNone.In(l.code)
	}
	b.add(row{typ: "select_one " + b.list("no_answer", func(func(string, kind.Text)) {}), name: f.Name + "_state", label: label, relevant: relevant, appearance: "minimal"})
}

// list writes a list of choices once, with the reasons for no answer at its end.
func (b *builder) list(name string, terms func(yield func(code string, label kind.Text))) string {
	if b.lists[name] {
		return name
	}
	b.lists[name] = true
	terms(func(code string, label kind.Text) {
		b.form.choices = append(b.form.choices, choice{name, code, label})
	})
	for _, s := range states {
		label := kind.Text{}
		for _, l := range languages {
			label[l.code] = s.Label(l.code)
		}
		b.form.choices = append(b.form.choices, choice{name, s.String(), label})
	}
	return name
}

// terms writes a vocabulary, without the terms that would move a record into a
// restricted compartment.
func (b *builder) terms(k *kind.Kind, f *kind.Field) string {
	voc, _ := b.set.Vocabulary(f.Vocabulary)
	name := "v_" + voc.Name
	restricted := func(code string) bool {
		return slices.ContainsFunc(k.CompartmentWhen, func(r kind.CompartmentRule) bool {
			return r.Field == f.Name && slices.ContainsFunc(r.In, func(outer string) bool { return voc.IsUnder(code, outer) })
		})
	}
	if slices.ContainsFunc(voc.Terms, func(t *kind.Term) bool { return restricted(t.Code) }) {
		name += "_" + k.Name
	}
	return "select_one " + b.list(name, func(yield func(string, kind.Text)) {
		for _, t := range voc.Terms {
			if restricted(t.Code) {
				b.form.LeftOut = append(b.form.LeftOut, LeftOut{Kind: k.Name, Field: f.Name, Term: t.Code, Why: whyRoom})
				continue
			}
			yield(t.Code, t.Label)
		}
	})
}

// towns are the fields that may name a town: public places where authorities acted.
// Everywhere else a form offers provinces and countries, because with a town it would
// say where people hide or by which way they go (R03, R21).
var towns = map[string][]string{"incident": {"place"}, "detention_stage": {"place"}, "episode": {"corridor"}, "mission_incident": {"place"}}

// places writes the part of the gazetteer that a field may name.
func (b *builder) places(k *kind.Kind, f *kind.Field) string {
	name, level := "provinces", where.Province
	switch {
	case f.Repeat: // codes of provinces hold spaces, which several choices cannot
		name, level = "countries", where.Country
	case slices.Contains(towns[k.Name], f.Name):
		name, level = "places", where.Town
	}
	return "select_one " + b.list(name, func(yield func(string, kind.Text)) {
		for _, first := range []bool{true, false} { // the two countries it is about come first
			for _, p := range where.All() {
				near := strings.HasPrefix(p.Code, "KP") || strings.HasPrefix(p.Code, "CN")
				if p.Level <= level && near == first {
					yield(p.Code, kind.Text(p.Labels))
				}
			}
		}
	})
}

// written is a question that is answered in figures or words.
func (b *builder) written(f *kind.Field, q *row) {
	q.typ = "text"
	rule := func(pattern string) { q.constraint = "regex(., '^(" + pattern + "|@[a-z-]+)$')" }
	hint := kind.Text(nil)
	switch f.Type {
	case kind.TypeNumber:
		q.typ = "decimal"
	case kind.TypeQuantity:
		hint = inUnit(f.Unit)
		if f.Unit != "" {
			q.typ = "decimal"
		}
	case kind.TypeDate:
		hint = dateHint
		rule(`.*[0-9]{4}.*|.*[0-9]{3}[Xx].*|.*(주체|主体|[Jj]uche).*|.*(김일성|김정일|金日成|金正日|[Dd]eath of).*`)
	case kind.TypeAge:
		hint = ageHint
		rule(`[0-9]{1,3}([~-][0-9]{1,3})?(세|岁)?|[0-9]{1,2}0(s|대)`)
	case kind.TypeDuration:
		hint = durationHint
		q.constraint = "string-length(.) <= 60"
	case kind.TypeMoney:
		hint = moneyHint
		currency := " [A-Za-z]{3}"
		if f.Unit != "" {
			hint, currency = inUnit(f.Unit), "("+currency+")?"
		}
		rule("[0-9][0-9.,]*" + currency)
	case kind.TypeLink:
		hint = kind.Text{}
		by := b.namedBy(f)
		for _, l := range languages {
			hint[l.code] = by.Label.In(l.code)
		}
	case kind.TypeText:
		q.constraint = "string-length(.) <= 1300"
		if f.Long {
			q.constraint, q.appearance = "", "multiline"
		}
	}
	if f.Repeat && f.Type != kind.TypeText {
		q.constraint = "" // several values stand in one answer
	}
	if f.Repeat {
		hint = joined(hint, severalHint)
	}
	q.hint = joined(q.hint, hint)
	if q.constraint != "" {
		q.message = hint
		if len(hint) == 0 {
			q.message = tooLong
		}
	}
}

func joined(a, b kind.Text) kind.Text {
	if len(a) == 0 {
		return b
	}
	if len(b) == 0 {
		return a
	}
	out := kind.Text{}
	for _, l := range languages {
		out[l.code] = strings.TrimSpace(a.In(l.code) + " " + b.In(l.code))
	}
	return out
}

// relevance says when a question is asked, from the field's condition.
func (b *builder) relevance(k *kind.Kind, f *kind.Field) string {
	if f.When == nil {
		return ""
	}
	on, _ := k.Field(f.When.Field)
	at := "../" + on.Name
	codes := slices.Clone(f.When.Is)
	if voc, ok := b.set.Vocabulary(on.Vocabulary); ok {
		for _, t := range voc.Terms {
			if slices.ContainsFunc(f.When.Under, func(u string) bool { return voc.IsUnder(t.Code, u) }) && !slices.Contains(codes, t.Code) {
				codes = append(codes, t.Code)
			}
		}
	}
	if len(codes) == 0 { // any answer that is one
		return fmt.Sprintf("%s != '' and not(starts-with(%s, '@'))", at, at)
	}
	var any []string
	for _, c := range codes {
		if on.Type == kind.TypeTerm || on.Type == kind.TypeYesNo || on.Type == kind.TypePlace {
			any = append(any, fmt.Sprintf("selected(%s, %s)", at, literal(c)))
		} else { // words are not divided into choices
			any = append(any, fmt.Sprintf("%s = %s", at, literal(c)))
		}
	}
	return strings.Join(any, " or ")
}

// literal writes a string for XPath, which knows no escape.
func literal(s string) string {
	if !strings.Contains(s, "'") {
		return "'" + s + "'"
	}
	return `"` + strings.ReplaceAll(s, `"`, "") + `"`
}
