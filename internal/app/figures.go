package app

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"example.org/amparo/disclose"
	"example.org/amparo/estimate"
	"example.org/amparo/estimate/mse"
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

// Figure is a figure made from the records of a workspace. It holds no record, and of counts by
// list only those of [Figure.Overlaps]: the records are read again when it is computed again, under the consent of
// that day.
type Figure struct {
	Record    id.ID           `json:"record"` // of the kind estimate_run; zero until it is kept
	Question  figure.Question `json:"question"`
	Made      time.Time       `json:"made"`
	Program   string          `json:"program"`
	Journal   string          `json:"journal"` // SHA-256 over the heads of all devices' logs
	Purposes  []string        `json:"purposes"`
	Records   int             `json:"records"`      // records it was made from, in tens: how many came since is nobody's business
	RecordsID string          `json:"records_hash"` // SHA-256 over their ids
	InputHash string          `json:"input_hash"`   // over the counts and the ids of the records
	Seed      uint64          `json:"seed"`
	Fit       json.RawMessage `json:"fit"`
	// Overlaps are, of a total, the overlaps of the lists on the day it was made, with what
	// would single somebody out hidden. They are kept, and never computed again for the same
	// figure: two tables of two days would show by their difference what each hides.
	Overlaps *Overlaps `json:"overlaps,omitempty"`

	// Released are the tables of counts that the figure shows, by what they are of. Later
	// figures are held against them. Bases are hashes over what a curve or range among them rests on,
	// ids included, Sizes about how many people that are, in tens; Against are the figures that
	// this one was held against.
	Released map[string]disclose.Release `json:"released,omitempty"`
	Sizes    map[string]int              `json:"sizes,omitempty"`
	Bases    map[string]string           `json:"bases,omitempty"`
	Against  []id.ID                     `json:"against,omitempty"`

	// Under are the records it was made from. They are known after a figure was computed
	// and are never kept with it.
	Under []id.ID `json:"-"`
}

// Read decodes the result. What only one method has is then plain JSON in Detail.
func (f *Figure) Read() (estimate.Fit, error) {
	var fit estimate.Fit
	err := json.Unmarshal(f.Fit, &fit)
	return fit, err
}

// MakeFigure computes a figure and keeps it as a record of the kind estimate_run. program
// names the version that computes.
func (w *Workspace) MakeFigure(ctx context.Context, q figure.Question, program string) (*Figure, error) {
	return w.MakeFigureTelling(ctx, q, program, func(string, int, int) {})
}

// MakeFigureTelling is MakeFigure that tells how far it is. Nothing is written before all
// of it is computed: a context that ends leaves nothing behind.
func (w *Workspace) MakeFigureTelling(ctx context.Context, q figure.Question, program string, step figure.Step) (*Figure, error) {
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
	if slices.ContainsFunc(before.figures, func(b *Figure) bool { return !slices.Contains(f.Against, b.Record) }) {
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
func (w *Workspace) newFigure(q figure.Question, purposes ...string) *Figure {
	return &Figure{Question: q, Made: w.opt.Now().UTC().Truncate(time.Second), Journal: w.journalHash(), Purposes: purposes,
		Released: map[string]disclose.Release{}, Sizes: map[string]int{}, Bases: map[string]string{}}
}

// heldAgainst notes what a figure is held against.
func (f *Figure) heldAgainst(before releases) {
	for _, b := range before.figures {
		f.Against = append(f.Against, b.Record)
	}
}

// computeFigure computes a figure. again is the one that is computed again, or nil.
func (w *Workspace) computeFigure(ctx context.Context, q figure.Question, again *Figure, step figure.Step) (*Figure, error) {
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
	f.heldAgainst(before)
	before.figures = append(before.figures, f) // what it shows first, the rest of it is held against
	var fit estimate.Fit
	switch q.Ask {
	case figure.AskTotal:
		if f.Overlaps, err = w.overlaps(ctx, ground, before, f); err == nil {
			fit, err = w.totalFigure(ctx, ground, q, f.Overlaps, step)
		}
	case figure.AskStay:
		fit, err = w.stayFigure(ctx, ground, q, step)
	case figure.AskAfter:
		fit, err = w.afterFigure(ctx, ground, q, step)
	default:
		fit, err = w.shareFigure(ctx, ground, q)
	}
	if err != nil {
		return nil, err
	}
	if q.Ask != figure.AskTotal && fit.Refusal == nil && ground.doubtful > q.Limits.Unresolved {
		refused := estimate.Refuse(fit.Method, estimate.Because(mse.Unresolved, "Matching is uncertain; the figure would move from %g to %g.", figure.TwoDown(float64(fit.Lower)), figure.TwoUp(float64(fit.Upper))))
		refused.Seed, refused.InputHash, refused.Options = fit.Seed, fit.InputHash, fit.Options
		fit = refused
	}
	if fit, err = f.auditFigure(fit, ground, before); err != nil {
		return nil, err
	}
	fit.Assume("consent", "Counts only people whose consent covers statistics and matching on the day it was made.")
	f.Under = ground.used()
	f.Records, f.InputHash, f.Seed = int(figure.FewDown(float64(len(f.Under)))), fit.InputHash, fit.Seed
	var all bytes.Buffer
	for _, rec := range f.Under {
		all.WriteString(rec.String())
	}
	f.RecordsID = estimate.Hash(all.Bytes())
	f.Fit, err = json.Marshal(fit)
	return f, err
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
func (w *Workspace) keepFigure(ctx context.Context, f *Figure) error {
	fit, err := f.Read()
	if err != nil {
		return err
	}
	vs := kind.Values{"model": {kind.Of(f.Question.Ask + ": " + fit.Method)}}
	for name, v := range map[string]estimate.Number{"lower": fit.Lower, "point": fit.Point, "upper": fit.Upper} {
		if b, err := v.MarshalJSON(); err == nil && string(b) != "null" {
			vs[name] = []kind.Value{kind.Of(string(b))}
		}
	}
	for _, a := range fit.Assumptions {
		vs["assumptions"] = append(vs["assumptions"], kind.Of(a.Text))
	}
	vs["assumptions"] = vs["assumptions"][:min(1, len(vs["assumptions"]))]
	if fit.Refusal != nil {
		vs["refusal"] = []kind.Value{kind.Of(fit.Refusal.Text)}
	}
	return w.keepRun(ctx, f, vs)
}

// keepRun records what was computed on the day it was, whole in the field diagnostics.
func (w *Workspace) keepRun(ctx context.Context, f *Figure, vs kind.Values) error {
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
func (w *Workspace) Figures(ctx context.Context) ([]*Figure, error) {
	var out []*Figure
	err := w.Desk().Each(ctx, "estimate_run", func(r index.Row) error {
		if f := figureOf(r); f != nil {
			out = append(out, f)
		}
		return nil
	})
	slices.SortFunc(out, func(a, b *Figure) int {
		return cmp.Or(b.Made.Compare(a.Made), a.Record.Compare(b.Record))
	})
	return out, err
}

func figureOf(r index.Row) *Figure {
	var f Figure
	if json.Unmarshal([]byte(r.Values.Get("diagnostics")), &f) != nil || f.Record != r.ID || !slices.Contains(figure.Asks(), f.Question.Ask) {
		return nil
	}
	return &f
}

// Figure reads one figure.
func (w *Workspace) Figure(ctx context.Context, rec id.ID) (*Figure, error) {
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
func (w *Workspace) RerunFigure(ctx context.Context, rec id.ID) (old, now *Figure, err error) {
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
