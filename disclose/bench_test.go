package disclose

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
)

// scattered is a table of rows x cols in which a share of the counts is small and the
// others follow a skewed law, as counts by place and year do.
func scattered(rows, cols int, small float64) *Table {
	r := rand.New(rand.NewPCG(1, 2))
	t := &Table{Name: "scattered.csv", Columns: []string{"place", "year"}}
	for i := range rows {
		for j := range cols {
			n := int64(10 + math.Exp(r.NormFloat64()+3))
			if r.Float64() < small {
				n = r.Int64N(10)
			}
			t.Cells = append(t.Cells, Cell{Key: []string{fmt.Sprint("p", i), fmt.Sprint("y", j)}, Count: n})
		}
	}
	return t
}

func BenchmarkSuppress200x30(b *testing.B) {
	for _, small := range []float64{0.02, 0.1, 0.5, 0.9} {
		b.Run(fmt.Sprintf("small=%v", small), func(b *testing.B) {
			tab := scattered(200, 30, small)
			for b.Loop() {
				res, err := Suppress([]*Table{tab}, nil, Options{})
				if err != nil || res.Audit.Exact+res.Audit.Narrow > 0 {
					b.Fatal(err, res.Audit)
				}
				b.ReportMetric(float64(res.Audit.Hidden), "hidden")
				b.ReportMetric(100*res.Audit.Loss, "%loss")
			}
		})
	}
}
