package web

import (
	"context"
	"fmt"
	"html/template"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"example.org/amparo/id"
	"example.org/amparo/internal/app"
	"example.org/amparo/internal/chain"
	"example.org/amparo/when"
)

// laidView is what several tellers say of one chain, one over the other: a drawing over one
// axis of time, the contradictions in words, and the same as tables.
type laidView struct {
	SVG     template.HTML
	Tellers []tellerView
	Clashes []clashView
	Rows    []laidRow
	Endings []laidEnding
	Choices []app.ChainChoice
}

// tellerView is who tells; Letter is how the drawing and the tables call them.
type tellerView struct{ Letter, Who, How, At, Title string }

// clashView is one contradiction. Open is the one whose words are shown.
type clashView struct {
	N        int
	Text     string
	Apart    string
	Link     string
	Open     bool
	Sides    []clashSideView
	Separate bool // the sides are two records: neither can be taken in the other's place
	Choice   *app.ChainChoice
}

type clashSideView struct {
	Letter, Who, Says string
	Words             []app.Quote
	Basis             string
	Record, Field     string // where the value can be taken for the case; "" where it cannot
	Account           string
}

// laidRow is what one teller says of one stage. First marks the first row of a stage.
type laidRow struct {
	First                   bool
	Stage, Record, Edit     string
	Letter, Who, Basis      string
	In, Out, Duration       string
	Facility, Agency, Place string
	Clashes                 string
	Passage                 string
}

type laidEnding struct {
	First                bool
	Kind, Record, Edit   string
	Letter, Who, Basis   string
	Outcome, Date, Extra string
	Clashes              string
	Passage              string
}

// laid lays the accounts of a person's chain over each other; at is the number of the
// contradiction whose words are opened, or 0.
func (v *visit) laid(ctx context.Context, person id.ID, at int) (*laidView, *app.LaidOver, error) {
	l, err := v.ws.Desk().LaidOver(ctx, person, v.Say.Lang())
	if err != nil || len(l.Tellers) == 0 {
		return nil, l, err
	}
	out := &laidView{Choices: l.Choices}
	for i, t := range l.Tellers {
		out.Tellers = append(out.Tellers, v.teller(i, t))
	}
	for i, c := range l.Clashes {
		cv, err := v.clash(ctx, out, c, i+1, "/record/"+person.String()+"/chain", i+1 == at)
		if err != nil {
			return nil, nil, err
		}
		out.Clashes = append(out.Clashes, cv)
	}
	v.laidRows(ctx, out, l, person)
	out.SVG = drawLaid(out, l, v.Say)
	return out, l, nil
}

// letter names a column: A to Z, then A2.
func letter(column int) string {
	s := string(rune('A' + column%26))
	if column >= 26 {
		s += strconv.Itoa(column/26 + 1)
	}
	return s
}

func (v *visit) teller(column int, t app.Teller) tellerView {
	out := tellerView{Letter: letter(column), Who: t.Who, Title: t.Title, How: v.howWords(t)}
	switch {
	case t.How == app.Documenter:
		out.Who = v.Say.T("record.documenter")
	case out.Who == "":
		out.Who = t.Title
	}
	if !t.At.IsZero() && t.Title != "" {
		out.At = t.At.String()
	}
	return out
}

// howWords says how a teller stands to the person told of.
func (v *visit) howWords(t app.Teller) string {
	switch t.How {
	case app.Own:
		return v.Say.T("chain.how.own")
	case app.Related:
		return t.As
	case app.Witness:
		return v.Say.T("chain.how.witness")
	case app.Paper:
		return v.Say.T("chain.how.document")
	}
	return v.Say.T("chain.how.documenter")
}

// basisWords writes how the accounts know, each once.
func (v *visit) basisWords(by []app.SaidBy) string {
	voc, _ := v.ws.Schema().Vocabulary("basis_of_knowledge")
	var out []string
	for _, b := range by {
		if t, ok := voc.Term(b.Basis); ok && !slices.Contains(out, t.Label.In(v.Say.Lang())) {
			out = append(out, t.Label.In(v.Say.Lang()))
		}
	}
	return strings.Join(out, ", ")
}

func (v *visit) clash(ctx context.Context, l *laidView, c app.Clash, n int, page string, open bool) (clashView, error) {
	out := clashView{N: n, Open: open, Choice: c.Choice, Separate: c.Sides[0].Record != c.Sides[1].Record, Link: page + "?at=" + strconv.Itoa(n)}
	k, _ := v.ws.Schema().Kind(c.Kind)
	what, field := c.Stage, v.Say.T("chain.order")
	if what == "" {
		what = k.Label.In(v.Say.Lang())
	}
	if f, ok := k.Field(c.Sides[0].Field); ok && c.Field != "order" {
		field = f.Label.In(v.Say.Lang())
	}
	name := func(s app.ClashSide) string { t := l.Tellers[s.Teller]; return t.Letter + " (" + t.Who + ")" }
	out.Text = v.Say.Fill("chain.clash", what, field, name(c.Sides[0]), c.Sides[0].Says, name(c.Sides[1]), c.Sides[1].Says)
	if c.Apart > 0 {
		out.Apart = v.Say.N("chain.apart", int(c.Apart))
	}
	if !open {
		return out, nil
	}
	for _, s := range c.Sides {
		t := l.Tellers[s.Teller]
		sv := clashSideView{Letter: t.Letter, Who: t.Who, Says: s.Says, Basis: v.basisWords(s.By)}
		if c.Sides[0].Record == c.Sides[1].Record && len(s.By) > 0 && c.Field != "order" {
			sv.Record, sv.Field, sv.Account = s.Record.String(), s.Field, s.By[0].Ref.String()
		}
		var err error
		if sv.Words, err = v.ws.Desk().Words(ctx, s, v.Say.Lang()); err != nil {
			return out, err
		}
		out.Sides = append(out.Sides, sv)
	}
	return out, nil
}

// clashesAt lists the numbers of the contradictions a teller's word on a record is in.
func clashesAt(l *app.LaidOver, column int, rec id.ID) string {
	var out []string
	for i, c := range l.Clashes {
		for _, s := range c.Sides {
			if s.Teller == column && s.Record == rec {
				out = append(out, strconv.Itoa(i+1))
				break
			}
		}
	}
	return strings.Join(out, ", ")
}

// laidRows writes the tables.
func (v *visit) laidRows(ctx context.Context, out *laidView, l *app.LaidOver, person id.ID) {
	desk, lang := v.ws.Desk(), v.Say.Lang()
	edit := func(kindName string, rec id.ID) string {
		return "/record/" + person.String() + "/chain?edit=" + kindName + "&record=" + rec.String()
	}
	for _, row := range l.Table.Rows {
		first := true
		for i, c := range row.Cells {
			if c.Stage == nil {
				continue
			}
			rec := c.Stage.Record
			says := func(field string) string { return desk.Says(ctx, l, i, rec, field, lang) }
			by := l.Behind(i, rec, "")
			out.Rows = append(out.Rows, laidRow{First: first, Stage: v.stageLabel(c.Stage), Record: rec.String(), Edit: edit("detention_stage", rec), Letter: letter(i), Who: out.Tellers[i].Who,
				Basis: v.basisWords(by), In: says("in"), Out: says("out"), Duration: says("duration"), Facility: says("facility_type"), Agency: says("agency"), Place: says("place"),
				Clashes: clashesAt(l, i, rec), Passage: passageOf(by)})
			first = false
		}
	}
	for _, row := range l.Table.Endings {
		k, _ := v.ws.Schema().Kind(row.Kind)
		first := true
		for i, e := range row.Cells {
			if e == nil {
				continue
			}
			says := func(field string) string { return desk.Says(ctx, l, i, e.Record, field, lang) }
			by := l.Behind(i, e.Record, "")
			out.Endings = append(out.Endings, laidEnding{First: first, Kind: k.Label.In(lang), Record: e.Record.String(), Edit: edit(row.Kind, e.Record), Letter: letter(i), Who: out.Tellers[i].Who,
				Basis: v.basisWords(by), Outcome: says("outcome"), Date: says("period") + says("date") + says("last_seen"), Extra: says("length") + says("state"),
				Clashes: clashesAt(l, i, e.Record), Passage: passageOf(by)})
			first = false
		}
	}
}

func (v *visit) stageLabel(s *chain.Stage) string {
	if voc, ok := v.ws.Schema().Vocabulary("repatriation_stages"); ok {
		if t, ok := voc.Term(s.Type); ok {
			return t.Label.In(v.Say.Lang())
		}
	}
	return v.Say.T("chain.stage.unknown")
}

func passageOf(by []app.SaidBy) string {
	for _, b := range by {
		if b.Passage != nil {
			return b.Passage.Record.String()
		}
	}
	return ""
}

// bar is where a stay is drawn: from its first to its last possible day, and the stretch it
// certainly covered. An end that nobody gives is open.
type bar struct {
	lo, hi, sureLo, sureHi int64
	openLo, openHi         bool
}

// barOf derives the bar of one account; ok is false where it says no date.
func barOf(s chain.Stage) (b bar, ok bool) {
	t := s.Times()
	none := func(d int64) bool { return d == int64(when.Beginning) || d == chain.Unbounded }
	if none(t.In.Lo) && none(t.In.Hi) && none(t.Out.Lo) && none(t.Out.Hi) {
		return b, false
	}
	b = bar{lo: t.In.Lo, hi: t.Out.Hi, sureLo: t.In.Hi, sureHi: t.Out.Lo}
	if none(b.lo) {
		b.openLo, b.lo = true, earliest(t.In.Hi, t.Out.Lo, t.Out.Hi)-openReach
	}
	if none(b.hi) {
		b.openHi, b.hi = true, latest(t.Out.Lo, t.In.Hi, t.In.Lo)+openReach
	}
	if none(b.sureLo) || none(b.sureHi) || b.sureLo > b.sureHi {
		b.sureLo, b.sureHi = 1, 0
	}
	return b, b.lo <= b.hi
}

// earliest and latest are over the days that are known.
func earliest(days ...int64) int64 {
	out := int64(1 << 40)
	for _, d := range days {
		if d != int64(when.Beginning) && d != chain.Unbounded {
			out = min(out, d)
		}
	}
	return out
}

func latest(days ...int64) int64 {
	out := -int64(1 << 40)
	for _, d := range days {
		if d != int64(when.Beginning) && d != chain.Unbounded {
			out = max(out, d)
		}
	}
	return out
}

// The measures of the drawing, beside those of [drawChain].
const (
	laidLine   = 22
	laidHead   = 26
	laidBar    = 10
	laidLabels = 34 // letters of a teller's label
)

// drawLaid draws the tellings over one axis of time: under each stage a bar a teller. What
// contradicts carries the number of its contradiction. It has no style attributes, as
// [drawChain], and means the same without colour.
func drawLaid(v *laidView, l *app.LaidOver, say Say) template.HTML {
	lo, hi := laidSpan(l.Table)
	x := chainScale(lo, hi)
	var b strings.Builder
	y, at := chainTop, 0
	for _, row := range l.Table.Rows {
		fmt.Fprintf(&b, `<text class="stage" x="8" y="%d">%s</text>`, y+laidHead-9, esc(cut(v.Rows[at].Stage, laidLabels)))
		y += laidHead
		for _, c := range row.Cells {
			if c.Stage == nil {
				continue
			}
			drawAccount(&b, v.Rows[at], *c.Stage, y, x, say)
			at++
			y += laidLine
		}
	}
	height := y + 10
	var years strings.Builder
	drawYears(&years, lo, hi, height, x)
	return template.HTML(fmt.Sprintf(`<svg class="chain laid" viewBox="0 0 %d %d" role="img" aria-labelledby="laid-title laid-desc" xmlns="http://www.w3.org/2000/svg"><title id="laid-title">%s</title><desc id="laid-desc">%s</desc>%s%s</svg>`,
		chainWidth, height, esc(say.T("chain.laid")), esc(say.T("chain.laid.desc")), years.String(), b.String())) // every text went through esc
}

func drawAccount(b *strings.Builder, r laidRow, s chain.Stage, y int, x func(int64) float64, say Say) {
	label, class := r.Letter+" "+r.Who, "who"
	if r.Clashes != "" {
		label, class = label+" ≠ "+r.Clashes, "who clash"
	}
	fmt.Fprintf(b, `<text class="%s" x="20" y="%d">%s</text>`, class, y+15, esc(cut(label, laidLabels)))
	said := strings.Trim(r.In+" – "+r.Out, " –")
	at, ok := barOf(s)
	if !ok {
		fmt.Fprintf(b, `<text class="undated" x="%d" y="%d">%s</text>`, chainLeft, y+15, esc(strings.TrimSpace(say.T("chain.undated")+" "+r.Duration)))
		return
	}
	may := "may"
	if at.openLo || at.openHi {
		may = "may open"
	}
	fmt.Fprintf(b, `<rect class="%s" x="%.1f" y="%d" width="%.1f" height="%d" rx="2"><title>%s: %s %s</title></rect>`, may, x(at.lo), y+(laidLine-laidBar)/2, max(3, x(at.hi)-x(at.lo)), laidBar, esc(label), esc(said), esc(r.Duration))
	if at.sureLo <= at.sureHi {
		fmt.Fprintf(b, `<rect class="sure" x="%.1f" y="%d" width="%.1f" height="%d"/>`, x(at.sureLo), y+(laidLine-laidBar)/2, max(3, x(at.sureHi)-x(at.sureLo)), laidBar)
	}
}

// laidSpan is the stretch of time that the drawing covers.
func laidSpan(t chain.Table) (lo, hi int64) {
	lo, hi = 1<<62, -(1 << 62)
	for _, row := range t.Rows {
		for _, c := range row.Cells {
			if c.Stage == nil {
				continue
			}
			if b, ok := barOf(*c.Stage); ok {
				lo, hi = min(lo, b.lo), max(hi, b.hi)
			}
		}
	}
	if lo > hi {
		return 0, 1
	}
	return lo - openReach/4, hi + openReach/4
}

// atClash is the number of the contradiction that an address opens, or 0.
func atClash(r *http.Request) int {
	n, _ := strconv.Atoi(r.URL.Query().Get("at")) // none is opened
	return n
}
