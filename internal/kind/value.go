package kind

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/currency"
	"golang.org/x/text/language"
	"golang.org/x/text/unicode/norm"

	"example.org/amparo/fault"
	"example.org/amparo/id"
	"example.org/amparo/names"
	"example.org/amparo/when"
	"example.org/amparo/where"
)

// The limits of a text, in bytes.
const (
	maxShort = 4 << 10
	maxLong  = 1 << 20
)

// ParseValue reads what a person or a table gives for a field and returns its
// canonical text:
//
//	text      NFC, no control or direction-changing characters
//	term      the code
//	date      EDTF (package when)
//	age       years "34", or an interval "30~39"
//	duration  "<as said>|<lo>..<hi>" in days
//	quantity  "<number> <unit>", money "<amount> <ISO 4217>", number a decimal
//	place     gazetteer code (package where)
//	link      identifier of the record, 26 letters and digits
//	yesno     "yes" or "no"
//	file      "sha256:<hex>;<size>;<media type>"
//	passage   "<record id>#<from>-<to>"
//
// "@unknown", "@refused", "@not-asked" and "@none" are states; text that itself begins
// with @ doubles it. lang is the language of tagged text. The error is a
// [fault.Problem] with field, value, reason and remedy. Reading a canonical text gives
// the same again.
func (s *Set) ParseValue(f *Field, raw, lang string) (Value, error) {
	if strings.HasPrefix(raw, "@") && !strings.HasPrefix(raw, "@@") {
		st, ok := ParseState(strings.TrimSpace(raw))
		if !ok {
			return Value{}, problem(f, raw, "value.at", "begins with @ but is none of the states", "write @unknown, @refused, @not-asked or @none; double the @ of ordinary text")
		}
		return Value{State: st}, nil
	}
	text := raw
	if strings.HasPrefix(raw, "@@") {
		text = raw[1:]
	}
	clean, err := cleanText(f, text)
	if err != nil {
		return Value{}, err
	}
	v := Value{Text: clean}
	if f.Type == TypeText {
		v.Lang, err = checkLang(f, lang)
		return v, err
	}
	v.Text, err = s.canonical(f, strings.TrimSpace(clean))
	return v, err
}

func problem(f *Field, value, code, reason, remedy string, args ...any) fault.Problem {
	if len(value) > 200 {
		value = value[:utf8Cut(value, 200)] + "…"
	}
	return fault.Problem{Field: f.Name, Value: value, Reason: reason, Remedy: remedy, Code: code, Args: args}
}

func utf8Cut(s string, n int) int {
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return n
}

// cleanText normalises text and refuses what could deceive a reader: control
// characters and characters that change the direction of writing.
func cleanText(f *Field, s string) (string, error) {
	limit := maxShort
	if f.Long {
		limit = maxLong
	}
	if len(s) > limit {
		return "", problem(f, s, "text.long", "longer than "+strconv.Itoa(limit)+" bytes", "divide the text into passages", limit)
	}
	plain := true
	for i := range len(s) {
		if c := s[i]; c < ' ' || c >= 0x7F {
			plain = false
			break
		}
	}
	if plain {
		return s, nil
	}
	if !utf8.ValidString(s) {
		return "", problem(f, "", "text.utf", "is not text in UTF-8", "save the file as UTF-8")
	}
	s = norm.NFC.String(strings.ReplaceAll(s, "\r\n", "\n"))
	for _, r := range s {
		switch {
		case r == '\n' && f.Type == TypeText, r == '\t' && f.Type == TypeText:
		case unicode.IsControl(r), r == 0xFEFF:
			return "", problem(f, "", "text.control", "holds a control character", "remove it and try again")
		case r >= 0x202A && r <= 0x202E, r >= 0x2066 && r <= 0x2069:
			return "", problem(f, "", "text.turning", "holds a character that turns the direction of writing", "remove it and try again")
		}
	}
	return s, nil
}

func checkLang(f *Field, lang string) (string, error) {
	if lang == "" {
		return "", nil
	}
	if lang == "ko" || lang == "en" || lang == "zh" {
		return lang, nil
	}
	t, err := language.Parse(lang)
	if err != nil {
		return "", problem(f, lang, "language", "is not a language tag", "write ko, en, zh, ja, ru, ... (BCP 47)")
	}
	return t.String(), nil
}

func (s *Set) canonical(f *Field, t string) (string, error) {
	if t == "" {
		return "", problem(f, t, "value.empty", "is empty", "leave the cell empty, or write @none or @unknown")
	}
	switch f.Type {
	case TypeTerm:
		return s.term(f, t)
	case TypeDate:
		d, err := when.ParseHuman(t)
		return d.String(), asProblem(f, t, err)
	case TypeAge:
		return age(f, t)
	case TypeDuration:
		d, err := when.ParseSpan(t)
		return d.String(), asProblem(f, t, err)
	case TypeQuantity:
		return quantity(f, t)
	case TypeMoney:
		return money(f, t)
	case TypeNumber:
		return number(f, t)
	case TypePlace:
		p, err := where.Find(t)
		if err != nil {
			return "", asProblem(f, t, err)
		}
		return p.Code, nil
	case TypeLink:
		x, err := id.Parse(t)
		return x.String(), asProblem(f, t, err)
	case TypeYesNo:
		return yesNo(f, t)
	case TypeFile:
		return fileRef(f, t)
	case TypePassage:
		return passage(f, t)
	}
	return "", problem(f, t, "field.none", "field of unknown type", "")
}

func asProblem(f *Field, value string, err error) error {
	if err == nil {
		return nil
	}
	p := problem(f, value, "unread", "cannot be read as "+string(f.Type), "")
	if e, ok := err.(*fault.Error); ok {
		p.Reason, p.Remedy = e.Msg, e.Remedy
		p.Code, p.Args = cmpOr(e.Code, p.Code), e.Args
	}
	return p
}

func (s *Set) term(f *Field, t string) (string, error) {
	v := s.vocabularies[f.Vocabulary]
	if _, ok := v.byCode[t]; ok {
		return t, nil
	}
	folded := names.Fold(t)
	codes := v.byLabel[folded]
	if len(codes) == 1 {
		return codes[0], nil
	}
	if len(codes) > 1 {
		return "", problem(f, t, "term.several", "is the name of several terms", "write one of the codes "+strings.Join(codes, ", "), strings.Join(codes, ", "))
	}
	for _, term := range v.Terms {
		if strings.EqualFold(term.Code, t) {
			return term.Code, nil
		}
	}
	near := strings.Join(v.nearest(folded, 4), ", ")
	return "", problem(f, t, "term.none", "is not in the vocabulary "+v.Name, "write one of "+near+", …", near)
}

// nearest returns codes whose code or label resembles s.
func (v *Vocabulary) nearest(s string, n int) []string {
	type scored struct {
		code string
		d    int
	}
	var all []scored
	for _, t := range v.Terms {
		best := distance(s, names.Fold(t.Code))
		for _, l := range t.Label {
			best = min(best, distance(s, names.Fold(l)))
		}
		all = append(all, scored{t.Code, best})
	}
	slices.SortStableFunc(all, func(a, b scored) int { return a.d - b.d })
	var out []string
	for _, x := range all[:min(n, len(all))] {
		out = append(out, x.code)
	}
	return out
}

// distance is Levenshtein's, over runes of at most 60.
func distance(a, b string) int {
	x, y := []rune(a), []rune(b)
	x, y = x[:min(60, len(x))], y[:min(60, len(y))]
	row := make([]int, len(y)+1)
	for j := range row {
		row[j] = j
	}
	for i, r := range x {
		diag := row[0]
		row[0] = i + 1
		for j, q := range y {
			cost := diag
			if r != q {
				cost = 1 + min(diag, row[j], row[j+1])
			}
			diag, row[j+1] = row[j+1], cost
		}
	}
	return row[len(y)]
}

func age(f *Field, t string) (string, error) {
	bad := problem(f, t, "age", "is not an age in years", "write 34, 30~39, or 30s")
	t = strings.TrimSuffix(strings.TrimSuffix(strings.ToLower(strings.ReplaceAll(t, " ", "")), "세"), "岁")
	if d, ok := strings.CutSuffix(t, "s"); ok {
		t = d + "대"
	}
	if d, ok := strings.CutSuffix(t, "대"); ok {
		n, err := strconv.Atoi(d)
		if err != nil || n < 0 || n > 110 || n%10 != 0 {
			return "", bad
		}
		return strconv.Itoa(n) + "~" + strconv.Itoa(n+9), nil
	}
	lo, hi, interval := strings.Cut(strings.ReplaceAll(t, "-", "~"), "~")
	a, err := strconv.Atoi(lo)
	b := a
	if interval {
		var err2 error
		if b, err2 = strconv.Atoi(hi); err2 != nil {
			return "", bad
		}
	}
	if err != nil || a < 0 || b < a || b > 130 {
		return "", bad
	}
	if a == b {
		return strconv.Itoa(a), nil
	}
	return strconv.Itoa(a) + "~" + strconv.Itoa(b), nil
}

// decimal reads a number with thousands separators and returns its shortest form.
func decimal(t string) (string, bool) {
	t = strings.ReplaceAll(strings.ReplaceAll(t, ",", ""), "\u00a0", "")
	if t == "" || strings.ContainsAny(t, "xXpPnNiI_") {
		return "", false
	}
	x, err := strconv.ParseFloat(t, 64)
	if err != nil || math.IsInf(x, 0) || math.Abs(x) > 1e15 {
		return "", false
	}
	return strconv.FormatFloat(x, 'f', -1, 64), true
}

func number(f *Field, t string) (string, error) {
	n, ok := decimal(t)
	if !ok {
		return "", problem(f, t, "number", "is not a number", "write digits, with a point for the decimal")
	}
	return n, nil
}

var units = []string{"person", "people", "case", "kg", "g", "km", "m", "cm", "day", "week", "month", "year", "hour", "minute", "time", "page", "percent", "document", "l", "ml"}

func quantity(f *Field, t string) (string, error) {
	n, unit, _ := strings.Cut(t, " ")
	if unit = strings.TrimSpace(unit); unit == "" {
		unit = f.Unit
	}
	d, ok := decimal(n)
	if !ok || !slices.Contains(units, unit) && unit != f.Unit {
		return "", problem(f, t, "quantity", "is not a number with a unit", "write for instance 12 "+cmpOr(f.Unit, "kg"), cmpOr(f.Unit, "kg"))
	}
	return d + " " + unit, nil
}

func cmpOr(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

func money(f *Field, t string) (string, error) {
	bad := problem(f, t, "money", "is not an amount with a currency", "write the amount and the ISO 4217 code: 3000 CNY")
	n, unit, _ := strings.Cut(t, " ")
	if _, ok := decimal(n); !ok { // "CNY 3000"
		n, unit = strings.TrimSpace(unit), n
	}
	unit = strings.ToUpper(strings.TrimSpace(cmpOr(unit, f.Unit)))
	d, ok := decimal(n)
	if _, err := currency.ParseISO(unit); err != nil || !ok {
		return "", bad
	}
	return d + " " + unit, nil
}

var yesWords = []string{"yes", "y", "true", "1", "예", "네", "그렇다", "있다", "是", "有", "对"}
var noWords = []string{"no", "n", "false", "0", "아니오", "아니요", "아니다", "없다", "否", "没有", "不是"}

func yesNo(f *Field, t string) (string, error) {
	low := strings.ToLower(t)
	switch {
	case slices.Contains(yesWords, low):
		return "yes", nil
	case slices.Contains(noWords, low):
		return "no", nil
	}
	return "", problem(f, t, "yesno", "is neither yes nor no", "write yes, no, @unknown, @refused or @not-asked")
}

func fileRef(f *Field, t string) (string, error) {
	parts := strings.Split(t, ";")
	if len(parts) == 3 && len(parts[0]) == 71 && strings.HasPrefix(parts[0], "sha256:") && strings.Trim(parts[0][7:], "0123456789abcdef") == "" {
		if n, err := strconv.ParseInt(parts[1], 10, 64); err == nil && n >= 0 && parts[1] == strconv.FormatInt(n, 10) && strings.Contains(parts[2], "/") {
			return t, nil
		}
	}
	return "", problem(f, t, "file.name", "does not name a stored file", "attach the file; the reference is written by the program")
}

func passage(f *Field, t string) (string, error) {
	bad := problem(f, t, "passage.name", "does not name a passage", "write <record>#<from>-<to>")
	rec, span, ok := strings.Cut(t, "#")
	from, to, ok2 := strings.Cut(span, "-")
	x, err := id.Parse(rec)
	a, err2 := strconv.Atoi(from)
	b, err3 := strconv.Atoi(to)
	if !ok || !ok2 || err != nil || err2 != nil || err3 != nil || x.IsZero() || a < 0 || b < a {
		return "", bad
	}
	return x.String() + "#" + strconv.Itoa(a) + "-" + strconv.Itoa(b), nil
}

// CellText writes a value as a cell of a table, which ParseValue reads back.
func (v Value) CellText() string {
	switch {
	case v.State != Given:
		return v.State.String()
	case strings.HasPrefix(v.Text, "@"):
		return "@" + v.Text
	}
	return v.Text
}

// FormatValue writes a value for a reader of "en", "ko" or "zh". A link is written as
// its identifier's beginning; the caller who may show more does.
func (s *Set) FormatValue(f *Field, v Value, lang string) string {
	if v.State != Given {
		return v.State.Label(lang)
	}
	switch f.Type {
	case TypeTerm:
		if voc := s.vocabularies[f.Vocabulary]; voc != nil {
			if t, ok := voc.byCode[v.Text]; ok {
				return t.Label.In(lang)
			}
		}
	case TypeDate:
		if d, err := when.Parse(v.Text); err == nil {
			return d.Format(lang)
		}
	case TypePlace:
		if p, ok := where.Lookup(v.Text); ok {
			return p.Label(lang)
		}
	case TypeYesNo:
		return Text{"en": v.Text, "ko": map[string]string{"yes": "예", "no": "아니오"}[v.Text], "zh": map[string]string{"yes": "是", "no": "否"}[v.Text]}.In(lang)
	case TypeDuration:
		if d, err := when.ParseSpan(v.Text); err == nil {
			return formatSpan(d, lang)
		}
	case TypeAge:
		return strings.ReplaceAll(v.Text, "~", "–")
	case TypeLink:
		if x, err := id.Parse(v.Text); err == nil {
			return x.Short()
		}
	}
	return v.Text
}

func formatSpan(d when.Span, lang string) string {
	days := strconv.Itoa(d.Lo)
	if d.Hi != d.Lo {
		days += "–" + strconv.Itoa(d.Hi)
	}
	days += Text{"en": " days", "ko": "일", "zh": "天"}.In(lang)
	if d.Said == "" || d.Said == strconv.Itoa(d.Lo) {
		return days
	}
	return "“" + d.Said + "” (" + days + ")"
}

// Range returns the two ends of a value that can be ordered: a date in days since
// 1970-01-01; ages, durations (days), numbers, quantities and amounts times 1000.
func (s *Set) Range(f *Field, v Value) (lo, hi int64, ok bool) {
	if v.State != Given {
		return 0, 0, false
	}
	switch f.Type {
	case TypeDate:
		d, err := when.Parse(v.Text)
		if err != nil {
			return 0, 0, false
		}
		a, b := d.Bounds()
		return int64(a), int64(b), true
	case TypeAge:
		a, b, interval := strings.Cut(v.Text, "~")
		if !interval {
			b = a
		}
		return thousand(a, b)
	case TypeDuration:
		i := strings.LastIndexByte(v.Text, '|')
		a, b, _ := strings.Cut(v.Text[i+1:], "..")
		return thousand(a, b)
	case TypeQuantity, TypeMoney, TypeNumber:
		n, _, _ := strings.Cut(v.Text, " ")
		return thousand(n, n)
	}
	return 0, 0, false
}

func thousand(a, b string) (int64, int64, bool) {
	x, err := strconv.ParseFloat(a, 64)
	y, err2 := strconv.ParseFloat(b, 64)
	return int64(math.Round(x * 1000)), int64(math.Round(y * 1000)), err == nil && err2 == nil
}

// LabelMatches reports whether a folded word occurs in the label of a coded value, in
// any language, or begins its code.
func (s *Set) LabelMatches(f *Field, code, word string) bool {
	if strings.HasPrefix(strings.ToLower(code), word) {
		return true
	}
	var labels Text
	switch f.Type {
	case TypeTerm:
		if t, ok := s.vocabularies[f.Vocabulary].byCode[code]; ok {
			labels = t.Label
		}
	case TypePlace:
		if p, ok := where.Lookup(code); ok {
			labels = p.Labels
		}
	}
	for _, l := range labels {
		if strings.Contains(names.Fold(l), word) {
			return true
		}
	}
	return false
}

// Validate checks the canonical values of one account: known fields, one value where
// one is asked, terms that exist, conditions, and what is required at a workflow step.
// It returns every problem with kind, field, value, reason and remedy.
func (s *Set) Validate(k *Kind, vs Values, step string) []fault.Problem {
	var out []fault.Problem
	add := func(field, code, reason, remedy string) {
		out = append(out, fault.Problem{Kind: k.Name, Field: field, Reason: reason, Remedy: remedy, Code: code})
	}
	for name, values := range vs {
		f, ok := k.Field(name)
		if !ok {
			add(name, "field.none", "this kind has no such field", "use one of "+strings.Join(k.Columns(), ", "))
			continue
		}
		if !f.Repeat && len(values) > 1 && !(f.Tagged && distinctLanguages(values)) {
			add(name, "value.single", "holds several values, but takes one", "keep one here, and record the other as another account")
		}
		for _, v := range values {
			if err := s.checkCanonical(f, v); err != nil {
				p, _ := err.(fault.Problem)
				p.Kind = k.Name
				out = append(out, p)
			}
		}
	}
	for _, f := range k.Fields {
		if f.Required == "" || f.Required != "save" && f.Required != step {
			continue
		}
		if len(vs[f.Name]) == 0 && s.Applies(k, f, vs) {
			add(f.Name, "needed", "is needed and missing", "give a value, or say @unknown, @refused or @not-asked")
		}
	}
	return out
}

func distinctLanguages(values []Value) bool {
	seen := map[string]bool{}
	for _, v := range values {
		if seen[v.Lang] {
			return false
		}
		seen[v.Lang] = true
	}
	return true
}

func (s *Set) checkCanonical(f *Field, v Value) error {
	if v.State != Given {
		if v.Text != "" || v.State > None {
			return problem(f, "", "value.state", "is a state with a text", "give one or the other")
		}
		return nil
	}
	if f.Type == TypeTerm {
		if _, ok := s.vocabularies[f.Vocabulary].byCode[v.Text]; ok {
			return nil
		}
	}
	again, err := s.ParseValue(f, v.CellText(), v.Lang)
	if err != nil {
		return err
	}
	if again != v {
		return problem(f, v.Text, "value.form", "is not in canonical form", "write "+again.Text, again.Text)
	}
	return nil
}
