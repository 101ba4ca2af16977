package rng

import "math"

// A ziggurat covers a falling density by layers of one area: a draw picks a layer, and
// almost always (98.5 % and more) a point in it whose height need not be looked at.
//
// Source: Marsaglia and Tsang (2000), Journal of Statistical Software 5(8); the layer
// and the position in it come from different bits, as Doornik (2005) asks.
const layers = 256

// ziggurat is a table of layers: x[i] is the right edge of layer i, x[0] the width of
// the base as if it were a rectangle, f[i] the density at x[i].
type ziggurat struct {
	x, f [layers + 1]float64
	tail float64 // where the base layer's curved tail begins
}

// Edges and areas of the 256-layer tables: for these the last layer ends at the mode.
const (
	normalEdge = 3.654152885361009
	normalArea = 0.00492867323399
	expEdge    = 7.697117470131487
	expArea    = 0.0039496598225815571993
)

var (
	normalTable      = newZiggurat(normalEdge, normalArea, normalDensity, normalInverse)
	exponentialTable = newZiggurat(expEdge, expArea, expDensity, expInverse)
)

func normalDensity(x float64) float64 { return math.Exp(-0.5 * x * x) }
func normalInverse(y float64) float64 { return math.Sqrt(-2 * math.Log(y)) }
func expDensity(x float64) float64    { return math.Exp(-x) }
func expInverse(y float64) float64    { return -math.Log(y) }

func newZiggurat(edge, area float64, density, inverse func(float64) float64) *ziggurat {
	z := &ziggurat{tail: edge}
	z.x[0], z.f[0] = area/density(edge), 0 // the base has no lower layer to compare with
	z.x[1], z.f[1] = edge, density(edge)
	for i := 2; i < layers; i++ {
		z.x[i] = inverse(area/z.x[i-1] + z.f[i-1])
		z.f[i] = density(z.x[i])
	}
	z.x[layers], z.f[layers] = 0, 1
	return z
}

// Normal returns a standard normal variate.
func (r *Rand) Normal() float64 {
	z := normalTable
	for {
		u := r.pcg.Uint64()
		i := u & (layers - 1)
		at := (2*(float64(u>>12)+0.5)*0x1p-52 - 1) * z.x[i]
		if math.Abs(at) < z.x[i+1] {
			return at
		}
		if i == 0 {
			return math.Copysign(r.normalTail(z.tail), at)
		}
		if z.f[i]+r.Uniform()*(z.f[i+1]-z.f[i]) < normalDensity(at) {
			return at
		}
	}
}

// normalTail returns a normal variate known to lie beyond edge.
//
// Source: Marsaglia (1964), Technometrics 6(1).
func (r *Rand) normalTail(edge float64) float64 {
	for {
		x := r.Exponential() / edge
		if 2*r.Exponential() >= x*x {
			return edge + x
		}
	}
}

// Exponential returns an exponential variate with mean 1.
func (r *Rand) Exponential() float64 {
	z := exponentialTable
	var shift float64
	for {
		u := r.pcg.Uint64()
		i := u & (layers - 1)
		at := (float64(u>>12) + 0.5) * 0x1p-52 * z.x[i]
		if at < z.x[i+1] {
			return shift + at
		}
		if i == 0 {
			shift += z.tail // beyond the edge the density is the same again
			continue
		}
		if z.f[i]+r.Uniform()*(z.f[i+1]-z.f[i]) < expDensity(at) {
			return shift + at
		}
	}
}
