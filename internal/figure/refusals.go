package figure

import (
	"example.org/amparo/disclose"
	"example.org/amparo/estimate"
)

// smallest is the least number of people that a figure of stays or shares rests on, and
// the least that a share may single out.
const smallest = disclose.DefaultThreshold

// tooFew refuses a figure of a method behind which, or behind one side of which, fewer people
// stand than it must rest on at least.
func tooFew(method string, atLeast int) estimate.Fit {
	r := estimate.Because("small_cells", "Fewer than %d people stand behind this figure, or one side of it. It would let a reader work out something about one of them.", atLeast)
	r = r.Offer("ask_wider", "Ask a wider question, or wait for more accounts.")
	return estimate.Refuse(method, r)
}
