package figure

import (
	"encoding/json"
	"math"
	"reflect"
	"slices"
	"strings"
	"time"

	"example.org/amparo/disclose"
	"example.org/amparo/estimate"
	"example.org/amparo/estimate/proportion"
	"example.org/amparo/fault"
	"example.org/amparo/internal/casebook"
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

// Releases are the tables that figures have shown before. A kept figure counts as released: it
// is read by more people than may open the records.
type Releases struct {
	Figures []*Figure // oldest first
}

// of lists what was shown under a name, oldest first; the same table twice is one. last is
// when the latest was made.
func (r Releases) of(name string) (out []disclose.Release, last time.Time) {
	for _, f := range r.Figures {
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
		return tooFew(method, smallest)
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
	return estimate.Because(ReleasedBefore, "Fewer than %d people came in, left or were corrected since the figure of %s. The difference between the two would tell something about them.", smallest, day.Format(time.DateOnly))
}

// audit holds tables over the same people against everything shown before, under their name
// and of people who are known to stand to them as [relations] says: for every small count, and
// for every small group that came in or left since or that stands in one and not in the other,
// the smallest and the largest number that a reader of all of it can work out.
func (r Releases) audit(name string, tables ...*disclose.Table) (audited, error) {
	before, last := r.of(name)
	return r.hold(name, before, last, tables...)
}

// hold is audit with the earlier tables of the name given. The first table is the one of which
// groups stand to other people.
func (r Releases) hold(name string, before []disclose.Release, last time.Time, tables ...*disclose.Table) (audited, error) {
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
	opt := disclose.Options{Threshold: smallest, Flat: true, Hierarchies: nested(tables), Known: known}
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
func (r Releases) near(name, basis string, n int) bool {
	for _, f := range r.Figures {
		_, shown := f.Released[name]
		low, high, known := f.people(name)
		if !shown && !known || f.Bases[name] == basis {
			continue
		}
		if !known || n < high+smallest && n > low-smallest {
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
func (f *Figure) release(name string, a audited, g *Ground) {
	if a.Release == nil {
		return
	}
	f.Released[name] = *a.Release
	if basis := g.bases[name]; basis != "" {
		f.Bases[name] = basis
	}
}

// audit holds the counts that a fit shows against everything shown before, and refuses
// it, or takes out of it, what would tell something about a few people by the difference.
// The overlaps of a total are audited where they are laid out.
func (f *Figure) audit(fit estimate.Fit, g *Ground, r Releases) (estimate.Fit, error) {
	if f.Question.Ask == AskTotal {
		return f.auditTotal(fit, g, r), nil
	}
	if err := f.auditDeaths(&fit, g, r); err != nil || fit.Refusal != nil {
		return fit, err
	}
	name := strings.TrimSpace(f.Question.Ask + " " + f.Question.Stage)
	switch d := fit.Detail.(type) {
	case *proportion.Lines:
		a, err := r.audit(name, yesNo(name, d.Described.X, d.Described.N-d.Described.X))
		if err != nil {
			return fit, err
		}
		return f.allOrNone(fit, name, a, g), nil
	case *AfterDetail:
		a, err := r.audit(name, g.Outcomes)
		if err != nil {
			return fit, err
		}
		a.near = r.near(name, g.bases[name], TableTotal(g.Outcomes))
		return f.allOrNone(fit, name, a, g), nil
	case *StayDetail:
		return f.auditStay(fit, d, g, name, r)
	}
	return fit, nil
}

// DeathsName is the name under which the range of the share of the dead is held against
// earlier ones.
const DeathsName = "dead"

// auditDeaths holds the range of the share of the dead against what was shown before. Where
// every count behind it may be shown, it is given in whole percents. Where one is small, no count
// is shown and the range is given in steps of ten percent, from which no number of people
// comes out. It is taken out where its ends would move with fewer than ten people.
func (f *Figure) auditDeaths(fit *estimate.Fit, g *Ground, r Releases) error {
	at := slices.IndexFunc(fit.Ensemble, func(m estimate.Fit) bool { _, ok := m.Detail.(DeathBounds); return ok })
	if at < 0 || g.Deaths == nil {
		return nil
	}
	a, err := r.audit(DeathsName, g.Deaths)
	if err != nil {
		return err
	}
	n, basis := TableTotal(g.Deaths), g.bases[DeathsName]
	near := r.near(DeathsName, basis, n)
	m := fit.Ensemble[at]
	d, _ := m.Detail.(DeathBounds)
	refusal := *m.Refusal
	m.Refusal = &refusal
	fit.Ensemble = slices.Clone(fit.Ensemble)
	switch {
	case a.whole() && !near:
		f.release(DeathsName, a, g)
		f.size(DeathsName, basis, n)
		return nil
	case !near && a.elsewhere.IsZero() && !r.counted(DeathsName):
		f.size(DeathsName, basis, n)
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
func (r Releases) counted(name string) bool {
	return slices.ContainsFunc(r.Figures, func(f *Figure) bool { _, ok := f.Released[name]; return ok })
}

// totalName is the name under which the range of a total is held against earlier ones.
const totalName = "total"

// auditTotal refuses a total whose people were changed, but not by ten, since one was shown: its
// ends, and what each method says, may move with each of them.
func (f *Figure) auditTotal(fit estimate.Fit, g *Ground, r Releases) estimate.Fit {
	n, basis := g.observed, g.bases[totalName]
	if basis == "" {
		return fit // there are no lists
	}
	if !r.near(totalName, basis, n) {
		f.size(totalName, basis, n)
		return fit
	}
	last := time.Time{}
	for _, old := range r.Figures {
		if _, ok := old.Sizes[totalName]; ok {
			last = old.Made
		}
	}
	out := audited{last: last}.refusal(fit.Method)
	out.Seed, out.InputHash, out.Options = fit.Seed, fit.InputHash, fit.Options
	return out
}

// allOrNone gives a fit whose every count may be shown, or none.
func (f *Figure) allOrNone(fit estimate.Fit, name string, a audited, g *Ground) estimate.Fit {
	if a.whole() {
		f.release(name, a, g)
		return fit
	}
	out := a.refusal(fit.Method)
	out.Seed, out.InputHash, out.Options = fit.Seed, fit.InputHash, fit.Options
	if f.Question.Ask == AskAfter {
		delete(out.Options, "cause")
		delete(out.Options, "horizon")
		out.Ensemble = fit.Ensemble // of the dead, which is a refusal with a wide range
	}
	return out
}

// differencesHidden says, once, that something is hidden for what was shown before.
func differencesHidden(fit *estimate.Fit) {
	if !slices.ContainsFunc(fit.Warnings, func(w estimate.Warning) bool { return w.Code == "differences_hidden" }) {
		fit.Warn("differences_hidden", "Since an earlier figure only few people came in, left or were corrected. What would tell about them by the difference is hidden.")
	}
}

// ShowedIn is the figure of a record that showed a table, or nil.
func ShowedIn(r *casebook.Record) *Figure {
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
