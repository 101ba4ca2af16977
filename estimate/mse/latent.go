package mse

import (
	"context"
	"slices"
	"strings"

	"example.org/amparo/estimate"
	"example.org/amparo/estimate/hist"
	"example.org/amparo/estimate/mse/lcm"
	"example.org/amparo/fault"
)

// maxLatentLists is the largest number of lists the latent class method takes.
const maxLatentLists = 32

// LatentClasses returns the latent class method for Plan.LatentClass, with its options but
// for level and seed, which the plan sets.
func LatentClasses(o lcm.Options) func(ctx context.Context, t hist.Table, level float64, seed uint64) (estimate.Fit, error) {
	return func(ctx context.Context, t hist.Table, level float64, seed uint64) (estimate.Fit, error) {
		if t.J() > maxLatentLists {
			return estimate.Fit{}, fault.New(fault.TooLarge, "mse", "%d lists are too many for latent classes", t.J()).With("merge lists until there are at most %d", maxLatentLists)
		}
		at := o
		at.Level, at.Seed = level, seed
		var histories []uint32
		var counts []int
		for _, c := range t.Cells {
			histories, counts = append(histories, uint32(c.History)), append(counts, c.Count)
		}
		f, err := lcm.Fit(ctx, t.J(), histories, counts, at)
		if err != nil {
			return estimate.Fit{}, err
		}
		f.InputHash = t.Hash()
		if f.Refusal != nil {
			f.Refusal.Code = code(f.Refusal.Code)
		}
		for i := range f.Warnings {
			f.Warnings[i].Code = code(f.Warnings[i].Code)
		}
		for i := range f.Assumptions {
			f.Assumptions[i].Code = code(f.Assumptions[i].Code)
		}
		if p, ok := f.Detail.(lcm.Posterior); ok && f.Refusal == nil && len(f.Sample) == 0 {
			for _, d := range p.Draws {
				f.Sample = append(f.Sample, float64(d.People))
			}
			slices.Sort(f.Sample)
		}
		return f, nil
	}
}

// code brings a code to the spelling of the others, and the one for a posterior that the
// bound cuts off to theirs.
func code(c string) string {
	if c = strings.ReplaceAll(c, "-", "_"); c == "no_upper_limit" {
		return Unbounded
	}
	return c
}
