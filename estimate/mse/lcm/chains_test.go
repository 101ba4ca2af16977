package lcm

import (
	"testing"

	"example.org/amparo/estimate/mcmc"
)

// The draws that are kept come back by the chain they are of, whatever the number of chains
// and of their rows.
func TestDrawsArePartedByTheirChains(t *testing.T) {
	for chains := 2; chains <= scouts; chains++ {
		for _, rows := range []int{40, 250, 333, 1111, 4097} {
			r := run{t: &table{}}
			p := Posterior{}
			for c := range chains {
				trace := mcmc.NewTrace(r.names(), 0)
				for range rows {
					trace.Add([]float64{float64(c), 1, 0, 0, 0})
				}
				r.traces = append(r.traces, trace)
				p.Medians = append(p.Medians, float64(c))
			}
			p.Draws = r.digest()
			total := 0
			for c, draws := range p.ByChain() {
				total += len(draws)
				for _, d := range draws {
					if d.People != c {
						t.Fatalf("%d chains of %d rows: a draw of chain %d is taken for one of chain %d", chains, rows, d.People, c)
					}
				}
				if n := len(p.Draws) / chains; len(draws) < n || len(draws) > n+1 {
					t.Errorf("%d chains of %d rows: chain %d has %d of %d draws", chains, rows, c, len(draws), len(p.Draws))
				}
			}
			if total != len(p.Draws) {
				t.Errorf("%d chains of %d rows: %d of %d draws", chains, rows, total, len(p.Draws))
			}
		}
	}
	if got := (Posterior{}).ByChain(); len(got) != 0 {
		t.Errorf("draws of nothing: %v", got)
	}
}
