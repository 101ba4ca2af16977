package web

import (
	"encoding/json"
	"html/template"
	"math"
	"slices"
	"strings"

	"example.org/amparo/chart"
	"example.org/amparo/estimate"
	"example.org/amparo/estimate/proportion"
	"example.org/amparo/internal/figure"
)

// drawing gathers what is drawn of a figure.
type drawing struct {
	v   *visit
	out []figurePicture
}

func (p *drawing) add(title, says string, c chart.Chart) {
	p.out = append(p.out, figurePicture{SVG: template.HTML(c.SVG()), Table: c.Table(), Title: p.v.Say.T(title), Says: says}) // the chart escapes every text in it
}

// none says why a picture is not drawn.
func (p *drawing) none(title, says string) {
	p.out = append(p.out, figurePicture{Title: p.v.Say.T(title), Says: says})
}

// detailOf reads what only one method has, which JSON keeps.
func detailOf[T any](fit estimate.Fit) (T, bool) {
	var d T
	raw, err := json.Marshal(fit.Detail)
	return d, err == nil && string(raw) != "null" && json.Unmarshal(raw, &d) == nil
}

func (v *visit) figurePictures(f *figure.Figure, fit estimate.Fit) []figurePicture {
	p := &drawing{v: v}
	switch f.Question.Ask {
	case figure.AskTotal:
		p.total(f, fit)
	case figure.AskStay:
		if d, ok := detailOf[figure.StayDetail](fit); ok && fit.Refusal == nil {
			p.stay(d)
		}
	case figure.AskAfter:
		if d, ok := detailOf[figure.AfterDetail](fit); ok && fit.Refusal == nil {
			p.after(d)
		}
		for _, m := range fit.Ensemble {
			p.death(m)
		}
	default:
		if d, ok := detailOf[proportion.Lines](fit); ok && fit.Refusal == nil {
			p.share(d)
		}
	}
	return p.out
}

func (p *drawing) frame(id, name string) chart.Frame {
	return chart.Frame{ID: id, Title: p.v.Say.T(name), Desc: p.v.Say.T(name + ".desc"), Width: 820}
}

func (p *drawing) total(f *figure.Figure, fit estimate.Fit) {
	d, ok := detailOf[figure.TotalDetail](fit)
	if len(fit.Ensemble) > 0 {
		c := p.forest(fit)
		if c.Observed = math.NaN(); ok && d.Observed > 0 {
			c.Observed = float64(d.Observed)
		}
		p.add("figures.forest", p.forestSays(fit, c), c)
	}
	if ok && d.Runs != nil {
		p.runs(*d.Runs, d.Limits)
	}
	if ok && d.Posterior != nil {
		p.posterior(d)
	}
	if ok && (d.Posterior != nil || len(d.Missing) > 0) {
		p.without(fit, d)
	}
	if code := d.Missing["posterior"]; code != "" {
		p.none("figures.posterior", p.v.Say.T("figures.missing."+code))
	}
	if o := f.Overlaps; o != nil && o.Refusal != nil {
		p.none("figures.hidden", strings.TrimSpace(p.v.refusal(*o.Refusal).Text+" "+p.v.instead(*o.Refusal).Text))
	}
	if o := f.Overlaps; o != nil && o.Refusal == nil {
		hidden := 0
		for _, c := range o.Cells {
			if c.Count == nil {
				hidden++
			}
		}
		if hidden == 0 { // with cells left out, the sizes of the lists at its side would be wrong
			p.add("figures.upset", p.upsetSays(o), p.upset(o))
		}
		says := p.v.Say.Fill("figures.hidden.says", grouped(hidden), grouped(len(o.Cells)))
		if o.Changed {
			says += " " + p.v.Say.T("figures.hidden.changed")
		}
		p.add("figures.hidden", says, p.suppression(o))
	}
}

func (p *drawing) forestSays(fit estimate.Fit, c chart.Forest) string {
	n, low, high := 0, math.Inf(1), math.Inf(-1)
	for _, r := range c.Rows {
		if r.Refused == "" {
			n, low, high = n+1, math.Min(low, r.Lower), math.Max(high, r.Upper)
		}
	}
	if n == 0 {
		return p.v.Say.T("figures.forest.none")
	}
	return p.v.Say.Fill("figures.forest.says", grouped(n), grouped(len(fit.Ensemble)), whole(low), whole(high))
}

func (p *drawing) upsetSays(o *figure.Overlaps) string {
	one, more := int64(0), int64(0)
	for _, c := range o.Cells {
		if len(c.On) == 1 {
			one += *c.Count
		} else {
			more += *c.Count
		}
	}
	return p.v.Say.Fill("figures.upset.says", grouped(int(one)), grouped(int(more)))
}

// posterior draws how likely each total is, and what it would be were the lists tied
// together more closely than any list can show.
func (p *drawing) posterior(d figure.TotalDetail) {
	say, q := p.v.Say, d.Posterior
	c := chart.Posterior{Frame: p.frame("posterior", "figures.posterior"), Lower: q.Lower, Upper: q.Upper, Median: q.Median, Observed: math.NaN(), Bound: q.Bound,
		Words: chart.PosteriorWords{Interval: say.T("figures.interval"), Median: say.T("figures.median"), Mode: say.T("figures.mode"), Observed: say.T("figures.observed"),
			Bound: say.T("figures.notbeyond"), Value: say.T("figures.people"), Density: say.T("figures.probability")}}
	c.X = say.T("figures.people")
	for _, b := range q.Bins {
		c.Density = append(c.Density, chart.Point{X: b.N, Y: float64(b.Share)})
	}
	if d.Observed > 0 {
		c.Observed = float64(d.Observed)
	}
	var modes []string
	for _, m := range q.Modes {
		c.Modes = append(c.Modes, chart.Mode{X: m.N, Name: grouped(m.Share) + " %"})
		modes = append(modes, say.Fill("figures.mode.says", whole(m.N), grouped(m.Share)))
	}
	if q.Bound > 4*q.Upper { // it is far away: on the scale, it would leave no room for the rest
		c.Bound = math.NaN()
	}
	name := "figures.posterior.one"
	if len(modes) > 1 {
		name = "figures.posterior.many"
	}
	says := say.Fill(name, strings.Join(modes, "; "), whole(q.Lower), whole(q.Upper), whole(q.Bound))
	if q.Draws > 0 {
		says += " " + say.Fill("figures.posterior.drawn", grouped(q.Draws))
	}
	p.add("figures.posterior", says, c)

	t := chart.Sensitivity{Frame: p.frame("tie", "figures.tie"), Log: true, Neutral: 1, Threshold: float64(q.Threshold), Tipping: float64(q.Tipping),
		Words: chart.SensitivityWords{Tipping: say.T("figures.tipping"), Threshold: say.T("figures.lowend"), NotReached: say.T("figures.nottipped"), Interval: say.T("figures.interval")}}
	t.X, t.Y = say.T("figures.tie.x"), say.T("figures.people")
	for _, x := range q.Tie {
		t.Points = append(t.Points, chart.Band{X: x.Xi, Y: x.N, Lower: x.Lower, Upper: x.Upper})
	}
	first, last := q.Tie[0], q.Tie[len(q.Tie)-1]
	says = say.Fill("figures.tie.says", whole(last.N), whole(first.N))
	if !math.IsNaN(float64(q.Tipping)) {
		says += " " + say.Fill("figures.tie.tips", decimal(float64(q.Tipping)), whole(float64(q.Threshold)))
	}
	p.add("figures.tie", says, t)
}

// without draws the range with each list left out.
func (p *drawing) without(fit estimate.Fit, d figure.TotalDetail) {
	say := p.v.Say
	if code := d.Missing["without"]; code != "" {
		p.none("figures.without", say.T("figures.missing."+code))
		return
	}
	c := chart.LeaveOut{Frame: p.frame("without", "figures.without"), Words: chart.ForestWords{Method: say.T("figures.without.list"), Point: say.T("figures.point"), Interval: say.T("figures.interval")},
		Whole: chart.Row{Name: say.T("figures.without.all"), Point: math.NaN(), Lower: float64(fit.Lower), Upper: float64(fit.Upper)}}
	c.X = say.T("figures.people")
	var most *figure.TotalWithout
	moved := 0.0
	var refused []string
	for i, w := range d.Without {
		row := chart.Row{Name: w.List, Point: math.NaN(), Lower: float64(w.Lower), Upper: float64(w.Upper)}
		if w.Refused != nil {
			row.Refused = p.v.refusal(*w.Refused).Text
			refused = append(refused, w.List)
		} else if by := math.Abs(math.Log(float64(w.Lower/fit.Lower))) + math.Abs(math.Log(float64(w.Upper/fit.Upper))); most == nil || by > moved {
			most, moved = &d.Without[i], by
		}
		c.Rows = append(c.Rows, row)
	}
	says := ""
	if most != nil {
		says = say.Fill("figures.without.says", most.List, wholeDown(most.Lower), wholeUp(most.Upper), wholeDown(fit.Lower), wholeUp(fit.Upper))
	}
	if len(refused) > 0 {
		says += " " + say.Fill("figures.without.needs", strings.Join(refused, ", "))
	}
	p.add("figures.without", strings.TrimSpace(says), c)
}

// stay draws how long a stage lasted, and the rug of all stages.
func (p *drawing) stay(d figure.StayDetail) {
	say := p.v.Say
	if c := p.stayCurve(d); c != nil {
		says := say.T("figures.curve.thin")
		if k := len(d.AtRisk) - 1; k > 0 {
			says = say.Fill("figures.curve.says", grouped(d.AtRisk[0].People), grouped(d.AtRisk[k].People), whole(d.AtRisk[k].Time))
		}
		p.add("figures.curve", says, *c)
	}
	c := chart.Stages{Frame: p.frame("stages", "figures.rug"), Words: chart.StageWords{Stage: say.T("figures.rug.stage"), Shortest: say.T("figures.shortest"), Longest: say.T("figures.longest")}}
	c.X = say.T("figures.days")
	low, high := math.Inf(1), 0.0
	for _, s := range d.Stages {
		row := chart.StageRow{Name: p.v.stageName(s.Stage), Marks: s.Marks}
		if s.Held {
			row.Note = say.T("figures.rug.held")
		}
		for _, m := range s.Marks {
			low, high = math.Min(low, m[0]), math.Max(high, m[1])
		}
		c.Rows = append(c.Rows, row)
	}
	if high == 0 {
		p.none("figures.rug", say.T("figures.missing.rug"))
		return
	}
	p.add("figures.rug", say.Fill("figures.rug.says", grouped(len(d.Stages)), whole(low), whole(high)), c)
}

// after draws what happened after a return.
func (p *drawing) after(d figure.AfterDetail) {
	say := p.v.Say
	c := chart.Outcomes{Frame: p.frame("after", "figures.after"), Words: chart.OutcomeWords{Outcome: say.T("figures.outcome"), Time: say.T("figures.days"), Share: say.T("figures.reached"), Interval: say.T("figures.interval")}}
	c.X, c.Y = say.T("figures.days"), say.T("figures.reached")
	var shares, none []string
	for _, o := range d.Outcomes {
		name := p.v.outcomeName(o.Code)
		line := chart.OutcomeLine{Name: name}
		for _, a := range o.At {
			line.At = append(line.At, chart.Band{X: a.Days, Y: a.Share, Lower: float64(a.Lower), Upper: float64(a.Upper)})
		}
		if len(o.At) == 0 {
			none = append(none, say.Fill("figures.after.none", name))
		}
		shares = append(shares, say.Fill("figures.after.share", name, wholeDown(100*o.Share.Lower), wholeUp(100*o.Share.Upper)))
		c.Lines = append(c.Lines, line)
	}
	p.add("figures.after", strings.TrimSpace(say.Fill("figures.after.says", strings.Join(shares, "; "))+" "+strings.Join(none, " ")), c)
}

// death says why there is no share of the dead, and what range there is.
func (p *drawing) death(fit estimate.Fit) {
	if fit.Refusal == nil {
		return
	}
	says := p.v.refusal(*fit.Refusal).Text
	d, ok := detailOf[figure.DeathBounds](fit)
	if !ok || d.Share.Level == 0 {
		p.none("figures.death", says+" "+p.v.Say.T("figures.death.nobounds"))
		return
	}
	says += " " + p.v.Say.Fill("figures.death.bounds", wholeDown(100*d.Share.Lower), wholeUp(100*d.Share.Upper))
	switch tip := float64(d.Tipping); {
	case tip > 1:
		says += " " + p.v.Say.T("figures.death.never")
	case tip > 0:
		says += " " + p.v.Say.Fill("figures.death.tips", whole(math.Ceil(100*tip)))
	}
	p.none("figures.death", says)
}

// share draws what selection could do to a share.
func (p *drawing) share(d proportion.Lines) {
	say, s := p.v.Say, d.Selection
	c := chart.Sensitivity{Frame: p.frame("selection", "figures.selection"), Log: true, Neutral: 1, Threshold: s.Threshold, Tipping: float64(s.Tipping),
		Words: chart.SensitivityWords{Tipping: say.T("figures.tipping"), Threshold: say.T("figures.half"), NotReached: say.T("figures.nottipped"), Interval: say.T("figures.interval")}}
	c.X, c.Y = say.T("figures.selection.x"), say.T("figures.selection.y")
	move := func(n estimate.Number, gamma float64) float64 {
		return float64(n) / (float64(n) + gamma*(1-float64(n)))
	}
	in := d.Described.Interval
	for _, x := range s.Curve {
		c.Points = append(c.Points, chart.Band{X: x.Gamma, Y: x.Share, Lower: move(in.Lower, x.Gamma), Upper: move(in.Upper, x.Gamma)})
	}
	name := "figures.selection.above"
	if d.Described.Share < s.Threshold {
		name = "figures.selection.below"
	}
	p.add("figures.selection", say.Fill(name, decimal(float64(s.Tipping))), c)
}

// forest draws what each method says, with Chao's bound.
func (p *drawing) forest(fit estimate.Fit) chart.Forest {
	c := chart.Forest{Frame: p.frame("forest", "figures.forest"), Bound: math.NaN(),
		Words: chart.ForestWords{Observed: p.v.Say.T("figures.observed"), Bound: p.v.Say.T("figures.bound"), Method: p.v.Say.T("figures.method"), Point: p.v.Say.T("figures.point"), Interval: p.v.Say.T("figures.interval")}}
	c.X = p.v.Say.T("figures.people")
	for _, m := range fit.Ensemble {
		row := chart.Row{Name: p.v.method(m.Method), Point: float64(m.Point), Lower: float64(m.Lower), Upper: float64(m.Upper)}
		if m.Refusal != nil || math.IsNaN(row.Point) {
			row.Refused = p.v.Say.T("figures.nofigure")
			if m.Refusal != nil {
				row.Refused = p.v.refusal(*m.Refusal).Text
			}
		} else if m.Method == "chao" {
			c.Bound = row.Point
		}
		c.Rows = append(c.Rows, row)
	}
	return c
}

// methods are those with a name in every language.
var methods = []string{"chao", "pairs", "loglin", "sparse", "dga", "mth", "nhoi", "lcm"}

func (v *visit) method(name string) string {
	if !slices.Contains(methods, name) {
		return name
	}
	return v.Say.T("figures.by." + name)
}

// upset draws the overlaps that may be shown.
func (p *drawing) upset(o *figure.Overlaps) chart.UpSet {
	c := chart.UpSet{Frame: p.frame("upset", "figures.upset"), Lists: o.Lists, Words: chart.UpSetWords{History: p.v.Say.T("figures.lists"), Count: p.v.Say.T("figures.people")}}
	c.Y = p.v.Say.T("figures.people")
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
func (p *drawing) suppression(o *figure.Overlaps) chart.Suppression {
	c := chart.Suppression{Frame: p.frame("hidden", "figures.hidden"), Columns: []string{p.v.Say.T("figures.people")},
		Words: chart.SuppressionWords{Primary: p.v.Say.T("figures.hidden.primary"), Secondary: p.v.Say.T("figures.hidden.secondary"), Tight: p.v.Say.T("figures.hidden.tight"), Range: p.v.Say.T("figures.hidden.range")}}
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

// stayCurve draws Turnbull's estimate with the numbers at risk, or is nil where there is none.
func (p *drawing) stayCurve(d figure.StayDetail) *chart.Survival {
	if len(d.Groups) == 0 || d.Groups[0].Fit == nil {
		return nil
	}
	c := &chart.Survival{Frame: p.frame("stay", "figures.curve"),
		Risk:  p.v.Say.T("figures.atrisk"),
		Words: chart.SurvivalWords{Group: p.v.Say.T("figures.group"), Time: p.v.Say.T("figures.days"), Share: p.v.Say.T("figures.longer"), Interval: p.v.Say.T("figures.interval"), Risk: p.v.Say.T("figures.atrisk")}}
	c.X, c.Y = p.v.Say.T("figures.days"), p.v.Say.T("figures.longer")
	line := chart.SurvivalCurve{Name: p.v.Say.T("figures.heard")}
	for _, r := range d.AtRisk {
		c.RiskTimes, line.AtRisk = append(c.RiskTimes, r.Time), append(line.AtRisk, float64(r.People))
	}
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
