package figure

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"example.org/amparo/estimate"
	"example.org/amparo/estimate/survival"
	"example.org/amparo/internal/chain"
	"example.org/amparo/internal/kind"
)

// StayDetail is the detail of a figure of stays: Turnbull's estimate, its boxes joined until
// each holds ten people or more, and what is drawn beside it.
type StayDetail struct {
	survival.Bracketed
	AtRisk []AtRisk     `json:"at_risk"`
	Stages []StageMarks `json:"stages"`
}

// AtRisk is how many people were certainly held still after Time days.
type AtRisk struct {
	Time   float64 `json:"time"`
	People int     `json:"people"`
}

// StageMarks is one stage in the rug of the chain. A mark stands for ten people or more, never
// for one: between the mean of the shortest and the mean of the longest that their stays can
// have been, in days. A stage of which fewer told has none.
type StageMarks struct {
	Stage string       `json:"stage"`
	Marks [][2]float64 `json:"marks"`
	Held  bool         `json:"held,omitempty"` // of ten people or more the end was not seen; they are in no mark
}

// fewestStays is the least number of stays of which a duration is given.
const fewestStays = smallest

// Stay is Turnbull's estimate of how long a stage lasted, one first stay a person, over draws of
// who is who. all are the first stays by their stage and the number of the person's record;
// set has the stages in order.
func (g *Ground) Stay(ctx context.Context, q Question, set *kind.Set, all map[string]map[int]chain.Duration, step Step) (estimate.Fit, error) {
	stays := all[q.Stage]
	partitions := append([][]uint32{g.Linked}, g.Draws...)
	var in [][]survival.Interval
	var canonical bytes.Buffer
	for _, entity := range partitions {
		var rows []survival.Interval
		seen := map[uint32]bool{}
		for n := range g.Persons {
			if d, ok := stays[n]; ok && !seen[entity[n]] {
				seen[entity[n]] = true
				rows = append(rows, interval(d))
				fmt.Fprintf(&canonical, "%g %g %s;", d.Lo, d.Hi, d.Censoring)
			}
		}
		canonical.WriteByte('\n')
		in = append(in, rows)
	}
	marks := g.marks(set, all)
	fmt.Fprintf(&canonical, "%v", marks)
	g.basesOf(all, q.Stage)
	input := g.salted(canonical.Bytes())
	seed, err := q.seed(input)
	if err != nil {
		return estimate.Fit{}, err
	}
	var fits []estimate.Fit
	for i, rows := range in {
		if len(rows) < fewestStays {
			fits = []estimate.Fit{tooFew("turnbull", fewestStays)}
			break
		}
		if err := ctx.Err(); err != nil {
			return estimate.Fit{}, err
		}
		f, err := survival.EstimateIntervals(rows, survival.Question{Sample: survival.Survivors}, stayDraws, rand.New(rand.NewPCG(seed, uint64(i))))
		if err != nil {
			return estimate.Fit{}, err
		}
		fits = append(fits, f)
		step(StepMethods, i+1, len(in))
	}
	fit := overDraws(fits)
	drawStays(&fit, in[0], marks)
	fit.Seed, fit.InputHash = seed, estimate.Hash(input)
	return fit, nil
}

// stayDraws are the bootstrap draws of one draw of who is who.
const stayDraws = 50

// interval is what is known of a stay's length, a told round number taken as coarse.
func interval(d chain.Duration) survival.Interval {
	if d.Censoring == chain.Right {
		return survival.Interval{Left: math.Max(0, d.Lo), Right: math.Inf(1)}
	}
	return survival.Told(d.Lo, d.Hi)
}

// riskTimes are the days at which the numbers at risk may stand: round ones, for the end of a
// stay that somebody told must not be one of them by chance.
var riskTimes = []float64{0, 5, 10, 20, 30, 45, 60, 90, 120, 180, 270, 365, 545, 730, 1095, 1825, 3650}

// drawStays fills in what is drawn of a figure of stays, and joins the boxes of the curve.
func drawStays(fit *estimate.Fit, rows []survival.Interval, stages []StageMarks) {
	b, ok := fit.Detail.(*survival.Bracketed)
	if !ok || len(b.Groups) == 0 {
		return
	}
	g := &b.Groups[0]
	t := *g.Fit
	t.Masses, t.LogLikelihood, t.Gap = roundBoxes(t.Masses, float64(g.N)), 0, 0
	g.Fit, g.Median = &t, boxOf(t.Masses, 0.5)
	for i, w := range fit.Warnings {
		if w.Code == "median_in_interval" {
			fit.Warnings[i] = estimate.Warning{Code: "median_in_interval", Text: "The median lies within one box of the curve; the dates cannot say where."}
		}
	}
	fit.Detail = &StayDetail{Bracketed: *b, AtRisk: riskSet(rows), Stages: stages}
}

// roundBoxes puts neighbouring masses together until each box holds the smallest group or more
// of n, and its edges are round days: the edge of a mass is a length that somebody told. A
// box ends only where a round day lies between it and the next mass, so that no mass is moved.
func roundBoxes(masses []survival.Mass, n float64) []survival.Mass {
	var out []survival.Mass
	open := survival.Mass{P: -1} // none
	for i, m := range masses {
		if open.P < 0 {
			left := roundDays(m.Left, math.Floor)
			if len(out) > 0 {
				left = float64(out[len(out)-1].Right)
			}
			open = survival.Mass{Left: left}
		}
		open.P += m.P
		open.Right = estimate.Number(roundDays(float64(m.Right), math.Ceil))
		if i < len(masses)-1 && open.P*n > smallest-1e-6 && float64(open.Right) <= masses[i+1].Left && float64(open.Right) > open.Left {
			out, open = append(out, open), survival.Mass{P: -1}
		}
	}
	switch {
	case open.P < 0:
		return out
	case len(out) > 0 && open.P*n < smallest-1e-6:
		last := &out[len(out)-1]
		last.Right, last.P = open.Right, last.P+open.P
		return out
	case float64(open.Right) <= open.Left: // all told one round length
		open.Right = estimate.Number(roundDays(open.Left+1, math.Ceil))
	}
	return append(out, open)
}

// roundDays rounds to five days, beyond a hundred to ten and beyond a year to thirty.
func roundDays(x float64, round func(float64) float64) float64 {
	unit := 5.0
	switch {
	case math.IsInf(x, 1):
		return x
	case x > 365:
		unit = 30
	case x > 100:
		unit = 10
	}
	return unit * round(x/unit)
}

func boxOf(masses []survival.Mass, p float64) survival.Mass {
	sum := 0.0
	for _, m := range masses {
		if sum += m.P; sum >= p-1e-9 {
			return m
		}
	}
	return masses[len(masses)-1]
}

// riskSet is the numbers of people certainly held still, at times between which ten people
// or more left, down to ten.
func riskSet(rows []survival.Interval) []AtRisk {
	var out []AtRisk
	for _, t := range riskTimes {
		n := 0
		for _, r := range rows {
			if t == 0 || r.Left >= t {
				n++
			}
		}
		if n < smallest || len(out) > 0 && out[len(out)-1].People-n < smallest {
			continue
		}
		out = append(out, AtRisk{t, n})
	}
	return out
}

// marks is the rug of the chain: each stage of the vocabulary, in its order, as the records
// are linked.
func (g *Ground) marks(set *kind.Set, all map[string]map[int]chain.Duration) []StageMarks {
	voc, _ := set.Vocabulary("repatriation_stages")
	var out []StageMarks
	for _, term := range voc.Terms {
		if all[term.Code] == nil {
			continue
		}
		var ended []chain.Duration
		held := 0
		seen := map[uint32]bool{}
		for n := range g.Persons {
			d, ok := all[term.Code][n]
			if !ok || seen[g.Linked[n]] {
				continue
			}
			if seen[g.Linked[n]] = true; d.Censoring == chain.Right {
				held++
			} else {
				ended = append(ended, d)
			}
		}
		slices.SortStableFunc(ended, func(a, b chain.Duration) int {
			return cmp.Or(cmp.Compare(a.Lo+a.Hi, b.Lo+b.Hi), cmp.Compare(a.Lo, b.Lo))
		})
		m := StageMarks{Stage: term.Code, Held: held >= smallest, Marks: [][2]float64{}}
		for k := len(ended) / smallest; k > 0; k-- {
			size := len(ended) / k // what is over goes to the last groups, one each
			lo, hi := 0.0, 0.0
			for _, d := range ended[:size] {
				lo, hi = lo+d.Lo/float64(size), hi+d.Hi/float64(size)
			}
			m.Marks = append(m.Marks, [2]float64{twoDown(lo), twoUp(hi)})
			ended = ended[size:]
		}
		g.Told[term.Code] = len(seen)
		if m.Held || len(m.Marks) > 0 {
			out = append(out, m) // of any other stage fewer told, or nobody did
		}
	}
	return out
}

// basesOf notes what the curve of a stage and the marks of all stages rest on: the records of
// the stays and what was told of them. The ids are random, so that no hash gives a stay away.
func (g *Ground) basesOf(all map[string]map[int]chain.Duration, stage string) {
	for code, of := range all {
		var b bytes.Buffer
		seen := map[uint32]bool{}
		for n := range g.Persons {
			if d, ok := of[n]; ok && !seen[g.Linked[n]] {
				seen[g.Linked[n]] = true
				fmt.Fprintf(&b, "%s %g %g %s;", d.Stage, d.Lo, d.Hi, d.Censoring)
			}
		}
		g.bases[RugName(code)] = estimate.Hash(b.Bytes())
	}
	g.bases[AskStay+" "+stage] = g.bases[RugName(stage)]
}
