package reuse

import (
	"slices"

	"example.org/amparo/fault"
)

// Kind is why one source depends on another.
type Kind string

// The kinds. SharedText is what [Find] shows and nobody has judged yet; it counts as a
// copy until somebody does.
const (
	SamePerson    Kind = "same_person"
	SameHousehold Kind = "same_household"
	SameTravel    Kind = "same_group_travel"
	SamePrompt    Kind = "same_interviewer_prompt"
	SameArticle   Kind = "same_article"
	QuotedFrom    Kind = "quoted_from" // A quotes B
	SharedText    Kind = "shared_text"
)

// copies reports whether the words of the one come from the other or from a third: then
// neither's claim to have been there adds to the other's. People of one household may
// both have been there.
func (k Kind) copies() bool {
	return k == SamePrompt || k == SameArticle || k == QuotedFrom || k == SharedText
}

func (k Kind) known() bool {
	return k.copies() || k == SamePerson || k == SameHousehold || k == SameTravel
}

// Dependency says that two sources, by their indexes, are not independent.
type Dependency struct {
	A, B int
	Kind Kind
	Why  string // for a person who reviews the level
}

// Suspect reports whether what two accounts share makes them one story: one has at least the
// given share of its words in common with the other and half the given number of units in
// one passage, or a passage of all that number. 0.2 and 30 find retold stories and leave
// phrases that all speakers use.
func (s Shared) Suspect(share float64, longest int) bool {
	return max(s.ShareA, s.ShareB) >= share && 2*s.Longest >= longest || s.Longest >= longest
}

// Suspected turns the shared text that is [Shared.Suspect] into dependencies.
func Suspected(found []Shared, share float64, longest int) []Dependency {
	var out []Dependency
	for _, s := range found {
		if s.Suspect(share, longest) {
			out = append(out, Dependency{s.A, s.B, SharedText, "the accounts share wording"})
		}
	}
	return out
}

// Clusters divides n sources into independent clusters: the connected components of the
// dependencies. Each is sorted, and they are in the order of their first source.
func Clusters(n int, deps []Dependency) ([][]int, error) {
	return components(n, deps, func(Kind) bool { return true })
}

func components(n int, deps []Dependency, use func(Kind) bool) ([][]int, error) {
	parent := make([]int, n)
	for i := range parent {
		parent[i] = i
	}
	find := func(i int) int {
		for parent[i] != i {
			parent[i] = parent[parent[i]]
			i = parent[i]
		}
		return i
	}
	for i, d := range deps {
		if d.A < 0 || d.A >= n || d.B < 0 || d.B >= n || !d.Kind.known() {
			return nil, fault.New(fault.Invalid, "reuse.Clusters", "dependency %d is of kind %q between sources %d and %d of %d", i+1, d.Kind, d.A, d.B, n).
				With("number the sources from 0 and take a kind of the list")
		}
		if use(d.Kind) {
			a, b := find(d.A), find(d.B)
			parent[max(a, b)] = min(a, b)
		}
	}
	at := map[int]int{}
	var out [][]int
	for i := range n {
		r := find(i)
		k, ok := at[r]
		if !ok {
			k = len(out)
			at[r] = k
			out = append(out, nil)
		}
		out[k] = append(out[k], i)
	}
	return out, nil
}

// Chain returns the dependencies that make two sources one cluster, from a to b, as few
// as there are; nil when they are independent or the same.
func Chain(n int, deps []Dependency, a, b int) []Dependency {
	if a < 0 || a >= n || b < 0 || b >= n {
		return nil
	}
	from := make([]int, n) // the dependency by which a source was reached, + 1
	seen := make([]bool, n)
	seen[a] = true
	for queue := []int{a}; len(queue) > 0 && !seen[b]; queue = queue[1:] {
		for i, d := range deps {
			next := -1
			switch queue[0] {
			case d.A:
				next = d.B
			case d.B:
				next = d.A
			}
			if next >= 0 && next < n && !seen[next] {
				seen[next], from[next] = true, i+1
				queue = append(queue, next)
			}
		}
	}
	if !seen[b] || a == b {
		return nil
	}
	var out []Dependency
	for at := b; at != a; {
		d := deps[from[at]-1]
		out = append(out, d)
		at = d.A + d.B - at
	}
	slices.Reverse(out)
	return out
}
