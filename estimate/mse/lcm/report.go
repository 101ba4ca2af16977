package lcm

import (
	"fmt"
	"math"
	"slices"

	"example.org/amparo/estimate"
	"example.org/amparo/estimate/mcmc"
)

// Posterior is what a fit of this method has in Detail: the posterior of the number of
// people within the bound. When the fit is refused it shows why, and is no figure.
type Posterior struct {
	Listed int             `json:"listed"` // people on at least one list
	Mean   estimate.Number `json:"mean"`
	Median estimate.Number `json:"median"`
	Lower  estimate.Number `json:"lower"` // of the central interval
	Upper  estimate.Number `json:"upper"`
	// MCSELower and MCSEUpper are the Monte Carlo standard errors of the ends.
	MCSELower estimate.Number `json:"mcse_lower"`
	MCSEUpper estimate.Number `json:"mcse_upper"`
	Modes     []Mode          `json:"modes"`
	// Observable is the population counting only those whose chance to be on any list is
	// above a threshold.
	Observable []Observable `json:"observable"`
	// Most is the largest number of people the bound allows; NearBound the posterior
	// probability of its last hundredth, and Removed an estimate of the probability
	// that the bound cuts off, from the classes seen: if it is not small it is too low.
	Most      int     `json:"most"`
	NearBound float64 `json:"near_bound"`
	Removed   float64 `json:"removed"`
	// Means over the draws, for comparison with other programs.
	Classes float64         `json:"classes"` // classes with anybody in them
	None    float64         `json:"none"`    // probability of being on no list
	Alpha   estimate.Number `json:"alpha"`   // median
	// Medians are the medians of the single chains, Tempered says they were tempered.
	Medians  []float64 `json:"chain_medians"`
	Tempered bool      `json:"tempered"`
	// Draws are at most 1000 draws, evenly spaced over all chains, of the number of people.
	Draws []Draw `json:"draws"`
}

// Draw is one draw of the posterior.
type Draw struct {
	People  int     `json:"people"`
	Classes int     `json:"classes"`
	None    float64 `json:"none"`
	Alpha   float64 `json:"alpha"`
}

// Observable is the population of classes whose people are on some list with a chance
// above Threshold. Unlike the whole population it does not rest on people whom no list
// could have seen.
//
// Source: Johndrow, Lum and Manrique-Vallier (2019), Low-risk population size estimates
// in the presence of capture heterogeneity, Biometrika 106(1), 197-210.
type Observable struct {
	Threshold float64         `json:"threshold"`
	Median    estimate.Number `json:"median"`
	Lower     estimate.Number `json:"lower"`
	Upper     estimate.Number `json:"upper"`
}

const digest = 1000

// posterior sums the traces up.
func (r *run) posterior() Posterior {
	tail := (1 - r.o.Level) / 2
	missing := r.chainsOf("missing")
	sorted := mcmc.Pool(missing)
	slices.Sort(sorted)
	n := float64(r.t.people)
	at := func(p float64) estimate.Number { return estimate.Number(n + mcmc.SortedQuantile(sorted, p)) }
	p := Posterior{
		Listed: r.t.people, Mean: estimate.Number(n + mean(sorted)), Median: at(0.5), Lower: at(tail), Upper: at(1 - tail),
		MCSELower: estimate.Number(mcmc.MCSEQuantile(missing, tail)),
		MCSEUpper: estimate.Number(mcmc.MCSEQuantile(missing, 1-tail)),
		Modes:     modes(sorted, n),
		Most:      (1 + r.o.Bound) * r.t.people,
		Classes:   mean(mcmc.Pool(r.chainsOf("classes"))),
		None:      mean(mcmc.Pool(r.chainsOf("none"))),
		Alpha:     estimate.Number(mcmc.Quantile(mcmc.Pool(r.chainsOf("alpha")), 0.5)),
		Tempered:  r.tempered,
		Draws:     r.digest(),
	}
	for _, c := range missing {
		p.Medians = append(p.Medians, n+mcmc.Quantile(c, 0.5))
	}
	edge := 0.99 * float64(r.o.Bound) * n
	first, _ := slices.BinarySearch(sorted, edge)
	p.NearBound = float64(len(sorted)-first) / float64(len(sorted))
	p.Removed = removed(mcmc.Pool(r.chainsOf("within")))
	for i, e := range r.o.Thresholds {
		seen := mcmc.Pool(r.chainsOf(observableName(i)))
		slices.Sort(seen)
		p.Observable = append(p.Observable, Observable{
			Threshold: e, Median: estimate.Number(mcmc.SortedQuantile(seen, 0.5)),
			Lower: estimate.Number(mcmc.SortedQuantile(seen, tail)), Upper: estimate.Number(mcmc.SortedQuantile(seen, 1-tail)),
		})
	}
	return p
}

// removed estimates the share of the posterior without a bound that the bound cuts off.
// With F the probability to lie within the bound given the classes, the draws follow the
// unbounded posterior times F, so the mean of 1/F over them is one over the share kept.
func removed(lnF []float64) float64 {
	var sum float64
	for _, f := range lnF {
		sum += math.Exp(min(-f, 20))
	}
	return 1 - float64(len(lnF))/sum
}

func mean(xs []float64) float64 {
	var s float64
	for _, x := range xs {
		s += x
	}
	return s / float64(len(xs))
}

// digest picks evenly spaced draws of all chains.
func (r *run) digest() []Draw {
	missing, classes := mcmc.Pool(r.chainsOf("missing")), mcmc.Pool(r.chainsOf("classes"))
	none, alpha := mcmc.Pool(r.chainsOf("none")), mcmc.Pool(r.chainsOf("alpha"))
	n := min(digest, len(missing))
	out := make([]Draw, n)
	for i := range out {
		at := i * len(missing) / n
		out[i] = Draw{r.t.people + int(missing[at]), int(classes[at]), none[at], alpha[at]}
	}
	return out
}

// report makes the fit of the traces.
func (r *run) report() estimate.Fit {
	p := r.posterior()
	fit := estimate.Fit{Method: Method, Point: p.Median, Median: p.Median, Lower: p.Lower, Upper: p.Upper}
	switch {
	case !r.usable():
		fit = estimate.Refuse(Method, estimate.Because("not-settled", "The calculation did not settle: separate runs give %s and %s. No figure is given.",
			twoDigits(slices.Min(p.Medians)), twoDigits(slices.Max(p.Medians))).Offer("at_least_listed", "At least the %d people on the lists.", r.t.people))
	case p.NearBound > 1e-3:
		fit = estimate.Refuse(Method, estimate.Because("no-upper-limit", "The data do not limit the total from above. We give a lower bound: at least %s.", twoDigits(float64(p.Lower))).
			Offer("lower_end", "The lower end of the interval, which assumes that no more than %d people were missed for each one listed.", r.o.Bound))
		fit.Lower, fit.Upper = p.Lower, estimate.Number(math.Inf(1))
	}
	q := r.quality
	fit.Diagnostics, fit.Detail = &q, p
	r.assume(&fit)
	if fit.Refusal == nil || fit.Refusal.Code != "not-settled" {
		r.warn(&fit, p)
	}
	return fit
}

func (r *run) assume(fit *estimate.Fit) {
	fit.Assume("one-population", "The lists are of one population in one place and period, and nobody entered or left it.")
	fit.Assume("matched", "Every person on two lists was recognised as the same person, and nobody was taken for another.")
	fit.Assume("classes", "People fall into groups, unknown to us, and within a group being on one list does not change the chance of being on another.")
	fit.Assume("reachable", "Everybody counted had some chance of being listed; a group that no list could reach is not in the figure.")
	fit.Assume("prior", "Before the lists are seen, few groups are likelier than many (at most %d), every chance of being listed is as likely as any other, and no more than %d people were missed for each one listed.",
		r.o.Classes, r.o.Bound)
}

func (r *run) warn(fit *estimate.Fit, p Posterior) {
	if !r.settled() {
		fit.Warn("roughly-settled", "Separate runs agree roughly only (R-hat %.3f, %.0f effective draws): the ends of the interval are uncertain by about %s and %s people.",
			float64(r.quality.RHat), r.effective(), twoDigits(float64(p.MCSELower)), twoDigits(float64(p.MCSEUpper)))
	}
	if r.t.usedLists() == 3 {
		fit.Warn("few-lists", "With three lists the data say little about the groups: the figure moves with the prior. Compare other values of classes and alpha.")
	}
	if len(p.Modes) > 1 {
		fit.Warn("modes", "The answer has %d separate centres; the median lies where few of the plausible totals do. Show the centres.", len(p.Modes))
	}
	if last := len(p.Observable) - 1; last >= 0 && p.Observable[last].Median < p.Median/2 {
		o := p.Observable[last]
		fit.Warn("barely-observable", "More than half of the total are people whose chance of being on any list is below %g: their number rests on the model. About %s had a better chance.",
			o.Threshold, twoDigits(float64(o.Median)))
	}
	if p.Classes > float64(r.o.Classes)-0.5 && r.o.Classes > 1 {
		fit.Warn("classes-full", "All %d groups are in use: more might be needed.", r.o.Classes)
	}
	if p.NearBound <= 1e-3 && p.Removed > 1e-3 {
		fit.Warn("bound", "The bound of %d missed people for each one listed cuts off about %.2g of the probability.", r.o.Bound, p.Removed)
	}
}

// twoDigits writes a number of people with two significant digits and commas.
func twoDigits(x float64) string {
	if math.IsNaN(x) || math.IsInf(x, 0) {
		return "unknown"
	}
	unit := 1.0
	for ; math.Abs(x)/unit >= 100; unit *= 10 {
	}
	s := fmt.Sprintf("%.0f", math.Round(x/unit)*unit)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
