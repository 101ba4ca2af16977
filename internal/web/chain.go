package web

import (
	"context"
	"fmt"
	"html/template"
	"net/http"
	"strconv"
	"strings"

	"example.org/amparo/id"
	"example.org/amparo/internal/app"
	"example.org/amparo/when"
)

// chainView is a person's way as a drawing and as a table.
type chainView struct {
	SVG   template.HTML
	Steps []app.ChainStep
}

// chainPage is a person's chain: the accounts laid over each other, what contradicts, what
// to look at again, and the form that adds to it.
type chainPage struct {
	Page
	ID        string
	Who       string
	Chain     *chainView
	Laid      *laidView
	Findings  []findingView
	Totals    []string
	Questions []questionView
	Add       []chainAdd
	Form      *formPage // of the kind that is being added, or nil
	Editing   string    // its kind
}

func (s *Server) chainPage(w http.ResponseWriter, r *http.Request, v *visit) error {
	p, err := v.chainOf(r, r.URL.Query(), nil)
	if err != nil {
		return err
	}
	return chainTmpl.Execute(w, *p)
}

// chain lays out a person's crossings, hiding, detention and what followed.
func (v *visit) chain(ctx context.Context, person id.ID) (*chainView, error) {
	steps, err := v.ws.Desk().Chain(ctx, person, v.Say.Lang())
	if err != nil || len(steps) == 0 {
		return nil, err
	}
	return &chainView{SVG: drawChain(steps, v.Say), Steps: steps}, nil
}

// The measures of the drawing, in its own units.
const (
	chainWidth  = 940
	chainLeft   = 250
	chainRow    = 30
	chainTop    = 34
	chainBarGap = 9
)

// openReach is how far beyond the dated steps one with an open end is drawn, in days.
const openReach = 120

// drawChain draws each step as a bar from its first to its last possible day; the
// darker part is the stretch it certainly covered. It has no style attributes: the
// page's policy forbids them, and so the same drawing can go into a report.
func drawChain(steps []app.ChainStep, say Say) template.HTML {
	lo, hi := chainSpan(steps)
	x := chainScale(lo, hi)
	height := chainTop + len(steps)*chainRow + 8
	var b strings.Builder
	fmt.Fprintf(&b, `<svg class="chain" viewBox="0 0 %d %d" role="img" aria-labelledby="chain-title chain-desc" xmlns="http://www.w3.org/2000/svg"><title id="chain-title">%s</title><desc id="chain-desc">%s</desc>`,
		chainWidth, height, esc(say.T("chain.title")), esc(say.T("chain.desc")))
	drawYears(&b, lo, hi, height, x)
	for i, s := range steps {
		y := chainTop + i*chainRow
		from, to := x(s.Lo), x(s.Hi)
		fmt.Fprintf(&b, `<g class="step k-%s"><text class="label" x="8" y="%d">%s</text>`, esc(s.Kind), y+chainRow/2+5, esc(cut(s.Label, 30)))
		fmt.Fprintf(&b, `<rect class="may" x="%.1f" y="%d" width="%.1f" height="%d" rx="3"><title>%s: %s</title></rect>`, from, y+chainBarGap, max(3, to-from), chainRow-2*chainBarGap, esc(s.Label), esc(s.Dates))
		if s.Sure[0] <= s.Sure[1] {
			fmt.Fprintf(&b, `<rect class="sure" x="%.1f" y="%d" width="%.1f" height="%d" rx="3"/>`, x(s.Sure[0]), y+chainBarGap, max(3, x(s.Sure[1])-x(s.Sure[0])), chainRow-2*chainBarGap)
		}
		b.WriteString(`</g>`)
	}
	b.WriteString(`</svg>`)
	return template.HTML(b.String()) // every text in it went through esc
}

// chainScale is where a day stands in a drawing of the stretch from lo to hi.
func chainScale(lo, hi int64) func(day int64) float64 {
	return func(day int64) float64 {
		day = max(lo, min(hi, day))
		return chainLeft + float64(day-lo)/float64(max(1, hi-lo))*(chainWidth-chainLeft-12)
	}
}

func esc(s string) string { return template.HTMLEscapeString(s) }

// chainSpan is the stretch of time the drawing covers. Open ends do not stretch it.
func chainSpan(steps []app.ChainStep) (lo, hi int64) {
	lo, hi = 1<<62, -(1 << 62)
	sane := func(d int64) bool { return d > int64(when.DayOf(1900, 1, 1)) && d < int64(when.DayOf(2100, 1, 1)) }
	for _, s := range steps {
		for _, d := range []int64{s.Lo, s.Hi} {
			if sane(d) {
				lo, hi = min(lo, d), max(hi, d)
			}
		}
	}
	if lo > hi {
		return 0, 1
	}
	return lo - openReach/4, hi + openReach/4
}

// quarters is up to how many days the axis marks quarters instead of years.
const quarters = 3 * 366

// drawYears marks the beginning of years, as many as fit, or in a short stretch of quarters.
func drawYears(b *strings.Builder, lo, hi int64, height int, x func(int64) float64) {
	first, _, _ := when.Day(lo).Civil()
	last, _, _ := when.Day(hi).Civil()
	step := 1
	for (last-first)/step > 12 {
		step++
	}
	mark := func(d int64, label string) {
		if d >= lo && d <= hi {
			fmt.Fprintf(b, `<line class="year" x1="%.1f" x2="%.1f" y1="22" y2="%d"/><text class="year" x="%.1f" y="16">%s</text>`, x(d), x(d), height-4, x(d)+3, label)
		}
	}
	for y := first; y <= last+1; y += step {
		mark(int64(when.DayOf(y, 1, 1)), strconv.Itoa(y))
		for m := 4; m < 12 && hi-lo < quarters; m += 3 {
			mark(int64(when.DayOf(y, m, 1)), fmt.Sprintf("%d-%02d", y, m))
		}
	}
}
