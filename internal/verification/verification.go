// Package verification says how far an allegation is carried by what is known: which
// sources are independent, what each level needs, who signed, and in which words the
// result may be written. A person states a level with reasons; the code says what is
// missing, and never raises anything by itself.
//
// Levels are given to claims and patterns, never to people (R02).
//
// Source: the house's domain model, 3.4 and 3.5; the standard of VS-4 is "reasonable
// grounds to believe" (UN COI, A/HRC/25/63, paragraph 22).
package verification

import (
	"slices"

	"example.org/amparo/id"
)

// Level is a code of the vocabulary verification_status.
type Level string

// The levels.
const (
	Received     Level = "VS-0"
	Alleged      Level = "VS-1"
	Consistent   Level = "VS-2"
	Corroborated Level = "VS-3"
	Grounds      Level = "VS-4"
	Wrong        Level = "VS-X"
)

var levels = []Level{Received, Alleged, Consistent, Corroborated, Grounds}

// Above reports whether a level is higher than another. Found wrong is above nothing.
func (l Level) Above(o Level) bool { return slices.Index(levels, l) > slices.Index(levels, o) }

// Class is what kind of thing speaks.
type Class uint8

// The classes.
const (
	Testimony Class = iota // a person's account of this very event
	Material               // a document, medical finding, picture or object that bears on this very event
	Pattern                // a finding or report on events of this type, facility and period
)

// Evidence is one thing that speaks for or against a claim.
type Evidence struct {
	Source  id.ID // who or what speaks: the unit of independence
	Class   Class
	Basis   string // BK-1 to BK-4, of testimony
	Against bool
}

// firstHand reports what the source experienced or saw.
func firstHand(basis string) bool { return basis == "BK-1" || basis == "BK-2" }

// Dependency says that A is not independent of B, and how. Kind is a code of the
// vocabulary dependency_kind, or [Copied]. Where one tells what the other told, A is the
// one that retells.
type Dependency struct {
	A, B id.ID
	Kind string
}

// Copied is the kind of a dependency found by comparing texts: one tells what the other
// told before.
const Copied = "copied"

// retold are the dependencies in which one source has its knowledge from the other: a
// retelling knows no better than what it retells.
var retold = []string{Copied, "quoted_from", "same_article"}

// Case is everything known of one claim, and what a person wrote about it.
type Case struct {
	Evidence     []Evidence
	Dependencies []Dependency
	Reasons      string
	Alternatives string // what else could explain it
	Contrary     string // what speaks against it, or where it was looked for in vain
	Signed       []SignOff
	// Rests names for each finding of our own among the evidence the sources of its
	// incidents, none missing.
	Rests   map[id.ID][]id.ID
	Finding *Finding // of a pattern; nil: the claim is one event
}

// SignOff is one member's word that the level is justified, with the reason.
type SignOff struct {
	Member id.ID
	Reason string
}

// Cluster is a group of sources that hang together: for corroboration they are one.
type Cluster struct {
	Sources []id.ID
	// FirstHand says that one of them experienced or saw the event, counting retellings no
	// better than what they retell.
	FirstHand bool
}

// Clusters groups the sources of a claim by their dependencies: the connected components
// of the graph, in the order of their first source. What is only rumoured (BK-4) or
// retells a rumour, what speaks of a pattern, and what speaks against is not in them.
func Clusters(c Case) []Cluster {
	known := c.retellings()
	var sources []id.ID
	for _, e := range c.Evidence {
		if speaks(e) && known[e.Source] > nothing && !slices.Contains(sources, e.Source) {
			sources = append(sources, e.Source)
		}
	}
	slices.SortFunc(sources, id.ID.Compare)
	find := c.components()
	at := map[id.ID]int{}
	var out []Cluster
	for _, s := range sources {
		i, ok := at[find(s)]
		if !ok {
			i = len(out)
			at[find(s)] = i
			out = append(out, Cluster{})
		}
		out[i].Sources = append(out[i].Sources, s)
		out[i].FirstHand = out[i].FirstHand || known[s] == atFirstHand
	}
	return out
}

func speaks(e Evidence) bool { return !e.Against && e.Class != Pattern && e.Basis != "BK-4" }

// knowledge is how a source knows of this very event.
type knowledge uint8

const (
	nothing knowledge = iota // rumour, or a report on others like it
	atSecondHand
	atFirstHand
)

func (e Evidence) knowledge() knowledge {
	switch {
	case e.Class == Pattern || e.Basis == "BK-4":
		return nothing
	case e.Class == Testimony && firstHand(e.Basis):
		return atFirstHand
	}
	return atSecondHand
}

// retellings says how each source knows, after lowering what it claims to what those it
// retells know, until nothing changes. Two that rest on one article know no better than
// each other; who retells somebody that is no evidence here knows it at second hand.
func (c Case) retellings() map[id.ID]knowledge {
	known := map[id.ID]knowledge{}
	for _, e := range c.Evidence {
		if !e.Against {
			known[e.Source] = max(known[e.Source], e.knowledge())
		}
	}
	of := func(s id.ID) knowledge {
		if k, here := known[s]; here {
			return k
		}
		return atSecondHand
	}
	lower := func(s, to id.ID) (changed bool) {
		if k, here := known[s]; !here || k <= of(to) {
			return false
		}
		known[s] = of(to)
		return true
	}
	for changed := true; changed; {
		changed = false
		for _, d := range c.Dependencies {
			if d.A == d.B || !slices.Contains(retold, d.Kind) {
				continue
			}
			changed = lower(d.A, d.B) || changed
			changed = d.Kind == "same_article" && lower(d.B, d.A) || changed
		}
	}
	return known
}

// components returns the representative of each source's connected component. Sources
// that are no evidence here still join others: two who both quote a third hang together.
func (c Case) components() func(id.ID) id.ID {
	up := map[id.ID]id.ID{}
	var find func(x id.ID) id.ID
	find = func(x id.ID) id.ID {
		if p, ok := up[x]; ok && p != x {
			up[x] = find(p)
			return up[x]
		}
		return x
	}
	for _, d := range c.Dependencies {
		a, b := find(d.A), find(d.B)
		if a == b {
			continue
		}
		if b.Compare(a) < 0 {
			a, b = b, a
		}
		up[b] = a
	}
	return find
}
