package loglin

import (
	"context"
	"math"
	"math/bits"
	"slices"

	"example.org/amparo/estimate/hist"
	"example.org/amparo/fault"
)

// Criterion is what a search makes small.
type Criterion string

// The criteria: AIC charges 2 a parameter, BIC ln n.
const (
	AIC Criterion = "aic"
	BIC Criterion = "bic"
)

func (c Criterion) penalty(n float64) float64 {
	if c == AIC {
		return 2
	}
	return math.Log(n)
}

func (c Criterion) of(f Fitted) float64 {
	if c == AIC {
		return f.AIC
	}
	return f.BIC
}

// MaxLists is the largest number of lists of which models are fitted.
const MaxLists = 16

// order returns the largest interaction of a full search: J−1 for three and four lists,
// pairs above, as far as the number of models allows.
func order(j, asked int) int {
	if asked <= 0 {
		asked = 2
		if j <= 4 {
			asked = j - 1
		}
	}
	asked = min(asked, j-1)
	switch {
	case j >= 7:
		return min(asked, 2)
	case j == 6:
		return min(asked, 2)
	}
	return asked
}

// Search fits every hierarchical model with interactions of at most maxOrder lists, 0 for
// the default: J−1 up to four lists, pairs for five and six. It returns them in the order
// of [Enumerate]. Above six lists, where there are too many, it fails with fault.TooLarge;
// [Fit] then searches stepwise.
func Search(ctx context.Context, t hist.Table, maxOrder int) ([]Fitted, error) {
	y, err := cells(t)
	if err != nil {
		return nil, err
	}
	if t.J() > 6 {
		return nil, fault.New(fault.TooLarge, "loglin", "%d lists have too many models to fit all of them", t.J()).With("merge lists, or let the models be searched stepwise")
	}
	models := Enumerate(t.J(), order(t.J(), maxOrder))
	f := newFitter(t.J())
	f.load(y)
	out := make([]Fitted, len(models))
	for i, m := range models {
		if i%64 == 0 && ctx.Err() != nil {
			return nil, ctx.Err()
		}
		out[i] = f.fit(m)
	}
	return out, nil
}

func cells(t hist.Table) ([]float64, error) {
	if t.J() > MaxLists {
		return nil, fault.New(fault.TooLarge, "loglin", "%d lists are too many for log-linear models", t.J()).With("merge lists until there are at most %d", MaxLists)
	}
	if t.J() < 2 || t.N() == 0 {
		return nil, fault.New(fault.Invalid, "loglin", "%d lists with %d people have no log-linear model", t.J(), t.N()).With("give at least two lists that name somebody")
	}
	return t.Dense()
}

// tied is how near two criteria are that only rounding tells apart.
const tied = 1e-7

// better reports whether a is to be chosen over b: it has a figure and the smaller
// criterion. Of two that fit alike the one with the smaller total is chosen, so that the
// order of the lists does not decide.
func (c Criterion) better(a, b Fitted) bool {
	if !a.Answers() || !b.Answers() {
		return a.Answers()
	}
	if d := c.of(a) - c.of(b); math.Abs(d) > tied {
		return d < 0
	}
	return a.N < b.N
}

// best returns the index of the fit to be chosen, or −1 when none has a figure.
func best(fits []Fitted, c Criterion) int {
	at := -1
	for i, f := range fits {
		if f.Answers() && (at < 0 || c.better(f, fits[at])) {
			at = i
		}
	}
	return at
}

// chooser finds the best model of one table after another. Where all models are few it
// fits all; for models of pairs it goes through them by branch and bound, and for more than
// six lists stepwise.
type chooser struct {
	f         *fitter
	criterion Criterion
	models    []Model  // all, or nil
	pairs     []uint32 // the possible interactions otherwise
	stepwise  bool
}

func newChooser(j int, c Criterion, maxOrder int) *chooser {
	ch := &chooser{f: newFitter(j), criterion: c}
	if o := order(j, maxOrder); j <= 4 || o > 2 {
		ch.models = Enumerate(j, o)
		return ch
	}
	for t := uint32(0); t < 1<<uint(j); t++ {
		if bits.OnesCount32(t) == 2 {
			ch.pairs = append(ch.pairs, t)
		}
	}
	ch.stepwise = j > 6
	return ch
}

// choose returns the best model for counts y; its Status says when none has a figure.
func (c *chooser) choose(y []float64) Fitted {
	c.f.load(y)
	if c.models != nil {
		fits := make([]Fitted, len(c.models))
		for i, m := range c.models {
			fits[i] = c.f.fit(m)
		}
		if at := best(fits, c.criterion); at >= 0 {
			return fits[at]
		}
		return fits[0]
	}
	first := c.forward()
	if c.stepwise {
		return first
	}
	s := &bounded{chooser: c, penalty: c.criterion.penalty(c.f.n), best: first}
	s.value = math.Inf(1)
	if first.Answers() {
		s.value = s.score(first)
	}
	s.branch(nil, c.pairs, c.f.fit(NewModel(c.f.j, c.pairs...)))
	return s.best
}

// forward adds the interaction that lowers the criterion most, while one does.
func (c *chooser) forward() Fitted {
	var in []uint32
	current := c.f.fit(NewModel(c.f.j))
	for {
		next := current
		var added uint32
		for _, p := range c.pairs {
			if slices.Contains(in, p) {
				continue
			}
			f := c.f.fit(NewModel(c.f.j, append(slices.Clip(in), p)...))
			if c.criterion.better(f, next) {
				next, added = f, p
			}
		}
		if added == 0 {
			return current
		}
		in, current = append(in, added), next
	}
}

// bounded is the search over all models of pairs: the deviance of a model is at least that
// of any model that holds it, so a branch in which pairs are decided one by one cannot
// give less than the deviance with all undecided pairs in and the charge for the decided
// ones alone.
type bounded struct {
	*chooser
	penalty, value float64
	best           Fitted
}

func (b *bounded) score(f Fitted) float64 { return f.Deviance + b.penalty*float64(f.Params) }

// branch decides the first of the open pairs. all is the fit with every open pair in.
func (b *bounded) branch(in, open []uint32, all Fitted) {
	base := float64(1 + b.f.j + len(in))
	if all.Deviance+b.penalty*base > b.value+tied {
		return
	}
	if len(open) == 0 {
		if b.criterion.better(all, b.best) {
			b.best, b.value = all, b.score(all)
		}
		return
	}
	rest := open[1:]
	b.branch(in, rest, b.f.fit(NewModel(b.f.j, append(slices.Clip(in), rest...)...)))
	b.branch(append(slices.Clip(in), open[0]), rest, all)
}
