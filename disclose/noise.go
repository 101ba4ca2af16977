package disclose

import (
	"encoding/binary"
	"io"
	"math"

	"example.org/amparo/estimate"
	"example.org/amparo/fault"
)

// Noise is a two-sided geometric law, P(k) = (1-a)/(1+a) a^|k| with a = exp(-ε/Δ): what
// is added to every innermost count so that one person more or less changes the
// probability of any published table by at most a factor exp(ε).
//
// It fits public counters over many people that change all the time, where every change
// would else be a difference of one. It does not fit a table of some tens of people: the
// noise is then as large as the counts, and evidence is destroyed.
//
// Source: Ghosh, Roughgarden and Sundararajan (2009), STOC, 351-360.
type Noise struct {
	// Millis is ε in thousandths, so that sampling is exact.
	Millis int64
	// PerPerson is Δ: the most cells of one table that one person is counted in.
	PerPerson int64
}

func (n Noise) check() error {
	if n.Millis < 1 || n.Millis > 100_000 || n.PerPerson < 1 || n.PerPerson > 1000 {
		return fault.New(fault.Invalid, "disclose", "noise needs an epsilon from 0.001 to 100 and 1 to 1000 cells a person").
			With("the usual epsilon is 0.1 to 2")
	}
	return nil
}

// Scale is b = Δ/ε.
func (n Noise) Scale() float64 { return float64(n.PerPerson) * 1000 / float64(n.Millis) }

// Probability is P(k).
func (n Noise) Probability(k int64) float64 {
	a := math.Exp(-1 / n.Scale())
	return (1 - a) / (1 + a) * math.Pow(a, math.Abs(float64(k)))
}

// SD is the standard deviation, sqrt(2a)/(1-a).
func (n Noise) SD() float64 {
	a := math.Exp(-1 / n.Scale())
	return math.Sqrt(2*a) / (1 - a)
}

// Error95 is the size that the continuous (Laplace) noise of the same scale exceeds with
// probability 0.05: b ln 20.
func (n Noise) Error95() float64 { return n.Scale() * math.Log(20) }

// Draw takes one value from the law, exactly: it uses whole numbers only, so that the
// low bits of a float give nothing away. src must not be guessable.
//
// Source: Canonne, Kamath and Steinke (2020), "The Discrete Gaussian for Differential
// Privacy", algorithm 2; on floats Mironov (2012), CCS, 650-661.
func (n Noise) Draw(src io.Reader) (int64, error) {
	t, s := uint64(n.PerPerson*1000), uint64(n.Millis)
	c := coins{src: src}
	for c.err == nil {
		u := c.below(t)
		if !c.exp(u, t) {
			continue
		}
		v := uint64(0)
		for c.exp(1, 1) {
			v++
		}
		y := int64((u + t*v) / s)
		negative := c.below(2) == 1
		if negative && y == 0 {
			continue
		}
		if negative {
			y = -y
		}
		return y, c.err
	}
	return 0, c.err
}

// coins draws from a source of bytes.
type coins struct {
	src io.Reader
	err error
}

// below is uniform on 0..n-1.
func (c *coins) below(n uint64) uint64 {
	limit := math.MaxUint64 - math.MaxUint64%n
	for c.err == nil {
		var b [8]byte
		if _, c.err = io.ReadFull(c.src, b[:]); c.err != nil {
			break
		}
		if v := binary.LittleEndian.Uint64(b[:]); v < limit {
			return v % n
		}
	}
	return 0
}

// exp is true with probability exp(-n/d), n <= d.
func (c *coins) exp(n, d uint64) bool {
	k := uint64(1)
	for c.err == nil && c.below(d*k) < n {
		k++
	}
	return c.err == nil && k%2 == 1
}

// fewPeople is the size of a table below which noise is refused.
const fewPeople = 100

// AddNoise publishes the innermost counts with noise and totals that are their sums.
// What comes out below the threshold is not shown; that uses the noisy values only and
// costs no privacy. It is refused where noise would destroy what it protects.
func AddNoise(tables []*Table, released []Release, opt Options, n Noise, src io.Reader) (*Result, error) {
	if err := n.check(); err != nil {
		return nil, err
	}
	m, err := newModel(tables, released, opt)
	if err != nil {
		return nil, err
	}
	inner, err := m.oneTable("blurred")
	if err != nil {
		return nil, err
	}
	res := &Result{Options: m.opt, Warnings: m.warnings, InputHash: m.hash(), Cells: []Published{}}
	if res.Refusal = m.refuseNoise(inner, n, res); res.Refusal != nil {
		return res, nil
	}
	fit := newFit(m, inner)
	for i := range inner {
		d, err := n.Draw(src)
		if err != nil {
			return nil, fault.Because(fault.Storage, "disclose", "no random numbers could be had", err)
		}
		fit.move(i, d)
	}
	for i, c := range m.cells {
		c.rng = Range{0, Unlimited}
		c.hidden = ""
		for _, s := range c.spots {
			pub := m.published(c, s)
			pub.Published, pub.Rounded = nil, true
			if v := c.count + fit.err[i]; v >= m.opt.Threshold {
				pub.Published = &v
			}
			res.Cells = append(res.Cells, pub)
		}
	}
	m.spent(res, n)
	return res, nil
}

// refuseNoise says where noise does not fit.
func (m *model) refuseNoise(inner []*cell, n Noise, res *Result) *estimate.Refusal {
	if res.Warnings == nil {
		res.Warnings = []estimate.Warning{}
	}
	total, filled := int64(0), int64(0)
	for _, c := range inner {
		total += c.count
		if c.count > 0 {
			filled++
		}
	}
	switch {
	case total < fewPeople:
		r := estimate.Because("too_few_for_noise", "This table counts too few people for noise: it would be as large as the counts, and the evidence in them would be gone.").
			Offer("suppress", "hide cells (--method suppress)")
		return &r
	case n.Error95()*float64(filled)*2 > float64(total):
		r := estimate.Because("noise_too_large", "The noise asked for would be larger than half of the usual count: the table would say nothing.").
			Offer("suppress_or_join", "hide cells (--method suppress), or publish fewer and larger groups")
		return &r
	}
	for _, b := range m.before {
		if b.release.Method != "noise" {
			r := estimate.Because("exact_before", "True counts of these people were released before. Noise now protects nobody against a reader who has them.").
				Offer("suppress_against", "hide cells (--method suppress) against the earlier releases")
			return &r
		}
	}
	return nil
}

// spent writes the release and adds up what all releases together give away.
func (m *model) spent(res *Result, n Noise) {
	sum := float64(n.Millis) / 1000
	for _, b := range m.before {
		sum += b.release.Epsilon
	}
	if len(m.before) > 0 {
		res.Warnings = append(res.Warnings, estimate.Warning{Code: "epsilon_adds_up",
			Text: "Every release of the same people adds to what a reader learns; the sum of epsilon is epsilon_spent."})
	}
	res.EpsilonSpent = sum
	rel := m.release()
	rel.Method, rel.Epsilon = "noise", float64(n.Millis)/1000
	for i := range rel.Tables {
		for j := range rel.Tables[i].Cells {
			rel.Tables[i].Cells[j].Count = nil // noise says nothing for certain
		}
		rel.Tables[i].Partial = true
	}
	res.Release = &rel
}
