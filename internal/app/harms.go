package app

import (
	"context"
	"slices"

	"example.org/amparo/id"
	"example.org/amparo/internal/exploitation"
	"example.org/amparo/internal/index"
	"example.org/amparo/internal/kind"
	"example.org/amparo/when"
)

// Harms is what a person's records of hiding come to: trafficking element by element,
// wages, extortion, and the list of signs of forced labour.
type Harms struct {
	Trafficking []Trafficking
	Wages       []WageClaim
	Unpaid      []exploitation.Sum // of all claims that could be computed, each currency by itself
	Extorted    []exploitation.Sum
	Indicators  exploitation.Checklist
	Penalty     []id.ID // records that show the menace of a penalty
	Work        []id.ID
}

// Trafficking is one experience checked against the definition.
type Trafficking struct {
	Record id.ID
	Check  exploitation.Palermo
}

// WageClaim is one labour claim with what it comes to.
type WageClaim struct {
	Record id.ID
	Wage   exploitation.Wage
}

// trafficking are the types of harm in hiding that the Palermo definition is about.
var trafficking = []string{"HH01", "HH02", "HH03", "HH04"}

// Harms reads a person's records of exploitation for the purpose. Nothing is decided: the
// checks say what is coded, what is missing and what was not asked.
func (r *Reading) Harms(ctx context.Context, person id.ID) (*Harms, error) {
	row, err := r.Row(ctx, person)
	if err != nil {
		return nil, err
	}
	out := &Harms{}
	birth := personOf(row.Values).Birth
	var records []exploitation.Record
	for _, name := range []string{"exploitation", "labour_claim", "threat", "extortion", "indicator_check"} {
		rows, err := r.Linked(ctx, person, name, "person")
		if err != nil {
			return nil, err
		}
		slices.SortFunc(rows, func(a, b index.Row) int { return a.ID.Compare(b.ID) })
		for _, row := range rows {
			records = append(records, exploitation.Record{ID: row.ID, Kind: row.Kind, Values: row.Values})
			r.addHarm(out, row, birth)
		}
	}
	out.Indicators = exploitation.Check(records)
	out.Penalty, out.Work = exploitation.Menace(records)
	return out, nil
}

func (r *Reading) addHarm(out *Harms, row index.Row, birth when.Date) {
	switch row.Kind {
	case "exploitation":
		if slices.ContainsFunc(row.Values["type"], func(v kind.Value) bool { return slices.Contains(trafficking, v.Text) }) {
			event, _ := when.Parse(row.Values.Get("date")) // none: whether it was a child stays open
			out.Trafficking = append(out.Trafficking, Trafficking{row.ID,
				exploitation.CheckPalermo(row.Values["act"], row.Values["means"], row.Values["purpose"], exploitation.ChildAt(birth, event))})
		}
	case "labour_claim":
		w := exploitation.CheckWage(row.Values, r.w.Schema())
		out.Wages = append(out.Wages, WageClaim{row.ID, w})
		out.Unpaid = exploitation.Add(append(out.Unpaid, w.Unpaid...)...)
	case "extortion":
		out.Extorted = exploitation.Add(append(out.Extorted, exploitation.CheckExtortion(row.Values)...)...)
	}
}
