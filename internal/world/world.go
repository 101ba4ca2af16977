// Package world invents a world of testimony, with the truth kept apart: people who
// cross, hide, are arrested, returned, punished, and of whom only some can ever speak;
// then what organisations hear of it, with the errors real accounts have. Nobody in it
// is real. The same seed gives the same world.
package world

import (
	"context"
	"encoding/json"
	"io"

	"example.org/amparo/id"
	"example.org/amparo/internal/casebook"
	"example.org/amparo/internal/kind"
)

// Config is what a world depends on.
type Config struct {
	People  int
	Seed    uint64
	Heard   func(n int) // told after each person, or nil
	Capture *Capture    // how lists come about, in place of SP42, SP43 and SP50; or nil
}

// Event is one act of the observed world: an account, or a verdict on two records.
type Event struct {
	Statement casebook.Statement
	At        int64 // milliseconds since 1970: when it was recorded
	Same      id.ID // with Statement.Record: two records that somebody linked as the same
	Reason    string
}

// Truth is what really happened and what became of the telling.
type Truth struct {
	People     int               `json:"people"`
	Seed       uint64            `json:"seed"`
	Persons    []*Person         `json:"persons"`
	Duplicates [][2]id.ID        `json:"duplicates"` // records of one person
	Copied     [][2]id.ID        `json:"copied"`     // passage, and the one it was copied from
	Wrong      []id.ID           `json:"wrong"`      // accounts with a mistaken claim
	Withdrawn  []id.ID           `json:"withdrawn"`  // persons who withdrew later
	Canaries   map[string]string `json:"canaries"`   // string -> record it is sealed in
	Kinds      map[string]int    `json:"kinds"`      // accounts by kind
}

// WriteJSON writes the truth, for whoever checks results against it.
func (t *Truth) WriteJSON(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetIndent("", " ")
	return e.Encode(t)
}

type generator struct {
	dice
	cfg            Config
	set            *kind.Set
	emit           func(Event) error
	truth          *Truth
	corridorShares []float64
	clock          int64
	last           []toldPassage // passages that may be copied
	serial         int
	identities     [][2]id.ID // record of identities, and the person
}

// Generate invents a world and hands its observed part to emit, in time order of
// recording, a person at a time. It stops at the first error.
func Generate(ctx context.Context, cfg Config, set *kind.Set, emit func(Event) error) (*Truth, error) {
	g := &generator{dice: newDice(cfg.Seed), cfg: cfg, set: set, emit: emit, clock: 1104537600000} // 2005-01-01
	g.truth = &Truth{People: cfg.People, Seed: cfg.Seed, Canaries: map[string]string{}, Kinds: map[string]int{}}
	total := 0.0
	for _, c := range corridorCounts { // one draw from the Dirichlet for the whole world
		x := g.gamma(c.n)
		g.corridorShares = append(g.corridorShares, x)
		total += x
	}
	if cfg.Capture != nil {
		if err := cfg.Capture.Check(); err != nil {
			return nil, err
		}
	}
	var prev *Person
	for n := range cfg.People {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		var sib *Person
		if prev != nil && n%9 == 0 {
			sib = prev
		}
		p := g.born(sib)
		g.truth.Persons = append(g.truth.Persons, p)
		if err := g.hear(p); err != nil {
			return nil, err
		}
		prev = p
		if cfg.Heard != nil {
			cfg.Heard(n + 1)
		}
	}
	if err := g.plantCanaries(); err != nil {
		return nil, err
	}
	return g.truth, g.stock()
}

// hear draws who lists and hears a person, and records it.
func (g *generator) hear(p *Person) error {
	if c := g.cfg.Capture; c != nil {
		g.capture(c, p)
		p.Heard = p.Fate == "free" && len(p.Lists) > 0
		return g.observeCaptures(p)
	}
	g.lists(p)
	p.Heard = p.Fate == "free" && g.yes(interviewed)
	return g.observe(p)
}
