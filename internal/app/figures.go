package app

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"example.org/amparo/estimate"
	"example.org/amparo/fault"
	"example.org/amparo/id"
	"example.org/amparo/internal/casebook"
	"example.org/amparo/internal/figure"
	"example.org/amparo/internal/index"
	"example.org/amparo/internal/kind"
)

// countingPurpose is the purpose under which people are counted: CO-03. A figure also
// needs [matchingPurpose], for who is who is known of those alone who agreed to be matched.
const countingPurpose = "CO-03"

// MakeFigure computes a figure and keeps it as a record of the kind estimate_run. program
// names the version that computes.
func (w *Workspace) MakeFigure(ctx context.Context, q figure.Question, program string) (*figure.Figure, error) {
	return w.MakeFigureTelling(ctx, q, program, func(string, int, int) {})
}

// MakeFigureTelling is MakeFigure that tells how far it is. Nothing is written before all
// of it is computed: a context that ends leaves nothing behind.
func (w *Workspace) MakeFigureTelling(ctx context.Context, q figure.Question, program string, step figure.Step) (*figure.Figure, error) {
	q = q.Asked()
	f, err := w.computeFigure(ctx, q, nil, step)
	if err != nil {
		return nil, err
	}
	w.figuring.Lock()
	defer w.figuring.Unlock()
	before, err := w.releasedBefore(ctx, nil)
	if err != nil {
		return nil, err
	}
	if slices.ContainsFunc(before.Figures, func(b *figure.Figure) bool { return !slices.Contains(f.Against, b.Record) }) {
		// Another was kept while this one was computed.
		if f, err = w.computeFigure(ctx, q, nil, step); err != nil {
			return nil, err
		}
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	step(figure.StepKeeping, 0, 1)
	f.Program, f.Record = program, w.NewRecord()
	return f, w.keepFigure(ctx, f)
}

// newFigure begins a figure, or a view of the map, of today.
func (w *Workspace) newFigure(q figure.Question, purposes ...string) *figure.Figure {
	f := figure.New(q, w.opt.Now().UTC().Truncate(time.Second), purposes...)
	f.Journal = w.journalHash()
	return f
}

// computeFigure computes a figure. again is the one that is computed again, or nil.
func (w *Workspace) computeFigure(ctx context.Context, q figure.Question, again *figure.Figure, step figure.Step) (*figure.Figure, error) {
	q, err := q.Filled(w.Schema())
	if err != nil {
		return nil, err
	}
	step(figure.StepLinking, 0, 1)
	ground, err := w.figureGround(ctx, q.Draws)
	if err != nil {
		return nil, err
	}
	f := w.newFigure(q, countingPurpose, matchingPurpose)
	before, err := w.releasedBefore(ctx, again)
	if err != nil {
		return nil, err
	}
	f.HeldAgainst(before)
	before.Figures = append(before.Figures, f) // what it shows first, the rest of it is held against
	fit, err := w.fitFigure(ctx, f, ground, before, step)
	if err != nil {
		return nil, err
	}
	if err := f.Finish(fit, ground.Ground, before); err != nil {
		return nil, err
	}
	return f, nil
}

// fitFigure reads what a figure is computed from, and computes it.
func (w *Workspace) fitFigure(ctx context.Context, f *figure.Figure, g *ground, before figure.Releases, step figure.Step) (estimate.Fit, error) {
	q := f.Question
	switch q.Ask {
	case figure.AskTotal:
		l, err := w.lists(ctx, g)
		if err != nil {
			return estimate.Fit{}, err
		}
		if f.Overlaps, err = f.OverlapsOf(l, g.Ground, before); err != nil {
			return estimate.Fit{}, err
		}
		return g.Total(ctx, q, l, f.Overlaps, step)
	case figure.AskStay:
		all, err := w.stays(ctx, g)
		if err != nil {
			return estimate.Fit{}, err
		}
		return g.Stay(ctx, q, w.Schema(), all, step)
	case figure.AskAfter:
		fates, err := w.fates(ctx, g)
		if err != nil {
			return estimate.Fit{}, err
		}
		return g.After(ctx, q, fates, step)
	}
	t, err := w.trait(ctx, g, q.Ask)
	if err != nil {
		return estimate.Fit{}, err
	}
	return g.Share(t)
}

// journalHash names the state of the journal: every device's log, its length and root.
func (w *Workspace) journalHash() string {
	heads := w.index.Heads()
	var devices []id.ID
	for d := range heads {
		devices = append(devices, d)
	}
	slices.SortFunc(devices, id.ID.Compare)
	var b bytes.Buffer
	for _, d := range devices {
		fmt.Fprintf(&b, "%s %d %x\n", d, heads[d].Size, heads[d].Root)
	}
	return estimate.Hash(b.Bytes())
}

// keepFigure records the figure. Its whole result stands in the field diagnostics.
func (w *Workspace) keepFigure(ctx context.Context, f *figure.Figure) error {
	vs, err := f.Values()
	if err != nil {
		return err
	}
	return w.keepRun(ctx, f, vs)
}

// keepRun records what was computed on the day it was, whole in the field diagnostics.
func (w *Workspace) keepRun(ctx context.Context, f *figure.Figure, vs kind.Values) error {
	whole, err := json.Marshal(f)
	if err != nil {
		return err
	}
	vs["diagnostics"] = []kind.Value{kind.Of(string(whole))}
	k, _ := w.Schema().Kind("estimate_run")
	date, _ := k.Field("date")
	on, err := w.Schema().ParseValue(date, f.Made.Format(time.DateOnly), "en")
	if err != nil {
		return err
	}
	vs["date"] = []kind.Value{on}
	_, problems, err := w.State(ctx, casebook.Statement{Record: f.Record, Kind: "estimate_run", Fields: vs}, "save")
	if err == nil && len(problems) > 0 {
		err = fault.New(fault.Invalid, "app.Figure", "the figure cannot be kept: %s", problems[0].Reason).Coded("figure.kept")
	}
	return err
}

// Figures lists the figures made in the workspace, newest first. Other estimates that
// somebody wrote down under the same kind are left out.
func (w *Workspace) Figures(ctx context.Context) ([]*figure.Figure, error) {
	var out []*figure.Figure
	err := w.Desk().Each(ctx, "estimate_run", func(r index.Row) error {
		if f := figureOf(r); f != nil {
			out = append(out, f)
		}
		return nil
	})
	slices.SortFunc(out, func(a, b *figure.Figure) int {
		return cmp.Or(b.Made.Compare(a.Made), a.Record.Compare(b.Record))
	})
	return out, err
}

func figureOf(r index.Row) *figure.Figure {
	var f figure.Figure
	if json.Unmarshal([]byte(r.Values.Get("diagnostics")), &f) != nil || f.Record != r.ID || !slices.Contains(figure.Asks(), f.Question.Ask) {
		return nil
	}
	return &f
}

// Figure reads one figure.
func (w *Workspace) Figure(ctx context.Context, rec id.ID) (*figure.Figure, error) {
	r, err := w.Desk().Row(ctx, rec)
	if err != nil {
		return nil, err
	}
	f := figureOf(*r)
	if f == nil {
		return nil, fault.New(fault.NotFound, "app.Figure", "this record is no figure made here").With("list them with amparo figures list")
	}
	return f, nil
}

// RerunFigure computes a figure again from the records as they are now, without keeping
// it. It fails with fault.Conflict when they are not the ones the figure was made from:
// something was recorded or corrected since, a consent was given or withdrawn, or this
// member may not open all of them.
func (w *Workspace) RerunFigure(ctx context.Context, rec id.ID) (old, now *figure.Figure, err error) {
	if old, err = w.Figure(ctx, rec); err != nil {
		return nil, nil, err
	}
	if now, err = w.computeFigure(ctx, old.Question, old, func(string, int, int) {}); err != nil {
		return nil, nil, err
	}
	if now.InputHash != old.InputHash || now.RecordsID != old.RecordsID {
		same := "the journal has grown since"
		if now.Journal == old.Journal {
			same = "the journal is the same: what this member may open, or whose consent has run out, is not"
		}
		return old, now, fault.New(fault.Conflict, "app.Figure", "the records under the figure are not those it was made from; %s", same).
			With("make a new figure: amparo figures new").Coded("figure.moved")
	}
	return old, now, nil
}

// allowed opens the workspace for both purposes of a figure.
func (w *Workspace) allowed() (counting, matching *Reading, err error) {
	if counting, err = w.For(countingPurpose, ""); err != nil {
		return nil, nil, err
	}
	matching, err = w.For(matchingPurpose, "")
	return counting, matching, err
}
