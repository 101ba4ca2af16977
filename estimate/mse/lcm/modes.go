package lcm

import (
	"math"

	"example.org/amparo/estimate"
	"example.org/amparo/estimate/mcmc"
)

// Mode is a centre of the posterior: where it is highest, and the share of probability up
// to the valleys on both sides.
type Mode struct {
	People estimate.Number `json:"people"`
	Lower  estimate.Number `json:"lower"` // the valley below, or the smallest draw
	Upper  estimate.Number `json:"upper"`
	Share  float64         `json:"share"`
}

const (
	grid = 256
	// A valley counts when the density in it is below this share of the lower of the two
	// hills beside it, and both hills hold at least leastShare: sampling noise makes
	// shallow ones.
	valley     = 0.5
	leastShare = 0.02
)

// modes finds the centres of sorted draws of never-listed people, on the scale of ln(n+missing),
// where posteriors are nearly symmetric: by a Gaussian kernel with Silverman's width.
//
// Source: Silverman (1986), Density Estimation, equation 3.31.
func modes(sorted []float64, n float64) []Mode {
	logs := make([]float64, len(sorted))
	for i, m := range sorted {
		logs[i] = math.Log(n + m)
	}
	low, high := logs[0], logs[len(logs)-1]
	spread := (mcmc.SortedQuantile(logs, 0.75) - mcmc.SortedQuantile(logs, 0.25)) / 1.34
	width := 0.9 * spread * math.Pow(float64(len(logs)), -0.2)
	if !(width > 0) || high <= low {
		at := estimate.Number(n + sorted[len(sorted)/2])
		return []Mode{{at, estimate.Number(n + sorted[0]), estimate.Number(n + sorted[len(sorted)-1]), 1}}
	}
	density := smooth(logs, low, high, width)
	at := func(i int) estimate.Number {
		return estimate.Number(math.Exp(low + (high-low)*float64(i)/(grid-1)))
	}
	var out []Mode
	for _, h := range hills(density) {
		out = append(out, Mode{at(h.top), at(h.from), at(h.to), h.share})
	}
	return out
}

// smooth returns the density on the grid, from counts of the draws by cell.
func smooth(logs []float64, low, high, width float64) []float64 {
	var cells [grid]float64
	for _, x := range logs {
		cells[int(math.Round((x-low)/(high-low)*(grid-1)))]++
	}
	step := (high - low) / (grid - 1)
	out := make([]float64, grid)
	for i := range out {
		for j, c := range cells {
			z := float64(i-j) * step / width
			if c > 0 && z*z < 40 {
				out[i] += c * math.Exp(-z*z/2)
			}
		}
	}
	return out
}

type hill struct {
	from, top, to int
	share         float64
}

// hills cuts the density at its valleys, shallow ones and small hills merged away.
func hills(density []float64) []hill {
	var all []hill
	var total float64
	from, top := 0, 0
	for i := range density {
		total += density[i]
		if density[i] > density[top] {
			top = i
		}
		if i > 0 && i < len(density)-1 && density[i] <= density[i-1] && density[i] < density[i+1] {
			all = append(all, hill{from: from, top: top, to: i})
			from, top = i, i
		}
	}
	all = append(all, hill{from: from, top: top, to: len(density) - 1})
	for i := range all {
		for _, d := range density[all[i].from:all[i].to] {
			all[i].share += d / total
		}
	}
	for {
		at := shallowest(all, density)
		if at < 0 {
			return all
		}
		a, b := all[at], all[at+1]
		if density[b.top] > density[a.top] {
			a.top = b.top
		}
		a.to, a.share = b.to, a.share+b.share
		all[at] = a
		all = append(all[:at+1], all[at+2:]...)
	}
}

// shallowest returns the hill whose valley to the next should go, -1 for none.
func shallowest(all []hill, density []float64) int {
	worst, at := 0.0, -1
	for i := 0; i+1 < len(all); i++ {
		a, b := all[i], all[i+1]
		depth := density[a.to] / min(density[a.top], density[b.top])
		if a.share < leastShare || b.share < leastShare {
			depth = 1 + 1/(a.share+b.share+1e-9)
		}
		if depth > valley && depth > worst {
			worst, at = depth, i
		}
	}
	return at
}
