package world

import (
	"math"

	"example.org/amparo/fault"
	"example.org/amparo/id"
	"example.org/amparo/when"
)

// Capture is how organisations come to list people, each on records of its own: the design
// of a world in which the way lists depend on each other is known. It stands in place of
// the lists of SP42, of the interviews of SP43 and of the doubles of SP50: what two
// organisations record of one person differs as two tellings do.
type Capture struct {
	Name    string   `json:"name"`
	Lists   []string `json:"lists"`
	Classes []Class  `json:"classes"`
	Follows []Follow `json:"follows,omitempty"`
}

// Class is a share of the people with a chance of being on each list of their own.
type Class struct {
	Share  float64   `json:"share"`
	Chance []float64 `json:"chance"`
}

// Follow raises the chance of being on one list for those who are on an earlier one, by
// an addition to the logarithm of the odds.
type Follow struct {
	List    int     `json:"list"`
	After   int     `json:"after"`
	LogOdds float64 `json:"log_odds"`
}

// Check says what is wrong with a design, or nil.
func (c *Capture) Check() error {
	bad := func(format string, args ...any) error {
		return fault.New(fault.Invalid, "world.Capture", format, args...).With("give classes whose shares sum to one, and a chance between 0 and 1 for each list")
	}
	if len(c.Lists) == 0 || len(c.Classes) == 0 {
		return bad("the design has no lists or no classes")
	}
	total := 0.0
	for _, k := range c.Classes {
		if total += k.Share; !(k.Share > 0) || len(k.Chance) != len(c.Lists) {
			return bad("a class has no share, or not a chance for each of the %d lists", len(c.Lists))
		}
		for _, p := range k.Chance {
			if !(p > 0 && p < 1) {
				return bad("a chance of being listed is %g", p)
			}
		}
	}
	if math.Abs(total-1) > 1e-9 {
		return bad("the shares of the classes sum to %g", total)
	}
	for _, f := range c.Follows {
		if f.After < 0 || f.After >= f.List || f.List >= len(c.Lists) {
			return bad("list %d cannot follow list %d", f.List, f.After)
		}
	}
	return nil
}

// capture draws the lists that name p.
func (g *generator) capture(c *Capture, p *Person) {
	u, at := g.Float64(), 0
	for at < len(c.Classes)-1 && u >= c.Classes[at].Share {
		u -= c.Classes[at].Share
		at++
	}
	on := make([]bool, len(c.Lists))
	for j, chance := range c.Classes[at].Chance {
		x := math.Log(chance / (1 - chance))
		for _, f := range c.Follows {
			if f.List == j && on[f.After] {
				x += f.LogOdds
			}
		}
		if on[j] = g.yes(1 / (1 + math.Exp(-x))); on[j] {
			p.Lists = append(p.Lists, c.Lists[j])
		}
	}
}

// intake states what an organisation writes down of whoever it lists, without an interview:
// when and where the person crossed, and the forced returns it knows of.
func (t *teller) intake() {
	p := t.p
	t.late = t.lognormal(recallMedian, recallSigma) >= 2
	crossed := t.about(p.Crossed, "")
	j := t.say("journey", t.new(), "person", t.person.String(), "period", crossed, "from", p.Origin, "to", "CN", "motive", p.Motive)
	t.say("leg", t.new(), "journey", j.String(), "order", "1", "from", t.at(p.Crossing), "to", "CN/Jilin (Yanbian)", "date", crossed)
	for _, ep := range p.Episodes {
		t.say("episode", t.new(), "person", t.person.String(), "number", itoa(ep.Number), "period", t.about(ep.Arrest, ""), "corridor", t.at(ep.Corridor))
	}
}

// observeCaptures records each list's own account of a person, and the interview of one of
// them with those who could be heard. The second account and those after it have the
// mistakes of SP50.
func (g *generator) observeCaptures(p *Person) error {
	for i, list := range p.Lists {
		t := &teller{generator: g, p: p, person: p.ID}
		if i > 0 {
			t.person, t.asTwice = id.New(g), true
			if g.yes(changedYear) {
				t.shift = 1 - 2*g.IntN(2)
			}
			if g.yes(changedPlace) {
				t.place = "KP-HYE"
			}
			for _, r := range p.Records {
				g.truth.Duplicates = append(g.truth.Duplicates, [2]id.ID{r, t.person})
			}
		}
		t.begin()
		if i == 0 && p.Heard {
			t.interview()
		} else {
			t.intake()
		}
		t.say("list_capture", g.new(), "person", t.person.String(), "list", list, "date", t.about(p.Left+when.Day(g.IntN(200)), "month"))
		if t.err != nil {
			return t.err
		}
	}
	return nil
}
