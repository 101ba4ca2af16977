package figure

import (
	"math"

	"example.org/amparo/estimate"
)

// overDraws is the first fit, which is of the records as they are linked, with an interval
// as wide as all of them together: it holds the sampling error of each and what is not
// known of who is who. It is no narrower than that of the mixture.
func overDraws(fits []estimate.Fit) estimate.Fit {
	out := fits[0]
	for _, f := range fits[1:] {
		out.Lower = estimate.Number(math.Min(float64(out.Lower), float64(f.Lower)))
		out.Upper = estimate.Number(math.Max(float64(out.Upper), float64(f.Upper)))
	}
	if out.Options == nil {
		out.Options = map[string]any{}
	}
	out.Options["linkage_draws"] = len(fits) - 1
	if out.Refusal == nil {
		out.Assume("linkage", "The interval is the widest over draws of which records are one person.")
	}
	return out
}
