package reuse

import "fmt"

// Basis is how the person of an account knows what it says.
type Basis uint8

// The bases, from the closest.
const (
	Experienced Basis = 1 // BK-1
	Witnessed   Basis = 2 // BK-2: saw or heard directly
	Told        Basis = 3 // BK-3: by a named participant
	Rumour      Basis = 4 // BK-4: common talk; never counts as corroboration
)

// Role is what a source is.
type Role uint8

// The roles.
const (
	Account  Role = iota
	Pattern       // a finding on many cases, or a public report of one
	Document      // a document or a physical trace
)

// Source is one source of one allegation.
type Source struct {
	Role  Role
	Basis Basis // of an account; 0, unknown, counts as rumour
}

// Level is a level of verification.
type Level uint8

// The levels.
const (
	Received     Level = iota // VS-0
	Allegation                // VS-1
	Consistent                // VS-2
	Corroborated              // VS-3
	Reasonable                // VS-4
)

// String returns the code.
func (l Level) String() string { return fmt.Sprintf("VS-%d", uint8(l)) }

// Review is what people have added.
type Review struct {
	Reasons  bool // they are written down
	SignOffs int  // of different people
}

// Finding is the highest level that sources can carry, and what it rests on.
type Finding struct {
	Level     Level
	Clusters  int  // independent clusters with an account that counts
	FirstHand bool // one of them was there
	Supported bool // a pattern, document or trace stands apart from the accounts
	Missing   string
}

// Ceiling returns the highest level of verification that the sources of an allegation can
// carry. VS-1 takes an account better than rumour; VS-2 a first-hand one and a pattern;
// VS-3 two independent clusters and one first-hand; VS-4 beside that a pattern, document
// or trace, written reasons and two sign-offs.
//
// A copied story never raises the level. Sources whose words come from one another are
// taken together: those that quote are left out, and the others count by the weakest of
// them, because it is not known whose words they are. A report or document that depends on
// an account, be it a rumour, supports nothing.
func Ceiling(sources []Source, deps []Dependency, r Review) (Finding, error) {
	clusters, err := Clusters(len(sources), deps)
	if err != nil {
		return Finding{}, err
	}
	groups, err := components(len(sources), deps, Kind.copies)
	if err != nil {
		return Finding{}, err
	}
	counted := make([]Basis, len(sources)) // of the group a source is the first of; 0 if it counts for nothing
	support := make([]Role, len(sources))
	for _, g := range groups {
		counted[g[0]], support[g[0]] = weakest(sources, origins(g, deps))
	}
	var f Finding
	pattern := false
	for _, c := range clusters {
		best, roles, apart := Basis(0), map[Role]bool{}, true
		for _, i := range c {
			if b := counted[i]; b != 0 && (best == 0 || b < best) {
				best = b
			}
			roles[support[i]] = true
			apart = apart && sources[i].Role != Account
		}
		switch {
		case best != 0:
			f.Clusters++
			f.FirstHand = f.FirstHand || best <= Witnessed
		case !apart:
		case roles[Pattern]:
			pattern, f.Supported = true, true
		case roles[Document]:
			f.Supported = true
		}
	}
	f.Level, f.Missing = grade(f, pattern, r)
	return f, nil
}

// origins are the members of a group of copies that quote nobody but those who quote them
// in turn: of members that quote each other in a circle, none is known to be the first.
func origins(group []int, deps []Dependency) []int {
	quotes := map[int][]int{}
	for _, d := range deps {
		if d.Kind == QuotedFrom && d.A != d.B {
			quotes[d.A] = append(quotes[d.A], d.B)
		}
	}
	reach := make(map[int]map[int]bool, len(group))
	for _, i := range group {
		reach[i] = map[int]bool{}
		for open := []int{i}; len(open) > 0; {
			at := open[len(open)-1]
			open = open[:len(open)-1]
			for _, next := range quotes[at] {
				if !reach[i][next] {
					reach[i][next] = true
					open = append(open, next)
				}
			}
		}
	}
	var out []int
	for _, i := range group {
		circle := true
		for j := range reach[i] {
			circle = circle && reach[j][i]
		}
		if circle {
			out = append(out, i)
		}
	}
	return out
}

// weakest is what a group of copies counts for: as an account by the weakest basis, or as
// a pattern or document when all are; else nothing.
func weakest(sources []Source, group []int) (Basis, Role) {
	role, basis := sources[group[0]].Role, Basis(0)
	for _, i := range group {
		s := sources[i]
		if s.Role != role {
			return 0, Account
		}
		if s.Basis == 0 || s.Basis > Rumour {
			s.Basis = Rumour
		}
		basis = max(basis, s.Basis)
	}
	switch {
	case role != Account:
		return 0, role
	case basis >= Rumour:
		return 0, Account
	}
	return basis, Account
}

// grade places a finding on the scale and says what the next level lacks.
func grade(f Finding, pattern bool, r Review) (Level, string) {
	switch {
	case f.Clusters == 0:
		return Received, "an account better than rumour"
	case f.Clusters >= 2 && f.FirstHand && f.Supported && r.Reasons && r.SignOffs >= 2:
		return Reasonable, ""
	case f.Clusters >= 2 && f.FirstHand && !f.Supported:
		return Corroborated, "a pattern, a document or a physical trace that does not come from the accounts"
	case f.Clusters >= 2 && f.FirstHand:
		return Corroborated, "written reasons and two sign-offs"
	case f.FirstHand && pattern:
		return Consistent, "a second account that does not depend on the first"
	case !f.FirstHand:
		return Allegation, "an account of somebody who was there"
	}
	return Allegation, "a second account that does not depend on the first, or a documented pattern"
}
