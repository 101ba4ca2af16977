package linkage

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"example.org/amparo/fault"
	"example.org/amparo/linkage/block"
	"example.org/amparo/linkage/cluster"
	"example.org/amparo/linkage/compare"
	"example.org/amparo/linkage/fs"
)

// Index is a finished run that takes further records and decisions one at a time. The
// model stays as the run fitted it, with its probabilities and the frequencies of values;
// to fit it anew is to run [Link] again, an event of its own ([ByModel]).
//
// What it holds after any number of additions, in any order, is what linking all records
// at once with the same model gives, up to the numbers of the records, as long as no block
// outgrows the cap of the run: see [Index.Rerun].
//
// An Index is not safe for concurrent use.
type Index struct {
	r     *Result
	look  *block.Lookup
	first int                          // records of the run
	cells map[uint32]map[string]string // of the records added or changed, as they stood
	moved map[uint32]bool              // records of the run that were changed
	kept  []cluster.Edge               // pairs met since the run that could be a match
	near  map[uint32][]link            // edges by record
	must  map[uint32][]uint32          // decided to be one, by record
	group map[uint32][]uint32          // clusters of two records or more
	log   []Event
}

type link struct {
	to   uint32
	bits float32
}

// Match is a record that a new one shares a blocking key with.
type Match struct {
	Record      uint32  `json:"record"`
	Bits        float64 `json:"bits"`
	Probability float64 `json:"probability"`
}

// Added is what a new record met.
type Added struct {
	Record uint32 `json:"record"` // its number
	Entity uint32 `json:"entity"` // the entity it is in
	// Matches are the records at or above the threshold, the best first.
	Matches []Match `json:"matches"`
	// Compared is how many records it was compared with.
	Compared int `json:"compared"`
	// Events are what became of entities.
	Events []Event `json:"events"`
}

// Index makes the run ready for additions and belongs to it from then on: the methods of
// the Result tell about added records too.
//
// It is an error if a comparer of the model cannot take new values.
func (r *Result) Index() (*Index, error) {
	if r.index != nil {
		return r.index, nil
	}
	for _, f := range r.e.fields {
		if _, ok := f.prep.(compare.Growing); !ok {
			return nil, fault.New(fault.Invalid, "linkage.Index", "field %s: its comparer cannot take new values", f.decl.Name).
				With("link all records again, or let the comparer implement compare.Growing")
		}
	}
	for _, f := range r.e.fields {
		f.dict.Reopen()
	}
	x := &Index{r: r, look: block.NewLookup(r.swept.sweeper), first: r.e.rows.Len(), near: map[uint32][]link{}, must: map[uint32][]uint32{}, group: map[uint32][]uint32{},
		cells: map[uint32]map[string]string{}, moved: map[uint32]bool{}}
	for _, e := range r.Edges {
		x.edge(e)
	}
	for _, p := range r.in.Must {
		x.tie(p)
	}
	for _, g := range r.Clusters.Groups() {
		x.group[g[0]] = g
	}
	r.index = x
	return x, nil
}

func (x *Index) edge(e cluster.Edge) {
	x.near[e.I] = append(x.near[e.I], link{e.J, e.Bits})
	x.near[e.J] = append(x.near[e.J], link{e.I, e.Bits})
}

func (x *Index) tie(p [2]uint32) {
	x.must[p[0]] = append(x.must[p[0]], p[1])
	x.must[p[1]] = append(x.must[p[1]], p[0])
}

func (x *Index) untie(p [2]uint32) {
	for k, r := range p {
		x.must[r] = slices.DeleteFunc(x.must[r], func(o uint32) bool { return o == p[1-k] })
	}
}

// members is the records of an entity, in order.
func (x *Index) members(entity uint32) []uint32 {
	if g, ok := x.group[entity]; ok {
		return g
	}
	return []uint32{entity}
}

// Records is the number of records, those added included.
func (x *Index) Records() int { return x.r.e.rows.Len() }

// Events is what became of entities since the index was made, in order.
func (x *Index) Events() []Event { return x.log }

// Add takes a record in: its cells by the column names of the table. Columns that the
// model does not use are ignored, a column that is not given is an empty cell. source is
// one of the table's sources, or a new one; "" where the table has only one.
//
// It is an error for the source not to be named where there are several, and for it to be
// one too many to tell apart.
func (x *Index) Add(source string, cells map[string]string) (Added, error) {
	e := x.r.e
	src, err := x.source(source)
	if err != nil {
		return Added{}, err
	}
	rec := uint32(e.rows.Len())
	x.values(rec, cells)
	if e.rows.Source != nil {
		e.rows.Source = append(e.rows.Source, src)
	}
	x.r.Clusters.Of = append(x.r.Clusters.Of, rec)
	x.r.in.Records = e.rows.Len()

	out := x.meet(rec, x.look.Add)
	if len(out.Matches) > 0 {
		out.Events = x.settle(x.component(rec), rec, Cause{Kind: ByRecord, Records: []uint32{rec}})
	}
	out.Entity = x.r.Clusters.Of[rec]
	return out, nil
}

// meet compares a record with those it shares a key with, which look finds, and takes in
// the edges to them.
func (x *Index) meet(rec uint32, look func(record uint32, row []uint32, met func(other uint32))) Added {
	e := x.r.e
	out := Added{Record: rec}
	s := e.rows.Stride
	look(rec, e.rows.IDs[int(rec)*s:int(rec)*s+s], func(other uint32) {
		if x.r.across() && e.rows.Source[other] == e.rows.Source[rec] {
			return
		}
		out.Compared++
		i, j := min(other, rec), max(other, rec)
		w := x.r.Bits(i, j)
		edge := cluster.Edge{I: i, J: j, Bits: float32(w)}
		if w >= e.model.Threshold-slack {
			x.kept = append(x.kept, edge)
		}
		if w >= e.model.Threshold {
			out.Matches = append(out.Matches, Match{other, w, fs.Probability(w)})
			x.r.Edges = append(x.r.Edges, edge)
			x.edge(edge)
		}
	})
	slices.SortFunc(out.Matches, func(a, b Match) int {
		return cmp.Or(cmp.Compare(b.Bits, a.Bits), cmp.Compare(a.Record, b.Record))
	})
	x.r.Compared += int64(out.Compared)
	return out
}

func (x *Index) source(name string) (uint8, error) {
	t := x.r.e.t
	if x.r.e.rows.Source == nil {
		if name != "" && !slices.Contains(t.Sources, name) {
			return 0, fault.New(fault.Invalid, "linkage.Add", "there is one source, and it is not %q", name).
				With("link both sources again to compare across them")
		}
		return 0, nil
	}
	if k := slices.Index(t.Sources, name); k >= 0 {
		return uint8(k), nil
	}
	return 0, fault.New(fault.Invalid, "linkage.Add", "there is no source %q among %s", name, strings.Join(t.Sources, ", ")).
		With("name the source of the record, or link again with the new source")
}

// values writes the row of a record, the next one or one that is there, and makes what its
// new values need.
func (x *Index) values(rec uint32, cells map[string]string) {
	e := x.r.e
	own := make([]uint32, 0, len(e.fields))
	grown := false
	for _, f := range e.fields {
		id := f.dict.Add([]byte(f.cmp.Normalise(f.cell(cells))))
		own = append(own, id)
		grown = grown || int(id) >= len(f.count)
	}
	if grown {
		x.grow()
	}
	if int(rec) == e.rows.Len() {
		e.rows.IDs = append(e.rows.IDs, own...)
	} else {
		row := e.rows.IDs[int(rec)*e.rows.Stride:][:len(own)]
		x.tally(row, -1)
		copy(row, own)
	}
	x.tally(own, 1)
	x.cells[rec] = maps.Clone(cells)
}

// tally counts the values of a row, or takes them out of the count.
func (x *Index) tally(row []uint32, n int) {
	for k, f := range x.r.e.fields {
		f.count[row[k]] += uint32(n)
		if row[k] != 0 {
			f.filled += n
		}
	}
}

// grow follows dictionaries that have new values.
func (x *Index) grow() {
	e := x.r.e
	for k, f := range e.fields {
		for len(f.count) < f.dict.Len() {
			f.count = append(f.count, 0)
			if f.band != nil {
				f.band = append(f.band, uint8(len(f.shape.Share)-1)) // the rarest
			}
			if c := x.r.chance[k]; c.tf != nil {
				c.tf, c.tf2 = append(c.tf, c.fresh), append(c.tf2, c.fresh)
			}
		}
		f.prep.(compare.Growing).Grow()
	}
	for _, p := range x.look.Parts() {
		f := e.fields[p.Field]
		for id := p.Keys.Len(); id < f.dict.Len(); id++ {
			p.Keys.Append(f.prep.Keys(p.Kind, uint32(id), nil))
		}
	}
}

// cell is the raw value of a field among named cells.
func (f *field) cell(cells map[string]string) string {
	cols := f.decl.columns()
	if len(cols) == 1 {
		return cells[cols[0]]
	}
	values := make([]string, len(cols))
	for k, name := range cols {
		values[k] = cells[name]
	}
	if f.decl.Compare == "date" && len(cols) == 3 {
		return string(dated(values, nil))
	}
	return string(joined(values, nil))
}

// component is the records that edges and decisions connect with these, in order.
func (x *Index) component(from ...uint32) []uint32 {
	seen := map[uint32]bool{}
	var out []uint32
	visit := func(r uint32) {
		if !seen[r] {
			seen[r] = true
			out = append(out, r)
		}
	}
	for _, r := range from {
		visit(r)
	}
	for k := 0; k < len(out); k++ {
		for _, l := range x.near[out[k]] {
			visit(l.to)
		}
		for _, r := range x.must[out[k]] {
			visit(r)
		}
	}
	slices.Sort(out)
	return out
}

// settle clusters a component anew and logs what became of entities. Records from known on
// are new.
func (x *Index) settle(component []uint32, known uint32, cause Cause) []Event {
	at := make(map[uint32]uint32, len(component))
	for k, r := range component {
		at[r] = uint32(k)
	}
	in := cluster.Input{Records: len(component), Score: func(i, j uint32) float64 { return x.r.Bits(component[i], component[j]) }}
	if apart := x.r.in.Apart; apart != nil {
		in.Apart = func(i, j uint32) bool { return apart(component[i], component[j]) }
	}
	in.Must, in.Cannot = within(x.r.in.Must, at), within(x.r.in.Cannot, at)
	for k, r := range component {
		for _, l := range x.near[r] {
			if to := at[l.to]; to > uint32(k) {
				in.Edges = append(in.Edges, cluster.Edge{I: uint32(k), J: to, Bits: l.bits})
			}
		}
	}
	found := cluster.Find(in, cluster.Options{Cut: x.r.e.model.Threshold})
	before := make([]uint32, len(component))
	for k, r := range component {
		before[k] = x.r.Clusters.Of[r]
		delete(x.group, before[k])
	}
	for k, r := range component {
		x.r.Clusters.Of[r] = component[found.Of[k]]
	}
	for _, g := range found.Groups() {
		members := make([]uint32, len(g))
		for k, r := range g {
			members[k] = component[r]
		}
		x.group[members[0]] = members
	}
	events := changes(component, known, func(r uint32) uint32 { return before[at[r]] }, func(r uint32) uint32 { return x.r.Clusters.Of[r] }, cause)
	x.log = append(x.log, events...)
	return events
}

// within is the pairs of which both records are in a component, by their place there.
func within(pairs [][2]uint32, at map[uint32]uint32) [][2]uint32 {
	var out [][2]uint32
	for _, p := range pairs {
		i, one := at[p[0]]
		j, two := at[p[1]]
		if one && two {
			out = append(out, [2]uint32{i, j})
		}
	}
	return out
}

// Decide takes a person's decision on two records and returns what became of entities. A
// decision made again changes nothing.
//
// It is an error for a record not to be there, and for the decision to contradict earlier
// ones: the error shows the chain of them.
func (x *Index) Decide(d Decision, note string) ([]Event, error) {
	pair := [2]uint32{min(d.I, d.J), max(d.I, d.J)}
	all := []Decision{d}
	for _, p := range x.r.in.Must {
		all = append(all, Decision{p[0], p[1], true})
	}
	for _, p := range x.r.in.Cannot {
		all = append(all, Decision{p[0], p[1], false})
	}
	if _, _, err := decided(all, x.Records()); err != nil {
		return nil, err
	}
	list := &x.r.in.Cannot
	if d.Same {
		list = &x.r.in.Must
	}
	if slices.Contains(*list, pair) {
		return nil, nil
	}
	*list = append(*list, pair)
	if d.Same {
		x.tie(pair)
	}
	return x.settle(x.component(d.I, d.J), uint32(x.Records()), Cause{ByDecision, pair[:], note}), nil
}

// Withdraw takes a decision back and returns what became of entities: they are again what
// they would be had it never been made.
//
// It is an error if nothing was decided on the pair.
func (x *Index) Withdraw(i, j uint32, note string) ([]Event, error) {
	pair := [2]uint32{min(i, j), max(i, j)}
	component := x.component(i, j) // while the decision still connects it
	found := false
	for _, list := range []*[][2]uint32{&x.r.in.Must, &x.r.in.Cannot} {
		if k := slices.Index(*list, pair); k >= 0 {
			*list = slices.Delete(*list, k, k+1)
			found = true
			x.untie(pair)
		}
	}
	if !found {
		return nil, fault.New(fault.NotFound, "linkage.Withdraw", "nothing was decided on records %d and %d", i, j).
			With("name the two records of a decision")
	}
	return x.settle(component, uint32(x.Records()), Cause{ByWithdrawal, pair[:], note}), nil
}

// Rerun links all records at once with the model as it is and returns the entity of every
// record: what the additions and decisions must sum up to.
func (x *Index) Rerun() ([]uint32, error) {
	r, e := x.r, x.r.e
	rules, err := e.rules(r.rules)
	if err != nil {
		return nil, err
	}
	opt := block.Options{Cap: e.blockCap(), Divide: e.dividers(), Across: r.across(), Workers: e.opt.Workers}
	s := block.NewSweeper(e.rows, rules, opt)
	parts := make([][]cluster.Edge, max(e.opt.Workers, 1))
	_, err = s.Sweep(func(s *block.Strip) {
		i := s.Block[s.At]
		for _, at := range s.With {
			if bits := r.Bits(i, s.Block[at]); bits >= e.model.Threshold {
				parts[s.Worker] = append(parts[s.Worker], cluster.Edge{I: i, J: s.Block[at], Bits: float32(bits)})
			}
		}
	})
	if err != nil {
		return nil, err
	}
	in := r.in
	in.Edges = slices.Concat(parts...)
	return cluster.Find(in, cluster.Options{Cut: e.model.Threshold, Workers: e.opt.Workers}).Of, nil
}

// String says what a new record met, in words.
func (a Added) String() string {
	if len(a.Matches) == 0 {
		return fmt.Sprintf("record %d is like none of the %d it was compared with", a.Record, a.Compared)
	}
	best := a.Matches[0]
	return fmt.Sprintf("record %d is in entity %d; nearest is record %d (%.1f bits, %.0f in 100)", a.Record, a.Entity, best.Record, best.Bits, math.Floor(100*best.Probability))
}
