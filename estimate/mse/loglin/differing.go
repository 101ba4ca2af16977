package loglin

import (
	"math"
	"slices"

	"example.org/amparo/estimate"
	"example.org/amparo/estimate/hist"
)

// DifferingMethod is the name, in a Fit, of the model in which people differ in one
// dimension in how easily they are listed.
const DifferingMethod = "mth"

// NoAnswer is the code of its refusal where no form has a finite answer.
const NoAnswer = "no_finite_answer"

// fewestDiffering and mostDiffering are the numbers of lists it takes. Three lists have
// seven histories, too few to tell a form from a tie between two lists; and the model has
// 2^lists cells.
const fewestDiffering, mostDiffering = 4, 12

// DifferingDetail is what the figure was decided by.
type DifferingDetail struct {
	Forms []Form `json:"forms"`
}

// Form is the model with one form of the differences.
type Form struct {
	Form   Heterogeneity   `json:"form"`
	N      estimate.Number `json:"n"`
	AIC    float64         `json:"aic"`
	Weight float64         `json:"weight"` // of the form in the mixture
}

// differingForms are the forms that are mixed, that people do not differ among them. Which
// of them holds the lists can hardly tell, and the totals differ.
var differingForms = []Heterogeneity{Homogeneous, Poisson2, Darroch, Gamma35}

// FitDiffering estimates the total when people differ in how easily they are listed, each
// list having its own rate: log-linear with a term for being on k lists. The other members
// of an ensemble explain people who are on many lists by ties between lists; this one by
// people who are easy to find. How many are hard to find depends on the form of that term,
// so the forms are mixed by their AIC, each log-normal in who is missing. That people do
// not differ is one of the forms: to test for it first, and then to forget the test, left
// the truth outside too often (docs/decisions/0028).
//
// Source: Rivest and Baillargeon (2007), Biometrics 63, 999-1006, for the forms; Darroch,
// Fienberg, Glonek and Junker (1993), Journal of the American Statistical Association 88,
// 1137-1148; interval as in Chao (1987); Buckland, Burnham and Augustin (1997), Biometrics
// 53, 603-618, for the weights.
func FitDiffering(t hist.Table, level float64) estimate.Fit {
	if !(level > 0 && level < 1) {
		level = estimate.DefaultLevel
	}
	fit := differingFit(t, level)
	fit.Level, fit.InputHash = level, t.Hash()
	fit.Options = map[string]any{"level": level, "forms": differingForms}
	fit.Assume("one_dimension", "People differ in one way in how easily they are listed, the same on every list but for its rate, and lists have no other tie.")
	return fit
}

func differingFit(t hist.Table, level float64) estimate.Fit {
	none := func(code, text string) estimate.Fit {
		return estimate.Refuse(DifferingMethod, estimate.Refusal{Code: code, Text: text})
	}
	if t.J() > mostDiffering || t.J() < fewestDiffering {
		return none("four_to_twelve_lists", "This method takes 4 to 12 lists.")
	}
	var d DifferingDetail
	var fits []Fitted
	best := math.Inf(1)
	for _, h := range differingForms {
		f, err := Differing(t, true, h)
		if err != nil || !finite(f.N) || !finite(f.SE) || !(f.missing > 0) {
			continue
		}
		fits = append(fits, f)
		d.Forms = append(d.Forms, Form{h, estimate.Number(f.N), f.AIC, 0})
		best = min(best, f.AIC)
	}
	if len(fits) == 0 {
		return none(NoAnswer, "The model in which people differ has no finite answer for this table.")
	}
	total := 0.0
	for i := range d.Forms {
		d.Forms[i].Weight = math.Exp((best - d.Forms[i].AIC) / 2)
		total += d.Forms[i].Weight
	}
	n := float64(t.N())
	var sample []float64
	for i, f := range fits {
		d.Forms[i].Weight /= total
		sample = append(sample, logNormal(n, f, int(math.Round(differingSample*d.Forms[i].Weight)))...)
	}
	slices.Sort(sample)
	at := func(p float64) estimate.Number { return estimate.Number(quantile(sample, p)) }
	return estimate.Fit{Method: DifferingMethod, Point: at(0.5), Median: at(0.5), Lower: at((1 - level) / 2), Upper: at((1 + level) / 2), Detail: d, Sample: sample}
}

// differingSample is how many equally likely values stand for the mixture.
const differingSample = 1000

// logNormal returns the middles of k equal parts of the distribution of the total.
func logNormal(n float64, f Fitted, k int) []float64 {
	sigma := math.Sqrt(math.Log1p(f.SE * f.SE / (f.missing * f.missing)))
	out := make([]float64, k)
	for i := range out {
		out[i] = n + f.missing*math.Exp(sigma*math.Sqrt2*math.Erfinv(2*(float64(i)+0.5)/float64(k)-1))
	}
	return out
}

func finite(x float64) bool { return !math.IsNaN(x) && !math.IsInf(x, 0) }
