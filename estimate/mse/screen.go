package mse

import (
	"slices"

	"example.org/amparo/estimate"
	"example.org/amparo/estimate/hist"
)

// The codes of what is refused for a table or an ensemble as a whole.
const (
	TwoLists     = "two_lists"
	FewOverlaps  = "few_overlaps"
	CopiedList   = "copied_list"
	OpenPeriod   = "open_population"
	Disagreement = "disagreement"
	Unbounded    = "unbounded"
	NoMember     = "no_member"
	OneMember    = "one_member"
	BelowChao    = "below_chao"
	Unresolved   = "unresolved_links"
)

// LeavesBound reports whether a refusal of an ensemble leaves a lower bound, in the Lower of the
// fit: the methods gave figures, and no range is made of them.
func LeavesBound(r *estimate.Refusal) bool {
	return r != nil && slices.Contains([]string{Disagreement, Unbounded, OneMember, BelowChao}, r.Code)
}

// Screen says why no total may be made of a table, before any is computed, or nil: fewer
// than three lists with somebody of their own, too few overlaps, a list inside another, an
// open population.
func Screen(t hist.Table, p Plan) *estimate.Refusal {
	p = p.filled()
	t, _ = t.Occupied()
	d := hist.Diagnose(t)
	say := func(r estimate.Refusal) *estimate.Refusal {
		r = r.Offer("at_least_listed", "At least the %d people on the lists.", d.People)
		return &r
	}
	if t.J() < 3 || d.WithUnique() < 3 {
		return say(estimate.Because(TwoLists, "Two lists cannot show whether the lists depend on each other. We show the two-list figure only with a range for that dependence, and do not publish it as a total."))
	}
	if a, b, ok := copied(t, d, p); ok {
		return say(estimate.Because(CopiedList, "List %s was built from list %s. Merge them first.", a, b))
	}
	if d.LargestOverlap() < p.Limits.Pair || d.Overlaps < p.Limits.Overlaps || d.Triples == 0 {
		return say(estimate.Because(FewOverlaps, "Too few people appear on more than one list (%d in all). Any total would come from the assumption, not the records.", d.Overlaps))
	}
	if p.Open {
		return say(estimate.Because(OpenPeriod, "People entered and left during the period. State a shorter one, or say 'ever present'."))
	}
	return nil
}

// copied finds a list that was made from another: as the plan says, or because everybody
// on it is on the other.
func copied(t hist.Table, d hist.Diagnosis, p Plan) (from, into string, ok bool) {
	for _, r := range p.Referrals {
		if slices.Contains(t.Lists, r[0]) && slices.Contains(t.Lists, r[1]) {
			return r[0], r[1], true
		}
	}
	for _, n := range d.Nested {
		if n.Overlap >= p.Limits.Nested {
			return t.Lists[n.A], t.Lists[n.B], true
		}
	}
	return "", "", false
}
