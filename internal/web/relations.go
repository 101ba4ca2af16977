package web

import (
	"fmt"
	"html/template"
	"math"
	"net/http"
	"strings"

	"example.org/amparo/internal/app"
	"example.org/amparo/internal/casebook"
	"example.org/amparo/when"
)

// relationsPage is whom a person is tied to, as a drawing and as a list that says the same,
// and what left the workspace with the person in it.
type relationsPage struct {
	Page
	ID, Who string
	SVG     template.HTML
	Ties    []tieView
	Uses    []useView
}

type tieView struct{ ID, Other, Title, Text, Status string }

type useView struct{ On, Member, What, Why, Recipient string }

func (s *Server) relationsPage(w http.ResponseWriter, r *http.Request, v *visit) error {
	rec, err := recordID(r)
	if err != nil {
		return err
	}
	lang := v.Say.Lang()
	ties, err := v.ws.Desk().Relations(r.Context(), rec, lang)
	if err != nil {
		return err
	}
	row, err := v.ws.Desk().Row(r.Context(), rec)
	if err != nil {
		return err
	}
	p := relationsPage{Page: v.page("relations.title"), ID: rec.String(), Who: v.ws.Desk().Title(r.Context(), *row, lang)}
	for _, t := range ties {
		p.Ties = append(p.Ties, v.tie(t))
	}
	if len(ties) > 0 {
		p.SVG = drawTies(p.Who, p.Ties, v.Say)
	}
	uses, err := v.ws.Uses(r.Context(), rec)
	if err != nil {
		return err
	}
	for _, u := range uses {
		use := useView{On: u.At.Time().Format(when.Minute), Member: u.Member, What: u.Line.What, Why: u.Line.Purpose, Recipient: u.Line.Recipient}
		if u.Verb == casebook.Read {
			use.What, use.Why = v.Say.T("identity.was.opened"), u.Reason
		}
		if !u.Search.IsZero() {
			use.What = v.Say.T("ledger.found")
		}
		if u.Unread {
			use.What = v.Say.T("ledger.unread")
		}
		p.Uses = append(p.Uses, use)
	}
	return relationsTmpl.Execute(w, p)
}

func (v *visit) tie(t app.Tie) tieView {
	out := tieView{ID: t.Record.String(), Title: t.Title, Text: t.Type, Status: t.Status}
	if !t.Other.IsZero() {
		out.Other = t.Other.String()
	} else {
		out.Title = v.Say.T("relations.nobody")
	}
	if t.Inverse {
		out.Text = v.Say.With("relations.of", t.Type)
	}
	return out
}

// The measures of the drawing, in its own units, and how many ties are drawn; the list
// holds all.
const (
	tiesWidth, tiesHeight = 760, 420
	tiesDrawn             = 18
)

// drawTies puts the others round the person, in the order of the list, clockwise from above.
// It has no style attributes, as [drawChain].
func drawTies(who string, ties []tieView, say Say) template.HTML {
	const midX, midY = tiesWidth / 2, tiesHeight / 2
	var lines, nodes strings.Builder
	drawn := ties[:min(len(ties), tiesDrawn)]
	for i, t := range drawn {
		angle := 2*math.Pi*float64(i)/float64(len(drawn)) - math.Pi/2
		x, y := midX+(midX-110)*math.Cos(angle), midY+(midY-36)*math.Sin(angle)
		fmt.Fprintf(&lines, `<line x1="%d" y1="%d" x2="%.0f" y2="%.0f"/>`, midX, midY, x, y)
		fmt.Fprintf(&nodes, `<text class="tie" x="%.0f" y="%.0f">%s</text>`, midX+(x-midX)*.56, midY+(y-midY)*.56, esc(cut(t.Text, 18)))
		node(&nodes, x, y, t.Title, t.Other == "")
	}
	node(&nodes, midX, midY, who, false)
	return template.HTML(fmt.Sprintf(`<svg class="relations" viewBox="0 0 %d %d" role="img" aria-labelledby="ties-title ties-desc" xmlns="http://www.w3.org/2000/svg"><title id="ties-title">%s</title><desc id="ties-desc">%s</desc>%s%s</svg>`,
		tiesWidth, tiesHeight, esc(say.T("relations.title")), esc(say.T("relations.desc")), lines.String(), nodes.String())) // every text went through esc
}

func node(b *strings.Builder, x, y float64, title string, role bool) {
	class := "node"
	if role {
		class = "node role"
	}
	fmt.Fprintf(b, `<g class="%s"><rect x="%.0f" y="%.0f" width="180" height="30" rx="6"/><text x="%.0f" y="%.0f">%s</text></g>`, class, x-90, y-15, x, y+5, esc(cut(title, 24)))
}

// cut shortens a label; the whole stands in the list.
func cut(s string, n int) string {
	rs := []rune(s)
	if len(rs) <= n {
		return s
	}
	return string(rs[:n-1]) + "…"
}
