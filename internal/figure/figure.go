// Package figure computes the figures of a workspace from what was read for them, and says what
// of each may be shown: numbers of people are rounded, small counts hidden, and every figure is
// held against all that was shown before it. It reads no record and keeps nothing: who may be
// counted is decided where the records are read.
package figure

import (
	"bytes"
	"encoding/json"
	"time"

	"example.org/amparo/disclose"
	"example.org/amparo/estimate"
	"example.org/amparo/estimate/mse"
	"example.org/amparo/id"
	"example.org/amparo/internal/kind"
)

// Figure is a figure made from the records of a workspace. It holds no record, and of counts by
// list only those of Overlaps: the records are read again when it is computed again, under the
// consent of that day.
type Figure struct {
	Record    id.ID           `json:"record"` // of the kind estimate_run; zero until it is kept
	Question  Question        `json:"question"`
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

// New begins a figure of a day, made for some purposes.
func New(q Question, made time.Time, purposes ...string) *Figure {
	return &Figure{Question: q, Made: made, Purposes: purposes,
		Released: map[string]disclose.Release{}, Sizes: map[string]int{}, Bases: map[string]string{}}
}

// HeldAgainst notes what a figure is held against.
func (f *Figure) HeldAgainst(before Releases) {
	for _, b := range before.Figures {
		f.Against = append(f.Against, b.Record)
	}
}

// Finish refuses a fit where too many links are in doubt, holds it against all that was shown
// before, and puts it into the figure, with the records it is made from.
func (f *Figure) Finish(fit estimate.Fit, ground *Ground, before Releases) (err error) {
	q := f.Question
	if q.Ask != AskTotal && fit.Refusal == nil && ground.Doubtful > q.Limits.Unresolved {
		refused := estimate.Refuse(fit.Method, estimate.Because(mse.Unresolved, "Matching is uncertain; the figure would move from %g to %g.", twoDown(float64(fit.Lower)), twoUp(float64(fit.Upper))))
		refused.Seed, refused.InputHash, refused.Options = fit.Seed, fit.InputHash, fit.Options
		fit = refused
	}
	if fit, err = f.audit(fit, ground, before); err != nil {
		return err
	}
	fit.Assume("consent", "Counts only people whose consent covers statistics and matching on the day it was made.")
	f.Under = ground.used()
	f.Records, f.InputHash, f.Seed = int(fewDown(float64(len(f.Under)))), fit.InputHash, fit.Seed
	var all bytes.Buffer
	for _, rec := range f.Under {
		all.WriteString(rec.String())
	}
	f.RecordsID = estimate.Hash(all.Bytes())
	f.Fit, err = json.Marshal(fit)
	return err
}

// Values are the fields of the record of a figure, of the kind estimate_run, but for its date and
// the whole of it.
func (f *Figure) Values() (kind.Values, error) {
	fit, err := f.Read()
	if err != nil {
		return nil, err
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
	return vs, nil
}
