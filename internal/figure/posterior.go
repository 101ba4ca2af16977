package figure

import (
	"context"
	"math"
	"math/rand/v2"

	"example.org/amparo/estimate"
	"example.org/amparo/estimate/hist"
	"example.org/amparo/estimate/mse/dga"
)

// bins is about how many stretches a posterior is drawn in.
const bins = 24

// posteriorDraws are the draws that the stretches of a posterior are counted on. The
// distribution itself is a function of the lists: whoever knows all counts but the hidden ones
// could try until it comes out, to the last percent (docs/decisions/0040).
const posteriorDraws = 100

// posteriorOver mixes the posterior of the decomposable graphs over the tables, or is nil
// where they give none. low is the lower end of the range that is published. drawn says that
// it is shown by draws, with a seed that is not kept; figures of before hold it as it is.
func posteriorOver(ctx context.Context, tables []hist.Table, low float64, seed uint64, drawn bool, step Step) (*TotalPosterior, error) {
	mix := map[int]float64{}
	first, last, n, bound := math.MaxInt, 0, 0.0, 0
	for k, t := range tables {
		step(StepPosterior, k, len(tables))
		f, err := dga.Fit(ctx, t, dga.Options{NoSensitivity: true})
		if err != nil {
			return nil, err
		}
		d, ok := f.Detail.(dga.Detail)
		if f.Refusal != nil || !ok {
			return nil, nil
		}
		for i, w := range d.Posterior.P {
			mix[d.Posterior.First+i] += w / float64(len(tables))
		}
		first, last = min(first, d.Posterior.First), max(last, d.Posterior.First+len(d.Posterior.P)-1)
		n += float64(t.N()) / float64(len(tables))
		bound = max(bound, t.N()+d.To)
	}
	p := dga.Posterior{First: first, P: make([]float64, last-first+1)}
	for i := range p.P {
		p.P[i] = mix[first+i]
	}
	q := p.Quantiles(0.001, 0.025, 0.5, 0.975, 0.995)
	out := &TotalPosterior{Lower: fewDown(float64(q[1])), Median: fewDigits(float64(q[2])), Upper: fewUp(float64(q[3])), Bound: fewUp(float64(bound)),
		Threshold: estimate.Number(low), Tipping: estimate.Number(math.NaN())}
	for _, m := range p.Peaks() {
		out.Modes = append(out.Modes, PosteriorBin{fewDigits(float64(m.N)), int(math.Round(100 * m.Share))})
	}
	if drawn {
		out.Bins, out.Draws = drawnBins(p, q[0], q[4], seed), posteriorDraws
	} else {
		out.Bins = binned(p, q[0], q[4])
	}
	for _, xi := range tiedAt {
		at := func(total int) float64 { return n + max(0, float64(total)-n)/xi }
		out.Tie = append(out.Tie, TieAt{xi, fewDigits(at(q[2])), fewDown(at(q[1])), fewUp(at(q[3]))})
	}
	if low > n && float64(q[2]) > low {
		out.Tipping = estimate.Number(twoDigits((float64(q[2]) - n) / (low - n)))
	}
	return out, nil
}

// tiedAt are the odds for which the sensitivity is drawn.
var tiedAt = []float64{0.25, 0.33, 0.5, 0.67, 1, 1.5, 2, 3, 4}

// binned gathers a posterior into stretches of one round width, from a total to another.
func binned(p dga.Posterior, from, to int) []PosteriorBin {
	width := int(math.Max(1, twoUp(float64(to-from)/bins)))
	var out []PosteriorBin
	for lo := from / width * width; lo <= to; lo += width {
		share := 0.0
		for n := max(lo, p.First); n < lo+width && n-p.First < len(p.P); n++ {
			share += p.P[n-p.First]
		}
		out = append(out, PosteriorBin{float64(lo) + float64(width)/2, int(math.Round(100 * share))})
	}
	return out
}

// drawnBins counts draws from a posterior in stretches of one round width. What lies before from
// or behind to is put there.
func drawnBins(p dga.Posterior, from, to int, seed uint64) []PosteriorBin {
	width := stretch(float64(to-from) / drawnStretches)
	first := math.Floor(float64(from)/width) * width
	out := make([]PosteriorBin, int((float64(to)-first)/width)+1)
	for i := range out {
		out[i].N = first + (float64(i)+0.5)*width
	}
	rng := rand.New(rand.NewPCG(seed, 0x706f73746572696f))
	for range posteriorDraws {
		u, n := rng.Float64(), 0
		for ; n+1 < len(p.P) && u >= p.P[n]; n++ {
			u -= p.P[n]
		}
		n = min(max(p.First+n, from), to)
		out[int((float64(n)-first)/width)].Share++
	}
	return out
}
