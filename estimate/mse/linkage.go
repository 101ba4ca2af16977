package mse

import (
	"context"
	"math"
	"slices"

	"example.org/amparo/estimate"
	"example.org/amparo/estimate/hist"
	"example.org/amparo/fault"
)

// Mixed is what an estimate over draws of a linkage is made of.
type Mixed struct {
	Draws    int             `json:"draws"`
	Refused  int             `json:"refused"` // draws in which the method gave no figure
	Lowest   estimate.Number `json:"lowest"`  // smallest and largest figure over the draws
	Highest  estimate.Number `json:"highest"`
	Between  estimate.Number `json:"between"`  // standard deviation between draws, of the middle
	Within   estimate.Number `json:"within"`   // root mean variance within draws
	Observed [2]int          `json:"observed"` // fewest and most people on any list
}

// OverLinkage is the ensemble over draws of who is who: tables holds the histories of each
// draw of the partition. Every method is fitted to every draw, and the draws are mixed with
// equal weight, so that its interval holds the uncertainty of the linkage and its own. It
// is refused with code unresolved_links when the plan's share of unresolved links is above
// the limit; the words then say how far the total would move.
func OverLinkage(ctx context.Context, tables []hist.Table, p Plan) (estimate.Fit, error) {
	p = p.filled()
	if len(tables) == 0 {
		return estimate.Fit{}, fault.New(fault.Invalid, "mse", "there are no draws of the linkage").With("give one table a draw")
	}
	for _, t := range tables {
		if r := Screen(t, p); r != nil {
			return refused(ctx, t, p, *r)
		}
	}
	// The draws of the linkage share the draws of the bootstraps between them.
	each := p
	each.LoglinDraws, each.SparseDraws = shareOut(p.LoglinDraws, len(tables)), shareOut(p.SparseDraws, len(tables))
	mixed := make([]estimate.Fit, 0, len(p.Methods))
	for k, m := range p.Methods {
		some := tables
		if m == LCM {
			some = spread(tables, p.LatentTables)
		}
		var fits []estimate.Fit
		for i, t := range some {
			f, err := each.Member(ctx, t, m)
			if err != nil {
				return estimate.Fit{}, err
			}
			fits = append(fits, f)
			if p.Progress != nil {
				p.Progress(k*len(some)+i+1, len(p.Methods)*len(some))
			}
			if m == LCM && p.LatentEnough != nil && p.LatentEnough() {
				break
			}
		}
		mixed = append(mixed, Mix(some[:len(fits)], fits, p.Level))
	}
	f := verdict(tables[0], p, mixed)
	f.InputHash = hashAll(tables)
	f.Options["linkage_draws"] = len(tables)
	if p.Unresolved > p.Limits.Unresolved {
		low, high := spanOf(mixed)
		r := estimate.Because(Unresolved, "Matching is uncertain; the total would move from %d to %d.", Round(low, -1), Round(high, 1))
		f.Refusal, f.Lower, f.Upper = &r, estimate.Number(math.NaN()), estimate.Number(math.NaN())
	}
	return f, nil
}

// spread returns at most n of the tables, evenly spread; all of them for 0.
func spread(tables []hist.Table, n int) []hist.Table {
	if n <= 0 || n >= len(tables) {
		return tables
	}
	out := make([]hist.Table, n)
	for i := range out {
		out[i] = tables[i*len(tables)/n]
	}
	return out
}

// fewestDraws is the least number of bootstrap draws of one draw of the linkage.
const fewestDraws = 20

func shareOut(draws, tables int) int {
	if draws <= 0 {
		return -1
	}
	return max(fewestDraws, (draws+tables-1)/tables)
}

func hashAll(tables []hist.Table) string {
	var b []byte
	for _, t := range tables {
		b = append(b, t.Hash()...)
	}
	return estimate.Hash(b)
}

// spanOf returns the smallest and largest figure of the estimators over the draws.
func spanOf(mixed []estimate.Fit) (low, high float64) {
	low, high = math.Inf(1), math.Inf(-1)
	for _, m := range mixed {
		if d, ok := m.Detail.(Mixed); ok && slices.Contains(estimators, m.Method) && d.Refused < d.Draws {
			low, high = min(low, float64(d.Lowest)), max(high, float64(d.Highest))
		}
	}
	return low, high
}

// Mix puts the fits of one method to draws of a linkage together: one fit a table, in the
// same order. Quantiles are those of the mixture of the fits' samples; a fit without a
// sample is taken as a two-sided normal in the logarithm of who is missing. When half of
// the draws or more have no figure, the mixture has none, for the reason of the first; where
// that is that the data do not limit the total, the smallest of their lower bounds stands.
func Mix(tables []hist.Table, fits []estimate.Fit, level float64) estimate.Fit {
	d := Mixed{Draws: len(fits), Lowest: estimate.Number(math.Inf(1)), Highest: estimate.Number(math.Inf(-1)), Observed: [2]int{math.MaxInt, 0}}
	var pool, middles []float64
	within := 0.0
	var reason *estimate.Refusal
	for i, f := range fits {
		n := tables[i].N()
		d.Observed[0], d.Observed[1] = min(d.Observed[0], n), max(d.Observed[1], n)
		if f.Refusal != nil || math.IsNaN(float64(f.Point)) {
			d.Refused++
			if reason == nil {
				reason = f.Refusal
			}
			continue
		}
		s := representatives(f, float64(n))
		pool = append(pool, s...)
		mean, variance := moments(s)
		within += variance
		middles = append(middles, mean)
		d.Lowest, d.Highest = min(d.Lowest, f.Point), max(d.Highest, f.Point)
	}
	out := estimate.Fit{Method: fits[0].Method}
	if 2*d.Refused >= d.Draws {
		r := estimate.Because("no_figure", "In half of the ways to match the records or more there is no figure.")
		if reason != nil {
			r = *reason
		}
		out = estimate.Refuse(fits[0].Method, r)
		if r.Code == Unbounded {
			out.Lower, out.Upper = leastBound(fits), estimate.Number(math.Inf(1))
		}
	} else {
		slices.Sort(pool)
		_, between := moments(middles)
		d.Between, d.Within = estimate.Number(math.Sqrt(between)), estimate.Number(math.Sqrt(within/float64(len(middles))))
		out.Lower, out.Upper = estimate.Number(quantile(pool, (1-level)/2)), estimate.Number(quantile(pool, (1+level)/2))
		out.Median = estimate.Number(quantile(pool, 0.5))
		out.Point, out.Sample = out.Median, pool
	}
	out.Level, out.Options, out.Detail = level, fits[0].Options, d
	out.Assumptions, out.Warnings, out.Seed = fits[0].Assumptions, fits[0].Warnings, fits[0].Seed
	return out
}

// leastBound is the smallest lower end of fits, of those that give one.
func leastBound(fits []estimate.Fit) estimate.Number {
	least := math.NaN()
	for _, f := range fits {
		if low := float64(f.Lower); math.IsNaN(least) || low < least {
			least = low
		}
	}
	return estimate.Number(least)
}

// representativesOf is how many equally likely values stand for one fit in a mixture.
const representativesOf = 200

// representatives returns that many values of the fit, whatever the size of its sample, so
// that each draw of the linkage weighs the same.
func representatives(f estimate.Fit, n float64) []float64 {
	out := make([]float64, representativesOf)
	for i := range out {
		p := (float64(i) + 0.5) / representativesOf
		if len(f.Sample) > 0 {
			out[i] = quantile(f.Sample, p)
			continue
		}
		z := math.Sqrt2 * math.Erfinv(2*p-1)
		middle, end := float64(f.Point)-n, float64(f.Upper)-n
		if z < 0 {
			end = float64(f.Lower) - n
		}
		if middle <= 0 || end <= 0 {
			out[i] = float64(f.Point)
			continue
		}
		out[i] = n + middle*math.Exp(math.Abs(z)/estimate.Z(f.Level)*math.Log(end/middle))
	}
	return out
}

func moments(v []float64) (mean, variance float64) {
	for _, x := range v {
		mean += x / float64(len(v))
	}
	for _, x := range v {
		variance += (x - mean) * (x - mean) / float64(len(v))
	}
	return mean, variance
}

// quantile interpolates an ascending sample (type 5 of Hyndman and Fan 1996): the middle
// of the i-th of n equal parts is the i-th value.
func quantile(sorted []float64, p float64) float64 {
	h := p*float64(len(sorted)) - 0.5
	k := math.Floor(h)
	lo, hi := sorted[max(0, min(int(k), len(sorted)-1))], sorted[max(0, min(int(k)+1, len(sorted)-1))]
	if lo == hi {
		return lo
	}
	return lo + (h-k)*(hi-lo)
}
