package loglin

import (
	"math"
	"math/bits"
	"slices"

	"example.org/amparo/estimate/hist"
	"example.org/amparo/estimate/lin"
	"example.org/amparo/fault"
)

// Heterogeneity is a form of the differences between people in how easily they are listed.
type Heterogeneity string

// The forms, by the column that the number of lists k adds.
const (
	Homogeneous Heterogeneity = ""         // none
	ChaoBound   Heterogeneity = "chao"     // one column a number of lists from 3 up, coefficients not below zero: a lower bound
	Poisson2    Heterogeneity = "poisson2" // 2^k − 1
	Darroch     Heterogeneity = "darroch"  // k²/2
	Gamma35     Heterogeneity = "gamma3.5" // −ln(3.5 + k) + ln 3.5
)

// Differing fits M0, Mt, Mh or Mth: all lists alike or, with byList, each with its own
// rate, and people alike or different in the form given.
//
// Source: Rivest and Baillargeon (2007), Biometrics 63, 999-1006; Darroch et al. (1993),
// Journal of the American Statistical Association 88, 1137-1148; Chao's columns are
// max(k − j + 1, 0) for j = 3 … J, and negative coefficients are set to zero.
func Differing(t hist.Table, byList bool, h Heterogeneity) (Fitted, error) {
	y, err := cells(t)
	if err != nil {
		return Fitted{}, err
	}
	var s lin.Solver
	var chao []int
	for range 1 << uint(t.J()) { // every set of columns at most once
		x, base := columns(t.J(), byList, h, chao)
		fit, err := s.Fit(x, y[1:])
		if err != nil {
			return Fitted{}, fault.New(fault.Invalid, "loglin", "the model has no finite answer for this table").From(err)
		}
		if h == ChaoBound {
			if worst := mostNegative(fit.Beta[base:], chao); worst >= 0 {
				chao = slices.Delete(chao, worst, worst+1)
				continue
			}
			if k := steepest(t.J(), y, fit.Mu, chao); k > 0 {
				chao = append(chao, k)
				continue
			}
		}
		return differing(t, y, fit, s.InterceptVariance()), nil
	}
	return Fitted{}, fault.New(fault.Invalid, "loglin", "the columns of Chao's bound did not settle")
}

// mostNegative returns which of Chao's coefficients is the most negative, or −1.
func mostNegative(beta []float64, chao []int) int {
	at, least := -1, 0.0
	for i := range chao {
		if beta[i] < least {
			at, least = i, beta[i]
		}
	}
	return at
}

// steepest returns the k from 3 up whose column, not in the model yet, would raise the
// likelihood the most for its length, or 0 when none would raise it: the condition of the
// maximum with coefficients not below zero (Lawson and Hanson 1974, chapter 23).
func steepest(j int, counts, mu []float64, in []int) int {
	at, most := 0, 1e-8
	for k := 3; k <= j; k++ {
		if slices.Contains(in, k) {
			continue
		}
		slope, spread := 0.0, 0.0
		for i, m := range mu {
			z := max(float64(bits.OnesCount(uint(i+1))-k+1), 0)
			slope += z * (counts[i+1] - m)
			spread += z * z * m
		}
		if g := slope / math.Sqrt(spread); g > most {
			at, most = k, g
		}
	}
	return at
}

// columns writes the design; base is where the columns of heterogeneity begin.
func columns(j int, byList bool, h Heterogeneity, chao []int) (x *lin.Matrix, base int) {
	base = 2
	if byList {
		base = 1 + j
	}
	extra := len(chao)
	if h != Homogeneous && h != ChaoBound {
		extra = 1
	}
	x = lin.NewMatrix(1<<uint(j)-1, base+extra)
	for i := range x.Rows {
		set := uint32(i + 1)
		k := float64(bits.OnesCount32(set))
		x.Set(i, 0, 1)
		if byList {
			for l := range j {
				x.Set(i, 1+l, float64(set>>uint(l)&1))
			}
		} else {
			x.Set(i, 1, k)
		}
		switch h {
		case ChaoBound:
			for c, from := range chao {
				x.Set(i, base+c, max(k-float64(from)+1, 0))
			}
		case Poisson2:
			x.Set(i, base, math.Pow(2, k)-1)
		case Darroch:
			x.Set(i, base, k*k/2)
		case Gamma35:
			x.Set(i, base, math.Log(3.5)-math.Log(3.5+k))
		}
	}
	return x, base
}

func differing(t hist.Table, y []float64, fit lin.Poisson, varU float64) Fitted {
	n, missing := float64(t.N()), math.Exp(fit.Beta[0])
	p := len(fit.Beta)
	return Fitted{Status: Estimated, N: n + missing, SE: math.Sqrt(missing + missing*missing*varU), Deviance: fit.Deviance,
		AIC: -2*fit.LogLik + 2*float64(p), BIC: -2*fit.LogLik + math.Log(n)*float64(p), DF: len(y) - 1 - p, Params: p, missing: missing, varU: varU}
}
