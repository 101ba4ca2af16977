package lcm

import (
	"math"
	"testing"

	"example.org/amparo/estimate/rng"
)

// In one dimension a part is Student's t: with 8 degrees of freedom its density at 0 is 0.38670 and at 2
// 0.06237 (R 4.3, dt).
func TestAPartIsATDistribution(t *testing.T) {
	p, ok := newPart([]float64{3}, []float64{4})
	if !ok {
		t.Fatal("a variance of 4 has no root")
	}
	work := make([]float64, 1)
	for x, want := range map[float64]float64{3: 0.38669902 / 2, 7: 0.06236808 / 2} {
		if got := math.Exp(p.lnDensity([]float64{x}, work)); math.Abs(got-want) > 1e-7 {
			t.Errorf("the density at %g is %.8f, not %.8f", x, got, want)
		}
	}
	if _, ok := newPart([]float64{0, 0}, []float64{1, 0, 2, 1}); ok {
		t.Error("a correlation of 2 has a root")
	}
}

// What a part draws has its mean, and 8/6 of its scale matrix for covariance; and over the density it
// is drawn with, another part's density has mean 1.
func TestDrawsOfAPartFollowItsDensity(t *testing.T) {
	p, _ := newPart([]float64{1, -2}, []float64{2, 0, 0.9, 0.5})
	other, _ := newPart([]float64{1.3, -1.8}, []float64{1.5, 0, 0.5, 0.4})
	r := rng.New(5, 1)
	const n = 200_000
	var at [][]float64
	var ratio float64
	work := make([]float64, 2)
	for range n {
		x := make([]float64, 2)
		p.draw(r, x, work)
		at = append(at, x)
		ratio += math.Exp(other.lnDensity(x, work)-p.lnDensity(x, work)) / n
	}
	mean, cov := moments(at, nil)
	for _, c := range []struct {
		what      string
		got, want float64
	}{
		{"mean", mean[0], 1}, {"mean", mean[1], -2}, {"mean of the ratio", ratio, 1},
		{"variance", cov[0], 2 * 8. / 6}, {"covariance", cov[2], 0.9 * 8. / 6}, {"variance", cov[3], 0.5 * 8. / 6},
	} {
		if math.Abs(c.got-c.want) > 0.03 {
			t.Errorf("%s is %.3f, not %.3f", c.what, c.got, c.want)
		}
	}
}

// Two heaps of points are found, with their shares.
func TestPartsAreFoundWhereThePointsAre(t *testing.T) {
	r := rng.New(5, 2)
	var at [][]float64
	for i := range 1000 {
		x := []float64{r.Normal(), 0.5 * r.Normal()}
		if i%4 == 0 {
			x[0] += 12
			x[1] = 5 - x[0]
		}
		at = append(at, x)
	}
	parts, shares := fitParts(at, r)
	var far, all float64
	for i, p := range parts {
		all += shares[i]
		if p.mean[0] > 6 {
			far += shares[i]
		}
	}
	if math.Abs(all-1) > 1e-9 || math.Abs(far-0.25) > 0.01 {
		t.Errorf("of the shares, together %.4f, %.4f are of the heap of 0.25", all, far)
	}
}
