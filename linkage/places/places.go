// Package places compares places by where they part in a gazetteer: two records that name
// one site agree more closely than two that name one province. Old and new names of a
// county, numbers of camps and their aliases are data of the gazetteer, not code.
package places

import (
	"math"
	"slices"
	"strings"

	"example.org/amparo/fault"
	"example.org/amparo/names"
	"example.org/amparo/names/latin"
	"example.org/amparo/where"
)

// Depth is how exactly a place is named.
type Depth uint8

// The depths, from the coarsest.
const (
	World Depth = iota // the root: nothing is known
	Country
	Province
	County // a county, town or city
	Ri     // a ri, dong or village
	Site   // a camp, a prison, a crossing point
)

// Node is a place of a gazetteer.
type Node struct {
	Code   string
	Parent string // code of the place it lies in; empty for a country
	Depth  Depth
	Names  []string // every name it has or had, in any script
}

// Gazetteer is a tree of places with all their names. It does not change.
type Gazetteer struct {
	nodes  map[string]*Node
	order  []string
	byName map[string][]string
	model  *latin.Model
}

// New builds a gazetteer. Every parent must be a node, of a lesser depth than its child;
// a code may stand once.
func New(nodes []Node) (*Gazetteer, error) {
	g := &Gazetteer{nodes: make(map[string]*Node, len(nodes)), byName: map[string][]string{}, model: latin.Default()}
	for i := range nodes {
		n := &nodes[i]
		if n.Code == "" || g.nodes[n.Code] != nil {
			return nil, fault.New(fault.Invalid, "places.New", "node %d has no code, or one that is taken", i+1).With("give every place a code of its own")
		}
		g.nodes[n.Code] = n
		g.order = append(g.order, n.Code)
		for _, name := range append([]string{n.Code}, n.Names...) {
			if k := fold(name); k != "" && !slices.Contains(g.byName[k], n.Code) {
				g.byName[k] = append(g.byName[k], n.Code)
			}
		}
	}
	for i, n := range nodes {
		if up := g.nodes[n.Parent]; n.Parent != "" && (up == nil || up.Depth >= n.Depth) {
			return nil, fault.New(fault.Invalid, "places.New", "node %d lies in no place that is wider", i+1).With("give the code of the place it lies in")
		}
	}
	return g, nil
}

// Public returns the nodes of the gazetteer that comes with the program, to which a group
// adds its own sites and villages before [New].
func Public() []Node {
	depth := map[where.Level]Depth{where.Country: Country, where.Province: Province, where.Town: County}
	var out []Node
	for _, p := range where.All() {
		n := Node{Code: p.Code, Parent: p.Parent, Depth: depth[p.Level]}
		if _, ok := where.Lookup(p.Parent); !ok && p.Parent != "" {
			n.Parent = p.Parent[:2]
		}
		for _, lang := range []string{"en", "ko", "zh"} {
			if l := p.Labels[lang]; l != "" {
				n.Names = append(n.Names, l)
			}
		}
		out = append(out, n)
	}
	return out
}

// units are the words for a kind of place that a name may carry or lack.
var units = []string{"특별시", "광역시", "직할시", "관리소", "교화소", "로동자구", "노동자구", "시", "군", "도", "구역", "구", "읍", "리", "동", "省", "市", "县", "縣", "镇", "鎮", "区", "區", "村", "里", "洞",
	" county", " city", " province", "-gun", "-si", "-do", "-ri", "-dong", "-up", "-kun", " gun", " si", " ri"}

// fold is the name without its unit, in the form searches compare.
func fold(s string) string {
	k := strings.Join(strings.Fields(names.Fold(s)), " ")
	for _, u := range units {
		if rest, ok := strings.CutSuffix(k, u); ok && len([]rune(rest)) >= 2 {
			k = rest
			break
		}
	}
	return names.South(strings.NewReplacer("-", "", " ", "").Replace(k))
}

// Key is a place as a record names it.
type Key struct {
	Original string
	Nodes    []string // the places it may be, the most exact ones the words allow
	folded   string
}

// Known reports whether the gazetteer has the place.
func (k Key) Known() bool { return len(k.Nodes) > 0 }

// Parse reads a place: one name, or several from the narrow to the wide or the other way
// round ("Onsong, North Hamgyong", "함경북도 온성군"). A part of which the gazetteer knows
// nothing leaves the place at what the other parts say.
func (g *Gazetteer) Parse(s string) Key {
	k := Key{Original: s, folded: fold(s)}
	if names.Missing(s) {
		return Key{Original: s}
	}
	if nodes := g.byName[k.folded]; len(nodes) > 0 {
		k.Nodes = g.narrowest(nodes)
		return k
	}
	parts := strings.FieldsFunc(s, func(r rune) bool { return strings.ContainsRune(",;/()，、", r) })
	if len(parts) == 1 {
		parts = strings.Fields(s)
	}
	var found []string
	for _, p := range parts {
		found = append(found, g.byName[fold(p)]...)
	}
	best := 0
	for _, c := range found { // the place that most other parts are wider than
		n := 1
		for _, o := range found {
			if o != c && g.Within(c, o) {
				n++
			}
		}
		if n > best {
			best, k.Nodes = n, nil
		}
		if n == best && !slices.Contains(k.Nodes, c) {
			k.Nodes = append(k.Nodes, c)
		}
	}
	k.Nodes = g.narrowest(k.Nodes)
	slices.Sort(k.Nodes)
	return k
}

// narrowest drops places that another of the list lies in: of a province and its capital
// of one name, the capital stays.
func (g *Gazetteer) narrowest(codes []string) []string {
	return slices.DeleteFunc(slices.Clone(codes), func(c string) bool {
		return slices.ContainsFunc(codes, func(o string) bool { return o != c && g.Within(o, c) })
	})
}

// path lists a place and all it lies in, from the widest.
func (g *Gazetteer) path(code string) []*Node {
	var out []*Node
	for n := g.nodes[code]; n != nil; n = g.nodes[n.Parent] {
		out = append(out, n)
	}
	slices.Reverse(out)
	return out
}

// Within reports whether a place is outer or lies in it.
func (g *Gazetteer) Within(code, outer string) bool {
	return slices.ContainsFunc(g.path(code), func(n *Node) bool { return n.Code == outer })
}

// Common is the narrowest place in which both lie, and its depth; [World] when there is
// none.
func (g *Gazetteer) Common(a, b string) (code string, d Depth) {
	x, y := g.path(a), g.path(b)
	for i := 0; i < min(len(x), len(y)) && x[i] == y[i]; i++ {
		code, d = x[i].Code, x[i].Depth
	}
	return code, d
}

// Null is the level of a comparison with a missing place.
const Null = -1

// Level compares two places: the depth of the narrowest place in which both lie, the best
// over what the words may mean. A place the gazetteer does not know agrees by its name
// alone: [Ri] when the names are spelt alike or one is the other in Latin letters.
func (g *Gazetteer) Level(a, b Key) int {
	if a.folded == "" || b.folded == "" {
		return Null
	}
	if !a.Known() || !b.Known() {
		switch {
		case a.folded == b.folded, g.transcribed(a, b):
			return int(Ri)
		case !a.Known() && !b.Known():
			return int(World)
		}
		return Null // one is known, the other a name that may lie anywhere
	}
	best := World
	for _, x := range a.Nodes {
		for _, y := range b.Nodes {
			_, d := g.Common(x, y)
			best = max(best, d)
		}
	}
	return int(best)
}

// transcribed reports whether one name is Hangul and the other its Latin spelling: at
// least eight bits likelier than letters drawn at random from a language.
func (g *Gazetteer) transcribed(a, b Key) bool {
	if isHangul(b.folded) {
		a, b = b, a
	}
	if !isHangul(a.folded) || isHangul(b.folded) {
		return false
	}
	return g.model.Spelt(a.folded, b.folded) > math.Log2(0.02)*float64(len([]rune(a.folded)))
}

func isHangul(s string) bool {
	return s != "" && !strings.ContainsFunc(s, func(r rune) bool { return !names.IsHangul(r) })
}
