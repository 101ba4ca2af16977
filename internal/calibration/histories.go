package calibration

import (
	"example.org/amparo/estimate/hist"
	"example.org/amparo/fault"
	"example.org/amparo/id"
	"example.org/amparo/internal/matching"
	"example.org/amparo/internal/world"
	"example.org/amparo/linkage"
	"example.org/amparo/linkage/compare"
	"example.org/amparo/linkage/eval"
)

// linked is who seems to be who, and who is.
type linked struct {
	records  []id.ID // of people whose consent covers matching
	on       []hist.History
	entity   []uint32 // as linked, by record
	draws    [][]uint32
	truth    []uint32
	doubtful float64
}

// Linkage is how well records were linked, measured against the truth.
type Linkage struct {
	Records   int     `json:"records"`
	Precision float64 `json:"precision"` // of pairs
	Recall    float64 `json:"recall"`
	Doubtful  float64 `json:"doubtful"` // share of possible links nobody has decided
}

// link lays the records out as a workspace does, links them, and draws who is who.
func (a *archive) link(truth *world.Truth, comparers map[string]compare.Comparer, draws int, seed uint64) (*linked, error) {
	m, ok := matching.Model("person")
	k, ok2 := a.set.Kind("person")
	if !ok || !ok2 {
		return nil, fault.New(fault.NotFound, "calibrate", "persons are not linked")
	}
	m.Seed = seed
	l := &linked{}
	var rows []matching.Record
	at := map[id.ID]uint32{}
	named := map[id.ID][]string{}
	for _, p := range a.people {
		if a.allows(p) {
			at[p] = uint32(len(rows))
			rows = append(rows, matching.Record{ID: p, Values: a.values[p]})
			l.records, l.on = append(l.records, p), append(l.on, a.on[p])
			named[p] = a.named[p]
		}
	}
	a.lives.Put(rows)
	a.lives.Kin(rows, named)
	apart := matching.Pairs{}
	for _, together := range a.beside {
		var in []uint32
		for _, p := range together {
			if n, ok := at[p]; ok {
				in = append(in, n)
			}
		}
		apart.Together(in)
	}
	res, err := linkage.Link(matching.Table(k, m, rows, named), m, linkage.Options{Workers: 1, Comparers: comparers, Apart: apart.Has})
	if err != nil {
		return nil, err
	}
	l.entity, l.draws, l.doubtful = res.Clusters.Of, res.Partitions(draws), res.Unresolved()
	l.truth = make([]uint32, len(rows))
	for n, p := range truth.Persons {
		for _, r := range p.Records {
			if i, ok := at[r]; ok {
				l.truth[i] = uint32(n)
			}
		}
	}
	return l, nil
}

func (l *linked) quality() Linkage {
	r := eval.Partition(l.entity, l.truth, nil)
	return Linkage{Records: len(l.records), Precision: r.Pairs.Precision, Recall: r.Pairs.Recall, Doubtful: l.doubtful}
}
