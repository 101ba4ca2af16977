package survival

import (
	"cmp"
	"math"
	"slices"

	"example.org/amparo/fault"
)

// newChain numbers states and persons, checks that spells follow each other, and finds
// where people start.
func newChain(spells []Spell, first string) (*chain, error) {
	if len(spells) == 0 {
		return nil, fault.New(fault.Invalid, "survival", "there are no spells").With("give at least one row")
	}
	c := &chain{}
	person := map[string]int{}
	byPerson := [][]row{}
	lines := [][]int{} // the row of each spell, for messages
	for i, s := range spells {
		if err := s.check(i + 1); err != nil {
			return nil, err
		}
		k, ok := person[s.Person]
		if s.Person == "" || !ok {
			k = len(byPerson)
			byPerson, lines = append(byPerson, nil), append(lines, nil)
			if s.Person != "" {
				person[s.Person] = k
			}
			c.w = append(c.w, s.weight())
		}
		if s.weight() != c.w[k] {
			return nil, fault.Problem{Row: i + 1, Column: "weight", Reason: "the person has another weight in an earlier row", Remedy: "give one weight a person"}
		}
		r := row{person: k, from: c.state(s.From), to: -1, enter: s.Enter, leave: s.Leave, w: s.weight()}
		if s.To != "" {
			r.to = c.state(s.To)
		}
		byPerson[k], lines[k] = append(byPerson[k], r), append(lines[k], i+1)
	}
	c.people = len(byPerson)
	if err := c.follow(byPerson, lines); err != nil {
		return nil, err
	}
	slices.SortStableFunc(c.spells, func(a, b row) int { return cmp.Compare(a.leave, b.leave) })
	c.byIn = make([]int, len(c.spells))
	for i := range c.byIn {
		c.byIn[i] = i
	}
	slices.SortStableFunc(c.byIn, func(a, b int) int { return cmp.Compare(c.spells[a].enter, c.spells[b].enter) })
	return c, c.origin(first)
}

// state returns the number of a state, giving it the next one.
func (c *chain) state(name string) int {
	if i := slices.Index(c.states, name); i >= 0 {
		return i
	}
	c.states = append(c.states, name)
	return len(c.states) - 1
}

// follow checks each person's spells against each other and gathers them.
func (c *chain) follow(byPerson [][]row, lines [][]int) error {
	for k, rows := range byPerson {
		order := make([]int, len(rows))
		for i := range order {
			order[i] = i
		}
		slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(rows[a].enter, rows[b].enter) })
		for n := 1; n < len(order); n++ {
			a, b := rows[order[n-1]], rows[order[n]]
			switch {
			case b.enter < a.leave:
				return fault.Problem{Row: lines[k][order[n]], Column: "enter", Reason: "the person is in two states at once", Remedy: "a state ends before the next begins"}
			case b.enter == a.leave && a.to >= 0 && a.to != b.from:
				return fault.Problem{Row: lines[k][order[n]], Column: "from", Reason: "the person went to another state before this one", Remedy: "from is the state the person went to"}
			}
		}
		c.first = append(c.first, rows[order[0]])
		c.spells = append(c.spells, rows...)
	}
	return nil
}

// origin settles where the probabilities start.
func (c *chain) origin(first string) error {
	c.begin = math.Inf(1)
	oneState, oneTime := true, true
	for _, r := range c.first {
		c.begin = math.Min(c.begin, r.enter)
		oneState = oneState && r.from == c.first[0].from
		oneTime = oneTime && r.enter == c.first[0].enter
	}
	if first != "" {
		at := slices.Index(c.states, first)
		if at < 0 {
			return fault.New(fault.Invalid, "survival", "nobody is ever in the first state %q", first).With("name one of the states in the table")
		}
		// Nobody's history says anything about a start that is given.
		for i := range c.first {
			c.first[i].from = at
		}
		return nil
	}
	if !oneState && !oneTime {
		return fault.New(fault.Invalid, "survival", "people come under observation in different states at different times").
			With("say in which state everybody was at the start")
	}
	return nil
}

// Outcome is a duration that ended in one of several ways, exclusive of each other. An
// empty Cause is a duration not ended yet.
type Outcome struct {
	Time   float64
	Cause  string
	Entry  float64
	Late   bool
	Weight float64
	ID     string
	Group  string
}

// Start is the name of the state before any outcome.
const Start = "(start)"

// Competing estimates the probability of each outcome over time. One less the
// Kaplan-Meier curve of each cause is not offered: it counts those who had another outcome
// as if they could still have this one, and the causes add up to more than one.
func Competing(in []Outcome, opt Options) (*Occupation, error) {
	obs := make([]Observation, len(in))
	for i, v := range in {
		obs[i] = Observation{Time: v.Time, Event: v.Cause != "", Entry: v.Entry, Late: v.Late, Weight: v.Weight, ID: v.ID}
	}
	if err := check(obs); err != nil {
		return nil, err
	}
	obs = tied(obs)
	spells := make([]Spell, len(in))
	for i, o := range obs {
		enter := -1.0 // before time 0, so that an outcome at 0 counts
		if o.Late {
			enter = o.Entry
		}
		if in[i].Cause == Start {
			return nil, fault.Problem{Row: i + 1, Column: "outcome", Value: in[i].Cause, Reason: "the name is that of the state before any outcome", Remedy: "give the outcome another name"}
		}
		spells[i] = Spell{From: Start, To: in[i].Cause, Enter: enter, Leave: o.Time, Weight: o.Weight}
	}
	occ, err := AalenJohansen(spells, Start, opt)
	if err != nil {
		return nil, err
	}
	occ.Times[0] = math.Max(0, occ.Times[0])
	return occ.sorted(), nil
}

// sorted puts the outcomes in the order of their names after the start.
func (o *Occupation) sorted() *Occupation {
	order := make([]int, len(o.States))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order[1:], func(a, b int) int { return cmp.Compare(o.States[a], o.States[b]) })
	out := *o
	out.States = permute(o.States, order)
	out.P, out.SE, out.AtRisk = permuteAll(o.P, order), permuteAll(o.SE, order), permuteAll(o.AtRisk, order)
	out.Lower, out.Upper = permuteAll(o.Lower, order), permuteAll(o.Upper, order)
	return &out
}

func permute[T any](v []T, order []int) []T {
	out := make([]T, len(order))
	for i, k := range order {
		out[i] = v[k]
	}
	return out
}

func permuteAll[T any](v [][]T, order []int) [][]T {
	out := make([][]T, len(v))
	for i := range v {
		out[i] = permute(v[i], order)
	}
	return out
}
