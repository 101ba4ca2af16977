package survival

import (
	"cmp"
	"math"
	"slices"

	"example.org/amparo/estimate"
	"example.org/amparo/estimate/bounds"
	"example.org/amparo/fault"
)

// Sample says how the people in a table came to be in it. It decides what the table can
// answer.
type Sample string

// The samples.
const (
	Cohort    Sample = "cohort"    // known before their fate was: lists of those taken, families, consular records
	Survivors Sample = "survivors" // people who came out and could speak
	Inside    Sample = "inside"    // people found inside at one time
	Ended     Sample = "ended"     // only stays that had ended by the time of asking
)

// ParseSample reads a sample's name; empty is refused by name so that nobody answers it by
// default.
func ParseSample(s string) (Sample, error) {
	switch v := Sample(s); v {
	case Cohort, Survivors, Inside, Ended:
		return v, nil
	}
	return "", fault.New(fault.Invalid, "survival", "no sample is called %q", s).With("use one of cohort, survivors, inside, ended")
}

// Warnings returns the traps of the sample, by name.
func (s Sample) Warnings() []estimate.Warning {
	switch s {
	case Survivors:
		return []estimate.Warning{{Code: "survivor_sampling", Text: "The people here were released or escaped and reached an interviewer. Nothing in such a sample tells how many died, or how long those who are still held have been held."}}
	case Inside:
		return []estimate.Warning{{Code: "length_bias", Text: "People found inside at one time over-count long stays: a stay twice as long is twice as likely to be found."}}
	case Ended:
		return []estimate.Warning{{Code: "right_truncation", Text: "Only stays that had ended are known. Longer stays are missing because they had not ended; only the distribution up to the longest that could be seen is identified."}}
	}
	return nil
}

// survivorsOnly is the refusal, word for word.
const survivorsOnly = "The people we spoke to are those who survived. This sample cannot say how many did not."

// RefuseRisk answers a question about death (or any outcome that keeps people from
// speaking) asked of survivors: no figure. Where a cohort is known in which fates were
// counted, the fit carries its Manski bounds in Lower and Upper and Detail the tipping
// point for threshold; a cohort of zero N stands for none.
func RefuseRisk(f bounds.Fates, threshold float64) (estimate.Fit, error) {
	r := estimate.Because("survivors_only", survivorsOnly).
		Offer("count_fates", "Count fates among people known to have been held before their fate was known: lists, families, consular records.")
	if f.N == 0 {
		return estimate.Refuse("risk", r), nil
	}
	i, err := f.Interval()
	if err != nil {
		return estimate.Fit{}, err
	}
	r = r.Offer("fates_between", "Of %d people known beforehand, %d are known to have had the outcome and the fate of %d is unknown: the share lies between %.3g%% and %.3g%%.",
		f.N, f.X, f.Unknown, 100*float64(i.Lower), 100*float64(i.Upper))
	fit := estimate.Refuse("risk", r)
	fit.Lower, fit.Upper, fit.Level = i.Lower, i.Upper, i.Level
	fit.Detail = RiskBounds{Fates: f, Interval: i, Threshold: threshold, Tipping: estimate.Number(f.Tipping(threshold)), Sentence: f.Sentence(threshold)}
	return fit, nil
}

// RiskBounds is what may be said of a risk without assuming anything of the unknown
// fates. Tipping is the share of them that must have the outcome to reach Threshold.
type RiskBounds struct {
	Fates     bounds.Fates      `json:"fates"`
	Interval  estimate.Interval `json:"interval"`
	Threshold float64           `json:"threshold"`
	Tipping   estimate.Number   `json:"tipping"`
	Sentence  string            `json:"sentence"`
}

// LengthWeights undoes the length bias of completed stays sampled by being inside at one
// time: each weighs the inverse of its length. It refuses stays of length 0, which cannot
// have been found, and stays not ended, whose length is not known: follow those people
// with an entry instead.
//
// Source: Cox (1969), New Developments in Survey Sampling, 506-527.
func LengthWeights(obs []Observation) ([]Observation, error) {
	out := slices.Clone(obs)
	for i := range out {
		switch {
		case out[i].Late:
			return nil, fault.Problem{Row: i + 1, Column: "entry", Reason: "an entry already accounts for how the person was found", Remedy: "use either entries or length weights"}
		case !out[i].Event:
			return nil, fault.Problem{Row: i + 1, Column: "status", Reason: "a stay found inside that has not ended has no known length", Remedy: "give the time at which the person was found as entry, and follow the person from there"}
		case out[i].Time <= 0:
			return nil, fault.Problem{Row: i + 1, Column: "time", Reason: "a stay of no length cannot have been found", Remedy: "check the dates"}
		}
		out[i].Weight = out[i].weight() / out[i].Time
	}
	return out, nil
}

// EndedStay is a stay known because it had ended by the time of asking: Time long, and it
// could have been up to Limit long and still be known (from its start to the asking).
type EndedStay struct {
	Time, Limit float64
	Weight      float64 // 0 stands for 1
}

// ConditionalStep is P(stay ≤ Time | stay ≤ the longest that could be seen).
type ConditionalStep struct {
	Time   float64         `json:"time"`
	AtRisk float64         `json:"n_risk"`
	Events float64         `json:"n_event"`
	P      float64         `json:"p"`
	SE     estimate.Number `json:"std_err"`
}

// RightTruncated estimates the distribution of stays of which only ended ones are known,
// by the reverse-time hazard: at each length t, of the stays that are at most t and could
// have been seen at t, the share that is t. Only the distribution below the largest Time
// is identified; nothing is said of longer stays.
//
// Sources: Lagakos, Barraj and De Gruttola (1988), Biometrika 75, 515-523; Woodroofe
// (1985), Annals of Statistics 13, 163-177.
func RightTruncated(in []EndedStay) ([]ConditionalStep, error) {
	if len(in) == 0 {
		return nil, fault.New(fault.Invalid, "survival", "there are no stays").With("give at least one row")
	}
	weight := func(e EndedStay) float64 {
		if e.Weight == 0 {
			return 1
		}
		return e.Weight
	}
	for i, e := range in {
		if !finite(e.Time) || e.Time < 0 || math.IsNaN(e.Limit) || e.Limit < e.Time {
			return nil, fault.Problem{Row: i + 1, Column: "limit", Reason: "the stay is longer than could have been seen", Remedy: "limit is the time from the start of the stay to the asking"}
		}
		if !(weight(e) > 0) || math.IsInf(e.Weight, 1) {
			return nil, fault.Problem{Row: i + 1, Column: "weight", Reason: "a weight is a positive number", Remedy: "leave rows of weight 0 out"}
		}
	}
	rows := slices.Clone(in)
	slices.SortStableFunc(rows, func(a, b EndedStay) int { return cmp.Compare(a.Time, b.Time) })
	var steps []ConditionalStep
	for i := 0; i < len(rows); {
		s := ConditionalStep{Time: rows[i].Time}
		for ; i < len(rows) && rows[i].Time == s.Time; i++ {
			s.Events += weight(rows[i])
		}
		for _, e := range rows[:i] {
			if e.Limit >= s.Time {
				s.AtRisk += weight(e)
			}
		}
		steps = append(steps, s)
	}
	p, green := 1.0, 0.0
	for k := len(steps) - 1; k >= 0; k-- {
		s := &steps[k]
		s.P, s.SE = p, estimate.Number(p*math.Sqrt(green))
		rest := s.AtRisk - s.Events
		if rest <= 1e-11*s.AtRisk {
			p, rest = 0, 0
			continue
		}
		p *= rest / s.AtRisk
		green += s.Events / (s.AtRisk * rest)
	}
	return steps, nil
}

// EstimateEnded answers q from ended stays by [RightTruncated]: no median of all stays is
// given, only the distribution of those no longer than the longest that could be seen.
func EstimateEnded(in []EndedStay, q Question) (estimate.Fit, error) {
	q, err := q.check()
	if err != nil {
		return estimate.Fit{}, err
	}
	steps, err := RightTruncated(in)
	if err != nil {
		return estimate.Fit{}, err
	}
	longest := steps[len(steps)-1].Time
	fit := estimate.Refuse("right-truncated", estimate.Because("right_truncation", "Only stays that had ended are known. How long stays last in all cannot be told from them.").
		Offer("stays_no_longer", "Of the stays no longer than %.6g, the distribution is given.", longest))
	fit.Level, fit.Options, fit.Warnings, fit.Detail = q.Level, q.options(), Ended.Warnings(), steps
	fit.Assume("start_independent", "Assumes that how long a stay lasts has nothing to do with when it began.")
	return fit, nil
}
