package figure

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"slices"

	"example.org/amparo/disclose"
	"example.org/amparo/estimate"
	"example.org/amparo/estimate/bounds"
	"example.org/amparo/estimate/survival"
	"example.org/amparo/id"
	"example.org/amparo/internal/chain"
)

// OtherOutcomes stands for outcomes that fewer than ten people had, joined.
const OtherOutcomes = "other"

// died are the outcomes of which no survivor can tell; unclear are those after which a person may
// have died or not.
var (
	died    = []string{"OC-R06", "OC-R07"}
	unclear = []string{"", chain.FateUnknown, "OC-R05"}
)

// AfterDetail is the detail of what happened after a return: the share that had each outcome
// by a time, of those heard. Of the dead there is a fit of its own in the ensemble, which is
// always a refusal.
type AfterDetail struct {
	Outcomes []AfterOutcome `json:"outcomes"`
}

// AfterOutcome is one outcome. At are the times at which its share is given: between two of
// them ten people or more had it. Share is the range at the end whatever became of those whose
// fate is unknown, in whole percents.
type AfterOutcome struct {
	Code  string            `json:"code"` // of the vocabulary outcomes, or OtherOutcomes
	At    []AfterAt         `json:"at"`
	Share estimate.Interval `json:"share"`
}

// AfterAt is a share with its interval by a number of days.
type AfterAt struct {
	Days  float64         `json:"days"`
	Share float64         `json:"share"`
	Lower estimate.Number `json:"lower"`
	Upper estimate.Number `json:"upper"`
}

// DeathBounds is what may be said of the dead: the range of their share among people who were
// on lists and sent back, in whole percents and no narrower than ten people.
type DeathBounds struct {
	Share estimate.Interval `json:"share"`
	// Tipping is the share of the unknown fates that must be deaths for half to have died.
	Tipping estimate.Number `json:"tipping"`
}

// afterTimes are the days at which shares may be given.
var afterTimes = []float64{10, 20, 30, 60, 90, 120, 180, 270, 365, 545, 730, 1095, 1825}

// imputed is how many times the lengths are drawn within what was told, for each draw of who
// is who.
const imputed = 5

// Fate is how the first return of one person went: its outcome and within what time.
type Fate struct {
	outcome string
	lo, hi  float64 // days from the first stay told to the last; hi infinite: not seen to end
	told    bool    // a length is known
	record  id.ID   // of the return
}

// Fates is what is known of returns, by the number of the person's record: how the first went
// of everybody who was sent back, who was heard, and who is on a list.
type Fates struct {
	First         map[int]Fate
	Heard, Listed map[int]bool
}

// After is Aalen and Johansen's estimate of the outcomes of those heard, over draws of
// who is who and of the lengths within what was told; with a refusal for the dead.
func (g *Ground) After(ctx context.Context, q Question, fates Fates, step Step) (estimate.Fit, error) {
	partitions := append([][]uint32{g.Linked}, g.Draws...)
	var canonical bytes.Buffer
	var rows [][]Fate
	for _, entity := range partitions {
		var of []Fate
		spoke, seen := map[uint32]bool{}, map[uint32]bool{}
		for n := range fates.Heard {
			spoke[entity[n]] = true
		}
		for n := range g.Persons {
			f, ok := fates.First[n]
			if !ok || !f.told || !spoke[entity[n]] || seen[entity[n]] || slices.Contains(died, f.outcome) {
				continue
			}
			seen[entity[n]] = true
			of = append(of, f)
			fmt.Fprintf(&canonical, "%s %g %g;", f.outcome, f.lo, f.hi)
		}
		rows = append(rows, of)
		canonical.WriteByte('\n')
	}
	g.bases[AskAfter] = estimate.Hash(fmt.Append(nil, rows[0]))
	death := g.deathBounds(fates)
	fmt.Fprintf(&canonical, "%v %v %v", death.Lower, death.Upper, death.Detail)
	input := g.salted(canonical.Bytes())
	seed, err := q.seed(input)
	if err != nil {
		return estimate.Fit{}, err
	}
	codes, joined := outcomesShown(rows)
	fit, err := outcomesOver(ctx, rows, codes, joined, seed, step)
	if err != nil {
		return estimate.Fit{}, err
	}
	if fit.Refusal == nil {
		g.Outcomes = outcomeTable(rows[0], joined)
	}
	fit.Seed, fit.InputHash = seed, estimate.Hash(input)
	fit.Ensemble = []estimate.Fit{death}
	return fit, nil
}

// FirstFate adds up the stays of the first return of a person, in days.
func FirstFate(p id.ID, e chain.Episode) Fate {
	f := Fate{outcome: e.Outcome, record: e.Record}
	if f.outcome == "" {
		f.outcome = chain.FateUnknown
	}
	for _, d := range chain.Durations(p, []chain.Episode{e}) {
		in := interval(d)
		f.lo, f.hi, f.told = f.lo+in.Left, f.hi+in.Right, true
	}
	return f
}

// outcomesOver estimates the outcomes on every draw, and puts the draws together: the mean of
// the shares, and the widest interval. codes and joined are of [outcomesShown].
func outcomesOver(ctx context.Context, rows [][]Fate, codes []string, joined map[string]string, seed uint64, step Step) (estimate.Fit, error) {
	if codes == nil {
		return tooFew("aalen-johansen", smallest), nil
	}
	fits := len(rows) * imputed
	share := make([][]AfterAt, len(codes)) // by outcome and time
	for k := range share {
		share[k] = make([]AfterAt, len(afterTimes))
		for i, t := range afterTimes {
			share[k][i] = AfterAt{Days: t, Lower: 1}
		}
	}
	var fit estimate.Fit
	for i := range fits {
		if err := ctx.Err(); err != nil {
			return estimate.Fit{}, err
		}
		in := drawn(rows[i/imputed], joined, rand.New(rand.NewPCG(seed, uint64(i))))
		one, err := survival.EstimateOutcomes(in, survival.OutcomeQuestion{Question: survival.Question{Sample: survival.Survivors, Times: afterTimes}, Unknown: chain.FateUnknown})
		if err != nil {
			return estimate.Fit{}, err
		}
		if d, ok := one.Detail.(*survival.Outcomes); ok {
			gather(share, codes, d.Groups[0].AtTimes, fits)
		}
		if i == 0 {
			fit = one
		}
		step(StepMethods, i+1, fits)
	}
	d := &AfterDetail{}
	for k, code := range codes {
		d.Outcomes = append(d.Outcomes, AfterOutcome{Code: code, At: apartByTen(share[k], len(rows[0])), Share: whatever(rows[0], joined, code)})
	}
	fit.Detail = d
	fit.Options["linkage_draws"], fit.Options["length_draws"] = len(rows)-1, imputed
	headline(&fit, d)
	fit.Assume("linkage", "The interval is the widest over draws of which records are one person.")
	fit.Assume("lengths_uniform", "Within what was told, every length of a stay is as likely as another.")
	return fit, nil
}

// outcomesShown chooses the outcomes that have a line of their own: those that ten people or
// more had in every draw. The others are joined, with the smallest of the former where they
// are too few together. joined says under which name an outcome stands; codes are nil where
// less than two are left.
func outcomesShown(rows [][]Fate) (codes []string, joined map[string]string) {
	counts := make([]map[string]int, len(rows))
	least := map[string]int{}
	for i, of := range rows {
		counts[i] = map[string]int{}
		for _, f := range of {
			counts[i][f.outcome]++
			least[f.outcome] = len(rows[0])
		}
	}
	for c := range least {
		for _, count := range counts {
			least[c] = min(least[c], count[c])
		}
	}
	for c := range least {
		codes = append(codes, c)
	}
	slices.SortFunc(codes, func(a, b string) int { return cmp.Or(least[b]-least[a], cmp.Compare(a, b)) })
	joined = map[string]string{}
	rest, any := 0, false
	for k := len(codes) - 1; k >= 0; k-- {
		c := codes[k]
		if joined[c] = c; least[c] >= smallest && (!any || rest >= smallest) {
			continue
		}
		joined[c], any = OtherOutcomes, true
		rest += least[c]
		codes = slices.Delete(codes, k, k+1)
	}
	if any && rest < smallest || len(rows[0]) < 2*smallest {
		return nil, nil
	}
	if any {
		codes = append(codes, OtherOutcomes)
	}
	if len(codes) < 2 {
		return nil, nil
	}
	return codes, joined
}

// drawn draws a length for everybody within what was told. Who was not seen to leave is lost
// from sight then.
func drawn(of []Fate, joined map[string]string, r *rand.Rand) []survival.Outcome {
	out := make([]survival.Outcome, len(of))
	for i, f := range of {
		u := r.Float64()
		out[i] = survival.Outcome{Time: f.lo, Cause: joined[f.outcome]}
		if !math.IsInf(f.hi, 1) {
			out[i].Time = f.lo + u*(f.hi-f.lo)
		} else if f.outcome != chain.FateUnknown {
			out[i].Cause = ""
		}
	}
	return out
}

func gather(share [][]AfterAt, codes []string, at []survival.OutcomesAt, fits int) {
	for i, t := range at {
		for _, s := range t.States {
			k := slices.Index(codes, s.State)
			if k < 0 {
				continue
			}
			a := &share[k][i]
			a.Share += s.P / float64(fits)
			lo, hi := float64(s.Lower), float64(s.Upper)
			if math.IsNaN(lo) || math.IsNaN(hi) {
				lo, hi = s.P, s.P
			}
			a.Lower, a.Upper = estimate.Number(math.Min(float64(a.Lower), lo)), estimate.Number(math.Max(float64(a.Upper), hi))
		}
	}
}

// apartByTen leaves the times between which ten people of n or more had the outcome.
func apartByTen(at []AfterAt, n int) []AfterAt {
	out := []AfterAt{}
	last := 0.0
	for _, a := range at {
		if (a.Share-last)*float64(n) < smallest {
			continue
		}
		last = a.Share
		out = append(out, AfterAt{a.Days, twoDigits(a.Share), down2(a.Lower), up2(a.Upper)})
	}
	return out
}

// whatever is the range of the share of an outcome over every fate that is unknown, widened so
// that a number of less than ten people does not come out of it.
func whatever(of []Fate, joined map[string]string, code string) estimate.Interval {
	f := bounds.Fates{N: len(of)}
	for _, r := range of {
		switch {
		case code != chain.FateUnknown && joined[r.outcome] == joined[chain.FateUnknown]:
			f.Unknown++ // with whatever they are counted with, else the range tells how many those are
		case r.outcome == code || joined[r.outcome] == code:
			f.X++
		}
	}
	return widened(f)
}

// widened gives the range in whole percents, outwards; counts below ten are taken as anything
// from none to nine, of those who had it, of those who had not, and of those nobody knows of.
func widened(f bounds.Fates) estimate.Interval {
	low, high := f.X, f.X
	if low < smallest {
		low, high = 0, smallest-1
	}
	unknown := f.Unknown
	if unknown > 0 {
		unknown = max(unknown, smallest-1)
	}
	if f.N-f.X-f.Unknown < smallest {
		low, high = max(0, min(low, f.N-unknown-(smallest-1))), f.N
	}
	n := float64(f.N)
	return estimate.Interval{Lower: estimate.Number(math.Floor(100*float64(low)/n) / 100), Upper: estimate.Number(math.Min(1, math.Ceil(100*float64(high+unknown)/n)/100)), Level: 1}
}

// headline makes the outcome that most had the figure, by the last time it is given for.
func headline(fit *estimate.Fit, d *AfterDetail) {
	best := -1
	for k, o := range d.Outcomes {
		if len(o.At) > 0 && o.Code != OtherOutcomes && o.Code != chain.FateUnknown && (best < 0 || o.At[len(o.At)-1].Share > d.Outcomes[best].At[len(d.Outcomes[best].At)-1].Share) {
			best = k
		}
	}
	if best < 0 {
		refused := tooFew(fit.Method, smallest)
		fit.Refusal, fit.Detail = refused.Refusal, nil
		return
	}
	last := d.Outcomes[best].At[len(d.Outcomes[best].At)-1]
	fit.Point, fit.Lower, fit.Upper = estimate.Number(last.Share), last.Lower, last.Upper
	fit.Options["cause"], fit.Options["horizon"] = d.Outcomes[best].Code, last.Days
}

// deathBounds refuses the share of the dead: those heard survived. Of people on lists, who were
// known before their fate was, it gives the range over every fate that is unknown, where ten
// of them were sent back.
func (g *Ground) deathBounds(fates Fates) estimate.Fit {
	f := bounds.Fates{}
	of := map[uint32]Fate{}
	on := map[uint32]bool{}
	for n := range g.Persons {
		on[g.Linked[n]] = on[g.Linked[n]] || fates.Listed[n]
		if r, ok := fates.First[n]; ok {
			if old, seen := of[g.Linked[n]]; !seen || slices.Contains(died, r.outcome) && !slices.Contains(died, old.outcome) {
				of[g.Linked[n]] = r
			}
		}
	}
	for e, r := range of {
		if !on[e] {
			continue
		}
		f.N++
		switch {
		case slices.Contains(died, r.outcome):
			f.X++
		case slices.Contains(unclear, r.outcome):
			f.Unknown++
		}
	}
	fit, err := survival.RefuseRisk(bounds.Fates{}, 0.5)
	if err != nil || f.N < smallest {
		return fit
	}
	g.Deaths = &disclose.Table{Columns: []string{DeathsName}, Cells: []disclose.Cell{{Key: []string{"died"}, Count: int64(f.X)},
		{Key: []string{"unclear"}, Count: int64(f.Unknown)}, {Key: []string{"lived"}, Count: int64(f.N - f.X - f.Unknown)}}}
	var basis bytes.Buffer
	for _, e := range slices.Sorted(maps.Keys(of)) {
		if on[e] {
			fmt.Fprintln(&basis, of[e].record, of[e].outcome)
		}
	}
	g.bases[DeathsName] = estimate.Hash(basis.Bytes())
	in := widened(f)
	d := DeathBounds{Share: in, Tipping: estimate.Number(math.NaN())}
	if f.Unknown >= smallest {
		d.Tipping = estimate.Number(twoUp(math.Max(0, (0.5*float64(f.N)-float64(max(f.X, smallest-1)))/float64(f.Unknown))))
	}
	fit.Lower, fit.Upper, fit.Level, fit.Detail = in.Lower, in.Upper, in.Level, d
	offerDeaths(fit.Refusal, in)
	return fit
}

// offerDeaths says in place of a share of the dead within what it lies.
func offerDeaths(r *estimate.Refusal, in estimate.Interval) {
	*r = r.Offer("deaths_between", "Of people on lists who were sent back, the share lies between %g%% and %g%%, whatever befell those whose fate is unknown.", math.Round(100*float64(in.Lower)), math.Round(100*float64(in.Upper)))
}

// outcomeTable counts those heard by what became of them.
func outcomeTable(of []Fate, joined map[string]string) *disclose.Table {
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
