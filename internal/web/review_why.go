package web

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"example.org/amparo/fault"
	"example.org/amparo/id"
	"example.org/amparo/internal/app"
	"example.org/amparo/internal/kind"
	"example.org/amparo/linkage"
)

// reviewWhy is why two records are or are not taken for one, beside the waterfall.
type reviewWhy struct {
	Asked   bool     // the two were named, not taken from the queue
	Found   string   // the rules that bring them together
	Said    string   // what was decided of them
	Between string   // the weight between their groups
	Chain   []string // titles from the one to the other inside their group
	Open    bool     // the words are shown
	Quotes  [2][]app.Quote
}

// pairIn reads two records from a form.
func pairIn(a, b string) (x, y id.ID, err error) {
	x, err1 := id.Parse(strings.TrimSpace(a))
	y, err2 := id.Parse(strings.TrimSpace(b))
	if err1 != nil || err2 != nil || x == y {
		return x, y, fault.New(fault.NotFound, "web", "no two such records")
	}
	return x, y, nil
}

// asked finds the question that a form answers: one of the queue, or any two records.
func asked(r *http.Request, l *app.Linking) (app.Question, error) {
	a, b, err := pairIn(r.PostFormValue("a"), r.PostFormValue("b"))
	if err != nil {
		return app.Question{}, err
	}
	for _, q := range l.Queue(app.ReviewLength, app.ReviewSample) {
		if q.A == a && q.B == b || q.A == b && q.B == a {
			return q, nil // it may have been drawn at random, and the answer counts then
		}
	}
	return l.Pair(a, b)
}

// askedPair is the pair that the address of the page names, if it names one.
func (v *visit) askedPair(r *http.Request, l *app.Linking) (app.Question, bool, error) {
	q := r.URL.Query()
	if q.Get("a") == "" || q.Get("other") == "" {
		return app.Question{}, false, nil
	}
	a, b, err := pairIn(q.Get("a"), q.Get("other"))
	if err != nil {
		return app.Question{}, false, err
	}
	pair, err := l.Pair(a, b)
	return pair, true, err
}

// why fills in what the waterfall does not show, and the words that the accounts rest on
// when they are asked for.
func (v *visit) why(r *http.Request, p *reviewPage, l *app.Linking, q app.Question, x linkage.Explanation) error {
	p.Found = v.Say.T("review.unfound")
	if len(x.FoundBy) > 0 {
		rules := make([]string, len(x.FoundBy))
		for i, rule := range x.FoundBy {
			rules[i] = v.ruleWords(p.Kind, rule)
		}
		p.Found = v.Say.With("review.found", strings.Join(rules, "; "))
	}
	if x.Decided != "" {
		p.Said = v.Say.T("judged." + x.Decided)
	}
	if !x.Together {
		p.Between = v.Say.With("review.between", fmt.Sprintf("%+.2f", x.Between))
	}
	if len(x.Chain) > 2 {
		for _, t := range v.titles(r, l.Named(x.Chain)) {
			p.Chain = append(p.Chain, t.Title)
		}
	}
	if p.Open = r.URL.Query().Get("words") != ""; !p.Open {
		return nil
	}
	for side, rec := range []id.ID{q.A, q.B} {
		var err error
		if p.Quotes[side], err = v.ws.Quotes(r.Context(), rec, v.Say.Lang(), shownQuotes); err != nil {
			return err
		}
	}
	return nil
}

// shownQuotes bounds the words shown of one record.
const shownQuotes = 12

// WordsLink opens the words that the accounts rest on, on the same page.
func (p reviewPage) WordsLink() string {
	if p.Asked {
		return "/review/" + p.Kind + "?a=" + p.A.ID + "&other=" + p.B.ID + "&words=1"
	}
	return fmt.Sprintf("/review/%s?at=%d&words=1", p.Kind, p.At)
}

// waterfallWords are the words of a waterfall in the language of the page.
func (v *visit) waterfallWords(kindName string) linkage.Words {
	total := func(x linkage.Explanation) string {
		return v.Say.With("bar.total", fmt.Sprintf("%.4f", x.Probability))
	}
	return linkage.Words{Title: total, Total: total, Label: func(b linkage.Bar) string { return v.barWords(kindName, b) }}
}

func (v *visit) barWords(kindName string, b linkage.Bar) string {
	field := v.comparedField(kindName, b.Field)
	switch b.Kind {
	case linkage.PriorBar:
		return v.Say.T("bar.prior")
	case linkage.FrequencyBar:
		return field + ": " + v.Say.Two("bar.frequency", v.comparedValue(kindName, b.Field, b.LeftForm), fmt.Sprintf("%.3g", 100*b.U))
	case linkage.TieBar:
		var with []string
		for _, f := range strings.Split(b.Level, ", ") {
			with = append(with, v.comparedField(kindName, f))
		}
		return field + ": " + v.Say.With("bar.tie", strings.Join(with, ", "))
	}
	if b.Level == "missing" {
		return field + ": " + v.Say.T("level.missing")
	}
	return fmt.Sprintf("%s: %s / %s (%s)", field, v.comparedValue(kindName, b.Field, b.Left), v.comparedValue(kindName, b.Field, b.Right), v.Say.T(levelMessage(b.Level)))
}

// levelMessage is the message for a level of agreement.
func levelMessage(level string) string {
	return "level." + strings.ReplaceAll(strings.ReplaceAll(level, ",", ""), " ", "")
}

// comparedField names a field that is compared: as its kind does, or, where it is made of
// several, by a message.
func (v *visit) comparedField(kindName, field string) string {
	if f := v.fieldOf(kindName, field); f != nil {
		return f.Label.In(v.Say.Lang())
	}
	return v.Say.T("compared." + field)
}

func (v *visit) fieldOf(kindName, field string) *kind.Field {
	if k, ok := v.ws.Schema().Kind(kindName); ok {
		if f, ok := k.Field(field); ok {
			return f
		}
	}
	return nil
}

// comparedValue writes codes in words: what is shown has commas between values.
func (v *visit) comparedValue(kindName, field, shown string) string {
	f := v.fieldOf(kindName, field)
	if f == nil || !slices.Contains([]kind.Type{kind.TypeTerm, kind.TypePlace, kind.TypeDate}, f.Type) {
		return shown
	}
	values := strings.Split(shown, ", ")
	for i, text := range values {
		values[i] = v.ws.Schema().FormatValue(f, kind.Of(text), v.Say.Lang())
	}
	return strings.Join(values, ", ")
}

// ruleWords puts a blocking rule into words: the fields that must agree.
func (v *visit) ruleWords(kindName, rule string) string {
	if !strings.HasPrefix(rule, "[") {
		return v.Say.T("review.allpairs")
	}
	parts := strings.Split(strings.Trim(rule, "[]"), ", ")
	for i, p := range parts {
		field, _, _ := strings.Cut(p, ":")
		parts[i] = v.comparedField(kindName, field)
	}
	return strings.Join(slices.Compact(parts), " + ")
}
