package linkage

import "math"

// LevelParameters is what one level of a field was found to be worth.
type LevelParameters struct {
	Level string  `json:"level"`
	M     float64 `json:"m"`    // probability among pairs of one entity
	U     float64 `json:"u"`    // probability among pairs of different ones
	Bits  float64 `json:"bits"` // log2(M/U)
}

// FieldParameters is one field of a fitted model.
type FieldParameters struct {
	Field  string            `json:"field"`
	Filled float64           `json:"filled"` // share of records that have it
	Levels []LevelParameters `json:"levels"`
}

// TieParameters is a dependence of fields: the bits that agreement of Field is worth less
// where the fields Given agree.
type TieParameters struct {
	Field string    `json:"field"`
	Given []string  `json:"given"`
	Lift  []float64 `json:"bits_by_level"`
}

// Parameters is a fitted model as data.
type Parameters struct {
	Prior     float64           `json:"prior"`
	PriorBits float64           `json:"prior_bits"`
	Fields    []FieldParameters `json:"fields"`
	Ties      []TieParameters   `json:"ties,omitempty"`
	// Spread is the largest difference in any m between the starts of EM: near 0 when
	// all of them ended in the same place.
	Spread float64 `json:"spread"`
}

// Parameters tells what the run estimated.
func (r *Result) Parameters() Parameters {
	p := Parameters{Prior: r.model.Prior, PriorBits: r.model.PriorBits(), Spread: r.spread()}
	for k, f := range r.e.fields {
		fp := FieldParameters{Field: f.decl.Name, Filled: float64(f.filled) / float64(max(r.e.rows.Len(), 1))}
		for l, label := range f.labels {
			m, u := r.level(k, l)
			fp.Levels = append(fp.Levels, LevelParameters{label, m, u, math.Log2(m / u)})
		}
		p.Fields = append(p.Fields, fp)
	}
	for _, t := range r.model.Ties {
		tp := TieParameters{Field: r.e.fields[t.Child].decl.Name, Lift: t.Lift}
		for _, f := range t.Parents {
			tp.Given = append(tp.Given, r.e.fields[f].decl.Name)
		}
		p.Ties = append(p.Ties, tp)
	}
	return p
}

// level is m and u of a level, its bands together.
func (r *Result) level(k, l int) (m, u float64) {
	shape := r.e.fields[k].shape
	for c := range shape.Codes() {
		if shape.Level(c) == l {
			m += r.model.M[k][c]
			u += r.model.U[k][c]
		}
	}
	return m, u
}

// spread is the largest difference in m between starts.
func (r *Result) spread() float64 {
	most := 0.0
	for _, run := range r.Runs[1:] {
		for k := range run.Model.M {
			for c := range run.Model.M[k] {
				most = math.Max(most, math.Abs(run.Model.M[k][c]-r.Runs[0].Model.M[k][c]))
			}
		}
	}
	return most
}
