package hist

import (
	"example.org/amparo/fault"
)

// FromPartition makes the table of one draw of a linkage: record i is on list list[i]
// (from 0) and was put with the others of cluster[i].
func FromPartition(lists []string, list, cluster []int) (Table, error) {
	on := make([]History, len(list))
	of := make([]uint32, len(cluster))
	for i, l := range list {
		if l < 0 || l >= len(lists) || l >= MaxLists {
			return Table{}, fault.New(fault.Invalid, "histories", "record %d is on list %d of %d", i+1, l, len(lists))
		}
		on[i] = Of(l)
	}
	ids := map[int]uint32{}
	for i, c := range cluster {
		if _, ok := ids[c]; !ok {
			ids[c] = uint32(len(ids))
		}
		of[i] = ids[c]
	}
	return FromClusters(lists, on, of)
}

// FromClusters makes the table of who is who: on[i] is the lists that name record i, and
// cluster[i] the person it is of. A person is on every list that names any of their
// records. A record of no list counts for nobody, but records of a cluster it joins are
// still one person.
func FromClusters(lists []string, on []History, cluster []uint32) (Table, error) {
	if len(on) != len(cluster) {
		return Table{}, fault.New(fault.Invalid, "histories", "%d records have lists and %d a cluster", len(on), len(cluster))
	}
	by := map[uint32]History{}
	for i, c := range cluster {
		if on[i] != 0 {
			by[c] |= on[i]
		}
	}
	return tabulate(lists, by)
}

// FromDraws makes one table a draw of a linkage, as [FromClusters] does: the input of an
// estimate that carries what is not known of who is who.
func FromDraws(lists []string, on []History, draws [][]uint32) ([]Table, error) {
	out := make([]Table, len(draws))
	for d, cluster := range draws {
		var err error
		if out[d], err = FromClusters(lists, on, cluster); err != nil {
			return nil, err
		}
	}
	return out, nil
}
