package app

import (
	"context"
	"time"

	"example.org/amparo/id"
	"example.org/amparo/internal/casebook"
	"example.org/amparo/internal/journal"
)

// Populator feeds a workspace with dated acts in large transactions: a synthetic world
// or public facts. It is not safe for concurrent use.
type Populator struct {
	w     *Workspace
	batch []casebook.Statement
	at    []time.Time
	n     int
}

// populateBatch is how many accounts one transaction takes.
const populateBatch = 4000

// Populate begins feeding the workspace.
func (w *Workspace) Populate() *Populator { return &Populator{w: w} }

// State records an account as of a moment. It becomes durable with the batch it is in,
// at the latest by [Populator.Flush].
func (p *Populator) State(ctx context.Context, s casebook.Statement, at time.Time) error {
	p.batch, p.at = append(p.batch, s), append(p.at, at)
	if len(p.batch) < populateBatch {
		return nil
	}
	return p.Flush(ctx)
}

// Same records that two records were found to be one and the same.
func (p *Populator) Same(ctx context.Context, a, b id.ID, reason string) error {
	if err := p.Flush(ctx); err != nil {
		return err
	}
	p.n++
	return p.w.Link(ctx, a, b, casebook.Same, reason)
}

// Flush makes everything given so far durable.
func (p *Populator) Flush(ctx context.Context) error {
	if len(p.batch) == 0 {
		return nil
	}
	p.w.mu.Lock()
	defer p.w.mu.Unlock()
	_, err := p.w.stateAll(ctx, p.batch, func(i int, a *casebook.Act) { a.At = journal.At(p.at[i]) + journal.HLC(i%1000) })
	p.n += len(p.batch)
	p.batch, p.at = p.batch[:0], p.at[:0]
	return err
}

// Done is how many acts were recorded.
func (p *Populator) Done() int { return p.n }
