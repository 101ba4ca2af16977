package web

import (
	"html/template"
	"math"
	"net/http"
	"slices"
	"strconv"

	"example.org/amparo/chart"
	"example.org/amparo/estimate"
	"example.org/amparo/estimate/mse"
	"example.org/amparo/internal/figure"
)

type figuresPage struct {
	Page
	Asks    []option
	Stages  []option
	Figures []figureLine
	Making  []makingLine
}

// figureLine is one figure in the list.
type figureLine struct {
	ID, Asked, Date, Sentence string
	Refused                   bool
}

type figurePage struct {
	Page
	figureLine
	Remedy   string   // of a refusal
	Instead  sentence // what may be said in its place
	Assumed  []sentence
	Doubtful []sentence
	Pictures []figurePicture
	Figure   *figure.Figure
}

// figurePicture is a chart in the page, with its sentence and its data below it. Without an
// SVG the sentence says why there is no picture.
type figurePicture struct {
	SVG   template.HTML
	Table chart.Rows
	Title string
	Says  string
	Light *light // of a calculation: whether it can be relied on
}

// light is a verdict at a glance, with what it rests on behind a click.
type light struct {
	Class, Sign, Text string
	Rests             string // what is behind the click
	Why               []string
}

// figuresPage lists the figures and asks for a new one.
func (s *Server) figuresPage(w http.ResponseWriter, r *http.Request, v *visit) error {
	all, err := v.ws.Figures(r.Context())
	if err != nil {
		return err
	}
	p := figuresPage{Page: v.page("figures.title")}
	for _, a := range figure.Asks() {
		p.Asks = append(p.Asks, option{Value: a, Label: v.Say.T("figures.ask." + a)})
	}
	if voc, ok := v.ws.Schema().Vocabulary("repatriation_stages"); ok {
		for _, t := range voc.Terms {
			p.Stages = append(p.Stages, option{Value: t.Code, Label: t.Label.In(v.Say.Lang())})
		}
	}
	for _, f := range all {
		l, _, err := v.figureLine(f)
		if err != nil {
			return err
		}
		p.Figures = append(p.Figures, l)
	}
	for _, m := range s.makings.running() {
		p.Making = append(p.Making, v.makingLine(m))
	}
	return figuresTmpl.Execute(w, p)
}

// figureLine says a figure in the reader's language, from its fit.
func (v *visit) figureLine(f *figure.Figure) (figureLine, estimate.Fit, error) {
	fit, err := f.Read()
	l := figureLine{ID: f.Record.String(), Asked: v.asked(f.Question), Date: f.Made.Format("2006-01-02"), Refused: fit.Refusal != nil}
	if err != nil {
		return l, fit, err
	}
	switch {
	case fit.Refusal != nil:
		l.Sentence = v.refusal(*fit.Refusal).Text
	case f.Question.Ask == figure.AskTotal:
		l.Sentence = v.Say.Two("figures.say.total", wholeDown(fit.Lower), wholeUp(fit.Upper))
	case f.Question.Ask == figure.AskStay:
		l.Sentence = v.Say.Two("figures.say.stay", wholeDown(fit.Lower), wholeUp(fit.Upper))
	case f.Question.Ask == figure.AskAfter:
		days, _ := fit.Options["horizon"].(float64)
		code, _ := fit.Options["cause"].(string)
		l.Sentence = v.Say.Fill("figures.say.after", wholeDown(100*fit.Lower), wholeUp(100*fit.Upper), whole(days), v.outcomeName(code))
	default:
		l.Sentence = v.Say.Two("figures.say."+f.Question.Ask, wholeDown(100*fit.Lower), wholeUp(100*fit.Upper))
	}
	return l, fit, nil
}

// asked is a question in words.
func (v *visit) asked(q figure.Question) string {
	if q.Ask == figure.AskStay && q.Stage != "" {
		return v.Say.T("figures.ask."+q.Ask) + ": " + v.stageName(q.Stage)
	}
	return v.Say.T("figures.ask." + q.Ask)
}

func (v *visit) stageName(code string) string { return v.term("repatriation_stages", code) }

func (v *visit) outcomeName(code string) string {
	if code == figure.OtherOutcomes {
		return v.Say.T("figures.after.other")
	}
	return v.term("outcomes", code)
}

// wholeDown and wholeUp round an interval outwards, so that it never says more than was
// computed. An end that is not known is an ellipsis.
func wholeDown(n estimate.Number) string { return whole(math.Floor(float64(n))) }

func wholeUp(n estimate.Number) string { return whole(math.Ceil(float64(n))) }

func whole(f float64) string {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return "…"
	}
	return grouped(int(f))
}

// decimal writes a ratio with two digits that matter.
func decimal(f float64) string {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return "…"
	}
	return strconv.FormatFloat(f, 'g', 2, 64)
}

// figurePage shows one figure with its pictures.
func (s *Server) figurePage(w http.ResponseWriter, r *http.Request, v *visit) error {
	rec, err := recordID(r)
	if err != nil {
		return err
	}
	f, err := v.ws.Figure(r.Context(), rec)
	if err != nil {
		return err
	}
	if err := v.ws.NoteRead(r.Context(), rec); err != nil {
		return err
	}
	p := figurePage{Page: v.page("figures.title"), Figure: f}
	var fit estimate.Fit
	if p.figureLine, fit, err = v.figureLine(f); err != nil {
		return err
	}
	p.Title = p.Asked
	if fit.Refusal != nil {
		p.Remedy = v.Say.T("figures.do." + remedyOf(fit.Refusal.Code))
		if !slices.Contains([]string{"wait_for_accounts", "ask_wider"}, fit.Refusal.InsteadCode) { // which the remedy says
			p.Instead = v.instead(*fit.Refusal)
		}
	}
	p.Assumed, p.Doubtful = v.assumed(fit), v.doubted(fit)
	p.Pictures = v.figurePictures(f, fit)
	return figureTmpl.Execute(w, p)
}

// remedyOf says which advice fits a refusal.
func remedyOf(code string) string {
	switch code {
	case mse.Unresolved:
		return "review"
	case "small_cells":
		return "wider"
	case figure.ReleasedBefore, figure.ReleasedElsewhere, "too_many_releases":
		return "wait"
	}
	return "lists"
}
