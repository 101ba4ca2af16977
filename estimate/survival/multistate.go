package survival

import (
	"math"
	"slices"

	"example.org/amparo/estimate"
	"example.org/amparo/estimate/quantile"
	"example.org/amparo/fault"
)

// Spell is a time that one person spends in one state, from Enter to Leave. To is the
// state the person goes to at Leave; empty means it is not known further (censored). A
// person's spells follow each other.
type Spell struct {
	Person       string // empty: its own
	From, To     string
	Enter, Leave float64
	Weight       float64 // 0 stands for 1
}

func (s Spell) weight() float64 {
	if s.Weight == 0 {
		return 1
	}
	return s.Weight
}

// Occupation is the Aalen-Johansen estimate: P[i][k] is the probability of being in
// States[k] at Times[i], with its standard error and band. AtRisk and Moves count weights.
type Occupation struct {
	States []string            `json:"states"`
	Times  []float64           `json:"time"`
	P      [][]float64         `json:"pstate"`
	SE     [][]float64         `json:"std_err"`
	Lower  [][]estimate.Number `json:"lower"`
	Upper  [][]estimate.Number `json:"upper"`
	AtRisk [][]float64         `json:"n_risk"`
	Moves  []Move              `json:"moves"`
	N      int                 `json:"n"`
	Level  float64             `json:"level"`
	Band   Band                `json:"band"`
}

// Move is how often one state followed another.
type Move struct {
	From  string  `json:"from"`
	To    string  `json:"to"`
	Count float64 `json:"count"`
}

// At returns the probabilities and standard errors that hold at t; before the first time
// they are those at the start, which is Times[0].
func (o *Occupation) At(t float64) (p, se []float64) {
	i, exact := slices.BinarySearch(o.Times, t)
	if !exact && i > 0 {
		i--
	}
	return o.P[i], o.SE[i]
}

// AalenJohansen estimates where people are over time: the product of the matrices of
// transition probabilities at each time of a move. Competing outcomes are the case of one
// state that all others follow. Standard errors are the infinitesimal jackknife over
// persons.
//
// first is the state in which people start when they come under observation at different
// times; empty takes it from the data, where all start in one state or all at one time.
//
// It assumes that those under observation in a state are like all who are in it (for one
// state of origin nothing more; with several, the probabilities hold without a Markov
// assumption when entry is not late: Datta and Satten 2001).
//
// Sources: Aalen and Johansen (1978), Scandinavian Journal of Statistics 5, 141-150;
// Datta and Satten (2001), Statistics & Probability Letters 55, 403-411.
func AalenJohansen(spells []Spell, first string, opt Options) (*Occupation, error) {
	opt, err := opt.defaults()
	if err != nil {
		return nil, err
	}
	c, err := newChain(spells, first)
	if err != nil {
		return nil, err
	}
	o := &Occupation{States: c.states, N: c.people, Level: opt.Level, Band: opt.Band}
	c.start()
	o.add(c, c.begin)
	for len(c.queue) > 0 {
		at := c.advance()
		o.add(c, at)
	}
	o.Moves = c.moves()
	z := quantile.TwoSided(opt.Level)
	for i := range o.P {
		lo, hi := make([]estimate.Number, len(c.states)), make([]estimate.Number, len(c.states))
		for k, p := range o.P[i] {
			lo[k], hi[k] = opt.Band.ends(p, o.SE[i][k], z)
		}
		o.Lower, o.Upper = append(o.Lower, lo), append(o.Upper, hi)
	}
	return o, nil
}

func (o *Occupation) add(c *chain, at float64) {
	o.Times = append(o.Times, at)
	o.P = append(o.P, slices.Clone(c.p))
	o.AtRisk = append(o.AtRisk, slices.Clone(c.risk))
	se := make([]float64, len(c.p))
	for i := range c.u {
		for k, v := range c.u[i] {
			se[k] += v * v * square(c.w[i])
		}
	}
	for k := range se {
		se[k] = math.Sqrt(se[k])
	}
	o.SE = append(o.SE, se)
}

// chain runs the estimate forward in time.
type chain struct {
	states []string
	spells []row // by time of leaving
	byIn   []int // spells by time of entry
	queue  []row // those not left yet
	people int   // persons
	w      []float64
	begin  float64
	p      []float64
	u      [][]float64 // influence of a person on p
	risk   []float64   // weight at risk by state, at the last time
	in     []int       // spells at risk now
	next   int         // in byIn
	count  map[[2]int]float64
	first  []row // each person's first spell
}

// row is a spell in numbers; to is −1 for censored.
type row struct {
	person, from, to int
	enter, leave, w  float64
}

// start sets the probabilities at the beginning, with each person's influence on them.
func (c *chain) start() {
	k := len(c.states)
	c.p, c.risk = make([]float64, k), make([]float64, k)
	c.u = make([][]float64, c.people)
	total := 0.0
	for _, r := range c.first {
		c.p[r.from] += r.w
		total += r.w
	}
	for s := range c.p {
		c.p[s] /= total
	}
	for i := range c.u {
		c.u[i] = make([]float64, k)
	}
	for _, r := range c.first {
		for s := range c.p {
			same := 0.0
			if s == r.from {
				same = 1
			}
			c.u[r.person][s] += (same - c.p[s]) / total
		}
	}
	for _, r := range c.spells {
		if r.enter <= c.begin {
			c.risk[r.from] += r.w
		}
	}
	c.queue = c.spells
	c.count = map[[2]int]float64{}
}

// advance moves to the next time at which anybody leaves a state and returns it.
func (c *chain) advance() float64 {
	at := c.queue[0].leave
	n := 0
	for n < len(c.queue) && c.queue[n].leave == at {
		n++
	}
	leaving := c.queue[:n]
	c.queue = c.queue[n:]
	for c.next < len(c.byIn) && c.spells[c.byIn[c.next]].enter < at {
		c.in = append(c.in, c.byIn[c.next])
		c.next++
	}
	k := len(c.states)
	c.risk = make([]float64, k)
	live := c.in[:0]
	for _, i := range c.in {
		if c.spells[i].leave >= at {
			live = append(live, i)
			c.risk[c.spells[i].from] += c.spells[i].w
		}
	}
	c.in = live
	d := make([][]float64, k) // dA: the share of those at risk that goes from h to j
	moved := false
	for _, r := range leaving {
		if r.to < 0 || r.to == r.from {
			continue
		}
		if d[r.from] == nil {
			d[r.from] = make([]float64, k)
		}
		d[r.from][r.to] += r.w / c.risk[r.from]
		c.count[[2]int{r.from, r.to}] += r.w
		moved = true
	}
	if moved {
		c.push(d, leaving)
	}
	return at
}

// push multiplies probabilities and influences by I + dA and adds what each person did
// differently from those at risk.
func (c *chain) push(d [][]float64, leaving []row) {
	before := slices.Clone(c.p)
	turn(c.p, d)
	for i := range c.u {
		turn(c.u[i], d)
	}
	for _, i := range c.in {
		r := c.spells[i]
		if d[r.from] == nil {
			continue
		}
		f := before[r.from] / c.risk[r.from]
		for j, a := range d[r.from] {
			c.u[r.person][j] -= f * a
			c.u[r.person][r.from] += f * a
		}
	}
	for _, r := range leaving {
		if r.to < 0 || r.to == r.from {
			continue
		}
		f := before[r.from] / c.risk[r.from]
		c.u[r.person][r.to] += f
		c.u[r.person][r.from] -= f
	}
}

// turn is v(I + dA) in place.
func turn(v []float64, d [][]float64) {
	var gain [16]float64
	g := gain[:0]
	g = append(g, make([]float64, len(v))...)
	for h, out := range d {
		if out == nil || v[h] == 0 {
			continue
		}
		for j, a := range out {
			g[j] += v[h] * a
			g[h] -= v[h] * a
		}
	}
	for j := range v {
		v[j] += g[j]
	}
}

func (c *chain) moves() []Move {
	var out []Move
	for h := range c.states {
		for j := range c.states {
			if n := c.count[[2]int{h, j}]; n > 0 {
				out = append(out, Move{c.states[h], c.states[j], n})
			}
		}
	}
	return out
}

func (s Spell) check(row int) error {
	switch {
	case s.From == "":
		return fault.Problem{Row: row, Column: "from", Reason: "the state is missing", Remedy: "say in which state the person was"}
	case !finite(s.Enter) || !finite(s.Leave) || s.Enter >= s.Leave:
		return fault.Problem{Row: row, Column: "leave", Reason: "a state is left after it is entered", Remedy: "check the two times"}
	case math.IsNaN(s.Weight) || math.IsInf(s.Weight, 0) || s.Weight < 0:
		return fault.Problem{Row: row, Column: "weight", Reason: "a weight is a positive number", Remedy: "leave rows of weight 0 out"}
	}
	return nil
}
