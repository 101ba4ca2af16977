package web

import (
	"encoding/json"
	"html/template"
	"math"
	"net/http"
	"runtime/debug"
	"slices"
	"strings"

	"example.org/amparo/chart"
	"example.org/amparo/estimate"
	"example.org/amparo/estimate/mse"
	"example.org/amparo/estimate/survival"
	"example.org/amparo/internal/app"
)

type figuresPage struct {
	Page
	Asks    []option
	Stages  []option
	Figures []figureLine
}

// figureLine is one figure in the list.
type figureLine struct {
	ID, Asked, Date, Sentence string
	Refused                   bool
}

type figurePage struct {
	Page
	figureLine
	Remedy   string // of a refusal
	Assumed  []string
	Doubtful []string
	Pictures []figurePicture
	Figure   *app.Figure
}

// figurePicture is a chart in the page, with its data below it.
type figurePicture struct {
	SVG   template.HTML
	Table chart.Rows
	Title string
}

// figuresPage lists the figures and asks for a new one.
func (s *Server) figuresPage(w http.ResponseWriter, r *http.Request, v *visit) error {
	all, err := v.ws.Figures(r.Context())
	if err != nil {
		return err
	}
	p := figuresPage{Page: v.page("figures.title")}
	for _, a := range app.Asks() {
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
	return figuresTmpl.Execute(w, p)
}

// makeFigure computes a figure; leaving the page stops it.
func (s *Server) makeFigure(w http.ResponseWriter, r *http.Request, v *visit) error {
	q := app.FigureQuestion{Ask: r.PostFormValue("ask"), Stage: r.PostFormValue("stage")}
	f, err := v.ws.MakeFigure(r.Context(), q, programName())
	if err != nil {
		return err
	}
	http.Redirect(w, r, "/figures/"+f.Record.String(), http.StatusSeeOther)
	return nil
}

func programName() string {
	name := "amparo"
	if b, ok := debug.ReadBuildInfo(); ok {
		name += " " + b.Main.Version
		for _, s := range b.Settings {
			if s.Key == "vcs.revision" {
				name += " " + s.Value
			}
		}
	}
	return name
}

// figureLine says a figure in the reader's language, from its fit.
func (v *visit) figureLine(f *app.Figure) (figureLine, estimate.Fit, error) {
	fit, err := f.Read()
	l := figureLine{ID: f.Record.String(), Asked: v.Say.T("figures.ask." + f.Question.Ask), Date: f.Made.Format("2006-01-02"), Refused: fit.Refusal != nil}
	if err != nil {
		return l, fit, err
	}
	if f.Question.Stage != "" {
		l.Asked += ": " + v.stageName(f.Question.Stage)
	}
	switch {
	case fit.Refusal != nil:
		l.Sentence = v.refusal(*fit.Refusal)
	case f.Question.Ask == app.AskTotal:
		l.Sentence = v.Say.Two("figures.say.total", wholeDown(fit.Lower), wholeUp(fit.Upper))
	case f.Question.Ask == app.AskStay:
		l.Sentence = v.Say.Two("figures.say.stay", wholeDown(fit.Lower), wholeUp(fit.Upper))
	default:
		l.Sentence = v.Say.Two("figures.say."+f.Question.Ask, wholeDown(100*fit.Lower), wholeUp(100*fit.Upper))
	}
	return l, fit, nil
}

func (v *visit) stageName(code string) string {
	if voc, ok := v.ws.Schema().Vocabulary("repatriation_stages"); ok {
		if t, ok := voc.Term(code); ok {
			return t.Label.In(v.Say.Lang())
		}
	}
	return code
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

// refusals are the reasons with words in every language.
var refusals = []string{mse.TwoLists, mse.FewOverlaps, mse.CopiedList, mse.OpenPeriod, mse.Disagreement, mse.Unbounded, mse.NoMember, mse.Unresolved, "small_cells"}

func (v *visit) refusal(r estimate.Refusal) string {
	if !slices.Contains(refusals, r.Code) {
		return r.Text
	}
	return v.Say.T("figures.refused." + r.Code)
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
	}
	for _, a := range fit.Assumptions {
		p.Assumed = append(p.Assumed, a.Text)
	}
	for _, d := range fit.Warnings {
		p.Doubtful = append(p.Doubtful, d.Text)
	}
	if p.Pictures, err = v.figurePictures(r, f, fit); err != nil {
		return err
	}
	return figureTmpl.Execute(w, p)
}

// remedyOf says which advice fits a refusal.
func remedyOf(code string) string {
	switch code {
	case mse.Unresolved:
		return "review"
	case "small_cells":
		return "wider"
	}
	return "lists"
}

func (v *visit) figurePictures(r *http.Request, f *app.Figure, fit estimate.Fit) ([]figurePicture, error) {
	var out []figurePicture
	add := func(title string, c chart.Chart) {
		out = append(out, figurePicture{template.HTML(c.SVG()), c.Table(), title}) // the chart escapes every text in it
	}
	switch f.Question.Ask {
	case app.AskTotal:
		if len(fit.Ensemble) > 0 {
			add(v.Say.T("figures.forest"), v.forest(fit))
		}
		if o := f.Overlaps; o != nil && o.Refusal == nil {
			if !slices.ContainsFunc(o.Cells, func(c app.Overlap) bool { return c.Count == nil }) {
				add(v.Say.T("figures.upset"), v.upset(o)) // with cells left out, the sizes of the lists at its side would be wrong
			}
			add(v.Say.T("figures.hidden"), v.suppression(o))
		}
	case app.AskStay:
		if c := v.stayCurve(fit); c != nil {
			add(v.Say.T("figures.curve"), *c)
		}
	}
	return out, nil
}

// forest draws what each method says, with Chao's bound.
func (v *visit) forest(fit estimate.Fit) chart.Forest {
	c := chart.Forest{Frame: chart.Frame{ID: "forest", Title: v.Say.T("figures.forest"), Desc: v.Say.T("figures.forest.desc"), X: v.Say.T("figures.people"), Width: 820},
		Observed: math.NaN(), Bound: math.NaN(),
		Words: chart.ForestWords{Observed: v.Say.T("figures.observed"), Bound: v.Say.T("figures.bound"), Method: v.Say.T("figures.method"), Point: v.Say.T("figures.point"), Interval: v.Say.T("figures.interval")}}
	for _, m := range fit.Ensemble {
		row := chart.Row{Name: m.Method, Point: float64(m.Point), Lower: float64(m.Lower), Upper: float64(m.Upper)}
		if m.Refusal != nil || math.IsNaN(row.Point) {
			row.Refused = v.Say.T("figures.nofigure")
		} else if m.Method == "chao" {
			c.Bound = row.Point
		}
		c.Rows = append(c.Rows, row)
	}
	return c
}

// upset draws the overlaps that may be shown.
func (v *visit) upset(o *app.Overlaps) chart.UpSet {
	c := chart.UpSet{Frame: chart.Frame{ID: "upset", Title: v.Say.T("figures.upset"), Desc: v.Say.T("figures.upset.desc"), Y: v.Say.T("figures.people"), Width: 820},
		Lists: o.Lists, Words: chart.UpSetWords{History: v.Say.T("figures.lists"), Count: v.Say.T("figures.people")}}
	for _, cell := range o.Cells {
		if cell.Count == nil || *cell.Count == 0 {
			continue
		}
		in := make([]bool, len(o.Lists))
		for _, j := range cell.On {
			in[j] = true
		}
		c.Overlaps = append(c.Overlaps, chart.Overlap{In: in, Count: int(*cell.Count)})
	}
	return c
}

// suppression shows what is hidden and what a reader could work out of it.
func (v *visit) suppression(o *app.Overlaps) chart.Suppression {
	c := chart.Suppression{Frame: chart.Frame{ID: "hidden", Title: v.Say.T("figures.hidden"), Desc: v.Say.T("figures.hidden.desc"), Width: 820}, Columns: []string{v.Say.T("figures.people")},
		Words: chart.SuppressionWords{Primary: v.Say.T("figures.hidden.primary"), Secondary: v.Say.T("figures.hidden.secondary"), Tight: v.Say.T("figures.hidden.tight"), Range: v.Say.T("figures.hidden.range")}}
	for _, cell := range o.Cells {
		var names []string
		for _, j := range cell.On {
			names = append(names, o.Lists[j])
		}
		out := chart.Cell{Lower: float64(cell.Lower), Upper: math.Inf(1)}
		if cell.Upper != nil {
			out.Upper = float64(*cell.Upper)
		}
		switch {
		case cell.Count != nil:
			out.Value = float64(*cell.Count)
		case cell.Small:
			out.Hidden = chart.Primary
		default:
			out.Hidden = chart.Secondary
		}
		c.Rows = append(c.Rows, strings.Join(names, " + "))
		c.Cells = append(c.Cells, []chart.Cell{out})
	}
	return c
}

// stayCurve draws Turnbull's estimate, or is nil where there is none.
func (v *visit) stayCurve(fit estimate.Fit) *chart.Survival {
	raw, err := json.Marshal(fit.Detail)
	var d survival.Bracketed
	if err != nil || json.Unmarshal(raw, &d) != nil || len(d.Groups) == 0 || d.Groups[0].Fit == nil {
		return nil
	}
	c := &chart.Survival{Frame: chart.Frame{ID: "stay", Title: v.Say.T("figures.curve"), Desc: v.Say.T("figures.curve.desc"), X: v.Say.T("figures.days"), Y: v.Say.T("figures.longer"), Width: 820},
		RiskTimes: []float64{0}, Risk: v.Say.T("figures.people"),
		Words: chart.SurvivalWords{Group: v.Say.T("figures.group"), Time: v.Say.T("figures.days"), Share: v.Say.T("figures.longer"), Interval: v.Say.T("figures.interval"), Risk: v.Say.T("figures.people")}}
	line := chart.SurvivalCurve{Name: v.Say.T("figures.heard"), AtRisk: []float64{float64(d.Groups[0].N)}}
	share := 1.0
	for _, m := range d.Groups[0].Fit.Masses {
		right := float64(m.Right)
		if math.IsNaN(right) { // no end, as JSON keeps it
			right = math.Inf(1)
		}
		after := math.Max(0, share-m.P)
		line.Boxes = append(line.Boxes, chart.SurvivalBox{Left: m.Left, Right: right, Before: share, After: after})
		share = after
		line.Last = math.Max(line.Last, m.Left)
	}
	c.Curves = append(c.Curves, line)
	return c
}
