package lcm

import (
	"context"

	"example.org/amparo/estimate/rng"
)

const (
	// A run is looked at for a sketch after sketchedFirst rows, and then whenever there are four
	// times as many, up to sketchedLast.
	sketchedFirst, sketchedLast = 1000, 16_000
	sketchStream                = 900 // of the seed, and after
	// So many pilots of each chain show how often jumps are taken. Where takenOften of them are,
	// one jump in a step is enough; where fewer are, as many more are tried, up to mostTries.
	pilots, takenOften, mostTries = 100, 0.5, 4
	// A sketch is not worth its price where a run has had one effective draw from this many rows,
	// or half of what it needs.
	slowRows = 8
)

// explore runs the chains until they settle. Where that takes long, and a sketch of where
// they have been is of use, what was done so far counts as warming up, and they begin anew from where they stand.
func (r *run) explore(ctx context.Context, chains []*chain, stands []stand) error {
	due := sketchedFirst
	stream := uint64(sketchStream)
	r.stale = func(rows int) bool {
		if rows < due || due > sketchedLast || !r.slow(rows) {
			return false
		}
		for _, c := range chains {
			stands = append(stands, c.memory.take()...)
		}
		due *= 4
		stream++
		return equip(chains, newSketch(stands, rng.New(r.o.Seed, stream)), r.rate(rows))
	}
	for {
		if err := r.sample(ctx, "chains", samplers(chains), r.o.Steps, longer); err != nil || !r.again {
			return err
		}
	}
}

// effective is how many effective draws there are, of the bulk or the tails, whichever are fewer.
func (r *run) effective() float64 { return float64(min(r.quality.ESSBulk, r.quality.ESSTail)) }

// slow reports whether a run of so many rows is one that a sketch may quicken.
func (r *run) slow(rows int) bool {
	got := r.effective()
	return !(got >= float64(r.o.Draws)/2 || r.rate(rows)*slowRows >= 1)
}

// rate is how many effective draws a run of so many rows had for each.
func (r *run) rate(rows int) float64 {
	return r.effective() / float64(rows*len(r.traces))
}

// equip gives the chains a sketch to jump by. It reports false, and leaves them what they have,
// when by the pilots fewer jumps would be taken in a step than there are effective draws without.
func equip(chains []*chain, s *sketch, rate float64) bool {
	if s == nil {
		return false
	}
	taken := 0
	before := make([]jumping, len(chains))
	for i, c := range chains {
		before[i] = c.jumps
		c.jumps = newJumping(s, c)
		c.jumps.tries = pilots
		c.like = c.lnLikelihood()
		c.jump()
		taken += c.jumps.taken
	}
	share := float64(taken) / float64(pilots*len(chains))
	tries := int(min(max(takenOften/share, 1), mostTries))
	worth := taken > 0 && !(share*float64(tries) < rate)
	for i, c := range chains {
		c.jumps.tries = tries
		if !worth {
			c.jumps = before[i]
		}
	}
	return worth
}

// memory is where a chain stood, at even distances over the time since the last sketch.
type memory struct {
	stands []stand
	steps  int
	every  int // steps for a stand: 1, 2 or more times rememberEvery
}

const rememberEvery, mostStands = 4, 2048

// remember keeps where the chain stands, if it is time.
func (c *chain) remember() {
	m := &c.memory
	m.every = max(m.every, rememberEvery)
	if m.steps++; m.steps%m.every != 0 {
		return
	}
	if s, ok := c.stand(); ok {
		m.stands = append(m.stands, s)
	}
	if len(m.stands) == mostStands {
		for i := range mostStands / 2 {
			m.stands[i] = m.stands[2*i+1]
		}
		clear(m.stands[mostStands/2:])
		m.stands = m.stands[:mostStands/2]
		m.every *= 2
	}
}

// take returns what is remembered, and forgets it.
func (m *memory) take() []stand {
	out := m.stands
	*m = memory{}
	return out
}
