package eval

import (
	"math"
	"math/rand/v2"
	"testing"
)

// invention is pairs whose true chance of a match is the weight's, bent.
func invention(rng *rand.Rand, bend func(bits float64) float64) (strata []Stratum, truth [][]bool) {
	for bits := -12.0; bits <= 16; bits++ {
		for _, together := range []bool{false, true} {
			n := 40
			switch {
			case together && bits < -2 || !together && bits > 4:
				continue
			case !together && bits < -6:
				n = 3000
			}
			s := Stratum{Bits: bits, Together: together, Pairs: n}
			var is []bool
			for range n {
				is = append(is, rng.Float64() < 1/(1+math.Exp2(-bend(bits))))
			}
			strata, truth = append(strata, s), append(truth, is)
		}
	}
	return strata, truth
}

// Over many inventions, some with a model that is too sure of itself, the truth lies in the
// intervals about as often as they say; more answers make them narrower.
func TestErrorsHoldTheTruth(t *testing.T) {
	bends := map[string]func(float64) float64{
		"as the model says": func(b float64) float64 { return b },
		"too sure":          func(b float64) float64 { return 0.7*b - 0.5 },
	}
	for name, bend := range bends {
		rng := rand.New(rand.NewPCG(3, 4))
		held, worlds := 0, 60
		var wide, narrow float64
		for range worlds {
			strata, truth := invention(rng, bend)
			var right, linked, all float64
			var answers []Answer
			for i, s := range strata {
				for _, same := range truth[i] {
					if same {
						all++
					}
					if s.Together {
						linked++
						if same {
							right++
						}
					}
				}
				for k := range 3 { // three of each, at random: their order is
					answers = append(answers, Answer{s.Bits, s.Together, truth[i][k]})
				}
			}
			e := EstimateErrors(strata, Known{}, answers, 1)
			p, r := right/linked, right/all
			if e.Precision.Low <= p && p <= e.Precision.High && e.Recall.Low <= r && r <= e.Recall.High {
				held++
			}
			none := EstimateErrors(strata, Known{}, nil, 1)
			wide += none.Precision.High - none.Precision.Low
			narrow += e.Precision.High - e.Precision.Low
		}
		if held < worlds*85/100 {
			t.Errorf("%s: both intervals held the truth in %d of %d worlds, want about nine tenths", name, held, worlds)
		}
		if narrow >= wide {
			t.Errorf("%s: answers widened the interval: %.3f, without %.3f", name, narrow/float64(worlds), wide/float64(worlds))
		}
	}
}

// What people decided counts as right; pairs never compared count as missed.
func TestDecidedPairsAreRightAndUncomparedOnesMissed(t *testing.T) {
	e := EstimateErrors(nil, Known{Same: 20}, nil, 0.8)
	if math.Abs(e.Precision.Low-1) > 1e-9 || math.Abs(e.Recall.Point-0.8) > 1e-9 {
		t.Errorf("got %+v, want precision 1 and recall 0.8", e)
	}
	if e := EstimateErrors(nil, Known{}, nil, 1); math.Abs(e.Precision.Point-1) > 1e-9 || math.Abs(e.Recall.Point-1) > 1e-9 {
		t.Errorf("nothing linked and nothing to link is no mistake: %+v", e)
	}
}
