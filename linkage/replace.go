package linkage

import (
	"maps"
	"slices"

	"example.org/amparo/linkage/cluster"
)

// Replace gives a record other cells, as [Index.Add] takes them, and keeps its number: it
// was corrected, or more was told. What was decided of it stands. The time it takes grows
// with the number of edges, beside that of an addition.
//
// It is an error for the record not to be there.
func (x *Index) Replace(rec uint32, cells map[string]string) (Added, error) {
	if int(rec) >= x.Records() {
		return Added{}, noRecord("linkage.Replace", rec, x.Records())
	}
	was := x.component(rec) // while the old edges still connect it
	x.leave(rec)
	x.values(rec, cells)
	if int(rec) < x.first {
		x.moved[rec] = true
	}
	out := x.meet(rec, x.look.Replace)
	out.Events = x.settle(x.component(was...), uint32(x.Records()), Cause{Kind: ByRecord, Records: []uint32{rec}})
	out.Entity = x.r.Clusters.Of[rec]
	return out, nil
}

// leave takes a record out of all edges.
func (x *Index) leave(rec uint32) {
	has := func(e cluster.Edge) bool { return e.I == rec || e.J == rec }
	for _, l := range x.near[rec] {
		x.near[l.to] = slices.DeleteFunc(x.near[l.to], func(back link) bool { return back.to == rec })
	}
	delete(x.near, rec)
	x.r.Edges = slices.DeleteFunc(x.r.Edges, has)
	x.kept = slices.DeleteFunc(x.kept, has)
}

// Reconsider clusters the entities of some records anew and returns what became of them:
// what is apart by nature is no longer what it was when they were clustered.
//
// It is an error for a record not to be there.
func (x *Index) Reconsider(records []uint32) ([]Event, error) {
	for _, rec := range records {
		if int(rec) >= x.Records() {
			return nil, noRecord("linkage.Reconsider", rec, x.Records())
		}
	}
	records = distinctOf(slices.Clone(records))
	return x.settle(x.component(records...), uint32(x.Records()), Cause{Kind: ByRecord, Records: records}), nil
}

// Cells are the cells of a record as they stood when it came in or was last replaced, by
// the columns that the model compares. A record that is not there has none.
func (x *Index) Cells(rec uint32) map[string]string {
	if own, ok := x.cells[rec]; ok {
		return maps.Clone(own)
	}
	out := map[string]string{}
	if int(rec) >= x.Records() {
		return out
	}
	for _, f := range x.r.e.fields {
		for _, name := range f.decl.columns() {
			out[name] = x.r.e.t.Column(name).At(int(rec))
		}
	}
	return out
}

// stale reports whether a pair that the run kept is no more: one of its records was
// replaced.
func (r *Result) stale(i, j uint32) bool {
	return r.index != nil && len(r.index.moved) > 0 && (r.index.moved[i] || r.index.moved[j])
}

// since is the pairs met since the run that could be a match.
func (r *Result) since() []cluster.Edge {
	if r.index == nil {
		return nil
	}
	return r.index.kept
}
