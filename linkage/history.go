package linkage

import (
	"slices"
)

// Cause is why a clustering changed.
type Cause struct {
	// Kind is one of the causes below.
	Kind string `json:"kind"`
	// Records are the record added or changed, or the two of a decision.
	Records []uint32 `json:"records,omitempty"`
	// Note says more, in words: who decided, which model.
	Note string `json:"note,omitempty"`
}

// The causes of a change.
const (
	ByRecord     = "record"     // a record was added or changed
	ByDecision   = "decision"   // a person decided on a pair
	ByWithdrawal = "withdrawal" // a decision was taken back
	ByModel      = "model"      // all was linked anew
)

// The kinds of events.
const (
	Joined    = "joined"    // new records joined one entity
	Merged    = "merged"    // entities became one
	Split     = "split"     // one entity became several
	Regrouped = "regrouped" // several became several others
)

// Event is one change of entities. Entities are named by their first record, so that a
// name stays while the entity keeps that record.
type Event struct {
	Kind    string   `json:"kind"`
	Before  []uint32 `json:"before"`  // entities that were
	After   []uint32 `json:"after"`   // entities that are
	Records []uint32 `json:"records"` // all of both, in order
	Cause   Cause    `json:"cause"`
}

// Changes compares two clusterings, given as the entity of every record: the first record
// in it. after may have more records than before; a new record that stays alone is no
// event. Events are in order of their first record.
func Changes(before, after []uint32, cause Cause) []Event {
	records := make([]uint32, len(after))
	for i := range records {
		records[i] = uint32(i)
	}
	return changes(records, uint32(len(before)), func(r uint32) uint32 { return before[r] }, func(r uint32) uint32 { return after[r] }, cause)
}

// changes is Changes of some records, which must hold their entities whole, before and
// after. Records from known on are new.
func changes(records []uint32, known uint32, before, after func(uint32) uint32, cause Cause) []Event {
	// Entities before and after that share a record belong to one event: a forest over
	// the records joins them.
	events := forest{}
	for _, r := range records {
		if r < known {
			events.join(r, before(r))
		}
		events.join(r, after(r))
	}
	sets := map[uint32][]uint32{}
	for _, r := range records {
		root := events.find(r)
		sets[root] = append(sets[root], r)
	}
	var out []Event
	for _, set := range sets {
		e := Event{Records: set, Cause: cause}
		slices.Sort(set)
		fresh := 0
		for _, r := range set {
			if r < known {
				e.Before = append(e.Before, before(r))
			} else {
				fresh++
			}
			e.After = append(e.After, after(r))
		}
		e.Before, e.After = distinctOf(e.Before), distinctOf(e.After)
		switch was, is := len(e.Before), len(e.After); {
		case len(set) == 1, was == 1 && is == 1 && fresh == 0:
			continue
		case is == 1 && was <= 1:
			e.Kind = Joined
		case is == 1:
			e.Kind = Merged
		case was == 1:
			e.Kind = Split
		default:
			e.Kind = Regrouped
		}
		out = append(out, e)
	}
	slices.SortFunc(out, func(a, b Event) int { return int(a.Records[0]) - int(b.Records[0]) })
	return out
}

func distinctOf(s []uint32) []uint32 {
	slices.Sort(s)
	return slices.Compact(s)
}
