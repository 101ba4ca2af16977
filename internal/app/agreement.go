package app

import (
	"cmp"
	"context"
	"math"
	"slices"
	"strconv"
	"strings"

	"example.org/amparo/estimate"
	"example.org/amparo/estimate/agreement"
	"example.org/amparo/fault"
	"example.org/amparo/id"
	"example.org/amparo/internal/casebook"
	"example.org/amparo/internal/kind"
)

// FieldAgreement is how far two members agree on one field of a kind.
type FieldAgreement struct {
	Field    string
	Scale    agreement.Scale
	Units    int // records that both coded
	Equal    int
	Kappa    estimate.Fit
	Alpha    estimate.Fit
	Disputes []Dispute
}

// Dispute is one record on which two members coded a field differently: what adjudication
// works through. A choice by [Workspace.Choose], with its reason, settles it.
type Dispute struct {
	Record   id.ID
	Accounts [2]casebook.Ref // of the first and the second member
	Answers  [2][]kind.Value
	Chosen   bool // somebody has settled it
}

// Agreement measures, field by field, how far two members who coded the same records of a
// kind agree. Only fields with a limited set of answers or with numbers are measured: text
// is not. "Unknown", "refused" and "not asked" are answers like others; a field that one
// of the two left alone is missing.
func (r *Reading) Agreement(ctx context.Context, kindName string, first, second id.ID, seed uint64) ([]FieldAgreement, error) {
	k, ok := r.w.Schema().Kind(kindName)
	if !ok {
		return nil, fault.New(fault.NotFound, "app.Agreement", "no kind %q", kindName)
	}
	if first == second {
		return nil, fault.New(fault.Invalid, "app.Agreement", "one member agrees with himself").With("name two members who coded apart from each other")
	}
	coded, err := r.codedBy(ctx, kindName, first, second)
	if err != nil {
		return nil, err
	}
	var out []FieldAgreement
	for _, f := range k.Fields {
		scale, ok := scaleOf(f)
		if !ok {
			continue
		}
		fa, err := fieldAgreement(f, scale, coded, seed)
		if err != nil {
			return nil, err
		}
		if fa.Units > 0 {
			out = append(out, fa)
		}
	}
	return out, nil
}

// Coders are two members who coded records of a kind apart from each other.
type Coders struct {
	First, Second id.ID
	Records       int // which both coded
}

// Coders lists the pairs of members who coded the same records of a kind, the pair with
// most records first.
func (r *Reading) Coders(ctx context.Context, kindName string) ([]Coders, error) {
	folded, err := r.toldTwice(ctx, kindName)
	if err != nil {
		return nil, err
	}
	count := map[[2]id.ID]int{}
	for _, f := range folded {
		var members []id.ID
		for _, a := range f.Accounts {
			if a.CorrectedBy == nil && !slices.Contains(members, a.Act.Member) {
				members = append(members, a.Act.Member)
			}
		}
		for i, a := range members {
			for _, b := range members[:i] {
				count[pairOf(a, b)]++
			}
		}
	}
	var out []Coders
	for p, n := range count {
		out = append(out, Coders{p[0], p[1], n})
	}
	slices.SortFunc(out, func(a, b Coders) int {
		return cmp.Or(cmp.Compare(b.Records, a.Records), a.First.Compare(b.First), a.Second.Compare(b.Second))
	})
	return out, nil
}

// twice is one record as two members coded it.
type twice struct {
	rec    id.ID
	by     [2]casebook.Account
	chosen map[string]bool
}

// toldTwice folds the records of a kind that have more than one account.
func (r *Reading) toldTwice(ctx context.Context, kindName string) ([]*casebook.Record, error) {
	recs, err := r.w.index.Several(ctx, kindName)
	if err != nil {
		return nil, err
	}
	out := make([]*casebook.Record, 0, len(recs))
	for _, rec := range recs {
		if ok, err := r.Has(ctx, rec); err != nil {
			return nil, err
		} else if !ok {
			continue
		}
		f, err := r.Fold(ctx, rec)
		if err != nil {
			return nil, err
		}
		out = append(out, f)
	}
	return out, nil
}

func (r *Reading) codedBy(ctx context.Context, kindName string, first, second id.ID) ([]twice, error) {
	folded, err := r.toldTwice(ctx, kindName)
	if err != nil {
		return nil, err
	}
	var out []twice
	for _, f := range folded {
		t := twice{rec: f.ID, chosen: map[string]bool{}}
		for _, a := range f.Accounts {
			for i, m := range []id.ID{first, second} {
				if a.Act.Member == m && a.CorrectedBy == nil {
					t.by[i] = joined(t.by[i], a)
				}
			}
		}
		for name, st := range f.Fields {
			t.chosen[name] = st.Choice != nil
		}
		if t.by[0].Act != nil && t.by[1].Act != nil {
			out = append(out, t)
		}
	}
	return out, nil
}

// joined puts the accounts of one member together: of two that speak of one field the
// first stands, as it was coded without knowing what followed.
func joined(a, b casebook.Account) casebook.Account {
	if a.Act == nil {
		return b
	}
	act := *a.Act
	act.Fields = kind.Values{}
	for _, from := range []kind.Values{b.Act.Fields, a.Act.Fields} {
		for name, vs := range from {
			act.Fields[name] = vs
		}
	}
	return casebook.Account{Ref: a.Ref, Act: &act}
}

// scaleOf says on which scale a field is measured.
func scaleOf(f *kind.Field) (agreement.Scale, bool) {
	switch f.Type {
	case kind.TypeTerm, kind.TypeYesNo, kind.TypePlace, kind.TypeDate:
		return agreement.Nominal, f.Class != kind.Sealed
	case kind.TypeNumber, kind.TypeAge:
		return agreement.Interval, f.Class != kind.Sealed
	}
	return "", false
}

func fieldAgreement(f *kind.Field, scale agreement.Scale, coded []twice, seed uint64) (FieldAgreement, error) {
	fa := FieldAgreement{Field: f.Name, Scale: scale}
	var pairs [2][]string
	for _, t := range coded {
		a, b := t.by[0].Act.Fields[f.Name], t.by[1].Act.Fields[f.Name]
		if len(a) == 0 || len(b) == 0 {
			continue
		}
		fa.Units++
		x, y := answerKey(a), answerKey(b)
		if x == y {
			fa.Equal++
		} else {
			fa.Disputes = append(fa.Disputes, Dispute{Record: t.rec, Accounts: [2]casebook.Ref{t.by[0].Ref, t.by[1].Ref}, Answers: [2][]kind.Value{a, b}, Chosen: t.chosen[f.Name]})
		}
		pairs[0], pairs[1] = append(pairs[0], x), append(pairs[1], y)
	}
	if fa.Units == 0 {
		return fa, nil
	}
	ratings := numbered(pairs, scale)
	var err error
	if fa.Alpha, err = agreement.Alpha(ratings, agreement.Options{Scale: scale, Seed: seed}); err != nil {
		return fa, err
	}
	fa.Kappa, err = agreement.Kappa(numbered(pairs, agreement.Nominal), agreement.Unweighted, agreement.Options{Seed: seed})
	return fa, err
}

// answerKey writes an answer so that equal answers are equal: several values in order.
func answerKey(vs []kind.Value) string {
	out := make([]string, len(vs))
	for i, v := range vs {
		out[i] = v.CellText()
	}
	slices.Sort(out)
	return strings.Join(out, " | ")
}

// numbered turns answers into numbers: terms by their place in the alphabet, numbers as
// they are, and a state such as "unknown" on a scale of numbers as missing.
func numbered(pairs [2][]string, scale agreement.Scale) agreement.Ratings {
	all := slices.Concat(pairs[0], pairs[1])
	slices.Sort(all)
	all = slices.Compact(all)
	var r agreement.Ratings
	for _, answers := range pairs {
		row := make([]float64, len(answers))
		for i, a := range answers {
			n, _ := slices.BinarySearch(all, a)
			row[i] = float64(n)
			if scale == agreement.Interval {
				row[i] = midpoint(a)
			}
		}
		r.Values = append(r.Values, row)
	}
	return r
}

// midpoint reads "34" or "30~39"; anything else is missing.
func midpoint(s string) float64 {
	lo, hi, span := strings.Cut(s, "~")
	a, err := strconv.ParseFloat(lo, 64)
	if err != nil {
		return math.NaN()
	}
	if !span {
		return a
	}
	b, err := strconv.ParseFloat(hi, 64)
	if err != nil {
		return math.NaN()
	}
	return (a + b) / 2
}
