package app

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"reflect"
	"slices"
	"strings"
	"time"

	"example.org/amparo/disclose"
	"example.org/amparo/estimate"
	"example.org/amparo/estimate/proportion"
	"example.org/amparo/fault"
	"example.org/amparo/id"
	"example.org/amparo/internal/casebook"
	"example.org/amparo/internal/figure"
	"example.org/amparo/internal/index"
)

// ReleasedBefore is the code of a figure that is not given because its difference from an
// earlier one would tell something about a few people.
const ReleasedBefore = "released_before"

// mostReleases bounds how many different tables of the same question a new one is held
// against: the attack grows with each, and fast for tables of many columns.
func mostReleases(tables []*disclose.Table) int {
	if len(tables[0].Columns) >= maxOverlapLists {
		return 3
	}
	return 8
}

// tooManyReleases is the code of a figure that is not given because too many different ones of its
// question were shown before.
const tooManyReleases = "too_many_releases"

// releases are the tables that figures have shown before. A kept figure counts as released: it
// is read by more people than may open the records.
type releases struct {
	figures []*Figure // oldest first
}

// of lists what was shown under a name, oldest first; the same table twice is one. last is
// when the latest was made.
func (r releases) of(name string) (out []disclose.Release, last time.Time) {
	for _, f := range r.figures {
		if rel, ok := f.Released[name]; ok {
			last = f.Made
			if !slices.ContainsFunc(out, func(o disclose.Release) bool { return reflect.DeepEqual(o, rel) }) {
				out = append(out, rel)
			}
		}
	}
	return out, last
}

// audited is what may be shown of tables after everything shown before.
type audited struct {
	*disclose.Result
	last      time.Time // of the figure of the question they were held against; zero: none
	elsewhere time.Time // of what was shown of other people that leaves a few over; zero: none
	near      bool      // people were changed, but not by ten, and more than their counts would be shown
}

// whole reports whether nothing at all has to be hidden.
func (a audited) whole() bool { return !a.near && a.Refusal == nil && a.Audit.Hidden == 0 }

// refusal says why a figure is not given.
func (a audited) refusal(method string) estimate.Fit {
	if a.Result != nil && a.Refusal != nil && a.Refusal.Code == tooManyReleases {
		return estimate.Refuse(method, *a.Refusal)
	}
	if a.last.IsZero() && a.elsewhere.IsZero() {
		return figure.TooFew(method, figure.Smallest)
	}
	if a.elsewhere.IsZero() || a.near {
		return estimate.Refuse(method, later(fewSince(a.last)))
	}
	return estimate.Refuse(method, later(fewElsewhere(a.elsewhere)))
}

// later adds to a refusal what to do.
func later(r estimate.Refusal) estimate.Refusal {
	return r.Offer("wait_for_accounts", "Wait for more accounts, then make the figure again.")
}

// fewSince says that the difference from the figure of a day would tell of a few people.
func fewSince(day time.Time) estimate.Refusal {
	return estimate.Because(ReleasedBefore, "Fewer than %d people came in, left or were corrected since the figure of %s. The difference between the two would tell something about them.", figure.Smallest, day.Format(time.DateOnly))
}

// audit holds tables over the same people against everything shown before, under their name
// and of people who are known to stand to them as [relations] says: for every small count, and
// for every small group that came in or left since or that stands in one and not in the other,
// the smallest and the largest number that a reader of all of it can work out.
func (r releases) audit(name string, tables ...*disclose.Table) (audited, error) {
	before, last := r.of(name)
	return r.hold(name, before, last, tables...)
}

// hold is audit with the earlier tables of the name given. The first table is the one of which
// groups stand to other people.
func (r releases) hold(name string, before []disclose.Release, last time.Time, tables ...*disclose.Table) (audited, error) {
	known, days := r.known(name, len(tables[0].Columns))
	out := audited{last: last, elsewhere: elsewhere(known, days, tables[0])}
	if most := mostReleases(tables); len(before) > most {
		r := estimate.Because(tooManyReleases, "More than %d different tables of this question were shown before; a new one is not held against so many.", most)
		out.Result = &disclose.Result{Refusal: &r}
		return out, nil
	}
	for _, t := range tables {
		if t.Name == "" {
			t.Name = name
		}
	}
	opt := disclose.Options{Threshold: figure.Smallest, Flat: true, Hierarchies: figure.Nested(tables), Known: known}
	res, err := disclose.Suppress(tables, before, opt)
	if k := fault.KindOf(err); len(before)+len(known) > 0 && (k == fault.Invalid || k == fault.TooLarge) {
		// No people agree with all of it: some were changed, and how many nobody can tell.
		r := fewSince(last)
		if len(before) == 0 {
			r = fewElsewhere(days[0])
		}
		res = &disclose.Result{Refusal: &r}
	} else if err != nil {
		return out, err
	}
	out.Result = res
	return out, nil
}

// near reports whether people were changed, but not certainly ten of them came in or left, since
// a figure that showed more of them than counts, such as a curve or a range.
func (r releases) near(name, basis string, n int) bool {
	for _, f := range r.figures {
		_, shown := f.Released[name]
		low, high, known := f.people(name)
		if !shown && !known || f.Bases[name] == basis {
			continue
		}
		if !known || n < high+figure.Smallest && n > low-figure.Smallest {
			return true
		}
	}
	return false
}

// people is how many people, at least and at most, what was shown under a name rested on, where
// the figure shows or keeps that.
func (f *Figure) people(name string) (low, high int, known bool) {
	if rel, ok := f.Released[name]; ok {
		if n, exact := countIn(rel, ""); exact {
			return int(n), int(n), true
		}
	}
	tens, sized := f.Sizes[name]
	return tens, tens + 9, sized
}

// size keeps about how many people something rests on that shows more of them than counts: in
// tens, and only what it rests on.
func (f *Figure) size(name, basis string, n int) {
	f.Sizes[name], f.Bases[name] = n/10*10, basis
}

// release keeps what was shown under a name.
func (f *Figure) release(name string, a audited, g *ground) {
	if a.Release == nil {
		return
	}
	f.Released[name] = *a.Release
	if basis := g.bases[name]; basis != "" {
		f.Bases[name] = basis
	}
}

// auditFigure holds the counts that a fit shows against everything shown before, and refuses
// it, or takes out of it, what would tell something about a few people by the difference.
// The overlaps of a total are audited where they are laid out.
func (f *Figure) auditFigure(fit estimate.Fit, g *ground, r releases) (estimate.Fit, error) {
	if f.Question.Ask == figure.AskTotal {
		return f.auditTotal(fit, g, r), nil
	}
	if err := f.auditDeaths(&fit, g, r); err != nil || fit.Refusal != nil {
		return fit, err
	}
	name := strings.TrimSpace(f.Question.Ask + " " + f.Question.Stage)
	switch d := fit.Detail.(type) {
	case *proportion.Lines:
		a, err := r.audit(name, figure.YesNo(name, d.Described.X, d.Described.N-d.Described.X))
		if err != nil {
			return fit, err
		}
		return f.allOrNone(fit, name, a, g), nil
	case *AfterDetail:
		a, err := r.audit(name, g.outcomes)
		if err != nil {
			return fit, err
		}
		a.near = r.near(name, g.bases[name], figure.TableTotal(g.outcomes))
		return f.allOrNone(fit, name, a, g), nil
	case *StayDetail:
		return f.auditStay(fit, d, g, name, r)
	}
	return fit, nil
}

// deathsName is the name under which the range of the share of the dead is held against
// earlier ones.
const deathsName = "dead"

// auditDeaths holds the range of the share of the dead against what was shown before. Where
// every count behind it may be shown, it is given in whole percents. Where one is small, no count
// is shown and the range is given in steps of ten percent, from which no number of people
// comes out. It is taken out where its ends would move with fewer than ten people.
func (f *Figure) auditDeaths(fit *estimate.Fit, g *ground, r releases) error {
	at := slices.IndexFunc(fit.Ensemble, func(m estimate.Fit) bool { _, ok := m.Detail.(DeathBounds); return ok })
	if at < 0 || g.deaths == nil {
		return nil
	}
	a, err := r.audit(deathsName, g.deaths)
	if err != nil {
		return err
	}
	n, basis := figure.TableTotal(g.deaths), g.bases[deathsName]
	near := r.near(deathsName, basis, n)
	m := fit.Ensemble[at]
	d, _ := m.Detail.(DeathBounds)
	refusal := *m.Refusal
	m.Refusal = &refusal
	fit.Ensemble = slices.Clone(fit.Ensemble)
	switch {
	case a.whole() && !near:
		f.release(deathsName, a, g)
		f.size(deathsName, basis, n)
		return nil
	case !near && a.elsewhere.IsZero() && !r.counted(deathsName):
		f.size(deathsName, basis, n)
		d.Share.Lower, d.Share.Upper = estimate.Number(math.Floor(10*float64(d.Share.Lower))/10), estimate.Number(math.Ceil(10*float64(d.Share.Upper))/10)
		d.Tipping = estimate.Number(math.NaN())
		m.Lower, m.Upper, m.Detail = d.Share.Lower, d.Share.Upper, d
		offerDeaths(&refusal, d.Share)
	default:
		m.Lower, m.Upper, m.Level, m.Detail = estimate.Number(math.NaN()), estimate.Number(math.NaN()), 0, nil
		refusal = refusal.Without()
		differencesHidden(fit)
	}
	fit.Ensemble[at] = m
	return nil
}

// counted reports whether any count was shown under a name.
func (r releases) counted(name string) bool {
	return slices.ContainsFunc(r.figures, func(f *Figure) bool { _, ok := f.Released[name]; return ok })
}

// totalName is the name under which the range of a total is held against earlier ones.
const totalName = "total"

// auditTotal refuses a total whose people were changed, but not by ten, since one was shown: its
// ends, and what each method says, may move with each of them.
func (f *Figure) auditTotal(fit estimate.Fit, g *ground, r releases) estimate.Fit {
	n, basis := g.observed, g.bases[totalName]
	if basis == "" {
		return fit // there are no lists
	}
	if !r.near(totalName, basis, n) {
		f.size(totalName, basis, n)
		return fit
	}
	last := time.Time{}
	for _, old := range r.figures {
		if _, ok := old.Sizes[totalName]; ok {
			last = old.Made
		}
	}
	out := audited{last: last}.refusal(fit.Method)
	out.Seed, out.InputHash, out.Options = fit.Seed, fit.InputHash, fit.Options
	return out
}

// allOrNone gives a fit whose every count may be shown, or none.
func (f *Figure) allOrNone(fit estimate.Fit, name string, a audited, g *ground) estimate.Fit {
	if a.whole() {
		f.release(name, a, g)
		return fit
	}
	out := a.refusal(fit.Method)
	out.Seed, out.InputHash, out.Options = fit.Seed, fit.InputHash, fit.Options
	if f.Question.Ask == figure.AskAfter {
		delete(out.Options, "cause")
		delete(out.Options, "horizon")
		out.Ensemble = fit.Ensemble // of the dead, which is a refusal with a wide range
	}
	return out
}

// auditStay audits the numbers at risk and the stages of the rug. A time is left out where the
// people who left around it would differ by a few from those of an earlier figure.
func (f *Figure) auditStay(fit estimate.Fit, d *StayDetail, g *ground, name string, r releases) (estimate.Fit, error) {
	before, last := r.of(name)
	at := d.AtRisk
	for _, b := range before {
		at = slices.DeleteFunc(at, func(t AtRisk) bool { return !slices.Contains(bracketTimes(b), t.Time) })
	}
	for {
		var coarse []disclose.Release
		for _, b := range before {
			coarse = append(coarse, inBrackets(b, at))
		}
		a, err := r.hold(name, coarse, last, bracketTable(at))
		if err != nil {
			return fit, err
		}
		if len(at) == 1 || a.whole() {
			a.near = r.near(name, g.bases[name], at[0].People)
			if fit = f.allOrNone(fit, name, a, g); fit.Refusal != nil {
				return fit, nil
			}
			break
		}
		at = mergeHidden(at, a)
	}
	if len(at) < len(d.AtRisk) {
		differencesHidden(&fit)
	}
	d.AtRisk = at
	var shown []StageMarks
	for _, s := range d.Stages {
		stage := rugName(s.Stage)
		a, err := r.audit(stage, &disclose.Table{Columns: []string{stage}, Cells: []disclose.Cell{{Key: []string{"told"}, Count: int64(g.told[s.Stage])}}})
		if err != nil {
			return fit, err
		}
		if a.near = r.near(stage, g.bases[stage], g.told[s.Stage]); !a.whole() {
			differencesHidden(&fit)
			continue
		}
		f.release(stage, a, g)
		shown = append(shown, s)
	}
	d.Stages = shown
	return fit, nil
}

// bracketTable counts people by the time between two of those given up to which they were
// certainly held.
func bracketTable(at []AtRisk) *disclose.Table {
	t := &disclose.Table{Columns: []string{"held"}}
	for i, r := range at {
		n := r.People
		if i+1 < len(at) {
			n -= at[i+1].People
		}
		t.Cells = append(t.Cells, disclose.Cell{Key: []string{bracketKey(r.Time)}, Count: int64(n)})
	}
	return t
}

func bracketKey(days float64) string { return fmt.Sprintf("%g days or more", days) }

func bracketTimes(r disclose.Release) []float64 {
	var out []float64
	for _, t := range riskTimes {
		if slices.ContainsFunc(r.Tables[0].Cells, func(c disclose.ReleasedCell) bool { return c.Key[0] == bracketKey(t) }) {
			out = append(out, t)
		}
	}
	return out
}

// inBrackets is a release with the brackets between fewer times. All its counts were shown.
func inBrackets(r disclose.Release, at []AtRisk) disclose.Release {
	sums := map[string]int64{}
	for _, t := range bracketTimes(r) {
		key := ""
		for _, a := range at {
			if a.Time <= t {
				key = bracketKey(a.Time)
			}
		}
		for _, c := range r.Tables[0].Cells {
			if c.Key[0] == bracketKey(t) && c.Count != nil {
				sums[key] += *c.Count
				sums[""] += *c.Count
			}
		}
	}
	table := disclose.ReleasedTable{Name: r.Tables[0].Name, Columns: r.Tables[0].Columns}
	for _, key := range slices.Sorted(maps.Keys(sums)) {
		n := sums[key]
		table.Cells = append(table.Cells, disclose.ReleasedCell{Key: []string{key}, Count: &n})
	}
	r.Tables = []disclose.ReleasedTable{table}
	return r
}

// mergeHidden takes out a time beside each bracket that may not be shown.
func mergeHidden(at []AtRisk, a audited) []AtRisk {
	hidden := map[string]bool{}
	for _, c := range a.Cells {
		if c.Published == nil {
			hidden[c.Key[0]] = true
		}
	}
	var out []AtRisk
	for i, t := range at {
		if i > 0 && (hidden[bracketKey(t.Time)] || i == 1 && hidden[bracketKey(at[0].Time)]) {
			continue
		}
		out = append(out, t)
	}
	if len(out) == len(at) { // the total itself, or everything
		return at[:1]
	}
	return out
}

// differencesHidden says, once, that something is hidden for what was shown before.
func differencesHidden(fit *estimate.Fit) {
	if !slices.ContainsFunc(fit.Warnings, func(w estimate.Warning) bool { return w.Code == "differences_hidden" }) {
		fit.Warn("differences_hidden", "Since an earlier figure only few people came in, left or were corrected. What would tell about them by the difference is hidden.")
	}
}

// releasedBefore are the figures that a new one is held against, or for a figure that is
// computed again those that it was held against then. What a figure showed is read from the
// history of its record, which no later account changes.
func (w *Workspace) releasedBefore(ctx context.Context, again *Figure) (releases, error) {
	var recs []id.ID
	if err := w.Desk().Each(ctx, "estimate_run", func(r index.Row) error {
		recs = append(recs, r.ID)
		return nil
	}); err != nil {
		return releases{}, err
	}
	var out releases
	for _, rec := range recs {
		if again != nil && !slices.Contains(again.Against, rec) {
			continue
		}
		f, err := w.showedBy(ctx, rec)
		if err != nil {
			return releases{}, err
		}
		if f != nil {
			out.figures = append(out.figures, f)
		}
	}
	slices.SortFunc(out.figures, func(a, b *Figure) int {
		return cmp.Or(a.Made.Compare(b.Made), len(a.Against)-len(b.Against), a.Record.Compare(b.Record))
	})
	return out, nil
}

// showedIn is the figure of a record that showed a table, or nil.
func showedIn(r *casebook.Record) *Figure {
	for _, ev := range r.History {
		for _, v := range ev.Act.Fields["diagnostics"] {
			var f Figure
			if json.Unmarshal([]byte(v.Text), &f) == nil && f.Record == r.ID && len(f.Released)+len(f.Sizes) > 0 {
				return &f
			}
		}
	}
	return nil
}

// outcomeTable counts those heard by what became of them.
func outcomeTable(of []fateOf, joined map[string]string) *disclose.Table {
	count := map[string]int64{}
	for _, r := range of {
		count[joined[r.outcome]]++
	}
	t := &disclose.Table{Columns: []string{"outcome"}}
	for _, code := range slices.Sorted(maps.Keys(count)) {
		t.Cells = append(t.Cells, disclose.Cell{Key: []string{code}, Count: count[code]})
	}
	return t
}
