package app

import (
	"context"
	"strings"

	"example.org/amparo/id"
	"example.org/amparo/internal/chain"
)

// clashes puts the contradictions of a table into words: in the order of the stages, then
// what became of the person, then the orders.
func (r *Reading) clashes(ctx context.Context, l *LaidOver, lang string) []Clash {
	var out []Clash
	for _, row := range l.Table.Rows {
		for _, c := range row.Contradicting {
			a, b := *row.Cells[c.A].Stage, *row.Cells[c.B].Stage
			out = append(out, Clash{Field: c.Field, Kind: "detention_stage", Stage: r.stageWord(a, b, lang), Apart: c.Apart,
				Sides: [2]ClashSide{r.stageSide(ctx, l, c.A, a, c.Field, lang), r.stageSide(ctx, l, c.B, b, c.Field, lang)}})
		}
	}
	for _, row := range l.Table.Endings {
		for _, c := range row.Contradicting {
			a, b := row.Cells[c.A], row.Cells[c.B]
			field := c.Field
			if row.Kind == "episode" && field == "date" {
				field = "period"
			}
			out = append(out, Clash{Field: c.Field, Kind: row.Kind, Apart: c.Apart, Sides: [2]ClashSide{
				r.side(ctx, l, c.A, a.Record, field, lang), r.side(ctx, l, c.B, b.Record, field, lang)}})
		}
	}
	for _, d := range l.Table.Orders {
		out = append(out, Clash{Field: "order", Kind: "detention_stage", Sides: [2]ClashSide{
			r.orderSide(l, d.A, d.FirstA, d.ThenA, lang), r.orderSide(l, d.B, d.ThenB, d.FirstB, lang)}})
	}
	for i := range out {
		for n, c := range l.Choices {
			if c.Record == out[i].Sides[0].Record && c.Record == out[i].Sides[1].Record && c.Field == out[i].Sides[0].Field {
				out[i].Choice = &l.Choices[n]
			}
		}
	}
	return out
}

// stageWord is what a stage is called: both names where the tellings differ in it.
func (r *Reading) stageWord(a, b chain.Stage, lang string) string {
	x, y := r.term("repatriation_stages", a.Type, lang), r.term("repatriation_stages", b.Type, lang)
	switch {
	case x == y || y == "":
		return x
	case x == "":
		return y
	}
	return x + " / " + y
}

func (r *Reading) term(vocabulary, code, lang string) string {
	if voc, ok := r.w.Schema().Vocabulary(vocabulary); ok {
		if t, ok := voc.Term(code); ok {
			return t.Label.In(lang)
		}
	}
	return code
}

func (r *Reading) side(ctx context.Context, l *LaidOver, column int, rec id.ID, field, lang string) ClashSide {
	return ClashSide{Teller: column, Record: rec, Field: field, Says: r.Says(ctx, l, column, rec, field, lang), By: l.Behind(column, rec, field)}
}

// stageSide is what a telling says of a stay in a field. A length that is not said follows
// from the dates.
func (r *Reading) stageSide(ctx context.Context, l *LaidOver, column int, s chain.Stage, field, lang string) ClashSide {
	out := r.side(ctx, l, column, s.Record, field, lang)
	if field == "duration" && out.Says == "" {
		var dates []string
		for _, at := range []string{"in", "out"} {
			if text := r.Says(ctx, l, column, s.Record, at, lang); text != "" {
				dates = append(dates, text)
			}
			out.By = append(out.By, l.Behind(column, s.Record, at)...)
		}
		out.Says = strings.Join(dates, " – ")
	}
	return out
}

// orderSide says which of two stages came first by one telling.
func (r *Reading) orderSide(l *LaidOver, column int, first, then chain.Stage, lang string) ClashSide {
	out := ClashSide{Teller: column, Record: first.Record, Field: "order", Says: r.term("repatriation_stages", first.Type, lang) + " → " + r.term("repatriation_stages", then.Type, lang)}
	for _, s := range []chain.Stage{first, then} {
		for _, field := range []string{"order", "in"} {
			out.By = append(out.By, l.Behind(column, s.Record, field)...)
		}
	}
	return out
}
