package web

import (
	"context"
	"net/http"

	"example.org/amparo/fault"
	"example.org/amparo/internal/app"
	"example.org/amparo/internal/index"
	"example.org/amparo/internal/kind"
)

type deskPage struct {
	Page
	Numbers   []deskNumber // how much there is, by kind
	Risks     []deskItem   // persons in danger now
	RisksAll  int
	Cases     []deskItem // the next deadlines
	CasesAll  int
	Contested []deskNumber // what waits for somebody to weigh accounts
	Warning   string       // a clock set back
	Unsaved   []unsavedForm
	Ongoing   []app.LinkView // interviews that are not closed
}

type deskNumber struct {
	Kind, Label string
	N           int
	Waiting     bool
}

type deskItem struct{ ID, Title, Person, When string }

// deskKinds are the numbers a newcomer asks for first.
var deskKinds = []string{"person", "interview", "statement_unit", "episode", "detention_stage", "incident", "case", "consent", "estimate", "vote"}

// shownOnDesk is how many rows each box of the desk shows.
const shownOnDesk = 6

func (s *Server) deskPage(w http.ResponseWriter, r *http.Request, v *visit) error {
	ctx := r.Context()
	p := deskPage{Page: v.page("desk.title")}
	counts, err := v.ws.Desk().Counts(ctx)
	if err != nil {
		return err
	}
	if p.Unsaved, err = v.unsavedForms(r); err != nil {
		return err
	}
	if p.Ongoing, err = v.ws.Ongoing(ctx, v.Say.Lang()); err != nil {
		return err
	}
	set := v.ws.Schema()
	for _, name := range deskKinds {
		if k, ok := set.Kind(name); ok {
			p.Numbers = append(p.Numbers, deskNumber{Kind: name, Label: k.Plural.In(v.Say.Lang()), N: counts[name]})
		}
	}
	contested, err := v.ws.Desk().Contested(ctx)
	if err != nil {
		return err
	}
	for _, k := range set.Kinds() {
		if n := contested[k.Name]; n > 0 {
			p.Contested = append(p.Contested, deskNumber{Kind: k.Name, Label: k.Plural.In(v.Say.Lang()), N: n, Waiting: true})
		}
	}
	if p.RisksAll, p.Risks, err = v.items(ctx, index.Query{Kind: "risk_flag", Filters: map[string][]string{"urgency": {"immediate"}}, Sort: "review_on", Limit: shownOnDesk, Plain: true}, "review_on"); err != nil {
		return err
	}
	if p.CasesAll, p.Cases, err = v.items(ctx, index.Query{Kind: "case", Sort: "deadline", Limit: shownOnDesk, Plain: true}, "deadline"); err != nil {
		return err
	}
	if warning := v.ws.ClockWarning(); warning != nil {
		p.Warning = v.Say.T("desk.clock")
	}
	return deskTmpl.Execute(w, p)
}

// warm does what waits for the workspace to be opened, behind the first page: the keys of
// exchanges whose last day has passed are destroyed; and what the next pages would wait for is
// read into memory.
func (s *Server) warm(ws *app.Workspace) {
	s.warming.Do(func() {
		s.background.Go(func() {
			if _, err := ws.Partners(s.life); err != nil && s.life.Err() == nil { // ends those whose last day has passed
				s.cfg.Log.Error("exchanges with partners were not ended", "kind", fault.KindOf(err).Error())
			}
			if err := ws.ReadAhead(s.life); err != nil && s.life.Err() == nil {
				s.cfg.Log.Error("reading ahead failed", "kind", fault.KindOf(err).Error()) // the page that needs it will say more
			}
		})
	})
}

// items lists records of people for the desk.
func (v *visit) items(ctx context.Context, q index.Query, when string) (total int, out []deskItem, err error) {
	res, err := v.ws.Desk().List(ctx, q)
	if err != nil {
		return 0, nil, err
	}
	k, _ := v.ws.Schema().Kind(q.Kind)
	for _, row := range res.Rows {
		out = append(out, deskItem{ID: row.ID.String(), Title: v.ws.Title(ctx, row, v.Say.Lang()),
			Person: v.cell(ctx, k, "person", row).Text, When: v.cell(ctx, k, when, row).Text})
	}
	return res.Total, out, nil
}

// tableCell is one value in a list.
type tableCell struct{ Text, Link string }

// cell writes one field of a row for a reader.
func (v *visit) cell(ctx context.Context, k *kind.Kind, field string, row index.Row) tableCell {
	f, ok := k.Field(field)
	if !ok {
		return tableCell{}
	}
	var c tableCell
	for i, val := range row.Values[field] {
		text, link, ok := v.ws.ValueText(ctx, f, val, v.Say.Lang())
		if !ok {
			continue
		}
		if i > 0 && c.Text != "" {
			c.Text += "; "
		}
		c.Text += text
		c.Link = link
	}
	c.Text = cut(c.Text, 120)
	return c
}
