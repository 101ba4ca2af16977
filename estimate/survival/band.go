package survival

import (
	"math"

	"example.org/amparo/estimate"
	"example.org/amparo/fault"
)

// Band is the scale on which the confidence band of a probability is symmetric.
type Band string

// The bands. LogLog stays in [0, 1] and is the default; Log is R's default.
const (
	LogLog  Band = "log-log"
	Log     Band = "log"
	Logit   Band = "logit"
	Arcsine Band = "arcsine"
	Plain   Band = "plain"
)

func (b Band) check() error {
	switch b {
	case LogLog, Log, Logit, Arcsine, Plain, "":
		return nil
	}
	return fault.New(fault.Invalid, "survival", "no band is called %q", string(b)).
		With("use one of log-log, log, logit, arcsine, plain")
}

// ends returns the band around a probability p with standard error se, cut to [0, 1].
// Where it is not defined both ends are NaN: at 0, and, but for Log and Plain, at 1, where
// those two give [1, 1] and say nothing of what is not seen yet. These are R's conventions.
//
// Source: Kalbfleisch and Prentice (2002), The Statistical Analysis of Failure Time Data,
// section 1.4; Borgan and Liestøl (1990), Scandinavian Journal of Statistics 17, 35-41
// (arcsine).
func (b Band) ends(p, se, z float64) (lo, hi estimate.Number) {
	switch {
	case math.IsNaN(p) || math.IsNaN(se) || p <= 0 && b != Plain || p >= 1 && b != Plain && b != Log:
		return estimate.Number(math.NaN()), estimate.Number(math.NaN())
	case p >= 1:
		return 1, 1
	}
	var l, h float64
	switch b {
	case Plain:
		l, h = p-z*se, p+z*se
	case Log:
		l, h = p*math.Exp(-z*se/p), p*math.Exp(z*se/p)
	case Logit:
		x, w := math.Log(p/(1-p)), z*se/(p*(1-p))
		l, h = 1/(1+math.Exp(w-x)), 1/(1+math.Exp(-w-x))
	case Arcsine:
		x, w := math.Asin(math.Sqrt(p)), z*se/(2*math.Sqrt(p*(1-p)))
		l, h = square(math.Sin(math.Max(0, x-w))), square(math.Sin(math.Min(math.Pi/2, x+w)))
	default:
		x, w := math.Log(-math.Log(p)), z*se/(p*math.Log(p))
		l, h = math.Exp(-math.Exp(x-w)), math.Exp(-math.Exp(x+w)) // w is negative
	}
	return estimate.Number(math.Max(0, l)), estimate.Number(math.Min(1, h))
}

func square(x float64) float64 { return x * x }
